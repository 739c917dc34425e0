//! Rep-first: the caller speaks with an agent elsewhere, a rep of ours accepts, and only then the platform transfers.
//!
//! The test is the platform: it takes Baton's commands, and sends its callers, or does not, to where it is told.

use super::cases;
use super::stage::line::{DANA, INES, Line, Person, Wanted};
use super::stage::tones::{assert_hears, listening};
use baton::app::stage::StandIns;
use baton::connectors::http::{ApiCall, Does};
use baton_clock::SystemClock;
use baton_phones::call::{Call, End, PATIENCE, Stage};
use baton_phones::rtp::Sound;
use baton_phones::tones::{AGENT, CALLER, REP, is_speech};
use baton_sandbox::voice::Script;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

cases! {
    a_caller_who_is_transferred_hears_the_rep_and_the_rep_the_caller,
    a_transfer_whose_address_is_in_a_header_comes_to_the_same_rep,
    a_transfer_that_never_comes_frees_the_rep_and_the_next_is_rung,
    two_withheld_callers_in_the_same_second_are_not_crossed,
    a_number_is_lent_to_one_caller_at_a_time,
    a_caller_who_leaves_the_agent_frees_the_rep,
    a_leg_of_the_platforms_own_is_not_taken_for_ours,
    a_caller_who_was_announced_is_a_lead_once_they_come,
    a_worker_that_dies_while_the_caller_is_on_the_way_is_replaced,
}

const WITHHELD: &str = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";

/// A voice platform with callers of its own, and the worker that commands it.
struct Town {
    line: Line,
    platform: StandIns,
}

/// Who is to be connected with what.
struct Transfer {
    call: String,
    /// As the carrier is dialled.
    user: String,
}

impl Town {
    /// `reached`: a line of `[telephony]`.
    async fn open(wanted: Wanted, reached: &str) -> Self {
        let platform = StandIns::open(Arc::new(SystemClock)).await.expect("the stand-ins");
        let sections = platform.config_toml();
        let commands = sections.lines().find(|line| line.starts_with("commands")).expect("where it takes commands");
        let mode = format!("mode = \"rep_first\"\ntold_by = \"commands\"\n{commands}\n{reached}");
        Self { line: wanted.driven(mode).open().await, platform }
    }

    /// The agent has found a caller worth a rep; gives the lead.
    async fn qualifies(&self, call: &str, person: &Person) -> String {
        self.qualifies_on(call, None, person).await
    }

    /// The same, where the platform says what it calls the caller's leg.
    async fn qualifies_on(&self, call: &str, leg: Option<&str>, person: &Person) -> String {
        self.platform.voice.call(call, Script { platform: "voice", ..Script::default() });
        let mut event = json!({
            "specversion": "1.0", "id": format!("evt-{call}"), "source": "voice", "type": "lead.qualified",
            "data": {
                "call": { "platform": "voice", "id": call, "live": true, "direction": "inbound" },
                "contact": { "name": person.name, "title": person.title, "phone": person.phone },
                "company": { "name": person.company, "country": "US" },
                "qualification": { "score": 82, "intent": "buy" },
                "consent": { "email": true, "callback": true },
            },
        });
        if let Some(leg) = leg {
            event["data"]["call"]["leg"] = json!(leg);
        }
        self.line.tells(&event).await["lead"].as_str().expect("a lead").to_owned()
    }

    async fn ends(&self, call: &str) {
        let event = json!({
            "specversion": "1.0", "id": format!("{call}-ended"), "source": "voice", "type": "call.ended",
            "data": { "platform": "voice", "call": call },
        });
        self.line.tells(&event).await;
    }

