//! The client alone: what it asks for, what it makes of the answers, and what it never repeats.

mod faults;

use super::{ACCOUNT, OURS, SECOND, TOKEN, caller_sid};
use crate::vendors::contract;
use async_trait::async_trait;
use baton::connectors::http::Secret;
use baton::connectors::twilio::{AskedLeg, LegBook, Twilio, TwilioConfig};
use baton::connectors::{
    AskRequest, CallerStatus, DialRequest, LegStatus, Recording, RingRequest, Spoken, Telephony, VendorError,
};
use baton_clock::{Clock, FakeClock};
use baton_core::domain::effect::{Comfort, HangUpReason, Instruction};
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Call;
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::phone::endpoint::{Endpoint, PhoneKind};
use baton_core::domain::text::{CallerText, RepText, Whisper};
use baton_platforms::signature;
use baton_platforms::twilio::Pages;
use baton_sandbox::twilio::{self, Answer, Person, TwilioState};
use baton_sandbox::{Fault, World, serve};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const REP: &str = "+12125550101";
/// A number of a colleague, which nobody picks up.
const OTHER: &str = "+12125550102";

/// Legs, for one worker.
#[derive(Default)]
pub struct Book(Mutex<BTreeMap<String, AskedLeg>>);

impl Book {
    fn legs(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, AskedLeg>> {
        self.0.lock().expect("the book")
    }

    fn forget_the_names(&self) {
        self.legs().values_mut().for_each(|leg| leg.sid = None);
    }
}

#[async_trait]
impl LegBook for Book {
    async fn ask(&self, leg: &LegId, _: &str, phone: &str, at: DateTime<Utc>) -> Result<(), VendorError> {
        let asked = AskedLeg { phone: phone.to_owned(), asked_at: at, sid: None };
        self.legs().entry(leg.to_string()).or_insert(asked);
        Ok(())
    }
    async fn name(&self, leg: &LegId, sid: &str) -> Result<(), VendorError> {
        if let Some(leg) = self.legs().get_mut(leg.as_str()) {
            leg.sid.get_or_insert_with(|| sid.to_owned());
        }
        Ok(())
    }
    async fn find(&self, leg: &LegId) -> Result<Option<AskedLeg>, VendorError> {
        Ok(self.legs().get(leg.as_str()).cloned())
    }
    async fn knows(&self, sid: &str) -> Result<bool, VendorError> {
        Ok(self.legs().values().any(|leg| leg.sid.as_deref() == Some(sid)))
    }
}

struct Desk {
    clock: Arc<FakeClock>,
    world: Arc<World>,
    twilio: Arc<TwilioState>,
    book: Arc<Book>,
    client: Twilio,
}

impl Desk {
    async fn open() -> Self {
        Self::with(TOKEN, 100).await
    }

    async fn with(secret: &str, calls_per_second: u32) -> Self {
        let clock = FakeClock::new("2026-11-23T09:00:00Z".parse().expect("an instant"));
        let world = World::new(clock.clone());
        let twilio = TwilioState::new(Arc::clone(&world), twilio::Account::new(ACCOUNT, TOKEN));
        let address = serve(twilio::routes(Arc::clone(&twilio))).await.expect("a port");
        let token = signature::Secret::new(TOKEN).expect("a secret");
        let config = TwilioConfig {
            base_url: format!("http://{address}"),
            account: ACCOUNT.to_owned(),
            user: ACCOUNT.to_owned(),
            secret: Secret::new(secret),
            caller_id: PhoneE164::new(OURS).expect("a number"),
            numbers: Vec::new(),
            calls_per_second,
            pages: Pages::new("http://127.0.0.1:9", token, Vec::new()),
            fallback: Some("http://127.0.0.1:9/people".to_owned()),
        };
        let book = Arc::new(Book::default());
        let client = Twilio::new(config, Arc::clone(&book) as Arc<dyn LegBook>, clock.clone()).expect("a client");
        Self { clock, world, twilio, book, client }
    }

    async fn rings(&self, nth: u32, phone: &str) -> Result<(), VendorError> {
        let ring_until = self.clock.now() + chrono::TimeDelta::seconds(20);
        let (endpoint, whisper) = (dialled(phone), whisper("Dana. Press 1."));
        self.client.ring(&RingRequest { leg: leg(nth), call: call(1), endpoint, ring_until, whisper }).await
    }

