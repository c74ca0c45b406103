//! More than the server can take: what is too much is refused, and the rest goes on.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testing::{Client, Database, Engine, Server};

use crate::raw::{answer, connect, demo, head, rest, send};
use crate::{binary, durability};

const CLIENTS: &str = "/v2/integrations/clients";
const GET: &str = "GET /v1/me HTTP/1.1\r\nhost: test\r\n\r\n";

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n")
}

/// 503, and when to come back.
fn refused(said: &str, why: &str) {
    assert!(said.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{said}");
    assert!(said.contains("retry-after: 1\r\n") && said.contains(why), "{said}");
}

/// Connections that are served.
fn served(address: SocketAddr, count: usize) -> Vec<std::net::TcpStream> {
    let mut streams: Vec<_> = (0..count).map(|_| connect(address)).collect();
    for stream in &mut streams {
        send(stream, GET);
        assert!(answer(stream).0.starts_with("HTTP/1.1 401 "));
    }
    streams
}

#[test]
fn connections() {
    let (server, _) = demo(&["--max-connections", "4"]);
    // The one that the token came by is about to end.
    std::thread::sleep(Duration::from_millis(300));
    let mut streams = served(server.address, 4);
    for _ in 0..50 {
        let mut another = connect(server.address);
        send(&mut another, GET);
        let said = rest(&mut another);
        refused(&said, r#""code":"UNAVAILABLE","message":"There are too many connections"#);
        assert!(said.contains("connection: close\r\n"), "{said}");
        // Health is told.
        for path in ["/healthz", "/readyz"] {
            let mut probe = connect(server.address);
            send(&mut probe, &get(path));
            let said = rest(&mut probe);
            assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
        }
    }
    // Nobody has to say anything to be refused.
    refused(&rest(&mut connect(server.address)), "too many connections");
    for stream in &mut streams {
        send(stream, GET);
        assert!(answer(stream).0.starts_with("HTTP/1.1 401 "));
    }
    // A place that has become free is somebody's as soon as the server knows.
    for _ in 0..20 {
        streams.pop();
        let begun = Instant::now();
        loop {
            let mut next = connect(server.address);
            send(&mut next, GET);
            if answer(&mut next).0.starts_with("HTTP/1.1 401 ") {
                streams.push(next);
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(5));
        }
    }
}

/// A limit of open files that does not fit.
#[test]
fn open_files() {
    let mut command = Command::new("sh");
    let serve = r#"ulimit -n 300 && exec "$0" serve --listen 127.0.0.1:0 --demo"#;
    let server = Server::spawn(command.args(["-c", serve]).arg(binary()).arg("--demo"));
    let streams = served(server.address, 44);
    for _ in 0..400 {
        let mut another = connect(server.address);
        send(&mut another, GET);
        refused(&rest(&mut another), "too many connections");
    }
    drop(streams);
    let log = server.log();
    let said = "the limit of open files allows fewer connections wanted=4096 fit=44 open=300";
    assert!(log.contains(said), "{log}");
}

/// Bodies have a room together; what does not fit is refused before it is read.
#[test]
fn bodies() {
    let (server, token) = demo(&["--max-body", "65536", "--body-memory", "100000"]);
    let whole = |length: usize| {
        let body = r#"{"metadata": {"source": "OKTA"}, "id": "b", "name": "B"}"#;
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let ask = |length: usize| {
        let mut stream = connect(server.address);
        send(&mut stream, &head(&token, CLIENTS, length, "expect: 100-continue\r\n"));
        (answer(&mut stream).0, stream)
    };
    let chunked = format!(
        "POST {CLIENTS} HTTP/1.1\r\nhost: test\r\nauthorization: {token}\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    let kept = ["by its length", "as it grows"].map(|how| {
        let mut stream = connect(server.address);
        let body = whole(60_000);
        match how {
            "by its length" => send(&mut stream, &head(&token, CLIENTS, body.len(), "")),
            _ => send(&mut stream, &format!("{chunked}ea60\r\n{}", &body[..30_000])),
        }
        (how, stream, body)
    });
    for (how, mut stream, body) in kept {
        // One of them holds the room; there is none for the other.
        if how == "as it grows" {
            refused(&answer(&mut stream).0, "");
            stream = connect(server.address);
            send(&mut stream, &format!("{chunked}ea60\r\n{}", &body[..30_000]));
        }
        let begun = Instant::now();
        while !ask(50_000).0.starts_with("HTTP/1.1 503 ") {
            assert!(begun.elapsed() < Duration::from_secs(5), "{how}");
        }
        refused(&ask(50_000).0, "");
        // Less of it finds room.
        assert!(ask(20_000).0.starts_with("HTTP/1.1 100 "), "{how}");
        // What was sent all the same is thrown away, and the connection goes on.
        let mut other = connect(server.address);
        for _ in 0..3 {
            send(&mut other, &(head(&token, CLIENTS, 50_000, "") + &whole(50_000)));
            let (head, said) = answer(&mut other);
            refused(&head, "");
            assert_eq!(said["message"], "The bodies of other requests fill the memory; try again");
        }
        match how {
            "by its length" => send(&mut stream, &body),
            _ => send(&mut stream, &format!("{}\r\n0\r\n\r\n", &body[30_000..])),
        }
        let (head, said) = answer(&mut stream);
        assert!(
            head.starts_with(if how == "as it grows" { "HTTP/1.1 409" } else { "HTTP/1.1 200" }),
            "{said}"
        );
        assert!(ask(50_000).0.starts_with("HTTP/1.1 100 "), "{how}");
    }
}

/// Hundreds that send again as soon as they are answered.
async fn storm(engine: Engine) {
    const CONNECTIONS: i64 = 300;
    let database = Database::empty(engine).await;
    let (server, token) = durability::start(&database.url());
    let (address, stop) = (server.address, Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|n| {
            let (token, stop) = (token.clone(), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut client = Client::connect(address, &token).unwrap();
                let (mut done, mut refused) = (0, 0);
                for nth in 0.. {
                    let range = json!([{"start": format!("2026-{:02}-{:02}", 1 + n % 12, 1 + nth % 28), "end": format!("{}-01-01", 3000 + n)}]);
                    let users: Vec<Value> = (1..=5).map(|id| json!({"id": id, "dates": range})).collect();
                    let body = json!({"users": users}).to_string();
                    match client.call("POST", "/v1/contracts/1/users", &body).unwrap() {
                        (200, _) => done += 1,
                        (503, _) => refused += 1,
                        (status, answer) => panic!("{status} {answer}"),
                    }
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                }
                (done, refused)
            })
        })
        .collect();
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(200));
        for path in ["/healthz", "/readyz"] {
            let mut probe = connect(address);
            send(&mut probe, &get(path));
            assert!(answer(&mut probe).0.starts_with("HTTP/1.1 200 "), "{path}");
        }
    }
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        let (done, refused) = client.join().unwrap();
        // Everybody has a turn.
        assert!(done > 0, "{refused} refused");
    }
    let mut client = Client::connect(address, &token).unwrap();
    let begun = Instant::now();
    assert_eq!(client.call("GET", "/v1/contracts/1/users", "").unwrap().0, 200);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn storm_on_sqlite() {
    storm(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn storm_on_postgres() {
    storm(Engine::Postgres).await;
}
