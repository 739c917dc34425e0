//! Faults that somebody could make in a move, planted around the real one.

use super::super::*;
use super::held::Advance;
use super::side::current;
use crate::domain::effect::Planned;
use crate::rules::model::set::RingPlan;

/// A fault, and what finds it.
pub(super) struct Planted {
    pub what: &'static str,
    /// The move with the fault in it.
    pub advance: Advance,
    /// How many must be followed to see it.
    pub callers: usize,
    pub plan: RingPlan,
    /// The invariant.
    pub breaks: &'static str,
}

const fn one(what: &'static str, advance: Advance, breaks: &'static str) -> Planted {
    Planted { what, advance, callers: 1, plan: RingPlan::OneByOne, breaks }
}

const fn two(what: &'static str, advance: Advance, plan: RingPlan, breaks: &'static str) -> Planted {
    Planted { what, advance, callers: 2, plan, breaks }
}

pub(super) const PLANTED: [Planted; 18] = [
    two("a phone that is given up is not hung up", stays_up, RingPlan::OneByOne, "one_phone_one_lead"),
    one("an event of any leg counts for the current one", any_leg_counts, "strays_only_hang_up"),
    one("a rep who answers is no longer held", answering_frees, "reserved_while_current"),
    one("the rep before is rung again", rings_again, "a_phone_is_rung_once"),
    one("a late word that nobody answers ends a conversation", late_word_ends, "a_conversation_is_left_alone"),
    one("the caller is left on the line", nobody_ends_the_call, "nobody_is_left_alone"),
    one("the music is not put on again", no_music, "the_caller_is_told"),
    one("who asks for a call back is told of none", wish_is_unheard, "who_asks_is_called_back"),
    one("the agent stays in the conversation", agent_stays, "the_agent_leaves"),
    one("the timer of the join is forgotten", no_join_timer, "a_timer_moves_it_on"),
    one("nothing ends the question what came of a call", no_answer_timer, "a_timer_moves_it_on"),
    one("a caller who leaves is promised a call after the conversation", promises_after_the_end, "one_end"),
    one("a broken promise is told to nobody", silent_breach, "promises_are_kept_or_told"),
    one("a person looks who is not here", nobody_looks, "somebody_is_next"),
    one("a broken promise is made again for ever, and no call ends it", promises_for_ever, "every_way_ends"),
    one("a lead is dialled for a rep who has only answered", dials_early, "the_lead_is_dialled_for_one_who_accepted"),
    one("a lead who is dialled is not hung up", lead_stays_up, "a_call_ends_for_both"),
    two("whoever was slower is not hung up", slower_stays_up, RingPlan::AtOnce(2), "one_phone_one_lead"),
];

fn stays_up(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    without(advance(state, event, rules, now), |effect| matches!(effect, Effect::HangUp { .. }))
}

fn slower_stays_up(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let reason = HangUpReason::AnsweredElsewhere;
    let slower = |effect: &Effect| matches!(effect, Effect::HangUp { reason: told, .. } if *told == reason);
    without(advance(state, event, rules, now), slower)
}

fn any_leg_counts(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let leg = current(state).first().map(|(leg, _)| (*leg).clone());
    match (event, leg) {
        (Event::Answered { .. }, Some(leg)) => advance(state, &Event::Answered { leg }, rules, now),
        _ => advance(state, event, rules, now),
    }
}

fn answering_frees(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let mut made = advance(state, event, rules, now);
    if matches!(event, Event::Answered { .. }) && matches!(made.state.stage, Stage::Briefing { .. }) {
        made.state.holds.clear();
    }
    made
}

fn rings_again(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let mut from = state.clone();
    if matches!(event, Event::Machine { .. }) {
        from.next_target = from.next_target.saturating_sub(1);
    }
    advance(&from, event, rules, now)
}

fn late_word_ends(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    match (event, &state.stage) {
        (Event::Machine { leg, .. }, Stage::Bridged { leg: current, .. }) if leg == current => {
            advance(state, &Event::RepLeft { leg: leg.clone() }, rules, now)
        }
        _ => advance(state, event, rules, now),
    }
}

fn nobody_ends_the_call(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    without(advance(state, event, rules, now), |effect| *effect == Effect::EndCall)
}

fn no_music(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let made = advance(state, event, rules, now);
    if made.state.legs.len() < 2 {
        return made;
    }
    without(made, |effect| matches!(effect, Effect::Hold { .. }))
}

fn no_join_timer(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    without(advance(state, event, rules, now), |effect| matches!(effect, Effect::Timer { timer: Timer::JoinBy { .. } }))
}

fn no_answer_timer(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let ends = |effect: &Effect| matches!(effect, Effect::Timer { timer: Timer::AnswerBy { .. } });
    without(advance(state, event, rules, now), ends)
}

fn wish_is_unheard(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    match event {
        Event::CallbackWanted => advance(state, &Event::Timer { timer: Timer::PatienceBy }, rules, now),
        _ => advance(state, event, rules, now),
    }
}

fn agent_stays(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let ends = |effect: &Effect| matches!(effect, Effect::Timer { timer: Timer::IntroducedBy { .. } });
    without(advance(state, event, rules, now), ends)
}

fn promises_after_the_end(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    if *event != Event::CallerLeft || !state.is_done() {
        return advance(state, event, rules, now);
    }
    let mut before = state.clone();
    before.stage = Stage::Searching { search: before.searches };
    advance(&before, event, rules, now)
}

fn dials_early(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let mut made = advance(state, event, rules, now);
    if let Event::Answered { leg } = event
        && state.calling.as_ref() == Some(leg)
        && let Some(planned) = made.effects.first().cloned()
    {
        made.effects.push(Planned { effect: Effect::DialLead { leg: leg.of_lead() }, ..planned });
    }
    made
}

fn lead_stays_up(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let of_lead = |effect: &Effect| matches!(effect, Effect::HangUp { leg, .. } if leg.dialled_for().is_some());
    without(advance(state, event, rules, now), of_lead)
}

fn silent_breach(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    without(advance(state, event, rules, now), |effect| *effect == Effect::Publish { topic: Topic::CallbackBreached })
}

fn nobody_looks(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let mut made = advance(state, event, rules, now);
    if let Stage::NeedsAttention { owner, .. } = &mut made.state.stage {
        *owner = rep_id("who.left");
    }
    made
}

fn promises_for_ever(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let is_promised = matches!(state.stage, Stage::Callback { .. });
    let again = Event::SlotsDeclined;
    match event {
        Event::ContactMade { .. } | Event::CallNow { .. } => advance(state, &Event::Start, rules, now),
        Event::Timer { timer: Timer::Breach { .. } } if is_promised => {
            let stage = Stage::Offering { search: 1, slots: Vec::new() };
            advance(&Handoff { stage, ..state.clone() }, &again, rules, now)
        }
        _ => advance(state, event, rules, now),
    }
}

fn without(mut made: Transition, is: impl Fn(&Effect) -> bool) -> Transition {
    made.effects.retain(|planned| !is(&planned.effect));
    made
}
