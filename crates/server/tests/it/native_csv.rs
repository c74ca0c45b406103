//! Lists of `/api` as CSV.

use std::convert::Infallible;

use axum::http::Method;
use expect_test::expect;
use serde_json::json;
use server::store::Tx;
use testing::{Answer, Api, TestApp, both_engines};

async fn csv(api: &Api, path: &str) -> Answer {
    api.send(Method::GET, path, &[("accept", "text/csv")], Vec::new()).await
}

/// The rows, a line each.
async fn lines(api: &Api, path: &str) -> String {
    let answer = csv(api, path).await;
    let kind = "text/csv; charset=utf-8; header=present";
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (200, Some(kind)),
        "{path}"
    );
    answer.text.replace("\r\n", "\n")
}

/// A user with texts that want care, in a team and two workspaces, and on a contract.
async fn furnish(t: &TestApp) {
    let fields = json!({
        "email": "ana@example.com", "first_name": "Ana \"A\"", "last_name": "Lee, Li",
        "phone": "+34 600", "position": "=1+1", "department": "two\nlines", "daily_hours": 7.5
    });
    t.api.create("users", "OKTA", "u 1", fields).await.ok();
    let link = json!({"kind": "user", "source": "SAP", "external_id": "0007", "id": 1});
    t.api.post("/api/references", link).await.ok();
    t.api.workspace("OKTA", "w1").await;
    t.api.workspace("OKTA", "w2").await;
    t.api.team("OKTA", "t1", Some("w1")).await;
    t.api.join("OKTA", "u%201", &[("w1", 12.5), ("w2", 50.0)]).await.ok();
    let body = json!({"metadata": {"source": "OKTA"}, "users": ["u 1"]});
    t.api.put("/v2/integrations/teams/t1/attach", body).await.ok();
    t.api.contract("OKTA", "=K", None, None).await;
    let dates = json!([{"start": "2025-01-01", "end": "2025-02-01"}, {"start": "2025-03-01", "end": "9999-12-31"}]);
    let body = json!({"metadata": {"source": "OKTA"}, "users": [{"id": "u 1", "dates": dates}]});
    t.api.post("/v2/integrations/contracts/=K/users", body).await.ok();
    let old = json!({"kind": "team", "source": "SAP", "external_id": "+old", "id": 1});
    t.api.post("/api/references", old).await.ok();
    t.api.put("/api/references/team/SAP/%2Bold", json!({"external_id": "=new"})).await.ok();
    t.api.send(Method::DELETE, "/api/references/team/SAP/%3Dnew", &[], Vec::new()).await.ok();
}

