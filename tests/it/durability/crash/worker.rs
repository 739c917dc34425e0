//! The worker as a child process that is killed again and again.

use crate::program::Process;
use crate::town;
use baton::app::stage::StandIns;
use baton::connectors::http::{ApiCall, Does, VendorHttp};
use reqwest::Method;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// A lease, and with it the longest that an interrupted step may lie.
pub const LEASE: Duration = Duration::from_secs(3);
/// From the start of the process to its first answer, in a debug build on a busy machine.
const UP_WITHIN: Duration = Duration::from_secs(20);

/// How a life of the worker ends.
#[derive(Debug, Clone, Copy)]
pub enum End {
    /// It kills itself the n-th time that it comes to this point; from outside, if it never does.
    At { point: &'static str, nth: u32 },
    /// It is killed from outside, this long after it was ready.
    After(Duration),
}

/// `baton.toml` for a worker on a port and a database.
pub fn configure(folder: &Path, stage: &StandIns, port: u16, database: &str) {
    let text = format!(
        "[database]\nurl = {database:?}\n\n[http]\nlisten = \"127.0.0.1:{port}\"\n\n[limits]\nlease_s = {}\nvendor_timeout_s = 2\n\
         facts_within_ms = 500\n{}",
        LEASE.as_secs(),
        stage.config_toml()
    );
    std::fs::write(folder.join("baton.toml"), text).expect("baton.toml");
}

/// One life of the worker.
pub struct Worker(Process);

impl Worker {
    /// `clock_off_ms`: how far the clock of its machine is ahead.
    pub fn start(folder: &Path, end: Option<End>, clock_off_ms: i64) -> Self {
        let kill_at = match end {
            Some(End::At { point, nth }) => format!("{point}:{nth}"),
            Some(End::After(_)) | None => String::new(),
        };
        let off = clock_off_ms.to_string();
        let mut env = StandIns::secrets().to_vec();
        env.push(("BATON_CLOCK_OFF_MS", off.as_str()));
        env.extend((!kill_at.is_empty()).then_some(("BATON_KILL_AT", kill_at.as_str())));
        Self(Process::serve(folder, "warn", &env))
    }

    /// Waits until it answers; `false`: it has died before.
    pub async fn is_up(&mut self, door: &Door) -> bool {
        let up = tokio::time::timeout(UP_WITHIN, async {
            loop {
                if self.is_dead() {
                    return false;
                }
                if door.is_ready().await {
                    return true;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        up.await.expect("the worker neither answers nor dies")
    }

    pub fn is_dead(&mut self) -> bool {
        self.0.ended().is_some()
    }

    /// Waits for it to die of itself for so long, then kills it. `true`: of itself.
    pub async fn dies_within(&mut self, span: Duration) -> bool {
        let until = Instant::now() + span;
        while Instant::now() < until {
            if self.is_dead() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.kill();
        false
    }

    pub fn kill(&mut self) {
        self.0.kill();
    }
}

/// The way in, over HTTP.
pub struct Door(VendorHttp);

impl Door {
    pub fn new(port: u16) -> Self {
        Self(town::door(format!("127.0.0.1:{port}"), Duration::from_secs(5)))
    }

    async fn is_ready(&self) -> bool {
        let answer = self.0.send(&ApiCall::get("ready", &["readyz"])).await;
        answer.is_ok_and(|answer| answer.status == 200)
    }

    /// One attempt. `true`: 2xx, so that the worker answers for the event from now on.
    pub async fn takes(&self, event: &Value) -> bool {
        let call = ApiCall::new("post_event", Does::Write, Method::POST, &["v1", "events"]).json(event.clone());
        let Ok(answer) = self.0.send(&call).await else { return false };
        assert!(answer.status != 422, "{event}: {}", String::from_utf8_lossy(&answer.body));
        (200..300).contains(&answer.status)
    }

    /// Repeats like any platform: until it is taken.
    pub async fn deliver(&self, event: &Value) {
        while !self.takes(event).await {
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }
}
