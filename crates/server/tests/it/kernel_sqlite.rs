//! The kernel on SQLite: groups of operations in one commit.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use server::http::Limits;
use server::store::{Error, Options, Param, Sequence, Stop, Store, Tx, Work};
use testing::{Database, Engine, TestApp};
use tokio::task::JoinSet;

async fn note(tx: &mut Tx, name: &str) -> Result<u64, Error> {
    let sql = "INSERT INTO id_sequences (name, next) VALUES ($1, 1)";
    tx.execute(sql, &[&name as &(dyn Param + Send)]).await
}

/// Keeps the writer busy, so that what comes next forms one group.
fn hold(t: &TestApp, group: &mut JoinSet<(usize, bool)>, time: Duration) {
    let app = Arc::clone(&t.app);
    group.spawn(async move {
        let hold = app.store.write::<_, Infallible, _>("hold", async move |_: &mut Tx| {
            std::thread::sleep(time);
            Ok(())
        });
        (usize::MAX, hold.await.is_ok())
    });
}

async fn count(t: &TestApp, like: &'static str) -> i64 {
    let count = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        let sql = "SELECT count(*) FROM id_sequences WHERE name LIKE $1";
        Ok(tx.query_opt::<(i64,)>(sql, &[&like as &(dyn Param + Send)]).await?)
    });
    count.await.unwrap().unwrap().0
}

/// An operation that ends the engine's whole transaction takes nobody with it: the group runs
/// again, one by one.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_whole_transaction_hits_one_operation() {
    let t = TestApp::new(Engine::Sqlite).await;
    let mut group = JoinSet::new();
    hold(&t, &mut group, Duration::from_millis(100));
    tokio::time::sleep(Duration::from_millis(20)).await;
    let runs = Arc::new(AtomicUsize::new(0));
    for n in 0..20usize {
        let (app, runs) = (Arc::clone(&t.app), Arc::clone(&runs));
        group.spawn(async move {
            let done = app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
                runs.fetch_add(1, Ordering::SeqCst);
                note(tx, &format!("n{n}")).await?;
                if n % 10 == 5 {
                    tx.execute("ROLLBACK", &[]).await?;
                }
                Ok(())
            });
            (n, done.await.is_ok())
        });
    }
    for (n, done) in group.join_all().await {
        assert_eq!(done, n == usize::MAX || n % 10 != 5, "{n}");
    }
    assert_eq!(count(&t, "n%").await, 18);
    assert!(runs.load(Ordering::SeqCst) > 20, "nothing ran again");
}

/// Who refuses after a write, undoes it to keep something else, or only tries, disturbs nobody: the
/// group runs again, each in a savepoint. Who refuses before it writes costs nobody a second run.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_undone_is_undone_alone() {
    for late in [false, true] {
        let t = TestApp::new(Engine::Sqlite).await;
        let mut group = JoinSet::new();
        hold(&t, &mut group, Duration::from_millis(300));
        tokio::time::sleep(Duration::from_millis(20)).await;
        let runs = Arc::new(AtomicUsize::new(0));
        for n in 0..20usize {
            let (app, runs) = (Arc::clone(&t.app), Arc::clone(&runs));
            group.spawn(async move {
                let work = if n % 5 == 3 { Work::Trial } else { Work::Operation };
                let done = app.store.run("test", work, async move |tx: &mut Tx| {
                    runs.fetch_add(1, Ordering::SeqCst);
                    if late || n % 5 != 1 {
                        note(tx, &format!("n{n}")).await?;
                    }
                    match n % 5 {
                        // Refuses.
                        1 => Err(Stop::Refused(())),
                        // Keeps something about its refusal.
                        2 if late => {
                            tx.undo().await?;
                            note(tx, &format!("kept{n}")).await?;
                            Ok(())
                        }
                        // Tries.
                        3 => Err(Stop::Refused(())),
                        _ => Ok(()),
                    }
                });
                (n, done.await.is_ok())
            });
        }
        for (n, done) in group.join_all().await {
            assert_eq!(done, n == usize::MAX || (n % 5 != 1 && n % 5 != 3), "{n}");
        }
        let (kept, runs) = (count(&t, "kept%").await, runs.load(Ordering::SeqCst));
        assert_eq!((count(&t, "n%").await, kept), if late { (8, 4) } else { (12, 0) });
        assert_eq!(runs > 20, late, "{runs} runs");
    }
}

