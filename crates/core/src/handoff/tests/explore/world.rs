//! The small world: what a state of it is, and what each state may become.

use super::super::*;
use super::happens::{happens, instants};
use super::held::{Advance, Break, Seen, broken_by};
use super::side::{Line, Side, canonical, current, is_past_phones, is_past_transfer, later_on, timeless};
use crate::domain::id::RepId;
use crate::rules::model::set::{Introduction, RingPlan};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

const REPS: [&str; 3] = ["ben", "cy", "fay"];
/// Seconds after the callers began to wait; at each of them everything can happen. Their patience is spent at the thirtieth.
const INSTANTS: [i64; 8] = [0, 10, 20, 30, 45, 60, 75, 90];
/// Where several phones ring, there is more that can happen at each.
const INSTANTS_OF_SEVERAL: [i64; 5] = [0, 12, 35, 60, 90];
const INSTANTS_OF_TWO: [i64; 3] = [0, 20, 35];
const INSTANTS_OF_TWO_AND_SEVERAL: [i64; 2] = [0, 35];
/// A killed worker's steps come back within this.
const LATE: TimeDelta = TimeDelta::seconds(30);
/// A lead that could meet nobody on a phone any more, where two are followed.
const PAST: u32 = u32::MAX;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    pub now: DateTime<Utc>,
    pub sides: Vec<Side>,
    /// Of each rep: for whom the phone is held, and until when.
    held: Vec<Option<(usize, DateTime<Utc>)>>,
}

/// What led from one state to the next.
pub(super) enum Step {
    Told { side: usize, made: Rc<Made> },
    Line { side: usize, leg: usize, becomes: Line },
    Later,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told { side, made } => write!(f, "caller {side} is told {:?}", made.event),
            Self::Line { side, leg, becomes } => write!(f, "leg {leg} of caller {side} is {becomes:?}"),
            Self::Later => f.write_str("time passes"),
        }
    }
}

/// An event that changed something.
pub(super) struct Made {
    pub event: Event,
    after: u32,
    /// Legs that a step is to hang up, by place.
    hangs_up: Vec<usize>,
    pub broken: Option<Break>,
}

type Moves = Rc<Vec<Rc<Made>>>;
/// A handoff with its phones, at an instant.
type At = (u32, Vec<(usize, Line)>, DateTime<Utc>);
/// What a state may become.
type Ways = Vec<(Step, Node)>;

pub(super) struct World {
    pub rules: RuleSet,
    advance: Advance,
    begun: Handoff,
    callers: usize,
    /// What may happen beside what happens everywhere.
    also: fn(&Handoff) -> Vec<Event>,
    met: Vec<Handoff>,
    ids: BTreeMap<String, u32>,
    moves: BTreeMap<At, Moves>,
}

impl World {
    pub(super) fn of(callers: usize, plan: RingPlan, advance: Advance) -> Self {
        let mut world = scenario().pool("west", &REPS).serves("west", "West");
        let terms = &mut world.rules.handoff;
        terms.ring = plan;
        (terms.offer_callback, terms.introduce) = (Some(Duration::from_secs(10)), Introduction::Agent);
        let seconds = Duration::from_secs;
        (terms.ring_timeout, terms.accept_within, terms.join_within) = (seconds(10), seconds(10), seconds(10));
        (terms.patience, terms.booking.answer_within) = (seconds(30), seconds(10));
        let begun = Handoff::begin(&world.lead, &world.decide(), &world.rules);
        let (met, ids, moves) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Self { rules: world.rules, advance, begun, callers, also: |_| Vec::new(), met, ids, moves }
    }

    /// It begins otherwise, and more may happen.
    pub(super) fn otherwise(mut self, change: impl FnOnce(&mut Handoff), also: fn(&Handoff) -> Vec<Event>) -> Self {
        change(&mut self.begun);
        self.also = also;
        self
    }

    /// The first rep can be rung on a second phone.
    pub(super) fn with_two_phones(mut self) -> Self {
        let phones = self.rules.reps.get_mut(&rep_id(REPS[0])).map(|rep| &mut rep.phones);
        if let Some(phones) = phones {
            phones.extend(phones.clone());
        }
        self
    }

    pub(super) fn begin(&mut self) -> Node {
        let handoff = self.known(&self.begun.clone(), self.begun.decided_at);
        let sides = vec![Side { handoff, lines: Vec::new() }; self.callers];
        Node { now: self.begun.decided_at, sides, held: vec![None; REPS.len()] }
    }

