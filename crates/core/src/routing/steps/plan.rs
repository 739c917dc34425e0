//! What is tried for the caller, in order. The last rung needs only our own database, always.

use crate::domain::id::RepId;
use crate::domain::lead::{Lead, PreferredHandoff};
use crate::routing::decision::Target;
use crate::routing::snapshot::Snapshot;
use crate::rules::RuleSet;
use crate::rules::model::set::{Rung, Tier};
use std::collections::BTreeSet;

/// Nobody is asked for a time before somebody has asked what the call is about. A callback is for whoever leaves before.
const AT_THE_FRONT_DOOR: [Rung; 3] = [Rung::WarmTransfer, Rung::Agent, Rung::Callback];

/// The tier's ladder without what is impossible or not wanted: a warm transfer needs a caller on the line, and who asked
/// for a meeting or a callback is not put through. What nothing is connected for would fail before the caller's ears.
pub(in crate::routing) fn rungs(lead: &Lead, tier: Option<&Tier>, snapshot: &Snapshot, rules: &RuleSet) -> Vec<Rung> {
    let ladder: &[Rung] = match rules.front_door.of(lead) {
        Some(_) => &AT_THE_FRONT_DOOR,
        None => rules.handoff.ladders.of(tier.and_then(|tier| tier.ladder.as_deref())),
    };
    let wanted = lead.preference.handoff;
    let mut rungs: Vec<Rung> = ladder
        .iter()
        .copied()
        .filter(|rung| match rung {
            Rung::WarmTransfer => lead.is_live() && matches!(wanted, None | Some(PreferredHandoff::Transfer)),
            Rung::Agent => lead.is_live(),
            Rung::Booking => wanted != Some(PreferredHandoff::Callback),
            Rung::Callback => true,
        })
        .filter(|rung| !snapshot.lacks.contains(rung))
        .collect();
    if rungs.last() != Some(&Rung::Callback) {
        rungs.push(Rung::Callback);
    }
    rungs
}

/// Nobody is rung and no meeting is looked for: not for a caller who is gone and did not ask for one.
pub(in crate::routing) fn begins_with_callback(lead: &Lead, rungs: &[Rung]) -> bool {
    match rungs.first() {
        Some(Rung::WarmTransfer) => false,
        Some(Rung::Booking) => !lead.is_live() && !lead.preference.wants_meeting(),
        Some(Rung::Agent | Rung::Callback) | None => true,
    }
}

/// A meeting is booked in the owner's calendar: without one there is nothing to look into while the caller waits.
pub(in crate::routing) fn keep_bookable(rungs: &mut Vec<Rung>, owner: &RepId, rules: &RuleSet) {
    if rules.reps.get(owner).is_some_and(|rep| rep.calendar.is_none()) {
        rungs.retain(|rung| *rung != Rung::Booking);
    }
}

/// Cuts the targets to those whose turn to ring may come; without any, there is no warm transfer. Without a warm transfer there
/// are no targets.
pub(in crate::routing) fn ringing(rules: &RuleSet, rungs: &mut Vec<Rung>, mut targets: Vec<Target>) -> Vec<Target> {
    if !rungs.contains(&Rung::WarmTransfer) {
        return Vec::new();
    }
    let kept = may_be_rung(&targets, rules.handoff.ring_at_most as usize);
    targets.retain(|target| kept.contains(&target.rep));
    if targets.is_empty() {
        rungs.retain(|rung| *rung != Rung::WarmTransfer);
    }
    targets
}

/// The first `at_most` of the plan, and of each order that it takes when a preference relaxes.
fn may_be_rung(targets: &[Target], at_most: usize) -> BTreeSet<RepId> {
    let mut moments: BTreeSet<u64> = targets.iter().flat_map(|target| target.behind_ms.iter().copied()).collect();
    moments.insert(0);
    let mut kept = BTreeSet::new();
    for waited_ms in moments {
        let mut order: Vec<&Target> = targets.iter().collect();
        order.sort_by_cached_key(|target| target.rank(waited_ms));
        kept.extend(order.into_iter().take(at_most).map(|target| target.rep.clone()));
    }
    kept
}
