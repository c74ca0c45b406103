//! What can be done with refused records: count, send again, correct, ignore, forget.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use server::refusals;
use server::refusals::remedy::REMEDIES;
use server::sweep::{self, Retention};
use testing::{Answer, Api, TestApp, both_engines, operations};

use crate::refusals::{ATTACH, BAD, CLIENTS, GOOD, brief, client, entry, items, users, with};

/// The id of the one item that a query finds.
async fn only(api: &Api, query: &str) -> String {
    let found = items(api, query).await;
    assert_eq!(found.len(), 1, "{found:?}");
    found[0]["id"].as_str().unwrap().to_owned()
}

/// Without a body.
async fn post(api: &Api, path: &str) -> Answer {
    with(api, Method::POST, path, &[], &Value::Null).await
}

async fn retry(api: &Api, id: &str) -> Answer {
    post(api, &format!("/api/refusals/{id}/retry")).await
}

async fn ignore(api: &Api, id: &str) -> Answer {
    post(api, &format!("/api/refusals/{id}/ignore")).await
}

async fn edit(api: &Api, id: &str, record: Value) -> Answer {
    api.put(&format!("/api/refusals/{id}"), json!({"record": record})).await
}

/// A contract on which one user was refused who is not known.
async fn an_unknown_user(t: &TestApp) -> String {
    t.api.contract("OKTA", "K9", None, None).await;
    t.api.user("OKTA", "u1").await;
    t.api.post(ATTACH, users(json!([entry("u1", &[GOOD]), entry("u2", &[GOOD])]))).await.ok();
    only(&t.api, "").await
}

/// Every code that a record may be refused with, besides those of the document.
fn codes_of_records() -> Vec<&'static str> {
    let ranges = {
        use domain::range::RangeRefusal as R;
        let cor = [R::Absent, R::Incomplete, R::NotADate, R::NotAscending, R::OutsidePeriod];
        [&cor[..], &[R::StartNotADate, R::EndNotADate, R::Backwards]]
            .concat()
            .into_iter()
            .map(R::code)
            .collect::<Vec<_>>()
    };
    let entries = {
        use domain::attach::Why as W;
        let whys =
            [W::NotAssociated, W::MalformedUser, W::Legacy, W::NoDates, W::UnknownUser(Vec::new())];
        whys.map(|why| why.code().unwrap())
    };
    let members = {
        use domain::team::TeamRefusal as T;
        [T::AlreadyAssigned, T::NotInWorkspace, T::WorkspaceConflict].map(T::code)
    };
    let rates = {
        use domain::exchange::ExchangeRefusal as E;
        [E::UnknownCurrency(String::new()), E::OtherBase(String::new()), E::OtherDay]
            .map(|why| why.code())
    };
    [&ranges[..], &entries, &members, &rates, &["OTHERS_REJECTED", "WORKSPACE_INACTIVE"]].concat()
}

/// Every code has a remedy in every language, and the catalogue of errors says the same.
#[test]
fn every_code_has_a_remedy() {
    let catalogue = include_str!("../../../../docs/errors.md");
    let listed = operations()
        .into_iter()
        .flat_map(|operation| operation.said["x-error-codes"].as_array().into_iter().flatten());
    let mut codes: BTreeSet<&str> = listed.map(|code| code.as_str().unwrap()).collect();
    codes.extend(codes_of_records());
    codes.extend(["E_ROUTE_NOT_FOUND", "E_METHOD_NOT_ALLOWED"]);
    let known: BTreeSet<&str> = REMEDIES.iter().map(|(code, ..)| *code).collect();
    assert_eq!(codes, known);
    for (code, english, spanish) in REMEDIES {
        assert!(english.ends_with('.') && spanish.ends_with('.') && english != spanish, "{code}");
        let said = |line: &str| line.contains(&format!("`{code}`")) && line.contains(english);
        assert!(catalogue.lines().any(said), "{code}: {english}");
    }
}

