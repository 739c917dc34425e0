//! Some callers at once, from the first ring to the last word: how each handoff is moved, stored and carried out, and what must
//! hold meanwhile.

use super::super::super::*;
use super::super::held::{Advance, Break, Seen, broken_by};
use super::super::side::{conversation, current};
use super::chance::Chance;
use super::phones::{Act, Phone};
use crate::domain::effect::{Comfort, Planned};
use crate::domain::id::RepId;
use crate::rules::model::set::{CallbackDial, Introduction, RingPlan, Rung, SlaStep};
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const REPS: [&str; 5] = ["ben", "cy", "fay", "dee", "eve"];
/// A handoff that is moved more often than this does not come to an end.
const MOVES: usize = 400;
/// No caller is without music, words or a person for longer.
const SILENCE_AT_MOST: TimeDelta = TimeDelta::seconds(3);
/// A dead worker's steps come back within this: `handoff::advance` reserves phones for five seconds more.
const DEAD_AT_MOST: u64 = 25;

/// What was written, and the handoff that comes of it.
pub(super) struct Terms {
    rules: RuleSet,
    begun: Handoff,
}

impl Terms {
    /// With this ring plan, or any. What is there or is not goes by the number of the way.
    pub(super) fn of(way: u64, plan: Option<RingPlan>) -> Self {
        let chance = &mut Chance::of(way);
        let reps = 3 + chance.below(3) as usize;
        let mut world = scenario().pool("west", &REPS[..reps]).serves("west", "West");
        let mut seconds = |from: u64, to: u64| Duration::from_secs(from + chance.below(to - from + 1));
        let terms = &mut world.rules.handoff;
        (terms.ring_timeout, terms.accept_within) = (seconds(8, 20), seconds(6, 15));
        (terms.join_within, terms.patience) = (seconds(5, 10), seconds(25, 60));
        terms.booking.answer_within = seconds(8, 30);
        let every = seconds(3, 8);
        let plans = [RingPlan::OneByOne, RingPlan::AtOnce(2), RingPlan::AtOnce(3), RingPlan::AddEvery(every)];
        terms.ring = plan.unwrap_or(plans[chance.below(4) as usize]);
        terms.ring_at_most = 2 + chance.below(3) as u32;
        terms.hold = if chance.percent(70) { Comfort::Music } else { Comfort::Agent };
        terms.introduce = if chance.percent(50) { Introduction::Agent } else { Introduction::None };
        terms.offer_callback = chance.percent(70).then(|| Duration::from_secs(5 + chance.below(15)));
        let step = |minutes: u64, act| SlaStep { after: Duration::from_secs(60 * minutes), act };
        let steps = [step(5, SlaAct::Remind), step(15, SlaAct::Escalate), step(30, SlaAct::Reassign)];
        terms.callback.steps = if way % 3 == 1 { steps.into() } else { Vec::new() };
        terms.callback.dial = if way % 5 == 2 { CallbackDial::AtTheTime } else { CallbackDial::ByButton };
        if way % 7 < 3 {
            world.rules.reps.values_mut().for_each(|rep| rep.phones.extend_from_within(..));
        }
        let mut begun = Handoff::begin(&world.lead, &world.decide(), &world.rules);
        if way % 4 == 3 {
            begun.rungs = vec![Rung::WarmTransfer, Rung::Agent, Rung::Callback];
        } else if chance.percent(40) {
            begun.rungs = vec![Rung::WarmTransfer, Rung::Callback];
        }
        Self { rules: world.rules, begun }
    }
}

/// What is due at an instant.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// A worker is told of something.
    Told(usize, Event),
    /// A worker carries out a step, unless its time is over.
    Step(usize, Effect, DateTime<Utc>),
    Phone(usize, LegId, Act),
    Leaves(usize),
}

/// One caller.
pub(super) struct Life {
    pub state: Handoff,
    pub phones: BTreeMap<LegId, Phone>,
    /// Whatever we were told.
    pub is_on_the_line: bool,
    /// Music, words or a person are heard, or are about to be.
    hears_something: bool,
    published: BTreeMap<&'static str, u32>,
    moves: usize,
}

/// How it went, where nothing broke.
pub(super) struct Ended {
    pub moves: usize,
    pub ends: Vec<&'static str>,
}

