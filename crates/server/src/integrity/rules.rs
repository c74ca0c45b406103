//! The rules that no constraint holds, as statements that find what breaks them.

use domain::range::OPEN_END;
use domain::source::BUILT_IN;
use domain::{Decimal, Kind, Rate, Source};

use super::NAMED;
use crate::entities::table::table;
use crate::events::{self, WAITING};
use crate::refusals::State;
use crate::store::{Sequence, Tx, days};

/// A rule, and what breaks it.
pub struct Rule {
    pub table: String,
    /// What rows do that they must not.
    pub says: String,
    /// It is asked of each company, which is `$1`; else of the whole database.
    pub by_company: bool,
    /// The keys of the first rows that break it.
    pub first: &'static str,
    pub count: &'static str,
}

/// A rule about the rows `x` of a table that these columns name.
pub fn rule(
    table: &str,
    key: &[&str],
    says: impl Into<String>,
    by_company: bool,
    from: &str,
) -> Rule {
    let key: Vec<String> = key.iter().map(|name| format!("'{name}=' || x.{name}")).collect();
    let key = match key.is_empty() {
        true => "''".to_owned(),
        false => key.join(" || ' ' || "),
    };
    Rule {
        table: table.to_owned(),
        says: says.into(),
        by_company,
        // The kernel takes texts that live on; these do as long as the command.
        first: format!("SELECT {key} FROM {from} LIMIT {NAMED}").leak(),
        count: format!("SELECT count(*) FROM {from}").leak(),
    }
}

/// Rules, with what they are written for.
struct Rules<'a> {
    tx: &'a Tx,
    all: Vec<Rule>,
}

/// All of them.
pub fn all(tx: &Tx) -> Vec<Rule> {
    let mut rules = Rules { tx, all: Vec::new() };
    rules.companies();
    rules.references();
    rules.assignments();
    rules.memberships();
    rules.values();
    rules.sources();
    rules.kept();
    rules.events();
    rules.webhooks();
    rules.all
}

