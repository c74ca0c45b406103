//! Slow clients are let go, each after its time, and hold up nobody.

use std::time::{Duration, Instant};

use testing::Client;

use crate::raw::{answer, connect, demo, head, read, rest, send, trickle};

const CLIENTS: &str = "/v2/integrations/clients";
const GET: &str = "GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n";

/// Times as they are on a busy machine: not before, and not much later.
fn about(took: Duration, seconds: f64) {
    let took = took.as_secs_f64();
    assert!(seconds - 0.1 < took && took < seconds + 8.0, "{took} s are not about {seconds} s");
}

#[test]
fn heads() {
    let (server, _) = demo(&["--header-timeout", "1", "--idle-timeout", "60"]);
    let (said, took) = trickle(connect(server.address), "GET /healthz HTTP/1.1\r\nx-slow: ");
    about(took, 1.0);
    assert!(said.starts_with("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n"), "{said}");
    assert!(said.contains(r#""name":"RequestTimeoutError","code":"REQUEST_TIMEOUT""#), "{said}");
    // Who says nothing at all is told nothing.
    let begun = Instant::now();
    assert_eq!(rest(&mut connect(server.address)), "");
    about(begun.elapsed(), 1.0);
    // A later head has the same time, from when it begins.
    let mut later = connect(server.address);
    send(&mut later, GET);
    assert_eq!(answer(&mut later).1["status"], "ok");
    std::thread::sleep(Duration::from_secs(2));
    let (said, took) = trickle(later, "GET /hea");
    about(took, 1.0);
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
}

#[test]
fn heads_that_are_too_large() {
    let (server, _) = demo(&[]);
    let mut large = connect(server.address);
    let line = format!("x-line: {}\r\n", "x".repeat(1_000));
    send(&mut large, &format!("GET /healthz HTTP/1.1\r\n{}", line.repeat(40)));
    let said = rest(&mut large);
    assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
    let mut fits = connect(server.address);
    send(&mut fits, &format!("GET /healthz HTTP/1.1\r\nhost: test\r\n{}\r\n", line.repeat(20)));
    assert_eq!(answer(&mut fits).1["status"], "ok");
}

#[test]
fn bodies() {
    let (server, token) = demo(&["--body-timeout", "2"]);
    let begin = head(&token, CLIENTS, 100_000, "") + r#"{"id": ""#;
    let slow: Vec<_> = (0..64)
        .map(|_| {
            let (stream, begin) = (connect(server.address), begin.clone());
            std::thread::spawn(move || trickle(stream, &begin))
        })
        .collect();
    // Nobody else waits for them.
    let mut client = Client::connect(server.address, &token).unwrap();
    for n in 0..20 {
        let begun = Instant::now();
        let body = format!(r#"{{"metadata": {{"source": "OKTA"}}, "id": "{n}", "name": "{n}"}}"#);
        assert_eq!(client.call("POST", CLIENTS, &body).unwrap().0, 200);
        assert!(begun.elapsed() < Duration::from_secs(1));
    }
    for slow in slow {
        let (said, took) = slow.join().unwrap();
        about(took, 2.0);
        assert!(said.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{said}");
        assert!(said.contains("connection: close\r\n"), "{said}");
        assert!(said.contains("The body was not complete within 2 seconds"), "{said}");
    }
    // Nor is a token given to a body that does not come.
    let form = "POST /v1/oauth/token HTTP/1.1\r\nhost: test\r\ncontent-length: 9000\r\n\
        content-type: application/x-www-form-urlencoded\r\n\r\ngrant_type=";
    let (said, took) = trickle(connect(server.address), form);
    about(took, 2.0);
    assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("invalid_request"), "{said}");
    assert!(said.contains("connection: close\r\n"), "{said}");
}

/// A body that waits to be asked for is not, once there is an answer.
#[test]
fn bodies_that_wait() {
    let (server, token) = demo(&[]);
    for (token, length, status) in [("Bearer cwt_no", 9_000, "401"), (&*token, 5_000_000, "413")] {
        let (begun, mut stream) = (Instant::now(), connect(server.address));
        send(&mut stream, &head(token, CLIENTS, length, "expect: 100-continue\r\n"));
        let said = rest(&mut stream);
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{said}");
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    }
    let body = r#"{"metadata": {"source": "OKTA"}, "id": "w", "name": "W"}"#;
    let mut stream = connect(server.address);
    send(&mut stream, &head(&token, CLIENTS, body.len(), "expect: 100-continue\r\n"));
    assert_eq!(answer(&mut stream).0, "HTTP/1.1 100 Continue\r\n\r\n");
    send(&mut stream, body);
    assert!(answer(&mut stream).0.starts_with("HTTP/1.1 200 "));
}

/// Requests for so much that the system does not take all of it for a client that does not read.
fn large(count: usize) -> String {
    "GET /openapi.json HTTP/1.1\r\nhost: test\r\n\r\n".repeat(count)
}

#[test]
fn readers() {
    let (server, _) = demo(&["--write-timeout", "2"]);
    // Nothing is taken for longer than it may.
    let mut stream = connect(server.address);
    send(&mut stream, &large(200));
    std::thread::sleep(Duration::from_secs(6));
    let taken = rest(&mut stream).matches("HTTP/1.1 200 OK").count();
    assert!(taken < 200, "all of it was sent");
    // Slow, but never for so long.
    let mut stream = connect(server.address);
    send(&mut stream, &(large(60) + "GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n"));
    let (begun, mut piece, mut last) = (Instant::now(), vec![0; 1 << 20], Vec::new());
    loop {
        let length = read(&mut stream, &mut piece).expect("more");
        if length == 0 {
            break;
        }
        last = piece[..length].to_vec();
        if begun.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    assert!(last.ends_with(br#"{"status":"ok"}"#), "{}", String::from_utf8_lossy(&last));
}

/// A stream that is read goes on, whatever else has a time.
#[test]
fn streams_go_on() {
    let times = ["--header-timeout", "1", "--idle-timeout", "1", "--write-timeout", "1"];
    let (server, token) = demo(&[&times[..], &["--body-timeout", "1"]].concat());
    let mut stream = connect(server.address);
    send(
        &mut stream,
        &format!(
            "GET /api/events HTTP/1.1\r\nhost: test\r\nauthorization: {token}\r\n\
             accept: text/event-stream\r\n\r\n"
        ),
    );
    let (begun, mut said) = (Instant::now(), String::new());
    let mut piece = [0; 4096];
    while begun.elapsed() < Duration::from_secs(9) {
        let length = read(&mut stream, &mut piece).expect("a beat");
        assert!(length > 0, "it ended: {said}");
        said += &String::from_utf8_lossy(&piece[..length]);
    }
    assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
}

#[test]
fn idle_connections() {
    let (server, _) = demo(&["--idle-timeout", "3", "--header-timeout", "1"]);
    let mut stream = connect(server.address);
    for _ in 0..2 {
        send(&mut stream, GET);
        assert_eq!(answer(&mut stream).1["status"], "ok");
        // Longer than a head may take.
        std::thread::sleep(Duration::from_secs(2));
    }
    send(&mut stream, GET);
    assert_eq!(answer(&mut stream).1["status"], "ok");
    let begun = Instant::now();
    assert_eq!(rest(&mut stream), "");
    about(begun.elapsed(), 3.0);
}

/// Whoever is slow does not keep the server from stopping.
#[test]
fn stopped() {
    let (server, token) = demo(&[]);
    let address = server.address;
    let mut slow: Vec<_> = (0..5).map(|_| connect(address)).collect();
    send(&mut slow[1], "GET /healthz HTT");
    send(&mut slow[2], &(head(&token, CLIENTS, 100, "") + "{"));
    send(&mut slow[3], &large(200));
    send(&mut slow[4], GET);
    answer(&mut slow[4]);
    std::thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    assert_eq!(server.terminate().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
