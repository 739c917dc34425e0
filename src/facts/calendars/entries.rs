//! Of what kind entries are, asked of one calendar at a time.

use super::connection::{Connection, Sought, addresses};
use super::view::View;
use super::window;
use crate::facts::Facts;
use crate::facts::health::UNHURRIED;
use baton_core::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, timeout_at};

/// Calendars whose entries are asked for at once.
const ENTRIES_AT_ONCE: usize = 40;
/// Entries are read so much further than busy times, so that what comes into view by and by has been told of.
const ENTRIES_BEYOND: TimeDelta = TimeDelta::days(1);

/// Who wants to know of what kind entries are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asks {
    /// A decision, which waits until then at most.
    BeforeDecision {
        by: Instant,
    },
    InBackground,
    /// Something has changed, and what was told before may not be so any more.
    AfterChange,
}

impl Asks {
    fn by(self) -> Instant {
        match self {
            Self::BeforeDecision { by } => by,
            Self::InBackground | Self::AfterChange => Instant::now() + UNHURRIED,
        }
    }
}

impl Facts {
    /// Asks of what kind entries are, where that matters and is not known; until it is, busy is busy.
    pub(super) async fn read_entries(
        &self,
        connection: &Connection,
        sought: &[Sought<'_>],
        rules: &RuleSet,
        asks: Asks,
    ) {
        let (now, by) = (self.clock.now(), asks.by());
        let unclear = self.unclear(sought, rules, asks, now);
        if unclear.is_empty() || !connection.may_be_asked() {
            return;
        }
        let (from, until) = window(rules, now);
        for some in unclear.chunks(ENTRIES_AT_ONCE) {
            let asked = addresses(some);
            let told = timeout_at(by, connection.calendar.absences(&asked, from, until + ENTRIES_BEYOND)).await;
            let in_time = told.is_ok();
            let told = told.unwrap_or_default();
            let mut views = self.views();
            for (written, address) in some {
                if let Some(view) = views.get_mut(*written) {
                    view.hear(told.get(*address).cloned(), now);
                }
            }
            if !in_time {
                return;
            }
        }
    }

    fn unclear<'c>(&self, sought: &[Sought<'c>], rules: &RuleSet, asks: Asks, now: DateTime<Utc>) -> Vec<Sought<'c>> {
        let (views, every_kind) = (self.views(), rules.calendars.tell_kinds_apart());
        let is_unclear = |view: &View| match asks {
            Asks::InBackground => view.is_untold(now, every_kind),
            Asks::BeforeDecision { .. } => view.is_untold(now, every_kind) || view.is_doubtful(now),
            Asks::AfterChange => view.is_worth_telling(now, every_kind),
        };
        sought.iter().filter(|(written, _)| views.get(*written).is_some_and(is_unclear)).copied().collect()
    }
}
