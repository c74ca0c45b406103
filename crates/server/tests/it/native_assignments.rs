//! `POST /api/contracts/{ref}/assignments`: ranges given, declared, carved and ended.

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, Api, both_engines};

const K1: &str = "/api/contracts/OKTA:K1/assignments";

/// A contract of 2026, one without a period, and two users.
async fn furnish(api: &Api) {
    api.contract("OKTA", "K1", Some("2026-01-01"), Some("2026-12-31")).await;
    api.contract("OKTA", "K2", None, None).await;
    api.user("OKTA", "u1").await;
    api.user("OKTA", "u2").await;
}

fn range(user: &str, start: &str, end: Option<&str>) -> Value {
    json!({"user": format!("OKTA:{user}"), "start_date": start, "end_date": end})
}

async fn add(api: &Api, ranges: &[Value]) -> Answer {
    api.post(K1, json!({"assignments": ranges})).await
}

async fn replace(api: &Api, ranges: &[Value]) -> Answer {
    api.post(K1, json!({"assignments": ranges, "mode": "replace"})).await
}

async fn carve(api: &Api, from: &str, to: &str) -> Answer {
    api.post(&format!("{K1}/carve"), json!({"user": "OKTA:u1", "from": from, "to": to})).await
}

async fn end(api: &Api, on: &str) -> Answer {
    api.post(&format!("{K1}/end"), json!({"user": "OKTA:u1", "on": on})).await
}

/// Attaches the first user under a source, in COR's way.
async fn attach(api: &Api, source: &str, start: &str, end: &str) {
    for (kind, id) in [("user", "u1"), ("contract", "K1")] {
        let link = json!({"kind": kind, "source": source, "external_id": id, "id": 1});
        api.post("/api/references", link).await;
    }
    let body = json!({"metadata": {"source": source}, "users": [
        {"id": "u1", "dates": [{"start": start, "end": end}]}
    ]});
    api.post("/v2/integrations/contracts/K1/users", body).await.ok();
}

/// What a user is on, each range as `id start end source`.
async fn of_user(api: &Api, user: i64) -> Vec<String> {
    let found = api.get(&format!("/api/assignments?user={user}")).await.ok();
    shown(&found["data"])
}

fn shown(ranges: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let one = |range: &Value| {
        let (start, end) = (text(&range["start_date"]), text(&range["end_date"]));
        format!("{} {start} {end} {}", range["id"], text(&range["source"]))
    };
    ranges.as_array().unwrap().iter().map(one).collect()
}

fn outcomes(answer: &Answer) -> Vec<String> {
    let results = answer.json()["results"].as_array().unwrap().clone();
    let one = |result: &Value| match &result["error"]["code"] {
        Value::String(code) => code.clone(),
        _ => format!("{} {}", result["outcome"].as_str().unwrap(), result["id"]),
    };
    results.iter().map(one).collect()
}

/// received = created + unchanged + rejected, and the results are as many as each says.
fn adds_up(answer: &Answer) {
    let told = answer.json();
    let count = |name: &str| told[name].as_u64().unwrap() as usize;
    let results = told["results"].as_array().unwrap();
    assert_eq!(count("received"), results.len());
    for name in ["created", "unchanged", "rejected"] {
        let of = results.iter().filter(|result| result["outcome"] == name).count();
        assert_eq!(count(name), of, "{answer}");
    }
    let indices: Vec<usize> =
        results.iter().map(|r| r["index"].as_u64().unwrap() as usize).collect();
    assert_eq!(indices, (0..results.len()).collect::<Vec<_>>());
}

