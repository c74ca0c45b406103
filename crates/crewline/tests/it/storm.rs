//! A storm of writes by clients that insist on an answer, and what must hold when it is over.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::ToSpan as _;
use jiff::civil::date;
use serde_json::{Value, json};
use testing::Client;

/// Clients that write at once.
const CLIENTS: usize = 8;
/// Requests that go over one connection: so all nodes have their share.
const REQUESTS: u64 = 6;
/// How long a client insists.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a client was answered.
#[derive(Default)]
pub struct Told {
    /// When.
    pub answers: Vec<Instant>,
    /// The ids of each batch of assignments.
    pub batches: Vec<Vec<i64>>,
    /// The clients that it created: external id, id.
    pub created: Vec<(String, i64)>,
    /// How often it renamed its own user, and what the user is called.
    pub renames: usize,
    /// The percentage of its own user in `w1`.
    pub percentage: i64,
    /// Answers that said to come again, and connections that broke.
    pub retries: usize,
}

/// A client that sends everything until it is answered, under a key.
pub struct Insisting {
    address: SocketAddr,
    token: String,
    name: String,
    nth: u64,
    client: Option<Client>,
    told: Told,
}

impl Insisting {
    pub fn new(address: SocketAddr, token: &str, name: &str) -> Self {
        let (token, name) = (token.to_owned(), name.to_owned());
        Self { address, token, name, nth: 0, client: None, told: Told::default() }
    }

    /// The answer, which has one of these statuses. Whatever else is heard may only say to come
    /// again.
    pub fn call(&mut self, method: &str, path: &str, body: &Value, expected: &[u16]) -> Value {
        self.nth += 1;
        if self.nth.is_multiple_of(REQUESTS) {
            self.client = None;
        }
        let (path, body) = (format!("/v2/integrations/{path}"), body.to_string());
        let until = Instant::now() + PATIENCE;
        // Now and then an answer is lost on its way.
        let mut lost = self.nth.is_multiple_of(5);
        loop {
            assert!(Instant::now() < until, "{}: no answer to {method} {path}", self.name);
            match self.once(method, &path, &body, std::mem::take(&mut lost)) {
                Ok(Some((429 | 503, _))) => std::thread::sleep(Duration::from_millis(20)),
                Ok(Some((409, answer))) if answer["code"] == "IDEMPOTENCY_KEY_IN_USE" => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Ok(Some((status, answer))) => {
                    assert!(
                        expected.contains(&status),
                        "{method} {path} {body}: {status} {answer}"
                    );
                    self.told.answers.push(Instant::now());
                    return answer;
                }
                Ok(None) => self.client = None,
                Err(_) => {
                    self.client = None;
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            self.told.retries += 1;
        }
    }

    fn once(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        lost: bool,
    ) -> std::io::Result<Option<(u16, Value)>> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(self.address, &self.token)?,
        };
        client.under_key(&format!("{}-{}", self.name, self.nth));
        client.send(method, path, body)?;
        if lost {
            return Ok(None);
        }
        let answer = client.receive()?;
        self.client = Some(client);
        Ok(Some(answer))
    }

    /// One of everything.
    fn round(&mut self, own: usize, nth: usize) {
        let metadata = json!({"source": "OKTA"});
        let user = format!("own{own}");
        self.batch(own, nth);
        match own % 2 {
            0 => self.period(nth),
            _ => self.in_the_period(&user, own + nth),
        }
        self.told.renames += 1;
        let name = json!({"metadata": metadata, "first_name": format!("n{}", self.told.renames)});
        self.call("PUT", &format!("users/{user}"), &name, &[200]);
        self.teams(own + nth);
        self.told.percentage = 1 + (nth % 100) as i64;
        let share = json!({"workspaceId": "w1", "percentage": self.told.percentage});
        let body = json!({"metadata": metadata, "workspaces": [share]});
        self.call("PUT", &format!("users/{user}/attach"), &body, &[200]);
        let id = format!("{own}-{nth}");
        let body = json!({"metadata": metadata, "id": id, "name": id});
        let created = self.call("POST", "clients", &body, &[200]);
        self.told.created.push((id, created["id"].as_i64().unwrap()));
    }