    fn calls(&self) -> Vec<String> {
        self.twilio.rings().into_iter().map(|(sid, _)| sid).collect()
    }

    fn asked(&self) -> Vec<String> {
        let about = format!("/2010-04-01/Accounts/{ACCOUNT}/");
        let asked = self.world.exchanges().into_iter();
        let path = |target: &str| target.split('?').next().unwrap_or_default().replace(&about, "");
        asked.map(|exchange| format!("{} {}", exchange.method, path(&exchange.target))).collect()
    }

    fn holds_to_the_contract(&self) {
        assert!(contract::check_all("twilio", &self.world.exchanges()) > 0);
    }
}

fn leg(nth: u32) -> LegId {
    LegId::new(format!("leg_2mk8v0c4.{nth}")).expect("a leg")
}

fn call(number: usize) -> Call {
    Call {
        platform: "vapi".to_owned(),
        id: format!("call-{number}"),
        live: true,
        direction: None,
        from: None,
        to: None,
        leg: Some(caller_sid(number)),
        started_at: None,
        only_completes: false,
    }
}

fn says(kind: &str) -> Spoken {
    let say = CallerText("One moment.".to_owned());
    Spoken { kind: kind.to_owned(), say, slots: Vec::new(), language: "en".to_owned() }
}

fn whisper(words: &str) -> Whisper {
    Whisper { say: RepText(words.to_owned()), language: "en".to_owned() }
}

fn dialled(phone: &str) -> Endpoint {
    Endpoint::new(PhoneKind::Phone, phone).expect("a number")
}

#[tokio::test]
async fn a_leg_is_read_by_its_name_or_found_by_number_and_time() {
    let desk = Desk::open().await;
    assert_eq!(desk.client.read(&call(1), &leg(1)).await, Ok(LegStatus::Absent), "nobody asked for it");
    desk.rings(1, REP).await.expect("it rings");
    assert_eq!(desk.client.read(&call(1), &leg(1)).await, Ok(LegStatus::Ringing));
    desk.book.forget_the_names();
    assert_eq!(desk.client.read(&call(1), &leg(1)).await, Ok(LegStatus::Ringing));
    let found = desk.client.read(&call(1), &leg(1)).await;
    assert_eq!((found, desk.calls().len()), (Ok(LegStatus::Ringing), 1));
    let searches = desk.asked().iter().filter(|asked| *asked == "GET Calls.json").count();
    assert_eq!(searches, 1, "what was found has a name from then on");
    let asked = String::from_utf8(desk.world.exchanges()[0].request_body.to_vec()).expect("a form");
    assert!(asked.contains("FallbackUrl=") && !asked.contains("people"), "a rep rings nobody else: {asked}");
    desk.holds_to_the_contract();
}

#[tokio::test]
async fn after_a_lost_answer_neither_another_number_nor_another_leg_is_taken_for_it() {
    let desk = Desk::open().await;
    desk.rings(1, REP).await.expect("it rings");
    desk.rings(2, OTHER).await.expect("it rings");
    desk.book.ask(&leg(3), "", REP, desk.clock.now()).await.expect("a leg that was never rung");
    assert_eq!(desk.client.read(&call(1), &leg(3)).await, Ok(LegStatus::Absent), "the first one has that call");
    desk.world.arm("twilio", "calls.create", Fault::DropAnswer, 1);
    let lost = desk.rings(4, OTHER).await.expect_err("the answer is lost");
    assert_eq!(lost.class(), "unknown");
    assert_eq!(desk.client.read(&call(1), &leg(4)).await, Ok(LegStatus::Ringing), "it rings all the same");
    assert_eq!(desk.calls().len(), 3);
    let found = desk.book.legs()[leg(4).as_str()].sid.clone();
    assert_eq!(found.as_ref(), desk.calls().last());
    desk.clock.advance(Duration::from_secs(3600));
    desk.book.ask(&leg(5), "", OTHER, desk.clock.now()).await.expect("a leg");
    assert_eq!(desk.client.read(&call(1), &leg(5)).await, Ok(LegStatus::Absent), "calls of an hour ago are others");
    desk.holds_to_the_contract();
}

#[tokio::test]
async fn a_lead_whom_a_rep_calls_back_is_looked_for_before_they_are_dialled_again() {
    let desk = Desk::open().await;
    assert!(desk.client.dials_leads());
    let (with, phone) = (leg(1), PhoneE164::new(OTHER).expect("a number"));
    let ring_until = desk.clock.now() + chrono::TimeDelta::seconds(30);
    let request = DialRequest { leg: with.of_lead(), with, phone, ring_until, recording: Recording::AsUsual };
    let own = baton::connectors::call_of(&request.with, Some(&request.phone));
    let (endpoint, whisper) = (dialled(REP), whisper("Dana. Press 1."));
    let ring = RingRequest { leg: request.with.clone(), call: own.clone(), endpoint, ring_until, whisper };
    desk.client.ring(&ring).await.expect("no caller is on the line, and it rings");
    assert_eq!(desk.client.read(&own, &request.leg).await, Ok(LegStatus::Absent), "nobody asked for it");
    desk.world.arm("twilio", "calls.create", Fault::DropAnswer, 1);
    assert_eq!(desk.client.dial_lead(&request).await.expect_err("the answer is lost").class(), "unknown");
    assert_eq!(desk.client.read(&own, &request.leg).await, Ok(LegStatus::Ringing), "it rings all the same");
    assert_eq!(desk.calls().len(), 2);
    desk.client.hang_up(&request.leg, "k", HangUpReason::Cancelled).await.expect("it is ended");
    assert_eq!(desk.client.read(&own, &request.leg).await, Ok(LegStatus::Ended));
    desk.holds_to_the_contract();
}

#[tokio::test]
async fn a_rep_is_sent_on_to_the_question_by_the_name_of_their_call() {
    let desk = Desk::open().await;
    assert!(desk.client.asks_reps());
    let request = AskRequest { leg: leg(1), say: whisper("What came of it?"), have_spoken: true, again: false };
    assert_eq!(desk.client.ask(&request).await.expect_err("it was never rung").class(), "gone");
    assert!(desk.asked().is_empty());
    desk.rings(1, OTHER).await.expect("it rings");
    assert_eq!(desk.client.ask(&request).await.expect_err("nobody has picked up").class(), "gone");
    assert_eq!(desk.asked().last(), Some(&format!("POST Calls/{}.json", desk.calls()[0])));
    let exchanges = desk.world.exchanges();
    let sent = String::from_utf8(exchanges[1].request_body.to_vec()).expect("a form");
    assert!(sent.contains("twilio%2Fquestion%2Fleg_2mk8v0c4.1") && sent.contains("twilio%2Fleg%2Fleg_"), "{sent}");
    assert!(!sent.contains("What"), "the words are the page's: {sent}");
    desk.holds_to_the_contract();
}

/// Twilio is still asked what such a call is to hear first: whoever is told otherwise would be taken for gone.
#[tokio::test]
async fn a_caller_of_the_front_door_is_held_by_the_answer_to_their_call() {
    let desk = Desk::open().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}/door", silent.local_addr().expect("an address"));
    desk.twilio.dials_in(&caller_sid(1), "+18005550100", OURS, &address);
    let came = Call { platform: "telephony".to_owned(), id: caller_sid(1), ..call(1) };
    desk.client.hold(&came, "k", Recording::AsUsual, Comfort::Music).await.expect("they are");
    assert!(desk.asked().is_empty());
    let early = desk.client.instruct(&came, "k", &says("hold_on")).await.expect_err("it is not answered");
    assert_eq!(early.class(), "retry", "{early}");
    desk.holds_to_the_contract();
}

