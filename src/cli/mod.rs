//! The command line. Data goes to stdout, talk to stderr; the exit codes below are the contract.

mod care;
mod demo;
mod desk;
mod leads;
mod platforms;
mod rules;
mod worker;

use crate::app::workspace::{self, Workspace};
use crate::app::zoneinfo;
use crate::config;
use crate::store::Store;
use anyhow::Context;
use baton_core::domain::zone;
use baton_core::rules::RuleSet;
use chrono::TimeDelta;
use clap::{Parser, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::LazyLock;

/// It worked.
pub const OK: u8 = 0;
/// Something failed that is not one of the others: the message says what.
pub const FAILED: u8 = 1;
/// The command line itself was wrong (clap's own code).
pub const USAGE: u8 = 2;
/// The workspace or an event has faults; each was printed.
pub const FAULTY: u8 = 3;
/// A service that is needed did not answer: database, broker, HTTP.
pub const UNREACHABLE: u8 = 4;
/// A decision that was made again came out otherwise, or could not be made again.
pub const DIFFERS: u8 = 7;
/// The demo ended with a promise broken: a lead without a next step, or an effect done twice.
pub const BROKEN_PROMISE: u8 = 5;
/// `baton test`: the files are sound, and the rules do not do what they expect, or too little of the rules is reached.
pub const EXPECTATION_FAILED: u8 = 6;

#[derive(Debug, Parser)]
#[command(name = "baton", version = VERSION.as_str(), about = "Routes sales leads qualified by voice-AI calls to the right rep.", long_about = LONG, after_help = CODES)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

/// With the release of the tz database, which decides what time it is where.
static VERSION: LazyLock<String> = LazyLock::new(|| format!("{} ({})", env!("CARGO_PKG_VERSION"), zone::in_use()));

const LONG: &str = "Routes sales leads qualified by voice-AI calls to the right rep.\n\n\
A workspace is a folder with baton.toml (connections), rules/ (who gets which lead), templates/ (what is written to whom) \
and platforms/ (what voice platforms mean). Edit rules/ in a spreadsheet or a text editor, then run `baton check` to see every mistake at once, and \
`baton explain` to see who would get a lead, and why.";

const CODES: &str = "Exit codes: 0 fine, 1 failed, 2 wrong usage, 3 faults in rules or events, 4 a service did not answer, \
5 the demo broke a promise, 6 a test of the rules failed, 7 a replayed decision differs.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Play a day of calls against a made-up world: no account, no server needed.
    Demo(demo::Demo),
    /// Write a small working workspace to start from.
    Init(rules::Init),
    /// Run the worker: take leads, decide, hand off, brief.
    Serve(worker::Serve),
    /// Ask the running worker of a workspace whether it takes leads.
    Ready(worker::Ready),
    /// Check a workspace: every mistake in rules and templates at once, with file and line.
    Check(rules::Check),
    /// Ask each vendor that is connected whether it would do what will be asked of it; say what to click where.
    Doctor(care::Doctor),
    /// Say who would get a lead, and why not each of the others.
    Explain(rules::Explain),
    /// Hold what people expect of the rules (rules/tests/) against what the rules do.
    Test(rules::Test),
    /// List the rules that this database has been decided with, and what each changed.
    Releases(rules::Releases),
    /// Put an older release back into the workspace; running workers take it up.
    Rollback(rules::Rollback),
    /// Decide stored decisions again from what was stored, and say whether every byte agrees.
    Replay(leads::Replay),
    /// Say which leads would go elsewhere under other rules, and why, before the rules go live.
    Diff(rules::Diff),
    /// Play days of made-up leads against hours, holidays and leave: shares, waits, fallbacks, gaps.
    Simulate(rules::Simulate),
    /// Make rule files of what another system exports: assignment rules, territories, users, past assignments.
    Import(rules::Import),
    /// List the voice platforms that are understood; say what to paste into one, and what a request of theirs means.
    Platforms(platforms::Platforms),
    /// Answer an assistant that speaks MCP, on stdin and stdout: who got a lead and why, who would, what to mend.
    Mcp(desk::Mcp),
    /// Send event files to a running worker, over AMQP or HTTP.
    Send(worker::Send),
    /// Print the routing report: accuracy, acceptance, first contact, conversion.
    Report(leads::ReportArgs),
    /// Print the shadow report of a trial: where it and the system beside it differ, why, and what is at stake.
    Shadow(leads::Shadow),
    /// Print what would be written for leads, vendor by vendor, and write nothing.
    Sync(leads::SyncArgs),
    /// Print the balances and the journal of a pool; give or take a turn by hand.
    Ledger(leads::Ledger),
    /// Print what each rep has taken, who can be had now, and why one got nothing.
    Reps(leads::Reps),
    /// List, show, replay or drop the messages that were put aside.
    Quarantine(worker::Quarantine),
    /// Say who may speak to running workers: make, list and revoke bearer tokens.
    Token(worker::TokenArgs),
    /// List the webhooks and how each stands; test one, see what became of its deliveries, enable it again.
    Webhooks(worker::Webhooks),
    /// List what needs a person, have failed steps tried again, close with a reason, through a running worker.
    Attention(leads::Attention),
    /// Give a lead to another rep, or route it again, through a running worker.
    Reassign(leads::Reassign),
    /// Hand over everything open of a rep who has left, show it before, or undo it within a day, through a running worker.
    Leaver(leads::Leaver),
    /// List what people and tokens have changed, export it, and prove that nothing of it was changed since.
    Audit(care::Audit),
    /// Erase a person who asks for it: what tells of them goes, ids, times, sums and verdicts stay.
    Erase(care::Erase),
    /// Print the JSON Schema of a contract.
    Schema(rules::Schema),
    /// Let go at once of what has had its time by [keep] of baton.toml; or say what would go.
    Prune(care::Prune),
    /// Bring the database to this version's form.
    Migrate(worker::Migrate),
    /// Copy the database into a file, while workers write into it.
    Backup(care::Backup),
    /// Put a backup in the place of the database; what was there is kept beside it.
    Restore(care::Restore),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TextOrJson {
    Text,
    Json,
}

/// Where a workspace is.
#[derive(Debug, clap::Args)]
struct WorkspaceArgs {
    /// The workspace: a folder with rules/ and templates/.
    #[arg(long, short = 'w', value_name = "DIR", default_value = ".")]
    workspace: PathBuf,
}

pub fn main() -> ExitCode {
    if let Err(error) = zoneinfo::begin(config::zoneinfo().as_deref()) {
        eprintln!("error: {error:#}");
        return ExitCode::from(USAGE);
    }
    let args = Args::parse();
    #[cfg(feature = "failpoints")]
    if let Err(error) = crate::failpoint::arm() {
        eprintln!("error: {error:#}");
        return ExitCode::from(USAGE);
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: starting the runtime: {error}");
            return ExitCode::from(FAILED);
        }
    };
    let result = runtime.block_on(async {
        match args.command {
            Command::Demo(command) => command.run().await,
            Command::Init(command) => command.run(),
            Command::Serve(command) => command.run().await,
            Command::Ready(command) => command.run().await,
            Command::Check(command) => command.run().await,
            Command::Doctor(command) => command.run().await,
            Command::Explain(command) => command.run().await,
            Command::Test(command) => command.run().await,
            Command::Releases(command) => command.run().await,
            Command::Rollback(command) => command.run().await,
            Command::Replay(command) => command.run().await,
            Command::Diff(command) => command.run().await,
            Command::Simulate(command) => command.run(),
            Command::Import(command) => command.run(),
            Command::Platforms(command) => command.run(),
            Command::Mcp(command) => command.run().await,
            Command::Send(command) => command.run().await,
            Command::Report(command) => command.run().await,
            Command::Shadow(command) => command.run().await,
            Command::Sync(command) => command.run().await,
            Command::Ledger(command) => command.run().await,
            Command::Reps(command) => command.run().await,
            Command::Quarantine(command) => command.run().await,
            Command::Token(command) => command.run().await,
            Command::Webhooks(command) => command.run().await,
            Command::Attention(command) => command.run().await,
            Command::Reassign(command) => command.run().await,
            Command::Leaver(command) => command.run().await,
            Command::Audit(command) => command.run().await,
            Command::Erase(command) => command.run().await,
            Command::Schema(command) => command.run(),
            Command::Prune(command) => command.run().await,
            Command::Migrate(command) => command.run().await,
            Command::Backup(command) => command.run().await,
            Command::Restore(command) => command.run().await,
        }
    });
    // Tasks that still hold a connection are not waited for: a kill is always safe.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(error.downcast_ref::<Unreachable>().map_or(FAILED, |_| UNREACHABLE))
        }
    }
}

