//! `baton replay`: stored decisions, made again from their stored inputs.

use crate::app::replay::{ReplayVerdict, Replayed, Which, replay};
use crate::cli::{DIFFERS, OK, TextOrJson, WorkspaceArgs, open_store, say, span};
use crate::rehearse::stored::NO_LONGER_KEPT;
use anyhow::Result;
use baton_clock::{Clock, SystemClock};
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeSet;

/// Decide stored decisions again from what was stored, and say whether every byte agrees.
///
/// Each decision is stored with the lead, with what was known of accounts, calendars, presence and balances, and with the
/// rules of that moment. Nothing else enters it, so the same version of Baton must come to the same bytes. Reads only.
#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    /// One decision, by its id (dec_…) or its lead's (lead_…).
    #[arg(long, value_name = "ID", conflicts_with = "since")]
    decision: Option<String>,
    /// How far back: 30m, 12h, 7d.
    #[arg(long, value_name = "SPAN", default_value = "7d", value_parser = span)]
    since: TimeDelta,
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: WorkspaceArgs,
}

#[derive(Default)]
struct ReplaySummary {
    same: usize,
    erased: usize,
    releases: BTreeSet<String>,
    others: Vec<Replayed>,
    /// Decisions that cannot differ any more.
    no_longer_kept: usize,
}

impl Replay {
    pub(crate) async fn run(self) -> Result<u8> {
        let store = open_store(&self.place).await?;
        let now = SystemClock.now();
        let which = self.decision.map_or(Which::Since(now - self.since), Which::One);
        let mut told = ReplaySummary::default();
        let tell = |replayed: Replayed| {
            let release = replayed.release.to_string();
            match replayed.verdict {
                ReplayVerdict::NoLongerKept => {
                    told.no_longer_kept += 1;
                    return;
                }
                ReplayVerdict::Same => told.same += 1,
                ReplayVerdict::Erased { .. } => told.erased += 1,
                ReplayVerdict::Differs { .. } | ReplayVerdict::Impossible { .. } => told.others.push(replayed),
            }
            told.releases.insert(release);
        };
        replay(&store, which, now, tell).await?;
        match self.format {
            TextOrJson::Text => text(&told),
            TextOrJson::Json => say(&serde_json::to_string_pretty(&json!({
                "replayed": told.same + told.others.len(),
                "same": told.same,
                "no_longer_kept": told.no_longer_kept,
                "erased": told.erased,
                "releases": told.releases,
                "others": told.others,
            }))?),
        }
        Ok(if told.others.is_empty() { OK } else { DIFFERS })
    }
}

fn text(told: &ReplaySummary) {
    for Replayed { decision, release, decided_at, verdict, .. } in &told.others {
        let which = format!("{decision} ({}, release {})", decided_at.format("%F %T UTC"), release.short());
        match verdict {
            ReplayVerdict::Same | ReplayVerdict::NoLongerKept | ReplayVerdict::Erased { .. } => {}
            ReplayVerdict::Differs { path, stored, now } => {
                say(&format!("{which} differs at {path}: stored {stored}, now {now}"));
            }
            ReplayVerdict::Impossible { why } => say(&format!("{which} cannot be made again: {why}")),
        }
    }
    let all = told.same + told.others.len();
    if told.no_longer_kept > 0 {
        say(&format!("decisions: {}, {NO_LONGER_KEPT}", told.no_longer_kept));
    }
    say(&format!(
        "{all} decisions made again by the rules of {} releases: {} the same to the byte, {} not",
        told.releases.len(),
        told.same,
        told.others.len()
    ));
    if told.erased > 0 {
        say(&format!("{} erased: what they were made from is gone with the person", told.erased));
    }
}
