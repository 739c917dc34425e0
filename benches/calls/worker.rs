//! Baton as it is run: `baton serve` as a process of its own, on a workspace with many reps and the shipped times and words.

use crate::scene::{ari_key, door};
use anyhow::{Context, Result, bail};
use baton::connectors::http::{ApiCall, VendorHttp};
use baton_phones::asterisk::Asterisk;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// More than are on the phone at a time.
pub const REPS: usize = 200;
const UP_WITHIN: Duration = Duration::from_secs(30);

const HOURS: &str = "
weeks:
  always: { mon-sun: [\"00:00-24:00\"] }
calling: \"00:00-23:59\"
";

const ROUTING: &str = "
version: 1
match: { shared_domains: default }
ownership: [{ existing: account_owner }]
tiers: [{ name: any }]
pools:
  - { name: desk, members: { team: desk }, policy: balanced, lead_rep: rep-1, calendar_unknown: counts_as_free }
catch_all: { pool: desk }
";

/// As `rules/handoff.yaml` has them, but for the meeting: there is no calendar.
const HANDOFF: &str = "
patience: 45s
bridge_within: 60s
ring_timeout: 15s
accept_within: 10s
join_within: 8s
ring_at_most: 3
first_contact_sla: 5m
needs_attention: rep-1
ladders:
  default: [warm_transfer, callback]
booking: { duration: 30m, notice: 2h, within_days: 5, offer: 3, answer_within: 45s }
callback: { within: 2h, within_after_hang_up: 15m, remind_before: 10m, escalate_before: 5m }
";

const TERRITORIES: &str = "territory,country,state,region,postal,industry,employees,priority,from,until\n";

/// A rep's number, from one on, without the plus; also the name of their endpoint.
pub fn digits(rep: usize) -> String {
    format!("1415555{:04}", 1000 + rep)
}

pub struct Worker {
    process: Child,
    log: PathBuf,
}

impl Worker {
    /// Up, and with the calls of this Asterisk; `services`: the addresses of PostgreSQL and RabbitMQ.
    pub async fn start(
        folder: &Path,
        asterisk: &Asterisk,
        ari: &VendorHttp,
        services: [&str; 2],
        speech: &Path,
    ) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        found_workspace(folder).context("writing a workspace")?;
        fs::write(folder.join("baton.toml"), toml(port, asterisk, services, speech))?;
        let log = folder.join("log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command.args(["serve", "--log", "warn", "-w"]).arg(folder).env("BENCH_ARI", &asterisk.password);
        command.env("BENCH_AMQP", services[1]).stdin(Stdio::null()).stdout(Stdio::null());
        let process = command.stderr(fs::File::create(&log)?).spawn().context("starting baton serve")?;
        let mut worker = Self { process, log };
        let ready = (door(format!("127.0.0.1:{port}"))?, ApiCall::get("ready", &["readyz"]));
        let taken = ApiCall::get("app", &["ari", "applications", "baton"]).query("api_key", ari_key(asterisk));
        worker.until_says_yes(&ready.0, &ready.1).await?;
        worker.until_says_yes(ari, &taken).await?;
        Ok(worker)
    }

    async fn until_says_yes(&mut self, door: &VendorHttp, call: &ApiCall) -> Result<()> {
        let until = Instant::now() + UP_WITHIN;
        while !door.send(call).await.is_ok_and(|answer| answer.status == 200) {
            if self.process.try_wait()?.is_some() || Instant::now() > until {
                bail!("the worker did not come up: {}", fs::read_to_string(&self.log)?);
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let (_killed, _gone) = (self.process.kill(), self.process.wait());
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        if !lines.is_empty() {
            println!(
                "the worker warned {} times, at last:\n{}",
                lines.len(),
                lines[lines.len().saturating_sub(10)..].join("\n")
            );
        }
    }
}

fn found_workspace(folder: &Path) -> Result<()> {
    let rules = folder.join("rules");
    fs::create_dir_all(&rules)?;
    let roster = roster()?;
    let files = [
        ("hours.yaml", HOURS),
        ("routing.yaml", ROUTING),
        ("handoff.yaml", HANDOFF),
        ("territories.csv", TERRITORIES),
        ("reps.csv", roster.as_str()),
    ];
    for (name, text) in files {
        fs::write(rules.join(name), text)?;
    }
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    Ok(std::os::unix::fs::symlink(templates, folder.join("templates"))?)
}

fn roster() -> Result<String> {
    let mut text = String::from("id,name,email,phones,team,timezone,hours,chat_id,calendar,crm_id\n");
    for rep in 1..=REPS {
        let number = digits(rep);
        writeln!(
            text,
            "rep-{rep},Rep No {rep},rep-{rep}@reps.example,+{number},desk,UTC,always,,rep-{rep}@reps.example,"
        )?;
    }
    Ok(text)
}

fn toml(port: u16, asterisk: &Asterisk, [database, _]: [&str; 2], speech: &Path) -> String {
    let (ari, sounds, speech) = (asterisk.ari, asterisk.sounds.display().to_string(), speech.display().to_string());
    format!(
        r#"
[database]
url = {database:?}

[amqp]
url = "env:BENCH_AMQP"
declare = true

[http]
listen = "127.0.0.1:{port}"

[telephony]
mode = "bridge"
carrier = "asterisk"
url = "http://{ari}/ari"
user = "baton"
password = "env:BENCH_ARI"
dial = "PJSIP/{{digits}}"
agent = "PJSIP/agent"
caller_id = "+15551230000"
sounds = {sounds:?}

[speech]
program = [{speech:?}, "--stdin", "--stdout"]
"#
    )
}