pub(super) struct Day<'t> {
    pub chance: Chance,
    pub now: DateTime<Utc>,
    pub lives: Vec<Life>,
    terms: &'t Terms,
    advance: Advance,
    due: BTreeMap<(DateTime<Utc>, u32), Item>,
    items: u32,
    /// For which caller each phone is held, and until when.
    held: BTreeMap<RepId, (usize, DateTime<Utc>)>,
    /// When no worker was there.
    dead: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    /// If it is to be told.
    story: Option<Vec<String>>,
}

impl<'t> Day<'t> {
    pub(super) fn of(terms: &'t Terms, number: u64, advance: Advance) -> Self {
        let mut chance = Chance::of(number ^ 0x5EED);
        let (state, now) = (&terms.begun, terms.begun.decided_at);
        let life = || Life {
            state: state.clone(),
            phones: BTreeMap::new(),
            is_on_the_line: true,
            hears_something: true,
            published: BTreeMap::new(),
            moves: 0,
        };
        let lives: Vec<Life> = (0..1 + chance.below(4)).map(|_| life()).collect();
        let mut dead = Vec::new();
        if chance.percent(40) {
            let from = now + chance.seconds(0, 100);
            dead.push((from, from + chance.seconds(1, DEAD_AT_MOST)));
        }
        let (due, held) = (BTreeMap::new(), BTreeMap::new());
        let mut day = Self { chance, now, lives, terms, advance, due, items: 0, held, dead, story: None };
        for life in 0..day.lives.len() {
            let start = day.chance.ms(0, 3000);
            day.happens_at(start, Item::Told(life, Event::Start));
            if day.chance.percent(30) {
                let leaves = day.chance.seconds(2, 90);
                day.happens_at(leaves, Item::Leaves(life));
            }
            if day.chance.percent(10) {
                let presses = day.chance.seconds(3, 60);
                day.happens_at(presses, Item::Told(life, Event::CallbackWanted));
            }
        }
        day
    }

    pub(super) fn telling(mut self) -> Self {
        self.story = Some(Vec::new());
        self
    }

    /// To what broke.
    pub(super) fn story(mut self) -> Vec<String> {
        let _broken = self.passes();
        self.story.unwrap_or_default()
    }

    pub(super) fn run(mut self) -> Result<Ended, Break> {
        self.passes()?;
        let ends = self.lives.iter().map(has_ended).collect::<Result<_, Break>>()?;
        Ok(Ended { moves: self.lives.iter().map(|life| life.moves).sum(), ends })
    }

    fn passes(&mut self) -> Result<(), Break> {
        while let Some(((at, _), item)) = self.due.pop_first() {
            self.now = at;
            if let Some(story) = &mut self.story {
                story.push(format!("{} {item:?}", at.format("%T%.3f")));
            }
            match item {
                Item::Told(life, event) => self.is_told(life, &event)?,
                Item::Step(life, effect, until) if at <= until => self.does(life, &effect)?,
                Item::Step(..) => {}
                Item::Phone(life, leg, act) => self.acts(life, &leg, act),
                Item::Leaves(life) => self.leaves(life),
            }
        }
        Ok(())
    }

    /// At the front door nobody may have been there for them, whoever has the call.
    fn leaves(&mut self, life: usize) {
        let state = &self.lives[life].state;
        let has_met_nobody = state.rungs.contains(&Rung::Agent) && state.first_contact_at.is_none();
        let told = if has_met_nobody && self.chance.percent(50) { Event::Missed } else { Event::CallerLeft };
        self.caller_is_gone(life, told);
    }

    /// What a worker is to do waits for one that lives.
    pub(super) fn put(&mut self, at: DateTime<Utc>, item: Item) {
        let of_worker = matches!(item, Item::Told(..) | Item::Step(..));
        let dead = self.dead.iter().find(|(from, until)| of_worker && (*from..*until).contains(&at));
        let at = match dead.copied() {
            Some((_, until)) => until + self.chance.ms(0, 500),
            None => at,
        };
        self.items += 1;
        self.due.insert((at.max(self.now), self.items), item);
    }

