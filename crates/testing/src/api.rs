//! Calling the server in-process, through its real router.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::conformance;

/// Somebody who calls the server.
#[derive(Clone)]
pub struct Api {
    router: Router,
    token: Option<String>,
    peer: Option<SocketAddr>,
}

/// What the server said.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Api {
    pub fn new(router: Router, token: String) -> Self {
        Self { router, token: Some(token), peer: None }
    }

    /// The same server, another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Another server, the same token.
    pub fn at(&self, router: Router) -> Self {
        Self { router, ..self.clone() }
    }

    /// The same server, no token.
    pub fn anonymous(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The same server and token, from an address.
    pub fn from_peer(&self, peer: &str) -> Self {
        let peer = SocketAddr::new(peer.parse().expect("an address"), 4711);
        Self { peer: Some(peer), ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Vec::new()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.json(Method::POST, path, body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.json(Method::PUT, path, body).await
    }

    pub async fn delete(&self, path: &str, body: Value) -> Answer {
        self.json(Method::DELETE, path, body).await
    }

    pub async fn json(&self, method: Method, path: &str, body: Value) -> Answer {
        let headers = [(CONTENT_TYPE.as_str(), "application/json")];
        self.send(method, path, &headers, body.to_string().into_bytes()).await
    }

    /// Any request at all. The answer is held against the API document.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder().method(method.clone()).uri(path);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(peer) = self.peer {
            request = request.extension(ConnectInfo(peer));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let answer = Answer { status: parts.status, headers: parts.headers, text };
        conformance::check(&method, path, &answer);
        answer
    }

    /// The events that a stream tells after a number, as far as they come in time.
    pub async fn stream(&self, path: &str, last: i64, time: Duration) -> Vec<(i64, Value)> {
        let mut request = Request::builder().uri(path).header(ACCEPT, "text/event-stream");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.header("last-event-id", last).body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
        let (mut body, mut text) = (response.into_body(), String::new());
        let until = tokio::time::Instant::now() + time;
        while let Ok(Some(frame)) = tokio::time::timeout_at(until, body.frame()).await {
            let data = frame.expect("a frame").into_data().expect("data");
            text += std::str::from_utf8(&data).expect("UTF-8");
        }
        let events = text.split("\n\n").filter(|event| event.contains("data: "));
        events.map(read).collect()
    }

    /// Creates something under `/v2/integrations/`; what it is called in the answer.
    pub async fn create(&self, group: &str, source: &str, id: &str, fields: Value) -> Answer {
        let mut body = json!({"metadata": {"source": source}, "id": id});
        if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
            body.extend(fields);
        }
        self.post(&format!("/v2/integrations/{group}"), body).await
    }

    /// A user under a source; its internal id.
    pub async fn user(&self, source: &str, id: &str) -> i64 {
        let fields = json!({
            "email": format!("{id}@example.com").replace(' ', "-"),
            "first_name": "Ana", "last_name": "Lee"
        });
        self.create("users", source, id, fields).await.ok()["id"].as_i64().expect("an id")
    }

    /// A workspace under a source; its internal id.
    pub async fn workspace(&self, source: &str, id: &str) -> i64 {
        let answer = self.create("workspaces", source, id, json!({"name": id})).await;
        answer.ok()["id"].as_i64().expect("an id")
    }

    /// A team under a source; its internal id.
    pub async fn team(&self, source: &str, id: &str, workspace: Option<&str>) -> i64 {
        let fields = json!({"name": id, "workspace_id": workspace});
        self.create("teams", source, id, fields).await.ok()["id"].as_i64().expect("an id")
    }

    /// A contract with its client under a source; its internal id.
    pub async fn contract(
        &self,
        source: &str,
        id: &str,
        start: Option<&str>,
        end: Option<&str>,
    ) -> i64 {
        let client = format!("client of {id}");
        self.create("clients", source, &client, json!({"name": "Acme"})).await.ok();
        let fields = json!({"name": id, "client_id": client, "start_date": start, "end_date": end});
        self.create("contracts", source, id, fields).await.ok()["id"].as_i64().expect("an id")
    }

    /// Attaches a user to a contract under a source, with ranges of which each must be taken.
    pub async fn attach(&self, source: &str, contract: &str, user: &str, ranges: &[(&str, &str)]) {
        let dates = ranges.iter().map(|(start, end)| json!({"start": start, "end": end}));
        let users = json!([{"id": user, "dates": dates.collect::<Vec<Value>>()}]);
        let body = json!({"metadata": {"source": source}, "users": users});
        let path = format!("/v2/integrations/contracts/{contract}/users");
        assert_eq!(self.post(&path, body).await.ok()["status"], "success");
    }

    /// Puts a user into workspaces, each with its percentage.
    pub async fn join(&self, source: &str, user: &str, workspaces: &[(&str, f64)]) -> Answer {
        let workspaces: Vec<Value> = workspaces
            .iter()
            .map(|(id, share)| json!({"workspaceId": id, "percentage": share}))
            .collect();
        let body = json!({"metadata": {"source": source}, "workspaces": workspaces});
        self.put(&format!("/v2/integrations/users/{user}/attach"), body).await
    }
}

/// An event of a stream: its number, and what it says.
fn read(event: &str) -> (i64, Value) {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
    let id = field("id: ").expect("an id").parse().expect("a number");
    let told: Value = serde_json::from_str(field("data: ").expect("data")).expect("JSON");
    assert_eq!(field("event: "), told["type"].as_str());
    (id, told)
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    /// The body of a success.
    pub fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{self}");
        self.json()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Status and body, as snapshots hold them: the request id is left out.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        let Some(at) = self.text.find("\"request_id\":\"") else {
            return f.write_str(&self.text);
        };
        let value = at + "\"request_id\":\"".len();
        let end = value + self.text[value..].find('"').unwrap_or_default();
        write!(f, "{}[id]{}", &self.text[..value], &self.text[end..])
    }
}
