//! `PUT /v2/integrations/users/{id}`.

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, TestApp, both_engines};

async fn update(t: &TestApp, fields: Value) -> Answer {
    let mut body = json!({"metadata": {"source": "OKTA"}});
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    t.api.put("/v2/integrations/users/u1", body).await
}

async fn user(t: &TestApp) {
    let named = |name: &str| json!({"name": name});
    t.api.create("user-position", "OKTA", "p1", named("Developer")).await.ok();
    t.api.create("seniority", "OKTA", "s1", named("Sr.")).await.ok();
    t.api
        .create(
            "users",
            "OKTA",
            "u1",
            json!({
                "email": "Ana.Lee@example.com", "first_name": "Ana", "last_name": "Lee",
                "phone": "+1 555-0100", "position": "Developer", "department": "Engineering",
                "role_id": 3, "daily_hours": 7.5, "user_position_id": "p1", "seniority_id": "s1"
            }),
        )
        .await
        .ok();
}

/// The row as it is stored: what the answer does not show.
async fn stored(t: &TestApp) -> String {
    use server::store::Tx;
    t.app
        .store
        .read::<_, std::convert::Infallible, _>("test", async move |tx: &mut Tx| {
            let sql = "SELECT phone, position, department, position_id, seniority_id, role_id,
                daily_hours, hourly_rate_effective_from FROM users";
            type Stored = (
                Option<String>,
                Option<String>,
                Option<String>,
                Option<i64>,
                Option<i64>,
                i64,
                i64,
                Option<jiff::civil::Date>,
            );
            let row: Option<Stored> = tx.query_opt(sql, &[]).await?;
            Ok(format!("{:?}", row.expect("a user")))
        })
        .await
        .expect("a row")
}

