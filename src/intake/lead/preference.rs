//! What the caller would like to happen, and when.

use crate::intake::reader::{self, Object};
use baton_core::domain::known::Source;
use baton_core::domain::lead::{Preference, PreferredHandoff};
use baton_core::domain::zone::Zone;
use baton_core::rules::words::zone;
use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use serde_json::Value;

/// `region`: the country in which "Eastern" is a zone.
pub(super) fn read(mut preference: Object<'_, '_>, region: Option<&str>) -> Preference {
    let ways = [
        ("transfer", PreferredHandoff::Transfer),
        ("meeting", PreferredHandoff::Meeting),
        ("callback", PreferredHandoff::Callback),
    ];
    let handoff = preference.choice("handoff", &ways);
    let allowed = "a time zone, such as Europe/Berlin, Pacific Standard Time, or Eastern with a US address";
    let timezone = preference.known("timezone", Source::Caller, allowed, |text| zone::parse(text, region));
    let timezone = timezone.map(|known| known.value);
    let times = times(&mut preference, timezone);
    preference.finish();
    Preference { handoff, times, timezone }
}

/// Instants with their offset, or the wall clock of `preference.timezone`; one or a list. Each that cannot be read is kept out
/// by itself.
fn times(preference: &mut Object<'_, '_>, timezone: Option<Zone>) -> Vec<DateTime<Utc>> {
    let Some(value) = preference.raw("times") else { return Vec::new() };
    let items: &[Value] = match value {
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    };
    let mut times = Vec::new();
    for item in items.iter().filter(|item| !item.is_null()) {
        match item.as_str().and_then(|text| instant(text.trim(), timezone)) {
            Some(instant) => times.push(instant),
            None => {
                let allowed =
                    "a list of times such as 2026-03-04T14:00:00Z, or 2026-03-04T14:00 with preference.timezone";
                preference.fault("times", item, allowed, None);
            }
        }
    }
    times
}

fn instant(text: &str, timezone: Option<Zone>) -> Option<DateTime<Utc>> {
    if let Some(instant) = reader::instant(text) {
        return Some(instant);
    }
    let wall = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    let wall = wall.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    // An hour that comes twice means the first; one that is skipped is no time at all.
    timezone?.from_local_datetime(&wall).earliest().map(|instant| instant.to_utc())
}
