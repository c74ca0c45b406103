//! Measures crewline: requests per second, latency, CPU and memory, beside a bare JSON echo on the
//! same HTTP stack, the raw engine, what a team would otherwise write, and another `crewline`
//! binary when one is given.
//!
//! [`case`] says what is measured, [`contender`] who, [`measure`] in which order, [`targets`] what
//! must hold; [`load`] is what sends the requests. See README.md.

mod case;
mod client;
mod contender;
mod cpu;
mod database;
mod echo;
mod failure;
mod fixture;
mod inside;
mod load;
mod machine;
mod measure;
mod memory;
mod peers;
mod postgres;
mod process;
mod raw;
mod report;
mod requests;
mod sample;
mod servers;
mod targets;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};

use case::Section;
use database::Engine;
use failure::{Failure, Result, failed};

/// As crewline has it: part of what is measured runs in this process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures crewline beside a bare JSON echo, the raw engine, and what a team would otherwise write.
#[derive(Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = "The crewline binary is not built by this command: run `cargo build --release` \
        first.\nTo compare with another version, build that one elsewhere and give it as \
        --against.\nDatabases are in a temporary folder that goes with the command; TMPDIR says \
        where."
)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct Options {
    /// Another crewline binary to compare with
    #[arg(long, value_name = "PATH")]
    against: Option<PathBuf>,
    /// How often everything is measured
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long one sample takes, after half a second of the same load
    #[arg(long, value_name = "S", default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,
    /// Only these tables [default: all]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "TABLES")]
    only: Vec<Section>,
    /// The databases to measure on
    #[arg(long, value_enum, default_value_t = Engines::Both)]
    engine: Engines,
    /// The crewline binary [default: the one beside this command]
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engines {
    Sqlite,
    Postgres,
    Both,
}

#[derive(Subcommand)]
enum Command {
    /// Only be the echo server that the others are compared with
    Echo {
        /// Where to listen
        #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
        listen: String,
    },
}

fn seconds(text: &str) -> std::result::Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.1..=3_600.0).contains(&seconds) => Ok(seconds),
        _ => Err("must be between 0.1 and 3600".to_owned()),
    }
}

impl Engines {
    fn list(self) -> Vec<Engine> {
        match self {
            Engines::Sqlite => vec![Engine::Sqlite],
            Engines::Postgres => vec![Engine::Postgres],
            Engines::Both => vec![Engine::Sqlite, Engine::Postgres],
        }
    }
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let done = match cli.command {
        Some(Command::Echo { listen }) => runtime(tokio::runtime::Builder::new_multi_thread())
            .and_then(|runtime| runtime.block_on(echo::serve(&listen))),
        // One thread: the load shares the machine with the server.
        None => runtime(tokio::runtime::Builder::new_current_thread())
            .and_then(|runtime| runtime.block_on(interruptible(cli.options))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("crewline-bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Help and version as they are, a wrong command line in one line.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let message = error.to_string();
    let first = message.split("\n\n").next().unwrap_or_default();
    let failure = Failure(first.trim_start_matches("error: ").to_owned());
    eprintln!("crewline-bench: {failure}; see --help");
    ExitCode::FAILURE
}

fn runtime(mut builder: tokio::runtime::Builder) -> Result<tokio::runtime::Runtime> {
    builder.enable_all().build().map_err(failed("cannot start"))
}

/// Ends early on a signal; what was started ends with the future that holds it.
async fn interruptible(options: Options) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed("signals"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed("signals"))?;
    tokio::select! {
        done = run(options) => done,
        _ = interrupt.recv() => Err(Failure("interrupted".to_owned())),
        _ = terminate.recv() => Err(Failure("terminated".to_owned())),
    }
}

async fn run(options: Options) -> Result<()> {
    let this = std::env::current_exe().map_err(failed("this binary"))?;
    let binary =
        servers::binary(options.binary.unwrap_or_else(|| this.with_file_name("crewline")))?;
    let against = options.against.map(servers::binary).transpose()?;
    let plan = measure::Plan {
        echo: this,
        binary,
        against,
        engines: options.engine.list(),
        cases: case::all()
            .into_iter()
            .filter(|case| options.only.is_empty() || options.only.contains(&case.section))
            .collect(),
        rounds: options.rounds as usize,
        seconds: options.seconds,
    };
    let results = measure::run(&plan).await?;
    print!("{}", report::render(&plan, &results));
    report::verdict(&results)
}
