//! Free times that the page of a meeting has shown: whoever opens it again and again asks no calendar anew.
//!
//! Kept in memory for some seconds: each worker asks for itself.

use baton_core::domain::id::{HandoffId, RepId};
use baton_core::domain::outcome::Slot;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Mutex as Turn;

/// How long what was shown is shown again.
const SHOWN_FOR: TimeDelta = TimeDelta::seconds(20);
/// How often a calendar is asked for one meeting within a minute; what is chosen is looked at once more when it is booked.
const ASKED_AT_MOST: u32 = 6;
const A_MINUTE: TimeDelta = TimeDelta::minutes(1);

type Times = Result<Vec<Slot>, String>;
/// A meeting, with whom, and how often it was moved.
type Meeting = (HandoffId, RepId, u32);

#[derive(Default)]
pub(in crate::deciding) struct SeenTimes(Mutex<BTreeMap<Meeting, Arc<Turn<Option<Seen>>>>>);

struct Seen {
    times: Times,
    at: DateTime<Utc>,
    /// Since then the calendar was asked so often.
    since: DateTime<Utc>,
    asked: u32,
}

impl SeenTimes {
    /// What was seen a moment ago, or what `ask` says; `anew`: as it is now, unless that was asked too often. Of those who ask at
    /// once one does.
    pub(in crate::deciding) async fn get(
        &self,
        meeting: Meeting,
        anew: bool,
        now: DateTime<Utc>,
        ask: impl Future<Output = Times>,
    ) -> Times {
        let turn = self.turn(meeting, now);
        let mut seen = turn.lock().await;
        let (since, asked) = match &*seen {
            Some(seen) if !seen.is_old(anew, now) => return seen.times.clone(),
            Some(seen) if now - seen.since < A_MINUTE => (seen.since, seen.asked),
            Some(_) | None => (now, 0),
        };
        let times = ask.await;
        *seen = Some(Seen { times: times.clone(), at: now, since, asked: asked + 1 });
        times
    }

    fn turn(&self, meeting: Meeting, now: DateTime<Utc>) -> Arc<Turn<Option<Seen>>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_young = |seen: &Option<Seen>| seen.as_ref().is_some_and(|seen| now - seen.at < A_MINUTE);
        // One that is being asked for is locked.
        all.retain(|_, turn| Arc::strong_count(turn) > 1 || turn.try_lock().is_ok_and(|seen| is_young(&seen)));
        Arc::clone(all.entry(meeting).or_default())
    }
}

impl Seen {
    fn is_old(&self, anew: bool, now: DateTime<Utc>) -> bool {
        match anew {
            true => self.asked < ASKED_AT_MOST || now - self.since >= A_MINUTE,
            false => now - self.at >= SHOWN_FOR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::id::LeadId;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn a_calendar_is_asked_for_a_meeting_so_often_and_no_more() {
        let (seen, asked) = (SeenTimes::default(), AtomicU32::new(0));
        let began: DateTime<Utc> = "2026-11-23T10:00:00Z".parse().expect("an instant");
        let get = async |moves: u32, anew: bool, second: i64| {
            let handoff = HandoffId::of(&LeadId::from_digest([3; 16]));
            let meeting = (handoff, RepId::new("ana").expect("a slug"), moves);
            let ask = async {
                asked.fetch_add(1, Ordering::Relaxed);
                Err("the calendar is silent".to_owned())
            };
            let told = seen.get(meeting, anew, began + TimeDelta::seconds(second), ask).await;
            assert!(told.is_err_and(|why| why == "the calendar is silent"));
            asked.load(Ordering::Relaxed)
        };
        assert_eq!((get(0, false, 0).await, get(0, false, 19).await, get(0, false, 20).await), (1, 1, 2));
        assert_eq!(get(1, false, 20).await, 3, "another meeting");
        for (press, all) in [4, 5, 6, 7, 7, 7].into_iter().enumerate() {
            assert_eq!(get(0, true, 21).await, all, "press {press}");
        }
        assert_eq!((get(0, true, 59).await, get(0, true, 60).await), (7, 8));
    }
}
