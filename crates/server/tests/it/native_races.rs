//! Many at once by `/api`: what they leave is what one after the other leaves.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};
use testing::{Answer, Api, TestApp, both_engines};
use tokio::task::JoinSet;

use crate::races::{Call, MISPLACED, count, okta};

const K1: &str = "/api/contracts/OKTA:K1/assignments";

/// A contract of 2026 and a user.
async fn furnish(api: &Api) {
    api.contract("OKTA", "K1", Some("2026-01-01"), Some("2026-12-31")).await;
    api.user("OKTA", "u1").await;
}

fn post(path: &str, body: Value) -> Call {
    (Method::POST, path.to_owned(), body)
}

/// Months of 2026 as ranges of the user, from the first day of one to the 28th of another.
fn ranges(months: &[(u8, u8)]) -> Value {
    let range = |(first, last): &(u8, u8)| {
        let (start, end) = (format!("2026-{first:02}-01"), format!("2026-{last:02}-28"));
        json!({"user": "OKTA:u1", "start_date": start, "end_date": end})
    };
    months.iter().map(range).collect()
}

fn replace(months: &[(u8, u8)]) -> Call {
    post(K1, json!({"assignments": ranges(months), "mode": "replace"}))
}

fn carve(from: &str, to: &str) -> Call {
    post(&format!("{K1}/carve"), json!({"user": "OKTA:u1", "from": from, "to": to}))
}

fn end(on: &str) -> Call {
    post(&format!("{K1}/end"), json!({"user": "OKTA:u1", "on": on}))
}

/// An attach of OKTA's, of one month.
fn attach(month: u8) -> Call {
    let dates =
        json!([{"start": format!("2026-{month:02}-01"), "end": format!("2026-{month:02}-28")}]);
    okta(
        Method::POST,
        "integrations/contracts/K1/users",
        json!({"users": [{"id": "u1", "dates": dates}]}),
    )
}

fn put(last_name: &str) -> Call {
    (Method::PUT, "/api/users/OKTA:u1".to_owned(), json!({"last_name": last_name}))
}

/// Sends a request, which is done only if it is as the tag says.
async fn send(api: &Api, (method, path, body): Call, tag: Option<&str>) -> Answer {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(tag.map(|tag| ("if-match", tag)));
    api.send(method, &path, &headers, body.to_string().into_bytes()).await
}

