//! Slack, Teams, Google Calendar and mail: every client against its stand-in, for every outcome, with every exchange held
//! against the vendor's contract.

mod google;
mod mail;
mod slack;
mod teams;

use baton::connectors::VendorError;
use baton_clock::FakeClock;
use baton_sandbox::{Fault, World};
use chrono::{DateTime, Utc};
use std::sync::Arc;

pub(super) fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time in a test")
}

/// A Monday morning.
pub(super) fn world() -> (Arc<FakeClock>, Arc<World>) {
    let clock = FakeClock::new(at("2026-11-23T09:00:00Z"));
    (Arc::clone(&clock), World::new(clock))
}

/// Of that Monday, the hours of work.
pub(super) fn day() -> (DateTime<Utc>, DateTime<Utc>) {
    (at("2026-11-23T08:00:00Z"), at("2026-11-23T18:00:00Z"))
}

pub(super) fn all(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What is played on each call alone, and as what a read and a write tell it.
pub(super) fn each_fault() -> [(Fault, &'static str, &'static str); 3] {
    [
        (Fault::Unavailable, "retry", "retry"),
        (Fault::RateLimit { retry_after_s: Some(9) }, "rate_limited", "rate_limited"),
        (Fault::DropAnswer, "retry", "unknown"),
    ]
}

pub(super) fn class<T: std::fmt::Debug>(result: Result<T, VendorError>) -> &'static str {
    result.expect_err("a failure").class()
}