    /// The same dates for three users, and for nobody else: all or none.
    fn batch(&mut self, own: usize, nth: usize) {
        let start = date(2000, 1, 1).saturating_add((nth as i64).days());
        let end = date(3000, 1, 1).saturating_add((own as i64).days());
        let dates = json!([{"start": start.to_string(), "end": end.to_string()}]);
        let users: Vec<Value> =
            (1..=3).map(|n| json!({"id": format!("u{n}"), "dates": dates})).collect();
        let body = json!({"metadata": {"source": "OKTA"}, "users": users});
        let answer = self.call("POST", "contracts/k/users", &body, &[200]);
        let ids = answer["assigned"].as_array().unwrap().iter();
        self.told.batches.push(ids.map(|row| row["id"].as_i64().unwrap()).collect());
    }

    /// Another period for a contract, unless somebody would fall out of it.
    fn period(&mut self, nth: usize) {
        let (start, end) = [
            ("2025-01-01", "2025-06-30"),
            ("2025-04-01", "2025-12-31"),
            ("2025-01-01", "2025-12-31"),
        ][nth % 3];
        let body = json!({"metadata": {"source": "OKTA"}, "start_date": start, "end_date": end});
        self.call("PUT", "contracts/period", &body, &[200, 409]);
    }

    /// A range that fits now and then; and gone again, mostly.
    fn in_the_period(&mut self, user: &str, nth: usize) {
        let (start, end) = [
            ("2025-01-15", "2025-03-15"),
            ("2025-05-01", "2025-05-31"),
            ("2025-08-01", "2025-10-01"),
        ][nth % 3];
        let metadata = json!({"source": "OKTA"});
        let users = json!([{"id": user, "dates": [{"start": start, "end": end}]}]);
        let body = json!({"metadata": metadata, "users": users});
        self.call("POST", "contracts/period/users", &body, &[200, 422]);
        if !nth.is_multiple_of(4) {
            let body = json!({"metadata": metadata, "users": [user]});
            self.call("DELETE", "contracts/period/users", &body, &[200, 404]);
        }
    }

    /// Two users that all clients fight for: into a team, out of another, out of the workspace.
    fn teams(&mut self, nth: usize) {
        let metadata = json!({"source": "OKTA"});
        let users = json!({"metadata": metadata, "users": ["u4", "u5"]});
        let team = |nth: usize| format!("teams/t{}", 1 + nth % 4);
        self.call("PUT", &format!("{}/attach", team(nth)), &users, &[200]);
        self.call("PUT", &format!("{}/detach", team(nth + 1)), &users, &[200, 404]);
        if nth.is_multiple_of(3) {
            let left = json!({"metadata": metadata, "workspaces": ["w1"]});
            self.call("PUT", "users/u4/detach", &left, &[200, 409]);
            let share = json!([{"workspaceId": "w1", "percentage": 50}]);
            let body = json!({"metadata": metadata, "workspaces": share});
            self.call("PUT", "users/u4/attach", &body, &[200]);
        }
    }
}

/// The clients, at work.
pub struct Storm {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Told>>,
    follower: JoinHandle<Vec<Value>>,
}

