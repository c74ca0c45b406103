//! The listening side: how many connections are taken, and how long each is waited for.
//!
//! A connection is a task. Who is slow is let go after a time, whatever it is slow at, and holds
//! nothing but its place meanwhile. Who finds no place is told so.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, sleep_until, timeout};
use tower::Service as _;

use super::Problem;
use super::bodies::Bodies;
use super::pace::{Late, Pace, Paced, Patience, SHORTLY, Told};
use super::request::request_id;
use crate::metrics::Metrics;

/// What may come in.
#[derive(Clone, Copy, Debug)]
pub struct Intake {
    /// Connections at once.
    pub connections: usize,
    pub patience: Patience,
    /// Until a body is complete.
    pub body: Duration,
    /// Bytes of all bodies that are in memory.
    pub bodies: usize,
}

/// Files that are open besides connections: the database's, those of webhooks, the log.
const OTHER_FILES: usize = 256;
/// Connections that are told at once that there is no place; others wait to be taken.
const REFUSED: usize = 128;
/// Bytes of a head.
const HEAD: usize = 32 * 1024;
/// Bytes that are read ahead, or written behind.
const BUFFER: usize = 64 * 1024;

impl Intake {
    /// Fits it to how many files may be open, which it raises as far as it may.
    pub fn fitted(self) -> Self {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
        let open = if raised.is_ok() { maximum } else { current };
        let open = open.and_then(|open| usize::try_from(open).ok()).unwrap_or(usize::MAX);
        let fit = open.saturating_sub(OTHER_FILES).max(1);
        if fit < self.connections {
            let wanted = self.connections;
            tracing::warn!(wanted, fit, open, "the limit of open files allows fewer connections");
        }
        Self { connections: self.connections.min(fit).min(Semaphore::MAX_PERMITS), ..self }
    }
}

/// What all connections have in common.
struct Shared {
    http: http1::Builder,
    router: Router,
    bodies: Bodies,
    patience: Patience,
    metrics: Metrics,
    stopped: watch::Receiver<bool>,
}

/// Serves what comes in until it is told to stop and the last connection has ended.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    intake: Intake,
    metrics: Metrics,
    mut stopped: watch::Receiver<bool>,
) {
    let mut http = http1::Builder::new();
    http.max_header_size(HEAD).max_buf_size(BUFFER);
    let bodies = Bodies::new(intake.bodies, intake.body);
    let (patience, stop) = (intake.patience, stopped.clone());
    let shared = Arc::new(Shared { http, router, bodies, patience, metrics, stopped: stop });
    let places = Arc::new(Semaphore::new(intake.connections));
    let refused = Arc::new(Semaphore::new(REFUSED));
    tokio::select! {
        () = accept(&listener, &shared, &places, &refused) => {}
        _ = stopped.wait_for(|stop| *stop) => {}
    }
    // Whoever comes now finds nobody, not a queue.
    drop(listener);
    let all = u32::try_from(intake.connections).unwrap_or(u32::MAX);
    let _ = places.acquire_many(all).await;
}

/// Takes connections, each with a place, or with leave to be told that there is none.
async fn accept(
    listener: &TcpListener,
    shared: &Arc<Shared>,
    places: &Arc<Semaphore>,
    refused: &Arc<Semaphore>,
) {
    loop {
        let leave = tokio::select! {
            biased;
            place = Arc::clone(places).acquire_owned() => place.map(Ok),
            leave = Arc::clone(refused).acquire_owned() => leave.map(Err),
        };
        let Ok(leave) = leave else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(taken) => taken,
            Err(error) if is_its_own(&error) => continue,
            Err(error) => {
                // Mostly there are too many open files: trying at once would only spin.
                tracing::error!(%error, "no connection can be taken");
                sleep(SHORTLY).await;
                continue;
            }
        };
        // Answers are small and complete: nothing is gained by waiting for more to send.
        let _ = stream.set_nodelay(true);
        // One may have become free while nobody came.
        let leave =
            leave.or_else(|leave| Arc::clone(places).try_acquire_owned().map_err(|_| leave));
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            match &leave {
                Ok(_place) => {
                    let _counted = shared.metrics.connection();
                    shared.connection(&shared.http, stream, peer).await;
                }
                Err(_leave) => shared.no_place(stream, peer).await,
            }
            drop(leave);
        });
    }
}

