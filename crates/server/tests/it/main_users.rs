//! Users by ids of ours (COR's Main API).

use std::convert::Infallible;
use std::time::Duration;

use expect_test::expect;
use serde_json::{Value, json};
use server::entities::image::image;
use server::store::Tx;
use testing::{TestApp, both_engines};

/// What a user is created with, and some fields more.
fn user(email: &str, fields: Value) -> Value {
    let mut user = json!({"first_name": "Jane", "last_name": "Doe", "email": email, "role_id": 2});
    user.as_object_mut().expect("an object").extend(fields.as_object().expect("fields").clone());
    user
}

/// What is stored of a user.
async fn stored(t: &TestApp, id: i64) -> String {
    let read = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        Ok(image(tx, 1, domain::Kind::User, id).await?)
    });
    format!("{:?}", read.await.expect("a read").expect("a user"))
}

fn ids(list: &Value) -> Vec<i64> {
    let rows = list["data"].as_array().expect("a list of rows");
    rows.iter().map(|row| row["id"].as_i64().expect("an id")).collect()
}

/// Who is listed with these filters.
async fn filtered(t: &TestApp, filters: &Value) -> Vec<i64> {
    let text = filters.to_string();
    let text = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
    ids(&t.api.get(&format!("/v1/users?filters={text}")).await.ok())
}

/// Whom a search finds.
async fn found(t: &TestApp, name: &str) -> Vec<i64> {
    let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    ids(&t.api.get(&format!("/v1/users/search-by-name/{name}")).await.ok())
}

