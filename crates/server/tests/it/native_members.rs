//! `/api/teams/{ref}/users` and `/api/users/{ref}/workspaces`: written one by one.

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, Api, both_engines};

use crate::main_contracts;

const TEAM: &str = "/api/teams/OKTA:t1/users";
const SHARES: &str = "/api/users/OKTA:u1/workspaces";

/// A team of a workspace that two of three users are in, another team of it, and another
/// workspace, which is not active.
async fn furnish(api: &Api) {
    api.workspace("OKTA", "w1").await;
    api.workspace("OKTA", "w2").await;
    api.create("workspaces", "OKTA", "w3", json!({"name": "Old", "active": false})).await.ok();
    for user in ["u1", "u2", "u3", "u4"] {
        api.user("OKTA", user).await;
    }
    for user in ["u1", "u2", "u4"] {
        api.join("OKTA", user, &[("w1", 50.0)]).await.ok();
    }
    api.team("OKTA", "t1", Some("w1")).await;
    api.team("OKTA", "t2", Some("w1")).await;
    let body = json!({"metadata": {"source": "OKTA"}, "users": ["u4"]});
    api.put("/v2/integrations/teams/t2/attach", body).await.ok();
}

/// What came of each record: the outcome, or the code of why it was rejected.
fn outcomes(answer: &Answer) -> Vec<String> {
    let told = answer.ok();
    let results = told["results"].as_array().unwrap();
    let count = |name: &str| told[name].as_u64().unwrap_or(0) as usize;
    let changed = count("created") + count("updated");
    // A count with `mode: replace` is a list of what is gone.
    let gone = count("removed");
    let all = changed + gone + count("unchanged") + count("rejected");
    assert_eq!((count("received"), all), (results.len(), results.len()), "{answer}");
    let one = |result: &Value| match &result["error"]["code"] {
        Value::String(code) => code.clone(),
        _ => result["outcome"].as_str().unwrap().to_owned(),
    };
    results.iter().map(one).collect()
}

async fn put_in(api: &Api, users: Value, mode: &str) -> Answer {
    api.post(TEAM, json!({"users": users, "mode": mode})).await
}

async fn shares(api: &Api, workspaces: &[(&str, f64)], mode: &str) -> Answer {
    let share = |(workspace, percentage): &(&str, f64)| json!({"workspace": workspace, "percentage": percentage});
    let workspaces: Vec<Value> = workspaces.iter().map(share).collect();
    api.post(SHARES, json!({"workspaces": workspaces, "mode": mode})).await
}

/// The types of the last events, of which there are so many in all.
async fn told(api: &Api, count: usize) -> Vec<String> {
    let (mut events, mut last) = (Vec::new(), 0);
    // On PostgreSQL numbers come a moment after the commit.
    while events.len() < count {
        let page = api.get(&format!("/api/events?after={last}&wait=10")).await.ok();
        let data = page["data"].as_array().unwrap().iter();
        events.extend(data.map(|event| event["type"].as_str().unwrap().to_owned()));
        last = page["last"].as_i64().unwrap();
    }
    events.split_off(count - 3)
}