/// Sends requests at once, in each round beginning with another one; the answers in order.
async fn race(t: &TestApp, round: usize, calls: &[(Call, Option<&str>)]) -> Vec<Answer> {
    let mut all = JoinSet::new();
    for nth in (0..calls.len()).map(|nth| (nth + round) % calls.len()) {
        let (call, tag) = calls[nth].clone();
        let (api, tag) = (t.api.clone(), tag.map(str::to_owned));
        all.spawn(async move { (nth, send(&api, call, tag.as_deref()).await) });
    }
    let mut answers = all.join_all().await;
    answers.sort_by_key(|(nth, _)| *nth);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// An answer in short: `ok`, a status, or why the one record was rejected.
fn said(answer: &Answer) -> String {
    let body = answer.json();
    match &body["results"][0]["error"]["code"] {
        Value::String(code) => code.clone(),
        _ if answer.status.is_success() => "ok".to_owned(),
        _ => answer.status.as_u16().to_string(),
    }
}

fn all_said(answers: &[Answer]) -> String {
    answers.iter().map(said).collect::<Vec<_>>().join(", ")
}

/// What the user is on: the days, in order.
async fn days(t: &TestApp) -> Vec<String> {
    let told = t.api.get(&format!("{K1}?user=OKTA:u1")).await.ok();
    shown(&told["data"])
}

fn shown(ranges: &Value) -> Vec<String> {
    let day = |value: &Value| value.as_str().unwrap_or("open")[5..].to_owned();
    let one = |range: &Value| format!("{}..{}", day(&range["start_date"]), day(&range["end_date"]));
    ranges.as_array().unwrap().iter().map(one).collect()
}

/// The ids of ranges.
fn ids(ranges: &Value) -> BTreeSet<i64> {
    ranges.as_array().unwrap().iter().map(|range| range["id"].as_i64().unwrap()).collect()
}

async fn tag(t: &TestApp, path: &str) -> String {
    t.api.get(path).await.header("etag").unwrap().to_owned()
}

/// The ETag of the user's ranges.
async fn tag_of_ranges(t: &TestApp) -> String {
    tag(t, &format!("{K1}?user=OKTA:u1")).await
}

/// Leaves the user one range of the whole contract.
async fn all_year(t: &TestApp) {
    send(&t.api, replace(&[(1, 12)]), None).await.ok();
    assert_eq!(days(t).await, ["01-01..12-28"]);
}

/// What is told of who works on the contract, played from the beginning, is what there is.
async fn told_as_it_is(t: &TestApp) {
    let (mut there, mut after) = (BTreeSet::new(), 0);
    // On PostgreSQL numbers come a moment after the commit.
    let last = count(t, "SELECT count(*) FROM events").await;
    while after < last {
        let page = t.api.get(&format!("/api/events?after={after}&wait=10")).await.ok();
        let events = page["data"].as_array().unwrap().iter();
        let events =
            events.filter(|event| event["type"].as_str().unwrap().starts_with("contract.users."));
        for change in events.flat_map(|event| event["data"]["changes"].as_array().unwrap()) {
            for range in [&change["before"]].into_iter().filter(|range| !range.is_null()) {
                assert!(there.remove(&range.to_string()), "{change}: was not there");
            }
            for range in [&change["after"]].into_iter().filter(|range| !range.is_null()) {
                assert!(there.insert(range.to_string()), "{change}: was there");
            }
        }
        after = page["last"].as_i64().unwrap();
    }
    let rows = count(t, "SELECT count(*) FROM assignments").await;
    assert_eq!(there.len(), usize::try_from(rows).unwrap());
}

both_engines! {
    /// Two declare all ranges of a user: what one of them declared is left, and that one tells of
    /// all that the other one had made.
    async fn two_declare(t: TestApp) {
        furnish(&t.api).await;
        let sent: [&[(u8, u8)]; 2] = [&[(1, 1), (3, 3)], &[(1, 1), (5, 6), (8, 8)]];
        let left = [vec!["01-01..01-28", "03-01..03-28"], vec!["01-01..01-28", "05-01..06-28", "08-01..08-28"]];
        for round in 0..20 {
            // There may be a row of which both know, or none.
            let before: &[&str] = if round % 4 < 2 { &["10-01..10-28"] } else { &[] };
            send(&t.api, replace(&[(10, 10)]), None).await.ok();
            if before.is_empty() {
                send(&t.api, carve("2026-01-01", "2026-12-31"), None).await.ok();
            }
            let answers = race(&t, round, &sent.map(|months| (replace(months), None))).await;
            let told: Vec<Value> = answers.iter().map(Answer::ok).collect();
            let days = days(&t).await;
            let last = left.iter().position(|left| *left == days).unwrap_or_else(|| panic!("{days:?}"));
            let (first, last) = (&told[1 - last], &told[last]);
            let now = t.api.get(&format!("{K1}?user=OKTA:u1")).await.ok();
            assert_eq!(ids(&last["results"]), ids(&now["data"]));
            assert_eq!(shown(&first["removed"]), before);
            assert_eq!(shown(&last["removed"]).len(), left[0].len() + left[1].len() - days.len() - 1, "{last}");
            // The range of both stays what it was.
            assert_eq!(ids(&last["removed"]), &ids(&first["results"]) - &ids(&last["results"]));
            assert!((&ids(&last["removed"]) & &ids(&last["results"])).is_empty());
        }
        told_as_it_is(&t).await;
    }

    /// A range is attached while all are declared: it stays if it came second, else it goes; never
    /// is it untold.
    async fn declared_while_attached(t: TestApp) {
        furnish(&t.api).await;
        for round in 0..20 {
            send(&t.api, replace(&[(10, 10)]), None).await.ok();
            let answers = race(&t, round, &[(replace(&[(1, 1)]), None), (attach(3), None)]).await;
            assert_eq!(all_said(&answers), "ok, ok");
            let removed = shown(&answers[0].ok()["removed"]);
            match days(&t).await.join(" ").as_str() {
                "01-01..01-28 03-01..03-28" => assert_eq!(removed, ["10-01..10-28"]),
                "01-01..01-28" => assert_eq!(removed, ["03-01..03-28", "10-01..10-28"]),
                other => panic!("{other}"),
            }
        }
        told_as_it_is(&t).await;
    }

    /// What is attached by our ids belongs to no source: whoever declares leaves it, and tells of it
    /// if it was there.
    async fn declared_while_attached_by_our_ids(t: TestApp) {
        furnish(&t.api).await;
        let dates = json!([{"start": "2026-03-01", "end": "2026-03-28"}]);
        let ours = post("/v1/contracts/1/users", json!({"users": [{"id": 1, "dates": dates}]}));
        for round in 0..20 {
            send(&t.api, carve("2026-01-01", "2026-12-31"), None).await.ok();
            let answers = race(&t, round, &[(replace(&[(1, 1)]), None), (ours.clone(), None)]).await;
            assert_eq!(all_said(&answers), "ok, ok");
            assert_eq!(days(&t).await, ["01-01..01-28", "03-01..03-28"]);
            let told = answers[0].ok();
            assert_eq!(told["removed"], json!([]));
            assert!([0, 1].contains(&told["kept"].as_array().unwrap().len()), "{told}");
        }
        told_as_it_is(&t).await;
    }

    /// The same days are taken out twice: one takes them, the other one finds nothing.
    async fn the_same_days_taken_out(t: TestApp) {
        furnish(&t.api).await;
        for round in 0..20 {
            all_year(&t).await;
            let march = (carve("2026-03-01", "2026-03-31"), None);
            let answers = race(&t, round, &[march.clone(), march.clone(), march]).await;
            let mut pieces: Vec<Vec<String>> = answers.iter().map(|one| shown(&one.ok()["pieces"])).collect();
            pieces.sort();
            assert_eq!(pieces, [vec![], vec![], vec!["01-01..02-28", "04-01..12-28"]]);
            assert_eq!(days(&t).await, ["01-01..02-28", "04-01..12-28"]);
        }
        told_as_it_is(&t).await;
    }

    /// Days that overlap are taken out, and the end is drawn nearer: whatever comes first, the same
    /// is left.
    async fn other_days_taken_out(t: TestApp) {
        furnish(&t.api).await;
        for round in 0..20 {
            all_year(&t).await;
            let calls = [carve("2026-03-01", "2026-05-31"), carve("2026-05-01", "2026-06-30"), end("2026-09-30"), carve("2026-02-01", "2026-02-01")];
            let answers = race(&t, round, &calls.map(|call| (call, None))).await;
            assert_eq!(all_said(&answers), "ok, ok, ok, ok");
            assert_eq!(days(&t).await, ["01-01..01-31", "02-02..02-28", "07-01..09-30"]);
        }
        told_as_it_is(&t).await;
    }

    /// Of writes of an entity with one `If-Match` one is done.
    async fn one_put_wins(t: TestApp) {
        furnish(&t.api).await;
        for round in 0..15 {
            let tag = tag(&t, "/api/users/OKTA:u1").await;
            let names: Vec<String> = (0..8).map(|nth| format!("N{round} {nth}")).collect();
            let calls: Vec<_> = names.iter().map(|name| (put(name), Some(&*tag))).collect();
            let answers = race(&t, round, &calls).await;
            let (done, other): (Vec<_>, Vec<_>) = answers.iter().zip(&names).partition(|(answer, _)| answer.status == 200);
            assert_eq!(done.len(), 1, "{}", all_said(&answers));
            assert!(other.iter().all(|(answer, _)| answer.status == 412), "{}", all_said(&answers));
            assert_eq!(t.api.get("/api/users/OKTA:u1").await.ok()["last_name"], **done[0].1);
        }
    }

    /// Somebody changes the entity without a condition: what they wrote is never lost to somebody
    /// who has not seen it, by whatever face it came.
    async fn nothing_unseen_is_lost(t: TestApp) {
        furnish(&t.api).await;
        for round in 0..15 {
            let name = format!("Plain {round}");
            for plain in [
                put(&name),
                okta(Method::PUT, "integrations/users/u1", json!({"last_name": name})),
                (Method::PUT, "/v1/users/1".to_owned(), json!({"last_name": name})),
            ] {
                send(&t.api, put("Before"), None).await.ok();
                let tag = tag(&t, "/api/users/OKTA:u1").await;
                let answers = race(&t, round, &[(put("Seen"), Some(&tag)), (plain, None)]).await;
                assert!(["ok, ok", "412, ok"].contains(&&*all_said(&answers)), "{}", all_said(&answers));
                assert_eq!(t.api.get("/api/users/OKTA:u1").await.ok()["last_name"], *name);
            }
        }
    }

    /// Of writes of a user's ranges with one `If-Match` one is done, whatever they are.
    async fn one_write_of_ranges_wins(t: TestApp) {
        furnish(&t.api).await;
        let calls = [
            (replace(&[(2, 2)]), vec!["02-01..02-28"]),
            (carve("2026-03-01", "2026-03-31"), vec!["01-01..02-28", "04-01..12-28"]),
            (end("2026-06-30"), vec!["01-01..06-30"]),
            (post(K1, json!({"assignments": ranges(&[(4, 4)])})), vec!["01-01..12-28", "04-01..04-28"]),
        ];
        for round in 0..20 {
            all_year(&t).await;
            let tag = tag_of_ranges(&t).await;
            let sent: Vec<_> = calls.iter().map(|(call, _)| (call.clone(), Some(&*tag))).collect();
            let answers = race(&t, round, &sent).await;
            let done: Vec<usize> = (0..calls.len()).filter(|nth| answers[*nth].status == 200).collect();
            let stale = answers.iter().filter(|answer| answer.status == 412).count();
            assert_eq!((done.len(), stale), (1, 3), "{}", all_said(&answers));
            assert_eq!(days(&t).await, calls[done[0]].1);
        }
        told_as_it_is(&t).await;
    }

    /// A range that was attached meanwhile is not taken by whoever has not seen it.
    async fn no_unseen_range_is_lost(t: TestApp) {
        furnish(&t.api).await;
        for round in 0..20 {
            all_year(&t).await;
            let tag = tag_of_ranges(&t).await;
            let answers = race(&t, round, &[(replace(&[(2, 2)]), Some(&tag)), (attach(3), None)]).await;
            match all_said(&answers).as_str() {
                "ok, ok" => assert_eq!(days(&t).await, ["02-01..02-28", "03-01..03-28"]),
                "412, ok" => assert_eq!(days(&t).await, ["01-01..12-28", "03-01..03-28"]),
                other => panic!("{other}"),
            }
        }
    }

    /// Two declare who is in a team, and two in which workspaces a user is: what one declared is
    /// left.
    async fn two_declare_members(t: TestApp) {
        for workspace in ["w1", "w2", "w3"] {
            t.api.workspace("OKTA", workspace).await;
        }
        t.api.team("OKTA", "t", Some("w1")).await;
        for user in ["u1", "u2", "u3", "u4"] {
            t.api.user("OKTA", user).await;
            t.api.join("OKTA", user, &[("w1", 50.0)]).await.ok();
        }
        t.api.user("OKTA", "v").await;
        let team = |users: Value| post("/api/teams/OKTA:t/users", json!({"users": users, "mode": "replace"}));
        let shares = |all: Value| post("/api/users/OKTA:v/workspaces", json!({"workspaces": all, "mode": "replace"}));
        let share = |workspace: &str, percentage: u8| json!({"workspace": workspace, "percentage": percentage});
        for round in 0..20 {
            let calls = [
                team(json!(["OKTA:u1", "OKTA:u2"])),
                team(json!(["OKTA:u2", "OKTA:u3", "OKTA:u4"])),
                shares(json!([share("OKTA:w1", 10), share("OKTA:w2", 20)])),
                shares(json!([share("OKTA:w2", 30), share("OKTA:w3", 40)])),
            ];
            let answers = race(&t, round, &calls.map(|call| (call, None))).await;
            assert_eq!(all_said(&answers), "ok, ok, ok, ok");
            let members = count(&t, "SELECT CAST(count(*) * 100 + sum(user_id) AS bigint) FROM team_users").await;
            assert!([203, 309].contains(&members), "{members}");
            let shares = count(&t, "SELECT CAST(sum(percentage * workspace_id) / 10000 AS bigint) FROM workspace_users WHERE user_id = 5").await;
            assert!([10 + 40, 60 + 120].contains(&shares), "{shares}");
            assert_eq!(count(&t, MISPLACED).await, 0);
        }
    }

    /// A user's workspaces are declared without one of whose teams takes the user: the user leaves,
    /// or is in the team.
    async fn a_user_leaves_while_a_team_comes(t: TestApp) {
        t.api.workspace("OKTA", "w1").await;
        t.api.workspace("OKTA", "w2").await;
        t.api.team("OKTA", "t", Some("w1")).await;
        for round in 0..20 {
            let user = format!("u{round}");
            t.api.user("OKTA", &user).await;
            t.api.join("OKTA", &user, &[("w1", 50.0)]).await.ok();
            let reference = format!("OKTA:{user}");
            let leave = json!({"workspaces": [{"workspace": "OKTA:w2", "percentage": 1}], "mode": "replace"});
            let answers = race(&t, round, &[
                (post(&format!("/api/users/{reference}/workspaces"), leave), None),
                (post("/api/teams/OKTA:t/users", json!({"users": [reference]})), None),
            ]).await;
            match all_said(&answers).as_str() {
                "ok, UT012" | "409, ok" => {}
                other => panic!("{other}"),
            }
            assert_eq!(count(&t, MISPLACED).await, 0);
        }
    }

    /// A user is deleted while ranges are declared and taken out: nobody is left who is not there.
    async fn a_user_deleted_while_ranges_come(t: TestApp) {
        furnish(&t.api).await;
        for round in 0..20 {
            let answers = race(&t, round, &[
                (okta(Method::DELETE, "integrations/users/u1", json!({})), None),
                (replace(&[(1, 1), (3, 3)]), None),
                (carve("2026-01-15", "2026-01-16"), None),
            ]).await;
            match all_said(&answers).as_str() {
                "ok, CE001, 404" | "ok, CE001, ok" => {
                    assert_eq!(count(&t, "SELECT count(*) FROM assignments").await, 0);
                    t.api.user("OKTA", "u1").await;
                }
                "409, ok, ok" => drop(send(&t.api, carve("2026-01-01", "2026-12-31"), None).await.ok()),
                other => panic!("{other}"),
            }
            let sql = "SELECT count(*) FROM assignments a WHERE NOT EXISTS (SELECT 1 FROM users u
                WHERE u.company_id = a.company_id AND u.id = a.user_id)";
            assert_eq!(count(&t, sql).await, 0);
        }
    }

    /// The same records in two batches, the one backwards: all are taken.
    async fn batches_in_another_order(t: TestApp) {
        for round in 0..3 {
            let records: Vec<Value> = (0..20).map(|nth| json!({"id": format!("c{nth}"), "name": format!("Name {round} {nth}")})).collect();
            let backwards: Vec<Value> = records.iter().rev().cloned().collect();
            let batch = |records: &[Value]| (post("/api/clients/batch", json!({"source": "SAP", "records": records})), None);
            let calls = [batch(&records), batch(&backwards)];
            let answers = race(&t, round, &calls).await;
            let mut changed = 0;
            for answer in &answers {
                let told = answer.ok();
                assert_eq!(told["rejected"], 0, "{told}");
                changed += told["created"].as_u64().unwrap() + told["updated"].as_u64().unwrap();
            }
            assert_eq!(changed, 20);
        }
        assert_eq!(count(&t, "SELECT count(*) FROM clients").await, 20);
    }
}
