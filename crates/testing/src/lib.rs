//! What tests stand on: a throw-away PostgreSQL, a fresh database on either engine, the real
//! router, and a check of every answer against the API document.

mod api;
mod balancer;
mod cluster;
mod conformance;
mod disk;
mod metrics;
mod operations;
mod process;
mod receiver;
mod rows;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::{Currency, Name};
use server::app::{App, Settings, Shared, Traffic};
use server::background::{self, Background};
use server::clock::Clock;
use server::http::Limits;
use server::keys::Rights;
use server::secret::Secret;
use server::store::{Location, Options, Store};
use server::webhooks::Outgoing;
use server::{companies, keys, tokens};
use tempfile::TempDir;

pub use api::{Answer, Api};
pub use balancer::{Backend, Balancer};
pub use cluster::{Cluster, alone, postgres_binaries, with_small_disk, with_tls};
pub use conformance::document;
pub use disk::SmallDisk;
pub use metrics::{Kind, Metrics};
pub use operations::{Operation, operations};
pub use process::{Client, Server};
pub use receiver::{Received, Receiver};
pub use rows::{damage, rows};

/// The engines that every scenario runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A database of its own. The file of SQLite goes when this goes.
pub struct Database {
    pub location: Location,
    _folder: Option<Arc<TempDir>>,
}

impl Database {
    /// A database that holds nothing yet but, on PostgreSQL, the current schema.
    pub async fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::file_in_a_folder(),
            Engine::Postgres => Self::on_the_cluster("migrated").await,
        }
    }

    /// A database without any schema.
    pub async fn empty(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::file_in_a_folder(),
            Engine::Postgres => Self::on_the_cluster("template1").await,
        }
    }

    fn file_in_a_folder() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let location = Location::Sqlite(folder.path().join("crewline.db"));
        Self { location, _folder: Some(Arc::new(folder)) }
    }

    async fn on_the_cluster(template: &str) -> Self {
        let location = Location::Postgres(cluster::database(template).await);
        Self { location, _folder: None }
    }

    /// The file of a SQLite database.
    pub fn file(&self) -> Option<PathBuf> {
        match &self.location {
            Location::Sqlite(path) => Some(path.clone()),
            Location::Postgres(_) => None,
        }
    }

    /// The URL as `--database` takes it.
    pub fn url(&self) -> String {
        match &self.location {
            Location::Sqlite(path) => format!("sqlite:{}", path.display()),
            Location::Postgres(url) => url.clone(),
        }
    }
}

/// The server on a fresh database, with one company and a token for it.
pub struct TestApp {
    pub engine: Engine,
    pub app: Shared,
    pub clock: Clock,
    pub database: Database,
    /// The first company's.
    pub api: Api,
    background: Background,
}

/// Another node of a [`TestApp`], with the token of its first company.
pub struct Node {
    pub api: Api,
    pub app: Shared,
    background: Option<Background>,
}

impl Node {
    /// Sends webhooks from now on, if it is a node of its own.
    pub fn send_webhooks(&mut self) {
        if let Some(background) = &mut self.background {
            background.send(&self.app);
        }
    }

    /// Ends at once what goes on beside requests, as if it were killed.
    pub async fn kill(&mut self) {
        if let Some(background) = &mut self.background {
            background.stop().await;
        }
    }
}

/// The time at which every test begins.
pub const START: &str = "2026-01-08T19:06:19Z";

impl TestApp {
    pub async fn new(engine: Engine) -> Self {
        Self::with(engine, Options::default(), Limits::default()).await
    }

    pub async fn with(engine: Engine, options: Options, limits: Limits) -> Self {
        let database = Database::new(engine).await;
        let clock = Clock::fixed(START.parse().expect("a time"));
        let store = Store::open(&database.location, &options).await.expect("a database");
        let app = App::new(store, clock.clone(), settings(limits));
        let router = server::faces::router(Arc::clone(&app));
        let api = Api::new(router, company(&app, "Test company").await);
        let background = background::numbers(&app);
        Self { engine, app, clock, database, api, background }
    }