    /// The number of a handoff, one for all that are the same.
    fn known(&mut self, handoff: &Handoff, now: DateTime<Utc>) -> u32 {
        if self.callers > 1 && is_past_phones(handoff) {
            return PAST;
        }
        let same = if self.callers > 1 { timeless(handoff, now) } else { canonical(handoff, now) };
        let text = told_apart_by(&same);
        let next = u32::try_from(self.met.len()).expect("a small world");
        *self.ids.entry(text).or_insert_with(|| {
            self.met.push(same);
            next
        })
    }

    pub(super) fn handoff(&self, side: &Side) -> Option<&Handoff> {
        self.met.get(side.handoff as usize)
    }

    /// Every handoff that was met, with each instant at which it was.
    pub(super) fn met(&self) -> impl Iterator<Item = (&Handoff, DateTime<Utc>)> {
        let met = self.moves.keys().map(|(id, _, now)| (id, *now));
        met.filter_map(|(id, now)| Some((self.met.get(*id as usize)?, now)))
    }

    /// What holds of a state, whatever led to it.
    pub(super) fn broken_in(&self, node: &Node) -> Option<Break> {
        let mut taken: BTreeMap<&RepId, usize> = BTreeMap::new();
        for (side, of) in node.sides.iter().enumerate() {
            for (_, rep) in self.handoff(of).into_iter().flat_map(current) {
                if taken.insert(rep, side).is_some() {
                    return Some(("one_phone_one_lead", format!("{rep} has two current legs")));
                }
                if !matches!(node.held[place(rep)], Some((by, _)) if by == side) {
                    return Some(("reserved_while_current", format!("{rep} is on the phone of caller {side}, unheld")));
                }
            }
        }
        None
    }

    pub(super) fn next(&mut self, node: &Node) -> Result<Ways, (Step, Break)> {
        let mut all = Vec::new();
        for side in 0..node.sides.len() {
            self.lines(node, side, &mut all)?;
            if node.sides[side].handoff != PAST {
                for made in self.moves(&node.sides[side], node.now).iter() {
                    let Some((made, next)) = self.told(node, side, made) else { continue };
                    let step = Step::Told { side, made: Rc::clone(&made) };
                    if let Some(broken) = &made.broken {
                        return Err((step, broken.clone()));
                    }
                    all.push((step, next));
                }
            }
        }
        all.extend(self.later(node).map(|next| (Step::Later, next)));
        for (_, next) in &mut all {
            in_order(next);
        }
        Ok(all)
    }

    /// What may happen to a handoff at an instant; of events that change the same, one.
    fn moves(&mut self, side: &Side, now: DateTime<Utc>) -> Moves {
        let key = (side.handoff, side.lines.clone(), now);
        if let Some(known) = self.moves.get(&key) {
            return Rc::clone(known);
        }
        let before = self.met[side.handoff as usize].clone();
        let mut moves: Vec<Rc<Made>> = Vec::new();
        for event in happens(&before, &side.lines, now).into_iter().chain((self.also)(&before)) {
            let Some(made) = self.make(&before, event, now) else { continue };
            let same = |known: &Rc<Made>| known.after == made.after && known.hangs_up == made.hangs_up;
            if made.broken.is_some() || !moves.iter().any(same) {
                moves.push(Rc::new(made));
            }
        }
        let moves: Moves = Rc::new(moves);
        self.moves.insert(key, Rc::clone(&moves));
        moves
    }

    fn make(&mut self, before: &Handoff, event: Event, now: DateTime<Utc>) -> Option<Made> {
        let made = (self.advance)(before, &event, &self.rules, now);
        // Of timers it is asked whether they may be ignored.
        if made.ignored && made.state == *before && !matches!(event, Event::Timer { .. }) {
            return None;
        }
        let seen = Seen { before, event: &event, made: &made, rules: &self.rules, now };
        let broken = broken_by(&seen, self.advance);
        if made.ignored && broken.is_none() {
            return None;
        }
        let hung_up = made.effects.iter().filter_map(|planned| match &planned.effect {
            Effect::HangUp { leg, .. } => made.state.legs.iter().position(|known| known.id == *leg),
            _ => None,
        });
        let hangs_up = hung_up.collect();
        let after = self.known(&made.state, now);
        Some(Made { event, after, hangs_up, broken })
    }

