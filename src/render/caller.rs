//! Everything said or sent to a caller: who, and when, and nothing else. Mails greet the person by name.

use super::Templates;
use super::clean::one_line;
use super::email::MAIL_SUBJECT_CHARS;
use super::notice::Notice;
use super::page::{
    CallerHoldPage, CallerInsteadPage, CallerKey, CallerKeysPage, CallerLetterPage, CallerPlainPage, CallerRepPage,
    CallerSlotsPage, CallerWhenPage, first_name,
};
use super::when::{CallerZone, spoken, written};
use baton_core::domain::effect::{Confirmation, Instruction, ToSay, WhyNot};
use baton_core::domain::id::RepId;
use baton_core::domain::known::Known;
use baton_core::domain::outcome::Slot;
use baton_core::domain::rep::Rep;
use baton_core::domain::text::CallerText;
use baton_core::domain::whereabouts::Whereabouts;
use baton_core::domain::zone::Zone;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::time::Duration;

/// In shadow, to an agent that has asked: it is no caller's, and promises nothing.
pub const GO_ON: &str = "Noted. Go on with the call as you would have without this answer.";

/// What is known when a caller is spoken to.
#[derive(Debug, Clone)]
pub struct CallerContext<'a> {
    pub reps: &'a BTreeMap<RepId, Rep>,
    /// What we are called, as `handoff.yaml` says.
    pub company: Option<&'a str>,
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

    /// Who it is, by first name, and when, as it is written to the caller.
    pub fn written(&self, rep: &RepId, at: DateTime<Utc>) -> (String, String) {
        (self.rep(rep), written(at, self.zone(rep)))
    }

    fn when(&self, rep: &RepId, at: DateTime<Utc>) -> CallerWhenPage {
        let zone = self.zone(rep);
        CallerWhenPage {
            rep: self.rep(rep),
            when: spoken(at, zone, self.now),
            when_written: written(at, zone),
            change_url: None,
            name: None,
            company: self.company.map(str::to_owned),
        }
    }
}

/// Lines and double blanks of the template mean nothing to a voice, nor in a text.
fn on_one_line(text: &str) -> CallerText {
    CallerText(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Up to four words of letters, such as people are called. Whoever calls could have us mail anything else to somebody else's
/// address: a message, a number, a site.
fn only_a_name(said: &str) -> Option<String> {
    const WORD_CHARS: usize = 20;
    let is_word = |word: &&str| {
        let bare = word.strip_suffix('.').unwrap_or(word);
        let plain = |c: char| c.is_alphabetic() || matches!(c, '\'' | '’' | '-');
        bare.starts_with(char::is_alphabetic) && bare.chars().all(plain) && bare.chars().count() <= WORD_CHARS
    };
    let words: Vec<&str> = said.split_whitespace().collect();
    ((1..=4).contains(&words.len()) && words.iter().all(is_word)).then(|| words.join(" "))
}

/// Seconds as one says them: not fewer than it is.
fn in_fives(at_most: Duration) -> u64 {
    (at_most.as_millis().div_ceil(5_000) * 5).try_into().unwrap_or(u64::MAX)
}

/// As templates ask for it.
fn in_a_word(because: WhyNot) -> &'static str {
    match because {
        WhyNot::Busy => "busy",
        WhyNot::NotReached => "not_reached",
        WhyNot::CannotNow => "cannot_now",
        WhyNot::CutOff => "cut_off",
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

/// What the voice agent says where no decision says it: each is true whatever is decided later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopgap {
    /// It is in the inbox, and is decided without the caller's having to wait.
    PassedOn,
    /// It cannot be read.
    SayAgain,
    /// It is not known to be stored.
    NotReached,
    /// There is no number and no address of the person.
    HowToReach,
    /// Nothing is known of the caller yet.
    TakingDown,
    /// The time that was chosen is being written into the calendar.
    Booking,
    /// The call is over.
    Goodbye,
    /// To a rep: they have taken the call.
    PuttingThrough,
    /// To a rep: they have not.
    NotTaken,
    /// To a rep: the call is theirs no more.
    TakenCareOf,
    /// To a rep: they said neither yes nor no.
    YesOrNo,
}

impl Stopgap {
    fn file(self) -> &'static str {
        match self {
            Self::PassedOn => "caller/passed_on.hbs",
            Self::SayAgain => "caller/say_again.hbs",
            Self::NotReached => "caller/not_reached.hbs",
            Self::HowToReach => "caller/how_to_reach.hbs",
            Self::TakingDown => "caller/taking_down.hbs",
            Self::Booking => "caller/booking.hbs",
            Self::Goodbye => "caller/goodbye.hbs",
            Self::PuttingThrough => "whisper/putting_through.hbs",
            Self::NotTaken => "whisper/not_taken.hbs",
            Self::TakenCareOf => "whisper/taken_care_of.hbs",
            Self::YesOrNo => "whisper/yes_or_no.hbs",
        }
    }
}

fn file_of(instruction: &Instruction) -> &'static str {
    match instruction {
        Instruction::Hold { .. } => "caller/hold.hbs",
        Instruction::HoldOn { .. } => "caller/hold_on.hbs",
        Instruction::OfferCallback => "caller/offer_callback.hbs",
        Instruction::Connected { .. } => "caller/connected.hbs",
        Instruction::Introduce { .. } => "caller/introduce.hbs",
        Instruction::FindTime { .. } => "caller/find_time.hbs",
        Instruction::OfferSlots { .. } => "caller/offer_slots.hbs",
        Instruction::ConfirmBooking { .. } => "caller/confirm_booking.hbs",
        Instruction::PromiseCallback { .. } => "caller/promise_callback.hbs",
        Instruction::PromiseMail { .. } => "caller/promise_mail.hbs",
        Instruction::NoCall { .. } => "caller/no_call.hbs",
    }
}

