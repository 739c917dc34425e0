//! Whether a call that is about to be sent would be put through now: decided as any lead is, and nothing of it is kept; how everybody
//! stands, for whoever supposes a lead; and who has come to where callers are sent.

use super::decider::Decider;
use super::table::{Standing, StandingTable};
use crate::intake::event::{EventKind, key_of};
use crate::store::{Arrived, InboxMessage, StoreError, with};
use baton_core::domain::lead::Lead;
use baton_core::routing::decision::CandidateVerdict;
use baton_core::routing::reason::Rejection;
use baton_core::routing::{Decision, Snapshot};
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::slice;
use std::sync::Arc;

/// Why nobody would be rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Whoever may have it is busy, away, full, or cannot be had for another reason that passes.
    NobodyAvailable,
    /// It is nobody's working time.
    Closed,
    /// The rules ring nobody for such a caller.
    RefusedByRules,
}

impl Decider {
    /// `None`: a rep would be rung.
    ///
    /// # Errors
    /// How the reps stand could not be read.
    pub async fn would_refuse(&self, lead: &Lead) -> Result<Option<Refusal>, StoreError> {
        let release = Arc::clone(&self.parts.release.borrow());
        let rules = &release.rules;
        let facts = self.parts.facts.gather(slice::from_ref(lead), rules);
        let (facts, reps) = tokio::join!(facts, self.parts.store.reps_read());
        // Ledgers order those who can take it, and say nothing about whether anybody can.
        let table = StandingTable::of(Standing { reps: reps?, ledgers: BTreeMap::new() });
        let decided = facts.first().map(|facts| table.decide(lead, facts, rules, self.parts.clock.now()));
        Ok(decided.map_or(Some(Refusal::NobodyAvailable), |decision| refusal(&decision)))
    }

    /// How everybody on the roster of these rules and every turn stands, as it would count at `now`: calendars as they were seen
    /// last, the CRM not asked, and nothing of it kept.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn standing(&self, rules: &RuleSet, now: DateTime<Utc>) -> Result<Snapshot, StoreError> {
        let (reps, ledgers) = tokio::try_join!(self.parts.store.reps_read(), self.parts.store.ledgers_read())?;
        let table = StandingTable::of(Standing { reps, ledgers });
        Ok(table.snapshot(&self.parts.facts.as_seen(rules), rules, now))
    }

    /// A caller has come to this address of ours, by this leg at the carrier. `None`: nobody is expected there, or not any more. Told
    /// again, it is answered the same.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn arrives(&self, address: &str, leg: &str) -> Result<Option<Arrived>, StoreError> {
        let arrival = (address.to_owned(), leg.to_owned(), self.parts.clock.now());
        let arriving = with(arrival, |tx, (address, leg, now)| Box::pin(tx.address_arrive(address, leg, *now)));
        self.parts.store.write("address.arrive", arriving).await
    }

    /// The event that makes a lead of a caller who was announced, and is on this leg. Brought twice it is one.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn brings_announced(&self, event: &str, leg: &str) -> Result<(), StoreError> {
        let received_at = self.parts.clock.now();
        let unread = |error: serde_json::Error| StoreError::Inconsistent {
            table: "ping",
            column: "event",
            row: leg.to_owned(),
            why: error.to_string(),
        };
        let mut event: Value = serde_json::from_str(event).map_err(unread)?;
        event["time"] = json!(received_at);
        event["data"]["call"]["leg"] = json!(leg);
        let body = event.to_string().into_bytes();
        let (key, kind) = (key_of(&body), EventKind::LeadQualified.as_str().to_owned());
        let message =
            InboxMessage { key, kind, body, received_at, reply_to: None, correlation_id: None, trace_context: None };
        self.take(vec![message]).await.map(drop)
    }
}

fn refusal(decision: &Decision) -> Option<Refusal> {
    if !decision.plan.targets.is_empty() {
        return None;
    }
    let candidates = decision.trace.pools.iter().flat_map(|pool| &pool.candidates);
    let mut are_away = false;
    for candidate in candidates {
        match &candidate.verdict {
            CandidateVerdict::Eligible { .. } => return Some(Refusal::RefusedByRules),
            CandidateVerdict::Rejected { because } if is_off_work(because) => are_away = true,
            CandidateVerdict::Rejected { because: Rejection::Inactive | Rejection::NoPhone } => {}
            CandidateVerdict::Rejected { .. } => return Some(Refusal::NobodyAvailable),
        }
    }
    Some(if are_away { Refusal::Closed } else { Refusal::NobodyAvailable })
}

fn is_off_work(because: &Rejection) -> bool {
    matches!(
        because,
        Rejection::OffRota { .. }
            | Rejection::Holiday { .. }
            | Rejection::OnLeave { .. }
            | Rejection::OutOfOffice { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::routing::decide;
    use baton_core::routing::scenario::scenario;
    use baton_core::rules::model::set::Rung;
    use std::collections::BTreeSet;

    #[test]
    fn a_call_is_refused_by_what_keeps_everybody_from_it() {
        let open = scenario();
        assert_eq!(refusal(&decide(&open.lead, &open.snapshot, &open.rules)), None);
        let mut unrung = scenario();
        unrung.snapshot.lacks = BTreeSet::from([Rung::WarmTransfer]);
        let decision = decide(&unrung.lead, &unrung.snapshot, &unrung.rules);
        assert_eq!(refusal(&decision), Some(Refusal::RefusedByRules));
        let night = ["ben", "cy", "dee", "eve", "max"].into_iter().fold(scenario(), |world, rep| world.off_rota(rep));
        assert_eq!(refusal(&decide(&night.lead, &night.snapshot, &night.rules)), Some(Refusal::Closed));
        let until = open.snapshot.now + chrono::TimeDelta::days(2);
        let away = ["ben", "cy", "dee", "eve", "max"]
            .into_iter()
            .fold(scenario(), |world, rep| world.out_of_office(rep, until));
        assert_eq!(refusal(&decide(&away.lead, &away.snapshot, &away.rules)), Some(Refusal::Closed));
        let full = night.rep("ben", |rep| rep.hours = "office".into()).busy("ben", "11:00");
        assert_eq!(refusal(&decide(&full.lead, &full.snapshot, &full.rules)), Some(Refusal::NobodyAvailable));
    }
}
