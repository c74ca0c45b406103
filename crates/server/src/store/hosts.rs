//! Which host a new connection to PostgreSQL goes to.
//!
//! tokio-postgres tries a URL's hosts one after the other, but has no end for one that takes the
//! connection and then says nothing. Here each host has its time, until the session is set up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::Connect;
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a host may take to be reached, unless the URL has a `connect_timeout`.
const REACH: Duration = Duration::from_secs(2);
/// How much longer it may take until the session is set up.
const SET_UP: Duration = Duration::from_secs(3);

/// Every session of ours. The server gives up a node that has vanished after 45 seconds, with what
/// its sessions hold: by itself it would take hours. A plan for any values saves an operation a
/// quarter of its time: planned for one user, a batch looks so cheap that it is planned each time.
const SESSION: &str = "SET statement_timeout = '30s'; SET lock_timeout = '10s'; \
    SET idle_in_transaction_session_timeout = '60s'; SET tcp_keepalives_idle = 30; \
    SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET timezone = 'UTC'; \
    SET plan_cache_mode = force_generic_plan";

/// The hosts of a URL.
pub struct Hosts {
    hosts: Vec<Config>,
    tls: MakeRustlsConnect,
    /// How long each of them may take.
    patience: Duration,
    /// Which one served last.
    last: AtomicUsize,
}

impl Hosts {
    pub fn of(config: &mut Config, tls: MakeRustlsConnect) -> Self {
        let reach = config.get_connect_timeout().copied().unwrap_or(REACH);
        let hosts = split(config.connect_timeout(reach));
        Self { hosts, tls, patience: reach + SET_UP, last: AtomicUsize::new(0) }
    }

    /// How long all of them may take.
    pub fn patience(&self) -> Duration {
        self.hosts.iter().map(|_| self.patience).sum()
    }

    async fn session(&self, nth: usize) -> Result<(Client, JoinHandle<()>), Error> {
        let (client, connection) = self.hosts[nth].connect(self.tls.clone()).await?;
        // It ends with its client.
        let task = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(%error, "a connection to PostgreSQL ended");
            }
        });
        client.batch_execute(SESSION).await?;
        self.last.store(nth, Ordering::Relaxed);
        Ok((client, task))
    }
}

impl Connect for Hosts {
    /// Begins with the host that served last.
    fn connect(&self, _: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        Box::pin(async move {
            let (last, count) = (self.last.load(Ordering::Relaxed), self.hosts.len());
            for nth in 1..count {
                let nth = (last + nth - 1) % count;
                let why = match timeout(self.patience, self.session(nth)).await {
                    Ok(Ok(session)) => return Ok(session),
                    Ok(Err(error)) => super::Error::from(error).told(),
                    Err(late) => late.to_string(),
                };
                let (hosts, ports) = (self.hosts[nth].get_hosts(), self.hosts[nth].get_ports());
                tracing::warn!(?hosts, ?ports, why, "a host of PostgreSQL is skipped");
            }
            // The pool's time for all ends this one.
            self.session((last + count - 1) % count).await
        })
    }
}

/// One for each host. What does not fit together stays as it is, and says so when it is used.
fn split(all: &Config) -> Vec<Config> {
    let (hosts, addresses, ports) = (all.get_hosts(), all.get_hostaddrs(), all.get_ports());
    let count = hosts.len().max(addresses.len());
    let fits = [0, count].contains(&hosts.len())
        && [0, count].contains(&addresses.len())
        && [0, 1, count].contains(&ports.len());
    if count < 2 || !fits {
        return vec![all.clone()];
    }
    (0..count).map(|nth| only(all, nth)).collect()
}

fn only(all: &Config, nth: usize) -> Config {
    let mut one = Config::new();
    match all.get_hosts().get(nth) {
        Some(Host::Tcp(name)) => Some(one.host(name)),
        Some(Host::Unix(path)) => Some(one.host_path(path)),
        None => None,
    };
    all.get_hostaddrs().get(nth).map(|address| one.hostaddr(*address));
    let port = all.get_ports().get(nth).or(all.get_ports().first());
    port.map(|port| one.port(*port));
    all.get_user().map(|user| one.user(user));
    all.get_password().map(|password| one.password(password));
    all.get_dbname().map(|name| one.dbname(name));
    all.get_options().map(|options| one.options(options));
    all.get_application_name().map(|name| one.application_name(name));
    all.get_connect_timeout().map(|time| one.connect_timeout(*time));
    all.get_tcp_user_timeout().map(|time| one.tcp_user_timeout(*time));
    all.get_keepalives_interval().map(|time| one.keepalives_interval(time));
    all.get_keepalives_retries().map(|retries| one.keepalives_retries(retries));
    one.keepalives(all.get_keepalives())
        .keepalives_idle(all.get_keepalives_idle())
        .ssl_mode(all.get_ssl_mode())
        .ssl_negotiation(all.get_ssl_negotiation())
        .channel_binding(all.get_channel_binding())
        .target_session_attrs(all.get_target_session_attrs())
        .load_balance_hosts(all.get_load_balance_hosts());
    one
}
