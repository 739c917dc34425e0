//! What the caller agreed to, in words for the rep: who says it and since when, and what must not be done; and what they were told.

use baton_core::domain::known::Source;
use baton_core::domain::lead::{ConsentSaid, ConsentSource, DisclosureKind, Lead, LeadChannel, ReachBack};
use std::collections::BTreeSet;

/// What a person may not want, as an order, and in a word for templates.
const WRITE: (&str, &str) = ("Do not call: write.", "write");
const CALL: (&str, &str) = ("Do not call.", "call");
const MAIL: (&str, &str) = ("Do not write by mail.", "mail");
const TEXTS: (&str, &str) = ("Do not send text messages.", "texts");
const RECORDING: (&str, &str) = ("Do not record.", "recording");

/// What the person does not want, as orders.
pub(super) fn do_not(lead: &Lead) -> Vec<String> {
    let consent = &lead.consent;
    let call = if lead.reach_back() == ReachBack::Mail { WRITE } else { CALL };
    let orders = [
        (consent.refuses_calls(), call),
        (consent.refuses_mail(), MAIL),
        (consent.refuses_texts(), TEXTS),
        (consent.refuses_recording(), RECORDING),
    ];
    orders.into_iter().filter(|(refuses, _)| *refuses).map(|(_, (order, _))| order.to_owned()).collect()
}

/// Those orders as templates in other languages ask for them.
pub(super) fn in_a_word_each(orders: &[String]) -> Vec<&'static str> {
    let known = [WRITE, CALL, MAIL, TEXTS, RECORDING];
    orders.iter().filter_map(|order| known.iter().find(|(known, _)| known == order)).map(|(_, word)| *word).collect()
}

/// All that is known, on one line; the most doubtful source speaks for all of it.
pub(super) fn line(lead: &Lead) -> Option<(String, Source)> {
    let said = all(lead);
    let source = said.iter().map(|(_, said)| source(said)).max()?;
    Some((said.iter().map(|(what, said)| told(what, said)).collect::<Vec<_>>().join("; "), source))
}

/// One line for each consent that is known.
pub(super) fn lines(lead: &Lead) -> Vec<String> {
    all(lead).iter().map(|(what, said)| format!("{}.", told(what, said))).collect()
}

/// What the caller was told of the call, and what the rules ask for of which nobody says so.
pub(super) fn disclosed(lead: &Lead, asked: &BTreeSet<DisclosureKind>) -> Vec<String> {
    let line = |kind: DisclosureKind| {
        let what = match kind {
            DisclosureKind::Ai => "that an AI speaks",
            DisclosureKind::Recording => "that the call is recorded",
        };
        let is_asked = lead.channel == LeadChannel::Call && asked.contains(&kind);
        match lead.disclosure.of(kind) {
            Some(said) if !said.given && is_asked => Some(format!("{}; the rules ask for it.", told(what, &said))),
            Some(said) => Some(format!("{}.", told(what, &said))),
            None => is_asked.then(|| format!("{what}: nobody says so; the rules ask for it.")),
        }
    };
    DisclosureKind::ALL.into_iter().filter_map(line).collect()
}

fn all(lead: &Lead) -> Vec<(&'static str, ConsentSaid)> {
    let consent = &lead.consent;
    let said = [
        ("to be recorded", consent.recording),
        ("to be called", consent.callback),
        ("to get mail", consent.email),
        ("to get text messages", consent.sms),
    ];
    said.into_iter().filter_map(|(what, said)| Some((what, said?))).collect()
}

/// `to be called: no (in a web form, 2026-03-03 15:08 UTC)`.
fn told(what: &str, said: &ConsentSaid) -> String {
    let word = if said.given { "yes" } else { "no" };
    let from = said.source.map(in_words).map(str::to_owned);
    let at = said.at.map(|at| at.format("%Y-%m-%d %H:%M UTC").to_string());
    let known: Vec<String> = from.into_iter().chain(at).collect();
    if known.is_empty() { format!("{what}: {word}") } else { format!("{what}: {word} ({})", known.join(", ")) }
}

fn in_words(source: ConsentSource) -> &'static str {
    match source {
        ConsentSource::Caller => "on the call",
        ConsentSource::Form => "in a web form",
        ConsentSource::Chat => "in a chat",
        ConsentSource::Sms => "by text message",
        ConsentSource::Email => "by mail",
        ConsentSource::Crm => "in the CRM",
        ConsentSource::Platform => "asked by the voice platform",
    }
}

fn source(said: &ConsentSaid) -> Source {
    match said.source {
        Some(ConsentSource::Crm) => Source::Crm,
        Some(ConsentSource::Platform) => Source::Platform,
        Some(
            ConsentSource::Caller
            | ConsentSource::Form
            | ConsentSource::Chat
            | ConsentSource::Sms
            | ConsentSource::Email,
        )
        | None => Source::Caller,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::routing::scenario::{acme, at};

    #[test]
    fn every_consent_is_told_with_who_says_it_and_when() {
        let mut lead = acme();
        assert_eq!((line(&lead), do_not(&lead)), (None, Vec::new()));
        let said = |given, source, time| Some(ConsentSaid { given, source: Some(source), at: Some(at(time)) });
        lead.consent.recording = said(true, ConsentSource::Platform, "10:00");
        lead.consent.callback = said(false, ConsentSource::Form, "10:05");
        lead.consent.email = Some(true.into());
        let expected = "to be recorded: yes (asked by the voice platform, 2026-01-07 10:00 UTC); \
                        to be called: no (in a web form, 2026-01-07 10:05 UTC); to get mail: yes";
        assert_eq!(line(&lead), Some((expected.to_owned(), Source::Platform)));
        assert_eq!(lines(&lead)[2], "to get mail: yes.");
    }

    #[test]
    fn what_the_caller_was_told_is_told_and_what_is_lacking_is_too() {
        let (mut lead, both) = (acme(), BTreeSet::from(DisclosureKind::ALL));
        assert_eq!(disclosed(&lead, &BTreeSet::new()), Vec::<String>::new());
        let lacking = "that the call is recorded: nobody says so; the rules ask for it.";
        lead.disclosure.ai =
            Some(ConsentSaid { given: true, source: Some(ConsentSource::Platform), at: Some(at("10:00")) });
        let ai = "that an AI speaks: yes (asked by the voice platform, 2026-01-07 10:00 UTC).";
        assert_eq!(disclosed(&lead, &both), [ai, lacking]);
        lead.disclosure.recording = Some(false.into());
        assert_eq!(disclosed(&lead, &both)[1], "that the call is recorded: no; the rules ask for it.");
        assert_eq!(disclosed(&lead, &BTreeSet::new())[1], "that the call is recorded: no.");
    }

    #[test]
    fn what_is_refused_is_an_order() {
        let mut lead = acme();
        lead.consent.callback = Some(false.into());
        assert_eq!(do_not(&lead), ["Do not call."]);
        lead.consent.recording = Some(false.into());
        lead.consent.email = Some(false.into());
        lead.consent.sms = Some(false.into());
        let all = ["Do not call.", "Do not write by mail.", "Do not send text messages.", "Do not record."];
        assert_eq!(do_not(&lead), all);
        (lead.consent.email, lead.consent.sms) = (Some(true.into()), None);
        lead.contact.email = Some(baton_core::domain::known::Known::from_caller("dana@acme.com".to_owned()));
        assert_eq!(do_not(&lead), ["Do not call: write.", "Do not record."]);
    }
}
