//! Reasons as people read them.

use super::case::Case;
use super::decision::Rejection;
use super::ledger::TURN;
use crate::domain::id::RepId;
use crate::rules::set::Existing;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

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
    /// Continues "Ana is …" or "account owner …"; times in the rep's zone.
    pub fn in_words(&self, zone: Tz) -> String {
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
            Self::AtOpenCap { cap, open } => format!("at the cap: {open} of {cap} leads open"),
            Self::MissingLanguage { wanted } => format!("without the caller's language ({wanted})"),
            Self::MissingSkill { skill } => format!("without the skill {skill}"),
            Self::CalendarUnknown { why } => format!("counted as busy, calendar unknown ({why})"),
            Self::NoPhone => "without a phone to ring".to_owned(),
        }
    }
}

/// `Wed 7 Jan 2026 09:00 CET`.
pub fn local(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%a %-d %b %Y %H:%M %Z").to_string()
}

pub(super) fn rejection_of(case: &Case, rep: &RepId, because: &Rejection) -> String {
    because.in_words(case.rep(rep).map_or(Tz::UTC, |rep| rep.timezone))
}
