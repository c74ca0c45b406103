//! The raw engine: a bare loop of prepared statements that inserts the same rows into the same
//! tables with the same durability, a transaction for each request. No HTTP, no ids resolved,
//! nothing checked.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use tokio::task::JoinSet;
use tokio_postgres::NoTls;

use crate::case::MOST;
use crate::cpu::Watched;
use crate::failure::{Result, failed};
use crate::requests::{CONTRACTS, Random, USERS};
use crate::sample::{Sample, Seen};

/// 2000-01-01 in days since 1970, and how many to choose from.
const FIRST: i64 = 10_957;
const DAYS: usize = 35_000;

const SQLITE: &str = "INSERT INTO assignments
    (company_id, contract_id, user_id, start_date, end_date, id, source_id)
    VALUES (1, ?1, ?2, ?3, ?4, ?5, 12)";
const POSTGRES: &str = "INSERT INTO assignments
    (company_id, contract_id, user_id, start_date, end_date, id, source_id)
    VALUES (1, $1, $2, date '1970-01-01' + $3::int, date '1970-01-01' + $4::int, $5, 12)";

/// Ids that no database has yet.
static NEXT: AtomicI64 = AtomicI64::new(1 + 2 * MOST as i64);

/// The rows of one transaction: the contract, then user, start, end and id of each.
fn rows(random: &mut Random, ranges: usize) -> (i64, Vec<(i64, i64, i64, i64)>) {
    let contract = 1 + random.below(CONTRACTS) as i64;
    let first = NEXT.fetch_add(ranges as i64, Ordering::Relaxed);
    let row = |nth| {
        let user = 1 + random.below(USERS) as i64;
        let start = FIRST + random.below(DAYS) as i64;
        (user, start, start + 1 + random.below(999) as i64, first + nth)
    };
    (contract, (0..ranges as i64).map(row).collect())
}

/// What runs until it is told to stop.
#[derive(Clone)]
pub struct Running {
    pub ranges: usize,
    pub seed: u64,
    pub stop: Arc<AtomicBool>,
}

impl Running {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }
}

/// One connection, as SQLite has one writer.
pub fn sqlite(file: &PathBuf, running: &Running) -> rusqlite::Result<Seen> {
    let mut connection = Connection::open(file)?;
    // As the server's writer, so that only the work differs.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", 2_000)?;
    connection.pragma_update(None, "cache_size", -16 * 1_024)?;
    let (mut seen, mut random) = (Seen::default(), Random::new(running.seed));
    while running.goes_on() {
        let (contract, rows) = rows(&mut random, running.ranges);
        let sent = Instant::now();
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        {
            let mut insert = transaction.prepare_cached(SQLITE)?;
            for (user, start, end, id) in &rows {
                insert.execute(params![contract, user, start, end, id])?;
            }
        }
        transaction.commit()?;
        let now = Instant::now();
        seen.answers.push((now, now - sent));
    }
    Ok(seen)
}

/// One of some connections.
async fn postgres(
    url: String,
    running: Running,
) -> std::result::Result<Seen, tokio_postgres::Error> {
    let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await?;
    tokio::spawn(connection);
    let insert = client.prepare(POSTGRES).await?;
    let (mut seen, mut random) = (Seen::default(), Random::new(running.seed));
    while running.goes_on() {
        let (contract, rows) = rows(&mut random, running.ranges);
        let sent = Instant::now();
        let transaction = client.transaction().await?;
        for (user, start, end, id) in &rows {
            let (start, end) = (*start as i32, *end as i32);
            transaction.execute(&insert, &[&contract, user, &start, &end, id]).await?;
        }
        transaction.commit().await?;
        let now = Instant::now();
        seen.answers.push((now, now - sent));
    }
    Ok(seen)
}

/// Where the rows go.
pub enum Place {
    Sqlite(PathBuf),
    Postgres(String),
}

/// Runs the loop, and measures: CPU is this process's own.
pub async fn run(
    place: Place,
    running: Running,
    connections: usize,
    (warm_up, window): (Duration, Duration),
    watched: Watched,
) -> Result<Sample> {
    let stop = Arc::clone(&running.stop);
    let mut loops = JoinSet::new();
    match place {
        Place::Sqlite(file) => {
            loops.spawn_blocking(move || sqlite(&file, &running).map_err(failed("the raw loop")));
        }
        Place::Postgres(url) => {
            for nth in 0..connections {
                let (url, running) = (url.clone(), running.clone());
                let running = Running { seed: running.seed << 16 | nth as u64, ..running };
                loops.spawn(async { postgres(url, running).await.map_err(failed("the raw loop")) });
            }
        }
    }
    tokio::time::sleep(warm_up).await;
    let start = watched.read()?;
    tokio::time::sleep(window).await;
    let end = watched.read()?;
    stop.store(true, Ordering::Relaxed);
    let mut all = Seen::default();
    while let Some(seen) = loops.join_next().await {
        all.add(seen.map_err(failed("the raw loop"))??);
    }
    Ok(Sample::of(all, start.at..end.at, &start.until(&end)))
}
