//! What a rep has to do, how they stand and how they stand in turns.

use super::Desk;
use super::trouble::Trouble;
use super::who::headline;
use crate::render::explain::standing::RepStanding;
use crate::render::when;
use crate::store::{LeadQuery, LeadSummary, RepState};
use baton_core::domain::id::{HandoffId, PoolId, RepId};
use baton_core::domain::outcome::NextStepKind;
use baton_core::domain::rep::Rep;
use baton_core::domain::rota::{self, RotaStatus};
use baton_core::routing::{pool_weights, turns};
use baton_core::rules::RuleSet;

/// Of all leads that a rep ever had these are looked at, the newest first.
const LOOKED_AT: usize = 200;
/// Longer lists are cut.
const SHOWN: usize = 20;

/// Something of a lead that is still to be done.
pub(super) struct Duty {
    /// "Call back Thu 3 Dec, 15:00 Berlin time".
    pub what: String,
    pub headline: String,
}

impl Duty {
    pub(super) fn line(&self) -> String {
        format!("{}: {}", self.what, self.headline)
    }
}

impl Desk {
    /// What the rep has to do, the next first; and how much more there is.
    pub(super) async fn duties(&self, rep: &Rep, rules: &RuleSet) -> Result<(Vec<Duty>, usize), Trouble> {
        let query = LeadQuery { owner: Some(rep.id.clone()), ..LeadQuery::default() };
        let found = self.store.leads_find(&query, LOOKED_AT).await?;
        let is_open = |lead: &LeadSummary| lead.erased_at.is_none() && lead.next_step.what != NextStepKind::FollowUp;
        let now = self.clock.now();
        let is_over = |lead: &LeadSummary| lead.next_step.what == NextStepKind::Meeting && lead.next_step.at < now;
        let mut open: Vec<LeadSummary> = found.into_iter().filter(|lead| is_open(lead) && !is_over(lead)).collect();
        open.sort_by_key(|lead| lead.next_step.at);
        let more = open.len().saturating_sub(SHOWN);
        open.truncate(SHOWN);
        let ids: Vec<HandoffId> = open.iter().map(|lead| HandoffId::of(&lead.lead)).collect();
        let files = self.store.lead_files(&ids).await?;
        let duty = |lead: &LeadSummary| {
            let file = files.get(&HandoffId::of(&lead.lead))?;
            let at = when::short(lead.next_step.at, rep.timezone);
            let what = match lead.next_step.what {
                NextStepKind::Handoff => "On the line now".to_owned(),
                NextStepKind::Meeting => format!("Meeting {at}"),
                NextStepKind::Callback => format!("Call back by {at}"),
                NextStepKind::Mail => format!("Write by {at}"),
                NextStepKind::FollowUp => format!("Spoken with {at}"),
                NextStepKind::NeedsAttention => format!("Needs you since {at}"),
            };
            Some(Duty { what, headline: headline(file, rules) })
        };
        Ok((open.iter().filter_map(duty).collect(), more))
    }

    /// Whether the rep can be had now, and why not.
    pub(super) async fn standing(&self, rep: &Rep, rules: &RuleSet) -> Result<String, Trouble> {
        let now = self.clock.now();
        let state = self.store.reps_read().await?.remove(&rep.id).unwrap_or_else(|| RepState::new(rep.id.clone()));
        let (at_work, back_at) = match rota::status(&rules.hours, rep, now) {
            RotaStatus::AtWork { .. } => (true, None),
            RotaStatus::Off { back_at, .. } => (false, back_at),
        };
        let standing = RepStanding {
            active: rep.active,
            at_work,
            back_at,
            presence: state.presence_at(now),
            away_until: state.away_until.filter(|until| *until > now),
            reserved_until: state.reserved.map(|(_, until)| until).filter(|until| *until > now),
            quiet_until: state.quiet_until.filter(|until| *until > now),
        };
        Ok(standing.in_words(|at| when::short(at, rep.timezone)))
    }

    /// One line for each pool: above zero is owed a turn.
    pub(super) async fn balances(&self, rep: &RepId, rules: &RuleSet) -> Result<Vec<String>, Trouble> {
        let ledgers = self.store.read("chat.ledgers", |tx| Box::pin(tx.ledgers_read())).await?;
        let pools = rules.pools.values().filter(|pool| pool_weights(rules, pool).contains_key(rep));
        let line = |pool: &PoolId| {
            let balance = ledgers.get(pool).map_or(0, |ledger| ledger.balance(rep));
            format!("{pool}: {}", turns(balance))
        };
        Ok(pools.map(|pool| line(&pool.id)).collect())
    }
}
