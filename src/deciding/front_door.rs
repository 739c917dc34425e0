//! The front door: a caller in its hours is a lead at once, and one who left before anybody has spoken with them is one then.
//!
//! Guarantees: where phones are said to ring, the lead is stored; told twice, by two workers or by one, a caller is one lead; and so
//! is whoever tries again within minutes, who is left to the agent the second time. Who withholds the number and reaches nobody can
//! be called back by nobody, and is counted in the log alone.

use super::answer::{Answer, within};
use super::decider::Decider;
use crate::intake::event::key_of;
use crate::store::{self, CARRIER, InboxMessage, StoreError, with};
use baton_core::domain::lead::{Arrival, FRONT_DOOR};
use baton_core::domain::outcome::NextStepKind;
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::rota::is_open;
use baton_core::rules::words::phone;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::time::Duration;

const EVENT: &str = "lead.qualified";
/// Tries of one number within this are one lead.
const TRIES_WITHIN: TimeDelta = TimeDelta::minutes(10);
/// A decision that takes longer is taken for one that rings somebody: where it is not, an Asterisk finds the caller alone.
const DECIDED_WITHIN: Duration = Duration::from_secs(2);

/// How a caller is told of who comes to the front door.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Caller {
    OnTheLine,
    Gone,
}

impl Decider {
    /// Whether people of ours answer this number in their hours.
    pub fn is_front_door(&self, dialled: &str) -> bool {
        self.parts.release.borrow().rules.front_door.dialled(dialled).is_some()
    }

    /// Whether phones of ours ring for them.
    ///
    /// # Errors
    /// The database failed: it is not known.
    pub async fn rings_at_front_door(&self, arrival: &Arrival) -> Result<bool, StoreError> {
        let now = self.parts.clock.now();
        let Some(to) = self.number(&arrival.dialled, Some(now)) else { return Ok(false) };
        let from = number_of(arrival, &to);
        if self.is_expected(arrival, from.as_ref(), now).await? {
            return Ok(false);
        }
        let event = lead(arrival, from.as_ref(), &to, Caller::OnTheLine, now);
        let (key, coming) = (event.key.clone(), self.answers().expect(&event.key));
        let known = self.take(vec![event]).await?;
        let is_known = known.iter().any(|known| matches!(known, store::Arrival::Same | store::Arrival::Differs));
        let before = if is_known { self.answer_of(&key).await? } else { None };
        let answer = match before {
            Some(answer) => Some(answer),
            None => within(coming, DECIDED_WITHIN).await,
        };
        match answer {
            Some(Answer::Decided(decided)) => Ok(decided.next_step.what == NextStepKind::Handoff),
            Some(Answer::Shadow(_) | Answer::Taken { .. } | Answer::Quarantined { .. }) => Ok(false),
            None => Ok(true),
        }
    }

    /// The lead of somebody who has reached nobody, unless there is one, or nobody could call them back.
    ///
    /// # Errors
    /// The database failed: it is not known whether there is one.
    pub async fn lead_of_missed(&self, arrival: &Arrival) -> Result<Option<InboxMessage>, StoreError> {
        let now = self.parts.clock.now();
        let Some(to) = self.number(&arrival.dialled, None) else { return Ok(None) };
        if self.parts.store.handoff_of_call(CARRIER, &arrival.call).await?.is_some() {
            return Ok(None);
        }
        let Some(from) = number_of(arrival, &to) else {
            tracing::info!("a caller who shows no number has left before anybody has spoken with them");
            return Ok(None);
        };
        if self.is_expected(arrival, Some(&from), now).await? {
            return Ok(None);
        }
        Ok(Some(lead(arrival, Some(&from), &to, Caller::Gone, now)))
    }

    /// The number of the front door that was dialled; with a moment, only if people answer it then.
    fn number(&self, dialled: &str, open_at: Option<DateTime<Utc>>) -> Option<PhoneE164> {
        let release = self.parts.release.borrow();
        let (number, answered) = release.rules.front_door.dialled(dialled)?;
        let is_open = open_at.is_none_or(|at| is_open(&release.rules.hours, &answered.opening, at));
        is_open.then(|| number.clone())
    }

