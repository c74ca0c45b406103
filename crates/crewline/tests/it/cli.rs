//! The command line.

use serde_json::json;
use testing::{Client, Database, Engine, Server};

use crate::{basic, binary, crewline, json, stdout};

/// One line on stderr, and how it ended.
fn error(arguments: &[&str]) -> (i32, String) {
    let output = crewline(arguments);
    assert!(output.stdout.is_empty());
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(text.lines().count(), 1, "{text}");
    (output.status.code().expect("a code"), text.trim_end().to_owned())
}

/// A company, a key, a token: from the command line to the first call, beside a live server.
async fn from_nothing_to_a_call(engine: Engine) {
    let database = Database::empty(engine).await;
    let url = database.url();
    let at = ["--database", url.as_str()];
    assert_eq!(stdout(&crewline(&["migrate", at[0], at[1]])), "The database is up to date\n");
    let server = Server::start(binary(), &at);

    let company =
        json(&crewline(&["company", "create", "--name", "Acme", "--output", "json", at[0], at[1]]));
    assert_eq!(company, json!({"id": 1, "name": "Acme", "currency": "USD"}));
    let key = json(&crewline(&[
        "key",
        "create",
        "--company",
        "1",
        "--name",
        "Okta",
        "--output",
        "json",
        at[0],
        at[1],
    ]));
    assert_eq!(key["company_id"], 1);
    let (id, secret) = (key["key"].as_str().unwrap(), key["secret"].as_str().unwrap());
    assert!(id.starts_with("cwk_") && secret.starts_with("cws_"));

    let path = "/v1/oauth/token?grant_type=client_credentials";
    let (status, pair) = Client::connect(server.address, &basic(id, secret))
        .unwrap()
        .call("POST", path, "")
        .unwrap();
    assert_eq!(status, 200);
    let bearer = format!("Bearer {}", pair["access_token"].as_str().unwrap());
    let (status, me) =
        Client::connect(server.address, &bearer).unwrap().call("GET", "/v1/me", "").unwrap();
    assert_eq!((status, &me["first_name"]), (200, &json!("Okta")));

    stdout(&crewline(&["key", "revoke", id, at[0], at[1]]));
    let (status, _) = Client::connect(server.address, &basic(id, secret))
        .unwrap()
        .call("POST", path, "")
        .unwrap();
    assert_eq!(status, 401);
    std::thread::sleep(std::time::Duration::from_millis(4_500));
    let (status, _) =
        Client::connect(server.address, &bearer).unwrap().call("GET", "/v1/me", "").unwrap();
    assert_eq!(status, 401);

    let refused = error(&["key", "create", "--company", "7", at[0], at[1]]);
    assert_eq!(refused, (1, "crewline: there is no company 7".to_owned()));
    let refused = error(&["key", "revoke", "nobody", at[0], at[1]]);
    assert_eq!(refused, (1, "crewline: there is no key nobody".to_owned()));
    let status = server.terminate();
    assert_eq!(status.code(), Some(0));
}

