//! `baton doctor` as whoever sets Baton up sees it, against stand-ins of every vendor: what is well, and each thing that is not.

use super::contract::check_all;
use crate::program::{baton, edit, entries, root, stdout};
use crate::store::server::sqlite_in;
use crate::town;
use baton::app::stage::StandIns;
use baton::cli;
use baton_clock::{SharedClock, SteeredClock, SystemClock};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

/// A workspace with three reps whom every vendor knows, and what it is connected to.
struct Practice {
    stage: StandIns,
    folder: TempDir,
    secrets: Vec<(&'static str, &'static str)>,
}

impl Practice {
    async fn open() -> Self {
        Self::at(Arc::new(SystemClock)).await
    }

    /// The vendors' clock.
    async fn at(clock: SharedClock) -> Self {
        let stage = StandIns::open(clock).await.expect("the stand-ins");
        let folder = town::founded(1);
        for (desk, user) in [("west", "WES"), ("east", "EAS"), ("desk", "DES")] {
            let id = stage.salesforce.add_user(desk);
            edit(folder.path(), "rules/reps.csv", &format!("005xx00000{user}01"), &id);
            stage.slack.add_member(&format!("U0{}0001", desk.to_uppercase()));
        }
        let tiers = "fields: { account.tier__c: { type: text, from: crm } }\ntiers: [{ name: gold, account.tier__c: [Gold] }, { name: any }]";
        edit(folder.path(), "rules/routing.yaml", "tiers: [{ name: any }]", tiers);
        stage.salesforce.add_field("Account", "Tier__c", &["Gold", "Silver"]);
        let text = format!("[database]\nurl = {:?}\n{}", sqlite_in(folder.path()), stage.config_toml());
        std::fs::write(folder.path().join("baton.toml"), text).expect("baton.toml");
        Self { stage, folder, secrets: StandIns::secrets().to_vec() }
    }

    fn place(&self) -> &str {
        self.folder.path().to_str().expect("a plain path")
    }

    /// Puts a text in place of another in `baton.toml`.
    fn edit(&self, from: &str, to: &str) {
        edit(self.folder.path(), "baton.toml", from, to);
    }

    fn asks(&self, arguments: &[&str]) -> Told {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command.args(["doctor", "--format", "json", "-w", self.place()]).args(arguments);
        let output = command.envs(self.secrets.iter().copied()).output().expect("baton runs");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(!text.contains("@reps.example"), "it names people: {text}");
        let lines = text.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect();
        Told { code: output.status.code(), lines }
    }
}

struct Told {
    code: Option<i32>,
    lines: Vec<Value>,
}

impl Told {
    fn at(&self, section: &str, step: &str) -> Vec<&Value> {
        self.lines.iter().filter(|line| line["section"] == section && line["step"] == step).collect()
    }

    /// Where something is amiss, in order and each once; and the exit code says so.
    fn amiss(&self) -> Vec<(&str, &str)> {
        let amiss = self.lines.iter().filter(|line| line["state"] == "amiss");
        let mut places: Vec<(&str, &str)> = amiss
            .map(|line| {
                assert!(
                    line["mend"].as_str().is_some_and(|mend| mend.len() > 20),
                    "nothing is said of mending: {line}"
                );
                (line["section"].as_str().expect("a section"), line["step"].as_str().expect("a step"))
            })
            .collect();
        places.dedup();
        let expected = if places.is_empty() { cli::OK } else { cli::FAILED };
        assert_eq!(self.code, Some(expected.into()), "{:#?}", self.lines);
        places
    }

