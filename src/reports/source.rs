//! The rows of a report, from the database and the roster.

use super::compare::compare;
use super::figure::Dimension;
use super::rows::{LeadRow, LeadStatus, OwnerChange};
use super::shadow::{self, ShadowReport, Theirs};
use super::{LONGEST_DAYS, NoLongerKept, Report, ReportOptions, Sheet};
use crate::store::{OtherChoice, REPORT_PAGE, ReportRow, Store, StoreError, Tx, with};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::RepId;
use baton_core::domain::lead::{Disclosure, LeadChannel};
use baton_core::domain::outcome::{NextStep, NextStepKind};
use baton_core::rules::RuleSet;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use std::str::FromStr;

/// What a report is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Leads decided from this instant …
    pub from: DateTime<Utc>,
    /// … and before this one.
    pub until: DateTime<Utc>,
    pub by: Option<Dimension>,
    /// By these rules alone: the first digits of a release.
    pub release: Option<String>,
    pub against: Option<Against>,
}

/// What a report is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// Leads decided then.
    Span(DateTime<Utc>, DateTime<Utc>),
    /// Leads of the same time that were decided by these rules: the first digits of a release.
    Release(String),
}

/// Digits that tell releases apart, at least.
const RELEASE_DIGITS: usize = 8;

impl FromStr for Against {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((from, until)) = text.split_once("..") {
            let (from, until) = (moment(from)?, moment(until)?);
            return if from < until {
                Ok(Self::Span(from, until))
            } else {
                Err(format!("{text:?} ends before it begins"))
            };
        }
        release_digits(text)
            .map(Self::Release)
            .map_err(|error| format!("{error}, or two times: 2026-10-01..2026-11-01"))
    }
}

/// A moment, as people write it. A day is meant from its beginning, in UTC.
///
/// # Errors
/// In words: what was found, and what is allowed.
pub fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let day = text.parse::<NaiveDate>().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let exact = || DateTime::parse_from_rfc3339(text).map(|at| at.with_timezone(&Utc));
    day.or_else(|_| exact()).map_err(|_| format!("{text:?} is no time; allowed: 2026-11-01, or 2026-11-01T08:00:00Z"))
}

/// The first digits of a release, as `baton releases` prints it.
///
/// # Errors
/// As [`moment`].
pub fn release_digits(text: &str) -> Result<String, String> {
    let fits = (RELEASE_DIGITS..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit());
    fits.then(|| text.to_ascii_lowercase()).ok_or_else(|| {
        format!("{text:?} is no release; allowed: {RELEASE_DIGITS} digits of it or more, as baton releases prints it")
    })
}

impl Asked {
    /// From that moment, or the last `days` before the end; until that moment, or now.
    ///
    /// # Errors
    /// In words: it ends before it begins, or is longer than [`LONGEST_DAYS`].
    pub fn over(
        from: Option<DateTime<Utc>>,
        until: Option<DateTime<Utc>>,
        days: u32,
        now: DateTime<Utc>,
    ) -> Result<Self, String> {
        // The end is exclusive; what was decided this very moment belongs in.
        let until = until.unwrap_or(now + TimeDelta::seconds(1));
        let from = from.unwrap_or(until - TimeDelta::days(i64::from(days.min(LONGEST_DAYS))));
        if from >= until || until - from > TimeDelta::days(i64::from(LONGEST_DAYS)) {
            return Err(format!(
                "{from} to {until} is no time of a report; allowed: one that begins before it ends, and {LONGEST_DAYS} days at most"
            ));
        }
        Ok(Self { from, until, by: None, release: None, against: None })
    }
}

/// The report that is asked for. A page of leads is in memory at a time.
///
/// # Errors
/// The database could not be read.
pub async fn over(store: &Store, rules: &RuleSet, asked: &Asked, now: DateTime<Utc>) -> Result<Report, StoreError> {
    let since = store.kept_since().await?;
    let given = (rules.clone(), asked.clone(), now);
    let read = with(given, |tx, (rules, asked, now)| Box::pin(report_of(tx, rules, asked, *now)));
    let report = store.read("report", read).await?;
    Ok(Report { no_longer_kept: NoLongerKept::within(&since, asked.from), ..report })
}

async fn report_of(tx: &mut Tx, rules: &RuleSet, asked: &Asked, now: DateTime<Utc>) -> Result<Report, StoreError> {
    let Asked { from, until, by, release, against } = asked;
    let options = ReportOptions { from: *from, until: *until, sla: rules.handoff.first_contact_sla, now, by: *by };
    let ledgers = tx.ledgers_read().await?;
    // Held against other rules, the report is one of those that count, unless it is said of which.
    let release = match (release, against) {
        (None, Some(Against::Release(_))) => Some(rules.release.short()),
        (release, _) => release.as_deref(),
    };
    let report = sheet(tx, rules, release, options).await?.finish(&ledgers);
    let comparison = match against {
        None => None,
        Some(Against::Span(from, until)) => {
            let options = ReportOptions { from: *from, until: *until, ..options };
            let other = sheet(tx, rules, release, options).await?.finish(&ledgers);
            Some(compare(&report, &other, format!("{from} to {until}")))
        }
        Some(Against::Release(digits)) => {
            let other = sheet(tx, rules, Some(digits), options).await?.finish(&ledgers);
            Some(compare(&report, &other, format!("release {digits}")))
        }
    };
    Ok(Report { release: release.map(str::to_owned), comparison, ..report })
}

async fn sheet(
    tx: &mut Tx,
    rules: &RuleSet,
    release: Option<&str>,
    options: ReportOptions,
) -> Result<Sheet, StoreError> {
    let (mut sheet, mut behind) = (Sheet::new(options), None);
    loop {
        let page = tx.report_page((options.from, options.until), behind.as_ref(), REPORT_PAGE).await?;
        let Some(last) = page.last() else { return Ok(sheet) };
        behind = Some((last.decided_at, last.lead.clone()));
        for row in page {
            let is_other = release.is_some_and(|digits| !row.release.as_str().starts_with(digits));
            // What became of whoever was left to the agent is told by the lead that the agent found, if it found one.
            if is_other || row.status == "left_to_agent" {
                continue;
            }
            if row.status == SHADOW {
                sheet.add_shadow();
            } else {
                sheet.add(&lead_row(row, rules, options.now));
            }
        }
    }
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
    let compared: Vec<shadow::Compared> = rows
        .into_iter()
        .filter(|row| row.status == SHADOW)
        .map(|row| {
            let theirs = theirs(chosen.remove(&row.lead), rules);
            shadow::Compared { reason: row.reason.clone(), theirs, row: lead_row(row, rules, now) }
        })
        .collect();
    Ok(shadow::compare(&compared, period, now))
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
        received_at: row.received_at,
        decided_at: row.decided_at,
        decided_owner: row.decided_owner,
        current_owner: row.current_owner,
        pool: row.pool,
        territory: row.territory,
        tier: row.tier,
        route: row.route,
        release: row.release,
        legs: row.legs,
        put_through: row.put_through,
        accepted: row.accepted,
        status,
        has_next_step: is_looked_after(&row.next_step, rules, now),
        first_contact_at: row.first_contact_at,
        came_again: row.came_again,
        degraded: row.degraded,
        disclosed: disclosed(&row.disclosure, row.channel, rules),
        completeness_permille: Some(row.completeness_permille),
        owner_changes: changes.collect(),
        feedback: row.feedback.into_values().collect(),
        outcomes: row.outcomes.into_keys().collect(),
        won_amount: row.won_amount,
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
