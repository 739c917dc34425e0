//! What holds in every state and for every move ([`super::INVARIANTS`]), looked at.

use super::super::*;
use super::hands::{calls_another, is_missed, taken_while_calling, untold_of_hands};
use super::happens::own_timers;
use super::side::{asked, conversation, current};
use crate::domain::id::RepId;
use crate::rules::model::set::Introduction;
use std::collections::BTreeSet;

/// One move, seen from outside.
pub(super) struct Seen<'a> {
    pub before: &'a Handoff,
    pub event: &'a Event,
    pub made: &'a Transition,
    pub rules: &'a RuleSet,
    pub now: DateTime<Utc>,
}

/// The invariant that does not hold, and how it shows.
pub(super) type Break = (&'static str, String);

/// The first of the invariants that a move breaks, and how.
pub(super) fn broken_by(it: &Seen<'_>, advance: Advance) -> Option<Break> {
    let checks: [(&'static str, Option<String>); 18] = [
        ("strays_only_hang_up", stray(it)),
        ("reserved_while_current", unreserved(it)),
        ("a_phone_is_rung_once", rung_twice(it)),
        ("a_conversation_is_left_alone", interrupted(it)),
        ("nobody_is_left_alone", left_alone(it)),
        ("one_end", second_end(it)),
        ("promises_are_kept_or_told", untold_promise(it)),
        ("who_has_the_lead_is_told", untold_of_hands(it)),
        ("nobody_takes_it_while_its_rep_calls", taken_while_calling(it)),
        ("the_clock_calls_for_who_owes", calls_another(it)),
        ("who_is_missed_is_called_back", is_missed(it)),
        ("who_asks_is_called_back", not_called_back(it)),
        ("the_agent_leaves", third_party(it)),
        ("the_caller_is_told", untold_caller(it)),
        ("somebody_is_next", nobody_next(it)),
        ("the_lead_is_dialled_for_one_who_accepted", dialled_alone(it)),
        ("a_call_ends_for_both", half_a_call(it)),
        ("a_timer_moves_it_on", stuck(it, advance)),
    ];
    checks.into_iter().find_map(|(name, broken)| Some((name, broken?)))
}

pub(super) type Advance = fn(&Handoff, &Event, &RuleSet, DateTime<Utc>) -> Transition;

impl Seen<'_> {
    pub(super) fn after(&self) -> &Handoff {
        &self.made.state
    }

    pub(super) fn plans(&self, is: impl Fn(&Effect) -> bool) -> bool {
        self.made.effects.iter().any(|planned| is(&planned.effect))
    }

    pub(super) fn tells(&self, rep: &RepId, about: BriefWhy) -> bool {
        self.plans(|effect| matches!(effect, Effect::Brief { rep: told, why, .. } if told == rep && *why == about))
    }

    fn says(&self) -> bool {
        self.plans(|effect| matches!(effect, Effect::Instruct { .. }))
    }

    fn hangs_up(&self, leg: &LegId) -> bool {
        self.plans(|effect| matches!(effect, Effect::HangUp { leg: gone, .. } if gone == leg))
    }
}

/// The leg that an event is about.
pub(super) fn leg_of(event: &Event) -> Option<&LegId> {
    match event {
        Event::Answered { leg }
        | Event::Machine { leg, .. }
        | Event::NoAnswer { leg, .. }
        | Event::Busy { leg, .. }
        | Event::Forwarded { leg, .. }
        | Event::WrongNumber { leg, .. }
        | Event::RingFailed { leg, .. }
        | Event::Accepted { leg }
        | Event::Declined { leg, .. }
        | Event::WhisperFailed { leg, .. }
        | Event::Joined { leg }
        | Event::JoinFailed { leg, .. }
        | Event::RepLeft { leg }
        | Event::Pressed { leg, .. }
        | Event::TalksOn { leg }
        | Event::LeadLeft { leg } => Some(leg),
        Event::Timer { timer } => match timer {
            Timer::RingBy { leg }
            | Timer::AcceptBy { leg }
            | Timer::JoinBy { leg }
            | Timer::SettledBy { leg }
            | Timer::IntroducedBy { leg }
            | Timer::DialBy { leg }
            | Timer::AnswerBy { leg, .. }
            | Timer::ReleaseBy { leg } => Some(leg),
            Timer::PatienceBy
            | Timer::OfferCallback
            | Timer::AddBy { .. }
            | Timer::SlotBy { .. }
            | Timer::SearchBy { .. }
            | Timer::BookBy { .. }
            | Timer::CallAt { .. }
            | Timer::CallAgain { .. }
            | Timer::Remind { .. }
            | Timer::Escalate { .. }
            | Timer::Sla { .. }
            | Timer::Breach { .. } => None,
        },
        Event::Start
        | Event::CallNow { .. }
        | Event::CallerLeft
        | Event::CallbackWanted
        | Event::Missed
        | Event::CallEnded
        | Event::SlotsFound { .. }
        | Event::SlotsUnknown { .. }
        | Event::SlotChosen { .. }
        | Event::SlotsDeclined
        | Event::Booked { .. }
        | Event::SlotTaken { .. }
        | Event::BookingFailed { .. }
        | Event::MoveWanted { .. }
        | Event::MeetingMoved { .. }
        | Event::MeetingNotMoved { .. }
        | Event::CalledOff { .. }
        | Event::ContactMade { .. }
        | Event::Texted { .. }
        | Event::Found(_)
        | Event::Completed(_)
        | Event::Reassigned(_)
        | Event::Closed { .. } => None,
    }
}

fn stray(it: &Seen<'_>) -> Option<String> {
    let leg = leg_of(it.event)?;
    // What is told of a lead's phone is about the call of the rep who dials.
    let about = leg.dialled_for().unwrap_or_else(|| leg.clone());
    let is_current = current(it.before).iter().any(|(current, _)| **current == about);
    let is_spoken_with = [conversation(it.before), asked(it.before)].contains(&Some(&about));
    if is_current || is_spoken_with || it.made.ignored {
        return None;
    }
    let (before, after) = (it.before, it.after());
    let hangs_up = it
        .made
        .effects
        .iter()
        .all(|planned| matches!(&planned.effect, Effect::HangUp { leg: gone, .. } if gone == leg));
    let same = before.stage == after.stage && before.legs == after.legs && before.holds == after.holds;
    (!hangs_up || !same).then(|| format!("{:?} of a leg that is not current led to {:?}", it.event, after.stage))
}

fn unreserved(it: &Seen<'_>) -> Option<String> {
    let after = it.after();
    let held: BTreeSet<&RepId> = after.holds.iter().map(|hold| &hold.rep).collect();
    let current: BTreeSet<&RepId> = current(after).into_iter().map(|(_, rep)| rep).collect();
    // Whoever talks on after the handoff is done is held for it.
    (held != current && !after.is_done() || after.live && after.is_done() && !current.is_subset(&held))
        .then(|| format!("held: {held:?}, on the phone: {current:?}"))
}

fn rung_twice(it: &Seen<'_>) -> Option<String> {
    // Whoever calls back is rung for that.
    let legs: Vec<_> = it.after().legs.iter().filter(|leg| leg.dialled.is_none()).collect();
    let phones: BTreeSet<(&RepId, u32)> = legs.iter().map(|leg| (&leg.rep, leg.endpoint)).collect();
    (phones.len() != legs.len()).then(|| format!("two legs of one phone: {legs:?}"))
}

fn interrupted(it: &Seen<'_>) -> Option<String> {
    let leg = conversation(it.before)?;
    let theirs = match it.event {
        Event::LeadLeft { leg: gone } => *gone == leg.of_lead(),
        Event::CallerLeft | Event::CallEnded | Event::Missed => true,
        Event::RepLeft { leg: gone } => gone == leg,
        // Whoever carries the call has it no more, or cannot be asked: nobody is hung up for that.
        Event::Timer { timer: Timer::ReleaseBy { leg: gone } } => {
            it.before.calling.as_ref() == Some(gone) && !it.hangs_up(leg)
        }
        _ => false,
    };
    let goes_on = conversation(it.after()) == Some(leg) && !it.hangs_up(leg);
    (!theirs && !goes_on).then(|| format!("{:?} ends a conversation", it.event))
}

fn left_alone(it: &Seen<'_>) -> Option<String> {
    let Event::RepLeft { leg } = it.event else { return None };
    let is_the_agents = matches!(&it.after().stage, Stage::Done { outcome: Outcome::LeftToAgent { .. } });
    let spoke = conversation(it.before) == Some(leg) && it.after().is_done() && it.before.live && !is_the_agents;
    let ended = it.plans(|effect| *effect == Effect::EndCall) && !it.after().live;
    (spoke && !ended).then(|| "the rep left, and the caller is still there".to_owned())
}

fn second_end(it: &Seen<'_>) -> Option<String> {
    let Stage::Done { outcome } = &it.before.stage else { return None };
    // Whoever has heard neither people nor the agent has come to no end.
    if *it.event == Event::Missed && matches!(outcome, Outcome::LeftToAgent { .. }) {
        return None;
    }
    let same = matches!(&it.after().stage, Stage::Done { outcome: after } if after == outcome);
    let promises = it.plans(|effect| matches!(effect, Effect::ConfirmToCaller { .. }));
    let is_taken_back = match (it.event, outcome) {
        (Event::Pressed { leg, key: '3' }, Outcome::Called { .. }) => asked(it.before) == Some(leg),
        _ => false,
    };
    if is_taken_back && !same {
        let is_owed = matches!(it.after().stage, Stage::Callback { .. } | Stage::NeedsAttention { .. });
        return (!is_owed).then(|| format!("nobody was reached, and it is {:?}", it.after().stage));
    }
    (!same || promises).then(|| format!("after {outcome:?} came {:?}", it.after().stage))
}

fn untold_promise(it: &Seen<'_>) -> Option<String> {
    let Stage::Callback { promise } = &it.before.stage else { return None };
    let brief = |about: BriefWhy| it.plans(|effect| matches!(effect, Effect::Brief { why, .. } if *why == about));
    let told = match &it.after().stage {
        Stage::Callback { promise: after } if after == promise => match it.event {
            Event::Timer { timer: Timer::Remind { .. } } => brief(BriefWhy::Reminder),
            Event::Timer { timer: Timer::Escalate { .. } } => brief(BriefWhy::Escalation),
            // It waits for the end of a call that is being made.
            Event::Timer { timer: Timer::Breach { .. } } => it.before.calling.is_some(),
            _ => true,
        },
        // The caller was told that time.
        Stage::Callback { promise: after } if after.promised_at == promise.promised_at => {
            it.tells(&after.owner, BriefWhy::Callback)
        }
        Stage::Callback { .. } => it.plans(|effect| matches!(effect, Effect::ConfirmToCaller { .. })),
        Stage::Done { .. } => true,
        Stage::NeedsAttention { .. } => {
            let published = |what: Topic| it.plans(|effect| *effect == Effect::Publish { topic: what });
            promise.promised_at <= it.now && brief(BriefWhy::NeedsAttention) && published(Topic::CallbackBreached)
        }
        _ => false,
    };
    (!told).then(|| format!("{:?} left a promise: {:?}", it.event, it.after().stage))
}

fn untold_caller(it: &Seen<'_>) -> Option<String> {
    let (before, after) = (it.before, it.after());
    if !after.live {
        return None;
    }
    let named = |handoff: &Handoff| current(handoff).first().map(|(_, rep)| (*rep).clone());
    let rings = |handoff: &Handoff| matches!(handoff.stage, Stage::Ringing { .. } | Stage::Briefing { .. });
    // Music plays on from phone to phone, until the two are about to be joined.
    let holds = rings(before) || it.plans(|effect| matches!(effect, Effect::Hold { .. }));
    let same = std::mem::discriminant(&before.stage) == std::mem::discriminant(&after.stage);
    let told = match &after.stage {
        Stage::Ringing { .. } | Stage::Briefing { .. } => holds && (named(before) == named(after) || it.says()),
        _ if same => true,
        Stage::Bridged { .. } | Stage::Searching { .. } | Stage::Offering { .. } | Stage::Callback { .. } => it.says(),
        Stage::Done { outcome: Outcome::Booked { .. } } => it.says(),
        Stage::Offered
        | Stage::Joining { .. }
        | Stage::Booking { .. }
        | Stage::Done { .. }
        | Stage::NeedsAttention { .. } => true,
    };
    (!told).then(|| format!("nobody tells the caller of {:?}", after.stage))
}

fn not_called_back(it: &Seen<'_>) -> Option<String> {
    if *it.event != Event::CallbackWanted {
        return None;
    }
    let before = it.before;
    let held = match &before.stage {
        Stage::Ringing { .. } | Stage::Briefing { .. } | Stage::Searching { .. } | Stage::Offering { .. } => {
            matches!(it.after().stage, Stage::Callback { .. }) && (it.says() || !before.live)
        }
        _ => it.after().stage == before.stage,
    };
    (!held).then(|| format!("who asked for a call back came to {:?}", it.after().stage))
}

fn third_party(it: &Seen<'_>) -> Option<String> {
    let leaves = it.plans(|effect| *effect == Effect::LeaveAgent);
    let is_introduced = it.before.terms.introduce == Introduction::Agent;
    let speak = |handoff: &Handoff| conversation(handoff).filter(|_| handoff.live).cloned();
    if let (None, Some(leg)) = (speak(it.before), speak(it.after())) {
        let timer = Timer::IntroducedBy { leg };
        let set = it.plans(|effect| *effect == Effect::Timer { timer: timer.clone() });
        return (set != is_introduced).then(|| "nothing ends what the agent says to the two".to_owned());
    }
    let due = match it.event {
        Event::Timer { timer: Timer::IntroducedBy { leg } } => speak(it.before).as_ref() == Some(leg),
        _ => false,
    };
    (leaves != due).then(|| format!("the agent is let go: {leaves}, at {:?} in {:?}", it.event, it.before.stage))
}

fn dialled_alone(it: &Seen<'_>) -> Option<String> {
    let dialled: Vec<&LegId> = it.made.effects.iter().filter_map(|planned| dials(&planned.effect)).collect();
    let accepted = |lead: &LegId| match it.event {
        Event::Accepted { leg } => {
            it.before.calling.as_ref() == Some(leg) && *lead == leg.of_lead() && !is_dialled(it.before, leg)
        }
        _ => false,
    };
    let right = dialled.len() < 2 && dialled.iter().all(|lead| accepted(lead));
    (!right).then(|| format!("{:?} dials {dialled:?}", it.event))
}

/// The lead's phone rings for whoever is on this leg, or has rung.
fn is_dialled(handoff: &Handoff, leg: &LegId) -> bool {
    let known = handoff.legs.iter().find(|known| known.id == *leg);
    known.and_then(|leg| leg.dialled.as_ref()).is_some_and(|lead| lead.state.is_some())
}

fn dials(effect: &Effect) -> Option<&LegId> {
    match effect {
        Effect::DialLead { leg } => Some(leg),
        _ => None,
    }
}

fn half_a_call(it: &Seen<'_>) -> Option<String> {
    let leg = it.before.calling.as_ref()?;
    let (lead, is_asked) = (leg.of_lead(), asked(it.before).is_some());
    // Whom the lead leaves is asked about it, and is hung up after that.
    let begins_to_be_asked = !is_asked && asked(it.after()).is_some();
    if it.after().calling.is_some() && !begins_to_be_asked {
        return None;
    }
    let says_down = |gone: &LegId| match it.event {
        Event::RepLeft { leg } | Event::LeadLeft { leg } => leg == gone,
        Event::NoAnswer { leg, .. } | Event::Busy { leg, .. } | Event::WrongNumber { leg, .. } => leg == gone,
        Event::Timer { timer: Timer::ReleaseBy { .. } } => it.before.is_done(),
        _ => false,
    };
    let down = |gone: &LegId| says_down(gone) || it.hangs_up(gone);
    let rep_is_told = begins_to_be_asked || down(leg);
    let both = rep_is_told && (is_asked || !is_dialled(it.before, leg) || down(&lead));
    (!both).then(|| format!("{:?} leaves somebody on the line", it.event))
}

fn nobody_next(it: &Seen<'_>) -> Option<String> {
    let next = it.after().next_step();
    let here = it.rules.reps.get(&next.owner).is_some_and(|rep| rep.active);
    let in_time = next.at - it.now < TimeDelta::days(3);
    (!here || !in_time).then(|| format!("the next step is {next:?}"))
}

fn stuck(it: &Seen<'_>, advance: Advance) -> Option<String> {
    let (before, after) = (it.before, it.after());
    // Several phones have a timer each, and the stage's is the last.
    let rings = matches!(after.stage, Stage::Ringing { .. } | Stage::Briefing { .. });
    let each_has_one = rings || after.calling.is_some();
    let waits_as_before = each_has_one || before.moves_on_by == after.moves_on_by;
    let earlier = own_timers(before);
    own_timers(after).into_iter().find_map(|own| {
        let set = it.made.effects.iter().any(|planned| {
            let in_time = planned.run_at <= after.moves_on_by || each_has_one;
            in_time && planned.effect == Effect::Timer { timer: own.clone() }
        });
        let at = after.moves_on_by.max(it.now);
        let moves_on = !advance(after, &Event::Timer { timer: own.clone() }, it.rules, at).ignored;
        let waits = set || waits_as_before && earlier.contains(&own);
        (!waits || !moves_on).then(|| format!("{own:?} is not set, or does not end {:?}", after.stage))
    })
}
