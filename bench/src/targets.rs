//! What must hold, and what we aim at: the ratios that the project promises itself.

use std::fmt::Write as _;

use crate::case::{CONNECTIONS, FEW, MOST, Section, Work, attach, thousands};
use crate::contender::Who;
use crate::database::Engine::{self, Postgres, Sqlite};
use crate::measure::{Results, Row};
use crate::report::median;

/// A number that is to be at least, or at most, another.
struct Target {
    what: String,
    value: Option<f64>,
    must: f64,
    aim: f64,
    unit: &'static str,
}

/// All targets whose numbers were measured, and how many were not.
pub fn table(all: &Results) -> String {
    let targets = [
        speed(all),
        reads(all),
        latencies(all),
        growth(all),
        whole(all),
        overload(all),
        resources(all),
    ];
    let targets: Vec<Target> = targets.into_iter().flatten().collect();
    let (mut out, mut missing) = (String::new(), 0);
    for target in targets {
        let Some(value) = target.value.filter(|value| value.is_finite()) else {
            missing += 1;
            continue;
        };
        // What is better: more, when the aim is above what must hold.
        let more = target.aim > target.must;
        let reached = |bound: f64| if more { value >= bound } else { value <= bound };
        let verdict = match (reached(target.must), reached(target.aim)) {
            (_, true) => "aim reached",
            (true, false) => "holds",
            (false, false) => "**missed**",
        };
        let unit = target.unit;
        let number = |value: f64| format!("{value:.*}{unit}", if value < 10.0 { 2 } else { 1 });
        let sign = if more { "≥" } else { "≤" };
        let (value, must, aim) = (number(value), number(target.must), number(target.aim));
        let _ = writeln!(out, "| {} | {value} | {sign} {must} | {aim} | {verdict} |", target.what);
    }
    if !out.is_empty() {
        out.insert_str(0, "| What | Measured | Must hold | Aim | |\n|---|--:|--:|--:|---|\n");
        if missing > 0 {
            let _ = writeln!(out, "\n{missing} more targets were not measured.");
        }
    }
    out
}

impl Results {
    fn find(
        &self,
        section: Section,
        work: Work,
        (connections, present): (usize, usize),
        who: Who,
    ) -> Option<&Row> {
        self.rows.iter().find(|row| {
            let case = row.case;
            (case.section, case.work, case.connections, case.present, row.who)
                == (section, work, connections, present, who)
        })
    }

    /// An attach at 16 connections with few present.
    fn attach(&self, ranges: usize, who: Who) -> Option<&Row> {
        self.find(Section::Attach, attach(ranges), (CONNECTIONS, FEW), who)
    }
}

/// The ratio of two, if both were measured.
fn over(one: Option<&Row>, base: Option<&Row>) -> Option<f64> {
    Some(one?.over(base?))
}

fn speed(all: &Results) -> Vec<Target> {
    let sqlite = |ranges| all.attach(ranges, Who::Crewline(Sqlite));
    let mut targets = vec![
        Target {
            what: "SQLite, 1 range: of the echo".to_owned(),
            value: over(sqlite(1), all.attach(1, Who::Echo)).map(|ratio| ratio * 100.0),
            must: 16.0,
            aim: 24.0,
            unit: " %",
        },
        Target {
            what: "SQLite, 1,000 ranges: of the raw loop".to_owned(),
            value: over(sqlite(1_000), all.attach(1_000, Who::Raw(Sqlite))).map(|r| r * 100.0),
            must: 70.0,
            aim: 100.0,
            unit: " %",
        },
    ];
    // Ranges, what must hold, and what we aim at.
    type Sizes = [(usize, f64, f64); 3];
    let engines: [(Engine, &str, Sizes); 2] = [
        (Sqlite, "better-sqlite3", [(1, 4.5, 6.5), (100, 4.0, 5.5), (1_000, 4.5, 6.5)]),
        (Postgres, "pg", [(1, 1.6, 2.2), (100, 1.7, 2.4), (1_000, 1.4, 2.0)]),
    ];
    for (engine, peer, sizes) in engines {
        targets.extend(sizes.map(|(ranges, must, aim)| Target {
            what: format!("{}, {}: over Fastify + {peer}", engine.name(), named(ranges)),
            value: over(
                all.attach(ranges, Who::Crewline(engine)),
                all.attach(ranges, Who::Peer(engine)),
            ),
            must,
            aim,
            unit: "",
        }));
    }
    targets
}

fn reads(all: &Results) -> Vec<Target> {
    let page = |who| all.rows.iter().find(|row| row.case.work == Work::Page && row.who == who);
    let mut targets = vec![Target {
        what: "reads of 50 rows: over Fastify + better-sqlite3".to_owned(),
        value: over(page(Who::Crewline(Sqlite)), page(Who::Peer(Sqlite))),
        must: 2.5,
        aim: 4.0,
        unit: "",
    }];
    for engine in [Sqlite, Postgres] {
        let alone = all.find(Section::Reads, Work::OfUser, (1, MOST), Who::Crewline(engine));
        let of_user = |what: &str, value: Option<f64>, must, aim| Target {
            what: format!(
                "{}, all assignments of a user, 10 million present: {what}",
                engine.name()
            ),
            value,
            must,
            aim,
            unit: " ms",
        };
        targets.extend([
            of_user("median", alone.map(|row| row.median(|sample| sample.p50)), 6.0, 5.0),
            of_user("p99", alone.map(|row| row.median(|sample| sample.p99)), 50.0, 25.0),
        ]);
    }
    targets
}

