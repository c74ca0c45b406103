//! Who is double-booked.

use std::collections::HashMap;

use domain::booking::{Booking, during, overlaps};
use domain::{DateRange, Kind, Source};
use jiff::civil::Date;

use super::{Begun, Booked, Group, Page, Person};
use crate::app::Shared;
use crate::references::{self, Known};
use crate::scope::Scope;
use crate::store::{self, Col, Tx, params, row, sure};

/// A user that is double-booked, and what makes it.
#[derive(Clone, Debug)]
pub struct Conflict {
    pub user: Person,
    pub user_references: Vec<(Source, String)>,
    /// When, within the window that was asked for.
    pub days: DateRange,
    pub why: Why,
    /// The ranges that take part.
    pub assignments: Vec<Assigned>,
}

/// Why a user is double-booked.
#[derive(Clone, Debug)]
pub enum Why {
    /// On more than one contract at once.
    Contracts,
    /// On a contract while away.
    Leave { id: i64, days: DateRange, references: Vec<(Source, String)> },
    /// In workspaces with more than 100 percent together, in 1/10,000. It has no days: they are
    /// those that were asked for.
    Workspaces { total: i64, shares: Vec<Share> },
}

/// A range that takes part.
#[derive(Clone, Debug)]
pub struct Assigned {
    pub id: i64,
    pub contract_id: i64,
    pub contract_name: String,
    pub contract_references: Vec<(Source, String)>,
    /// As it is stored.
    pub range: DateRange,
    /// Who put it there, if the key may see it.
    pub source: Option<Source>,
}

/// A workspace that a user is in.
#[derive(Clone, Debug)]
pub struct Share {
    pub workspace_id: i64,
    pub name: String,
    /// In 1/10,000 of a percent.
    pub percentage: i64,
}

/// A conflict before anything is known of it but ids.
struct Found {
    user: Person,
    days: DateRange,
    why: Why,
    booked: Vec<Booked>,
}

row! {
    pub struct Away {
        pub id: i64,
        pub user_id: i64,
        pub start: Date,
        pub end: Date,
    }
}

/// 100 percent.
const WHOLE: i64 = 1_000_000;

/// Who is double-booked in a window, by user, behind `after`; `limit` or a few more.
pub async fn list(
    app: Shared,
    scope: Scope,
    window: DateRange,
    after: i64,
    limit: usize,
) -> store::Result<Page<Conflict>> {
    let listed = app.store.read("conflicts.list", async move |tx: &mut Tx| {
        let (begun, mut after, mut found) = (Begun::now(), after, Vec::new());
        let next = loop {
            let Some(mut group) = Group::after(tx, scope.company, after, window).await? else {
                break None;
            };
            let mut away = away(tx, scope.company, &group, window).await?;
            let mut shares = shares(tx, scope.company, &group).await?;
            for user in std::mem::take(&mut group.people) {
                if found.len() >= limit {
                    break;
                }
                after = user.id;
                let booked = group.of(after);
                let away = away.remove(&after).unwrap_or_default();
                of_user(&mut found, &user, window, &booked, &away, shares.remove(&after));
            }
            if found.len() >= limit || !begun.goes_on() {
                break Some(after);
            }
        };
        Ok(Page { rows: known(tx, &scope, found).await?, next })
    });
    sure(listed.await)
}

/// What of a user clashes.
fn of_user(
    found: &mut Vec<Found>,
    user: &Person,
    window: DateRange,
    booked: &[Booked],
    away: &[Away],
    shares: Option<Vec<Share>>,
) {
    let bookings: Vec<Booking> = booked.iter().map(Booked::booking).collect();
    let mut add = |days, why, places: Vec<usize>| {
        let booked = places.into_iter().map(|nth| booked[nth]).collect();
        found.push(Found { user: user.clone(), days, why, booked });
    };
    for clash in overlaps(window, &bookings) {
        add(clash.days, Why::Contracts, clash.bookings);
    }
    for leave in away {
        let days = DateRange { start: leave.start, end: leave.end };
        if let Some(clash) = during(window, days, &bookings) {
            let why = Why::Leave { id: leave.id, days, references: Vec::new() };
            add(clash.days, why, clash.bookings);
        }
    }
    if let Some(shares) = shares {
        let total = shares.iter().map(|share| share.percentage).sum();
        add(window, Why::Workspaces { total, shares }, Vec::new());
    }
}

