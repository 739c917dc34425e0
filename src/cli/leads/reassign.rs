//! `baton reassign`: a lead to another rep, or to whoever the rules name but the one who has it.
//!
//! Asks a running worker, which judges it, moves the promise and tells people and the CRM.

use super::door::WorkerDoor;
use crate::cli::{FAILED, OK, say};
use crate::connectors::http::{ApiCall, Does};
use anyhow::Result;
use reqwest::Method;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(crate) struct Reassign {
    /// The lead's id, as `lead_…`.
    #[arg(value_name = "LEAD")]
    lead: String,
    /// Who is to have it: a rep of rules/reps.csv.
    #[arg(long, value_name = "REP", required_unless_present = "again")]
    to: Option<String>,
    /// Routes it again by the rules, not to whoever has it.
    #[arg(long, conflicts_with = "to")]
    again: bool,
    /// Why, for the lead's story and the journal of turns.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who says so.
    #[arg(long, value_name = "NAME")]
    author: String,
    #[command(flatten)]
    door: WorkerDoor,
}

impl Reassign {
    pub(crate) async fn run(self) -> Result<u8> {
        let mut body = json!({ "reason": self.reason, "by": self.author });
        if let Some(to) = &self.to {
            body["to"] = json!(to);
        }
        let path = ["v1", "leads", &self.lead, "reassign"];
        let call = ApiCall::new("reassign", Does::Write, Method::POST, &path).json(body);
        let told = match self.door.ask(call).await? {
            Ok(told) => told,
            Err(why) => {
                eprintln!("error: {} was not reassigned: {why}", self.lead);
                return Ok(FAILED);
            }
        };
        let owner = told["owner"].as_str().unwrap_or_default();
        say(&match told["status"].as_str() {
            Some("unchanged") => format!("{} is {owner}'s already: nothing was done", self.lead),
            _ => format!("{} is {owner}'s now", self.lead),
        });
        Ok(OK)
    }
}
