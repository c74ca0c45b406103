//! The least HTTP/1.1 client that will do: one keep-alive connection, one request at a time,
//! answers with a `content-length`.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer; the body is the connection's until the next request.
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
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
        Ok(Self { stream, buffer: Vec::with_capacity(256 * 1024) })
    }

    /// Sends a request, as it is, and reads its answer.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, String> {
        self.stream.write_all(request).await.map_err(|error| format!("not sent: {error}"))?;
        self.buffer.clear();
        let (status, body, end) = loop {
            self.read().await?;
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let (status, length) = head(&self.buffer[..at])?;
                break (status, at + 4, at + 4 + length);
            }
        };
        while self.buffer.len() < end {
            self.read().await?;
        }
        match self.buffer.len() == end {
            true => Ok(Answer { status, body: &self.buffer[body..] }),
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

/// The status and the content length.
fn head(head: &[u8]) -> Result<(u16, usize), String> {
    let head = std::str::from_utf8(head).map_err(|_| "the answer's head is not text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3));
    let status = status.and_then(|status| status.parse().ok()).ok_or("no HTTP/1.1 status line")?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Ok((status, length.ok_or("an answer without content-length")?))
}

/// A request with a JSON body; `authorization` with its scheme.
pub fn post(path: &str, authorization: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: {authorization}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
