//! What must hold for every move, whatever came before it.

use baton_core::domain::effect::{Effect, Planned, Timer};
use baton_core::domain::id::{LegId, RepId};
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::{NextStepKind, Outcome};
use baton_core::handoff::state::Leg;
use baton_core::handoff::{Event, Handoff, Stage, Transition};
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::RingPlan;
use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::Debug;

/// Longer ahead than this no next step can be: the rota is searched for sixty days.
const FAR: TimeDelta = TimeDelta::days(75);

pub type Check = Result<(), String>;

pub fn ensure(holds: bool, what: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(what()) }
}

/// One move, seen from outside.
pub struct Move<'a> {
    pub before: &'a Handoff,
    pub event: &'a Event,
    pub made: &'a Transition,
    pub rules: &'a RuleSet,
    pub now: DateTime<Utc>,
}

/// Holds for any event at any time, plausible or not.
pub fn always(it: &Move) -> Check {
    somebody_is_next(it)?;
    if it.made.ignored {
        return ignored_changes_nothing(it);
    }
    counted(it)?;
    phones(it)?;
    strays_are_hung_up(it)?;
    a_conversation_is_left_alone(it)?;
    who_left_is_gone(it)?;
    a_breach_needs_attention(it)?;
    turns(it)
}

/// I7: every lead has, at every moment, an owner who exists and a next step with a time.
fn somebody_is_next(it: &Move) -> Check {
    let next = it.made.state.next_step();
    ensure(it.rules.reps.contains_key(&next.owner), || format!("next step is {}'s, who is no rep", next.owner))?;
    let ahead = next.at - it.now;
    let bounded = ahead < FAR || next.what == NextStepKind::Meeting;
    ensure(bounded, || format!("next step is at {}, which is {ahead} ahead", next.at))
}

fn ignored_changes_nothing(it: &Move) -> Check {
    let nothing = it.made.state == *it.before && it.made.effects.is_empty() && it.made.turn_moves.is_none();
    ensure(nothing, || "an ignored event changed something".to_owned())
}

fn counted(it: &Move) -> Check {
    let (before, after) = (it.before, &it.made.state);
    ensure(after.revision == before.revision + 1, || "the revision did not move by one".to_owned())?;
    let planned = before.effects_planned as usize + it.made.effects.len();
    ensure(after.effects_planned as usize == planned, || "effects are miscounted".to_owned())?;
    for Planned { key, run_at, deadline_at, .. } in &it.made.effects {
        ensure(it.now <= *run_at && run_at <= deadline_at, || format!("{key} runs at {run_at} until {deadline_at}"))?;
    }
    ensure(after.terms == before.terms && after.lead_id == before.lead_id, || "terms moved".to_owned())
}

/// I-reserve: a phone is ours before it rings, no leg and no phone is rung twice, and only who is current is held.
fn phones(it: &Move) -> Check {
    let (before, after) = (it.before, &it.made.state);
    let rings: Vec<(&LegId, &RepId, DateTime<Utc>)> = it.made.effects.iter().filter_map(ring).collect();
    let at_a_time = match after.terms.ring {
        RingPlan::OneByOne | RingPlan::AddEvery(_) => 1,
        RingPlan::AtOnce(phones) => phones as usize,
    };
    ensure(rings.len() <= at_a_time, || format!("{} phones are rung at once", rings.len()))?;
    for (leg, rep, until) in rings {
        let hold = after.holds.iter().find(|hold| hold.rep == *rep);
        let hold = hold.ok_or_else(|| format!("{rep} is rung without a reservation"))?;
        ensure(hold.until >= until, || format!("{rep} is held until {}, but rung until {until}", hold.until))?;
        ensure(!before.legs.iter().any(|known| known.id == *leg), || format!("{rep} is rung twice"))?;
        ensure(after.is_ringing(leg), || format!("{leg} is rung in stage {:?}", after.stage))?;
        ensure(after.live, || "a rep is rung for a caller who has left".to_owned())?;
    }
    let phones: BTreeSet<(&RepId, u32)> = after.legs.iter().map(|leg| (&leg.rep, leg.endpoint)).collect();
    ensure(phones.len() == after.legs.len(), || "a phone has two legs".to_owned())?;
    let reps: BTreeSet<&RepId> = after.legs.iter().map(|leg| &leg.rep).collect();
    let at_most = after.terms.ring_at_most as usize;
    ensure(reps.len() <= at_most, || format!("{} reps are rung, allowed {at_most}", reps.len()))?;
    let held: BTreeSet<&RepId> = after.holds.iter().map(|hold| &hold.rep).collect();
    let on: BTreeSet<&RepId> = after.current_legs().map(|leg| &leg.rep).collect();
    let only = |rep: &RepId| held.iter().all(|held| *held == rep);
    let talking = matches!(&after.stage, Stage::Done { outcome: Outcome::Connected { rep, .. } } if only(rep));
    ensure(held == on || on.is_empty() && talking, || format!("{held:?} are held while {on:?} are on the phone"))
}

