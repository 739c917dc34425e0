//! Steps of one kind and lead that must not be done crosswise: whose turn it is.
//!
//! Guarantees: of two writes of a lead, or two rewrites of a card, one at a time is under way, whichever workers hold them; and what
//! was said later is not said over by what was planned before it. None waits for ever for one that does not get through.

use crate::store::{Sibling, SiblingState, StepRow};
use baton_core::domain::effect::Effect;
use chrono::{DateTime, TimeDelta, Utc};

/// It is looked so soon whether the one before has ended.
const LOOKS_AGAIN: TimeDelta = TimeDelta::milliseconds(500);
const CARD_LOOKS_AGAIN: TimeDelta = TimeDelta::milliseconds(250);
/// An earlier write that does not get through is waited for no longer than this after the later one was planned.
const WAITS_AT_MOST: TimeDelta = TimeDelta::minutes(15);
/// What has been passed lets the other end: long enough that the two do not meet again.
const LETS_PASS: TimeDelta = TimeDelta::seconds(30);

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Turn {
    Now,
    /// Another one goes first.
    Waits {
        until: DateTime<Utc>,
    },
    /// These were planned later, and are done.
    Passed {
        by: Vec<Effect>,
    },
}

/// Of a write to the CRM: those that were planned earlier go before it.
pub(super) fn of_write(step: &StepRow, siblings: &[Sibling], now: DateTime<Utc>) -> Turn {
    let is = |one: &&Sibling, is_later: bool, state: SiblingState| one.is_later == is_later && one.state == state;
    let passed_by = siblings.iter().filter(|one| is(one, true, SiblingState::Done));
    let by: Vec<Effect> = passed_by.map(|one| one.effect.clone()).collect();
    if !by.is_empty() {
        return Turn::Passed { by };
    }
    if siblings.iter().any(|one| is(&one, false, SiblingState::InHand)) {
        return Turn::Waits { until: now + LOOKS_AGAIN };
    }
    let waits_until = step.planned_at + WAITS_AT_MOST;
    let due = siblings.iter().filter(|one| is(one, false, SiblingState::Due)).map(|one| one.run_at).max();
    if let Some(due_at) = due.filter(|_| now < waits_until) {
        return Turn::Waits { until: due_at.max(now + LOOKS_AGAIN).min(waits_until) };
    }
    let waits_no_longer = |one: &&Sibling| one.planned_at + WAITS_AT_MOST <= now;
    if siblings.iter().filter(|one| is(one, true, SiblingState::InHand)).any(|one| waits_no_longer(&one)) {
        return Turn::Waits { until: now + LETS_PASS };
    }
    Turn::Now
}

/// A step that was planned later is due, or somebody is at it.
pub(super) fn is_followed(siblings: &[Sibling], now: DateTime<Utc>) -> bool {
    let is_open = |one: &Sibling| matches!(one.state, SiblingState::Due | SiblingState::InHand);
    siblings.iter().any(|one| one.is_later && is_open(one) && one.run_at <= now)
}

