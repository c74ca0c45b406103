//! Whether a database is whole: by its engine, and by the rules that no constraint holds.
//!
//! Everything is read on one snapshot, company by company, and nothing is written. A finding names
//! rows by their keys, which are numbers, names that we gave to API keys, and currencies: never what
//! they say of anybody.

mod emails;
mod engine;
mod events;
mod rules;

use rules::Rule;

use crate::store::{self, Location, Startup, Tx, look, params};

/// Rows of a finding that are named.
const NAMED: usize = 10;
/// Findings that are told; a database with more has one trouble, and it is told by then.
const MOST: usize = 10_000;
/// Companies that are read together.
const COMPANIES: i64 = 1_000;

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub engine: &'static str,
    pub companies: usize,
    /// What was asked of each company, or of the whole database.
    pub rules: Vec<String>,
    pub findings: Vec<Finding>,
    /// Whether all was looked at, and not only until there was trouble enough.
    pub complete: bool,
}

/// Rows of a table that break a rule.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Of the engine's own findings the engine.
    pub table: String,
    /// `None`: the whole database; the keys then name the company, if there is one.
    pub company: Option<i64>,
    /// What they do that they must not.
    pub says: String,
    /// How many.
    pub count: i64,
    /// The keys of the first of them; none where a key is nothing to be shown.
    pub keys: Vec<String>,
}

impl Report {
    /// Whether there is room for more.
    fn goes_on(&self) -> bool {
        self.findings.len() < MOST
    }
}

/// Looks at a database as it is; servers may go on meanwhile.
pub async fn check(location: &Location) -> Result<Report, Startup> {
    look(location, async move |tx: &mut Tx| Ok(all(tx).await?)).await
}

async fn all(tx: &mut Tx) -> store::Result<Report> {
    let mut report = Report { engine: tx.pick("SQLite", "PostgreSQL"), ..Report::default() };
    report.findings = engine::check(tx).await?;
    if !report.findings.is_empty() {
        // What is broken below the rows cannot be read by them.
        return Ok(report);
    }
    let mut rules = rules::all(tx);
    rules.extend(engine::references(tx).await?);
    let (of_all, of_company): (Vec<Rule>, Vec<Rule>) =
        rules.into_iter().partition(|rule| !rule.by_company);
    let told = of_all.iter().chain(&of_company).map(|rule| (&*rule.table, &*rule.says));
    let told = told.chain([("users", emails::UNFOUND), ("events", events::UNREADABLE)]);
    report.rules = told.map(|(table, says)| format!("{table}: {says}")).collect();
    for rule in &of_all {
        judge(tx, rule, None, &mut report).await?;
    }
    let mut after = i64::MIN;
    loop {
        let sql = "SELECT id FROM companies WHERE id > $1 ORDER BY id LIMIT $2";
        let page: Vec<(i64,)> = tx.query(sql, params![after, COMPANIES]).await?;
        let Some((last,)) = page.last() else {
            report.complete = true;
            return Ok(report);
        };
        if !report.goes_on() {
            return Ok(report);
        }
        after = *last;
        for (company,) in page {
            report.companies += 1;
            for rule in &of_company {
                judge(tx, rule, Some(company), &mut report).await?;
            }
            report.findings.extend(emails::unfound(tx, company).await?);
            report.findings.extend(events::unreadable(tx, company).await?);
        }
    }
}

/// Adds what breaks a rule.
async fn judge(
    tx: &mut Tx,
    rule: &Rule,
    company: Option<i64>,
    report: &mut Report,
) -> store::Result<()> {
    let all: store::Params<'_> = params![company];
    let values = &all[..usize::from(company.is_some())];
    let keys: Vec<(String,)> = tx.query(rule.first, values).await?;
    let mut count = keys.len() as i64;
    if keys.len() >= NAMED {
        count = tx.query_opt(rule.count, values).await?.map_or(count, |(all,): (i64,)| all);
    }
    if count > 0 {
        report.findings.push(Finding {
            table: rule.table.clone(),
            company,
            says: rule.says.clone(),
            count,
            keys: keys.into_iter().map(|(key,)| key).filter(|key| !key.is_empty()).collect(),
        });
    }
    Ok(())
}
