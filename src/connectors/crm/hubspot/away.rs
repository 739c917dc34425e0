//! When users are away: their out-of-office hours, and whether they have set themselves away.
//!
//! The hours are JSON in a text, in milliseconds; without any it is empty, `[]`, `null` or not there. HubSpot's own example
//! has timestamps that are two digits short: what would lie in 1970 is told and not followed.

use super::owners::is_of;
use super::people::Person;
use super::{HubSpot, Object, VENDOR};
use crate::connectors::VendorError;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::rota::Window;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Whoever is away now is so until they say otherwise: as long as it takes to ask again, twice over.
const AWAY_FOR: TimeDelta = TimeDelta::minutes(10);
/// The years 2000 to 2100, in milliseconds: what lies outside is no such number.
const PLAUSIBLE_MS: std::ops::Range<i64> = 946_684_800_000..4_102_444_800_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Period {
    start_timestamp: Value,
    end_timestamp: Value,
}

impl HubSpot {
    pub(super) async fn away(
        &self,
        owners: &[CrmId],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<BTreeMap<CrmId, Vec<Busy>>, VendorError> {
        if owners.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (who, users) = tokio::try_join!(self.who(), self.users())?;
        let now = self.clock.now();
        let of = |name: &CrmId| {
            let person = who.called(name)?;
            let user = users.iter().find(|user| is_of(user, person))?;
            let mut away = absences(user, person, now);
            away.retain(|busy| busy.from < until && busy.until > from);
            Some((name.clone(), away))
        };
        Ok(owners.iter().filter_map(of).collect())
    }
}

fn absences(user: &Object, person: &Person, now: DateTime<Utc>) -> Vec<Busy> {
    let hours = user.get("hs_out_of_office_hours").unwrap_or_default();
    let mut away = periods(hours).unwrap_or_else(|why| {
        tracing::warn!(
            vendor = VENDOR, owner.id = %person.owner, why,
            "out-of-office hours that cannot be followed: they are set anew under Settings, Users"
        );
        Vec::new()
    });
    if user.get("hs_availability_status") == Some("away") {
        away.push((now, now + AWAY_FOR));
    }
    away.into_iter().map(|(from, until)| Busy { from, until, kind: BusyKind::OutOfOffice }).collect()
}

/// # Errors
/// What is wrong with it, in words of ours.
fn periods(text: &str) -> Result<Vec<Window>, &'static str> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let read: Option<Vec<Period>> = serde_json::from_str(text).map_err(|_| "they are no list of times")?;
    let of = |Period { start_timestamp, end_timestamp }: Period| {
        let (from, until) = (instant(&start_timestamp)?, instant(&end_timestamp)?);
        if from < until { Ok((from, until)) } else { Err("an end before its beginning") }
    };
    read.unwrap_or_default().into_iter().map(of).collect()
}

fn instant(value: &Value) -> Result<DateTime<Utc>, &'static str> {
    let number = value.as_i64().or_else(|| value.as_str()?.parse().ok()).ok_or("a time that is no number")?;
    if !PLAUSIBLE_MS.contains(&number) {
        return Err("a time that is not in milliseconds: it would lie decades away");
    }
    DateTime::from_timestamp_millis(number).ok_or("a time that is none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_in_every_form_and_what_cannot_be_is_refused() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let day = (at("2026-11-22T15:00:00Z"), at("2026-11-23T15:00:00Z"));
        for text in ["", " ", "[]", "null"] {
            assert_eq!(periods(text), Ok(Vec::new()), "{text:?}");
        }
        for text in [
            r#"[{"startTimestamp":1795359600000,"endTimestamp":1795446000000}]"#,
            r#"[{"startTimestamp":"1795359600000","endTimestamp":"1795446000000","note":"x"}]"#,
        ] {
            assert_eq!(periods(text), Ok(vec![day]), "{text}");
        }
        for (text, why) in [
            (r#"[{"startTimestamp":17953596000,"endTimestamp":17954460000}]"#, "not in milliseconds"),
            (r#"[{"startTimestamp":1795359600000000,"endTimestamp":1795446000000000}]"#, "not in milliseconds"),
            (r#"[{"startTimestamp":1795446000000,"endTimestamp":1795359600000}]"#, "before its beginning"),
            (r#"[{"startTimestamp":null,"endTimestamp":1795359600000}]"#, "no number"),
            (r#"{"startTimestamp":1}"#, "no list"),
            ("until Monday", "no list"),
        ] {
            assert!(periods(text).is_err_and(|told| told.contains(why)), "{text}");
        }
    }
}