#[tokio::test]
async fn a_leg_is_ended_as_it_stands_and_one_that_is_gone_is_well() {
    let desk = Desk::open().await;
    desk.twilio.at(REP, &[Person { picks_up: Some(Duration::ZERO), ..Person::who_is_away() }]);
    desk.rings(1, REP).await.expect("it rings");
    desk.rings(2, OTHER).await.expect("it rings");
    let (up, ringing) = (desk.calls()[0].clone(), desk.calls()[1].clone());
    crate::eventually::eventually("it is up", || async { desk.twilio.status(&up) == Some("in-progress") }).await;
    desk.client.hang_up(&leg(1), "k1", HangUpReason::Cancelled).await.expect("it is ended");
    desk.client.hang_up(&leg(2), "k2", HangUpReason::AnsweredElsewhere).await.expect("it is ended");
    assert_eq!((desk.twilio.status(&up), desk.twilio.status(&ringing)), (Some("completed"), Some("canceled")));
    desk.client.hang_up(&leg(1), "k1", HangUpReason::Cancelled).await.expect("a second time");
    assert_eq!(desk.client.read(&call(1), &leg(1)).await, Ok(LegStatus::Ended));
    desk.client.hang_up(&leg(7), "k7", HangUpReason::Cancelled).await.expect("nobody asked for it");
    // It may be about to ring, and is not forgotten.
    desk.book.ask(&leg(8), "", "+12125550199", desk.clock.now()).await.expect("a leg");
    assert_eq!(
        desk.client.hang_up(&leg(8), "k8", HangUpReason::Cancelled).await.expect_err("too early").class(),
        "retry"
    );
    desk.clock.advance(20 * SECOND);
    desk.client.hang_up(&leg(8), "k8", HangUpReason::Cancelled).await.expect("it was never rung");
    desk.holds_to_the_contract();
}

