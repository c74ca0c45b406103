//! What COR publishes of the answers of its Main API: the keys, and what their values are.
//!
//! A shape is written as `key:type`; types are `s`tring, `n`umber, `b`oolean, `l`ist, `o`bject and
//! `-`: nothing here has it, so it is `null` or empty. Where Crewline differs on purpose,
//! `docs/compatibility.md` says so.

use axum::http::Method;
use serde_json::Value;
use testing::both_engines;

use crate::main_lists::furnish;

const PAGE: &str = "total:s perPage:n page:n lastPage:n data:l";
const TEAM: &str = "id:n name:s description:s workspace_id:n created_at:s updated_at:s";
const MEMBER: &str = "id:n team_id:n user_id:n created_at:s updated_at:s __meta__:o";
const REMOVED: &str = "id:n team_id:n user_id:n created_at:s updated_at:s deleted_at:s __meta__:o";
const USER: &str = "id:n first_name:s last_name:s picture:- email:s cuil:- remaining_hours:- \
    user_position_id:n role_id:n daily_hours:n labels:- plan_id:n plan_name:s hidden:b \
    position_name:s category_id:n category_name:s gmt:- leaves:l";
const LEAVE: &str = "id:n user_id:n company_id:n leave_type_id:n start:s end:s created_at:s \
    updated_at:s deleted_at:- all_day:b leaveType:o";
const LEAVE_TYPE: &str = "id:n name:s type_code:s icon_name:- company_id:n created_at:s \
    updated_at:s deleted_at:-";
const CLIENT: &str = "id:n name:s business_name:s name_contact:s last_name_contact:s \
    email_contact:s website:s description:s condition:s phone:s";
const CONTRACT: &str = "id:n client_id:n company_id:n name:s type:s status:s source:s start:s \
    end:s frequency:s currency_id:n currency:o json_integrations:o url:s url_name:s \
    user_positions_header_id:n created_at:s updated_at:s deleted_at:-";
const CONTRACT_POSITION: &str = "id:n user_positions_header_id:n contract_id:n position_id:n \
    team_id:n rate:n hours:n currency_id:n currency:o team:o position:o";
const PROJECT: &str = "id:n name:s brief:s client_id:n health:- status:s start:s end:s \
    estimated_time:n elapsed_time:- profitability_now:- estimated_profitability:- archived:b \
    billable:b income_type:s pm_id:n created_by:- company_id:n template_id:- brand_id:n \
    product_id:n total_estimated:n created_at:s updated_at:s labels:- client:o pm:o \
    estimated_by_position:- estimation_by_categories:- estimated_by_hourly_rates:- \
    user_positions_header_id:- fee_id:n contract_id:n usersPositionsProject:- \
    categoriesProject:- ratecard:-";
const POSITION: &str =
    "id:n name:s user_position_category_id:n type:s rate:n seniority:s company_id:n";

