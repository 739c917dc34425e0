//! A worker's log: every line one JSON object without doubles, nothing of a person at any level, and no word of alarm at a stop.

use crate::doors::amqp::broker::broker;
use crate::eventually::{eventually, found};
use crate::program::free_port;
use crate::program::served::{Served, exchange, get, post, request, workspace};
use crate::store::server::{Db, tests};
use crate::town::{self, Caller};
use axum::Router;
use axum::http::StatusCode;
use baton::app::stage::StandIns;
use baton::connectors::http::{Answer, ApiCall, Does, Secret, VendorHttp};
use baton::intake::amqp::{AmqpConfig, Outgoing, Publisher};
use baton::intake::event::lead_id;
use baton_clock::SystemClock;
use baton_sandbox::Fault;
use reqwest::Method;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

const TOKEN: &str = "a-bearer-of-the-json-log-tests";
const ROOT: &str = "a-root-of-the-json-log-tests";
const LINKS: &str = "a-link-secret-of-the-json-log-tests";
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// All that the leads and the rep say of people.
const CANARIES: [&str; 10] = [
    "Quillfeather",
    "quillfeather",
    "415555016",
    "555-016",
    "Zymurgical",
    "zymurgical",
    "trebuchet",
    "marzipan",
    "gazebo",
    "transcripts.example",
];

/// JSON in which no object names anything twice, at any depth.
struct Single;

