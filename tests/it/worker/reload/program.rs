//! The program itself: it follows its folder, goes back to a release of the past, and is the same on every machine.

use super::{edit, exchange};
use crate::town::{Caller, found};
use baton::connectors::http::{ApiCall, Does, Limits, VendorHttp};
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// `baton serve` on a folder, as a service manager runs it.
struct Service {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Service {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        found(folder.path(), 4);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its number").port();
        drop(listener);
        let database = folder.path().join("baton.db").display().to_string();
        let config = format!("[database]\nurl = \"sqlite:{database}\"\n\n[http]\nlisten = \"127.0.0.1:{port}\"\n");
        std::fs::write(folder.path().join("baton.toml"), config).expect("baton.toml");
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command.args(["serve", "--log", "info", "-w"]).arg(folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("it starts");
        let service = Self { child, folder, port };
        service.until("it is ready", |told| told.contains_key("release")).await;
        service
    }

    fn door(&self) -> VendorHttp {
        let limits = Limits { timeout: Duration::from_secs(5), per_second: 1000, concurrency: 4 };
        VendorHttp::new("baton", &format!("http://127.0.0.1:{}", self.port), limits).expect("a client")
    }

    /// What GET /v1/rules says; empty while nobody answers.
    async fn rules(&self) -> BTreeMap<String, Value> {
        let answer = self.door().send(&ApiCall::get("rules", &["v1", "rules"])).await;
        answer.ok().and_then(|answer| serde_json::from_slice(&answer.body).ok()).unwrap_or_default()
    }

    async fn until(&self, what: &str, holds: impl Fn(&BTreeMap<String, Value>) -> bool) -> BTreeMap<String, Value> {
        let mut told = self.rules().await;
        let waited = tokio::time::timeout(Duration::from_secs(20), async {
            while !holds(&told) {
                tokio::time::sleep(Duration::from_millis(20)).await;
                told = self.rules().await;
            }
        });
        let in_time = waited.await.is_ok();
        assert!(in_time, "{what} does not come: {told:?}\n{}", self.log());
        told
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }

