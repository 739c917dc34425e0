use super::Considered;
use super::decision::{OwnershipResult, TargetRole};
use super::ledger::TURN;
use super::reason::Rejection;
use super::scenario::*;
use crate::domain::account::CompanyRecord;
use crate::domain::known::{Fact, Known};
use crate::domain::lead::{Headcount, PreferredHandoff};
use crate::rules::model::condition::{Condition, IfUndecided};
use crate::rules::model::row::TerritoryRow;
use crate::rules::model::set::{
    CalendarUnknown, Existing, OrderPolicy, OwnershipRule, PoolPreference, RouteTo, Rung, WhenFull, Wish,
};
use crate::rules::model::territories::Territories;
use crate::rules::model::truth::Truth;
use proptest::prelude::*;
use std::time::Duration;

mod absent_owners;
mod availability;
mod calendars;
mod cells;
mod front_door;
mod matching;
mod ownership;
mod placement;
mod policies;
mod preferences;
mod purity;

/// A company of the caller's domain, with this owner.
fn owned_by(crm_id: &str) -> impl FnOnce(&mut CompanyRecord) {
    move |company| {
        company.domains = vec!["acme.com".into()];
        company.owner_crm_id = Some(crm_id.into());
    }
}

const WITHOUT_TRANSFER: [Rung; 2] = [Rung::Booking, Rung::Callback];
