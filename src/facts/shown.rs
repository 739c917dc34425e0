//! What pages of meetings have said a moment ago of other times: whoever opens one again and again asks no calendar by that.

use baton_core::domain::id::LeadId;
use baton_core::domain::rota::Window;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// In real time; nobody asks for what is older.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// By lead, and how often its meeting was moved.
#[derive(Default)]
pub(super) struct ShownTimes(Mutex<BTreeMap<(LeadId, u32), Place>>);

/// Whoever asks meanwhile waits for the answer.
type Place = Arc<tokio::sync::Mutex<Option<Shown>>>;

pub(super) struct Shown {
    pub times: Result<Vec<Window>, String>,
    asked_at: Instant,
}

impl ShownTimes {
    pub(super) fn of(&self, lead: &LeadId, moves: u32) -> Place {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = |shown: Option<&Shown>| shown.is_some_and(|shown| shown.age() < KEPT_FOR);
        // One that somebody has besides is being asked for.
        let is_wanted = |place: &Place| place.try_lock().is_ok_and(|shown| is_new(shown.as_ref()));
        all.retain(|_, place| Arc::strong_count(place) > 1 || is_wanted(place));
        Arc::clone(all.entry((lead.clone(), moves)).or_default())
    }
}

impl Shown {
    pub(super) fn now(times: Result<Vec<Window>, String>) -> Self {
        Self { times, asked_at: Instant::now() }
    }

    pub(super) fn age(&self) -> Duration {
        self.asked_at.elapsed()
    }
}
