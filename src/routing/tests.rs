use super::decision::{OwnershipResult, Rejection, TargetRole};
use super::ledger::TURN;
use super::scenario::*;
use super::{decide, members_considered};
use crate::domain::known::{Fact, Known};
use crate::domain::lead::{Headcount, PreferredHandoff};
use crate::rules::condition::{IfUndecided, Verdict};
use crate::rules::index::TerritoryIndex;
use crate::rules::set::{CalendarUnknown, Existing, OrderPolicy, OwnershipRule, RouteTo, Rung, TerritoryRow};
use proptest::prelude::*;
use std::time::Duration;

mod availability;
mod matching;
mod ownership;
mod placement;
mod purity;

const WITHOUT_TRANSFER: [Rung; 2] = [Rung::Booking, Rung::Callback];