both_engines! {
    /// A retry answers as the handler does, refused or not; what comes of it comes of the item.
    async fn sent_again(t: TestApp) {
        let id = an_unknown_user(&t).await;
        let refused = retry(&t.api, &id).await;
        let direct = t.api.post(ATTACH, users(json!([entry("u2", &[GOOD])]))).await;
        assert_eq!((refused.status, &refused.text), (direct.status, &direct.text));
        assert_eq!(brief(&t.api).await, ["open u2 CE001 3"]);
        t.api.user("OKTA", "u2").await;
        let taken = retry(&t.api, &id).await;
        assert_eq!(taken.ok()["records_created"], 1);
        let item = t.api.get(&format!("/api/refusals/{id}")).await.ok();
        assert_eq!((&item["state"], item["closed_by"].as_str()), (&json!("resolved"), taken.header("x-request-id")));
        // There is nothing left to send.
        for answer in [retry(&t.api, &id).await, edit(&t.api, &id, entry("u2", &[BAD])).await, ignore(&t.api, &id).await] {
            assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (409, &json!("REFUSAL_CLOSED")));
        }
    }

    /// Refusals of the whole request are answered in its own words, with one request id.
    async fn in_its_own_words(t: TestApp) {
        t.api.put(&format!("{CLIENTS}/none"), json!({"metadata": {"source": "OKTA"}})).await;
        let id = only(&t.api, "").await;
        let answer = retry(&t.api, &id).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["name"]), (404, &json!("ClientNotFoundError")));
        assert_eq!(answer.json()["request_id"].as_str(), answer.header("x-request-id"));
        assert_eq!(items(&t.api, "").await[0]["request_id"].as_str(), answer.header("x-request-id"));
        let unknown = retry(&t.api, "nothing").await;
        assert_eq!((unknown.status.as_u16(), &unknown.json()["title"]), (404, &json!("RefusalNotFoundError")));
        let unknown = retry(&t.api, "AAAAAAAAAAAAAAAAAAAAAA").await;
        assert_eq!(unknown.status, 404);
        let body = t.api.post(&format!("/api/refusals/{id}/retry"), json!({"x": 1})).await;
        assert_eq!(body.status, 400);
    }

    /// Every face's records can be sent again: a link of a batch, a rate, a user of a team, in ids
    /// of ours.
    async fn of_every_face(t: TestApp) {
        t.api.team("OKTA", "t1", None).await;
        t.api.user("OKTA", "u1").await;
        t.api.post("/api/references", json!({"references": [{"kind": "user", "source": "SAP", "external_id": "s", "id": 2}]})).await.ok();
        t.api.put("/v2/integrations/teams/t1/attach", json!({"metadata": {"source": "OKTA"}, "users": ["u1", "u2"]})).await;
        let contract = t.api.contract("OKTA", "K9", None, None).await;
        t.api.post(&format!("/v1/contracts/{contract}/users"), json!({"users": [{"id": 2, "dates": [{"start": "2025-02-01", "end": "2025-03-01"}]}]})).await;
        assert_eq!(t.api.user("OKTA", "u2").await, 2);
        let all = items(&t.api, "").await;
        assert_eq!(all.len(), 4);
        for item in all {
            let answer = retry(&t.api, item["id"].as_str().unwrap()).await;
            assert!(answer.status.is_success(), "{item} {answer}");
        }
        assert!(items(&t.api, "").await.is_empty());
        assert_eq!(t.api.get("/api/references?source=SAP").await.ok()["data"][0]["external_id"], "s");
        assert_eq!(t.api.get(&format!("/v1/contracts/{contract}/users")).await.ok()["total"], "1");
    }

    /// A try changes nothing; a key makes it once, also when the item is settled meanwhile.
    async fn as_the_caller_wants_it(t: TestApp) {
        let id = an_unknown_user(&t).await;
        t.api.user("OKTA", "u2").await;
        let path = format!("/api/refusals/{id}/retry");
        let tried = with(&t.api, Method::POST, &path, &[("prefer", "dry-run")], &Value::Null).await;
        assert_eq!((tried.status.as_u16(), tried.header("preference-applied")), (200, Some("dry-run")));
        assert_eq!(brief(&t.api).await, ["open u2 CE001 1"]);
        let key = [("idempotency-key", "k1")];
        let first = with(&t.api, Method::POST, &path, &key, &Value::Null).await;
        let again = with(&t.api, Method::POST, &path, &key, &Value::Null).await;
        assert_eq!((first.ok(), again.header("idempotent-replayed")), (again.ok(), Some("true")));
        // A try of what is settled, and another key, are new requests.
        let other = with(&t.api, Method::POST, &path, &[("idempotency-key", "k2")], &Value::Null).await;
        assert_eq!(other.status, 409);
    }

    /// Another record in its place closes the item, whether that one is taken or not.
    async fn corrected(t: TestApp) {
        let id = an_unknown_user(&t).await;
        let put = format!("/api/refusals/{id}");
        let better = json!({"record": entry("u1", &[("2025-05-01", "2025-06-01")])});
        let tried = with(&t.api, Method::PUT, &put, &[("prefer", "dry-run")], &better).await;
        assert_eq!(tried.ok()["records_created"], 1);
        assert_eq!(brief(&t.api).await, ["open u2 CE001 1"]);
        // The same record, and one that cannot be known again, leave it as it is.
        assert_eq!(edit(&t.api, &id, entry("u2", &[GOOD])).await.status, 422);
        assert_eq!(edit(&t.api, &id, json!({"id": null})).await.status, 400);
        assert_eq!(brief(&t.api).await, ["open u2 CE001 2"]);
        // Refused anew it is an item of its own.
        let worse = edit(&t.api, &id, entry("u1", &[BAD])).await;
        assert_eq!(worse.status, 422);
        assert_eq!(brief(&t.api).await, ["open u1 START_NOT_BEFORE_END 1", "superseded u2 CE001 2"]);
        assert_eq!(t.api.get(&put).await.ok()["closed_by"].as_str(), worse.header("x-request-id"));
        let id = only(&t.api, "").await;
        let put = format!("/api/refusals/{id}");
        let key = [("idempotency-key", "k1")];
        let first = with(&t.api, Method::PUT, &put, &key, &better).await;
        let again = with(&t.api, Method::PUT, &put, &key, &better).await;
        assert_eq!((first.ok(), again.header("idempotent-replayed")), (again.ok(), Some("true")));
        assert_eq!(brief(&t.api).await, ["superseded u1 START_NOT_BEFORE_END 1", "superseded u2 CE001 2"]);
        let wrong = t.api.put(&put, json!({"record": 1, "x": 2})).await;
        assert_eq!(wrong.status, 400);
        assert_eq!(t.api.put(&put, json!({})).await.status, 400);
    }

    /// A whole body can be corrected too.
    async fn a_body_corrected(t: TestApp) {
        t.api.post(CLIENTS, json!({"metadata": {"source": "OKTA"}, "id": "c1", "name": 7})).await;
        let id = only(&t.api, "").await;
        assert_eq!(edit(&t.api, &id, client("c1")).await.ok()["name"], "Acme");
        assert_eq!(brief(&t.api).await, ["superseded c1 VALIDATION 1"]);
    }

    /// An ignored item stays so when it is refused again, and is no longer listed.
    async fn ignored(t: TestApp) {
        let id = an_unknown_user(&t).await;
        let path = format!("/api/refusals/{id}/ignore");
        with(&t.api, Method::POST, &path, &[("prefer", "dry-run")], &Value::Null).await.ok();
        assert_eq!(brief(&t.api).await, ["open u2 CE001 1"]);
        for _ in 0..2 {
            assert_eq!(ignore(&t.api, &id).await.ok(), json!({"id": id, "state": "ignored"}));
        }
        assert!(items(&t.api, "").await.is_empty());
        t.api.post(ATTACH, users(json!([entry("u2", &[GOOD])]))).await;
        assert_eq!(brief(&t.api).await, ["ignored u2 CE001 2"]);
        assert_eq!(items(&t.api, "?state=ignored").await.len(), 1);
        // It can still be sent again.
        assert_eq!(retry(&t.api, &id).await.status, 422);
        assert_eq!(brief(&t.api).await, ["ignored u2 CE001 3"]);
    }

    /// Many refusals for one reason are one line; a list goes through them page by page, and so
    /// does a retry of all that a filter finds.
    async fn nine_hundred(t: TestApp) {
        t.api.contract("OKTA", "K9", None, None).await;
        let many: Vec<Value> = (0..900).map(|nth| entry(&format!("u{nth}"), &[GOOD])).collect();
        t.api.post(ATTACH, users(json!(many))).await;
        t.api.put(&format!("{CLIENTS}/none"), json!({"metadata": {"source": "SAP"}})).await;
        let groups = t.api.get("/api/refusals/groups").await.ok();
        let counts: Vec<String> = groups["data"].as_array().unwrap().iter()
            .map(|group| format!("{} {} {} {}", group["operation"], group["source"], group["code"], group["count"])).collect();
        assert_eq!(counts, [r#""clients.update" "SAP" "ZC001" 1"#, r#""contracts.attach" "OKTA" "CE001" 900"#]);
        assert_eq!(groups["data"][1]["message"], "User not found in associations");
        let example = groups["data"][1]["example"].as_str().unwrap();
        assert_eq!(t.api.get(&format!("/api/refusals/{example}")).await.ok()["code"], "CE001");
        let first = t.api.get("/api/refusals/groups?limit=1").await.ok();
        let second = t.api.get(&format!("/api/refusals/groups?limit=1&cursor={}", first["next"].as_str().unwrap())).await.ok();
        assert_eq!((&second["data"][0]["count"], &second["next"]), (&json!(900), &Value::Null));
        let mut seen = BTreeSet::new();
        let mut cursor = String::new();
        loop {
            let page = t.api.get(&format!("/api/refusals?source=OKTA&limit=200{cursor}")).await.ok();
            seen.extend(page["data"].as_array().unwrap().iter().map(|item| item["id"].to_string()));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), 900);
    }

    /// Answers that are large are told in more than one page.
    async fn a_long_list_sent_again(t: TestApp) {
        t.api.contract("OKTA", "K9", None, None).await;
        for nth in 0..4 {
            t.api.user("OKTA", &format!("u{nth}")).await;
            let start = format!("{nth}{}", "x".repeat(1_000_000));
            let dates = json!([{"start": start, "end": "2026-01-01"}]);
            let refused = t.api.post(ATTACH, users(json!([{"id": format!("u{nth}"), "dates": dates}]))).await;
            assert_eq!(refused.status, 422);
        }
        let mut pages = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = t.api.post(&format!("/api/refusals/retry{cursor}"), json!({})).await.ok();
            pages.push(page["data"].as_array().unwrap().len());
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("?cursor={next}");
        }
        assert_eq!(pages, [3, 1]);
    }

    /// All that a filter finds: each is answered, what was refused again is not sent twice.
    async fn a_list_sent_again(t: TestApp) {
        t.api.contract("OKTA", "K9", None, None).await;
        let many: Vec<Value> = (0..5).map(|nth| entry(&format!("u{nth}"), &[GOOD])).collect();
        t.api.post(ATTACH, users(json!(many))).await;
        t.api.put(&format!("{CLIENTS}/none"), json!({"metadata": {"source": "SAP"}})).await;
        for nth in 0..4 {
            t.api.user("OKTA", &format!("u{nth}")).await;
        }
        let path = "/api/refusals/retry";
        let which = json!({"source": "OKTA", "code": "CE001"});
        let dry = with(&t.api, Method::POST, path, &[("prefer", "dry-run")], &which).await;
        assert_eq!((dry.header("preference-applied"), dry.ok()["data"].as_array().map(Vec::len)), (Some("dry-run"), Some(5)));
        assert_eq!(items(&t.api, "").await.len(), 6);
        let key = [("idempotency-key", "k1")];
        let first = with(&t.api, Method::POST, &format!("{path}?limit=3"), &key, &which).await;
        let again = with(&t.api, Method::POST, &format!("{path}?limit=3"), &key, &which).await;
        assert_eq!((first.ok(), again.header("idempotent-replayed")), (again.ok(), Some("true")));
        let reused = with(&t.api, Method::POST, path, &key, &which).await;
        assert_eq!(reused.json()["code"], "IDEMPOTENCY_KEY_REUSED");
        let next = first.json()["next"].as_str().unwrap().to_owned();
        let rest = t.api.post(&format!("{path}?cursor={next}"), which.clone()).await.ok();
        let statuses = |page: &Value| page["data"].as_array().unwrap().iter().map(|one| one["status"].as_u64().unwrap()).collect::<Vec<_>>();
        let mut all = [statuses(&first.json()), statuses(&rest)].concat();
        all.sort_unstable();
        assert_eq!((all, &rest["next"]), (vec![200, 200, 200, 200, 422], &Value::Null));
        assert_eq!(items(&t.api, "?source=OKTA").await[0]["attempts"], 2);
        assert_eq!(t.api.post(path, json!({"source": "EXCEL"})).await.status, 400);
        assert_eq!(t.api.post(path, json!({"sources": "OKTA"})).await.status, 400);
        assert_eq!(t.api.post(&format!("{path}?limit=101"), json!({})).await.status, 400);
        // A limited key sends only its own.
        let sap = t.key(&["SAP"], false).await;
        assert_eq!(sap.post(path, json!({"source": "OKTA"})).await.status, 403);
        assert_eq!(statuses(&sap.post(path, json!({})).await.ok()), [404]);
    }

    /// A key that is limited to sources acts on their items, and one that only reads on none.
    async fn with_ones_own_rights(t: TestApp) {
        let id = an_unknown_user(&t).await;
        t.api.user("OKTA", "u2").await;
        let reader = t.key(&[], true).await;
        for answer in [retry(&reader, &id).await, edit(&reader, &id, json!("x")).await, ignore(&reader, &id).await] {
            assert_eq!(answer.status, 403, "{answer}");
        }
        assert_eq!(items(&reader, "").await.len(), 1);
        let okta = t.key(&["OKTA"], false).await;
        retry(&okta, &id).await.ok();
        assert_eq!(brief(&t.api).await, ["resolved u2 CE001 1"]);
    }

    /// What is to be done is told in the language that is asked for.
    async fn in_spanish(t: TestApp) {
        let id = an_unknown_user(&t).await;
        let (english, spanish) = (
            "Create the user under this source first, or link it: `POST /api/references`.",
            "Cree primero el usuario en este origen o enlácelo: `POST /api/references`.",
        );
        for (asked, expected) in [
            ("es", spanish), ("es-MX", spanish), ("en;q=0.5, es;q=0.9", spanish), ("fr, ES-419;q=0.1", spanish), ("de, *;q=0.1, en;q=0, es", spanish),
            ("en", english), ("es;q=0.3, en-GB;q=0.7", english), ("es;q=0", english), ("fr", english), ("*", english), ("", english), ("es;q=x", english),
        ] {
            let headers = [("accept-language", asked)];
            for path in [format!("/api/refusals/{id}"), "/api/refusals".to_owned(), "/api/refusals/groups".to_owned()] {
                let answer = t.api.send(Method::GET, &path, &headers, Vec::new()).await.ok();
                let item = answer["data"].get(0).unwrap_or(&answer);
                assert_eq!(item["remedy"], expected, "{asked}");
            }
        }
    }

    /// The sweep clears away all that was kept long enough: items, and answers under keys.
    async fn swept(t: TestApp) {
        t.api.contract("OKTA", "K9", None, None).await;
        let key = [("idempotency-key", "k1")];
        with(&t.api, Method::POST, ATTACH, &key, &users(json!([entry("u1", &[GOOD])]))).await;
        let retention = Retention::days(2, 30);
        assert_eq!(sweep::once(&t.app, retention).await.unwrap(), 0);
        t.clock.advance(Duration::from_secs(24 * 3_600));
        assert_eq!(sweep::once(&t.app, retention).await.unwrap(), 1);
        t.clock.advance(Duration::from_secs(24 * 3_600 + 1));
        assert_eq!(sweep::once(&t.app, retention).await.unwrap(), 1);
        assert!(brief(&t.again().await).await.is_empty());
    }

    /// Items are forgotten when they were last refused long enough ago, in bounded steps.
    async fn forgotten(t: TestApp) {
        let kept = SignedDuration::from_hours(24 * 90);
        t.api.contract("OKTA", "K9", None, None).await;
        let many: Vec<Value> = (0..5).map(|nth| entry(&format!("u{nth}"), &[GOOD])).collect();
        t.api.post(ATTACH, users(json!(many))).await;
        t.clock.advance(Duration::from_secs(24 * 3_600 * 60));
        let api = t.again().await;
        api.post(ATTACH, users(json!([entry("u0", &[GOOD])]))).await;
        assert_eq!(refusals::purge(&t.app, kept, 100).await.unwrap(), 0);
        t.clock.advance(Duration::from_secs(24 * 3_600 * 31));
        let mut purged = Vec::new();
        for _ in 0..3 {
            purged.push(refusals::purge(&t.app, kept, 3).await.unwrap());
        }
        assert_eq!(purged, [3, 1, 0]);
        assert_eq!(brief(&t.again().await).await, ["open u0 CE001 2"]);
    }

    /// Unknown parameters and wrong values are refused.
    async fn what_a_list_takes(t: TestApp) {
        for query in ["?x=1", "?state=closed", "?limit=0", "?limit=201", "?cursor=x", "?source=EXCEL", "?code=", "?external_id=", "?cursor=WyJvcGVuIiwtMSwiIl0"] {
            assert_eq!(t.api.get(&format!("/api/refusals{query}")).await.status, 400, "{query}");
        }
        for query in ["?x=1", "?state=all", "?limit=0", "?cursor=x", "?source=EXCEL"] {
            assert_eq!(t.api.get(&format!("/api/refusals/groups{query}")).await.status, 400, "{query}");
        }
        for query in ["?state=all", "?state=resolved&source=OKTA&operation=x&code=y&external_id=z"] {
            assert_eq!(items(&t.api, query).await, [] as [Value; 0]);
        }
    }

    /// Of several contents of a record all are closed by sending the last one: what was sent before
    /// it never takes its place.
    async fn the_last_content_wins(t: TestApp) {
        let path = "/v2/integrations/clients/c";
        for name in ["A", "B", "C", "B"] {
            let body = json!({"metadata": {"source": "OKTA"}, "name": name});
            assert_eq!(t.api.put(path, body).await.status, 404);
            t.clock.advance(Duration::from_secs(1));
        }
        t.api.create("clients", "OKTA", "c", json!({"name": "new"})).await.ok();
        let retried = t.api.post("/api/refusals/retry", json!({})).await.ok();
        assert_eq!(retried["data"].as_array().unwrap().len(), 1, "{retried}");
        assert_eq!(retried["data"][0]["answer"]["name"], "B");
        assert_eq!(items(&t.api, "?state=open").await, [] as [Value; 0]);
        let same = t.api.put(path, json!({"metadata": {"source": "OKTA"}})).await.ok();
        assert_eq!(same["name"], "B");
    }

    /// What other sources know is told to who asks, and kept for nobody.
    async fn nothing_of_other_sources_is_kept(t: TestApp) {
        t.api.user("OKTA", "secret").await;
        let fields = json!({"email": "secret@example.com", "first_name": "A", "last_name": "B"});
        let told = t.api.create("users", "GLOBANT", "g", fields).await;
        assert!(told.status == 409 && told.text.contains("OKTA"), "{told}");
        let gone = t.api.put("/v2/integrations/users/secret", json!({"metadata": {"source": "GLOBANT"}})).await;
        assert!(gone.status == 404 && gone.text.contains("OKTA"), "{gone}");
        let link = json!({"references": [{"kind": "user", "source": "GLOBANT", "external_id": "g", "of": {"source": "OKTA", "external_id": "nobody"}}]});
        t.api.post("/api/references", link).await.ok();
        assert_eq!(brief(&t.api).await.len(), 3);
        let globant = t.key(&["GLOBANT"], false).await;
        let seen = globant.get("/api/refusals").await;
        assert_eq!(seen.ok()["data"].as_array().unwrap().len(), 2, "{seen}");
        assert!(!seen.text.contains("OKTA"), "{seen}");
    }
}