    /// As the store does it: who is held for another lead is passed over. `None`: without them the event changes nothing.
    fn told(&mut self, node: &Node, side: usize, made: &Rc<Made>) -> Option<(Rc<Made>, Node)> {
        let mut from = self.met[node.sides[side].handoff as usize].clone();
        let mut made = Rc::clone(made);
        while let Some(rep) = self.not_to_be_had(node, side, &made) {
            from.refused.push(rep);
            made = Rc::new(self.make(&from, made.event.clone(), node.now)?);
        }
        let next = self.stored(node, side, &made);
        Some((made, next))
    }

    /// Reservations that are new, or longer.
    fn wanted(&self, node: &Node, side: usize, made: &Made) -> Vec<(RepId, DateTime<Utc>)> {
        let Some(after) = self.met.get(made.after as usize) else { return Vec::new() };
        let before = self.handoff(&node.sides[side]).map_or(&[][..], |before| &before.holds);
        let new = after.holds.iter().filter(|hold| !before.contains(hold));
        new.map(|hold| (hold.rep.clone(), hold.until)).collect()
    }

    fn not_to_be_had(&self, node: &Node, side: usize, made: &Made) -> Option<RepId> {
        let wanted = self.wanted(node, side, made).into_iter();
        let is_anothers = |rep: &RepId| matches!(node.held[place(rep)], Some((by, _)) if by != side);
        wanted.map(|(rep, _)| rep).find(is_anothers)
    }

    fn stored(&self, node: &Node, side: usize, made: &Made) -> Node {
        let mut next = node.clone();
        let before = self.handoff(&node.sides[side]).expect("it is told something");
        let after = self.met.get(made.after as usize);
        let of = &mut next.sides[side];
        of.handoff = made.after;
        if let Some(after) = after.filter(|after| self.callers == 1 && is_past_transfer(after)) {
            of.lines.truncate(after.legs.len());
            next.now = later_on(after);
        }
        for leg in after.into_iter().flat_map(|after| &after.legs).skip(of.lines.len()) {
            of.lines.push((place(&leg.rep), Line::Asked));
        }
        for leg in &made.hangs_up {
            let Some((_, line)) = of.lines.get_mut(*leg) else { continue };
            *line = match *line {
                Line::Asked => Line::Never,
                Line::Up => Line::ToBeHungUp,
                other => other,
            };
        }
        for (leg, (_, line)) in of.lines.iter_mut().enumerate() {
            let rings = after.is_some_and(|after| after.is_ringing(&after.legs[leg].id));
            if *line == Line::Asked && !rings {
                *line = Line::Never;
            } else if *line == Line::Up && after.is_none() {
                *line = Line::Down; // the call is over, and takes its phones along
            }
            let is_given_up = after.is_none_or(|after| after.legs[leg].state.is_given_up());
            match *line {
                // Of a phone that was given up one caller is told anything at any time; two are not, but it must be hung up.
                Line::Never | Line::ToBeHungUp if self.callers == 1 => *line = Line::Down,
                Line::Down if self.callers > 1 && is_given_up => *line = Line::Never,
                _ => {}
            }
        }
        let kept = after.map_or(&[][..], |after| &after.holds);
        for hold in before.holds.iter().filter(|hold| !kept.iter().any(|kept| kept.rep == hold.rep)) {
            let hung_up = |leg: &usize| before.legs.get(*leg).is_some_and(|leg| leg.rep == hold.rep);
            let is_ours = matches!(next.held[place(&hold.rep)], Some((by, _)) if by == side);
            if is_ours && !made.hangs_up.iter().any(hung_up) {
                next.held[place(&hold.rep)] = None;
            }
        }
        for (rep, until) in self.wanted(node, side, made) {
            next.held[place(&rep)] = Some((side, until));
        }
        next
    }

