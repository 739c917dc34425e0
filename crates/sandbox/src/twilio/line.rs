//! What happens on a call: it rings, it is picked up, documents are carried out on it, and it ends.

use super::document::{self, Verb, seconds};
use super::rooms::{Entry, Leaves, MUSIC, Member};
use super::tell::Fields;
use super::{Answer, Line, TwilioState, VENDOR, inbound};
use axum::http::Method;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// What Twilio adds to the `Timeout` of a call.
const RINGS_LONGER: Duration = Duration::from_secs(5);
/// Before a phone rings.
const DIALS_FOR: Duration = Duration::from_millis(200);
/// After a phone was picked up.
const GUESSES_AFTER: Duration = Duration::from_secs(2);
/// A calm voice.
const MS_PER_WORD: u64 = 385;

/// Where a call asks what is next, and what it adds to what every request says.
type Asks = (String, Fields);

/// What a document ends with.
enum Then {
    Asks(Asks),
    HangsUp,
    /// The call is elsewhere by now, or over.
    Overtaken,
}

impl TwilioState {
    /// A phone is called.
    pub(super) async fn is_called(self: Arc<Self>, sid: String, url: String, timeout: Duration, guess: Option<String>) {
        self.tell_of_call(&sid, "initiated");
        self.world.sleep(DIALS_FOR).await;
        if !self.becomes(&sid, "queued", "ringing") {
            return;
        }
        self.tell_of_call(&sid, "ringing");
        let Some(person) = self.held().lines.get(&sid).map(|line| line.person.clone()) else { return };
        let rings_for = timeout + RINGS_LONGER;
        if let Some((status, sip)) = person.refuses {
            self.world.sleep(DIALS_FOR).await;
            return self.ends(&sid, status, sip);
        }
        let picks_up = person.picks_up.filter(|after| *after < rings_for);
        self.world.sleep(picks_up.unwrap_or(rings_for)).await;
        if picks_up.is_none() {
            return self.ends(&sid, "no-answer", "");
        }
        if !self.becomes(&sid, "ringing", "in-progress") {
            return;
        }
        self.tell_of_call(&sid, "answered");
        if let (Some(address), Some(word)) = (guess, person.taken_for) {
            tokio::spawn(Arc::clone(&self).guesses(sid.clone(), address, word));
        }
        self.goes_on(sid, 0, (url, Vec::new())).await;
    }

    async fn guesses(self: Arc<Self>, sid: String, address: String, word: &'static str) {
        self.world.sleep(GUESSES_AFTER).await;
        let fields = vec![
            ("AccountSid", self.account.sid.clone()),
            ("CallSid", sid),
            ("AnsweredBy", word.to_owned()),
            ("MachineDetectionDuration", GUESSES_AFTER.as_millis().to_string()),
        ];
        self.told_beside(address, fields, 0);
    }

    /// `false`: it stands otherwise by now.
    pub(super) fn becomes(&self, sid: &str, from: &str, to: &'static str) -> bool {
        let mut held = self.held();
        let Some(line) = held.lines.get_mut(sid).filter(|line| line.status == from) else { return false };
        line.status = to;
        drop(held);
        self.has_changed();
        true
    }

    /// However it stands, it is over; the second time nothing happens.
    pub(super) fn ends(self: &Arc<Self>, sid: &str, status: &'static str, sip: &'static str) {
        {
            let mut held = self.held();
            let Some(line) = held.lines.get_mut(sid).filter(|line| line.is_up()) else { return };
            (line.status, line.sip, line.ended) = (status, sip, Some(self.world.clock.now()));
        }
        self.leaves(sid, Leaves::HungUp);
        self.tell_of_call(sid, "completed");
        self.has_changed();
    }

    /// Sent on from outside: what is heard there ends, and another document begins.
    pub(super) fn is_sent_on(self: &Arc<Self>, sid: &str, url: String) {
        let (document, goes_along) = {
            let mut held = self.held();
            let goes_along = !held.leaving_when_sent_on.contains(sid);
            let Some(line) = held.lines.get_mut(sid) else { return };
            line.document += 1;
            (line.document, goes_along)
        };
        self.leaves(sid, Leaves::SentOn);
        if !goes_along {
            return self.hangs_up(sid);
        }
        self.has_changed();
        tokio::spawn(Arc::clone(self).goes_on(sid.to_owned(), document, (url, Vec::new())));
    }

