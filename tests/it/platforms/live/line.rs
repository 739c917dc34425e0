//! A worker whose leads come from a voice platform, with stand-ins of the platform's live channel and of calendars.

use crate::doors::platforms::{SECRET, tool_calls};
use crate::eventually::eventually;
use crate::store::server::Db;
use crate::town;
use axum::http::StatusCode;
use axum::routing::patch;
use baton::app::Running;
use baton::app::stage::StandIns;
use baton::connectors::http::{Answer, ApiCall, Does, Secret as Key, VendorHttp};
use baton::connectors::live::LiveVoice;
use baton::outbox::Vendors;
use baton::web::PlatformSection;
use baton_clock::SharedClock;
use baton_platforms::Mapping;
use baton_platforms::signature::Secret;
use baton_sandbox::vapi::{self, VapiState};
use baton_sandbox::{on_the_wire, serve};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

pub const RETELL_KEY: &str = "a-key-of-retells-api";

pub struct Line {
    pub db: Db,
    pub stage: StandIns,
    pub vapi: Arc<VapiState>,
    clock: SharedClock,
    running: Running,
    door: VendorHttp,
    /// Of the live channel.
    channel: SocketAddr,
    _folder: TempDir,
}

/// A mapping as it ships, with its live channel on this machine.
fn mapping(name: &str, theirs: &str, ours: &str) -> Mapping {
    let (_, text) = Mapping::shipped_files().iter().find(|(known, _)| *known == name).expect("it comes with Baton");
    assert!(text.contains(theirs), "{name} says {theirs}");
    Mapping::read(&format!("platforms/{name}.yaml"), &text.replace(theirs, ours)).expect("a mapping")
}

impl Line {
    /// Vapi, whose calls have a control URL; `books`: there are calendars.
    pub async fn vapi(db: Db, books: bool) -> Self {
        let stage = StandIns::open(town::clock(2)).await.expect("the stand-ins");
        let vapi = VapiState::new(Arc::clone(&stage.world));
        let channel = serve(vapi::routes(Arc::clone(&vapi))).await.expect("a port");
        let mapping = mapping("vapi", "hosts: [.vapi.ai]", &format!("hosts: ['{channel}']"));
        Self::on(db, stage, vapi, channel, mapping, books).await
    }

    /// Retell, which has one address for all calls.
    pub async fn retell(db: Db) -> Self {
        let stage = StandIns::open(town::clock(2)).await.expect("the stand-ins");
        let vapi = VapiState::new(Arc::clone(&stage.world));
        let route = patch(|| async { StatusCode::OK });
        let routes = axum::Router::new().route("/v2/update-live-call/{call}", route);
        let operation = |_: &str, _: &str| "say".to_owned();
        let channel = serve(on_the_wire(Arc::clone(&stage.world), "retell", operation, routes)).await.expect("a port");
        let mapping = mapping("retell", "https://api.retellai.com", &format!("http://{channel}"));
        Self::on(db, stage, vapi, channel, mapping, true).await
    }

    async fn on(
        db: Db,
        stage: StandIns,
        vapi: Arc<VapiState>,
        channel: SocketAddr,
        mapping: Mapping,
        books: bool,
    ) -> Self {
        let folder = town::founded(2);
        let clock = Arc::clone(&stage.world.clock);
        let keys = BTreeMap::from([("retell".to_owned(), Key::new(RETELL_KEY))]);
        let live = Some(Arc::new(LiveVoice::new(keys).expect("a client")));
        let calendar = if books { stage.vendors().expect("clients").calendar } else { None };
        let vendors = Vendors { calendar, live, ..Vendors::default() };
        let running = town::worker_of(folder.path(), &db.store, &clock, |setup| {
            let secrets = vec![Secret::new(SECRET).expect("a secret")];
            let section = PlatformSection { secrets, base_url: String::new(), has_key: mapping.name == "retell" };
            setup.platforms.insert(mapping.name.clone(), section);
            setup.workspace.platforms.insert(mapping.name.clone(), mapping);
            setup.vendors = vendors;
        });
        let running = running.await;
        let door = town::door(&running.address, Duration::from_secs(20));
        Self { db, stage, vapi, clock, running, door, channel, _folder: folder }
    }

