//! One rep: whether and why not, pool by pool; today in their own zone; what they hold, owe and said; and what moved their balance.

use crate::deciding::decider::reps::RepsNow;
use crate::render::when;
use crate::store::{JournalLine, LeadQuery, LeadSummary, PromisedStep, StoreError, next_step_name};
use crate::web::console::form::Form;
use crate::web::console::lead::rating;
use crate::web::console::role::Role;
use crate::web::console::view::spell;
use crate::web::console::visit::Visit;
use crate::web::console::words::Language;
use crate::web::{Door, Problem};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use baton_core::domain::id::{LeadId, PoolId, RepId};
use baton_core::domain::known::Fact;
use baton_core::domain::outcome::Feedback;
use baton_core::domain::rep::{Busy, Presence, Rep};
use baton_core::domain::rota::{self, OffReason, Window};
use baton_core::domain::zone::Zone;
use baton_core::routing::{pool_weights, turns};
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::Pool;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Lines of a pool's journal.
const MOVES: usize = 5;
/// Promises of each kind, and leads whose ratings are shown.
const LISTED: usize = 50;

pub(in crate::web::console) async fn page(
    State(door): State<Door>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let reps = door.decider.reps_now().await.map_err(|error| Problem::ours(&error))?;
    let known = RepId::new(id.as_str()).ok();
    let rep = known.as_ref().and_then(|rep| reps.rules.reps.get(rep)).ok_or_else(|| unknown(&id))?;
    let records = Records::read(&door, rep, &reps).await.map_err(|error| Problem::ours(&error))?;
    let (rules, because) = (&reps.rules, reps.is_free(rep).err());
    let data = json!({
        "id": rep.id,
        "team": rep.team,
        "zone": rep.timezone.name(),
        "clock": reps.now.with_timezone(&rep.timezone).format("%a %F %H:%M").to_string(),
        "is_free": because.is_none(),
        "why": because.map(|because| because.in_words(rep.timezone)),
        "holds": holds(rep, &reps),
        "load": load(rep, &reps),
        "today": today(rep, &reps, visit.language),
        "pools": reps.pools(&rep.id).map(|pool| in_pool(pool, rep, &reps, &records)).collect::<Vec<_>>(),
        "promises": records.promised.iter().map(|one| promise(one, rep.timezone, reps.now)).collect::<Vec<_>>(),
        "ratings": records.said.iter().map(|said| records.rating(said, rules)).collect::<Vec<_>>(),
        "is_done": !Form::of_query(&uri).text("done").is_empty(),
        "may_act": visit.may(Role::Ops),
    });
    Ok(visit.page("rep", &rep.name, data))
}

/// What the database holds of one rep.
struct Records {
    moves: BTreeMap<PoolId, Vec<JournalLine>>,
    promised: Vec<PromisedStep>,
    leads: Vec<LeadSummary>,
    /// Of these leads.
    said: Vec<(LeadId, Feedback)>,
}

impl Records {
    async fn read(door: &Door, rep: &Rep, reps: &RepsNow) -> Result<Self, StoreError> {
        let pools: Vec<PoolId> = reps.pools(&rep.id).map(|pool| pool.id.clone()).collect();
        let (id, now) = (rep.id.clone(), reps.now);
        let read = door.store.read("console.rep", move |tx| {
            let (rep, pools) = (id.clone(), pools.clone());
            Box::pin(async move {
                let mut moves = BTreeMap::new();
                for pool in pools {
                    let lines = tx.journal_about(&pool, &rep, MOVES).await?;
                    moves.insert(pool, lines);
                }
                let promised = tx.promised_by(&rep, LISTED, now).await?;
                let query = LeadQuery { owner: Some(rep.clone()), ..LeadQuery::default() };
                let leads = tx.leads_find(&query, LISTED).await?;
                let ids: Vec<&LeadId> = leads.iter().map(|lead| &lead.lead).collect();
                let said = tx.feedbacks_by(&rep, &ids).await?;
                Ok(Self { moves, promised, leads, said })
            })
        });
        read.await
    }

    fn rating(&self, (lead, said): &(LeadId, Feedback), rules: &RuleSet) -> Value {
        let mut told = rating(said, rules);
        let who = self.leads.iter().find(|one| one.lead == *lead).and_then(|one| one.name.as_deref());
        told["lead"] = json!(lead);
        told["who"] = json!(who);
        told
    }
}

fn at(instant: DateTime<Utc>, zone: Zone) -> String {
    when::short(instant, zone)
}

/// What the rep has taken, and of how much, where that is limited for the rep alone.
pub(super) fn load(rep: &Rep, reps: &RepsNow) -> Value {
    let (today, week, open) =
        reps.facts(&rep.id).map_or((0, 0, 0), |facts| (facts.taken_today, facts.taken_this_week, facts.open));
    let told = |taken: u32, cap: Option<u32>| cap.map_or_else(|| taken.to_string(), |cap| format!("{taken}/{cap}"));
    json!({
        "today": told(today, rep.cap_per_day),
        "week": told(week, rep.cap_per_week),
        "open": told(open, rep.cap_open),
    })
}

