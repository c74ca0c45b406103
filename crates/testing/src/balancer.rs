//! A balancer of connections: each goes to the next backend, and one that refuses is skipped.
//!
//! It looks at nothing that passes, and cuts no connection when the backends change.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinHandle;

/// Where connections go.
#[derive(Clone, Debug)]
pub enum Backend {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Backend {
    async fn connect(&self) -> std::io::Result<Box<dyn Stream>> {
        match self {
            Backend::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
            Backend::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        }
    }
}

/// A balancer on this machine. It goes when this goes.
pub struct Balancer {
    pub address: SocketAddr,
    backends: Arc<Mutex<Vec<Backend>>>,
    task: JoinHandle<()>,
}

impl Balancer {
    pub async fn new(backends: Vec<Backend>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let backends = Arc::new(Mutex::new(backends));
        let shared = Arc::clone(&backends);
        let task = tokio::spawn(async move {
            for nth in 0.. {
                let Ok((client, _)) = listener.accept().await else { return };
                let mut backends = shared.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let next = nth % backends.len().max(1);
                backends.rotate_left(next);
                tokio::spawn(pass(client, backends));
            }
        });
        Self { address, backends, task }
    }

    /// New connections go to these from now on.
    pub fn turn_to(&self, backends: Vec<Backend>) {
        *self.backends.lock().unwrap_or_else(PoisonError::into_inner) = backends;
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Passes all that is said on, to the first backend that can be reached.
async fn pass(mut client: TcpStream, backends: Vec<Backend>) {
    let _ = client.set_nodelay(true);
    for backend in backends {
        if let Ok(mut stream) = backend.connect().await {
            let _ = copy_bidirectional(&mut client, &mut stream).await;
            return;
        }
    }
}