    /// It is amiss there, in these words.
    fn says(&self, section: &str, step: &str, words: &str) {
        let told = self.at(section, step);
        let said = told
            .iter()
            .any(|line| line["state"] == "amiss" && line["told"].as_str().is_some_and(|told| told.contains(words)));
        assert!(said, "{section} {step} does not say {words:?}: {:#?}", self.lines);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_all_is_well_nothing_is_left_behind() {
    let practice = Practice::open().await;
    let told = practice.asks(&[]);
    assert!(told.amiss().is_empty(), "{:#?}", told.lines);
    assert_eq!(told.at("database", "reachable")[0]["state"], "not_asked", "there is none yet");
    for section in ["crm", "slack", "mail", "calendar"] {
        for step in ["reachable", "credential", "setup"] {
            assert_eq!(told.at(section, step)[0]["state"], "ok", "{section} {step}");
        }
    }
    for (section, column) in [("crm", "crm_id"), ("slack", "chat_id"), ("calendar", "calendar")] {
        let known = format!("3 of 3 reps with a {column} are known there");
        assert_eq!(told.at(section, "reps")[0]["told"], json!(known));
        assert_eq!(told.at(section, "clock")[0]["state"], "ok");
    }
    assert_eq!(told.at("crm", "fields")[0]["state"], "ok");
    assert_eq!((told.at("crm", "write").len(), told.at("mail", "write").len()), (1, 1));
    assert_eq!(told.at("telephony", "reachable")[0]["state"], "not_asked", "it answers by doing");
    assert!(practice.stage.world.accepted().is_empty(), "nothing was left behind");
    assert!(practice.stage.salesforce.leads().is_empty());
    let exchanges = practice.stage.world.exchanges();
    for vendor in ["salesforce", "slack", "google-calendar"] {
        assert!(check_all(vendor, &exchanges) > 0, "{vendor}");
    }
    stdout(&baton(&["migrate", "-w", practice.place()]));
    let told = practice.asks(&["--only", "database"]);
    assert!(told.amiss().is_empty());
    assert_eq!((told.at("database", "write").len(), told.lines.len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_a_missing_scope_and_a_secret_that_is_not_set_are_three_things() {
    let mut practice = Practice::open().await;
    practice.secrets = vec![("SANDBOX_SLACK", "xoxp-of-a-person"), practice.secrets[2]];
    let told = practice.asks(&[]);
    assert_eq!(told.amiss(), [("crm", "config"), ("slack", "credential")]);
    told.says("crm", "config", "SANDBOX_CRM");
    assert_eq!(told.at("slack", "reachable")[0]["state"], "ok");
    assert_eq!(told.at("calendar", "reps")[0]["state"], "ok", "the others are looked at all the same");
    assert!(!format!("{:?}", told.lines).contains("xoxp"), "no secret is told");

    practice.secrets = StandIns::secrets().to_vec();
    practice.stage.slack.lack_scope_next("auth.test", "im:history");
    let told = practice.asks(&["--only", "slack"]);
    assert_eq!(told.amiss(), [("slack", "setup")]);
    told.says("slack", "setup", "im:history");
    assert_eq!(told.at("slack", "reps")[0]["state"], "ok", "and what can be asked is");

    practice.stage.calendars.undelegate();
    practice.stage.calendars.revoke_tokens();
    let told = practice.asks(&["--only", "calendar"]);
    assert_eq!(told.amiss(), [("calendar", "credential")]);
    told.says("calendar", "credential", "delegate the scopes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_crm_lacks_is_named_before_the_first_lead() {
    let practice = Practice::open().await;
    edit(practice.folder.path(), "rules/routing.yaml", "[Gold]", "[Gold, Platinum]");
    let told = practice.asks(&["--only", "crm"]);
    assert_eq!(told.amiss(), [("crm", "fields")]);
    told.says("crm", "fields", "account.tier__c is never Platinum: its values there are Gold, Silver");

    practice.stage.salesforce.require("Lead", "Industry");
    let rules =
        [("account.tier__c: { type", "account.size__c: { type"), ("account.tier__c: [Gold", "account.size__c: [Gold")];
    rules.iter().for_each(|(from, to)| edit(practice.folder.path(), "rules/routing.yaml", from, to));
    let told = practice.asks(&["--only", "crm"]);
    assert_eq!(told.amiss(), [("crm", "fields"), ("crm", "write")]);
    told.says("crm", "fields", "accounts have no field size__c");
    told.says("crm", "write", "[Industry]");

    practice.stage.salesforce.remove_key_fields();
    let told = practice.asks(&["--only", "crm"]);
    told.says("crm", "setup", "Lead has no field Baton_Key__c");
    assert!(practice.stage.salesforce.leads().is_empty());
}

/// A login that can write nothing is right there, and an org in which nothing was set up for Baton will do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_needs_no_right_to_write() {
    let practice = Practice::open().await;
    practice.stage.salesforce.read_only();
    practice.stage.salesforce.remove_key_fields();
    let told = practice.asks(&["--only", "crm"]);
    assert_eq!(told.amiss(), [("crm", "setup"), ("crm", "write")]);
    practice.edit("[database]", "shadow = true\n[database]");
    let told = practice.asks(&["--only", "crm"]);
    assert!(told.amiss().is_empty(), "{:#?}", told.lines);
    assert_eq!(
        (&told.at("crm", "setup")[0]["state"], &told.at("crm", "write")[0]["state"]),
        (&json!("ok"), &json!("not_asked"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_whom_a_vendor_does_not_know_is_named_by_their_id() {
    let practice = Practice::open().await;
    let last = practice.stage.salesforce.add_user("somebody who leaves");
    let row = practice.rows().into_iter().find(|row| row.starts_with("desk-01,")).expect("a rep");
    let crm_id = row.rsplit(',').next().expect("the last cell").to_owned();
    let like = |id: &str, number: &str, crm: &str| {
        let row =
            row.replace("desk-01", id).replace("U0DESK0001", &format!("U000{}", id.to_uppercase().replace('-', "")));
        row.replace("5550101", number).replace(&crm_id, crm)
    };
    practice.add_row(&like("gone-01", "5550191", &last));
    practice.add_row(&like("typo-01", "5550192", "005000000000999AAA"));
    practice.stage.salesforce.deactivate(&last);
    practice.stage.calendars.remove_user("gone-01@reps.example");

    let told = practice.asks(&[]);
    assert_eq!(told.amiss(), [("crm", "reps"), ("slack", "reps"), ("calendar", "reps")]);
    told.says("crm", "reps", "gone-01: crm_id in rules/reps.csv: the user is not active");
    told.says("crm", "reps", "typo-01: crm_id in rules/reps.csv: there is no such user");
    told.says("slack", "reps", "gone-01: chat_id in rules/reps.csv: the workspace has no such member");
    told.says("calendar", "reps", "gone-01: calendar in rules/reps.csv:");
    let known = told.at("crm", "reps").into_iter().find(|line| line["state"] == "ok").expect("the others");
    assert_eq!(known["told"], "3 of 5 reps with a crm_id are known there");
}

impl Practice {
    fn rows(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join("rules/reps.csv")).expect("the roster");
        text.lines().map(str::to_owned).collect()
    }

    fn add_row(&self, row: &str) {
        let text = [self.rows(), vec![row.to_owned()]].concat().join("\n") + "\n";
        std::fs::write(self.folder.path().join("rules/reps.csv"), text).expect("the roster is written");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_is_down_hides_no_other() {
    let practice = Practice::open().await;
    let toml = practice.stage.config_toml();
    let mail = toml.lines().find(|line| line.starts_with("port = ")).expect("the port of the mail stand-in");
    practice.edit(mail, "port = 1");
    let crm = toml.lines().find(|line| line.starts_with("base_url = ")).expect("where the CRM is");
    practice.edit(crm, "base_url = \"http://127.0.0.1:1\"");
    let broker = "\n[amqp]\nurl = \"amqp://baton:secret@127.0.0.1:1/%2f\"\n[crm]\n";
    practice.edit("\n[crm]\n", broker);
    let told = practice.asks(&[]);
    assert_eq!(told.amiss(), [("amqp", "reachable"), ("crm", "reachable"), ("mail", "reachable")]);
    assert_eq!((told.at("slack", "reps").len(), told.at("calendar", "reps").len()), (1, 1));
    assert!(told.at("crm", "reps").is_empty(), "who does not answer is asked no more");
    assert!(!format!("{:?}", told.lines).contains("secret@"), "no password is told");
}

/// Whoever signs what it sends is told so twice: the clock is off, and therefore the credential refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_an_hour_off_is_said_to_be() {
    let theirs = SteeredClock::new(Arc::new(SystemClock));
    theirs.steer(TimeDelta::hours(1));
    let practice = Practice::at(Arc::new(theirs)).await;
    let told = practice.asks(&[]);
    let off = [("crm", "clock"), ("slack", "clock"), ("calendar", "clock"), ("calendar", "credential")];
    assert_eq!(told.amiss(), off);
    let says = told.at("crm", "clock")[0]["told"].as_str().expect("words").to_owned();
    let seconds: i64 = says.split(' ').find_map(|word| word.parse().ok()).expect("how far");
    assert!((3590..=3610).contains(&seconds) && says.ends_with("s behind the vendor's"), "{says}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_looked_at_is_said() {
    let practice = Practice::open().await;
    let told = practice.asks(&["--only", "sms"]);
    assert_eq!(told.amiss(), [("sms", "config")]);
    told.says("sms", "config", "baton.toml has no [sms]");
    edit(practice.folder.path(), "rules/routing.yaml", "policy: balanced", "policy: fairish");
    let told = practice.asks(&["--only", "slack"]);
    assert_eq!(told.amiss(), [("rules", "config")]);
    let unknown = baton(&["doctor", "--only", "fax"]);
    assert_eq!(unknown.status.code(), Some(cli::USAGE.into()));
}

/// What is told to people has a line for each, and what to do under it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_read_what_to_click_under_what_is_amiss() {
    let practice = Practice::open().await;
    let output = Command::new(env!("CARGO_BIN_EXE_baton"))
        .args(["doctor", "--only", "slack", "-w", practice.place()])
        .env("SANDBOX_SLACK", "xoxp-of-a-person")
        .output()
        .expect("baton runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    let [reachable, clock, credential, mend] = lines[..] else { panic!("{text}") };
    assert!(reachable.starts_with("ok         slack      reachable   it answers"), "{text}");
    assert!(clock.starts_with("ok         slack      clock "), "{text}");
    assert!(
        credential.starts_with("AMISS      slack      credential  slack does not accept our credentials"),
        "{text}"
    );
    assert!(mend.trim_start().starts_with("api.slack.com/apps, your app, OAuth & Permissions"), "{text}");
    assert_eq!(output.status.code(), Some(cli::FAILED.into()));
}

#[test]
fn the_first_page_leads_to_the_page_of_every_vendor() {
    let folder = root().join("docs/setup");
    let index = std::fs::read_to_string(folder.join("README.md")).expect("the first page");
    let pages = entries(&folder);
    assert!(pages.len() >= 4, "{pages:?}");
    for page in pages.iter().filter(|page| !page.ends_with("README.md")) {
        let name = page.file_name().expect("a name").to_string_lossy();
        assert!(index.contains(&format!("]({name})")), "docs/setup/README.md does not lead to {name}");
        let text = std::fs::read_to_string(page).expect("a page");
        assert!(text.contains("```toml\n"), "{name} does not say what to write into baton.toml");
    }
}
