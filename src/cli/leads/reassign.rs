//! `baton reassign`: a lead to another rep, or to whoever the rules name but the one who has it.
//!
//! Asks a running worker, which judges it, moves the promise and tells people and the CRM.

use crate::cli::{FAILED, OK, say, unreachable};
use crate::config::Reference;
use crate::connectors::http::{ApiCall, Does, Limits, Secret, VendorHttp};
use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const DOOR: Limits = Limits { timeout: Duration::from_secs(10), per_second: 10, concurrency: 1 };

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
    /// The worker, such as http://127.0.0.1:8080 or unix:/run/baton/baton.sock.
    #[arg(long, value_name = "ADDR")]
    http: String,
    /// Bearer token: env:NAME or file:PATH.
    #[arg(long, value_name = "REFERENCE")]
    token: Option<String>,
}

impl Reassign {
    pub(crate) async fn run(self) -> Result<u8> {
        let door = VendorHttp::to_worker(&self.http, DOOR).context("reading --http")?;
        let token =
            self.token.as_ref().map(|token| Reference(token.clone()).secret("--token").map(Secret::new)).transpose()?;
        let mut body = json!({ "reason": self.reason, "by": self.author });
        if let Some(to) = &self.to {
            body["to"] = json!(to);
        }
        let path = ["v1", "leads", &self.lead, "reassign"];
        let call = ApiCall::new("reassign", Does::Write, Method::POST, &path).json(body).bearer(token.as_ref());
        let answer = door.send(&call).await.map_err(|error| unreachable("asking the worker", &error))?;
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        if !answer.is_success() {
            let why = told["detail"].as_str().map_or_else(|| answer.status.to_string(), str::to_owned);
            eprintln!("error: {} was not reassigned: {why}", self.lead);
            return Ok(FAILED);
        }
        let owner = told["owner"].as_str().unwrap_or_default();
        say(&match told["status"].as_str() {
            Some("unchanged") => format!("{} is {owner}'s already: nothing was done", self.lead),
            _ => format!("{} is {owner}'s now", self.lead),
        });
        Ok(OK)
    }
}
