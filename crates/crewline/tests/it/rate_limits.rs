//! The real binary limits who calls, and knows from where.

use testing::{Client, Server};

use crate::{basic, binary, crewline};

const TOKEN: &str = "/v1/oauth/token?grant_type=client_credentials";

#[test]
fn limited() {
    let options = ["--demo", "--rate-limit", "2", "--trust-proxy", "::1,127.0.0.0/8"];
    let server = Server::start(binary(), &options);
    let mut wrong = Client::connect(server.address, &basic("demo", "wrong")).unwrap();
    wrong.forwarded_for("192.0.2.1");
    for _ in 0..10 {
        assert_eq!(wrong.call("POST", TOKEN, "").unwrap().0, 401);
    }
    let mut good = Client::connect(server.address, &basic("demo", "demo-secret")).unwrap();
    good.forwarded_for("192.0.2.1");
    assert_eq!(good.call("POST", TOKEN, "").unwrap().0, 429);
    good.forwarded_for("192.0.2.2");
    let (_, pair) = good.call("POST", TOKEN, "").unwrap();
    let token = format!("Bearer {}", pair["access_token"].as_str().unwrap());
    let mut client = Client::connect(server.address, &token).unwrap();
    for status in [200, 200, 429] {
        assert_eq!(client.call("GET", "/v1/me", "").unwrap().0, status);
    }
}

#[test]
fn what_may_be_limited() {
    for (wrong, right) in [
        (["--rate-limit", "0"], "1..=1000000"),
        (["--trust-proxy", "proxy.internal"], "must be like 10.0.0.0/8"),
    ] {
        let wrong = crewline(&[&["serve"], &wrong[..]].concat());
        assert!(!wrong.status.success());
        let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
        assert!(said.contains(right), "{said}");
    }
}
