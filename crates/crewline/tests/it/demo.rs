//! `serve --demo`: what it prints can be pasted, and answers as published.

use std::process::Command;

use serde_json::{Value, json};
use testing::{Database, Engine, Server};

use crate::{binary, crewline};

/// The printed calls, typed into a shell as they stand; the answer of each.
fn paste(printed: &str) -> Vec<Value> {
    let calls: Value = serde_json::from_str(printed).expect("JSON");
    let script: Vec<&str> =
        calls["calls"].as_array().unwrap().iter().map(|call| call.as_str().unwrap()).collect();
    let output = Command::new("bash").arg("-c").arg(script.join("\n")).output().expect("bash");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

async fn demo(engine: Engine) {
    let database = Database::empty(engine).await;
    let url = database.url();
    let arguments = ["--demo", "--output", "json", "--database", url.as_str()];
    let mut first = None;
    // The second start finds the demo as the first one left it.
    for _ in 0..2 {
        let server = Server::start(binary(), &arguments);
        let answers = paste(&server.printed);
        let [v2, v1, team, workspaces, user] = answers.as_slice() else { panic!("{answers:?}") };
        assert_eq!(
            (&v2["status"], &v2["records_received"], &v2["records_created"]),
            (&json!("partial_success"), &json!(2), &json!(1))
        );
        assert_eq!(
            v2["errors"][0],
            json!({"id": "external-user-id-5", "error_code": "CE001", "message": "User not found in associations"})
        );
        assert_eq!((&v1["status"], &v1["user_ids"]), (&json!("success"), &json!([123])));
        assert_eq!(team["errors"].as_array().unwrap().last().unwrap()["code"], "UT012");
        assert_eq!(workspaces["workspaces"][1]["pivot"]["percentage"], 20);
        assert_eq!((&user["id"], &user["role_id"]), (&workspaces["id"], &json!(3)));
        // The same ids at every start: a retry answers what the first try did.
        let same = (v2.clone(), v1.clone());
        assert_eq!(*first.get_or_insert(same.clone()), same);
        assert_eq!(server.terminate().code(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    demo(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    demo(Engine::Postgres).await;
}

/// Without a database the data is temporary, and the ids are the same every time.
#[test]
fn temporary() {
    let ids = || {
        let server = Server::start(binary(), &["--demo", "--output", "json"]);
        let answers = paste(&server.printed);
        let ids: Vec<Value> = answers.iter().map(|answer| answer["id"].clone()).collect();
        (ids, answers[0]["assigned"].clone(), answers[2]["users"][0]["team_id"].clone())
    };
    assert_eq!(ids(), ids());
}

/// A database that holds something else is refused, and so is an address that others reach.
#[tokio::test]
async fn refused() {
    let database = Database::empty(Engine::Sqlite).await;
    let url = database.url();
    crewline(&["company", "create", "--name", "Acme", "--database", &url]);
    let refused = crewline(&["serve", "--demo", "--listen", "127.0.0.1:0", "--database", &url]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(said, "crewline: the database holds something other than a whole demo\n");
    let refused = crewline(&["serve", "--demo", "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is not loopback"));
}
