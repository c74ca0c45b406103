//! The tables.

use std::fmt::Write as _;

use crate::case::{Case, FEW, Section};
use crate::contender::Who;
use crate::failure::{Failure, Result};
use crate::measure::{Plan, Results, Row};
use crate::sample::Sample;
use crate::targets;

/// Renders all results as Markdown.
pub fn render(plan: &Plan, results: &Results) -> String {
    let machine = &results.machine;
    let mut out = format!("{} rounds of {} s. {}.\n", plan.rounds, plan.seconds, machine.text);
    if machine.in_memory {
        out.push_str("\nThe data was in memory only: nothing was durable.\n");
    }
    let targets = targets::table(results);
    if !targets.is_empty() {
        let _ = write!(out, "\n### Targets\n\n{targets}");
    }
    let mut sections: Vec<Section> = results.rows.iter().map(|row| row.case.section).collect();
    sections.dedup();
    for section in sections {
        let _ = write!(out, "\n### {}\n\n{}", section.title(), table(results, section));
    }
    if !results.processes.is_empty() {
        let _ = write!(out, "\n### {}\n\n", Section::Process.title());
        out.push_str("| Engine | Idle MB | Start ms |\n|---|--:|--:|\n");
        for process in &results.processes {
            let (name, idle, start) = (process.engine.name(), process.idle, process.start);
            let _ = writeln!(out, "| {name} | {idle:.1} | {start:.1} |");
        }
    }
    if results.rows.iter().flat_map(|row| &row.samples).any(Sample::disturbed) {
        out.push_str("\n`*`: other processes disturbed a sample, also when it was taken again.\n");
    }
    out
}

