//! What is decided, and what must hold for every decision.

use super::{Scenario, pool_id, rep_id};
use crate::routing::decision::{CandidateVerdict, OwnershipResult};
use crate::routing::ledger::EntryKind;
use crate::routing::reason::{NotKnown, Rejection};
use crate::routing::{Decision, decide};
use crate::rules::RuleSet;
use crate::rules::model::set::Rung;
use std::collections::BTreeSet;

impl Scenario {
    /// With what must hold for every decision.
    pub fn decide(&self) -> Decision {
        let decision = decide(&self.lead, &self.snapshot, &self.rules);
        hold_invariants(&decision, &self.rules);
        decision
    }

    pub fn expect_owner(self, name: &str) -> Self {
        let plan = self.decide().plan;
        assert_eq!(plan.owner, rep_id(name), "{}", plan.reason.in_words());
        self
    }

    pub fn expect_first(self, name: &str) -> Self {
        let plan = self.decide().plan;
        assert_eq!(plan.targets.first().map(|target| &target.rep), Some(&rep_id(name)), "{}", plan.reason.in_words());
        self
    }

    pub fn expect_targets(self, names: &[&str]) -> Self {
        let plan = self.decide().plan;
        let targets: Vec<&str> = plan.targets.iter().map(|target| target.rep.as_str()).collect();
        assert_eq!(targets, names, "{}", plan.reason.in_words());
        self
    }

    pub fn expect_pool(self, name: &str) -> Self {
        let plan = self.decide().plan;
        assert_eq!(plan.pool, pool_id(name), "{}", plan.reason.in_words());
        self
    }

    /// The rep who pays the turn.
    pub fn expect_credit(self, name: &str) -> Self {
        let turn = self.decide().turn.expect("a turn is charged");
        assert!(matches!(&turn.kind, EntryKind::Turn { payer, .. } if *payer == rep_id(name)), "{turn:?}");
        self
    }

    pub fn expect_no_turn(self) -> Self {
        assert_eq!(self.decide().turn, None);
        self
    }

    pub fn expect_rungs(self, rungs: &[Rung]) -> Self {
        assert_eq!(self.decide().plan.rungs, rungs);
        self
    }

    pub fn expect_ownership(self, results: &[OwnershipResult]) -> Self {
        let found: Vec<_> = self.decide().trace.ownership.into_iter().map(|rule| rule.result).collect();
        assert_eq!(found, results);
        self
    }

    pub fn expect_rejected(self, name: &str, why: Rejection) -> Self {
        let decision = self.decide();
        let mut candidates = decision.trace.pools.iter().flat_map(|pool| &pool.candidates);
        let found = candidates.find(|candidate| candidate.rep == rep_id(name)).expect("the rep is a candidate");
        assert_eq!(found.verdict, CandidateVerdict::Rejected { because: why });
        self
    }

    pub fn expect_degraded(self, missing: &[&str]) -> Self {
        let degraded: Vec<String> = self.decide().degraded.iter().map(NotKnown::in_words).collect();
        assert_eq!(degraded, missing);
        self
    }

    pub fn expect_reason(self, reason: &str) -> Self {
        assert_eq!(self.decide().plan.reason.in_words(), reason);
        self
    }
}

fn hold_invariants(decision: &Decision, rules: &RuleSet) {
    let plan = &decision.plan;
    assert!(rules.reps.contains_key(&plan.owner), "the owner is a rep: {}", plan.owner);
    assert_eq!(plan.rungs.last(), Some(&Rung::Callback), "the last rung needs only our own database");
    assert_eq!(plan.targets.is_empty(), !plan.rungs.contains(&Rung::WarmTransfer), "who is rung, and whether");
    let relaxing = rules.pools.get(&plan.pool).map_or(0, |pool| pool.prefer.len());
    assert!(plan.targets.len() <= rules.handoff.ring_at_most as usize * (1 + relaxing));
    let distinct: BTreeSet<_> = plan.targets.iter().map(|target| &target.rep).collect();
    assert_eq!(distinct.len(), plan.targets.len(), "nobody is rung twice");
    for pool in &decision.trace.pools {
        let members = rules.pools[&pool.pool].members.keys().cloned().collect::<BTreeSet<_>>();
        let judged = pool.candidates.iter().map(|candidate| candidate.rep.clone()).collect::<BTreeSet<_>>();
        assert_eq!(judged, members, "nobody is filtered silently");
    }
    if let Some(turn) = &decision.turn {
        assert_eq!(turn.changes.values().sum::<i64>(), 0, "a turn moves balances and makes none");
        let EntryKind::Turn { payer, .. } = &turn.kind else { panic!("a decision charges a turn, it moves none") };
        assert_eq!(payer, &plan.owner, "the owner pays");
    }
}