/// Companies with a currency, sources of a company, keys that may do less: what the operator
/// makes and sees.
async fn what_the_operator_makes(engine: Engine) {
    let database = Database::empty(engine).await;
    let url = database.url();
    let run = |arguments: &[&str]| {
        let mut all = arguments.to_vec();
        all.extend(["--database", url.as_str()]);
        crewline(&all)
    };
    let refused = |arguments: &[&str]| {
        let mut all = arguments.to_vec();
        all.extend(["--database", url.as_str()]);
        error(&all).1
    };
    assert_eq!(stdout(&run(&["company", "list"])), "");
    assert_eq!(json(&run(&["key", "list", "--output", "json"])), json!([]));
    stdout(&run(&["company", "create", "--name", "Acme"]));
    stdout(&run(&["company", "create", "--name", "Globex", "--currency", "EUR"]));
    assert_eq!(stdout(&run(&["company", "list"])), "1\tUSD\tAcme\n2\tEUR\tGlobex\n");
    let listed = json(&run(&["company", "list", "--output", "json"]));
    assert_eq!(listed[1], json!({"id": 2, "name": "Globex", "currency": "EUR"}));
    let wrong = refused(&["company", "create", "--name", "x", "--currency", "euro"]);
    assert!(wrong.contains("must be the ISO 4217 code of a currency"), "{wrong}");

    let added = stdout(&run(&["source", "add", "--company", "2", "WORKDAY"]));
    assert_eq!(added, "Company 2 has the source WORKDAY\n");
    assert_eq!(
        refused(&["source", "add", "--company", "2", "Workday"]),
        "crewline: company 2 has the source WORKDAY already"
    );
    assert_eq!(
        refused(&["source", "add", "--company", "9", "X"]),
        "crewline: there is no company 9"
    );
    let wrong = refused(&["source", "add", "--company", "2", "a:b"]);
    assert!(wrong.contains("must be 1 to 64 letters, digits, _, - or ."), "{wrong}");

    let limited = ["key", "create", "--company", "2", "--name", "HR", "--read-only"];
    let sources = ["--source", "WORKDAY", "--source", "OKTA", "--output", "json"];
    let key = json(&run(&[&limited[..], &sources[..]].concat()));
    let listed = json(&run(&["key", "list", "--output", "json"]));
    let (first, id) = (&listed[0], key["key"].as_str().unwrap());
    assert_eq!(
        (&first["key"], &first["company_id"], &first["name"], &first["read_only"]),
        (&json!(id), &json!(2), &json!("HR"), &json!(true))
    );
    assert_eq!(
        (&first["sources"], &first["revoked_at"]),
        (&json!(["OKTA", "WORKDAY"]), &json!(null))
    );
    assert!(!listed.to_string().contains(key["secret"].as_str().unwrap()));
    stdout(&run(&["key", "revoke", id]));
    let text = stdout(&run(&["key", "list"]));
    assert!(text.starts_with(&format!("{id}\t2\tHR\treads, OKTA, WORKDAY\tcreated ")), "{text}");
    assert!(text.contains("\trevoked "), "{text}");
    // Of another company, or of none.
    let unknown = refused(&["key", "create", "--company", "1", "--source", "WORKDAY"]);
    assert!(unknown.starts_with("crewline: company 1 has no source WORKDAY; it has JIRA, "));
    assert_eq!(json(&run(&["key", "list", "--output", "json"])).as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_makes_on_sqlite() {
    what_the_operator_makes(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_makes_on_postgres() {
    what_the_operator_makes(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_nothing_to_a_call_on_sqlite() {
    from_nothing_to_a_call(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_nothing_to_a_call_on_postgres() {
    from_nothing_to_a_call(Engine::Postgres).await;
}

/// Errors are one line on stderr, with a code that is not 0; a URL's password is never shown.
#[test]
fn errors_are_one_line() {
    for (arguments, code, said) in [
        (
            &["--database", "mysql://root:hunter2@h/d", "migrate"][..],
            1,
            "a database is sqlite:PATH or postgres://",
        ),
        (&["--database", "sqlite:", "migrate"], 1, "needs a file"),
        (&["--database", "sqlite:/nowhere/at/all/x.db", "migrate"], 1, "/nowhere/at/all/x.db"),
        (&["--database", "postgres://u:hunter2@127.0.0.1:1/d", "migrate"], 1, "PostgreSQL"),
        (
            &["--database", "postgres://u:hunter2@h/d?sslmode=verify-ca", "migrate"],
            1,
            "sslmode must be disable, prefer, require or verify-full",
        ),
        (&["company", "create", "--name", ""], 2, "1 to 255 characters"),
        (&["company", "create"], 2, "--name"),
        (&["fly"], 2, "fly"),
        (&["serve", "--listen", "nowhere"], 1, "nowhere"),
        (&["serve", "--cors-origin", "https://a.example.com/"], 2, "scheme://host"),
    ] {
        let (ended, line) = error(arguments);
        assert_eq!(ended, code, "{line}");
        assert!(line.starts_with("crewline: ") && line.contains(said), "{line}");
        assert!(!line.contains("hunter2"), "{line}");
    }
}

#[test]
fn version_and_document() {
    assert_eq!(
        stdout(&crewline(&["--version"])),
        format!("crewline {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(json(&crewline(&["openapi"]))["openapi"], "3.1.0");
}

/// A signal also ends a server that is still waiting for somebody else's migration.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_before_it_listens() {
    let database = Database::empty(Engine::Sqlite).await;
    let mut lock = database.file().unwrap().into_os_string();
    lock.push("-migrate");
    let lock = std::fs::File::create(lock).unwrap();
    lock.lock().unwrap();
    let mut waiting = std::process::Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--database", &database.url()])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(waiting.try_wait().unwrap().is_none());
    let pid = waiting.id().to_string();
    std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while waiting.try_wait().unwrap().is_none() {
        assert!(std::time::Instant::now() < until, "it did not stop");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(waiting.wait().unwrap().code(), Some(0));
}

/// The environment says what the options do; without either the data is in the working directory.
#[test]
fn environment_and_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], name: &str, value: &str| {
        let mut command = std::process::Command::new(binary());
        command.args(arguments).current_dir(folder.path()).env_remove("CREWLINE_DATABASE");
        command.env(name, value).output().unwrap()
    };
    assert!(run(&["migrate"], "CREWLINE_DATABASE", "sqlite:named.db").status.success());
    assert!(folder.path().join("named.db").exists());
    assert!(!folder.path().join("crewline.db").exists());
    assert!(run(&["migrate"], "UNUSED", "").status.success());
    assert!(folder.path().join("crewline.db").exists());
    for (name, value) in [
        ("CREWLINE_LISTEN", "nowhere"),
        ("CREWLINE_MAX_RANGES", "0"),
        ("CREWLINE_LOG_FORMAT", "xml"),
        ("CREWLINE_CORS_ORIGINS", "https://a.example.com,b.example.com"),
    ] {
        let refused = run(&["serve"], name, value);
        assert!(!refused.status.success(), "{name}");
        assert_eq!(String::from_utf8_lossy(&refused.stderr).lines().count(), 1, "{name}");
    }
}

/// Pages of other origins may call when an option or the environment says so.
#[test]
fn origins() {
    let allowed = |server: &Server, origin: &str| {
        let url = format!("http://{}/v1/me", server.address);
        let output = std::process::Command::new("curl")
            .args(["-s", "-i", "-X", "OPTIONS", "-H", "Access-Control-Request-Method: GET"])
            .args(["-H", &format!("Origin: {origin}"), &url])
            .output()
            .unwrap();
        let answer = String::from_utf8(output.stdout).unwrap();
        answer.contains(&format!("access-control-allow-origin: {origin}\r\n"))
    };
    let (a, b) = ("https://a.example.com", "http://localhost:3000");
    let mut by_option = std::process::Command::new(binary());
    by_option.args(["serve", "--demo", "--cors-origin", a, "--cors-origin", b]);
    let mut by_environment = std::process::Command::new(binary());
    by_environment.args(["serve", "--demo"]).env("CREWLINE_CORS_ORIGINS", format!("{a},{b}"));
    for mut command in [by_option, by_environment] {
        let server = Server::spawn(command.args(["--listen", "127.0.0.1:0"]));
        assert!(allowed(&server, a) && allowed(&server, b));
        assert!(!allowed(&server, "https://c.example.com"));
    }
    assert!(!allowed(&Server::start(binary(), &["--demo"]), a));
}
