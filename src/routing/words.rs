//! Reasons as people read them.

use super::case::Case;
use super::decision::Rejection;
use super::ledger::{Cause, Entry, EntryKind, TURN};
use crate::domain::id::RepId;
use crate::domain::zone::Zone;
use crate::rules::set::Existing;
use chrono::{DateTime, Utc};

/// A balance in turns, signed: `+0.50`.
pub fn turns(micro_leads: i64) -> String {
    let hundredths = (micro_leads * 100 + micro_leads.signum() * (TURN / 2)) / TURN;
    let sign = if hundredths < 0 { '-' } else { '+' };
    format!("{sign}{}.{:02}", hundredths.abs() / 100, hundredths.abs() % 100)
}

impl Existing {
    pub fn in_words(self) -> &'static str {
        match self {
            Self::AccountOwner => "account owner",
            Self::OpenOpportunityOwner => "owner of the open opportunity",
            Self::LeadOwner => "owner of an earlier lead",
            Self::ContactOwner => "owner of the contact",
            Self::CrmAssignment => "owner chosen by the CRM",
        }
    }
}

impl Rejection {
    /// The reason without its numbers: what rejections are counted by.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Inactive => "not active",
            Self::OnLeave { .. } => "on leave",
            Self::Holiday { .. } => "on holiday",
            Self::OffRota { .. } => "off rota",
            Self::OutOfOffice { .. } => "out of office",
            Self::Busy { .. } => "busy",
            Self::Away => "away",
            Self::Reserved { .. } => "on another call",
            Self::AtCap { .. } => "at the cap of a day",
            Self::AtWeekCap { .. } => "at the cap of a week",
            Self::AtOpenCap { .. } => "at the cap of open leads",
            Self::MissingLanguage { .. } => "without the caller's language",
            Self::MissingSkill { .. } => "without a required skill",
            Self::MissingProduct { .. } => "without the lead's product",
            Self::CalendarUnknown { .. } => "calendar unknown",
            Self::NoPhone => "without a phone",
        }
    }

    /// Continues "Ana is …" or "account owner …"; times in the rep's zone.
    pub fn in_words(&self, zone: Zone) -> String {
        let back = |at: &Option<DateTime<Utc>>| {
            at.map_or_else(|| "with no shift in sight".to_owned(), |at| format!("back {}", local(at, zone)))
        };
        match self {
            Self::Inactive => "not active".to_owned(),
            Self::OnLeave { until } => format!("on leave until {}", until.format("%a %-d %b %Y")),
            Self::Holiday { region, back_at } => format!("on holiday ({region}), {}", back(back_at)),
            Self::OffRota { back_at } => format!("off rota, {}", back(back_at)),
            Self::OutOfOffice { until } => format!("out of office until {}", local(*until, zone)),
            Self::Busy { until } => format!("busy until {}", local(*until, zone)),
            Self::Away => "away".to_owned(),
            Self::Reserved { until } => format!("on another call until {} at the latest", local(*until, zone)),
            Self::AtCap { cap, load } => format!("at the cap: {load} of {cap} leads today"),
            Self::AtWeekCap { cap, load } => format!("at the cap: {load} of {cap} leads this week"),
            Self::AtOpenCap { cap, open } => format!("at the cap: {open} of {cap} leads open"),
            Self::MissingLanguage { wanted } => format!("without the caller's language ({wanted})"),
            Self::MissingSkill { skill } => format!("without the skill {skill}"),
            Self::MissingProduct { product } => format!("without the product {product}"),
            Self::CalendarUnknown { why } => format!("counted as busy, calendar unknown ({why})"),
            Self::NoPhone => "without a phone to ring".to_owned(),
        }
    }
}

impl Entry {
    /// A sentence without its full stop; `name` tells how reps are called.
    pub fn in_words(&self, name: &dyn Fn(&RepId) -> String) -> String {
        let pool = &self.pool;
        match &self.kind {
            EntryKind::Turn { payer, weights } => {
                format!("{} pays one turn in {pool}, shared among {}", name(payer), weights.len())
            }
            EntryKind::Moved { from, to, reason, cause } => {
                let cause = cause.map_or_else(String::new, |cause| format!("{}, ", cause.in_words()));
                format!("The turn moves from {} to {} in {pool}: {cause}{reason}", name(from), name(to))
            }
            EntryKind::Undone { payer, cause, reason, .. } => {
                format!("{}'s turn in {pool} counts no more: {}, {reason}", name(payer), cause.in_words())
            }
            EntryKind::Granted { rep, turns, weights, reason } => {
                let (given, number) = (if *turns < 0 { "owes" } else { "is owed" }, turns.abs());
                let plural = if number == 1 { "turn" } else { "turns" };
                format!("{} {given} {number} {plural} more in {pool}, borne by {}: {reason}", name(rep), weights.len())
            }
        }
    }
}

impl Cause {
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Misrouted => "misrouted",
            Self::NoShow => "no-show",
            Self::Reassigned => "reassigned",
        }
    }
}

/// `Wed 7 Jan 2026 09:00 CET`.
pub fn local(at: DateTime<Utc>, zone: Zone) -> String {
    at.with_timezone(&zone).format("%a %-d %b %Y %H:%M %Z").to_string()
}

pub(super) fn rejection_of(case: &Case, rep: &RepId, because: &Rejection) -> String {
    because.in_words(case.rep(rep).map_or(Zone::UTC, |rep| rep.timezone))
}
