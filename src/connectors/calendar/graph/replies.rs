//! Automatic replies: whoever has switched them on is away, whatever the calendar says.
//!
//! They stand in no schedule, and each mailbox is asked for its own. Kept for [`FRESH`], so that a look into a calendar shortly
//! after another asks for none of them; a mailbox whose replies were never read is unknown, never free.

use super::batch::PartFailure;
use super::wire::Moment;
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::rota::Window;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// With the longest time between two readings of all calendars, less than a minute: whoever goes away is seen to within that.
const FRESH: TimeDelta = TimeDelta::seconds(4);
/// What was read last is believed this long while it cannot be read.
const BELIEVED: TimeDelta = TimeDelta::minutes(15);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Setting {
    status: Option<String>,
    scheduled_start_date_time: Option<Moment>,
    scheduled_end_date_time: Option<Moment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replies {
    Off,
    On,
    Within(DateTime<Utc>, DateTime<Utc>),
    /// Not granted to us: nothing is known of them, and nothing will be.
    NotShown,
}

/// By mailbox: what was read last, and when.
type ByMailbox = BTreeMap<String, Result<(Replies, DateTime<Utc>), String>>;

#[derive(Default)]
pub(super) struct KeptReplies(Mutex<ByMailbox>);

impl KeptReplies {
    pub(super) fn is_fresh(&self, mailbox: &str, now: DateTime<Utc>) -> bool {
        matches!(self.kept().get(mailbox), Some(Ok((_, read_at))) if now - *read_at < FRESH)
    }

    pub(super) fn saw(&self, mailbox: &str, told: Result<&Value, PartFailure>, now: DateTime<Utc>) {
        let read = match told {
            Ok(setting) => understood(setting),
            Err(PartFailure::Refused) => Ok(Replies::NotShown),
            Err(PartFailure::Now(why)) => Err(why),
        };
        let mut kept = self.kept();
        let believed = match kept.get(mailbox) {
            Some(Ok((replies, read_at))) if now - *read_at < BELIEVED => Some(*replies),
            Some(_) | None => None,
        };
        match read {
            // A refusal makes nobody free who was away a moment ago.
            Ok(Replies::NotShown) if matches!(believed, Some(Replies::On | Replies::Within(..))) => {}
            Ok(replies) => drop(kept.insert(mailbox.to_owned(), Ok((replies, now)))),
            Err(_) if believed.is_some() => {}
            Err(why) => drop(kept.insert(mailbox.to_owned(), Err(why))),
        }
    }

    /// The time within the window for which its owner is away by them.
    ///
    /// # Errors
    /// Why it is not known.
    pub(super) fn away(&self, mailbox: &str, (from, until): Window) -> Result<Option<Busy>, String> {
        let away = |from, until| Busy { from, until, kind: BusyKind::OutOfOffice };
        match self.kept().get(mailbox) {
            Some(Ok((Replies::Off | Replies::NotShown, _))) => Ok(None),
            Some(Ok((Replies::On, _))) => Ok(Some(away(from, until))),
            Some(Ok((Replies::Within(start, end), _))) => {
                let shared = away(from.max(*start), until.min(*end));
                Ok(Some(shared).filter(|shared| shared.from < shared.until))
            }
            Some(Err(why)) => Err(format!("its automatic replies could not be read: {why}")),
            None => Err("its automatic replies were not read".to_owned()),
        }
    }

    /// Whether the mailbox was read and its replies were refused to us.
    pub(super) fn are_refused(&self, mailbox: &str) -> bool {
        matches!(self.kept().get(mailbox), Some(Ok((Replies::NotShown, _))))
    }

    fn kept(&self) -> MutexGuard<'_, ByMailbox> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn understood(setting: &Value) -> Result<Replies, String> {
    let setting = Setting::deserialize(setting).map_err(|_| "they do not read as expected".to_owned())?;
    let at = |moment: &Option<Moment>| moment.as_ref().and_then(Moment::at);
    match setting.status.as_deref().unwrap_or_default().to_ascii_lowercase().as_str() {
        "disabled" => Ok(Replies::Off),
        "alwaysenabled" => Ok(Replies::On),
        "scheduled" => match (at(&setting.scheduled_start_date_time), at(&setting.scheduled_end_date_time)) {
            (Some(start), Some(end)) => Ok(Replies::Within(start, end)),
            _ => Err("their times are not in UTC, which was asked for".to_owned()),
        },
        _ => Err("their status is a word that is not known".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-23T{text}:00Z").parse().expect("an instant")
    }

    fn setting(status: &str, zone: &str) -> Value {
        json!({
            "status": status,
            "scheduledStartDateTime": { "dateTime": "2026-11-23T10:00:00.0000000", "timeZone": zone },
            "scheduledEndDateTime": { "dateTime": "2026-11-23T12:00:00.0000000", "timeZone": zone },
        })
    }

    #[test]
    fn who_is_away_by_them_and_who_is_not_known() {
        let window = (at("09:00"), at("11:00"));
        let away = |from, until| -> Result<Option<Busy>, String> {
            Ok(Some(Busy { from, until, kind: BusyKind::OutOfOffice }))
        };
        for (told, expected) in [
            (Ok(setting("disabled", "UTC")), Ok(None)),
            (Ok(setting("alwaysEnabled", "UTC")), away(at("09:00"), at("11:00"))),
            (Ok(setting("scheduled", "UTC")), away(at("10:00"), at("11:00"))),
            (Err(PartFailure::Refused), Ok(None)),
        ] {
            let kept = KeptReplies::default();
            kept.saw("a@m.example", told.as_ref().map_err(|_| PartFailure::Refused), at("09:00"));
            assert_eq!(kept.away("a@m.example", window), expected, "{told:?}");
        }
        for (told, expected) in [
            (Ok(setting("scheduled", "Customized Time Zone")), "not in UTC"),
            (Ok(setting("onTuesdays", "UTC")), "a word that is not known"),
            (Err(PartFailure::Now("HTTP 429, TooManyRequests".to_owned())), "HTTP 429"),
        ] {
            let kept = KeptReplies::default();
            let told: Result<&Value, PartFailure> = match &told {
                Ok(setting) => Ok(setting),
                Err(_) => Err(PartFailure::Now("HTTP 429".to_owned())),
            };
            kept.saw("a@m.example", told, at("09:00"));
            assert!(kept.away("a@m.example", window).unwrap_err().contains(expected));
        }
        assert!(KeptReplies::default().away("a@m.example", window).is_err(), "never read");
        let before = KeptReplies::default();
        before.saw("a@m.example", Ok(&setting("scheduled", "UTC")), at("09:00"));
        assert_eq!(before.away("a@m.example", (at("12:00"), at("13:00"))), Ok(None), "over by then");
    }

    #[test]
    fn what_was_read_is_believed_for_a_while_and_read_again_before() {
        let (kept, window) = (KeptReplies::default(), (at("09:00"), at("11:00")));
        let fails = || Err(PartFailure::Now("HTTP 503".to_owned()));
        kept.saw("a@m.example", Ok(&setting("disabled", "UTC")), at("09:00"));
        assert!(kept.is_fresh("a@m.example", at("09:00") + TimeDelta::seconds(3)));
        assert!(!kept.is_fresh("a@m.example", at("09:00") + TimeDelta::seconds(4)));
        kept.saw("a@m.example", fails(), at("09:14"));
        assert!(kept.away("a@m.example", window).is_ok() && !kept.is_fresh("a@m.example", at("09:14")));
        kept.saw("a@m.example", Ok(&setting("alwaysEnabled", "UTC")), at("08:59"));
        kept.saw("a@m.example", Err(PartFailure::Refused), at("09:13"));
        assert!(kept.away("a@m.example", window).is_ok_and(|away| away.is_some()), "away, and refused once");
        kept.saw("a@m.example", Err(PartFailure::Refused), at("09:14"));
        assert!(kept.are_refused("a@m.example"), "refused for as long as anything is believed");
        kept.saw("a@m.example", Ok(&setting("disabled", "UTC")), at("09:00"));
        kept.saw("a@m.example", fails(), at("09:15"));
        assert!(kept.away("a@m.example", window).is_err() && !kept.is_fresh("a@m.example", at("09:15")));
    }
}
