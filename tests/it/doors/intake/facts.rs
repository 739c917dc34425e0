//! What is read of a lead, whichever way it is written, and what is not believed.

use super::anything::whole_lead;
use super::{lead_of, said, understood};
use baton::intake::event::Message;
use baton_core::domain::known::Source;
use baton_core::domain::lead::{FieldValue, PreferredHandoff};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn a_lead_is_normalised() {
    let (lead, _) = lead_of("01-warm-transfer.json");
    let company = &lead.company;
    assert_eq!(lead.contact.phone.as_ref().map(|p| p.value.as_str()), Some("+12125550142"));
    assert_eq!(lead.contact.language.as_ref().map(|l| (l.value.as_str(), l.source)), Some(("en", Source::Platform)));
    assert_eq!(company.country.as_ref().map(|c| c.value.as_str()), Some("US"));
    assert_eq!(company.state.as_ref().map(|s| s.value.as_str()), Some("NY"));
    assert_eq!(company.employees.as_ref().map(|e| (e.value.at_least, e.value.at_most)), Some((240, Some(240))));
    let score = lead.qualification.score.as_ref().expect("a score");
    assert_eq!((score.value, score.source, score.confidence_permille), (82, Source::Inferred, Some(900)));
    assert_eq!(lead.custom["seats"], FieldValue::Number(40.0));
    assert!(lead.is_live());

    let (german, _) = lead_of("02-first-declines.json");
    assert_eq!(german.contact.phone.as_ref().map(|p| p.value.as_str()), Some("+493023125042"), "a national number");
    assert_eq!(german.company.domain.as_ref().map(|d| d.value.as_str()), Some("spree-werkzeugbau.example"));
    assert_eq!(german.company.state.as_ref().map(|s| s.value.as_str()), Some("BE"));
}

#[test]
fn ids_of_a_call_are_without_what_cannot_be_stored() {
    let mut event = whole_lead();
    event["data"]["call"] =
        json!({ "platform": "va\u{0}pi", "id": "call\u{0}-7", "leg": "\u{0}leg\u{7}", "live": true });
    let incoming = understood("ids", event.to_string().as_bytes());
    let Message::Lead(lead) = incoming.message else { panic!("a lead") };
    let call = lead.call.expect("a call");
    assert_eq!((call.platform.as_str(), call.id.as_str(), call.leg.as_deref()), ("vapi", "call-7", Some("leg")));
}

#[test]
fn preferences_are_instants() {
    let (lead, _) = lead_of("15-not-live-meeting.json");
    assert!(!lead.is_live());
    assert_eq!(lead.preference.handoff, Some(PreferredHandoff::Meeting));
    assert_eq!(lead.preference.times.len(), 3);
    let (paris, _) = lead_of("06-calendar-unknown.json");
    let first: DateTime<Utc> = "2026-03-05T09:00:00Z".parse().expect("a time");
    assert_eq!(paris.preference.times[0], first, "ten on the wall in Paris is nine UTC");
}

#[test]
fn a_phone_is_enough() {
    let (lead, notes) = lead_of("17-bare-minimum.json");
    assert!(notes.is_empty());
    assert_eq!(lead.reach_phone().map(|p| p.as_str()), Some("+13035550164"));
    assert!(lead.call.is_none() && lead.company.country.is_none() && lead.qualification.score.is_none());
}

#[test]
fn what_cannot_be_read_is_unknown_and_noted() {
    let (lead, notes) = lead_of("19-what-the-model-could-not-hear.json");
    let pointers: BTreeSet<_> = notes.iter().map(|note| note.pointer.as_str()).collect();
    let expected = ["/data/call/from", "/data/contact/email", "/data/company/employees", "/data/company/state"];
    assert_eq!(pointers, BTreeSet::from(expected), "{}", said(&notes));
    assert!(lead.contact.name.is_none() && lead.contact.title.is_none(), "placeholders are nobody");
    assert!(lead.qualification.objections.is_empty());
    assert_eq!(lead.contact.phone.as_ref().and_then(|p| p.confidence_permille), Some(700));
    let text = said(&notes);
    assert!(!text.contains("gmail") && !text.contains("anonymous"), "personal values are not quoted: {text}");
}

