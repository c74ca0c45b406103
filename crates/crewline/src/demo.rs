//! `crewline serve --demo`: fills the database and prints calls to try.

use std::net::SocketAddr;

use server::app::Shared;
use server::demo::{self, CONTRACT, KEY, SECRET};
use server::store::Startup;

use crate::output::{Output, stopped};

/// Fills the database and prints what to type.
pub async fn start(app: &Shared, address: SocketAddr, output: Output) -> Result<(), Startup> {
    demo::fill(app).await.map_err(|stop| {
        stopped(stop, |_| "the database holds something other than a whole demo".to_owned())
    })?;
    let host = format!("http://{address}");
    let calls = calls(&host);
    let json = serde_json::json!({
        "url": host, "key": KEY, "secret": SECRET,
        "calls": calls.iter().map(|(_, call)| call).collect::<Vec<_>>(),
    });
    output.print(&text(&host, &calls), &json);
    Ok(())
}

fn text(host: &str, calls: &[(&str, String)]) -> String {
    let mut text = format!(
        "The demo company is at {host}\nKey {KEY}, secret {SECRET}\nIn a browser: {host}/docs\n"
    );
    for (about, call) in calls {
        text.push_str(&format!("\n# {about}\n{call}\n"));
    }
    text
}

/// What each call does, and the call: a token and the five core operations.
fn calls(host: &str) -> Vec<(&'static str, String)> {
    let token = format!(
        "TOKEN=$(curl -s -X POST -u {KEY}:{SECRET} \
         '{host}/v1/oauth/token?grant_type=client_credentials' \
         | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')"
    );
    let call = |method: &str, path: &str, body: &str| {
        format!(
            "curl -s -X {method} '{host}{path}' -H \"Authorization: Bearer $TOKEN\" \
             -H 'Content-Type: application/json' -d '{body}' -w '\\n'"
        )
    };
    vec![
        ("Get a token", token),
        (
            "Attach users to a contract, by the ids of GLOBANT: one range taken, one refused, one \
             user unknown",
            call("POST", "/v2/integrations/contracts/SF-CONTRACT-12345/users", CONTRACT_V2),
        ),
        (
            "Attach a user to the same contract, by the ids of Crewline",
            call("POST", &format!("/v1/contracts/{CONTRACT}/users"), CONTRACT_V1),
        ),
        (
            "Attach users to a team: one taken, one not in the team's workspace",
            call("PUT", "/v2/integrations/teams/external-team-1/attach", TEAM),
        ),
        (
            "Attach workspaces to a user, each with its share of the user's time",
            call("PUT", "/v2/integrations/users/OKTA-USER-12345/attach", WORKSPACES),
        ),
        ("Update a user", call("PUT", "/v2/integrations/users/OKTA-USER-12345", USER)),
    ]
}

const CONTRACT_V2: &str = r#"{"metadata": {"source": "GLOBANT"}, "users": [
  {"id": "external-user-id-1", "dates": [{"start": "2027-10-01", "end": "2028-11-01"}, {"start": "2025-10-10"}]},
  {"id": "external-user-id-5", "dates": [{"start": "2025-10-02", "end": "2026-11-01"}]}]}"#;

const CONTRACT_V1: &str = r#"{"users": [{"id": 123, "dates": [
  {"start": "2026-01-01", "end": "2026-02-01"}, {"start": "2026-01-01", "end": "2026-02-02"}]}]}"#;

const TEAM: &str =
    r#"{"users": ["external-user-id-1", "external-user-id-4"], "metadata": {"source": "GLOBANT"}}"#;

const WORKSPACES: &str = r#"{"workspaces": [
  {"workspaceId": "Workspaces-example-5", "percentage": 10},
  {"workspaceId": "Workspaces-example-6", "percentage": 20}], "metadata": {"source": "MICROSOFT_DYNAMICS"}}"#;

const USER: &str = r#"{"metadata": {"source": "OKTA"}, "position": "Lead Developer", "role_id": 3, "daily_hours": 8,
  "user_position_id": "external-user-position-2", "seniority_id": "external_seniority_id_20"}"#;
