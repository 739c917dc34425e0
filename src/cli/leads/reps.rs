//! `baton reps [REP]`: what each rep has taken, whether they can be had now, and why one got nothing this week.

use crate::cli::{OK, TextOrJson, WorkspaceArgs, open_store, rules_of, say};
use crate::render::explain::standing::RepStanding;
use crate::store::{RepState, Store, local_day};
use anyhow::{Result, anyhow};
use baton_clock::{Clock, SystemClock};
use baton_core::domain::id::{PoolId, RepId};
use baton_core::domain::rep::{Presence, Rep};
use baton_core::domain::rota::{self, RotaStatus};
use baton_core::domain::zone::Zone;
use baton_core::routing::decision::CandidateVerdict;
use baton_core::routing::ledger::{Ledger, TURN};
use baton_core::routing::{Decision, local, pool_weights, turns};
use baton_core::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// How far back decisions are read.
const LOOKED_BACK: TimeDelta = TimeDelta::days(7);

#[derive(Debug, clap::Args)]
pub(crate) struct Reps {
    /// One rep, with pools and reasons; all if left out.
    #[arg(value_name = "REP")]
    rep: Option<String>,
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: WorkspaceArgs,
}

impl Reps {
    pub(crate) async fn run(self) -> Result<u8> {
        let rules = &rules_of(&self.place)?;
        let wanted = self.rep.as_deref().map(|name| {
            let known = rules.reps.values().find(|rep| rep.id.as_str() == name);
            known.ok_or_else(|| anyhow!("there is no rep {name:?} in rules/reps.csv; `baton reps` lists them"))
        });
        let wanted = wanted.transpose()?;
        let store = open_store(&self.place).await?;
        let now = SystemClock.now();
        let seen = RepRecords::read(&store, now).await?;
        let shown: Vec<&Rep> = wanted.map_or_else(|| rules.reps.values().collect(), |rep| vec![rep]);
        let sheets: Vec<RepSheet> = shown.into_iter().map(|rep| RepSheet::of(rep, rules, &seen, now)).collect();
        match (self.format, wanted) {
            (TextOrJson::Json, _) => say(&serde_json::to_string_pretty(&sheets)?),
            (TextOrJson::Text, None) => say(overview(&sheets).trim_end()),
            (TextOrJson::Text, Some(rep)) => say(sheets[0].text(rep).trim_end()),
        }
        Ok(OK)
    }
}

/// What the database holds of reps.
struct RepRecords {
    states: BTreeMap<RepId, RepState>,
    ledgers: BTreeMap<PoolId, Ledger>,
    weeks: BTreeMap<RepId, LastSevenDays>,
}

/// The decisions of the last seven days in which a rep was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
struct LastSevenDays {
    /// Times a lead was given to them: by turn, as owner, on the call, after it had waited, or by hand. What `today` counts, too.
    given: u32,
    /// Could have had it; others came first.
    behind: u32,
    /// Passed over, by reason.
    rejected: BTreeMap<&'static str, u32>,
}

impl RepRecords {
    async fn read(store: &Store, now: DateTime<Utc>) -> Result<Self> {
        let read = store.read("reps.sheet", move |tx| {
            Box::pin(async move {
                let weeks: Arc<Mutex<BTreeMap<RepId, LastSevenDays>>> = Arc::default();
                let counted = Arc::clone(&weeks);
                let count = move |decision: &Decision| {
                    count(decision, &mut counted.lock().expect("nothing panics while counting"));
                };
                tx.decisions_since(now - LOOKED_BACK, count).await?;
                let states = tx.reps_read().await?;
                let ledgers = tx.ledgers_read().await?;
                let mut weeks = weeks.lock().expect("nothing panics while counting").clone();
                for (rep, times) in tx.given_since(now - LOOKED_BACK).await? {
                    weeks.entry(rep).or_default().given += times;
                }
                Ok((states, ledgers, weeks))
            })
        });
        let (states, ledgers, weeks) = read.await?;
        Ok(Self { states, ledgers, weeks })
    }
}

/// A rep who stands in several pools of one decision is passed over in each.
fn count(decision: &Decision, weeks: &mut BTreeMap<RepId, LastSevenDays>) {
    // Who answers for a lead that waits was not given it.
    weeks.entry(decision.plan.owner.clone()).or_default().given += u32::from(!decision.plan.waits);
    for candidate in decision.trace.pools.iter().flat_map(|pool| &pool.candidates) {
        let week = weeks.entry(candidate.rep.clone()).or_default();
        match &candidate.verdict {
            CandidateVerdict::Eligible { .. } if candidate.rep == decision.plan.owner => {}
            CandidateVerdict::Eligible { .. } => week.behind += 1,
            CandidateVerdict::Rejected { because } => *week.rejected.entry(because.kind()).or_default() += 1,
        }
    }
}

