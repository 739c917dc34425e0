//! Everything said or sent to a caller: who, and when, and nothing else.

use super::Templates;
use super::clean::one_line;
use super::context::{CallerLetterPage, CallerRepPage, CallerSlotsPage, CallerWhenPage, first_name};
use super::email::MAIL_SUBJECT_CHARS;
use super::notice::Notice;
use super::when::{CallerZone, spoken, written};
use crate::domain::effect::{Confirmation, Instruction};
use crate::domain::id::RepId;
use crate::domain::outcome::Slot;
use crate::domain::rep::Rep;
use crate::domain::text::CallerText;
use crate::domain::whereabouts::Whereabouts;
use crate::domain::zone::Zone;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// What is known when a caller is spoken to.
#[derive(Debug, Clone)]
pub struct CallerContext<'a> {
    pub reps: &'a BTreeMap<RepId, Rep>,
    /// Times are told on the caller's likeliest clock, which is named where it is not certain; where nothing is known, on the
    /// rep's, which is named too.
    pub caller: Whereabouts,
    pub now: DateTime<Utc>,
}

impl CallerContext<'_> {
    /// "a colleague" if the roster no longer has the rep.
    fn rep(&self, rep: &RepId) -> String {
        self.reps.get(rep).map_or_else(|| "a colleague".to_owned(), first_name)
    }

    fn zone(&self, rep: &RepId) -> CallerZone {
        let of_rep = || self.reps.get(rep).map_or(Zone::UTC, |rep| rep.timezone);
        match self.caller.certain() {
            Some(own) => CallerZone::Own(own),
            None => CallerZone::Named(self.caller.likeliest().unwrap_or_else(of_rep)),
        }
    }

    fn when(&self, rep: &RepId, at: DateTime<Utc>) -> CallerWhenPage {
        let zone = self.zone(rep);
        CallerWhenPage { rep: self.rep(rep), when: spoken(at, zone, self.now), when_written: written(at, zone) }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct CallerMail {
    /// One line.
    pub subject: CallerText,
    pub text: CallerText,
    pub html: CallerText,
}

/// What the caller sees in their own calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct CalendarEvent {
    /// One line.
    pub summary: CallerText,
    pub description: CallerText,
}

impl Templates {
    /// What the voice agent says.
    pub fn caller(&self, instruction: &Instruction, context: &CallerContext<'_>) -> CallerText {
        let text = match instruction {
            Instruction::Hold { rep } => self.render("caller/hold.hbs", &CallerRepPage { rep: context.rep(rep) }),
            Instruction::Connected { rep } => {
                self.render("caller/connected.hbs", &CallerRepPage { rep: context.rep(rep) })
            }
            Instruction::FindTime { rep } => {
                self.render("caller/find_time.hbs", &CallerRepPage { rep: context.rep(rep) })
            }
            Instruction::OfferSlots { slots } => self.offer(slots, context),
            Instruction::ConfirmBooking { slot } => {
                self.render("caller/confirm_booking.hbs", &context.when(&slot.rep, slot.from))
            }
            Instruction::PromiseCallback { rep, promised_at } => {
                self.render("caller/promise_callback.hbs", &context.when(rep, *promised_at))
            }
        };
        // Spoken: lines and double blanks of the template mean nothing to a voice.
        CallerText(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    fn offer(&self, slots: &[Slot], context: &CallerContext<'_>) -> String {
        let rep = slots.first().map_or_else(|| "a colleague".to_owned(), |slot| context.rep(&slot.rep));
        let spoken = |slot: &Slot| spoken(slot.from, context.zone(&slot.rep), context.now);
        self.render("caller/offer_slots.hbs", &CallerSlotsPage { rep, slots: slots.iter().map(spoken).collect() })
    }

    pub fn caller_confirmation(&self, what: &Confirmation, context: &CallerContext<'_>) -> CallerMail {
        let text = match what {
            Confirmation::Booking { slot } => {
                self.render("caller/mail_booking.hbs", &context.when(&slot.rep, slot.from))
            }
            Confirmation::Callback { rep, promised_at } => {
                self.render("caller/mail_callback.hbs", &context.when(rep, *promised_at))
            }
        };
        let notice = Notice::parse(&text);
        let opening = notice.paragraphs();
        let subject = one_line(&notice.title, MAIL_SUBJECT_CHARS);
        let html = self.render("caller/mail.html.hbs", &CallerLetterPage { title: subject.clone(), opening });
        CallerMail { subject: CallerText(subject), text: CallerText(notice.body), html: CallerText(html) }
    }

    pub fn calendar_event(&self, rep: &RepId, context: &CallerContext<'_>) -> CalendarEvent {
        let notice = Notice::parse(&self.render("caller/calendar_event.hbs", &CallerRepPage { rep: context.rep(rep) }));
        CalendarEvent { summary: CallerText(notice.title), description: CallerText(notice.body) }
    }
}