    /// What steps and phones do by themselves.
    fn lines(&self, node: &Node, side: usize, all: &mut Ways) -> Result<(), (Step, Break)> {
        for (leg, (rep, line)) in node.sides[side].lines.iter().enumerate() {
            let becomes = match line {
                Line::Asked => Line::Up,
                Line::Up | Line::ToBeHungUp => Line::Down,
                Line::Down | Line::Never => continue,
            };
            let mut next = node.clone();
            let is_over = self.callers > 1 && *line == Line::ToBeHungUp;
            next.sides[side].lines[leg].1 = if is_over { Line::Never } else { becomes };
            if *line == Line::ToBeHungUp {
                // It was held until it was hung up.
                next.held[*rep] = next.held[*rep].filter(|(by, _)| *by != side);
            }
            let step = Step::Line { side, leg, becomes };
            if becomes == Line::Up && is_up_for_another(node, side, *rep) {
                return Err((step, ("one_phone_one_lead", "a phone is rung that is up for another lead".to_owned())));
            }
            all.push((step, next));
        }
        Ok(())
    }

    /// Until the next instant.
    fn later(&self, node: &Node) -> Option<Node> {
        let begun = self.begun.decided_at;
        let now = match node.sides.as_slice() {
            [only] => self.later_for(self.handoff(only)?, node.now)?,
            _ => {
                let one_by_one = self.begun.terms.ring == RingPlan::OneByOne;
                let instants = if one_by_one { &INSTANTS_OF_TWO[..] } else { &INSTANTS_OF_TWO_AND_SEVERAL };
                instants.iter().map(|s| begun + TimeDelta::seconds(*s)).find(|at| *at > node.now)?
            }
        };
        let mut next = node.clone();
        next.now = now;
        for hold in &mut next.held {
            hold.take_if(|(_, until)| *until <= now);
        }
        Some(next)
    }

    /// Not while a timer would then be later than a worker's death can make it. A promise is followed to its time.
    fn later_for(&self, handoff: &Handoff, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let begun = self.begun.decided_at;
        let by = match &handoff.stage {
            // A call is over before anybody looks at the clock.
            Stage::Callback { .. } if handoff.calling.is_some() => return None,
            Stage::Callback { promise } => return instants(handoff, promise).into_iter().find(|at| *at > now),
            Stage::Done { .. } | Stage::NeedsAttention { .. } => return None,
            Stage::Searching { .. } | Stage::Offering { .. } | Stage::Booking { .. } => {
                return Some(handoff.moves_on_by).filter(|at| *at > now);
            }
            Stage::Offered => begun + LATE,
            Stage::Ringing { .. } | Stage::Briefing { .. } | Stage::Joining { .. } | Stage::Bridged { .. } => {
                handoff.moves_on_by + LATE
            }
        };
        let instants: &[i64] = match handoff.terms.ring {
            RingPlan::OneByOne => &INSTANTS,
            RingPlan::AtOnce(_) | RingPlan::AddEvery(_) => &INSTANTS_OF_SEVERAL,
        };
        instants.iter().map(|s| begun + TimeDelta::seconds(*s)).find(|at| *at > now && *at <= by)
    }
}

/// What the states of the world differ in: of one caller all else stays.
fn told_apart_by(state: &Handoff) -> String {
    let Handoff { stage, live, owner, turn_in, rungs, next_target, refused, legs, calling, holds, .. } = state;
    let Handoff { moves_on_by, searches, booking_attempts, taken_slots, first_contact_at, .. } = state;
    let Handoff { waits_in, let_lie, steps_from, .. } = state;
    let (phones, hands) = ((next_target, refused, legs, calling, holds), (waits_in, let_lie, steps_from));
    let times = (moves_on_by, searches, booking_attempts, taken_slots, first_contact_at);
    serde_json::to_string(&(stage, live, owner, turn_in, rungs, phones, times, hands)).expect("a handoff is JSON")
}

fn is_up_for_another(node: &Node, side: usize, rep: usize) -> bool {
    let is_up = |(whose, line): &(usize, Line)| *whose == rep && matches!(line, Line::Up | Line::ToBeHungUp);
    let mut others = node.sides.iter().enumerate().filter(|(other, _)| *other != side);
    others.any(|(_, of)| of.lines.iter().any(is_up))
}

fn place(rep: &RepId) -> usize {
    REPS.iter().position(|name| *name == rep.as_str()).expect("a rep of the small world")
}

/// Two callers who are in each other's place are the same two.
fn in_order(node: &mut Node) {
    let [first, second] = node.sides.as_slice() else { return };
    if second < first {
        node.sides.swap(0, 1);
        for hold in node.held.iter_mut().flatten() {
            hold.0 = 1 - hold.0;
        }
    }
}
