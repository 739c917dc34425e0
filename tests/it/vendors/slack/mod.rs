//! Slack that answers: what reps press, fill in and ask, by both doors, on both stores, and what everybody's card says then.

mod calls;
mod forms;
mod presses;
mod socket;

use super::contract;
use crate::eventually::{eventually, found};
use crate::store::server::{Db, ledgers};
use crate::town::{self, Caller, Line};
use baton::app::Running;
use baton::app::stage::StandIns;
use baton::connectors::Chat;
use baton::connectors::http::{ApiCall, Does, Secret, VendorHttp};
use baton::connectors::slack::{Slack, SlackConfig};
use baton::outbox::Vendors;
use baton::store::{AuditQuery, LeadRecord};
use baton_clock::{Clock, ScaledClock, SharedClock};
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::handoff::Handoff;
use baton_core::rules::RuleSet;
use baton_platforms::signature;
use baton_sandbox::slack::SlackMessage;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use url::form_urlencoded::Serializer;

const SIGNING: &str = "a-signing-secret-of-the-tests";
/// A channel that everybody at the desk reads.
const ROOM: &str = "C0LEADS";

pub struct Office {
    pub db: Db,
    clock: Arc<ScaledClock>,
    pub stage: StandIns,
    running: Running,
    door: VendorHttp,
    _folder: TempDir,
}

impl Office {
    pub async fn open(db: Db, change: impl FnOnce(&mut RuleSet)) -> Self {
        Self::hearing(db, change, None).await
    }

    /// `socket`: where Slack's connections are.
    pub async fn hearing(db: Db, change: impl FnOnce(&mut RuleSet), socket: Option<&str>) -> Self {
        let folder = town::founded(3);
        let clock = town::clock(1);
        let shared = Arc::clone(&clock) as SharedClock;
        let stage = StandIns::open(Arc::clone(&shared)).await.expect("the stand-ins");
        let mut config = SlackConfig::new(Secret::new("xoxb-sandbox"));
        config.base_url = stage.slack_url();
        config.posts_per_second = 50;
        match socket {
            Some(url) => {
                stage.slack.socket_at(url);
                config.app_token = Some(Secret::new("xapp-sandbox"));
            }
            None => config.signing = vec![signature::Secret::new(SIGNING).expect("a secret")],
        }
        let slack = Arc::new(Slack::new(config).expect("a client"));
        let running = town::worker_of(folder.path(), &db.store, &shared, |setup| {
            change(&mut setup.workspace.checked.rules);
            let chat = Some(Arc::clone(&slack) as Arc<dyn Chat>);
            let telephony = Line::slow(Duration::from_millis(1));
            setup.vendors = Vendors { chat, slack: Some(slack), telephony: Some(telephony), ..Vendors::default() };
        });
        let running = running.await;
        let door = town::door(&running.address, Duration::from_secs(20));
        Self { db, clock, stage, running, door, _folder: folder }
    }

    async fn posts(&self, call: ApiCall) -> (u16, String) {
        let answer = self.door.send(&call).await.expect("the door answers");
        (answer.status, answer.text())
    }

    pub async fn tells(&self, event: &Value) {
        let call = ApiCall::new("event", Does::Write, Method::POST, &["v1", "events"]).json(event.clone());
        let (status, answer) = self.posts(call).await;
        assert!((200..300).contains(&status), "{status} {answer}");
    }

    /// A lead that is owed a call.
    pub async fn owed(&self, caller: &Caller) -> LeadRecord {
        self.tells(&caller.event).await;
        let lead = caller.lead();
        found("a call is owed", || async {
            let record = self.running.store.lead(&lead).await.expect("the database answers");
            record.filter(|record| record.status == "callback")
        })
        .await
    }

    pub async fn lead(&self, lead: &LeadId) -> LeadRecord {
        self.running.store.lead(lead).await.expect("the database answers").expect("the lead is kept")
    }

    pub async fn handoff(&self, lead: &LeadId) -> Handoff {
        found("the handoff", || async { self.running.store.handoff(&HandoffId::of(lead)).await.ok() }).await
    }

    /// The first card that can be answered so.
    pub async fn card(&self, act: &str) -> SlackMessage {
        found("a card", || async {
            self.stage.slack.messages().into_iter().find(|card| acts(card).contains(&act.to_owned()))
        })
        .await
    }

    /// As it stands now.
    pub fn shown(&self, card: &SlackMessage) -> SlackMessage {
        let messages = self.stage.slack.messages();
        messages.into_iter().find(|one| one.ts == card.ts && one.channel == card.channel).expect("it stays")
    }

