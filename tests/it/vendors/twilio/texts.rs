//! Texts by Twilio: the client against its stand-in and the vendor's description, and whoever is missed by a running worker.

use super::{ACCOUNT, TOKEN};
use crate::eventually::{eventually, found};
use crate::program::edit;
use crate::store::server::{Db, sqlite_in};
use crate::store::tx::reads;
use crate::town::{self, Caller, Line};
use crate::vendors::contract;
use axum::http::StatusCode;
use baton::app::{self, Running};
use baton::config::Config;
use baton::connectors::http::Secret;
use baton::connectors::twilio::{Sender, TwilioTexts, TwilioTextsConfig};
use baton::connectors::{Texted, Texter, VendorError};
use baton::intake::event::lead_id;
use baton::store::{ErasureRequest, ErasureState, Person};
use baton_clock::{Clock, FakeClock, SharedClock};
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::text::CallerText;
use baton_core::handoff::Stage;
use baton_sandbox::twilio::{Account, MessagesState, message_routes};
use baton_sandbox::{Fault, World, serve};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const OURS: &str = "+15551230000";
const DANA: &str = "+12125550142";
const EVE: &str = "+12125550143";

fn number(digits: &str) -> PhoneE164 {
    PhoneE164::new(digits).expect("a number")
}

/// The client alone.
struct Desk {
    clock: Arc<FakeClock>,
    world: Arc<World>,
    messages: Arc<MessagesState>,
    client: TwilioTexts,
}

impl Desk {
    async fn open(secret: &str, sender: Sender) -> Self {
        let clock = FakeClock::new("2026-11-23T09:00:00Z".parse().expect("an instant"));
        let world = World::new(clock.clone());
        let (messages, address) = stand_in(&world).await;
        let (base_url, account, user) = (format!("http://{address}"), ACCOUNT.to_owned(), ACCOUNT.to_owned());
        let config = TwilioTextsConfig { base_url, account, user, secret: Secret::new(secret), sender };
        Self { clock, world, messages, client: TwilioTexts::new(config).expect("a client") }
    }

    async fn writes(&self, to: &str) -> Result<Texted, VendorError> {
        self.client.send(&number(to), &CallerText("Dee will call you back.".to_owned())).await
    }
}

async fn stand_in(world: &Arc<World>) -> (Arc<MessagesState>, SocketAddr) {
    let messages = MessagesState::new(Arc::clone(world), Account::new(ACCOUNT, TOKEN));
    let address = serve(message_routes(Arc::clone(&messages))).await.expect("a port");
    (messages, address)
}

fn from_number() -> Sender {
    Sender::Number(number(OURS))
}

#[tokio::test]
async fn a_text_whose_answer_was_lost_is_found_by_number_and_time() {
    let service = Sender::Service("MG00000000000000000000000000000001".to_owned());
    for sender in [from_number(), service] {
        let desk = Desk::open(TOKEN, sender).await;
        desk.client.check().await.expect("the account knows us");
        let before = desk.clock.now();
        assert!(matches!(desk.writes(EVE).await, Ok(Texted::Sent { .. })));
        desk.world.arm("twilio-messages", "messages.create", Fault::DropAnswer, 1);
        assert_eq!(desk.writes(DANA).await.expect_err("the answer is lost").class(), "unknown");
        let found = desk.client.find(&number(DANA), before).await.expect("a search");
        assert_eq!(found.as_deref(), Some("SM00000000000000000000000000000002"));
        assert_eq!(desk.client.find(&number("+12125550144"), before).await, Ok(None), "nobody wrote there");
        desk.clock.advance(Duration::from_secs(3600));
        assert_eq!(desk.client.find(&number(DANA), desk.clock.now()).await, Ok(None), "that of an hour ago is another");
        assert_eq!(contract::check_all("twilio-messages", &desk.world.exchanges()), 6);
    }
}

#[tokio::test]
async fn a_search_may_simply_be_repeated() {
    let desk = Desk::open(TOKEN, from_number()).await;
    for (fault, class) in [
        (Fault::Unavailable, "retry"),
        (Fault::RateLimit { retry_after_s: Some(9) }, "rate_limited"),
        (Fault::DropAnswer, "retry"),
    ] {
        desk.world.arm("twilio-messages", "messages.list", fault.clone(), 1);
        let failed = desk.client.find(&number(DANA), desk.clock.now()).await.expect_err("it fails");
        assert_eq!(failed.class(), class, "{fault:?}: {failed}");
    }
}