both_engines! {
    /// Every field is kept, shown or both; an update changes what it names.
    async fn a_user(t: TestApp) {
        let api = &t.api;
        api.create("categories", "OKTA", "c1", json!({"name": "Craft"})).await.ok();
        api.create("user-position", "OKTA", "p1", json!({"name": "Dev", "category_id": "c1"})).await.ok();
        let created = api.post("/v1/users", user("Jane.Doe@example.com", json!({
            "user_position_id": 1, "phone": "123", "description": "d", "birthday": "1990-01-31",
            "work_in": "Engineering", "hourly_rate": 50.25, "monthly_hours": 160, "daily_hours": 7.5,
            "plan_id": 5, "hidden": true, "charge_hours": true, "salary": 4500
        }))).await;
        expect![[r#"
            200 OK
            {"id":1,"first_name":"Jane","last_name":"Doe","email":"Jane.Doe@example.com","picture":null,"cuil":null,"remaining_hours":null,"user_position_id":1,"role_id":2,"daily_hours":7.5,"labels":[],"plan_id":5,"plan_name":"Capacity Planning","hidden":true,"position_name":"Dev","category_id":1,"category_name":"Craft","gmt":null,"leaves":[]}"#]].assert_eq(&created.to_string());
        expect![[r#"Image([Text("Jane.Doe@example.com"), Text("Jane"), Text("Doe"), Text("123"), Null, Text("Engineering"), Int(2), Units(75000), Int(1), Null, Null, Text("d"), Date(1990-01-31), Units(502500), Units(1600000), Int(5), Bool(true), Bool(true)])"#]].assert_eq(&stored(&t, 1).await);
        t.clock.advance(Duration::from_secs(60));
        let changed = api.put("/v1/users/1", json!({
            "last_name": "Lee", "email": "jane.doe@EXAMPLE.com", "role_id": 3, "hidden": false, "plan_id": 4,
            "birthday": "1991-02-28T22:00:00-03:00", "salary": 5200, "salary_from": "01-2026"
        })).await;
        expect![[r#"
            200 OK
            {"id":1,"first_name":"Jane","last_name":"Lee","email":"Jane.Doe@example.com","picture":null,"cuil":null,"remaining_hours":null,"user_position_id":1,"role_id":3,"daily_hours":7.5,"labels":[],"plan_id":4,"plan_name":"Project Management","hidden":false,"position_name":"Dev","category_id":1,"category_name":"Craft","gmt":null,"leaves":[]}"#]].assert_eq(&changed.to_string());
        expect![[r#"Image([Text("Jane.Doe@example.com"), Text("Jane"), Text("Lee"), Text("123"), Null, Text("Engineering"), Int(3), Units(75000), Int(1), Null, Null, Text("d"), Date(1991-02-28), Units(502500), Units(1600000), Int(4), Bool(false), Bool(true)])"#]].assert_eq(&stored(&t, 1).await);
        let cleared = api.put("/v1/users/1", json!({
            "user_position_id": null, "phone": null, "description": null, "birthday": null, "work_in": null,
            "hourly_rate": null, "monthly_hours": null, "plan_id": null, "charge_hours": null
        })).await;
        assert_eq!(cleared.text, api.get("/v1/users/1").await.text);
        expect![[r#"
            200 OK
            {"id":1,"first_name":"Jane","last_name":"Lee","email":"Jane.Doe@example.com","picture":null,"cuil":null,"remaining_hours":null,"user_position_id":null,"role_id":3,"daily_hours":7.5,"labels":[],"plan_id":null,"plan_name":null,"hidden":false,"position_name":null,"category_id":null,"category_name":null,"gmt":null,"leaves":[]}"#]].assert_eq(&cleared.to_string());
        expect![[r#"Image([Text("Jane.Doe@example.com"), Text("Jane"), Text("Lee"), Null, Null, Null, Int(3), Units(75000), Null, Null, Null, Null, Null, Null, Null, Null, Bool(false), Null])"#]].assert_eq(&stored(&t, 1).await);
        expect![[r#"
            200 OK
            true"#]].assert_eq(&api.delete("/v1/users/1", json!({})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"There is no user 1","request_id":"[id]"}"#]].assert_eq(&api.get("/v1/users/1").await.to_string());
    }

    /// What is unsaid has its defaults.
    async fn defaults(t: TestApp) {
        expect![[r#"
            200 OK
            {"id":1,"first_name":"Jane","last_name":"Doe","email":"a@example.com","picture":null,"cuil":null,"remaining_hours":null,"user_position_id":null,"role_id":2,"daily_hours":8,"labels":[],"plan_id":null,"plan_name":null,"hidden":false,"position_name":null,"category_id":null,"category_name":null,"gmt":null,"leaves":[]}"#]].assert_eq(&t.api.post("/v1/users", user("a@example.com", json!({}))).await.to_string());
        expect![[r#"Image([Text("a@example.com"), Text("Jane"), Text("Doe"), Null, Null, Null, Int(2), Units(80000), Null, Null, Null, Null, Null, Null, Null, Null, Bool(false), Null])"#]].assert_eq(&stored(&t, 1).await);
    }

    /// What is wrong, and what would be right.
    async fn refused(t: TestApp) {
        let api = &t.api;
        api.post("/v1/users", user("a@example.com", json!({}))).await.ok();
        let said = [
            api.post("/v1/users", json!({})).await,
            api.post("/v1/users", user("b@example.com", json!({
                "user_position_id": "1", "phone": 1, "birthday": "1990-02-30", "hourly_rate": "5",
                "monthly_hours": 745, "daily_hours": 25, "plan_id": 3, "hidden": 1, "salary": "much"
            }))).await,
            api.post("/v1/users", user("b@example.com", json!({"role_id": 7}))).await,
            api.post("/v1/users", user("A@example.com", json!({}))).await,
            api.post("/v1/users", user("b@example.com", json!({"user_position_id": 77}))).await,
            api.put("/v1/users/1", json!({"email": "b@example.com"})).await,
            api.put("/v1/users/1", json!({
                "first_name": null, "role_id": null, "hidden": null, "daily_hours": null, "salary_from": "13-2026"
            })).await,
            api.put("/v1/users/77", json!({"first_name": "Eva"})).await,
            api.delete("/v1/users/77", json!({})).await,
            api.get("/v1/users/jane").await,
        ];
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"4 fields are not valid: /first_name, /last_name, /email, /role_id","request_id":"[id]","errors":[{"pointer":"/first_name","message":"is required and must be a string of 1 to 255 characters"},{"pointer":"/last_name","message":"is required and must be a string of 1 to 255 characters"},{"pointer":"/email","message":"is required and must be an e-mail address of at most 254 characters"},{"pointer":"/role_id","message":"is required and must be a role from 1 to 6: 1 C-Level, 2 Director, 3 Project Manager, 4 Collaborator, 5 Freelancer, 6 Client"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"9 fields are not valid: /user_position_id, /phone, /birthday, /hourly_rate, /monthly_hours, /daily_hours, /plan_id, /hidden, /salary","request_id":"[id]","errors":[{"pointer":"/user_position_id","message":"must be a positive integer"},{"pointer":"/phone","message":"must be a string of at most 10,000 characters"},{"pointer":"/birthday","message":"must be a real calendar date in the form YYYY-MM-DD, alone or with a time (ISO 8601)"},{"pointer":"/hourly_rate","message":"must be a number below 100,000,000,000 with at most 4 decimal places"},{"pointer":"/monthly_hours","message":"must be a number from 0 to 744 with at most 4 decimal places"},{"pointer":"/daily_hours","message":"must be a number from 0 to 24 with at most 4 decimal places"},{"pointer":"/plan_id","message":"must be 4 (Project Management) or 5 (Capacity Planning)"},{"pointer":"/hidden","message":"must be true or false"},{"pointer":"/salary","message":"must be a number below 100,000,000,000 with at most 4 decimal places"}]}
            400 Bad Request
            {"status":400,"name":"InvalidRoleError","code":"INVALID_ROLE","message":"role_id must be a role from 1 to 6: 1 C-Level, 2 Director, 3 Project Manager, 4 Collaborator, 5 Freelancer, 6 Client","request_id":"[id]","errors":[{"pointer":"/role_id","message":"role_id must be a role from 1 to 6: 1 C-Level, 2 Director, 3 Project Manager, 4 Collaborator, 5 Freelancer, 6 Client"}]}
            409 Conflict
            {"status":409,"name":"DuplicateEmailError","code":"DUPLICATE_EMAIL","message":"A user with the e-mail A@example.com already exists","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"PositionNotFoundError","code":"ZC001","message":"There is no position 77","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/email cannot be changed; leave it out or send the stored one","request_id":"[id]","errors":[{"pointer":"/email","message":"cannot be changed; leave it out or send the stored one"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"5 fields are not valid: /first_name, /role_id, /daily_hours, /hidden, /salary_from","request_id":"[id]","errors":[{"pointer":"/first_name","message":"cannot be cleared: it must be a string of 1 to 255 characters"},{"pointer":"/role_id","message":"cannot be cleared: it must be a role from 1 to 6: 1 C-Level, 2 Director, 3 Project Manager, 4 Collaborator, 5 Freelancer, 6 Client"},{"pointer":"/daily_hours","message":"cannot be cleared: it must be a number from 0 to 24 with at most 4 decimal places"},{"pointer":"/hidden","message":"cannot be cleared: it must be true or false"},{"pointer":"/salary_from","message":"must be a month in the form MM-YYYY"}]}
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"There is no user 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"There is no user 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"There is no user \"jane\"","request_id":"[id]"}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
    }

    /// Who has something that would be lost stays.
    async fn a_delete_waits(t: TestApp) {
        let api = &t.api;
        api.post("/v1/users", user("a@example.com", json!({}))).await.ok();
        api.post("/v1/company/leaves-types", json!({"name": "Vacation"})).await.ok();
        api.post("/v1/user/leaves", json!({
            "userId": 1, "leaveTypeId": 1, "start": "2026-01-01", "end": "2026-01-02"
        })).await.ok();
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"user 1 cannot be deleted while something depends on it: leave (1)","request_id":"[id]","errors":[{"pointer":"","message":"1 of kind leave depend on it"}]}"#]].assert_eq(&api.delete("/v1/users/1", json!({})).await.to_string());
        // A client that sends forms, and nothing in them.
        api.delete("/v1/user/leaves", json!({"id": 1, "userId": 1})).await.ok();
        let form = [("content-type", "multipart/form-data; boundary=x")];
        let gone = api.send(axum::http::Method::DELETE, "/v1/users/1", &form, Vec::new()).await;
        assert_eq!(gone.text, "true");
    }

    /// What narrows the list.
    async fn lists(t: TestApp) {
        let api = &t.api;
        api.create("user-position", "OKTA", "p1", json!({"name": "Dev"})).await.ok();
        api.post("/v1/users", user("a@example.com", json!({}))).await.ok();
        api.post("/v1/users", user("b@example.com", json!({"hidden": true}))).await.ok();
        t.clock.advance(Duration::from_secs(24 * 3600));
        t.api = t.again().await;
        let api = &t.api;
        api.post("/v1/users", user("c@example.com", json!({"user_position_id": 1}))).await.ok();
        api.post("/v1/users", user("d@example.com", json!({"user_position_id": 1, "hidden": true}))).await.ok();
        let other = t.other_company().await;
        other.post("/v1/users", user("a@example.com", json!({}))).await.ok();
        assert_eq!(ids(&api.get("/v1/users").await.ok()), [1, 3]);
        assert_eq!(api.get("/v1/users?perPage=1&page=2").await.ok()["total"], "2");
        assert_eq!(filtered(&t, &json!({})).await, [1, 3]);
        assert_eq!(filtered(&t, &json!({"withHiddenUsers": true})).await, [1, 2, 3, 4]);
        assert_eq!(filtered(&t, &json!({"withHiddenUsers": false, "withPosition": false})).await, [1, 3]);
        // Positions are told in any case: nobody is left out for it.
        assert_eq!(filtered(&t, &json!({"withPosition": true})).await, [1, 3]);
        assert_eq!(filtered(&t, &json!({"withHiddenUsers": true, "withPosition": true})).await, [1, 2, 3, 4]);
        // On that day, as the text has it, or later.
        for (day, expected) in [
            ("2026-01-08", vec![1, 3]), ("2026-01-09", vec![3]), ("2026-01-10", vec![]),
            ("2026-01-09T23:59:59Z", vec![3]), ("2026-01-08T23:59:59-03:00", vec![1, 3]),
        ] {
            assert_eq!(filtered(&t, &json!({"createdAt": day})).await, expected, "{day}");
            assert_eq!(filtered(&t, &json!({"updatedAt": day})).await, expected, "{day}");
        }
        api.put("/v1/users/1", json!({"phone": "1"})).await.ok();
        assert_eq!(filtered(&t, &json!({"updatedAt": "2026-01-09"})).await, [1, 3]);
        assert_eq!(filtered(&t, &json!({
            "createdAt": "2026-01-08", "updatedAt": "2026-01-09", "withPosition": true, "withHiddenUsers": true
        })).await, [1, 3, 4]);
        let said = [
            api.get("/v1/users?filters=%7B%22hidden%22:true%7D").await,
            api.get("/v1/users?filters=%7B%22withPosition%22:1,%22createdAt%22:%22yesterday%22%7D").await,
        ];
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/filters/hidden is not a field here; the fields are withHiddenUsers, withPosition, createdAt, updatedAt","request_id":"[id]","errors":[{"pointer":"/filters/hidden","message":"is not a field here; the fields are withHiddenUsers, withPosition, createdAt, updatedAt"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /filters/withPosition, /filters/createdAt","request_id":"[id]","errors":[{"pointer":"/filters/withPosition","message":"must be true or false"},{"pointer":"/filters/createdAt","message":"must be a real calendar date in the form YYYY-MM-DD, alone or with a time (ISO 8601)"}]}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
    }

    /// A user's leaves that are not over: with their types, by their start.
    async fn leaves(t: TestApp) {
        let api = &t.api;
        api.post("/v1/company/leaves-types", json!({"name": "Vacation"})).await.ok();
        for email in ["a@example.com", "b@example.com", "c@example.com"] {
            api.post("/v1/users", user(email, json!({}))).await.ok();
        }
        // It is 8 January.
        for (user, start, end) in [
            (1, "2026-03-01", "2026-03-05"), (1, "2026-01-01", "2026-01-08"), (1, "2026-01-01", "2026-01-07"),
            (3, "2026-01-09T10:00:00Z", "2026-01-09T12:00:00Z"), (2, "2025-01-01", "2025-12-31"),
        ] {
            api.post("/v1/user/leaves", json!({
                "userId": user, "leaveTypeId": 1, "start": start, "end": end
            })).await.ok();
        }
        let list = api.get("/v1/users").await.ok();
        let told = list["data"].as_array().expect("rows").iter().map(|row| row["leaves"].to_string());
        expect![[r#"
            [{"all_day":false,"company_id":1,"created_at":"2026-01-08 19:06:19","deleted_at":null,"end":"2026-01-08T23:59:59.000Z","id":2,"leaveType":{"company_id":1,"created_at":"2026-01-08 19:06:19","deleted_at":null,"icon_name":null,"id":1,"name":"Vacation","type_code":"UL1","updated_at":"2026-01-08 19:06:19"},"leave_type_id":1,"start":"2026-01-01T00:00:00.000Z","updated_at":"2026-01-08 19:06:19","user_id":1},{"all_day":false,"company_id":1,"created_at":"2026-01-08 19:06:19","deleted_at":null,"end":"2026-03-05T23:59:59.000Z","id":1,"leaveType":{"company_id":1,"created_at":"2026-01-08 19:06:19","deleted_at":null,"icon_name":null,"id":1,"name":"Vacation","type_code":"UL1","updated_at":"2026-01-08 19:06:19"},"leave_type_id":1,"start":"2026-03-01T00:00:00.000Z","updated_at":"2026-01-08 19:06:19","user_id":1}]
            []
            [{"all_day":false,"company_id":1,"created_at":"2026-01-08 19:06:19","deleted_at":null,"end":"2026-01-09T12:00:00.000Z","id":4,"leaveType":{"company_id":1,"created_at":"2026-01-08 19:06:19","deleted_at":null,"icon_name":null,"id":1,"name":"Vacation","type_code":"UL1","updated_at":"2026-01-08 19:06:19"},"leave_type_id":1,"start":"2026-01-09T10:00:00.000Z","updated_at":"2026-01-08 19:06:19","user_id":3}]"#]].assert_eq(&told.collect::<Vec<_>>().join("\n"));
        assert_eq!(api.get("/v1/users/3").await.ok()["leaves"], list["data"][2]["leaves"]);
        assert_eq!(api.put("/v1/users/3", json!({})).await.ok()["leaves"], list["data"][2]["leaves"]);
        let search = api.get("/v1/users/search-by-name/jane").await.ok();
        assert_eq!(search, list);
    }

    /// A part of "first last", whatever its case; nothing in it stands for anything else.
    async fn search(t: TestApp) {
        let api = &t.api;
        for (nth, (first, last)) in [
            ("Jane", "Doe"), ("JOSÉ", "Ñandú"), ("50%", "a_b"), ("Zoë \\", "O'Neil"), ("ΟΔΥΣΣΕΥΣ", "X"),
        ].into_iter().enumerate() {
            api.post("/v1/users", user(&format!("{nth}@example.com"), json!({
                "first_name": first, "last_name": last
            }))).await.ok();
        }
        for (name, expected) in [
            ("ane d", vec![1]), ("JANE DOE", vec![1]), ("josé ñ", vec![2]), ("JOSE", vec![]), ("0%", vec![3]),
            ("%", vec![3]), ("_", vec![3]), ("a_", vec![3]), ("\\", vec![4]), ("'", vec![4]), ("ΟΔΥΣ", vec![5]),
            ("οδυσσεύς", vec![]), ("οδυσσευς x", vec![5]), ("doe jane", vec![]), ("a/b", vec![]),
            // By name.
            ("o", vec![1, 2, 4]), (" ", vec![3, 1, 2, 4, 5]),
        ] {
            assert_eq!(found(&t, name).await, expected, "{name}");
        }
        // It follows the name, and whoever is hidden is not found.
        api.put("/v1/users/1", json!({"last_name": "Roe"})).await.ok();
        assert_eq!((found(&t, "jane roe").await, found(&t, "jane doe").await), (vec![1], vec![]));
        api.create("users", "OKTA", "u6", json!({"email": "6@example.com", "first_name": "Jane", "last_name": "Roe"})).await.ok();
        assert_eq!(found(&t, "jane roe").await, [1, 6]);
        api.put("/v1/users/1", json!({"hidden": true})).await.ok();
        assert_eq!(found(&t, "jane roe").await, [6]);
        assert_eq!(ids(&t.other_company().await.get("/v1/users/search-by-name/jane").await.ok()), Vec::<i64>::new());
        let page = api.get("/v1/users/search-by-name/e?perPage=1&page=2").await.ok();
        expect![[r#""2" 2 2 [4]"#]].assert_eq(&format!("{} {} {} {:?}", page["total"], page["page"], page["lastPage"], ids(&page)));
        let past = api.get("/v1/users/search-by-name/e?page=9").await.ok();
        assert_eq!((ids(&past), &past["total"]), (vec![], &page["total"]));
        assert_eq!(ids(&api.get("/v1/users/search-by-name/e?page=false").await.ok()).len(), 2);
        let long = "x".repeat(256);
        let said = [
            api.get(&format!("/v1/users/search-by-name/{long}")).await,
            api.get("/v1/users/search-by-name/%00").await,
            api.get("/v1/users/search-by-name/%FF").await,
            api.get("/v1/users/search-by-name/e?perPage=201").await,
            api.get("/v1/users/search-by-name/e?filters=%7B%22a%22:1%7D").await,
        ];
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The name in the path must be a string of 1 to 255 characters","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The name in the path must be a string of 1 to 255 characters","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The path is not UTF-8","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"perPage must be an integer from 1 to 200","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/filters must be an empty object: nothing narrows this list","request_id":"[id]","errors":[{"pointer":"/filters","message":"must be an empty object: nothing narrows this list"}]}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
    }

    /// What a list counts by, and what a search looks at, is in an index that has no more.
    async fn plans(t: TestApp) {
        let Some(file) = t.database.file() else { return };
        let connection = rusqlite::Connection::open(file).expect("the database");
        let plan = |sql: &str| {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect(sql);
            let rows = statement.query_map([], |row| row.get::<_, String>(3)).expect(sql);
            rows.map(|row| row.expect("a line")).collect::<Vec<_>>().join("; ")
        };
        let count = "SELECT count(*) FROM users t WHERE t.company_id = 1";
        for narrowed in [
            "", " AND (NOT t.hidden)", " AND (NOT t.hidden) AND (t.created_at >= 1)", " AND (NOT t.hidden) AND (t.updated_at >= 1)",
        ] {
            let plan = plan(&format!("{count}{narrowed}"));
            assert!(plan.starts_with("SEARCH t USING COVERING INDEX users_"), "{narrowed}: {plan}");
        }
        let search = r"t.company_id = 1 AND t.name_key LIKE '%a%' ESCAPE '\' AND NOT t.hidden";
        for sql in [
            format!("SELECT count(*) FROM users t WHERE {search}"),
            format!("SELECT t.id FROM users t WHERE {search} ORDER BY t.name_key, t.id LIMIT 20"),
        ] {
            assert_eq!(plan(&sql), "SEARCH t USING COVERING INDEX users_name_key (company_id=?)");
        }
    }
}