#[test]
fn outbound_leads_are_reached_at_the_called_number() {
    let (lead, _) = lead_of("20-outbound-reactivation.json");
    assert_eq!(lead.reach_phone().map(|p| p.as_str()), Some("+12065550182"));
    assert_eq!(lead.contact.language.as_ref().map(|l| l.value.as_str()), Some("ja"));
}

/// What forms, CRMs and models send for one and the same fact: it is that fact, and none of it is noted.
#[test]
fn a_fact_is_read_however_systems_and_models_write_it() {
    let two_in_the_afternoon = json!("2026-03-04T22:00:00Z");
    for (pointer, value, fact, expected) in [
        ("/qualification/score", json!("85"), "/qualification/score/value", json!(85)),
        ("/qualification/score", json!("85 %"), "/qualification/score/value", json!(85)),
        ("/company/postal", json!(2139), "/company/postal/value", json!("02139")),
        ("/contact/phone", json!(14_155_550_142_u64), "/contact/phone/value", json!("+14155550142")),
        ("/preference/handoff", json!("Callback"), "/preference/handoff", json!("callback")),
        ("/company/employees", json!([100, 250]), "/company/employees/value/at_most", json!(250)),
        ("/company/employees", json!(1200.0), "/company/employees/value/at_least", json!(1200)),
        ("/company/country", json!(["US"]), "/company/country/value", json!("US")),
        ("/preference/times", json!(["2026-03-04 14:00"]), "/preference/times/0", two_in_the_afternoon.clone()),
        ("/preference/times", json!("2026-03-04 14:00:00 -08:00"), "/preference/times/0", two_in_the_afternoon),
    ] {
        let mut event = whole_lead();
        *event.pointer_mut(&format!("/data{pointer}")).expect("a part of the lead") = value.clone();
        let incoming = understood(pointer, event.to_string().as_bytes());
        assert!(incoming.notes.is_empty(), "{pointer} {value}: {}", said(&incoming.notes));
        let Message::Lead(lead) = incoming.message else { panic!("a lead") };
        let lead = serde_json::to_value(lead).expect("JSON");
        assert_eq!(lead.pointer(fact), Some(&expected), "{pointer} {value}");
    }
}

#[test]
fn a_time_that_cannot_be_read_takes_no_other_with_it() {
    let mut event = whole_lead();
    event["data"]["preference"]["times"] = json!(["2026-03-05T14:00:00Z", "tomorrow at ten", "2026-03-04T14:00"]);
    let incoming = understood("times", event.to_string().as_bytes());
    assert_eq!(incoming.notes.len(), 1, "{}", said(&incoming.notes));
    let Message::Lead(lead) = incoming.message else { panic!("a lead") };
    let times =
        ["2026-03-05T14:00:00Z", "2026-03-04T22:00:00Z"].map(|time| time.parse::<DateTime<Utc>>().expect("a time"));
    assert_eq!(lead.preference.times, times);
}

/// A warm transfer needs no number: whoever is on a known leg can be reached while the call lasts.
#[test]
fn a_caller_on_the_line_who_withholds_the_number_is_taken() {
    for from in [json!("anonymous"), json!("+266696687"), Value::Null] {
        let mut event = whole_lead();
        event["data"]["contact"] = json!({ "name": "Noor Aziz" });
        event["data"]["call"]["from"] = from.clone();
        let incoming = understood("withheld", event.to_string().as_bytes());
        let Message::Lead(lead) = incoming.message else { panic!("a lead") };
        assert!(lead.is_live() && lead.can_be_reached() && lead.reach_phone().is_none(), "{from}");
    }
}
