//! Two calls on a carrier of our own, after the day: the worker is started anew with one, over the same database.
//!
//! One caller is with a platform that can do no more than transfer: the rep comes first. The other was promised a call by the
//! worker before, and has it. Both must end so, or the demo fails.

use super::carrier::Carrier;
use super::play::{Play, StoryLead, Teller, quiet};
use super::worker::Workers;
use super::{scenes, tell, world};
use crate::app::Running;
use crate::app::stage::{StandIns, post_event};
use crate::cli::say;
use crate::connectors::http::{ApiCall, Does, Limits, VendorHttp};
use crate::store::LeadRecord;
use anyhow::{Context, Result, bail};
use baton_core::domain::id::HandoffId;
use baton_core::domain::phone::PhoneE164;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// From what the platform is told to where its caller is.
const DIALS_FOR: Duration = Duration::from_secs(1);

/// Gives the worker that goes on. `told`: the leads so far, to which one is added.
pub(super) async fn go_on(
    stage: &Arc<StandIns>,
    workers: &Workers<'_>,
    before: Running,
    teller: &Teller,
    told: &mut Vec<StoryLead>,
) -> Result<Running> {
    // What is in hand would come back with its lease alone.
    quiet(stage, &before, TimeDelta::zero()).await?;
    before.stop().await;
    let Ok(workspace) = world::own_where_callers_are_transferred() else { bail!("the demo's own rules have faults") };
    let rules = Arc::new(workspace.checked.rules.clone());
    let carrier = Carrier::open(stage).await?;
    let running = workers.start(workspace, Some(&carrier)).await?;
    say("\n-- On a carrier of our own --");
    say(
        "              baton.toml now says mode = \"rep_first\", carrier = \"twilio\": the agent's platform only transfers",
    );
    let play = Play { stage, running: &running, rules: &rules, secret: &workers.secret, files: None };
    let caller = play.call(teller, &scenes::rep_first()).await?.context("nobody has called")?;
    let owed = told.iter().find(|lead| lead.scene == scenes::OWED).cloned().context("nobody is owed a call")?;
    let phone = phone_of(&record(&running, &owed).await?)?;
    carrier.has(&phone);
    call_back(&running, &owed).await?;
    let act = [caller.clone(), owed.clone()];
    let ended = async {
        tokio::try_join!(
            play.tell_until(teller, &act, have_spoken),
            is_transferred(stage, &running, &carrier, &caller)
        )?;
        tell_until_said(&play, teller, &owed).await
    };
    let ended = ended.await;
    carrier.tell(&rules, &BTreeMap::from([(phone.as_str().to_owned(), owed.name.clone())]))?;
    ended?;
    tell_first_contacts(&running, &act).await?;
    told.push(caller);
    Ok(running)
}

/// The lead hangs up, and the rep says by key what came of it.
async fn tell_until_said(play: &Play<'_>, teller: &Teller, owed: &StoryLead) -> Result<()> {
    for _ in 0..400 {
        let handoff = play.running.store.handoff(&HandoffId::of(&owed.lead)).await?;
        // What led to it is in the timeline by then.
        play.tell_until(teller, std::slice::from_ref(owed), have_spoken).await?;
        if handoff.calling.is_none() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    bail!("whoever called {} back was not let go", owed.name)
}

fn have_spoken(lead: &LeadRecord) -> bool {
    ["connected", "called"].contains(&lead.status.as_str())
}

async fn record(running: &Running, lead: &StoryLead) -> Result<LeadRecord> {
    running.store.lead(&lead.lead).await?.with_context(|| format!("{} is no lead", lead.name))
}

fn phone_of(record: &LeadRecord) -> Result<PhoneE164> {
    record.lead.reach_phone().cloned().with_context(|| format!("{} has left no number", record.lead.id))
}

/// By the one act that makes a promised call.
async fn call_back(running: &Running, lead: &StoryLead) -> Result<()> {
    let limits = Limits { timeout: Duration::from_secs(10), per_second: 1000, concurrency: 1 };
    let door = VendorHttp::new("baton", &running.url(), limits)?;
    let id = lead.lead.as_str();
    let asked = ApiCall::new("call_back", Does::Write, Method::POST, &["v1", "leads", id, "call"]);
    let answer = door.send(&asked.json(json!({ "by": "whoever watches the demo" }))).await?;
    if !answer.is_success() {
        bail!("{} is not called back: {} {}", lead.name, answer.status, answer.text());
    }
    say(&format!("          » {}: a promised call is made by phone, at POST /v1/leads/{id}/call", lead.name));
    Ok(())
}

/// The platform does as it is told: its caller dials the address, and its own part of the call is over.
async fn is_transferred(stage: &StandIns, running: &Running, carrier: &Carrier, caller: &StoryLead) -> Result<()> {
    let of_caller = record(running, caller).await?;
    let (from, call) = (phone_of(&of_caller)?, of_caller.lead.call.context("a caller has a call")?);
    let to = loop {
        let told = stage.world.accepted().into_iter();
        let mut told = told.filter(|effect| effect.kind == "transfer" && effect.detail["call"] == call.id.as_str());
        if let Some(to) = told.next().and_then(|effect| effect.detail["to"].as_str().map(str::to_owned)) {
            break to;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    stage.world.sleep(DIALS_FOR).await;
    carrier.is_called(from.as_str(), &to, &running.url());
    let ended = json!({
        "specversion": "1.0", "id": format!("{}-ended", call.id), "source": "sandbox:demo", "type": "call.ended",
        "time": stage.world.clock.now(), "data": { "platform": call.platform, "call": call.id },
    });
    post_event(&running.url(), &ended).await.context("telling that the platform's part is over")?;
    Ok(())
}

/// As it is stored: what reports count.
async fn tell_first_contacts(running: &Running, act: &[StoryLead]) -> Result<()> {
    for lead in act {
        let LeadRecord { status, first_contact_at, .. } = record(running, lead).await?;
        let at = first_contact_at.with_context(|| format!("{} was not spoken with", lead.name))?;
        say(&format!("            First contact with {}: {}, {status}", lead.name, tell::clock(at)));
    }
    Ok(())
}
