//! `baton releases`: which rules this database has been decided with, since when, and what each changed.

use crate::app::workspace;
use crate::cli::{OK, TextOrJson, WorkspaceArgs, open_store, say};
use crate::release::past::{self, FileChange, Listed};
use anyhow::{Context, Result};
use baton_core::domain::id::ReleaseId;
use baton_core::rules;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(crate) struct Releases {
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: WorkspaceArgs,
}

impl Releases {
    pub(crate) async fn run(self) -> Result<u8> {
        let store = open_store(&self.place).await?;
        let here = workspace::read(&self.place.workspace).ok().map(|files| rules::release(&files));
        let all = past::list(&store).await.context("reading the releases")?;
        match self.format {
            TextOrJson::Text => text(&all, here.as_ref()),
            TextOrJson::Json => say(&serde_json::to_string_pretty(&json!({
                "workspace": here,
                "releases": all.iter().map(as_json).collect::<Vec<_>>(),
            }))?),
        }
        Ok(OK)
    }
}

fn text(all: &[Listed], here: Option<&ReleaseId>) {
    if all.is_empty() {
        return say("no worker has used this database yet");
    }
    say("  release       first used            decisions  what it changed");
    for Listed { release, changes } in all {
        let mark = if here == Some(&release.id) { '*' } else { ' ' };
        let (id, first) = (release.id.short(), release.first_live_at.format("%F %T UTC"));
        let changed = if changes.is_empty() { format!("first: {}", release.summary) } else { listed(changes) };
        say(&format!("{mark} {id}  {first:<23} {:>6}  {changed}", release.decisions));
    }
    if !all.iter().any(|listed| here == Some(&listed.release.id)) {
        say(
            "What lies in the workspace now has never been used: no worker has taken it up, or it has faults (baton check).",
        );
    }
}

/// `rules/reps.csv +1 -2, rules/routing.yaml +3`.
fn listed(changes: &[FileChange]) -> String {
    let told = changes.iter().map(|FileChange { path, added, removed }| match (added, removed) {
        (0, 0) => format!("{path} in another order"),
        (added, 0) => format!("{path} +{added}"),
        (0, removed) => format!("{path} -{removed}"),
        (added, removed) => format!("{path} +{added} -{removed}"),
    });
    told.collect::<Vec<_>>().join(", ")
}

fn as_json(Listed { release, changes }: &Listed) -> serde_json::Value {
    json!({
        "release": release.id,
        "first_live_at": release.first_live_at,
        "first_worker": release.first_worker,
        "last_live_at": release.last_live_at,
        "last_worker": release.last_worker,
        "decisions": release.decisions,
        "summary": release.summary,
        "changes": changes,
    })
}