    /// A button under somebody's finger.
    pub fn press(&self, card: &SlackMessage, act: &str, person: &str, at: &str) -> Value {
        json!({
            "type": "block_actions", "user": { "id": person, "username": "x" }, "trigger_id": format!("{at}.{person}"),
            "channel": { "id": card.channel }, "container": { "type": "message", "channel_id": card.channel },
            "response_url": format!("{}/response/{person}", self.stage.slack_url()),
            "actions": [{ "type": "button", "block_id": "offer", "action_id": act, "value": card.key(), "action_ts": at }],
        })
    }

    /// As Slack sends what people press and fill in.
    pub async fn interacts(&self, payload: &Value) -> (u16, String) {
        self.sends(&[("payload", payload.to_string().as_str())]).await
    }

    /// The command.
    pub async fn asks(&self, person: &str, text: &str, trigger: &str) {
        let answer_to = format!("{}/response/{person}", self.stage.slack_url());
        let fields = [
            ("command", "/baton"),
            ("text", text),
            ("user_id", person),
            ("channel_id", "D0X"),
            ("trigger_id", trigger),
            ("response_url", &answer_to),
        ];
        let (status, answer) = self.sends(&fields).await;
        assert_eq!((status, answer.as_str()), (200, ""), "it is answered later");
    }

    async fn sends(&self, fields: &[(&'static str, &str)]) -> (u16, String) {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let at = self.clock.now().timestamp();
        self.signed(fields, at, &signature_of(SIGNING, at, &body)).await
    }

    async fn signed(&self, fields: &[(&'static str, &str)], at: i64, signature: &str) -> (u16, String) {
        let call = ApiCall::new("slack", Does::Write, Method::POST, &["v1", "slack"])
            .header("x-slack-request-timestamp", at.to_string())
            .header("x-slack-signature", signature);
        self.posts(call.form(fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())).await
    }

    pub async fn is_told(&self, person: &str, part: &str) {
        eventually(format!("{person} is told: {part}"), || async {
            self.stage.slack.whispers().iter().any(|told| told.person == person && told.text.contains(part))
        })
        .await;
    }

    /// What stands in the audit of a lead, the newest first: who did it, and what.
    pub async fn audited(&self, lead: &LeadId) -> Vec<(String, String)> {
        let query = AuditQuery { subject: Some(lead.to_string()), ..AuditQuery::default() };
        let told = self.running.store.audit_find(&query, 9).await.expect("the audit");
        told.into_iter().map(|entry| (entry.actor, entry.act)).collect()
    }

    /// Who pays a turn for a lead now.
    pub async fn payers(&self) -> Vec<String> {
        let balances = ledgers(&self.db.store).await.into_values().flat_map(|ledger| ledger.balances);
        balances.filter(|(_, balance)| *balance < 0).map(|(rep, _)| rep.to_string()).collect()
    }

    /// Nothing that was sent to Slack, or came from its stand-in, is against what Slack says of itself.
    pub fn holds_to_the_contract(&self) {
        assert!(contract::check_all("slack", &self.stage.world.exchanges()) > 0);
    }
}

fn signature_of(secret: &str, at: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(format!("v0:{at}:{body}").as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={hex}")
}

/// What a card can be answered with.
pub fn acts(card: &SlackMessage) -> Vec<String> {
    let blocks = card.blocks.as_array().into_iter().flatten();
    let buttons = blocks.filter(|block| block["type"] == "actions").flat_map(|block| block["elements"].as_array());
    buttons.flatten().filter_map(|button| button["action_id"].as_str().map(str::to_owned)).collect()
}

/// The member id of a rep of the town.
pub fn member(rep: &str) -> String {
    let (desk, number) = rep.split_once('-').expect("a desk and a number");
    format!("U0{}00{number}", desk.to_uppercase())
}

/// The desk in the west reads one room, and its people are known by their mail addresses.
pub fn one_room(rules: &mut RuleSet) {
    let west = rules.reps.values_mut().filter(|rep| rep.team == "west");
    west.for_each(|rep| rep.chat_id = Some(ROOM.to_owned()));
}

/// Reps of the west but this one.
pub fn others(rep: &str) -> Vec<String> {
    (1..=3).map(|number| format!("west-{number:02}")).filter(|one| one != rep).collect()
}

/// Everybody in the west is a member under their mail address.
pub fn all_join(office: &Office) {
    for rep in others("") {
        office.stage.slack.join(&format!("{rep}@reps.example"), &member(&rep));
    }
}
