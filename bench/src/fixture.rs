//! The data that every run of crewline starts from: a company with 100,000 users and 2,000
//! contracts without bounds, teams and workspaces, made once per binary and engine through the
//! API; and the assignments present, put into copies of that by one statement, as no API would be
//! waited for.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::case::{CROWDED, MANY};
use crate::client::Connection;
use crate::database::{Databases, Engine, Places};
use crate::failure::{Failure, Result, failed};
use crate::requests::{CONTRACTS, CROWD, SOURCE, USERS, external, request, user};
use crate::servers::{self, Server};

/// Connections that fill a database.
const FILLERS: usize = 16;
/// The database without assignments.
const BASE: &str = "base";

/// Databases to copy, and who may use them.
pub struct Fixture {
    pub databases: Databases,
    /// What follows `Authorization: ` when a token is asked for.
    pub basic: String,
}

impl Fixture {
    /// Makes the data with a binary; `label` keeps it apart from that of other binaries.
    pub async fn make(
        (binary, label): (&Path, &str),
        engine: Engine,
        places: &Places,
        presents: &[usize],
    ) -> Result<Self> {
        let databases = Databases::new(engine, label, places)?;
        databases.create(BASE).await?;
        let url = databases.url(BASE);
        let company =
            servers::json(binary, &url, &["company", "create", "--name", "Bench"]).await?;
        let company = company["id"].to_string();
        let key = servers::json(binary, &url, &["key", "create", "--company", &company]).await?;
        let text = |name: &str| {
            let text = key[name].as_str().map(str::to_owned);
            text.ok_or_else(|| Failure(format!("crewline key create gave no {name}")))
        };
        let basic = STANDARD.encode(format!("{}:{}", text("key")?, text("secret")?));
        let fixture = Self { databases, basic: format!("Basic {basic}") };
        let server = Server::crewline(binary, &url).await?;
        let bearer = fixture.bearer(server.address).await?;
        fill(server.address, &bearer).await?;
        server.stop().await?;
        for present in presents {
            let name = name(*present);
            fixture.databases.copy(BASE, &name).await?;
            let sql = match *present {
                CROWDED => assignments(engine, MANY) + &crowd(engine),
                present => assignments(engine, present),
            };
            fixture.databases.sql(&name, sql).await?;
        }
        Ok(fixture)
    }

    /// A bearer token from a running server, with its scheme.
    pub async fn bearer(&self, server: SocketAddr) -> Result<String> {
        let path = "/v1/oauth/token?grant_type=client_credentials";
        let answer = once(server, &request("POST", path, &self.basic, "")).await?;
        let token = answer["access_token"].as_str().map(|token| format!("Bearer {token}"));
        token.ok_or_else(|| Failure("the server gave no access_token".to_owned()))
    }
}

/// The database with so many assignments.
pub fn name(present: usize) -> String {
    format!("p{present}")
}

/// Statements that put assignments into the database: as many on each contract, its users spread
/// over all of them, each for 1 to 999 days.
fn assignments(engine: Engine, present: usize) -> String {
    let each = present / CONTRACTS;
    let (numbers, day) = match engine {
        Engine::Sqlite => (
            format!(
                "WITH RECURSIVE
                c(c) AS (SELECT 1 UNION ALL SELECT c + 1 FROM c WHERE c < {CONTRACTS}),
                j(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM j WHERE j + 1 < {each})"
            ),
            // 2000-01-01 in days since 1970.
            "10957",
        ),
        Engine::Postgres => (
            format!(
                "WITH c AS (SELECT c FROM generate_series(1, {CONTRACTS}) c),
                j AS (SELECT j FROM generate_series(0, {each} - 1) j)"
            ),
            "date '2000-01-01'",
        ),
    };
    let step = USERS / each;
    format!(
        "INSERT INTO id_sequences (name, next) VALUES ('assignment', 1 + {present})
            ON CONFLICT (name) DO UPDATE SET next = 1 + {present};
        {numbers}
        INSERT INTO assignments
            (company_id, contract_id, user_id, start_date, end_date, id, source_id)
        SELECT 1, c.c, 1 + j.j * {step} + (c.c % {step}),
            {day} + (c.c * 7919 + j.j * 31) % 35000,
            {day} + (c.c * 7919 + j.j * 31) % 35000 + 1 + (c.c + j.j) % 999,
            1 + (c.c - 1) * {each} + j.j, 12
        FROM c CROSS JOIN j"
    )
}

/// Statements that put every user on [`CROWD`] for a year, when [`MANY`] are there.
fn crowd(engine: Engine) -> String {
    let day = match engine {
        Engine::Sqlite => "10957",
        Engine::Postgres => "date '2000-01-01'",
    };
    format!(
        ";
        UPDATE id_sequences SET next = 1 + {CROWDED} WHERE name = 'assignment';
        INSERT INTO assignments
            (company_id, contract_id, user_id, start_date, end_date, id, source_id)
        SELECT 1, {CROWD}, id, {day}, {day} + 365, {MANY} + id, 12
        FROM users WHERE company_id = 1 AND id <= {USERS}"
    )
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

/// Creates the client, the contracts, teams, workspaces and users.
async fn fill(server: SocketAddr, bearer: &str) -> Result<()> {
    let create = |kind: &str, mut body: Value| {
        body["metadata"] = json!({"source": SOURCE});
        request("POST", &format!("/v2/integrations/{kind}"), bearer, &body.to_string())
    };
    once(server, &create("clients", json!({"id": "client", "name": "Client"}))).await?;
    let each = |kind: &'static str, more: Value| {
        (0..CONTRACTS).map(move |nth| {
            let id = external(kind, nth);
            let mut body = json!({"id": id, "name": id});
            for (name, value) in more.as_object().into_iter().flatten() {
                body[name] = value.clone();
            }
            create(&format!("{kind}s"), body)
        })
    };
    let users = (0..USERS).map(|nth| {
        let id = user(nth);
        let email = format!("{id}@example.com");
        create(
            "users",
            json!({"id": id, "email": email, "first_name": "First", "last_name": "Last"}),
        )
    });
    let crowd = json!({"id": "crowd", "name": "crowd", "client_id": "client"});
    let requests = each("contract", json!({"client_id": "client"}))
        .chain(each("team", json!({})))
        .chain(each("workspace", json!({"active": true})))
        .chain(users);
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(requests.collect());
    let next = Arc::new(AtomicUsize::new(0));
    let mut fillers = JoinSet::new();
    for _ in 0..FILLERS {
        fillers.spawn(send(server, Arc::clone(&requests), Arc::clone(&next)));
    }
    while let Some(filler) = fillers.join_next().await {
        filler.map_err(failed("filling"))?.map_err(failed("filling the database"))?;
    }
    // After the others, so that it has the id after theirs.
    once(server, &create("contracts", crowd)).await?;
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