impl Rules<'_> {
    /// Rows `x` of a company for which `wrong` is true.
    fn wrong(&mut self, table: &str, key: &[&str], says: &str, wrong: &str) {
        let from = format!("{table} x WHERE x.company_id = $1 AND ({wrong})");
        self.all.push(rule(table, key, says, true, &from));
    }

    /// The same of the whole database.
    fn wrong_of_all(&mut self, table: &str, key: &[&str], says: &str, wrong: &str) {
        let from = format!("{table} x WHERE {wrong}");
        self.all.push(rule(table, key, says, false, &from));
    }

    /// Ids are given once, and in order of their sequence. (Those of entities may be chosen: one that
    /// is somebody's already is drawn again.)
    fn drawn(&mut self, table: &str, key: &[&str], sequence: Sequence) {
        let next = next(sequence.name());
        let wrong = format!("x.id < 1 OR x.id >= {next}");
        self.wrong(table, key, "have an id that their sequence has yet to give", &wrong);
    }

    /// Ids that are no key: nothing else keeps two rows from having the same.
    fn distinct(&mut self, table: &str) {
        let from = format!(
            "(SELECT id FROM {table} WHERE company_id = $1 GROUP BY id HAVING count(*) > 1) x"
        );
        self.all.push(rule(table, &["id"], "share an id", true, &from));
    }

    fn companies(&mut self) {
        let missing = "NOT EXISTS (SELECT 1 FROM companies c WHERE c.id = x.company_id)";
        let says = "are of a company that does not exist";
        // No foreign key, by whatever way.
        for (table, key) in [
            ("assignments", &["company_id", "contract_id", "user_id", "id"][..]),
            ("events", &["company_id", "number"]),
            ("event_horizons", &["company_id"]),
            ("webhook_deliveries", &["company_id", "endpoint_id", "number"]),
        ] {
            self.wrong_of_all(table, key, says, missing);
        }
        let wrong = format!("x.id < 1 OR x.id >= {}", next(Sequence::Company.name()));
        let says = "have an id that their sequence has yet to give";
        self.wrong_of_all("companies", &["id"], says, &wrong);
    }

    fn references(&mut self) {
        let key = ["kind", "source_id", "entity_id"];
        let mut kinds = Vec::new();
        for kind in Kind::ALL {
            let (table, name) = (table(kind), kind.name());
            let live = if table.soft { " AND t.deleted_at IS NULL" } else { "" };
            let wrong = format!(
                "x.kind = '{name}' AND NOT EXISTS (SELECT 1 FROM {} t
                    WHERE t.company_id = $1 AND t.id = x.entity_id{live})",
                table.name
            );
            let says = format!("name a {name} that does not exist or is deleted");
            self.wrong("external_refs", &key, &says, &wrong);
            kinds.push(name);
        }
        let wrong = format!("x.kind NOT IN ({})", quoted(&kinds));
        self.wrong("external_refs", &key, "are of a kind that does not exist", &wrong);
    }

    fn assignments(&mut self) {
        let key = ["contract_id", "user_id", "id"];
        let no_user =
            "NOT EXISTS (SELECT 1 FROM users u WHERE u.company_id = $1 AND u.id = x.user_id)";
        self.wrong("assignments", &key, "name a user that does not exist", no_user);
        if !self.tx.pick(true, false) {
            // SQLite has a foreign key for it: docs/adr/0004.
            let no_contract = "NOT EXISTS (SELECT 1 FROM contracts c
                WHERE c.company_id = $1 AND c.id = x.contract_id)";
            self.wrong("assignments", &key, "name a contract that does not exist", no_contract);
        }
        let wrong = "x.start_date > x.end_date";
        self.wrong("assignments", &key, "end before they begin", wrong);
        let open = self.tx.pick(days(OPEN_END).to_string(), format!("DATE '{OPEN_END}'"));
        let from = format!(
            "assignments x CROSS JOIN contracts c
            WHERE x.company_id = $1 AND c.company_id = $1 AND c.id = x.contract_id
                AND (x.start_date < c.start_date OR c.end_date <
                    CASE WHEN x.end_date = {open} THEN x.start_date ELSE x.end_date END)"
        );
        let says = "lie outside the period of their contract";
        self.all.push(rule("assignments", &key, says, true, &from));
        self.distinct("assignments");
        self.drawn("assignments", &key, Sequence::Assignment);
        self.distinct("contract_positions");
        let key = ["contract_id", "id"];
        self.drawn("contract_positions", &key, Sequence::ContractPosition);
    }

    fn memberships(&mut self) {
        let wrong =
            format!("x.percentage <= 0 OR x.percentage > {}", Decimal::from_whole(100).units());
        let says = "have a percentage that is not above 0 and up to 100";
        self.wrong("workspace_users", &["user_id", "workspace_id"], says, &wrong);
        let key = ["team_id", "user_id", "id"];
        let from = "team_users x CROSS JOIN teams t WHERE x.company_id = $1 AND t.company_id = $1
            AND t.id = x.team_id AND t.workspace_id IS DISTINCT FROM x.workspace_id";
        let says = "have another workspace than their team";
        self.all.push(rule("team_users", &key, says, true, from));
        // What the constraint on the members' own workspaces stands for.
        let from = "(SELECT m.user_id, t.workspace_id
            FROM team_users m CROSS JOIN teams t
            WHERE m.company_id = $1 AND t.company_id = $1 AND t.id = m.team_id
                AND t.workspace_id IS NOT NULL
            GROUP BY m.user_id, t.workspace_id HAVING count(*) > 1) x";
        let says = "put a user in two teams of one workspace";
        self.all.push(rule("team_users", &["user_id", "workspace_id"], says, true, from));
        self.distinct("team_users");
        self.drawn("team_users", &key, Sequence::TeamMember);
        self.distinct("project_users");
        let key = ["project_id", "user_id", "id"];
        self.drawn("project_users", &key, Sequence::Collaborator);
    }

    fn values(&mut self) {
        let wrong =
            format!("x.daily_hours < 0 OR x.daily_hours > {}", Decimal::from_whole(24).units());
        self.wrong("users", &["id"], "have daily hours that are not from 0 to 24", &wrong);
        let wrong = "x.role_id NOT BETWEEN 1 AND 6";
        self.wrong("users", &["id"], "have a role that does not exist", wrong);
        let most = Decimal::from_whole(744).units();
        let wrong = format!("x.monthly_hours < 0 OR x.monthly_hours > {most}");
        self.wrong("users", &["id"], "have monthly hours that are not from 0 to 744", &wrong);
        let wrong = "x.plan_id NOT IN (4, 5)";
        self.wrong("users", &["id"], "have a plan that does not exist", wrong);
        for table in ["contracts", "projects", "leaves"] {
            self.wrong(table, &["id"], "end before they begin", "x.start_date > x.end_date");
        }
        let wrong = "x.deleted_at IS NULL AND (x.client_id IS NULL OR x.brand_id IS NULL)";
        self.wrong("products", &["id"], "have no client or no brand", wrong);
        let wrong = "EXISTS (SELECT 1 FROM products p WHERE p.company_id = $1
            AND p.id = x.product_id AND p.deleted_at IS NOT NULL)";
        self.wrong("projects", &["id"], "name a product that is deleted", wrong);
        let wrong = "x.day_of_week NOT BETWEEN 1 AND 7 OR x.start_minute < 0
            OR x.start_minute >= x.end_minute OR x.end_minute >= 1440 OR x.break_minutes < 0
            OR x.break_minutes >= x.end_minute - x.start_minute";
        let key = ["working_time_id", "day_of_week"];
        self.wrong("working_time_days", &key, "are no day of a week with hours", wrong);
        let most = Rate::BOUND.units();
        let wrong =
            format!("x.amount <= 0 OR x.factor <= 0 OR x.amount >= {most} OR x.factor >= {most}");
        let says = "have a rate that is not above 0 and below its bound";
        self.wrong("exchange_rates", &["currency"], says, &wrong);
        let most = Decimal::BOUND.units();
        for (table, column) in [
            ("contracts", "value"),
            ("contract_positions", "rate"),
            ("contract_positions", "hours"),
            ("positions", "rate"),
            ("projects", "estimated"),
            ("projects", "estimated_time"),
            ("users", "hourly_rate"),
        ] {
            let wrong = format!("x.{column} <= -{most} OR x.{column} >= {most}");
            let says = format!("have an amount in {column} that is beyond its bound");
            self.wrong(table, &["id"], &says, &wrong);
        }
    }

    /// What names a source names one that is published or registered. `0`: ids of ours.
    fn sources(&mut self) {
        let published = BUILT_IN.len();
        for (table, key, least) in [
            ("assignments", &["contract_id", "user_id", "id"][..], 0),
            ("refusals", &["id"], 0),
            ("events", &["number"], 0),
            ("external_refs", &["kind", "source_id", "entity_id"], 1),
            ("past_references", &["kind", "source_id", "entity_id"], 1),
            ("exchange_rates", &["currency", "source_id"], 1),
        ] {
            let wrong = format!(
                "x.source_id NOT BETWEEN {least} AND {published} AND NOT EXISTS (
                    SELECT 1 FROM sources s WHERE s.company_id = $1 AND s.id = x.source_id)"
            );
            self.wrong(table, key, "name a source that does not exist", &wrong);
        }
        let from = format!(
            "key_sources x CROSS JOIN api_keys k WHERE k.key = x.key AND k.company_id = $1
                AND x.source_id NOT BETWEEN 1 AND {published} AND NOT EXISTS (
                    SELECT 1 FROM sources s WHERE s.company_id = $1 AND s.id = x.source_id)"
        );
        let says = "name a source that does not exist";
        self.all.push(rule("key_sources", &["key", "source_id"], says, true, &from));
        let wrong = format!("x.id < {}", Source::FIRST_REGISTERED);
        self.wrong("sources", &["id"], "have the id of a published source", &wrong);
    }

    /// Refused records, and answers under clients' keys.
    fn kept(&mut self) {
        let states = quoted(&State::ALL.map(State::name));
        let wrong = format!("x.state NOT IN ({states})");
        self.wrong("refusals", &["id"], "have a state that does not exist", &wrong);
        let wrong = "(x.state = 'open') = (x.closed_at IS NOT NULL)";
        self.wrong("refusals", &["id"], "are open and closed", wrong);
        let wrong = "x.attempts < 1";
        self.wrong("refusals", &["id"], "were never refused", wrong);
        let wrong = "length(x.digest) <> 32 OR length(x.fingerprint) <> 32
            OR x.status NOT BETWEEN 200 AND 499";
        self.wrong("idempotency_keys", &["status"], "are no answer of a request", wrong);
    }

    fn events(&mut self) {
        let key = ["number"];
        let horizon =
            "coalesce((SELECT h.purged_to FROM event_horizons h WHERE h.company_id = $1), 0)";
        let wrong = format!("x.number <= {horizon}");
        self.wrong("events", &key, "lie behind where the company's events begin", &wrong);
        let types = quoted(&events::types());
        let wrong = format!("x.type NOT IN ({types})");
        self.wrong("events", &key, "have a type that does not exist", &wrong);
        if self.tx.pick(true, false) {
            // One writer counts on from the last one, and only the oldest go.
            let wrong = format!(
                "x.number > {horizon} + 1 AND NOT EXISTS (SELECT 1 FROM events e
                    WHERE e.company_id = $1 AND e.number = x.number - 1)"
            );
            return self.wrong("events", &key, "do not follow the one before", &wrong);
        }
        // Numbers are everybody's and have gaps: docs/adr/0014.
        let next = next("event");
        let wrong = format!(
            "CASE WHEN x.number < {WAITING} THEN x.number >= {next}
                ELSE x.number - {WAITING} > (SELECT last_value FROM events_line) END"
        );
        self.wrong("events", &key, "have a number that has yet to be given", &wrong);
        let wrong = format!("x.purged_to >= {next}");
        let says = "begin behind the last number";
        self.wrong("event_horizons", &["purged_to"], says, &wrong);
    }

    fn webhooks(&mut self) {
        let wrong = "x.state NOT IN ('active', 'paused', 'disabled', 'deleted')";
        self.wrong("webhook_endpoints", &["id"], "have a state that does not exist", wrong);
        let wrong = format!(
            "x.position < 0 OR x.position > coalesce(
                (SELECT max(e.number) FROM events e
                    WHERE e.company_id = $1 AND e.number < {WAITING}),
                (SELECT h.purged_to FROM event_horizons h WHERE h.company_id = $1), 0)"
        );
        let says = "stand behind the last event: they would miss the next ones";
        self.wrong("webhook_endpoints", &["id", "position"], says, &wrong);
        self.drawn("webhook_endpoints", &["id"], Sequence::Webhook);
        let key = ["endpoint_id", "number"];
        let wrong = "NOT EXISTS (SELECT 1 FROM webhook_endpoints w
            WHERE w.company_id = $1 AND w.id = x.endpoint_id)";
        self.wrong("webhook_deliveries", &key, "name an endpoint that does not exist", wrong);
        let wrong = "x.state NOT IN ('pending', 'delivered', 'failed')";
        self.wrong("webhook_deliveries", &key, "have a state that does not exist", wrong);
        let wrong = "(x.state = 'pending') = (x.next_at IS NULL)";
        self.wrong("webhook_deliveries", &key, "are pending and settled", wrong);
    }
}

/// The next id that a sequence gives.
fn next(sequence: &str) -> String {
    format!("coalesce((SELECT s.next FROM id_sequences s WHERE s.name = '{sequence}'), 1)")
}

fn quoted(names: &[&str]) -> String {
    format!("'{}'", names.join("', '"))
}
