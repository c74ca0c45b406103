//! `crewline import`: a folder with what there is elsewhere, with its ids.

use std::path::PathBuf;
use std::process::Output;

use serde_json::{Value, json};
use testing::{Client, Database, Engine, Server};

use crate::{basic, binary, crewline, json, stdout};

/// A database with one company, and a folder to import.
struct Import {
    database: Database,
    folder: tempfile::TempDir,
}

impl Import {
    async fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let import = Self { database: Database::empty(engine).await, folder };
        stdout(&import.command(&["company", "create", "--name", "Acme"]));
        import
    }

    fn command(&self, arguments: &[&str]) -> Output {
        let url = self.database.url();
        crewline(&[arguments, &["--database", &url]].concat())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder holds these files, and nothing else.
    fn holds<const N: usize>(&self, files: [(&str, &[u8]); N]) -> &Self {
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        for (name, bytes) in files {
            std::fs::write(self.path(name), bytes).unwrap();
        }
        self
    }

    fn run(&self) -> Output {
        let folder = self.folder.path().to_str().unwrap();
        self.command(&["import", folder, "--company", "1", "--output", "json"])
    }

    /// How many came in of each kind.
    fn taken(&self) -> Value {
        json(&self.run())
    }

    /// What is wrong; nothing was imported.
    async fn refused(&self) -> Vec<String> {
        let before = self.rows().await;
        let told = refused(&self.run());
        assert_eq!(self.rows().await, before);
        told
    }

    async fn rows(&self) -> Value {
        testing::rows(&self.database.location, &[]).await
    }

    /// A server on the database, and a client of the company.
    fn serve(&self) -> (Server, Client) {
        let server = Server::start(binary(), &["--database", &self.database.url()]);
        let key = json(&self.command(&[
            "key",
            "create",
            "--company",
            "1",
            "--name",
            "HR",
            "--output",
            "json",
        ]));
        let (id, secret) = (key["key"].as_str().unwrap(), key["secret"].as_str().unwrap());
        let path = "/v1/oauth/token?grant_type=client_credentials";
        let mut client = Client::connect(server.address, &basic(id, secret)).unwrap();
        let (_, pair) = client.call("POST", path, "").unwrap();
        let bearer = format!("Bearer {}", pair["access_token"].as_str().unwrap());
        let client = Client::connect(server.address, &bearer).unwrap();
        (server, client)
    }
}

/// What is told of a folder that was not imported, but for the last line, which counts it.
fn refused(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!((output.status.code(), &*output.stdout), (Some(1), &b""[..]), "{text}");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let last = match lines.len() - 1 {
        1 => "crewline: nothing was imported: 1 record or file is wrong".to_owned(),
        more => format!("crewline: nothing was imported: {more} records or files are wrong"),
    };
    assert_eq!(lines.pop(), Some(last));
    lines
}