/// Nobody is answered before the commit: a quick operation waits for the slow one of its group.
#[tokio::test(flavor = "multi_thread")]
async fn no_answer_before_the_commit() {
    let t = TestApp::new(Engine::Sqlite).await;
    let path = t.database.file().unwrap();
    let mut group = JoinSet::new();
    hold(&t, &mut group, Duration::from_millis(500));
    tokio::time::sleep(Duration::from_millis(10)).await;
    let app = Arc::clone(&t.app);
    let quick = tokio::spawn(async move {
        let quick = app.store.write::<_, Infallible, _>("quick", async move |tx: &mut Tx| {
            Ok(note(tx, "quick").await?)
        });
        quick.await.unwrap();
        let sql = "SELECT count(*) FROM id_sequences WHERE name = 'quick'";
        let seen: i64 =
            Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap();
        (Instant::now(), seen)
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    let slow_ended = Arc::new(std::sync::Mutex::new(None));
    let (app, ended) = (Arc::clone(&t.app), Arc::clone(&slow_ended));
    let slow = tokio::spawn(async move {
        let slow = app.store.write::<_, Infallible, _>("slow", async move |_: &mut Tx| {
            std::thread::sleep(Duration::from_millis(200));
            *ended.lock().unwrap() = Some(Instant::now());
            Ok(())
        });
        slow.await.unwrap();
    });
    let (answered, seen) = quick.await.unwrap();
    slow.await.unwrap();
    assert!(answered > slow_ended.lock().unwrap().unwrap(), "answered before the group's commit");
    assert_eq!(seen, 1);
}

/// A full queue refuses at once; what was taken is done.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_told() {
    let options = Options { queue: 4, ..Options::default() };
    let t = TestApp::with(Engine::Sqlite, options, Limits::default()).await;
    let mut group = JoinSet::new();
    hold(&t, &mut group, Duration::from_millis(200));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut crowd = JoinSet::new();
    for n in 0..20 {
        let app = Arc::clone(&t.app);
        crowd.spawn(async move {
            let note = app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
                Ok(note(tx, &format!("n{n}")).await?)
            });
            match note.await {
                Ok(_) => true,
                Err(Stop::Failed(Error::QueueFull)) => false,
                Err(other) => panic!("{other:?}"),
            }
        });
    }
    let taken = crowd.join_all().await.into_iter().filter(|taken| *taken).count();
    assert_eq!(taken, 4);
    assert_eq!(count(&t, "n%").await, 4);

    // Over HTTP it is 503, with when to come back.
    hold(&t, &mut group, Duration::from_millis(300));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut crowd = JoinSet::new();
    for n in 0..12 {
        let api = t.api.clone();
        crowd.spawn(async move {
            let metadata = serde_json::json!({"source": "OKTA"});
            let body =
                serde_json::json!({"metadata": metadata, "id": format!("c{n}"), "name": "C"});
            api.post("/v2/integrations/clients", body).await
        });
    }
    let answers = crowd.join_all().await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!refused.is_empty() && refused.len() < 12, "{}", refused.len());
    assert_eq!(refused[0].header("retry-after"), Some("1"));
    assert_eq!(refused[0].json()["code"], "UNAVAILABLE");
}

