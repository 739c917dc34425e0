//! Two events of one call.

use super::*;
use crate::domain::phone::PhoneE164;
use crate::domain::whereabouts::{Evidence, Whereabouts};
use crate::domain::zone::Zone;
use crate::handoff::{Completed, OnTheLine};

fn completed(added: &[&str]) -> Event {
    let added = added.iter().map(|name| (*name).to_owned()).collect();
    Event::Completed(Completed { by: "town evt-2".into(), added, ..Completed::default() })
}

#[test]
fn what_a_second_event_brings_reaches_the_card_and_the_crm() {
    let call = call().after(3).on(completed(&["contact.title"]));
    let (owner, note) = (rep_id("ben"), CrmNote::Routed);
    let card = call.state.legs[0].card.clone();
    call.does(&Effect::WriteCrm { owner: owner.clone(), note }).does(&Effect::UpdateCard { card, rep: owner });
    let promised = begun(scenario()).on(Event::CallerLeft).on(completed(&["contact.title"]));
    promised.briefs("ben", BriefWhy::Callback);
}

#[test]
fn a_second_event_that_brings_nothing_changes_nothing() {
    call().after(3).on(completed(&[])).ignored();
    call().settled().on(completed(&[])).ignored();
    call().on(Event::CallerLeft).on(completed(&[])).ignored();
}

/// The reps work in London. On the coast of California it is two in the morning at ten, and eight at four.
#[test]
fn a_promise_is_kept_where_it_is_lawful_by_what_a_second_event_says() {
    let mut world = scenario().not_live();
    let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
    world.rules.hours.calling = Shift { from: hour(8), until: hour(21) };
    (world.lead.company.country, world.lead.company.state) = (Some(Known::from_caller("GB".to_owned())), None);
    world.lead.call.as_mut().expect("a call").from = PhoneE164::new("+442079460142").ok();
    let knowing = |zone: &str| {
        let caller = Whereabouts { by: Evidence::State, ..Whereabouts::in_zone(Zone::named(zone)) };
        let added = vec!["company.state".to_owned()];
        Event::Completed(Completed {
            by: "town evt-2".into(),
            added,
            caller: Some(Box::new(caller)),
            ..Completed::default()
        })
    };
    let promised = |call: &UnderWay| {
        let Stage::Callback { promise } = &call.state.stage else { panic!("{:?}", call.state.stage) };
        promise.promised_at
    };
    let call = begun(world);
    let first = promised(&call);
    assert_eq!(first, at("11:00"));
    let call = call.after(20).on(knowing("Europe/Paris"));
    assert_eq!(promised(&call), first, "it is lawful there: what was said stands");
    let call = call.on(knowing("America/Los_Angeles")).publishes(Topic::CallbackPromised);
    assert_eq!(promised(&call), at("16:10"), "with room for a call from eight in the morning on");
}

#[test]
fn a_caller_of_whom_only_the_second_event_tells_is_rung_for_while_patience_lasts() {
    let world = scenario();
    let decision = world.decide();
    let line = |since| {
        let (targets, rungs) = (decision.plan.targets.clone(), decision.plan.rungs.clone());
        let on_the_line = Some(OnTheLine { since, targets, rungs });
        Event::Completed(Completed { by: "town evt-2".into(), on_the_line, ..Completed::default() })
    };
    let call = begun(scenario().not_live()).after(20).on(line(at("10:00") + TimeDelta::seconds(18)));
    let patience_until = at("10:00") + TimeDelta::seconds(18 + 45);
    assert_eq!(call.state.patience_until, patience_until);
    let call = call.rings("ben", 1).after(5).declined(1).rings("cy", 2);
    call.on(line(at("10:00"))).rings_nobody_new(2);
    let late = begun(scenario().not_live()).after(60).on(line(at("10:00")));
    assert!(late.state.legs.is_empty() && late.state.live, "it stands at {:?}", late.state.stage);
}
