//! How old a signed request may be, and how far ahead of our clock.

use super::Refused;
use chrono::{DateTime, TimeDelta, Utc};

/// What most vendors allow on either side.
pub const FIVE_MINUTES: TimeDelta = TimeDelta::minutes(5);

/// A number of seconds as large as this would be in the year 5138.
const SURELY_MILLISECONDS: i64 = 100_000_000_000;

/// The timestamp that is signed with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timestamp {
    /// The header it stands in; `None`: beside the signature ([`super::Layout::Parts`]).
    pub header: Option<String>,
    pub unit: Unit,
    /// The limits themselves still count.
    pub back: TimeDelta,
    pub ahead: TimeDelta,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Our clock is taken to the whole second as well, as all SDKs do.
    Seconds,
    Milliseconds,
    /// Not said by the vendor: told by the size of the number.
    Either,
}

impl Timestamp {
    /// `text` is what was signed.
    ///
    /// # Errors
    /// It is no such number, or outside of the limits at `now`.
    pub(super) fn check(&self, text: &str, now: DateTime<Utc>) -> Result<(), Refused> {
        let number = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let instants = number.and_then(|text| text.parse().ok()).and_then(|number| self.unit.instants(number, now));
        let Some((signed_at, now)) = instants else {
            return Err(Refused::Malformed {
                what: "the timestamp is not a number of seconds or milliseconds".to_owned(),
            });
        };
        let age = now - signed_at;
        if age > self.back {
            Err(Refused::TooOld { by: age - self.back })
        } else if -age > self.ahead {
            Err(Refused::FromTheFuture { by: -age - self.ahead })
        } else {
            Ok(())
        }
    }
}

impl Unit {
    /// When it was signed, and `now` no finer than that.
    fn instants(self, number: i64, now: DateTime<Utc>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        match self {
            Self::Either if number < SURELY_MILLISECONDS => Self::Seconds.instants(number, now),
            Self::Seconds => DateTime::from_timestamp_secs(number).zip(DateTime::from_timestamp_secs(now.timestamp())),
            Self::Milliseconds | Self::Either => {
                DateTime::from_timestamp_millis(number).zip(DateTime::from_timestamp_millis(now.timestamp_millis()))
            }
        }
    }
}
