//! A trial beside the system that was there before: it decides and keeps its ledgers, nobody outside notices, and where the two
//! differ can be read with the reasons.

use crate::eventually::{SOON, eventually, found, within};
use crate::program::served::{Served, get, post, workspace};
use crate::program::{free_port, stdout};
use crate::store::server::{Db, on_both};
use crate::town::{self, Caller};
use baton::app::stage::StandIns;
use baton::app::{self, Running};
use baton::connectors::http::{ApiCall, Does, VendorHttp};
use baton::reports::{self, Asked, ShadowReport};
use baton_clock::{Clock, ScaledClock, SharedClock};
use baton_core::domain::id::LeadId;
use baton_core::rules::RuleSet;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const SPEED: u32 = 60;
const LOOKS_AFTER: TimeDelta = TimeDelta::minutes(30);

/// A worker with every vendor there is, in shadow or not.
struct Office {
    db: Db,
    clock: Arc<ScaledClock>,
    stage: StandIns,
    worker: Running,
    door: VendorHttp,
    rules: RuleSet,
    folder: TempDir,
}

impl Office {
    async fn open(db: Db, shadow: Option<TimeDelta>) -> Self {
        let (folder, clock) = (town::founded(2), town::clock(SPEED));
        let shared = Arc::clone(&clock) as SharedClock;
        let stage = StandIns::open(Arc::clone(&shared)).await.expect("the stand-ins");
        let (worker, door) = begin(&db, &shared, &stage, &folder, shadow).await;
        let rules = town::read(folder.path()).checked.rules;
        Self { db, clock, stage, worker, door, rules, folder }
    }

    /// The worker stops, this is done to the database, and another worker begins, which is no trial.
    async fn ends_trial(self, meanwhile: &str) -> Self {
        let Self { db, clock, stage, worker, door: _, rules, folder } = self;
        worker.stop().await;
        db.execute(meanwhile).await;
        let shared = Arc::clone(&clock) as SharedClock;
        let (worker, door) = begin(&db, &shared, &stage, &folder, None).await;
        Self { db, clock, stage, worker, door, rules, folder }
    }

    async fn post(&self, event: &Value) -> Value {
        found("the event is decided", || async {
            let call = ApiCall::new("post_event", Does::Write, Method::POST, &["v1", "events"]).query("wait", "1500ms");
            let answer = self.door.send(&call.json(event.clone())).await.expect("the door answers");
            let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
            (answer.status == 200).then_some(body)
        })
        .await
    }

    async fn told(&self, path: &[&str]) -> String {
        let answer = self.door.send(&ApiCall::get("page", path)).await.expect("the door answers");
        String::from_utf8_lossy(&answer.body).into_owned()
    }

    async fn owner(&self, lead: &LeadId) -> String {
        self.db.store.lead(lead).await.expect("a look").expect("the lead is kept").owner.to_string()
    }

    /// The system that was there before gives the lead of this caller to a rep.
    fn gives(&self, caller: &Caller, rep: &str) {
        let known = self.rules.reps.values().find(|one| one.id.as_str() == rep).expect("a rep of the town");
        let owner = known.crm_id.as_ref().expect("an id in the CRM").as_str();
        self.stage.salesforce.add_lead(json!({ "LastName": "Caller", "Email": caller.email(), "OwnerId": owner }));
    }

    /// Once so many leads have been asked about.
    async fn report(&self, asked: i64) -> ShadowReport {
        eventually("the CRM is asked", || async { self.db.number("SELECT COUNT(*) FROM other_choice").await == asked })
            .await;
        let now = self.clock.now();
        let period = (now - TimeDelta::days(1), now + TimeDelta::days(1));
        reports::shadow_over(&self.db.store, &self.rules, period, now).await.expect("a report")
    }

    async fn until_quiet(&self) {
        eventually("every step has ended", || async {
            self.db.number("SELECT COUNT(*) FROM step WHERE state IN ('due', 'leased')").await == 0
        })
        .await;
    }
}

async fn begin(
    db: &Db,
    clock: &SharedClock,
    stage: &StandIns,
    folder: &TempDir,
    shadow: Option<TimeDelta>,
) -> (Running, VendorHttp) {
    let mut setup = town::setup(folder.path(), &db.store, clock).await;
    setup.vendors = stage.vendors().expect("clients");
    setup.limits.lease_s = 5 * u64::from(SPEED);
    setup.limits.vendor_timeout_s = 4 * u64::from(SPEED);
    setup.shadow = shadow;
    let worker = app::start(setup).await.expect("a worker");
    let door = town::door(&worker.address, Duration::from_secs(10));
    (worker, door)
}