/// Who of them is away in the window, and when.
async fn away(
    tx: &mut Tx,
    company: i64,
    group: &Group,
    window: DateRange,
) -> store::Result<HashMap<i64, Vec<Away>>> {
    let (first, last) = group.ids;
    let sql = "SELECT id, user_id, start_date, end_date FROM leaves
        WHERE company_id = $1 AND user_id BETWEEN $2 AND $3
            AND start_date <= $5 AND end_date >= $4
        ORDER BY user_id, start_date, id";
    let values = params![company, first, last, window.start, window.end];
    let mut away: HashMap<i64, Vec<Away>> = HashMap::new();
    for row in tx.query::<Away>(sql, values).await? {
        away.entry(row.user_id).or_default().push(row);
    }
    Ok(away)
}

/// The workspaces of those who are in too much.
async fn shares(
    tx: &mut Tx,
    company: i64,
    group: &Group,
) -> store::Result<HashMap<i64, Vec<Share>>> {
    let (first, last) = group.ids;
    let sql = "SELECT s.user_id, w.id, w.name, s.percentage
        FROM (SELECT user_id FROM workspace_users
            WHERE company_id = $1 AND user_id BETWEEN $2 AND $3
            GROUP BY user_id HAVING sum(percentage) > $4) over_booked
        CROSS JOIN workspace_users s CROSS JOIN workspaces w
        WHERE s.company_id = $1 AND s.user_id = over_booked.user_id
            AND w.company_id = $1 AND w.id = s.workspace_id
        ORDER BY s.user_id, w.id";
    let rows: Vec<(i64, i64, String, i64)> =
        tx.query(sql, params![company, first, last, WHOLE]).await?;
    let mut shares: HashMap<i64, Vec<Share>> = HashMap::new();
    for (user, workspace_id, name, percentage) in rows {
        shares.entry(user).or_default().push(Share { workspace_id, name, percentage });
    }
    Ok(shares)
}

/// Adds what the records are called.
async fn known(tx: &mut Tx, scope: &Scope, found: Vec<Found>) -> store::Result<Vec<Conflict>> {
    let booked = || found.iter().flat_map(|one| &one.booked);
    let mut contracts: Vec<i64> = booked().map(|one| one.contract_id).collect();
    contracts.sort_unstable();
    contracts.dedup();
    let sql = "SELECT c.id, c.name FROM {e(id bigint)} CROSS JOIN contracts c
        WHERE c.company_id = $1 AND c.id = e.id";
    let names: Vec<(i64, String)> = match contracts.is_empty() {
        true => Vec::new(),
        false => tx.query_batch(sql, params![scope.company], &[Col::Int(&contracts)]).await?,
    };
    let names: HashMap<i64, String> = names.into_iter().collect();
    let users = found.iter().map(|one| (Kind::User, one.user.id));
    let leaves = found.iter().filter_map(|one| match one.why {
        Why::Leave { id, .. } => Some((Kind::Leave, id)),
        Why::Contracts | Why::Workspaces { .. } => None,
    });
    let contracts = contracts.into_iter().map(|id| (Kind::Contract, id));
    let mut all: Vec<(&'static str, i64)> =
        users.chain(leaves).chain(contracts).map(|(kind, id)| (kind.name(), id)).collect();
    all.sort_unstable();
    all.dedup();
    let known: Known = references::of_entities(tx, scope, all).await?;
    let called = |kind: Kind, id: i64| known.get(&(kind.name(), id)).cloned().unwrap_or_default();
    let assigned = |one: &Booked| Assigned {
        id: one.id,
        contract_id: one.contract_id,
        contract_name: names.get(&one.contract_id).cloned().unwrap_or_default(),
        contract_references: called(Kind::Contract, one.contract_id),
        range: one.range,
        source: scope.sources.visible(one.source_id),
    };
    let conflict = |Found { user, days, mut why, booked }: Found| {
        if let Why::Leave { id, references, .. } = &mut why {
            *references = called(Kind::Leave, *id);
        }
        let (user_references, assignments) =
            (called(Kind::User, user.id), booked.iter().map(assigned).collect());
        Conflict { user, user_references, days, why, assignments }
    };
    Ok(found.into_iter().map(conflict).collect())
}
