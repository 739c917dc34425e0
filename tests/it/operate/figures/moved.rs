//! Figures that move with what happens: calls, promises, vendors, rules and turns, and a worker that dies.

use super::{LOOKED_WITHIN, decided, sum, value};
use crate::eventually::{eventually, within};
use crate::operate::leads::{configure, until_ready};
use crate::program::served::{Served, exchange, get, post, workspace};
use crate::program::{Process, edit, free_port};
use crate::store::server::{Db, sqlite_in, tests};
use crate::town::{self, Caller};
use baton::app::stage::{StandIns, deliver_over_http};
use baton_clock::{Clock, SystemClock};
use baton_sandbox::Fault;
use baton_sandbox::voice::RepManner;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// A vendor that is silent, for longer than a test.
const SILENCE: Fault = Fault::Stall(Duration::from_secs(600));
/// Longer than from one look to the next: whoever talks for so long is seen on the line.
const A_TALK: Duration = Duration::from_secs(30);

async fn stage() -> StandIns {
    StandIns::open(Arc::new(SystemClock)).await.expect("the stand-ins")
}

async fn served(toml: String) -> Served {
    let start = move || Served::start(&toml, "info", &StandIns::secrets());
    tokio::task::spawn_blocking(start).await.expect("it starts")
}

/// The figures of a worker, once they are so.
fn told_once(port: u16, what: &str, are_so: impl Fn(&str) -> bool) -> String {
    let told = || exchange(port, &get("/metrics", None)).body;
    let found = within(LOOKED_WITHIN, || Some(told()).filter(|text| are_so(text)));
    found.unwrap_or_else(|| panic!("{what}:\n{}", told()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_is_put_through_is_on_the_line_until_the_call_is_over() {
    let stage = stage().await;
    let served = served(stage.config_toml()).await;
    stage.voice.connect(deliver_over_http(format!("http://127.0.0.1:{}", served.port)));
    let accepts = RepManner::Accepts { after: Duration::from_millis(200) };
    let caller = Caller::live(3).reps(&[accepts]).talks_for(A_TALK);
    stage.voice.call(caller.call(), caller.script.clone().expect("a caller on the line"));
    decided(&served, &caller);
    let calls = |number: f64| move |text: &str| value(text, "baton_calls_in_progress") == Some(number);
    told_once(served.port, "a caller is on the line", calls(1.0));
    let text = told_once(served.port, "nobody is on the line any more", calls(0.0));
    assert_eq!(value(&text, "baton_callers_total{outcome=\"put_through\"}"), Some(1.0), "{text}");
    assert_eq!(value(&text, "baton_patience_used_ratio_count"), Some(1.0), "{text}");
    assert_eq!(value(&text, "baton_leads_ended_total{outcome=\"connected\"}"), Some(1.0), "{text}");
}

/// The worker's clock cannot be set: what was promised lies four hours earlier instead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promise_is_due_and_is_kept_or_overdue_and_broken() {
    let served = served(String::new()).await;
    let [kept, broken] = [1, 4].map(|number| decided(&served, &Caller::gone(number)));
    let promises = |due: f64, overdue: f64| {
        move |text: &str| {
            value(text, "baton_promises_due") == Some(due) && value(text, "baton_promises_overdue") == Some(overdue)
        }
    };
    told_once(served.port, "two calls are owed", promises(2.0, 0.0));

    let data = json!({ "lead": kept["lead"], "rep": kept["owner"], "at": SystemClock.now() });
    let made = json!({ "specversion": "1.0", "id": "made", "source": "town", "type": "contact.made", "data": data });
    let taken = served.ask(&post("/v1/events", None, &made.to_string()));
    assert!(matches!(taken.status, 200 | 202), "{taken:?}");
    told_once(served.port, "one of them was made", |text| {
        value(text, "baton_promises_total{result=\"kept\"}") == Some(1.0)
            && value(text, "baton_leads_ended_total{outcome=\"called\"}") == Some(1.0)
    });

    let db = Db::open(sqlite_in(served.folder.path())).await;
    let lead = broken["lead"].as_str().expect("an id");
    let earlier = format!("UPDATE lead SET next_at = next_at - 14400000000 WHERE id = '{lead}'");
    assert_eq!(db.execute(earlier).await, 1);
    let text = told_once(served.port, "the other one is overdue", promises(1.0, 1.0));
    assert!(value(&text, "baton_promise_oldest_overdue_seconds") >= Some(3600.0), "{text}");
    assert_eq!(value(&text, "baton_promises_total{result=\"broken\"}"), Some(0.0), "{text}");

    let timer = format!(
        "UPDATE step SET run_at = run_at - 14400000000 WHERE lead_id = '{lead}' AND kind = 'timer' AND payload LIKE '%\"breach\"%'"
    );
    assert_eq!(db.execute(timer).await, 1);
    let text = told_once(served.port, "its time is over", |text| {
        value(text, "baton_promises_total{result=\"broken\"}") == Some(1.0) && promises(0.0, 0.0)(text)
    });
    assert_eq!(value(&text, "baton_promises_total{result=\"kept\"}"), Some(1.0), "{text}");
    let ended = value(&text, "baton_leads_ended_total{outcome=\"needs_attention\"}");
    assert_eq!(ended, Some(1.0), "nobody was on the line, and it is told how it went: {text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vendors_that_were_never_well_are_told_with_what_is_known_less_and_less() {
    let stage = stage().await;
    stage.world.arm("salesforce", "*", SILENCE, u32::MAX);
    stage.calendars.undelegate();
    let served = served(stage.config_toml()).await;
    decided(&served, &Caller::gone(1));
    let ages = |text: &str| {
        let age = |name: &str| value(text, name).unwrap_or_default();
        (age("baton_mirror_age_seconds"), age("baton_calendar_age_seconds"))
    };
    let first = told_once(served.port, "the CRM is silent, and no calendar can be read", |text| {
        let (mirror, calendar) = ages(text);
        let rests = value(text, "baton_vendor_resting{vendor=\"salesforce\"}") == Some(1.0);
        let silent = value(text, "baton_vendor_errors_total{vendor=\"salesforce\",class=\"silent\"}");
        rests
            && silent >= Some(1.0)
            && sum(text, "baton_vendor_errors_total", "vendor=\"google\"") >= 1.0
            && mirror > 0.0
            && calendar > 0.0
    });
    let older = told_once(served.port, "what is known grows older", |text| {
        let ((mirror, calendar), (mirror_then, calendar_then)) = (ages(text), ages(&first));
        mirror > mirror_then && calendar > calendar_then
    });

    stage.world.heal("salesforce");
    told_once(served.port, "the CRM is asked again", |text| {
        value(text, "baton_vendor_resting{vendor=\"salesforce\"}") == Some(0.0)
    });
    decided(&served, &Caller::gone(2));
    told_once(served.port, "it has told of an account", |text| ages(text).0 < ages(&older).0);
}

#[test]
fn what_a_worker_runs_is_told_and_that_it_refuses_a_change() {
    let served = Served::start("", "info", &[]);
    let workers = || served.ask(&get("/v1/workers", None)).json()["workers"][0]["zones"].as_str().map(str::to_owned);
    let zones = within(LOOKED_WITHIN, workers).expect("it is among the workers");
    let refused = |number: f64| {
        told_once(served.port, &format!("changes refused: {number}"), |text| {
            value(text, "baton_rules_refused") == Some(number) && text.contains("baton_info{")
        })
    };
    let text = refused(0.0);
    let info: Vec<&str> = text.lines().filter(|line| line.starts_with("baton_info{")).collect();
    let [info] = info[..] else { panic!("{info:?}: a worker is one thing") };
    assert!(info.contains(&format!("zones=\"{zones}\"")) && info.ends_with(" 1"), "{zones}: {info}");
    assert!(info.contains(&format!("version=\"{}\"", env!("CARGO_PKG_VERSION"))), "{info}");

    let (sound, faulty) = (",west-02@reps.example,+", ",west-02 at home,+");
    edit(served.folder.path(), "rules/reps.csv", sound, faulty);
    refused(1.0);
    edit(served.folder.path(), "rules/reps.csv", faulty, sound);
    refused(0.0);
}

#[test]
fn turns_that_were_given_by_hand_beyond_the_bound_are_told() {
    let served = Served::start("", "info", &[]);
    let pools = |number: f64| move |text: &str| value(text, "baton_turns_out_of_bound") == Some(number);
    told_once(served.port, "nobody has had a turn", pools(0.0));
    for _ in 0..2 {
        let why = ["--reason", "was ill", "--author", "lena"];
        served.run(&[&["ledger", "west", "--credit", "west-01", "--turns", "10"], &why[..]].concat());
    }
    told_once(served.port, "twenty turns are more than two members can be apart", pools(1.0));
}

/// Everybody has place for one open lead, and each lane has one hand, which a silent vendor holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leads_that_wait_for_somebody_and_steps_that_wait_for_a_hand_are_told() {
    let stage = stage().await;
    stage.world.arm("slack", "*", SILENCE, u32::MAX);
    let toml = format!("{}\n[limits]\nsteps_at_once = 1\nvendor_timeout_s = 5\nlease_s = 6\n", stage.config_toml());
    let start = move || {
        let port = free_port();
        let folder = workspace(port, 1, &toml);
        for (desk, head) in [("", ",crm_id\n"), ("west", "WES01\n"), ("east", "EAS01\n"), ("desk", "DES01\n")] {
            let cap = if desk.is_empty() { ",cap_open" } else { ",1" };
            edit(folder.path(), "rules/reps.csv", head, &format!("{}{cap}\n", head.trim_end()));
        }
        Served::on(folder, port, "info", &StandIns::secrets())
    };
    let served = tokio::task::spawn_blocking(start).await.expect("it starts");
    let leads = [3, 6, 9, 12].map(|number| decided(&served, &Caller::gone(number)));
    let text = told_once(served.port, "two leads wait, and what is to be said of them", |text| {
        value(text, "baton_leads_waiting") == Some(2.0) && value(text, "baton_steps_due{lane=\"chat\"}") >= Some(1.0)
    });
    for oldest in ["baton_lead_oldest_waiting_seconds", "baton_step_oldest_due_seconds{lane=\"chat\"}"] {
        assert!(value(&text, oldest) > Some(0.0), "{oldest}: {text}");
    }

    stage.world.heal("slack");
    for (number, lead) in leads.iter().take(2).enumerate() {
        let data = json!({ "lead": lead["lead"], "kind": "lost", "at": SystemClock.now() });
        let id = format!("lost-{number}");
        let lost =
            json!({ "specversion": "1.0", "id": id, "source": "town", "type": "outcome.recorded", "data": data });
        let taken = served.ask(&post("/v1/events", None, &lost.to_string()));
        assert!(matches!(taken.status, 200 | 202), "{taken:?}");
    }
    told_once(served.port, "nobody waits any more, and nothing", |text| {
        value(text, "baton_leads_waiting") == Some(0.0) && value(text, "baton_steps_due{lane=\"chat\"}") == Some(0.0)
    });
}

/// The second worker stands still until the first is dead, so that it is the first that had the step.
async fn a_step_that_a_dead_worker_held_is_told_by_who_takes_it_over(db: Db) {
    let stage = stage().await;
    stage.world.arm("slack", "*", SILENCE, u32::MAX);
    let (toml, url) = (stage.config_toml(), db.url.clone());
    let start = move |port: u16| {
        let folder = town::founded(2);
        configure(folder.path(), port, &url, &toml);
        (Process::serve(folder.path(), "warn", &StandIns::secrets()), folder)
    };
    let [dies, survives] = [free_port(), free_port()];
    let (mut first, _first_folder) = start(dies);
    until_ready(dies).await;
    let (second, _second_folder) = start(survives);
    until_ready(survives).await;
    second.signal("-STOP");
    let taken = exchange(dies, &post("/v1/leads", None, &Caller::gone(1).event.to_string()));
    assert!(matches!(taken.status, 200 | 202), "{taken:?}");
    let held = "SELECT COUNT(*) FROM step WHERE state = 'leased' AND kind = 'brief_chat'";
    eventually("a step is in hand", || async { db.number(held).await >= 1 }).await;
    first.kill();
    second.signal("-CONT");
    told_once(survives, "it is taken over", |text| {
        sum(text, "baton_leases_lapsed_total", "kind=\"brief_chat\"") >= 1.0
    });
}

tests! {
    a_step_that_a_dead_worker_held_is_told_by_who_takes_it_over_on_postgres:
        on_postgres(a_step_that_a_dead_worker_held_is_told_by_who_takes_it_over),
}
