//! The call as it is played: a caller and the AI, a rep who does not answer, one who does, and the conversation.

use super::heard::{Heard, Moment};
use crate::app::stage::post_event;
use crate::cli::say;
use anyhow::{Context, Result};
use baton_phones::call::Call;
use baton_phones::ear::Recording;
use baton_phones::phone::Phone;
use baton_phones::rtp::Sound;
use baton_phones::tones::{AGENT, CALLER, HOLD, REP, is_speech};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Ours, without the plus.
pub(super) const NUMBER: &str = "15551230000";
/// Name and number; the first is rung first.
pub(super) const TOM: (&str, &str) = ("Tom Reed", "14155550101");
pub(super) const PRIYA: (&str, &str) = ("Priya Nair", "14155550102");
const DANA: &str = "Dana Whitfield";
const DANAS: &str = "+14155550142";
/// What a rep hears of her.
const WHISPER: &str = "Dana Whitfield, Head of Operations, Northwind Foods. Press 1 to accept.";

/// So long somebody listens, where what is heard is told.
const A_WHILE: Duration = Duration::from_millis(2500);
/// Longer than the sentence that tells the caller who is tried.
const TOLD_WITHIN: Duration = Duration::from_millis(4500);

pub(super) struct Phones {
    caller: Phone,
    agent: Phone,
    tom: Phone,
    priya: Phone,
}

impl Phones {
    pub(super) async fn plugged_in() -> Self {
        Self {
            caller: Phone::plugged_in("the caller", Sound::Tone(CALLER)).await,
            agent: Phone::plugged_in("the AI", Sound::Tone(AGENT)).await,
            tom: Phone::plugged_in(TOM.0, Sound::Tone(REP)).await,
            priya: Phone::plugged_in(PRIYA.0, Sound::Tone(REP)).await,
        }
    }

    /// By their names in the exchange.
    pub(super) fn endpoints(&self) -> [(String, u16); 4] {
        let phones = [("trunk", &self.caller), ("agent", &self.agent), (TOM.1, &self.tom), (PRIYA.1, &self.priya)];
        phones.map(|(name, phone)| (name.to_owned(), phone.port()))
    }

    /// The whole call, and what was heard of it.
    ///
    /// # Errors
    /// The worker does not take the lead.
    ///
    /// # Panics
    /// Something that must happen did not: who waited for what is said.
    pub(super) async fn play(&self, sip: SocketAddr, base: &str) -> Result<Heard> {
        let clock = Clock(Instant::now());
        let mut moments = Vec::new();
        let from = format!("\"{DANA}\" <sip:{DANAS}@127.0.0.1>");
        let caller = self.caller.dials(NUMBER, sip, &from, &[]).await;
        clock.tells("Dana calls our number; Baton answers, and rings the AI.");
        let agent = self.agent.rings().await;
        let id = agent.header("X-Baton-Call").context("the AI is not told which call it is")?.to_owned();
        agent.answers().await;
        caller.until_answered().await;
        caller.until_hears("the AI", |heard| heard.hears(AGENT)).await;
        clock.tells("The AI picks up: they speak.");
        moments.push(clock.moment("Dana speaks with the AI", ["the AI", "the caller", "-", "-"]).await);

        let told = post_event(base, &lead(&id)).await?;
        let says = told["instruction"]["say"].as_str().unwrap_or_default();
        clock.tells(&format!("She is worth a rep: \"{says}\""));
        let tom = self.tom.rings().await;
        clock.tells("Tom's phone rings, and nobody answers. Dana hears words, then music; the AI hears nothing.");
        sleep(TOLD_WITHIN).await;
        caller.until_hears("music", only_music).await;
        moments.push(clock.moment("Tom's phone rings", ["music", "nothing", "-", "-"]).await);
        tom.until_ended().await;

        let priya = self.priya.rings().await;
        clock.tells("Tom's phone stops, Priya's rings; Dana is told, and hears music again.");
        sleep(TOLD_WITHIN).await;
        caller.until_hears("music", only_music).await;
        priya.answers().await;
        priya.until_hears("the whisper", is_speech).await;
        clock.tells(&format!("Priya picks up, and hears: \"{WHISPER}\""));
        moments.push(clock.moment("Priya hears the whisper", ["music", "nothing", "-", "words"]).await);

        priya.presses('1').await;
        clock.tells("Priya presses 1.");
        caller.until_hears("the rep", |heard| heard.hears(REP)).await;
        priya.until_hears("the caller", |heard| heard.hears(CALLER)).await;
        clock.tells("They are on one line; the AI has left.");
        moments.push(clock.moment("Dana speaks with Priya", ["the rep", "nothing", "-", "the caller"]).await);
        priya.hangs_up().await;
        caller.until_ended().await;
        clock.tells("Priya hangs up, and the call ends.");
        let recording = |call: &Call| call.recording();
        let recordings = [&caller, &agent, &tom, &priya].map(recording);
        Ok(Heard { began: clock.0, moments, recordings })
    }
}

/// Nothing of anybody.
fn only_music(heard: &Recording) -> bool {
    heard.hears(HOLD) && [CALLER, AGENT, REP].iter().all(|tone| heard.misses(*tone))
}

/// As the AI's platform tells of her. `leg` is the call as the exchange has it.
fn lead(leg: &str) -> Value {
    json!({
        "specversion": "1.0", "id": "evt-1", "source": "voice", "type": "lead.qualified",
        "data": {
            "call": {
                "platform": "voice", "id": "talk-1", "live": true, "direction": "inbound", "from": DANAS, "leg": leg,
            },
            "contact": { "name": DANA, "title": "Head of Operations" },
            "company": { "name": "Northwind Foods", "country": "US" },
            "qualification": { "score": 82, "intent": "buy" },
            "consent": { "email": true, "callback": true },
        },
    })
}

/// Seconds since the call began.
struct Clock(Instant);

impl Clock {
    fn tells(&self, what: &str) {
        say(&format!("{:6.1} s  {what}", self.0.elapsed().as_secs_f64()));
    }

    /// Everybody listens for a while; `expected`: what the caller, the AI, Tom and Priya should hear.
    async fn moment(&self, what: &'static str, expected: [&'static str; 4]) -> Moment {
        let from = Instant::now();
        sleep(A_WHILE).await;
        Moment { what, from, until: Instant::now(), expected }
    }
}
