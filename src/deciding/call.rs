//! One call is one lead: which events tell of the same caller, and what a second one adds to the first.
//!
//! A platform's id of a call says it. Where an event has none, the same number within the caller's patience does, unless
//! something that is known of both contradicts: a switchboard has one number and many callers. In doubt they are two leads:
//! a caller who is rung for twice is a nuisance, one who is taken for somebody else is dropped.

use baton_core::domain::known::Known;
use baton_core::domain::lead::{Call, ConsentSaid, Lead, LeadChannel};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::time::Duration;
use strsim::damerau_levenshtein;

/// The row under which events of the lead's call are decided one after the other; `None` where the platform's id is not known.
pub(super) fn call_key(lead: &Lead) -> Option<String> {
    let call = lead.call.as_ref().filter(|call| !call.id.is_empty())?;
    Some(key_of_call(&call.platform, &call.id))
}

pub(super) fn key_of_call(platform: &str, id: &str) -> String {
    format!("call {} {id}", platform.to_lowercase())
}

pub(super) fn is_call_key(key: &str) -> bool {
    key.starts_with("call ")
}

/// The same for the number at which the person is reached.
pub(super) fn phone_key(lead: &Lead) -> Option<String> {
    Some(format!("phone {}", lead.reach_phone()?.as_str()))
}

/// Two events with one id of a call tell of one call, unless the platform itself names two callers: then it has given the id
/// twice.
pub(crate) fn is_same_call(first: &Lead, second: &Lead) -> bool {
    let caller = |lead: &Lead| lead.call.as_ref().and_then(|call| call.from.clone());
    caller(first).zip(caller(second)).is_none_or(|(first, second)| first == second)
}

/// The front door leaves a caller to the agent, and what the agent finds is a lead of its own, routed by what it heard.
fn is_found_by_agent(first: &Lead, second: &Lead) -> bool {
    first.is_at_front_door() && !second.is_at_front_door()
}

/// Two events with one number, and no id of a call in common, tell of one caller.
pub(super) fn is_same_caller(first: &Lead, second: &Lead, patience: Duration) -> bool {
    let apart = (first.qualified_at() - second.qualified_at()).abs();
    let near = TimeDelta::from_std(patience).is_ok_and(|patience| apart <= patience);
    let two_calls = first.call.as_ref().zip(second.call.as_ref()).is_some_and(|(first, second)| are_two(first, second));
    let (mine, theirs) = (&first.contact, &second.contact);
    let other_mail = both(&mine.email, &theirs.email).is_some_and(|(mine, theirs)| mine != theirs);
    let other_name = both(&mine.name, &theirs.name).is_some_and(|(mine, theirs)| !may_be_one_name(mine, theirs));
    near && !two_calls && !other_mail && !other_name && !is_found_by_agent(first, second)
}

/// A carrier's leg is one caller on one line; without it, two ids are two calls. `Tx::leads_by_phone` leaves out what this does.
fn are_two(first: &Call, second: &Call) -> bool {
    match (&first.leg, &second.leg) {
        (Some(first), Some(second)) => first != second,
        _ => !first.id.is_empty() && !second.id.is_empty(),
    }
}

fn both<'a>(first: &'a Option<Known<String>>, second: &'a Option<Known<String>>) -> Option<(&'a str, &'a str)> {
    Some((first.as_ref()?.value.as_str(), second.as_ref()?.value.as_str()))
}

/// One may be shorter ("Dana", "D. Whitfield"), or heard with a slip.
fn may_be_one_name(first: &str, second: &str) -> bool {
    let words = |name: &str| -> Vec<String> {
        let plain = name.to_lowercase();
        let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    };
    let (first, second) = (words(first), words(second));
    let (short, long) = if first.len() <= second.len() { (first, second) } else { (second, first) };
    short.iter().all(|word| long.iter().any(|other| may_be_one_word(word, other)))
}

fn may_be_one_word(first: &str, second: &str) -> bool {
    let (short, long) = if first.len() <= second.len() { (first, second) } else { (second, first) };
    let initial = short.chars().count() == 1 && long.starts_with(short);
    // Of short names a letter makes another one: Jan, Jon.
    let slip = short.chars().count() >= 5 && damerau_levenshtein(short, long) <= 1;
    short == long || initial || slip
}

/// Fills fields of a part of the lead, each under its own name. The names are stored: renaming a field changes them.
macro_rules! fill {
    ($added:expr, $part:literal, $mine:expr, $theirs:expr; $($field:ident)*) => {
        $($added.fill(concat!($part, ".", stringify!($field)), &mut $mine.$field, &$theirs.$field);)*
    };
}