    /// Document after document, to the end of the call.
    pub(super) async fn goes_on(self: Arc<Self>, sid: String, document: u64, first: Asks) {
        let mut next = first;
        loop {
            let Some(verbs) = self.next_document(&sid, &next).await else {
                if self.is_current(&sid, document) {
                    self.ends(&sid, "completed", "200");
                }
                return;
            };
            if !self.is_current(&sid, document) {
                return;
            }
            match self.carry_out(&sid, document, &verbs).await {
                Then::Asks(asks) => next = asks,
                Then::HangsUp => return self.ends(&sid, "completed", "200"),
                Then::Overtaken => return,
            }
        }
    }

    /// `None`: neither address gave one that Twilio takes.
    async fn next_document(&self, sid: &str, (address, more): &Asks) -> Option<Vec<Verb>> {
        let fallback = self.held().lines.get(sid)?.fallback.clone();
        for (address, method) in [(address.clone(), Method::POST)].into_iter().chain(fallback) {
            let mut fields = self.fields(sid, self.held().lines.get(sid)?);
            fields.extend(more.iter().cloned());
            match self.ask_by(&method, &address, &fields).await.map(|text| document::read(&text)) {
                Some(Ok(verbs)) => return Some(verbs),
                Some(Err(why)) => self.error(sid, why),
                None => self.error(sid, format!("11200: {address} gave no document")),
            }
        }
        None
    }

    fn is_current(&self, sid: &str, document: u64) -> bool {
        self.held().lines.get(sid).is_some_and(|line| line.is_up() && line.document == document)
    }

    /// `false`: it was overtaken meanwhile.
    async fn passes(&self, sid: &str, document: u64, span: Duration) -> bool {
        tokio::select! {
            () = self.world.sleep(span) => self.is_current(sid, document),
            () = self.is_overtaken(sid, document) => false,
        }
    }

    pub(super) async fn is_overtaken(&self, sid: &str, document: u64) {
        self.until(|held| {
            let is_current = held.lines.get(sid).is_some_and(|line| line.is_up() && line.document == document);
            (!is_current).then_some(())
        })
        .await;
    }

    async fn carry_out(self: &Arc<Self>, sid: &str, document: u64, verbs: &[Verb]) -> Then {
        for verb in verbs {
            if inbound::answers(verb) {
                self.becomes(sid, "ringing", "in-progress");
            }
            let goes_on = match verb.name.as_str() {
                "Gather" => match self.gather(sid, document, verb).await {
                    Some(then) => return then,
                    None => true,
                },
                "Dial" => match self.dial(sid, document, verb).await {
                    Some(then) => return then,
                    None => true,
                },
                "Redirect" => return Then::Asks((verb.text.clone(), Vec::new())),
                "Hangup" => return Then::HangsUp,
                _ => self.passes(sid, document, self.hears(sid, verb)).await,
            };
            if !goes_on {
                return Then::Overtaken;
            }
        }
        Then::HangsUp
    }

    /// How long it takes, and that it was heard.
    fn hears(&self, sid: &str, verb: &Verb) -> Duration {
        match verb.name.as_str() {
            "Say" => {
                self.world.accept(VENDOR, "say", sid.to_owned(), json!({ "words": verb.text }));
                Duration::from_millis(MS_PER_WORD * verb.text.split_whitespace().count() as u64)
            }
            "Play" => {
                self.world.accept(VENDOR, "play", sid.to_owned(), json!({ "music": verb.text }));
                MUSIC
            }
            _ => seconds(verb.attribute("length"), 1),
        }
    }

    /// `None`: nobody answered, and the next verb comes.
    async fn gather(&self, sid: &str, document: u64, verb: &Verb) -> Option<Then> {
        let asked_for = verb.inside.iter().map(|verb| self.hears(sid, verb)).sum::<Duration>();
        let answer = {
            let mut held = self.held();
            let line = held.lines.get_mut(sid)?;
            line.asked += 1;
            line.person.answers.get(line.asked - 1).copied()
        };
        let (after, answer) = answer.unwrap_or((Duration::ZERO, Answer::Nothing));
        let (span, said) = match answer {
            Answer::Key(key) => (after, Some(("Digits", key))),
            Answer::Words(words) => (after, Some(("SpeechResult", words))),
            Answer::Nothing => (asked_for + seconds(verb.attribute("timeout"), 5), None),
        };
        if !self.passes(sid, document, span).await {
            return Some(Then::Overtaken);
        }
        let is_heard = match said {
            Some(("Digits", _)) => verb.attribute("input").contains("dtmf"),
            Some(_) => verb.attribute("input").contains("speech"),
            None => verb.attribute("actionOnEmptyResult") == "true",
        };
        let fields = said.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        is_heard.then(|| Then::Asks((verb.attribute("action").to_owned(), fields)))
    }