impl Templates {
    /// What the voice agent says.
    pub fn caller(&self, instruction: &Instruction, context: &CallerContext<'_>) -> CallerText {
        let file = file_of(instruction);
        let who = |rep: &RepId| self.render(file, &CallerRepPage { rep: context.rep(rep) });
        let when = |rep: &RepId, at| self.render(file, &context.when(rep, at));
        let text = match instruction {
            Instruction::Hold { rep, at_most } => {
                let page = CallerHoldPage { rep: context.rep(rep), wait_seconds: at_most.map(in_fives) };
                self.render(file, &page)
            }
            Instruction::HoldOn { rep, instead_of, because } => {
                let (rep, instead_of) = (context.rep(rep), context.rep(instead_of));
                let page = CallerInsteadPage { rep, instead_of, because: in_a_word(*because) };
                self.render(file, &page)
            }
            Instruction::OfferCallback => self.plain(file, context.company),
            Instruction::OfferSlots { slots } => self.offer(file, slots, context),
            Instruction::ConfirmBooking { slot } => when(&slot.rep, slot.from),
            Instruction::PromiseCallback { rep, promised_at } | Instruction::PromiseMail { rep, promised_at } => {
                when(rep, *promised_at)
            }
            Instruction::Connected { rep }
            | Instruction::Introduce { rep }
            | Instruction::FindTime { rep }
            | Instruction::NoCall { rep } => who(rep),
        };
        on_one_line(&text)
    }

