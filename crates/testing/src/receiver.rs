//! A small receiver of webhooks, which answers as it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// A message that came.
#[derive(Clone, Debug)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Received {
    /// The message's id.
    pub fn id(&self) -> &str {
        self.headers["webhook-id"].to_str().expect("text")
    }

    /// The number of the event that it is about.
    pub fn number(&self) -> i64 {
        let number = self.id().rsplit('_').next().expect("a part");
        number.parse().expect("a number")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    /// The next answers; without one it is 200.
    answers: VecDeque<String>,
    /// The answer when there is no next one.
    always: Option<String>,
    silent: bool,
}

/// A server on this machine. It goes when this goes.
pub struct Receiver {
    pub port: u16,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Receiver {
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&shared)));
            }
        });
        Self { port, state, task }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks", self.port)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics in here")
    }

    /// Answers the next message so: a status, and perhaps headers; an empty text is no answer.
    pub fn answer(&self, head: &str) {
        self.state().answers.push_back(head.to_owned());
    }

    /// Answers so from now on.
    pub fn always(&self, head: &str) {
        self.state().always = Some(head.to_owned());
    }

    /// Answers nothing at all.
    pub fn silent(&self) {
        self.state().silent = true;
    }

    /// What came so far.
    pub fn received(&self) -> Vec<Received> {
        self.state().received.clone()
    }

    /// The numbers of the events that came so far.
    pub fn numbers(&self) -> Vec<i64> {
        self.received().iter().map(Received::number).collect()
    }

    /// Listens no more: whoever connects from here on is refused.
    pub async fn close(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    /// What has come as soon as there is so much; it fails after a while.
    pub async fn wait(&self, count: usize) -> Vec<Received> {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            assert!(Instant::now() < until, "{} of {count} messages came", received.len());
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// That nothing more comes for a while.
    pub async fn stays(&self, count: usize) {
        sleep(Duration::from_millis(1_300)).await;
        let numbers = self.numbers();
        assert_eq!(numbers.len(), count, "{numbers:?}");
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads one message and answers it.
async fn talk(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Some(received) = read(&mut stream).await else { return };
    let answer = {
        let mut state = state.lock().expect("nobody panics in here");
        state.received.push(received);
        let next = state.answers.pop_front().or_else(|| state.always.clone());
        (!state.silent).then(|| next.unwrap_or_else(|| "200 OK".to_owned()))
    };
    match answer.filter(|head| !head.is_empty()) {
        Some(head) => {
            let answer = format!("HTTP/1.1 {head}\r\ncontent-length: 4\r\n\r\nsaid");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
        None => sleep(Duration::from_secs(60)).await,
    }
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let (mut sent, mut buffer) = (Vec::new(), vec![0; 16 * 1024]);
    loop {
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        sent.extend_from_slice(&buffer[..count]);
        let Some(end) = sent.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&sent[..end]).ok()?;
        let headers: HeaderMap = head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .filter_map(|(name, value)| {
                Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?))
            })
            .collect();
        let length: usize = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
        if sent.len() >= end + 4 + length {
            return Some(Received { headers, body: sent[end + 4..].to_vec() });
        }
    }
}