impl Storm {
    /// Makes what the clients fight for, beside what [`crate::durability::start`] made, and lets
    /// them loose. All they know is this address.
    pub fn begin(address: SocketAddr, token: &str) -> Self {
        let mut first = Insisting::new(address, token, "first");
        let mut create = |group: &str, id: &str, fields: Value| {
            let mut body = json!({"metadata": {"source": "OKTA"}, "id": id, "name": id});
            body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            first.call("POST", group, &body, &[200]);
        };
        create("workspaces", "w1", json!({}));
        create("workspaces", "w2", json!({}));
        for (team, workspace) in [("t1", "w1"), ("t2", "w1"), ("t3", "w2"), ("t4", "w2")] {
            create("teams", team, json!({"workspace_id": workspace}));
        }
        create("contracts", "period", json!({"client_id": "c"}));
        for own in 0..CLIENTS {
            let email = format!("own{own}@example.com");
            let fields = json!({"email": email, "first_name": "n0", "last_name": "B"});
            create("users", &format!("own{own}"), fields);
        }
        for user in ["u4", "u5"] {
            let shares = json!([{"workspaceId": "w1", "percentage": 50}, {"workspaceId": "w2", "percentage": 50}]);
            let body = json!({"metadata": {"source": "OKTA"}, "workspaces": shares});
            first.call("PUT", &format!("users/{user}/attach"), &body, &[200]);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let clients = (0..CLIENTS).map(|own| {
            let mut client = Insisting::new(address, token, &format!("client-{own}"));
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                for nth in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    client.round(own, nth);
                }
                client.told
            })
        });
        let clients = clients.collect();
        let (stopped, token) = (Arc::clone(&stop), token.to_owned());
        let follower = std::thread::spawn(move || follow(address, &token, &stopped));
        Self { stop, clients, follower }
    }

    /// Every client ends its round: what each was told, and the events that were seen meanwhile.
    pub fn end(self) -> (Vec<Told>, Vec<Value>) {
        self.stop.store(true, Ordering::SeqCst);
        let told = self.clients.into_iter().map(|client| client.join().unwrap()).collect();
        (told, self.follower.join().unwrap())
    }
}

/// Follows the feed, over whichever node, until it is told to stop.
fn follow(address: SocketAddr, token: &str, stop: &AtomicBool) -> Vec<Value> {
    let (mut seen, mut after) = (Vec::new(), 0);
    while !stop.load(Ordering::SeqCst) {
        let page = Client::connect(address, token)
            .and_then(|mut client| page(&mut client, after, "&wait=1"));
        match page {
            Ok((200, page)) => {
                after = page["last"].as_i64().unwrap();
                seen.extend(page["data"].as_array().unwrap().iter().cloned());
            }
            Ok((503, _)) | Err(_) => std::thread::sleep(Duration::from_millis(20)),
            Ok((status, answer)) => panic!("{status} {answer}"),
        }
    }
    seen
}

fn page(client: &mut Client, after: i64, rest: &str) -> std::io::Result<(u16, Value)> {
    client.call("GET", &format!("/api/events?after={after}&limit=200{rest}"), "")
}

/// The feed as a node tells it.
pub fn feed(node: SocketAddr, token: &str) -> Vec<Value> {
    let (mut seen, mut after) = (Vec::new(), 0);
    let mut client = Client::connect(node, token).unwrap();
    loop {
        let (status, page) = page(&mut client, after, "").unwrap();
        assert_eq!(status, 200, "{page}");
        let events = page["data"].as_array().unwrap();
        if events.is_empty() {
            return seen;
        }
        seen.extend(events.iter().cloned());
        after = page["last"].as_i64().unwrap();
    }
}

/// Says how much happened, and that it was enough.
pub fn much(told: &[Told]) {
    let answers: usize = told.iter().map(|told| told.answers.len()).sum();
    let retries: usize = told.iter().map(|told| told.retries).sum();
    let silence = silence(told);
    println!("{answers} answers, {retries} retries, the longest time without one: {silence:?}");
    assert!(answers > 100, "too little happened: {answers}");
}

/// The longest time in which nobody was answered.
fn silence(told: &[Told]) -> Duration {
    let mut answers: Vec<Instant> =
        told.iter().flat_map(|client| client.answers.iter().copied()).collect();
    answers.sort();
    let gaps = answers.windows(2).map(|pair| pair[1] - pair[0]);
    gaps.max().unwrap_or_default()
}
