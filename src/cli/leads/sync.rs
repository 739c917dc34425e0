//! `baton sync --dry-run`: what would be written for leads, and to whom; nothing is.

use crate::app::workspace;
use crate::cli::{FAULTY, OK, TextOrJson, WorkspaceArgs, say, unreachable};
use crate::config::{self, Config};
use crate::outbox::{Configured, FeedbackLinks, Rehearsal, WouldWrite};
use crate::release::Release;
use crate::store::{LeadQuery, Store};
use crate::web::LinkSigner;
use anyhow::{Result, bail, ensure};
use baton_clock::{Clock, SystemClock};
use baton_core::domain::id::LeadId;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::watch;

/// Print what Baton would write for leads, vendor by vendor, and write nothing.
///
/// The steps that are stored for each lead are written out as they would be sent: the CRM's fields and task, cards, mails, meetings,
/// texts and events. What is printed names people.
#[derive(Debug, clap::Args)]
pub(crate) struct SyncArgs {
    /// Leads by their ids (lead_…).
    #[arg(value_name = "LEAD", value_parser = lead_id, required_unless_present = "last")]
    leads: Vec<LeadId>,
    /// So many of the newest leads.
    #[arg(long, value_name = "N", conflicts_with = "leads", value_parser = clap::value_parser!(u16).range(1..=500))]
    last: Option<u16>,
    /// Write nothing. There is no other way: workers write, whenever a step is due.
    #[arg(long)]
    dry_run: bool,
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: WorkspaceArgs,
}

impl SyncArgs {
    pub(crate) async fn run(self) -> Result<u8> {
        ensure!(
            self.dry_run,
            "baton sync says what would be written, and writes nothing: run it with --dry-run; workers write whenever a step is due"
        );
        let folder = &self.place.workspace;
        let config = config::load(&folder.join("baton.toml"))?;
        let Ok(workspace) = workspace::load(folder)? else {
            eprintln!("the workspace has faults: run `baton check` first");
            return Ok(FAULTY);
        };
        let store = Store::open_existing(&config.database.resolve()?).await;
        let store = store.map_err(|error| unreachable("opening the database", &error))?;
        let leads = match self.last {
            Some(count) => {
                let found = store.leads_find(&LeadQuery::default(), usize::from(count)).await?;
                found.into_iter().map(|found| found.lead).collect()
            }
            None => self.leads,
        };
        let release = Release {
            rules: Arc::new(workspace.checked.rules),
            templates: Arc::new(workspace.templates),
            platforms: Arc::new(workspace.platforms),
            live_since: SystemClock.now(),
            summary: Vec::new(),
        };
        let (_kept, release) = watch::channel(Arc::new(release));
        let rehearsal = Rehearsal::new(configured(&config), (store, release), Arc::new(SystemClock), links(&config));
        let told = rehearsal.of_leads(&leads).await?;
        if let Some(lost) = leads.iter().find(|lead| told.iter().all(|(known, _)| known != *lead)) {
            bail!("{lost} is not in this database, or its decision is no longer kept");
        }
        for (lead, writes) in &told {
            tell(lead, writes, self.format);
        }
        Ok(OK)
    }
}

fn tell(lead: &LeadId, writes: &[WouldWrite], format: TextOrJson) {
    if matches!(format, TextOrJson::Text) {
        say(&format!("{lead}: {} writes", writes.len()));
    }
    for WouldWrite { key, kind, run_at, write } in writes {
        match format {
            TextOrJson::Text => {
                say(&format!("\n{kind} ({key}), from {}", run_at.format("%Y-%m-%d %H:%M:%S UTC")));
                say(&serde_json::to_string_pretty(write).unwrap_or_default());
            }
            TextOrJson::Json => {
                say(&json!({ "lead": lead, "step": key, "kind": kind, "run_at": run_at, "write": write }).to_string());
            }
        }
    }
}

/// Nobody is asked: what is written needs no secret.
fn configured(config: &Config) -> Configured {
    let webhooks = config.webhooks.iter().map(|webhook| (webhook.name.clone(), webhook.topics.clone()));
    let has_calendar = config.calendar.is_some() || !config.calendars.is_empty();
    Configured {
        crm: config.crm.as_ref().map(|crm| match crm {
            config::Crm::Salesforce { .. } => "salesforce",
            config::Crm::Hubspot { .. } => "hubspot",
        }),
        chat: match (&config.slack, &config.teams) {
            (None, None) => None,
            (Some(_), None) => Some("slack"),
            (None, Some(_)) => Some("teams"),
            (Some(_), Some(_)) => Some("slack or teams"),
        },
        calendar: has_calendar.then_some("calendar"),
        mail: config.mail.is_some(),
        texts: config.sms.is_some(),
        broker: config.amqp.is_some(),
        webhooks: webhooks.collect(),
    }
}

/// Where the secret is not to be had here, texts are printed without links.
fn links(config: &Config) -> Option<Arc<dyn FeedbackLinks>> {
    let secret = config.feedback.link_secret.as_ref()?.our_secret("feedback.link_secret").ok()?;
    let links = LinkSigner::new(&secret, &config.public_url(), config.feedback.link_days);
    Some(Arc::new(links) as Arc<dyn FeedbackLinks>)
}

fn lead_id(text: &str) -> Result<LeadId, String> {
    LeadId::new(text).map_err(|error| error.to_string())
}
