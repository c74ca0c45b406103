//! The data that every run starts from: a company with 10,000 users and 1,000 contracts
//! without bounds, made once per binary and engine through the API, and copied for each run.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::body::{CONTRACTS, SOURCE, USERS, contract, user};
use crate::client::{Connection, post};
use crate::failure::{Failure, Result, failed};
use crate::postgres::Cluster;
use crate::servers::{self, Server};

/// Connections that fill a database.
const FILLERS: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        }
    }
}

/// Where databases are put.
pub struct Places {
    pub folder: PathBuf,
    /// There when anything is measured on PostgreSQL.
    pub cluster: Option<Arc<Cluster>>,
}

/// A database to copy, and who may use it.
pub struct Fixture {
    database: Database,
    key: String,
    secret: String,
}

enum Database {
    Sqlite { template: PathBuf, copy: PathBuf },
    Postgres { cluster: Arc<Cluster>, template: String, copy: String },
}

impl Fixture {
    /// Makes the data with a binary; `label` keeps it apart from that of other binaries.
    pub async fn make(binary: &Path, engine: Engine, label: &str, places: &Places) -> Result<Self> {
        let database = Database::new(engine, label, places)?;
        let url = database.create().await?;
        let company =
            servers::json(binary, &url, &["company", "create", "--name", "Bench"]).await?;
        let company = company["id"].to_string();
        let key = servers::json(binary, &url, &["key", "create", "--company", &company]).await?;
        let text = |name: &str| {
            let text = key[name].as_str().map(str::to_owned);
            text.ok_or_else(|| Failure(format!("crewline key create gave no {name}")))
        };
        let fixture = Self { database, key: text("key")?, secret: text("secret")? };
        let server = Server::crewline(binary, &url).await?;
        let token = fixture.token(server.address).await?;
        fill(server.address, &token).await?;
        server.stop().await?;
        fixture.database.settle().await?;
        Ok(fixture)
    }

    /// The URL of a fresh copy, in place of the one before.
    pub async fn fresh(&self) -> Result<String> {
        match &self.database {
            Database::Sqlite { template, copy } => copy_file(template, copy)?,
            Database::Postgres { cluster, template, copy } => {
                cluster.copy(template, copy).await?;
                // Every run begins at the same distance from the last checkpoint.
                cluster.sql("CHECKPOINT").await?;
            }
        }
        Ok(self.database.copy_url())
    }

    pub fn cluster(&self) -> Option<&Cluster> {
        match &self.database {
            Database::Sqlite { .. } => None,
            Database::Postgres { cluster, .. } => Some(cluster),
        }
    }

    /// A bearer token from a running server.
    pub async fn token(&self, server: SocketAddr) -> Result<String> {
        let basic = STANDARD.encode(format!("{}:{}", self.key, self.secret));
        let path = "/v1/oauth/token?grant_type=client_credentials";
        let request = post(path, &format!("Basic {basic}"), "");
        let answer = once(server, &request).await?;
        let token = answer["access_token"].as_str().map(str::to_owned);
        token.ok_or_else(|| Failure("the server gave no access_token".to_owned()))
    }
}

impl Database {
    fn new(engine: Engine, label: &str, places: &Places) -> Result<Self> {
        Ok(match engine {
            Engine::Sqlite => Self::Sqlite {
                template: places.folder.join(format!("{label}.db")),
                copy: places.folder.join(format!("{label}-run.db")),
            },
            Engine::Postgres => Self::Postgres {
                cluster: places.cluster.clone().ok_or_else(|| Failure("no cluster".to_owned()))?,
                template: format!("template_{label}"),
                copy: format!("run_{label}"),
            },
        })
    }

    /// Makes an empty database; its URL.
    async fn create(&self) -> Result<String> {
        match self {
            Self::Sqlite { template, .. } => Ok(format!("sqlite:{}", template.display())),
            Self::Postgres { cluster, template, .. } => {
                cluster.sql(&format!("CREATE DATABASE {template}")).await?;
                Ok(cluster.url(template))
            }
        }
    }

    /// Leaves the filled database as one that has been in use for a while.
    async fn settle(&self) -> Result<()> {
        match self {
            Self::Sqlite { .. } => Ok(()),
            Self::Postgres { cluster, template, .. } => {
                cluster.sql_in(template, "VACUUM ANALYZE").await
            }
        }
    }

    fn copy_url(&self) -> String {
        match self {
            Self::Sqlite { copy, .. } => format!("sqlite:{}", copy.display()),
            Self::Postgres { cluster, copy, .. } => cluster.url(copy),
        }
    }
}

/// Copies a SQLite database that nobody uses, with the WAL that may be beside it, to the disk:
/// nothing is left to be written while a run is measured.
fn copy_file(template: &Path, copy: &Path) -> Result<()> {
    let beside = |path: &Path, suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    for suffix in ["", "-wal", "-shm", "-migrate"] {
        let (from, to) = (beside(template, suffix), beside(copy, suffix));
        if to.exists() {
            std::fs::remove_file(&to).map_err(failed(to.display()))?;
        }
        if matches!(suffix, "" | "-wal") && from.exists() {
            std::fs::copy(&from, &to).map_err(failed(from.display()))?;
            let file = File::open(&to).map_err(failed(to.display()))?;
            file.sync_all().map_err(failed(to.display()))?;
        }
    }
    Ok(())
}

/// Sends one request on a connection of its own.
async fn once(server: SocketAddr, request: &[u8]) -> Result<Value> {
    let mut connection = Connection::open(server).await.map_err(failed(server))?;
    let answer = connection.exchange(request).await.map_err(Failure)?;
    match answer.status {
        200 => serde_json::from_slice(answer.body).map_err(failed("the answer")),
        _ => Err(Failure(answer.words())),
    }
}

/// Creates the client, the contracts and the users.
async fn fill(server: SocketAddr, token: &str) -> Result<()> {
    let bearer = format!("Bearer {token}");
    let request = |path: &str, mut body: Value| {
        body["metadata"] = json!({"source": SOURCE});
        post(&format!("/v2/integrations/{path}"), &bearer, &body.to_string())
    };
    once(server, &request("clients", json!({"id": "client", "name": "Client"}))).await?;
    let contracts = (0..CONTRACTS).map(|nth| {
        let body = json!({"id": contract(nth), "name": contract(nth), "client_id": "client"});
        request("contracts", body)
    });
    let users = (0..USERS).map(|nth| {
        let id = user(nth);
        let email = format!("{id}@example.com");
        let body = json!({"id": id, "email": email, "first_name": "First", "last_name": "Last"});
        request("users", body)
    });
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(contracts.chain(users).collect());
    let next = Arc::new(AtomicUsize::new(0));
    let mut fillers = JoinSet::new();
    for _ in 0..FILLERS {
        fillers.spawn(send(server, Arc::clone(&requests), Arc::clone(&next)));
    }
    while let Some(filler) = fillers.join_next().await {
        filler.map_err(failed("filling"))?.map_err(failed("filling the database"))?;
    }
    Ok(())
}

/// Takes requests from the list until there are no more.
async fn send(
    server: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
) -> Result<()> {
    let mut connection = Connection::open(server).await.map_err(failed(server))?;
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let answer = connection.exchange(request).await.map_err(Failure)?;
        if answer.status != 200 {
            return Err(Failure(answer.words()));
        }
    }
    Ok(())
}