#[tokio::test]
async fn a_text_of_another_service_is_not_ours() {
    let service = |last: char| Sender::Service(format!("MG0000000000000000000000000000000{last}"));
    let theirs = Desk::open(TOKEN, service('1')).await;
    theirs.writes(DANA).await.expect("it is sent");
    let address = serve(message_routes(Arc::clone(&theirs.messages))).await.expect("a port");
    let (base_url, account, user) = (format!("http://{address}"), ACCOUNT.to_owned(), ACCOUNT.to_owned());
    let config = TwilioTextsConfig { base_url, account, user, secret: Secret::new(TOKEN), sender: service('2') };
    let ours = TwilioTexts::new(config).expect("a client");
    assert_eq!(ours.find(&number(DANA), theirs.clock.now()).await, Ok(None));
    assert!(theirs.client.find(&number(DANA), theirs.clock.now()).await.expect("a search").is_some());
}

#[tokio::test]
async fn every_error_has_its_class_and_repeats_no_number() {
    let desk = Desk::open(TOKEN, from_number()).await;
    for (status, code, class) in [
        (401, 20003, "reauthenticate"),
        (404, 20404, "needs_person"),
        (429, 20429, "rate_limited"),
        (429, 14107, "rate_limited"),
        (429, 21611, "rate_limited"),
        (500, 20500, "unknown"),
        (503, 20500, "retry"),
        (400, 21212, "needs_person"),
        (400, 21408, "needs_person"),
        (400, 21606, "needs_person"),
        (400, 21617, "needs_person"),
        (400, 21703, "needs_person"),
        (400, 99999, "needs_person"),
        (502, 0, "unknown"),
    ] {
        desk.messages.refuse_next(StatusCode::from_u16(status).expect("a status"), code);
        let refused = desk.writes(DANA).await.expect_err("refused");
        assert_eq!(refused.class(), class, "{status} {code}: {refused}");
        let told = refused.to_string();
        assert!(told.contains(&format!("HTTP {status}")) && !told.contains("+1"), "{told}");
    }
    for (code, part) in [(21610, "no more texts"), (21211, "nobody can have"), (21614, "no text arrives")] {
        desk.messages.refuse_next(StatusCode::BAD_REQUEST, code);
        let Ok(Texted::Refused { why }) = desk.writes(DANA).await else { panic!("{code} is nobody's to mend") };
        assert!(why.contains(part) && why.contains(&code.to_string()), "{why}");
    }
    assert!(desk.messages.sent().is_empty());
    let stranger = Desk::open("another secret", from_number()).await;
    assert_eq!(stranger.writes(DANA).await.expect_err("refused").class(), "reauthenticate");
    assert_eq!(stranger.client.check().await.expect_err("refused").class(), "reauthenticate");
}

/// A worker whose desk answers a number of ours.
struct Office {
    clock: SharedClock,
    world: Arc<World>,
    messages: Arc<MessagesState>,
    db: Db,
    worker: Running,
    _folder: TempDir,
}

impl Office {
    /// With this said of texts in `handoff.yaml`.
    async fn open(text_back: &str) -> Self {
        Self::with(text_back, true).await
    }

    async fn with(text_back: &str, has_sms: bool) -> Self {
        let folder = town::founded(2);
        let door = "numbers:\n  \"+15551230000\": { hours: always, timezone: UTC, ring: desk, for: 15s }\n";
        std::fs::write(folder.path().join("rules/front_door.yaml"), door).expect("a rule file");
        edit(
            folder.path(),
            "rules/handoff.yaml",
            "escalate_before: 5m }",
            &format!("escalate_before: 5m{text_back} }}"),
        );
        edit(folder.path(), "rules/handoff.yaml", "first_contact_sla", "company: Fernhill\nfirst_contact_sla");
        let db = Db::open(sqlite_in(folder.path())).await;
        let clock: SharedClock = town::clock(1);
        let world = World::new(Arc::clone(&clock));
        let (messages, address) = stand_in(&world).await;
        let token = folder.path().join("token");
        std::fs::write(&token, TOKEN).expect("a secret");
        let sms = format!(
            "[sms]\nvendor = \"twilio\"\nbase_url = \"http://{address}\"\naccount = \"{ACCOUNT}\"\nkey = \"file:{}\"\n\
             from = \"{OURS}\"\n",
            token.display()
        );
        let config: Config = toml::from_str(if has_sms { &sms } else { "" }).expect("a configuration");
        let mut vendors = app::connect(&config, &clock, None).expect("clients");
        vendors.telephony = Some(Line::slow(Duration::from_millis(10)));
        let worker = town::worker_with(vendors, folder.path(), &db.store, &clock).await;
        Self { clock, world, messages, db, worker, _folder: folder }
    }

