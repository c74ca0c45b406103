//! Requests to attach users to a contract, cheap to make.
//!
//! All numbers in a request have a fixed width, so each connection has one request as a
//! template and writes the next contract, users and dates into it: some ten nanoseconds a
//! range, done just before the request is sent. The users of a request are all different; a date
//! range is 1 to 999 days somewhere in 99 years. That two ranges of a run are the same user's on
//! the same contract with the same dates is possible only in theory, and changes nothing when it
//! happens.

use std::sync::LazyLock;

use serde_json::Value;

use super::{CONTRACTS, Random, Requests, SOURCE, Sender, USERS};
use crate::client::Answer;

/// What becomes of the ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// All are new.
    New,
    /// Three in ten name a user that there is not.
    Refused,
    /// All are there already, but for the first requests of a connection.
    Repeated,
}

/// Requests of a connection that repeats them.
const REPEATED: u64 = 8;
/// Of so many users in a row the first [`UNKNOWN`] do not exist, when some are to be refused.
const OF: usize = 10;
const UNKNOWN: usize = 3;

/// Days to choose from, 2000-01-01 first.
const DAYS: usize = 36_525;
/// The longest range, in days.
const LONGEST: usize = 999;

const ENTRY: &str = r#"{"id":"user-000000","dates":[{"start":"2000-01-01","end":"2000-01-02"}]}"#;
/// Where the numbers stand in [`ENTRY`].
const USER_AT: usize = 12;
const START_AT: usize = 39;
const END_AT: usize = 58;

/// Attach requests of one size.
pub struct Attach {
    bytes: Vec<u8>,
    body_at: usize,
    contract_at: usize,
    first_entry: usize,
    ranges: usize,
    manner: Manner,
    /// Counts ranges over all requests of the connection.
    first: usize,
    echoed: bool,
    seed: u64,
    sent: u64,
    random: Random,
}