    /// Whether something is to come already of a call from this number minutes ago.
    async fn is_expected(
        &self,
        arrival: &Arrival,
        from: Option<&PhoneE164>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Some(from) = from else { return Ok(false) };
        let asked = (from.clone(), arrival.call.clone(), now - TRIES_WITHIN);
        let expected = with(asked, |tx, (from, call, since)| Box::pin(tx.is_expected(from, call, *since)));
        self.parts.store.read("front_door.expected", expected).await
    }
}

/// The caller's; a national number is one of the country of ours.
fn number_of(arrival: &Arrival, to: &PhoneE164) -> Option<PhoneE164> {
    phone::read(arrival.from.as_deref()?, phone::country(to).as_deref())
}

/// As a platform would send it. Its id is the same whoever tells it.
fn lead(
    arrival: &Arrival,
    from: Option<&PhoneE164>,
    to: &PhoneE164,
    caller: Caller,
    now: DateTime<Utc>,
) -> InboxMessage {
    let call = &arrival.call;
    let id = if caller == Caller::OnTheLine { call.clone() } else { format!("{call}:missed") };
    let mut data = json!({
        "channel": "call",
        "call": {
            "platform": CARRIER, "id": call, "leg": call, "live": caller == Caller::OnTheLine, "direction": "inbound",
            "to": to,
        },
        "qualification": { "summary": format!("Called {}. Nobody has spoken with them yet.", to.as_str()) },
    });
    if let Some(from) = from {
        data["call"]["from"] = json!(from);
    }
    let event = json!({
        "specversion": "1.0", "type": EVENT, "source": FRONT_DOOR, "id": id, "time": now, "data": data,
    });
    let body = event.to_string().into_bytes();
    let (key, kind) = (key_of(&body), EVENT.to_owned());
    InboxMessage { key, kind, body, received_at: now, reply_to: None, correlation_id: None, trace_context: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::event::{Message, parse};

    fn read(from: Option<&str>, caller: Caller) -> baton_core::domain::lead::Lead {
        let now = "2026-11-30T09:00:00Z".parse().unwrap();
        let to = PhoneE164::new("+14155550199").unwrap();
        let (call, dialled) = ("1796028155.0".to_owned(), "14155550199".to_owned());
        let arrival = Arrival { call, from: from.map(str::to_owned), dialled };
        let sent = lead(&arrival, number_of(&arrival, &to).as_ref(), &to, caller, now);
        let Ok(Message::Lead(lead)) = parse(&sent.body, now).map(|read| read.message) else { panic!("it is not read") };
        assert_eq!(lead.unread, []);
        *lead
    }

    #[test]
    fn a_caller_at_the_front_door_is_read_as_a_lead_of_that_call() {
        for from in ["+14155550142", "14155550142", "4155550142"] {
            let lead = read(Some(from), Caller::OnTheLine);
            assert!(lead.is_at_front_door() && lead.is_live() && lead.may_begin());
            assert_eq!(lead.reach_phone().map(PhoneE164::as_str), Some("+14155550142"), "{from}");
            let call = lead.call.expect("a call");
            assert_eq!(call.to.as_ref().map(PhoneE164::as_str), Some("+14155550199"));
            assert_eq!(call.leg.as_deref(), Some("1796028155.0"));
        }
    }

    #[test]
    fn who_has_left_is_called_back_by_the_number_they_showed() {
        let lead = read(Some("+14155550142"), Caller::Gone);
        assert!(!lead.is_live() && lead.may_begin());
        assert_eq!(lead.event_id, "1796028155.0:missed");
        for withheld in [None, Some("anonymous"), Some("")] {
            assert!(read(withheld, Caller::OnTheLine).may_begin(), "who waits can be rung for");
            assert!(!read(withheld, Caller::Gone).may_begin(), "nobody could call them");
        }
    }
}
