//! What is sent, and what has to come back.
//!
//! Making a request costs next to nothing beside answering it: the load shares the machine with
//! the server.

mod attach;
mod mixed;
mod other;

use crate::case::Work;
use crate::client::Answer;

pub use attach::{Attach, Manner};

/// Users there are.
pub const USERS: usize = 100_000;
/// Contracts there are, and as many teams and workspaces.
pub const CONTRACTS: usize = 2_000;
/// The contract that has an assignment of every user, made after the others.
pub const CROWD: usize = CONTRACTS + 1;
/// Whose ids all requests speak in.
pub const SOURCE: &str = "GLOBANT";
/// Rows of a page.
pub const PAGE: usize = 50;

/// The external id of a user.
pub fn user(nth: usize) -> String {
    format!("user-{nth:06}")
}

/// The external id of a contract, a team or a workspace.
pub fn external(kind: &str, nth: usize) -> String {
    format!("{kind}-{nth:04}")
}

/// An endless supply of requests on one connection.
pub trait Requests: Send {
    /// The next request, whole.
    fn next(&mut self) -> &[u8];
    /// Whether an answer to it is as expected. The first one of a connection is looked at as a
    /// `whole`; a glance is enough for the others.
    fn good(&self, answer: &Answer<'_>, whole: bool) -> bool;
}

/// Who sends: what makes the requests of one connection its own.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    /// What follows `Authorization: `.
    pub bearer: &'a str,
    /// What follows it when a token is asked for.
    pub basic: &'a str,
    /// Different for every run.
    pub seed: u64,
    /// Which connection.
    pub nth: usize,
}

impl Sender<'_> {
    fn random(self) -> Random {
        Random::new(self.seed << 16 | self.nth as u64)
    }
}

/// The requests of one connection.
pub fn requests(work: Work, sender: Sender<'_>, echoed: bool) -> Box<dyn Requests> {
    match work {
        Work::Attach { ranges, manner } => {
            Box::new(Attach::new(ranges, manner, sender).echoed(echoed))
        }
        Work::Mixed | Work::Beside => Box::new(mixed::Mixed::new(work, sender)),
        Work::Teams
        | Work::Workspaces
        | Work::Update
        | Work::Token
        | Work::Page
        | Work::OfMany { .. }
        | Work::OfUser => Box::new(other::Other::new(work, sender)),
    }
}

/// A request with a JSON body, or without one; `authorization` with its scheme.
pub fn request(method: &str, path: &str, authorization: &str, body: &str) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n");
    head.push_str(&format!("authorization: {authorization}\r\n"));
    if method != "GET" {
        head.push_str(&format!(
            "content-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        ));
    }
    format!("{head}\r\n{body}").into_bytes()
}

/// xorshift64*: not for secrets, but fast.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
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

    pub fn below(&mut self, limit: usize) -> usize {
        ((self.next() >> 32) as usize * limit) >> 32
    }
}