    fn baton(&self, arguments: &[&str]) -> (i32, String, String) {
        let output =
            Command::new(env!("CARGO_BIN_EXE_baton")).args(arguments).arg("-w").arg(self.folder.path()).output();
        let output = output.expect("the program runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    fn hang_up(&self) {
        let sent = Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let (_killed, _gone) = (self.child.kill(), self.child.wait());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_follows_its_folder_and_a_rollback_brings_it_back() {
    let service = Service::start().await;
    let folder = service.folder.path();
    let first = service.rules().await["release"].clone();
    let lead = Caller::gone(3).event;
    let post =
        ApiCall::new("post_event", Does::Write, Method::POST, &["v1", "leads"]).query("wait", "1500ms").json(lead);
    let decided = service.door().send(&post).await.expect("it answers");
    let decided: Value = serde_json::from_slice(&decided.body).expect("JSON");
    let lead = decided["lead"].as_str().unwrap_or_else(|| panic!("{decided}")).to_owned();

    exchange(folder);
    let second = service.until("the new release", |told| told["release"] != first).await["release"].clone();
    edit(folder, "rules/reps.csv", ",west-02@reps.example,+", ",west-02 at home,+");
    service.until("the refusal", |told| told["refused"] != Value::Null).await;
    let log = service.log();
    assert!(log.contains("changed rules are refused") && log.contains("rep-bad-email"), "{log}");
    assert!(!log.contains("at home"), "a fault in the roster repeats nobody's data: {log}");

    // SIGHUP with nothing new says so again; mended, it is taken up.
    service.hang_up();
    service.until("the report again", |_| service.log().matches("changed rules are refused").count() == 2).await;
    let short = |id: &Value| id.as_str().expect("an id")[..12].to_owned();
    let (code, _, stderr) = service.baton(&["rollback", &short(&first)]);
    assert_eq!(code, 1, "what was never live is not overwritten");
    assert!(
        stderr.contains("never live") && stderr.contains("rules/reps.csv") && stderr.contains("--force"),
        "{stderr}"
    );
    let (code, stdout, stderr) = service.baton(&["rollback", &short(&first), "--force"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains(".replaced/"), "{stdout}");
    let told = service.until("the old release", |told| told["release"] == first).await;
    assert_eq!(told["refused"], Value::Null);
    let aside = std::fs::read_dir(folder.join(".replaced")).expect("a folder").next().expect("one").expect("an entry");
    let kept = std::fs::read_to_string(aside.path().join("rules/reps.csv")).expect("the replaced roster");
    assert!(kept.contains("west-02 at home"), "what somebody wrote is kept");

    // There and back again, without force: both states are in the database.
    let (code, stdout, _) = service.baton(&["rollback", &short(&second)]);
    assert!(code == 0 && stdout.contains(&format!("baton rollback {}", short(&first))), "{stdout}");
    service.until("the second release", |told| told["release"] == second).await;
    let (code, stdout, _) = service.baton(&["rollback", &short(&second)]);
    assert!(code == 0 && stdout.contains("nothing to do"), "{stdout}");
    let (code, _, stderr) = service.baton(&["rollback", "abc0"]);
    assert!(
        code == 1 && stderr.contains("no release begins with \"abc0\"") && stderr.contains(&short(&first)),
        "{stderr}"
    );

    let (code, stdout, _) = service.baton(&["releases"]);
    assert_eq!(code, 0);
    let lines: Vec<&str> = stdout.lines().collect();
    assert!(
        lines[1].starts_with(&format!("* {}", short(&second))) && lines[1].contains("rules/territories.csv +2 -2"),
        "{stdout}"
    );
    assert!(lines[2].contains(&short(&first)) && lines[2].contains(" 1  first: 12 reps"), "{stdout}");
    let (code, stdout, _) = service.baton(&["replay", "--format", "json"]);
    let told: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!((code, &told["replayed"], &told["same"]), (0, &1.into(), &1.into()), "{stdout}");
    // Told by the rules it was made with, though others are live; by its own id and by its lead's.
    let (code, by_lead, stderr) = service.baton(&["explain", "--decision", &lead]);
    assert_eq!(code, 0, "{stderr}");
    assert!(by_lead.contains("West (line 2: country US) wins.") && by_lead.contains("\nKnown at "), "{by_lead}");
    assert!(by_lead.contains(&short(&first)), "{by_lead}");
    assert_eq!(service.baton(&["explain", "--decision", &lead.replace("lead_", "dec_")]).1, by_lead);
    let (_, json, _) = service.baton(&["explain", "--decision", &lead, "--format", "json"]);
    let told: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(told["release"], first);
    assert!(told["snapshot"]["reps"].as_object().is_some_and(|reps| !reps.is_empty()), "{json}");
    let (code, stdout, _) = service.baton(&["replay", "--decision", &lead]);
    assert!(code == 0 && stdout.starts_with("1 decisions made again"), "{stdout}");
}

/// Another machine's settings reach no decision: the same event at the same time is told in the same bytes.
#[test]
fn time_zone_and_language_of_the_machine_change_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let told = |zone: &str, language: &str, format: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command.args([
            "explain",
            "fixtures/events/01-warm-transfer.json",
            "--at",
            "2026-03-03T15:00:00Z",
            "--format",
            format,
        ]);
        let output = command.env("TZ", zone).env("LANG", language).env("LC_ALL", language).current_dir(root).output();
        let output = output.expect("the program runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    for format in ["text", "json"] {
        let here = told("UTC", "C", format);
        assert!(here.len() > 500);
        for (zone, language) in [("Asia/Kolkata", "tr_TR.UTF-8"), ("America/St_Johns", "de_DE.UTF-8"), ("", "ja_JP")] {
            assert_eq!(told(zone, language, format), here, "{zone} {language}");
        }
    }
}
