//! What was measured, as distributions.

use crate::quantiles::Quantiles;
use crate::scene::Scene;
use crate::talk::Joined;
use crate::{Arguments, Ended};
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

pub struct Report {
    pub joined: Vec<Joined>,
    /// Of the script.
    pub floor: Vec<Duration>,
    /// From the first ring until the caller was back.
    pub back: Vec<Duration>,
    pub failed: Failed,
    /// What became of the leads in the end.
    pub statuses: Vec<(String, i64)>,
}

/// Why calls did not go as they should, and how many.
#[derive(Default)]
pub struct Failed(BTreeMap<String, usize>);

impl Failed {
    /// `None`, and kept why: what was waited for did not happen.
    pub fn unless<T>(&mut self, ended: Ended<T>) -> Option<T> {
        let why = match ended {
            Ok(Ok(measured)) => return Some(measured),
            Ok(Err(error)) => format!("{error:#}"),
            Err(error) => error.to_string(),
        };
        // The same for another caller is the same.
        let why: String = why.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
        *self.0.entry(why).or_default() += 1;
        None
    }
}

impl Report {
    /// Tells where it is measured.
    pub async fn begin(scene: &Scene) -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        println!(
            "baton {} and {} on {cores} cores shared with PostgreSQL {}, RabbitMQ, the phones and the voice",
            env!("CARGO_PKG_VERSION"),
            scene.asterisk.version,
            scene.postgres().await?,
        );
        let (joined, floor, back, statuses) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Ok(Self { joined, floor, back, failed: Failed::default(), statuses })
    }

    pub fn print(&self, arguments: &Arguments) {
        let rung = quantiles(self.joined.iter().map(|joined| joined.rung));
        let heard = quantiles(self.joined.iter().map(|joined| joined.heard));
        let (floor, back) = (quantiles(self.floor.iter().copied()), quantiles(self.back.iter().copied()));
        let Arguments { calls, per_second, nobody } = arguments;
        println!(
            "{calls} calls at {per_second} a second, in ms:                  p50      p90      p99      max     of"
        );
        row("event published to INVITE on the wire", &rung, self.joined.len());
        row("the same of a script: transaction, originate", &floor, self.floor.len());
        println!("  Baton over the script, at p50              {:8.1}", middle(&rung) - middle(&floor));
        row("key up to sound in both directions", &heard, self.joined.len());
        println!("{nobody} calls at 2 a second for which nobody accepts, in ms:");
        row("first ring to the caller back with the agent", &back, self.back.len());
        let told: Vec<String> = self.statuses.iter().map(|(status, count)| format!("{count} {status}")).collect();
        println!("leads ended as: {}", told.join(", "));
        for (why, count) in &self.failed.0 {
            println!("FAILED, {count} times: {why}");
        }
        println!("failed: {}", self.failed.0.values().sum::<usize>());
        println!(
            "{}",
            json!({
                "invite_ms": rung.json(), "script_invite_ms": floor.json(), "two_way_audio_ms": heard.json(),
                "back_ms": back.json(), "joined": self.joined.len(), "back": self.back.len(),
                "failed": self.failed.0.values().sum::<usize>(),
            })
        );
    }
}

fn row(what: &str, quantiles: &Quantiles, count: usize) {
    println!("  {what:<44} {} {count:6}", quantiles.with_p90());
}

fn middle(quantiles: &Quantiles) -> f64 {
    quantiles.json().get("p50").and_then(Value::as_f64).unwrap_or(f64::NAN)
}

fn quantiles(spans: impl Iterator<Item = Duration>) -> Quantiles {
    let mut spans: Vec<Duration> = spans.collect();
    spans.sort_unstable();
    Quantiles::of(&spans)
}
