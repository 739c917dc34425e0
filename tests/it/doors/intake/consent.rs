//! Consents, channels and tones as events say them.

use super::anything::whole_lead;
use super::{lead_of, understood};
use baton::intake::event::Message;
use baton_core::domain::lead::{ConsentSaid, ConsentSource, Disclosure, Lead, LeadChannel, ReachBack, Tone};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn said(given: bool, source: ConsentSource, time: &str) -> Option<ConsentSaid> {
    Some(ConsentSaid { given, source: Some(source), at: Some(at(time)) })
}

fn lead(change: impl FnOnce(&mut Value)) -> Lead {
    let mut event = whole_lead();
    change(&mut event["data"]);
    match understood("a whole lead", event.to_string().as_bytes()).message {
        Message::Lead(lead) => *lead,
        other => panic!("not a lead: {other:?}"),
    }
}

#[test]
fn a_consent_keeps_who_says_it_and_when_or_takes_both_from_its_event() {
    let (form, _) = lead_of("21-web-form.json");
    assert_eq!(form.consent.callback, said(true, ConsentSource::Form, "2026-03-03T14:50:41Z"));
    assert_eq!(form.consent.email, said(true, ConsentSource::Form, "2026-03-03T14:51:00Z"));
    let call = lead(|data| data["consent"]["email"] = json!({ "given": "no", "source": "crm", "at": null }));
    assert_eq!(call.consent.recording, said(true, ConsentSource::Caller, "2026-03-03T15:00:04Z"));
    assert_eq!(call.consent.email, said(false, ConsentSource::Crm, "2026-03-03T15:00:04Z"));
    let ahead = lead(|data| data["consent"]["sms"] = json!({ "given": true, "at": "2027-01-01T00:00:00Z" }));
    assert_eq!(
        ahead.consent.sms,
        said(true, ConsentSource::Caller, "2026-03-03T15:00:04Z"),
        "not the last word for ever"
    );
}

#[test]
fn what_a_caller_was_told_keeps_who_says_it_and_when() {
    let unknown = lead(|_| ());
    assert_eq!(unknown.disclosure, Disclosure::default(), "absent is unknown");
    let told = lead(|data| {
        data["disclosure"] = json!({
            "ai": { "given": true, "source": "platform", "at": "2026-03-03T15:00:01Z" }, "recording": "no",
        });
    });
    assert_eq!(told.disclosure.ai, said(true, ConsentSource::Platform, "2026-03-03T15:00:01Z"));
    assert_eq!(told.disclosure.recording, said(false, ConsentSource::Caller, "2026-03-03T15:00:04Z"));
}

#[test]
fn a_wish_to_be_called_back_is_no_word_on_consent() {
    let wants = |callback: Value| {
        lead(|data| {
            data["preference"]["handoff"] = json!("callback");
            data["consent"]["callback"] = callback;
        })
    };
    let wishes = wants(Value::Null);
    assert_eq!((wishes.consent.callback, wishes.agrees_to_calls()), (None, Some(true)));
    assert_eq!(wants(json!(false)).agrees_to_calls(), Some(false));
}

#[test]
fn a_form_is_not_live_and_a_leg_is_a_call() {
    let (form, notes) = lead_of("21-web-form.json");
    assert_eq!((form.channel, form.is_live(), notes.len()), (LeadChannel::Form, false, 0));
    let chat = lead(|data| {
        data["channel"] = json!("Chat");
        data["call"]["leg"] = Value::Null;
    });
    assert_eq!((chat.channel, chat.is_live(), chat.unread.len()), (LeadChannel::Chat, false, 1));
    assert!(!chat.call.expect("what its platform calls it").live);
    let leg = lead(|data| data["channel"] = json!("chat"));
    assert_eq!((leg.channel, leg.is_live(), leg.unread.len()), (LeadChannel::Call, true, 1));
}

#[test]
fn a_caller_who_wants_no_call_is_to_be_written_to() {
    let (lead, notes) = lead_of("22-do-not-call.json");
    assert!(notes.is_empty());
    assert_eq!(lead.reach_back(), ReachBack::Mail);
    assert!(lead.consent.refuses_recording());
    let said = &lead.qualification;
    assert_eq!(said.tone.as_ref().map(|tone| tone.value), Some(Tone::Frustrated));
    assert_eq!(said.satisfaction.as_ref().map(|points| points.value), Some(2));
}

#[test]
fn tones_and_points_are_read_as_they_are_written_elsewhere() {
    let lead = lead(|data| {
        data["qualification"]["tone"] = json!({ "value": "very excited", "source": "inferred" });
        data["qualification"]["satisfaction"] = json!("4/5");
    });
    let said = &lead.qualification;
    assert_eq!(said.tone.as_ref().map(|tone| tone.value), Some(Tone::Enthusiastic));
    assert_eq!(said.satisfaction.as_ref().map(|points| points.value), Some(4));
    assert!(lead.unread.is_empty());
}
