//! A running worker, asked over its door.

use crate::cli::unreachable;
use crate::config::Reference;
use crate::connectors::http::{ApiCall, Limits, Secret, VendorHttp};
use anyhow::{Context, Result};
use serde_json::Value;
use std::time::Duration;

const LIMITS: Limits = Limits { timeout: Duration::from_secs(10), per_second: 10, concurrency: 1 };

#[derive(Debug, clap::Args)]
pub(super) struct WorkerDoor {
    /// The worker, such as http://127.0.0.1:8080 or unix:/run/baton/baton.sock.
    #[arg(long, value_name = "ADDR")]
    http: String,
    /// Bearer token: env:NAME or file:PATH.
    #[arg(long, value_name = "REFERENCE")]
    token: Option<String>,
}

impl WorkerDoor {
    /// What it answers, or why it refuses.
    pub(super) async fn ask(&self, call: ApiCall) -> Result<Result<Value, String>> {
        let door = VendorHttp::to_worker(&self.http, LIMITS).context("reading --http")?;
        let token =
            self.token.as_ref().map(|token| Reference(token.clone()).secret("--token").map(Secret::new)).transpose()?;
        let answer = door.send(&call.bearer(token.as_ref())).await;
        let answer = answer.map_err(|error| unreachable("asking the worker", &error))?;
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        if answer.is_success() {
            return Ok(Ok(told));
        }
        Ok(Err(told["detail"].as_str().map_or_else(|| answer.status.to_string(), str::to_owned)))
    }
}
