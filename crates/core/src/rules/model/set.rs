//! The checked rules of one workspace. A value of this type always has a final fallback: `routing::decide` cannot fail.

mod calendars;
mod front_door;
mod handoff;
mod pool;

pub use calendars::{CalendarRules, CountsAs};
pub use front_door::{AnsweredNumber, FrontDoor};
pub use handoff::{
    AwayAfterMisses, BookingRules, CallbackDial, CallbackRules, ConfirmBy, HandoffRules, Introduction, Ladders,
    MeetingOfTier, RingPlan, Rung, SlaStep, TextBack,
};
pub(in crate::rules) use handoff::{by_mail, call_takes, live_at_most};
pub use pool::{CalendarUnknown, Caps, Fit, OrderPolicy, Pool, PoolPreference, WhenFull, Wish};

use crate::domain::account::{MatchKey, Records};
use crate::domain::crm_id::CrmId;
use crate::domain::id::{PoolId, ReleaseId, RepId, TerritoryId, TierId};
use crate::domain::lead::{FieldValue, Lead};
use crate::domain::rep::Rep;
use crate::domain::rota::Hours;
use crate::rules::model::condition::{Condition, IfUndecided};
use crate::rules::model::field::{FieldKind, counted};
use crate::rules::model::territories::Territories;
use crate::rules::model::truth::Test;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq)]
pub struct RuleSet {
    /// Hash over the content of every file of `rules/` and `templates/`.
    pub release: ReleaseId,
    pub reps: BTreeMap<RepId, Rep>,
    pub territories: Territories,
    pub ownership: Vec<OwnershipRule>,
    pub assignment: Assignment,
    /// Under [`Assignment::Crm`]: how long after it came a lead waits for the owner, where the CRM's rules run by and by. A
    /// caller on the line waits for less, see [`RuleSet::waits_for_crm_until`].
    pub assignment_wait: Duration,
    /// What a calendar said counts for so long; then it is unknown.
    pub calendars_believed_for: Duration,
    pub calendars: CalendarRules,
    /// In order; the first whose condition holds wins. The last one is [`Condition::Always`].
    pub tiers: Vec<Tier>,
    /// Exceptions, before territories, in order.
    pub routes: Vec<Route>,
    pub pools: BTreeMap<PoolId, Pool>,
    pub catch_all: PoolId,
    pub hours: Hours,
    pub handoff: HandoffRules,
    pub front_door: FrontDoor,
    pub matching: MatchRules,
    /// Domains that say nothing about the company: free mail and providers.
    pub shared_domains: BTreeSet<String>,
    /// What the CRM calls fields of accounts that have a name of the rules' own, by that name.
    pub crm_names: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnershipRule {
    pub existing: Existing,
    /// Give the owner up if their first free moment is later than this, whatever they are absent for.
    pub wait_at_most: Option<Duration>,
    /// Instead, for leave and out of office: give the owner up if it ends later than this. Days off behind it do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leave_at_most: Option<Duration>,
    /// Instead, for hours and days at which the owner never works, and holidays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off_rota_at_most: Option<Duration>,
    /// A lead or contact counts only if it was active so long ago at most; see [`Existing::is_person`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
}

impl OwnershipRule {
    /// Without limits: the owner is waited for as long as the rota knows, and a record never grows old.
    pub fn of(existing: Existing) -> Self {
        Self { existing, wait_at_most: None, leave_at_most: None, off_rota_at_most: None, within: None }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Existing {
    AccountOwner,
    OpenOpportunityOwner,
    /// Of an open lead or a contact of the same person: whichever was active last.
    LeadOwner,
    /// Of a contact of the same person.
    ContactOwner,
    /// Whom the CRM's own rules chose for this very lead; asked first under [`Assignment::Crm`], never written as a rule.
    CrmAssignment,
}

impl Existing {
    /// As it is written in rules, and stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountOwner => "account_owner",
            Self::OpenOpportunityOwner => "open_opportunity_owner",
            Self::LeadOwner => "lead_owner",
            Self::ContactOwner => "contact_owner",
            Self::CrmAssignment => "crm_assignment",
        }
    }

    /// The owner of a record of the person, not of the company.
    pub fn is_person(self) -> bool {
        match self {
            Self::LeadOwner | Self::ContactOwner => true,
            Self::AccountOwner | Self::OpenOpportunityOwner | Self::CrmAssignment => false,
        }
    }
}

/// Who chooses the owner of a lead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignment {
    #[default]
    Baton,
    /// The CRM's own assignment rules; ours where they choose nobody, or do not answer in time.
    Crm,
}

/// How a lead finds its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchRules {
    /// Strongest first; each once; never empty.
    keys: Vec<MatchKey>,
    /// How alike two company names must be to count as one, of 1000.
    pub name_at_least_permille: u16,
}

impl MatchRules {
    /// `None`: no key, or one twice.
    pub fn new(keys: Vec<MatchKey>, name_at_least_permille: u16) -> Option<Self> {
        let once = keys.iter().enumerate().all(|(at, key)| !keys[..at].contains(key));
        (once && !keys.is_empty()).then_some(Self { keys, name_at_least_permille })
    }

    pub fn keys(&self) -> &[MatchKey] {
        &self.keys
    }
}

