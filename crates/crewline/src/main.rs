//! The `crewline` binary.

mod backup;
mod check;
mod company;
mod demo;
mod import;
mod intake;
mod key;
mod log;
mod output;
mod serve;
mod source;

use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use server::app::{App, Settings, Shared};
use server::clock::Clock;
use server::metrics::Metrics;
use server::store::{Location, Options, Startup, Store};

use output::Output;

/// A request allocates on one thread what another one frees, which the system's allocator is slow
/// at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The server where a company's systems meet: people and their assignments, by everyone's own ids.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Args)]
struct Global {
    /// Where the data is: sqlite:PATH or postgres://USER@HOST/NAME [default: sqlite:crewline.db]
    #[arg(
        long,
        env = "CREWLINE_DATABASE",
        global = true,
        hide_env_values = true,
        value_name = "URL"
    )]
    database: Option<String>,
    /// How to print results
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server
    Serve(serve::Serve),
    /// Companies: the tenants
    #[command(subcommand)]
    Company(company::Company),
    /// API keys
    #[command(subcommand)]
    Key(key::Key),
    /// Sources of a company, beside the published ones
    #[command(subcommand)]
    Source(source::Source),
    /// Copy a SQLite database to a new file, also while a server writes it
    Backup(backup::Backup),
    /// Look whether the database is whole, also while servers use it; it only reads
    Check,
    /// Bring in clients, positions, users, teams and contracts with the ids that they have elsewhere
    Import(import::Import),
    /// Bring the database up to date
    Migrate,
    /// Print the OpenAPI document
    Openapi,
}

fn main() -> ExitCode {
    // The allocator asks for huge pages, which are kept whole for what is used in part: some 15 MB.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    log::start(match &cli.command {
        Command::Serve(serve) => serve.log_format,
        _ => log::Format::Text,
    });
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let done = runtime.block_on(run(cli));
    // What still runs was given its time to finish; what is left lets go of the database.
    runtime.shutdown_timeout(Duration::from_secs(3));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn run(Cli { global, command }: Cli) -> Result<(), Startup> {
    match command {
        Command::Serve(serve) => serve.run(&global).await,
        Command::Company(company) => company.run(&global).await,
        Command::Key(key) => key.run(&global).await,
        Command::Source(source) => source.run(&global).await,
        Command::Backup(backup) => backup.run(&global).await,
        Command::Import(import) => import.run(&global).await,
        Command::Check => check::run(&global).await,
        Command::Migrate => {
            global.app().await?;
            global
                .output
                .print("The database is up to date", &serde_json::json!({"migrated": true}));
            Ok(())
        }
        Command::Openapi => {
            let document = server::faces::document().to_pretty_json();
            println!("{}", document.map_err(|error| Startup(error.to_string()))?);
            Ok(())
        }
    }
}

impl Global {
    fn location(&self) -> Result<Location, Startup> {
        self.database.as_deref().unwrap_or("sqlite:crewline.db").parse()
    }

    /// The database, up to date.
    async fn app(&self) -> Result<Shared, Startup> {
        open(&self.location()?, Settings::default(), Metrics::default()).await
    }
}

async fn open(
    location: &Location,
    settings: Settings,
    metrics: Metrics,
) -> Result<Shared, Startup> {
    let options = Options { metrics, ..Options::default() };
    let store = Store::open(location, &options).await?;
    Ok(App::new(store, Clock::System, settings))
}

/// Any error, in one line.
fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    let error = error.to_string();
    let lines: Vec<&str> = error.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    eprintln!("crewline: {}", lines.join(" "));
    ExitCode::FAILURE
}

/// Help and version as they are, a wrong command line in one line.
fn usage(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
        _ => {
            let message = error.to_string();
            let first = message.split("\n\n").next().unwrap_or_default();
            let first: Vec<&str> = first.lines().map(str::trim).collect();
            eprintln!(
                "crewline: {}; see crewline --help",
                first.join(" ").trim_start_matches("error: ")
            );
            ExitCode::from(2)
        }
    }
}