/// Awaiting anything but the transaction is refused, not waited for.
#[tokio::test(flavor = "multi_thread")]
async fn an_operation_awaits_only_its_transaction() {
    let t = TestApp::new(Engine::Sqlite).await;
    let suspended = t.app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        note(tx, "a").await?;
        tokio::task::yield_now().await;
        Ok(())
    });
    assert!(matches!(suspended.await, Err(Stop::Failed(Error::Suspended))));
    assert_eq!(count(&t, "a").await, 0);
}

/// A read that takes over a second is ended: the WAL cannot shrink below its snapshot.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_read_is_ended() {
    let t = TestApp::new(Engine::Sqlite).await;
    let started = Instant::now();
    let long = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        Ok(tx.query_opt::<(i64,)>(sql, &[]).await?)
    });
    assert!(matches!(long.await, Err(Stop::Failed(Error::Unavailable(_)))));
    assert!(started.elapsed() < Duration::from_secs(5));
}

/// While another process holds the database, writes wait; then they are told to come back.
#[tokio::test(flavor = "multi_thread")]
async fn another_process_may_write_too() {
    let t = TestApp::new(Engine::Sqlite).await;
    let other = Connection::open(t.database.file().unwrap()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let app = Arc::clone(&t.app);
    let waiting = tokio::spawn(async move {
        let note = app
            .store
            .write::<_, Infallible, _>("test", async move |tx: &mut Tx| Ok(note(tx, "a").await?));
        note.await
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    other.execute_batch("COMMIT").unwrap();
    waiting.await.unwrap().unwrap();

    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let note = t
        .app
        .store
        .write::<_, Infallible, _>("test", async move |tx: &mut Tx| Ok(note(tx, "b").await?));
    assert!(matches!(note.await, Err(Stop::Failed(Error::Unavailable(_)))));
    other.execute_batch("ROLLBACK").unwrap();
}

/// A full disk is told, hits nobody who still fits, and is over when there is room again.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk() {
    let t = TestApp::new(Engine::Sqlite).await;
    let limit = async |sql: &'static str| {
        let set = t.app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            Ok(tx.query_opt::<(i64,)>(sql, &[]).await?)
        });
        set.await.unwrap();
    };
    limit("PRAGMA max_page_count = 1").await;
    let mut group = JoinSet::new();
    hold(&t, &mut group, Duration::from_millis(100));
    tokio::time::sleep(Duration::from_millis(20)).await;
    for n in 0..10usize {
        let app = Arc::clone(&t.app);
        group.spawn(async move {
            let name = "x".repeat(if n == 5 { 1_000_000 } else { 10 }) + &n.to_string();
            let done = app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
                Ok(note(tx, &name).await?)
            });
            if let Err(stop) = &done.await {
                assert!(matches!(stop, Stop::Failed(Error::Unavailable(_))), "{stop:?}");
                return (n, false);
            }
            (n, true)
        });
    }
    for (n, done) in group.join_all().await {
        assert_eq!(done, n != 5, "{n}");
    }
    assert_eq!(count(&t, "x%").await, 9);
    limit("PRAGMA max_page_count = 1000000").await;
    let large = "x".repeat(1_000_000);
    let done = t
        .app
        .store
        .write::<_, Infallible, _>("test", async move |tx: &mut Tx| Ok(note(tx, &large).await?));
    done.await.unwrap();
}

/// However often it is opened and let go of, the whole database is in its one file.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_let_go_of_is_one_file() {
    let database = Database::new(Engine::Sqlite).await;
    let options = Options { readers: 8, ..Options::default() };
    for round in 0..50 {
        let store = Store::open(&database.location, &options).await.unwrap();
        store.ids(Sequence::Company, 1).await.unwrap();
        tokio::task::spawn_blocking(move || drop(store)).await.unwrap();
        let file = database.file().unwrap();
        for rest in ["-wal", "-shm"] {
            let mut path = file.clone().into_os_string();
            path.push(rest);
            assert!(!std::path::Path::new(&path).exists(), "{round}: {rest}");
        }
    }
}
