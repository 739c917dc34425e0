//! A worker with every vendor's stand-in but a telephone, and platforms that tell it of callers.

use crate::doors::platforms::SECRET;
use crate::eventually::eventually;
use crate::store::server::{Db, sqlite_in};
use crate::town;
use baton::app::Running;
use baton::app::stage::StandIns;
use baton::connectors::http::{Answer, ApiCall, Does, VendorHttp};
use baton::outbox::Vendors;
use baton::web::{LinkSigner, PlatformSection};
use baton_clock::SharedClock;
use baton_platforms::Mapping;
use baton_platforms::signature::Secret;
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A platform of the workspace's own, whose answer repeats what it was told.
const ACME: &str = "version: 1
about: A bot of our own.
messages:
  - name: tool
    means: lead
    live: true
    lead: { call.id: /call, contact.name: /name, contact.email: /email, call.from: /from }
    facts: [/facts]
    answer: { twiml: \"<Response><Say>{say}</Say><Echo>{/name}</Echo></Response>\" }
";

pub struct Desk {
    pub stage: StandIns,
    running: Running,
    clock: SharedClock,
    door: VendorHttp,
    db: Db,
    _folder: TempDir,
}

impl Desk {
    pub async fn open() -> Self {
        let folder = town::founded(6);
        let stage = StandIns::open(town::clock(6)).await.expect("the stand-ins");
        let clock = Arc::clone(&stage.world.clock);
        let db = Db::open(sqlite_in(folder.path())).await;
        let vendors = Vendors { telephony: None, ..stage.vendors().expect("clients") };
        let running = town::worker_of(folder.path(), &db.store, &clock, |setup| {
            let address = setup.listener.address().expect("its number");
            setup.links = Some(Arc::new(LinkSigner::new("a secret of the tests", &format!("http://{address}"), 30)));
            for platform in ["vapi", "retell", "elevenlabs"] {
                let secrets = vec![Secret::new(SECRET).expect("a secret")];
                let section = PlatformSection { secrets, base_url: String::new(), has_key: false };
                setup.platforms.insert(platform.to_owned(), section);
            }
            let acme = Mapping::read("platforms/acme.yaml", ACME).expect("a mapping");
            setup.workspace.platforms.insert("acme".to_owned(), acme);
            setup.vendors = vendors;
        });
        let running = running.await;
        let door = town::door(&running.address, Duration::from_secs(20));
        Self { stage, running, clock, door, db, _folder: folder }
    }

    async fn posts(&self, platform: &str, body: Value) -> Answer {
        let mut call = ApiCall::new("post", Does::Write, Method::POST, &["v1", "platforms", platform]).json(body);
        // Whoever proves nothing would need a token, if there were any.
        if platform != "acme" {
            call = call.header("authorization", format!("Bearer {SECRET}"));
        }
        let answer = self.door.send(&call).await.expect("the door answers");
        assert_eq!(answer.status, 200, "{platform}: {}", answer.text());
        answer
    }

    /// A caller of a platform, of whom all is hostile that can be; returns what is to be said to them.
    pub async fn tells(&self, platform: &str, call: &str, mut facts: Map<String, Value>, hostile: &str) -> String {
        facts.insert("email".to_owned(), json!(format!("{call}@northwind.example")));
        facts.insert("country".to_owned(), json!("US"));
        match platform {
            "vapi" => {
                let function = json!({ "name": hostile, "arguments": Value::Object(facts).to_string() });
                let tool = json!({ "id": hostile, "type": "function", "function": function });
                let about = json!({ "id": call, "type": "inboundPhoneCall", "phoneCallProviderId": hostile });
                let customer = json!({ "number": hostile, "name": hostile });
                let body = json!({ "message": {
                    "type": "tool-calls", "toolCallList": [tool], "customer": customer, "call": about,
                } });
                let answer = self.posts("vapi", body).await.value();
                let result = &answer["results"][0];
                assert_eq!((&result["toolCallId"], &result["name"]), (&json!(hostile), &json!(hostile)), "{answer}");
                result["result"].as_str().expect("words").to_owned()
            }
            "retell" => {
                let about = json!({
                    "call_id": call, "direction": "inbound", "from_number": hostile, "to_number": hostile,
                    "collected_dynamic_variables": { "colour": hostile },
                });
                let body = json!({ "name": hostile, "args": facts, "call": about });
                self.posts("retell", body).await.text()
            }
            _ => {
                facts.insert("conversation_id".to_owned(), json!(call));
                facts.insert("caller_id".to_owned(), json!(hostile));
                let answer = self.posts("elevenlabs", Value::Object(facts)).await.value();
                answer["result"].as_str().expect("words").to_owned()
            }
        }
    }

    /// The answer as it stands.
    pub async fn tells_acme(&self, number: usize, hostile: &str) -> String {
        let (call, email) = (format!("acme-{number}"), format!("acme-{number}@northwind.example"));
        let facts = json!({ "company": hostile, "summary": hostile });
        self.posts("acme", json!({ "call": call, "name": hostile, "email": email, "facts": facts })).await.text()
    }

    /// Waits for so many leads, and until nothing is to be done within the next minute.
    pub async fn until_quiet(&self, leads: usize) {
        eventually("everything comes to an end", || async {
            let soon = self.clock.now() + chrono::TimeDelta::seconds(60);
            let open = self.running.store.step_stats(soon).await.expect("the database answers");
            // They have an address, and no number that could be read.
            let decided = self.db.number("SELECT COUNT(*) FROM lead WHERE status = 'mail'").await;
            decided == leads as i64 && open.due + open.leased == 0
        })
        .await;
        let failed = "SELECT COUNT(*) FROM step WHERE state = 'failed'";
        assert_eq!(self.db.number(failed).await, 0, "no vendor refuses what was said");
    }

    pub async fn page(&self, path: &[&str], format: Option<&str>) -> String {
        let mut call = ApiCall::get("page", path);
        if let Some(format) = format {
            call = call.query("format", format);
        }
        let answer = self.door.send(&call).await.expect("the door answers");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    }

    pub async fn stop(self) {
        self.running.stop().await;
    }
}