both_engines! {
    /// Every list, with a header row also where nothing is in it.
    async fn of_every_list(t: TestApp) {
        furnish(&t).await;
        let mut told = String::new();
        for path in [
            "users",
            "users?updated_after=2030-01-01T00:00:00Z",
            "contracts",
            "brands",
            "teams/1/users",
            "teams/OKTA:t1/users",
            "workspaces/1/users",
            "users/1/workspaces",
            "contracts/1/assignments",
            "contracts/1/assignments?user=1",
            "references?kind=user",
            "references/history?kind=team",
            "assignments?user=1",
            "assignments?team=1&overlaps=2025-03-05..2025-03-05",
            "bench?from=2025-02-02&to=2025-02-28",
            "conflicts?from=2025-01-01&to=2025-01-31",
        ] {
            told += &format!("{path}\n{}", lines(&t.api, &format!("/api/{path}")).await);
        }
        expect![[r#"
            users
            id,email,first_name,last_name,phone,position,department,role_id,daily_hours,position_id,seniority_id,hourly_rate_effective_from,description,birthday,hourly_rate,monthly_hours,plan_id,hidden,charge_hours,external_ids,created_at,updated_at
            1,ana@example.com,"Ana ""A""","Lee, Li",'+34 600,'=1+1,"two
            lines",4,7.5,,,,,,,,,false,,OKTA:u 1 SAP:0007,2026-01-08T19:06:19Z,2026-01-08T19:06:19Z
            users?updated_after=2030-01-01T00:00:00Z
            id,email,first_name,last_name,phone,position,department,role_id,daily_hours,position_id,seniority_id,hourly_rate_effective_from,description,birthday,hourly_rate,monthly_hours,plan_id,hidden,charge_hours,external_ids,created_at,updated_at
            contracts
            id,name,client_id,type,status,start_date,end_date,value,currency,description,source,frequency,url,url_name,json_integrations,currency_id,user_positions_header_id,positions,external_ids,created_at,updated_at
            1,'=K,1,,,,,,,,,,,,,,,,OKTA:=K,2026-01-08T19:06:19Z,2026-01-08T19:06:19Z
            brands
            id,name,client_id,external_ids,created_at,updated_at
            teams/1/users
            id,user_id,external_ids,created_at,updated_at
            1,1,OKTA:u 1 SAP:0007,2026-01-08T19:06:19Z,2026-01-08T19:06:19Z
            teams/OKTA:t1/users
            id,user_id,external_ids,created_at,updated_at
            1,1,OKTA:u 1 SAP:0007,2026-01-08T19:06:19Z,2026-01-08T19:06:19Z
            workspaces/1/users
            user_id,external_ids,percentage,created_at,updated_at
            1,OKTA:u 1 SAP:0007,12.5,2026-01-08T19:06:19Z,2026-01-08T19:06:19Z
            users/1/workspaces
            workspace_id,external_ids,percentage,created_at,updated_at
            1,OKTA:w1,12.5,2026-01-08T19:06:19Z,2026-01-08T19:06:19Z
            2,OKTA:w2,50,2026-01-08T19:06:19Z,2026-01-08T19:06:19Z
            contracts/1/assignments
            id,user_id,start_date,end_date,source
            1,1,2025-01-01,2025-02-01,OKTA
            2,1,2025-03-01,,OKTA
            contracts/1/assignments?user=1
            id,user_id,start_date,end_date,source
            1,1,2025-01-01,2025-02-01,OKTA
            2,1,2025-03-01,,OKTA
            references?kind=user
            kind,source,external_id,id,created_at
            user,SAP,0007,1,2026-01-08T19:06:19Z
            user,OKTA,u 1,1,2026-01-08T19:06:19Z
            references/history?kind=team
            kind,source,external_id,id,created_at,ended_at,became
            team,SAP,'+old,1,2026-01-08T19:06:19Z,2026-01-08T19:06:19Z,'=new
            team,SAP,'=new,1,2026-01-08T19:06:19Z,2026-01-08T19:06:19Z,
            assignments?user=1
            id,contract_id,contract_name,contract_external_ids,user_id,start_date,end_date,source
            1,1,'=K,OKTA:=K,1,2025-01-01,2025-02-01,OKTA
            2,1,'=K,OKTA:=K,1,2025-03-01,,OKTA
            assignments?team=1&overlaps=2025-03-05..2025-03-05
            id,contract_id,contract_name,contract_external_ids,user_id,start_date,end_date,source
            2,1,'=K,OKTA:=K,1,2025-03-01,,OKTA
            bench?from=2025-02-02&to=2025-02-28
            id,first_name,last_name,email,external_ids
            1,"Ana ""A""","Lee, Li",ana@example.com,OKTA:u 1 SAP:0007
            conflicts?from=2025-01-01&to=2025-01-31
            kind,user_id,user_name,user_external_ids,from,to,assignment_id,contract_id,contract_name,contract_external_ids,start_date,end_date,source,leave_id,leave_start_date,leave_end_date,leave_external_ids,workspace_id,workspace_name,workspace_percentage,percentage
        "#]].assert_eq(&told);
    }

    /// A list of many pages is whole, and has every row once.
    async fn whole(t: TestApp) {
        t.api.user("OKTA", "u1").await;
        let made = t.app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            let more = tx.pick(
                "WITH RECURSIVE n(n) AS (
                    SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < 2500
                ) INSERT INTO users (company_id, id, email, email_key, first_name, last_name,
                    role_id, daily_hours, created_at, updated_at)
                SELECT company_id, n, n, n, first_name, last_name, role_id, daily_hours, created_at,
                    updated_at FROM n, users",
                "INSERT INTO users (company_id, id, email, email_key, first_name, last_name,
                    role_id, daily_hours, created_at, updated_at)
                SELECT company_id, n, n, n, first_name, last_name, role_id, daily_hours, created_at,
                    updated_at FROM generate_series(2, 2500) n, users",
            );
            Ok(tx.execute(more, &[]).await?)
        });
        made.await.unwrap();
        for path in ["/api/users", "/api/users?updated_after=2020-01-01T00:00:00Z"] {
            let told = lines(&t.api, path).await;
            let ids: Vec<&str> =
                told.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
            let all: Vec<String> = (1..=2500).map(|id| id.to_string()).collect();
            assert!(ids == all, "{path} {}", ids.len());
        }
    }

    /// JSON, unless CSV is asked for and liked no less.
    async fn asked_for(t: TestApp) {
        for (accept, is_csv) in [
            ("text/csv", true),
            ("Text/CSV; charset=utf-8", true),
            ("text/csv, application/json", true),
            ("application/json, text/csv;q=0.9", false),
            ("application/json;q=0.5, text/csv; q=0.9", true),
            ("text/csv;q=0", false),
            ("*/*", false),
        ] {
            let answer = t.api.send(Method::GET, "/api/users", &[("accept", accept)], Vec::new()).await;
            let kind = answer.header("content-type").unwrap_or_default();
            assert_eq!(kind.starts_with("text/csv"), is_csv, "{accept}");
        }
    }

    async fn wrong(t: TestApp) {
        furnish(&t).await;
        for (path, status) in [
            ("users?limit=5", 400),
            ("users?cursor=MQ", 400),
            ("assignments?user=1&limit=5", 400),
            ("contracts/1/assignments?limit=5", 400),
            ("teams/1/users?limit=5", 400),
            ("assignments", 400),
            ("assignments?user=9", 404),
            ("contracts/9/assignments", 404),
            ("teams/9/users", 404),
        ] {
            let answer = csv(&t.api, &format!("/api/{path}")).await;
            assert_eq!(answer.status, status, "{path}: {answer}");
        }
        let other = t.other_company().await;
        assert_eq!(lines(&other, "/api/users").await.lines().count(), 1);
        // A key is told its own sources' external ids.
        let sap = t.key(&["SAP"], true).await;
        let told = lines(&sap, "/api/users").await;
        assert!(told.contains(",SAP:0007,") && !told.contains("OKTA"), "{told}");
    }
}