/// What keeps the phone from ringing beside hours and calendar, as far as it holds now.
fn holds(rep: &Rep, reps: &RepsNow) -> Value {
    let state = reps.states.get(&rep.id);
    let away_until = state.and_then(|state| state.away_until).filter(|until| *until > reps.now);
    let facts = reps.facts(&rep.id);
    let presence = facts.map_or(Presence::Unset, |facts| facts.presence);
    json!({
        "says_available": presence == Presence::Available,
        "says_away": presence == Presence::Away,
        "away_until": away_until.map(|until| at(until, rep.timezone)),
        "reserved_until": facts.and_then(|facts| facts.reserved_until).map(|until| at(until, rep.timezone)),
        "quiet_until": facts.and_then(|facts| facts.quiet_until).map(|until| at(until, rep.timezone)),
    })
}

/// The day of the rep's own zone.
fn day(now: DateTime<Utc>, zone: Zone) -> (NaiveDate, Window) {
    let today = now.with_timezone(&zone).date_naive();
    let midnight = |date: NaiveDate, otherwise: DateTime<Utc>| {
        let begins = zone.from_local_datetime(&date.and_time(NaiveTime::MIN)).earliest();
        begins.map_or(otherwise, |begins| begins.to_utc())
    };
    let until = midnight(today.succ_opt().unwrap_or(today), now + TimeDelta::hours(12));
    (today, (midnight(today, now - TimeDelta::hours(12)), until))
}

fn today(rep: &Rep, reps: &RepsNow, language: Language) -> Value {
    let (rules, zone) = (&reps.rules, rep.timezone);
    let (date, (from, until)) = day(reps.now, zone);
    let clock = |at: DateTime<Utc>| at.with_timezone(&zone).format("%H:%M").to_string();
    let hours = rota::working_windows(&rules.hours, rep, from, until);
    let off = rota::why_off(&rules.hours, rep, reps.now).map(|(reason, _)| match reason {
        OffReason::OffRota => language.word("off_rota").to_owned(),
        OffReason::Holiday => format!("{} ({})", language.word("holiday"), rep.holidays),
        OffReason::Leave { until } => format!("{} {until}", language.word("on_leave_until")),
    });
    let leave = rep.leave.iter().filter(|leave| leave.until >= date);
    json!({
        "date": date.to_string(),
        "hours": hours.into_iter().map(|(from, until)| format!("{}–{}", clock(from), clock(until))).collect::<Vec<_>>(),
        "off": off,
        "leave": leave.map(|leave| format!("{} – {}", leave.from, leave.until)).collect::<Vec<_>>(),
        "calendar": calendar(rep, reps, (from, until)),
    })
}

/// `null`: the rep has none. What has ended is not kept.
fn calendar(rep: &Rep, reps: &RepsNow, (from, until): Window) -> Value {
    let Some(known) = reps.facts(&rep.id).and_then(|facts| facts.calendar.as_ref()) else { return Value::Null };
    match known {
        Fact::Unknown { why } => json!({ "unknown": why, "source": null, "age": null, "entries": [] }),
        Fact::Known { value, observed_at, source } => {
            let entries = value.iter().filter(|busy| busy.meets(from, until));
            let entries: Vec<Value> = entries.map(|busy| entry(busy, rep, reps)).collect();
            json!({ "unknown": null, "source": source, "age": spell(reps.now - *observed_at), "entries": entries })
        }
    }
}

fn entry(busy: &Busy, rep: &Rep, reps: &RepsNow) -> Value {
    json!({
        "from": at(busy.from, rep.timezone),
        "until": at(busy.until, rep.timezone),
        "kind": busy.kind.in_words(),
        "is_by_crm": reps.is_told_by_crm(&rep.id, busy),
        "is_free": !reps.rules.calendars.takes(busy),
    })
}

fn in_pool(pool: &Pool, rep: &Rep, reps: &RepsNow, records: &Records) -> Value {
    let because = reps.could_take(rep, Some(pool)).err();
    let name = |id: &RepId| reps.rules.reps.get(id).map_or_else(|| id.to_string(), |rep| rep.name.clone());
    let moves = records.moves.get(&pool.id).into_iter().flatten().map(|line| {
        json!({
            "at": at(line.at, rep.timezone),
            "change": turns(line.entry.changes.get(&rep.id).copied().unwrap_or_default()),
            "what": line.entry.in_words(&name),
            "lead": line.lead,
            "author": line.author,
        })
    });
    json!({
        "pool": pool.id,
        "is_free": because.is_none(),
        "why": because.map(|because| because.in_words(rep.timezone)),
        "weight": pool_weights(&reps.rules, pool).get(&rep.id),
        "balance": turns(reps.ledgers.get(&pool.id).map_or(0, |ledger| ledger.balance(&rep.id))),
        "moves": moves.collect::<Vec<_>>(),
    })
}

fn promise(promised: &PromisedStep, zone: Zone, now: DateTime<Utc>) -> Value {
    json!({
        "lead": promised.lead,
        "who": promised.name,
        "what": next_step_name(promised.step.what).replace('_', " "),
        "due": at(promised.step.at, zone),
        "is_late": promised.step.at <= now,
    })
}

pub(super) fn unknown(id: &str) -> Problem {
    Problem::not_found(format!("rep {id:?} is not in reps.csv"))
}
