use super::*;
use crate::domain::known::Known;
use crate::routing::scenario::{acme, at};
use ConsentSource::{Caller, Crm};

fn said(given: bool, source: ConsentSource, time: &str) -> ConsentSaid {
    ConsentSaid { given, source: Some(source), at: Some(at(time)) }
}

#[test]
fn a_bare_consent_is_stored_bare_and_any_other_with_all_that_is_known() {
    let consent =
        Consent { recording: Some(true.into()), email: Some(said(false, Crm, "10:00")), ..Consent::default() };
    let text = serde_json::to_string(&consent).expect("JSON");
    let expected = "{\"recording\":true,\"callback\":null,\
                    \"email\":{\"given\":false,\"source\":\"crm\",\"at\":\"2026-01-07T10:00:00Z\"},\"sms\":null}";
    assert_eq!(text, expected);
    assert_eq!(serde_json::from_str::<Consent>(&text).expect("a consent"), consent);
}

#[test]
fn the_newest_statement_counts_in_any_order_and_of_one_moment_the_refusal() {
    let all = [
        said(true, Caller, "10:00"),
        said(false, Caller, "10:05"),
        said(true, Crm, "10:09"),
        said(false, Crm, "10:09"),
        said(true, Caller, "10:09"),
    ];
    for turn in 0..all.len() {
        let mut counts = all[turn];
        for other in all[turn..].iter().chain(&all[..turn]) {
            if other.counts_over(&counts) {
                counts = *other;
            }
        }
        assert_eq!(counts, said(false, Crm, "10:09"));
    }
    let old = ConsentSaid::from(true).or_at(at("10:03"));
    assert!(all[1].counts_over(&old) && !all[0].counts_over(&old), "it was said when the lead came");
}

#[test]
fn who_must_not_be_called_is_written_to_if_that_is_agreed_to() {
    let with = |callback: Option<bool>, email: Option<bool>, channel, phone: bool| {
        let mut lead = acme();
        lead.channel = channel;
        lead.contact.email = Some(Known::from_caller("dana@acme.com".to_owned()));
        lead.consent.callback = callback.map(ConsentSaid::from);
        lead.consent.email = email.map(ConsentSaid::from);
        if !phone {
            (lead.contact.phone, lead.call) = (None, None);
        }
        lead.reach_back()
    };
    let (call, form) = (LeadChannel::Call, LeadChannel::Form);
    for (callback, email, channel, phone, expected) in [
        (None, None, call, true, ReachBack::Call),
        (Some(true), Some(false), call, true, ReachBack::Call),
        (Some(false), Some(true), call, true, ReachBack::Mail),
        (Some(false), None, call, true, ReachBack::Nothing),
        (Some(false), Some(false), form, true, ReachBack::Nothing),
        (Some(false), None, form, true, ReachBack::Mail),
        (None, None, form, false, ReachBack::Mail),
        (None, Some(false), form, false, ReachBack::Nothing),
        (None, None, call, false, ReachBack::Mail),
        (Some(true), None, call, false, ReachBack::Mail),
        (None, Some(false), call, false, ReachBack::Nothing),
    ] {
        let found = with(callback, email, channel, phone);
        assert_eq!(found, expected, "{callback:?} {email:?} {channel:?} {phone}");
    }
}

#[test]
fn a_wish_to_be_called_back_counts_where_nothing_was_said() {
    let mut lead = acme();
    assert_eq!(lead.agrees_to_calls(), None);
    lead.preference.handoff = Some(PreferredHandoff::Callback);
    assert_eq!(lead.agrees_to_calls(), Some(true));
    lead.consent.callback = Some(said(false, Caller, "09:00"));
    assert_eq!(lead.agrees_to_calls(), Some(false), "whoever wishes it later has not said yes");
}
