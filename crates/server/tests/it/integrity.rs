//! What `check` finds: whatever breaks a rule that no constraint holds, and nothing else.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::Method;
use domain::Kind;
use expect_test::expect;
use serde_json::json;
use server::integrity::{Finding, check};
use server::store::{Tx, look};
use testing::{Engine, TestApp, both_engines, damage};

use crate::images::everything;

/// Something in every table: no rule is asked of nothing.
async fn seed(t: &mut TestApp) {
    everything(t).await;
    let metadata = json!({"source": "SAP"});
    let ranges = json!([{"start": "2025-01-01", "end": "2025-02-01"}, {"start": "2026-01-01", "end": "9999-12-31"}]);
    let body = json!({"metadata": metadata, "id": "k", "name": "K"}).to_string();
    let head = [("content-type", "application/json"), ("idempotency-key", "k")];
    t.api.send(Method::POST, "/v2/integrations/categories", &head, body.into()).await.ok();
    let users = json!([{"id": "x", "dates": ranges}, {"id": "nobody", "dates": ranges}]);
    let body = json!({"metadata": metadata, "users": users});
    t.api.post("/v2/integrations/contracts/x/users", body).await.ok();
    t.api.join("SAP", "x", &[("x", 50.0)]).await.ok();
    let body = json!({"metadata": metadata, "users": ["x"]});
    t.api.put("/v2/integrations/teams/x/attach", body).await.ok();
    t.api.create("teams", "SAP", "y", json!({"name": "Y", "workspace_id": "x"})).await.ok();
    t.api.post("/v1/projects/1/collaborators", json!({"usersIds": [1]})).await.ok();
    let rate = json!({"position_id": 1, "team_id": 1, "rate": 1, "hours": 1});
    t.api.post("/v1/contracts/1/positions", rate).await.ok();
    t.api.post("/api/webhooks", json!({"url": "http://127.0.0.1:9/"})).await.ok();
    t.key(&["SAP"], true).await;
    server::sources::register(&t.app, 1, domain::SourceLabel::parse("HR").unwrap()).await.unwrap();
    t.other_company().await;
    // On PostgreSQL the last events are still given their numbers.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let events = t.api.get("/api/events?limit=1000").await.ok();
        let events = events["data"].as_array().unwrap().len();
        if events == 21 {
            break;
        }
        assert!(std::time::Instant::now() < until, "{events} events");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    t.quiet().await;
}

async fn found(t: &TestApp) -> Vec<Finding> {
    check(&t.database.location).await.unwrap().findings
}

fn line(finding: &Finding) -> String {
    let Finding { table, company, says, count, keys } = finding;
    let company = company.map(|id| format!(" of company {id}")).unwrap_or_default();
    format!("{table}{company}: {count} {says} ({})\n", keys.join(", "))
}

/// Does damage after damage; what each adds to the findings.
async fn findings(t: &TestApp, damages: &[&str]) -> String {
    let (mut before, mut all, mut unseen) = (BTreeSet::new(), String::new(), Vec::new());
    before.extend(found(t).await.iter().map(line));
    for sql in damages {
        damage(&t.database.location, sql).await;
        let now: BTreeSet<String> = found(t).await.iter().map(line).collect();
        let new: String = now.difference(&before).map(String::as_str).collect();
        if new.is_empty() {
            unseen.push(sql);
        }
        all += &new;
        before = now;
    }
    assert!(unseen.is_empty(), "nobody sees {unseen:#?}");
    all
}

