//! What a worker knows when it decides.

use super::{World, people};
use baton_core::domain::id::{PoolId, RepId};
use baton_core::domain::known::Fact;
use baton_core::domain::lead::Lead;
use baton_core::domain::rep::Busy;
use baton_core::routing::ledger::Ledger;
use baton_core::routing::snapshot::{Knowledge, Load};
use baton_core::routing::{Considered, Snapshot};
use std::collections::BTreeMap;

#[derive(Default)]
struct Known {
    loads: BTreeMap<RepId, Load>,
    calendars: BTreeMap<RepId, Fact<Vec<Busy>>>,
    ledgers: BTreeMap<PoolId, Ledger>,
}

impl Knowledge for Known {
    fn load(&self, rep: &RepId) -> Load {
        self.loads.get(rep).copied().unwrap_or(Load::NONE)
    }

    fn calendar(&self, rep: &RepId) -> Option<&Fact<Vec<Busy>>> {
        self.calendars.get(rep)
    }

    fn ledgers(&self) -> &BTreeMap<PoolId, Ledger> {
        &self.ledgers
    }
}

impl World<'_> {
    /// What a worker would know for this lead: calendars only of those who have one.
    pub(super) fn snapshot(&mut self, lead: &Lead) -> Snapshot {
        let now = self.now;
        let mut known = Known { ledgers: self.ledgers.clone(), ..Known::default() };
        for rep in self.rules.reps.values() {
            if self.chance.percent(5) {
                continue; // nothing known of this rep
            }
            let facts = people::rep_facts(&mut self.chance, now);
            let reserved_until = self.held.get(&rep.id).map(|(_, until)| *until);
            let taken_today = self.taken.get(&rep.id).copied().unwrap_or(0);
            let load = Load { reserved_until, taken_today, open: taken_today, ..facts.load() };
            known.loads.insert(rep.id.clone(), load);
            if let (Some(_), Some(calendar)) = (&rep.calendar, facts.calendar) {
                known.calendars.insert(rep.id.clone(), calendar);
            }
        }
        let account = people::account(&mut self.chance, self.rules, now);
        let considered = Considered::by_lead(lead, self.rules).knowing(lead, &account, None, self.rules, now);
        Snapshot::of_lead(now, account, None).about(&considered, &known, self.rules)
    }
}
