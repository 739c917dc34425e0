//! The workspace of these calls, and workers on it as processes of their own.

use super::asterisk::last_lines;
use crate::program::{Process, copy, edit, free_port, root};
use crate::town;
use baton::connectors::http::{ApiCall, VendorHttp};
use baton_phones::asterisk::Asterisk;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Our number, which callers dial.
pub const OURS: &str = "15551230000";
/// From the start of the process to its first answer, in a debug build on a busy machine.
const UP_WITHIN: Duration = Duration::from_secs(30);
/// A step whose worker was killed comes back within this.
const LEASE_S: u32 = 3;
/// Who is rung first, second and third is certain: by what they can.
const SKILLS: [&str; 3] = ["first;second", "second", ""];

const HOURS: &str = "
weeks:
  always: { mon-sun: [\"00:00-24:00\"] }
  never: { mon: [] }
calling: \"00:00-23:59\"
";

const ROUTING: &str = "
version: 1
match: { shared_domains: default }
ownership: [{ existing: account_owner }]
tiers: [{ name: any }]
pools:
  - name: desk
    members: { team: desk }
    prefer: [{ skill: first }, { skill: second }]
    policy: balanced
    lead_rep: rep-1
    calendar_unknown: counts_as_free
catch_all: { pool: desk }
";

const HANDOFF: &str = "
patience: 40s
bridge_within: 50s
ring_timeout: 3s
accept_within: 12s
join_within: 5s
ring_at_most: 3
first_contact_sla: 5m
needs_attention: rep-1
ladders:
  default: [warm_transfer, callback]
booking: { duration: 15m, notice: 1h, within_days: 14, offer: 2, answer_within: 20s }
callback: { within: 2h, within_after_hang_up: 15m, remind_before: 10m, escalate_before: 5m }
";

const TERRITORIES: &str = "territory,country,state,region,postal,industry,employees,priority,from,until\n";

/// Words that do not change with the hour, and are quickly said.
const WORDS: [(&str, &str); 7] = [
    ("whisper/ring.hbs", "{{headline}}. Press 1 to accept."),
    ("whisper/de/ring.hbs", "{{headline}}. Zum Annehmen die 1 drücken."),
    ("caller/hold.hbs", "One moment.{{#if wait_seconds}} It will take {{wait_seconds}} seconds at most.{{/if}}"),
    ("caller/offer_callback.hbs", INSTEAD),
    ("caller/introduce.hbs", INTRODUCTION),
    ("caller/offer_slots.hbs", OFFER),
    ("caller/promise_callback.hbs", PROMISE),
];
pub const ONE_MOMENT: &str = "One moment.";
/// Of the caller's patience.
pub const AT_MOST: &str = "One moment. It will take 40 seconds at most.";
pub const INSTEAD: &str = "If you would rather not wait, press 1, and we will call you back.";
pub const INTRODUCTION: &str = "Here is my colleague. I leave the two of you to it.";
pub const OFFER: &str = "Nobody can take the call right now, so please tell me which of these times would suit you.";
pub const PROMISE: &str = "A colleague will call you back very soon. Thank you for your patience, and goodbye.";

/// The folder of a worker with so many reps, who speak these languages, if it is known; `rules`: what is said otherwise in
/// `handoff.yaml`; `opens`: the week in which they answer our number themselves.
pub fn found_workspace(folder: &Path, (reps, languages): (usize, &str), rules: &[(&str, &str)], opens: Option<&str>) {
    let written = [
        ("hours.yaml", HOURS.to_owned()),
        ("routing.yaml", ROUTING.to_owned()),
        ("handoff.yaml", HANDOFF.to_owned()),
        ("territories.csv", TERRITORIES.to_owned()),
        ("reps.csv", roster(reps, languages)),
    ];
    std::fs::create_dir_all(folder.join("rules")).expect("a folder for the rules");
    for (name, text) in written {
        std::fs::write(folder.join("rules").join(name), text).expect("a rule file");
    }
    if let Some(week) = opens {
        let number = format!("{{ hours: {week}, timezone: UTC, ring: desk, for: 15s }}");
        let text = format!("numbers:\n  \"+{OURS}\": {number}\n");
        std::fs::write(folder.join("rules/front_door.yaml"), text).expect("a rule file");
    }
    for (usual, otherwise) in rules {
        edit(folder, "rules/handoff.yaml", usual, otherwise);
    }
    copy(&root().join("templates"), &folder.join("templates"));
    for (name, words) in WORDS {
        std::fs::write(folder.join("templates").join(name), words).expect("a template");
    }
}

/// A rep's number, from one on, without the plus.
pub fn digits(rep: usize) -> String {
    format!("14155551{rep:03}")
}

fn roster(reps: usize, languages: &str) -> String {
    let mut text = String::from("id,name,email,phones,team,languages,skills,timezone,hours,chat_id,calendar,crm_id\n");
    for (rep, skills) in (1..=reps).zip(SKILLS.into_iter().chain(std::iter::repeat(""))) {
        let number = digits(rep);
        text += &format!(
            "rep-{rep},Rep No {rep},rep-{rep}@reps.example,+{number},desk,{languages},{skills},UTC,always,U0REP{rep:06},rep-{rep}@reps.example,\n"
        );
    }
    text
}

/// A worker that holds the calls of this Asterisk, which it reaches by `port`.
pub struct Worker {
    pub process: Process,
    door: VendorHttp,
    folder: PathBuf,
}

/// What a worker is told of its surroundings.
pub struct Surroundings<'a> {
    pub asterisk: &'a Asterisk,
    /// The way to it.
    pub wire: u16,
    pub database: &'a str,
    /// The lines of `[speech]`.
    pub speech: &'a str,
    /// How calls are driven, as `[telephony]` begins.
    pub mode: &'a str,
    /// Further sections of `baton.toml`, and the secrets that they name.
    pub sections: &'a str,
    pub secrets: &'a [(&'static str, &'static str)],
}

impl Worker {
    /// In a folder that is a workspace but for its `baton.toml`.
    pub async fn start(folder: PathBuf, around: &Surroundings<'_>) -> Self {
        let port = free_port();
        std::fs::write(folder.join("baton.toml"), around.toml(port)).expect("baton.toml");
        let mut env: Vec<(&str, &str)> = around.secrets.to_vec();
        env.push(("ARI_PASSWORD", &around.asterisk.password));
        let process = Process::serve(&folder, "info", &env);
        let door = town::door(format!("127.0.0.1:{port}"), Duration::from_secs(5));
        let mut worker = Self { process, door, folder };
        worker.is_up().await;
        worker
    }

    async fn is_up(&mut self) {
        let began = Instant::now();
        while !self.is_ready().await {
            let ended = self.process.ended();
            assert!(ended.is_none() && began.elapsed() < UP_WITHIN, "the worker did not come up: {}", self.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn is_ready(&self) -> bool {
        let answer = self.door.send(&ApiCall::get("ready", &["readyz"])).await;
        answer.is_ok_and(|answer| answer.status == 200)
    }

    /// `None`: it is not there, or does not say.
    pub async fn asked(&self, call: &ApiCall) -> Option<Value> {
        let answer = self.door.send(call).await.ok()?;
        assert!(!(400..500).contains(&answer.status) || answer.status == 404, "{}: {}", answer.status, answer.text());
        (answer.status == 200).then(|| answer.value())
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("\n== worker {}\n{}", self.process.id(), last_lines(&self.log()));
        }
    }
}

impl Surroundings<'_> {
    fn toml(&self, port: u16) -> String {
        let Self { asterisk, wire, database, speech, mode, sections, .. } = self;
        let sounds = asterisk.sounds.display().to_string();
        format!(
            r#"
[database]
url = {database:?}

[http]
listen = "127.0.0.1:{port}"

[limits]
lease_s = {LEASE_S}
vendor_timeout_s = 2

[telephony]
{mode}
carrier = "asterisk"
url = "http://127.0.0.1:{wire}/ari"
user = "baton"
password = "env:ARI_PASSWORD"
dial = "PJSIP/{{digits}}"
agent = "PJSIP/agent"
agent_within = "5s"
caller_id = "+15551230000"
sounds = {sounds:?}

[speech]
{speech}
within = "20s"
{sections}"#
        )
    }
}