    /// What the platform was told to transfer so far, once it is so many.
    async fn transfers(&self, count: usize) -> Vec<Transfer> {
        let until = Instant::now() + PATIENCE;
        loop {
            let told = self.told("transfer");
            if told.len() >= count {
                return told.iter().map(Transfer::read).collect();
            }
            assert!(Instant::now() < until, "the platform was told to transfer {} of {count}", told.len());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// What a call-tracking system is answered before it sends a call.
    async fn pings(&self, source: &str, ping: &Value) -> Value {
        let post = ApiCall::new("ping", Does::Write, Method::POST, &["v1", "ping", source]).json(ping.clone());
        self.line.asked("where to", &post, |_| true).await
    }

    /// All there are.
    async fn leads(&self) -> Vec<Value> {
        let page = self.line.asked("the leads", &ApiCall::get("leads", &["v1", "leads"]), |_| true).await;
        page["leads"].as_array().cloned().expect("a list")
    }

    fn told(&self, kind: &str) -> Vec<Value> {
        let accepted = self.platform.world.accepted().into_iter();
        accepted.filter(|one| one.vendor == "voice" && one.kind == kind).map(|one| one.detail).collect()
    }
}

impl Transfer {
    fn read(told: &Value) -> Self {
        let text = |name: &str| told[name].as_str().expect("a text").to_owned();
        Self { call: text("call"), user: user_of(&text("to")) }
    }
}

async fn accepts(line: &Line, rep: usize) -> Call {
    line.answers_and_presses(rep, '1').await
}

fn user_of(to: &str) -> String {
    let user = to.strip_prefix("sip:").map_or(to, |to| to.split('@').next().unwrap_or_default());
    user.trim_start_matches('+').to_owned()
}

const BY_SIP: &str = "host = \"pbx.acme.example\"";

async fn a_caller_who_is_transferred_hears_the_rep_and_the_rep_the_caller(wanted: Wanted) {
    let town = Town::open(wanted.reps(1), BY_SIP).await;
    let lead = town.qualifies("talk-1", &DANA).await;
    let rep = town.line.rep(1).rings().await;
    assert_eq!(town.told("transfer"), Vec::<Value>::new(), "nobody is transferred to a phone that rings");
    rep.answers().await;
    rep.until_hears("the whisper", is_speech).await;
    rep.presses('1').await;
    let transfers = town.transfers(1).await;
    assert_eq!(
        town.told("comfort"),
        [json!({ "call": "talk-1", "comfort": "agent" })],
        "the agent stays with the caller"
    );
    assert!(transfers[0].user.starts_with("baton-"), "an address of its own");
    let caller = town.line.is_sent(&transfers[0].user, WITHHELD).await;
    town.ends("talk-1").await;
    caller.until_answered().await;
    town.line.happened(&lead, "joined").await;
    caller.until_hears("the rep", |heard| heard.hears(REP)).await;
    let (from, until) = listening(Duration::from_millis(600)).await;
    assert_hears("the caller", &caller.recording().between(from, until), &[REP]);
    assert_hears("the rep", &rep.recording().between(from, until), &[CALLER]);
    assert_eq!(town.line.agent.times_rung(), 0, "who comes for a rep is handed to no agent");
    town.line.ends_as(&lead, "connected").await;
    rep.hangs_up().await;
    assert_eq!(caller.until_ended().await, End::TheyHungUp, "nobody is left alone");
}

/// The platform can call one number alone, and say in our header for whom.
async fn a_transfer_whose_address_is_in_a_header_comes_to_the_same_rep(wanted: Wanted) {
    let town = Town::open(wanted.reps(1), BY_SIP).await;
    let lead = town.qualifies("talk-1", &DANA).await;
    let rep = accepts(&town.line, 1).await;
    let transfers = town.transfers(1).await;
    let caller = town.line.is_handed_back(&transfers[0].user).await;
    caller.until_answered().await;
    town.line.happened(&lead, "joined").await;
    let hears = |heard: &baton_phones::ear::Recording| heard.hears(REP);
    caller.until_hears("the rep", hears).await;
    rep.until_hears("the caller", |heard| heard.hears(CALLER)).await;
    assert_eq!(town.line.agent.times_rung(), 0, "who comes for a rep is handed to no agent");
}

async fn a_transfer_that_never_comes_frees_the_rep_and_the_next_is_rung(wanted: Wanted) {
    let town = Town::open(wanted, BY_SIP).await;
    let lead = town.qualifies("talk-1", &DANA).await;
    let first = accepts(&town.line, 1).await;
    let transfers = town.transfers(1).await;
    assert_eq!(first.until_ended().await, End::TheyHungUp, "whoever waits for nobody is let go");
    let second = accepts(&town.line, 2).await;
    let again = town.transfers(2).await;
    assert_ne!(transfers[0].user, again[1].user, "each has an address of its own");
    let late = town.line.is_sent(&transfers[0].user, WITHHELD).await;
    let _end = late.until_ended().await;
    assert_eq!(second.stage(), Stage::Answered, "who comes to the first address is not given to the second rep");
    let caller = town.line.is_sent(&again[1].user, WITHHELD).await;
    caller.until_answered().await;
    let story = town.line.happened(&lead, "joined").await;
    assert_eq!(story.reps("accepted"), ["rep-1", "rep-2"], "{:?}", story.kinds());
    second.until_hears("the caller", |heard| heard.hears(CALLER)).await;
}

async fn two_withheld_callers_in_the_same_second_are_not_crossed(wanted: Wanted) {
    let town = Town::open(wanted.rule("join_within: 5s", "join_within: 12s"), BY_SIP).await;
    let (danas, ineses) = tokio::join!(town.qualifies("talk-1", &DANA), town.qualifies("talk-2", &INES));
    let (one, two) = tokio::join!(accepts(&town.line, 1), accepts(&town.line, 2));
    let of_dana = town.line.happened(&danas, "accepted").await;
    town.line.happened(&ineses, "accepted").await;
    let (danas_rep, ineses_rep) = if of_dana.reps("accepted") == ["rep-1"] { (one, two) } else { (two, one) };
    let transfers = town.transfers(2).await;
    let of = |call: &str| transfers.iter().find(|one| one.call == call).expect("an address").user.clone();
    let (to_danas, to_ineses) = (of("talk-1"), of("talk-2"));
    let (dana, ines) = tokio::join!(town.line.is_sent(&to_danas, WITHHELD), town.line.is_sent(&to_ineses, WITHHELD));
    ines.says(Sound::Tone(AGENT));
    dana.until_answered().await;
    ines.until_answered().await;
    town.line.happened(&danas, "joined").await;
    town.line.happened(&ineses, "joined").await;
    danas_rep.until_hears("Dana", |heard| heard.hears(CALLER) && !heard.hears(AGENT)).await;
    ineses_rep.until_hears("Ines", |heard| heard.hears(AGENT) && !heard.hears(CALLER)).await;
}

/// There is one number: the second caller's rep waits for it, and it rests before it is anybody else's.
async fn a_number_is_lent_to_one_caller_at_a_time(wanted: Wanted) {
    let town = Town::open(wanted.rule("join_within: 5s", "join_within: 12s"), "numbers = [\"+15551239999\"]").await;
    let first = town.qualifies("talk-1", &DANA).await;
    let one = accepts(&town.line, 1).await;
    let transfers = town.transfers(1).await;
    assert_eq!(transfers[0].user, "15551239999");
    let _second = town.qualifies("talk-2", &INES).await;
    let two = accepts(&town.line, 2).await;
    let caller = town.line.is_sent(&transfers[0].user, WITHHELD).await;
    caller.until_answered().await;
    town.line.happened(&first, "joined").await;
    one.until_hears("Dana", |heard| heard.hears(CALLER)).await;
    assert_eq!(two.until_ended().await, End::TheyHungUp, "nobody can be sent to the second rep");
    assert_eq!(town.told("transfer").len(), 1);
}

async fn a_caller_who_leaves_the_agent_frees_the_rep(wanted: Wanted) {
    let town = Town::open(wanted.reps(1), BY_SIP).await;
    let lead = town.qualifies("talk-1", &DANA).await;
    let rep = town.line.rep(1).rings().await;
    town.ends("talk-1").await;
    let end = rep.until_ended().await;
    assert!(matches!(end, End::Cancelled | End::AnsweredElsewhere), "it stops ringing: {end:?}");
    town.line.ends_as(&lead, "callback").await;
}

/// The platform is built on Asterisk too. A worker that comes to hear finds no such channel, and nobody has left.
async fn a_leg_of_the_platforms_own_is_not_taken_for_ours(wanted: Wanted) {
    let mut town = Town::open(wanted.reps(1).rule("join_within: 5s", "join_within: 35s"), BY_SIP).await;
    let lead = town.qualifies_on("talk-1", Some("1796028155.77"), &DANA).await;
    let rep = accepts(&town.line, 1).await;
    let transfers = town.transfers(1).await;
    town.line.kills_worker().await;
    town.line.is_heard().await;
    let caller = town.line.is_sent(&transfers[0].user, WITHHELD).await;
    caller.until_answered().await;
    let story = town.line.happened(&lead, "joined").await;
    assert!(!story.has("caller_left"), "{:?}", story.kinds());
    rep.until_hears("the caller", |heard| heard.hears(CALLER)).await;
    caller.until_hears("the rep", |heard| heard.hears(REP)).await;
}

/// A call-tracking system asks twice, and sends one of the two calls.
async fn a_caller_who_was_announced_is_a_lead_once_they_come(wanted: Wanted) {
    let town = Town::open(wanted.reps(1), BY_SIP).await;
    let of = |id: &str, person: &Person| {
        json!({
            "id": id, "from": person.phone, "contact": { "name": person.name, "title": person.title },
            "company": { "name": person.company, "country": "US" }, "consent": { "callback": true },
        })
    };
    let told = town.pings("ringba", &of("rgb-1", &DANA)).await;
    assert_eq!((&told["accepted"], &told["seconds"]), (&json!(true), &json!(30)), "{told}");
    let other = town.pings("ringba", &of("rgb-2", &INES)).await;
    assert_eq!(town.pings("ringba", &of("rgb-1", &DANA)).await, told, "the same ping has the same answer");
    assert_ne!(other["to"], told["to"]);
    assert_eq!((town.leads().await.len(), town.line.rep(1).times_rung()), (0, 0), "nothing is anybody's yet");
    let user = user_of(told["to"].as_str().expect("where to"));
    let caller = town.line.is_sent(&user, WITHHELD).await;
    caller.until_answered().await;
    let rep = accepts(&town.line, 1).await;
    let leads = town.leads().await;
    let [lead] = &leads[..] else { panic!("{leads:?}") };
    town.line.happened(lead["lead"].as_str().expect("an id"), "joined").await;
    rep.until_hears("the caller", |heard| heard.hears(CALLER)).await;
    caller.until_hears("the rep", |heard| heard.hears(REP)).await;
    assert!(rep.header("From").is_some_and(|from| from.contains("14155550142")), "as the ping said");
    let second = town.line.is_sent(&user, WITHHELD).await;
    let _end = second.until_ended().await;
    assert_eq!((caller.stage(), rep.stage()), (Stage::Answered, Stage::Answered), "it was good for one call");
}

async fn a_worker_that_dies_while_the_caller_is_on_the_way_is_replaced(wanted: Wanted) {
    let mut town = Town::open(wanted.reps(1).rule("join_within: 5s", "join_within: 35s"), BY_SIP).await;
    let lead = town.qualifies("talk-1", &DANA).await;
    let rep = accepts(&town.line, 1).await;
    let transfers = town.transfers(1).await;
    town.line.kills_worker().await;
    town.line.is_heard().await;
    assert_eq!(rep.stage(), Stage::Answered, "whoever takes over lets nobody go who waits for a caller");
    let caller = town.line.is_sent(&transfers[0].user, WITHHELD).await;
    caller.until_answered().await;
    town.line.happened(&lead, "joined").await;
    rep.until_hears("the caller", |heard| heard.hears(CALLER)).await;
    caller.until_hears("the rep", |heard| heard.hears(REP)).await;
    assert_eq!((town.line.rep(1).times_rung(), town.told("transfer").len()), (1, 1));
}