impl Attach {
    pub fn new(ranges: usize, manner: Manner, sender: Sender<'_>) -> Self {
        let entries = vec![ENTRY; ranges].join(",");
        let users = format!(r#"{{"metadata":{{"source":"{SOURCE}"}},"users":["#);
        let length = users.len() + entries.len() + 2;
        let path = "POST /v2/integrations/contracts/contract-";
        let head = format!(
            "{path}0000/users HTTP/1.1\r\nhost: bench\r\nauthorization: {}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n",
            sender.bearer
        );
        Self {
            body_at: head.len(),
            contract_at: path.len(),
            first_entry: head.len() + users.len(),
            bytes: format!("{head}{users}{entries}]}}").into_bytes(),
            ranges,
            manner,
            first: sender.nth,
            echoed: false,
            seed: sender.seed << 16 | sender.nth as u64,
            sent: 0,
            random: sender.random(),
        }
    }

    /// Whether the body is to come back as it was sent.
    pub fn echoed(self, echoed: bool) -> Self {
        Self { echoed, ..self }
    }

    /// Whether a range of the request is refused. Requests of less than ten take turns.
    fn unknown(&self, nth: usize) -> bool {
        self.manner == Manner::Refused && (self.first + nth) % OF < UNKNOWN
    }

    /// How many of a request's ranges are refused.
    fn refused(&self) -> usize {
        match self.manner {
            Manner::Refused if self.ranges.is_multiple_of(OF) => self.ranges / OF * UNKNOWN,
            _ => (0..self.ranges).filter(|nth| self.unknown(*nth)).count(),
        }
    }

    /// Whether an answer begins and ends as one that took what is to be taken.
    fn glance(&self, body: &[u8]) -> bool {
        let front = &body[..body.len().min(256)];
        let has = |text: &str| front.windows(text.len()).any(|part| part == text.as_bytes());
        has(&format!(r#""records_created":{},"#, self.ranges - self.refused()))
            && body.ends_with(b"}")
    }

    fn attached(&self, body: &[u8]) -> bool {
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return false };
        let list = |name: &str| value[name].as_array().map_or(0, Vec::len);
        let (taken, refused) = (self.ranges - self.refused(), self.refused() > 0);
        let rows = value["assigned"].as_array();
        value["records_created"].as_u64() == Some(taken as u64)
            && list("assigned") == taken
            && rows.is_some_and(|rows| rows.iter().all(|row| row["id"].is_i64()))
            && refused == (list("errors") > 0)
    }

    fn echo(&self, body: &[u8], whole: bool) -> bool {
        let users = || {
            let value: Option<Value> = serde_json::from_slice(body).ok();
            value.as_ref().and_then(|value| value["users"].as_array()).map_or(0, Vec::len)
        };
        body.len() == self.bytes.len() - self.body_at && (!whole || users() == self.ranges)
    }
}

impl Requests for Attach {
    fn next(&mut self) -> &[u8] {
        if self.manner == Manner::Repeated {
            self.random = Random::new(self.seed + self.sent % REPEATED * (1 << 32));
            self.sent += 1;
        }
        self.first = (self.first + self.ranges) % OF;
        let contract = self.random.below(CONTRACTS);
        digits(&mut self.bytes[self.contract_at..][..4], contract);
        // A step that has no divisor in common with the number of users visits each once.
        let step = 10 * self.random.below(USERS / 10) + 3;
        let mut user = self.random.below(USERS);
        for nth in 0..self.ranges {
            user = (user + step) % USERS;
            let unknown = self.unknown(nth);
            let entry = &mut self.bytes[self.first_entry + nth * (ENTRY.len() + 1)..];
            digits(&mut entry[USER_AT..][..6], user + if unknown { USERS } else { 0 });
            let start = self.random.below(DAYS - LONGEST);
            let end = start + 1 + self.random.below(LONGEST);
            entry[START_AT..][..10].copy_from_slice(&DATES[start]);
            entry[END_AT..][..10].copy_from_slice(&DATES[end]);
        }
        &self.bytes
    }

    fn good(&self, answer: &Answer<'_>, whole: bool) -> bool {
        // Crewline's status says when nothing was taken; the peers' does not.
        let nothing = answer.status == 422 && self.refused() == self.ranges;
        (answer.status == 200 || nothing)
            && match self.echoed {
                true => self.echo(answer.body, whole),
                false => (!whole && self.glance(answer.body)) || self.attached(answer.body),
            }
    }
}

fn digits(into: &mut [u8], mut number: usize) {
    for digit in into.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Every day as `YYYY-MM-DD`.
static DATES: LazyLock<Vec<[u8; 10]>> = LazyLock::new(|| {
    let (mut year, mut month, mut day) = (2000, 1, 1);
    let mut dates = Vec::with_capacity(DAYS);
    while dates.len() < DAYS {
        let mut date = *b"0000-00-00";
        digits(&mut date[..4], year);
        digits(&mut date[5..7], month);
        digits(&mut date[8..], day);
        dates.push(date);
        day += 1;
        if day > days_of(year, month) {
            (day, month) = (1, month + 1);
        }
        if month > 12 {
            (month, year) = (1, year + 1);
        }
    }
    dates
});

fn days_of(year: usize, month: usize) -> usize {
    match month {
        // 2000 to 2099: every fourth year is a leap year.
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn requests(manner: Manner) -> Attach {
        let sender = Sender { bearer: "Bearer token", basic: "", seed: 7, nth: 3 };
        Attach::new(1_000, manner, sender)
    }

    /// The body of the next request, and the ids of its users.
    fn body(requests: &mut Attach) -> (String, Vec<String>) {
        let text = String::from_utf8(requests.next().to_vec()).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.contains(&format!("content-length: {}", body.len())));
        let value: Value = serde_json::from_str(body).expect("JSON");
        let users = value["users"].as_array().expect("users");
        for user in users {
            let range = &user["dates"][0];
            assert!(range["start"].as_str() < range["end"].as_str());
        }
        (body.to_owned(), users.iter().map(|user| user["id"].to_string()).collect())
    }

    #[test]
    fn a_request_names_each_user_once_with_a_range_of_real_days() {
        let mut requests = requests(Manner::New);
        for _ in 0..20 {
            let ids: HashSet<String> = body(&mut requests).1.into_iter().collect();
            assert_eq!(ids.len(), 1_000);
        }
    }

    #[test]
    fn three_in_ten_are_unknown_when_some_are_to_be_refused() {
        let mut requests = requests(Manner::Refused);
        let ids = body(&mut requests).1;
        let unknown = ids.iter().filter(|id| id.as_str() >= "\"user-100000").count();
        assert_eq!((unknown, requests.refused()), (300, 300));
    }

    #[test]
    fn three_in_ten_requests_of_one_range_are_refused() {
        let sender = Sender { bearer: "Bearer token", basic: "", seed: 7, nth: 3 };
        let mut requests = Attach::new(1, Manner::Refused, sender);
        let mut refused = 0;
        for _ in 0..20 {
            let unknown = body(&mut requests).1[0].as_str() >= "\"user-100000";
            assert_eq!(requests.refused(), usize::from(unknown));
            refused += requests.refused();
        }
        assert_eq!(refused, 6);
    }

    #[test]
    fn a_connection_that_repeats_sends_the_same_requests_again() {
        let mut requests = requests(Manner::Repeated);
        let sent: Vec<String> = (0..16).map(|_| body(&mut requests).0).collect();
        assert_eq!(sent[..8], sent[8..]);
        assert_eq!(sent.iter().collect::<HashSet<_>>().len(), 8);
    }

    #[test]
    fn the_days_are_those_of_the_calendar() {
        assert_eq!(&DATES[59], b"2000-02-29");
        assert_eq!(&DATES[366 + 58], b"2001-02-28");
        assert_eq!(&DATES[366 + 59], b"2001-03-01");
        assert_eq!(&DATES[DAYS - 1], b"2099-12-31");
    }
}
