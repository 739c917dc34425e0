//! Who has a lead, and who is told: when it changes hands, when the clock calls, and when the agent never came.

use super::super::*;
use super::held::Seen;
use crate::domain::id::RepId;

/// The new rep, and whoever would call as well.
pub(super) fn untold_of_hands(it: &Seen<'_>) -> Option<String> {
    let (Event::Found(to) | Event::Reassigned(to)) = it.event else { return None };
    if it.made.ignored || it.before.is_done() {
        return None;
    }
    let relieved: Vec<RepId> = match it.event {
        Event::Found(_) => it.before.let_lie.clone(),
        _ => vec![it.before.next_step().owner],
    };
    let knows = |rep: &RepId| *rep == to.rep || it.tells(rep, BriefWhy::GivenAway);
    let told = it.after().owner == to.rep && it.tells(&to.rep, BriefWhy::Callback) && relieved.iter().all(knows);
    (!told).then(|| format!("{} has the lead, and somebody of {relieved:?} does not know", to.rep))
}

/// A person may give it to somebody else all the same.
pub(super) fn taken_while_calling(it: &Seen<'_>) -> Option<String> {
    let by_itself = matches!(it.event, Event::Found(_) | Event::Timer { timer: Timer::Sla { .. } });
    let (before, after) = (it.before, it.after());
    let same = before.waits_in == after.waits_in && before.owner == after.owner;
    (by_itself && before.calling.is_some() && !same).then(|| format!("{:?} takes the lead away", it.event))
}

pub(super) fn calls_another(it: &Seen<'_>) -> Option<String> {
    let Event::Timer { timer: Timer::CallAt { .. } } = it.event else { return None };
    let Stage::Callback { promise } = &it.before.stage else { return None };
    let rings = it.after().calling.as_ref().and_then(|leg| it.after().rep_on(leg));
    // Whose phone another lead holds is tried again, or reminded.
    let tried_again = |effect: &Effect| matches!(effect, Effect::Timer { timer: Timer::CallAgain { rep, .. } } if *rep == promise.owner);
    let waits = rings.is_none() && (it.plans(tried_again) || it.tells(&promise.owner, BriefWhy::Reminder));
    let is_made = it.before.calling.is_some() || rings == Some(&promise.owner) || waits;
    (!is_made).then(|| format!("{} owes the call, and {rings:?} is rung", promise.owner))
}

pub(super) fn is_missed(it: &Seen<'_>) -> Option<String> {
    let was_left = matches!(it.before.stage, Stage::Done { outcome: Outcome::LeftToAgent { .. } });
    if *it.event != Event::Missed || !was_left {
        return None;
    }
    let after = it.after();
    let is_owed = matches!(&after.stage, Stage::Callback { promise } if promise.raised);
    let told = is_owed && after.is_open() && !after.live;
    (!told).then(|| format!("nobody has heard them, and it stands at {:?}", after.stage))
}