/// Rules that both engines are asked: damage, and what is to be found.
const DAMAGES: &[&str] = &[
    // Companies, and what has no foreign key to them.
    "INSERT INTO companies (id, name, created_at) SELECT 77, name, created_at FROM companies WHERE id = 1",
    "INSERT INTO event_horizons VALUES (99, 5)",
    "INSERT INTO webhook_deliveries (company_id, endpoint_id, number, type, state, attempts, resends, first_at, last_at)
        SELECT 99, id, 4, 'x', 'failed', 1, 0, created_at, created_at FROM webhook_endpoints",
    "INSERT INTO assignments SELECT 99, contract_id, user_id, start_date, end_date, id, source_id FROM assignments WHERE id = 1",
    "INSERT INTO events SELECT 99, number, type, entity_id, source_id, key, request_id, time, data FROM events WHERE number = 1",
    "UPDATE sources SET company_id = 99",
    // Foreign keys.
    "UPDATE users SET position_id = 99",
    "UPDATE access_tokens SET key = 'nobody'",
    // References.
    "UPDATE external_refs SET kind = 'robot' WHERE kind = 'team' AND external_id = 'y'",
    "UPDATE external_refs SET source_id = 99 WHERE kind = 'leave'",
    "INSERT INTO past_references (company_id, kind, external_id, source_id, ended_at, entity_id, created_at)
        SELECT company_id, kind, external_id, 99, created_at, entity_id, created_at FROM external_refs WHERE kind = 'client'",
    // Assignments.
    "UPDATE assignments SET user_id = 99 WHERE company_id = 1 AND id = 1",
    "UPDATE assignments SET start_date = end_date + 1 WHERE company_id = 1 AND id = 1",
    "UPDATE contracts SET end_date = (SELECT start_date FROM contracts c WHERE c.id = 1) WHERE id = 1",
    "UPDATE assignments SET id = 2 WHERE company_id = 1 AND id = 1",
    "UPDATE assignments SET source_id = 99 WHERE company_id = 1",
    "INSERT INTO contract_positions SELECT company_id, 99, id, position_id, team_id, rate, hours FROM contract_positions",
    // Memberships.
    "UPDATE workspace_users SET percentage = 1000001",
    "INSERT INTO team_users SELECT company_id, 2, user_id, NULL, id, created_at, updated_at FROM team_users",
    "INSERT INTO project_users SELECT company_id, 2, user_id, id, created_at FROM project_users",
    // Values.
    "UPDATE users SET daily_hours = 240001",
    "UPDATE users SET role_id = 7",
    "UPDATE users SET monthly_hours = 7440001",
    "UPDATE users SET plan_id = 6",
    "UPDATE users SET hourly_rate = 1000000000000000",
    "UPDATE projects SET start_date = (SELECT end_date FROM leaves)",
    "UPDATE leaves SET end_date = (SELECT end_date FROM projects)",
    "UPDATE contracts SET start_date = (SELECT end_date FROM assignments WHERE company_id = 1 AND user_id = 1)",
    "UPDATE products SET brand_id = NULL",
    "UPDATE products SET deleted_at = created_at",
    "UPDATE users SET email = 'Another@example.com' WHERE id = 1",
    "UPDATE contracts SET value = 1000000000000000",
    "UPDATE positions SET rate = -1000000000000000",
    "UPDATE contract_positions SET rate = 1000000000000000",
    "UPDATE contract_positions SET hours = -1000000000000000",
    "UPDATE projects SET estimated = 1000000000000000",
    "UPDATE projects SET estimated_time = 1000000000000000",
    "UPDATE working_time_days SET end_minute = 1440 WHERE day_of_week = 2",
    "INSERT INTO exchange_rates SELECT 1, 'EUR', start_date, 1, 0, '', 5, created_at FROM leaves",
    // Sources.
    "UPDATE sources SET company_id = 1, id = 12",
    "UPDATE key_sources SET source_id = 1000",
    "UPDATE exchange_rates SET source_id = 0",
    "UPDATE refusals SET source_id = 1000",
    "UPDATE events SET source_id = 1000 WHERE number = 2",
    // What is kept.
    "UPDATE refusals SET state = 'open', closed_at = first_at",
    "UPDATE refusals SET state = 'lost'",
    "UPDATE refusals SET attempts = 0",
    "UPDATE idempotency_keys SET status = 503",
    // Events.
    "INSERT INTO event_horizons VALUES (1, 1)",
    "UPDATE events SET type = 'user.sneezed' WHERE number = 3",
    "UPDATE events SET data = (SELECT secret_hash FROM api_keys WHERE key = 'key-1') WHERE number = 4",
    // Webhooks.
    "UPDATE webhook_endpoints SET position = 1000",
    "UPDATE webhook_endpoints SET state = 'asleep'",
    "UPDATE webhook_deliveries SET company_id = 1, endpoint_id = 9",
    "UPDATE webhook_deliveries SET state = 'lost'",
    "UPDATE webhook_deliveries SET state = 'pending'",
    // Sequences.
    "UPDATE id_sequences SET next = 1 WHERE name NOT IN ('event', 'company')",
];