async fn a_trial_decides_and_keeps_ledgers_and_nobody_notices(db: Db) {
    let office = Office::open(db, Some(LOOKS_AFTER)).await;
    let callers = [Caller::live(3), Caller::gone(6)];
    for caller in &callers {
        let answer = office.post(&caller.event).await;
        assert_eq!(
            (&answer["status"], &answer["instruction"]["kind"]),
            (&json!("shadow"), &json!("go_on")),
            "{answer}"
        );
        assert_eq!(answer["instruction"]["say"], json!(""));
        assert_eq!(answer["lead"], json!(caller.lead()));
    }
    office.until_quiet().await;
    let number = |sql: &'static str| office.db.number(sql);
    assert_eq!(number("SELECT COUNT(*) FROM lead WHERE status = 'shadow'").await, 2);
    let steps = number("SELECT COUNT(*) FROM step").await;
    assert!(steps >= 6, "what would be done is named: {steps}");
    assert_eq!(number("SELECT COUNT(*) FROM step WHERE state = 'done' AND result = 'shadow'").await, steps);
    assert_eq!(office.stage.world.accepted(), Vec::new(), "no vendor has done anything");
    assert_eq!(number("SELECT COUNT(*) FROM ledger_entry").await, 2, "turns are kept");
    assert!(office.told(&["readyz"]).await.contains("A TRIAL (shadow = true)"));
    let workers: Value = serde_json::from_str(&office.told(&["v1", "workers"]).await).expect("JSON");
    assert_eq!(workers["workers"][0]["shadow"], json!(true), "{workers}");
    let asked = Asked::over(None, None, 1, office.clock.now()).expect("a time");
    let report = reports::over(&office.db.store, &office.rules, &asked, office.clock.now()).await.expect("a report");
    assert_eq!((report.leads, report.shadow), (0, 2), "no figure counts what nobody was told of");
    assert_eq!(office.db.store.attention_counts().await.expect("counts").leads, 0);
    office.worker.stop().await;
}

/// Steps that a worker of the trial had not come to, as it was killed, are found by the one after it.
async fn what_a_trial_left_behind_is_not_done_after_it(db: Db) {
    let office = Office::open(db, Some(LOOKS_AFTER)).await;
    office.post(&Caller::gone(3).event).await;
    office.until_quiet().await;
    let back = "UPDATE step SET state = 'due', result = NULL, ended_at = NULL, attempts = 0 WHERE kind = 'write_crm'";
    let office = office.ends_trial(back).await;
    office.until_quiet().await;
    let undone = "SELECT COUNT(*) FROM step WHERE kind = 'write_crm' AND state = 'done' AND result = 'shadow'";
    assert!(office.db.number(undone).await > 0, "the lead stays as the trial left it");
    assert_eq!(office.stage.world.accepted(), Vec::new(), "and nobody notices");
    office.worker.stop().await;
}

async fn where_the_two_differ_is_told_with_our_reason_and_what_came_of_it(db: Db) {
    let office = Office::open(db, Some(LOOKS_AFTER)).await;
    let callers = [Caller::gone(3), Caller::gone(6), Caller::gone(9)];
    for caller in &callers {
        office.post(&caller.event).await;
    }
    let [agreed, differing, unnamed] = callers.each_ref().map(Caller::lead);
    office.gives(&callers[0], &office.owner(&agreed).await);
    let ours = office.owner(&differing).await;
    let theirs = if ours == "west-01" { "west-02" } else { "west-01" };
    office.gives(&callers[1], theirs);
    office.clock.skip_to(office.clock.now() + LOOKS_AFTER + TimeDelta::minutes(2));
    let won = json!({
        "specversion": "1.0", "id": "won-6", "source": "town", "type": "outcome.recorded",
        "data": { "lead": differing, "kind": "won", "at": office.clock.now() },
    });
    assert_eq!(office.post(&won).await["status"], json!("taken"));
    let report = office.report(3).await;
    assert_eq!((report.leads, report.nobody), (3, 1), "{unnamed} was given to nobody: {report:?}");
    assert_eq!((report.agreement.total.numerator, report.agreement.total.denominator), (1, 2));
    assert!(report.agreement.total.low.is_some() && !report.agreement.groups.is_empty());
    let [difference] = report.differences.as_slice() else { panic!("they differ on one lead: {report:?}") };
    assert_eq!(
        (&difference.lead, difference.ours.as_str(), difference.theirs.as_str()),
        (&differing, ours.as_str(), theirs)
    );
    assert!(!difference.reason.is_empty());
    assert_eq!(difference.outcome, Some("won"));
    assert!(report.conclusion.contains("1 leads are at stake"), "{}", report.conclusion);
    assert_eq!(office.owner(&differing).await, ours, "the CRM is read, and not followed");
    assert_eq!(office.stage.world.accepted(), Vec::new());
    office.worker.stop().await;
}

