//! Attaching users to a team.

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, TestApp, both_engines};

async fn attach(t: &TestApp, team: &str, users: Value) -> Answer {
    let body = json!({"metadata": {"source": "GLOBANT"}, "users": users});
    t.api.put(&format!("/v2/integrations/teams/{team}/attach"), body).await
}

/// Workspace `w` with teams `a` and `b`, and users 1 to 3 in it; user 4 is not.
async fn two_teams(t: &TestApp) {
    t.api.workspace("GLOBANT", "w").await;
    t.api.team("GLOBANT", "a", Some("w")).await;
    t.api.team("GLOBANT", "b", Some("w")).await;
    for n in 1..=4 {
        t.api.user("GLOBANT", &format!("u{n}")).await;
    }
    for n in 1..=3 {
        t.api.join("GLOBANT", &format!("u{n}"), &[("w", 50.0)]).await.ok();
    }
}

both_engines! {
    /// User by user in request order; the first rule that applies refuses. HTTP 200 always.
    async fn each_rule(t: TestApp) {
        two_teams(&t).await;
        attach(&t, "b", json!(["u3"])).await.ok();
        expect![[r#"
            200 OK
            {"users":[{"team_id":1,"user_id":2,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","id":2,"__meta__":{"company_id":1,"user":{"id":2,"first_name":"Ana","last_name":"Lee","email":"u2@example.com","company_id":1}}},{"team_id":1,"user_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","id":3,"__meta__":{"company_id":1,"user":{"id":1,"first_name":"Ana","last_name":"Lee","email":"u1@example.com","company_id":1}}}],"errors":[{"user_id":1,"name":"ALREADY_ASSIGNED","code":"UT011","message":"User is already assigned to this team","external_id":"u1"},{"user_id":4,"name":"NOT_IN_WORKSPACE","code":"UT012","message":"User does not belong to the team's workspace","external_id":"u4"},{"user_id":3,"name":"WORKSPACE_CONFLICT","code":"UT013","message":"User already belongs to another team in the same workspace","external_id":"u3"}]}"#]].assert_eq(&attach(&t, "a", json!(["u2", "u1", "u1", "u4", "u3"])).await.to_string());
        expect![[r#"
            200 OK
            {"users":[],"errors":[{"user_id":1,"name":"ALREADY_ASSIGNED","code":"UT011","message":"User is already assigned to this team","external_id":"u1"}]}"#]].assert_eq(&attach(&t, "a", json!(["u1"])).await.to_string());
    }

    /// A team without a workspace has only the first rule.
    async fn a_team_without_a_workspace(t: TestApp) {
        t.api.team("GLOBANT", "free", None).await;
        t.api.team("GLOBANT", "free too", None).await;
        t.api.user("GLOBANT", "u1").await;
        for team in ["free", "free%20too"] {
            let answer = attach(&t, team, json!(["u1"])).await.ok();
            assert_eq!((answer["users"].as_array().map(Vec::len), &answer["errors"]), (Some(1), &json!([])));
        }
        assert_eq!(attach(&t, "free", json!(["u1"])).await.ok()["errors"][0]["code"], "UT011");
    }

    /// The team or any user unknown: the missing ones are named, nobody is attached.
    async fn unknown_ones_refuse_the_whole(t: TestApp) {
        two_teams(&t).await;
        t.api.user("OKTA", "u9").await;
        expect![[r#"
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"Entity is not associated: users \"u8\", \"u9\" (known to OKTA) of source GLOBANT","request_id":"[id]","errors":[{"pointer":"/users/1","message":"is not associated"},{"pointer":"/users/2","message":"is not associated; the same id is known to OKTA"}]}"#]].assert_eq(&attach(&t, "a", json!(["u1", "u8", "u9"])).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"TeamNotFoundError","code":"ZC001","message":"Entity is not associated: team \"c\" of source GLOBANT","request_id":"[id]"}"#]].assert_eq(&attach(&t, "c", json!(["u1", "u8"])).await.to_string());
        assert_eq!(attach(&t, "a", json!(["u1"])).await.ok()["errors"], json!([]));
    }

    async fn shape(t: TestApp) {
        two_teams(&t).await;
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/users must be a non-empty list","request_id":"[id]","errors":[{"pointer":"/users","message":"must be a non-empty list"}]}"#]].assert_eq(&attach(&t, "a", json!([])).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /users/1, /users/2","request_id":"[id]","errors":[{"pointer":"/users/1","message":"must be a string of 1 to 255 bytes"},{"pointer":"/users/2","message":"must be a string of 1 to 255 bytes"}]}"#]].assert_eq(&attach(&t, "a", json!(["u1", 7, ""])).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /users, /metadata","request_id":"[id]","errors":[{"pointer":"/users","message":"is required and must be a non-empty list"},{"pointer":"/metadata","message":"is required and must be an object of: source"}]}"#]].assert_eq(&t.api.put("/v2/integrations/teams/a/attach", json!({})).await.to_string());
    }

    /// The published curl sends POST.
    async fn post_is_put(t: TestApp) {
        two_teams(&t).await;
        let body = json!({"metadata": {"source": "GLOBANT"}, "users": ["u1"]});
        let answer = t.api.post("/v2/integrations/teams/a/attach", body).await.ok();
        assert_eq!(answer["users"][0]["user_id"], 1);
    }
}
