//! What people said, who they are, and what opens doors is in no log line, whatever level is asked for.

use crate::eventually::found;
use crate::program::served::{Served, exchange, get, post, request};
use baton::app::stage::StandIns;
use baton_clock::SystemClock;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const TOKEN: &str = "a-bearer-of-the-log-tests";
const LINKS: &str = "a-link-secret-of-the-log-tests";
const TOML: &str = "public_url = \"http://127.0.0.1:1\"\n[http.tokens]\nvoice = \"env:LOG_TOKEN\"\n[feedback]\nlink_secret = \"env:LOG_LINKS\"\n";

/// Everything that the lead, the rep and the feedback below hold of people, in the words in which a log could show it.
const PERSONAL: [&str; 14] = [
    "Quillfeather",
    "quillfeather",
    "4155550167",
    "555-0167",
    "Zymurgical",
    "zymurgical",
    "hedgehog",
    "trebuchet",
    "marzipan",
    "gazebo",
    "Rep west",
    "@reps.example",
    "+1212555",
    "transcripts.example",
];

fn lead() -> String {
    let event = json!({
        "specversion": "1.0", "id": "evt-log", "source": "town", "type": "lead.qualified",
        "data": {
            "call": { "platform": "sandbox", "id": "call-log", "live": false, "direction": "inbound" },
            "contact": { "name": "Ottoline Quillfeather", "email": "ottoline@quillfeather.example", "phone": "+1 415 555-0167" },
            "company": { "name": "Zymurgical Works", "domain": "zymurgical.example", "country": "US" },
            "qualification": { "score": 81, "summary": "Needs a trebuchet for the hedgehog.", "intent": "buy marzipan" },
            "transcript_url": "https://transcripts.example/t/1",
            "consent": { "email": true, "callback": true },
        },
    });
    event.to_string()
}

/// One life of a worker at this level: a lead, everything that follows from it, the rep's word, a stop.
async fn life(level: &'static str) {
    let stage = StandIns::open(Arc::new(SystemClock)).await.expect("the stand-ins");
    let mut secrets = StandIns::secrets().to_vec();
    secrets.extend([("LOG_TOKEN", TOKEN), ("LOG_LINKS", LINKS)]);
    let toml = format!("[http]\n{TOML}{}", stage.config_toml());
    let told = tokio::task::spawn_blocking(move || Served::start(&toml, level, &secrets));
    let mut served = told.await.expect("it starts");
    let port = served.port;
    // Six workers at once on a small machine: one that could not store the event in time says so, and it is sent again.
    let sent = tokio::task::spawn_blocking(move || {
        let send = || exchange(port, &post("/v1/events?wait=1500ms", Some(TOKEN), &lead())).status;
        (0..20).map(|_| send()).find(|status| *status != 503)
    });
    let sent = sent.await.expect("it is sent");
    assert!(matches!(sent, Some(200 | 202)), "{level}: {sent:?}");
    let mail = found(format!("a mail with a link, at {level}"), || async {
        stage.smtp.mails().into_iter().find(|mail| mail.text.contains("/feedback/"))
    });
    let mail = mail.await;
    let link = mail.text.split_once("/feedback/").expect("a link").1;
    let link: String = link.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    let address = format!("/feedback/{link}");
    let said = tokio::task::spawn_blocking(move || {
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        let page = exchange(port, &get(&address, None));
        let refused = exchange(port, &request("POST", &address, None, form, "right_rep=gazebo&note=gazebo"));
        let taken = exchange(port, &request("POST", &address, None, form, "quality=4&note=gazebo"));
        let found = exchange(port, &get("/v1/leads?email=ottoline@quillfeather.example", Some(TOKEN)));
        [page.status, refused.status, taken.status, found.status]
    });
    assert_eq!(said.await.expect("it is said"), [200, 422, 200, 200], "{level}");
    served.stops_within(Duration::from_secs(10));
    let log = served.log();
    for word in PERSONAL.into_iter().chain([TOKEN, LINKS, link.as_str(), "xoxb-sandbox", "PRIVATE KEY"]) {
        let line = log.lines().find(|line| line.contains(word));
        assert_eq!(line, None, "{word:?} is in the log at {level}");
    }
    assert!(!log.contains("ERROR"), "{level}: {log}");
    let says = level.contains("debug") || level.contains("trace") || level == "info";
    assert!(!says || log.contains("baton is ready"), "{level}: it is a log all the same: {log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_level_and_no_filter_brings_people_into_the_log() {
    let wire = "trace,hyper=trace,hyper_util=trace,reqwest=trace,lapin=trace,sqlx=trace,lettre=trace,rustls=trace,h2=trace,axum=trace,tower=trace";
    futures_util::future::join_all(["error", "warn", "info", "debug", "trace", wire].map(life)).await;
}