    /// `None`: it is over, and the next verb comes.
    async fn dial(self: &Arc<Self>, sid: &str, document: u64, verb: &Verb) -> Option<Then> {
        let room = verb.inside.first()?;
        if room.name != "Conference" {
            let ended = self.rings_another(sid, document, verb, room).await;
            return self.after_dial(sid, document, verb, ended).await;
        }
        let member = Member {
            call: sid.to_owned(),
            label: room.attribute("participantLabel").to_owned(),
            starts: room.attribute("startConferenceOnEnter") != "false",
            ends: room.attribute("endConferenceOnExit") == "true",
        };
        let entry = Entry {
            room: room.text.clone(),
            member,
            callback: room.attribute("statusCallback").to_owned(),
            events: room.attribute("statusCallbackEvent").split(' ').map(str::to_owned).collect(),
        };
        if self.enters(entry) {
            tokio::select! {
                () = self.waits(sid, room.attribute("waitUrl")) => {}
                () = self.is_out_of(sid, &room.text) => {}
                // By then it may be in the room anew.
                () = self.is_overtaken(sid, document) => {}
            }
        }
        self.after_dial(sid, document, verb, "completed").await
    }

    async fn after_dial(&self, sid: &str, document: u64, verb: &Verb, ended: &str) -> Option<Then> {
        let action = verb.attribute("action");
        let ended = vec![("DialCallStatus", ended.to_owned())];
        if self.is_current(sid, document) {
            return (!action.is_empty()).then(|| Then::Asks((action.to_owned(), ended)));
        }
        // Whoever hangs up there is asked about all the same, unless sent on before; what is answered is of no use.
        let ended_here = |line: &&Line| !line.is_up() && line.document == document;
        let over = self.held().lines.get(sid).filter(ended_here).map(|line| self.fields(sid, line));
        if let Some(mut fields) = over.filter(|_| !action.is_empty()) {
            fields.extend(ended);
            self.ask(action, &fields).await;
        }
        Some(Then::Overtaken)
    }

    /// What is heard in a room before it starts; it never ends by itself.
    async fn waits(&self, sid: &str, address: &str) {
        let mut next = address.to_owned();
        while !next.is_empty() && self.is_waiting(sid) {
            let fields = self.held().lines.get(sid).map(|line| self.fields(sid, line)).unwrap_or_default();
            let Some(text) = self.ask(&next, &fields).await else {
                self.error(sid, format!("11200: {next} gave nothing to hear in a room"));
                break;
            };
            match document::read(&text) {
                Ok(verbs) => next = self.hears_waiting(sid, &verbs).await,
                Err(why) => {
                    self.error(sid, why);
                    break;
                }
            }
        }
        std::future::pending::<()>().await;
    }

    /// Where it goes on.
    async fn hears_waiting(&self, sid: &str, verbs: &[Verb]) -> String {
        for verb in verbs {
            match verb.name.as_str() {
                "Redirect" => return verb.text.clone(),
                "Say" | "Play" | "Pause" => {
                    let span = self.hears(sid, verb);
                    let started = self.until(|held| {
                        let waits = held.rooms.values().find(|room| room.members.iter().any(|one| one.call == sid));
                        waits.is_none_or(|room| room.is_started).then_some(())
                    });
                    tokio::select! {
                        () = self.world.sleep(span) => {}
                        () = started => return String::new(),
                    }
                }
                other => self.error(sid, format!("12200: {other} is not heard in a room")),
            }
        }
        String::new()
    }

    async fn is_out_of(&self, sid: &str, room: &str) {
        self.until(|held| {
            let inside = held.rooms.get(room).is_some_and(|room| room.members.iter().any(|one| one.call == sid));
            (!inside).then_some(())
        })
        .await;
    }
}