/// The first event's lead with what it lacked and the second one brought, and the names of that. What is known stays; of a
/// consent the newest word counts, whichever event came first. Whoever wrote and is on the line now came by call.
pub(super) fn complete(first: &Lead, second: &Lead) -> (Lead, Vec<String>) {
    let mut lead = first.clone();
    let mut added = Added::default();
    if second.is_live() && lead.channel != LeadChannel::Call {
        lead.channel = LeadChannel::Call;
        added.0.push("channel".to_owned());
    }
    match (&mut lead.call, &second.call) {
        (Some(mine), Some(theirs)) => {
            mine.live |= theirs.live;
            fill!(added, "call", mine, theirs; direction from to leg started_at);
        }
        (mine, theirs) => added.fill("call", mine, theirs),
    }
    if let Some(call) = &mut lead.call {
        call.only_completes = false; // it is a lead
    }
    fill!(added, "contact", lead.contact, second.contact; name email phone title language);
    added.company(&mut lead, second);
    added.qualification(&mut lead, second);
    added.fill("transcript", &mut lead.transcript_url, &second.transcript_url);
    added.fill("recording", &mut lead.recording_url, &second.recording_url);
    added.consent(&mut lead, second);
    let (mine, theirs) = (&mut lead.preference, &second.preference);
    fill!(added, "preference", mine, theirs; handoff timezone);
    added.list("preference.times", &mut mine.times, &theirs.times);
    for (name, value) in &second.custom {
        if !lead.custom.contains_key(name) {
            lead.custom.insert(name.clone(), value.clone());
            added.0.push(format!("custom.{name}"));
        }
    }
    (lead, added.0)
}

/// Names of what was added: never the values.
#[derive(Default)]
struct Added(Vec<String>);

impl Added {
    fn fill<T: Clone>(&mut self, name: &str, mine: &mut Option<T>, theirs: &Option<T>) {
        if mine.is_none() && theirs.is_some() {
            mine.clone_from(theirs);
            self.0.push(name.to_owned());
        }
    }

    fn list<T: Clone + PartialEq>(&mut self, name: &str, mine: &mut Vec<T>, theirs: &[T]) {
        let new: Vec<T> = theirs.iter().filter(|item| !mine.contains(item)).cloned().collect();
        if !new.is_empty() {
            mine.extend(new);
            self.0.push(name.to_owned());
        }
    }

    fn company(&mut self, lead: &mut Lead, second: &Lead) {
        let (mine, theirs) = (&mut lead.company, &second.company);
        fill!(self, "company", mine, theirs; name domain industry employees);
        // A state belongs to its country: of two countries none is made.
        if both(&mine.country, &theirs.country).is_some_and(|(mine, theirs)| mine != theirs) {
            return;
        }
        fill!(self, "company", mine, theirs; country state region postal city);
    }

    fn qualification(&mut self, lead: &mut Lead, second: &Lead) {
        let (mine, theirs) = (&mut lead.qualification, &second.qualification);
        fill!(self, "qualification", mine, theirs;
            score summary intent timeline use_case budget pain urgency sentiment tone satisfaction next_action);
        self.list("qualification.products", &mut mine.products, &theirs.products);
        self.list("qualification.objections", &mut mine.objections, &theirs.objections);
    }

    /// What does not say when it was said was said when its caller was qualified. Of what they were told nobody hears: nobody acts
    /// by it.
    fn consent(&mut self, lead: &mut Lead, second: &Lead) {
        let (mine_at, theirs_at) = (lead.qualified_at(), second.qualified_at());
        let (told, also) = (&mut lead.disclosure, &second.disclosure);
        for (mine, theirs) in [(&mut told.ai, also.ai), (&mut told.recording, also.recording)] {
            counts(mine, mine_at, theirs, theirs_at);
        }
        let (mine, theirs) = (&mut lead.consent, &second.consent);
        let asked = [
            ("consent.recording", &mut mine.recording, theirs.recording),
            ("consent.callback", &mut mine.callback, theirs.callback),
            ("consent.email", &mut mine.email, theirs.email),
            ("consent.sms", &mut mine.sms, theirs.sms),
        ];
        for (name, mine, theirs) in asked {
            if counts(mine, mine_at, theirs, theirs_at) {
                self.0.push(name.to_owned());
            }
        }
    }
}

/// The newest statement stays. Whether it says other than what was known.
fn counts(
    mine: &mut Option<ConsentSaid>,
    mine_at: DateTime<Utc>,
    theirs: Option<ConsentSaid>,
    theirs_at: DateTime<Utc>,
) -> bool {
    let Some(theirs) = theirs.map(|said| said.or_at(theirs_at)) else { return false };
    let before = mine.map(|said| said.or_at(mine_at));
    if before.is_some_and(|before| !theirs.counts_over(&before)) {
        return false;
    }
    *mine = Some(theirs);
    before.is_none_or(|before| before.given != theirs.given)
}

/// Of several leads, the one that another event is about; `None` for none, and where more than one may be meant.
pub(super) fn only<'l>(mut found: impl Iterator<Item = &'l Lead>) -> Option<&'l Lead> {
    let first = found.next()?;
    let others: BTreeSet<&str> = found.map(|lead| lead.id.as_str()).filter(|id| *id != first.id.as_str()).collect();
    others.is_empty().then_some(first)
}
