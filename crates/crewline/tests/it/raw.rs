//! Requests byte by byte, for clients that no library would be.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;
use testing::{Client, Server};

use crate::{basic, binary};

/// The demo's server with some options, and a token.
pub fn demo(options: &[&str]) -> (Server, String) {
    let server = Server::start(binary(), &[&["--demo"], options].concat());
    let token = token(server.address);
    (server, token)
}

pub fn token(address: SocketAddr) -> String {
    let mut client = Client::connect(address, &basic("demo", "demo-secret")).unwrap();
    let path = "/v1/oauth/token?grant_type=client_credentials";
    let (_, pair) = client.call("POST", path, "").unwrap();
    format!("Bearer {}", pair["access_token"].as_str().unwrap())
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

pub fn send(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
}

/// The head of a request with a body of that length.
pub fn head(token: &str, path: &str, length: usize, more: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: test\r\nauthorization: {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n{more}\r\n"
    )
}

/// What comes next. A signal may interrupt a read that has a time-out.
pub fn read(stream: &mut TcpStream, piece: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(piece) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// What comes until the other side ends.
pub fn rest(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match read(stream, &mut piece) {
            Ok(0) => break,
            Ok(length) => said.extend(&piece[..length]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}: {}", String::from_utf8_lossy(&said)),
        }
    }
    String::from_utf8_lossy(&said).into_owned()
}

/// An answer: its head, and its body.
pub fn answer(stream: &mut TcpStream) -> (String, Value) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a head");
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).expect("a body");
    (head, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// Sends a byte every now and then until the other side ends; what it said, and how long it took.
pub fn trickle(mut stream: TcpStream, begin: &str) -> (String, Duration) {
    let begun = Instant::now();
    send(&mut stream, begin);
    let mut sending = stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        while begun.elapsed() < Duration::from_secs(30) && sending.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let said = rest(&mut stream);
    let took = begun.elapsed();
    drop(stream.shutdown(std::net::Shutdown::Both));
    sender.join().unwrap();
    (said, took)
}
