//! Logs: one line per event on stderr, as text for people or JSON for machines. Never names, numbers, mail or briefing text:
//! what is personal is not given to a log line in the first place.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

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
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    match format {
        LogFormat::Text => lines.with_ansi(false).init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}
