//! Endpoints: made, listed, changed, paused, resumed, deleted, and given new secrets.

use jiff::{SignedDuration, Timestamp};

use super::WebhookRefusal;
use super::signature::SigningSecret;
use super::standing::State;
use crate::app::App;
use crate::entities::Judged;
use crate::events::WAITING;
use crate::operation::{Operation, Turn};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Sequence, Tx, params, row};

row! {
    /// An endpoint, without its secrets.
    pub struct Endpoint {
        pub id: i64,
        pub url: String,
        pub description: String,
        /// With commas between them; empty: all.
        pub types: String,
        pub state: String,
        pub disabled_why: Option<String>,
        /// Until when the secret before this one signs too.
        pub old_secret_until: Option<Timestamp>,
        /// The number of the last event that was handed over.
        pub position: i64,
        /// In a row.
        pub failures: i64,
        pub failing_since: Option<Timestamp>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// The columns of an [`Endpoint`].
macro_rules! columns {
    () => {
        "id, url, description, types, state, disabled_why, old_secret_until, position, failures,
            failing_since, created_at, updated_at"
    };
}

/// A new secret, for who is to have it and for the row that keeps it.
pub fn new_secret() -> store::Result<SigningSecret> {
    SigningSecret::random().map_err(|error| store::Error::Unavailable(Box::new(error)))
}

pub(super) fn no_such(id: i64) -> Refusal {
    Refusal::Webhook(WebhookRefusal::NoSuch(id.to_string()))
}

/// The company's endpoints after an id.
pub async fn list(app: &App, scope: Scope, after: i64, limit: i64) -> Judged<Vec<Endpoint>> {
    app.store
        .read("webhooks.list", async move |tx: &mut Tx| {
            let sql = concat!(
                "SELECT ",
                columns!(),
                " FROM webhook_endpoints
                WHERE company_id = $1 AND id > $2 AND state <> 'deleted' ORDER BY id LIMIT $3"
            );
            Ok(tx.query(sql, params![scope.company, after, limit]).await?)
        })
        .await
}

/// One endpoint.
pub async fn find(app: &App, scope: Scope, id: i64) -> Judged<Endpoint> {
    let found = list(app, scope, id - 1, 1).await?.into_iter().find(|one| one.id == id);
    found.ok_or_else(|| no_such(id).into())
}

/// What a message is sent with: the URL, and the secrets that sign now.
pub async fn sending(app: &App, scope: Scope, id: i64) -> Judged<(String, Vec<SigningSecret>)> {
    let now = app.clock.now();
    app.store
        .read("webhooks.sending", async move |tx: &mut Tx| {
            let sql = "SELECT url, secret, old_secret, old_secret_until FROM webhook_endpoints
                WHERE company_id = $1 AND id = $2 AND state <> 'deleted'";
            let read = |row: &store::Row<'_>| {
                let mut columns = row.columns();
                Ok((columns.take::<String>()?, secrets(&mut columns, now)?))
            };
            let values = params![scope.company, id];
            let found = tx.query_by(store::Stmt::new(sql, values), read).await?;
            Ok(found.into_iter().next().ok_or_else(|| no_such(id))?)
        })
        .await
}

/// Reads the columns `secret`, `old_secret` and `old_secret_until`: the secrets that sign `now`,
/// the new one first.
pub(super) fn secrets(
    columns: &mut store::Columns<'_>,
    now: Timestamp,
) -> store::Result<Vec<SigningSecret>> {
    let secret: String = columns.take()?;
    let (old, until): (Option<String>, Option<Timestamp>) = (columns.take()?, columns.take()?);
    let old = old.filter(|_| until.is_some_and(|until| now < until));
    let parse = |text: &String| {
        SigningSecret::parse(text).map_err(|rule| store::Error::Engine(rule.into()))
    };
    [Some(secret), old].iter().flatten().map(parse).collect()
}

/// Makes an endpoint. What happens from now on is sent to it.
pub struct Create {
    pub scope: Scope,
    pub url: String,
    pub types: Vec<String>,
    pub description: String,
    pub secret: SigningSecret,
}

impl Operation for Create {
    const NAME: &'static str = "webhooks.create";
    type Outcome = Endpoint;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        Some((Sequence::Webhook, 1))
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Endpoint> {
        let sql = concat!(
            "INSERT INTO webhook_endpoints (company_id, id, url, description, types, state,
                secret, position, failures, rest_until, lease_owner, lease_until, created_at,
                updated_at)
            VALUES ($1, $2, $3, $4, $5, 'active', $6, (SELECT coalesce(max(number),
                    (SELECT purged_to FROM event_horizons WHERE company_id = $1), 0)
                FROM events WHERE company_id = $1 AND number < $7), 0, $8, '', $8, $8, $8)
            RETURNING ",
            columns!()
        );
        let (types, secret) = (self.types.join(","), self.secret.reveal());
        let (id, description) = (turn.first_id, &*self.description);
        let values = params![
            self.scope.company,
            id,
            &*self.url,
            description,
            types,
            secret,
            WAITING,
            turn.now
        ];
        Ok(tx.query_opt(sql, values).await?.ok_or_else(|| no_such(id))?)
    }
}

