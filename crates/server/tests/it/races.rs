//! Many at once.

use std::collections::HashSet;

use serde_json::{Value, json};
use testing::{Answer, Api, TestApp, both_engines};
use tokio::task::JoinSet;

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
        let rows = t.app.store.read::<_, std::convert::Infallible, _>("test", async move |tx: &mut server::store::Tx| {
            Ok(tx.query_opt::<(i64,)>("SELECT count(*) FROM team_users", &[]).await?)
        }).await.unwrap();
        assert_eq!(rows, Some((1,)));
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
}