impl<'de> Deserialize<'de> for Single {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Single;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON without doubles")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Single, E> {
                Ok(Single)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Single, E> {
                Ok(Single)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Single, E> {
                Ok(Single)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Single, E> {
                Ok(Single)
            }

            fn visit_str<E>(self, _: &str) -> Result<Single, E> {
                Ok(Single)
            }

            fn visit_unit<E>(self) -> Result<Single, E> {
                Ok(Single)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Single, A::Error> {
                while list.next_element::<Single>()?.is_some() {}
                Ok(Single)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Single, A::Error> {
                let mut names = BTreeSet::new();
                while let Some(name) = object.next_key::<String>()? {
                    object.next_value::<Single>()?;
                    if let Some(double) = names.replace(name) {
                        return Err(A::Error::custom(format!("{double:?} stands twice")));
                    }
                }
                Ok(Single)
            }
        }
        deserializer.deserialize_any(Names)
    }
}

/// Every line of it, read.
fn lines(log: &str) -> Vec<Value> {
    let read = |line: &str| {
        serde_json::from_str::<Single>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let read: Value = serde_json::from_str(line).expect("JSON");
        for key in ["ts", "level", "message", "target"] {
            assert!(read[key].is_string(), "{key} is missing: {line}");
        }
        read
    };
    log.lines().map(read).collect()
}

fn lead(id: &str, live: bool) -> Value {
    // Two numbers: one would be one caller.
    let phone = if live { "+1 415 555-0168" } else { "+1 415 555-0167" };
    json!({
        "specversion": "1.0", "id": id, "source": "town", "type": "lead.qualified",
        "data": {
            "call": { "platform": "sandbox", "id": format!("call-{id}"), "live": live, "direction": "inbound" },
            "contact": { "name": "Ottoline Quillfeather", "email": format!("{id}@quillfeather.example"), "phone": phone },
            "company": { "name": "Zymurgical Works", "domain": "zymurgical.example", "country": "US" },
            "qualification": { "score": 81, "summary": "Needs a trebuchet.", "intent": "buy marzipan" },
            "transcript_url": "https://transcripts.example/t/1",
            "consent": { "email": true, "callback": true },
        },
    })
}

/// A voice platform that takes no command, and says of whom it was.
async fn refusing_platform() -> String {
    let says =
        || async { (StatusCode::BAD_REQUEST, "{\"message\":\"no such call of Ottoline Quillfeather, +14155550167\"}") };
    let address = baton_sandbox::serve(Router::new().fallback(says)).await.expect("a port");
    format!("http://{address}")
}

fn served(toml: &str, database: Option<&str>, level: &str, env: &[(&str, &str)]) -> Served {
    let port = free_port();
    let folder = workspace(port, 2, toml);
    if let Some(url) = database {
        let path = folder.path().join("baton.toml");
        let text = std::fs::read_to_string(&path).expect("baton.toml");
        let (_, rest) = text.split_once('\n').and_then(|(_, rest)| rest.split_once('\n')).expect("two lines");
        std::fs::write(path, format!("[database]\nurl = {url:?}\n{rest}")).expect("baton.toml");
    }
    Served::with(folder, port, &["--log", level, "--log-format", "json"], env)
}

async fn publish(publisher: &Publisher, id: &str, body: String) {
    let message = Outgoing {
        exchange: "baton.in".to_owned(),
        routing_key: "lead.qualified".to_owned(),
        body: body.into_bytes(),
        content_type: "application/json".to_owned(),
        message_id: id.to_owned(),
        ..Outgoing::default()
    };
    publisher.publish(&message).await.expect("it is published");
}

async fn looked(door: &VendorHttp, path: &[&str]) -> Value {
    let call = ApiCall::get("look", path).bearer(&Secret::new(ROOT));
    door.send(&call).await.expect("the door answers").value()
}

async fn acted(door: &VendorHttp, path: &[&str], body: Value) -> Answer {
    let call = ApiCall::new("act", Does::Write, Method::POST, path).bearer(&Secret::new(ROOT)).json(body);
    door.send(&call).await.expect("the door answers")
}

/// What people write by hand: of a message that was put aside, of a lead, and of whom to erase.
async fn write_by_hand(port: u16) {
    let door = town::door(format!("127.0.0.1:{port}"), Duration::from_secs(20));
    let why = "Ottoline Quillfeather, +1 415 555-0168, wants no trebuchet";
    let attention = looked(&door, &["v1", "attention"]).await;
    let key = attention["quarantined"][0]["key"].as_str().unwrap_or_else(|| panic!("{attention}"));
    let closed = acted(&door, &["v1", "attention", key, "close"], json!({ "why": why })).await;
    assert_eq!(closed.status, 200, "{}", closed.text());
    let lead = lead_id("town", "evt-http").to_string();
    let wish = json!({ "to": "east-02", "reason": "Zymurgical Works asked for marzipan", "by": "Quillfeather" });
    let given = acted(&door, &["v1", "leads", &lead, "reassign"], wish).await;
    assert_eq!(given.status, 200, "{}", given.text());
    let nobody = json!({ "phone": "555-0168 of Ottoline Quillfeather", "why": why });
    assert_eq!(acted(&door, &["v1", "erasures"], nobody).await.status, 400);
    let whom = json!({ "phone": "+1 415 555-0167", "email": "evt-http@quillfeather.example", "why": why });
    let asked = acted(&door, &["v1", "erasures"], whom).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    let id = asked.value()["erasure"].as_str().expect("an id").to_owned();
    let done = || async { looked(&door, &["v1", "erasures", &id]).await["state"] == "done" };
    eventually("the person is erased", done).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_line_at_any_level_names_anybody_and_none_has_a_key_twice() {
    let Some(broker) = broker(true).await else { return };
    let url = broker.config.url.clone();
    let stage = StandIns::open(Arc::new(SystemClock)).await.expect("the stand-ins");
    let vendors = stage.config_toml().replace(&stage.commands(), &refusing_platform().await);
    let toml = format!(
        "[http]\npublic_url = \"http://127.0.0.1:1\"\n[http.tokens]\nvoice = \"env:LOG_TOKEN\"\n\
         root = {{ secret = \"env:LOG_ROOT\", scopes = [\"admin\"] }}\n[feedback]\nlink_secret = \"env:LOG_LINKS\"\n\
         [amqp]\nurl = \"env:TEST_AMQP\"\ndeclare = true\n{vendors}"
    );
    let amqp = url.clone();
    let started = tokio::task::spawn_blocking(move || {
        let mut env = StandIns::secrets().to_vec();
        env.extend([("LOG_TOKEN", TOKEN), ("LOG_ROOT", ROOT), ("LOG_LINKS", LINKS), ("TEST_AMQP", amqp.as_str())]);
        served(&toml, None, "trace,baton=trace", &env)
    });
    let mut served = started.await.expect("it starts");
    eventually("it consumes", || async { served.log().contains("consuming") }).await;

    let publisher = Publisher::new(AmqpConfig::new(url, true));
    publish(&publisher, "live", lead("evt-live", true).to_string()).await;
    publish(&publisher, "torn", "{\"id\": \"torn\", \"data\": {\"name\": \"Ottoline Quillfeather".to_owned()).await;
    let mut nobody = lead("evt-nobody", false);
    nobody["type"] = json!("Ottoline Quillfeather");
    publish(&publisher, "nobody", nobody.to_string()).await;
    publisher.close().await;
    let port = served.port;
    let sent = tokio::task::spawn_blocking(move || {
        let headers = format!("Content-Type: application/json\r\ntraceparent: {TRACE}\r\n");
        let malformed = exchange(port, &post("/v1/events", Some(TOKEN), "{\"name\": \"Ottoline Quillfeather\"")).status;
        let taken = request("POST", "/v1/leads", Some(TOKEN), &headers, &lead("evt-http", false).to_string());
        [malformed, exchange(port, &taken).status]
    });
    assert_eq!(sent.await.expect("they are sent"), [422, 202]);
    let mail = found("a mail with a link", || async {
        stage.smtp.mails().into_iter().find(|mail| mail.text.contains("/feedback/"))
    });
    let mail = mail.await;
    let link = mail.text.split_once("/feedback/").expect("a link").1;
    let link: String = link.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    let address = format!("/feedback/{link}");
    let pressed = tokio::task::spawn_blocking(move || {
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        let page = exchange(port, &get(&address, None)).status;
        [page, exchange(port, &request("POST", &address, None, form, "quality=4&note=gazebo")).status]
    });
    assert_eq!(pressed.await.expect("it is pressed"), [200, 200]);
    eventually("two are put aside", || async { served.log().matches("was quarantined").count() == 2 }).await;
    eventually("a step has failed", || async { served.log().contains("voice-agent: needs_person, HTTP 400") }).await;
    write_by_hand(port).await;
    let stopped = tokio::task::spawn_blocking(move || {
        served.stops_within(Duration::from_secs(10));
        served.log()
    });
    let log = stopped.await.expect("it stops");
    let lines = lines(&log);
    for word in CANARIES.into_iter().chain([TOKEN, ROOT, LINKS, link.as_str()]) {
        let line = log.lines().find(|line| line.contains(word));
        assert_eq!(line, None, "{word:?} is in the log");
    }
    let of_lead = |line: &&Value| line["lead.id"].is_string() && line["trace_id"] == TRACE[3..35];
    let step = lines.iter().filter(of_lead).find(|line| line["span"] == "step");
    let decided = lines.iter().filter(of_lead).find(|line| line["message"] == "decided");
    assert!(decided.is_some_and(|line| line["worker"].is_string()), "{log}");
    assert!(step.is_some(), "{log}");
}

async fn stops_silently(db: Db) {
    stop(db, false).await;
}

async fn stops_silently_with_a_lead_in_hand(db: Db) {
    stop(db, true).await;
}

/// `has_lead`: its owner is being told of it when the worker is told to stop.
async fn stop(db: Db, has_lead: bool) {
    let Some(broker) = broker(true).await else { return };
    let stage = StandIns::open(Arc::new(SystemClock)).await.expect("the stand-ins");
    let toml = format!("[amqp]\nurl = \"env:TEST_AMQP\"\ndeclare = true\n{}", stage.config_toml());
    let (amqp, database) = (broker.config.url.clone(), db.url.clone());
    let life = tokio::task::spawn_blocking(move || {
        let mut env = StandIns::secrets().to_vec();
        env.push(("TEST_AMQP", amqp.as_str()));
        served(&toml, Some(&database), "info", &env)
    });
    let mut served = life.await.expect("it starts");
    eventually("it consumes", || async { served.log().contains("consuming") }).await;
    eventually("its vendors are ready", || async { served.log().contains("a vendor is ready") }).await;
    if has_lead {
        stage.world.arm("slack", "chat.postMessage", Fault::Stall(Duration::from_millis(1_500)), 1);
        let (port, event) = (served.port, Caller::gone(1).event.to_string());
        let sent = tokio::task::spawn_blocking(move || exchange(port, &post("/v1/events", None, &event)).status);
        assert_eq!(sent.await.expect("it is sent"), 202);
        let told = || async { stage.world.accepted().iter().any(|effect| effect.kind == "message") };
        eventually("the owner is being told", told).await;
    }
    let stopped = tokio::task::spawn_blocking(move || {
        served.stops_within(Duration::from_secs(10));
        served.log()
    });
    let log = stopped.await.expect("it stops");
    let lines = lines(&log);
    let stop = lines.iter().position(|line| line["message"].as_str().is_some_and(|said| said.starts_with("stopping:")));
    let after = &lines[stop.expect("it says that it stops")..];
    let alarm = after.iter().find(|line| matches!(line["level"].as_str(), Some("WARN" | "ERROR")));
    assert_eq!(alarm, None, "{log}");
    if has_lead {
        let told = "SELECT COUNT(*) FROM step WHERE state = 'done' AND kind = 'brief_chat'";
        assert!(db.number(told).await >= 1, "what was in hand was brought to its end: {log}");
    }
}

tests! {
    an_idle_worker_stops_without_a_word_of_alarm: on_postgres(stops_silently),
    a_worker_with_a_lead_in_hand_stops_without_a_word_of_alarm_on_sqlite: on_sqlite(stops_silently_with_a_lead_in_hand),
    a_worker_with_a_lead_in_hand_stops_without_a_word_of_alarm_on_postgres: on_postgres(stops_silently_with_a_lead_in_hand),
}
