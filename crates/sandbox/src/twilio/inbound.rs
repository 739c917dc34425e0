//! Calls that come in to a number of the account, which asks somebody what to do with them, and phones that such a call is put
//! through to.

use super::document::{Verb, seconds};
use super::{ANSWERED, Answer, Line, Person, TwilioState, UNANSWERED, VENDOR};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// What Twilio adds to the `timeout` of a phone that is dialled.
const RINGS_LONGER: Duration = Duration::from_secs(5);

/// Whether a call that comes in is answered by it. One that only waits for another phone is answered with that.
pub(super) fn answers(verb: &Verb) -> bool {
    match verb.name.as_str() {
        "Redirect" | "Hangup" => false,
        "Dial" => verb.attribute("answerOnBridge") != "true",
        _ => true,
    }
}

impl TwilioState {
    /// Somebody dials a number of the account, for which this address is asked what to do, and told how the call ends.
    pub fn dials_in(self: &Arc<Self>, sid: &str, from: &str, to: &str, address: &str) {
        let line = Line { callback: Some(address.to_owned()), ..self.coming_in(from, to) };
        self.asks(sid, line, address);
    }

    /// Somebody calls a number of the account, or `sip:USER@DOMAIN` of it, for which this address is asked, and told nothing.
    pub fn calls_in(self: &Arc<Self>, sid: &str, from: &str, to: &str, asks_at: &str) {
        self.asks(sid, self.coming_in(from, to), asks_at);
    }

    fn asks(self: &Arc<Self>, sid: &str, line: Line, address: &str) {
        self.held().lines.insert(sid.to_owned(), line);
        tokio::spawn(Arc::clone(self).goes_on(sid.to_owned(), 0, (address.to_owned(), Vec::new())));
    }

    /// A call that has not been answered.
    pub(super) fn coming_in(&self, from: &str, to: &str) -> Line {
        Line {
            to: to.to_owned(),
            from: from.to_owned(),
            direction: "inbound",
            status: "ringing",
            sip: "",
            began: self.world.clock.now(),
            ended: None,
            document: 0,
            fallback: None,
            callback: None,
            events: vec!["completed".to_owned()],
            told: 0,
            person: Person::who_answers(Answer::Nothing),
            asked: 0,
        }
    }

    /// The phones that calls were put through to, in order: the call's name, and what was dialled.
    pub fn put_through(&self) -> Vec<(String, String)> {
        let dialled = self.world.accepted().into_iter();
        let dialled = dialled.filter(|effect| effect.vendor == VENDOR && effect.kind == "dial");
        dialled.map(|one| (one.detail["sid"].as_str().unwrap_or_default().to_owned(), one.natural_key)).collect()
    }

    /// For as long as both are there; a word of Twilio for how it went.
    pub(super) async fn rings_another(
        self: &Arc<Self>,
        sid: &str,
        document: u64,
        dial: &Verb,
        phone: &Verb,
    ) -> &'static str {
        let other = self.made("CA");
        let address = phone.text.split('?').next().unwrap_or_default().to_owned();
        let person = self.next_person(&address);
        let callback = Some(phone.attribute("statusCallback").to_owned()).filter(|address| !address.is_empty());
        let line = Line {
            to: phone.text.clone(),
            from: sid.to_owned(),
            direction: "outbound-dial",
            status: "ringing",
            sip: "",
            began: self.world.clock.now(),
            ended: None,
            document: 0,
            fallback: None,
            callback,
            events: phone.attribute("statusCallbackEvent").split(' ').map(str::to_owned).collect(),
            told: 0,
            person: person.clone(),
            asked: 0,
        };
        self.held().lines.insert(other.clone(), line);
        self.world.accept(VENDOR, "dial", phone.text.clone(), json!({ "sid": other }));
        let rings_for = seconds(dial.attribute("timeout"), 30) + RINGS_LONGER;
        let spoke = tokio::select! {
            spoke = self.speaks_with(sid, &other, &person, rings_for) => spoke,
            () = self.is_overtaken(sid, document) => match self.status(&other) == Some("in-progress") {
                true => ANSWERED,
                false => UNANSWERED,
            },
        };
        self.ends(&other, spoke, "");
        spoke
    }

    async fn speaks_with(
        self: &Arc<Self>,
        sid: &str,
        other: &str,
        person: &Person,
        rings_for: Duration,
    ) -> &'static str {
        if let Some((status, _)) = person.refuses {
            return status;
        }
        let picks_up = person.picks_up.filter(|after| *after < rings_for);
        self.world.sleep(picks_up.unwrap_or(rings_for)).await;
        if picks_up.is_none() || !self.becomes(other, "ringing", "in-progress") {
            return UNANSWERED;
        }
        self.tell_of_call(other, "answered");
        self.becomes(sid, "ringing", "in-progress");
        match person.talks_for {
            Some(span) => self.world.sleep(span).await,
            None => std::future::pending().await,
        }
        ANSWERED
    }
}
