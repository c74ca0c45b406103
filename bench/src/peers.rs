//! What a team would otherwise write: Fastify with better-sqlite3, and Fastify with pg. They are
//! in `bench/peers`, and take part when Node is there.

use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

use crate::database::{Databases, Engine, Places};
use crate::failure::{Failure, Result, failed};
use crate::fixture::name;
use crate::requests::{CONTRACTS, USERS};
use crate::servers::Server;

/// Where the peers are, ready to run; `None` without Node.
pub async fn folder() -> Result<Option<PathBuf>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers");
    if run("node", &["--version"], &folder).await.is_err() {
        eprintln!("there is no Node: the peers do not take part");
        return Ok(None);
    }
    if !folder.join("node_modules").is_dir() {
        eprintln!("npm ci, in {}", folder.display());
        run("npm", &["ci"], &folder).await?;
    }
    Ok(Some(folder))
}

async fn run(program: &str, args: &[&str], folder: &PathBuf) -> Result<()> {
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(failed(program))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(Failure(format!("{program} {}: {said}", args.join(" "))))
        }
    }
}

/// One of them, with its data.
pub struct Peer {
    folder: PathBuf,
    script: &'static str,
    pub databases: Databases,
}

impl Peer {
    /// Has it make its data.
    pub async fn make(
        folder: PathBuf,
        engine: Engine,
        places: &Places,
        presents: &[usize],
    ) -> Result<Self> {
        let script = match engine {
            Engine::Sqlite => "sqlite.js",
            Engine::Postgres => "pg.js",
        };
        let databases = Databases::new(engine, "peer", places)?;
        let peer = Self { folder, script, databases };
        for present in presents {
            let name = name(*present);
            peer.databases.create(&name).await?;
            let counts = [USERS, CONTRACTS, *present].map(|count| count.to_string());
            let place = peer.place(&peer.databases.url(&name));
            let args = [script, "fill", &place, &counts[0], &counts[1], &counts[2]];
            run("node", &args, &peer.folder).await?;
        }
        Ok(peer)
    }

    /// Starts it on a database.
    pub async fn start(&self, url: &str) -> Result<Server> {
        let mut command = Command::new("node");
        command.args([self.script, "serve", &self.place(url)]).current_dir(&self.folder);
        command.env("NODE_ENV", "production");
        Server::start(self.script, command).await
    }

    /// A file, or a URL.
    fn place(&self, url: &str) -> String {
        url.trim_start_matches("sqlite:").to_owned()
    }
}
