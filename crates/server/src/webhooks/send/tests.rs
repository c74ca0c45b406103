use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use axum::http::HeaderMap;
use axum::http::header::{HeaderName, HeaderValue};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;
use crate::clock::Clock;

const BODY: &[u8] = br#"{"type":"contract.created"}"#;

/// Answers one request as it is told to and then waits for the client to go. What it was sent,
/// and whether all of the answer could be written.
fn talk_back(mut stream: impl Read + Write, answer: &[u8]) -> (String, bool) {
    let (mut sent, mut buffer) = (Vec::new(), [0; 4096]);
    while !sent.ends_with(BODY) {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return (String::from_utf8(sent).unwrap(), false),
            Ok(read) => sent.extend(&buffer[..read]),
        }
    }
    let written = stream.write_all(answer).and_then(|()| stream.flush()).is_ok();
    // An empty answer is a connection that breaks.
    while !answer.is_empty() && matches!(stream.read(&mut buffer), Ok(1..)) {}
    (String::from_utf8(sent).unwrap(), written)
}

type Heard = JoinHandle<(String, bool)>;

/// A server on this machine, for one connection.
fn serve(answer: impl Into<Vec<u8>>, tls: Option<Arc<ServerConfig>>) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = answer.into();
    let heard = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        match tls {
            Some(tls) => {
                let tls = ServerConnection::new(tls).unwrap();
                talk_back(StreamOwned::new(tls, stream), &answer)
            }
            None => talk_back(stream, &answer),
        }
    });
    (port, heard)
}

async fn attempt(sender: &Sender, url: &str, secrets: &[SigningSecret]) -> Attempt {
    let allowed: Allowed = ["127.0.0.1".parse().unwrap()].into_iter().collect();
    let target = Target::parse(url, &allowed).unwrap();
    let timestamp = Clock::System.now().as_second();
    let message = Message { id: "msg_1", timestamp, body: BODY.into(), secrets };
    send(sender, &target, &allowed, &message).await
}

/// What comes of an answer.
async fn answered(answer: impl Into<Vec<u8>>) -> Attempt {
    let (port, heard) = serve(answer, None);
    let sender = Sender::new(RootCertStore::empty()).unwrap();
    let attempt = attempt(&sender, &format!("http://127.0.0.1:{port}/"), &[]).await;
    heard.join().unwrap();
    attempt
}

fn answer(status: u16, body: &str) -> Option<Answer> {
    Some(Answer { status, body: body.to_owned() })
}

#[tokio::test]
async fn the_request() {
    let (port, heard) = serve("HTTP/1.1 204 No Content\r\n\r\n", None);
    let sender = Sender::new(RootCertStore::empty()).unwrap();
    let secret = SigningSecret::random().unwrap();
    let url = format!("http://127.0.0.1:{port}/hooks?a=b");
    let attempt = attempt(&sender, &url, std::slice::from_ref(&secret)).await;
    assert_eq!((attempt.outcome, attempt.answer), (Outcome::Delivered, answer(204, "")));
    assert!(attempt.duration < sender.timeout);

    let (sent, _) = heard.join().unwrap();
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    assert_eq!(line, "POST /hooks?a=b HTTP/1.1");
    let headers: HeaderMap = headers
        .lines()
        .map(|line| line.split_once(": ").unwrap())
        .map(|(k, v)| (k.parse::<HeaderName>().unwrap(), v.parse::<HeaderValue>().unwrap()))
        .collect();
    assert_eq!(headers["host"], format!("127.0.0.1:{port}"));
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["content-length"], BODY.len().to_string());
    assert_eq!(headers["user-agent"], concat!("crewline/", env!("CARGO_PKG_VERSION")));
    assert_eq!(headers["webhook-id"], "msg_1");
    assert_eq!(headers.len(), 7);
    let official = standardwebhooks::Webhook::new(secret.reveal()).unwrap();
    official.verify(body.as_bytes(), &headers).unwrap();
}

#[tokio::test]
async fn answers() {
    let refused =
        |seconds: Option<u64>| Outcome::Refused { retry_after: seconds.map(Duration::from_secs) };
    for (head, outcome, status) in [
        ("200 OK", Outcome::Delivered, 200),
        ("500 Internal Server Error", refused(None), 500),
        ("429 Too Many Requests\r\nretry-after: 120", refused(Some(120)), 429),
        (
            "503 Service Unavailable\r\nretry-after: Tue, 01 Jan 2999 00:00:00 GMT",
            refused(Some(86_400)),
            503,
        ),
        ("410 Gone", Outcome::Gone, 410),
        ("302 Found\r\nlocation: /elsewhere", refused(None), 302),
        ("100 Continue\r\n\r\nHTTP/1.1 200 OK", Outcome::Delivered, 200),
    ] {
        let attempt = answered(format!("HTTP/1.1 {head}\r\ncontent-length: 4\r\n\r\ntext")).await;
        assert_eq!((attempt.outcome, attempt.answer), (outcome, answer(status, "text")), "{head}");
    }
}