/// The same lead without a trial: everybody is told, as ever. A database of such leads is no place for a trial.
async fn without_shadow_all_is_done_and_no_trial_begins_there(db: Db) {
    let office = Office::open(db, None).await;
    let answer = office.post(&Caller::gone(3).event).await;
    assert_eq!(answer["status"], json!("decided"), "{answer}");
    let written = |kind: &'static str| office.stage.world.accepted().iter().any(|effect| effect.kind == kind);
    eventually("the CRM is written and the rep told", || std::future::ready(written("lead") && written("message")))
        .await;
    let shared = Arc::clone(&office.clock) as SharedClock;
    let trial = async || {
        let mut setup = town::setup(office.folder.path(), &office.db.store, &shared).await;
        setup.shadow = Some(LOOKS_AFTER);
        app::start(setup).await.err().map(|error| error.to_string()).unwrap_or_default()
    };
    let refused = trial().await;
    assert!(refused.contains("1 leads are being handed off") && refused.contains("a database of its own"), "{refused}");
    if office.db.is_postgres() {
        office.db.execute("UPDATE handoff SET stage = 'done'").await;
        let refused = trial().await;
        assert!(refused.contains("a trial for all workers or for none"), "{refused}");
    }
    office.worker.stop().await;
}

on_both! {
    a_trial_decides_and_keeps_ledgers_and_nobody_notices,
    what_a_trial_left_behind_is_not_done_after_it,
    where_the_two_differ_is_told_with_our_reason_and_what_came_of_it,
    without_shadow_all_is_done_and_no_trial_begins_there,
}

/// From outside, as an operator has it.
#[test]
fn what_would_be_written_is_printed_and_the_report_has_every_format() {
    let port = free_port();
    let vendors = "[crm]\nvendor = \"hubspot\"\nbase_url = \"http://127.0.0.1:1\"\nservice_key = \"env:KEY\"\n\
                   [slack]\nbase_url = \"http://127.0.0.1:1\"\nbot_token = \"env:KEY\"\n\
                   [mail]\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\nfrom = \"Baton <baton@town.example>\"\n\
                   [[webhooks]]\nname = \"ours\"\nurl = \"https://hooks.example/baton\"\nsecrets = [\"env:SIGN\"]\n";
    let folder = workspace(port, 2, vendors);
    let path = folder.path().join("baton.toml");
    let text = std::fs::read_to_string(&path).expect("baton.toml");
    std::fs::write(&path, format!("shadow = true\nshadow_look_after = \"30m\"\n{text}")).expect("it is written");
    let env = [("KEY", "a key of the tests alone"), ("SIGN", "whsec_YSBrZXkgb2YgdGhlIHRlc3RzIGFsb25lLCBzaWduZWQ=")];
    let served = Served::on(folder, port, "info", &env);
    let is_told = || served.log().contains("A TRIAL (shadow = true)").then_some(());
    within(SOON, is_told).unwrap_or_else(|| panic!("{}", served.log()));
    assert!(served.ask(&get("/readyz", None)).body.contains("A TRIAL"));
    let caller = Caller::gone(3);
    let ask = post("/v1/events?wait=1500ms", None, &caller.event.to_string());
    let answer = within(SOON, || Some(served.ask(&ask)).filter(|answer| answer.status == 200)).expect("it is decided");
    let answer = answer.json();
    assert_eq!(answer["status"], json!("shadow"), "{answer}");

    let printed = stdout(&served.baton(&["sync", "--dry-run", "--last", "1", "--format", "json"]));
    let lines: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of =
        |kind: &str| lines.iter().filter(|line| line["kind"] == kind).map(|line| &line["write"]).collect::<Vec<_>>();
    let crm = of("write_crm");
    assert!(
        crm.iter().any(|write| write["vendor"] == "hubspot" && write["lead"]["email"] == caller.email()),
        "{printed}"
    );
    assert!(crm.iter().any(|write| write["task"]["subject"].is_string()), "the promise is a task: {printed}");
    assert!(of("brief_chat").iter().any(|write| write["vendor"] == "slack" && write["title"].is_string()), "{printed}");
    assert!(of("brief_email").iter().any(|write| write["subject"].is_string()), "{printed}");
    assert!(of("confirm_to_caller").iter().any(|write| write["to"] == caller.email()), "{printed}");
    assert!(
        of("publish").iter().any(|write| write["topic"] == "lead.routed" && write["webhooks"] == json!(["ours"])),
        "{printed}"
    );
    let named = stdout(&served.baton(&["sync", caller.lead().as_str(), "--dry-run"]));
    assert!(named.starts_with(&format!("{}: ", caller.lead())), "{named}");
    assert!(!served.log().contains(caller.email()), "nothing of it is logged");

    assert!(served.run(&["shadow"]).contains("A TRIAL: 1 leads were decided"));
    let report: Value = serde_json::from_str(&served.run(&["shadow", "--format", "json"])).expect("JSON");
    assert_eq!((&report["leads"], &report["not_asked_yet"]), (&json!(1), &json!(1)), "{report}");
    assert!(served.run(&["shadow", "--format", "csv"]).starts_with("lead,decided_at,ours,reason,theirs"));
    assert!(served.run(&["report"]).contains("A TRIAL: 1 leads were decided in shadow"));
}
