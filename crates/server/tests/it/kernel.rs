//! The kernel, on both engines: what an operation may count on.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;
use server::store::{Col, Error, Param, Stmt, Stop, Store, Tx};
use testing::both_engines;
use tokio::task::JoinSet;

/// Writes a row that others can look for.
async fn note(tx: &mut Tx, name: &str) -> Result<u64, Error> {
    let sql = "INSERT INTO id_sequences (name, next) VALUES ($1, 1)";
    tx.execute(sql, &[&name as &(dyn Param + Send)]).await
}

/// Whether a note is there, as another connection sees it.
async fn noted(store: &Store, name: &'static str) -> bool {
    let found = store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        let sql = "SELECT next FROM id_sequences WHERE name = $1";
        Ok(tx.query_opt::<(i64,)>(sql, &[&name as &(dyn Param + Send)]).await?.is_some())
    });
    found.await.unwrap()
}

both_engines! {
    /// Done commits, and is there when the caller hears of it.
    async fn done(t: TestApp) {
        let store = &t.app.store;
        let done = store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| Ok(note(tx, "a").await?));
        assert_eq!(done.await.unwrap(), 1);
        assert!(noted(store, "a").await);
    }

    /// Refused leaves nothing written.
    async fn refused(t: TestApp) {
        let store = &t.app.store;
        let refused = store.write("test", async move |tx: &mut Tx| {
            note(tx, "a").await?;
            Err::<(), _>(Stop::Refused("no"))
        });
        assert!(matches!(refused.await, Err(Stop::Refused("no"))));
        assert!(!noted(store, "a").await);
    }

    /// An engine error undoes everything, also when the operation swallows it: nothing more
    /// runs, and nothing commits.
    async fn a_swallowed_error_cannot_commit(t: TestApp) {
        let store = &t.app.store;
        let swallowed = store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            note(tx, "a").await?;
            assert!(note(tx, "a").await.is_err());
            assert!(matches!(note(tx, "b").await, Err(Error::Swallowed)));
            Ok(())
        });
        assert!(matches!(swallowed.await, Err(Stop::Failed(Error::Swallowed))));
        assert!(!noted(store, "a").await);
        assert!(!noted(store, "b").await);
    }

    /// A panic undoes everything, and hits nobody else.
    async fn a_panic_hits_one_operation(t: TestApp) {
        let store = &t.app.store;
        let panicked = store.write::<(), Infallible, _>("test", async move |tx: &mut Tx| {
            note(tx, "a").await?;
            panic!("on purpose")
        });
        let Err(Stop::Failed(Error::Panicked(said))) = panicked.await else { panic!("it should have") };
        assert_eq!(said, "on purpose");
        assert!(!noted(store, "a").await);
        let done = store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| Ok(note(tx, "a").await?));
        assert_eq!(done.await.unwrap(), 1);
    }

    /// A crowd of which every third fails, panics or refuses: the others are there, these not.
    async fn neighbours_are_not_disturbed(t: TestApp) {
        let mut crowd = JoinSet::new();
        // Keeps SQLite's writer busy, so that the crowd becomes one group.
        let app = Arc::clone(&t.app);
        let held = tokio::spawn(async move {
            let hold = app.store.write::<_, Infallible, _>("test", async move |_: &mut Tx| {
                std::thread::sleep(Duration::from_millis(100));
                Ok(())
            });
            hold.await.unwrap();
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        for n in 0..60usize {
            let app = Arc::clone(&t.app);
            crowd.spawn(async move {
                let name = format!("n{n}");
                let done = app.store.write("test", async move |tx: &mut Tx| {
                    note(tx, &name).await?;
                    match n % 6 {
                        0 => panic!("on purpose"),
                        2 => Err(Stop::Refused("no")),
                        4 => {
 tx.execute("INSERT INTO nowhere VALUES (1)", &[]).await?;
 Ok(())
 }
                        _ => Ok(()),
                    }
                });
                (n, done.await.is_ok())
            });
        }
        for (n, done) in crowd.join_all().await {
            assert_eq!(done, n % 2 == 1, "{n}");
        }
        held.await.unwrap();
        let count = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            Ok(tx.query_opt::<(i64,)>("SELECT count(*) FROM id_sequences WHERE name LIKE 'n%'", &[]).await?)
        });
        assert_eq!(count.await.unwrap(), Some((30,)));
    }

    /// Whoever gave up waiting leaves all or nothing, and blocks nobody.
    async fn a_caller_that_goes_away(t: TestApp) {
        let mut callers = JoinSet::new();
        for n in 0..40u64 {
            let app = Arc::clone(&t.app);
            callers.spawn(async move {
                let write = app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
                    note(tx, &format!("a{n}")).await?;
                    std::thread::sleep(Duration::from_millis(2));
                    note(tx, &format!("b{n}")).await?;
                    Ok(())
                });
                drop(tokio::time::timeout(Duration::from_micros(300 * n), write).await);
            });
        }
        callers.join_all().await;
        let done = t.app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| Ok(note(tx, "end").await?));
        done.await.unwrap();
        // What goes on in the background on PostgreSQL has its time.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let halves = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            let sql = "SELECT (SELECT count(*) FROM id_sequences WHERE name LIKE 'a%' AND name <> 'assignment'),
                (SELECT count(*) FROM id_sequences WHERE name LIKE 'b%')";
            Ok(tx.query_opt::<(i64, i64)>(sql, &[]).await?)
        });
        let (a, b) = halves.await.unwrap().unwrap();
        assert_eq!(a, b);
    }

    /// `$n` is parameter n, in any order and as often as one likes; every type comes back as it
    /// went in, missing or not.
    async fn parameters_and_values(t: TestApp) {
        let read = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            let swapped: Option<(i64, i64, i64)> = tx.query_opt("SELECT $2, $1, $2", &[&1i64, &2i64]).await?;
            assert_eq!(swapped, Some((2, 1, 2)));
            let day = date(1969, 12, 31);
            let instant = Timestamp::from_microsecond(-1).unwrap();
            let bytes: &[u8] = &[0, 255];
            let sql = "SELECT $1, $2, $3, $4, $5, $6";
            type All = (String, jiff::civil::Date, Timestamp, bool, Vec<u8>, Option<i64>);
            let all: Option<All> = tx.query_opt(sql, &[&"é", &day, &instant, &true, &bytes, &None::<i64>]).await?;
            assert_eq!(all, Some(("é".to_owned(), day, instant, true, bytes.to_vec(), None)));
            for day in [date(1, 1, 1), date(2024, 2, 29), date(9999, 12, 31)] {
                assert_eq!(tx.query_opt::<(jiff::civil::Date,)>("SELECT $1", &[&day]).await?, Some((day,)));
            }
            Ok(())
        });
        read.await.unwrap();
    }

    /// A batch is a table with its rows numbered from 1; an empty one is an empty table.
    async fn batches(t: TestApp) {
        let read = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            let sql = "SELECT e.ord, e.a, e.b, e.c FROM {e(a bigint, b text, c date)} WHERE e.a > $1 ORDER BY e.ord";
            let days = [date(2025, 1, 1), date(2025, 1, 2), date(2025, 1, 3)];
            let batch = [Col::Int(&[7, 5, 9]), Col::Text(&["x", "y", ""]), Col::Date(&days)];
            let rows: Vec<(i64, i64, String, jiff::civil::Date)> = tx.query_batch(sql, &[&5i64], &batch).await?;
            assert_eq!(rows, [(1, 7, "x".to_owned(), days[0]), (3, 9, String::new(), days[2])]);
            let empty = [Col::Int(&[]), Col::Text(&[]), Col::Date(&[])];
            let rows: Vec<(i64, i64, String, jiff::civil::Date)> = tx.query_batch(sql, &[&5i64], &empty).await?;
            assert!(rows.is_empty());
            let one = Stmt::batch("SELECT e.a FROM {e(a bigint)}", &[], &[Col::Int(&[1])]);
            let pair: (Vec<(i64,)>, Vec<(i64,)>) = tx.query_pair(one, Stmt::new("SELECT $1", &[&2i64])).await?;
            assert_eq!(pair, (vec![(1,)], vec![(2,)]));
            Ok(())
        });
        read.await.unwrap();
    }

    /// A read sees one snapshot, and cannot write.
    async fn reads_only_read(t: TestApp) {
        let wrote = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| Ok(note(tx, "a").await?));
        assert!(matches!(wrote.await, Err(Stop::Failed(_))));
        let (app, handle) = (Arc::clone(&t.app), tokio::runtime::Handle::current());
        let snapshot = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            let sql = "SELECT count(*) FROM id_sequences WHERE name = 'late'";
            let before: Option<(i64,)> = tx.query_opt(sql, &[]).await?;
            let done = Arc::new(AtomicBool::new(false));
            let (app, told, handle) = (Arc::clone(&app), Arc::clone(&done), handle.clone());
            std::thread::spawn(move || {
                let write = app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| Ok(note(tx, "late").await?));
                handle.block_on(write).unwrap();
                told.store(true, Ordering::SeqCst);
            });
            while !done.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(1));
            }
            let after: Option<(i64,)> = tx.query_opt(sql, &[]).await?;
            Ok((before, after))
        });
        assert_eq!(snapshot.await.unwrap(), (Some((0,)), Some((0,))));
        assert!(noted(&t.app.store, "late").await);
    }

    /// Ids come in blocks; nobody gets one twice.
    async fn ids_are_unique(t: TestApp) {
        use server::store::Sequence;
        let mut drawn = JoinSet::new();
        for n in 1..=20usize {
            let app = Arc::clone(&t.app);
            drawn.spawn(async move {
                let first = app.store.ids(Sequence::Assignment, n * 100).await.unwrap();
                (first..first + (n as i64) * 100).collect::<Vec<_>>()
            });
        }
        let mut all: Vec<i64> = drawn.join_all().await.into_iter().flatten().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(all[0] >= 1);
    }
}