/// Marks an error chain as "a service did not answer".
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unreachable(String);

fn unreachable(what: &str, error: &dyn std::fmt::Display) -> anyhow::Error {
    anyhow::Error::new(Unreachable(format!("{what}: {error}")))
}

/// The database of a workspace, for commands that read what workers wrote.
async fn open_store(place: &WorkspaceArgs) -> anyhow::Result<Store> {
    let config = config::load(&place.workspace.join("baton.toml"))?;
    let store = Store::open_existing(&config.database.resolve()?).await;
    store.map_err(|error| unreachable("opening the database", &error))
}

/// The same for commands that change something, in this version's form.
async fn open_store_to_change(place: &WorkspaceArgs) -> anyhow::Result<Store> {
    let store = open_store(place).await?;
    store.migrate().await.context("bringing the database to this version's form")?;
    Ok(store)
}

/// Whoever runs this, as the audit names them.
fn actor() -> String {
    format!("cli {}", config::user_name())
}

/// How far back.
fn span(text: &str) -> Result<TimeDelta, String> {
    let allowed = || format!("{text:?} is no span; allowed: a number with m, h or d, such as 30m, 12h or 7d");
    let unit = text.chars().last().ok_or_else(allowed)?;
    let number: i64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| allowed())?;
    let span = match unit {
        'm' => TimeDelta::try_minutes(number),
        'h' => TimeDelta::try_hours(number),
        'd' => TimeDelta::try_days(number),
        _ => None,
    };
    span.filter(|span| *span > TimeDelta::zero() && *span < TimeDelta::days(36_500)).ok_or_else(allowed)
}

/// The rules of a workspace, for commands that have nothing to say without them.
fn rules_of(place: &WorkspaceArgs) -> anyhow::Result<RuleSet> {
    let Ok(workspace) = workspace::load(&place.workspace)? else {
        anyhow::bail!("the workspace has faults: run `baton check` first");
    };
    Ok(workspace.checked.rules)
}

/// A workspace without faults; of one that has some their number is told.
fn sound_workspace(dir: &Path) -> anyhow::Result<Option<Workspace>> {
    match workspace::load(dir)? {
        Ok(workspace) => Ok(Some(workspace)),
        Err(faults) => {
            let count = faults.rules.len() + faults.templates.len();
            eprintln!("the workspace has {count} faults: run `baton check` first");
            Ok(None)
        }
    }
}

/// A line of data; a closed pipe (`| head`) is not our failure.
fn say(line: &str) {
    use std::io::Write;
    let _closed = writeln!(std::io::stdout(), "{line}");
}
