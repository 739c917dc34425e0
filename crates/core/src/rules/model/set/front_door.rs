//! What `front_door.yaml` says: which numbers of ours people answer before the voice agent does, in which hours, and who.
//!
//! A caller at the front door is a lead at once, decided and rung for as any other, so that phones are reserved, whispered to and
//! given up as everywhere, and a worker that dies there loses nobody. What differs is said here and nowhere else: the pool that is
//! asked, how long it is waited for, and that the agent comes after it ([`super::Rung::Agent`]). The other way, a lead that begins
//! only when somebody accepts or nobody was reached, would need all of that a second time.

use super::Route;
use crate::domain::lead::Lead;
use crate::domain::phone::PhoneE164;
use crate::domain::rota::Opening;
use std::collections::BTreeMap;
use std::time::Duration;

/// `rules/front_door.yaml`, checked; empty where there is no such file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FrontDoor(BTreeMap<PhoneE164, AnsweredNumber>);

/// A number of ours.
#[derive(Debug, Clone, PartialEq)]
pub struct AnsweredNumber {
    /// When people are rung. At any other time the agent answers at once.
    pub opening: Opening,
    /// Of every lead that begins at this number, to the pool that answers it.
    pub route: Route,
    /// From the moment the caller came in until somebody has accepted; then the agent.
    pub wait: Duration,
}

impl FromIterator<(PhoneE164, AnsweredNumber)> for FrontDoor {
    fn from_iter<I: IntoIterator<Item = (PhoneE164, AnsweredNumber)>>(numbers: I) -> Self {
        Self(numbers.into_iter().collect())
    }
}

impl FrontDoor {
    /// The number that a caller has dialled, as a carrier writes it: with or without the plus.
    pub fn dialled(&self, digits: &str) -> Option<(&PhoneE164, &AnsweredNumber)> {
        let digits = digits.strip_prefix('+').unwrap_or(digits);
        self.0.iter().find(|(number, _)| number.as_str().strip_prefix('+') == Some(digits))
    }

    /// The number at which this lead began; `None`: it came another way, or by a number that is not answered so any more.
    pub fn of(&self, lead: &Lead) -> Option<&AnsweredNumber> {
        let called = lead.call.as_ref().filter(|_| lead.is_at_front_door())?.to.as_ref()?;
        self.0.get(called)
    }

    pub fn numbers(&self) -> impl ExactSizeIterator<Item = &AnsweredNumber> {
        self.0.values()
    }
}
