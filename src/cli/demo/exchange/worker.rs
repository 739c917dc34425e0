//! The worker of these calls: two reps who are always there, rung one after the other, and a voice of a program.

use super::asterisk::Installed;
use super::story::{NUMBER, PRIYA, TOM};
use crate::app::{self, Running, Setup, workspace};
use crate::config::{Keep, Limits};
use crate::connectors::Telephony;
use crate::connectors::asterisk::{Asterisk, AsteriskConfig};
use crate::connectors::http::{self, ApiCall, Secret, VendorHttp};
use crate::connectors::speech::{ProgramSpeech, Speech};
use crate::outbox::Vendors;
use crate::store::Store;
use crate::web::{MetricsFor, PlatformSections};
use anyhow::{Context, Result, bail};
use baton_clock::{SharedClock, SystemClock};
use baton_core::domain::phone::PhoneE164;
use baton_core::rules::SourceFile;
use baton_phones::asterisk::Asterisk as Exchange;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

/// The name of the app in Asterisk's dialplan, and of who may hold its calls.
const APP: &str = "baton";
const USER: &str = "baton";
/// Asterisk is asked so long whether the worker has taken its app.
const TAKEN_WITHIN: Duration = Duration::from_secs(20);

const FILES: [(&str, &str); 4] = [
    (
        "rules/handoff.yaml",
        "patience: 45s\nbridge_within: 60s\nring_timeout: 10s\naccept_within: 15s\njoin_within: 8s\nring_at_most: 2\n\
         first_contact_sla: 5m\nneeds_attention: tom\nladders:\n  default: [warm_transfer, callback]\n\
         booking: { duration: 15m, notice: 1h, within_days: 14, offer: 2, answer_within: 20s }\n\
         callback: { within: 2h, within_after_hang_up: 15m, remind_before: 10m, escalate_before: 5m }\n",
    ),
    ("rules/hours.yaml", "weeks:\n  always: { mon-sun: [\"00:00-24:00\"] }\ncalling: \"00:00-23:59\"\n"),
    (
        "rules/routing.yaml",
        "version: 1\nmatch: { shared_domains: default }\nownership: [{ existing: account_owner }]\ntiers: [{ name: any }]\n\
         pools:\n  - name: desk\n    members: { team: desk }\n    prefer: [{ skill: first }]\n    policy: balanced\n    \
         lead_rep: tom\n    calendar_unknown: counts_as_free\ncatch_all: { pool: desk }\n",
    ),
    ("templates/whisper/ring.hbs", "{{headline}}. Press 1 to accept.\n"),
];
const TERRITORIES: &str = "territory,country,state,region,postal,industry,employees,priority,from,until\n";

fn files() -> Vec<SourceFile> {
    let rep = |id: &str, name: &str, digits: &str, skill: &str| {
        format!("{id},{name},{id}@baton-demo.example,+{digits},desk,{skill},UTC,always,,,\n")
    };
    let reps = "id,name,email,phones,team,skills,timezone,hours,chat_id,calendar,crm_id\n".to_owned()
        + &rep("tom", TOM.0, TOM.1, "first")
        + &rep("priya", PRIYA.0, PRIYA.1, "");
    let file = |(path, text): (&str, &str)| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let mut files: Vec<SourceFile> = FILES.into_iter().map(file).collect();
    files.extend([file(("rules/reps.csv", &reps)), file(("rules/territories.csv", TERRITORIES))]);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Once it holds the calls of this exchange.
///
/// # Errors
/// It does not start, or does not take the calls in time.
pub(super) async fn start(installed: &Installed, exchange: &Exchange, scratch: &Path) -> Result<Running> {
    let Ok(workspace) = workspace::compile(files()) else { bail!("the rules of this demo have faults") };
    let store = Store::open(&format!("sqlite:{}", scratch.join("baton.db").display())).await?;
    store.migrate().await?;
    let clock: SharedClock = Arc::new(SystemClock);
    let listener = TcpListener::bind("127.0.0.1:0").await.context("binding a port")?;
    let running = app::start(Setup {
        store,
        workspace,
        vendors: vendors(installed, exchange, &clock)?,
        clock,
        limits: Limits::default(),
        keep: Keep::default(),
        listener: listener.into(),
        tokens: Vec::new(),
        body_limit: 256 * 1024,
        requests_at_once: 256,
        connections: 512,
        links: None,
        platforms: PlatformSections::new(),
        public_url: String::new(),
        twilio: None,
        replies: None,
        broker: None,
        metrics: MetricsFor::Readers,
        console: true,
        shadow: None,
    })
    .await?;
    until_taken(exchange).await?;
    Ok(running)
}

fn vendors(installed: &Installed, exchange: &Exchange, clock: &SharedClock) -> Result<Vendors> {
    let (program, arguments) = installed.voice();
    let speech: Arc<dyn Speech> = Arc::new(ProgramSpeech::new(program, arguments, Duration::from_secs(10)));
    let config = AsteriskConfig {
        url: format!("http://{}/ari", exchange.ari),
        user: USER.to_owned(),
        password: Secret::new(exchange.password.clone()),
        app: APP.to_owned(),
        dial: "PJSIP/{digits}".to_owned(),
        dial_app: None,
        agent: Some("PJSIP/agent".to_owned()),
        agent_within: Duration::from_secs(10),
        caller_id: PhoneE164::new(format!("+{NUMBER}")).context("reading our number")?,
        numbers: Vec::new(),
        sounds: exchange.sounds.clone(),
        speech: Some(Arc::clone(&speech)),
    };
    let asterisk = Arc::new(Asterisk::new(config, Arc::clone(clock)).context("setting up telephony")?);
    let telephony = Arc::clone(&asterisk) as Arc<dyn Telephony>;
    Ok(Vendors { telephony: Some(telephony), asterisk: Some(asterisk), speech: Some(speech), ..Vendors::default() })
}

/// Until Asterisk would give a call to the worker: before, its dialplan rings the AI without us.
async fn until_taken(exchange: &Exchange) -> Result<()> {
    let limits = http::Limits { timeout: Duration::from_secs(5), per_second: 100, concurrency: 1 };
    let ari = VendorHttp::new("asterisk", &format!("http://{}", exchange.ari), limits)?;
    let key = format!("{USER}:{}", exchange.password);
    let app = ApiCall::get("app", &["ari", "applications", APP]).query("api_key", key);
    let until = Instant::now() + TAKEN_WITHIN;
    while !ari.send(&app).await.is_ok_and(|answer| answer.status == 200) {
        if Instant::now() > until {
            bail!("the worker did not take Asterisk's calls within {} s", TAKEN_WITHIN.as_secs());
        }
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_these_calls_are_sound() {
        let workspace = workspace::compile(files()).map_err(|faults| faults.rules).expect("no faults");
        assert_eq!(workspace.checked.rules.reps.len(), 2);
    }
}