#[tokio::test]
async fn the_caller_is_sent_on_and_nothing_is_said_beside_that() {
    let desk = Desk::open().await;
    let caller = caller_sid(1);
    desk.twilio.call_comes_in(&caller, "+18005550100", &[(SECOND, Answer::Nothing)]);
    desk.client.hold(&call(1), "k", Recording::AsUsual, Comfort::Music).await.expect("held");
    desk.client.hold(&call(1), "k", Recording::Refused, Comfort::Agent).await.expect("held, and not recorded");
    for kind in ["hold", "hold_on", "find_time", "promise_callback", "connected"] {
        desk.client.instruct(&call(1), "k", &says(kind)).await.expect(kind);
    }
    desk.client.whisper(&leg(1), "k", &whisper("Dana.")).await.expect("pulled");
    desk.client.join(&call(1), &leg(1), "k", Recording::AsUsual).await.expect("pulled");
    let (update, stop) =
        (format!("POST Calls/{caller}.json"), format!("POST Calls/{caller}/Recordings/Twilio.CURRENT.json"));
    let (update, stop) = (update.as_str(), stop.as_str());
    let expected = [update, stop, update, update, update, update, "GET Conferences.json"];
    assert_eq!(desk.asked(), expected);
    let sent = String::from_utf8(desk.world.exchanges()[0].request_body.to_vec()).expect("a form");
    assert!(sent.contains("telephony%2Ftwilio%2Fnext%2F") && sent.contains("StatusCallback=http"), "{sent}");
    assert!(sent.contains("FallbackUrl=http%3A%2F%2F127.0.0.1%3A9%2Fpeople&FallbackMethod=GET"), "{sent}");
    desk.holds_to_the_contract();
}

/// Asked for by the rules of a workspace whose calls are held elsewhere as well.
#[tokio::test]
async fn neither_an_offer_nor_an_introduction_takes_a_caller_out_of_the_room() {
    let desk = Desk::open().await;
    desk.twilio.call_comes_in(&caller_sid(1), "+18005550100", &[(SECOND, Answer::Nothing)]);
    for kind in ["offer_callback", "introduce"] {
        desk.client.instruct(&call(1), "k", &says(kind)).await.expect(kind);
    }
    assert_eq!(
        desk.asked(),
        ["GET Conferences.json"],
        "the rep is let go with the caller, as of any two who are joined"
    );
    desk.holds_to_the_contract();
}