    /// Another company: its own token on the same server.
    pub async fn other_company(&self) -> Api {
        self.api.with_token(&company(&self.app, "Other company").await)
    }

    /// Everything that is stored, but for some tables.
    pub async fn rows(&self, but: &[&str]) -> serde_json::Value {
        rows::rows(&self.database.location, but).await
    }

    /// Another node on the same database; on SQLite, which has one server, the same one.
    pub async fn another_node(&self) -> Node {
        if self.engine == Engine::Sqlite {
            return Node { api: self.api.clone(), app: Arc::clone(&self.app), background: None };
        }
        let store = Store::open(&self.database.location, &Options::default()).await;
        let store = store.expect("a database");
        let app = App::new(store, self.clock.clone(), settings(self.app.limits));
        let api = self.api.at(server::faces::router(Arc::clone(&app)));
        Node { api, background: Some(background::numbers(&app)), app }
    }

    /// A server on the same database that limits who calls.
    pub async fn limited(&self, traffic: Traffic) -> Api {
        let store = Store::open(&self.database.location, &Options::default()).await;
        let settings = Settings { traffic, ..settings(self.app.limits) };
        let app = App::new(store.expect("a database"), self.clock.clone(), settings);
        self.api.at(server::faces::router(app))
    }

    /// Sends webhooks from now on: only tests that ask for it call others.
    pub fn send_webhooks(&mut self) {
        self.background.send(&self.app);
    }

    /// Ends what goes on beside requests, for tests that nothing else happens.
    pub async fn quiet(&mut self) {
        self.background.stop().await;
    }

    /// Another token of the first company's key.
    pub async fn again(&self) -> Api {
        let pair = tokens::issue(&self.app, "key-1", "secret").await.expect("a token");
        self.api.with_token(pair.access.reveal())
    }

    /// Another key of the first company, with fewer rights.
    pub async fn key(&self, sources: &[&str], read_only: bool) -> Api {
        let sources: Vec<String> = sources.iter().map(|name| (*name).to_owned()).collect();
        let key = format!("key-1-{}-{read_only}", sources.join("-"));
        let rights = Rights { sources, read_only };
        self.api.with_token(&token(&self.app, 1, &key, rights).await)
    }
}

/// Webhooks may go to this machine, and wait less than they would.
fn settings(limits: Limits) -> Settings {
    let allowed = ["127.0.0.1"].into_iter().map(|entry| entry.parse().expect("an entry"));
    let webhooks = Outgoing::new(allowed.collect()).within(Duration::from_secs(2));
    Settings { limits, webhooks, ..Settings::default() }
}

/// A company's token.
async fn company(app: &App, name: &str) -> String {
    let parsed = Name::parse(name).expect("a name");
    let dollars = Currency::parse(companies::BASE_CURRENCY).expect("a currency");
    let company = companies::create(app, parsed, dollars).await.expect("a company");
    token(app, company.id, &format!("key-{}", company.id), Rights::default()).await
}

/// The token of a new key.
async fn token(app: &App, company: i64, key: &str, rights: Rights) -> String {
    let name = Name::parse(key).expect("a name");
    keys::create(app, company, name, key.to_owned(), Secret::from("secret"), rights)
        .await
        .expect("a key");
    let pair = tokens::issue(app, key, "secret").await.expect("a token");
    pair.access.reveal().to_owned()
}

/// Makes one test per engine of each scenario, an `async fn` that takes a [`TestApp`].
#[macro_export]
macro_rules! both_engines {
    ($($(#[$about:meta])* async fn $name:ident($app:ident: TestApp) $body:block)*) => {$(
        $(#[$about])*
        #[allow(unused_mut)]
        async fn $name(mut $app: $crate::TestApp) $body

        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name($crate::TestApp::new($crate::Engine::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name($crate::TestApp::new($crate::Engine::Postgres).await).await;
            }
        }
    )*};
}
