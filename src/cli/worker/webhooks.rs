//! `baton webhooks`: who is told of our own events, how that stands, and what became of each delivery. Running workers take up
//! within seconds what is enabled or tried anew here.

use crate::app::webhooks;
use crate::cli::{FAILED, OK, TextOrJson, WorkspaceArgs, actor, open_store_to_change, say, unreachable};
use crate::config::{self, Config};
use crate::store::{AuditEntry, DeliveryLine, DeliveryState, Store, WebhookStanding, with};
use anyhow::{Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use baton_clock::{Clock, SystemClock, random_bytes};
use baton_core::rules::fault::{did_you_mean, listed};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use tokio::time::Instant;

#[derive(Debug, clap::Args)]
pub(crate) struct Webhooks {
    /// The workspace: a folder with baton.toml.
    #[arg(long, short = 'w', value_name = "DIR", default_value = ".", global = true)]
    workspace: PathBuf,
    #[arg(long, value_enum, default_value = "text", global = true)]
    format: TextOrJson,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send a signed event of the type baton.test at once, and say what came back.
    Test {
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// List the newest deliveries: the last try of each, what came of it, and when the next one is.
    Log {
        #[arg(value_name = "NAME")]
        name: String,
        /// Those alone that were tried and are not delivered.
        #[arg(long)]
        failed: bool,
        #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u16).range(1..=10_000))]
        limit: u16,
    },
    /// Enable a webhook that was disabled, or do not wait for one that asks for it; all that is kept and not delivered is tried anew.
    Enable {
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Have one delivery tried anew, whatever became of it.
    Retry {
        /// As baton webhooks log prints it.
        #[arg(value_name = "ID")]
        id: String,
    },
}

type Standing = BTreeMap<String, WebhookStanding>;

impl Webhooks {
    pub(crate) async fn run(self) -> Result<u8> {
        let config = config::load(&self.workspace.join("baton.toml"))?;
        let place = WorkspaceArgs { workspace: self.workspace };
        // A receiver can be tried before there is a database.
        if let Some(Command::Test { name }) = &self.command {
            return test(&config, &place, name).await;
        }
        let store = open_store_to_change(&place).await?;
        let standing = store.webhooks_standing().await?;
        match self.command {
            None | Some(Command::Test { .. }) => list(&config, &standing, self.format),
            Some(Command::Log { name, failed, limit }) => {
                known(&config, &standing, &name)?;
                log(&store.deliveries_log(&name, failed, usize::from(limit)).await?, self.format)
            }
            Some(Command::Enable { name }) => {
                known(&config, &standing, &name)?;
                enable(&config, &store, name).await
            }
            Some(Command::Retry { id }) => retry(&store, id).await,
        }
    }
}

fn configured<'c>(config: &'c Config, name: &str) -> Option<&'c config::Webhook> {
    config.webhooks.iter().find(|webhook| webhook.name == name)
}

/// In `baton.toml`, or in the database from when it was there.
fn names<'n>(config: &'n Config, standing: &'n Standing) -> BTreeSet<&'n str> {
    let in_config = config.webhooks.iter().map(|webhook| webhook.name.as_str());
    in_config.chain(standing.keys().map(String::as_str)).collect()
}

fn known(config: &Config, standing: &Standing, name: &str) -> Result<()> {
    let names = names(config, standing);
    ensure!(!names.is_empty(), "no webhook is called {name:?}: baton.toml has no [[webhooks]]");
    if !names.contains(name) {
        let hint = did_you_mean(name, names.iter().copied()).map_or_else(String::new, |hint| format!("; {hint}"));
        bail!("no webhook is called {name:?}; allowed: {}{hint}", listed(names.iter().copied()));
    }
    Ok(())
}

async fn test(config: &Config, place: &WorkspaceArgs, name: &str) -> Result<u8> {
    let none = Standing::new();
    known(config, &none, name)?;
    let Some(webhook) = configured(config, name) else { bail!("no webhook is called {name:?}") };
    let webhook = webhooks::connect(webhook)?;
    // Where there is a database, it is told what was sent to whom.
    if let Ok(store) = open_store_to_change(place).await {
        let (entry, now) = (AuditEntry::of(&actor(), "webhook.test", name, None), SystemClock.now());
        store.write("webhook.test", with(entry, move |tx, entry| Box::pin(tx.audit(entry, now)))).await?;
    }
    let (now, began) = (SystemClock.now(), Instant::now());
    let id = format!("test-{}", URL_SAFE_NO_PAD.encode(random_bytes::<12>()));
    let event = json!({
        "specversion": "1.0", "id": id, "source": "baton", "type": "baton.test", "time": now, "data": { "webhook": name },
    });
    let answered = webhook.send(&id, now, &event.to_string()).await;
    let answered = answered.map_err(|why| unreachable(&format!("testing {name}"), &why))?;
    say(&format!(
        "{name} answered HTTP {} to the event {id}, after {} ms",
        answered.status,
        began.elapsed().as_millis()
    ));
    if !answered.said.trim().is_empty() {
        say(&format!("  {}", answered.said.trim()));
    }
    if answered.is_success() {
        return Ok(OK);
    }
    eprintln!("an event counts as delivered with HTTP 200 to 299, without a redirect");
    Ok(FAILED)
}

fn list(config: &Config, standing: &Standing, format: TextOrJson) -> Result<u8> {
    let names = names(config, standing);
    match format {
        TextOrJson::Json => {
            let one = |name: &&str| {
                let (webhook, of) = (configured(config, name), standing.get(*name).cloned().unwrap_or_default());
                let topics = webhook.and_then(|webhook| webhook.topics.clone());
                json!({ "name": name, "in_config": webhook.is_some(), "topics": topics, "standing": of })
            };
            let webhooks: Vec<_> = names.iter().map(one).collect();
            say(&serde_json::to_string_pretty(&json!({ "webhooks": webhooks }))?);
        }
        TextOrJson::Text if names.is_empty() => say("baton.toml has no [[webhooks]]"),
        TextOrJson::Text => {
            for name in names {
                let of = standing.get(name).cloned().unwrap_or_default();
                say(&format!("{name:<24} {}\n  {}", state(name, &of), counts(configured(config, name), &of)));
            }
        }
    }
    Ok(OK)
}

fn state(name: &str, of: &WebhookStanding) -> String {
    match (of.disabled_at, of.failing_since, of.delivered_at) {
        (Some(at), ..) => {
            let why = of.disabled_why.as_deref().unwrap_or("nobody said why");
            format!("disabled since {}: {why}; to go on: baton webhooks enable {name}", told(at))
        }
        (None, Some(at), _) => format!("failing since {}{}", told(at), rest(name, of.rests_until)),
        (None, None, Some(at)) => format!("well, delivered last {}{}", told(at), rest(name, of.rests_until)),
        (None, None, None) => "nothing was sent yet".to_owned(),
    }
}

/// What somebody asks who sees that nothing is sent.
fn rest(name: &str, until: Option<DateTime<Utc>>) -> String {
    let until = until.filter(|until| *until > SystemClock.now());
    let said =
        |until| format!(", and asks for nothing until {}; not to wait: baton webhooks enable {name}", told(until));
    until.map_or_else(String::new, said)
}

fn counts(webhook: Option<&config::Webhook>, of: &WebhookStanding) -> String {
    let WebhookStanding { waiting, delivered, failed, .. } = of;
    let topics = match webhook {
        None => "not in baton.toml any more: nothing is sent".to_owned(),
        Some(config::Webhook { topics: None, .. }) => "all topics".to_owned(),
        Some(config::Webhook { topics: Some(topics), .. }) => {
            topics.iter().map(|topic| topic.as_str()).collect::<Vec<_>>().join(", ")
        }
    };
    format!("{waiting} waiting, {failed} given up, {delivered} delivered; {topics}")
}

fn log(lines: &[DeliveryLine], format: TextOrJson) -> Result<u8> {
    match format {
        TextOrJson::Json => say(&serde_json::to_string_pretty(&json!({ "deliveries": lines }))?),
        TextOrJson::Text if lines.is_empty() => say("there is no such delivery"),
        TextOrJson::Text => lines.iter().for_each(|line| say(&as_text(line))),
    }
    Ok(OK)
}

fn as_text(line: &DeliveryLine) -> String {
    let DeliveryLine { id, topic, created_at, state, attempts, tried_at, outcome, next_at } = line;
    let state = match state {
        DeliveryState::Waiting => "waiting",
        DeliveryState::UnderWay => "under way",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Failed => "given up",
    };
    let mut text = format!("{}  {topic}  {id}\n  {state}, tries: {attempts}", told(*created_at));
    if let (Some(at), Some(outcome)) = (tried_at, outcome) {
        text.push_str(&format!("; last {}: {outcome}", told(*at)));
    }
    if let Some(at) = next_at {
        text.push_str(&format!("; next {}", told(*at)));
    }
    text
}

async fn enable(config: &Config, store: &Store, name: String) -> Result<u8> {
    let entry = AuditEntry::of(&actor(), "webhook.enable", &name, None);
    let taken_up = store.webhook_enable(&name, &entry, SystemClock.now()).await?;
    say(&format!("{name} is enabled; deliveries that are tried anew: {taken_up}"));
    if configured(config, &name).is_none() {
        eprintln!("it is not in baton.toml any more: nothing is sent until it is again");
    }
    Ok(OK)
}

async fn retry(store: &Store, id: String) -> Result<u8> {
    let now = SystemClock.now();
    let entry = AuditEntry::of(&actor(), "webhook.retry", &id, None);
    let retry = with((id.clone(), entry), move |tx, (id, entry)| {
        Box::pin(async move {
            let retried = tx.delivery_retry(id, now).await?;
            if retried {
                tx.audit(entry, now).await?;
            }
            Ok(retried)
        })
    });
    ensure!(
        store.write("webhook.retry", retry).await?,
        "no delivery {id:?} can be tried anew: `baton webhooks log NAME` prints their ids, and one that is under way is left alone"
    );
    say(&format!("{id}: a running worker tries it within seconds, unless its webhook is disabled or asks for nothing"));
    Ok(OK)
}

fn told(at: DateTime<Utc>) -> String {
    at.format("%F %T UTC").to_string()
}
