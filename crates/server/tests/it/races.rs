//! Many at once.

use std::array::from_fn;
use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use server::store::Tx;
use testing::{Answer, Api, Engine, TestApp, both_engines};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Sends the same kind of request 32 times at once.
async fn at_once<F: Future<Output = Answer> + Send + 'static>(
    call: impl Fn(Api, usize) -> F,
    t: &TestApp,
) -> Vec<Answer> {
    let mut all = JoinSet::new();
    for n in 0..32 {
        all.spawn(call(t.api.clone(), n));
    }
    all.join_all().await
}

/// A request that is ready to be sent.
pub type Call = (Method, String, Value);

/// A request of OKTA's.
pub fn okta(method: Method, path: &str, mut body: Value) -> Call {
    body["metadata"] = json!({"source": "OKTA"});
    (method, format!("/v2/{path}"), body)
}

async fn send(api: &Api, (method, path, body): Call) -> Answer {
    api.json(method, &path, body).await
}

/// Sends requests at once, in each round beginning with another one; the answers in order.
async fn race<const N: usize>(t: &TestApp, round: usize, calls: [Call; N]) -> [Answer; N] {
    let mut all = JoinSet::new();
    for nth in (0..N).map(|nth| (nth + round) % N) {
        let (call, api) = (calls[nth].clone(), t.api.clone());
        all.spawn(async move { (nth, send(&api, call).await) });
    }
    let mut answers = all.join_all().await;
    answers.sort_by_key(|(nth, _)| *nth);
    let answers: Vec<Answer> = answers.into_iter().map(|(_, answer)| answer).collect();
    answers.try_into().expect("an answer each")
}

/// An answer in short: `ok`, `409 ZC004`, or why a team did not take its only user.
fn said(answer: &Answer) -> String {
    let (status, body) = (answer.status.as_u16(), answer.json());
    match (answer.status.is_success(), &body["code"], &body["errors"][0]["code"]) {
        (true, _, Value::String(refused)) => refused.clone(),
        (true, ..) => "ok".to_owned(),
        (false, Value::String(code), _) => format!("{status} {code}"),
        (false, ..) => status.to_string(),
    }
}

/// The answers in short, in order.
fn all_said(answers: &[Answer]) -> String {
    answers.iter().map(said).collect::<Vec<_>>().join(", ")
}

/// One of 8 answers is a success, the others say this.
fn one_of_8(answers: &[Answer; 8], others: &str, about: &str) {
    let count = |one: &str| answers.iter().filter(|answer| said(answer) == one).count();
    assert_eq!((count("ok"), count(others)), (1, 7), "{about}: {}", all_said(answers));
}

pub async fn count(t: &TestApp, sql: &'static str) -> i64 {
    let counted = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        Ok(tx.query_opt::<(i64,)>(sql, &[]).await?)
    });
    counted.await.unwrap().expect("a count").0
}

/// Members recorded for another workspace than their team is in, or who are not in it.
pub const MISPLACED: &str = "SELECT count(*) FROM team_users m WHERE
    NOT EXISTS (SELECT 1 FROM teams t WHERE t.company_id = m.company_id AND t.id = m.team_id
        AND t.workspace_id = m.workspace_id)
    OR NOT EXISTS (SELECT 1 FROM workspace_users w WHERE w.company_id = m.company_id
        AND w.workspace_id = m.workspace_id AND w.user_id = m.user_id)";

/// Everything that a delete takes away, and the references.
const EVERYTHING: &str = "SELECT (SELECT count(*) FROM external_refs)
    + (SELECT count(*) FROM clients) + (SELECT count(*) FROM categories)
    + (SELECT count(*) FROM seniorities) + (SELECT count(*) FROM positions)
    + (SELECT count(*) FROM teams) + (SELECT count(*) FROM users)
    + (SELECT count(*) FROM contracts) + (SELECT count(*) FROM brands)
    + (SELECT count(*) FROM products WHERE deleted_at IS NULL)
    + (SELECT count(*) FROM projects) + (SELECT count(*) FROM leaves)
    + (SELECT count(*) FROM leave_types) + (SELECT count(*) FROM working_times)
    + (SELECT count(*) FROM working_time_days)";

