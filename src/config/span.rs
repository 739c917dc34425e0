//! How long something may take, written as in rule files.

use baton_core::rules::words::values::{DURATION, duration};
use serde::de::{Deserialize, Deserializer, Error};
use std::time::Duration;

pub(super) fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is no span; allowed: {DURATION}")))
}
