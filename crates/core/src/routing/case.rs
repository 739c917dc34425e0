//! What every step of one decision looks at.

use super::ledger::Ledger;
use super::snapshot::{RepFacts, Snapshot};
use crate::domain::account::Account;
use crate::domain::id::RepId;
use crate::domain::known::Fact;
use crate::domain::lead::Lead;
use crate::domain::rep::{Busy, Rep};
use crate::rules::RuleSet;
use crate::rules::model::set::Pool;
use chrono::{DateTime, Utc};
use std::borrow::Cow;

#[derive(Clone, Copy)]
pub(super) struct RoutingCase<'a> {
    pub lead: &'a Lead,
    pub snapshot: &'a Snapshot,
    pub rules: &'a RuleSet,
    /// The lead's account, if the CRM knows one.
    pub account: Option<&'a Account>,
    /// The account fits by a name that proves nothing, so nobody owns the lead by it.
    pub account_is_weak: bool,
    /// A phone is to be rung now: the caller is on the line and a warm transfer is wanted. Otherwise a meeting or a call
    /// in progress is no reason to pass a rep over, since nobody waits for them this minute.
    pub ring: bool,
    /// A call is to be promised, and nothing is tried before: whoever gets the lead must come to make it.
    pub call_back: bool,
}

/// What is asked of a rep at a moment, whichever the lead.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    pub now: DateTime<Utc>,
    pub rules: &'a RuleSet,
    /// As in [`RoutingCase`].
    pub ring: bool,
    pub call_back: bool,
}

impl<'a> RoutingCase<'a> {
    pub(super) fn moment(&self) -> Moment<'a> {
        Moment { now: self.now(), rules: self.rules, ring: self.ring, call_back: self.call_back }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.snapshot.now
    }

    pub(super) fn rep(&self, id: &RepId) -> Option<&'a Rep> {
        self.rules.reps.get(id)
    }

    pub(super) fn facts(&self, rep: &RepId) -> Option<&'a RepFacts> {
        self.snapshot.reps.get(rep)
    }

    /// Looked up once for all that is asked of a rep: a pool asks much of many.
    pub(super) fn seen(&self, rep: &'a Rep) -> SeenRep<'a> {
        SeenRep { rep, facts: self.facts(&rep.id) }
    }

    pub(super) fn ledger(&self, pool: &Pool) -> Cow<'a, Ledger> {
        match self.snapshot.ledgers.get(&pool.id) {
            Some(ledger) => Cow::Borrowed(ledger),
            None => Cow::Owned(Ledger::empty(pool.id.clone())),
        }
    }
}

/// A rep, and what is known of them at this moment.
#[derive(Clone, Copy)]
pub(super) struct SeenRep<'a> {
    pub rep: &'a Rep,
    pub facts: Option<&'a RepFacts>,
}

impl<'a> SeenRep<'a> {
    /// What the rep's calendar holds; `Err` tells why it is unknown. A rep without a calendar has nothing in it.
    pub(super) fn calendar(&self) -> Result<&'a [Busy], &'a str> {
        match self.facts.map(|facts| facts.calendar.as_ref()) {
            Some(Some(Fact::Known { value, .. })) => Ok(value),
            Some(None) => Ok(&[]),
            _ if self.rep.calendar.is_none() => Ok(&[]),
            Some(Some(Fact::Unknown { why })) => Err(why),
            None => Err("it was not asked for"),
        }
    }
}
