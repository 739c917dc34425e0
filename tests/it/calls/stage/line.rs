//! Everything that one case needs, and how a call goes that is not worth telling each time.

use super::asterisk::{Installed, last_lines, started};
pub use super::story::{DANA, INES, Inbound, Person, Qualified, Story};
use super::wire::Wire;
use super::workers::{OURS, Surroundings, Worker, digits, found_workspace};
use crate::calls::voice::{in_language, rendered};
use crate::store::server::Db;
use baton::connectors::http::{ApiCall, Does};
use baton_phones::asterisk::Asterisk;
use baton_phones::call::{Call, PATIENCE};
use baton_phones::phone::Phone;
use baton_phones::rtp::Sound;
use baton_phones::tones::{AGENT, CALLER, REP, is_speech};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// What a case wants to be otherwise than usual.
pub struct Wanted {
    pub installed: Installed,
    db: Db,
    reps: usize,
    rules: Vec<(&'static str, &'static str)>,
    opens: Option<&'static str>,
    voice: Vec<String>,
    /// The lines of `[speech]`, where it is not that program.
    speech: Option<String>,
    languages: &'static str,
    mode: String,
    sections: String,
    secrets: Vec<(&'static str, &'static str)>,
    /// Where rep 1's phone is, if it is not ours.
    foreign: Option<u16>,
    /// All reps answer by one phone.
    at_one_desk: bool,
}

impl Wanted {
    pub fn new(installed: Installed, db: Db) -> Self {
        let voice = installed.espeak();
        let (rules, sections, secrets) = (Vec::new(), String::new(), Vec::new());
        let mode = "mode = \"bridge\"".to_owned();
        Self {
            installed,
            db,
            reps: 2,
            rules,
            opens: None,
            voice,
            speech: None,
            languages: "",
            mode,
            sections,
            secrets,
            foreign: None,
            at_one_desk: false,
        }
    }

    /// Two, if nothing is said.
    pub fn reps(mut self, count: usize) -> Self {
        self.reps = count;
        self
    }

    /// A line of `handoff.yaml`, as it is and as it is to be.
    pub fn rule(mut self, usual: &'static str, otherwise: &'static str) -> Self {
        self.rules.push((usual, otherwise));
        self
    }

    /// Reps answer our number themselves in this week of `hours.yaml`.
    pub fn front_door(mut self, opens: &'static str) -> Self {
        self.opens = Some(opens);
        self
    }

    /// Spoken by this program, or as these lines of `[speech]` say, which sounds the same.
    pub fn spoken_by(mut self, program: Vec<String>, lines: Option<String>) -> Self {
        (self.voice, self.speech) = (program, lines);
        self
    }

    /// What all reps speak.
    pub fn reps_speak(mut self, languages: &'static str) -> Self {
        self.languages = languages;
        self
    }

    /// Rep 1's phone is at this port, and not ours.
    pub fn first_phone_at(mut self, port: u16) -> Self {
        self.foreign = Some(port);
        self
    }

    /// All reps answer by one phone, which a case has by [`Line::desk`].
    pub fn at_one_desk(mut self) -> Self {
        self.at_one_desk = true;
        self
    }

    /// The first lines of `[telephony]`.
    pub fn driven(mut self, mode: String) -> Self {
        self.mode = mode;
        self
    }

    /// Further sections of `baton.toml`, and the secrets that they name.
    pub fn connected_to(mut self, sections: &str, secrets: &[(&'static str, &'static str)]) -> Self {
        self.sections = sections.to_owned();
        self.secrets = secrets.to_vec();
        self
    }

    /// With a worker that takes calls.
    pub async fn open(self) -> Line {
        let mut line = self.open_without_worker().await;
        line.starts_worker().await;
        line.until_taken().await;
        line
    }

    pub async fn open_without_worker(self) -> Line {
        let folder = tempfile::tempdir().expect("a folder");
        let callers = Phone::plugged_in("the caller", Sound::Tone(CALLER)).await;
        let agent = Phone::plugged_in("the agent", Sound::Tone(AGENT)).await;
        let mut reps = Vec::new();
        for rep in 1..=if self.at_one_desk { 1 } else { self.reps } {
            reps.push(Phone::plugged_in(&format!("rep {rep}"), Sound::Tone(REP)).await);
        }
        let people = Phone::plugged_in("the desk", Sound::Tone(REP)).await;
        let lead = Phone::plugged_in("the lead", Sound::Tone(CALLER)).await;
        let known = [("trunk", &callers), ("agent", &agent), ("people", &people)];
        let mut phones: Vec<_> = known.map(|(name, phone)| (name.to_owned(), phone.port())).into();
        phones.push((DANA.phone.trim_start_matches('+').to_owned(), lead.port()));
        let port = |rep: usize| match self.foreign {
            Some(foreign) if rep == 1 => foreign,
            _ => reps[(rep - 1).min(reps.len() - 1)].port(),
        };
        phones.extend((1..=self.reps).map(|rep| (digits(rep), port(rep))));
        let asterisk = started(&self.installed, &folder.path().join("asterisk"), &phones);
        let wire = Wire::to(asterisk.ari).await;
        let (workers, events) = (Vec::new(), AtomicU32::new(1));
        Line { workers, callers, agent, people, lead, reps, wire, asterisk, events, wanted: self, folder }
    }
}

