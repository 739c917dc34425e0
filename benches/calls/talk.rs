//! One call from the first ring to its end, by what the phones see and hear.

use crate::scene::{AGENT, CALLER, HOLD, REP, Scene};
use anyhow::{Context, Result, ensure};
use baton_phones::call::{Call, Stage};
use baton_phones::ear::Recording;
use baton_phones::rtp::Sound;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const OURS: &str = "15551230000";
/// What caller and agent have to say to each other, at least.
const QUALIFYING: Duration = Duration::from_secs(1);
/// Until a rep takes the phone, and until they know enough to press the key.
const REACHES: Duration = Duration::from_millis(500);
/// In which both must hear each other.
const LISTENS: Duration = Duration::from_secs(2);
/// Longer than the ten seconds after which it counts as a conversation.
const TALKS: Duration = Duration::from_secs(12);
/// Three phones ring for longer.
const STILL_RINGS: Duration = Duration::from_secs(25);

/// Of a call that was joined.
pub struct Joined {
    /// From the event to the INVITE.
    pub rung: Duration,
    /// From the end of the key to the moment in which both hear the other.
    pub heard: Duration,
}

/// A caller who speaks with the agent, and is found worth a rep.
struct Qualified {
    caller: Call,
    agent: Call,
    number: String,
    published: Instant,
}

async fn qualified(scene: &Scene, call: usize) -> Result<Qualified> {
    let number = format!("+1312555{call:04}");
    let from = format!("\"Caller {call}\" <sip:{number}@127.0.0.1>");
    let caller = scene.callers.dials(OURS, scene.asterisk.sip, &from, &[]).await;
    let agent = scene.agent.rings_for(&number).await;
    let leg = agent.header("X-Baton-Call").context("the agent is not told which call it is")?.to_owned();
    agent.answers().await;
    caller.until_answered().await;
    sleep(QUALIFYING).await;
    let event = json!({
        "specversion": "1.0",
        "id": format!("evt-{call}"),
        "source": "bench",
        "type": "lead.qualified",
        "data": {
            "call": {
                "platform": "bench", "id": format!("talk-{call}"), "live": true, "direction": "inbound", "from": number,
                "leg": leg,
            },
            "contact": { "name": format!("Caller {call}"), "title": "Head of Operations" },
            "company": { "name": format!("Company {call}"), "country": "US" },
            "qualification": { "score": 82, "intent": "buy", "summary": "Wants to replace a system by spring." },
            "consent": { "email": true, "callback": true },
        },
    });
    let published = scene.publishes(&event).await?;
    Ok(Qualified { caller, agent, number, published })
}

/// A rep answers, hears who calls, and presses the key.
pub async fn joined(scene: Arc<Scene>, call: usize) -> Result<Joined> {
    let qualified = qualified(&scene, call).await?;
    let joined = speaks_with_a_rep(&scene, &qualified).await;
    qualified.caller.hangs_up().await;
    joined
}

async fn speaks_with_a_rep(scene: &Scene, call: &Qualified) -> Result<Joined> {
    let Qualified { caller, agent, number, published } = call;
    let rep = scene.desk.rings_for(number).await;
    sleep(REACHES).await;
    rep.answers().await;
    rep.until_hears("the whisper", Recording::is_audible).await;
    sleep(REACHES).await;
    let key_up = rep.presses('1').await;
    sleep(LISTENS).await;
    let caller_hears = caller.recording().first(REP, key_up).context("the caller did not hear the rep")?;
    let rep_hears = rep.recording().first(CALLER, key_up).context("the rep did not hear the caller")?;
    for call in [caller, agent, &rep] {
        // The others are not to wait for what nobody listens to.
        call.says(Sound::Nothing);
        call.forgets();
    }
    sleep(TALKS).await;
    ensure!(rep.stage() == Stage::Answered, "the rep was cut off: {:?}", rep.stage());
    Ok(Joined { rung: rep.since() - *published, heard: caller_hears.max(rep_hears) - key_up })
}

/// Nobody picks up: from the first ring until the caller hears the agent again, or our words, and music no more.
pub async fn nobody(scene: Arc<Scene>, call: usize) -> Result<Duration> {
    let Qualified { caller, number, .. } = qualified(&scene, call).await?;
    let rung = scene.desk.rings_for(&number).await.since();
    sleep(STILL_RINGS).await;
    caller.until_hears("the agent again", |heard| heard.hears_only(AGENT)).await;
    let heard = caller.recording();
    caller.hangs_up().await;
    let music = heard.last(HOLD).filter(|at| *at > rung).context("the caller heard no music")?;
    let back = heard.first_words(&[HOLD], music).context("the caller did not hear the agent")?;
    caller.forgets();
    Ok(back - rung)
}
