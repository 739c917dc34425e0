//! The world that a rehearsed lead is decided in.

use crate::domain::account::{Account, Candidates, MatchKey, Records};
use crate::domain::id::RepId;
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
        account: Fact::Known { value: None.into(), observed_at: now, source: SOURCE.to_owned() },
        assigned: None,
        reps: rules.reps.keys().map(|rep| (rep.clone(), free(now))).collect(),
        ledgers: BTreeMap::new(),
    }
}

/// The CRM holds these records, which the rules then match to the lead.
pub fn holding(snapshot: Snapshot, records: Records) -> Snapshot {
    knowing(snapshot, Candidates::Found(records))
}

/// The lead's account is known and belongs to this rep, whatever its keys; `None` if the rep has no user in the CRM.
pub fn owned_by(snapshot: Snapshot, owner: &RepId, rules: &RuleSet) -> Option<Snapshot> {
    let owner_crm_id = Some(rules.reps.get(owner)?.crm_id.clone()?);
    let account = Account {
        crm_id: "rehearsed".to_owned(),
        name: "the account of this rehearsal".to_owned(),
        domain: None,
        owner_crm_id,
        open_opportunity_owner_crm_id: None,
        matched_by: MatchKey::Domain,
        score_permille: 1000,
        fields: BTreeMap::new(),
    };
    Some(knowing(snapshot, Some(account).into()))
}

fn knowing(snapshot: Snapshot, value: Candidates) -> Snapshot {
    let account = Fact::Known { value, observed_at: snapshot.now, source: "the rehearsal".to_owned() };
    Snapshot { account, ..snapshot }
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
