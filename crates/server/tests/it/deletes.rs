//! Deletes under `/v2/integrations`: with all references, unless something depends on it.

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, TestApp, both_engines};

async fn delete(t: &TestApp, path: &str) -> Answer {
    t.api.delete(&format!("/v2/integrations/{path}"), json!({"metadata": {"source": "OKTA"}})).await
}

/// How many references the company has.
async fn references(t: &TestApp) -> usize {
    t.api.get("/api/references").await.ok()["data"].as_array().map_or(0, Vec::len)
}

both_engines! {
    /// The published answer of each, the references gone, the external id free again.
    async fn every_kind(t: TestApp) {
        for (group, fields, answer) in [
            ("clients", json!({"name": "x"}), expect![[r#"
                200 OK
                {"message":"Client deleted successfully","external_id":"x","cor_id":1}"#]]),
            ("categories", json!({"name": "x"}), expect![[r#"
                200 OK
                {"message":"Entity deleted successfully"}"#]]),
            ("seniority", json!({"name": "x"}), expect![[r#"
                200 OK
                {"message":"Entity deleted successfully"}"#]]),
            ("user-position", json!({"name": "x"}), expect![[r#"
                200 OK
                {"message":"Entity deleted successfully"}"#]]),
            ("teams", json!({"name": "x"}), expect![[r#"
                200 OK
                {"message":"Entity deleted successfully"}"#]]),
            ("users", json!({"email": "a@b.c", "first_name": "A", "last_name": "B"}), expect![[r#"
                200 OK
                {"message":"User deleted successfully","external_id":"x","cor_id":1}"#]]),
        ] {
            let before = references(&t).await;
            t.api.create(group, "OKTA", "x", fields.clone()).await.ok();
            let kind = match group { "categories" => "category", "user-position" => "position", "seniority" => "seniority", other => other.trim_end_matches('s') };
            let of = json!({"source": "OKTA", "external_id": "x"});
            t.api.post("/api/references", json!({"kind": kind, "source": "SAP", "external_id": "y", "of": of})).await.ok();
            answer.assert_eq(&delete(&t, &format!("{group}/x")).await.to_string());
            assert_eq!(references(&t).await, before, "{group}");
            let again = delete(&t, &format!("{group}/x")).await;
            assert_eq!((again.status.as_u16(), &again.json()["code"]), (404, &json!("ZC001")), "{group}");
            let recreated = t.api.create(group, "OKTA", "x", fields).await;
            assert_eq!(recreated.status, 200, "{group}: {recreated}");
        }
        t.api.contract("OKTA", "k", None, None).await;
        expect![[r#"
            200 OK
            {"message":"Contract deleted successfully","external_id":"k","cor_id":1}"#]].assert_eq(&delete(&t, "contracts/k").await.to_string());
    }

    async fn shape(t: TestApp) {
        for group in ["clients", "categories", "user-position", "teams", "users", "contracts"] {
            let path = format!("/v2/integrations/{group}/x");
            let answer = t.api.delete(&path, json!({})).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["name"], &answer.json()["code"]), (400, &json!("ValidationError"), &json!("VALIDATION")), "{group}");
            let answer = t.api.delete(&path, json!({"metadata": {"source": "EXCEL"}})).await;
            assert_eq!(answer.json()["name"], "InvalidSourceError", "{group}");
        }
        assert_eq!(t.api.delete("/v2/integrations/seniority/x", json!({})).await.json()["code"], "ZC001");
        assert_eq!(delete(&t, "workspaces/x").await.status, 405);
        // The id beside the path must be the contract's own.
        let id = t.api.contract("OKTA", "k", None, None).await;
        let with = async |cor_id: Value| t.api.delete("/v2/integrations/contracts/k", json!({"metadata": {"source": "OKTA"}, "corId": cor_id})).await;
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/corId is not the id of contract \"k\"","request_id":"[id]","errors":[{"pointer":"/corId","message":"is not the id of contract \"k\""}]}"#]].assert_eq(&with(json!(id + 1)).await.to_string());
        assert_eq!(with(json!("1")).await.status, 400);
        assert_eq!(with(json!(id)).await.status, 200);
    }

    /// What depends is told by kind and count; nothing is changed.
    async fn dependents(t: TestApp) {
        t.api.contract("OKTA", "k1", None, None).await;
        t.api.create("contracts", "OKTA", "k2", json!({"name": "k2", "client_id": "client of k1"})).await.ok();
        t.api.create("categories", "OKTA", "c", json!({"name": "c"})).await.ok();
        t.api.create("seniority", "OKTA", "s", json!({"name": "s"})).await.ok();
        t.api.create("user-position", "OKTA", "p", json!({"name": "p", "category_id": "c"})).await.ok();
        t.api.create("user-position", "OKTA", "p2", json!({"name": "p2"})).await.ok();
        t.api.post("/v2/user-position/p2/seniority/s", json!({"metadata": {"source": "OKTA"}})).await.ok();
        t.api.create("users", "OKTA", "u", json!({"email": "u@b.c", "first_name": "A", "last_name": "B", "user_position_id": "p", "seniority_id": "s"})).await.ok();
        let users = json!([{"id": "u", "dates": [{"start": "2025-01-01", "end": "2025-02-01"}, {"start": "2025-03-01", "end": "2025-04-01"}]}]);
        let body = json!({"metadata": {"source": "OKTA"}, "users": users});
        t.api.post("/v2/integrations/contracts/k1/users", body.clone()).await.ok();
        t.api.post("/v2/integrations/contracts/k2/users", body).await.ok();
        let before = references(&t).await;
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"client 1 cannot be deleted while something depends on it: contract (2)","request_id":"[id]","errors":[{"pointer":"","message":"2 of kind contract depend on it"}]}"#]].assert_eq(&delete(&t, "clients/client%20of%20k1").await.to_string());
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"contract 1 cannot be deleted while something depends on it: assignment (2)","request_id":"[id]","errors":[{"pointer":"","message":"2 of kind assignment depend on it"}]}"#]].assert_eq(&delete(&t, "contracts/k1").await.to_string());
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"user 1 cannot be deleted while something depends on it: assignment (4)","request_id":"[id]","errors":[{"pointer":"","message":"4 of kind assignment depend on it"}]}"#]].assert_eq(&delete(&t, "users/u").await.to_string());
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"position 1 cannot be deleted while something depends on it: user (1)","request_id":"[id]","errors":[{"pointer":"","message":"1 of kind user depend on it"}]}"#]].assert_eq(&delete(&t, "user-position/p").await.to_string());
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"seniority 1 cannot be deleted while something depends on it: position (1), user (1)","request_id":"[id]","errors":[{"pointer":"","message":"1 of kind position depend on it"},{"pointer":"","message":"1 of kind user depend on it"}]}"#]].assert_eq(&delete(&t, "seniority/s").await.to_string());
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"category 1 cannot be deleted while something depends on it: position (1)","request_id":"[id]","errors":[{"pointer":"","message":"1 of kind position depend on it"}]}"#]].assert_eq(&delete(&t, "categories/c").await.to_string());
        assert_eq!(references(&t).await, before);
        // From the leaves to the root, all goes.
        for contract in ["k1", "k2"] {
            t.api.delete(&format!("/v2/integrations/contracts/{contract}/users"), json!({"metadata": {"source": "OKTA"}, "users": ["u"]})).await.ok();
        }
        for path in ["users/u", "user-position/p2", "user-position/p", "seniority/s", "categories/c", "contracts/k1", "contracts/k2", "clients/client%20of%20k1"] {
            assert_eq!(delete(&t, path).await.status, 200, "{path}");
        }
        assert_eq!(references(&t).await, 0);
    }

    /// Who is in which team and workspace goes with the user, and with the team.
    async fn memberships_go_along(t: TestApp) {
        t.api.workspace("OKTA", "w").await;
        for user in ["u1", "u2"] {
            t.api.user("OKTA", user).await;
            t.api.join("OKTA", user, &[("w", 50.0)]).await.ok();
        }
        t.api.team("OKTA", "t1", Some("w")).await;
        let attach = async |team: &str, users: Value| t.api.put(&format!("/v2/integrations/teams/{team}/attach"), json!({"metadata": {"source": "OKTA"}, "users": users})).await.ok();
        attach("t1", json!(["u1", "u2"])).await;
        delete(&t, "users/u1").await.ok();
        delete(&t, "teams/t1").await.ok();
        // u2 is free for another team of the workspace, and in the workspace still.
        t.api.team("OKTA", "t2", Some("w")).await;
        assert_eq!(attach("t2", json!(["u2"])).await["errors"], json!([]));
        // Whoever is u1 now is in nothing.
        t.api.user("OKTA", "u1").await;
        assert_eq!(attach("t2", json!(["u1"])).await["errors"][0]["code"], "UT012");
    }

    /// Deletes and attaches at the same time: nobody is ever on a contract without being there.
    async fn deletes_race_with_attaches(t: TestApp) {
        t.api.contract("OKTA", "k", None, None).await;
        for round in 0..15 {
            let user = format!("u{round}");
            t.api.user("OKTA", &user).await;
            let body = json!({"metadata": {"source": "OKTA"}, "users": [{"id": user, "dates": [{"start": "2025-01-01", "end": "2025-02-01"}]}]});
            let path = format!("users/{user}");
            let (attached, deleted) = tokio::join!(
                t.api.post("/v2/integrations/contracts/k/users", body),
                delete(&t, &path)
            );
            match deleted.status.as_u16() {
                200 => assert_eq!(attached.status, 422, "{attached}"),
                409 => assert_eq!(attached.status, 200, "{attached}"),
                other => panic!("{other}"),
            }
        }
    }
}
