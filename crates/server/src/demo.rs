//! The demo company: what the published examples of the core operations need to work.

use std::sync::Arc;

use domain::{
    Currency, Email, ExternalId, Hours, Kind, Name, Percentage, Period, Ref, Role, Source,
};
use jiff::civil::date;

use crate::app::App;
use crate::entities::{self, Called, Entity};
use crate::operation::alone;
use crate::references::link::{Link, LinkOne, Target};
use crate::refusal::Refusal;
use crate::scope::{Actor, Scope};
use crate::secret::Secret;
use crate::sources::Sources;
use crate::store::{Error, Sequence, Stop};
use crate::{
    clients, companies, contracts, keys, positions, seniorities, teams, users, workspaces,
};

pub const COMPANY: &str = "Crewline Demo";
pub const KEY: &str = "demo";
pub const SECRET: &str = "demo-secret";
/// The contract of the examples, by its id of ours: the first one.
pub const CONTRACT: i64 = 1;
/// The user of the published `/v1` example.
pub const USER: i64 = 123;

/// Why there is no demo.
#[derive(Debug)]
pub enum DemoRefusal {
    /// The database holds something else, or a demo whose making was interrupted.
    NotTheDemo,
}

/// Fills an empty database with the demo company; one that has it, whole, stays as it is. The
/// key comes last, so a database with the key has the rest.
pub async fn fill(app: &App) -> Result<(), Stop<DemoRefusal>> {
    let companies = companies::list(app).await.map_err(never)?;
    match companies.as_slice() {
        [] => {}
        [only] if only.name == COMPANY => {
            return match keys::exists(app, KEY.to_owned()).await.map_err(never)? {
                true => Ok(()),
                false => Err(Stop::Refused(DemoRefusal::NotTheDemo)),
            };
        }
        _ => return Err(Stop::Refused(DemoRefusal::NotTheDemo)),
    }
    // Unwrap safety: a currency there is.
    let dollars = Currency::parse(companies::BASE_CURRENCY).expect("the demo's currency");
    let company = companies::create(app, name(COMPANY), dollars).await.map_err(never)?.id;
    fill_company(&Demo { app, company }).await.map_err(never)?;
    let (key, secret) = (KEY.to_owned(), Secret::from(SECRET));
    let rights = keys::Rights::default();
    keys::create(app, company, name("Demo"), key, secret, rights).await.map_err(never)?;
    Ok(())
}

/// The demo's own data is never refused: if it is, that is a defect.
fn never<R: std::fmt::Debug, S>(stop: Stop<R>) -> Stop<S> {
    match stop {
        Stop::Failed(error) => Stop::Failed(error),
        Stop::Refused(refusal) => {
            Stop::Failed(Error::Engine(format!("the demo was refused: {refusal:?}").into()))
        }
    }
}

struct Demo<'a> {
    app: &'a App,
    company: i64,
}

const SALESFORCE: &str = "SALESFORCE";
const OKTA: &str = "OKTA";
const DYNAMICS: &str = "MICROSOFT_DYNAMICS";
const GLOBANT: &str = "GLOBANT";

async fn fill_company(demo: &Demo<'_>) -> Result<(), Stop<Refusal>> {
    let client = clients::New {
        name: name("Acme Corporation"),
        business_name: None,
        email_contact: None,
        name_contact: None,
        last_name_contact: None,
        phone: None,
        website: None,
        description: None,
        condition: None,
    };
    demo.create::<clients::Client>(SALESFORCE, "SF-ACC-67890", client).await?;
    let contract = contracts::New {
        name: name("Annual Service Agreement"),
        client: Ref::External(id("SF-ACC-67890")),
        kind: None,
        status: None,
        period: Period { start: Some(date(2025, 1, 1)), end: Some(date(2028, 12, 31)) },
        value: None,
        currency: None,
        description: None,
        company: None,
        extra: contracts::Extra::default(),
    };
    demo.create::<contracts::Contract>(SALESFORCE, "SF-CONTRACT-12345", contract).await?;
    demo.link(Kind::Contract, SALESFORCE, GLOBANT, "SF-CONTRACT-12345").await?;

    fill_positions(demo).await?;
    for (number, first, last) in
        [(1, "Ana", "Lee"), (2, "Ben", "Okafor"), (3, "Carla", "Ruiz"), (4, "Dev", "Shah")]
    {
        demo.user(GLOBANT, &format!("external-user-id-{number}"), first, last).await?;
    }
    demo.user(OKTA, "OKTA-USER-12345", "John", "Doe").await?;
    demo.link(Kind::User, OKTA, DYNAMICS, "OKTA-USER-12345").await?;

    for number in [5, 6] {
        let label = format!("Workspaces test {number}");
        demo.workspace(DYNAMICS, &format!("Workspaces-example-{number}"), &label).await?;
    }
    demo.workspace(GLOBANT, "Workspaces-example-1", "Delivery").await?;
    for number in 1..=3 {
        demo.join_workspace(&format!("external-user-id-{number}"), "Workspaces-example-1").await?;
    }
    let team = teams::New {
        name: name("Team test"),
        workspace: Some(Ref::External(id("Workspaces-example-1"))),
        description: None,
    };
    demo.create::<teams::Team>(GLOBANT, "external-team-1", team).await?;

    // The published `/v1` example names user 123.
    while demo.app.store.ids(Sequence::Entity(Kind::User), 1).await? < USER - 1 {}
    demo.user(GLOBANT, "external-user-id-123", "Eva", "Novak").await
}

