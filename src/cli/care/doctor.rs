//! `baton doctor`: each vendor that `baton.toml` names, before the first lead. What is amiss is told with what to click where.

use crate::app::doctor::{Doctor as Walk, Noted, SECTIONS, State};
use crate::cli::{FAILED, OK, TextOrJson, WorkspaceArgs, say};
use crate::config;
use anyhow::Result;
use baton_clock::SystemClock;
use clap::builder::PossibleValuesParser;
use std::sync::Arc;

/// Ask each vendor whether it would do what will be asked of it: reachable, clock, credential, rights, fields, ids of reps.
///
/// Changes nothing: a write that is tried is refused or rolled back there. As text, or as json (one object a line), told as it is
/// found. Exit code 1 where something is amiss; what to click where is told with it.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// Look at this section of baton.toml alone; may be said several times.
    #[arg(long, value_name = "SECTION", value_parser = PossibleValuesParser::new(SECTIONS))]
    only: Vec<String>,
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: WorkspaceArgs,
}

impl Doctor {
    pub(crate) async fn run(self) -> Result<u8> {
        let folder = &self.place.workspace;
        let walk = Walk::of(config::load(&folder.join("baton.toml"))?, folder, Arc::new(SystemClock))?;
        let is_meant = |section: &&'static str| match self.only.as_slice() {
            [] => walk.has(section),
            only => only.iter().any(|named| named == section),
        };
        let sections: Vec<&'static str> = SECTIONS.into_iter().filter(is_meant).collect();
        let mut amiss = 0;
        let is_well = walk.look_at(&sections, |noted| {
            amiss += usize::from(noted.state == State::Amiss);
            match self.format {
                TextOrJson::Text => say(&text(noted)),
                TextOrJson::Json => say(&serde_json::to_string(noted).expect("texts are JSON")),
            }
        });
        if is_well.await {
            eprintln!("nothing is amiss");
            return Ok(OK);
        }
        eprintln!("{amiss} to mend");
        Ok(FAILED)
    }
}

/// A vendor's words move no cursor.
fn text(noted: &Noted) -> String {
    let Noted { section, step, state, told, mend } = noted;
    let state = match state {
        State::Ok => "ok",
        State::Amiss => "AMISS",
        State::NotAsked => "not asked",
    };
    let told = told.replace(char::is_control, " ");
    let mend = mend.map_or_else(String::new, |mend| format!("\n{:34}{mend}", ""));
    format!("{state:<9}  {section:<9}  {step:<10}  {told}{mend}")
}