/// Phones, an Asterisk, and workers that hold its calls.
pub struct Line {
    /// Before all that they use.
    workers: Vec<Worker>,
    callers: Phone,
    pub agent: Phone,
    /// On somebody's desk: the dialplan rings it, and not we.
    pub people: Phone,
    /// Dana's, where she is called back.
    pub lead: Phone,
    reps: Vec<Phone>,
    pub wire: Wire,
    pub asterisk: Asterisk,
    events: AtomicU32,
    wanted: Wanted,
    folder: TempDir,
}

impl Drop for Line {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("\n== Asterisk\n{}", last_lines(&self.asterisk.log()));
        }
    }
}

impl Line {
    /// Of rep 1, 2 or 3, who are rung in this order.
    pub fn rep(&self, number: usize) -> &Phone {
        &self.reps[number - 1]
    }

    /// The phone that all reps share.
    pub fn desk(&self) -> &Phone {
        assert!(self.wanted.at_one_desk, "each rep has a phone");
        self.rep(1)
    }

    pub fn installed(&self) -> &Installed {
        &self.wanted.installed
    }

    /// The rep picks up, hears who calls, and presses a key.
    pub async fn answers_and_presses(&self, rep: usize, key: char) -> Call {
        let call = self.rep(rep).rings().await;
        call.answers().await;
        call.until_hears("the whisper", is_speech).await;
        call.presses(key).await;
        call
    }

    pub async fn dials(&self, person: &Person) -> Call {
        let from = format!("\"{}\" <sip:{}@127.0.0.1>", person.name, person.phone);
        self.callers.dials(OURS, self.asterisk.sip, &from, &[]).await
    }

    /// A call that somebody's platform sends to this user of ours, or to this number.
    pub async fn is_sent(&self, user: &str, from: &str) -> Call {
        self.callers.dials(user, self.asterisk.sip, from, &[]).await
    }

    /// A call that an agent's platform sends back to our number, in the name of this caller of ours.
    pub async fn is_handed_back(&self, id: &str) -> Call {
        let from = "\"Agent\" <sip:voice-platform@127.0.0.1>";
        self.callers.dials(OURS, self.asterisk.sip, from, &[("X-Baton-Call", id)]).await
    }

    /// Calls, and speaks with the agent.
    pub async fn calls_in(&self, person: &Person) -> Inbound {
        let caller = self.dials(person).await;
        let agent = self.agent.rings().await;
        let id = agent.header("X-Baton-Call").expect("the agent is told which call it is").to_owned();
        agent.answers().await;
        caller.until_answered().await;
        // Nobody is found worth a rep before they have spoken with the agent.
        caller.until_hears("the agent", |heard| heard.hears(AGENT)).await;
        Inbound { caller, agent, id }
    }

    /// The agent's platform tells of the lead.
    pub async fn qualifies(&self, inbound: Inbound, person: &Person) -> Qualified {
        let Inbound { caller, agent, id } = inbound;
        let number = self.events.fetch_add(1, Ordering::Relaxed);
        let talk = format!("talk-{number}");
        let event = json!({
            "specversion": "1.0",
            "id": format!("evt-{number}"),
            "source": "voice",
            "type": "lead.qualified",
            "data": {
                "call": {
                    "platform": "voice", "id": talk, "live": true, "direction": "inbound", "from": person.phone,
                    "leg": id,
                },
                "contact": { "name": person.name, "title": person.title },
                "company": { "name": person.company, "country": "US" },
                "qualification": { "score": 82, "intent": "buy" },
                "consent": { "email": true, "callback": true },
            },
        });
        let at = Instant::now();
        let lead = self.tells(&event).await["lead"].as_str().expect("a lead").to_owned();
        Qualified { caller, agent, lead, talk, at, phone: person.phone }
    }

    /// Both of these.
    pub async fn qualified(&self, person: &Person) -> Qualified {
        let inbound = self.calls_in(person).await;
        self.qualifies(inbound, person).await
    }

    /// An event that is repeated, as platforms do, until it has its answer.
    pub async fn tells(&self, event: &Value) -> Value {
        let post = ApiCall::new("post_event", Does::Write, Method::POST, &["v1", "events"]).query("wait", "1500ms");
        self.asked("an answer", &post.json(event.clone()), |_| true).await
    }

