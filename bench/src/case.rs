//! What is measured: each case once a round, for everybody who takes part in it.

use std::time::Duration;

use clap::ValueEnum;

use crate::requests::{Manner, USERS};

/// What the requests of a case ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Users attached to a contract by external id.
    Attach { ranges: usize, manner: Manner },
    /// Ten users put into a team.
    Teams,
    /// A user put into two workspaces.
    Workspaces,
    /// The name of a user changed.
    Update,
    /// A token for a key and its secret.
    Token,
    /// The first 50 assignments of a contract.
    Page,
    /// The first or the last 50 of a contract with 100,000 assignments.
    OfMany { last: bool },
    /// The assignments of a user.
    OfUser,
    /// Eight pages, and two attaches of ten ranges, of ten.
    Mixed,
    /// Three of four connections attach a hundred ranges, the fourth reads pages.
    Beside,
}

/// The tables of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Section {
    /// Contract attach, at 16 connections
    Attach,
    /// The same at 1 and 64 connections
    Connections,
    /// Three in ten refused, and everything repeated
    Refused,
    /// Other operations
    Operations,
    /// Reads, and reads with writes
    Reads,
    /// With a million and ten million assignments present
    Present,
    /// A range's cost within the process
    Inside,
    /// A thousand requests a second, whatever comes back
    Open,
    /// More connections than can be served at once
    Overload,
    /// The write-ahead log under a minute of writes with reads going on
    Wal,
    /// Memory and start
    Process,
}

impl Section {
    pub fn title(self) -> &'static str {
        match self {
            Section::Attach => "Contract attach, 16 connections",
            Section::Connections => "Contract attach, 1 and 64 connections",
            Section::Refused => "Contract attach, three in ten ranges refused; all repeated",
            Section::Operations => "Other operations, 16 connections",
            Section::Reads => "Reads, and reads with writes, 16 connections, 1 million present",
            Section::Present => "Contract attach with more assignments present",
            Section::Inside => "Contract attach within the process, one after the other",
            Section::Open => "A thousand requests a second",
            Section::Overload => "Overload: every connection sends again as soon as it is answered",
            Section::Wal => "Sixty seconds of writes with reads going on",
            Section::Process => "Memory and start",
        }
    }
}

/// Something to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    pub section: Section,
    pub work: Work,
    pub connections: usize,
    /// Assignments that are there at the start.
    pub present: usize,
    /// Requests a second that are sent whatever comes back; `None`: each connection sends its
    /// next request when it has its answer.
    pub pace: Option<u32>,
    /// Not counted: connections, caches, prepared statements, id blocks.
    pub warm_up: Duration,
    /// Instead of the window of the others.
    pub window: Option<Duration>,
    /// Rounds that it takes part in.
    pub rounds: usize,
    /// Whether 429 and 503 with `Retry-After` are answers too.
    pub overload: bool,
}

pub const FEW: usize = 10_000;
pub const MANY: usize = 1_000_000;
/// As [`MANY`], and each user on one contract besides.
pub const CROWDED: usize = MANY + USERS;
pub const MOST: usize = 10_000_000;
pub const CONNECTIONS: usize = 16;
/// Rounds of rows that no target looks at: a whole run is to take less than 40 minutes.
const FEWER: usize = 3;

impl Case {
    fn new(section: Section, work: Work) -> Self {
        let (connections, present, warm_up) = (CONNECTIONS, FEW, Duration::from_millis(500));
        let (pace, window, rounds, overload) = (None, None, usize::MAX, false);
        Self { section, work, connections, present, pace, warm_up, window, rounds, overload }
    }

    /// The same work when as much comes as can be served, if that is measured.
    pub fn calm(self) -> Option<Self> {
        (self.section == Section::Overload).then_some(Self { connections: 64, ..self })
    }