both_engines! {
    /// Each rule sees what breaks it, and names it by numbers of ours.
    async fn every_rule(t: TestApp) {
        seed(&mut t).await;
        assert!(found(&t).await.is_empty());
        let mut all = findings(&t, DAMAGES).await;
        expect![[r#"
            companies: 1 have an id that their sequence has yet to give (id=77)
            event_horizons: 1 are of a company that does not exist (company_id=99)
            webhook_deliveries: 1 are of a company that does not exist (company_id=99 endpoint_id=1 number=4)
            assignments: 1 are of a company that does not exist (company_id=99 contract_id=1 user_id=1 id=1)
            events: 1 are of a company that does not exist (company_id=99 number=1)
            sources: 1 refer by company_id to companies that do not exist (company_id=99 id=1000)
            users of company 1: 1 refer by position_id to positions that do not exist (id=1)
            access_tokens: 3 refer by key to api_keys that do not exist ()
            external_refs of company 1: 1 are of a kind that does not exist (kind=robot source_id=11 entity_id=2)
            external_refs of company 1: 1 name a source that does not exist (kind=leave source_id=99 entity_id=1)
            past_references of company 1: 1 name a source that does not exist (kind=client source_id=99 entity_id=1)
            assignments of company 1: 1 name a user that does not exist (contract_id=1 user_id=99 id=1)
            assignments of company 1: 1 end before they begin (contract_id=1 user_id=99 id=1)
            assignments of company 1: 2 lie outside the period of their contract (contract_id=1 user_id=1 id=2, contract_id=1 user_id=99 id=1)
            assignments of company 1: 1 end before they begin (contract_id=1 user_id=99 id=2)
            assignments of company 1: 1 name a user that does not exist (contract_id=1 user_id=99 id=2)
            assignments of company 1: 1 share an id (id=2)
            assignments of company 1: 2 lie outside the period of their contract (contract_id=1 user_id=1 id=2, contract_id=1 user_id=99 id=2)
            assignments of company 1: 2 name a source that does not exist (contract_id=1 user_id=1 id=2, contract_id=1 user_id=99 id=2)
            contract_positions of company 1: 1 refer by contract_id to contracts that do not exist (contract_id=99 id=1)
            contract_positions of company 1: 1 share an id (id=1)
            workspace_users of company 1: 1 have a percentage that is not above 0 and up to 100 (user_id=1 workspace_id=1)
            team_users of company 1: 1 have another workspace than their team (team_id=2 user_id=1 id=1)
            team_users of company 1: 1 put a user in two teams of one workspace (user_id=1 workspace_id=1)
            team_users of company 1: 1 share an id (id=1)
            project_users of company 1: 1 refer by project_id to projects that do not exist (project_id=2 user_id=1)
            project_users of company 1: 1 share an id (id=1)
            users of company 1: 1 have daily hours that are not from 0 to 24 (id=1)
            users of company 1: 1 have a role that does not exist (id=1)
            users of company 1: 1 have monthly hours that are not from 0 to 744 (id=1)
            users of company 1: 1 have a plan that does not exist (id=1)
            users of company 1: 1 have an amount in hourly_rate that is beyond its bound (id=1)
            projects of company 1: 1 end before they begin (id=1)
            leaves of company 1: 1 end before they begin (id=1)
            contracts of company 1: 1 end before they begin (id=1)
            products of company 1: 1 have no client or no brand (id=1)
            external_refs of company 1: 1 name a product that does not exist or is deleted (kind=product source_id=11 entity_id=1)
            projects of company 1: 1 name a product that is deleted (id=1)
            users of company 1: 1 are compared by another e-mail than they have (id=1)
            contracts of company 1: 1 have an amount in value that is beyond its bound (id=1)
            positions of company 1: 1 have an amount in rate that is beyond its bound (id=1)
            contract_positions of company 1: 2 have an amount in rate that is beyond its bound (id=1, id=1)
            contract_positions of company 1: 2 have an amount in hours that is beyond its bound (id=1, id=1)
            projects of company 1: 1 have an amount in estimated that is beyond its bound (id=1)
            projects of company 1: 1 have an amount in estimated_time that is beyond its bound (id=1)
            working_time_days of company 1: 1 are no day of a week with hours (working_time_id=1 day_of_week=2)
            exchange_rates of company 1: 1 have a rate that is not above 0 and below its bound (currency=EUR)
            sources of company 1: 1 have the id of a published source (id=12)
            key_sources of company 1: 1 name a source that does not exist (key=key-1-SAP-true source_id=1000)
            exchange_rates of company 1: 1 name a source that does not exist (currency=EUR source_id=0)
            refusals of company 1: 1 name a source that does not exist (id=HAfap6CSAdCL48rnpuYgQw)
            events of company 1: 1 name a source that does not exist (number=2)
            refusals of company 1: 1 are open and closed (id=HAfap6CSAdCL48rnpuYgQw)
            refusals of company 1: 1 have a state that does not exist (id=HAfap6CSAdCL48rnpuYgQw)
            refusals of company 1: 1 were never refused (id=HAfap6CSAdCL48rnpuYgQw)
            idempotency_keys of company 1: 1 are no answer of a request (status=503)
            events of company 1: 1 lie behind where the company's events begin (number=1)
            events of company 1: 1 have a type that does not exist (number=3)
            events of company 1: 1 have data that cannot be read (number=4)
            webhook_endpoints of company 1: 1 stand behind the last event: they would miss the next ones (id=1 position=1000)
            webhook_endpoints of company 1: 1 have a state that does not exist (id=1)
            webhook_deliveries of company 1: 1 name an endpoint that does not exist (endpoint_id=9 number=4)
            webhook_deliveries of company 1: 1 have a state that does not exist (endpoint_id=9 number=4)
            webhook_deliveries of company 1: 1 are pending and settled (endpoint_id=9 number=4)
            assignments of company 1: 2 have an id that their sequence has yet to give (contract_id=1 user_id=1 id=2, contract_id=1 user_id=99 id=2)
            contract_positions of company 1: 2 have an id that their sequence has yet to give (contract_id=1 id=1, contract_id=99 id=1)
            project_users of company 1: 2 have an id that their sequence has yet to give (project_id=1 user_id=1 id=1, project_id=2 user_id=1 id=1)
            team_users of company 1: 2 have an id that their sequence has yet to give (team_id=1 user_id=1 id=1, team_id=2 user_id=1 id=1)
            webhook_endpoints of company 1: 1 have an id that their sequence has yet to give (id=1)
        "#]].assert_eq(&all);
        for kind in Kind::ALL {
            let sql = format!("UPDATE external_refs SET entity_id = 99 WHERE kind = '{}'", kind.name());
            all += &findings(&t, &[&sql]).await;
        }
        let rules = check(&t.database.location).await.unwrap().rules;
        for rule in rules.iter().filter(|rule| !rule.contains("refer by ")) {
            let (table, says) = rule.split_once(": ").unwrap();
            let seen = all.lines().any(|line| line.starts_with(table) && line.contains(says));
            assert!(seen || only_one_engine(rule), "no damage breaks the rule {rule}");
        }
        // Nothing that somebody is called.
        for name in ["Ana", "Lee", "Example", "nobody"] {
            assert!(!all.contains(name), "{name}");
        }
    }

    /// One day is a range, an id may be chosen, and the largest amount is one.
    async fn what_breaks_no_rule(t: TestApp) {
        seed(&mut t).await;
        for sql in [
            "UPDATE assignments SET end_date = start_date WHERE company_id = 1 AND id = 1",
            "INSERT INTO clients (company_id, id, name, created_at, updated_at)
                SELECT company_id, 4711, name, created_at, updated_at FROM clients WHERE company_id = 1 AND id = 1",
            "UPDATE contracts SET value = 999999999999999",
        ] {
            damage(&t.database.location, sql).await;
        }
        let found: String = found(&t).await.iter().map(line).collect();
        assert_eq!(found, "");
    }

    /// What is held by each engine in its own way.
    async fn rules_of_one_engine(t: TestApp) {
        seed(&mut t).await;
        let all = findings(&t, &[
            "UPDATE assignments SET contract_id = 99 WHERE id = 1",
            "UPDATE events SET number = number + 1000 WHERE number = (SELECT max(number) FROM events)",
        ]).await;
        match t.engine {
            Engine::Sqlite => expect![[r#"
                assignments of company 1: 1 refer by contract_id to contracts that do not exist (contract_id=99 user_id=1 start_date=20089 end_date=20120)
                events of company 1: 1 do not follow the one before (number=1021)
            "#]].assert_eq(&all),
            Engine::Postgres => {
                let all = all + &findings(&t, &["INSERT INTO event_horizons VALUES (1, 5000)"]).await;
                expect![[r#"
                    assignments of company 1: 1 name a contract that does not exist (contract_id=99 user_id=1 id=1)
                    events of company 1: 1 have a number that has yet to be given (number=1021)
                    event_horizons of company 1: 1 begin behind the last number (purged_to=5000)
                    events of company 1: 21 lie behind where the company's events begin (number=1, number=2, number=3, number=4, number=5, number=6, number=7, number=8, number=9, number=10)
                "#]].assert_eq(&all);
            }
        }
    }

    /// Many rows are counted, and some named.
    async fn many_rows(t: TestApp) {
        seed(&mut t).await;
        let sql = "INSERT INTO assignments SELECT a.company_id, c.id, 100 + e.number, a.start_date, a.end_date,
                100 + e.number, 0
            FROM assignments a CROSS JOIN contracts c CROSS JOIN events e WHERE a.id = 1";
        damage(&t.database.location, sql).await;
        let found = found(&t).await;
        let users = found.iter().find(|one| one.says.contains("a user that does not exist")).unwrap();
        assert!(users.count > 15, "{users:?}");
        assert_eq!(users.keys.len(), 10);
    }

    /// A database with another schema is refused, not misread.
    async fn another_schema(t: TestApp) {
        let refused = async |sql: &str| {
            damage(&t.database.location, sql).await;
            check(&t.database.location).await.unwrap_err().0
        };
        let newer = refused("UPDATE refinery_schema_history SET version = version + 100").await;
        assert!(newer.ends_with("use the crewline that serves it"), "{newer}");
        let older = refused("UPDATE refinery_schema_history SET version = version - 110").await;
        assert!(older.contains("run crewline migrate"), "{older}");
        let none = refused("DROP TABLE refinery_schema_history").await;
        assert!(none.ends_with("it is no database of Crewline"), "{none}");
    }
}

fn only_one_engine(rule: &str) -> bool {
    [
        "do not follow the one before",
        "yet to be given",
        "behind the last number",
        "a contract that does not exist",
    ]
    .iter()
    .any(|says| rule.ends_with(says))
}

/// What the engine itself says.
#[tokio::test(flavor = "multi_thread")]
async fn the_engine_of_sqlite() {
    let t = TestApp::new(Engine::Sqlite).await;
    t.api.user("SAP", "x").await;
    // An index that has lost its only row.
    damage(
        &t.database.location,
        "CREATE TABLE other (company_id INTEGER, position_id INTEGER, id INTEGER) STRICT;
         CREATE INDEX other_index ON other (company_id, position_id);
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'other_index')
            WHERE name = 'users_position'",
    )
    .await;
    let report = check(&t.database.location).await.unwrap();
    assert!(!report.complete);
    let found = report.findings;
    assert!(!found.is_empty());
    assert!(found.iter().all(|finding| finding.table == "SQLite"), "{found:?}");
    let says: Vec<&str> = found.iter().map(|finding| &*finding.says).collect();
    assert!(says.iter().any(|says| says.contains("users_position")), "{says:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_of_postgres() {
    let t = TestApp::new(Engine::Postgres).await;
    let sql = "ALTER TABLE teams ADD CONSTRAINT unproven CHECK (id > 0) NOT VALID;
        UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'users_position'::regclass";
    damage(&t.database.location, sql).await;
    let found: String = found(&t).await.iter().map(line).collect();
    expect![[r#"
        PostgreSQL: 1 the constraint unproven of teams is not valid ()
        PostgreSQL: 1 the index users_position of users is not valid ()
    "#]]
    .assert_eq(&found);
}

both_engines! {
    /// A look takes as long as it takes, sees one moment, and holds up nobody.
    async fn a_long_look(t: TestApp) {
        t.api.user("SAP", "before").await;
        let location = t.database.location.clone();
        let look = tokio::spawn(async move { look(&location, async move |tx: &mut Tx| {
            let sql = "SELECT count(*) FROM users";
            let first: Option<(i64,)> = tx.query_opt(sql, &[]).await?;
            match tx {
                Tx::Sqlite(_) => std::thread::sleep(Duration::from_secs(3)),
                Tx::Postgres(_) => drop(tx.query::<(bool,)>("SELECT pg_sleep(3) IS NULL", &[]).await?),
            }
            let last: Option<(i64,)> = tx.query_opt(sql, &[]).await?;
            Ok((first, last))
        }).await });
        tokio::time::sleep(Duration::from_millis(700)).await;
        t.api.user("SAP", "meanwhile").await;
        assert!(!look.is_finished(), "the write has waited");
        assert_eq!(look.await.unwrap().unwrap(), (Some((1,)), Some((1,))));
    }
}
