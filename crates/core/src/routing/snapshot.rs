//! What was known when a lead was decided. Stored with the decision, so that it can be replayed to the same bytes.

use super::ledger::Ledger;
use crate::domain::account::Candidates;
use crate::domain::crm_id::CrmId;
use crate::domain::id::{PoolId, RepId};
use crate::domain::known::Fact;
use crate::domain::rep::{Busy, Presence, Rep};
use crate::rules::model::set::Rung;
use crate::rules::{RuleSet, spell};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Calendar entries later than this play no part in a decision and are not stored with it.
const CALENDAR_AHEAD: TimeDelta = TimeDelta::days(3);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub now: DateTime<Utc>,
    /// What the CRM holds for the lead; known and empty: it was asked and has nothing.
    pub account: Fact<Candidates>,
    /// Whom the CRM's own rules gave the lead to; known and `None`: to nobody. Absent where Baton assigns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<Fact<Option<CrmId>>>,
    /// Rungs of a ladder for which nothing is connected: they are not planned.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub lacks: BTreeSet<Rung>,
    /// Absences in calendars that are still ahead are leave. Whatever was decided before they were is decided again without them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sees_leave_ahead: bool,
    /// Reps that are not listed: presence unset, no load, calendar unknown.
    pub reps: BTreeMap<RepId, RepFacts>,
    /// Pools that are not listed have an empty ledger.
    pub ledgers: BTreeMap<PoolId, Ledger>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepFacts {
    #[serde(default, skip_serializing_if = "is_unset")]
    pub presence: Presence,
    /// Rung or talking for another lead until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_until: Option<DateTime<Utc>>,
    /// Has not answered too often in a row: not rung until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_until: Option<DateTime<Utc>>,
    /// Leads given since midnight in the rep's zone.
    #[serde(default, skip_serializing_if = "is_none")]
    pub taken_today: u32,
    /// The same since Monday.
    #[serde(default, skip_serializing_if = "is_none")]
    pub taken_this_week: u32,
    /// Leads owned and not yet closed.
    #[serde(default, skip_serializing_if = "is_none")]
    pub open: u32,
    /// `None`: the rep has no calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Fact<Vec<Busy>>>,
}

fn is_unset(presence: &Presence) -> bool {
    *presence == Presence::Unset
}

/// What a rep has none of is not written: some hundred of them stand in every decision.
fn is_none(count: &u32) -> bool {
    *count == 0
}

/// Every active rep whom [`super::decide()`] may judge, and every pool whose ledger it may read: judged in
/// `considered`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Considered {
    pub reps: BTreeSet<RepId>,
    pub pools: BTreeSet<PoolId>,
}

/// Whatever is known of everybody, from which a snapshot takes what one decision needs: a worker's tables and calendars, or
/// a rehearsed world.
pub trait Knowledge {
    fn load(&self, rep: &RepId) -> Load;
    /// `None`: it was not asked for.
    fn calendar(&self, rep: &RepId) -> Option<&Fact<Vec<Busy>>>;
    fn ledgers(&self) -> &BTreeMap<PoolId, Ledger>;
}

/// What a rep does and has at this moment, as [`RepFacts`] says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    pub presence: Presence,
    pub reserved_until: Option<DateTime<Utc>>,
    pub quiet_until: Option<DateTime<Utc>>,
    pub taken_today: u32,
    pub taken_this_week: u32,
    pub open: u32,
}

impl Load {
    /// Of a rep of whom nothing was heard yet.
    pub const NONE: Self = Self {
        presence: Presence::Unset,
        reserved_until: None,
        quiet_until: None,
        taken_today: 0,
        taken_this_week: 0,
        open: 0,
    };
}

impl RepFacts {
    pub fn load(&self) -> Load {
        let Self { presence, reserved_until, quiet_until, taken_today, taken_this_week, open, calendar: _ } = *self;
        Load { presence, reserved_until, quiet_until, taken_today, taken_this_week, open }
    }
}

impl Snapshot {
    /// Adds it as it is stored, in JSON, as [`super::Decision::write`] does.
    ///
    /// # Errors
    /// None that its fields could bring about.
    pub fn write(&self, to: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(to, self)
    }

    /// Of the lead alone: nothing is said of any rep or pool yet.
    pub fn of_lead(now: DateTime<Utc>, account: Fact<Candidates>, assigned: Option<Fact<Option<CrmId>>>) -> Self {
        let (lacks, reps, ledgers) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        Self { now, account, assigned, lacks, sees_leave_ahead: true, reps, ledgers }
    }

    /// With what is known of those who are considered: the only way in which a worker or a rehearsal comes by the reps and
    /// ledgers of a decision. Ledgers of other pools in which one of them takes turns come along, for later rules to be
    /// compared on.
    #[must_use]
    pub fn about(mut self, considered: &Considered, known: &impl Knowledge, rules: &RuleSet) -> Self {
        for rep in considered.reps.iter().filter_map(|rep| rules.reps.get(rep)) {
            let Load { presence, reserved_until, quiet_until, taken_today, taken_this_week, open } =
                known.load(&rep.id);
            let reserved_until = reserved_until.filter(|until| *until > self.now);
            let quiet_until = quiet_until.filter(|until| *until > self.now);
            let calendar = calendar_of(rep, known.calendar(&rep.id), rules.calendars_believed_for, self.now);
            let facts =
                RepFacts { presence, reserved_until, quiet_until, taken_today, taken_this_week, open, calendar };
            self.reps.insert(rep.id.clone(), facts);
        }
        for (pool, ledger) in known.ledgers() {
            let shared = || {
                let members = rules.pools.get(pool).map(|pool| &pool.members);
                members.is_some_and(|members| members.keys().any(|member| considered.reps.contains(member)))
            };
            if considered.pools.contains(pool) || shared() {
                self.ledgers.insert(pool.clone(), ledger.clone());
            }
        }
        self
    }

    /// What stands in the calendar of a rep who is considered, where that is known.
    pub fn busy(&self, rep: &RepId) -> Option<&Vec<Busy>> {
        static NOTHING: Vec<Busy> = Vec::new();
        self.reps.get(rep)?.calendar.as_ref().map_or(Some(&NOTHING), Fact::value)
    }
}

/// What may be believed of a rep's calendar: nothing for longer than the rules say, and nothing of what is far away. `None`: there
/// is no calendar.
pub fn calendar_of(
    rep: &Rep,
    known: Option<&Fact<Vec<Busy>>>,
    believed_for: Duration,
    now: DateTime<Utc>,
) -> Option<Fact<Vec<Busy>>> {
    Some(match known {
        Some(Fact::Known { observed_at, source, .. }) if is_older(now - *observed_at, believed_for) => {
            let (age, limit) = ((now - *observed_at).num_minutes(), spell(believed_for));
            Fact::Unknown { why: format!("{source} was last read {age} min ago, and is believed for {limit}") }
        }
        Some(Fact::Known { value, observed_at, source }) => {
            let near = |busy: &&Busy| busy.until > now && busy.from < now + CALENDAR_AHEAD;
            let value = value.iter().filter(near).copied().collect();
            Fact::Known { value, observed_at: *observed_at, source: source.clone() }
        }
        Some(Fact::Unknown { why }) => Fact::Unknown { why: why.clone() },
        None if rep.calendar.is_none() => return None,
        None => Fact::Unknown { why: "it was not asked for".to_owned() },
    })
}

fn is_older(age: TimeDelta, limit: Duration) -> bool {
    TimeDelta::from_std(limit).is_ok_and(|limit| age > limit)
}