/// What a column says of a row, if anything.
type Column = (&'static str, fn(&Results, &Row) -> Option<String>);

const COLUMNS: [Column; 15] = [
    ("Requests/s", |_, row| {
        let rate = Spread::of(row.samples.iter().map(|sample| sample.rate));
        let (low, high) = (number(rate.low), number(rate.high));
        let mark = if row.samples.iter().any(Sample::disturbed) { " `*`" } else { "" };
        Some(format!("{} ({low}..{high}){mark}", number(rate.median)))
    }),
    ("of the echo", |all, row| share(all, row, row.case, Who::Echo)),
    ("over its peer", |all, row| match row.who {
        Who::Crewline(engine) => times(all, row, row.case, Who::Peer(engine)),
        _ => None,
    }),
    ("of the raw loop", |all, row| match row.who {
        Who::Crewline(engine) => share(all, row, row.case, Who::Raw(engine)),
        _ => None,
    }),
    ("of the other", |all, row| match row.who {
        Who::Crewline(engine) => share(all, row, row.case, Who::Other(engine)),
        _ => None,
    }),
    ("of that at 10,000", |all, row| {
        let few = if row.case.present == FEW { None } else { all.few(row.case) }?;
        match row.who {
            Who::Crewline(_) => share(all, row, few, row.who),
            // Its rate has the making of the requests in it.
            Who::Inside(_) => {
                let share = all.row(few, row.who)?.ratio(row, |sample| sample.p50);
                Some(format!("{:.1} %", share * 100.0))
            }
            _ => None,
        }
    }),
    ("refused/s", |_, row| row.case.overload.then(|| number(row.median(|sample| sample.refused)))),
    ("a refusal's CPU", |all, row| {
        let share = all.refusal(row).filter(|share| share.is_finite())?;
        Some(format!("{:.1} %", share * 100.0))
    }),
    ("p50 ms", |_, row| Some(format!("{:.2}", row.median(|sample| sample.p50)))),
    ("p99 ms", |_, row| Some(format!("{:.2}", row.median(|sample| sample.p99)))),
    ("CPU µs", |_, row| Some(number(row.median(|sample| sample.server_cpu)))),
    ("PostgreSQL µs", |_, row| some(row.median(|sample| sample.postgres_cpu))),
    ("Load, cores", |_, row| Some(format!("{:.2}", row.median(|sample| sample.load_cores)))),
    ("Peak MB", |_, row| some(row.median(|sample| sample.peak))),
    ("WAL MB", |_, row| some(row.median(|sample| sample.wal))),
];

fn table(all: &Results, section: Section) -> String {
    let rows: Vec<&Row> = all.rows.iter().filter(|row| row.case.section == section).collect();
    let cells: Vec<Vec<Option<String>>> =
        rows.iter().map(|row| COLUMNS.iter().map(|(_, cell)| cell(all, row)).collect()).collect();
    let used = |nth: &usize| cells.iter().any(|row| row[*nth].is_some());
    let columns: Vec<usize> = (0..COLUMNS.len()).filter(used).collect();
    let mut out = "| What | Server |".to_owned();
    for nth in &columns {
        let _ = write!(out, " {} |", COLUMNS[*nth].0);
    }
    let _ = writeln!(out, "\n|---|---|{}", "--:|".repeat(columns.len()));
    for (row, cells) in rows.iter().zip(&cells) {
        let _ = write!(out, "| {} | {} |", row.case.name(), row.who.name());
        for nth in &columns {
            let _ = write!(out, " {} |", cells[*nth].as_deref().unwrap_or("-"));
        }
        out.push('\n');
    }
    out
}

impl Results {
    /// Who took part in a case.
    pub fn row(&self, case: Case, who: Who) -> Option<&Row> {
        self.rows.iter().find(|row| row.case == case && row.who == who)
    }

    /// The same work with the fewest assignments present.
    pub fn few(&self, case: Case) -> Option<Case> {
        let like = |row: &&Row| {
            let other = row.case;
            (other.work, other.connections, other.present) == (case.work, case.connections, FEW)
                && (other.section == case.section || case.section == Section::Present)
        };
        self.rows.iter().find(like).map(|row| row.case)
    }

    /// The CPU of a refused request of that of a served one at 64 connections: what was used
    /// besides serving as many at that price, for each that was refused.
    pub fn refusal(&self, row: &Row) -> Option<f64> {
        let calm = self.row(row.case.calm()?, row.who)?;
        let rounds = row.samples.iter().zip(&calm.samples);
        let refusing = rounds.filter(|(one, _)| one.refused > 0.0);
        let share = |(one, calm): (&Sample, &Sample)| {
            (one.cpu() - calm.cpu()) * one.rate / one.refused / calm.cpu()
        };
        Some(median(refusing.map(share).collect()))
    }
}

impl Row {
    pub fn median(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        median(self.samples.iter().map(of).collect())
    }

    /// The median of the ratios of each round.
    pub fn ratio(&self, base: &Row, of: impl Fn(&Sample) -> f64) -> f64 {
        let rounds = self.samples.iter().zip(&base.samples);
        median(rounds.map(|(one, base)| of(one) / of(base)).collect())
    }

    /// That of the rates.
    pub fn over(&self, base: &Row) -> f64 {
        self.ratio(base, |sample| sample.rate)
    }
}

fn share(all: &Results, row: &Row, case: Case, base: Who) -> Option<String> {
    let base = all.row(case, base).filter(|base| !std::ptr::eq(*base, row))?;
    Some(format!("{:.1} %", row.over(base) * 100.0))
}

fn times(all: &Results, row: &Row, case: Case, base: Who) -> Option<String> {
    Some(format!("{:.1}", row.over(all.row(case, base)?)))
}

fn some(value: f64) -> Option<String> {
    (value > 0.0).then(|| number(value))
}

fn number(value: f64) -> String {
    format!("{value:.*}", if value < 100.0 { 1 } else { 0 })
}

pub fn median(values: Vec<f64>) -> f64 {
    Spread::of(values.into_iter()).median
}

struct Spread {
    low: f64,
    median: f64,
    high: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        let at = |nth: usize| values.get(nth).copied().unwrap_or(f64::NAN);
        let last = values.len().saturating_sub(1);
        Self { low: at(0), median: (at(last / 2) + at(last.div_ceil(2))) / 2.0, high: at(last) }
    }
}

/// Fails when any answer was not as expected.
pub fn verdict(results: &Results) -> Result<()> {
    for row in &results.rows {
        if let Some(failure) = row.samples.iter().find_map(Sample::failed) {
            let (who, case) = (row.who.name(), row.case.name());
            return Err(Failure(format!("{who}, {case}: {failure}")));
        }
    }
    Ok(())
}