fn get(client: &mut Client, path: &str) -> Value {
    let (status, answer) = client.call("GET", path, "").unwrap();
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

/// Creates an entity; its id.
fn created(client: &mut Client, path: &str, body: Value) -> i64 {
    let (status, answer) = client.call("PUT", path, &body.to_string()).unwrap();
    assert_eq!(status, 201, "{answer}");
    answer["id"].as_i64().unwrap()
}

/// All five kinds, some as CSV and some as JSON.
const GOOD: [(&str, &[u8]); 5] = [
    ("clients.csv", b"id,name,external_ids,colour,phone\n70,Acme,SAP:c70,red,\n75,\"Globex, Inc.\",,,0123\n"),
    ("positions.ndjson", b"{\"id\": 12, \"name\": \"Developer\", \"rate\": 50.5}\n\n{\"id\": 11, \"name\": \"Lead\", \"external_ids\": null}\n"),
    ("users.ndjson", br#"{"id": 8546, "first_name": "Ana", "last_name": "Lee", "email": "ana@example.com", "role_id": 3, "user_position_id": 12, "external_ids": "OKTA:00u1 SAP:000:12"}
{"id": 8547, "first_name": "Bo", "last_name": "Ray", "email": "bo@example.com", "role_id": 3, "external_ids": ["OKTA:00u2", "HR:7"]}
{"id": 8540, "first_name": "Cy", "last_name": "Fox", "email": "cy@example.com", "role_id": 2, "external_ids": [{"source": "OKTA", "external_id": "00 u3"}], "hidden": true}
"#),
    ("teams.csv", b"id,name,external_ids\n5,Design,GLOBANT:t5\n"),
    ("contracts.csv", b"id,client_id,name,type,status,start,end,external_ids\n300,75,Support,FEE,active,2026-01-01,2026-12-31,SAP:k300  OKTA:k300\n"),
];

/// The ids stay, what sources say is known, records refer to each other, and what comes later has
/// ids behind the greatest.
async fn everything(engine: Engine) {
    let import = Import::new(engine).await;
    stdout(&import.command(&["source", "add", "--company", "1", "HR"]));
    import.holds(GOOD);
    let counts = json!({"client": 2, "position": 2, "user": 3, "team": 1, "contract": 1});
    assert_eq!(import.taken(), counts);

    let (server, mut client) = import.serve();
    for (path, id) in [
        ("clients/SAP:c70", 70),
        ("users/OKTA:00u1", 8546),
        ("users/SAP:000:12", 8546),
        ("users/OKTA:00u2", 8547),
        ("users/HR:7", 8547),
        ("users/OKTA:00%20u3", 8540),
        ("teams/GLOBANT:t5", 5),
        ("contracts/SAP:k300", 300),
        ("contracts/OKTA:k300", 300),
    ] {
        assert_eq!(get(&mut client, &format!("/api/{path}"))["id"], id, "{path}");
    }
    let globex = get(&mut client, "/v1/clients/75");
    assert_eq!((&globex["name"], &globex["phone"]), (&json!("Globex, Inc."), &json!("0123")));
    let ana = get(&mut client, "/v1/users/8546");
    assert_eq!((&ana["email"], &ana["user_position_id"]), (&json!("ana@example.com"), &json!(12)));
    assert_eq!(get(&mut client, "/api/contracts/300")["client_id"], 75);
    assert_eq!(get(&mut client, "/v1/users/8540")["hidden"], true);

    assert_eq!(created(&mut client, "/api/clients/SAP:new", json!({"name": "New"})), 76);
    assert_eq!(created(&mut client, "/api/positions/SAP:new", json!({"name": "New"})), 13);
    let dee = json!({"email": "dee@example.com", "first_name": "Dee", "last_name": "Day"});
    assert_eq!(created(&mut client, "/api/users/SAP:new", dee), 8548);
    assert_eq!(created(&mut client, "/api/teams/SAP:new", json!({"name": "New"})), 6);
    let contract = json!({"name": "New", "client_id": "c70"});
    assert_eq!(created(&mut client, "/api/contracts/SAP:new", contract), 301);

    // In the order in which they refer to each other.
    let mut told = Vec::new();
    while told.len() < 14 {
        let path = format!("/api/events?after={}&wait=5", told.len());
        let page = get(&mut client, &path)["data"].clone();
        let page = page.as_array().unwrap().iter();
        told.extend(page.map(|one| format!("{} {}", one["type"], one["subject"]).replace('"', "")));
    }
    let imported = [
        "client.created client/70",
        "client.created client/75",
        "position.created position/12",
        "position.created position/11",
        "user.created user/8546",
        "user.created user/8547",
        "user.created user/8540",
        "team.created team/5",
        "contract.created contract/300",
    ];
    assert_eq!(told[..9], imported);
    server.terminate();
    crate::operations::clean(&import.database.url());
}

/// A server runs, and has drawn the ids that come in: it draws others.
async fn beside_a_server(engine: Engine) {
    let import = Import::new(engine).await;
    let (server, mut client) = import.serve();
    let mut create = |nth: i64| {
        created(&mut client, &format!("/api/clients/SAP:s{nth}"), json!({"name": "Acme"}))
    };
    assert_eq!(create(1), 1);
    import.holds([("clients.csv", b"id,name,external_ids\n2,B,SAP:c2\n3,C,\n5,E,\n")]);
    assert_eq!(import.taken()["client"], 3);
    let mut ids: Vec<i64> = (2..9).map(&mut create).collect();
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.len() == 7 && ids.iter().all(|id| ![1, 2, 3, 5].contains(id)), "{ids:?}");
    assert_eq!(get(&mut client, "/api/clients/SAP:c2")["name"], "B");
    // Whoever waits for events is told of them, too.
    import.holds([("teams.csv", b"id,name\n9,T\n")]);
    import.taken();
    let told = get(&mut client, "/api/events?types=team.created&after=0&wait=20");
    assert_eq!(told["data"][0]["subject"], "team/9", "{told}");
    server.terminate();
    crate::operations::clean(&import.database.url());
}

/// A second time everything is there already: all of it is refused.
async fn a_second_time(engine: Engine) {
    let import = Import::new(engine).await;
    stdout(&import.command(&["source", "add", "--company", "1", "HR"]));
    import.holds(GOOD);
    import.taken();
    let told = import.refused().await;
    assert_eq!(
        told,
        [
            "clients.csv:2: There is a client 70 already",
            "clients.csv:3: There is a client 75 already",
            "positions.ndjson:1: There is a position 12 already",
            "positions.ndjson:3: There is a position 11 already",
            "users.ndjson:1: A user with the e-mail ana@example.com already exists; it is known as \"00u1\" of OKTA, \"000:12\" of SAP",
            "users.ndjson:2: A user with the e-mail bo@example.com already exists; it is known as \"00u2\" of OKTA, \"7\" of HR",
            "users.ndjson:3: A user with the e-mail cy@example.com already exists; it is known as \"00 u3\" of OKTA",
            "teams.csv:2: There is a team 5 already",
            "contracts.csv:2: There is a contract 300 already",
        ]
    );
}

/// What is wrong in the files and what the database says is told together, in the order of the
/// lines; nothing of it is imported, nor of what is right.
async fn everything_wrong_at_once(engine: Engine) {
    let import = Import::new(engine).await;
    import.holds([
        ("clients.csv", b"id,name,external_ids\n1,Acme,SAP:c1\n2,Globex,\n"),
        (
            "users.csv",
            b"id,first_name,last_name,email,role_id,external_ids\n9,A,B,a@example.com,3,OKTA:u9\n",
        ),
    ]);
    import.taken();
    import.holds([
        (
            "clients.csv",
            b"id,name,external_ids\n3,Three,SAP:c1\n,Four,\n2,Two,\n5,Five,SAP:c5\n5,Five again,\n6,Six,SAP:c5\n7,,EXCEL:c7 SAP\n8,Eight,SAP:c8\n",
        ),
        ("positions.csv", b"id,name,rate\n20,Dev,much\n21,Lead,50\n"),
        (
            "users.csv",
            b"id,first_name,last_name,email,role_id,user_position_id\n\
            10,A,B,a@example.com,3,\n11,A,B,b@example.com,3,\n12,A,B,b@example.com,3,\n17,A,B,12@example.com,3,22\n\
            13,A,B,13@example.com,3,20\n14,A,B,14@example.com,99,22\n15,A,B,15@example.com,3,22\n16,A,B,16@example.com,3,21\n",
        ),
        (
            "contracts.csv",
            b"id,client_id,name,type,status,start,end\n1,8,K,FEE,active,2026-01-01,2026-12-31\n2,8,K,FEE,active,2026-02-30,2026-12-31\n\
            3,8,K,FEE,active,2026-02-03,2026-02-02\n",
        ),
    ]);
    let told = import.refused().await;
    assert_eq!(
        told,
        [
            "clients.csv:2: \"c1\" of source SAP already belongs to client 1",
            "clients.csv:3: id is required, an integer from 1 to 9007199254740991",
            "clients.csv:4: There is a client 2 already",
            "clients.csv:6: has the id of line 5",
            "clients.csv:7: \"c5\" of source SAP already belongs to client 5",
            "clients.csv:8: external_ids \"EXCEL\" is not a source of the company; external_ids must be like OKTA:external-id, or a list of these; name is required and must be a string of 1 to 255 characters",
            "positions.csv:2: rate must be a number below 100,000,000,000 with at most 4 decimal places",
            "users.csv:2: A user with the e-mail a@example.com already exists; it is known as \"u9\" of OKTA",
            "users.csv:4: A user with the e-mail b@example.com already exists",
            "users.csv:5: There is no position 22",
            "users.csv:7: role_id must be a role from 1 to 6: 1 C-Level, 2 Director, 3 Project Manager, 4 Collaborator, 5 Freelancer, 6 Client",
            "users.csv:8: There is no position 22",
            "contracts.csv:3: start must be a real calendar date in the form YYYY-MM-DD, alone or with a time (ISO 8601)",
            "contracts.csv:4: end must not be before start",
        ]
    );
}

/// A record is not to blame for one that it refers to and that is wrong itself; it is for others.
async fn whose_fault(engine: Engine) {
    let import = Import::new(engine).await;
    let contracts = b"id,client_id,name,type,status,start,end\n\
        1,1,Of a wrong one,FEE,active,2026-01-01,2026-12-31\n\
        2,2,Of none,FEE,active,2026-01-01,2026-12-31\n";
    // Its id is known.
    import.holds([("clients.csv", b"id,name\n1,\n"), ("contracts.csv", contracts)]);
    let nameless =
        "clients.csv:2: name is required and must be a string of 1 to 255 characters".to_owned();
    let none = "contracts.csv:3: There is no client 2".to_owned();
    assert_eq!(import.refused().await, [nameless, none.clone()]);
    // It is not: any might be meant.
    import.holds([("clients.csv", b"id,name\n1x,Acme\n"), ("contracts.csv", contracts)]);
    assert_eq!(import.refused().await.len(), 1);
    import.holds([("clients.csv", b"\xff"), ("contracts.csv", contracts)]);
    assert_eq!(import.refused().await.len(), 1);
    // What the database refuses is as good as wrong.
    let positions = b"id,name\n1,A\n";
    let user = b"id,first_name,last_name,email,role_id,user_position_id\n1,A,B,a@example.com,3,2\n";
    import.holds([("positions.csv", positions), ("users.csv", user)]);
    assert_eq!(import.refused().await, ["users.csv:2: There is no position 2"]);
    import.holds([
        ("positions.csv", b"id,name,user_position_category_id\n2,A,9\n"),
        ("users.csv", user),
    ]);
    assert_eq!(import.refused().await, ["positions.csv:2: There is no category 9"]);
    // All right, it comes in.
    import.holds([("clients.csv", b"id,name\n1,A\n2,B\n"), ("contracts.csv", contracts)]);
    assert_eq!(import.taken()["contract"], 2);
}

/// As spreadsheets write it: a mark at the beginning, lines that end in CR LF, cells of several
/// lines. The lines are counted as an editor counts them.
async fn spreadsheets(engine: Engine) {
    let import = Import::new(engine).await;
    import.holds([
        ("clients.csv", "\u{feff}id,name,description\r\n1,\"Acme\r\nand \"\"sons\"\"\",\"one\r\ntwo\"\r\n2,,\r\n\r\n3,,\r\n4,\"x\".y,\r\n5\r\n".as_bytes()),
        ("teams.csv", b"id,name\n\n1,\"A\n\nB\"\n2,\n"),
        ("positions.csv", b"id,name\r1,A\r2,\r"),
        ("users.ndjson", "\u{feff}{\"id\": 1}\r\n".as_bytes()),
    ]);
    let told = import.refused().await;
    let places: Vec<&str> = told.iter().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(
        places,
        [
            "clients.csv:5",
            "clients.csv:7",
            "clients.csv:9",
            "positions.csv:3",
            "users.ndjson:1",
            "teams.csv:6"
        ],
        "{told:?}"
    );
    assert_eq!(told[2], "clients.csv:9: must have a cell for each of 3 columns, and has 1");
    let good = "\u{feff}id,name,description\r\n1,\"Acme\r\nand \"\"sons\"\"\",\"one\r\ntwo\"\r\n";
    import.holds([
        ("clients.csv", good.as_bytes()),
        ("positions.ndjson", "\u{feff}{\"id\": 4, \"name\": \"A\"}\r\n".as_bytes()),
    ]);
    assert_eq!(import.taken()["client"], 1);
    let (_server, mut client) = import.serve();
    let acme = get(&mut client, "/v1/clients/1");
    assert_eq!(
        (&acme["name"], &acme["description"]),
        (&json!("Acme\r\nand \"sons\""), &json!("one\r\ntwo"))
    );
    assert_eq!(get(&mut client, "/api/positions/4")["name"], "A");
}

/// Files that are no such files are told by their lines, and end nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_such_file() {
    let import = Import::new(Engine::Sqlite).await;
    let long = "x".repeat(1 << 20);
    let deep = format!("{{\"id\": 1, \"name\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let csv = |text: &str| format!("id,name\n1,{text}\n").into_bytes();
    let line = |text: &str| text.as_bytes().to_vec();
    for (name, bytes, said) in [
        (
            "clients.csv",
            b"id,name\n1,\xff\xfe\n2,\n".to_vec(),
            &["clients.csv:2: is not UTF-8", "clients.csv:3: name is required"][..],
        ),
        ("clients.csv", b"\xff\xfei\0d\0,\0".to_vec(), &["clients.csv:1: "]),
        ("clients.csv", csv(&long), &["clients.csv:2: name must be"]),
        ("clients.csv", csv("a\0b"), &["clients.csv:2: "]),
        (
            "clients.csv",
            csv("\"open\n2,B\n3,C"),
            &["clients.csv:2: begins a quote that does not end"],
        ),
        ("clients.csv", line("id;name\n1;Acme\n"), &["clients.csv:1: must name the columns"]),
        (
            "clients.csv",
            line("id,name,name\n1,A,B\n"),
            &["clients.csv:1: names the column \"name\" twice"],
        ),
        (
            "clients.csv",
            line("id,name\n1.0,A\n-1,A\n9007199254740992,A\n1e3,A\n"),
            &[
                "clients.csv:2: id is",
                "clients.csv:3: id is",
                "clients.csv:4: id is",
                "clients.csv:5: id is",
            ],
        ),
        (
            "clients.ndjson",
            b"{\"id\": 1, \"name\": \"A\"}\n\xff\n".to_vec(),
            &["clients.ndjson:2: is not UTF-8"],
        ),
        (
            "clients.ndjson",
            line(&format!("{{\"id\": 1, \"name\": \"{long}\"}}")),
            &["clients.ndjson:1: name must be"],
        ),
        ("clients.ndjson", line(&deep), &["clients.ndjson:1: "]),
        ("clients.ndjson", line(&"[".repeat(1 << 20)), &["clients.ndjson:1: "]),
        (
            "clients.ndjson",
            line("7\n{\n\"x\"\n[]\nnull\n{}{}"),
            &[
                "clients.ndjson:1: must be a JSON object",
                "clients.ndjson:2: is not JSON",
                "clients.ndjson:3: must be",
                "clients.ndjson:4: must be",
                "clients.ndjson:5: must be",
                "clients.ndjson:6: is not JSON",
            ],
        ),
        (
            "clients.ndjson",
            line(r#"{"id": 1, "name": "A", "external_ids": [7]}"#),
            &["clients.ndjson:1: external_ids must be like OKTA:external-id"],
        ),
        (
            "clients.ndjson",
            line(r#"{"id": 1, "name": "A", "external_ids": {"OKTA": "x"}}"#),
            &["clients.ndjson:1: external_ids must be like OKTA:external-id"],
        ),
        (
            "clients.ndjson",
            line(r#"{"id": 1, "name": "A", "external_ids": "OKTA:"}"#),
            &["clients.ndjson:1: external_ids "],
        ),
    ] {
        let shown: String = String::from_utf8_lossy(&bytes).chars().take(60).collect();
        let told = import.holds([(name, &bytes)]).refused().await;
        assert_eq!(told.len(), said.len(), "{shown}: {told:?}");
        for (told, said) in told.iter().zip(said) {
            assert!(told.starts_with(said) && told.len() < 400, "{shown}: {told}");
        }
    }
}

/// Signs that mean something to a reader of CSV, JSON or UTF-8.
const SIGNS: &[u8] = b"\"\\,{}[]:\r\n\0\xff\xc3 0-";

/// Files in which bytes were changed, lost and doubled: each comes in whole or is told, and nothing
/// panics.
#[tokio::test(flavor = "multi_thread")]
async fn damaged_files() {
    let import = Import::new(Engine::Sqlite).await;
    stdout(&import.command(&["source", "add", "--company", "1", "HR"]));
    let mut state = 1_u64;
    let mut below = |limit: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    for round in 0..80 {
        let mut files = GOOD.map(|(name, bytes)| (name, bytes.to_vec()));
        for _ in 0..=below(4) {
            let (_, bytes) = &mut files[below(5)];
            if bytes.len() < 2 {
                continue;
            }
            let at = below(bytes.len());
            match below(4) {
                0 => bytes[at] = SIGNS[below(SIGNS.len())],
                1 => drop(bytes.remove(at)),
                2 => bytes.truncate(at),
                _ => bytes.extend_from_within(at..),
            }
        }
        import.holds(files.each_ref().map(|(name, bytes)| (*name, &bytes[..])));
        let before = import.rows().await;
        let output = import.run();
        if !output.status.success() {
            assert!(!refused(&output).is_empty(), "round {round}");
            assert_eq!(import.rows().await, before, "round {round}");
        }
    }
}

/// What is not there, or there twice.
#[tokio::test(flavor = "multi_thread")]
async fn folders() {
    let import = Import::new(Engine::Sqlite).await;
    let path = import.folder.path().to_str().unwrap().to_owned();
    let nothing = "there is no clients, positions, users, teams or contracts .csv or .ndjson here";
    import.holds([("notes.txt", b"x")]);
    assert_eq!(import.refused().await, [format!("{path}: {nothing}")]);
    let nowhere = format!("{path}/nowhere");
    let told = refused(&import.command(&["import", &nowhere, "--company", "1"]));
    assert_eq!(told, [format!("{nowhere}: {nothing}")]);

    let good = b"id,name\n1,A\n";
    import.holds([("clients.csv", good), ("clients.ndjson", b""), ("teams.csv", b"id,name\n1,\n")]);
    let told = import.refused().await;
    assert_eq!(
        (told.len(), &*told[0]),
        (2, "clients.csv: there is an .ndjson of the same name, too")
    );

    std::fs::create_dir(import.path("positions.csv")).unwrap();
    let told = refused(&import.run());
    assert!(told.iter().any(|line| line.starts_with("positions.csv: ")), "{told:?}");
    std::fs::remove_dir(import.path("positions.csv")).unwrap();

    import.holds([("clients.csv", good)]);
    let output = import.command(&["import", &path, "--company", "7"]);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "crewline: there is no company 7\n");
    // Files that hold nothing are no mistake.
    import.holds([("clients.csv", b""), ("users.csv", b"id,name\r\n"), ("teams.ndjson", b"\n\n")]);
    let output = import.command(&["import", &path, "--company", "1"]);
    assert_eq!(stdout(&output), "Imported nothing\n");
    import.holds([("clients.csv", good), ("teams.ndjson", b"{\"id\": 9, \"name\": \"T\"}")]);
    let output = import.command(&["import", &path, "--company", "1"]);
    assert_eq!(stdout(&output), "Imported client: 1, team: 1\n");
}

/// A scenario on each engine.
macro_rules! on_both_engines {
    ($($name:ident)*) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$name(testing::Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                super::$name(testing::Engine::Postgres).await;
            }
        }
    )*};
}

on_both_engines! { everything beside_a_server a_second_time everything_wrong_at_once whose_fault spreadsheets }