/// Whether only the connection is to blame.
fn is_its_own(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionRefused
            | Kind::ConnectionAborted
            | Kind::ConnectionReset
            | Kind::Interrupted
    )
}

impl Shared {
    /// Serves a connection to its end.
    async fn connection(&self, http: &http1::Builder, stream: TcpStream, peer: SocketAddr) {
        let pace = Pace::new(self.bodies.answers().clone());
        let noted = Arc::clone(&pace);
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            pace.asked();
            let extensions = request.extensions_mut();
            extensions.insert(ConnectInfo(peer));
            extensions.insert(self.bodies.clone());
            let (answering, pace) = (self.router.clone().call(request), Arc::clone(&pace));
            async move {
                let response = answering.await?;
                pace.told(response.body().size_hint().exact());
                Ok::<_, Infallible>(response.map(|body| Told { body, pace }))
            }
        });
        let io = TokioIo::new(Paced { stream, pace: Arc::clone(&noted) });
        let mut connection = http.serve_connection(io, service);
        let mut timer = pin!(sleep_until((Instant::now() + self.patience.header).into()));
        let mut stopped = self.stopped.clone();
        let mut stop = pin!(stopped.wait_for(|stop| *stop));
        let mut stopping = false;
        let late = poll_fn(|context| {
            if !stopping && stop.as_mut().poll(context).is_ready() {
                stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            // How it ended is nobody's: who hangs up has a line in the log.
            if Pin::new(&mut connection).poll(context).is_ready() {
                return Poll::Ready(None);
            }
            // The timer stands at the earliest that was ever due, and is mostly too early.
            if let Some((late, due)) = noted.due(&self.patience)
                && again(late, due) < timer.deadline().into_std()
            {
                timer.as_mut().reset(again(late, due).into());
            }
            while timer.as_mut().poll(context).is_ready() {
                let now = Instant::now();
                match noted.due(&self.patience) {
                    Some((late, due)) if due <= now => return Poll::Ready(Some(late)),
                    Some((late, due)) => timer.as_mut().reset(again(late, due).into()),
                    None => timer.as_mut().reset((now + self.patience.header).into()),
                }
            }
            Poll::Pending
        })
        .await;
        let Some(late) = late else { return };
        self.metrics.timed_out(late);
        let Paced { stream, .. } = connection.into_parts().io.into_inner();
        match late {
            Late::Head => {
                farewell(stream, Problem::too_slow("head", self.patience.header)).await;
            }
            // What is not taken is not kept for it.
            Late::Stuck => drop(stream.set_zero_linger()),
            Late::New | Late::Idle => {}
        }
    }

    /// Says that there is no place; but who looks after the server is answered also now.
    async fn no_place(&self, stream: TcpStream, peer: SocketAddr) {
        let mut head = [0; 13];
        let asked = timeout(SHORTLY, stream.peek(&mut head)).await;
        let health = [b"GET /healthz ".as_slice(), b"GET /readyz "];
        if matches!(asked, Ok(Ok(_))) && health.iter().any(|asked| head.starts_with(asked)) {
            let mut http = self.http.clone();
            http.keep_alive(false);
            // It has little time: half heads would take the leave of all others.
            let _ = timeout(SHORTLY, self.connection(&http, stream, peer)).await;
            return;
        }
        self.metrics.no_place();
        farewell(stream, Problem::busy("There are too many connections; try again")).await;
    }
}

/// When to look again at what is due. How long who takes nothing is waited for depends on the others.
fn again(late: Late, due: Instant) -> Instant {
    match late {
        Late::Stuck => due.min(Instant::now() + SHORTLY),
        Late::New | Late::Head | Late::Idle => due,
    }
}

/// Answers a connection whose request is not known, and ends it.
async fn farewell(mut stream: TcpStream, problem: Problem) {
    let request_id = request_id();
    let (status, message) = (problem.status.as_u16(), problem.message.as_str());
    tracing::debug!(request_id, status, message, "a connection was ended");
    let answer = problem.farewell(&request_id);
    let ended = async {
        stream.write_all(&answer).await?;
        stream.shutdown().await?;
        // Closed with something unread, it would be reset under the answer.
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}
        io::Result::Ok(())
    };
    let _ = timeout(SHORTLY, ended).await;
}
