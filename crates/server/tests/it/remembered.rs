//! What SQLite's writer remembers of external ids decides nothing that has changed since.

use std::convert::Infallible;

use axum::http::Method;
use serde_json::{Value, json};
use server::store::Tx;
use testing::{Answer, Engine, TestApp};

fn okta(mut body: Value) -> Value {
    body["metadata"] = json!({"source": "OKTA"});
    body
}

/// Attaches users, each from a day on that is different for each call.
async fn attach(t: &TestApp, year: i32, users: &[&str]) -> Answer {
    let dates = json!([{"start": format!("{year}-01-01"), "end": format!("{year}-02-01")}]);
    let users: Vec<Value> = users.iter().map(|id| json!({"id": id, "dates": dates})).collect();
    t.api.post("/v2/integrations/contracts/k/users", okta(json!({"users": users}))).await
}

/// Who is on the contract from a year on.
async fn attached(t: &TestApp, year: i32) -> Vec<i64> {
    let rows = t.api.get("/v1/contracts/1/users?perPage=200").await.ok();
    let of_year = |row: &&Value| row["start_date"].as_str().unwrap().starts_with(&year.to_string());
    let rows = rows["data"].as_array().unwrap().iter().filter(of_year);
    rows.map(|row| row["user_id"].as_i64().unwrap()).collect()
}

/// A contract, and the users `a` and `b`, who were found before.
async fn known() -> (TestApp, [i64; 2]) {
    let mut t = TestApp::new(Engine::Sqlite).await;
    t.quiet().await;
    t.api.contract("OKTA", "k", None, None).await;
    let ids = [t.api.user("OKTA", "a").await, t.api.user("OKTA", "b").await];
    attach(&t, 2000, &["a", "b"]).await.ok();
    assert_eq!(attached(&t, 2000).await, ids);
    (t, ids)
}

async fn delete(t: &TestApp, contract: &str, user: &str) {
    let path = format!("/v2/integrations/contracts/{contract}/users");
    t.api.delete(&path, okta(json!({"users": [user]}))).await.ok();
    t.api.delete(&format!("/v2/integrations/users/{user}"), okta(json!({}))).await.ok();
}

#[tokio::test]
async fn who_was_found_is_not_looked_up_again() {
    let (t, ids) = known().await;
    // The file says that `a` is nobody: only who remembers can know.
    let file = rusqlite::Connection::open(t.database.file().unwrap()).unwrap();
    file.execute_batch(
        "DROP TRIGGER external_refs_removed;
        DELETE FROM external_refs WHERE external_id = 'a' AND kind = 'user'",
    )
    .unwrap();
    attach(&t, 2001, &["a", "b"]).await.ok();
    assert_eq!(attached(&t, 2001).await, ids);
}

#[tokio::test]
async fn who_was_removed_is_known_no_longer() {
    let (t, [_, b]) = known().await;
    delete(&t, "k", "a").await;
    let answer = attach(&t, 2001, &["a", "b"]).await.ok();
    assert_eq!(answer["errors"][0]["id"], "a", "{answer}");
    assert_eq!(attached(&t, 2001).await, [b]);
    let again = t.api.user("OKTA", "a").await;
    attach(&t, 2002, &["a", "b"]).await.ok();
    assert_eq!(attached(&t, 2002).await, [b, again]);
}

/// Whoever removes or changes references, also behind the server's back.
#[tokio::test]
async fn who_was_given_to_another_is_the_other() {
    let (t, [a, b]) = known().await;
    let file = rusqlite::Connection::open(t.database.file().unwrap()).unwrap();
    let sql = "UPDATE external_refs SET entity_id = ?1 WHERE external_id = 'a' AND kind = 'user'";
    assert_eq!(file.execute(sql, [b]).unwrap(), 1);
    attach(&t, 2001, &["a"]).await.ok();
    assert_eq!(attached(&t, 2001).await, [b]);
    assert_ne!(a, b);
}

/// An id that was found under one source, kind or company says nothing about another's.
#[tokio::test]
async fn each_source_has_its_own() {
    let (t, [a, _]) = known().await;
    let fields = json!({"email": "other@example.com", "first_name": "Eva", "last_name": "Lee"});
    let other = t.api.create("users", "SAP", "a", fields).await.ok()["id"].as_i64().unwrap();
    t.api.contract("SAP", "k", None, None).await;
    let dates = json!([{"start": "2001-01-01", "end": "2001-02-01"}]);
    let mut body = json!({"users": [{"id": "a", "dates": dates}, {"id": "b", "dates": dates}]});
    body["metadata"] = json!({"source": "SAP"});
    let answer = t.api.post("/v2/integrations/contracts/k/users", body).await.ok();
    assert_eq!(answer["records_created"], 1, "{answer}");
    let rows = t.api.get("/v1/contracts/2/users").await.ok();
    assert_eq!(rows["data"][0]["user_id"], other);
    assert_ne!(a, other);
}

/// A user who is made and lost in one group, and made anew with another id.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_undone_was_never_known() {
    let (t, _) = known().await;
    // A dry run sees the user that it would make; nobody else does.
    let user = okta(json!({"id": "c", "email": "c@c.c", "first_name": "C", "last_name": "C"}));
    let headers = [("content-type", "application/json"), ("prefer", "dry-run")];
    let body = user.to_string().into_bytes();
    let tried = t.api.send(Method::POST, "/v2/integrations/users", &headers, body).await;
    assert_eq!(tried.header("preference-applied"), Some("dry-run"), "{tried}");
    let answer = attach(&t, 2001, &["c"]).await;
    assert_eq!(answer.status, 422, "{answer}");
    // A group is lost: what its operations found is forgotten with it.
    let lost = t.app.store.write::<(), Infallible, _>("lost", async move |tx: &mut Tx| {
        let sql = "INSERT INTO external_refs
            (company_id, kind, external_id, source_id, entity_id, created_at)
            SELECT company_id, kind, 'd', source_id, entity_id, created_at
            FROM external_refs WHERE kind = 'user' AND external_id = 'a'";
        tx.execute(sql, &[]).await?;
        if let Some(memory) = tx.memory() {
            // As an operation would that looks `d` up behind it, in the same group.
            memory.remember([1, 1, 1, 0], "d", 1);
        }
        Err(server::store::Error::changed("on purpose").into())
    });
    lost.await.unwrap_err();
    let kept = t.app.store.write::<_, Infallible, _>("look", async move |tx: &mut Tx| {
        Ok(tx.memory().and_then(|memory| memory.get([1, 1, 1, 0], "d")))
    });
    assert_eq!(kept.await.unwrap(), None);
}
