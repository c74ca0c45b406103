//! One attempt to send one webhook.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use axum::http::response::Parts;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::address::{Allowed, Target, resolve};
use super::outcome::{Answer, Attempt, NotReached, Outcome};
use super::signature::{SigningSecret, sign};

/// How large the head of an answer may be, in bytes.
const BUFFER: usize = 16 * 1024;

/// What all attempts share.
#[derive(Clone)]
pub struct Sender {
    tls: TlsConnector,
    /// How long a whole attempt may take. Standard Webhooks asks for 15 to 30 seconds.
    pub timeout: Duration,
}

/// What is sent. The receiver knows by the id that two attempts are of one message.
pub struct Message<'a> {
    /// Without a full stop: see [`sign`].
    pub id: &'a str,
    /// When this attempt is made, in seconds since 1970.
    pub timestamp: i64,
    /// JSON.
    pub body: Bytes,
    /// Those of the receiver that are valid now.
    pub secrets: &'a [SigningSecret],
}

impl Sender {
    /// Trusts whom the system trusts. Reads files: once, at the start.
    pub fn of_the_system() -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        // One that cannot be read must not stop a connection that another vouches for.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            tracing::warn!("the system has no root certificates: no webhook can be sent by https");
        }
        Self::new(roots)
    }

    /// Trusts these.
    pub fn new(roots: RootCertStore) -> Result<Self, rustls::Error> {
        let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { tls: Arc::new(tls).into(), timeout: Duration::from_secs(15) })
    }
}

/// Sends a message. Every way to fail is an outcome.
pub async fn send(
    sender: &Sender,
    target: &Target,
    allowed: &Allowed,
    message: &Message<'_>,
) -> Attempt {
    let start = Instant::now();
    let answer = exchange(sender, target, allowed, message, start + sender.timeout).await;
    let duration = start.elapsed();
    match answer {
        Ok((head, body)) => {
            let now = message.timestamp.saturating_add_unsigned(duration.as_secs());
            let outcome = Outcome::of(head.status, &head.headers, now);
            Attempt { outcome, answer: Some(Answer::new(head.status, &body)), duration }
        }
        Err(reason) => Attempt { outcome: Outcome::NotReached(reason), answer: None, duration },
    }
}

async fn exchange(
    sender: &Sender,
    target: &Target,
    allowed: &Allowed,
    message: &Message<'_>,
    deadline: Instant,
) -> Result<(Parts, Vec<u8>), NotReached> {
    let request = request(target, message).map_err(|_| NotReached::NotSendable)?;
    let addresses = within(deadline, resolve(target, allowed)).await?;
    let stream = within(deadline, connect(&addresses, sender.timeout)).await?;
    if !target.encrypted {
        return talk(stream, request, deadline).await;
    }
    let encrypted = within(deadline, encrypt(&sender.tls, target.host.clone(), stream)).await?;
    talk(encrypted, request, deadline).await
}

async fn within<T>(
    deadline: Instant,
    step: impl Future<Output = Result<T, NotReached>>,
) -> Result<T, NotReached> {
    timeout_at(deadline, step).await.unwrap_or(Err(NotReached::TimedOut))
}

fn request(
    target: &Target,
    message: &Message<'_>,
) -> Result<Request<Full<Bytes>>, axum::http::Error> {
    let &Message { id, timestamp, ref body, secrets } = message;
    Request::post(&*target.path)
        .header(HOST, &*target.authority)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("crewline/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", sign(secrets, id, timestamp, body))
        .body(Full::new(body.clone()))
}

/// Connects to the first address that can be reached.
async fn connect(addresses: &[SocketAddr], whole: Duration) -> Result<TcpStream, NotReached> {
    // An address that does not answer leaves time for the others.
    let share = whole.div_f64(addresses.len() as f64 + 1.0);
    let mut failed = NotReached::NotConnected;
    for address in addresses {
        failed = match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Without it a request is only slower.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                NotReached::ConnectionRefused
            }
            Ok(Err(_)) => NotReached::NotConnected,
            Err(_) => NotReached::TimedOut,
        };
    }
    Err(failed)
}

async fn encrypt(
    tls: &TlsConnector,
    host: ServerName<'static>,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, NotReached> {
    let failed = |error: io::Error| {
        use CertificateError as E;
        let error = error.get_ref().and_then(|error| error.downcast_ref());
        NotReached::Tls(match error {
            Some(rustls::Error::InvalidCertificate(error)) => match error {
                E::Expired | E::ExpiredContext { .. } => "the certificate has expired",
                E::NotValidForName | E::NotValidForNameContext { .. } => {
                    "the certificate is for another host"
                }
                E::UnknownIssuer => "the certificate is of an issuer that is not trusted",
                _ => "the certificate is not valid",
            },
            _ => "the handshake failed",
        })
    };
    tls.connect(host, stream).await.map_err(failed)
}

/// Sends the request and reads the beginning of the answer. The connection ends with this.
async fn talk<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    deadline: Instant,
) -> Result<(Parts, Vec<u8>), NotReached>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut requests, connection) = http1::Builder::new()
        .max_buf_size(BUFFER)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| NotReached::NoAnswer)?;
    let answer = async {
        let answer = requests.send_request(request);
        let answer = async { answer.await.map_err(|_| NotReached::NoAnswer) };
        let (head, body) = within(deadline, answer).await?.into_parts();
        let mut read = Vec::new();
        // The status is what counts: it does not matter that the rest is late or breaks off.
        let _ = timeout_at(deadline, beginning(body, &mut read)).await;
        Ok((head, read))
    };
    tokio::pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        // What the connection read before it ended can still be had.
        _ = connection => answer.await,
    }
}

async fn beginning(mut body: Incoming, read: &mut Vec<u8>) {
    while let Some(Ok(frame)) = body.frame().await {
        let data = frame.into_data().unwrap_or_default();
        read.extend_from_slice(&data[..data.len().min(Answer::READ - read.len())]);
        if read.len() == Answer::READ {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