    /// By whoever owes the lead a call.
    pub async fn calls_back(&self, lead: &str) {
        let path = ["v1", "leads", lead, "call"];
        let post = ApiCall::new("call_back", Does::Write, Method::POST, &path).json(json!({ "by": "a test" }));
        let asked = self.asked("a call", &post, |_| true).await;
        assert_eq!(asked["status"], "rings");
    }

    /// The leads with somebody's number, once there are so many.
    pub async fn leads_of(&self, person: &Person, count: usize) -> Vec<String> {
        let list = ApiCall::get("list_leads", &["v1", "leads"]).query("phone", person.phone);
        let ids = |told: &Value| -> Vec<String> {
            let leads = told["leads"].as_array().map(Vec::as_slice).unwrap_or_default();
            leads.iter().filter_map(|lead| lead["lead"].as_str().map(str::to_owned)).collect()
        };
        ids(&self.asked("leads of a caller", &list, |told| ids(told).len() == count).await)
    }

    /// Waits until the lead's story is so.
    pub async fn until(&self, lead: &str, what: &str, holds: impl Fn(&Story) -> bool) -> Story {
        let read = ApiCall::get("read_lead", &["v1", "leads", lead]);
        Story(self.asked(what, &read, |told| holds(&Story(told.clone()))).await)
    }

    /// Waits until this has happened, and changed something.
    pub async fn happened(&self, lead: &str, kind: &str) -> Story {
        self.until(lead, kind, |story| story.has(kind)).await
    }

    pub async fn ends_as(&self, lead: &str, status: &str) -> Story {
        self.until(lead, status, |story| story.status() == status).await
    }

    /// Of whichever worker answers.
    pub async fn asked(&self, what: &str, call: &ApiCall, holds: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        let mut last = Value::Null;
        loop {
            for worker in self.workers.iter().rev() {
                if let Some(told) = worker.asked(call).await {
                    last = told;
                    break;
                }
            }
            if !last.is_null() && holds(&last) {
                return last;
            }
            assert!(Instant::now() < until, "waited for {what}; last: {last:#}");
            sleep(Duration::from_millis(30)).await;
        }
    }

    // ---- workers -----------------------------------------------------------------------------------------------------

    /// One more.
    pub async fn starts_worker(&mut self) {
        let folder = self.folder.path().join(format!("worker-{}", self.events.fetch_add(1, Ordering::Relaxed)));
        let Wanted { reps, languages, rules, opens, speech, voice, .. } = &self.wanted;
        found_workspace(&folder, (*reps, *languages), rules, *opens);
        let speech = speech.clone().unwrap_or_else(|| format!("program = {voice:?}"));
        let around = Surroundings {
            asterisk: &self.asterisk,
            wire: self.wire.port,
            database: &self.wanted.db.url,
            speech: &speech,
            mode: &self.wanted.mode,
            sections: &self.wanted.sections,
            secrets: &self.wanted.secrets,
        };
        let worker = Worker::start(folder, &around).await;
        self.workers.push(worker);
    }

    /// As `kill -9` does, to all there are; then another starts.
    pub async fn kills_worker(&mut self) {
        self.kills_workers();
        self.starts_worker().await;
    }

    pub fn kills_workers(&mut self) {
        for worker in &mut self.workers {
            worker.process.kill();
        }
        self.workers.clear();
    }

    /// Until the newest of them hears what happens.
    pub async fn is_heard(&self) {
        let until = Instant::now() + PATIENCE;
        let newest = self.workers.last().expect("a worker");
        while !newest.log().contains("what happens on the lines is heard") {
            assert!(Instant::now() < until, "the worker does not hear: {}", newest.log());
            sleep(Duration::from_millis(30)).await;
        }
    }

    /// Until Asterisk has noticed that the socket is gone.
    pub async fn until_nobody_hears(&self) {
        let until = Instant::now() + PATIENCE;
        while !self.asterisk.log().contains("Deactivating Stasis app") {
            assert!(Instant::now() < until, "Asterisk believes that it is heard");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The first of them.
    pub fn worker(&self) -> &Worker {
        self.workers.first().expect("a worker")
    }

    /// Until Asterisk would give a call to a worker.
    async fn until_taken(&self) {
        let ari = crate::town::door(self.asterisk.ari, Duration::from_secs(5));
        let app = ApiCall::get("app", &["ari", "applications", "baton"]);
        let app = app.query("api_key", format!("baton:{}", self.asterisk.password));
        let until = Instant::now() + PATIENCE;
        while !ari.send(&app).await.is_ok_and(|answer| answer.status == 200) {
            assert!(Instant::now() < until, "no worker has taken the app: {}", self.worker().log());
            sleep(Duration::from_millis(30)).await;
        }
    }

    /// As the program speaks it that the workers have.
    pub fn speaks(&self, text: &str) -> Vec<i16> {
        self.speaks_in("en", text)
    }

    pub fn speaks_in(&self, language: &str, text: &str) -> Vec<i16> {
        rendered(&in_language(&self.wanted.voice, language), text)
    }
}