    fn is_told(&mut self, life: usize, event: &Event) -> Result<(), Break> {
        self.lives[life].moves += 1;
        if self.lives[life].moves > MOVES {
            return Err(("every_way_ends", format!("{MOVES} moves, and it is {:?}", self.lives[life].state.stage)));
        }
        let (before, made) = self.moved(life, event);
        if made.ignored {
            return Ok(());
        }
        let rules = &self.terms.rules;
        if let Some(broken) =
            broken_by(&Seen { before: &before, event, made: &made, rules, now: self.now }, self.advance)
        {
            return Err(broken);
        }
        self.is_stored(life, &before, &made);
        self.meets_nobody(life)?;
        self.hears(life, &before, &made)?;
        let is_new_promise = |stage: &Stage| matches!(stage, Stage::Callback { .. });
        if is_new_promise(&made.state.stage) && !is_new_promise(&before.stage) {
            self.may_be_kept(life);
        }
        if made.state.is_waiting() && !before.is_waiting() {
            self.may_be_found(life);
        }
        for planned in made.effects {
            self.plans(life, planned);
        }
        // Whoever moved it died before it was known to be done.
        if self.chance.percent(3) {
            let again = self.chance.seconds(0, DEAD_AT_MOST);
            self.happens_at(again, Item::Told(life, event.clone()));
        }
        Ok(())
    }

    /// As the store does it: who is held for another lead is passed over.
    fn moved(&self, life: usize, event: &Event) -> (Handoff, Transition) {
        let mut before = self.lives[life].state.clone();
        loop {
            let made = (self.advance)(&before, event, &self.terms.rules, self.now);
            let mut wanted = made.state.holds.iter().filter(|hold| !before.holds.contains(hold));
            match wanted.find(|hold| self.is_anothers(life, &hold.rep)).map(|hold| hold.rep.clone()) {
                Some(rep) => before.refused.push(rep),
                None => return (before, made),
            }
        }
    }

    fn is_anothers(&self, life: usize, rep: &RepId) -> bool {
        self.held.get(rep).is_some_and(|(by, until)| *by != life && *until > self.now)
    }

    /// Of a phone that is to be hung up the reservation lasts until it is.
    fn is_stored(&mut self, life: usize, before: &Handoff, made: &Transition) {
        let after = &made.state;
        let hangs_up = |rep: &RepId| {
            made.effects.iter().any(|planned| match &planned.effect {
                Effect::HangUp { leg, .. } => after.legs.iter().any(|known| known.id == *leg && known.rep == *rep),
                _ => false,
            })
        };
        let kept: BTreeSet<&RepId> = after.holds.iter().map(|hold| &hold.rep).collect();
        for hold in before.holds.iter().filter(|hold| !kept.contains(&hold.rep) && !hangs_up(&hold.rep)) {
            self.is_free(life, &hold.rep);
        }
        for hold in &after.holds {
            self.held.insert(hold.rep.clone(), (life, hold.until));
        }
        self.lives[life].state = after.clone();
    }

    pub(super) fn is_free(&mut self, life: usize, rep: &RepId) {
        if self.held.get(rep).is_some_and(|(by, _)| *by == life) {
            self.held.remove(rep);
        }
    }

    fn meets_nobody(&self, life: usize) -> Result<(), Break> {
        for (_, rep) in current(&self.lives[life].state) {
            let others = self.lives.iter().enumerate().filter(|(other, _)| *other != life);
            let mut theirs = others.flat_map(|(_, other)| current(&other.state));
            if theirs.any(|(_, other)| other == rep) {
                return Err(("one_phone_one_lead", format!("{rep} has current legs of two leads")));
            }
        }
        Ok(())
    }

