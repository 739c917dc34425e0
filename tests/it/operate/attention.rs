//! What needs a person, in a person's hands: over the door and from the command line, with who and why in the lead's story.

use crate::eventually::within;
use crate::program::served::{Answered, Served, get, post, request};
use crate::store::server::sqlite_in;
use crate::town::Caller;
use serde_json::{Value, json};
use sqlx::{AnyPool, AssertSqlSafe};
use std::process::{Command, Output};
use std::time::Duration;

const TOKEN: &str = "a-token-for-the-tests-alone";
const SOON: Duration = Duration::from_secs(30);

async fn served() -> Served {
    let toml = "[http.tokens]\nlena = \"env:TEST_TOKEN\"\n";
    let served = tokio::task::spawn_blocking(move || Served::start(toml, "info", &[("TEST_TOKEN", TOKEN)]));
    served.await.expect("it starts")
}

/// A second way into the worker's database.
async fn raw(served: &Served) -> AnyPool {
    sqlx::any::install_default_drivers();
    AnyPool::connect(&sqlite_in(served.folder.path())).await.expect("a second way in")
}

async fn execute(raw: &AnyPool, sql: String) -> u64 {
    let done = sqlx::query(AssertSqlSafe(sql.clone())).execute(raw).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
}

/// A lead, as the door calls it, once it is decided.
fn decided(served: &Served, event: &Value) -> String {
    let sent = || served.ask(&post("/v1/leads?wait=1500ms", Some(TOKEN), &event.to_string()));
    let answer = std::iter::repeat_with(sent).take(20).find(|answer| answer.status == 200).expect("it is decided");
    answer.json()["lead"].as_str().expect("an id").to_owned()
}

/// Somebody who wants neither to be called nor to be written to: a person must look.
fn refuses_all(number: usize) -> Value {
    let mut event = Caller::gone(number).event;
    event["data"]["consent"] = json!({ "email": false, "callback": false });
    event
}

fn attention(served: &Served) -> Value {
    served.ask(&get("/v1/attention", Some(TOKEN))).json()
}

fn act(served: &Served, key: &str, what: &str, headers: &str, body: &str) -> Answered {
    let path = format!("/v1/attention/{}/{what}", key.replace(' ', "%20"));
    served.ask(&request("POST", &path, Some(TOKEN), &format!("Content-Type: application/json\r\n{headers}"), body))
}

fn close(served: &Served, key: &str, headers: &str) -> Answered {
    act(served, key, "close", headers, "{\"why\":\"she is a supplier\"}")
}

/// The lines of a lead's story of this kind.
fn told(served: &Served, lead: &str, kind: &str) -> Vec<Value> {
    let story = served.ask(&get(&format!("/v1/leads/{lead}"), Some(TOKEN))).json();
    let timeline = story["timeline"].as_array().expect("a story").clone();
    timeline.into_iter().filter(|entry| entry["kind"] == kind).map(|entry| entry["body"].clone()).collect()
}