/// PostgreSQL: more operations than may run or wait are refused at once.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_is_bounded_on_postgres() {
    use server::http::Limits;
    use server::store::Options;
    use testing::{Engine, TestApp};

    let options = Options { queue: 3, connections: 1, ..Options::default() };
    let t = TestApp::with(Engine::Postgres, options, Limits::default()).await;
    let mut crowd = JoinSet::new();
    for n in 0..20 {
        let app = Arc::clone(&t.app);
        crowd.spawn(async move {
            let write = app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
                tx.query::<(bool,)>("SELECT pg_sleep(0.2) IS NULL", &[]).await?;
                Ok(note(tx, &format!("n{n}")).await?)
            });
            match write.await {
                Ok(_) => true,
                Err(Stop::Failed(Error::QueueFull)) => false,
                Err(other) => panic!("{other:?}"),
            }
        });
    }
    let taken = crowd.join_all().await.into_iter().filter(|taken| *taken).count();
    assert_eq!(taken, 4);
}

/// PostgreSQL: a read that takes over a second is ended, by one statement or by many; `check` is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_read_is_ended_on_postgres() {
    use testing::{Engine, TestApp};

    let t = TestApp::new(Engine::Postgres).await;
    for (times, sql) in [(1, "SELECT pg_sleep(5) IS NULL"), (5, "SELECT pg_sleep(0.4) IS NULL")] {
        let begun = std::time::Instant::now();
        let long = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            for _ in 0..times {
                tx.query::<(bool,)>(sql, &[]).await?;
            }
            Ok(())
        });
        let long = long.await;
        assert!(matches!(long, Err(Stop::Failed(Error::Unavailable(_)))), "{long:?}");
        assert!(begun.elapsed() < Duration::from_millis(1_800), "{:?}", begun.elapsed());
    }
    // The server itself has ended it, too.
    let sql = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE '%pg_sleep(5)%' AND state = 'active'
            AND pid <> pg_backend_pid()";
    tokio::time::sleep(Duration::from_millis(200)).await;
    let left = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        Ok(tx.query_opt::<(i64,)>(sql, &[]).await?)
    });
    assert_eq!(left.await.unwrap(), Some((0,)));
}