    /// Silence that nobody means to end: whoever is cut off from a rep hears music, the agent or our words at once.
    fn hears(&mut self, life: usize, before: &Handoff, made: &Transition) -> Result<(), Break> {
        let of = &mut self.lives[life];
        let speaks = |stage: &Stage| matches!(stage, Stage::Joining { .. } | Stage::Bridged { .. });
        let soon = |planned: &&Planned| planned.run_at <= self.now + SILENCE_AT_MOST;
        let ends_silence = |planned: &Planned| match &planned.effect {
            Effect::Hold { .. } => true,
            // The agent is back with the caller.
            Effect::Instruct { instruction } => !matches!(
                instruction,
                Instruction::Hold { .. } | Instruction::HoldOn { .. } | Instruction::Connected { .. }
            ),
            _ => false,
        };
        let is_cut_off = speaks(&before.stage) && !speaks(&made.state.stage) && conversation(&made.state).is_none();
        of.hears_something &= !is_cut_off;
        // At the front door it is rung as soon as nobody of ours has them, and they hear that.
        of.hears_something |= matches!(made.state.stage, Stage::Done { outcome: Outcome::LeftToAgent { .. } });
        of.hears_something |= speaks(&made.state.stage) || made.effects.iter().filter(soon).any(ends_silence);
        match of.hears_something || !made.state.live {
            true => Ok(()),
            false => Err(("the_caller_is_told", format!("nobody is heard in {:?}", made.state.stage))),
        }
    }

    /// By somebody who can take it, sooner or later, or by nobody.
    fn may_be_found(&mut self, life: usize) {
        let Handoff { targets, let_lie, .. } = &self.lives[life].state;
        let others: Vec<&RepId> =
            targets.iter().map(|target| &target.rep).filter(|rep| !let_lie.contains(rep)).collect();
        let chosen = self.chance.below(others.len().max(1) as u64) as usize;
        let Some(rep) = others.get(chosen).map(|rep| (*rep).clone()) else { return };
        if self.chance.percent(70) {
            let at = self.now + self.chance.seconds(5, 3600);
            self.put(at, Item::Told(life, Event::Found(NewOwner::new(rep, "is free"))));
        }
    }

    /// Before its time, after it, or never.
    fn may_be_kept(&mut self, life: usize) {
        let Stage::Callback { promise } = &self.lives[life].state.stage else { return };
        let (rep, latest) = (promise.owner.clone(), (promise.promised_at - self.now).num_seconds().max(60) as u64);
        let at = self.now + self.chance.seconds(30, latest + 600);
        match self.chance.below(100) {
            0..40 => self.put(at, Item::Told(life, Event::ContactMade { rep, at })),
            40..75 => self.put(at, Item::Told(life, Event::CallNow { rep, by: "somebody".to_owned() })),
            _ => {}
        }
    }

    fn plans(&mut self, life: usize, planned: Planned) {
        let Planned { effect, run_at, deadline_at, .. } = planned;
        match effect {
            Effect::Timer { timer } => {
                let event = Event::Timer { timer };
                if self.chance.percent(3) {
                    let again = run_at + self.chance.seconds(0, DEAD_AT_MOST);
                    self.put(again, Item::Told(life, event.clone()));
                }
                self.put(run_at, Item::Told(life, event));
            }
            Effect::WriteCrm { .. } | Effect::Brief { .. } | Effect::UpdateCard { .. } | Effect::ReadOwner => {}
            Effect::ConfirmToCaller { .. } | Effect::Hold { .. } => {}
            Effect::Publish { topic } => *self.lives[life].published.entry(topic.as_str()).or_default() += 1,
            effect => {
                let at = run_at + self.chance.ms(5, 300);
                self.put(at, Item::Step(life, effect, deadline_at));
            }
        }
    }
}

/// In exactly one way; what was published says the same.
fn has_ended(life: &Life) -> Result<&'static str, Break> {
    let end = match &life.state.stage {
        Stage::Done { outcome: Outcome::Connected { .. } } => "connected",
        Stage::Done { outcome: Outcome::Booked { .. } } => "booked",
        Stage::Done { outcome: Outcome::Called { .. } } => "called",
        Stage::Done { outcome: Outcome::LeftToAgent { .. } } => "left_to_agent",
        Stage::Done { outcome: Outcome::CalledOff { .. } } => "called_off",
        Stage::NeedsAttention { .. } => "needs_attention",
        stage => return Err(("every_way_ends", format!("nothing is to come any more, and it is {stage:?}"))),
    };
    for (topic, of) in [(Topic::HandoffConnected, "connected"), (Topic::MeetingBooked, "booked")] {
        let times = life.published.get(topic.as_str()).copied().unwrap_or(0);
        if times != u32::from(end == of) {
            return Err(("one_end", format!("it ended {end}, and {} was published {times} times", topic.as_str())));
        }
    }
    Ok(end)
}
