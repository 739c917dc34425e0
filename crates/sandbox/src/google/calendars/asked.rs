//! What the routes ask of the calendars and the tokens.

use super::{CalendarState, Grant, Refusal, SeenEvent};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Whether a token may be used for a call.
pub(in crate::google) enum Entry {
    Good,
    /// Not known, revoked or expired.
    BadToken,
    NarrowScope,
}

pub(in crate::google) enum Insert {
    Made(SeenEvent),
    Duplicate,
    Invalid(&'static str),
}

/// What became of a patch or a delete.
pub(in crate::google) enum Change {
    Made(SeenEvent),
    Missing,
    Deleted,
    /// It is another state by now than the one it was asked for.
    Outdated,
    Invalid(&'static str),
}

impl CalendarState {
    pub(in crate::google) fn take_refusal(&self, operation: &str) -> Option<Refusal> {
        let refusals = &mut self.kept().refusals;
        let index = refusals.iter().position(|(of, _)| of == operation)?;
        Some(refusals.remove(index).1)
    }

    pub(in crate::google) fn has_user(&self, user: &str) -> bool {
        !self.kept().unknown_users.contains(user)
    }

    pub(in crate::google) fn is_delegated(&self) -> bool {
        !self.kept().undelegated
    }

    pub(in crate::google) fn issue(&self, scope: String, until: DateTime<Utc>) -> String {
        let mut kept = self.kept();
        kept.issued += 1;
        let token = format!("ya29.sandbox-{}", kept.issued);
        kept.tokens.insert(token.clone(), Grant { scope, until });
        token
    }

    /// `needed` is the last part of a scope's address.
    pub(in crate::google) fn entry(&self, token: &str, needed: &str, now: DateTime<Utc>) -> Entry {
        match self.kept().tokens.get(token).filter(|grant| now < grant.until) {
            None => Entry::BadToken,
            Some(grant) if grant.scope.split(' ').any(|scope| scope.rsplit('/').next() == Some(needed)) => Entry::Good,
            Some(_) => Entry::NarrowScope,
        }
    }

    pub(in crate::google) fn trouble(&self, calendar: &str) -> Option<String> {
        self.kept().trouble.get(calendar).cloned()
    }

    /// Busy times within the window, touching and overlapping ones as one, as Google does.
    pub(in crate::google) fn busy(&self, calendar: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Value> {
        let mut periods: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
        let mut events = self.within(calendar, from, until);
        events.retain(SeenEvent::takes_time);
        events.sort_by_key(|event| event.from);
        for event in events {
            let (start, end) = (event.from.max(from), event.until.min(until));
            match periods.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => periods.push((start, end)),
            }
        }
        periods.into_iter().map(|(start, end)| json!({ "start": start, "end": end })).collect()
    }

    /// Events that stand and touch the window.
    pub(in crate::google) fn within(
        &self,
        calendar: &str,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Vec<SeenEvent> {
        let kept = self.kept();
        let standing = kept.events.iter().filter(|event| event.calendar == calendar && !event.cancelled);
        standing.filter(|event| event.overlaps(from, until)).cloned().collect()
    }

    pub(in crate::google) fn page_length(&self) -> Option<usize> {
        self.kept().page_length
    }

    pub(in crate::google) fn event(&self, calendar: &str, id: &str) -> Option<SeenEvent> {
        self.kept().events.iter().find(|event| event.calendar == calendar && event.id == id).cloned()
    }

    pub(in crate::google) fn insert(&self, calendar: &str, body: &Value, invites: bool) -> Insert {
        let instant = |name: &str| body[name]["dateTime"].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
        let (Some(from), Some(until)) = (instant("start"), instant("end")) else {
            return Insert::Invalid("Missing start or end time.");
        };
        if until <= from {
            return Insert::Invalid("The specified time range is empty.");
        }
        let mut kept = self.kept();
        let id = body["id"].as_str().map_or_else(|| format!("chosen{}", kept.events.len()), str::to_owned);
        if !(5..=1024).contains(&id.len()) || !id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'v')) {
            return Insert::Invalid("Invalid resource id value.");
        }
        if kept.events.iter().any(|event| event.calendar == calendar && event.id == id) {
            return Insert::Duplicate;
        }
        let attendee_email = body["attendees"][0]["email"].as_str().map(str::to_owned);
        let event = SeenEvent {
            calendar: calendar.to_owned(),
            id,
            from,
            until,
            summary: text(&body["summary"]),
            invited: invites && attendee_email.is_some(),
            attendee_email,
            booked: true,
            description: text(&body["description"]),
            ..SeenEvent::default()
        };
        kept.events.push(event.clone());
        kept.tell(calendar);
        Insert::Made(event)
    }

    /// Times and description: what else a patch may name is nobody's here. `etag`: the state that is asked for, if one is.
    pub(in crate::google) fn patch(
        &self,
        calendar: &str,
        id: &str,
        etag: Option<&str>,
        body: &Value,
        tells: bool,
    ) -> Change {
        let instant = |name: &str, otherwise: DateTime<Utc>| match body.get(name) {
            None => Some(otherwise),
            Some(moment) => moment["dateTime"].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok()),
        };
        self.standing(calendar, id, |event| {
            if etag.is_some_and(|etag| etag != event.etag()) {
                return Change::Outdated;
            }
            let (Some(from), Some(until)) = (instant("start", event.from), instant("end", event.until)) else {
                return Change::Invalid("Invalid start or end time.");
            };
            if until <= from {
                return Change::Invalid("The specified time range is empty.");
            }
            (event.from, event.until) = (from, until);
            if body.get("description").is_some() {
                event.description = text(&body["description"]);
            }
            event.changed(tells);
            Change::Made(event.clone())
        })
    }

    pub(in crate::google) fn delete(&self, calendar: &str, id: &str, tells: bool) -> Change {
        self.standing(calendar, id, |event| {
            event.cancelled = true;
            event.changed(tells);
            Change::Made(event.clone())
        })
    }

    fn standing(&self, calendar: &str, id: &str, change: impl FnOnce(&mut SeenEvent) -> Change) -> Change {
        let mut kept = self.kept();
        let changed = match kept.events.iter_mut().find(|event| event.calendar == calendar && event.id == id) {
            None => Change::Missing,
            Some(event) if event.cancelled => Change::Deleted,
            Some(event) => change(event),
        };
        if matches!(changed, Change::Made(_)) {
            kept.tell(calendar);
        }
        changed
    }
}

impl SeenEvent {
    fn changed(&mut self, tells: bool) {
        self.version += 1;
        self.told += u32::from(tells && self.attendee_email.is_some());
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