/// What failed is no sign of life.
#[tokio::test(flavor = "multi_thread")]
async fn what_failed_does_not_count() {
    use testing::{Engine, TestApp};

    for engine in [Engine::Sqlite, Engine::Postgres] {
        let mut t = TestApp::new(engine).await;
        t.quiet().await;
        let before = t.app.store.statements();
        let failed = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            tx.query::<(i64,)>("SELECT id FROM companies", &[]).await?;
            Ok(tx.query::<(i64,)>("SELECT nothing FROM nowhere", &[]).await?)
        });
        assert!(matches!(failed.await, Err(Stop::Failed(Error::Engine(_)))));
        assert_eq!(t.app.store.statements() - before, 1, "{engine:?}");
    }
}

/// A connection on which the engine could not do its part is not used again: a pooler or an
/// address may lead it to a server that takes no writes any more.
#[tokio::test]
async fn a_read_only_connection_is_not_kept() {
    let database = testing::Database::new(testing::Engine::Postgres).await;
    let options = server::store::Options { connections: 1, ..Default::default() };
    let store = Store::open(&database.location, &options).await.unwrap();
    let backend = async || {
        let asked = store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            Ok(tx.query_opt::<(i64,)>("SELECT pg_backend_pid()::bigint", &[]).await?)
        });
        asked.await.unwrap()
    };
    let first = backend().await;
    assert_eq!(backend().await, first);
    let refused = store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        tx.execute("SET TRANSACTION READ ONLY", &[]).await?;
        Ok(note(tx, "a").await?)
    });
    assert!(matches!(refused.await, Err(Stop::Failed(Error::Unavailable(_)))));
    assert_ne!(backend().await, first);
}