    async fn is_told(&self, event: &Value) {
        self.worker.decider.take(vec![town::inbox(event, self.clock.now())]).await.expect("it is taken");
    }

    /// Somebody who called from this number, and left before anybody was there.
    async fn misses(&self, call: &str, from: &str, consent: Value) -> LeadId {
        let id = format!("{call}:missed");
        let call = json!({
            "platform": "telephony", "id": call, "leg": call, "live": false, "direction": "inbound", "from": from, "to": OURS,
        });
        let data = json!({ "call": call, "consent": consent });
        let kind = "lead.qualified";
        self.is_told(&json!({ "specversion": "1.0", "type": kind, "source": "front_door", "id": id, "data": data }))
            .await;
        lead_id("front_door", &id)
    }

    /// Why there was no text, once there is something to tell; `None`: there was one.
    async fn story(&self, lead: &LeadId) -> Option<String> {
        let told = found("the story tells of a text", || async {
            let entries = self.db.store.timeline(lead).await.expect("the story");
            entries.into_iter().find(|entry| entry.kind == "texted")
        })
        .await;
        told.body["event"]["why_not"].as_str().map(str::to_owned)
    }

    /// So many steps that would send a text have ended well.
    async fn has_tried(&self, times: i64) {
        let done = "SELECT COUNT(*) FROM step WHERE kind = 'text_back' AND state = 'done'";
        eventually(format!("{times} texts were tried"), || async { self.db.number(done).await == times }).await;
    }

    async fn owes_a_call(&self, lead: &LeadId) {
        eventually("a call is owed", || async {
            let handoff = self.db.store.handoff(&HandoffId::of(lead)).await.ok();
            handoff.is_some_and(|handoff| matches!(&handoff.stage, Stage::Callback { promise } if promise.raised))
        })
        .await;
    }

    async fn closes(self) {
        let failed = reads!(self.db.store, |tx| tx.steps_failed(10).await).await.expect("the steps");
        let failed = failed.into_iter().filter(|step| step.kind == "text_back").count();
        assert_eq!(failed, 0, "nobody could mend it");
        contract::check_all("twilio-messages", &self.world.exchanges());
        self.worker.stop().await;
    }

