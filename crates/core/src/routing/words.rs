//! Reasons as people read them.

mod territory;

use super::decision::DecidedAgain;
use super::ledger::{Cause, Entry, EntryKind, TURN};
use super::reason::{
    FailedWish, HeldBy, MissedWish, NotKnown, OrderKey, PlaceReason, PlanReason, PoolReason, Rejection, TakenBecause,
};
use crate::domain::id::RepId;
use crate::domain::zone::Zone;
use crate::rules::model::set::Existing;
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
            Self::NotAnswering { .. } => "not answering the phone",
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
            Self::NotAnswering { until } => {
                format!("not rung until {}: did not answer the last rings", local(*until, zone))
            }
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

impl PlanReason {
    /// The sentence of the whole decision, without its full stop: "account owner on leave until …: the delegate takes the call".
    pub fn in_words(&self) -> String {
        match self {
            Self::Held { by } => format!("{}, at work now", by.in_words()),
            Self::Delegated { by, because, zone } => {
                format!("{} {}: the delegate takes the call, the lead stays", by.in_words(), because.in_words(*zone))
            }
            Self::HeldForLater { by, because, zone } => {
                format!("{} {}: keeps the lead, by booking or callback", by.in_words(), because.in_words(*zone))
            }
            Self::FirstOf { of, pool, chosen } => {
                format!("first of {of} who may take it in {pool} ({})", chosen.in_words())
            }
            Self::SoonestBack { of, pool, chosen } => {
                format!("nobody can take it now: first of {of} who are soonest back in {pool} ({})", chosen.in_words())
            }
            Self::LeadRepAnswers { pool, chosen } => format!(
                "nobody of {pool} can take it soon: it waits, and the lead rep answers for it meanwhile ({})",
                chosen.in_words()
            ),
            Self::NobodyAnswers { pool } => {
                format!("nobody of {pool} can take it soon, nor its lead rep: it waits, and needs attention")
            }
            Self::NoPool => "no pool could be found".to_owned(),
            Self::Told { words } => words.clone(),
        }
    }
}

impl DecidedAgain {
    /// Without its full stop: "ana is not active any more: first of 2 who may take it in west (…)".
    pub fn in_words(&self) -> String {
        let reason = self.reason.in_words();
        self.taken.as_ref().map_or_else(|| reason.clone(), |taken| format!("{}: {reason}", taken.in_words()))
    }
}

impl TakenBecause {
    pub fn in_words(&self) -> String {
        match self {
            Self::Left { rep } => format!("{rep} is not active any more"),
            Self::Wanted { words } => words.clone(),
        }
    }
}

impl HeldBy {
    fn in_words(&self) -> String {
        match self {
            Self::Existing(existing) => existing.in_words().to_owned(),
            Self::Route(name) => format!("rep of route {name:?}"),
        }
    }
}

impl PoolReason {
    /// "serves DACH × enterprise", "overflow of emea-enterprise", "catch-all: no territory".
    pub fn in_words(&self) -> String {
        match self {
            Self::Route { route } => format!("route {route:?}"),
            Self::Serves { territory, tier } => format!("serves {territory} × {tier}"),
            Self::ServesTerritory { territory } => format!("serves {territory}"),
            Self::ServesTier { tier } => format!("serves tier {tier}"),
            Self::OverflowOf { pool } => format!("overflow of {pool}"),
            Self::EndOfOverflow { pool } => format!("catch-all: {pool} overflows nowhere else"),
            Self::RouteUndecided { route, missing } => {
                format!("catch-all: route {route:?} is undecided without {}", missing.join(", "))
            }
            Self::TierUndecided { tier, missing } => {
                format!("catch-all: tier {tier} is undecided without {}", missing.join(", "))
            }
            Self::NoTier => "catch-all: no tier".to_owned(),
            Self::NoTerritory => "catch-all: no territory".to_owned(),
            Self::NobodyServes { territory, tier } => format!("catch-all: no pool serves {territory} × {tier}"),
            Self::Told { words } => words.clone(),
        }
    }
}

impl PlaceReason {
    /// "without the preferred skill voice-ai (for 20 s); balance +0.50 with this lead's share".
    pub fn in_words(&self) -> String {
        let mut words: String = self.fails.iter().map(FailedWish::in_words).collect();
        if self.calendar_unknown {
            words.push_str("after the others, calendar unknown; ");
        }
        words + &self.key.in_words()
    }
}

impl FailedWish {
    fn in_words(&self) -> String {
        let until = self.for_s.map_or_else(String::new, |seconds| format!(" (for {seconds} s)"));
        let wish = match &self.wish {
            MissedWish::Language(wanted) => format!("language {wanted}"),
            MissedWish::Product(wanted) => format!("product {wanted}"),
            MissedWish::Skill(one_of) => format!("skill {}", one_of.join(" or ")),
        };
        format!("without the preferred {wish}{until}; ")
    }
}

impl OrderKey {
    fn in_words(&self) -> String {
        match self {
            Self::Balance { micro_leads } => format!("balance {} with this lead's share", turns(*micro_leads)),
            Self::NoTurnYet => "no turn yet".to_owned(),
            Self::LastTurn { entry, of } => format!("last turn was entry {entry} of {of}"),
            Self::Open { leads } => format!("{leads} open leads"),
            Self::Told { words } => words.clone(),
        }
    }
}

impl NotKnown {
    pub fn in_words(&self) -> String {
        match self {
            Self::Account { why } => format!("account unknown: {why}"),
            Self::OwnerChosenByCrm { why } => format!("owner chosen by the CRM unknown: {why}"),
            Self::Calendar { rep, why } => format!("calendar of {rep} unknown: {why}"),
            Self::Told { words } => words.clone(),
        }
    }
}
