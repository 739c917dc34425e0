//! What two decisions of one lead differ in.

use crate::rehearsal::outcome::{DecisionOutcome, eligible};
use crate::routing::Decision;
use crate::rules::model::set::Rung;
use serde::Serialize;

pub(super) const NO_TERRITORY: &str = "(none)";

/// The first difference, in the order in which a decision is thought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveCause {
    /// Somebody holds the lead in one world and not in the other, or another one does.
    Owner,
    Route,
    Territory,
    Tier,
    /// Another pool is asked first.
    Pool,
    /// The same pool is asked first, and another one ends up with the lead.
    Fallback,
    /// The same pool, but other reps of it may take the lead: members, skills, hours, caps.
    Candidates,
    /// The same rep, but other things are tried for the caller.
    Ladder,
    /// The same reps may take it, and it is another one's turn, because earlier leads fell otherwise.
    Turn,
}

impl MoveCause {
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Route => "route",
            Self::Territory => "territory",
            Self::Tier => "tier",
            Self::Pool => "pool",
            Self::Fallback => "fallback",
            Self::Candidates => "members who may take it",
            Self::Ladder => "ladder",
            Self::Turn => "turn",
        }
    }
}

pub(super) fn difference(
    old: &DecisionOutcome,
    new: &DecisionOutcome,
    before: &Decision,
    after: &Decision,
) -> Option<(MoveCause, String, String)> {
    let pair = |cause, from: &str, to: &str| Some((cause, from.to_owned(), to.to_owned()));
    let held = |side: &DecisionOutcome| if side.held { side.owner.to_string() } else { "nobody".to_owned() };
    if old.held != new.held || (old.held && old.owner != new.owner) {
        return pair(MoveCause::Owner, &held(old), &held(new));
    }
    if !old.held && old.route != new.route {
        return pair(MoveCause::Route, old.route.unwrap_or("no route"), new.route.unwrap_or("no route"));
    }
    if old.territory != new.territory {
        let name = |side: &DecisionOutcome| side.territory.map_or_else(|| NO_TERRITORY.to_owned(), ToString::to_string);
        return pair(MoveCause::Territory, &name(old), &name(new));
    }
    if old.tier != new.tier {
        return pair(MoveCause::Tier, old.tier.as_str(), new.tier.as_str());
    }
    if old.first_pool != new.first_pool {
        return pair(MoveCause::Pool, old.first_pool.as_str(), new.first_pool.as_str());
    }
    if old.pool != new.pool || old.fallback != new.fallback {
        let name = |side: &DecisionOutcome| format!("{} ({})", side.pool, side.fallback.in_words());
        return pair(MoveCause::Fallback, &name(old), &name(new));
    }
    if old.owner != new.owner {
        let cause = if eligible(before) == eligible(after) { MoveCause::Turn } else { MoveCause::Candidates };
        return pair(cause, old.owner.as_str(), new.owner.as_str());
    }
    if old.rungs != new.rungs {
        return pair(MoveCause::Ladder, &rungs(old.rungs), &rungs(new.rungs));
    }
    None
}

fn rungs(rungs: &[Rung]) -> String {
    let name = |rung: &Rung| match rung {
        Rung::WarmTransfer => "warm transfer",
        Rung::Agent => "the agent",
        Rung::Booking => "booking",
        Rung::Callback => "callback",
    };
    rungs.iter().map(name).collect::<Vec<_>>().join(", ")
}
