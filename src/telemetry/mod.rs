//! Logs and traces. Logs: one line per event on stderr, as text for people or JSON for machines. Never names, numbers, mail or briefing text:
//! what is personal is not given to a log line in the first place.
//!
//! Libraries do not know what is personal: below `info` they print requests, statements and messages as they go over the
//! wire. No filter brings that out; what a filter asks of them beyond [`LIBRARIES_AT_MOST`] is told at start and left out.

pub mod figures;
mod lines;
pub mod traces;

pub use lines::of_worker;

use clap::ValueEnum;
use lines::JsonLines;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// What is said at this level and above is about the library, not about what goes through it.
const LIBRARIES_AT_MOST: Level = Level::INFO;
/// Tells of the beginning and the end of every request at that level; what a request came to is in our own lines.
const TALKATIVE: &str = "rmcp";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// Begins logging. `filter` is a level (`info`) or a list such as `baton=debug,sqlx=warn`.
///
/// # Errors
/// The filter is not of that form.
pub fn begin(format: LogFormat, filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        anyhow::anyhow!("log filter {filter:?}: {error}; allowed: info, debug, or baton=debug,sqlx=warn")
    })?;
    let asks_for_more = filter.max_level_hint().is_none_or(|level| level > LIBRARIES_AT_MOST);
    let lines = match format {
        LogFormat::Text => fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(false).boxed(),
        LogFormat::Json => JsonLines.boxed(),
    };
    // For all, and not for this layer alone: a layer's own filter forgets a line after a library has only asked whether it would
    // be said (tracing-subscriber 0.3.23 with sqlx 0.9, which asks before every slow or logged statement).
    tracing_subscriber::registry().with(lines).with(filter).with(filter_fn(may_be_said)).init();
    if asks_for_more {
        tracing::info!(
            "libraries log up to {LIBRARIES_AT_MOST} whatever is asked for: below it they print what people said"
        );
    }
    Ok(())
}

/// Our own lines at every level, those of libraries only where they cannot hold what they carry.
fn may_be_said(metadata: &Metadata<'_>) -> bool {
    let library = metadata.target().split([':', '_']).next().unwrap_or_default();
    let at_most = if library == TALKATIVE { Level::WARN } else { LIBRARIES_AT_MOST };
    library == env!("CARGO_CRATE_NAME") || *metadata.level() <= at_most
}
