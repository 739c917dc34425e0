//! The world outside: reps' phones, callers, calendars, and what is told of them, early, late, twice or never.

use super::super::super::*;
use super::super::held::Break;
use super::day::{Day, Item};
use crate::domain::id::RepId;
use chrono::TimeDelta;

/// A rep's phone in one call, as it really is.
pub(super) struct Phone {
    pub rep: RepId,
    pub is_up: bool,
    is_answered: bool,
}

/// What somebody does with it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    Answers,
    Accepts,
    Declines,
    IsBusy,
    IsWrong,
    RingsOut,
    /// A voicemail is known as one, rightly or not.
    SoundsLikeAMachine,
    IsForwarded,
    PutsDown,
}

impl Day<'_> {
    /// A step of the call or of the calendar is carried out.
    pub(super) fn does(&mut self, life: usize, effect: &Effect) -> Result<(), Break> {
        match effect {
            Effect::Ring { leg, rep } => return self.rings(life, leg, rep),
            Effect::HangUp { leg, .. } => self.is_hung_up(life, leg),
            Effect::Whisper { leg, .. } if self.chance.percent(4) => {
                let why = "made up".to_owned();
                self.emits(life, Event::WhisperFailed { leg: leg.clone(), why, fault: Fault::Vendor });
            }
            Effect::Join { leg } => self.joins(life, leg),
            Effect::DialLead { leg } => self.dials(life, leg),
            Effect::Ask { leg, .. } => self.is_asked(life, leg),
            Effect::FindSlots { search, .. } => self.searches(life, *search),
            Effect::Book { slot, attempt } => self.books(life, slot, *attempt),
            Effect::Instruct { instruction: Instruction::OfferSlots { slots } } => self.offers(life, slots),
            Effect::EndCall => self.caller_is_gone(life, Event::CallEnded),
            _ => {}
        }
        Ok(())
    }

    fn rings(&mut self, life: usize, leg: &LegId, rep: &RepId) -> Result<(), Break> {
        if !self.lives[life].state.is_ringing(leg) {
            return Ok(());
        }
        let others = self.lives.iter().enumerate().filter(|(other, _)| *other != life);
        if others.flat_map(|(_, other)| other.phones.values()).any(|phone| phone.is_up && phone.rep == *rep) {
            return Err(("one_phone_one_lead", format!("the phone of {rep} is rung, and is up for another lead")));
        }
        let why = || "made up".to_owned();
        let failed = |fault| Event::RingFailed { leg: leg.clone(), why: why(), fault };
        if self.chance.percent(4) {
            self.emits(life, failed(Fault::Vendor));
            return Ok(());
        }
        self.lives[life].phones.insert(leg.clone(), Phone { rep: rep.clone(), is_up: true, is_answered: false });
        if self.chance.percent(3) {
            self.emits(life, failed(Fault::Vendor)); // the answer was lost: it rings all the same
        }
        let (act, after) = match self.chance.below(100) {
            0..50 => (Act::Answers, self.chance.seconds(1, 14)),
            50..58 => (Act::IsBusy, self.chance.ms(300, 900)),
            58..66 => (Act::Declines, self.chance.seconds(1, 8)),
            66..69 => (Act::IsWrong, self.chance.ms(300, 900)),
            69..72 => (Act::IsForwarded, self.chance.ms(300, 900)),
            72..75 => (Act::Accepts, self.chance.seconds(1, 5)), // a key before the answer
            _ => (Act::RingsOut, self.chance.seconds(25, 60)),
        };
        self.happens_at(after, Item::Phone(life, leg.clone(), act));
        Ok(())
    }

    pub(super) fn acts(&mut self, life: usize, leg: &LegId, act: Act) {
        let Some(phone) = self.lives[life].phones.get_mut(leg).filter(|phone| phone.is_up) else { return };
        let told = || leg.clone();
        match act {
            Act::Answers => {
                phone.is_answered = true;
                self.emits(life, Event::Answered { leg: told() });
                self.listens(life, leg);
            }
            Act::Accepts => {
                phone.is_answered = true;
                self.emits(life, Event::Accepted { leg: told() });
            }
            Act::Declines => {
                // By a key it stays up until it is hung up; by the phone's own button it does not.
                phone.is_up = phone.is_answered;
                self.emits(life, Event::Declined { leg: told(), why: None });
            }
            Act::IsBusy => self.goes_down(life, leg, Event::Busy { leg: told(), why: None }),
            Act::IsWrong => self.goes_down(life, leg, Event::WrongNumber { leg: told(), why: None }),
            Act::RingsOut if !phone.is_answered => {
                self.goes_down(life, leg, Event::NoAnswer { leg: told(), why: None })
            }
            Act::RingsOut => {}
            Act::SoundsLikeAMachine => self.emits(life, Event::Machine { leg: told(), why: None }),
            Act::IsForwarded => self.emits(life, Event::Forwarded { leg: told(), why: None }),
            Act::PutsDown => self.goes_down(life, leg, Event::RepLeft { leg: told() }),
        }
    }

    /// Whoever has answered hears the whisper, or is no rep.
    fn listens(&mut self, life: usize, leg: &LegId) {
        let (act, after) = match self.chance.below(100) {
            0..68 => (Act::Accepts, self.chance.seconds(1, 9)),
            68..78 => (Act::Declines, self.chance.seconds(1, 9)),
            78..88 => (Act::SoundsLikeAMachine, self.chance.seconds(1, 5)),
            _ => (Act::PutsDown, self.chance.seconds(1, 9)),
        };
        self.happens_at(after, Item::Phone(life, leg.clone(), act));
        if self.chance.percent(5) {
            let after = self.chance.seconds(1, 30);
            self.happens_at(after, Item::Phone(life, leg.clone(), Act::SoundsLikeAMachine));
        }
    }

    fn goes_down(&mut self, life: usize, leg: &LegId, told: Event) {
        if let Some(phone) = self.lives[life].phones.get_mut(leg) {
            phone.is_up = false;
        }
        self.emits(life, told);
    }

    fn is_hung_up(&mut self, life: usize, leg: &LegId) {
        let of = &mut self.lives[life];
        let rep = of.state.legs.iter().find(|known| known.id == *leg).map(|known| known.rep.clone());
        let was_up = of.phones.get_mut(leg).is_some_and(|phone| std::mem::replace(&mut phone.is_up, false));
        let is_held = of.state.holds.iter().any(|hold| Some(&hold.rep) == rep.as_ref());
        if let Some(rep) = rep.filter(|_| !is_held) {
            self.is_free(life, &rep);
        }
        if was_up && self.chance.percent(50) {
            self.emits(life, Event::RepLeft { leg: leg.clone() });
        }
    }

    fn joins(&mut self, life: usize, leg: &LegId) {
        let is_up = self.lives[life].phones.get(leg).is_some_and(|phone| phone.is_up);
        let is_there = self.lives[life].is_on_the_line;
        match self.chance.below(100) {
            0..85 if is_up && is_there => {
                self.emits(life, Event::Joined { leg: leg.clone() });
                let soon = self.chance.percent(15);
                let spoken = if soon { self.chance.seconds(1, 8) } else { self.chance.seconds(20, 300) };
                let ends = match self.chance.percent(50) {
                    true => Item::Phone(life, leg.clone(), Act::PutsDown),
                    false => Item::Leaves(life),
                };
                self.happens_at(spoken, ends);
            }
            85..92 => {} // nobody ever hears of it
            _ => {
                let (leg, why) = (leg.clone(), "made up".to_owned());
                self.emits(life, Event::JoinFailed { leg, why, fault: Fault::Vendor });
            }
        }
    }

    /// The lead, who is called back by a rep who has accepted.
    fn dials(&mut self, life: usize, lead: &LegId) {
        let (told, why) = (|| lead.clone(), || None);
        match self.chance.below(100) {
            0..65 => {
                self.emits(life, Event::Answered { leg: told() });
                self.emits(life, Event::Joined { leg: told() });
                let spoken = self.chance.seconds(1, 120);
                self.put(self.now + spoken, Item::Told(life, Event::LeadLeft { leg: told() }));
            }
            65..75 => self.emits(life, Event::NoAnswer { leg: told(), why: why() }),
            75..82 => self.emits(life, Event::Busy { leg: told(), why: why() }),
            82..90 => self.emits(life, Event::Machine { leg: told(), why: why() }),
            _ => {} // it rings, and nobody says anything
        }
    }

    /// What came of calling the lead. Whoever has hung up says nothing.
    fn is_asked(&mut self, life: usize, leg: &LegId) {
        if self.lives[life].phones.get(leg).is_none_or(|phone| !phone.is_up) {
            return;
        }
        let after = self.chance.seconds(1, 15);
        let key = match self.chance.below(100) {
            0..35 => '1',
            35..50 => '2',
            50..65 => '3',
            65..75 => '4',
            75..85 => '9',
            85..92 => return self.happens_at(after, Item::Phone(life, leg.clone(), Act::PutsDown)),
            _ => return,
        };
        self.happens_at(after, Item::Told(life, Event::Pressed { leg: leg.clone(), key }));
    }

    fn searches(&mut self, life: usize, search: u32) {
        let found = match self.chance.below(100) {
            0..60 => Event::SlotsFound { search, slots: vec![slot(14), slot(15)] },
            60..75 => Event::SlotsFound { search, slots: Vec::new() },
            75..85 => Event::SlotsUnknown { search, why: "made up".to_owned() },
            _ => return,
        };
        self.emits(life, found);
    }

    fn offers(&mut self, life: usize, slots: &[Slot]) {
        let chosen = self.chance.below(slots.len().max(1) as u64) as usize;
        let (says, after) = match slots.get(chosen) {
            Some(slot) if self.chance.percent(60) => {
                (Event::SlotChosen { slot: slot.clone() }, self.chance.seconds(2, 20))
            }
            _ if self.chance.percent(50) => (Event::SlotsDeclined, self.chance.seconds(2, 20)),
            _ => return,
        };
        if self.lives[life].is_on_the_line {
            self.happens_at(after, Item::Told(life, says));
        }
    }

    fn books(&mut self, life: usize, slot: &Slot, attempt: u32) {
        let told = match self.chance.below(100) {
            0..70 => {
                let vendor_ref = "event-1".to_owned();
                Event::Booked { attempt, booking: Booking { slot: slot.clone(), vendor_ref } }
            }
            70..82 => Event::SlotTaken { attempt },
            82..90 => Event::BookingFailed { attempt, why: "made up".to_owned() },
            _ => return,
        };
        self.emits(life, told);
    }

    /// The rep hears that nobody is there any more.
    pub(super) fn caller_is_gone(&mut self, life: usize, told: Event) {
        let of = &mut self.lives[life];
        if !std::mem::replace(&mut of.is_on_the_line, false) {
            return;
        }
        let left: Vec<LegId> = of
            .phones
            .iter_mut()
            .filter(|(_, phone)| phone.is_up && phone.is_answered)
            .map(|(leg, phone)| {
                phone.is_up = false;
                leg.clone()
            })
            .collect();
        self.emits(life, told);
        for leg in left {
            self.emits(life, Event::RepLeft { leg });
        }
    }

    /// It is told of what has happened: soon, late, twice, or never.
    pub(super) fn emits(&mut self, life: usize, event: Event) {
        if self.chance.percent(3) {
            return;
        }
        let late = self.chance.percent(10);
        let after = if late { self.chance.seconds(1, 20) } else { self.chance.ms(10, 400) };
        if self.chance.percent(10) {
            let again = after + self.chance.seconds(0, 20);
            self.happens_at(again, Item::Told(life, event.clone()));
        }
        self.happens_at(after, Item::Told(life, event));
    }

    pub(super) fn happens_at(&mut self, after: TimeDelta, item: Item) {
        self.put(self.now + after, item);
    }
}
