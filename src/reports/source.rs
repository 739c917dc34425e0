//! The rows of a report, from the database and the roster.

use super::rows::{LeadRow, LeadStatus, OwnerChange};
use super::shadow::{Compared, ShadowReport, Theirs, compare};
use super::statistics::count;
use super::{LONGEST_DAYS, NoLongerKept, Report, ReportOptions, build};
use crate::store::{OtherChoice, ReportRow, Store, StoreError};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::RepId;
use baton_core::domain::lead::{Disclosure, LeadChannel};
use baton_core::domain::outcome::{NextStep, NextStepKind};
use baton_core::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};

/// The report over the last `days` days, [`LONGEST_DAYS`] at most.
///
/// # Errors
/// The database could not be read.
pub async fn over(store: &Store, rules: &RuleSet, days: u32, now: DateTime<Utc>) -> Result<Report, StoreError> {
    let from = now - TimeDelta::days(i64::from(days.min(LONGEST_DAYS)));
    // The end is exclusive; what was decided this very moment belongs in.
    let until = now + TimeDelta::seconds(1);
    let (rows, since) = (store.report_rows(from, until).await?, store.kept_since().await?);
    // What became of whoever was left to the agent is told by the lead that the agent found, if it found one.
    let rows = rows.into_iter().filter(|row| row.status != "left_to_agent");
    let (trial, rows): (Vec<ReportRow>, Vec<ReportRow>) = rows.partition(|row| row.status == SHADOW);
    let rows = rows.into_iter();
    let rows: Vec<LeadRow> = rows.map(|row| lead_row(row, rules, now)).collect();
    let sla = rules.handoff.first_contact_sla;
    let report = build(&rows, &ReportOptions { from, until, sla, now });
    Ok(Report { no_longer_kept: NoLongerKept::within(&since, from), shadow: count(trial.len()), ..report })
}

/// How the database calls a lead that was decided in shadow.
const SHADOW: &str = "shadow";

/// What was decided in shadow from the first moment up to, not including, the second, beside what the other system chose.
///
/// # Errors
/// The database could not be read.
pub async fn shadow_over(
    store: &Store,
    rules: &RuleSet,
    period: (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<ShadowReport, StoreError> {
    let rows = store.report_rows(period.0, period.1).await?;
    let mut chosen = store.other_choices(period.0, period.1).await?;
    let compared: Vec<Compared> = rows
        .into_iter()
        .filter(|row| row.status == SHADOW)
        .map(|row| {
            let theirs = theirs(chosen.remove(&row.lead), rules);
            Compared { reason: row.reason.clone(), theirs, row: lead_row(row, rules, now) }
        })
        .collect();
    Ok(compare(&compared, period, now))
}

fn theirs(choice: Option<OtherChoice>, rules: &RuleSet) -> Theirs {
    let Some(OtherChoice { owner, why_unknown, .. }) = choice else { return Theirs::NotAskedYet };
    match owner {
        Some(owner) => match rep_of(&owner, rules) {
            Some(rep) => Theirs::Rep(rep),
            None => Theirs::Stranger(owner.as_str().to_owned()),
        },
        None if why_unknown.is_some() => Theirs::Unknown,
        None => Theirs::Nobody,
    }
}

/// A worker that was down takes up what lay there meanwhile: what is overdue for less than this may still go on.
const TAKEN_UP_WITHIN: TimeDelta = TimeDelta::minutes(15);

/// Somebody who is active has it, and it has not been forgotten. What was spoken about, and the meeting that is over, are
/// no longer Baton's.
fn is_looked_after(next: &NextStep, rules: &RuleSet, now: DateTime<Utc>) -> bool {
    let somebody = rules.reps.get(&next.owner).is_some_and(|rep| rep.active);
    let in_time = now - next.at <= TAKEN_UP_WITHIN;
    match next.what {
        NextStepKind::Handoff | NextStepKind::Callback | NextStepKind::Mail => somebody && in_time,
        NextStepKind::NeedsAttention => somebody,
        NextStepKind::Meeting => somebody || next.at <= now,
        NextStepKind::FollowUp => true,
    }
}

fn lead_row(row: ReportRow, rules: &RuleSet, now: DateTime<Utc>) -> LeadRow {
    let status = match row.status.as_str() {
        "connected" => LeadStatus::Connected,
        // It came to a meeting, whatever the lead thought of it later.
        "booked" | "called_off" => LeadStatus::Booked,
        "callback" | "mail" => LeadStatus::Callback,
        "called" => LeadStatus::Called,
        "needs_attention" => LeadStatus::NeedsAttention,
        _ => LeadStatus::Handoff,
    };
    let changes = row.owner_changes.iter().filter_map(|change| {
        // Owners who are not on the roster (a queue, somebody who left) say nothing about who would have been right.
        let (from, to) = (rep_of(&change.from, rules)?, rep_of(&change.to, rules)?);
        Some(OwnerChange { from, to, at: change.seen_at })
    });
    LeadRow {
        lead_id: row.lead,
        source: row.source,
        channel: row.channel,
        decided_at: row.decided_at,
        decided_owner: row.decided_owner,
        current_owner: row.current_owner,
        pool: row.pool,
        territory: row.territory,
        tier: row.tier,
        route: row.route,
        legs: row.legs,
        accepted: row.accepted,
        status,
        has_next_step: is_looked_after(&row.next_step, rules, now),
        first_contact_at: row.first_contact_at,
        degraded: row.degraded,
        disclosed: disclosed(&row.disclosure, row.channel, rules),
        completeness_permille: Some(row.completeness_permille),
        owner_changes: changes.collect(),
        feedback: row.feedback.into_values().collect(),
        outcomes: row.outcomes.into_keys().collect(),
    }
}

fn disclosed(told: &Disclosure, channel: LeadChannel, rules: &RuleSet) -> Option<bool> {
    let asked = &rules.handoff.disclosure;
    (channel == LeadChannel::Call && !asked.is_empty()).then(|| !told.lacks(asked))
}

/// The rep whom the CRM knows under this id.
fn rep_of(crm_id: &CrmId, rules: &RuleSet) -> Option<RepId> {
    rules.rep_in_crm(crm_id).map(|rep| rep.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::routing::scenario::{at, rep_id, scenario};

    #[test]
    fn a_lead_that_nobody_has_or_that_was_forgotten_is_not_looked_after() {
        use NextStepKind::{Callback, FollowUp, Handoff, Mail, Meeting, NeedsAttention};
        let mut rules = scenario().rules;
        rules.reps.get_mut(&rep_id("cy")).expect("cy").active = false;
        let cases = [
            (Handoff, "ben", "10:00", true),
            (Handoff, "ben", "09:46", true),
            (Handoff, "ben", "09:44", false),
            (Handoff, "cy", "10:00", false),
            (Callback, "ben", "15:00", true),
            (Callback, "ben", "09:30", false),
            (Mail, "ben", "15:00", true),
            (Mail, "ben", "09:30", false),
            (Callback, "cy", "15:00", false),
            (Callback, "zoe", "15:00", false),
            (NeedsAttention, "ben", "07:00", true),
            (NeedsAttention, "cy", "07:00", false),
            (Meeting, "cy", "15:00", false),
            (Meeting, "cy", "09:00", true),
            (FollowUp, "cy", "09:00", true),
        ];
        for (what, owner, then, expected) in cases {
            let next = NextStep { what, owner: rep_id(owner), at: at(then) };
            assert_eq!(is_looked_after(&next, &rules, at("10:00")), expected, "{next:?}");
        }
    }
}
