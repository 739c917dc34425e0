//! `baton diff`: the same leads under two sets of rules, before the new ones go live.
//!
//! Nothing is asked of vendors and nothing is stored. Leads are given one after the other in either world, so that
//! balances and caps count as they would; nobody is on a call, since that is luck and not rules.

mod layout;
mod leads;

use crate::app::{revision, workspace};
use crate::cli::{FAILED, FAULTY, OK, USAGE, WorkspaceArgs, say};
use anyhow::{Context, Result};
use baton_clock::{Clock, SystemClock};
use baton_core::rehearsal::compare::{Comparer, Comparison};
use baton_core::rules::{RuleSet, SourceFile, compile};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc, Weekday};
use clap::ValueEnum;
use leads::Leads;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Leads in one batch: enough that starting two threads does not count.
const BATCH: usize = 512;

#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// The rules as they are: a workspace folder, or a git revision of the workspace such as main.
    #[arg(value_name = "OLD", required_unless_present = "against")]
    old: Option<String>,
    /// The rules as they would be: a workspace folder or a git revision; the workspace as it stands if left out.
    #[arg(value_name = "NEW")]
    new: Option<String>,
    /// The old rules are this git revision of the workspace, even where a folder has the same name.
    #[arg(long, value_name = "REV", conflicts_with_all = ["old", "new"])]
    against: Option<String>,
    /// Leads from a file: one JSON object a line, an event or the bare fields ({"country": "DE", "employees": 240}).
    #[arg(long, value_name = "FILE", conflicts_with = "since")]
    replay: Option<PathBuf>,
    /// Leads that were really decided, from the database of the workspace, with what was known then: 30d, 12h.
    #[arg(long, value_name = "SPAN", value_parser = span)]
    since: Option<TimeDelta>,
    /// How many leads to make up where none are given. They use the words of the rules themselves.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    leads: u32,
    /// The same seed makes up the same leads.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Made-up leads come in from this day on; the Monday of this week if left out.
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Made-up leads of a working day; four for each active rep if left out.
    #[arg(long, value_name = "N")]
    leads_per_day: Option<u32>,
    /// For how many days a lead counts against caps of open leads.
    #[arg(long, value_name = "DAYS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=3650))]
    open_days: u32,
    #[arg(long, value_enum, default_value = "text")]
    format: Layout,
    #[command(flatten)]
    place: WorkspaceArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Layout {
    Text,
    Json,
    Markdown,
}

/// `30d`, `12h`: as in rule files.
fn span(text: &str) -> Result<TimeDelta, String> {
    let wrong = || format!("{text:?}: expected a number with h, d or w, such as 30d");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: i64 = number.parse().ok().filter(|number| (1..=100_000).contains(number)).ok_or_else(wrong)?;
    match unit {
        "h" => Ok(TimeDelta::hours(number)),
        "d" => Ok(TimeDelta::days(number)),
        "w" => Ok(TimeDelta::weeks(number)),
        _ => Err(wrong()),
    }
}

impl Diff {
    pub(crate) async fn run(self) -> Result<u8> {
        let dir = &self.place.workspace;
        let old = match (&self.against, &self.old) {
            (Some(rev), _) => (format!("revision {rev}"), revision::sources(dir, rev)?),
            (None, Some(name)) => sources(dir, name)?,
            (None, None) => return Ok(USAGE), // clap asks for one of the two
        };
        let new = match &self.new {
            Some(name) => sources(dir, name)?,
            None => (dir.display().to_string(), workspace::read(dir)?),
        };
        let (Some(before), Some(after)) = (checked(&old.0, &old.1), checked(&new.0, &new.1)) else { return Ok(FAULTY) };
        let mut leads = match self.leads(&before, &after).await? {
            Ok(leads) => leads,
            Err(faults) => {
                faults.iter().for_each(|fault| eprintln!("{fault}"));
                return Ok(FAULTY);
            }
        };
        let Some(comparison) = self.compare(&before, &after, &mut leads).await? else {
            eprintln!("there are no leads to compare: {}", leads.told());
            return Ok(FAILED);
        };
        let title = layout::Title { old: &old.0, new: &new.0, leads: leads.told(), rules: [&before, &after] };
        match self.format {
            Layout::Text => say(layout::text(&title, &comparison).trim_end()),
            Layout::Markdown => say(layout::markdown(&title, &comparison).trim_end()),
            Layout::Json => say(&layout::json(&title, &comparison)?),
        }
        Ok(OK)
    }

    async fn leads<'r>(&self, old: &'r RuleSet, new: &'r RuleSet) -> Result<Result<Leads<'r>, Vec<String>>> {
        let now = SystemClock.now();
        if let Some(file) = &self.replay {
            let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
            return Ok(leads::from_lines(&file.display().to_string(), &bytes, now));
        }
        if let Some(span) = self.since {
            return leads::stored(&self.place, now - span).await.map(Ok);
        }
        let active = new.reps.values().filter(|rep| rep.active).count();
        let per_day = self.leads_per_day.unwrap_or_else(|| u32::try_from(active * 4).unwrap_or(u32::MAX));
        let from = self.from.unwrap_or_else(|| monday(now));
        Ok(Ok(leads::made_up(&[old, new], self.seed, from, per_day, self.leads)))
    }

    async fn compare(&self, old: &RuleSet, new: &RuleSet, leads: &mut Leads<'_>) -> Result<Option<Comparison>> {
        let mut progress = Progress::new();
        let open_for = TimeDelta::days(i64::from(self.open_days));
        let mut comparer: Option<Comparer> = None;
        loop {
            let batch = leads.next(BATCH).await?;
            let Some(first) = batch.first() else { break };
            comparer.get_or_insert_with(|| Comparer::new(old, new, first, open_for)).add(&batch);
            progress.add(batch.len());
        }
        progress.clear();
        Ok(comparer.map(Comparer::finish))
    }
}

/// A folder where there is one of that name, else a revision.
fn sources(dir: &Path, name: &str) -> Result<(String, Vec<SourceFile>)> {
    if Path::new(name).is_dir() {
        return Ok((name.to_owned(), workspace::read(Path::new(name))?));
    }
    let files = revision::sources(dir, name);
    let files = files.with_context(|| format!("{name:?} is no folder, and reading it as a git revision failed"))?;
    Ok((format!("revision {name}"), files))
}

fn checked(name: &str, files: &[SourceFile]) -> Option<RuleSet> {
    match compile(files) {
        Ok(checked) => Some(checked.rules),
        Err(faults) => {
            eprintln!("the rules of {name} have {} faults:", faults.len());
            faults.iter().for_each(|fault| eprintln!("{fault}"));
            None
        }
    }
}

pub(super) fn monday(now: DateTime<Utc>) -> NaiveDate {
    now.date_naive().week(Weekday::Mon).first_day()
}

/// Talk for whoever waits at a terminal; nothing elsewhere.
pub(super) struct Progress {
    done: usize,
    shown: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { done: 0, shown: std::io::stderr().is_terminal() }
    }

    pub(super) fn add(&mut self, leads: usize) {
        let before = self.done;
        self.done += leads;
        if self.shown && before / 4096 != self.done / 4096 {
            eprint!("\r{} leads", self.done);
            let _closed = std::io::stderr().flush();
        }
    }

    pub(super) fn clear(&self) {
        if self.shown {
            eprint!("\r                    \r");
        }
    }
}
