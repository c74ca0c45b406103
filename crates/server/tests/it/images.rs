//! What entities look like, and what changes of them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use domain::Kind;
use expect_test::expect;
use jiff::Timestamp;
use jiff::civil::date;
use serde_json::{Value as Json, json};
use server::entities::field::Is;
use server::entities::image::{Image, Named, Value, change, held, image};
use server::store::{Param, Row, Stmt, Tx};
use testing::{TestApp, both_engines};

/// An entity of a company.
async fn of(t: &TestApp, company: i64, kind: Kind, id: i64) -> Option<Image> {
    let read = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        Ok(image(tx, company, kind, id).await?)
    });
    read.await.unwrap()
}

/// An entity of the first company, which is there.
async fn at(t: &TestApp, kind: Kind, id: i64) -> Image {
    of(t, 1, kind, id).await.unwrap_or_else(|| panic!("no {} {id}", kind.name()))
}

/// An entity of the first company, held.
async fn hold(t: &TestApp, kind: Kind, id: i64) -> Option<Image> {
    let write = t.app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        Ok(held(tx, 1, kind, id).await?)
    });
    write.await.unwrap()
}

/// A line for each value.
fn lines(named: &Named) -> String {
    named.iter().map(|(name, value)| format!("{name} {value:?}\n")).collect()
}

/// What a create of it tells.
fn created(kind: Kind, image: &Image) -> String {
    let change = change(kind, None, Some(image));
    assert!(change.before.is_empty());
    lines(&change.after)
}

