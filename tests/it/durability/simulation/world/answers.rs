//! What the world answers to effects: in order, lost, late, twice, or for another leg.

use super::{Happening, World};
use baton_core::domain::effect::{Effect, Instruction, Planned, Timer};
use baton_core::domain::id::{LegId, RepId};
use baton_core::domain::leg::Fault;
use baton_core::domain::outcome::{Booking, Slot};
use baton_core::handoff::{Event, Handoff};
use chrono::{DateTime, TimeDelta, Utc};

impl World<'_> {
    /// Over the wire: in order, lost, late, twice, or for another leg.
    pub(super) fn wire(&mut self, life: usize, at: DateTime<Utc>, event: Event) {
        if self.chance.percent(4) {
            return;
        }
        let late = if self.chance.percent(10) { self.chance.seconds(0, 90) } else { TimeDelta::zero() };
        if self.chance.percent(10) {
            let again = at + self.chance.seconds(0, 400);
            self.plan(life, again, Happening::Event(event.clone()));
        }
        let event = if self.chance.percent(3) { self.for_another_leg(life, event) } else { event };
        self.plan(life, at + late, Happening::Event(event));
    }

    fn for_another_leg(&mut self, life: usize, event: Event) -> Event {
        let Some(handoff) = &self.lives[life].handoff else { return event };
        let leg = LegId::of(&handoff.id, 1 + self.chance.below(4) as u32);
        match event {
            Event::Answered { .. } => Event::Answered { leg },
            Event::Accepted { .. } => Event::Accepted { leg },
            Event::Joined { .. } => Event::Joined { leg },
            Event::RepLeft { .. } => Event::RepLeft { leg },
            other => other,
        }
    }

    fn soon(&mut self, life: usize, within_s: usize, event: Event) {
        let at = self.at + self.chance.seconds(0, within_s);
        self.wire(life, at, event);
    }

    pub(super) fn react(&mut self, life: usize, planned: Planned) {
        let why = || "made up".to_owned();
        match planned.effect {
            Effect::Timer { timer } => self.timer(life, planned.run_at, timer),
            Effect::Ring { leg, .. } => self.phone(life, leg),
            Effect::Whisper { leg, .. } => self.key(life, leg),
            Effect::Join { leg } => match self.chance.below(100) {
                0..8 => self.soon(life, 4, Event::JoinFailed { leg, why: why(), fault: Fault::Vendor }),
                8..14 => {}
                _ => {
                    self.soon(life, 4, Event::Joined { leg: leg.clone() });
                    let talk = if self.chance.percent(20) { 12 } else { 900 };
                    self.soon(life, talk, Event::RepLeft { leg });
                }
            },
            Effect::DialLead { leg } => self.lead_is_dialled(life, leg),
            Effect::Ask { leg, .. } => match self.chance.below(100) {
                0..25 => {}
                25..35 => self.soon(life, 15, Event::RepLeft { leg }),
                _ => {
                    let key = *self.chance.pick(&['1', '2', '3', '4', '9']);
                    self.soon(life, 15, Event::Pressed { leg, key });
                }
            },
            Effect::HangUp { leg, .. } if leg.dialled_for().is_some() => self.soon(life, 3, Event::LeadLeft { leg }),
            Effect::HangUp { leg, .. } => self.soon(life, 3, Event::RepLeft { leg }),
            Effect::EndCall => self.soon(life, 3, Event::CallEnded),
            Effect::FindSlots { search, rep } => match self.chance.below(100) {
                0..12 => self.soon(life, 8, Event::SlotsUnknown { search, why: why() }),
                12..22 => {}
                _ => {
                    let slots = self.slots(&rep);
                    self.soon(life, 8, Event::SlotsFound { search, slots });
                }
            },
            Effect::Instruct { instruction: Instruction::OfferSlots { slots } } => self.caller_chooses(life, &slots),
            Effect::Instruct { instruction: Instruction::OfferCallback } if self.chance.percent(30) => {
                self.soon(life, 15, Event::CallbackWanted);
            }
            Effect::Book { slot, attempt } => match self.chance.below(100) {
                0..25 => self.soon(life, 10, Event::SlotTaken { attempt }),
                25..35 => self.soon(life, 10, Event::BookingFailed { attempt, why: why() }),
                35..42 => {}
                kind => {
                    let booking = Booking { slot, vendor_ref: format!("event{attempt}") };
                    self.soon(life, if kind < 52 { 600 } else { 10 }, Event::Booked { attempt, booking });
                }
            },
            Effect::ConfirmToCaller { .. } if self.chance.percent(40) => {
                let Some(next) = self.lives[life].handoff.as_ref().map(Handoff::next_step) else { return };
                let at = self.now + (next.at - self.now).max(TimeDelta::zero()) * (1 + self.chance.below(5) as i32) / 4;
                self.wire(life, at, Event::ContactMade { rep: next.owner, at });
            }
            Effect::Instruct { .. }
            | Effect::Hold { .. }
            | Effect::LeaveAgent
            | Effect::MoveMeeting { .. }
            | Effect::CancelMeeting { .. }
            | Effect::WriteCrm { .. }
            | Effect::Brief { .. }
            | Effect::UpdateCard { .. }
            | Effect::ConfirmToCaller { .. }
            | Effect::TextBack
            | Effect::TextMeeting { .. }
            | Effect::Publish { .. }
            | Effect::ReadOwner => {}
        }
    }

    fn lead_is_dialled(&mut self, life: usize, leg: LegId) {
        match self.chance.below(100) {
            0..30 => self.soon(life, 30, Event::NoAnswer { leg, why: None }),
            30..40 => self.soon(life, 5, Event::Busy { leg, why: None }),
            40..50 => self.soon(life, 20, Event::Machine { leg, why: None }),
            50..55 => {}
            _ => {
                self.soon(life, 20, Event::Answered { leg: leg.clone() });
                self.soon(life, 22, Event::Joined { leg: leg.clone() });
                self.soon(life, 400, Event::LeadLeft { leg });
            }
        }
    }

    fn caller_chooses(&mut self, life: usize, slots: &[Slot]) {
        match self.chance.below(100) {
            0..15 => self.soon(life, 40, Event::SlotsDeclined),
            15..30 => {}
            30..36 => {
                let slot = Slot { until: self.now, ..slots[0].clone() };
                self.soon(life, 40, Event::SlotChosen { slot });
            }
            _ => {
                let slot = self.chance.pick(slots).clone();
                self.soon(life, 60, Event::SlotChosen { slot });
            }
        }
    }

    /// Timers are rows: never lost, sometimes late, sometimes twice.
    fn timer(&mut self, life: usize, run_at: DateTime<Utc>, timer: Timer) {
        let row = self.planned;
        self.lives[life].timers.insert(row, timer.clone());
        let late = match self.chance.below(100) {
            0..4 => self.chance.seconds(0, 300),
            4..16 => self.chance.seconds(0, 10),
            _ => TimeDelta::milliseconds(self.chance.below(300) as i64),
        };
        if self.chance.percent(3) {
            self.plan(life, run_at + late * 2, Happening::Timer(row, timer.clone()));
        }
        self.plan(life, run_at + late, Happening::Timer(row, timer));
    }

    fn phone(&mut self, life: usize, leg: LegId) {
        match self.chance.below(100) {
            0..2 => self.soon(life, 3, Event::RingFailed { leg, why: "made up".to_owned(), fault: Fault::Vendor }),
            2..4 => self.soon(life, 3, Event::WrongNumber { leg, why: None }),
            4..5 => self.soon(life, 8, Event::Forwarded { leg, why: None }),
            5..9 => self.soon(life, 3, Event::Busy { leg, why: Some("SIP 486 by the phone".to_owned()) }),
            9..18 => self.soon(life, 18, Event::NoAnswer { leg, why: None }),
            18..23 => {}
            23..28 => {
                self.soon(life, 8, Event::Answered { leg: leg.clone() });
                self.soon(life, 14, Event::Machine { leg, why: None });
            }
            // An answer of the vendor was lost, and the ring counts as failed, though the phone is up.
            28..33 => {
                self.soon(life, 8, Event::Answered { leg: leg.clone() });
                let why = "no answer from the platform".to_owned();
                self.soon(life, 60, Event::RingFailed { leg, why, fault: Fault::Vendor });
            }
            _ => self.soon(life, 12, Event::Answered { leg }),
        }
    }

    /// What the rep does who hears the whisper.
    fn key(&mut self, life: usize, leg: LegId) {
        match self.chance.below(100) {
            0..5 => self.soon(
                life,
                5,
                Event::WhisperFailed { leg, why: "it could not be played".to_owned(), fault: Fault::Vendor },
            ),
            5..18 => self.soon(life, 10, Event::Declined { leg, why: None }),
            18..26 => {}
            26..34 => self.soon(life, 10, Event::RepLeft { leg }),
            // A key pressed at once: the whisper was not played to its end.
            34..40 => {
                self.soon(life, 2, Event::Accepted { leg: leg.clone() });
                self.soon(
                    life,
                    10,
                    Event::WhisperFailed { leg, why: "it was cut short".to_owned(), fault: Fault::Vendor },
                );
            }
            _ => self.soon(life, 12, Event::Accepted { leg }),
        }
    }

    fn slots(&mut self, rep: &RepId) -> Vec<Slot> {
        let first = self.now + self.chance.seconds(7_200, 200_000);
        let slot = |n: usize| {
            let from = first + TimeDelta::minutes(45 * n as i64);
            Slot { rep: rep.clone(), from, until: from + TimeDelta::minutes(30) }
        };
        (0..self.chance.below(4)).map(slot).collect()
    }
}