/// Creates one of each kind, and sends its delete 8 times; in 10 rounds. There are a client, a
/// brand, a leave type and a user to refer to.
async fn each_deleted_once<const N: usize>(t: &TestApp, kinds: [(&str, Value); N]) {
    t.api.create("clients", "OKTA", "c", json!({"name": "Acme"})).await.ok();
    t.api.create("brands", "OKTA", "b", json!({"name": "B", "client_id": "c"})).await.ok();
    t.api.create("leaves-types", "OKTA", "lt", json!({"name": "Vacation"})).await.ok();
    t.api.user("OKTA", "u").await;
    let before = count(t, EVERYTHING).await;
    for (group, fields) in kinds {
        // Only the delete of a leave reads the user.
        let path = format!("integrations/{group}/x");
        let call = okta(Method::DELETE, &path, json!({"userId": "u"}));
        for _ in 0..10 {
            t.api.create(group, "OKTA", "x", fields.clone()).await.ok();
            let answers = race(t, 0, from_fn(|_| call.clone())).await;
            one_of_8(&answers, "404 ZC001", group);
        }
        assert_eq!(count(t, EVERYTHING).await, before, "{group}");
    }
}

both_engines! {
    /// 32 attaches of one user to two teams of one workspace leave the user in exactly one.
    async fn one_team_of_a_workspace(t: TestApp) {
        t.api.workspace("GLOBANT", "w").await;
        t.api.team("GLOBANT", "t0", Some("w")).await;
        t.api.team("GLOBANT", "t1", Some("w")).await;
        t.api.user("GLOBANT", "u").await;
        t.api.join("GLOBANT", "u", &[("w", 100.0)]).await.ok();
        let answers = at_once(|api, n| async move {
            let body = json!({"metadata": {"source": "GLOBANT"}, "users": ["u"]});
            api.put(&format!("/v2/integrations/teams/t{}/attach", n % 2), body).await
        }, &t).await;
        let attached = answers.iter().filter(|answer| answer.ok()["users"] != json!([])).count();
        assert_eq!(attached, 1);
        assert_eq!(count(&t, "SELECT count(*) FROM team_users").await, 1);
    }

    /// 32 identical contract attaches leave each range once, and all answer the same ids.
    async fn each_range_once(t: TestApp) {
        t.api.contract("GLOBANT", "K", None, None).await;
        t.api.user("GLOBANT", "u1").await;
        t.api.user("GLOBANT", "u2").await;
        let answers = at_once(|api, n| async move {
            let dates: Vec<Value> = (1..=9).map(|m| json!({"start": format!("2025-0{m}-01"), "end": "2026-01-01"})).collect();
            // Half of them the other way round: locks are taken in one order all the same.
            let users = if n % 2 == 0 { ["u1", "u2"] } else { ["u2", "u1"] };
            let users: Vec<Value> = users.iter().map(|id| json!({"id": id, "dates": dates})).collect();
            api.post("/v2/integrations/contracts/K/users", json!({"metadata": {"source": "GLOBANT"}, "users": users})).await
        }, &t).await;
        let mut ids = HashSet::new();
        for answer in &answers {
            let answer = answer.ok();
            assert_eq!(answer["records_created"], 18);
            ids.extend(answer["assigned"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()));
        }
        assert_eq!(ids.len(), 18);
        assert_eq!(t.api.get("/v1/contracts/1/users").await.ok()["total"], "18");
    }

    /// 32 creates of one external id, each with its own e-mail: one is created.
    async fn one_create(t: TestApp) {
        let answers = at_once(|api, n| async move {
            let fields = json!({"email": format!("{n}@example.com"), "first_name": "A", "last_name": "B"});
            api.create("users", "OKTA", "u", fields).await
        }, &t).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!((statuses[0], statuses[1], statuses[31]), (200, 409, 409));
    }

    /// 32 links of one reference to two users: it belongs to one.
    async fn one_owner(t: TestApp) {
        t.api.user("OKTA", "u1").await;
        t.api.user("OKTA", "u2").await;
        let answers = at_once(|api, n| async move {
            let link = json!({"kind": "user", "source": "SAP", "external_id": "x", "id": n % 2 + 1});
            api.post("/api/references", link).await
        }, &t).await;
        let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
        assert_eq!((count(201), count(200), count(409)), (1, 15, 16));
    }

    /// Workspaces of one user, attached in any order by many: no deadlock reaches a client.
    async fn one_user_many_workspaces(t: TestApp) {
        t.api.user("OKTA", "u").await;
        for n in 0..4 {
            t.api.workspace("OKTA", &format!("w{n}")).await;
        }
        let answers = at_once(|api, n| async move {
            let order = [n % 4, (n + 1) % 4, (n + 2) % 4].map(|w| (format!("w{w}"), n as f64 + 1.0));
            let order: Vec<(&str, f64)> = order.iter().map(|(id, share)| (id.as_str(), *share)).collect();
            api.join("OKTA", "u", &order).await
        }, &t).await;
        answers.iter().for_each(|answer| drop(answer.ok()));
    }

    /// One create sent 8 times: one is taken, the others are told of the external id, whatever
    /// else of it is taken by then.
    async fn the_same_create(t: TestApp) {
        for round in 0..15 {
            let id = format!("x{round}");
            let days = json!([{"dayOfWeek": 2, "start": "09:00", "end": "18:00"}]);
            for (group, mut fields) in [
                ("clients", json!({"name": "Acme"})),
                ("users", json!({"email": format!("{id}@example.com"), "first_name": "A", "last_name": "B"})),
                ("working-time", json!({"userId": id, "workingTimes": days})),
            ] {
                fields["id"] = json!(id);
                let call = okta(Method::POST, &format!("integrations/{group}"), fields);
                let answers = race(&t, 0, from_fn(|_| call.clone())).await;
                one_of_8(&answers, "409 ZC004", group);
                let created = answers.iter().find(|answer| answer.status.is_success()).unwrap().ok();
                let owner = created.get("data").unwrap_or(&created)["id"].to_string();
                for refused in answers.iter().filter(|answer| answer.status == 409) {
                    let message = refused.json()["message"].as_str().unwrap().to_owned();
                    assert!(message.ends_with(&format!(" {owner}")), "{created}: {message}");
                }
            }
        }
        for sql in ["SELECT count(*) FROM clients", "SELECT count(*) FROM users", "SELECT count(*) FROM working_times"] {
            assert_eq!(count(&t, sql).await, 15, "{sql}");
        }
        assert_eq!(count(&t, "SELECT count(*) FROM external_refs").await, 45);
    }

    /// One delete sent 8 times: one deletes, for the others nothing is there.
    async fn the_same_delete(t: TestApp) {
        each_deleted_once(&t, [
            ("clients", json!({"name": "x"})),
            ("categories", json!({"name": "x"})),
            ("seniority", json!({"name": "x"})),
            ("user-position", json!({"name": "x"})),
            ("teams", json!({"name": "x"})),
            ("users", json!({"email": "x@example.com", "first_name": "A", "last_name": "B"})),
            ("leaves-types", json!({"name": "x"})),
        ]).await;
    }

    /// Also of what refers to others.
    async fn the_same_delete_of_what_refers(t: TestApp) {
        let (start, end) = ("2026-05-11T00:00:00Z", "2026-05-11T23:59:00Z");
        let days = json!([{"dayOfWeek": 2, "start": "09:00", "end": "18:00"}]);
        each_deleted_once(&t, [
            ("contracts", json!({"name": "x", "client_id": "c"})),
            ("brands", json!({"name": "x", "client_id": "c"})),
            ("products", json!({"name": "x", "client_id": "c", "brand_id": "b"})),
            ("projects", json!({"name": "x", "client_id": "c", "brand_id": "b", "pm_id": "u"})),
            ("leaves", json!({"userId": "u", "leaveTypeId": "lt", "start": start, "end": end, "allDay": true})),
            ("working-time", json!({"userId": "u", "workingTimes": days})),
        ]).await;
    }

    /// A position's text set while a seniority is assigned to it: each is told what it asked
    /// for, and one of the two stays.
    async fn text_or_seniority(t: TestApp) {
        t.api.create("user-position", "OKTA", "p", json!({"name": "Dev"})).await.ok();
        t.api.create("seniority", "OKTA", "s", json!({"name": "Assigned"})).await.ok();
        let set = |seniority: Value| okta(Method::PUT, "integrations/user-position/p", json!({"seniority": seniority}));
        let assign = okta(Method::POST, "user-position/p/seniority/s", json!({}));
        let sent = [set(json!("Text")), assign.clone(), set(json!("Text")), assign];
        for round in 0..15 {
            send(&t.api, set(json!(null))).await.ok();
            let answers = race(&t, round, sent.clone()).await;
            let shown = answers.map(|answer| answer.ok()["data"]["seniority"].clone());
            assert_eq!(shown, ["Text", "Assigned", "Text", "Assigned"]);
            let untouched = okta(Method::PUT, "integrations/user-position/p", json!({}));
            let shown = send(&t.api, untouched).await.ok()["data"]["seniority"].clone();
            assert!(shown == "Text" || shown == "Assigned", "{shown}");
            let sql = "SELECT (SELECT count(*) FROM positions WHERE seniority IS NOT NULL)
                + (SELECT count(*) FROM position_seniorities)";
            assert_eq!(count(&t, sql).await, 1);
        }
    }

    /// A contract is shortened while users are attached beyond its new end: nobody is left there.
    async fn a_period_shortened_while_users_come(t: TestApp) {
        t.api.user("OKTA", "u1").await;
        t.api.user("OKTA", "u2").await;
        let (within, beyond) = (json!({"start": "2025-02-01", "end": "2025-03-31"}), json!({"start": "2025-03-01", "end": "2025-10-31"}));
        for round in 0..20 {
            let k = format!("k{round}");
            let id = t.api.contract("OKTA", &k, Some("2025-01-01"), Some("2025-12-31")).await;
            let attach = |user: &str, dates: Value| okta(Method::POST, &format!("integrations/contracts/{k}/users"), json!({"users": [{"id": user, "dates": dates}]}));
            let answers = race(&t, round, [
                okta(Method::PUT, &format!("integrations/contracts/{k}"), json!({"end_date": "2025-06-30"})),
                attach("u1", json!([beyond])),
                attach("u2", json!([within, beyond])),
            ]).await;
            let created = [1, 2].map(|nth| answers[nth].json()["records_created"].as_i64().unwrap());
            let rows = t.api.get(&format!("/v1/contracts/{id}/users")).await.ok()["data"].clone();
            let ends: Vec<&str> = rows.as_array().unwrap().iter().map(|row| &row["end_date"].as_str().unwrap()[..10]).collect();
            match all_said(&answers).as_str() {
                "ok, 422, ok" => assert_eq!((created, &ends[..]), ([0, 1], &["2025-03-31"][..])),
                "409 WINDOW_CONFLICT, ok, ok" => {
                    assert_eq!((created, &ends[..]), ([1, 2], &["2025-10-31", "2025-03-31", "2025-10-31"][..]));
                }
                other => panic!("{other}"),
            }
        }
    }

    /// A contract is deleted while users are attached: nobody is on a contract that is not there.
    async fn a_contract_deleted_while_users_come(t: TestApp) {
        t.api.user("OKTA", "u1").await;
        t.api.user("OKTA", "u2").await;
        for round in 0..20 {
            let k = format!("k{round}");
            let id = t.api.contract("OKTA", &k, None, None).await;
            let attach = |user: &str| {
                let dates = json!([{"start": "2025-01-01", "end": "2025-02-01"}]);
                okta(Method::POST, &format!("integrations/contracts/{k}/users"), json!({"users": [{"id": user, "dates": dates}]}))
            };
            let delete = okta(Method::DELETE, &format!("integrations/contracts/{k}"), json!({}));
            let answers = race(&t, round, [delete, attach("u1"), attach("u2")]).await;
            let listed = t.api.get(&format!("/v1/contracts/{id}/users")).await;
            match all_said(&answers).as_str() {
                "ok, 404 ZC001, 404 ZC001" => assert_eq!(listed.status, 404),
                "409 HAS_DEPENDENCIES, ok, ok" => assert_eq!(listed.ok()["total"], "2"),
                other => panic!("{other}"),
            }
            let sql = "SELECT count(*) FROM assignments a WHERE NOT EXISTS (SELECT 1 FROM contracts c
                WHERE c.company_id = a.company_id AND c.id = a.contract_id)";
            assert_eq!(count(&t, sql).await, 0);
        }
    }

    /// A team goes to another workspace while a user comes who is not there, and while one of its
    /// members joins another team there: it goes, or they come.
    async fn a_team_goes_while_users_come(t: TestApp) {
        for workspace in ["w1", "w2"] {
            t.api.workspace("OKTA", workspace).await;
        }
        t.api.team("OKTA", "t", Some("w1")).await;
        t.api.team("OKTA", "other", Some("w2")).await;
        t.api.user("OKTA", "u").await;
        t.api.join("OKTA", "u", &[("w1", 50.0)]).await.ok();
        t.api.user("OKTA", "v").await;
        t.api.join("OKTA", "v", &[("w1", 50.0), ("w2", 50.0)]).await.ok();
        let go = |workspace: &str| okta(Method::PUT, "integrations/teams/t", json!({"workspace_id": workspace}));
        let change = |team: &str, what: &str, user: &str| okta(Method::PUT, &format!("integrations/teams/{team}/{what}"), json!({"users": [user]}));
        for round in 0..15 {
            for (team, user, gone) in [("t", "u", "ok, UT012"), ("other", "v", "ok, UT013")] {
                if team == "other" {
                    assert_eq!(said(&send(&t.api, change("t", "attach", "v")).await), "ok");
                }
                let answers = race(&t, round, [go("w2"), change(team, "attach", user)]).await;
                match all_said(&answers).as_str() {
                    "409 WORKSPACE_CONFLICT, ok" => {}
                    said => assert_eq!(said, gone),
                }
                assert_eq!(count(&t, MISPLACED).await, 0);
                // As it was.
                for call in [change("t", "detach", "u"), change("t", "detach", "v"), change("other", "detach", "v"), go("w1")] {
                    send(&t.api, call).await.ok();
                }
            }
        }
    }

    /// A user leaves a workspace while two of its teams take the user: the user leaves, or is in
    /// one of them.
    async fn a_user_leaves_while_teams_come(t: TestApp) {
        t.api.workspace("OKTA", "w").await;
        t.api.team("OKTA", "t1", Some("w")).await;
        t.api.team("OKTA", "t2", Some("w")).await;
        let mut inside = 0;
        for round in 0..20 {
            let user = format!("u{round}");
            t.api.user("OKTA", &user).await;
            t.api.join("OKTA", &user, &[("w", 50.0)]).await.ok();
            let attach = |team: &str| okta(Method::PUT, &format!("integrations/teams/{team}/attach"), json!({"users": [user]}));
            let leave = okta(Method::PUT, &format!("integrations/users/{user}/detach"), json!({"workspaces": ["w"]}));
            let answers = race(&t, round, [leave, attach("t1"), attach("t2")]).await;
            inside += match all_said(&answers).as_str() {
                "ok, UT012, UT012" => 0,
                "409 HAS_DEPENDENCIES, ok, UT013" | "409 HAS_DEPENDENCIES, UT013, ok" => 1,
                other => panic!("{other}"),
            };
            for sql in ["SELECT count(*) FROM team_users", "SELECT count(*) FROM workspace_users"] {
                assert_eq!(count(&t, sql).await, inside, "{sql}");
            }
            assert_eq!(count(&t, MISPLACED).await, 0);
        }
    }

    /// A client is deleted while a contract and a brand are made for it: it goes, or they come.
    async fn a_client_deleted_while_contracts_come(t: TestApp) {
        for round in 0..20 {
            let id = format!("x{round}");
            t.api.create("clients", "OKTA", &id, json!({"name": "Acme"})).await.ok();
            let create = |group: &str| okta(Method::POST, &format!("integrations/{group}"), json!({"id": id, "name": "x", "client_id": id}));
            let delete = okta(Method::DELETE, &format!("integrations/clients/{id}"), json!({}));
            let before = count(&t, "SELECT count(*) FROM external_refs").await;
            let answers = race(&t, round, [delete, create("contracts"), create("brands")]).await;
            let more = match all_said(&answers).as_str() {
                "ok, 404 ZC001, 404 ZC001" => -1,
                "409 HAS_DEPENDENCIES, ok, ok" => 2,
                other => panic!("{other}"),
            };
            assert_eq!(count(&t, "SELECT count(*) FROM external_refs").await, before + more);
        }
    }
}

