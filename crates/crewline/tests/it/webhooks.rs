//! The real binary sends webhooks, and tells nobody their secrets.

use serde_json::json;
use testing::{Client, Database, Engine, Receiver, Server};

use crate::{basic, binary, crewline, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sent_by_the_server() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (database, receiver) = (Database::new(engine).await, Receiver::new().await);
        let url = database.url();
        let at = ["--database", &url, "--output", "json"];
        json(&crewline(&[&["company", "create", "--name", "Acme"], &at[..]].concat()));
        let key = json(&crewline(&[&["key", "create", "--company", "1"], &at[..]].concat()));
        let server =
            Server::start(binary(), &["--database", &url, "--webhook-allow", "::1,127.0.0.0/8"]);
        let credentials = basic(key["key"].as_str().unwrap(), key["secret"].as_str().unwrap());
        let mut client = Client::connect(server.address, &credentials).unwrap();
        let path = "/v1/oauth/token?grant_type=client_credentials";
        let (_, pair) = client.call("POST", path, "").unwrap();
        let token = format!("Bearer {}", pair["access_token"].as_str().unwrap());
        let mut client = Client::connect(server.address, &token).unwrap();
        let body = json!({"url": receiver.url()}).to_string();
        let (status, webhook) = client.call("POST", "/api/webhooks", &body).unwrap();
        assert_eq!(status, 201, "{webhook}");
        let client_body = json!({"metadata": {"source": "OKTA"}, "id": "c", "name": "C"});
        let path = "/v2/integrations/clients";
        assert_eq!(client.call("POST", path, &client_body.to_string()).unwrap().0, 200);
        let received = receiver.wait(1).await;
        assert_eq!(received[0].json()["type"], "client.created");
        receiver.always("410 Gone");
        let client_body = json!({"metadata": {"source": "OKTA"}, "id": "d", "name": "D"});
        assert_eq!(client.call("POST", path, &client_body.to_string()).unwrap().0, 200);
        receiver.wait(2).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let log = server.log();
        assert!(log.contains("a webhook was disabled"), "{log}");
        let secret = webhook["secret"].as_str().unwrap();
        assert!(!log.contains(&secret["whsec_".len()..]) && !log.contains("/hooks"), "{log}");
    }
}

#[test]
fn what_may_be_allowed() {
    let wrong = crewline(&["serve", "--webhook-allow", "https://a"]);
    assert!(!wrong.status.success());
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(said.contains("must be like 10.0.0.0/8"), "{said}");
}
