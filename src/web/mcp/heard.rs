//! Which times a caller has heard, where others were offered before: whoever says "the first" means the first of those.
//!
//! A time that was chosen and is somebody else's by then leaves the others, under new numbers. The choice may come again: its
//! answer got lost, or the agent asks in this way how it went. It must not count among times that nobody has named to the
//! caller. So a number counts in a list that is not the first one only once that list was told on this call, and long enough ago
//! to have been heard.
//!
//! Kept in this process alone, for nothing but asking once too often hangs on it: after a restart, or by another worker, the
//! list is told once more, and counts from then on.

use super::call::Call;
use baton_core::domain::outcome::Slot;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Nobody hears a time, says that they take it, and is understood in less than this after an agent got the words.
const HEARD_AFTER: Duration = Duration::from_secs(2);
/// No offer stands for longer than a call.
const KEPT_FOR: Duration = Duration::from_secs(60 * 60);

#[derive(Default)]
pub(super) struct Heard(Mutex<BTreeMap<Call, Offer>>);

/// What a call was told last.
struct Offer {
    slots: Vec<Slot>,
    /// For the first time: it is not heard later for being told again.
    told_at: Instant,
}

impl Heard {
    /// These times were named to whoever is on this call.
    pub(super) fn tell(&self, call: &Call, slots: &[Slot], now: Instant) {
        let mut offers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        offers.retain(|_, offer| now.saturating_duration_since(offer.told_at) < KEPT_FOR);
        if offers.get(call).is_none_or(|offer| offer.slots != slots) {
            offers.insert(call.clone(), Offer { slots: slots.to_vec(), told_at: now });
        }
    }

    /// Whether a choice that came then can be one of these times.
    pub(super) fn has(&self, call: &Call, slots: &[Slot], came: Instant) -> bool {
        let offers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_heard = |offer: &Offer| offer.slots == slots && offer.told_at + HEARD_AFTER <= came;
        offers.get(call).is_some_and(is_heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::id::RepId;
    use chrono::{DateTime, TimeDelta};

    fn call(id: &str) -> Call {
        Call { platform: "vapi".to_owned(), id: id.to_owned() }
    }

    fn slot(hour: i64) -> Slot {
        let from = DateTime::UNIX_EPOCH + TimeDelta::hours(hour);
        Slot { rep: RepId::new("ana").expect("a rep"), from, until: from + TimeDelta::minutes(30) }
    }

    #[test]
    fn a_number_counts_in_the_list_that_was_told_last_once_it_can_have_been_heard() {
        let (heard, told) = (Heard::default(), Instant::now());
        let (two, one) = ([slot(14), slot(15)], [slot(15)]);
        assert!(!heard.has(&call("1"), &two, told + KEPT_FOR), "nobody was told");
        heard.tell(&call("1"), &two, told);
        assert!(!heard.has(&call("1"), &two, told + HEARD_AFTER / 2), "it came before it could be heard");
        heard.tell(&call("1"), &two, told + HEARD_AFTER / 2);
        assert!(heard.has(&call("1"), &two, told + HEARD_AFTER), "told again, it was heard the first time");
        assert!(!heard.has(&call("2"), &two, told + HEARD_AFTER), "another caller has heard nothing");
        heard.tell(&call("1"), &one, told + HEARD_AFTER);
        assert!(!heard.has(&call("1"), &two, told + HEARD_AFTER * 3), "the list before counts no more");
        assert!(heard.has(&call("1"), &one, told + HEARD_AFTER * 3));
    }

    #[test]
    fn what_was_told_long_ago_is_forgotten() {
        let (heard, told) = (Heard::default(), Instant::now());
        heard.tell(&call("1"), &[slot(14)], told);
        heard.tell(&call("2"), &[slot(14)], told + KEPT_FOR);
        assert!(!heard.has(&call("1"), &[slot(14)], told + KEPT_FOR));
    }
}
