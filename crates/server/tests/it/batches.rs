//! References are looked up, and rows written, in batches: many cost as many statements as one.

use axum::http::Method;
use serde_json::{Value, json};
use testing::{TestApp, both_engines};

const MANY: usize = 15;

/// How many statements a request needs.
async fn statements(t: &TestApp, method: Method, path: &str, mut body: Value) -> u64 {
    body["metadata"] = json!({"source": "OKTA"});
    let before = t.app.store.statements();
    t.api.json(method, path, body).await.ok();
    t.app.store.statements() - before
}

both_engines! {
    async fn many_cost_what_one_costs(t: TestApp) {
        t.quiet().await;
        t.api.contract("OKTA", "k", None, None).await;
        t.api.team("OKTA", "t", None).await;
        t.api.create("user-position", "OKTA", "p", json!({"name": "p"})).await.ok();
        for nth in 0..=MANY {
            t.api.user("OKTA", &format!("u{nth}")).await;
            t.api.workspace("OKTA", &format!("w{nth}")).await;
        }
        t.api.user("OKTA", "joins").await;
        let (one, many): (&[usize], Vec<usize>) = (&[0], (1..=MANY).collect());
        let dates = json!([{"start": "2025-01-01", "end": "2025-02-01"}]);
        let users = |of: &dyn Fn(usize) -> Value| {
            [one, &many].map(|which| json!({"users": which.iter().map(|nth| of(*nth)).collect::<Vec<_>>()}))
        };
        let workspaces = |of: &dyn Fn(usize) -> Value| {
            [one, &many].map(|which| json!({"workspaces": which.iter().map(|nth| of(*nth)).collect::<Vec<_>>()}))
        };
        let user = |nth: usize| json!(format!("u{nth}"));
        let rates = |of: std::ops::Range<usize>| {
            let day = |nth| format!("2025-03-{:02}T00:00:00Z", nth + 1);
            let rates: Vec<Value> = of.map(|nth| json!({"foreign_currency": "EUR", "base_currency": "USD", "amount": 1, "effective_date": day(nth)})).collect();
            json!({"currency_exchanges": rates})
        };
        for (method, path, [one, many]) in [
            (Method::POST, "/v2/integrations/contracts/k/users", users(&|nth| json!({"id": user(nth), "dates": dates}))),
            (Method::DELETE, "/v2/integrations/contracts/k/users", users(&user)),
            (Method::PUT, "/v2/integrations/teams/t/attach", users(&user)),
            (Method::PUT, "/v2/integrations/teams/t/detach", users(&user)),
            (Method::PUT, "/v2/user/user-position", users(&|nth| json!({"id": user(nth), "position_id": "p"}))),
            (Method::PUT, "/v2/integrations/users/joins/attach", workspaces(&|nth| json!({"workspaceId": format!("w{nth}"), "percentage": 1}))),
            (Method::PUT, "/v2/integrations/users/joins/detach", workspaces(&|nth| json!(format!("w{nth}")))),
            (Method::POST, "/v2/integrations/currency-exchanges", [rates(0..1), rates(1..16)]),
        ] {
            // The ids of a sequence are drawn, and the token is looked up, before.
            t.api.get("/v1/me").await.ok();
            let first = statements(&t, method.clone(), path, one).await;
            let rest = statements(&t, method.clone(), path, many).await;
            assert!(rest <= first, "{method} {path}: {first}, then {rest}");
        }
    }
}
