//! How a rep stands, and what changes it.

use baton_core::domain::id::{HandoffId, RepId};
use baton_core::domain::rep::Presence;
use baton_core::rules::model::set::AwayAfterMisses;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc, Weekday};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepState {
    pub rep: RepId,
    /// As they said it last: see [`RepState::presence_at`].
    pub presence: Presence,
    /// Whoever is away is so until then; `None`: until they say otherwise.
    pub away_until: Option<DateTime<Utc>>,
    /// Handoff and the end of the reservation; it may have lapsed.
    pub reserved: Option<(HandoffId, DateTime<Utc>)>,
    /// Local day of the rep, and the leads given on it.
    pub taken: (Option<NaiveDate>, u32),
    /// Monday of the rep's local week, and the leads given in it.
    pub taken_week: (Option<NaiveDate>, u32),
    /// Leads of theirs that neither an outcome nor their age has closed.
    pub open_leads: u32,
    /// Rings in a row that nobody answered.
    pub missed_rings: u32,
    /// After too many of them the phone is left alone until then.
    pub quiet_until: Option<DateTime<Utc>>,
}

impl RepState {
    /// A rep of whom nothing is stored yet.
    pub fn new(rep: RepId) -> Self {
        Self {
            rep,
            presence: Presence::Unset,
            away_until: None,
            reserved: None,
            taken: (None, 0),
            taken_week: (None, 0),
            open_leads: 0,
            missed_rings: 0,
            quiet_until: None,
        }
    }

    /// How they are now by their own word. Once the time that they gave is over, they have said nothing.
    pub fn presence_at(&self, now: DateTime<Utc>) -> Presence {
        if self.away_until.is_some_and(|until| until <= now) { Presence::Unset } else { self.presence }
    }

    /// Leads given on this local day.
    pub fn taken_on(&self, day: NaiveDate) -> u32 {
        if self.taken.0 == Some(day) { self.taken.1 } else { 0 }
    }

    /// Leads given in the week of this local day.
    pub fn taken_in_week_of(&self, day: NaiveDate) -> u32 {
        if self.taken_week.0 == Some(monday(day)) { self.taken_week.1 } else { 0 }
    }

    /// A lead more, on this local day.
    pub fn take(&mut self, day: NaiveDate) {
        self.taken_week = (Some(monday(day)), self.taken_in_week_of(day) + 1);
        self.taken = (Some(day), self.taken_on(day) + 1);
        self.open_leads += 1;
    }

    /// A lead less: it went to somebody else, or is closed.
    pub fn give_up(&mut self) {
        self.open_leads = self.open_leads.saturating_sub(1);
    }

    /// A lead that was closed counts as open once more.
    pub fn open_again(&mut self) {
        self.open_leads += 1;
    }

    /// The phone is free for a handoff, the last reservation has lapsed, or it is that handoff's already.
    pub fn may_be_had(&self, handoff: &HandoffId, now: DateTime<Utc>) -> bool {
        self.reserved.as_ref().is_none_or(|(by, until)| by == handoff || *until <= now)
    }

    /// Takes the phone for a handoff, if it may be had.
    pub fn reserve(&mut self, handoff: &HandoffId, until: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let free = self.may_be_had(handoff, now);
        if free {
            self.reserved = Some((handoff.clone(), until));
        }
        free
    }

    /// The phone has rung, and nobody answered.
    pub fn misses(&mut self, at_most: AwayAfterMisses, now: DateTime<Utc>) {
        self.missed_rings += 1;
        if self.missed_rings >= at_most.rings {
            self.missed_rings = 0;
            self.quiet_until = Some(now + TimeDelta::from_std(at_most.lasts).unwrap_or_default());
        }
    }

    /// Somebody is there to answer it.
    pub fn answers(&mut self) {
        (self.missed_rings, self.quiet_until) = (0, None);
    }

    /// Lets the phone go, if it is still ours.
    pub fn release(&mut self, handoff: &HandoffId) {
        self.reserved.take_if(|(by, _)| by == handoff);
    }
}

/// Of the ISO week: Monday to Sunday.
fn monday(day: NaiveDate) -> NaiveDate {
    day.week(Weekday::Mon).first_day()
}