fn ring(planned: &Planned) -> Option<(&LegId, &RepId, DateTime<Utc>)> {
    match &planned.effect {
        Effect::Ring { leg, rep } => Some((leg, rep, planned.deadline_at)),
        _ => None,
    }
}

fn hung_up<'a>(it: &'a Move) -> impl Iterator<Item = &'a LegId> {
    it.made.effects.iter().filter_map(|planned| match &planned.effect {
        Effect::HangUp { leg, .. } => Some(leg),
        _ => None,
    })
}

/// A phone that comes up although nobody waits for it any more.
fn strays_are_hung_up(it: &Move) -> Check {
    let (Event::Answered { leg } | Event::Accepted { leg } | Event::Joined { leg }) = it.event else { return Ok(()) };
    let ended = it.before.legs.iter().any(|known| known.id == *leg && known.state.is_given_up());
    ensure(!ended || hung_up(it).any(|gone| gone == leg), || format!("the stray leg {leg} stays up"))
}

/// Once caller and rep speak, only they end it: nobody else is rung, nobody is hung up.
fn a_conversation_is_left_alone(it: &Move) -> Check {
    let talking = match &it.before.stage {
        Stage::Bridged { leg, .. } => Some(leg),
        Stage::Done { outcome: Outcome::Connected { rep, .. } } => {
            let on = |leg: &&Leg| leg.rep == *rep && leg.state == LegState::Joined;
            it.before.legs.iter().find(on).map(|leg| &leg.id)
        }
        _ => None,
    };
    let Some(leg) = talking else { return Ok(()) };
    let ends = match it.event {
        Event::CallerLeft | Event::CallEnded => true,
        Event::RepLeft { leg: gone } => gone == leg,
        _ => false,
    };
    if ends {
        let free = it.made.state.holds != it.before.holds || it.before.holds.is_empty();
        return ensure(free, || "a conversation ended, and the rep is still held".to_owned());
    }
    ensure(!hung_up(it).any(|gone| gone == leg), || format!("{:?} hangs up a conversation", it.event))?;
    let kept = matches!(it.made.state.stage, Stage::Bridged { .. } | Stage::Done { .. });
    ensure(kept, || format!("{:?} ends a conversation: {:?}", it.event, it.made.state.stage))
}

/// After the caller has gone there is a promise, a booking or a person who looks; and nothing is said to nobody.
fn who_left_is_gone(it: &Move) -> Check {
    let left = matches!(it.event, Event::CallerLeft | Event::CallEnded);
    let after = &it.made.state;
    ensure(!left || !after.live, || "the caller left and is still live".to_owned())?;
    let waits = matches!(
        after.stage,
        Stage::Ringing { .. }
            | Stage::Briefing { .. }
            | Stage::Joining { .. }
            | Stage::Bridged { .. }
            | Stage::Offering { .. }
    );
    ensure(after.live || !waits, || format!("nobody is on the line in stage {:?}", after.stage))?;
    let speaks = it.made.effects.iter().find_map(|planned| match &planned.effect {
        Effect::Instruct { instruction } => Some(instruction),
        _ => None,
    });
    ensure(after.live || speaks.is_none(), || format!("{speaks:?} is said to nobody"))
}

fn a_breach_needs_attention(it: &Move) -> Check {
    let Event::Timer { timer: Timer::Breach { .. } } = it.event else { return Ok(()) };
    let attended = matches!(it.made.state.stage, Stage::NeedsAttention { .. });
    ensure(attended, || format!("a broken promise ends in {:?}", it.made.state.stage))
}

fn turns(it: &Move) -> Check {
    let Some(turn) = &it.made.turn_moves else { return Ok(()) };
    let another = it.made.state.holds.iter().any(|hold| hold.rep != turn.to);
    ensure(!another, || "a move gives the lead to one rep and rings another".to_owned())?;
    ensure(turn.from == it.before.owner && turn.to == it.made.state.owner, || format!("{turn:?} is not the owner's"))
}

/// Stored and read back, it is the same value and the same bytes.
pub fn round_trips<T: serde::Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> Check {
    let bytes = serde_json::to_string(value).map_err(|error| error.to_string())?;
    let back: T = serde_json::from_str(&bytes).map_err(|error| format!("{error} in {bytes}"))?;
    ensure(back == *value, || format!("{bytes} reads back as {back:?}"))
}