both_engines! {
    /// In input order; one day, an open end, the same range twice, and everything that is wrong.
    async fn each_range_for_itself(t: TestApp) {
        furnish(&t.api).await;
        let ranges = [
            range("u1", "2026-01-01", Some("2026-03-31")),
            range("u2", "2026-05-01", Some("2026-05-01")),
            range("u1", "2026-07-01", None),
            range("u1", "2026-07-01", Some("9999-12-31")),
            json!({"user": 2, "start_date": "2026-05-01", "end_date": "2026-05-01"}),
            range("u9", "2026-01-01", None),
            json!({"user": 99, "start_date": "2026-01-01"}),
            range("u1", "2026-02-30", None),
            range("u1", "2026-02-01", Some("soon")),
            range("u1", "2026-02-02", Some("2026-02-01")),
            range("u1", "2025-12-31", Some("2026-02-01")),
            range("u1", "2027-01-01", None),
            json!({"user": 1, "start_date": 20260101, "end_date": null}),
        ];
        let answer = add(&t.api, &ranges).await;
        adds_up(&answer);
        expect![[r#"
            200 OK
            {"contract_id":1,"received":13,"created":3,"unchanged":2,"rejected":8,"results":[{"index":0,"outcome":"created","id":1,"user_id":1,"start_date":"2026-01-01","end_date":"2026-03-31"},{"index":1,"outcome":"created","id":2,"user_id":2,"start_date":"2026-05-01","end_date":"2026-05-01"},{"index":2,"outcome":"created","id":3,"user_id":1,"start_date":"2026-07-01","end_date":null},{"index":3,"outcome":"unchanged","id":3,"user_id":1,"start_date":"2026-07-01","end_date":null},{"index":4,"outcome":"unchanged","id":2,"user_id":2,"start_date":"2026-05-01","end_date":"2026-05-01"},{"index":5,"outcome":"rejected","error":{"pointer":"/assignments/5/user","code":"CE001","message":"There is no user \"u9\" of source OKTA","remedy":"Create the user under this source first, or link it: `POST /api/references`."}},{"index":6,"outcome":"rejected","error":{"pointer":"/assignments/6/user","code":"USER_UNKNOWN","message":"There is no user 99","remedy":"Use the id of a user that the company has."}},{"index":7,"outcome":"rejected","error":{"pointer":"/assignments/7/start_date","code":"INVALID_DATE","message":"The start is not a real calendar date in the form YYYY-MM-DD","remedy":"Send real calendar dates in the form `YYYY-MM-DD`."}},{"index":8,"outcome":"rejected","error":{"pointer":"/assignments/8/end_date","code":"INVALID_DATE","message":"The end is not a real calendar date in the form YYYY-MM-DD","remedy":"Send real calendar dates in the form `YYYY-MM-DD`."}},{"index":9,"outcome":"rejected","error":{"pointer":"/assignments/9/end_date","code":"END_BEFORE_START","message":"The range ends before it begins","remedy":"Swap or correct the dates of the range."}},{"index":10,"outcome":"rejected","error":{"pointer":"/assignments/10","code":"OUTSIDE_CONTRACT_PERIOD","message":"Invalid contract periods. Range must be within contract start and end dates","remedy":"Choose dates within the contract's period, or change that first."}},{"index":11,"outcome":"rejected","error":{"pointer":"/assignments/11","code":"OUTSIDE_CONTRACT_PERIOD","message":"Invalid contract periods. Range must be within contract start and end dates","remedy":"Choose dates within the contract's period, or change that first."}},{"index":12,"outcome":"rejected","error":{"pointer":"/assignments/12/start_date","code":"INVALID_DATE","message":"The start is not a real calendar date in the form YYYY-MM-DD","remedy":"Send real calendar dates in the form `YYYY-MM-DD`."}}]}"#]].assert_eq(&answer.to_string());
        assert_eq!(of_user(&t.api, 1).await, ["1 2026-01-01 2026-03-31 OKTA", "3 2026-07-01 - OKTA"]);
        // A second time nothing is new.
        let again = add(&t.api, &ranges).await;
        adds_up(&again);
        assert_eq!((&again.json()["created"], &again.json()["unchanged"]), (&json!(0), &json!(5)));
        // By our ids, in Spanish.
        let body = json!({"assignments": [{"user": 99, "start_date": "2026-01-01"}, {"user": 1, "start_date": "2026-01-01", "end_date": "2026-03-31"}]});
        let headers = [("content-type", "application/json"), ("accept-language", "es")];
        let path = "/api/contracts/1/assignments";
        let answer = t.api.send(axum::http::Method::POST, path, &headers, body.to_string().into_bytes()).await;
        expect![[r#"
            200 OK
            {"contract_id":1,"received":2,"created":0,"unchanged":1,"rejected":1,"results":[{"index":0,"outcome":"rejected","error":{"pointer":"/assignments/0/user","code":"USER_UNKNOWN","message":"There is no user 99","remedy":"Use el id de un usuario que la empresa tenga."}},{"index":1,"outcome":"unchanged","id":1,"user_id":1,"start_date":"2026-01-01","end_date":"2026-03-31"}]}"#]].assert_eq(&answer.to_string());
        // Nothing taken.
        assert_eq!(add(&t.api, &ranges[5..7]).await.status, 422);
    }

    /// COR's faces show an open end as the contract's.
    async fn open_ends_on_other_faces(t: TestApp) {
        furnish(&t.api).await;
        add(&t.api, &[range("u1", "2026-07-01", None)]).await.ok();
        let listed = t.api.get("/v1/contracts/1/users").await.ok();
        assert_eq!(listed["data"][0]["end_date"], "2026-12-31T00:00:00.000Z");
        let body = json!({"metadata": {"source": "OKTA"}, "end_date": "2026-06-30"});
        assert_eq!(t.api.put("/v2/integrations/contracts/K1", body).await.status, 409);
        let body = json!({"metadata": {"source": "OKTA"}, "end_date": "2026-08-31"});
        t.api.put("/v2/integrations/contracts/K1", body).await.ok();
        assert_eq!(of_user(&t.api, 1).await, ["1 2026-07-01 - OKTA"]);
    }

    /// All or nothing: also what is good is then rejected, by a code of its own.
    async fn all_or_none(t: TestApp) {
        furnish(&t.api).await;
        let all = async |ranges: &[Value]| {
            t.api.post(K1, json!({"assignments": ranges, "atomicity": "all", "mode": "replace"})).await
        };
        let good = range("u1", "2026-01-01", Some("2026-03-31"));
        assert_eq!(outcomes(&all(std::slice::from_ref(&good)).await), ["created 1"]);
        let answer = all(&[range("u1", "2026-04-01", None), range("u9", "2026-01-01", None), good.clone()]).await;
        adds_up(&answer);
        expect![[r#"
            422 Unprocessable Entity
            {"contract_id":1,"received":3,"created":0,"unchanged":0,"rejected":3,"results":[{"index":0,"outcome":"rejected","error":{"pointer":"/assignments/0","code":"OTHERS_REJECTED","message":"Another range of the request was rejected","remedy":"Correct the ranges that were rejected for themselves, and send all of them again."}},{"index":1,"outcome":"rejected","error":{"pointer":"/assignments/1/user","code":"CE001","message":"There is no user \"u9\" of source OKTA","remedy":"Create the user under this source first, or link it: `POST /api/references`."}},{"index":2,"outcome":"rejected","error":{"pointer":"/assignments/2","code":"OTHERS_REJECTED","message":"Another range of the request was rejected","remedy":"Correct the ranges that were rejected for themselves, and send all of them again."}}],"removed":[],"kept":[]}"#]].assert_eq(&answer.to_string());
        assert_eq!(of_user(&t.api, 1).await, ["1 2026-01-01 2026-03-31 OKTA"]);
        assert_eq!(outcomes(&all(&[good]).await), ["unchanged 1"]);
    }

    /// What the source does not declare goes; what others put there stays and is named.
    async fn declared(t: TestApp) {
        furnish(&t.api).await;
        attach(&t.api, "SAP", "2026-02-01", "2026-02-20").await;
        t.api.post("/v1/contracts/1/users", json!({"users": [{"id": 1, "dates": [{"start": "2026-03-01", "end": "2026-03-20"}]}]})).await.ok();
        let old = [range("u1", "2026-01-01", Some("2026-01-31")), range("u1", "2026-05-01", None), range("u2", "2026-01-01", None)];
        add(&t.api, &old).await.ok();
        let new = [range("u1", "2026-01-01", Some("2026-01-31")), range("u1", "2026-06-01", None), range("u1", "2026-02-01", Some("2026-02-20"))];
        let answer = replace(&t.api, &new).await;
        adds_up(&answer);
        expect![[r#"
            200 OK
            {"contract_id":1,"received":3,"created":1,"unchanged":2,"rejected":0,"results":[{"index":0,"outcome":"unchanged","id":3,"user_id":1,"start_date":"2026-01-01","end_date":"2026-01-31"},{"index":1,"outcome":"created","id":7,"user_id":1,"start_date":"2026-06-01","end_date":null},{"index":2,"outcome":"unchanged","id":1,"user_id":1,"start_date":"2026-02-01","end_date":"2026-02-20"}],"removed":[{"id":4,"user_id":1,"start_date":"2026-05-01","end_date":null,"source":"OKTA"}],"kept":[{"id":2,"user_id":1,"start_date":"2026-03-01","end_date":"2026-03-20","source":null}]}"#]].assert_eq(&answer.to_string());
        expect![[r#"
            3 2026-01-01 2026-01-31 OKTA
            1 2026-02-01 2026-02-20 SAP
            2 2026-03-01 2026-03-20 -
            7 2026-06-01 - OKTA"#]].assert_eq(&of_user(&t.api, 1).await.join("\n"));
        // The other user was not named.
        assert_eq!(of_user(&t.api, 2).await.len(), 1);
        let again = replace(&t.api, &new).await.ok();
        assert_eq!((&again["unchanged"], &again["removed"]), (&json!(3), &json!([])));
        // By a key that is limited to the source, others are not named.
        let okta = t.key(&["OKTA"], false).await;
        let limited = replace(&okta, &new).await.ok();
        assert_eq!(shown(&limited["kept"]), ["2 2026-03-01 2026-03-20 -"]);
        // Another source declares its own.
        let sap = json!({"source": "SAP", "mode": "replace", "assignments": [{"user": 1, "start_date": "2026-02-01", "end_date": "2026-02-10"}]});
        let answer = t.api.post(K1, sap).await.ok();
        assert_eq!(shown(&answer["removed"]), ["1 2026-02-01 2026-02-20 SAP"]);
    }

    /// A user can be declared to have nothing.
    async fn declared_without_a_range(t: TestApp) {
        furnish(&t.api).await;
        add(&t.api, &[range("u1", "2026-03-01", Some("2026-03-31")), range("u2", "2026-05-01", None)]).await.ok();
        attach(&t.api, "SAP", "2026-01-01", "2026-02-01").await;
        let none = json!({"mode": "replace", "users": ["OKTA:u1"]});
        expect![[r#"
            200 OK
            {"contract_id":1,"received":0,"created":0,"unchanged":0,"rejected":0,"results":[],"removed":[{"id":1,"user_id":1,"start_date":"2026-03-01","end_date":"2026-03-31","source":"OKTA"}],"kept":[{"id":3,"user_id":1,"start_date":"2026-01-01","end_date":"2026-02-01","source":"SAP"}]}"#]].assert_eq(&t.api.post(K1, none.clone()).await.to_string());
        expect![[r#"
            200 OK
            {"contract_id":1,"received":0,"created":0,"unchanged":0,"rejected":0,"results":[],"removed":[],"kept":[{"id":3,"user_id":1,"start_date":"2026-01-01","end_date":"2026-02-01","source":"SAP"}]}"#]].assert_eq(&t.api.post(K1, none).await.to_string());
        // Beside others who have some; from a day on.
        let some = json!({"mode": "replace", "users": ["OKTA:u1", 2], "from": "2026-05-02", "assignments": [range("u1", "2026-07-01", None)]});
        expect![[r#"
            200 OK
            {"contract_id":1,"received":1,"created":1,"unchanged":0,"rejected":0,"results":[{"index":0,"outcome":"created","id":4,"user_id":1,"start_date":"2026-07-01","end_date":null}],"removed":[],"kept":[]}"#]].assert_eq(&t.api.post(K1, some).await.to_string());
        let said = [
            json!({"users": ["OKTA:u1"]}),
            json!({"mode": "replace"}),
            json!({"mode": "replace", "users": []}),
            json!({"mode": "replace", "users": ["OKTA:u1", "OKTA:nobody"]}),
            json!({"mode": "replace", "users": ["EXCEL:u1", 7.5]}),
        ];
        let mut text = Vec::new();
        for body in said {
            text.push(t.api.post(K1, body).await.to_string());
        }
        expect![[r#"
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"/users needs mode replace beside it","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/users","message":"needs mode replace beside it"}]}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"/assignments is required and must be a non-empty list","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/assignments","message":"is required and must be a non-empty list"}]}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"/users must be a non-empty list","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/users","message":"must be a non-empty list"}]}
            404 Not Found
            {"type":"urn:crewline:error:ZC001","title":"UserNotFoundError","status":404,"detail":"Entity is not associated: user \"nobody\" of source OKTA","code":"ZC001","request_id":"[id]","errors":[{"pointer":"/users/1","message":"is not associated"}]}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"/users/1 must be a positive integer or like OKTA:external-id","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/users/1","message":"must be a positive integer or like OKTA:external-id"}]}"#]].assert_eq(&text.join("\n"));
    }

    /// It is a source that declares: without one it would be what `/v1` put there that goes.
    async fn declared_by_nobody(t: TestApp) {
        furnish(&t.api).await;
        let ranges = json!({"mode": "replace", "assignments": [{"user": 1, "start_date": "2026-06-01"}]});
        expect![[r#"
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"/source is required with mode replace: it is the source's ranges that are declared","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/source","message":"is required with mode replace: it is the source's ranges that are declared"}]}"#]].assert_eq(&t.api.post("/api/contracts/1/assignments", ranges).await.to_string());
    }

    /// An end behind the contract's own takes nothing away.
    async fn ended_behind_the_contract(t: TestApp) {
        furnish(&t.api).await;
        add(&t.api, &[range("u1", "2026-02-01", None)]).await.ok();
        let told = end(&t.api, "2027-05-31").await.ok();
        assert_eq!(told["removed"], json!([]));
        assert_eq!(of_user(&t.api, 1).await, ["1 2026-02-01 2026-12-31 OKTA"]);
    }

    /// From a day on: what begins earlier stays, also what reaches behind it.
    async fn declared_from_a_day_on(t: TestApp) {
        furnish(&t.api).await;
        let old = [range("u1", "2026-01-01", Some("2026-08-31")), range("u1", "2026-04-01", Some("2026-04-30")), range("u1", "2026-03-31", Some("2026-04-10"))];
        add(&t.api, &old).await.ok();
        let body = json!({"mode": "replace", "from": "2026-04-01", "assignments": [range("u1", "2026-09-01", None)]});
        let answer = t.api.post(K1, body).await.ok();
        assert_eq!(shown(&answer["removed"]), ["2 2026-04-01 2026-04-30 OKTA"]);
        assert_eq!(of_user(&t.api, 1).await.len(), 3);
    }

    /// A user of whom a range was rejected loses nothing.
    async fn declared_with_a_rejected_range(t: TestApp) {
        furnish(&t.api).await;
        add(&t.api, &[range("u1", "2026-01-01", Some("2026-01-31")), range("u2", "2026-01-01", None)]).await.ok();
        let new = [range("u1", "2026-02-01", Some("soon")), range("u1", "2026-06-01", None), range("u2", "2026-06-01", None)];
        let answer = replace(&t.api, &new).await.ok();
        assert_eq!(shown(&answer["removed"]), ["2 2026-01-01 - OKTA"]);
        assert_eq!(shown(&answer["kept"]), ["1 2026-01-01 2026-01-31 OKTA"]);
    }

    /// The source of rows: the body's, else the path's, else none.
    async fn whose_they_are(t: TestApp) {
        furnish(&t.api).await;
        let one = |start: &str| json!([{"user": 1, "start_date": start, "end_date": start}]);
        t.api.post(K1, json!({"assignments": one("2026-01-01")})).await.ok();
        t.api.post(K1, json!({"source": "SAP", "assignments": one("2026-01-02")})).await.ok();
        t.api.post("/api/contracts/1/assignments", json!({"source": "SAP", "assignments": one("2026-01-03")})).await.ok();
        t.api.post("/api/contracts/1/assignments", json!({"assignments": one("2026-01-04")})).await.ok();
        expect![[r#"
            1 2026-01-01 2026-01-01 OKTA
            2 2026-01-02 2026-01-02 SAP
            3 2026-01-03 2026-01-03 SAP
            4 2026-01-04 2026-01-04 -"#]].assert_eq(&of_user(&t.api, 1).await.join("\n"));
    }

    /// Inside goes, what overlaps is cut, what spans is split; pieces that are the same are one.
    async fn carved(t: TestApp) {
        furnish(&t.api).await;
        add(&t.api, &[
            range("u1", "2026-01-01", None),
            range("u1", "2026-02-01", Some("2026-05-31")),
            range("u1", "2026-04-01", Some("2026-05-31")),
            range("u1", "2026-05-01", Some("2026-05-31")),
            range("u1", "2026-01-01", Some("2026-04-15")),
            range("u1", "2026-06-01", Some("2026-06-30")),
            range("u2", "2026-01-01", None),
        ]).await.ok();
        let answer = carve(&t.api, "2026-04-01", "2026-05-31").await;
        expect![[r#"
            200 OK
            {"contract_id":1,"user_id":1,"pieces":[{"id":5,"user_id":1,"start_date":"2026-01-01","end_date":"2026-03-31","source":"OKTA"},{"id":2,"user_id":1,"start_date":"2026-02-01","end_date":"2026-03-31","source":"OKTA"},{"id":1,"user_id":1,"start_date":"2026-06-01","end_date":null,"source":"OKTA"}],"removed":[{"id":3,"user_id":1,"start_date":"2026-04-01","end_date":"2026-05-31","source":"OKTA"},{"id":4,"user_id":1,"start_date":"2026-05-01","end_date":"2026-05-31","source":"OKTA"}],"kept":[]}"#]].assert_eq(&answer.to_string());
        expect![[r#"
            5 2026-01-01 2026-03-31 OKTA
            2 2026-02-01 2026-03-31 OKTA
            6 2026-06-01 2026-06-30 OKTA
            1 2026-06-01 - OKTA"#]].assert_eq(&of_user(&t.api, 1).await.join("\n"));
        assert_eq!(of_user(&t.api, 2).await, ["7 2026-01-01 - OKTA"]);
        // There is nothing left to take.
        let again = carve(&t.api, "2026-04-01", "2026-05-31").await.ok();
        assert_eq!((&again["pieces"], &again["removed"]), (&json!([]), &json!([])));
        // An event of what was, and one of what is.
        let events = t.api.get("/api/events?types=contract.users.detached&after=0&wait=20").await.text;
        assert!(events.contains("contract.users.detached"), "{events}");
    }

    /// As many ids as pieces need are drawn.
    async fn many_pieces(t: TestApp) {
        furnish(&t.api).await;
        let days: Vec<Value> = (1..=28).map(|day| range("u1", &format!("2026-01-{day:02}"), Some(&format!("2026-12-{day:02}")))).collect();
        add(&t.api, &days).await.ok();
        let answer = carve(&t.api, "2026-06-01", "2026-06-30").await.ok();
        assert_eq!(answer["pieces"].as_array().unwrap().len(), 56);
        let all = of_user(&t.api, 1).await;
        let ids: std::collections::BTreeSet<&str> = all.iter().filter_map(|one| one.split(' ').next()).collect();
        assert_eq!((all.len(), ids.len()), (56, 56));
    }

    /// A range that the key may not write for stays, and is named without its source.
    async fn carved_by_a_limited_key(t: TestApp) {
        furnish(&t.api).await;
        attach(&t.api, "SAP", "2026-02-01", "2026-02-20").await;
        add(&t.api, &[range("u1", "2026-02-01", Some("2026-02-28"))]).await.ok();
        let okta = t.key(&["OKTA"], false).await;
        let answer = carve(&okta, "2026-02-10", "2026-02-12").await;
        expect![[r#"
            200 OK
            {"contract_id":1,"user_id":1,"pieces":[{"id":2,"user_id":1,"start_date":"2026-02-01","end_date":"2026-02-09","source":"OKTA"},{"id":3,"user_id":1,"start_date":"2026-02-13","end_date":"2026-02-28","source":"OKTA"}],"removed":[],"kept":[{"id":1,"user_id":1,"start_date":"2026-02-01","end_date":"2026-02-20","source":null}]}"#]].assert_eq(&answer.to_string());
        // One that may write for all does.
        let answer = carve(&t.api, "2026-02-10", "2026-02-12").await.ok();
        assert_eq!(shown(&answer["pieces"]).len(), 2);
        assert_eq!(of_user(&t.api, 1).await, ["2 2026-02-01 2026-02-09 OKTA", "1 2026-02-13 2026-02-20 SAP", "3 2026-02-13 2026-02-28 OKTA"]);
    }

    /// What runs past the day is closed, what begins behind it goes.
    async fn ended(t: TestApp) {
        furnish(&t.api).await;
        add(&t.api, &[
            range("u1", "2026-01-01", None),
            range("u1", "2026-02-01", Some("2026-08-31")),
            range("u1", "2026-03-01", Some("2026-06-30")),
            range("u1", "2026-07-01", None),
        ]).await.ok();
        let answer = end(&t.api, "2026-06-30").await;
        expect![[r#"
            200 OK
            {"contract_id":1,"user_id":1,"pieces":[{"id":1,"user_id":1,"start_date":"2026-01-01","end_date":"2026-06-30","source":"OKTA"},{"id":2,"user_id":1,"start_date":"2026-02-01","end_date":"2026-06-30","source":"OKTA"}],"removed":[{"id":4,"user_id":1,"start_date":"2026-07-01","end_date":null,"source":"OKTA"}],"kept":[]}"#]].assert_eq(&answer.to_string());
        assert_eq!(of_user(&t.api, 1).await, ["1 2026-01-01 2026-06-30 OKTA", "2 2026-02-01 2026-06-30 OKTA", "3 2026-03-01 2026-06-30 OKTA"]);
        assert_eq!(shown(&end(&t.api, "2026-06-30").await.ok()["pieces"]), [""; 0]);
        // On the contract's last day an open end is closed.
        add(&t.api, &[range("u1", "2026-12-01", None)]).await.ok();
        let closed = end(&t.api, "2026-12-31").await.ok();
        assert_eq!(closed["pieces"][0]["end_date"], "2026-12-31");
    }

    async fn what_is_not_there(t: TestApp) {
        furnish(&t.api).await;
        let one = json!({"assignments": [range("u1", "2026-01-01", None)]});
        for path in ["/api/contracts/OKTA:K9/assignments", "/api/contracts/99/assignments"] {
            assert_eq!(t.api.post(path, one.clone()).await.status, 404);
        }
        expect![[r#"
            404 Not Found
            {"type":"urn:crewline:error:ZC001","title":"UserNotFoundError","status":404,"detail":"Entity is not associated: user \"u9\" of source OKTA","code":"ZC001","request_id":"[id]","errors":[{"pointer":"/user","message":"is not associated"}]}"#]].assert_eq(&t.api.post(&format!("{K1}/carve"), json!({"user": "OKTA:u9", "from": "2026-01-01", "to": "2026-01-01"})).await.to_string());
        expect![[r#"
            404 Not Found
            {"type":"urn:crewline:error:ZC001","title":"UserNotFoundError","status":404,"detail":"There is no user 99","code":"ZC001","request_id":"[id]"}"#]].assert_eq(&t.api.post(&format!("{K1}/end"), json!({"user": 99, "on": "2026-01-01"})).await.to_string());
        // Another company's are not.
        let other = t.other_company().await;
        for (path, body) in [("/api/contracts/1/assignments", one), ("/api/contracts/1/assignments/end", json!({"user": 1, "on": "2026-01-01"}))] {
            assert_eq!(other.post(path, body).await.status, 404);
        }
    }

    /// Everything that is wrong is told at once, and nothing is done.
    async fn wrong_forms(t: TestApp) {
        furnish(&t.api).await;
        let body = json!({"assignments": [
            {"user": "u1", "start_date": "2026-01-01", "end": "2026-01-31"}, {"user": true}, 7
        ], "mode": "merge", "atomicity": "some", "from": "soon", "colour": "red"});
        expect![[r#"
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"9 fields are not valid: /colour, /assignments/0/end, /assignments/0/user, /assignments/1/user, /assignments/1/start_date, /assignments/2, /atomicity, /mode, /from","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/colour","message":"is not a field here; the fields are assignments, users, source, atomicity, mode, from"},{"pointer":"/assignments/0/end","message":"is not a field here; the fields are user, start_date, end_date"},{"pointer":"/assignments/0/user","message":"must be a positive integer or like OKTA:external-id"},{"pointer":"/assignments/1/user","message":"must be a positive integer or like OKTA:external-id"},{"pointer":"/assignments/1/start_date","message":"is required and must be a real calendar date in the form YYYY-MM-DD"},{"pointer":"/assignments/2","message":"must be an object of: user start_date end_date"},{"pointer":"/atomicity","message":"must be one of: per_range all"},{"pointer":"/mode","message":"must be one of: add replace"},{"pointer":"/from","message":"must be a real calendar date in the form YYYY-MM-DD"}]}"#]].assert_eq(&t.api.post(K1, body).await.to_string());
        let good = range("u1", "2026-01-01", None);
        for body in [
            json!({}),
            json!({"assignments": []}),
            json!({"assignments": [good], "from": "2026-01-01"}),
            json!({"assignments": [{"user": "OKTA:", "start_date": "2026-01-01"}]}),
            json!({"assignments": [{"user": 0, "start_date": "2026-01-01"}]}),
        ] {
            assert_eq!(t.api.post(K1, body.clone()).await.status, 400, "{body}");
        }
        assert_eq!(t.api.post("/api/contracts/K1/assignments", json!({"assignments": [good]})).await.status, 400);
        assert_eq!(t.api.post(&format!("{K1}?x=1"), json!({"assignments": [good]})).await.status, 400);
        for body in [json!({"source": "EXCEL", "assignments": [good]}), json!({"assignments": [{"user": "EXCEL:u1", "start_date": "2026-01-01"}]})] {
            assert_eq!(t.api.post(K1, body).await.json()["code"], "INVALID_SOURCE");
        }
        assert_eq!(carve(&t.api, "2026-02-02", "2026-02-01").await.status, 400);
        assert_eq!(end(&t.api, "9999-12-31").await.status, 400);
        assert_eq!(of_user(&t.api, 1).await, [""; 0]);
    }

    /// A key writes under its sources, and names no ids of others.
    async fn rights(t: TestApp) {
        furnish(&t.api).await;
        attach(&t.api, "SAP", "2026-02-01", "2026-02-20").await;
        let okta = t.key(&["OKTA"], false).await;
        let one = |user: Value| json!([{"user": user, "start_date": "2026-01-01"}]);
        let send = async |path: &str, body: Value| okta.post(path, body).await.status.as_u16();
        assert_eq!(send(K1, json!({"assignments": one(json!("OKTA:u1"))})).await, 200);
        assert_eq!(send(K1, json!({"assignments": one(json!(1))})).await, 200);
        assert_eq!(send(K1, json!({"assignments": one(json!("SAP:u1"))})).await, 403);
        assert_eq!(send(K1, json!({"source": "SAP", "assignments": one(json!(1))})).await, 403);
        assert_eq!(send("/api/contracts/1/assignments", json!({"assignments": one(json!(1))})).await, 403);
        assert_eq!(send("/api/contracts/1/assignments", json!({"source": "OKTA", "assignments": one(json!(1))})).await, 200);
        assert_eq!(send("/api/contracts/SAP:K1/assignments", json!({"source": "OKTA", "assignments": one(json!(1))})).await, 403);
    }

    /// Rejected ranges wait in the inbox, are sent again under their source, and are closed when
    /// they are taken.
    async fn the_inbox(t: TestApp) {
        furnish(&t.api).await;
        let open = async || {
            let found = t.api.get("/api/refusals?state=open").await.ok();
            let items = found["data"].as_array().unwrap().clone();
            items.iter().map(|item| format!("{} {} {} {}", item["code"], item["source"], item["external_id"], item["pointer"]).replace('"', "")).collect::<Vec<_>>()
        };
        let ranges = json!([range("u1", "2026-01-01", None), range("u3", "2026-01-01", None)]);
        t.api.post("/api/contracts/1/assignments", json!({"source": "OKTA", "assignments": ranges})).await.ok();
        assert_eq!(open().await, ["CE001 OKTA u3 /assignments/1/user"]);
        t.api.user("OKTA", "u3").await;
        t.api.post("/api/refusals/retry", json!({})).await.ok();
        assert_eq!(open().await, [""; 0]);
        assert_eq!(of_user(&t.api, 3).await, ["3 2026-01-01 - OKTA"]);
        // Whoever sees what is OKTA's need not see what is SAP's.
        let mixed = json!([{"user": "SAP:s9", "start_date": "2026-01-01"}]);
        t.api.post(K1, json!({"assignments": mixed})).await;
        assert_eq!(open().await, [""; 0]);
        // What has not even the right form is kept under the source that was meant.
        t.api.post(K1, json!({"assignments": [{"user": "OKTA:u1", "start_date": "2026-01-01", "x": 1}]})).await;
        assert_eq!(open().await, ["VALIDATION OKTA u1 /assignments/0/x"]);
    }

    /// A change is done only if the ranges are as the caller saw them; whoever comes second is told.
    async fn only_if_unchanged(t: TestApp) {
        furnish(&t.api).await;
        add(&t.api, &[range("u1", "2026-01-01", None)]).await.ok();
        let tag = async || {
            let seen = t.api.get(&format!("{K1}?user=OKTA:u1")).await;
            seen.header("etag").unwrap().to_owned()
        };
        let send = async |path: &str, tag: &str, body: Value| {
            let headers = [("content-type", "application/json"), ("if-match", tag)];
            t.api.send(axum::http::Method::POST, path, &headers, body.to_string().into_bytes()).await
        };
        let (carve, ends) = (format!("{K1}/carve"), format!("{K1}/end"));
        let days = json!({"user": "OKTA:u1", "from": "2026-03-01", "to": "2026-03-31"});
        let first = tag().await;
        assert_eq!(send(&carve, &first, days.clone()).await.status, 200);
        expect![[r#"
            412 Precondition Failed
            {"type":"urn:crewline:error:PRECONDITION_FAILED","title":"PreconditionFailedError","status":412,"detail":"It is not as If-Match says; read it again","code":"PRECONDITION_FAILED","request_id":"[id]"}"#]].assert_eq(&send(&carve, &first, days.clone()).await.to_string());
        assert_eq!(send(&ends, &first, json!({"user": "OKTA:u1", "on": "2026-01-31"})).await.status, 412);
        let one = |users: &[&str]| {
            let all: Vec<Value> = users.iter().map(|user| range(user, "2026-05-01", None)).collect();
            json!({"assignments": all, "mode": "replace"})
        };
        assert_eq!(send(K1, &first, one(&["u1"])).await.status, 412);
        assert_eq!(of_user(&t.api, 1).await.len(), 2);
        assert_eq!(send(K1, &tag().await, one(&["u1", "u2"])).await.status, 400);
        let both = format!("\"other\", {}", tag().await);
        assert_eq!(send(K1, &both, one(&["u1"])).await.status, 200);
        assert_eq!(send(&ends, &tag().await, json!({"user": 1, "on": "2026-06-30"})).await.status, 200);
        assert_eq!(send(&ends, "*", json!({"user": 1, "on": "2026-06-29"})).await.status, 200);
        // A weak tag is not good enough.
        let weak = format!("W/{}", tag().await);
        assert_eq!(send(&ends, &weak, json!({"user": 1, "on": "2026-06-01"})).await.status, 412);
        assert_eq!(send(&ends, &first, json!({"user": 99, "on": "2026-06-01"})).await.status, 404);
        // None of it waits in the inbox.
        let open = t.api.get("/api/refusals?code=PRECONDITION_FAILED").await.ok();
        assert_eq!(open["data"], json!([]));
    }
}
