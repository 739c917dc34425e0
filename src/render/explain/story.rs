//! What a decision is told with: reps by name, ages in words, lines under titles.

use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::RepId;
use baton_core::domain::zone::Zone;
use baton_core::rules::RuleSet;
use std::time::Duration;

/// Names and zones of reps; one who has left the roster since goes by the id, in UTC.
pub(super) struct Roster<'a>(pub &'a RuleSet);

impl Roster<'_> {
    pub(super) fn name(&self, rep: &RepId) -> String {
        self.0.reps.get(rep).map_or_else(|| rep.to_string(), |rep| rep.name.clone())
    }

    pub(super) fn of_crm(&self, owner: &CrmId) -> String {
        self.0.rep_in_crm(owner).map_or_else(|| owner.to_string(), |rep| rep.name.clone())
    }

    pub(super) fn zone(&self, rep: &RepId) -> Zone {
        self.0.reps.get(rep).map_or(Zone::UTC, |rep| rep.timezone)
    }
}

#[derive(Default)]
pub(super) struct Story {
    pub text: String,
}

impl Story {
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A section without lines is left out.
    pub(super) fn section(&mut self, title: &str, lines: impl IntoIterator<Item = String>) {
        let mut lines = lines.into_iter().peekable();
        if lines.peek().is_none() {
            return;
        }
        self.line("");
        self.line(title);
        lines.for_each(|line| self.line(&format!("  {line}")));
    }
}

pub(super) fn ago(age_ms: i64) -> String {
    let age = Duration::from_millis(age_ms.unsigned_abs());
    match age.as_secs() {
        0 => "just now".to_owned(),
        seconds @ 1..120 => format!("{seconds} s ago"),
        seconds @ 120..7200 => format!("{} min ago", seconds / 60),
        seconds => format!("{} h ago", seconds / 3600),
    }
}