fn baton(served: &Served, args: &[&str]) -> Output {
    let http = format!("http://127.0.0.1:{}", served.port);
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
    command.arg("attention").args(args).args(["--http", &http, "--token", "env:TEST_TOKEN"]).env("TEST_TOKEN", TOKEN);
    command.output().expect("baton runs")
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_that_is_closed_is_on_no_list_and_its_story_says_who_and_why() {
    let served = served().await;
    let lead = decided(&served, &refuses_all(1));
    let other = decided(&served, &refuses_all(2));
    assert_eq!(attention(&served)["counts"]["leads"], 2);

    let none = act(&served, &lead, "close", "", "{\"why\":\" \"}");
    assert_eq!(none.status, 400, "a reason is needed: {none:?}");
    let key = "Idempotency-Key: close-1\r\n";
    let closed = close(&served, &lead, key);
    assert_eq!((closed.status, closed.json()), (200, json!({ "status": "closed", "key": lead })), "{closed:?}");
    let again = close(&served, &lead, key);
    assert_eq!((again.status, again.json()), (200, closed.json()), "the same request is answered as it was");
    let anew = close(&served, &lead, "");
    assert!(anew.status == 409 && anew.body.contains("needs a person"), "{anew:?}");

    let listed = attention(&served);
    assert_eq!((&listed["counts"]["leads"], &listed["leads"][0]["lead"]), (&json!(1), &json!(other)), "{listed}");
    let counts = ["leads", "failed_steps", "webhooks"].map(|what| listed["counts"][what].as_u64().expect("a number"));
    let line = format!("baton_attention_open {}", counts.iter().sum::<u64>());
    let is_told = || served.ask(&get("/metrics", Some(TOKEN))).body.lines().any(|told| told == line).then_some(());
    assert_eq!(within(SOON, is_told), Some(()), "{line}: whoever is told by the figures is told what the list says");
    let page = served.ask(&get("/v1/leads?next_step=needs_attention", Some(TOKEN))).json();
    assert_eq!(page["leads"].as_array().map(Vec::len), Some(1), "{page}");
    let by_whom = told(&served, &lead, "attention_closed");
    assert_eq!(by_whom, [json!({ "by": "token lena", "why": "she is a supplier", "steps": [] })]);
    let [ended] = &told(&served, &lead, "closed")[..] else { panic!("it counts as open no more") };
    assert_eq!(ended["event"]["why"], "by_hand");

    // What a person closed needs one again only if something new happens: nobody who leaves brings it back.
    let raw = raw(&served).await;
    assert_eq!(execute(&raw, format!("UPDATE lead SET next_at = next_at + 3600000000 WHERE id = '{lead}'")).await, 1);
    let late = attention(&served)["counts"]["leads"].as_u64();
    assert_eq!(late, Some(2), "it came to need a person after it was closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_failed_is_tried_again_at_a_persons_word_and_one_that_a_caller_waited_for_is_not() {
    let served = served().await;
    let lead = decided(&served, &Caller::gone(1).event);
    let raw = raw(&served).await;
    let at_rest = || (attention(&served)["backlog"]["leased"] == 0).then_some(());
    assert_eq!(within(SOON, at_rest), Some(()), "its first steps are done");
    let fails = |kinds: &str| {
        format!(
            "UPDATE step SET state = 'failed', last_error = 'the vendor said no', ended_at = run_at, sent_at = NULL \
             WHERE lead_id = '{lead}' AND kind IN ({kinds})"
        )
    };
    let failed = execute(&raw, fails("'publish', 'write_crm'")).await;
    assert!(failed >= 2, "{failed} steps have failed");
    let listed = attention(&served);
    assert_eq!(listed["counts"]["failed_steps"], failed, "{listed}");

    let one = listed["failed_steps"][0]["effect_key"].as_str().expect("a key").to_owned();
    let retried = act(&served, &one, "retry", "Idempotency-Key: retry-1\r\n", "");
    let answer = json!({ "status": "retried", "lead": lead, "steps": [one] });
    assert_eq!((retried.status, retried.json()), (200, answer.clone()), "{retried:?}");
    let again = act(&served, &one, "retry", "Idempotency-Key: retry-1\r\n", "");
    assert_eq!((again.status, again.json()), (200, answer));
    let out = baton(&served, &["retry", &lead]);
    assert!(said(&out).contains(&format!("{lead}: steps that are tried again: {}", failed - 1)), "{out:?}");
    let is_done = || (attention(&served)["counts"]["failed_steps"] == 0).then_some(());
    assert_eq!(within(SOON, is_done), Some(()), "they are tried again");
    let none = act(&served, &lead, "retry", "", "");
    assert_eq!(none.status, 404, "{none:?}");
    let by_whom = told(&served, &lead, "attention_retried");
    assert_eq!(by_whom.len(), 2, "{by_whom:?}");
    assert_eq!(by_whom[0], json!({ "by": "token lena", "steps": [one] }));

    // Nobody waits for it any more.
    let ring = format!(
        "INSERT INTO step (effect_key, lead_id, handoff_id, kind, priority, payload, state, run_at, deadline_at, fence, attempts, \
         ended_at, last_error) SELECT 'late-hold', lead_id, handoff_id, 'hold', 0, '{{\"effect\":\"hold\"}}', 'failed', run_at, \
         deadline_at, 1, 1, run_at, 'the line was dead' FROM step WHERE lead_id = '{lead}' LIMIT 1"
    );
    assert_eq!(execute(&raw, ring).await, 1);
    let late = act(&served, "late-hold", "retry", "", "");
    assert!(late.status == 409 && late.body.contains("a caller waited for it"), "{late:?}");
    assert_eq!(close(&served, "late-hold", "").status, 200);
    assert_eq!(attention(&served)["counts"]["failed_steps"], 0);
    let by_whom = told(&served, &lead, "attention_closed");
    assert_eq!(by_whom, [json!({ "by": "token lena", "why": "she is a supplier", "steps": ["late-hold"] })]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_a_person_is_listed_and_closed_from_the_command_line() {
    let served = served().await;
    assert!(said(&baton(&served, &["list"])).contains("nothing needs a person"));
    let lead = decided(&served, &refuses_all(1));
    let raw = raw(&served).await;
    let aside = "INSERT INTO inbox (key, kind, body, received_at, state, error) \
                 VALUES ('town evt-9', 'lead.qualified', x'7b', 1, 'quarantined', 'no end of it')";
    assert_eq!(execute(&raw, aside.to_owned()).await, 1);
    let listed = said(&baton(&served, &["list"]));
    assert!(listed.contains(&format!("{lead}\n  lead, since ")), "{listed}");
    assert!(listed.contains("town evt-9\n  message, since ") && listed.contains("no end of it"), "{listed}");
    for key in [lead.as_str(), "town evt-9"] {
        let out = baton(&served, &["close", key, "--why", "looked at"]);
        assert!(said(&out).contains(&format!("{key}: closed")), "{out:?}");
    }
    let out = baton(&served, &["close", "town evt-9", "--why", "looked at"]);
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    assert!(String::from_utf8_lossy(&out.stderr).contains("nothing of this key needs a person"), "{out:?}");
    let told: Value = serde_json::from_str(&said(&baton(&served, &["list", "--format", "json"]))).expect("JSON");
    assert_eq!(told["counts"], json!({ "leads": 0, "failed_steps": 0, "quarantined": 0, "webhooks": 0 }));
}