/// Of a rewrite of this card. Each shows what is so when it begins: a later one that is under way shows all that this one would.
pub(super) fn of_rewrite(card: &str, step: &StepRow, siblings: &[Sibling], now: DateTime<Utc>) -> Turn {
    let mut by = Vec::new();
    let mut waits: Option<DateTime<Utc>> = None;
    let of_card = |one: &&Sibling| matches!(&one.effect, Effect::UpdateCard { card: other, .. } if other == card);
    for one in siblings.iter().filter(of_card) {
        match (one.state, one.is_later) {
            (SiblingState::Done, true) => by.push(one.effect.clone()),
            (SiblingState::InHand, true) if step.deadline_at <= one.deadline_at => by.push(one.effect.clone()),
            (SiblingState::InHand, true) => waits = waits.max(Some(now + LETS_PASS)),
            (SiblingState::InHand, false) => waits = waits.max(Some(now + CARD_LOOKS_AGAIN)),
            (SiblingState::Done, false) | (SiblingState::Due | SiblingState::Over, _) => {}
        }
    }
    match (by.is_empty(), waits) {
        (false, _) => Turn::Passed { by },
        (true, Some(until)) => Turn::Waits { until },
        (true, None) => Turn::Now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::effect::CrmNote;
    use baton_core::domain::id::{HandoffId, LeadId, RepId};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn rep() -> RepId {
        RepId::new("ana").expect("slug")
    }

    /// Planned at the very beginning.
    fn step(effect: Effect) -> StepRow {
        let lead = LeadId::from_digest([3; 16]);
        StepRow {
            effect_key: format!("{}.2-{}", lead.suffix(), effect.kind()),
            handoff_id: HandoffId::of(&lead),
            lead_id: lead,
            effect,
            planned_at: at(0),
            run_at: at(0),
            deadline_at: at(3600),
            lease_until: at(60),
            fence: 1,
            attempts: 1,
            sent_at: None,
            born_marked: false,
            trace_context: None,
        }
    }

    fn sibling(of: &StepRow, is_later: bool, state: SiblingState) -> Sibling {
        let StepRow { effect, planned_at, run_at, deadline_at, .. } = of.clone();
        Sibling { is_later, effect, planned_at, run_at, deadline_at, state }
    }

    #[test]
    fn a_write_waits_for_those_before_it_and_not_for_ever() {
        let write = step(Effect::WriteCrm { owner: rep(), note: CrmNote::Routed });
        let turn = |siblings: &[Sibling], now| of_write(&write, siblings, now);
        let earlier = |state| [sibling(&write, false, state)];
        assert_eq!(turn(&[], at(1)), Turn::Now);
        for state in [SiblingState::Done, SiblingState::Over] {
            assert_eq!(turn(&earlier(state), at(1)), Turn::Now);
        }
        assert_eq!(turn(&earlier(SiblingState::Due), at(1)), Turn::Waits { until: at(1) + LOOKS_AGAIN });
        let put_off = [Sibling { run_at: at(7 * 86_400), ..earlier(SiblingState::Due)[0].clone() }];
        assert_eq!(turn(&put_off, at(1)), Turn::Waits { until: at(900) }, "of what may take seven days");
        assert_eq!(turn(&put_off, at(900)), Turn::Now);
        assert_eq!(turn(&earlier(SiblingState::InHand), at(900)), Turn::Waits { until: at(900) + LOOKS_AGAIN });
    }

    #[test]
    fn a_write_that_was_passed_says_nothing_over() {
        let write = step(Effect::WriteCrm { owner: rep(), note: CrmNote::Routed });
        let later = |state| [sibling(&write, true, state)];
        let by = vec![write.effect.clone()];
        assert_eq!(of_write(&write, &later(SiblingState::Done), at(1)), Turn::Passed { by });
        for state in [SiblingState::Due, SiblingState::Over] {
            assert_eq!(of_write(&write, &later(state), at(900)), Turn::Now);
        }
        let in_hand = later(SiblingState::InHand);
        assert_eq!(of_write(&write, &in_hand, at(1)), Turn::Now, "that one waits");
        assert_eq!(of_write(&write, &in_hand, at(900)), Turn::Waits { until: at(930) }, "it waits no longer");
    }

    #[test]
    fn the_newest_rewrite_of_a_card_has_the_last_word() {
        let card = |card: &str| step(Effect::UpdateCard { card: card.to_owned(), rep: rep() });
        let ours = card("a");
        let turn = |siblings: &[Sibling]| of_rewrite("a", &ours, siblings, at(1));
        let passed = Turn::Passed { by: vec![ours.effect.clone()] };
        assert_eq!(turn(&[sibling(&card("b"), true, SiblingState::Done)]), Turn::Now, "another card");
        assert_eq!(
            turn(&[sibling(&ours, false, SiblingState::InHand)]),
            Turn::Waits { until: at(1) + CARD_LOOKS_AGAIN }
        );
        for state in [SiblingState::Done, SiblingState::InHand] {
            assert_eq!(turn(&[sibling(&ours, true, state)]), passed);
        }
        let hasty = Sibling { deadline_at: at(60), ..sibling(&ours, true, SiblingState::InHand) };
        assert_eq!(turn(&[hasty]), Turn::Waits { until: at(1) + LETS_PASS }, "it may be too late for that one");
        for (is_later, state) in [(true, SiblingState::Due), (true, SiblingState::Over), (false, SiblingState::Done)] {
            assert_eq!(turn(&[sibling(&ours, is_later, state)]), Turn::Now);
        }
    }
}