    /// What it is, for a table's first column.
    pub fn name(self) -> String {
        let work = match self.work {
            Work::Attach { ranges, manner } => {
                let ranges = thousands(ranges);
                match manner {
                    Manner::New => format!("attach {ranges}"),
                    Manner::Refused => format!("attach {ranges}, 30 % refused"),
                    Manner::Repeated => format!("attach {ranges}, repeated"),
                }
            }
            Work::Teams => "10 users into a team".to_owned(),
            Work::Workspaces => "a user into 2 workspaces".to_owned(),
            Work::Update => "update of a user".to_owned(),
            Work::Token => "token".to_owned(),
            Work::Page => "page of 50".to_owned(),
            Work::OfMany { last } => {
                let which = if last { "last" } else { "first" };
                format!("{which} page of 50 of {}", thousands(USERS))
            }
            Work::OfUser => "assignments of a user".to_owned(),
            Work::Mixed => "80 % pages, 20 % attach 10".to_owned(),
            Work::Beside => "attach 100 beside pages".to_owned(),
        };
        let mut name = work;
        if self.connections != CONNECTIONS {
            name.push_str(&format!(", {} connections", thousands(self.connections)));
        }
        if self.present != FEW && self.section != Section::Reads {
            name.push_str(&format!(", {} present", thousands(self.present)));
        }
        name
    }
}

/// An attach of new ranges.
pub fn attach(ranges: usize) -> Work {
    Work::Attach { ranges, manner: Manner::New }
}

/// `1,000,000` for a million.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

/// All cases, in order.
pub fn all() -> Vec<Case> {
    let sizes = [1, 10, 100, 1_000];
    let mut cases: Vec<Case> =
        sizes.iter().map(|ranges| Case::new(Section::Attach, attach(*ranges))).collect();
    for connections in [1, 64] {
        cases.extend(sizes.map(|ranges| Case {
            connections,
            rounds: if (connections, ranges) == (1, 1) { usize::MAX } else { FEWER },
            ..Case::new(Section::Connections, attach(ranges))
        }));
    }
    for manner in [Manner::Refused, Manner::Repeated] {
        cases.extend(sizes.map(|ranges| Case {
            rounds: FEWER,
            ..Case::new(Section::Refused, Work::Attach { ranges, manner })
        }));
    }
    let operations = [Work::Teams, Work::Workspaces, Work::Update, Work::Token];
    cases.extend(
        operations.map(|work| Case { rounds: FEWER, ..Case::new(Section::Operations, work) }),
    );
    let reads = [
        (Work::Page, MANY, CONNECTIONS, usize::MAX),
        (Work::Mixed, MANY, CONNECTIONS, FEWER),
        (Work::OfMany { last: false }, CROWDED, CONNECTIONS, FEWER),
        (Work::OfMany { last: true }, CROWDED, CONNECTIONS, FEWER),
        (Work::OfUser, MOST, 1, usize::MAX),
        (Work::OfUser, MOST, CONNECTIONS, FEWER),
    ];
    cases.extend(reads.map(|(work, present, connections, rounds)| Case {
        present,
        connections,
        rounds,
        ..Case::new(Section::Reads, work)
    }));
    for present in [MANY, MOST] {
        cases.extend(sizes.map(|ranges| Case {
            present,
            rounds: if present == MOST && ranges != 10 { usize::MAX } else { FEWER },
            ..Case::new(Section::Present, attach(ranges))
        }));
    }
    cases.extend([FEW, MANY, MOST].map(|present| Case {
        present,
        connections: 1,
        ..Case::new(Section::Inside, attach(1_000))
    }));
    cases.push(Case {
        pace: Some(1_000),
        connections: 32,
        window: Some(Duration::from_secs(4)),
        ..Case::new(Section::Open, attach(1))
    });
    for ranges in [1, 1_000] {
        cases.extend([64, 1_000, 3_000].map(|connections| Case {
            connections,
            overload: true,
            warm_up: Duration::from_secs(if ranges == 1 { 1 } else { 4 }),
            window: Some(Duration::from_secs(if ranges == 1 { 2 } else { 6 })),
            // Ten seconds each.
            rounds: FEWER,
            ..Case::new(Section::Overload, attach(ranges))
        }));
    }
    cases.push(Case {
        window: Some(Duration::from_secs(60)),
        rounds: 1,
        present: MANY,
        ..Case::new(Section::Wal, Work::Beside)
    });
    cases.push(Case { rounds: 0, present: MANY, ..Case::new(Section::Process, Work::Page) });
    cases
}
