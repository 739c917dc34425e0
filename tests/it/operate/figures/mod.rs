//! What `/metrics`, `/readyz` and `/v1/workers` tell of a worker.

mod moved;

use crate::eventually::{eventually, within};
use crate::program::free_port;
use crate::program::served::{Answered, Served, get, post};
use crate::store::server::{Db, tests};
use crate::town::{self, Caller};
use baton::connectors::http::ApiCall;
use baton_clock::{SharedClock, SystemClock};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Longer than from one look at the store to the next.
const LOOKED_WITHIN: Duration = Duration::from_secs(60);

const COUNTERS: [&str; 14] = [
    "baton_events_received",
    "baton_events_repeated",
    "baton_events_quarantined",
    "baton_leads_decided",
    "baton_decisions_by",
    "baton_leads_ended",
    "baton_step_attempts",
    "baton_vendor_calls",
    "baton_vendor_errors",
    "baton_promises",
    "baton_amqp_reconnects",
    "baton_db_retries",
    "baton_leases_lapsed",
    "baton_callers",
];
const HISTOGRAMS: [&str; 6] = [
    "baton_decide_seconds",
    "baton_event_to_commit_seconds",
    "baton_patience_used_ratio",
    "baton_step_seconds",
    "baton_limiter_wait_seconds",
    "baton_http_request_seconds",
];
const GAUGES: [&str; 29] = [
    "baton_leads_open",
    "baton_leads_waiting",
    "baton_lead_oldest_waiting_seconds",
    "baton_attention_open",
    "baton_quarantine_open",
    "baton_inbox_waiting",
    "baton_inbox_oldest_seconds",
    "baton_steps_due",
    "baton_step_oldest_due_seconds",
    "baton_promises_due",
    "baton_promises_overdue",
    "baton_promise_oldest_overdue_seconds",
    "baton_rules_refused",
    "baton_amqp_connected",
    "baton_amqp_queue_messages",
    "baton_vendor_resting",
    "baton_calendar_age_seconds",
    "baton_mirror_age_seconds",
    "baton_turns_out_of_bound",
    "baton_clock_offset_seconds",
    "baton_database_writable",
    "baton_workers",
    "baton_workers_on_other_rules",
    "baton_calls_in_progress",
    "baton_info",
    "baton_figures_age_seconds",
    "baton_rule_drift",
    "baton_source_silent",
    "baton_fallback_drift",
];

