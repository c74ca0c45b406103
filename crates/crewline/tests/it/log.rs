//! The log: one line per request, and nothing in it that is secret.

use std::process::Command;

use serde_json::{Value, json};
use testing::{Client, Server};

use crate::{basic, binary};

const CONTRACT: &str = "/v2/integrations/contracts/SF-CONTRACT-12345/users";
const TEAM: &str = "/v2/integrations/teams/external-team-1/attach";

/// The demo under some environment.
fn demo(environment: &[(&str, &str)]) -> Server {
    let mut command = Command::new(binary());
    command.args(["serve", "--listen", "127.0.0.1:0", "--demo"]).env_remove("RUST_LOG");
    Server::spawn(command.envs(environment.iter().copied()))
}

/// Calls of every sort; what was secret in them.
fn call(server: &Server) -> Vec<String> {
    let connect = |credentials: &str| Client::connect(server.address, credentials).unwrap();
    let mut issued = Vec::new();
    let mut client = connect(&basic("demo", "demo-secret"));
    let (_, pair) =
        client.call("POST", "/v1/oauth/token?grant_type=client_credentials", "").unwrap();
    connect(&basic("demo", "wrong-secret"))
        .form("/v1/oauth/token", "grant_type=client_credentials")
        .unwrap();
    let refresh = pair["refresh_token"].as_str().unwrap();
    let path = "/v1/oauth/refreshtoken";
    let (status, next) = client.form(path, &format!("refresh_token={refresh}")).unwrap();
    assert_eq!(status, 200);
    client.call("POST", &format!("{path}?refresh_token={refresh}"), "").unwrap();
    for token in [&pair["access_token"], &next["access_token"]] {
        let token = token.as_str().unwrap();
        connect(&format!("Bearer {token}")).call("GET", "/v1/me", "").unwrap();
        issued.push(token.to_owned());
    }
    let mut client = connect(&format!("Bearer {}", issued[0]));
    let body = r#"{"metadata": {"source": "GLOBANT"}, "users": [{"id": "external-user-id-1", "dates": [
        {"start": "2027-10-01", "end": "2028-11-01"}, {"start": "2025-10-10"}]}]}"#;
    assert_eq!(client.call("POST", CONTRACT, body).unwrap().0, 200);
    assert_eq!(client.call("POST", "/v1/contracts/1/users", "{}").unwrap().0, 400);
    let body = r#"{"metadata": {"source": "GLOBANT"}, "users": ["external-user-id-1", "external-user-id-4"]}"#;
    assert_eq!(client.call("PUT", TEAM, body).unwrap().0, 200);
    let body = r#"{"references": [
        {"kind": "user", "source": "SAP", "external_id": "7", "of": {"source": "GLOBANT", "external_id": "external-user-id-1"}},
        {"kind": "user", "source": "SAP", "external_id": "8", "id": 999999}]}"#;
    assert_eq!(client.call("POST", "/api/references", body).unwrap().0, 200);
    for path in ["/nobody@example.com", "/healthz", "/readyz"] {
        client.call("GET", path, "").unwrap();
    }
    client.call("DELETE", "/v1/me", "").unwrap();
    connect("Bearer cwt_not-a-token").call("GET", "/v1/me", "").unwrap();

    issued.extend([refresh, next["refresh_token"].as_str().unwrap()].map(str::to_owned));
    issued.extend(["cwt_not-a-token", "demo-secret", "wrong-secret"].map(str::to_owned));
    issued.extend(
        ["demo-secret", "wrong-secret"].map(|secret| basic("demo", secret)[6..].to_owned()),
    );
    issued
}

/// Nothing secret, and no id of a path.
fn clean(log: &str, secrets: &[String]) {
    let ids = ["SF-CONTRACT-12345", "external-team-1", "nobody@example.com"].map(str::to_owned);
    for secret in secrets.iter().chain(&ids) {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
}

/// Every line is an object; those of requests say who asked for what, and what came of it.
#[test]
fn as_json() {
    let server = demo(&[("CREWLINE_LOG_FORMAT", "json")]);
    let secrets = call(&server);
    let log = server.log();
    clean(&log, &secrets);
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(lines[0]["message"], "listening");
    let mut requests = Vec::new();
    for mut line in lines.into_iter().filter(|line| line["target"] == "request") {
        let line = line.as_object_mut().unwrap();
        assert_eq!((&line["level"], &line["message"]), (&json!("INFO"), &json!("answered")));
        assert!(line["duration_us"].is_u64() && line["request_id"].is_string());
        for same in ["level", "message", "duration_us", "request_id", "timestamp", "target"] {
            line.remove(same);
        }
        requests.push(json!(line));
    }
    let anonymous =
        |operation: &str, status: u16| json!({"operation": operation, "status": status});
    let by_demo = |operation: &str, status: u16| json!({"company": 1, "key": "demo", "operation": operation, "status": status});
    let batch = |operation: &str, received: u64, created: u64, rejected: u64| {
        json!({
            "company": 1, "key": "demo", "operation": operation, "status": 200,
            "received": received, "created": created, "rejected": rejected
        })
    };
    assert_eq!(
        requests,
        [
            by_demo("POST /v1/oauth/token", 200),
            anonymous("POST /v1/oauth/token", 401),
            by_demo("POST /v1/oauth/refreshtoken", 200),
            anonymous("POST /v1/oauth/refreshtoken", 400),
            by_demo("GET /v1/me", 200),
            by_demo("GET /v1/me", 200),
            batch("POST /v2/integrations/contracts/{id}/users", 2, 1, 1),
            by_demo("POST /v1/contracts/{contract_id}/users", 400),
            batch("PUT /v2/integrations/teams/{id}/attach", 2, 1, 1),
            batch("POST /api/references", 2, 1, 1),
            anonymous("-", 404),
            anonymous("DELETE /v1/me", 405),
            anonymous("GET /v1/me", 401),
        ]
    );
}

#[test]
fn as_text() {
    let server = demo(&[]);
    let secrets = call(&server);
    let log = server.log();
    clean(&log, &secrets);
    let attached = "operation=POST /v2/integrations/contracts/{id}/users status=200";
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(attached)).collect();
    assert!(matches!(lines.as_slice(), [line] if line.contains("company=1 key=\"demo\"")), "{log}");
}

/// Whatever is asked for, secrets are not told; who asks for health is told only then.
#[test]
fn in_full() {
    for format in ["text", "json"] {
        let server = demo(&[("RUST_LOG", "trace"), ("CREWLINE_LOG_FORMAT", format)]);
        let secrets = call(&server);
        let log = server.log();
        for secret in &secrets {
            assert!(!log.contains(secret), "{secret} is in the log: {log}");
        }
        assert!(log.contains("GET /healthz") && log.contains("GET /readyz"), "{log}");
    }
}