/// Method, path, body, where in the answer, and the shape of what stands there.
const PUBLISHED: [(Method, &str, &str, &str, &str); 38] = [
    (Method::GET, "teams", "", "", PAGE),
    (Method::GET, "teams", "", "/data/0", TEAM),
    (Method::GET, "teams/1", "", "", TEAM),
    (Method::PUT, "teams/1", r#"{"description": "d"}"#, "", TEAM),
    (Method::POST, "teams/1/users", r#"{"users_ids": [1]}"#, "/0", MEMBER),
    (Method::POST, "teams/2/users", r#"{"users_ids": [1]}"#, "/0/__meta__", "company_id:n user:o"),
    (Method::DELETE, "teams/1/users", r#"{"users_ids": [1]}"#, "/0", REMOVED),
    (Method::GET, "users", "", "", PAGE),
    (Method::GET, "users", "", "/data/0", USER),
    (Method::GET, "users", "", "/data/0/leaves/0", LEAVE),
    (Method::GET, "users/search-by-name/zo", "", "", PAGE),
    (Method::GET, "users/search-by-name/zo", "", "/data/0", USER),
    (Method::PUT, "users/1", "{}", "", USER),
    (Method::GET, "user/leaves?usersId=1", "", "/0", LEAVE),
    (Method::GET, "user/leaves?usersId=1", "", "/0/leaveType", LEAVE_TYPE),
    (Method::GET, "company/leaves-types", "", "", PAGE),
    (Method::GET, "company/leaves-types", "", "/data/0", LEAVE_TYPE),
    (Method::PUT, "company/leaves-types/1", r#"{"name": "Off"}"#, "", LEAVE_TYPE),
    (Method::GET, "clients", "", "", PAGE),
    (Method::GET, "clients", "", "/data/0", CLIENT),
    (Method::GET, "clients/1", "", "", CLIENT),
    (Method::GET, "clients/search-by-name/l", "", "/0", CLIENT),
    (Method::PUT, "clients/1", "{}", "", CLIENT),
    (Method::GET, "contracts", "", "", PAGE),
    (Method::GET, "contracts", "", "/data/0", CONTRACT),
    (Method::PUT, "contracts/1", "{}", "", CONTRACT),
    (Method::GET, "contracts/1/positions", "", "", PAGE),
    (Method::GET, "contracts/1/positions", "", "/data/0", CONTRACT_POSITION),
    (Method::PUT, "contracts/1/positions/1", "{}", "", CONTRACT_POSITION),
    (Method::GET, "projects", "", "/data/0", PROJECT),
    (Method::GET, "projects/1", "", "", PROJECT),
    (Method::GET, "projects/search-by-name/ber", "", "/0", PROJECT),
    (Method::PUT, "projects/1", "{}", "", PROJECT),
    (
        Method::GET,
        "projects/1/collaborators",
        "",
        "/0",
        "id:n first_name:s last_name:s picture:- remaining_hours:-",
    ),
    (Method::PUT, "userPosition/1", "{}", "", POSITION),
    (
        Method::GET,
        "userPosition/getPositionsOnly",
        "",
        "/0",
        "id:n name:s category_id:n category_name:s",
    ),
    (
        Method::GET,
        "userPosition/getPositionsOnly?groupedByCategory=true",
        "",
        "/0",
        "categoryName:s categoryId:n positions:l",
    ),
    (
        Method::GET,
        "working-time/company/with/users",
        "",
        "/1/0",
        "daily_hours:n day_of_week:n start_at:s end_at:s user_id:n break_time:n",
    ),
];

/// Its keys by name, with what each value is.
fn shape(value: &Value) -> String {
    let kind = |value: &Value| match value {
        Value::Null => "-",
        Value::Array(list) if list.is_empty() => "-",
        Value::String(_) => "s",
        Value::Number(_) => "n",
        Value::Bool(_) => "b",
        Value::Array(_) => "l",
        Value::Object(_) => "o",
    };
    let fields = value.as_object().expect("an object").iter();
    sorted(fields.map(|(name, value)| format!("{name}:{}", kind(value))))
}

fn sorted(fields: impl Iterator<Item = String>) -> String {
    let mut fields: Vec<String> = fields.collect();
    fields.sort();
    fields.join(" ")
}

both_engines! {
    async fn as_published(t: TestApp) {
        let api = &t.api;
        furnish(api).await;
        api.team("SAP", "second", None).await;
        api.join("SAP", "u", &[("w", 50.0)]).await.ok();
        for (method, path, body, at, published) in PUBLISHED {
            let headers = [("content-type", "application/json")];
            let about = format!("{method} /v1/{path} {at}");
            let answer = api.send(method, &format!("/v1/{path}"), &headers, body.into()).await;
            let told = answer.ok();
            let told = shape(told.pointer(at).expect(&about));
            assert_eq!(told, sorted(published.split(' ').map(str::to_owned)), "{about}");
        }
    }
}