fn latencies(all: &Results) -> Vec<Target> {
    let ratio = |row: &Row| row.median(|sample| sample.p99 / sample.p50);
    let mut targets = Vec::new();
    for engine in [Sqlite, Postgres] {
        let who = Who::Crewline(engine);
        targets.extend([1, 100, 1_000].map(|ranges| Target {
            what: format!("{}, {}: p99 over p50", engine.name(), named(ranges)),
            value: all.attach(ranges, who).map(ratio),
            must: 6.0,
            aim: 3.5,
            unit: "",
        }));
        let open = all.rows.iter().find(|row| row.case.section == Section::Open && row.who == who);
        targets.push(Target {
            what: format!("{}, a thousand requests a second: p99 over p50", engine.name()),
            value: open.map(ratio),
            must: 5.0,
            aim: 2.5,
            unit: "",
        });
    }
    let alone = |who| all.find(Section::Connections, attach(1), (1, FEW), who);
    let least = alone(Who::Echo).zip(alone(Who::Raw(Sqlite)));
    let over_least = |(row, (echo, raw)): (&Row, (&Row, &Row))| {
        let rounds = row.samples.iter().zip(echo.samples.iter().zip(&raw.samples));
        median(rounds.map(|(one, (echo, raw))| one.p50 / (echo.p50 + raw.p50)).collect())
    };
    targets.push(Target {
        what: "SQLite, 1 range, 1 connection: time over echo and raw commit".to_owned(),
        value: alone(Who::Crewline(Sqlite)).zip(least).map(over_least),
        must: 2.0,
        aim: 1.4,
        unit: "",
    });
    targets
}

/// How much more a range costs with ten million present.
fn growth(all: &Results) -> Vec<Target> {
    let inside = |engine, present| {
        all.find(Section::Inside, attach(1_000), (1, present), Who::Inside(engine))
    };
    [(Sqlite, 1.6, 1.3), (Postgres, 2.0, 1.4)]
        .map(|(engine, must, aim)| Target {
            what: format!("{}, in-process: a range at 10 million over 10,000", engine.name()),
            // The operation's own time: making the requests is in the rate.
            value: inside(engine, MOST)
                .zip(inside(engine, FEW))
                .map(|(most, few)| most.ratio(few, |sample| sample.p50)),
            must,
            aim,
            unit: "",
        })
        .into()
}

/// The whole server with ten million present.
fn whole(all: &Results) -> Vec<Target> {
    let who = Who::Crewline(Sqlite);
    [(1, 0.53, 0.85), (100, 0.30, 0.60), (1_000, 0.60, 0.85)]
        .map(|(ranges, must, aim)| Target {
            what: format!("SQLite, {}: rate at 10 million of that at 10,000", named(ranges)),
            value: over(
                all.find(Section::Present, attach(ranges), (CONNECTIONS, MOST), who),
                all.attach(ranges, who),
            ),
            must,
            aim,
            unit: "",
        })
        .into()
}

fn overload(all: &Results) -> Vec<Target> {
    let mut targets = Vec::new();
    for engine in [Sqlite, Postgres] {
        let row = |ranges, connections| {
            let who = Who::Crewline(engine);
            all.find(Section::Overload, attach(ranges), (connections, FEW), who)
        };
        targets.extend([1, 1_000].map(|ranges| Target {
            what: format!(
                "{}, {}: served at 1,000 connections of that at 64",
                engine.name(),
                named(ranges)
            ),
            value: over(row(ranges, 1_000), row(ranges, 64)),
            must: 0.8,
            aim: 0.95,
            unit: "",
        }));
        targets.push(Target {
            what: format!(
                "{}, 1,000 ranges, 3,000 connections: CPU of a refused request over a served one",
                engine.name()
            ),
            value: row(1_000, 3_000).and_then(|row| all.refusal(row)),
            must: 0.1,
            aim: 0.05,
            unit: "",
        });
    }
    targets
}

fn resources(all: &Results) -> Vec<Target> {
    let mut targets = Vec::new();
    for engine in [Sqlite, Postgres] {
        let who = Who::Crewline(engine);
        let process = all.processes.iter().find(|process| process.engine == engine);
        let large = all.find(Section::Present, attach(1_000), (CONNECTIONS, MOST), who);
        let target = |what: &str, value, must, aim, unit| Target {
            what: format!("{}, {what}", engine.name()),
            value,
            must,
            aim,
            unit,
        };
        let peak = large.map(|row| row.median(|sample| sample.peak));
        targets.extend([
            target("memory idle", process.map(|process| process.idle), 25.0, 15.0, " MB"),
            target("peak memory, 1,000 ranges, 10 million present", peak, 150.0, 100.0, " MB"),
            target(
                "start on an existing database",
                process.map(|process| process.start),
                50.0,
                15.0,
                " ms",
            ),
        ]);
    }
    let wal = all.rows.iter().find(|row| row.case.section == Section::Wal);
    targets.push(Target {
        what: "write-ahead log, 60 s of writes with reads going on".to_owned(),
        value: wal.map(|row| row.median(|sample| sample.wal)),
        must: 64.0,
        aim: 32.0,
        unit: " MB",
    });
    targets
}

/// `1 range`, `1,000 ranges`.
fn named(ranges: usize) -> String {
    format!("{} range{}", thousands(ranges), if ranges == 1 { "" } else { "s" })
}
