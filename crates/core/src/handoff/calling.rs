//! Whether a call that is owed may be made at a moment, and why it may not.

use super::promise::is_here;
use super::state::{Handoff, Leg, Stage};
use crate::domain::id::RepId;
use crate::domain::lead::ReachBack;
use crate::domain::rota;
use crate::rules::RuleSet;
use chrono::{DateTime, Utc};
use std::fmt;

/// Why nobody is dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoCall {
    /// The lead is being served, or it has ended.
    NotOwed,
    /// A call is being made at this moment.
    UnderWay,
    /// The person is not to be called, or has left no number.
    NotToBeCalled,
    /// The rep is not active.
    NotHere { rep: RepId },
    /// It is not lawful where the lead is, until then.
    NotNow { until: DateTime<Utc> },
}

impl fmt::Display for NoCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOwed => f.write_str("no call is owed: the lead is being served, or has been"),
            Self::UnderWay => f.write_str("a call is being made at this moment"),
            Self::NotToBeCalled => f.write_str("the person is not to be called, or has left no number"),
            Self::NotHere { rep } => write!(f, "rep {rep} is not active in reps.csv"),
            Self::NotNow { until } => write!(
                f,
                "it is outside the lawful calling hours where the lead is, until {}",
                until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            ),
        }
    }
}

impl Handoff {
    /// `None`: this rep may call the lead now.
    pub fn why_no_call(&self, rep: &RepId, rules: &RuleSet, now: DateTime<Utc>) -> Option<NoCall> {
        let is_owed = matches!(self.stage, Stage::Callback { .. } | Stage::NeedsAttention { .. });
        if !is_owed {
            return Some(NoCall::NotOwed);
        }
        if self.calling.is_some() {
            return Some(NoCall::UnderWay);
        }
        if !is_here(rep, rules) {
            return Some(NoCall::NotHere { rep: rep.clone() });
        }
        self.may_not_be_dialled(rules, now)
    }

    /// The leg of a rep whose call to the lead is over, and who is asked what came of it.
    pub fn asked_on(&self) -> Option<&Leg> {
        let leg = self.legs.iter().find(|leg| self.calling.as_ref() == Some(&leg.id))?;
        leg.dialled.as_ref().is_some_and(|lead| lead.asked > 0).then_some(leg)
    }

    /// Whether the lead is to be left in peace, now or altogether.
    pub(super) fn may_not_be_dialled(&self, rules: &RuleSet, now: DateTime<Utc>) -> Option<NoCall> {
        if self.reach_back != ReachBack::Call {
            return Some(NoCall::NotToBeCalled);
        }
        let until = rota::next_calling_time(&rules.hours, &self.whereabouts(), now);
        (until > now).then_some(NoCall::NotNow { until })
    }
}
