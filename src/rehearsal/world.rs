//! The world that a rehearsed lead is decided in.

use crate::domain::known::Fact;
use crate::domain::rep::Presence;
use crate::routing::snapshot::{RepFacts, Snapshot};
use crate::rules::RuleSet;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Named as the source of every fact.
const SOURCE: &str = "the rules alone, without a CRM";

/// Nothing has happened yet: no account is known, every calendar is empty, nobody is reserved, every balance is level.
pub fn at_rest(rules: &RuleSet, now: DateTime<Utc>) -> Snapshot {
    Snapshot {
        now,
        account: Fact::Known { value: None, observed_at: now, source: SOURCE.to_owned() },
        reps: rules.reps.keys().map(|rep| (rep.clone(), free(now))).collect(),
        ledgers: BTreeMap::new(),
    }
}

fn free(now: DateTime<Utc>) -> RepFacts {
    RepFacts {
        presence: Presence::Unset,
        reserved_until: None,
        taken_today: 0,
        taken_this_week: 0,
        open: 0,
        calendar: Fact::Known { value: Vec::new(), observed_at: now, source: SOURCE.to_owned() },
    }
}
