//! Requests that are small enough to be written anew each time.

use serde_json::Value;

use super::{
    CONTRACTS, CROWD, PAGE, Random, Requests, SOURCE, Sender, USERS, external, request, user,
};
use crate::case::Work;
use crate::client::Answer;

/// Users that a team gets at once.
const TEAM: usize = 10;

pub struct Other {
    work: Work,
    bearer: String,
    basic: String,
    random: Random,
    /// Goes through all users, so that no pair of a user and a team or workspace repeats.
    next: usize,
    bytes: Vec<u8>,
}

impl Other {
    pub fn new(work: Work, sender: Sender<'_>) -> Self {
        Self {
            work,
            bearer: sender.bearer.to_owned(),
            basic: sender.basic.to_owned(),
            random: sender.random(),
            next: sender.nth * (USERS / 64),
            bytes: Vec::new(),
        }
    }

    /// The next user, and a number that is another one each time it is the same user.
    fn user(&mut self) -> (usize, usize) {
        let nth = self.next;
        self.next += 1;
        (nth % USERS, nth / USERS * 64 + nth * 7)
    }

    fn write(&mut self) -> (&'static str, String, String) {
        let metadata = format!(r#""metadata":{{"source":"{SOURCE}"}}"#);
        match self.work {
            Work::Teams => {
                let users: Vec<usize> = (0..TEAM).map(|_| self.user().0).collect();
                let users: Vec<String> =
                    users.into_iter().map(|nth| format!("{:?}", user(nth))).collect();
                let team = external("team", self.random.below(CONTRACTS));
                let body = format!(r#"{{{metadata},"users":[{}]}}"#, users.join(","));
                ("PUT", format!("/v2/integrations/teams/{team}/attach"), body)
            }
            Work::Workspaces => {
                let (nth, other) = self.user();
                let (one, two) = (other % CONTRACTS, (other + 1) % CONTRACTS);
                let workspace = |nth| {
                    let id = external("workspace", nth);
                    format!(r#"{{"workspaceId":"{id}","percentage":50}}"#)
                };
                let list = format!("{},{}", workspace(one), workspace(two));
                let body = format!(r#"{{{metadata},"workspaces":[{list}]}}"#);
                ("PUT", format!("/v2/integrations/users/{}/attach", user(nth)), body)
            }
            Work::Update => {
                let (nth, name) = (self.random.below(USERS), self.random.below(1_000_000));
                let body = format!(r#"{{{metadata},"first_name":"First {name}"}}"#);
                ("PUT", format!("/v2/integrations/users/{}", user(nth)), body)
            }
            Work::Token => {
                let path = "/v1/oauth/token?grant_type=client_credentials";
                ("POST", path.to_owned(), String::new())
            }
            Work::OfMany { last } => {
                let page = if last { USERS / PAGE } else { 1 };
                let path = format!("/v1/contracts/{CROWD}/users?perPage={PAGE}&page={page}");
                ("GET", path, String::new())
            }
            Work::OfUser => {
                let nth = 1 + self.random.below(USERS);
                ("GET", format!("/api/assignments?user={nth}&limit=200"), String::new())
            }
            _ => {
                let nth = 1 + self.random.below(CONTRACTS);
                let path = format!("/v1/contracts/{nth}/users?perPage={PAGE}&page=1");
                ("GET", path, String::new())
            }
        }
    }
}

impl Requests for Other {
    fn next(&mut self) -> &[u8] {
        let (method, path, body) = self.write();
        let authorization = match self.work {
            Work::Token => &self.basic,
            _ => &self.bearer,
        };
        self.bytes = request(method, &path, authorization, &body);
        &self.bytes
    }

    fn good(&self, answer: &Answer<'_>, whole: bool) -> bool {
        if answer.status != 200 || !whole {
            return answer.status == 200;
        }
        let Ok(value) = serde_json::from_slice::<Value>(answer.body) else { return false };
        let list = |name: &str| value[name].as_array().map_or(0, Vec::len);
        match self.work {
            Work::Teams => list("users") == TEAM && list("errors") == 0,
            Work::Workspaces => list("workspaces") == 2,
            Work::Update => value["first_name"].as_str().is_some_and(|name| name.len() > 5),
            Work::Token => value["access_token"].is_string(),
            // Every user has some when the data is large enough for this to be measured.
            Work::OfUser => list("data") > 1,
            Work::OfMany { .. } => {
                list("data") == PAGE && value["total"].as_str() == Some(&USERS.to_string())
            }
            _ => list("data") == PAGE && value["total"].is_string(),
        }
    }
}