#[tokio::test]
async fn a_huge_body_is_cut() {
    let size = 64 << 20;
    let mut huge = format!("HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n").into_bytes();
    huge.resize(huge.len() + size, b'x');
    let (port, heard) = serve(huge, None);
    let sender = Sender::new(RootCertStore::empty()).unwrap();
    let attempt = attempt(&sender, &format!("http://127.0.0.1:{port}"), &[]).await;
    assert_eq!(attempt.outcome, Outcome::Delivered);
    assert_eq!(attempt.answer, answer(200, &"x".repeat(1024)));
    let (_, written) = heard.join().unwrap();
    assert!(!written, "the connection was dropped");
}

#[tokio::test]
async fn a_body_that_breaks_off_or_stalls() {
    let sender = Sender::new(RootCertStore::empty()).unwrap();
    let sender = Sender { timeout: Duration::from_millis(300), ..sender };
    let (port, heard) = serve("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfirst", None);
    let attempt = attempt(&sender, &format!("http://127.0.0.1:{port}"), &[]).await;
    assert_eq!((attempt.outcome, attempt.answer), (Outcome::Delivered, answer(200, "first")));
    heard.join().unwrap();
}

#[tokio::test]
async fn no_answer() {
    for garbage in ["", "SSH-2.0-OpenSSH_9.9\r\n", "HTTP/1.1 200 OK\r\nno header\r\n\r\n"] {
        let attempt = answered(garbage).await;
        assert_eq!(attempt.outcome, Outcome::NotReached(NotReached::NoAnswer), "{garbage}");
        assert_eq!(attempt.answer, None);
    }
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(1 << 20));
    assert_eq!(answered(long).await.outcome, Outcome::NotReached(NotReached::NoAnswer));

    let sender = Sender::new(RootCertStore::empty()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let slow = Sender { timeout: Duration::from_millis(100), ..sender.clone() };
    for scheme in ["http", "https"] {
        let attempt = attempt(&slow, &format!("{scheme}://{address}"), &[]).await;
        assert_eq!(attempt.outcome, Outcome::NotReached(NotReached::TimedOut));
        assert!(attempt.duration >= slow.timeout && attempt.duration < sender.timeout);
    }
    drop(listener);
    for (url, reason) in [
        (format!("http://{address}"), NotReached::ConnectionRefused),
        ("https://nobody.invalid".to_owned(), NotReached::NotResolved),
    ] {
        assert_eq!(attempt(&sender, &url, &[]).await.outcome, Outcome::NotReached(reason));
    }
}

#[tokio::test]
async fn an_address_that_is_not_allowed_is_not_called() {
    let sender = Sender::new(RootCertStore::empty()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let none = Allowed::default();
    let target = Target::parse(&format!("https://localhost:{port}"), &none).unwrap();
    let message = Message { id: "msg_1", timestamp: 0, body: BODY.into(), secrets: &[] };
    let attempt = send(&sender, &target, &none, &message).await;
    assert_eq!(attempt.outcome, Outcome::NotReached(NotReached::NotAllowed));
    assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn certificates() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate: CertificateDer<'static> = cert.der().clone();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let tls = Arc::new(tls);
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let (trusting, strict) =
        (Sender::new(roots).unwrap(), Sender::new(RootCertStore::empty()).unwrap());

    let failed = |reason| Outcome::NotReached(NotReached::Tls(reason));
    let unknown = failed("the certificate is of an issuer that is not trusted");
    for (sender, host, outcome) in [
        (&trusting, "localhost", Outcome::Delivered),
        (&trusting, "LOCALHOST", Outcome::Delivered),
        (&strict, "localhost", unknown),
        (&trusting, "127.0.0.1", failed("the certificate is for another host")),
    ] {
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        let (port, heard) = serve(answer, Some(Arc::clone(&tls)));
        let attempt = attempt(sender, &format!("https://{host}:{port}"), &[]).await;
        assert_eq!(attempt.outcome, outcome);
        assert_eq!(heard.join().unwrap().1, outcome == Outcome::Delivered);
    }

    // One that does not speak TLS.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let plain = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        stream
    });
    assert_eq!(attempt(&trusting, &url, &[]).await.outcome, failed("the handshake failed"));
    plain.join().unwrap();
}

#[tokio::test]
async fn an_id_that_no_header_can_carry() {
    let sender = Sender::new(RootCertStore::empty()).unwrap();
    let none = Allowed::default();
    let target = Target::parse("https://localhost", &none).unwrap();
    let message = Message { id: "a\r\nb", timestamp: 0, body: BODY.into(), secrets: &[] };
    let attempt = send(&sender, &target, &none, &message).await;
    assert_eq!(attempt.outcome, Outcome::NotReached(NotReached::NotSendable));
}
