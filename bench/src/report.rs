//! The table.

use std::fmt::Write as _;

use crate::failure::{Failure, Result};
use crate::load::Sample;
use crate::machine::Machine;
use crate::measure::{Contender, Plan, SIZES, Who};

/// Renders all results as Markdown.
pub fn render(plan: &Plan, contenders: &[Contender], machine: &Machine) -> String {
    let against = plan.against.is_some();
    let mut out = format!(
        "{} rounds of {} s, {} connections. {}.\n\n",
        plan.rounds, plan.seconds, plan.connections, machine.text
    );
    if machine.in_memory {
        out.push_str("The data was in memory only: nothing was durable.\n\n");
    }
    out.push_str("| Ranges | Server | Requests/s | of the echo |");
    out.push_str(if against { " of the other |" } else { "" });
    out.push_str(" p50 ms | p99 ms | CPU µs/request | PostgreSQL µs/request | Load, cores |\n");
    out.push_str(&format!("|--:|---|{}\n", "--:|".repeat(if against { 8 } else { 7 })));
    for (size, ranges) in SIZES.iter().enumerate() {
        for contender in contenders {
            row(&mut out, against, contenders, contender, size, *ranges);
        }
    }
    let disturbed = contenders.iter().flat_map(|one| one.samples.iter().flatten());
    if disturbed.filter(|sample| sample.disturbed()).count() > 0 {
        out.push_str("\n`*`: other processes disturbed a sample, also when it was taken again.\n");
    }
    out
}

fn row(
    out: &mut String,
    against: bool,
    contenders: &[Contender],
    contender: &Contender,
    size: usize,
    ranges: usize,
) {
    let samples = &contender.samples[size];
    let over = |value: fn(&Sample) -> f64| Spread::of(samples.iter().map(value));
    let mark = if samples.iter().any(Sample::disturbed) { " `*`" } else { "" };
    let rate = over(|sample| sample.rate);
    let number = |value: f64| format!("{value:.*}", if value < 100.0 { 1 } else { 0 });
    let share = |base: Option<&Contender>| match base {
        Some(base) => ratio(samples, &base.samples[size]),
        None => "-".to_owned(),
    };
    let find = |who: Who| contenders.iter().find(|one| one.who() == who);
    let (echo, other) = match contender.who() {
        Who::Echo => (None, None),
        Who::This(engine) => (find(Who::Echo), find(Who::Other(engine))),
        Who::Other(_) => (find(Who::Echo), None),
    };
    let (low, high) = (number(rate.low), number(rate.high));
    let postgres = over(|sample| sample.postgres_cpu).median;
    let postgres = if postgres > 0.0 { number(postgres) } else { "-".to_owned() };
    // Writing into a string cannot fail.
    let _ = write!(
        out,
        "| {ranges} | {} | {} ({low}..{high}){mark} | {} |",
        contender.name,
        number(rate.median),
        share(echo)
    );
    if against {
        let _ = write!(out, " {} |", share(other));
    }
    let _ = writeln!(
        out,
        " {:.2} | {:.2} | {} | {postgres} | {:.2} |",
        over(|sample| sample.p50).median,
        over(|sample| sample.p99).median,
        number(over(|sample| sample.server_cpu).median),
        over(|sample| sample.load_cores).median
    );
}

/// The median of the ratios of each round.
fn ratio(samples: &[Sample], base: &[Sample]) -> String {
    let ratios = samples.iter().zip(base).map(|(one, base)| one.rate / base.rate);
    format!("{:.1} %", Spread::of(ratios).median * 100.0)
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
pub fn verdict(contenders: &[Contender]) -> Result<()> {
    for contender in contenders {
        for (ranges, samples) in SIZES.iter().zip(&contender.samples) {
            if let Some(failure) = samples.iter().find_map(Sample::failed) {
                let name = &contender.name;
                return Err(Failure(format!("{name} with {ranges} ranges: {failure}")));
            }
        }
    }
    Ok(())
}
