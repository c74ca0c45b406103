//! Every operation of the API document: its examples work as they stand, and nobody comes in who
//! may not. An operation that is added is in here by being in the document.

use std::collections::BTreeSet;
use std::convert::Infallible;

use axum::http::Method;
use domain::Kind;
use serde_json::{Value, json};
use server::entities::image::image;
use server::store::Tx;
use testing::{Answer, Api, Operation, TestApp, both_engines, operations};

/// An operation, called with its own examples.
struct Call {
    method: Method,
    path: String,
    template: &'static str,
    /// What the document says about the operation.
    said: &'static Value,
    body: Option<Value>,
}

impl Call {
    async fn by(&self, api: &Api) -> Answer {
        self.with(api, &[]).await
    }

    async fn with(&self, api: &Api, headers: &[(&str, &str)]) -> Answer {
        let mut headers = headers.to_vec();
        headers.extend(self.body.as_ref().map(|_| ("content-type", "application/json")));
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        api.send(self.method.clone(), &self.path, &headers, body.into_bytes()).await
    }

    fn about(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn writes(&self) -> bool {
        self.method != Method::GET
    }

    /// Whether it can be tried, and sent again with a key: the document then lists the headers.
    fn takes_headers(&self) -> bool {
        let parameters = self.said["parameters"].as_array().into_iter().flatten();
        let names = parameters.filter_map(|parameter| parameter["$ref"].as_str());
        names.filter(|name| name.ends_with("/Prefer") || name.ends_with("/Idempotency-Key")).count()
            == 2
    }

    /// How the operation says that something is not there, if it may find that.
    fn not_found(&self) -> Option<u16> {
        let codes = self.said["x-error-codes"].as_array().into_iter().flatten();
        match codes.into_iter().any(|code| code == "PC001") {
            true => Some(400),
            false => self.said["responses"]["404"].is_object().then_some(404),
        }
    }

    /// Whether it is about one item of the inbox, which is not there for a key that may not see
    /// it.
    fn names_a_refusal(&self) -> bool {
        self.template.starts_with("/api/refusals/{id}")
    }

    /// Whether it is about something that an entity of the path has.
    fn is_inside(&self) -> bool {
        self.template.matches('{').count() > 1
    }

    /// Creates come first, deletes last, those of entities behind those of what they have.
    fn phase(&self) -> usize {
        match self.method {
            Method::DELETE if self.template.ends_with('}') && !self.is_inside() => 3,
            Method::DELETE => 2,
            Method::POST if self.template.ends_with("/batch") => 1,
            Method::POST if !self.template.contains('{') => 0,
            _ => 1,
        }
    }
}

/// Every operation that asks who calls, with each example of its body.
fn calls() -> Vec<Call> {
    let mut calls = Vec::new();
    for Operation { method, path, template, said, bodies } in operations() {
        if !said["security"].is_null() {
            continue;
        }
        let bodies = match said["requestBody"].is_null() {
            true => vec![None],
            false => bodies.into_iter().map(Some).collect(),
        };
        assert!(!bodies.is_empty(), "{method} {path} has no example");
        let call = |body| Call { method: method.clone(), path: path.clone(), template, said, body };
        calls.extend(bodies.into_iter().map(call));
    }
    calls
}

/// How calls are sent.
#[derive(Clone, Copy)]
enum Sent {
    Once,
    /// Each twice with a key of its own: the second time changes nothing.
    Twice,
}

impl Sent {
    async fn send(self, t: &TestApp, call: &Call, round: usize) -> Answer {
        if matches!(self, Sent::Once) || !call.takes_headers() {
            return call.by(&t.api).await;
        }
        // A refusal is an answer too: the next round is other requests.
        let key = [("idempotency-key", &*format!("{round}"))];
        let first = call.with(&t.api, &key).await;
        let before = stored(t).await;
        let second = call.with(&t.api, &key).await;
        let said = second.header("idempotent-replayed");
        assert_eq!(said, Some("true"), "{}: {second}", call.about());
        assert_eq!((first.status, &first.text), (second.status, &second.text), "{}", call.about());
        assert_eq!(stored(t).await, before, "{}", call.about());
        first
    }
}

/// Sends calls until all have succeeded once; each may need what another one makes.
async fn all_succeed(t: &TestApp, mut calls: Vec<&Call>, sent: Sent) {
    for round in 0.. {
        let mut left = Vec::new();
        let mut said = String::new();
        let before = calls.len();
        for (nth, call) in calls.into_iter().enumerate() {
            let answer = sent.send(t, call, round * 1_000 + nth).await;
            if !answer.status.is_success() {
                said += &format!("{}: {answer}\n", call.about());
                left.push(call);
            }
        }
        if left.is_empty() {
            break;
        }
        assert!(left.len() < before, "these examples do not work:\n{said}");
        calls = left;
        link_all(t).await;
    }
    link_all(t).await;
}

/// Makes everything that has a reference known to all sources that the examples speak for.
async fn link_all(t: &TestApp) {
    let sources = ["SALESFORCE", "OKTA", "GLOBANT", "MICROSOFT_DYNAMICS", "MICROSOFT_TEAMS", "SAP"];
    for reference in t.api.get("/api/references?limit=200").await.ok()["data"].as_array().unwrap() {
        let links: Vec<Value> = sources
            .iter()
            .map(|source| json!({
                "kind": reference["kind"], "source": source, "external_id": reference["external_id"], "id": reference["id"]
            }))
            .collect();
        t.api.post("/api/references", json!({"references": links})).await.ok();
    }
}

/// What the examples of `/v1` speak of: the first entity of each kind.
async fn first_ones(api: &Api) {
    let first = [
        ("categories", json!({"name": "First"})),
        ("seniority", json!({"name": "First"})),
        ("leaves-types", json!({"name": "First"})),
        ("user-position", json!({"name": "First"})),
        ("workspaces", json!({"name": "First"})),
        ("users", json!({"email": "first@example.com", "first_name": "Eva", "last_name": "First"})),
        ("teams", json!({"name": "First"})),
        ("clients", json!({"name": "First"})),
        ("contracts", json!({"name": "First", "client_id": "first"})),
        ("brands", json!({"name": "First", "client_id": "first"})),
        ("products", json!({"name": "First", "client_id": "first", "brand_id": "first"})),
        ("projects", json!({"name": "First"})),
        (
            "leaves",
            json!({
                "userId": "first", "leaveTypeId": "first", "allDay": true,
                "start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"
            }),
        ),
    ];
    for (group, fields) in first {
        api.create(group, "SAP", "first", fields).await.ok();
    }
    api.attach("SAP", "first", "first", &[("2020-01-01", "2020-02-01")]).await;
}

/// Whom the examples speak of besides what they create themselves.
async fn people(t: &TestApp) {
    first_ones(&t.api).await;
    for number in 1..=4 {
        t.api.user("GLOBANT", &format!("external-user-id-{number}")).await;
    }
    t.api.workspace("GLOBANT", "Workspaces-example-6").await;
    refused(&t.api).await;
    t.api
        .create("user-position", "OKTA", "external-user-position-2", json!({"name": "Lead"}))
        .await
        .ok();
    t.api
        .create("seniority", "OKTA", "external_seniority_id_20", json!({"name": "Sr."}))
        .await
        .ok();
}

/// Records that are refused, and that could be taken by now: the items of the examples. An item's
/// id follows from what the record is and says, to the letter.
async fn refused(api: &Api) {
    let headers = [("content-type", "application/json")];
    for nth in 1..=3 {
        let body = format!(
            r#"{{"metadata":{{"source":"GLOBANT"}},"id":"late-team-{nth}","name":"Support","workspace_id":"Workspaces-example-9"}}"#
        );
        let path = "/v2/integrations/teams";
        assert_eq!(api.send(Method::POST, path, &headers, body.into_bytes()).await.status, 404);
    }
    api.workspace("GLOBANT", "Workspaces-example-9").await;
}

/// The company has everything that the examples name.
async fn furnish(t: &TestApp) {
    people(t).await;
    let calls = calls();
    all_succeed(t, calls.iter().filter(|call| call.phase() == 0).collect(), Sent::Once).await;
}

/// Everything that is stored, but the ids that were drawn and the answers that were kept.
async fn stored(t: &TestApp) -> Value {
    let but = ["id_sequences", "idempotency_keys", "access_tokens", "refresh_tokens"];
    let mut stored = t.rows(&but).await;
    // On PostgreSQL they get their numbers meanwhile.
    stored["events"] = json!(stored["events"].as_array().map(Vec::len));
    stored
}

/// What a company has, as far as references tell.
async fn inventory(api: &Api) -> Value {
    api.get("/api/references?limit=200").await.ok()["data"].clone()
}

/// Whether it is the answer to a batch, of which nothing was taken.
fn all_rejected(answer: &Answer) -> bool {
    let results = answer.json()["results"].as_array().cloned().unwrap_or_default();
    !results.is_empty() && results.iter().all(|result| result["outcome"] == "rejected")
}

both_engines! {
    /// Every example of the document, sent as it stands, succeeds.
    async fn every_example_works(t: TestApp) {
        furnish(&t).await;
        let calls = calls();
        for phase in 1..=3 {
            let calls = calls.iter().filter(|call| call.phase() == phase).collect();
            all_succeed(&t, calls, Sent::Once).await;
        }
    }

    /// Every write can be tried: it answers as if it were done, and nothing is stored. Those that
    /// cannot say so, and do nothing.
    async fn every_write_can_be_tried(t: TestApp) {
        furnish(&t).await;
        let before = stored(&t).await;
        for call in calls().iter().filter(|call| call.writes()) {
            let answer = call.with(&t.api, &[("prefer", "dry-run")]).await;
            if !call.takes_headers() {
                assert_eq!(answer.status, 400, "{}: {answer}", call.about());
                assert_eq!(stored(&t).await, before, "{}", call.about());
                continue;
            }
            assert_eq!(answer.header("preference-applied"), Some("dry-run"), "{}: {answer}", call.about());
            assert_eq!(stored(&t).await, before, "{}", call.about());
        }
    }

    /// Every write can be sent again with a key: it is carried out once.
    async fn every_write_can_be_repeated(t: TestApp) {
        people(&t).await;
        let calls = calls();
        for phase in 0..=3 {
            let calls = calls.iter().filter(|call| call.phase() == phase).collect();
            all_succeed(&t, calls, Sent::Twice).await;
        }
    }

    /// Of every kind something is made, and all that is made has an image.
    async fn images(t: TestApp) {
        furnish(&t).await;
        let mut seen = BTreeSet::new();
        for reference in inventory(&t.api).await.as_array().unwrap() {
            let (kind, id) = (reference["kind"].as_str().unwrap(), reference["id"].as_i64().unwrap());
            let kind = Kind::from_name(kind).unwrap();
            let read = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
                Ok(image(tx, 1, kind, id).await?)
            });
            assert!(read.await.unwrap().is_some(), "{reference}");
            seen.insert(kind);
        }
        assert!(seen.into_iter().eq(Kind::ALL));
    }

    /// No token, and one that is not one.
    async fn nobody(t: TestApp) {
        for call in calls() {
            for api in [t.api.anonymous(), t.api.with_token("cwt_nobody")] {
                assert_eq!(call.by(&api).await.status, 401, "{}", call.about());
            }
        }
    }

    /// What a company has is not there for another: what names it is not found, the rest is
    /// the other company's own.
    async fn another_company(t: TestApp) {
        furnish(&t).await;
        let before = inventory(&t.api).await;
        for call in calls() {
            let answer = call.by(&t.other_company().await).await;
            match call.not_found() {
                Some(_) if answer.status == 200 => assert!(all_rejected(&answer), "{}: {answer}", call.about()),
                Some(status) => assert_eq!(answer.status, status, "{}: {answer}", call.about()),
                None => assert!(answer.status.is_success(), "{}: {answer}", call.about()),
            }
            assert!(!answer.text.contains("known to"), "{}: {answer}", call.about());
        }
        assert_eq!(inventory(&t.api).await, before);
    }

    /// A key that may only read writes nowhere, and reads everywhere.
    async fn a_read_only_key(t: TestApp) {
        furnish(&t).await;
        let before = inventory(&t.api).await;
        let reader = t.key(&[], true).await;
        for call in calls() {
            let answer = call.by(&reader).await;
            match call.writes() {
                true => assert_eq!(answer.status, 403, "{}: {answer}", call.about()),
                false => assert!(answer.status.is_success(), "{}: {answer}", call.about()),
            }
        }
        assert_eq!(inventory(&t.api).await, before);
    }

    /// A key of another source writes nowhere, and is told nothing that other sources say.
    async fn a_key_of_another_source(t: TestApp) {
        furnish(&t).await;
        let before = inventory(&t.api).await;
        let jira = t.key(&["JIRA"], false).await;
        for call in calls() {
            let answer = call.by(&jira).await;
            match call.writes() {
                _ if call.names_a_refusal() => assert_eq!(answer.status, 404, "{}: {answer}", call.about()),
                true => assert_eq!(answer.status, 403, "{}: {answer}", call.about()),
                false => assert!(answer.status.is_success(), "{}: {answer}", call.about()),
            }
            let told = ["OKTA", "SALESFORCE", "GLOBANT"].iter().any(|name| answer.text.contains(name));
            // A refusal repeats what was sent.
            assert!(!told || answer.status == 403, "{}: {answer}", call.about());
        }
        assert_eq!(inventory(&jira).await, json!([]));
        assert_eq!(inventory(&t.api).await, before);
    }
}