    /// In which language that is; `ours`: as `handoff.yaml` says.
    pub fn caller_language<'l>(&self, instruction: &Instruction, ours: &'l str) -> &'l str {
        self.written_in(file_of(instruction), ours)
    }

    /// The same of a [`stopgap`](Self::stopgap).
    pub fn stopgap_language<'l>(&self, what: Stopgap, ours: &'l str) -> &'l str {
        self.written_in(what.file(), ours)
    }

    /// What is true at this moment.
    pub fn to_say(&self, what: &ToSay, context: &CallerContext<'_>) -> CallerText {
        let stopgap = match what {
            ToSay::Decided(instruction) => return self.caller(instruction, context),
            ToSay::Booking => Stopgap::Booking,
            ToSay::HowToReach => Stopgap::HowToReach,
            ToSay::PassedOn => Stopgap::PassedOn,
            ToSay::GoOn => return CallerText(GO_ON.to_owned()),
        };
        self.stopgap(stopgap, context.company)
    }

    /// `company` is ours, as `handoff.yaml` says.
    pub fn stopgap(&self, what: Stopgap, company: Option<&str>) -> CallerText {
        on_one_line(&self.plain(what.file(), company))
    }

    fn plain(&self, file: &str, company: Option<&str>) -> String {
        self.render(file, &CallerPlainPage { company: company.map(str::to_owned) })
    }

    /// The times on offer, for a caller who has a telephone and no agent: each by its key, counted from 1.
    pub fn offer_by_key(&self, slots: &[Slot], context: &CallerContext<'_>) -> CallerText {
        let rep = slots.first().map_or_else(|| "a colleague".to_owned(), |slot| context.rep(&slot.rep));
        let spoken = |slot: &Slot| spoken(slot.from, context.zone(&slot.rep), context.now);
        let keys = slots.iter().zip(1..).map(|(slot, key)| CallerKey { key, when: spoken(slot) }).collect();
        on_one_line(&self.render("caller/offer_keys.hbs", &CallerKeysPage { rep, keys }))
    }

    fn offer(&self, file: &str, slots: &[Slot], context: &CallerContext<'_>) -> String {
        let rep = slots.first().map_or_else(|| "a colleague".to_owned(), |slot| context.rep(&slot.rep));
        let spoken = |slot: &Slot| spoken(slot.from, context.zone(&slot.rep), context.now);
        self.render(file, &CallerSlotsPage { rep, slots: slots.iter().map(spoken).collect() })
    }

    /// `name` is how the person is greeted, if it is a name and nothing else; `change_url` is where they move a meeting, or call it off.
    pub fn caller_confirmation(
        &self,
        what: &Confirmation,
        name: Option<&Known<String>>,
        change_url: Option<String>,
        context: &CallerContext<'_>,
    ) -> CallerMail {
        let (file, rep, at) = match what {
            Confirmation::Booking { slot } => ("caller/mail_booking.hbs", &slot.rep, slot.from),
            Confirmation::Callback { rep, promised_at } => ("caller/mail_callback.hbs", rep, *promised_at),
            Confirmation::Mail { rep, promised_at } => ("caller/mail_mail.hbs", rep, *promised_at),
        };
        let name = name.and_then(|name| only_a_name(&name.value));
        let text = self.render(file, &CallerWhenPage { name, change_url, ..context.when(rep, at) });
        let notice = Notice::parse(&text);
        let opening = notice.paragraphs();
        let subject = one_line(&notice.title, MAIL_SUBJECT_CHARS);
        let html = self.render("caller/mail.html.hbs", &CallerLetterPage { title: subject.clone(), opening });
        CallerMail { subject: CallerText(subject), text: CallerText(notice.body), html: CallerText(html) }
    }

    /// A text to somebody who was missed, whom this rep calls back at this time at the latest.
    pub fn text_back(&self, rep: &RepId, promised_at: DateTime<Utc>, context: &CallerContext<'_>) -> CallerText {
        on_one_line(&self.render("caller/text_back.hbs", &context.when(rep, promised_at)))
    }

    /// A text to a lead of a meeting that stands, or was called off; `change_url` is where they move it, or call it off.
    pub fn text_of_meeting(
        &self,
        slot: &Slot,
        called_off: bool,
        change_url: Option<String>,
        context: &CallerContext<'_>,
    ) -> CallerText {
        let file = if called_off { "caller/text_called_off.hbs" } else { "caller/text_meeting.hbs" };
        on_one_line(&self.render(file, &CallerWhenPage { change_url, ..context.when(&slot.rep, slot.from) }))
    }

    /// What the calendar tells the guest of a meeting that they have called off.
    pub fn called_off(&self, slot: &Slot, context: &CallerContext<'_>) -> CallerText {
        on_one_line(&self.render("caller/called_off.hbs", &context.when(&slot.rep, slot.from)))
    }

    /// What the guest sees in their calendar; `change_url` is where they move the meeting, or call it off.
    pub fn calendar_event(
        &self,
        slot: &Slot,
        change_url: Option<String>,
        context: &CallerContext<'_>,
    ) -> CalendarEvent {
        let page = CallerWhenPage { change_url, ..context.when(&slot.rep, slot.from) };
        let notice = Notice::parse(&self.render("caller/calendar_event.hbs", &page));
        CalendarEvent { summary: CallerText(notice.title), description: CallerText(notice.body) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_a_name_greets_the_person() {
        let table = [
            ("Dana Whitfield", Some("Dana Whitfield")),
            ("  Dr. Siobhán  O'Connor ", Some("Dr. Siobhán O'Connor")),
            ("Jean-Luc Öztürk", Some("Jean-Luc Öztürk")),
            ("山田 花子", Some("山田 花子")),
            ("J. R. R. Tolkien", Some("J. R. R. Tolkien")),
            ("evil.example", None),
            ("Call 555", None),
            ("Dana <script>", None),
            ("You have won a prize today", None),
            ("win@evil.example", None),
            ("- -", None),
            ("", None),
        ];
        for (said, expected) in table {
            assert_eq!(only_a_name(said).as_deref(), expected, "{said:?}");
        }
    }
}