/// Changes an endpoint; `None` keeps what is stored. A new URL is tried at once.
pub struct Update {
    pub scope: Scope,
    pub id: i64,
    pub url: Option<String>,
    pub types: Option<Vec<String>>,
    pub description: Option<String>,
}

impl Operation for Update {
    const NAME: &'static str = "webhooks.update";
    type Outcome = Endpoint;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Endpoint> {
        let sql = concat!(
            "UPDATE webhook_endpoints SET url = coalesce($3, url),
                types = coalesce($4, types), description = coalesce($5, description),
                failures = CASE WHEN $3 IS NULL THEN failures ELSE 0 END,
                failing_since = CASE WHEN $3 IS NULL THEN failing_since END,
                rest_until = CASE WHEN $3 IS NULL THEN rest_until ELSE $6 END, updated_at = $6
            WHERE company_id = $1 AND id = $2 AND state <> 'deleted'
            RETURNING ",
            columns!()
        );
        let types = self.types.as_ref().map(|types| types.join(","));
        let (url, description) = (self.url.as_deref(), self.description.as_deref());
        let values = params![self.scope.company, self.id, url, types, description, turn.now];
        Ok(tx.query_opt(sql, values).await?.ok_or_else(|| no_such(self.id))?)
    }
}

/// Sends nothing more to an endpoint. One that is disabled stays so.
pub struct Pause {
    pub scope: Scope,
    pub id: i64,
}

impl Operation for Pause {
    const NAME: &'static str = "webhooks.pause";
    type Outcome = Endpoint;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Endpoint> {
        let sql = concat!(
            "UPDATE webhook_endpoints
            SET state = CASE WHEN state = 'active' THEN 'paused' ELSE state END, updated_at = $3
            WHERE company_id = $1 AND id = $2 AND state <> 'deleted'
            RETURNING ",
            columns!()
        );
        let values = params![self.scope.company, self.id, turn.now];
        Ok(tx.query_opt(sql, values).await?.ok_or_else(|| no_such(self.id))?)
    }
}

/// Sends to an endpoint again, from where it was.
pub struct Resume {
    pub scope: Scope,
    pub id: i64,
}

impl Operation for Resume {
    const NAME: &'static str = "webhooks.resume";
    type Outcome = Endpoint;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Endpoint> {
        let sql = concat!(
            "UPDATE webhook_endpoints SET state = 'active', disabled_why = NULL,
                failures = 0, failing_since = NULL, rest_until = $3, updated_at = $3
            WHERE company_id = $1 AND id = $2 AND state <> 'deleted'
            RETURNING ",
            columns!()
        );
        let values = params![self.scope.company, self.id, turn.now];
        Ok(tx.query_opt(sql, values).await?.ok_or_else(|| no_such(self.id))?)
    }
}

/// Gives an endpoint a new secret; the one before it signs too for a while.
pub struct Rotate {
    pub scope: Scope,
    pub id: i64,
    pub secret: SigningSecret,
    pub overlap: SignedDuration,
}

impl Operation for Rotate {
    const NAME: &'static str = "webhooks.rotate";
    type Outcome = Endpoint;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Endpoint> {
        let sql = concat!(
            "UPDATE webhook_endpoints SET old_secret = secret, old_secret_until = $4,
                secret = $3, updated_at = $5
            WHERE company_id = $1 AND id = $2 AND state <> 'deleted'
            RETURNING ",
            columns!()
        );
        let (secret, until) = (self.secret.reveal(), turn.now + self.overlap);
        let values = params![self.scope.company, self.id, secret, until, turn.now];
        Ok(tx.query_opt(sql, values).await?.ok_or_else(|| no_such(self.id))?)
    }
}

/// Deletes an endpoint. Its row, which holds nothing any more, goes with its log.
pub struct Delete {
    pub scope: Scope,
    pub id: i64,
}

impl Operation for Delete {
    const NAME: &'static str = "webhooks.delete";
    type Outcome = i64;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<i64> {
        let sql = "UPDATE webhook_endpoints SET state = 'deleted', url = '', description = '',
                secret = '', old_secret = NULL, updated_at = $3
            WHERE company_id = $1 AND id = $2 AND state <> 'deleted'";
        match tx.execute(sql, params![self.scope.company, self.id, turn.now]).await? {
            0 => Err(no_such(self.id).into()),
            _ => Ok(self.id),
        }
    }
}

/// That an endpoint is there and active; its types, and the last number that it was handed.
pub(super) async fn active(tx: &mut Tx, company: i64, id: i64) -> Judged<(Vec<String>, i64)> {
    let sql = "SELECT state, types, position FROM webhook_endpoints
        WHERE company_id = $1 AND id = $2 AND state <> 'deleted'";
    let found: Option<(String, String, i64)> = tx.query_opt(sql, params![company, id]).await?;
    let (state, types, position) = found.ok_or_else(|| no_such(id))?;
    match State::read(&state) {
        State::Active => Ok((types_of(&types), position)),
        state => {
            let state = state.name();
            Err(Refusal::Webhook(WebhookRefusal::NotActive { id, state }).into())
        }
    }
}

/// The types that a row names.
pub fn types_of(types: &str) -> Vec<String> {
    types.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect()
}
