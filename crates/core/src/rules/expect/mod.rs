//! `rules/tests/*.yaml`: given a lead and a world, what is expected of the rules.
//!
//! The files are no part of a release: they may change without changing a decision. Names in them are looked up in the
//! rules they are about, so a test of a pool that was renamed is a fault with its place, not a test that fails for ever.

mod places;
mod read;
mod table;

pub use places::{Places, places};
pub use read::read;

use crate::domain::account::{Account, PersonKind};
use crate::domain::crm_id::CrmId;
use crate::domain::id::{PoolId, RepId, TerritoryId, TierId};
use crate::rules::model::set::Rung;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Stands for the file while it is read; the faults get its real name at the end.
const PATH: &str = "rules/tests";

/// One question to the rules, and the answer that is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleTest {
    /// Relative to the workspace: `rules/tests/emea.yaml`.
    pub path: String,
    pub line: u32,
    pub name: String,
    pub given: Given,
    pub expected: Expected,
}

/// What the world looks like. `None` and absent fields: nothing special.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    /// An event to start from, relative to the workspace; the fields of `lead` replace its own.
    pub event: Option<PlacedText>,
    pub lead: Vec<LeadField>,
    /// Required where there is no event; otherwise the event's own time is meant.
    pub at: Option<DateTime<Utc>>,
    pub account: Option<Account>,
    /// An earlier lead or a contact of the same person.
    pub person: Option<GivenPerson>,
    /// The CRM does not answer: the account is unknown.
    pub crm_down: Option<bool>,
    /// Said of themselves that they are away.
    pub away: Option<BTreeSet<RepId>>,
    /// In a meeting for the hour that comes.
    pub busy: Option<BTreeSet<RepId>>,
    /// Out of office by the calendar, for two days.
    pub out_of_office: Option<BTreeSet<RepId>>,
    /// Rung or talking for another lead.
    pub on_call: Option<BTreeSet<RepId>>,
    pub calendar_unknown: Option<BTreeSet<RepId>>,
    /// Leads taken since midnight.
    pub taken_today: Option<BTreeMap<RepId, u32>>,
    /// Leads owned and not closed.
    pub open: Option<BTreeMap<RepId, u32>>,
    /// Balances in millionths of a lead; who is not listed is level.
    pub ledger: Option<BTreeMap<PoolId, BTreeMap<RepId, i64>>>,
}

/// What the CRM holds of the person themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenPerson {
    pub kind: PersonKind,
    pub owner_crm_id: Option<CrmId>,
    /// How long before the decision the record was last active.
    pub active_ago: Duration,
}

/// A text with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedText {
    pub text: String,
    pub line: u32,
    pub column: u32,
}

/// A field of the lead as sales ops name it. What the value means is the event reader's business.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadField {
    /// One of [`LEAD_FIELDS`], or `custom.NAME`.
    pub name: String,
    pub value: LeadValue,
    pub line: u32,
    pub column: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub enum LeadValue {
    /// Written as nothing: the field is unknown, whatever the defaults say.
    Unknown,
    Text(String),
    List(Vec<String>),
}

/// Only what is given here is compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expected {
    /// The first to be rung; where nobody is rung, the owner.
    pub rep: Option<RepId>,
    pub owner: Option<RepId>,
    /// Everybody who is rung, in order.
    pub ring: Option<Vec<RepId>>,
    pub pool: Option<PoolId>,
    /// `Some(None)`: no row fits.
    pub territory: Option<Option<TerritoryId>>,
    pub tier: Option<TierId>,
    pub ladder: Option<Vec<Rung>>,
    /// Name of the route that decides; `Some(None)`: no route applies.
    pub route: Option<Option<String>>,
    /// Stands somewhere in the sentence of the decision, without regard to case.
    pub reason: Option<String>,
    /// Why these may not take the lead; the words are [`REASONS`].
    pub rejected: Option<BTreeMap<RepId, &'static str>>,
    pub degraded: Option<bool>,
}

/// What a test may say of the lead, beside `custom`.
pub const LEAD_FIELDS: [&str; 35] = [
    "country",
    "state",
    "region",
    "postal",
    "city",
    "industry",
    "employees",
    "company",
    "domain",
    "contact",
    "email",
    "phone",
    "title",
    "language",
    "score",
    "summary",
    "intent",
    "timeline",
    "use_case",
    "budget",
    "products",
    "urgency",
    "sentiment",
    "tone",
    "satisfaction",
    "source",
    "live",
    "channel",
    "direction",
    "handoff",
    "timezone",
    "consent.recording",
    "consent.callback",
    "consent.email",
    "consent.sms",
];

/// The words for why a rep may not take a lead: the names of `routing::reason::Rejection`.
pub const REASONS: [&str; 17] = [
    "inactive",
    "on_leave",
    "holiday",
    "off_rota",
    "out_of_office",
    "busy",
    "away",
    "reserved",
    "not_answering",
    "at_cap",
    "at_week_cap",
    "at_open_cap",
    "missing_language",
    "missing_skill",
    "missing_product",
    "calendar_unknown",
    "no_phone",
];

impl Given {
    /// These givens on top of others: what is said here replaces what is said there. The lead's fields are replaced one by
    /// one, but not under an event, which brings a lead of its own; another country brings its own place.
    fn over(self, base: &Self) -> Self {
        let mut lead = if self.event.is_some() { Vec::new() } else { base.lead.clone() };
        let country =
            |fields: &[LeadField]| fields.iter().find(|field| field.name == "country").map(|field| field.value.clone());
        let moves = country(&self.lead).zip(country(&lead)).is_some_and(|(own, base)| own != base);
        lead.retain(|field| {
            let stays = !(moves && WITHIN_A_COUNTRY.contains(&field.name.as_str()));
            stays && self.lead.iter().all(|own| own.name != field.name)
        });
        lead.extend(self.lead);
        Self {
            event: self.event.or_else(|| base.event.clone()),
            lead,
            at: self.at.or(base.at),
            account: self.account.or_else(|| base.account.clone()),
            person: self.person.or_else(|| base.person.clone()),
            crm_down: self.crm_down.or(base.crm_down),
            away: self.away.or_else(|| base.away.clone()),
            busy: self.busy.or_else(|| base.busy.clone()),
            out_of_office: self.out_of_office.or_else(|| base.out_of_office.clone()),
            on_call: self.on_call.or_else(|| base.on_call.clone()),
            calendar_unknown: self.calendar_unknown.or_else(|| base.calendar_unknown.clone()),
            taken_today: self.taken_today.or_else(|| base.taken_today.clone()),
            open: self.open.or_else(|| base.open.clone()),
            ledger: self.ledger.or_else(|| base.ledger.clone()),
        }
    }
}

/// Parts of a place that say nothing in another country.
const WITHIN_A_COUNTRY: [&str; 4] = ["state", "region", "postal", "city"];

impl Expected {
    fn over(self, base: &Self) -> Self {
        Self {
            rep: self.rep.or_else(|| base.rep.clone()),
            owner: self.owner.or_else(|| base.owner.clone()),
            ring: self.ring.or_else(|| base.ring.clone()),
            pool: self.pool.or_else(|| base.pool.clone()),
            territory: self.territory.or_else(|| base.territory.clone()),
            tier: self.tier.or_else(|| base.tier.clone()),
            ladder: self.ladder.or_else(|| base.ladder.clone()),
            route: self.route.or_else(|| base.route.clone()),
            reason: self.reason.or_else(|| base.reason.clone()),
            rejected: self.rejected.or_else(|| base.rejected.clone()),
            degraded: self.degraded.or(base.degraded),
        }
    }
}
