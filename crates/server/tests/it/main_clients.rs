//! Clients by ids of ours (COR's Main API), and forms.

use std::time::Duration;

use axum::http::Method;
use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, Api, both_engines};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn form(api: &Api, method: Method, path: &str, form: &str) -> Answer {
    api.send(method, path, &[FORM], form.as_bytes().to_vec()).await
}

async fn create(api: &Api, name: &str) -> i64 {
    api.post("/v1/clients", json!({"name": name})).await.ok()["id"].as_i64().expect("an id")
}

/// The names in a list, or in the data of a page.
fn names(list: &Value) -> String {
    let rows = list["data"].as_array().or(list.as_array()).expect("rows");
    let names = rows.iter().map(|row| row["name"].as_str().expect("a name"));
    names.collect::<Vec<_>>().join(", ")
}

async fn search(api: &Api, part: &str) -> String {
    names(&api.get(&format!("/v1/clients/search-by-name/{part}")).await.ok())
}

async fn filtered(api: &Api, filters: Value) -> String {
    let filters = filters.to_string();
    let filters: String = filters.bytes().map(|byte| format!("%{byte:02X}")).collect();
    names(&api.get(&format!("/v1/clients?filters={filters}")).await.ok())
}

both_engines! {
    /// Created, read and changed as JSON.
    async fn a_client(t: TestApp) {
        let api = &t.api;
        expect![[r#"
            200 OK
            {"id":1,"name":"Acme Corporation","business_name":"Acme LLC","name_contact":"Jane","last_name_contact":"Smith","email_contact":"jane@acme.com","website":"https://acme.com","description":"Since 2020","condition":"prospect","phone":"+1 555-0100"}"#]].assert_eq(&api.post("/v1/clients", json!({
            "name": "Acme Corporation", "business_name": "Acme LLC", "name_contact": "Jane",
            "last_name_contact": "Smith", "email_contact": "jane@acme.com", "website": "https://acme.com",
            "description": "Since 2020", "condition": "prospect", "phone": "+1 555-0100"
        })).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"name":"Acme","business_name":"A","name_contact":"N","last_name_contact":"L","email_contact":"e","website":"w","description":"","condition":"active","phone":"1"}"#]].assert_eq(&api.put("/v1/clients/1", json!({
            "name": "Acme", "business_name": "A", "name_contact": "N", "last_name_contact": "L",
            "email_contact": "e", "website": "w", "description": "", "condition": "active", "phone": "1"
        })).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"name":"Acme","business_name":null,"name_contact":null,"last_name_contact":null,"email_contact":null,"website":null,"description":null,"condition":"active","phone":null}"#]].assert_eq(&api.put("/v1/clients/1", json!({
            "business_name": null, "name_contact": null, "last_name_contact": null, "email_contact": null,
            "website": null, "description": null, "phone": null, "unknown": 1
        })).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"name":"Acme","business_name":null,"name_contact":null,"last_name_contact":null,"email_contact":null,"website":null,"description":null,"condition":"active","phone":null}"#]].assert_eq(&api.get("/v1/clients/1").await.to_string());
        expect![[r#"
            200 OK
            {"id":2,"name":"Bare","business_name":null,"name_contact":null,"last_name_contact":null,"email_contact":null,"website":null,"description":null,"condition":"active","phone":null}"#]].assert_eq(&api.post("/v1/clients", json!({"name": "Bare"})).await.to_string());
        // A system of v2 knows nothing of its condition, and does not change it.
        api.put("/v1/clients/1", json!({"condition": "lost"})).await.ok();
        let link = json!({"kind": "client", "source": "SAP", "external_id": "c", "id": 1});
        api.post("/api/references", link).await.ok();
        let change = json!({"metadata": {"source": "SAP"}, "name": "Acme 2"});
        api.put("/v2/integrations/clients/c", change).await.ok();
        expect![[r#"
            200 OK
            {"total":"2","perPage":20,"page":1,"lastPage":1,"data":[{"id":1,"name":"Acme 2","business_name":null,"name_contact":null,"last_name_contact":null,"email_contact":null,"website":null,"description":null,"condition":"lost","phone":null},{"id":2,"name":"Bare","business_name":null,"name_contact":null,"last_name_contact":null,"email_contact":null,"website":null,"description":null,"condition":"active","phone":null}]}"#]].assert_eq(&api.get("/v1/clients").await.to_string());
        assert_eq!(search(api, "acme%202").await, "Acme 2");
        let deleted = api.delete("/v1/clients/1", json!({})).await;
        assert_eq!((deleted.status.as_u16(), deleted.header("allow")), (405, Some("GET,HEAD,PUT")));
    }

    /// What is wrong, and what would be right.
    async fn refused(t: TestApp) {
        let api = &t.api;
        create(api, "Acme").await;
        let said = [
            api.post("/v1/clients", json!({"condition": "", "phone": 5})).await,
            api.put("/v1/clients/1", json!({"name": null, "condition": null})).await,
            api.put("/v1/clients/77", json!({"name": "Acme"})).await,
            api.get("/v1/clients/acme").await,
            api.get("/v1/clients?filters=%7B%22updatedAt%22:%222026-02-30%22,%22name%22:%22%22,%22archived%22:1%7D").await,
            api.get("/v1/clients/search-by-name/%00").await,
            api.get("/v1/clients/search-by-name/%FF").await,
        ];
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"3 fields are not valid: /name, /condition, /phone","request_id":"[id]","errors":[{"pointer":"/name","message":"is required and must be a string of 1 to 255 characters"},{"pointer":"/condition","message":"must be a string of 1 to 64 characters"},{"pointer":"/phone","message":"must be a string of at most 10,000 characters"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /name, /condition","request_id":"[id]","errors":[{"pointer":"/name","message":"cannot be cleared: it must be a string of 1 to 255 characters"},{"pointer":"/condition","message":"cannot be cleared: it must be a string of 1 to 64 characters"}]}
            404 Not Found
            {"status":404,"name":"ClientNotFoundError","code":"ZC001","message":"There is no client 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"ClientNotFoundError","code":"ZC001","message":"There is no client \"acme\"","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"3 fields are not valid: /filters/archived, /filters/name, /filters/updatedAt","request_id":"[id]","errors":[{"pointer":"/filters/archived","message":"is not a field here; the fields are name, updatedAt"},{"pointer":"/filters/name","message":"must be a string of 1 to 255 characters"},{"pointer":"/filters/updatedAt","message":"must be a real calendar date in the form YYYY-MM-DD, alone or with a time (ISO 8601)"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The name in the path must be a string of 1 to 255 characters","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The path is not UTF-8","request_id":"[id]"}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
        let long = "a".repeat(256);
        assert_eq!(api.get(&format!("/v1/clients/search-by-name/{long}")).await.status, 400);
        // What is refused of an update is kept, of a create it is not.
        let kept = api.get("/api/refusals").await.ok();
        let kept = kept["data"].as_array().expect("items").iter();
        let kept: Vec<&Value> = kept.map(|item| &item["operation"]).collect();
        assert_eq!(kept, ["clients.update", "clients.update"]);
    }

    /// By a part of the name, without regard to case; nothing in it is a wildcard.
    async fn searched(t: TestApp) {
        let api = &t.api;
        for name in ["Öl & Gas GmbH", "ΟΔΥΣΣΕΥΣ", "50% off_now", "50 percent", "zeta", "Acme/North", "ACME"] {
            create(api, name).await;
        }
        for (part, found) in [
            ("acme", "ACME, Acme/North"),
            ("cMe%2FN", "Acme/North"),
            ("%C3%B6L%20%26", "Öl & Gas GmbH"),
            ("%CE%BF%CE%B4%CF%85%CF%83", "ΟΔΥΣΣΕΥΣ"),
            ("%CE%95%CE%A5%CE%A3", "ΟΔΥΣΣΕΥΣ"),
            ("%25", "50% off_now"),
            ("_", "50% off_now"),
            ("0%25_", ""),
            ("50", "50 percent, 50% off_now"),
            ("+", ""),
            ("nobody", ""),
        ] {
            assert_eq!(search(api, part).await, found, "{part}");
        }
        // A new name is found, the old one is not.
        api.put("/v1/clients/5", json!({"name": "ÓMEGA"})).await.ok();
        assert_eq!((search(api, "zeta").await, search(api, "%C3%B3mega").await), (String::new(), "ÓMEGA".to_owned()));
        // Others are not: neither of another company nor beyond 200.
        let other = t.other_company().await;
        assert_eq!(search(&other, "acme").await, "");
        for n in 0..201 {
            create(&other, &format!("Many {n:03}")).await;
        }
        let found = other.get("/v1/clients/search-by-name/many").await.ok();
        let found = found.as_array().expect("rows").iter().map(|row| &row["name"]);
        let found: Vec<&Value> = found.collect();
        assert_eq!((found.len(), found[0], found[199]), (200, &json!("Many 000"), &json!("Many 199")));
        assert_eq!(search(api, "many").await, "");
    }

    async fn filters(t: TestApp) {
        let api = &t.api;
        for name in ["Acme", "Beta", "ACME 2"] {
            create(api, name).await;
        }
        assert_eq!(filtered(api, json!({"name": "cm"})).await, "Acme, ACME 2");
        assert_eq!(filtered(api, json!({"updatedAt": "2026-01-08"})).await, "Acme, Beta, ACME 2");
        assert_eq!(filtered(api, json!({"updatedAt": "2026-01-09"})).await, "");
        // Midnight of the 9th is in it.
        t.clock.advance(Duration::from_secs(4 * 3600 + 53 * 60 + 41));
        let api = &t.key(&[], false).await;
        api.put("/v1/clients/1", json!({"phone": "1"})).await.ok();
        assert_eq!(filtered(api, json!({"updatedAt": "2026-01-09"})).await, "Acme");
        assert_eq!(filtered(api, json!({"updatedAt": "2026-01-09", "name": "beta"})).await, "");
        assert_eq!(filtered(api, json!({"updatedAt": null, "name": null})).await, "Acme, Beta, ACME 2");
        assert_eq!(filtered(&t.other_company().await, json!({})).await, "");
    }

    /// A form is read as the JSON that it means.
    async fn forms(t: TestApp) {
        let api = &t.api;
        expect![[r#"
            200 OK
            {"id":1,"name":"Öl & Gas!","business_name":null,"name_contact":null,"last_name_contact":null,"email_contact":null,"website":"100%","description":null,"condition":"true","phone":"+1 555"}"#]].assert_eq(&form(api, Method::POST, "/v1/clients",
            "name=%C3%96l+%26+Gas%21&phone=%2B1+555&description=&condition=true&website=100%&&unknown=1&unknown=2"
        ).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"name":"Öl & Gas!","business_name":null,"name_contact":null,"last_name_contact":null,"email_contact":null,"website":null,"description":null,"condition":"true","phone":"5"}"#]].assert_eq(&form(api, Method::PUT, "/v1/clients/1", "phone=5&website=").await.to_string());
        let charset = ("content-type", "Application/X-WWW-Form-URLEncoded; charset=UTF-8");
        api.send(Method::PUT, "/v1/clients/1", &[charset], b"name=Beta".to_vec()).await.ok();
        assert_eq!(search(api, "beta").await, "Beta");

        let mut said = String::new();
        for body in ["", "phone=1", "name=", "name=a&name=b", "name[]=a", "name=%00", "name=%FF", "%00=1", "na%FFme=1"] {
            said += &format!("{}\n", form(api, Method::POST, "/v1/clients", body).await);
        }
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The body is empty; send a JSON object","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/name is required and must be a string of 1 to 255 characters","request_id":"[id]","errors":[{"pointer":"/name","message":"is required and must be a string of 1 to 255 characters"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/name must be a string of 1 to 255 characters","request_id":"[id]","errors":[{"pointer":"/name","message":"must be a string of 1 to 255 characters"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/name must be a string of 1 to 255 characters","request_id":"[id]","errors":[{"pointer":"/name","message":"must be a string of 1 to 255 characters"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/name must be a string of 1 to 255 characters","request_id":"[id]","errors":[{"pointer":"/name","message":"must be a string of 1 to 255 characters"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"\"name\" in the form holds U+0000, which no text may","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"\"name\" in the form is not UTF-8","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The name of a field of the form holds U+0000, which no text may","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The name of a field of the form is not UTF-8","request_id":"[id]"}
        "#]].assert_eq(&said);
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /name, /condition","request_id":"[id]","errors":[{"pointer":"/name","message":"cannot be cleared: it must be a string of 1 to 255 characters"},{"pointer":"/condition","message":"cannot be cleared: it must be a string of 1 to 64 characters"}]}"#]].assert_eq(&form(api, Method::PUT, "/v1/clients/1", "name=&condition=").await.to_string());
        let many = "a&".repeat(10_001);
        expect![[r#"
            413 Payload Too Large
            {"status":413,"name":"PayloadTooLargeError","code":"PAYLOAD_TOO_LARGE","message":"10001 fields of a form are more than 10000","request_id":"[id]","limits":{"max_body_bytes":4194304,"max_ranges":10000}}"#]].assert_eq(&form(api, Method::POST, "/v1/clients", &many).await.to_string());
        // Where no form is taken, and what is neither.
        expect![[r#"
            415 Unsupported Media Type
            {"status":415,"name":"UnsupportedMediaTypeError","code":"UNSUPPORTED_MEDIA_TYPE","message":"The content type application/x-www-form-urlencoded is not taken here; send application/json","request_id":"[id]"}"#]].assert_eq(&form(api, Method::POST, "/v1/teams", "name=Design").await.to_string());
        let multipart = ("content-type", "multipart/form-data; boundary=x");
        expect![[r#"
            415 Unsupported Media Type
            {"status":415,"name":"UnsupportedMediaTypeError","code":"UNSUPPORTED_MEDIA_TYPE","message":"The content type multipart/form-data; boundary=x is not taken here; send application/json or application/x-www-form-urlencoded","request_id":"[id]"}"#]].assert_eq(&api.send(Method::POST, "/v1/clients", &[multipart], b"--x--".to_vec()).await.to_string());
    }

    /// A form can be sent again with a key, tried, and what is refused of it is kept, as with JSON.
    async fn forms_are_written_as_json_is(t: TestApp) {
        let api = &t.api;
        let headers = [FORM, ("idempotency-key", "k")];
        let send = async || api.send(Method::POST, "/v1/clients", &headers, b"name=Acme".to_vec()).await;
        let (first, second) = (send().await, send().await);
        assert_eq!((second.header("idempotent-replayed"), &first.text), (Some("true"), &second.text));
        let reused = api.send(Method::POST, "/v1/clients", &headers, b"name=Beta".to_vec()).await;
        assert_eq!(reused.status, 422);
        let tried = api.send(Method::POST, "/v1/clients", &[FORM, ("prefer", "dry-run")], b"name=Beta".to_vec()).await;
        assert_eq!(tried.header("preference-applied"), Some("dry-run"));
        assert_eq!(names(&api.get("/v1/clients").await.ok()), "Acme");
        form(api, Method::PUT, "/v1/clients/1", "condition=&phone=5").await;
        let kept = api.get("/api/refusals").await.ok();
        let id = kept["data"][0]["id"].as_str().expect("an item").to_owned();
        let item = api.get(&format!("/api/refusals/{id}")).await.ok();
        assert_eq!(item["record"], json!({"condition": null, "phone": "5"}));
    }
}
