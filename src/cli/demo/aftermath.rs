//! After the calls: promised calls are made, reps rate, an owner is changed by hand, and everything is counted.

use super::counts::{Counts, table};
use super::play::{StoryLead, quiet};
use crate::app::Running;
use crate::app::stage::{StandIns, post_event};
use crate::cli::say;
use crate::connectors::http::{ApiCall, Does, Limits, VendorHttp};
use crate::reports::{self, Asked, Format};
use crate::store::LeadRecord;
use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use baton_core::rules::RuleSet;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub(super) async fn wind_up(
    stage: &Arc<StandIns>,
    running: &Running,
    rules: &Arc<RuleSet>,
    told: &[StoryLead],
) -> Result<Counts> {
    let after = Aftermath { stage, running, rules, told };
    after.change_an_owner_by_hand().await?;
    quiet(stage, running, CRM_IS_ASKED_AFTER).await?;
    after.make_promised_calls().await?;
    after.rate().await?;
    after.tell_outcomes().await?;
    quiet(stage, running, CRM_IS_ASKED_AFTER).await?;
    let records = records(running, told).await?;
    let attention = running.store.attention_counts().await?;
    let counts = Counts::of(stage, &records, attention);
    let now = stage.world.clock.now();
    let asked = Asked::over(None, None, 30, now).map_err(anyhow::Error::msg)?;
    let report = reports::over(&running.store, rules, &asked, now).await?;
    say(&format!("\n{}", reports::render(&report, Format::Text).trim_end()));
    table(told, &records, rules);
    counts.tell();
    Ok(counts)
}

/// The CRM is asked for its owners two minutes after a call: worth waiting for.
const CRM_IS_ASKED_AFTER: TimeDelta = TimeDelta::seconds(130);

async fn records(running: &Running, told: &[StoryLead]) -> Result<Vec<LeadRecord>> {
    let mut records = Vec::new();
    for lead in told {
        records.extend(running.store.lead(&lead.lead).await?);
    }
    Ok(records)
}

/// What people do afterwards. Everything goes through the same doors as in production.
struct Aftermath<'a> {
    stage: &'a Arc<StandIns>,
    running: &'a Running,
    rules: &'a Arc<RuleSet>,
    told: &'a [StoryLead],
}

/// What the reps think, in the order of the leads: quality, completeness, misroute, who should have had it, note.
const RATINGS: [[&str; 5]; 9] = [
    ["5", "4", "", "", ""],
    ["4", "5", "", "", ""],
    ["5", "5", "", "", "They knew who we are before I said hello."],
    ["4", "3", "", "", ""],
    ["2", "4", "procedural", "bjorn.lund", "They buy through a partner."],
    ["3", "4", "", "", ""],
    ["5", "4", "", "", ""],
    ["1", "2", "definitional", "", "A student project."],
    ["4", "4", "", "", ""],
];

impl Aftermath<'_> {
    /// Somebody gives a lead to a colleague in the CRM.
    async fn change_an_owner_by_hand(&self) -> Result<()> {
        let colleague = self.rules.reps.values().find(|rep| rep.id.as_str() == "hannah.cohen");
        let Some(crm_id) = colleague.and_then(|rep| rep.crm_id.as_ref()) else { return Ok(()) };
        let record = self.stage.salesforce.leads().into_iter().find(|lead| lead["Company"] == "Lakeshore Dental Group");
        let record = record.or_else(|| self.stage.salesforce.leads().into_iter().next_back());
        if let Some(id) = record.as_ref().and_then(|record| record["Id"].as_str()) {
            self.stage.salesforce.set_owner(id, crm_id.as_str());
            say("\n-- Afterwards --\n          In Salesforce somebody gives one lead to Hannah Cohen by hand.");
        }
        Ok(())
    }

    /// All promised calls but the last are made.
    async fn make_promised_calls(&self) -> Result<()> {
        let records = records(self.running, self.told).await?;
        let promised: Vec<_> = records.iter().filter(|record| record.status == "callback").collect();
        let Some((_, made)) = promised.split_last() else { return Ok(()) };
        for record in made {
            let data =
                json!({ "lead": record.lead.id, "rep": record.next_step.owner, "at": self.stage.world.clock.now() });
            self.send("contact.made", record.lead.id.as_str(), data).await?;
        }
        say(&format!("          {} of {} promised calls are made.", made.len(), promised.len()));
        Ok(())
    }

    /// Reps follow the links in their mails: one GET that only shows the form, one POST that records.
    async fn rate(&self) -> Result<()> {
        let limits = Limits { timeout: Duration::from_secs(10), per_second: 1000, concurrency: 4 };
        let door = VendorHttp::new("baton", &self.running.url(), limits)?;
        let links = self.links();
        for (token, [quality, completeness, misroute, right_rep, note]) in links.values().zip(RATINGS) {
            let shown = door.send(&ApiCall::get("feedback", &["feedback", token])).await?;
            let form = [
                ("quality", quality),
                ("completeness", completeness),
                ("misroute", misroute),
                ("right_rep", self.if_here(right_rep)),
                ("note", note),
            ];
            let form = form.map(|(name, value)| (name, value.to_owned())).to_vec();
            let post = ApiCall::new("feedback", Does::Write, Method::POST, &["feedback", token]).form(form);
            let recorded = door.send(&post).await?;
            if shown.status != 200 || recorded.status != 200 {
                bail!("a feedback link answered {} and {}", shown.status, recorded.status);
            }
        }
        say(&format!("          {} reps rate their lead by the link in the mail.", links.len().min(RATINGS.len())));
        Ok(())
    }

    /// A workspace of somebody else's has other reps.
    fn if_here(&self, rep: &'static str) -> &'static str {
        if self.rules.reps.keys().any(|id| id.as_str() == rep) { rep } else { "" }
    }

    /// The link of each lead's first mail to a rep, by the lead it stands for.
    fn links(&self) -> BTreeMap<String, String> {
        let mut links = BTreeMap::new();
        for mail in self.stage.smtp.mails() {
            let Some((_, rest)) = mail.text.split_once("/feedback/") else { continue };
            let token: String = rest.chars().take_while(|c| !c.is_whitespace() && *c != '>' && *c != ')').collect();
            let claim = token.split('.').next().and_then(|claim| URL_SAFE_NO_PAD.decode(claim).ok());
            let claim = claim.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
            let lead = claim.split('|').next().unwrap_or_default().to_owned();
            links.entry(lead).or_insert(token);
        }
        links
    }

    async fn tell_outcomes(&self) -> Result<()> {
        let records = records(self.running, self.told).await?;
        let spoken = records.iter().filter(|record| record.status == "connected");
        for (record, kind) in spoken.zip(["opportunity", "won", "opportunity", "lost"]) {
            let data = json!({ "lead": record.lead.id, "kind": kind, "at": self.stage.world.clock.now() });
            self.send("outcome.recorded", record.lead.id.as_str(), data).await?;
        }
        Ok(())
    }

    async fn send(&self, kind: &str, about: &str, data: Value) -> Result<()> {
        let event = json!({
            "specversion": "1.0",
            "id": format!("{kind}-{about}"),
            "source": "sandbox:demo",
            "type": kind,
            "time": self.stage.world.clock.now(),
            "data": data,
        });
        post_event(&self.running.url(), &event).await.with_context(|| format!("sending {kind}"))?;
        Ok(())
    }
}
