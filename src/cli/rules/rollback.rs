//! `baton rollback`: an older release, back in the workspace.

use crate::app::releases;
use crate::cli::{OK, WorkspaceArgs, actor, open_store_to_change, say};
use crate::store::{AuditEntry, with};
use anyhow::{Result, bail};
use baton_clock::{Clock, SystemClock};

/// Put an older release back into the workspace; running workers take it up.
///
/// The files of rules/, templates/ and platforms/ are written as they were when the release was live; files it did not have are
/// removed.
/// rules/tests/, hidden files and baton.toml are left alone. Workers that read this folder take the change up within seconds
/// (GET /v1/rules shows it); workers on other hosts need their folder changed too. If the folder is kept in git, commit the
/// result, or the next deployment brings the change back.
///
/// Nothing that people wrote is lost: a state that was live is in the database and comes back by `baton rollback` to it; one
/// that never was is refused, and with --force copied to .replaced/ first.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Rollback {
    /// The release, or the first digits of it: see `baton releases`.
    #[arg(value_name = "RELEASE")]
    release: String,
    /// Also replace files that were never live; they are copied to .replaced/ first.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    place: WorkspaceArgs,
}

impl Rollback {
    pub(crate) async fn run(self) -> Result<u8> {
        let folder = &self.place.workspace;
        let store = open_store_to_change(&self.place).await?;
        let release = releases::find(&store, &self.release).await?;
        let plan = releases::plan(&store, folder, &release).await?;
        let id = release.id.short();
        if plan.is_nothing() {
            say(&format!("nothing to do: the workspace holds release {id} already"));
            return Ok(OK);
        }
        if plan.unknown && !self.force {
            let files: Vec<&str> = plan.replaced(folder).collect();
            bail!(
                "the workspace holds changes that were never live, and nobody else has them: {}. Keep them elsewhere, or use \
                 --force, which copies them to .replaced/ first",
                files.join(", ")
            );
        }
        let undo = if plan.unknown {
            let aside = plan.set_aside(folder, &SystemClock.now().format("%Y%m%dT%H%M%SZ").to_string())?;
            format!("What was there was copied to {}.", aside.display())
        } else {
            let before = plan.before.as_ref().map_or("", |before| before.short());
            format!("To undo this: baton rollback {before}")
        };
        // First: what was changed and not told would be found by nobody.
        let (entry, now) = (AuditEntry::of(&actor(), "rules.rollback", &release.id, None), SystemClock.now());
        store.write("rules.rollback", with(entry, move |tx, entry| Box::pin(tx.audit(entry, now)))).await?;
        plan.carry_out(folder)?;
        let (written, removed) = (plan.write.len(), plan.remove.len());
        say(&format!("The workspace holds release {id} again: {written} files written, {removed} removed."));
        say(
            "Workers that read this folder take it up within seconds: see GET /v1/rules. If it is kept in git, commit it.",
        );
        say(&undo);
        Ok(OK)
    }
}
