//! What was looked at, and what was found.

use super::step::Step;
use super::words::mend;
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Ok,
    Amiss,
    /// It cannot be asked without doing, or something else must be mended first.
    NotAsked,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Noted {
    /// Of `baton.toml`.
    pub section: &'static str,
    /// `reachable`, `clock`, `credential`, `setup`, `fields`, `reps`, `write` or `config`.
    pub step: &'static str,
    pub state: State,
    /// Names nobody but reps, by their ids.
    pub told: String,
    /// What to click where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<&'static str>,
}

/// Of one section.
pub(super) struct Notes {
    section: &'static str,
    /// As its errors call it; the section until it is known.
    pub vendor: &'static str,
    pub all: Vec<Noted>,
}

impl Notes {
    pub(super) fn of(section: &'static str) -> Self {
        Self { section, vendor: section, all: Vec::new() }
    }

    pub(super) fn ok(&mut self, step: Step, told: impl Into<String>) {
        self.note(step, State::Ok, told.into(), None);
    }

    pub(super) fn amiss(&mut self, step: Step, told: impl Into<String>) {
        self.note(step, State::Amiss, told.into(), Some(mend(self.vendor, step)));
    }

    pub(super) fn not_asked(&mut self, step: Step, told: impl Into<String>) {
        self.note(step, State::NotAsked, told.into(), None);
    }

    fn note(&mut self, step: Step, state: State, told: String, mend: Option<&'static str>) {
        self.all.push(Noted { section: self.section, step: step.as_str(), state, told, mend });
    }
}
