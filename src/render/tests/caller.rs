//! What callers hear and read.

use super::*;
use crate::render::caller::Stopgap;
use baton_core::domain::effect::{Confirmation, Instruction, WhyNot};
use baton_core::domain::whereabouts::Evidence;
use std::time::Duration;

const PAGE: &str = "https://baton.example.com/meeting/1";

fn instead_of_cy(because: WhyNot) -> Instruction {
    Instruction::HoldOn { rep: rep_id("ben"), instead_of: rep_id("cy"), because }
}

#[test]
fn the_caller_hears_a_first_name_and_a_time_and_nothing_else() {
    let case = case(mallory());
    let templates = built_in();
    let slot = case.slot();
    let later = Slot { from: at("2026-01-09T22:00:00Z"), ..slot.clone() };
    let instructions = [
        Instruction::Hold { rep: rep_id("ben"), at_most: None },
        Instruction::Connected { rep: rep_id("ben") },
        Instruction::OfferSlots { slots: vec![slot.clone(), later] },
        Instruction::ConfirmBooking { slot: slot.clone() },
        Instruction::PromiseCallback { rep: rep_id("ben"), promised_at: at("2026-01-07T21:00:00Z") },
        Instruction::PromiseMail { rep: rep_id("ben"), promised_at: at("2026-01-07T21:00:00Z") },
        Instruction::NoCall { rep: rep_id("ben") },
        Instruction::Hold { rep: rep_id("gone"), at_most: Some(Duration::from_millis(41_200)) },
        Instruction::OfferCallback,
        Instruction::Introduce { rep: rep_id("ben") },
        instead_of_cy(WhyNot::Busy),
        instead_of_cy(WhyNot::NotReached),
        instead_of_cy(WhyNot::CannotNow),
        instead_of_cy(WhyNot::CutOff),
    ];
    let mut text = String::new();
    for zone in [Some(Zone::named("America/New_York")), None] {
        for instruction in &instructions {
            text += &format!("{}\n", templates.caller(instruction, &case.caller(zone)).0);
        }
    }
    for what in [
        Confirmation::Booking { slot: slot.clone() },
        Confirmation::Callback { rep: rep_id("ben"), promised_at: at("2026-01-07T21:00:00Z") },
        Confirmation::Mail { rep: rep_id("ben"), promised_at: at("2026-01-07T21:00:00Z") },
    ] {
        let name = case.world.lead.contact.name.as_ref();
        let mail = templates.caller_confirmation(&what, name, None, &case.caller(None));
        text += &format!("\nSubject: {}\n{}\n", mail.subject.0, mail.text.0);
        assert!(mail.html.0.contains("<p style=\"margin:0 0 12px\">Hello,</p>"));
        assert!(!mail.html.0.contains("Mallory") && !mail.html.0.contains("82"));
    }
    let event = templates.calendar_event(&slot, Some(PAGE.to_owned()), &case.caller(None));
    text += &format!("\n{}: {}\n", event.summary.0, event.description.0);
    let promised_at = at("2026-01-07T21:00:00Z");
    text += &format!("\n{}\n", templates.text_back(&rep_id("ben"), promised_at, &case.caller(None)).0);
    assert!(!text.contains("Mallory") && !text.contains("Ortiz"));
    let known = said("Dana Whitfield");
    let what = Confirmation::Callback { rep: rep_id("ben"), promised_at: at("2026-01-07T21:00:00Z") };
    let mail = templates.caller_confirmation(&what, known.as_ref(), None, &case.caller(None));
    text += &format!("\nSubject: {}\n{}\n", mail.subject.0, mail.text.0);
    golden("caller.txt", &text);
}

#[test]
fn a_workspace_may_bring_its_own_words() {
    let own = Templates::compile(&[("caller/hold.hbs", "Bleiben Sie dran,\n{{rep}} kommt.")]).expect("no fault");
    let case = case(dana());
    let text = own.caller(&Instruction::Hold { rep: rep_id("ben"), at_most: None }, &case.caller(None));
    assert_eq!(text.0, "Bleiben Sie dran, Ben kommt.");
    let own = Templates::compile(&[("caller/passed_on.hbs", "Danke.{{#if company}}\n{{company}} meldet sich.{{/if}}")]);
    let own = own.expect("no fault");
    assert_eq!(own.stopgap(Stopgap::PassedOn, Some("Fernhill")).0, "Danke. Fernhill meldet sich.");
    assert!(own.stopgap(Stopgap::NotReached, None).0.contains("could not reach"), "the others are built in");
}

/// Where it is not certain, the clock is named; it is never the rep's while something is known of the caller's.
#[test]
fn a_caller_whose_clock_is_not_certain_hears_which_clock_is_meant() {
    let case = case(mallory());
    let promise = Instruction::PromiseCallback { rep: rep_id("ben"), promised_at: at("2026-01-08T15:00:00Z") };
    let zones = |names: &[&str]| names.iter().map(|name| Zone::named(name)).collect::<Vec<_>>();
    for (names, by, told) in [
        (&["America/New_York"][..], Evidence::State, "10 in the morning your time"),
        (&["America/New_York"], Evidence::Number, "10 in the morning New York time"),
        (&["America/New_York", "America/Chicago"], Evidence::State, "10 in the morning New York time"),
        (&["Europe/London", "Europe/Berlin"], Evidence::NumberAndCountry, "3 in the afternoon London time"),
        (&[], Evidence::Nothing, "7 in the morning Los Angeles time"),
    ] {
        let caller = Whereabouts { zones: zones(names), place: None, by };
        let said = built_in().caller(&promise, &CallerContext { caller, ..case.caller(None) });
        assert!(said.0.contains(told), "{names:?} {by:?}: {}", said.0);
    }
}