both_engines! {
    /// In input order; who is in already, or twice, is unchanged; everyone else has a reason.
    async fn into_a_team(t: TestApp) {
        furnish(&t.api).await;
        let users = json!(["OKTA:u1", 1, "OKTA:u3", "OKTA:u4", "OKTA:u9", 99, 2]);
        let answer = put_in(&t.api, users.clone(), "add").await;
        expect![[r#"
            200 OK
            {"team_id":1,"received":7,"created":2,"unchanged":1,"rejected":4,"results":[{"index":0,"outcome":"created","id":2,"user_id":1},{"index":1,"outcome":"unchanged","id":2,"user_id":1},{"index":2,"outcome":"rejected","error":{"pointer":"/users/2","code":"UT012","message":"User does not belong to the team's workspace","remedy":"Attach the user to the team's workspace first."}},{"index":3,"outcome":"rejected","error":{"pointer":"/users/3","code":"UT013","message":"User already belongs to another team in the same workspace","remedy":"Detach the user from the other team of the workspace first."}},{"index":4,"outcome":"rejected","error":{"pointer":"/users/4","code":"CE001","message":"There is no user \"u9\" of source OKTA","remedy":"Create the user under this source first, or link it: `POST /api/references`."}},{"index":5,"outcome":"rejected","error":{"pointer":"/users/5","code":"USER_UNKNOWN","message":"There is no user 99","remedy":"Use the id of a user that the company has."}},{"index":6,"outcome":"created","id":8,"user_id":2}]}"#]].assert_eq(&answer.to_string());
        assert_eq!(outcomes(&put_in(&t.api, users, "add").await), ["unchanged", "unchanged", "UT012", "UT013", "CE001", "USER_UNKNOWN", "unchanged"]);
        let by_id = t.api.post("/api/teams/1/users", json!({"users": [1]})).await;
        assert_eq!(outcomes(&by_id), ["unchanged"]);
    }

    /// Others go, unless something was rejected: that might have been one of them.
    async fn all_of_a_team(t: TestApp) {
        furnish(&t.api).await;
        assert_eq!(outcomes(&put_in(&t.api, json!(["OKTA:u1"]), "replace").await), ["created"]);
        let unsure = put_in(&t.api, json!(["OKTA:u2", "OKTA:u9"]), "replace").await;
        assert_eq!((outcomes(&unsure), &unsure.json()["removed"]), (vec!["created".to_owned(), "CE001".to_owned()], &json!([])));
        let answer = put_in(&t.api, json!(["OKTA:u2"]), "replace").await;
        expect![[r#"
            200 OK
            {"team_id":1,"received":1,"created":0,"unchanged":1,"rejected":0,"results":[{"index":0,"outcome":"unchanged","id":3,"user_id":2}],"removed":[{"id":2,"user_id":1}]}"#]].assert_eq(&answer.to_string());
        let again = put_in(&t.api, json!(["OKTA:u2"]), "replace").await.ok();
        assert_eq!((&again["unchanged"], &again["removed"]), (&json!(1), &json!([])));
        assert_eq!(told(&t.api, 16).await, ["team.users.attached", "team.users.attached", "team.users.detached"]);
    }

    async fn out_of_a_team(t: TestApp) {
        furnish(&t.api).await;
        put_in(&t.api, json!(["OKTA:u1", "OKTA:u2"]), "add").await.ok();
        let answer = t.api.delete(TEAM, json!({"users": ["OKTA:u2", 2, "OKTA:u3", 99]})).await;
        expect![[r#"
            200 OK
            {"team_id":1,"received":4,"removed":1,"unchanged":2,"rejected":1,"results":[{"index":0,"outcome":"removed","id":3,"user_id":2},{"index":1,"outcome":"unchanged","user_id":2},{"index":2,"outcome":"unchanged","user_id":3},{"index":3,"outcome":"rejected","error":{"pointer":"/users/3","code":"USER_UNKNOWN","message":"There is no user 99","remedy":"Use the id of a user that the company has."}}]}"#]].assert_eq(&answer.to_string());
        assert_eq!(outcomes(&t.api.delete(TEAM, json!({"users": [2]})).await), ["unchanged"]);
        assert_eq!(outcomes(&put_in(&t.api, json!([1, 2]), "add").await), ["unchanged", "created"]);
    }

    /// The rejected ones wait in the inbox until they are taken.
    async fn refused_users(t: TestApp) {
        furnish(&t.api).await;
        let open = async || {
            let found = t.api.get("/api/refusals?state=open").await.ok();
            let items = found["data"].as_array().unwrap().clone();
            items.iter().map(|item| format!("{} {}", item["code"], item["external_id"]).replace('"', "")).collect::<Vec<_>>()
        };
        put_in(&t.api, json!(["OKTA:u1", "OKTA:u3"]), "add").await.ok();
        shares(&t.api, &[("OKTA:w9", 10.0)], "add").await.ok();
        assert_eq!(open().await.len(), 2);
        t.api.join("OKTA", "u3", &[("w1", 50.0)]).await.ok();
        t.api.workspace("OKTA", "w9").await;
        t.api.post("/api/refusals/retry", json!({"source": "OKTA"})).await.ok();
        assert_eq!(open().await, [""; 0]);
    }

    /// New ones are created, others updated, and what is there already is unchanged.
    async fn workspaces_of_a_user(t: TestApp) {
        furnish(&t.api).await;
        let sent = [("OKTA:w1", 50.0), ("OKTA:w2", 12.5), ("OKTA:w2", 12.5), ("OKTA:w2", 99.0), ("OKTA:w3", 1.0), ("OKTA:w9", 1.0)];
        let answer = shares(&t.api, &sent, "add").await;
        expect![[r#"
            200 OK
            {"user_id":1,"received":6,"created":1,"updated":1,"unchanged":2,"rejected":2,"results":[{"index":0,"outcome":"unchanged","workspace_id":1,"percentage":50},{"index":1,"outcome":"created","workspace_id":2,"percentage":12.5},{"index":2,"outcome":"unchanged","workspace_id":2,"percentage":12.5},{"index":3,"outcome":"updated","workspace_id":2,"percentage":99},{"index":4,"outcome":"rejected","error":{"pointer":"/workspaces/4/workspace","code":"WORKSPACE_INACTIVE","message":"The workspace is not active","remedy":"Activate the workspace first, or leave it out."}},{"index":5,"outcome":"rejected","error":{"pointer":"/workspaces/5/workspace","code":"ZC001","message":"There is no workspace \"w9\" of source OKTA","remedy":"Create what is missing first, or link it: `POST /api/references`."}}]}"#]].assert_eq(&answer.to_string());
        let answer = shares(&t.api, &[("OKTA:w1", 20.0), ("OKTA:w2", 99.0)], "add").await;
        assert_eq!(outcomes(&answer), ["updated", "unchanged"]);
        let body = json!({"metadata": {"source": "OKTA"}, "workspaces": ["w9"]});
        t.api.workspace("OKTA", "w9").await;
        let all = t.api.put("/v2/integrations/users/u1/detach", body).await.ok();
        let all = all["workspaces"].as_array().unwrap().iter();
        let all: Vec<String> = all.map(|w| format!("{} {}", w["id"], w["pivot"]["percentage"])).collect();
        assert_eq!(all, ["1 20", "2 99"]);
    }

    async fn all_workspaces_of_a_user(t: TestApp) {
        furnish(&t.api).await;
        let unsure = shares(&t.api, &[("OKTA:w2", 10.0), ("OKTA:w9", 1.0)], "replace").await;
        assert_eq!((outcomes(&unsure), &unsure.json()["removed"]), (vec!["created".to_owned(), "ZC001".to_owned()], &json!([])));
        let answer = shares(&t.api, &[("OKTA:w2", 10.0)], "replace").await;
        expect![[r#"
            200 OK
            {"user_id":1,"received":1,"created":0,"updated":0,"unchanged":1,"rejected":0,"results":[{"index":0,"outcome":"unchanged","workspace_id":2,"percentage":10}],"removed":[{"workspace_id":1,"percentage":50}]}"#]].assert_eq(&answer.to_string());
        // One of whose teams the user is in stays, and with it all the rest.
        shares(&t.api, &[("OKTA:w1", 10.0)], "add").await.ok();
        put_in(&t.api, json!(["OKTA:u1"]), "add").await.ok();
        let answer = shares(&t.api, &[("OKTA:w2", 30.0)], "replace").await;
        expect![[r#"
            409 Conflict
            {"type":"urn:crewline:error:HAS_DEPENDENCIES","title":"DeletionError","status":409,"detail":"user 1 must leave these teams before their workspaces: 1","code":"HAS_DEPENDENCIES","request_id":"[id]","errors":[{"pointer":"/workspaces","message":"lacks the workspace of team 1, which the user is in"}]}"#]].assert_eq(&answer.to_string());
        assert_eq!(outcomes(&shares(&t.api, &[("OKTA:w2", 10.0)], "add").await), ["unchanged"]);
    }

    /// Each for itself; one that the user must stay in stays.
    async fn workspaces_taken_from_a_user(t: TestApp) {
        furnish(&t.api).await;
        shares(&t.api, &[("OKTA:w1", 10.0), ("OKTA:w2", 20.0)], "add").await.ok();
        let body = json!({"workspaces": ["OKTA:w2", "OKTA:w2", 2, "OKTA:w3", "OKTA:w9", 99]});
        expect![[r#"
            200 OK
            {"user_id":1,"received":6,"removed":1,"unchanged":3,"rejected":2,"results":[{"index":0,"outcome":"removed","workspace_id":2,"percentage":20},{"index":1,"outcome":"unchanged","workspace_id":2},{"index":2,"outcome":"unchanged","workspace_id":2},{"index":3,"outcome":"unchanged","workspace_id":3},{"index":4,"outcome":"rejected","error":{"pointer":"/workspaces/4","code":"ZC001","message":"There is no workspace \"w9\" of source OKTA","remedy":"Create what is missing first, or link it: `POST /api/references`."}},{"index":5,"outcome":"rejected","error":{"pointer":"/workspaces/5","code":"ZC001","message":"There is no workspace 99","remedy":"Create what is missing first, or link it: `POST /api/references`."}}]}"#]].assert_eq(&t.api.delete(SHARES, body.clone()).await.to_string());
        assert_eq!(outcomes(&t.api.delete(SHARES, body).await)[0], "unchanged");
        put_in(&t.api, json!(["OKTA:u1"]), "add").await.ok();
        expect![[r#"
            200 OK
            {"user_id":1,"received":1,"removed":0,"unchanged":0,"rejected":1,"results":[{"index":0,"outcome":"rejected","error":{"pointer":"/workspaces/0","code":"HAS_DEPENDENCIES","message":"The user is in team 1 of the workspace","remedy":"Delete or detach what depends on it first."}}]}"#]].assert_eq(&t.api.delete(SHARES, json!({"workspaces": [1]})).await.to_string());
        assert_eq!(outcomes(&shares(&t.api, &[("OKTA:w1", 10.0), ("OKTA:w2", 20.0)], "add").await), ["unchanged", "created"]);
        let left = main_contracts::told(&t.api, "user.workspaces.detached", 1).await;
        expect![[r#""user.workspaces.detached" {"after":null,"before":null,"changes":[{"after":null,"before":{"percentage":20,"workspace_id":2}}],"count":1,"entity":{"external_ids":[{"external_id":"u1","source":"OKTA"}],"id":1,"kind":"user"}}"#]].assert_eq(&left);
        for body in [json!({}), json!({"workspaces": []}), json!({"workspaces": ["w1"]}), json!({"workspaces": [1], "mode": "add"})] {
            assert_eq!(t.api.delete(SHARES, body.clone()).await.status, 400, "{body}");
        }
        assert_eq!(t.api.delete("/api/users/99/workspaces", json!({"workspaces": [1]})).await.status, 404);
    }

    async fn wrong_forms(t: TestApp) {
        furnish(&t.api).await;
        let wrong = json!({"workspaces": [{"workspace": "w1", "percentage": 0}, {"workspace": "OKTA:w1"}, {"workspace": "OKTA:w1", "percentage": 1, "x": 2}], "mode": "all"});
        expect![[r#"
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"5 fields are not valid: /workspaces/0/workspace, /workspaces/0/percentage, /workspaces/1/percentage, /workspaces/2/x, /mode","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/workspaces/0/workspace","message":"must be a positive integer or like OKTA:external-id"},{"pointer":"/workspaces/0/percentage","message":"must be a number above 0 and up to 100 with at most 4 decimal places"},{"pointer":"/workspaces/1/percentage","message":"is required and must be a number above 0 and up to 100 with at most 4 decimal places"},{"pointer":"/workspaces/2/x","message":"is not a field here; the fields are workspace, percentage"},{"pointer":"/mode","message":"must be one of: add replace"}]}"#]].assert_eq(&t.api.post(SHARES, wrong).await.to_string());
        for body in [json!({}), json!({"users": []}), json!({"users": ["u1"]}), json!({"users": [1], "x": 1}), json!({"users": [1], "mode": 1})] {
            assert_eq!(t.api.post(TEAM, body.clone()).await.status, 400, "{body}");
        }
        for body in [json!({}), json!({"users": [0]}), json!({"users": [1], "mode": "add"})] {
            assert_eq!(t.api.delete(TEAM, body.clone()).await.status, 400, "{body}");
        }
        for path in ["/api/teams/9/users", "/api/teams/OKTA:t9/users"] {
            assert_eq!(t.api.post(path, json!({"users": [1]})).await.status, 404);
            assert_eq!(t.api.delete(path, json!({"users": [1]})).await.status, 404);
        }
        let one = json!({"workspaces": [{"workspace": 1, "percentage": 1}]});
        assert_eq!(t.api.post("/api/users/99/workspaces", one).await.status, 404);
    }
}
