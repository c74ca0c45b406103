//! Requests to attach users, cheap to make.
//!
//! All numbers in a request have a fixed width, so each connection has one request as a
//! template and writes the next contract, users and dates into it: some ten nanoseconds a
//! range, done just before the request is sent. The users of a request are a uniform sample
//! without repetition; a date range is 1 to 999 days somewhere in 99 years. That two ranges of
//! a run are the same user's on the same contract with the same dates is possible only in
//! theory, and changes nothing when it happens.

use std::sync::LazyLock;

/// Users there are.
pub const USERS: usize = 10_000;
/// Contracts there are.
pub const CONTRACTS: usize = 1_000;
/// Whose ids all requests speak in.
pub const SOURCE: &str = "GLOBANT";

/// Days to choose from, 2000-01-01 first.
const DAYS: usize = 36_525;
/// The longest range, in days.
const LONGEST: usize = 999;

const ENTRY: &str = r#"{"id":"user-00000","dates":[{"start":"2000-01-01","end":"2000-01-02"}]}"#;
/// Where the numbers stand in [`ENTRY`].
const USER_AT: usize = 12;
const START_AT: usize = 38;
const END_AT: usize = 57;

/// The external id of a user.
pub fn user(nth: usize) -> String {
    format!("user-{nth:05}")
}

/// The external id of a contract.
pub fn contract(nth: usize) -> String {
    format!("contract-{nth:04}")
}

/// An endless supply of attach requests of one size.
pub struct Requests {
    bytes: Vec<u8>,
    contract_at: usize,
    first_entry: usize,
    ranges: usize,
    /// All users, in an order whose front each request shuffles anew.
    order: Vec<u16>,
    random: Random,
}

impl Requests {
    pub fn new(ranges: usize, token: &str, seed: u64) -> Self {
        let entries = vec![ENTRY; ranges].join(",");
        let users = format!(r#"{{"metadata":{{"source":"{SOURCE}"}},"users":["#);
        let length = users.len() + entries.len() + 2;
        let path = "POST /v2/integrations/contracts/contract-";
        let head = format!(
            "{path}0000/users HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        Self {
            contract_at: path.len(),
            first_entry: head.len() + users.len(),
            bytes: format!("{head}{users}{entries}]}}").into_bytes(),
            ranges,
            // There are fewer users than a `u16` counts.
            order: (0..USERS as u16).collect(),
            random: Random::new(seed),
        }
    }

    /// The bytes of a request's body.
    pub fn body_len(&self) -> usize {
        let metadata = format!(r#"{{"metadata":{{"source":"{SOURCE}"}},"users":["#).len();
        self.bytes.len() - self.first_entry + metadata
    }

    /// The next request, whole.
    pub fn next(&mut self) -> &[u8] {
        let contract = self.random.below(CONTRACTS);
        digits(&mut self.bytes[self.contract_at..][..4], contract);
        for nth in 0..self.ranges {
            let other = nth + self.random.below(USERS - nth);
            self.order.swap(nth, other);
            let entry = &mut self.bytes[self.first_entry + nth * (ENTRY.len() + 1)..];
            digits(&mut entry[USER_AT..][..5], usize::from(self.order[nth]));
            let start = self.random.below(DAYS - LONGEST);
            let end = start + 1 + self.random.below(LONGEST);
            entry[START_AT..][..10].copy_from_slice(&DATES[start]);
            entry[END_AT..][..10].copy_from_slice(&DATES[end]);
        }
        &self.bytes
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

/// xorshift64*: not for secrets, but fast.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        // The state must not be 0; the product spreads small seeds.
        let mut random = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..8 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        ((self.next() >> 32) as usize * limit) >> 32
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_request_names_each_user_once_with_a_range_of_real_days() {
        let mut requests = Requests::new(1_000, "token", 7);
        let length = requests.body_len();
        for _ in 0..3 {
            let text = String::from_utf8(requests.next().to_vec()).expect("text");
            let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
            assert!(head.contains(&format!("content-length: {length}")));
            assert_eq!(body.len(), length);
            let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
            let users = body["users"].as_array().expect("users");
            let ids: HashSet<_> = users.iter().map(|user| user["id"].to_string()).collect();
            assert_eq!(ids.len(), 1_000);
            for user in users {
                let range = &user["dates"][0];
                assert!(range["start"].as_str() < range["end"].as_str());
            }
        }
    }

    #[test]
    fn the_days_are_those_of_the_calendar() {
        assert_eq!(&DATES[59], b"2000-02-29");
        assert_eq!(&DATES[366 + 58], b"2001-02-28");
        assert_eq!(&DATES[366 + 59], b"2001-03-01");
        assert_eq!(&DATES[DAYS - 1], b"2099-12-31");
    }
}
