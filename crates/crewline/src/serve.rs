//! `crewline serve`

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use server::app::{Settings, Traffic};
use server::background;
use server::faces;
use server::http::Limits;
use server::http::client::Proxies;
use server::http::cors::{self, Origin};
use server::http::listen;
use server::http::rate::{self, Limiter};
use server::metrics::{self, Metrics};
use server::network::Network;
use server::store::{Location, Startup};
use server::sweep::Retention;
use server::webhooks::Outgoing;
use server::webhooks::address::Entry;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::intake::Intake;
use crate::{Global, demo, log, open};

/// How long running requests have to finish after a signal.
const GRACE: Duration = Duration::from_secs(6);

#[derive(Args)]
pub struct Serve {
    /// Where to listen
    #[arg(long, env = "CREWLINE_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    listen: String,
    /// Where to serve metrics for Prometheus, at /metrics [default: nowhere]
    #[arg(long, env = "CREWLINE_METRICS", value_name = "ADDR")]
    metrics: Option<String>,
    /// Fill an empty database with the demo company and print calls to try; loopback only.
    /// Without --database the data is temporary
    #[arg(long)]
    demo: bool,
    /// Bytes that a request's body may have
    #[arg(long, env = "CREWLINE_MAX_BODY", default_value_t = Limits::default().max_body_bytes, value_name = "BYTES")]
    max_body: usize,
    #[command(flatten)]
    intake: Intake,
    /// Date ranges that an attach may have, and records of any other batch
    #[arg(long, env = "CREWLINE_MAX_RANGES", default_value_t = Limits::default().max_ranges, value_name = "N",
        value_parser = max_ranges)]
    max_ranges: usize,
    /// Days that refused records are kept, counted from when they were last refused
    #[arg(long, env = "CREWLINE_KEEP_REFUSALS", default_value_t = Retention::REFUSALS, value_name = "DAYS",
        value_parser = clap::value_parser!(u32).range(1..=MOST_DAYS))]
    keep_refusals: u32,
    /// Days that events are kept
    #[arg(long, env = "CREWLINE_KEEP_EVENTS", default_value_t = Retention::EVENTS, value_name = "DAYS",
        value_parser = clap::value_parser!(u32).range(1..=MOST_DAYS))]
    keep_events: u32,
    /// Origins whose pages may call, as scheme://host or scheme://host:port; * for any
    #[arg(
        long = "cors-origin",
        env = "CREWLINE_CORS_ORIGINS",
        value_delimiter = ',',
        value_name = "ORIGIN"
    )]
    cors_origins: Vec<Origin>,
    /// Where webhooks may go besides public addresses: an address, a network as 10.0.0.0/8, or a
    /// host name
    #[arg(
        long = "webhook-allow",
        env = "CREWLINE_WEBHOOK_ALLOW",
        value_delimiter = ',',
        value_name = "ENTRY"
    )]
    webhook_allow: Vec<Entry>,
    /// Requests a minute that each API key may send, as many of them at once
    #[arg(long, env = "CREWLINE_RATE_LIMIT", value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(rate::MOST)))]
    rate_limit: Option<u32>,
    /// Proxies whose X-Forwarded-For is believed: an address, or a network as 10.0.0.0/8
    #[arg(
        long = "trust-proxy",
        env = "CREWLINE_TRUST_PROXY",
        value_delimiter = ',',
        value_name = "ENTRY"
    )]
    trust_proxy: Vec<Network>,
    /// How to log
    #[arg(long, env = "CREWLINE_LOG_FORMAT", value_enum, default_value_t = log::Format::Text)]
    pub log_format: log::Format,
}

/// A hundred years.
const MOST_DAYS: i64 = 36_500;

fn max_ranges(text: &str) -> Result<usize, String> {
    let valid = text.parse().ok().filter(|n| (1..=Limits::MOST).contains(n));
    valid.ok_or_else(|| format!("it must be an integer from 1 to {}", Limits::MOST))
}

/// Whether somebody wants it to stop. Asked for before it says that it listens, so that
/// no signal is missed.
pub fn signalled() -> std::io::Result<watch::Receiver<bool>> {
    let (stop, stopped) = watch::channel(false);
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        let _ = stop.send(true);
    });
    Ok(stopped)
}

async fn bind_metrics(address: &str) -> Result<(TcpListener, SocketAddr), Startup> {
    let failed = |error: std::io::Error| Startup(format!("metrics on {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

impl Serve {
    pub async fn run(self, global: &Global) -> Result<(), Startup> {
        let failed = |error: std::io::Error| Startup(format!("{}: {error}", self.listen));
        let mut stopped = signalled().map_err(failed)?;
        let listener = TcpListener::bind(&self.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let scraped = match &self.metrics {
            Some(address) => Some(bind_metrics(address).await?),
            None => None,
        };
        if self.demo && !address.ip().is_loopback() {
            let message = format!("the demo's secret is known to all: {address} is not loopback");
            return Err(Startup(message));
        }
        let limits = Limits { max_body_bytes: self.max_body, max_ranges: self.max_ranges };
        let traffic = Traffic {
            rate_limit: self.rate_limit.map(Limiter::new),
            proxies: Proxies(self.trust_proxy),
        };
        let webhooks = Outgoing::new(self.webhook_allow.into_iter().collect());
        let settings = Settings { limits, webhooks, traffic };
        // Kept to the end: it goes with the server.
        let temporary = match self.demo && global.database.is_none() {
            true => Some(tempfile::tempdir().map_err(failed)?),
            false => None,
        };
        let location = match &temporary {
            Some(folder) => Location::Sqlite(folder.path().join("demo.db")),
            None => global.location()?,
        };
        let metrics = scraped.as_ref().map(|_| Metrics::on(&location)).unwrap_or_default();
        let app = async {
            let app = open(&location, settings, metrics).await?;
            if self.demo {
                demo::start(&app, address, global.output).await?;
            }
            Ok(app)
        };
        let app = tokio::select! {
            app = app => app?,
            _ = stopped.wait_for(|stop| *stop) => return Ok(()),
        };
        let intake = self.intake.bounds(self.max_body).fitted();
        let metrics_at = scraped.as_ref().map(|(_, address)| tracing::field::display(address));
        tracing::info!(%address, metrics = metrics_at, "listening");
        let mut scrapes = JoinSet::new();
        if let Some((listener, _)) = scraped {
            scrapes.spawn(metrics::serve(listener, &app));
        }
        let retention = Retention::days(self.keep_refusals, self.keep_events);
        let mut background = background::start(&app, retention);
        let (told, shared) = (stopped.clone(), Arc::clone(&app));
        let router = match self.cors_origins.is_empty() {
            true => faces::router(app),
            // Around everything, so that a page can also read errors.
            false => faces::router(app).layer(cors::layer(self.cors_origins)),
        };
        // The API document, which comes with the routes, took some megabytes for a moment.
        // Safety: it may be called at any time.
        unsafe { libmimalloc_sys::mi_collect(true) };
        let server = listen::serve(listener, router, intake, shared.metrics.clone(), told);
        let late = async {
            drop(stopped.wait_for(|stop| *stop).await);
            // Who waits for events would wait on.
            shared.feed.close();
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            () = server => {}
            () = late => tracing::warn!("some requests did not finish in time"),
        }
        background.stop().await;
        Ok(())
    }
}
