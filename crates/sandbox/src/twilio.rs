//! Stand-in for Twilio's voice: calls and rooms over its API, and an interpreter of the documents that it is given.
//!
//! Kept true: a call that is created twice rings twice, since no key makes it one; `Timeout` rings five seconds longer; one that
//! comes in rings until it has a document; a room starts once two are in it, one of whom may start it; of two members of one label
//! the second is refused; what is told of a call or a room is numbered, signed and told beside the rest, so that it may come in any
//! order, and again where nobody took it; an answer that is not 2xx ends the call of whoever asked, unless there is another address.
//! A document that Twilio would not take is an `error` in the ledger. Every ring goes into the ledger under the number that was
//! called.

mod api;
mod document;
mod inbound;
mod line;
mod messages;
mod rooms;
mod sign;
mod tell;

pub use api::routes;
pub use messages::{MessagesState, message_routes};
pub use tell::signature_of;

use super::World;
use axum::http::Method;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;

const VENDOR: &str = "twilio";
/// How calls end that somebody has answered, and that nobody has.
const ANSWERED: &str = "completed";
const UNANSWERED: &str = "no-answer";
/// Stands for every number that has nobody of its own.
const ANYWHERE: &str = "";

/// Headers that prove a request, made of the text that is signed.
pub type Signs = Arc<dyn Fn(&str) -> Vec<(&'static str, String)> + Send + Sync>;

/// Whose calls these are.
#[derive(Clone)]
pub struct Account {
    pub sid: String,
    /// Logs in, and signs unless `signs` does.
    pub auth_token: String,
    /// Logs in as well, by its id and secret, and is not told of the account.
    pub api_key: Option<(String, String)>,
    pub signs: Option<Signs>,
}

impl Account {
    pub fn new(sid: &str, auth_token: &str) -> Self {
        Self { sid: sid.to_owned(), auth_token: auth_token.to_owned(), api_key: None, signs: None }
    }
}

/// What somebody does on the phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `None`: never.
    pub picks_up: Option<Duration>,
    /// Instead of picking up: a status of Twilio and the phone's own answer.
    pub refuses: Option<(&'static str, &'static str)>,
    /// To each question in turn, so long after it began; whoever is asked more often says nothing.
    pub answers: Vec<(Duration, Answer)>,
    /// As Twilio guesses, two seconds after.
    pub taken_for: Option<&'static str>,
    /// Of the time with somebody else in the room.
    pub talks_for: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Key(&'static str),
    Words(&'static str),
    Nothing,
}

impl Person {
    /// Picks up after a second and presses this a second after the question.
    pub fn who_answers(answer: Answer) -> Self {
        let second = Duration::from_secs(1);
        let answers = vec![(second, answer)];
        Self { picks_up: Some(second), refuses: None, answers, taken_for: None, talks_for: None }
    }

    pub fn who_is_away() -> Self {
        Self { picks_up: None, ..Self::who_answers(Answer::Nothing) }
    }

    pub fn who_refuses(status: &'static str, sip: &'static str) -> Self {
        Self { refuses: Some((status, sip)), ..Self::who_is_away() }
    }
}

/// How what happens is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tells {
    /// Each twice.
    pub doubled: bool,
    /// All of it, in the world's time.
    pub delayed: Duration,
    /// Of a call or room, what came first is told later than what came after it, in the world's time.
    pub disordered: Duration,
}

/// A call, whichever way it goes.
struct Line {
    to: String,
    from: String,
    direction: &'static str,
    status: &'static str,
    sip: &'static str,
    began: DateTime<Utc>,
    ended: Option<DateTime<Utc>>,
    /// Counts the documents that it was sent on to from outside; what another one says is over.
    document: u64,
    /// Asked when what it is told to ask next fails, by this method.
    fallback: Option<(String, Method)>,
    /// Told of it.
    callback: Option<String>,
    events: Vec<String>,
    told: u32,
    person: Person,
    asked: usize,
}

impl Line {
    fn is_up(&self) -> bool {
        ["queued", "ringing", "in-progress"].contains(&self.status)
    }
}

#[derive(Default)]
struct Held {
    lines: BTreeMap<String, Line>,
    /// The calls on which somebody hangs up then.
    leaving_when_sent_on: BTreeSet<String>,
    /// By their names; those that are over are gone.
    rooms: BTreeMap<String, rooms::Room>,
    /// By their numbers; the last one stands for all that follow.
    people: BTreeMap<String, VecDeque<Person>>,
    tells: Tells,
    /// Numbers of the account, and those of others that it may show.
    own: BTreeSet<String>,
    verified: BTreeSet<String>,
    is_suspended: bool,
    /// By operation: status and code of what is refused next.
    refusals: Vec<(String, u16, u32)>,
    made: u64,
}

pub struct TwilioState {
    world: Arc<World>,
    account: Account,
    held: Mutex<Held>,
    changes: watch::Sender<u64>,
}

impl TwilioState {
    pub fn new(world: Arc<World>, account: Account) -> Arc<Self> {
        let (changes, _) = watch::channel(0);
        Arc::new(Self { world, account, held: Mutex::default(), changes })
    }

    /// What happens when this number is called, each time in turn.
    pub fn at(&self, phone: &str, people: &[Person]) {
        self.held().people.insert(phone.to_owned(), people.to_vec().into());
    }

    /// What happens when any other number is called, in the order in which they are.
    pub fn in_turn(&self, people: &[Person]) {
        self.at(ANYWHERE, people);
    }

    pub fn tell(&self, tells: Tells) {
        self.held().tells = tells;
    }

    /// From now on the account has these numbers, and may show these of others.
    pub fn has_numbers(&self, own: &[&str], verified: &[&str]) {
        let mut held = self.held();
        held.own = own.iter().map(|number| (*number).to_owned()).collect();
        held.verified = verified.iter().map(|number| (*number).to_owned()).collect();
    }

    pub fn set_suspended(&self, suspended: bool) {
        self.held().is_suspended = suspended;
    }

    /// Refuses the next request of this operation, under this status and code.
    pub fn refuse_next(&self, operation: &str, status: u16, code: u32) {
        self.held().refusals.push((operation.to_owned(), status, code));
    }

    /// A caller is on the line, and speaks with whoever answers the number; `answers` are to what they are asked later.
    pub fn call_comes_in(&self, sid: &str, from: &str, answers: &[(Duration, Answer)]) {
        let person = Person { answers: answers.to_vec(), ..Person::who_answers(Answer::Nothing) };
        let line = Line { status: "in-progress", sip: "200", person, ..self.coming_in(from, "+15550000000") };
        self.held().lines.insert(sid.to_owned(), line);
    }

    /// Whoever is on this call hangs up once it is sent on, before the next document is asked for.
    pub fn hangs_up_when_sent_on(&self, sid: &str) {
        self.held().leaving_when_sent_on.insert(sid.to_owned());
    }

    /// Whoever is on this call hangs up.
    pub fn hangs_up(self: &Arc<Self>, sid: &str) {
        let status = if self.status(sid) == Some("ringing") { UNANSWERED } else { ANSWERED };
        self.ends(sid, status, "200");
    }

    /// `ringing`, `in-progress`, `completed` …; `None`: there is no such call.
    pub fn status(&self, sid: &str) -> Option<&'static str> {
        self.held().lines.get(sid).map(|line| line.status)
    }

    /// The calls that were made, in order, each with its number.
    pub fn rings(&self) -> Vec<(String, String)> {
        let rings = self.world.accepted().into_iter();
        let rings = rings.filter(|effect| effect.vendor == VENDOR && effect.kind == "ring");
        let sid = |detail: &Value| detail["sid"].as_str().unwrap_or_default().to_owned();
        rings.map(|ring| (sid(&ring.detail), ring.natural_key)).collect()
    }

    /// What was said on a call, in order.
    pub fn heard(&self, sid: &str) -> Vec<String> {
        let heard = self.world.accepted().into_iter();
        let heard = heard.filter(|effect| effect.vendor == VENDOR && effect.kind == "say" && effect.natural_key == sid);
        heard.map(|said| said.detail["words"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Documents that Twilio would not take, and addresses that did not answer.
    pub fn errors(&self) -> Vec<String> {
        let errors = self.world.accepted().into_iter();
        let errors = errors.filter(|effect| effect.vendor == VENDOR && effect.kind == "error");
        errors.map(|error| format!("{}: {}", error.natural_key, error.detail["why"])).collect()
    }

    /// Who is together in the room of this name, by their labels.
    pub fn together(&self, room: &str) -> Vec<String> {
        let held = self.held();
        let room = held.rooms.get(room).filter(|room| room.is_started);
        room.map(|room| room.members.iter().map(|member| member.label.clone()).collect()).unwrap_or_default()
    }

    fn error(&self, sid: &str, why: String) {
        self.world.accept(VENDOR, "error", sid.to_owned(), json!({ "why": why }));
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().expect("nothing panics while holding the lines")
    }

    /// Whoever waits for something looks again.
    fn has_changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Returns once this holds.
    async fn until<T>(&self, mut holds: impl FnMut(&Held) -> Option<T>) -> T {
        let mut changes = self.changes.subscribe();
        loop {
            let held = holds(&self.held());
            if let Some(held) = held {
                return held;
            }
            if changes.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// An id of Twilio's form, of its own.
    fn made(&self, kind: &str) -> String {
        let mut held = self.held();
        held.made += 1;
        format!("{kind}{:032x}", held.made)
    }
}
