//! The program as people meet it: its commands, its log, its list of what needs a person.

use super::receiver::{Receiver, Says};
use super::{SECRETS, routed};
use crate::eventually::eventually;
use crate::program::served::{Served, get, post, workspace};
use crate::program::{baton, code, free_port, told};
use crate::town::Caller;
use baton_clock::{Clock, SystemClock};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

const TOKEN: &str = "a-token-for-the-tests-alone";

fn secret() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("secret"), SECRETS[0]).expect("a secret");
    folder
}

/// A `[[webhooks]]` that leads there.
fn section(url: &str, secret: &Path, more: &str) -> String {
    let secret = secret.join("secret");
    format!("[[webhooks]]\nname = \"crm-sync\"\nurl = \"{url}\"\nsecrets = [\"file:{}\"]\n{more}\n", secret.display())
}

fn log(served: &Served) -> Vec<Value> {
    let told = served.run(&["webhooks", "log", "crm-sync", "--format", "json"]);
    let log: Value = serde_json::from_str(&told).expect("JSON");
    log["deliveries"].as_array().expect("a list").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_gone_is_told_of_and_taken_up_again_by_a_person() {
    let receiver = Receiver::open(&[Says::Status(200), Says::Status(410)], Says::Status(200)).await;
    let secret = secret();
    let section = section(&receiver.url(), secret.path(), "topics = [\"lead.routed\"]\nallow_private = true");
    let toml = format!("[http.tokens]\nvoice = \"env:TEST_TOKEN\"\n{section}");
    let served = tokio::task::spawn_blocking(move || Served::start(&toml, "info", &[("TEST_TOKEN", TOKEN)]));
    let served = served.await.expect("it starts");

    assert!(
        served.run(&["webhooks"]).contains("nothing was sent yet\n  0 waiting, 0 given up, 0 delivered; lead.routed")
    );
    let said = served.run(&["webhooks", "test", "crm-sync"]);
    assert!(said.starts_with("crm-sync answered HTTP 200 to the event test-"), "{said}");
    let [tested] = &receiver.came()[..] else { panic!("one test came") };
    assert_eq!((tested.topic(), &tested.json()["data"]), ("baton.test".to_owned(), &json!({ "webhook": "crm-sync" })));
    assert_eq!(tested.judged(SECRETS[0], SystemClock.now()), Ok(()));

    let event = Caller::gone(1).event.to_string();
    let answer = served.ask(&post("/v1/events?wait=1500ms", Some(TOKEN), &event));
    assert!([200, 202].contains(&answer.status), "{answer:?}");
    eventually("it is said in the log", || async { served.log().contains("a webhook is disabled") }).await;
    let attention = served.ask(&get("/v1/attention", Some(TOKEN))).json();
    let [disabled] = &attention["webhooks"].as_array().expect("a list")[..] else { panic!("{attention}") };
    assert_eq!((&disabled["name"], &disabled["undelivered"]), (&json!("crm-sync"), &json!(1)), "{attention}");
    assert_eq!(disabled["why"], "HTTP 410: its receiver wants nothing more");
    assert_eq!(attention["counts"]["webhooks"], 1);
    let listed = served.run(&["webhooks"]);
    assert!(listed.contains("disabled since") && listed.contains("1 waiting"), "{listed}");
    assert!(served.run(&["webhooks", "log", "crm-sync", "--failed"]).contains("waiting, tries: 1; last"), "{listed}");

    let said = served.run(&["webhooks", "enable", "crm-sync"]);
    assert!(said.contains("crm-sync is enabled; deliveries that are tried anew: 1"), "{said}");
    eventually("it is delivered", || async { log(&served)[0]["state"] == "delivered" }).await;
    let [line] = &log(&served)[..] else { panic!("there was one event") };
    assert_eq!((&line["attempts"], &line["outcome"], &line["next_at"]), (&json!(1), &json!("HTTP 200"), &Value::Null));
    assert!(served.run(&["webhooks"]).contains("well, delivered last"));
    assert!(served.run(&["webhooks", "log", "crm-sync", "--failed"]).contains("there is no such delivery"));

    let id = line["id"].as_str().expect("an id");
    served.run(&["webhooks", "retry", id]);
    eventually("it came once more", || async { routed(&receiver.came()).len() == 3 }).await;
    let ids: Vec<String> = routed(&receiver.came()).iter().map(|one| one.header("webhook-id").to_owned()).collect();
    assert!(ids.iter().all(|one| *one == ids[0] && id == format!("crm-sync/{one}")), "{ids:?}");

    for (args, says) in [
        (&["webhooks", "test", "crmsync"][..], "allowed: crm-sync"),
        (&["webhooks", "log", "crmsync"][..], "no webhook is called \"crmsync\""),
        (&["webhooks", "enable", "crmsync"][..], "no webhook is called \"crmsync\""),
        (&["webhooks", "retry", "crm-sync/nothing"][..], "no delivery \"crm-sync/nothing\" can be tried anew"),
    ] {
        let out = served.baton(args);
        assert!(code(&out) == 1 && told(&out).contains(says), "{args:?}: {}", told(&out));
    }
    let audit = served.run(&["audit", "--format", "json"]);
    let audit: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    // The worker's own entry comes before or after the first.
    let acts = audit.iter().filter_map(|entry| entry["act"].as_str()).filter(|act| *act != "rules.live");
    assert_eq!(acts.collect::<Vec<_>>(), ["webhook.retry", "webhook.enable", "webhook.test"], "{audit:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_in_ones_own_network_is_refused_unless_somebody_says_so() {
    let receiver = Receiver::open(&[], Says::Status(200)).await;
    let secret = secret();
    let tested = |url: &str, more: &str| {
        let folder = workspace(free_port(), 1, &section(url, secret.path(), more));
        baton(&["webhooks", "test", "crm-sync", "-w", folder.path().to_str().expect("a plain path")])
    };
    // A name, which only its name server knows to be this machine's.
    let by_name = format!("https://localhost:{}/hooks", receiver.port());
    let out = tested(&by_name, "");
    assert_eq!(code(&out), 4, "{}", told(&out));
    assert!(told(&out).contains("refused: localhost leads to"), "{}", told(&out));
    assert!(told(&out).contains("allow_private = true for a receiver in your own network"), "{}", told(&out));
    let out = tested(&receiver.url().replace("127.0.0.1", "localhost"), "allow_private = true");
    assert_eq!(code(&out), 0, "{}", told(&out));
    assert_eq!(receiver.came().len(), 1, "nothing came before somebody said so");

    // An address, which can be told before anything is sent.
    let folder = workspace(free_port(), 1, &section("https://169.254.169.254/latest", secret.path(), ""));
    for args in [&["check"][..], &["webhooks", "test", "crm-sync", "-w"]] {
        let out = baton(&[args, &[folder.path().to_str().expect("a plain path")]].concat());
        assert_ne!(code(&out), 0);
        assert!(
            told(&out).contains("169.254.169.254 leads to 169.254.169.254, which is no address of the open internet")
        );
    }
}
