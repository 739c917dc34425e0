//! Calls that reps owe leads: another is promised for a time of its own.
//!
//! They are read and not held: two that different workers promise in the same instant may have the same time.

use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::{LeadId, RepId};
use baton_core::domain::outcome::Promise;
use baton_core::handoff::{Event, Handoff, Stage, Transition, advance};
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// The nearest of one rep: what is behind them is later than any call that is promised now, or there are too many to be kept apart.
const AT_MOST: i64 = 100;

/// For when, by lead.
type Owed = BTreeMap<LeadId, DateTime<Utc>>;

/// As one transaction finds them once it asks for a rep's, with those that it makes.
#[derive(Debug, Default)]
pub struct Promised(BTreeMap<RepId, Owed>);

impl Tx {
    /// What an event leads to. `from` then knows what else its rep has promised, if a call is promised by it.
    pub async fn handoff_advance(
        &mut self,
        from: &mut Handoff,
        event: &Event,
        rules: &RuleSet,
        promised: &mut Promised,
        now: DateTime<Utc>,
    ) -> Result<Transition, StoreError> {
        let alone = advance(from, event, rules, now);
        let Some(rep) = new_promise(from, &alone).map(|promise| promise.owner.clone()) else { return Ok(alone) };
        if !promised.0.contains_key(&rep) {
            promised.0.insert(rep.clone(), self.calls_owed(&rep, now).await?);
        }
        let calls = promised.0.entry(rep.clone()).or_default();
        let others: Vec<_> = calls.iter().filter(|(lead, _)| **lead != from.lead_id).map(|(_, at)| *at).collect();
        let among_others = if others.is_empty() {
            alone
        } else {
            from.promised.insert(rep, others);
            advance(from, event, rules, now)
        };
        if let Some(promise) = new_promise(from, &among_others) {
            calls.insert(from.lead_id.clone(), promise.promised_at);
        }
        Ok(among_others)
    }

    async fn calls_owed(&mut self, rep: &RepId, now: DateTime<Utc>) -> Result<Owed, StoreError> {
        let sql = "-- promised::calls_owed\nSELECT id, next_at FROM lead \
                   WHERE next_step = 'callback' AND next_owner = $1 AND next_at > $2 ORDER BY next_at LIMIT $3";
        let query = sqlx::query(sql).bind(rep.as_str()).bind(micros(now)).bind(AT_MOST);
        let rows = query.fetch_all(self.conn()).await?;
        let rows = rows.iter().map(|row| Reading::new("lead", row));
        rows.map(|row| Ok((row.id("id")?, row.at("next_at")?))).collect()
    }
}

/// The call that this move promises, if it is another than before.
fn new_promise<'t>(before: &Handoff, moved: &'t Transition) -> Option<&'t Promise> {
    let Stage::Callback { promise } = &moved.state.stage else { return None };
    let is_old = matches!(&before.stage, Stage::Callback { promise: was } if was == promise);
    (!is_old && !promise.by_mail).then_some(promise)
}
