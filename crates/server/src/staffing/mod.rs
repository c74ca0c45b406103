//! Where people are, whoever they are: who is double-booked, and who is free.
//!
//! Assignments are clustered by contract and user (docs/adr/0003). What some users whose ids lie side
//! by side are on is found by one seek in each contract, however many they are.

pub mod bench;
pub mod conflicts;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use domain::booking::Booking;
use domain::{DateRange, Period};
use jiff::civil::Date;

use crate::store::{self, Tx, params, row};

row! {
    /// A user.
    pub struct Person {
        pub id: i64,
        pub first_name: String,
        pub last_name: String,
        pub email: String,
    }
}

row! {
    /// A range of a user on a contract, as it is stored, and where the contract ends.
    pub struct Stored {
        pub user_id: i64,
        pub id: i64,
        pub contract_id: i64,
        pub start: Date,
        pub end: Date,
        pub source_id: i64,
        pub contract_end: Option<Date>,
    }
}

/// A range that a user has.
#[derive(Clone, Copy, Debug)]
struct Booked {
    id: i64,
    contract_id: i64,
    /// As it is stored.
    range: DateRange,
    source_id: i64,
    /// When it really ends: an open one with its contract.
    ends: Date,
}

impl Booked {
    fn booking(&self) -> Booking {
        let range = DateRange { start: self.range.start, end: self.ends };
        Booking { contract: self.contract_id, range }
    }
}

/// Some users whose ids lie side by side, without hidden ones, and what each of them is on in a window.
struct Group {
    people: Vec<Person>,
    /// The first and the last of them.
    ids: (i64, i64),
    booked: HashMap<i64, Vec<Booked>>,
}

/// Users that are looked at together, unless they are on very much.
const PEOPLE: i64 = 500;
/// Ranges that they may be on together.
const RANGES: i64 = 50_000;
/// How long a page goes on looking for more.
const PATIENCE: Duration = Duration::from_millis(200);

const OF_PEOPLE_ON_SQLITE: &str = "SELECT a.user_id, a.id, c.id, a.start_date, a.end_date,
        a.source_id, c.end_date
    FROM contracts c CROSS JOIN assignments a
    WHERE c.company_id = $1 AND (c.start_date IS NULL OR c.start_date <= $5)
        AND (c.end_date IS NULL OR c.end_date >= $4)
        AND a.company_id = $1 AND a.contract_id = c.id AND a.user_id BETWEEN $2 AND $3
        AND a.start_date <= $5 AND a.end_date >= $4
    LIMIT $6";

/// The same. `OFFSET 0` keeps the seek in each contract.
const OF_PEOPLE_ON_POSTGRES: &str = "SELECT a.user_id, a.id, c.id, a.start_date, a.end_date,
        a.source_id, c.end_date
    FROM contracts c CROSS JOIN LATERAL (
        SELECT user_id, id, start_date, end_date, source_id FROM assignments
        WHERE company_id = $1 AND contract_id = c.id AND user_id BETWEEN $2 AND $3
            AND start_date <= $5 AND end_date >= $4 OFFSET 0
    ) a
    WHERE c.company_id = $1 AND (c.start_date IS NULL OR c.start_date <= $5)
        AND (c.end_date IS NULL OR c.end_date >= $4)
    LIMIT $6";

impl Group {
    /// The users behind one, by id; `None`: there are none.
    async fn after(
        tx: &mut Tx,
        company: i64,
        after: i64,
        window: DateRange,
    ) -> store::Result<Option<Self>> {
        let mut most = PEOPLE;
        loop {
            let sql = "SELECT id, first_name, last_name, email FROM users
                WHERE company_id = $1 AND id > $2 AND NOT hidden ORDER BY id LIMIT $3";
            let people: Vec<Person> = tx.query(sql, params![company, after, most]).await?;
            let (Some(first), Some(last)) = (people.first(), people.last()) else {
                return Ok(None);
            };
            let (first, last) = (first.id, last.id);
            let limit = if most == 1 { i64::MAX } else { RANGES };
            let sql = tx.pick(OF_PEOPLE_ON_SQLITE, OF_PEOPLE_ON_POSTGRES);
            let values = params![company, first, last, window.start, window.end, limit];
            let stored: Vec<Stored> = tx.query(sql, values).await?;
            if (stored.len() as i64) < limit {
                let mut booked: HashMap<i64, Vec<Booked>> = HashMap::new();
                for row in stored {
                    booked.entry(row.user_id).or_default().push(row.into());
                }
                return Ok(Some(Self { people, ids: (first, last), booked }));
            }
            most = (most / 5).max(1);
        }
    }

    /// What a user is on, in the order of its days.
    fn of(&mut self, user: i64) -> Vec<Booked> {
        let mut booked = self.booked.remove(&user).unwrap_or_default();
        booked.sort_unstable_by_key(|one| (one.range.start, one.range.end, one.id));
        booked
    }
}

impl From<Stored> for Booked {
    fn from(row: Stored) -> Self {
        let period = Period { start: None, end: row.contract_end };
        Self {
            id: row.id,
            contract_id: row.contract_id,
            range: DateRange { start: row.start, end: row.end },
            source_id: row.source_id,
            ends: period.shown_end(row.end),
        }
    }
}

/// A page that ends behind a user: it may have fewer rows than were asked for, or none, and yet not
/// be the last; and some more, when its last user has many.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// Behind which user the next one begins.
    pub next: Option<i64>,
}

/// Since when a page is made: it takes its time, not more.
#[derive(Clone, Copy)]
struct Begun(Instant);

impl Begun {
    fn now() -> Self {
        Self(Instant::now())
    }

    fn goes_on(self) -> bool {
        self.0.elapsed() < PATIENCE
    }
}