async fn fill_positions(demo: &Demo<'_>) -> Result<(), Stop<Refusal>> {
    for (external_id, label) in
        [("external-user-position-1", "Developer"), ("external-user-position-2", "Lead Developer")]
    {
        let position =
            positions::New { name: name(label), category: None, rate: None, seniority: None };
        demo.create::<positions::Position>(OKTA, external_id, position).await?;
    }
    for (external_id, label) in
        [("external_seniority_id_10", "Ssr."), ("external_seniority_id_20", "Sr.")]
    {
        let seniority = seniorities::New { name: name(label) };
        demo.create::<seniorities::Seniority>(OKTA, external_id, seniority).await?;
    }
    Ok(())
}

impl Demo<'_> {
    /// Creates an entity.
    async fn create<E: Entity>(
        &self,
        source: &str,
        external_id: &str,
        new: E::New,
    ) -> Result<(), Stop<Refusal>> {
        let (scope, external_id) = (self.scope(source), id(external_id));
        let create = entities::Create::<E> { scope, called: Called::External(external_id), new };
        alone(self.app, create).await.map(drop)
    }

    async fn user(
        &self,
        source: &str,
        external_id: &str,
        first: &str,
        last: &str,
    ) -> Result<(), Stop<Refusal>> {
        let email = format!("{first}.{last}@example.com").to_lowercase();
        let user = users::New {
            // Unwrap safety: the demo's own texts.
            email: Email::parse(&email).expect("an e-mail of the demo"),
            first_name: name(first),
            last_name: name(last),
            phone: None,
            position: None,
            department: None,
            role: Role::DEFAULT,
            daily_hours: Hours::DEFAULT,
            user_position: None,
            seniority: None,
            hourly_rate_effective_from: None,
            profile: users::Profile::default(),
        };
        self.create::<users::User>(source, external_id, user).await
    }

    async fn workspace(
        &self,
        source: &str,
        external_id: &str,
        label: &str,
    ) -> Result<(), Stop<Refusal>> {
        let workspace = workspaces::New { name: name(label), active: true, description: None };
        self.create::<workspaces::Workspace>(source, external_id, workspace).await
    }

    /// Puts a user of GLOBANT into a workspace, with half of the time.
    async fn join_workspace(&self, user: &str, workspace: &str) -> Result<(), Stop<Refusal>> {
        // Unwrap safety: the demo's own number.
        let half = Percentage::parse("50").expect("a percentage of the demo");
        let input = workspaces::attach::Attach {
            scope: self.scope(GLOBANT),
            user: Ref::External(id(user)),
            workspaces: vec![(Ref::External(id(workspace)), half)],
        };
        alone(self.app, input).await.map(drop)
    }

    /// Makes an entity of one source known to another by the same id.
    async fn link(
        &self,
        kind: Kind,
        known_to: &str,
        source: &str,
        external_id: &str,
    ) -> Result<(), Stop<Refusal>> {
        let target = Target::Known(named(known_to), id(external_id));
        let link = Link { kind, source: named(source), external_id: id(external_id), target };
        alone(self.app, LinkOne { scope: self.scope(source), link }).await.map(drop)
    }

    /// Of a key that may do everything.
    fn scope(&self, source: &str) -> Scope {
        let (company, source) = (self.company, named(source));
        Scope { company, source, sources: Arc::default(), actor: Actor::nobody() }
    }
}

// Unwrap safety of these three: the demo's own texts, which a test fills.

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name of the demo")
}

fn id(text: &str) -> ExternalId {
    ExternalId::parse(text).expect("an external id of the demo")
}

fn named(source: &str) -> Source {
    Sources::default().named(source).expect("a source of the demo")
}