    fn posts(&self) -> usize {
        self.world.exchanges().iter().filter(|exchange| exchange.method == "POST").count()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_missed_is_sent_one_text_that_names_us_and_the_time() {
    let office = Office::open(", text_back: callers").await;
    let lead = office.misses("call-1", DANA, json!({})).await;
    assert_eq!(office.story(&lead).await, None);
    office.owes_a_call(&lead).await;
    let sent = office.messages.sent();
    let [(to, words)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(to, DANA);
    let begins =
        words.starts_with("Fernhill: Sorry that we missed your call. Rep will call you back by Monday, 23 November");
    assert!(begins && !words.contains('\n'), "{words}");
    let again = office.misses("call-2", DANA, json!({})).await;
    office.owes_a_call(&again).await;
    office.has_tried(2).await;
    assert_eq!(office.messages.sent().len(), 1, "one a day to a number");
    let other = office.misses("call-3", EVE, json!({})).await;
    assert_eq!(office.story(&other).await, None);
    assert_eq!(office.messages.sent().len(), 2);
    office.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_hangs_up_while_phones_ring_is_sent_one_as_well() {
    let office = Office::open(", text_back: callers").await;
    let mut caller = Caller::live(1);
    caller.event["data"]["call"]["from"] = json!(EVE);
    caller.event["data"]["company"]["country"] = json!("US");
    office.is_told(&caller.event).await;
    eventually("a phone rings", || async {
        let handoff = office.db.store.handoff(&HandoffId::of(&caller.lead())).await.ok();
        handoff.is_some_and(|handoff| matches!(handoff.stage, Stage::Ringing { .. }))
    })
    .await;
    let data = json!({ "platform": "sandbox", "call": caller.call(), "event": "caller_left" });
    let left = json!({ "specversion": "1.0", "type": "call.event", "source": "town", "id": "left", "data": data });
    office.is_told(&left).await;
    assert_eq!(office.story(&caller.lead()).await, None);
    assert_eq!(office.messages.sent()[0].0, EVE);
    office.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_written_to_without_consent_or_at_a_landline() {
    let office = Office::open(", text_back: agreed").await;
    let silent = office.misses("call-1", DANA, json!({})).await;
    office.owes_a_call(&silent).await;
    office.has_tried(1).await;
    let landline = office.misses("call-2", "+493012345678", json!({ "sms": true })).await;
    office.owes_a_call(&landline).await;
    office.has_tried(2).await;
    assert!(office.messages.sent().is_empty());
    let agreed = office.misses("call-3", EVE, json!({ "sms": true })).await;
    assert_eq!(office.story(&agreed).await, None);
    assert_eq!(office.messages.sent().len(), 1);
    office.closes().await;
    let office = Office::open(", text_back: callers").await;
    let refuses = office.misses("call-1", DANA, json!({ "sms": false })).await;
    office.owes_a_call(&refuses).await;
    office.has_tried(1).await;
    assert!(office.messages.sent().is_empty());
    office.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_switch_or_the_vendor_a_call_is_owed_as_ever() {
    let office = Office::open("").await;
    let lead = office.misses("call-1", DANA, json!({ "sms": true })).await;
    office.owes_a_call(&lead).await;
    assert_eq!(office.db.number("SELECT COUNT(*) FROM step WHERE kind = 'text_back'").await, 0);
    office.closes().await;
    let office = Office::with(", text_back: callers", false).await;
    let lead = office.misses("call-1", DANA, json!({ "sms": true })).await;
    office.owes_a_call(&lead).await;
    office.has_tried(1).await;
    assert_eq!(office.posts(), 0);
    office.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_whose_answer_is_lost_is_sent_once() {
    let office = Office::open(", text_back: callers").await;
    office.world.arm("twilio-messages", "messages.create", Fault::DropAnswer, 1);
    let lead = office.misses("call-1", DANA, json!({})).await;
    assert_eq!(office.story(&lead).await, None, "it was found");
    assert_eq!((office.messages.sent().len(), office.posts()), (1, 1));
    office.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_asked_for_no_more_is_asked_for_once() {
    let office = Office::open(", text_back: callers").await;
    office.messages.refuse_next(StatusCode::BAD_REQUEST, 21610);
    let lead = office.misses("call-1", DANA, json!({})).await;
    let why = office.story(&lead).await.expect("there was none");
    assert!(why.contains("no more texts (error 21610)"), "{why}");
    office.has_tried(1).await;
    assert_eq!((office.messages.sent().len(), office.posts()), (0, 1));
    office.owes_a_call(&lead).await;
    office.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_was_sent_is_listed_when_the_person_is_erased() {
    let office = Office::open(", text_back: callers").await;
    let lead = office.misses("call-1", DANA, json!({})).await;
    assert_eq!(office.story(&lead).await, None);
    office.has_tried(1).await;
    let person = Person::named(Some(number(DANA)), None, None).expect("somebody");
    let asked = ErasureRequest { person, actor: "nobody".to_owned(), why: None };
    let store = &office.db.store;
    let id = store.erasure_begin(asked, false, office.clock.now()).await.expect("it is stored");
    let erasure = found("the person is erased", || async {
        let erasure = store.erasure(&id).await.expect("a read").expect("it is known");
        (erasure.state == ErasureState::Done).then_some(erasure)
    })
    .await;
    let text = erasure.at_vendors.iter().find(|held| held.what == "text").expect("the text");
    assert_eq!((&text.lead, text.reference.as_str()), (&lead, "SM00000000000000000000000000000001"));
    assert_eq!(office.db.number("SELECT COUNT(*) FROM text_sent").await, 0);
    office.closes().await;
}
