//! More than the server can take: what is too much is refused, and the rest goes on.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

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

/// Half a question for health takes the leave to be refused for a moment only.
#[test]
fn half_questions() {
    let options = ["--max-connections", "1", "--header-timeout", "60"];
    let (server, _) = demo(&options);
    std::thread::sleep(Duration::from_millis(300));
    let _streams = served(server.address, 1);
    let mut half: Vec<_> = (0..128).map(|_| connect(server.address)).collect();
    half.iter_mut().for_each(|half| send(half, "GET /healthz HTTP/1.1\r\nhost: "));
    let begun = Instant::now();
    let mut another = connect(server.address);
    send(&mut another, GET);
    refused(&rest(&mut another), "too many connections");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
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
    let mut body = r#"{"metadata": {"source": "OKTA"}, "id": "b", "name": "B"}"#.to_owned();
    body += &" ".repeat(60_000 - body.len());
    let chunked = head(&token, CLIENTS, 0, "transfer-encoding: chunked\r\n")
        .replace("content-length: 0\r\n", "");
    // Whether a body of that length would be taken.
    let ask = |length: usize| {
        let mut stream = connect(server.address);
        send(&mut stream, &head(&token, CLIENTS, length, "expect: 100-continue\r\n"));
        answer(&mut stream).0
    };
    let holding = |begun: &str| {
        let mut stream = connect(server.address);
        send(&mut stream, begun);
        std::thread::sleep(Duration::from_millis(500));
        refused(&ask(50_000), "");
        // Less finds room.
        assert!(ask(20_000).starts_with("HTTP/1.1 100 "));
        stream
    };
    // What is only claimed holds nothing.
    let mut claims: Vec<_> = (0..20).map(|_| connect(server.address)).collect();
    claims.iter_mut().for_each(|claim| send(claim, &head(&token, CLIENTS, body.len(), "")));
    std::thread::sleep(Duration::from_millis(500));
    assert!(ask(65_536).starts_with("HTTP/1.1 100 "));
    // What came does, whether or not it was said how much it will be.
    let half = &body[..50_000];
    let (begin, end) = body.split_at(50_000);
    let begin = head(&token, CLIENTS, body.len(), "") + begin;
    let by_length = (begin, end.to_owned(), "HTTP/1.1 200 ");
    let grows = (format!("{chunked}c350\r\n{half}"), "\r\n0\r\n\r\n".to_owned(), "HTTP/1.1 409 ");
    for (begun, more, end) in [by_length, grows] {
        let mut stream = holding(&begun);
        // What is sent all the same is thrown away, and the connection goes on.
        let mut other = connect(server.address);
        for begun in [head(&token, CLIENTS, body.len(), "") + &body, format!("{begun}{more}")] {
            send(&mut other, &begun);
            let (head, said) = answer(&mut other);
            refused(&head, "");
            assert_eq!(said["message"], "The bodies of other requests fill the memory; try again");
        }
        send(&mut stream, &more);
        assert!(answer(&mut stream).0.starts_with(end));
        // Its room is free as soon as nothing holds it any more.
        let since = Instant::now();
        while !ask(65_536).starts_with("HTTP/1.1 100 ") {
            assert!(since.elapsed() < Duration::from_secs(5), "the room is still held");
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// The token endpoints, too, say when to come back.
#[test]
fn bodies_for_tokens() {
    let (server, token) = demo(&["--max-body", "20000", "--body-memory", "20000"]);
    let mut stream = connect(server.address);
    send(&mut stream, &(head(&token, CLIENTS, 20_000, "") + &" ".repeat(19_000)));
    std::thread::sleep(Duration::from_millis(500));
    let mut other = connect(server.address);
    send(
        &mut other,
        "POST /v1/oauth/token HTTP/1.1\r\nhost: test\r\ncontent-length: 29\r\n\
         content-type: application/x-www-form-urlencoded\r\n\r\ngrant_type=client_credentials",
    );
    let (head, said) = answer(&mut other);
    refused(&head, "");
    assert_eq!(said["error"], "temporarily_unavailable");
}

/// Hundreds that send again as soon as they are answered.
async fn storm(engine: Engine) {
    let database = Database::empty(engine).await;
    let (server, token) = durability::start(&database.url());
    let (address, stop) = (server.address, Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = (0..300)
        .map(|n| {
            let (token, stop) = (token.clone(), Arc::clone(&stop));
            std::thread::spawn(move || attaches(address, &token, n, &stop))
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
        // Everybody has a turn.
        assert!(client.join().unwrap() > 0);
    }
    let mut client = Client::connect(address, &token).unwrap();
    assert_eq!(client.call("GET", "/v1/contracts/1/users", "").unwrap().0, 200);
}

/// How many were taken, of as many as were answered.
fn attaches(address: SocketAddr, token: &str, client: i64, stop: &AtomicBool) -> usize {
    let (mut connection, mut taken) = (Client::connect(address, token).unwrap(), 0);
    for nth in 0.. {
        let body = durability::batch(client, nth);
        match connection.call("POST", "/v1/contracts/1/users", &body).unwrap() {
            (200, _) => taken += 1,
            (503, _) => {}
            (status, answer) => panic!("{status} {answer}"),
        }
        if stop.load(Ordering::SeqCst) {
            break;
        }
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn storm_on_sqlite() {
    storm(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn storm_on_postgres() {
    storm(Engine::Postgres).await;
}