#[tokio::test]
async fn it_is_known_whether_a_caller_is_there() {
    let desk = Desk::open().await;
    desk.twilio.call_comes_in(&caller_sid(1), "+18005550100", &[]);
    assert_eq!(desk.client.caller(&call(1)).await, Ok(CallerStatus::OnTheLine));
    desk.twilio.hangs_up(&caller_sid(1));
    assert_eq!(desk.client.caller(&call(1)).await, Ok(CallerStatus::Left));
    assert_eq!(desk.client.caller(&call(2)).await, Ok(CallerStatus::Unknown), "no such call");
    let hold = desk.client.hold(&call(1), "k", Recording::AsUsual, Comfort::Music).await;
    assert_eq!(hold.expect_err("21220").class(), "gone");
    let hold =
        desk.client.hold(&call(2), "k", Recording::AsUsual, Comfort::Music).await.expect_err("another account's");
    assert!(hold.class() == "needs_person" && hold.to_string().contains("none of this account's"), "{hold}");
    let words = Instruction::OfferSlots { slots: Vec::new() };
    assert_eq!(desk.client.agent_speaks(&call(1), &words).await, Ok(false), "our pages speak");
    for leg in [None, Some("call-1".to_owned())] {
        let unknown = Call { leg, ..call(1) };
        assert_eq!(desk.client.agent_speaks(&unknown, &words).await, Ok(true), "its platform is all there is");
        let refused =
            desk.client.hold(&unknown, "k", Recording::AsUsual, Comfort::Music).await.expect_err("no call of Twilio");
        assert!(refused.class() == "needs_person" && refused.to_string().contains("call.leg"), "{refused}");
    }
    desk.holds_to_the_contract();
}

#[tokio::test]
async fn a_caller_who_has_spoken_is_hung_up_and_one_who_is_gone_is_well() {
    let desk = Desk::open().await;
    desk.twilio.call_comes_in(&caller_sid(1), "+18005550100", &[]);
    for _ in 0..2 {
        desk.client.end_call(&call(1), "k").await.expect("it is over");
        assert_eq!(desk.twilio.status(&caller_sid(1)), Some("completed"));
    }
    desk.holds_to_the_contract();
}

#[tokio::test]
async fn no_more_calls_are_begun_than_the_account_may_and_none_too_late() {
    let desk = Desk::with(TOKEN, 1).await;
    let began = Instant::now();
    let (first, second) = tokio::join!(desk.rings(1, REP), desk.rings(2, OTHER));
    assert_eq!((first, second), (Ok(()), Ok(())));
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
    let (endpoint, whisper) = (dialled(REP), whisper(""));
    let late = RingRequest { leg: leg(3), call: call(1), endpoint, ring_until: desk.clock.now(), whisper };
    assert_eq!(desk.client.ring(&late).await.expect_err("too late").class(), "retry");
    assert_eq!(desk.calls().len(), 2);
}

#[tokio::test]
async fn every_error_has_its_class_and_repeats_no_number() {
    let desk = Desk::open().await;
    desk.twilio.call_comes_in(&caller_sid(1), "+18005550100", &[]);
    // Status and code, then what it means for a new call and for a call that is sent on.
    for (status, code, ringing, sending_on) in [
        (401, 20003, "reauthenticate", "reauthenticate"),
        (404, 20404, "needs_person", "needs_person"),
        (429, 20429, "rate_limited", "rate_limited"),
        (429, 10004, "rate_limited", "rate_limited"),
        (500, 20500, "unknown", "unknown"),
        (503, 20500, "retry", "retry"),
        (400, 21220, "needs_person", "gone"),
        (400, 21211, "needs_person", "needs_person"),
        (400, 21217, "needs_person", "needs_person"),
        (400, 21210, "needs_person", "needs_person"),
        (400, 21212, "needs_person", "needs_person"),
        (400, 21215, "needs_person", "needs_person"),
        (400, 21205, "needs_person", "needs_person"),
        (400, 99999, "needs_person", "needs_person"),
        (502, 0, "unknown", "unknown"),
    ] {
        desk.twilio.refuse_next("calls.create", status, code);
        let refused = desk.rings(1, REP).await.expect_err("refused");
        assert_eq!(refused.class(), ringing, "{status} {code}: {refused}");
        desk.twilio.refuse_next("calls.update", status, code);
        let held = desk.client.hold(&call(1), "k", Recording::AsUsual, Comfort::Music).await.expect_err("refused");
        assert_eq!(held.class(), sending_on, "{status} {code}: {held}");
        let told = refused.to_string();
        assert!(told.contains(&format!("HTTP {status}")), "{told}");
        assert!(!told.contains("+1415") && !held.to_string().contains("+1415"), "{told} {held}");
    }
    let stranger = Desk::with("another secret", 100).await;
    assert_eq!(stranger.rings(1, REP).await.expect_err("refused").class(), "reauthenticate");
    assert!(desk.calls().is_empty() && stranger.calls().is_empty());
}
