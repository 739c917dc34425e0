//! Which phones are rung, how many at a time, and how each that rang ended.

use super::story::{Roster, Story};
use baton_core::domain::id::RepId;
use baton_core::domain::phone::endpoint::{Endpoint, PhoneKind};
use baton_core::handoff::Handoff;
use baton_core::handoff::state::Leg;
use baton_core::rules::model::set::RingPlan;
use baton_core::rules::spell;

/// ` (app, then mobile)`, where the roster says what the rep's phones are.
pub(super) fn of(roster: &Roster, rep: &RepId) -> String {
    let phones = roster.0.reps.get(rep).map_or(&[][..], |rep| rep.phones.as_slice());
    if phones.iter().all(|phone| phone.kind == PhoneKind::Phone) {
        return String::new();
    }
    let kinds: Vec<&str> = phones.iter().map(|phone| phone.kind.as_str()).collect();
    format!(" ({})", kinds.join(", then "))
}

/// `, 2 at a time`; nothing where they ring one by one.
pub(super) fn at_a_time(plan: RingPlan) -> String {
    match plan {
        RingPlan::OneByOne => String::new(),
        RingPlan::AtOnce(phones) => format!(", {phones} at a time"),
        RingPlan::AddEvery(span) => format!(", another one every {} while those before ring on", spell(span)),
    }
}

/// A section, or nothing where no phone rang.
pub(super) fn rung(handoff: &Handoff, roster: &Roster) -> String {
    let mut story = Story::default();
    let title = format!("Phones that rang{}", at_a_time(handoff.terms.ring));
    story.section(&title, handoff.legs.iter().zip(1..).map(|(leg, place)| ended(leg, place, roster)));
    story.text
}

fn ended(leg: &Leg, place: u32, roster: &Roster) -> String {
    let Leg { rep, endpoint, state, evidence, dialled, .. } = leg;
    let phones = roster.0.reps.get(rep).map_or(&[][..], |rep| rep.phones.as_slice());
    let which = match phones.get(*endpoint as usize) {
        Some(Endpoint { kind: PhoneKind::Phone, .. }) | None if *endpoint == 0 => String::new(),
        Some(Endpoint { kind: PhoneKind::Phone, .. }) | None => format!(", phone {}", endpoint + 1),
        Some(Endpoint { kind, .. }) => format!(", {}", kind.as_str()),
    };
    let how = evidence.as_ref().map(|evidence| format!(" ({evidence})")).unwrap_or_default();
    let said = dialled.as_ref().and_then(|lead| lead.said);
    let said = said.map(|said| format!("; what came of it, by key: {}", said.as_str())).unwrap_or_default();
    format!("{place}. {}{which}: {}{how}{said}.", roster.name(rep), state.as_str().replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::effect::Timer;
    use baton_core::domain::id::LegId;
    use baton_core::domain::leg::LegState;
    use baton_core::domain::outcome::CameOf;
    use baton_core::handoff::state::DialledLead;
    use baton_core::handoff::{Event, advance};
    use baton_core::routing::scenario::{at, rep_id, scenario};
    use chrono::TimeDelta;

    #[test]
    fn every_phone_that_rang_is_told_with_its_kind_its_end_and_the_evidence() {
        let app = Endpoint::new(PhoneKind::App, "ben@pbx.example").expect("an address");
        let world = scenario().rep("ben", |rep| rep.phones.insert(0, app));
        let mut handoff = Handoff::begin(&world.lead, &world.decide(), &world.rules);
        let leg = |number| LegId::of(&handoff.id, number);
        let events = [
            Event::Start,
            Event::Busy { leg: leg(1), why: Some("SIP 486 by the phone".to_owned()) },
            Event::Timer { timer: Timer::RingBy { leg: leg(2) } },
            Event::Declined { leg: leg(3), why: None },
        ];
        for (event, second) in events.iter().zip([0, 3, 18, 25]) {
            handoff = advance(&handoff, event, &world.rules, at("10:00") + TimeDelta::seconds(second)).state;
        }
        let expected = "
Phones that rang
  1. BEN, app: busy (SIP 486 by the phone).
  2. BEN, phone 2: no answer (our own clock).
  3. CY: declined.
";
        assert_eq!(rung(&handoff, &Roster(&world.rules)), expected);
        assert_eq!(of(&Roster(&world.rules), &rep_id("ben")), " (app, then phone)");
        assert_eq!(of(&Roster(&world.rules), &rep_id("cy")), "");
    }

    #[test]
    fn what_a_rep_has_said_by_key_is_told_with_the_phone() {
        let world = scenario();
        let mut handoff = Handoff::begin(&world.lead, &world.decide(), &world.rules);
        let (id, rep) = (LegId::of(&handoff.id, 1), rep_id("ben"));
        let (state, card, evidence) = (LegState::Joined, String::new(), None);
        let dialled = Some(DialledLead { said: Some(CameOf::NotNow), ..DialledLead::default() });
        handoff.legs.push(Leg { id, rep, endpoint: 0, state, card, evidence, dialled });
        let expected = "\nPhones that rang\n  1. BEN: joined; what came of it, by key: spoken, not now.\n";
        assert_eq!(rung(&handoff, &Roster(&world.rules)), expected);
    }

    #[test]
    fn a_plan_is_told_where_it_is_not_one_by_one() {
        let every = RingPlan::AddEvery(std::time::Duration::from_secs(5));
        assert_eq!(at_a_time(every), ", another one every 5s while those before ring on");
        assert_eq!(
            (at_a_time(RingPlan::OneByOne).as_str(), at_a_time(RingPlan::AtOnce(2)).as_str()),
            ("", ", 2 at a time")
        );
    }
}
