//! The least HTTP/1.1 client that will do: one keep-alive connection, one request at a time,
//! answers with a `content-length`.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer; the body is the connection's until the next request.
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
    /// Whether it says when to try again.
    pub retry_after: bool,
    /// Whether the connection ends with it.
    pub closes: bool,
}

impl Answer<'_> {
    /// The status and the beginning of the body, for messages.
    pub fn words(&self) -> String {
        let body = &self.body[..self.body.len().min(300)];
        format!("HTTP {} {}", self.status, String::from_utf8_lossy(body))
    }
}

pub struct Connection {
    stream: TcpStream,
    /// The answer, from its first byte.
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Sends a request, as it is, and reads its answer.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, String> {
        self.stream.write_all(request).await.map_err(|error| format!("not sent: {error}"))?;
        self.buffer.clear();
        let (Head { status, length, retry_after, closes }, body) = loop {
            self.read().await?;
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break (head(&self.buffer[..at])?, at + 4);
            }
        };
        let end = body + length;
        while self.buffer.len() < end {
            self.read().await?;
        }
        match self.buffer.len() == end {
            true => Ok(Answer { status, body: &self.buffer[body..], retry_after, closes }),
            false => Err("the answer is longer than its content-length".to_owned()),
        }
    }

    async fn read(&mut self) -> Result<(), String> {
        self.buffer.reserve(64 * 1024);
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) => Err("the server closed the connection".to_owned()),
            Ok(_) => Ok(()),
            Err(error) => Err(format!("no answer: {error}")),
        }
    }
}

/// What is looked at of an answer's head.
struct Head {
    status: u16,
    length: usize,
    retry_after: bool,
    closes: bool,
}

fn head(head: &[u8]) -> Result<Head, String> {
    let head = std::str::from_utf8(head).map_err(|_| "the answer's head is not text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3));
    let status = status.and_then(|status| status.parse().ok()).ok_or("no HTTP/1.1 status line")?;
    let (mut length, mut retry_after, mut closes) = (None, false, false);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok();
        }
        retry_after |= name.eq_ignore_ascii_case("retry-after");
        closes |= name.eq_ignore_ascii_case("connection") && value.trim() == "close";
    }
    let length = length.ok_or("an answer without content-length")?;
    Ok(Head { status, length, retry_after, closes })
}
