//! `crewline check`

use serde_json::json;
use server::integrity::{self, Finding};
use server::store::Startup;

use crate::Global;
use crate::output::Output;

/// Looks at the database beside whoever uses it. Findings are results, on stdout; that there are
/// any is the error.
pub async fn run(global: &Global) -> Result<(), Startup> {
    let report = integrity::check(&global.location()?).await?;
    let integrity::Report { engine, companies, rules, findings, complete } = &report;
    let asked =
        format!("{} rules and what {engine} checks itself, companies: {companies}", rules.len());
    match global.output {
        Output::Json => {
            let findings: Vec<_> = findings.iter().map(json).collect();
            let json = json!({
                "engine": engine, "companies": companies, "rules": rules, "findings": findings,
                "complete": complete
            });
            global.output.print("", &json);
        }
        Output::Text => {
            let lines: Vec<String> = findings.iter().map(line).collect();
            if !lines.is_empty() {
                global.output.print(&lines.join("\n"), &());
            }
            let found = match (lines.is_empty(), complete) {
                (true, _) => "nothing is wrong",
                (false, true) => "see above",
                (false, false) => "see above; the rest was not looked at",
            };
            global.output.print(&format!("Checked {asked}: {found}"), &());
        }
    }
    match findings.len() {
        0 => Ok(()),
        1 => Err(Startup("1 finding; docs/operations.md says what to do".to_owned())),
        many => Err(Startup(format!("{many} findings; docs/operations.md says what to do"))),
    }
}

fn json(finding: &Finding) -> serde_json::Value {
    let Finding { table, company, says, count, keys } = finding;
    json!({"table": table, "company": company, "says": says, "count": count, "keys": keys})
}

fn line(finding: &Finding) -> String {
    let Finding { table, company, says, count, keys } = finding;
    let company = company.map(|id| format!(" of company {id}")).unwrap_or_default();
    if keys.is_empty() {
        return format!("{table}{company}: {count} {says}");
    }
    let more = match count - keys.len() as i64 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    format!("{table}{company}: {count} {says} ({}{more})", keys.join(", "))
}