both_engines! {
    /// What is left out stays as it is.
    async fn partial(t: TestApp) {
        user(&t).await;
        t.clock.advance(std::time::Duration::from_secs(60));
        expect![[r#"
            200 OK
            {"id":1,"email":"Ana.Lee@example.com","first_name":"Ana","last_name":"Li","phone":"+1 555-0100","role_id":3,"daily_hours":7.5,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:07:19Z"}"#]].assert_eq(&update(&t, json!({"last_name": "Li", "hourly_rate_effective_from": "2026-02-01"})).await.to_string());
        expect![[r#"(Some("+1 555-0100"), Some("Developer"), Some("Engineering"), Some(1), Some(1), 3, 75000, Some(2026-02-01))"#]].assert_eq(&stored(&t).await);
    }

    /// `null` clears these five and no others.
    async fn null_clears(t: TestApp) {
        user(&t).await;
        let cleared = json!({"phone": null, "position": null, "department": null,
            "user_position_id": null, "seniority_id": null});
        expect![[r#"
            200 OK
            {"id":1,"email":"Ana.Lee@example.com","first_name":"Ana","last_name":"Lee","phone":null,"role_id":3,"daily_hours":7.5,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&update(&t, cleared).await.to_string());
        expect!["(None, None, None, None, None, 3, 75000, None)"].assert_eq(&stored(&t).await);
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"6 fields are not valid: /email, /first_name, /last_name, /role_id, /daily_hours, /hourly_rate_effective_from","request_id":"[id]","errors":[{"pointer":"/email","message":"cannot be cleared: it must be an e-mail address of at most 254 characters"},{"pointer":"/first_name","message":"cannot be cleared: it must be a string of 1 to 255 characters"},{"pointer":"/last_name","message":"cannot be cleared: it must be a string of 1 to 255 characters"},{"pointer":"/role_id","message":"cannot be cleared: it must be a role from 1 to 6: 1 C-Level, 2 Director, 3 Project Manager, 4 Collaborator, 5 Freelancer, 6 Client"},{"pointer":"/daily_hours","message":"cannot be cleared: it must be a number from 0 to 24 with at most 4 decimal places"},{"pointer":"/hourly_rate_effective_from","message":"cannot be cleared: it must be a real calendar date in the form YYYY-MM-DD"}]}"#]].assert_eq(&update(&t, json!({"email": null, "first_name": null, "last_name": null,
            "role_id": null, "daily_hours": null, "hourly_rate_effective_from": null})).await.to_string());
    }

    /// The e-mail is accepted when it is the stored one, without regard to case.
    async fn the_email_stays(t: TestApp) {
        user(&t).await;
        assert_eq!(update(&t, json!({"email": "ana.lee@EXAMPLE.com"})).await.ok()["email"], "Ana.Lee@example.com");
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/email cannot be changed; leave it out or send the stored one","request_id":"[id]","errors":[{"pointer":"/email","message":"cannot be changed; leave it out or send the stored one"}]}"#]].assert_eq(&update(&t, json!({"email": "ana.li@example.com", "last_name": "Li"})).await.to_string());
        assert_eq!(update(&t, json!({})).await.ok()["last_name"], "Lee");
    }

    async fn fields_are_checked(t: TestApp) {
        user(&t).await;
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"InvalidRoleError","code":"INVALID_ROLE","message":"role_id must be a role from 1 to 6: 1 C-Level, 2 Director, 3 Project Manager, 4 Collaborator, 5 Freelancer, 6 Client","request_id":"[id]","errors":[{"pointer":"/role_id","message":"role_id must be a role from 1 to 6: 1 C-Level, 2 Director, 3 Project Manager, 4 Collaborator, 5 Freelancer, 6 Client"}]}"#]].assert_eq(&update(&t, json!({"role_id": 7})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"5 fields are not valid: /first_name, /phone, /role_id, /daily_hours, /hourly_rate_effective_from","request_id":"[id]","errors":[{"pointer":"/first_name","message":"must be a string of 1 to 255 characters"},{"pointer":"/phone","message":"must be a string of at most 10,000 characters"},{"pointer":"/role_id","message":"role_id must be a role from 1 to 6: 1 C-Level, 2 Director, 3 Project Manager, 4 Collaborator, 5 Freelancer, 6 Client"},{"pointer":"/daily_hours","message":"must be a number from 0 to 24 with at most 4 decimal places"},{"pointer":"/hourly_rate_effective_from","message":"must be a real calendar date in the form YYYY-MM-DD"}]}"#]].assert_eq(&update(&t, json!({"role_id": 2.5, "daily_hours": 24.5, "phone": 5, "first_name": "",
            "hourly_rate_effective_from": "01-02-2026"})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/daily_hours must be a number from 0 to 24 with at most 4 decimal places","request_id":"[id]","errors":[{"pointer":"/daily_hours","message":"must be a number from 0 to 24 with at most 4 decimal places"}]}"#]].assert_eq(&update(&t, json!({"daily_hours": 7.12345})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/hourly_rate_effective_from must be a real calendar date in the form YYYY-MM-DD","request_id":"[id]","errors":[{"pointer":"/hourly_rate_effective_from","message":"must be a real calendar date in the form YYYY-MM-DD"}]}"#]].assert_eq(&update(&t, json!({"hourly_rate_effective_from": "2026-02-30"})).await.to_string());
        assert_eq!(update(&t, json!({"daily_hours": 24, "role_id": 6.0})).await.ok()["daily_hours"], 24);
    }

    /// Unknown references: 404 by their own names, nothing changed.
    async fn unknown_references(t: TestApp) {
        user(&t).await;
        expect![[r#"
            404 Not Found
            {"status":404,"name":"PositionNotFoundError","code":"ZC001","message":"Entity is not associated: position \"p9\" of source OKTA","request_id":"[id]","errors":[{"pointer":"/user_position_id","message":"is not associated"}]}"#]].assert_eq(&update(&t, json!({"user_position_id": "p9", "last_name": "Li"})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"SeniorityNotFoundError","code":"ZC001","message":"Entity is not associated: seniority \"s9\" of source OKTA","request_id":"[id]","errors":[{"pointer":"/seniority_id","message":"is not associated"}]}"#]].assert_eq(&update(&t, json!({"seniority_id": "s9"})).await.to_string());
        assert_eq!(update(&t, json!({})).await.ok()["last_name"], "Lee");
        let body = json!({"metadata": {"source": "SAP"}});
        expect![[r#"
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"Entity is not associated: user \"u1\" (known to OKTA) of source SAP","request_id":"[id]"}"#]].assert_eq(&t.api.put("/v2/integrations/users/u1", body).await.to_string());
    }
}