fn metrics(served: &Served) -> String {
    let answer = served.ask(&get("/metrics", None));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

/// The value of one line of the text, by all that stands before it.
fn value(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

/// The sum over all lines of a name whose labels hold this.
fn sum(text: &str, name: &str, label: &str) -> f64 {
    let of_name = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('{')?.rsplit_once(' '));
    of_name.filter(|(labels, _)| labels.contains(label)).filter_map(|(_, value)| value.parse::<f64>().ok()).sum()
}

/// Sends a lead until it is answered with its decision, and returns that.
fn decided(served: &Served, caller: &Caller) -> Value {
    let request = post("/v1/leads?wait=1500ms", None, &caller.event.to_string());
    let answered = || Some(served.ask(&request)).filter(|answer| answer.status == 200);
    within(LOOKED_WITHIN, answered).expect("it is decided").json()
}

#[test]
fn every_figure_is_told_of_from_the_start() {
    let served = Served::start("", "info", &[]);
    let answer = served.ask(&get("/metrics", None));
    assert!(answer.head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{}", answer.head);
    for (names, kind) in [(&COUNTERS[..], "counter"), (&HISTOGRAMS[..], "histogram"), (&GAUGES[..], "gauge")] {
        for name in names {
            assert!(
                answer.body.contains(&format!("# TYPE {name} {kind}\n")),
                "{name} is not told of:\n{}",
                answer.body
            );
        }
    }
    let told = answer.body.lines().filter(|line| line.starts_with("# TYPE ")).count();
    assert_eq!(told, COUNTERS.len() + HISTOGRAMS.len() + GAUGES.len(), "others are told of:\n{}", answer.body);
    assert!(answer.body.ends_with("# EOF\n"));
}

#[test]
fn a_lead_moves_the_figures_and_no_label_tells_whose_it_is() {
    let served = Served::start("", "info", &[]);
    let caller = Caller::gone(1);
    let lead = decided(&served, &caller);
    let sent_again = served.ask(&post("/v1/leads?wait=1500ms", None, &caller.event.to_string()));
    assert_eq!(sent_again.status, 200);
    let unread = served.ask(&get("/v1/leads/lead_x", None));
    assert_eq!(unread.status, 404);
    let moved = |text: &str| {
        value(text, "baton_events_received_total{source=\"town\"}") >= Some(2.0)
            && value(text, "baton_events_repeated_total{source=\"town\"}") >= Some(1.0)
            && sum(text, "baton_leads_decided_total", "next_step=\"") == 1.0
            && sum(text, "baton_decisions_by_total", "rung=\"") == 1.0
            && value(text, "baton_decide_seconds_count") == Some(1.0)
            && value(text, "baton_event_to_commit_seconds_count{channel=\"call\"}") == Some(1.0)
            && sum(text, "baton_step_attempts_total", "result=\"") >= 1.0
            && sum(text, "baton_http_request_seconds_count", "route=\"/v1/leads/{id}\",status=\"404\"") == 1.0
            && value(text, "baton_leads_open") == Some(1.0)
            && value(text, "baton_workers") == Some(1.0)
            && value(text, "baton_database_writable") == Some(1.0)
            && value(text, "baton_figures_age_seconds").is_some_and(|age| age < 60.0)
    };
    let text = within(LOOKED_WITHIN, || Some(metrics(&served)).filter(|text| moved(text)));
    let text = text.unwrap_or_else(|| panic!("the figures did not move:\n{}", metrics(&served)));
    let contact = &caller.event["data"]["contact"];
    let of_the_call =
        [&lead["lead"], &lead["decision"], &lead["owner"], &lead["event"], &contact["name"], &contact["email"]];
    let phone = &caller.event["data"]["call"]["from"];
    for told in of_the_call.into_iter().chain([phone]) {
        let told = told.as_str().expect("text");
        assert!(!text.contains(told), "{told} stands in a label:\n{text}");
    }
}

/// A message that cannot be read is counted, and stands in the list.
#[test]
fn what_is_put_aside_is_counted_by_its_source() {
    let served = Served::start("", "info", &[]);
    let mut event = Caller::gone(1).event;
    event["data"]["call"] = serde_json::json!({ "platform": "sandbox", "id": "call-9", "live": false, "opens": false });
    let taken = served.ask(&post("/v1/events", None, &event.to_string()));
    assert_eq!(taken.status, 202, "{taken:?}");
    let counted = || {
        let text = metrics(&served);
        let by_source = value(&text, "baton_events_quarantined_total{source=\"town\"}") == Some(1.0);
        (by_source && value(&text, "baton_quarantine_open") == Some(1.0)).then_some(())
    };
    assert_eq!(within(LOOKED_WITHIN, counted), Some(()), "{}", metrics(&served));
}

#[test]
fn figures_need_the_right_to_read_unless_they_are_open_or_off() {
    const TOKENS: &str = "[http]\n[http.tokens]\nvoice = { secret = \"env:T_VOICE\", scopes = [\"intake\"] }\n\
                          eye = { secret = \"env:T_EYE\", scopes = [\"read\"] }\n";
    let secrets = [("T_VOICE", "a-token-that-brings-leads"), ("T_EYE", "a-token-that-only-looks")];
    let start = |more: &str| {
        let toml = TOKENS.replacen("[http]\n", &format!("[http]\n{more}"), 1);
        Served::start(&toml, "info", &secrets)
    };
    let status = |served: &Served, token: Option<&str>| served.ask(&get("/metrics", token)).status;
    let asked = |served: &Served| [None, Some(secrets[0].1), Some(secrets[1].1)].map(|token| status(served, token));
    assert_eq!(asked(&start("")), [401, 403, 200]);
    assert_eq!(asked(&start("metrics = \"open\"\n")), [200, 200, 200]);
    let off = start("metrics = \"off\"\n");
    assert_eq!(asked(&off), [404, 404, 404]);
    assert_eq!(off.ask(&get("/readyz", None)).status, 200);
}

#[test]
fn readiness_tells_of_a_broker_that_is_away_and_takes_leads_all_the_same() {
    let nobody = format!("amqp://127.0.0.1:{}", free_port());
    let served = Served::start("[amqp]\nurl = \"env:TEST_AMQP\"\n", "info", &[("TEST_AMQP", nobody.as_str())]);
    let Answered { status, body, .. } = served.ask(&get("/readyz", None));
    assert_eq!(status, 200, "{body}");
    for line in ["ready", "database takes writes", "decider alive", "broker away", "clock "] {
        assert!(body.lines().any(|told| told.starts_with(line)), "{line}: {body}");
    }
    decided(&served, &Caller::gone(1));
    let lost = || {
        let text = metrics(&served);
        let is_lost = value(&text, "baton_amqp_reconnects_total") >= Some(1.0);
        (is_lost && value(&text, "baton_amqp_connected") == Some(0.0)).then_some(())
    };
    assert_eq!(within(LOOKED_WITHIN, lost), Some(()), "{}", metrics(&served));
    let without = Served::start("", "info", &[]);
    let told = without.ask(&get("/readyz", None)).body;
    assert!(!told.contains("broker"), "none is configured: {told}");
    assert_eq!(value(&metrics(&without), "baton_amqp_connected"), None, "so that no alarm waits for it");
}

/// Two workers of one database, the first by rules that came before those of the second.
async fn a_worker_on_older_rules_is_told(db: Db) {
    let (before, after) = (town::founded(2), town::founded(3));
    let clock: SharedClock = Arc::new(SystemClock);
    let old = town::worker(before.path(), &db.store, &clock).await;
    let new = town::worker(after.path(), &db.store, &clock).await;
    let door = town::door(&new.address, Duration::from_secs(5));
    let listed = || async {
        let answer = door.send(&ApiCall::get("workers", &["v1", "workers"])).await.expect("an answer");
        assert_eq!(answer.status, 200);
        let told: Value = serde_json::from_slice(&answer.body).expect("JSON");
        told["workers"].as_array().expect("a list").clone()
    };
    eventually("both are seen", || async { listed().await.len() == 2 }).await;
    let workers = listed().await;
    let on_other = |worker: &Value| worker["on_other_rules"].as_bool().expect("a flag");
    assert_eq!(workers.iter().map(on_other).collect::<Vec<_>>(), [true, false], "{workers:?}");
    assert_ne!(workers[0]["release"], workers[1]["release"]);
    for worker in &workers {
        assert_eq!(worker["version"], env!("CARGO_PKG_VERSION"));
        assert!(worker["host"].as_str().is_some_and(|host| !host.is_empty()), "{worker}");
        assert!(worker["zones"].as_str().is_some_and(|zones| !zones.is_empty()), "{worker}");
    }
    let state = db.store.state(baton_clock::Clock::now(&SystemClock)).await.expect("the state");
    assert_eq!((state.workers, state.workers_on_other_rules), (2, 1));
    old.stop().await;
    eventually("who has stopped is gone at once", || async { listed().await.len() == 1 }).await;
    assert!(!on_other(&listed().await[0]), "the only one has the newest");
    new.stop().await;
    assert_eq!(db.number("SELECT COUNT(*) FROM worker").await, 0, "and so is the last");
}

tests! {
    a_worker_on_older_rules_is_told_on_sqlite: on_sqlite(a_worker_on_older_rules_is_told),
    a_worker_on_older_rules_is_told_on_postgres: on_postgres(a_worker_on_older_rules_is_told),
}
