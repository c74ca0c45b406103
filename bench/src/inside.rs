//! Attaching within this process: the operation and the kernel without HTTP and without JSON, one
//! after the other, as `crewline` runs it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::attach::{Dates, Entry};
use domain::range::{DateRange, Policy, Sent};
use domain::source::BUILT_IN;
use domain::{ExternalId, Ref, Source};
use server::app::{App, Settings, Shared};
use server::clock::Clock;
use server::contracts::attach::Attach;
use server::operation;
use server::scope::{Actor, Scope};
use server::sources::Sources;
use server::store::{Options, Store};

use crate::cpu::Watched;
use crate::failure::{Failure, Result, failed};
use crate::requests::{CONTRACTS, Random, SOURCE, USERS, external, user};
use crate::sample::{Sample, Seen};

/// Opens the database and attaches so many ranges at a time.
pub async fn run(
    url: &str,
    ranges: usize,
    seed: u64,
    (warm_up, window): (Duration, Duration),
    watched: Watched,
) -> Result<Sample> {
    let location = url.parse().map_err(failed(url))?;
    let store = Store::open(&location, &Options::default()).await.map_err(failed(url))?;
    let app = App::new(store, Clock::System, Settings::default());
    let mut random = Random::new(seed);
    let mut seen = Seen::default();
    let begin = Instant::now() + warm_up;
    while Instant::now() < begin {
        once(&app, ranges, &mut random).await?;
    }
    let start = watched.read()?;
    while start.at.elapsed() < window {
        let took = once(&app, ranges, &mut random).await?;
        seen.answers.push((Instant::now(), took));
    }
    let end = watched.read()?;
    let sample = Sample::of(seen, start.at..end.at, &start.until(&end));
    tokio::task::spawn_blocking(move || drop(app)).await.map_err(failed("the store"))?;
    Ok(sample)
}

async fn once(app: &Shared, ranges: usize, random: &mut Random) -> Result<Duration> {
    let attach = attach(ranges, random)?;
    let sent = Instant::now();
    let outcome = operation::alone(app, attach).await;
    let took = sent.elapsed();
    let outcome = outcome.map_err(|stop| Failure(format!("attach: {stop:?}")))?;
    match outcome.assigned.len() == ranges {
        true => Ok(took),
        false => Err(Failure(format!("{} of {ranges} ranges were taken", outcome.assigned.len()))),
    }
}

fn attach(ranges: usize, random: &mut Random) -> Result<Attach> {
    let id = |text: &str| ExternalId::parse(text).map(Ref::External).map_err(failed("an id"));
    let step = 10 * random.below(USERS / 10) + 3;
    let mut nth = random.below(USERS);
    let mut entries = Vec::with_capacity(ranges);
    for _ in 0..ranges {
        nth = (nth + step) % USERS;
        let (year, month) = (2000 + random.below(90), 1 + random.below(12));
        let start = format!("{year}-{month:02}-{:02}", 1 + random.below(28));
        let end = format!("{}-{month:02}-{:02}", year + 1, 1 + random.below(28));
        let range = DateRange::parse(Sent::Text(&start), Sent::Text(&end), Policy::Cor);
        entries.push(Entry { user: Some(id(&user(nth))?), dates: Dates::Ranges(vec![range]) });
    }
    let contract = id(&external("contract", random.below(CONTRACTS)))?;
    let source = BUILT_IN.into_iter().find(|source| source.name == SOURCE);
    let scope = Scope {
        company: 1,
        source: source.unwrap_or(Source::NONE),
        sources: Arc::new(Sources::default()),
        actor: Actor::nobody(),
    };
    Ok(Attach { scope, contract, entries })
}