    async fn posts(&self, platform: &str, headers: &[(&'static str, String)], body: Value) -> Vec<u8> {
        let mut call = ApiCall::new("post", Does::Write, Method::POST, &["v1", "platforms", platform]).json(body);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        let answer = self.door.send(&call).await.expect("the door answers");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.body
    }

    /// Calls a tool, as Vapi does with somebody on the line, and returns what is to be said.
    pub async fn asks(&self, call: &str) -> String {
        let mut body = tool_calls(call, &[("tool_a", json!({ "company": "Northwind Foods", "country": "US" }))]);
        body["message"]["call"]["monitor"] = json!({ "controlUrl": format!("http://{}/{call}/control", self.channel) });
        let answer = self.posts("vapi", &[("x-vapi-secret", SECRET.to_owned())], body).await;
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        answer["results"][0]["result"].as_str().expect("words").to_owned()
    }

    /// The call is over, as Vapi tells.
    pub async fn ends(&self, call: &str) {
        let call = json!({ "id": call, "type": "inboundPhoneCall" });
        let ended = json!({ "type": "status-update", "status": "ended", "call": call });
        self.posts("vapi", &[("x-vapi-secret", SECRET.to_owned())], json!({ "message": ended })).await;
    }

    pub async fn asks_as_retell(&self, call: &str) {
        let about = json!({ "call_id": call, "direction": "inbound", "from_number": "+14155550142" });
        let body = json!({ "name": "hand_to_sales", "args": { "company": "Northwind Foods" }, "call": about });
        self.posts("retell", &[("authorization", format!("Bearer {SECRET}"))], body).await;
    }

    /// What was said on a call beside the answers, in order.
    pub fn said(&self, call: &str) -> Vec<String> {
        self.vapi.said(call)
    }

    /// With which credential Retell was told what.
    pub fn retold(&self) -> Vec<(String, String)> {
        let exchanges = self.stage.world.exchanges().into_iter().filter(|exchange| exchange.vendor == "retell");
        let told = exchanges.map(|exchange| {
            assert_eq!((exchange.method.as_str(), exchange.target.as_str()), ("PATCH", "/v2/update-live-call/call-4"));
            let body: Value = serde_json::from_slice(&exchange.request_body).expect("JSON");
            assert_eq!(body["call_control"]["trigger_response"], true, "{body}");
            let say = body["call_control"]["additional_context"].as_str().expect("words").to_owned();
            (exchange.request_headers["authorization"].to_str().expect("text").to_owned(), say)
        });
        told.collect()
    }

    /// All that the API shows of the leads.
    pub async fn shown(&self) -> String {
        let listed = self.get(&["v1", "leads"]).await;
        let lead = listed.value()["leads"][0]["lead"].as_str().expect("a lead").to_owned();
        let story = self.get(&["v1", "leads", &lead]).await;
        let explained = self.get(&["v1", "leads", &lead, "explain"]).await;
        [listed.text(), story.text(), explained.text()].concat()
    }

    async fn get(&self, path: &[&str]) -> Answer {
        self.door.send(&ApiCall::get("get", path)).await.expect("the door answers")
    }

    /// Waits until nothing is to be done within the next seconds.
    pub async fn until_quiet(&self) {
        eventually("everything comes to an end", || async {
            let soon = self.clock.now() + chrono::TimeDelta::seconds(20);
            let open = self.running.store.step_stats(soon).await.expect("the database answers");
            open.due + open.leased == 0
        })
        .await;
    }

    /// Every exchange with the stand-in, against what Vapi's API description says of `ClientInboundMessageSay` (VapiAI/docs,
    /// fern/apis/api/openapi.json, August 2026), and no member beside.
    pub fn fits_vapis_description(&self) {
        let flag = json!({ "type": "boolean" });
        let described = json!({
            "type": "object",
            "required": ["type", "content"],
            "additionalProperties": false,
            "properties": {
                "type": { "const": "say" },
                "content": { "type": "string", "minLength": 1 },
                "endCallAfterSpoken": flag,
                "interruptAssistantEnabled": flag,
                "interruptionsEnabled": flag,
            },
        });
        let validator = jsonschema::draft202012::new(&described).expect("a schema");
        let exchanges = self.stage.world.exchanges();
        let ours: Vec<_> = exchanges.iter().filter(|exchange| exchange.vendor == "vapi").collect();
        assert!(!ours.is_empty(), "there is something to look at");
        for exchange in ours {
            assert_eq!((exchange.method.as_str(), exchange.status), ("POST", 200));
            assert!(exchange.request_headers.get("authorization").is_none(), "no key is configured");
            let body: Value = serde_json::from_slice(&exchange.request_body).expect("JSON");
            assert!(validator.is_valid(&body) && body["endCallAfterSpoken"] == false, "{body}");
        }
    }

    pub async fn stop(self) {
        self.running.stop().await;
    }
}