async fn update(t: &TestApp, path: &str, fields: Json) {
    let mut body = json!({"metadata": {"source": "SAP"}});
    if let (Json::Object(body), Json::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    t.api.put(&format!("/v2/integrations/{path}"), body).await.ok();
}

/// An entity of each kind, with all of its fields. One of a kind that is not here is looked at by
/// the gate.
pub async fn everything(t: &TestApp) {
    let day =
        |day: i64| json!({"dayOfWeek": day, "start": "08:05", "end": "17:30", "breakTime": 0.75});
    for (group, fields) in [
        ("categories", json!({"name": "Craft"})),
        ("seniority", json!({"name": "Lead"})),
        (
            "user-position",
            json!({"name": "Dev", "category_id": "x", "rate": 12.5, "seniority": "Sr."}),
        ),
        (
            "users",
            json!({
                "email": "Ana@Example.com", "first_name": "Ana", "last_name": "Lee", "phone": "1",
                "position": "Developer", "department": "D", "role_id": 3, "daily_hours": 7.5,
                "user_position_id": "x", "seniority_id": "x"
            }),
        ),
        ("workspaces", json!({"name": "W", "active": true, "description": "d"})),
        ("teams", json!({"name": "T", "workspace_id": "x", "description": "d"})),
        (
            "clients",
            json!({
                "name": "Acme", "business_name": "b", "email_contact": "e", "name_contact": "n",
                "last_name_contact": "l", "phone": "p", "website": "w", "description": "d"
            }),
        ),
        ("brands", json!({"name": "B", "client_id": "x"})),
        ("products", json!({"name": "P", "client_id": "x", "brand_id": "x", "description": "d"})),
        (
            "contracts",
            json!({
                "name": "K", "client_id": "x", "type": "retainer", "status": "active",
                "start_date": "2025-01-01", "end_date": "2028-12-31", "value": -0.5, "currency": "USD",
                "description": "d"
            }),
        ),
        (
            "projects",
            json!({
                "name": "J", "client_id": "x", "brief": "b", "start": "1969-12-31", "end": "2025-03-31",
                "pm_id": "x", "brand_id": "x", "product_id": "x", "estimated_time": 200, "billable": true,
                "status": "s", "currency_id": "c", "evaluation_date": "2025-02-15", "estimated": 15000,
                "fee_id": "f", "contract_id": "x", "deliverables": "d", "work_order": "w",
                "income_type": "one_time", "archived": false
            }),
        ),
        ("leaves-types", json!({"name": "Vacation"})),
        (
            "leaves",
            json!({
                "userId": "x", "leaveTypeId": "x", "start": "2026-05-11T00:00:00-00:00",
                "end": "2026-05-12T23:59:00-00:00", "allDay": true
            }),
        ),
        ("working-time", json!({"userId": "x", "workingTimes": [day(6), day(2)]})),
    ] {
        t.api.create(group, "SAP", "x", fields).await.ok();
    }
}

both_engines! {
    async fn every_kind(t: TestApp) {
        everything(&t).await;
        let from = json!({"hourly_rate_effective_from": "2026-02-01"});
        update(&t, "users/x", from).await;
        let mut all = String::new();
        for kind in Kind::ALL {
            if let Some(image) = of(&t, 1, kind, 1).await {
                all += &format!("{}\n{}\n", kind.name(), created(kind, &image));
            }
        }
        expect![[r#"
            brand
            name Text("B")
            client_id Int(1)

            category
            name Text("Craft")

            client
            name Text("Acme")
            business_name Text("b")
            email_contact Text("e")
            name_contact Text("n")
            last_name_contact Text("l")
            phone Text("p")
            website Text("w")
            description Text("d")
            condition Text("active")

            contract
            name Text("K")
            client_id Int(1)
            type Text("retainer")
            status Text("active")
            start_date Date(2025-01-01)
            end_date Date(2028-12-31)
            value Units(-5000)
            currency Text("USD")
            description Text("d")

            leave
            user_id Int(1)
            leave_type_id Int(1)
            start_text Text("2026-05-11T00:00:00-00:00")
            end_text Text("2026-05-12T23:59:00-00:00")
            start_date Date(2026-05-11)
            end_date Date(2026-05-12)
            all_day Bool(true)

            leave_type
            name Text("Vacation")

            position
            name Text("Dev")
            category_id Int(1)
            rate Units(125000)
            seniority Text("Sr.")

            product
            name Text("P")
            client_id Int(1)
            brand_id Int(1)
            description Text("d")

            project
            name Text("J")
            client_id Int(1)
            brief Text("b")
            start_date Date(1969-12-31)
            end_date Date(2025-03-31)
            pm_id Int(1)
            brand_id Int(1)
            product_id Int(1)
            estimated_time Units(2000000)
            billable Bool(true)
            status Text("s")
            currency_id Text("c")
            evaluation_date Date(2025-02-15)
            estimated Units(150000000)
            fee_id Text("f")
            contract_id Int(1)
            deliverables Text("d")
            work_order Text("w")
            income_type Text("one_time")
            archived Bool(false)

            seniority
            name Text("Lead")

            team
            name Text("T")
            description Text("d")
            workspace_id Int(1)

            user
            email Text("Ana@Example.com")
            first_name Text("Ana")
            last_name Text("Lee")
            phone Text("1")
            position Text("Developer")
            department Text("D")
            role_id Int(3)
            daily_hours Units(75000)
            position_id Int(1)
            seniority_id Int(1)
            hourly_rate_effective_from Date(2026-02-01)
            hidden Bool(false)

            working_time
            user_id Int(1)
            days Text("2 08:05-17:30 45, 6 08:05-17:30 45")

            workspace
            name Text("W")
            active Bool(true)
            description Text("d")

        "#]].assert_eq(&all);
    }

    /// What is missing is so in an image, and nothing that a create gave.
    async fn what_is_missing(t: TestApp) {
        t.api.create("projects", "SAP", "x", json!({"name": "J"})).await.ok();
        t.api.create("user-position", "SAP", "x", json!({"name": "Dev"})).await.ok();
        t.api.user("SAP", "x").await;
        expect![[r#"Image([Text("J"), Null, Null, Null, Null, Null, Null, Null, Null, Null, Null, Null, Null, Null, Null, Null, Null, Null, Null, Null])"#]].assert_eq(&format!("{:?}", at(&t, Kind::Project, 1).await));
        expect![[r#"
            name Text("J")
        "#]].assert_eq(&created(Kind::Project, &at(&t, Kind::Project, 1).await));
        expect![[r#"
            name Text("Dev")
        "#]].assert_eq(&created(Kind::Position, &at(&t, Kind::Position, 1).await));
        expect![[r#"
            email Text("x@example.com")
            first_name Text("Ana")
            last_name Text("Lee")
            role_id Int(4)
            daily_hours Units(80000)
            hidden Bool(false)
        "#]].assert_eq(&created(Kind::User, &at(&t, Kind::User, 1).await));
    }

    /// An update changes what differs, a delete takes all that was there.
    async fn updated_and_deleted(t: TestApp) {
        let fields = json!({"name": "Acme", "phone": "1", "website": "w"});
        t.api.create("clients", "SAP", "x", fields).await.ok();
        let first = at(&t, Kind::Client, 1).await;
        update(&t, "clients/x", json!({"name": "Acme", "phone": null, "website": "v", "description": "d"})).await;
        let second = at(&t, Kind::Client, 1).await;
        let updated = change(Kind::Client, Some(&first), Some(&second));
        expect![[r#"
            phone Text("1")
            website Text("w")
            description Null
            ->
            phone Null
            website Text("v")
            description Text("d")
        "#]].assert_eq(&(lines(&updated.before) + "->\n" + &lines(&updated.after)));
        update(&t, "clients/x", json!({"name": "Acme"})).await;
        let third = at(&t, Kind::Client, 1).await;
        assert!(change(Kind::Client, Some(&second), Some(&third)).is_empty());
        t.api.delete("/v2/integrations/clients/x", json!({"metadata": {"source": "SAP"}})).await.ok();
        assert_eq!(of(&t, 1, Kind::Client, 1).await, None);
        let deleted = change(Kind::Client, Some(&third), None);
        assert!(deleted.after.is_empty());
        expect![[r#"
            name Text("Acme")
            website Text("v")
            description Text("d")
            condition Text("active")
        "#]].assert_eq(&lines(&deleted.before));
    }

    /// Whose row stays is as gone as any other; nor is there what is another company's.
    async fn what_is_not_there(t: TestApp) {
        everything(&t).await;
        t.other_company().await;
        for kind in Kind::ALL {
            assert_eq!(of(&t, 1, kind, 2).await, None, "{}", kind.name());
            assert_eq!(of(&t, 2, kind, 1).await, None, "{}", kind.name());
        }
        let body = json!({"metadata": {"source": "SAP"}});
        t.api.delete("/v2/integrations/projects/x", body.clone()).await.ok();
        t.api.delete("/v2/integrations/products/x", body).await.ok();
        assert_eq!(of(&t, 1, Kind::Product, 1).await, None);
        assert_eq!(hold(&t, Kind::Product, 1).await, None);
        assert!(hold(&t, Kind::Brand, 1).await.is_some());
    }

    /// A seniority that is assigned stands in for the text.
    async fn relations_of_a_position(t: TestApp) {
        everything(&t).await;
        let before = at(&t, Kind::Position, 1).await;
        t.api.post("/v2/user-position/x/seniority/x", json!({"metadata": {"source": "SAP"}})).await.ok();
        let assigned = change(Kind::Position, Some(&before), Some(&at(&t, Kind::Position, 1).await));
        expect![[r#"
            seniority Text("Sr.")
            seniority_id Null
            ->
            seniority Null
            seniority_id Int(1)
        "#]].assert_eq(&(lines(&assigned.before) + "->\n" + &lines(&assigned.after)));
    }

    /// Every type comes out of the database as it went in, missing or not.
    async fn every_type(t: TestApp) {
        let read = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            let all = [Is::Int, Is::Bool, Is::Text, Is::Units, Is::Date, Is::Instant];
            let reader = |row: &Row<'_>| {
                (0..12).map(|column| Value::read(row, column, all[column % 6])).collect::<Result<Vec<_>, _>>()
            };
            let instant = Timestamp::from_microsecond(-1).unwrap();
            let day = date(1969, 12, 31);
            let values: [&(dyn Param + Send); 12] = [
                &i64::MIN, &false, &"é", &-1i64, &day, &instant,
                &None::<i64>, &None::<bool>, &None::<&str>, &None::<i64>, &None::<jiff::civil::Date>, &None::<Timestamp>,
            ];
            let sql = "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12";
            let read = tx.query_by(Stmt::new(sql, &values), reader).await?;
            let mut there = vec![
                Value::Int(i64::MIN), Value::Bool(false), Value::Text("é".to_owned()), Value::Units(-1),
                Value::Date(day), Value::Instant(instant),
            ];
            there.extend([const { Value::Null }; 6]);
            assert_eq!(read, [there]);
            Ok(())
        });
        read.await.unwrap();
    }

    /// Who holds an entity sees all that others had changed of it, also what stands elsewhere.
    async fn what_is_held_is_up_to_date(t: TestApp) {
        everything(&t).await;
        let (wrote, written) = tokio::sync::oneshot::channel();
        let wrote = Arc::new(std::sync::Mutex::new(Some(wrote)));
        let app = Arc::clone(&t.app);
        let assigned = tokio::spawn(async move {
            let assign = app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
                tx.execute("UPDATE positions SET seniority = NULL", &[]).await?;
                tx.execute("INSERT INTO position_seniorities VALUES (1, 1, 1)", &[]).await?;
                if let Some(wrote) = wrote.lock().unwrap().take() {
                    wrote.send(()).unwrap();
                }
                std::thread::sleep(Duration::from_millis(200));
                Ok(())
            });
            assign.await.unwrap();
        });
        written.await.unwrap();
        let image = hold(&t, Kind::Position, 1).await;
        expect![[r#"
            name Text("Dev")
            category_id Int(1)
            rate Units(125000)
            seniority_id Int(1)
        "#]].assert_eq(&created(Kind::Position, &image.unwrap()));
        assigned.await.unwrap();
    }

    /// Nobody else changes what is held: of many who count one further, each counts.
    async fn what_is_held_stays(t: TestApp) {
        t.api.create("clients", "SAP", "x", json!({"name": "Acme", "phone": "0"})).await.ok();
        let mut crowd = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let app = Arc::clone(&t.app);
            crowd.spawn(async move {
                let count = app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
                    let image = held(tx, 1, Kind::Client, 1).await?;
                    let change = change(Kind::Client, None, image.as_ref());
                    let Some((_, Value::Text(phone))) = change.after.get(1) else { panic!("{change:?}") };
                    let next = (phone.parse::<i64>().unwrap() + 1).to_string();
                    tx.execute("UPDATE clients SET phone = $1", &[&next]).await?;
                    Ok(())
                });
                count.await.unwrap();
            });
        }
        crowd.join_all().await;
        let counted = created(Kind::Client, &at(&t, Kind::Client, 1).await);
        assert_eq!(counted, "name Text(\"Acme\")\nphone Text(\"20\")\ncondition Text(\"active\")\n");
    }
}