/// A delete of a user waits for attaches that run, and may have found the user; one that names
/// nobody does not. SQLite has one writer.
#[tokio::test]
async fn a_delete_of_nobody_does_not_wait() {
    let t = TestApp::new(Engine::Postgres).await;
    t.api.user("OKTA", "u").await;
    let (begun, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, ends) = (Arc::clone(&begun), Arc::clone(&done));
    // As an attach holds it.
    let attach = t.app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        let sql = "SELECT 1::bigint
            FROM pg_advisory_xact_lock_shared(hashtextextended('assignments', 1)) l";
        tx.query_opt::<(i64,)>(sql, &[]).await?;
        begins.notify_one();
        ends.notified().await;
        Ok(())
    });
    let delete = async |user: &str, limit: Duration| {
        let call = okta(Method::DELETE, &format!("integrations/users/{user}"), json!({}));
        timeout(limit, send(&t.api, call)).await.ok().map(|answer| said(&answer))
    };
    let deletes = async {
        begun.notified().await;
        let nobody = delete("nobody", Duration::from_secs(2)).await;
        let somebody = delete("u", Duration::from_millis(300)).await;
        done.notify_one();
        (nobody, somebody)
    };
    let (attached, told) = tokio::join!(attach, deletes);
    attached.unwrap();
    assert_eq!(told, (Some("404 ZC001".to_owned()), None));
}