#[derive(Debug, Serialize)]
struct RepSheet {
    rep: RepId,
    name: String,
    team: String,
    active: bool,
    presence: Presence,
    #[serde(skip_serializing_if = "Option::is_none")]
    away_until: Option<DateTime<Utc>>,
    /// On rota at this moment.
    at_work: bool,
    /// When off rota: back then.
    back_at: Option<DateTime<Utc>>,
    reserved_until: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quiet_until: Option<DateTime<Utc>>,
    today: Load,
    this_week: Load,
    open: Load,
    pools: Vec<InPool>,
    last_seven_days: LastSevenDays,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Load {
    leads: u32,
    /// The rep's own; pools may have smaller ones.
    cap: Option<u32>,
}

#[derive(Debug, Serialize)]
struct InPool {
    pool: PoolId,
    weight: u32,
    /// In leads: above zero is owed one.
    balance: f64,
    #[serde(skip)]
    balance_micro: i64,
}

impl RepSheet {
    fn of(rep: &Rep, rules: &RuleSet, seen: &RepRecords, now: DateTime<Utc>) -> Self {
        let fresh = RepState::new(rep.id.clone());
        let state = seen.states.get(&rep.id).unwrap_or(&fresh);
        let today = local_day(rules, &rep.id, now);
        let (at_work, back_at) = match rota::status(&rules.hours, rep, now) {
            RotaStatus::AtWork { .. } => (true, None),
            RotaStatus::Off { back_at, .. } => (false, back_at),
        };
        let pools = rules.pools.values().filter_map(|pool| {
            let weight = *pool_weights(rules, pool).get(&rep.id)?;
            let balance_micro = seen.ledgers.get(&pool.id).map_or(0, |ledger| ledger.balance(&rep.id));
            let balance = balance_micro as f64 / TURN as f64;
            Some(InPool { pool: pool.id.clone(), weight, balance, balance_micro })
        });
        Self {
            rep: rep.id.clone(),
            name: rep.name.clone(),
            team: rep.team.clone(),
            active: rep.active,
            presence: state.presence_at(now),
            away_until: state.away_until.filter(|until| *until > now),
            at_work,
            back_at,
            reserved_until: state.reserved.as_ref().map(|(_, until)| *until).filter(|until| *until > now),
            quiet_until: state.quiet_until.filter(|until| *until > now),
            today: Load { leads: state.taken_on(today), cap: rep.cap_per_day },
            this_week: Load { leads: state.taken_in_week_of(today), cap: rep.cap_per_week },
            open: Load { leads: state.open_leads, cap: rep.cap_open },
            pools: pools.collect(),
            last_seven_days: seen.weeks.get(&rep.id).cloned().unwrap_or_default(),
        }
    }

    fn text(&self, rep: &Rep) -> String {
        let zone = rep.timezone;
        let mut text = format!("{} ({}), team {}\n\nNow\n", self.name, self.rep, self.team);
        text.push_str(&format!("  {}\n", self.standing(|at| local(at, zone))));
        text.push_str(&format!("  today {}, this week {}, open {}\n", self.today, self.this_week, self.open));
        text.push_str("\nPools\n");
        for pool in &self.pools {
            let balance = turns(pool.balance_micro);
            text.push_str(&format!("  {}: weight {}, balance {balance}\n", pool.pool, pool.weight));
        }
        if self.pools.is_empty() {
            text.push_str("  none: only leads of an own account come here\n");
        }
        let LastSevenDays { given, behind, rejected } = &self.last_seven_days;
        text.push_str(&format!("\nDecisions of the last seven days\n  {given:>5}  given\n"));
        text.push_str(&format!("  {behind:>5}  could have had it, others came first\n"));
        let mut reasons: Vec<(&str, u32)> = rejected.iter().map(|(why, times)| (*why, *times)).collect();
        reasons.sort_by_key(|(why, times)| (std::cmp::Reverse(*times), *why));
        for (why, times) in reasons {
            text.push_str(&format!("  {times:>5}  passed over: {why}\n"));
        }
        text
    }

    fn standing(&self, told: impl Fn(DateTime<Utc>) -> String) -> String {
        let standing = RepStanding {
            active: self.active,
            at_work: self.at_work,
            back_at: self.back_at,
            presence: self.presence,
            away_until: self.away_until,
            reserved_until: self.reserved_until,
            quiet_until: self.quiet_until,
        };
        standing.in_words(told)
    }
}

impl std::fmt::Display for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.cap {
            Some(cap) => write!(f, "{}/{cap}", self.leads),
            None => write!(f, "{}", self.leads),
        }
    }
}

fn overview(sheets: &[RepSheet]) -> String {
    let width = sheets.iter().map(|sheet| sheet.rep.as_str().chars().count()).max().unwrap_or(0).max(3);
    let mut text = format!("{:width$}  {:>6} {:>6} {:>6} {:>7}  now\n", "rep", "today", "week", "open", "7 days");
    for sheet in sheets {
        let (today, week, open) = (sheet.today.to_string(), sheet.this_week.to_string(), sheet.open.to_string());
        let utc = |at: DateTime<Utc>| local(at, Zone::UTC);
        let (rep, given, now) = (sheet.rep.as_str(), sheet.last_seven_days.given, sheet.standing(utc));
        text.push_str(&format!("{rep:width$}  {today:>6} {week:>6} {open:>6} {given:>7}  {now}\n"));
    }
    text
}