impl Default for MatchRules {
    fn default() -> Self {
        Self {
            keys: vec![MatchKey::Phone, MatchKey::Email, MatchKey::Domain, MatchKey::Name],
            name_at_least_permille: 900,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tier {
    pub name: TierId,
    pub line: u32,
    pub when: Condition,
    pub if_undecided: IfUndecided,
    /// Ladder for this tier; `None` = the default ladder.
    pub ladder: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    pub name: String,
    pub line: u32,
    pub when: Condition,
    pub if_undecided: IfUndecided,
    pub to: RouteTo,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteTo {
    Pool(PoolId),
    Rep(RepId),
}

impl RuleSet {
    /// The pool that names a cell most closely; of equals, which the loader refuses, the first by name.
    pub fn serving(&self, territory: Option<&TerritoryId>, tier: &TierId) -> Option<(Fit, &Pool)> {
        let mut best: Option<(Fit, &Pool)> = None;
        for pool in self.pools.values() {
            if let Some(fit) = pool.fit(territory, tier)
                && best.is_none_or(|(so_far, _)| fit > so_far)
            {
                best = Some((fit, pool));
            }
        }
        best
    }

    /// A pool and whoever is asked after it, in order: its overflows, the catch-all. Each once, so that a circle of
    /// overflows ends.
    pub fn chain(&self, first: &PoolId) -> Vec<&Pool> {
        let mut chain: Vec<&Pool> = Vec::new();
        let mut next = self.pools.get(first);
        while let Some(pool) = next.filter(|pool| !chain.iter().any(|before| before.id == pool.id)) {
            chain.push(pool);
            next = pool.overflow.as_ref().and_then(|overflow| self.pools.get(overflow));
        }
        if !chain.iter().any(|pool| pool.id == self.catch_all) {
            chain.extend(self.pools.get(&self.catch_all));
        }
        chain
    }

    /// The rep whom the CRM means by this.
    pub fn rep_in_crm(&self, name: &CrmId) -> Option<&Rep> {
        self.reps.values().find(|rep| rep.is_called_in_crm(name))
    }

    /// Until when the CRM may still name the owner of a lead: a caller on the line waits so long that one rep can be rung after it.
    pub fn waits_for_crm_until(&self, lead: &Lead) -> DateTime<Utc> {
        let after = |at: DateTime<Utc>, span: Duration| {
            TimeDelta::from_std(span)
                .ok()
                .and_then(|span| at.checked_add_signed(span))
                .unwrap_or(DateTime::<Utc>::MAX_UTC)
        };
        let until = after(lead.received_at, self.assignment_wait);
        if !lead.is_live() {
            return until;
        }
        let HandoffRules { patience, ring_timeout, accept_within, .. } = self.handoff;
        let patience = self.front_door.of(lead).map_or(patience, |number| number.wait);
        until.min(after(lead.qualified_at(), patience.saturating_sub(ring_timeout + accept_within)))
    }

    /// As if these reps had left: by them it is decided who else can have a lead that they let lie.
    pub fn without(&self, gone: &[RepId]) -> Cow<'_, Self> {
        let mut rules = Cow::Borrowed(self);
        for rep in gone {
            if let Some(rep) = rules.to_mut().reps.get_mut(rep) {
                rep.active = false;
            }
        }
        rules
    }

    /// The fields of accounts that conditions test, as the CRM calls them: what a look-up reads along with the account.
    pub fn crm_fields(&self) -> BTreeSet<String> {
        let tested = self.tested_of_accounts();
        let fields = tested.iter().filter(|field| !counted().any(|(name, _)| name == *field));
        fields.map(|field| self.name_in_crm(field).to_owned()).collect()
    }

    /// Whether conditions test any of these fields that are counted.
    pub fn counts_any(&self, of: &[(&str, FieldKind)]) -> bool {
        let tested = self.tested_of_accounts();
        of.iter().any(|(name, _)| tested.contains(*name))
    }

    /// Gives what came by the CRM's names those that conditions test.
    pub fn name_fields(&self, records: &mut Records) {
        if self.crm_names.is_empty() {
            return;
        }
        let tested = self.tested_of_accounts();
        for company in &mut records.companies {
            let by_theirs =
                |(ours, theirs): (&String, &String)| Some((ours.clone(), company.fields.get(theirs)?.clone()));
            let named: Vec<(String, FieldValue)> = self.crm_names.iter().filter_map(by_theirs).collect();
            company
                .fields
                .retain(|name, _| tested.contains(name) || !self.crm_names.values().any(|theirs| theirs == name));
            company.fields.extend(named);
        }
    }

    /// Without `account.`.
    fn tested_of_accounts(&self) -> BTreeSet<String> {
        let mut fields = BTreeSet::new();
        for condition in self.conditions() {
            condition.each_field(&mut |path| fields.extend(path.strip_prefix(OF_ACCOUNT).map(str::to_owned)));
        }
        fields
    }

    fn name_in_crm<'n>(&'n self, field: &'n str) -> &'n str {
        self.crm_names.get(field).map_or(field, String::as_str)
    }

    /// The same, each with the words to one of which it must be equal somewhere; what an expression does with it is not looked at.
    pub fn crm_words(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut words: BTreeMap<String, BTreeSet<String>> =
            self.crm_fields().into_iter().map(|field| (field, BTreeSet::new())).collect();
        for condition in self.conditions() {
            condition.each_part(&mut |part| {
                let Condition::Field { field, test: Test::OneOf(values) } = part else { return };
                let of_field = field.strip_prefix(OF_ACCOUNT).and_then(|field| words.get_mut(self.name_in_crm(field)));
                let texts = values.iter().filter_map(|value| match value {
                    FieldValue::Text(text) => Some(text.clone()),
                    FieldValue::Flag(_) | FieldValue::Number(_) | FieldValue::List(_) => None,
                });
                if let Some(of_field) = of_field {
                    of_field.extend(texts);
                }
            });
        }
        words
    }

    fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.tiers.iter().map(|tier| &tier.when).chain(self.routes.iter().map(|route| &route.when))
    }
}

/// What the path of a CRM's field begins with.
const OF_ACCOUNT: &str = "account.";
