//! What keeps a rep from taking it.

use super::words::HOUR;
use super::{Scenario, at, day, pool_id, rep_id};
use crate::domain::known::Fact;
use crate::domain::rep::{Busy, BusyKind, Leave, Presence};
use crate::routing::ledger::{Ledger, TURN};
use chrono::{DateTime, Utc};

impl Scenario {
    /// This week and the next.
    pub fn on_leave(self, name: &str) -> Self {
        self.rep(name, |rep| rep.leave = vec![Leave { from: day("2026-01-05"), until: day("2026-01-16") }])
    }

    /// An account owner on leave keeps their leads for so long.
    pub fn leave_at_most(mut self, days: u32) -> Self {
        self.rules.ownership[0].leave_at_most = Some(days * 24 * HOUR);
        self
    }

    /// Works at night; back at 22:00.
    pub fn off_rota(self, name: &str) -> Self {
        self.rep(name, |rep| rep.hours = "night".into())
    }

    pub fn delegate(self, name: &str, to: &str) -> Self {
        self.rep(to, |_| ()).rep(name, |rep| rep.delegate = Some(rep_id(to)))
    }

    pub fn busy(self, name: &str, until: &str) -> Self {
        self.calendar(name, BusyKind::Busy, at("09:30"), at(until))
    }

    pub fn out_of_office(self, name: &str, until: DateTime<Utc>) -> Self {
        self.calendar(name, BusyKind::OutOfOffice, at("00:00"), until)
    }

    pub fn calendar(self, name: &str, kind: BusyKind, from: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        self.facts(name, |facts| {
            if let Some(Fact::Known { value, .. }) = &mut facts.calendar {
                value.push(Busy { from, until, kind });
            }
        })
    }

    pub fn calendar_unknown(self, name: &str) -> Self {
        self.facts(name, |facts| facts.calendar = Some(Fact::Unknown { why: "no answer".into() }))
    }

    pub fn away(self, name: &str) -> Self {
        self.facts(name, |facts| facts.presence = Presence::Away)
    }

    pub fn reserved(self, name: &str, until: &str) -> Self {
        self.facts(name, |facts| facts.reserved_until = Some(at(until)))
    }

    /// Balances in turns; they must sum to zero.
    pub fn balances(mut self, pool: &str, balances: &[(&str, f64)]) -> Self {
        let mut ledger = Ledger::empty(pool_id(pool));
        ledger.seq = 10;
        ledger.balances = balances.iter().map(|(rep, turns)| (rep_id(rep), (turns * TURN as f64) as i64)).collect();
        assert_eq!(ledger.balances.values().sum::<i64>(), 0, "balances sum to zero");
        self.snapshot.ledgers.insert(pool_id(pool), ledger);
        self
    }
}
