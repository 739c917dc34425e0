//! Rep-first: the caller speaks with an agent elsewhere, a rep of ours accepts and waits in a room, and only then the platform is
//! told to transfer, to an address that is good for this one call.
//!
//! The test is the platform: it sends its callers, or does not, to where it is told.

use super::account::OnTheLine;
use super::{Account, caller_sid};
use crate::eventually::{eventually, found};
use crate::town;
use baton::connectors::http::{ApiCall, Does};
use baton::intake::event::lead_id;
use baton_core::domain::leg::LegState::{Joined, Vendor};
use baton_core::domain::outcome::Outcome;
use baton_core::handoff::Stage;
use baton_sandbox::twilio::{Answer, Person};
use baton_sandbox::voice::Script;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const BY_SIP: &str = "host = \"acme.sip.twilio.com\"";
const BY_NUMBER: &str = "numbers = [\"+15551239998\", \"+15551239999\"]";
/// As Twilio shows whoever withholds the number.
const WITHHELD: &str = "+266696687";

fn accepts() -> Person {
    Person::who_answers(Answer::Key("1"))
}

fn is_connected(stage: &Stage) -> bool {
    matches!(stage, Stage::Done { outcome: Outcome::Connected { .. } })
}

fn is_promised(stage: &Stage) -> bool {
    matches!(stage, Stage::Callback { .. })
}

/// What the platform was told: who is to come where, for which leg.
struct Transfer {
    call: String,
    leg: String,
    to: String,
}

impl Transfer {
    fn read(told: &Value) -> Self {
        let text = |name: &str| told[name].as_str().expect("a text").to_owned();
        Self { call: text("call"), leg: text("leg"), to: text("to") }
    }
}

impl Account {
    /// A caller for west, with whom an agent speaks elsewhere.
    async fn caller_elsewhere(&self, number: usize) -> OnTheLine {
        let caller = town::Caller::live(number * 3);
        let call = caller.call().to_owned();
        self.voice.call(&call, Script::default());
        self.tells(&caller.event).await;
        OnTheLine { call, lead: caller.lead() }
    }

    async fn tells(&self, event: &Value) {
        self.worker.decider.take(vec![town::inbox(event, self.clock.now())]).await.expect("it is taken");
    }

    /// The platform says that the call is over, and not why.
    async fn is_ended(&self, caller: &OnTheLine) {
        let data = json!({ "platform": "sandbox", "call": caller.call });
        let id = format!("{}-ended", caller.call);
        self.tells(&json!({ "specversion": "1.0", "id": id, "source": "town", "type": "call.ended", "data": data }))
            .await;
    }

    fn told(&self) -> Vec<Transfer> {
        let told = self.world.accepted().into_iter();
        let told = told.filter(|one| one.vendor == "voice" && one.kind == "transfer");
        told.map(|one| Transfer::read(&one.detail)).collect()
    }

    /// What the platform was told to transfer so far, once it is so many.
    async fn transfers(&self, count: usize) -> Vec<Transfer> {
        found(format!("{count} transfers"), || async { Some(self.told()).filter(|told| told.len() >= count) }).await
    }

    /// Somebody calls an address of the account; gives their leg.
    fn comes(&self, number: usize, to: &str) -> String {
        let sid = caller_sid(number);
        let asks_at = format!("{}/v1/telephony/twilio/incoming/call#rc=3&rp=all", self.worker.url());
        self.twilio.calls_in(&sid, WITHHELD, to, &asks_at);
        sid
    }

    /// The rep of this leg and somebody who has come.
    async fn meet(&self, leg: &str) {
        let room = format!("baton-{leg}");
        eventually("both are in the rep's room", || async {
            let mut together = self.twilio.together(&room);
            together.sort();
            together == ["caller", "rep"]
        })
        .await;
    }

    /// The caller's leg at the carrier, as the lead has it.
    async fn leg_of(&self, caller: &OnTheLine) -> Option<String> {
        let record = self.db.store.lead(&caller.lead).await.expect("it is read").expect("a lead");
        record.lead.call.and_then(|call| call.leg)
    }

    /// Whoever waits in a room hears music there.
    async fn waits_to_music(&self, call: &str) {
        eventually("there is music", || async {
            self.world.accepted().iter().any(|one| one.kind == "play" && one.natural_key == call)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_is_transferred_comes_to_the_rep_who_has_accepted() {
    for reached in [BY_SIP, BY_NUMBER] {
        let account = Account::rep_first(reached, "12s").await;
        account.twilio.in_turn(&[accepts()]);
        let caller = account.caller_elsewhere(1).await;
        let transfers = account.transfers(1).await;
        let rep = account.ring(1).await;
        assert!(account.twilio.heard(&rep).join(" ").contains("Caller No 3"), "briefed before");
        assert_eq!(account.leg_of(&caller).await, None, "they are the platform's");
        let came = account.comes(1, &transfers[0].to);
        account.meet(&transfers[0].leg).await;
        // As a platform says of a call that it has transferred.
        account.is_ended(&caller).await;
        account.once(&caller, "they speak", is_connected).await;
        account.legs(&caller, &[Joined]).await;
        assert_eq!(account.leg_of(&caller).await.as_ref(), Some(&came), "and ours from here on");
        assert_eq!(account.twilio.heard(&came), Vec::<String>::new(), "nobody speaks but the rep");
        account.twilio.hangs_up(&came);
        account.has_status(&rep, "completed").await;
        assert_eq!((account.rings().len(), account.told().len()), (1, 1));
        account.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_never_comes_frees_the_rep_and_the_next_is_rung() {
    let account = Account::rep_first(BY_NUMBER, "12s").await;
    account.twilio.in_turn(&[accepts()]);
    let caller = account.caller_elsewhere(1).await;
    let first = account.ring(1).await;
    let transfers = account.transfers(2).await;
    let second = account.ring(2).await;
    account.comes(2, &transfers[1].to);
    account.meet(&transfers[1].leg).await;
    account.has_status(&first, "completed").await;
    assert_ne!(transfers[0].to, transfers[1].to, "a number rests before it is anybody else's");
    account.legs(&caller, &[Vendor, Joined]).await;
    let late = account.comes(3, &transfers[0].to);
    account.has_status(&late, "completed").await;
    assert_eq!(account.twilio.heard(&late).len(), 1, "whoever comes too late hears a word, and no rep");
    assert_eq!(account.twilio.status(&second), Some("in-progress"));
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_withheld_callers_in_the_same_second_are_not_crossed() {
    let account = Account::rep_first(BY_NUMBER, "20s").await;
    account.twilio.in_turn(&[accepts()]);
    let callers = [account.caller_elsewhere(1).await, account.caller_elsewhere(2).await];
    let transfers = account.transfers(2).await;
    assert_ne!(transfers[0].to, transfers[1].to);
    let came: Vec<String> = (1..).zip(&transfers).map(|(number, one)| account.comes(number, &one.to)).collect();
    for (transfer, came) in transfers.iter().zip(&came) {
        account.meet(&transfer.leg).await;
        let caller = callers.iter().find(|caller| caller.call == transfer.call).expect("one of the two");
        account.once(caller, "they speak", is_connected).await;
        let handoff = account.handoff(caller).await.expect("a handoff");
        assert_eq!(handoff.legs.iter().map(|leg| leg.id.as_str()).collect::<Vec<_>>(), [transfer.leg.as_str()]);
        assert_eq!(account.leg_of(caller).await.as_ref(), Some(came), "each to whoever waits for them");
    }
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_leaves_the_agent_stops_the_phone() {
    let account = Account::rep_first(BY_SIP, "12s").await;
    account.twilio.in_turn(&[Person::who_is_away()]);
    let caller = account.caller_elsewhere(1).await;
    let rep = account.ring(1).await;
    account.has_status(&rep, "ringing").await;
    account.is_ended(&caller).await;
    account.once(&caller, "a call is promised", is_promised).await;
    account.has_status(&rep, "canceled").await;
    assert_eq!(account.rings().len(), 1, "nobody else is rung");
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_leaves_on_the_way_frees_the_rep() {
    let account = Account::rep_first(BY_SIP, "8s").await;
    account.twilio.in_turn(&[accepts()]);
    let caller = account.caller_elsewhere(1).await;
    account.transfers(1).await;
    account.is_ended(&caller).await;
    account.once(&caller, "a call is promised", is_promised).await;
    account.has_status(&account.ring(1).await, "completed").await;
    assert_eq!(account.rings().len(), 1, "nobody is rung for a caller who is gone");
    account.ends_well().await;
}

/// Killed after the accept: whoever takes over has the rep who waits, and knows for whom.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_dies_while_the_caller_is_on_the_way_is_followed_by_one_who_knows_them() {
    let account = Account::rep_first(BY_NUMBER, "50s").await;
    account.twilio.in_turn(&[accepts()]);
    let caller = account.caller_elsewhere(1).await;
    let transfers = account.transfers(1).await;
    let rep = account.ring(1).await;
    account.waits_to_music(&rep).await;
    let account = account.with_another_worker().await;
    let came = account.comes(1, &transfers[0].to);
    account.meet(&transfers[0].leg).await;
    account.legs(&caller, &[Joined]).await;
    assert_eq!(account.leg_of(&caller).await, Some(came));
    assert_eq!((account.rings().len(), account.told().len()), (1, 1), "nobody is rung or told again");
    account.ends_well().await;
}

/// When the first rep leaves at once the caller is in a room of ours, and is rung for on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_come_waits_with_us_for_the_next_rep() {
    let account = Account::rep_first(BY_NUMBER, "12s").await;
    let hasty = Person { talks_for: Some(Duration::from_secs(2)), ..accepts() };
    account.twilio.in_turn(&[hasty, accepts()]);
    let caller = account.caller_elsewhere(1).await;
    let transfers = account.transfers(1).await;
    let came = account.comes(1, &transfers[0].to);
    account.meet(&transfers[0].leg).await;
    account.are_together(&OnTheLine { call: came, lead: caller.lead.clone() }).await;
    assert_eq!((account.rings().len(), account.told().len()), (2, 1), "the platform has no more to do with it");
    account.once(&caller, "they speak", is_connected).await;
    account.ends_well().await;
}

/// A call-tracking system asks, and sends the call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_was_announced_is_a_lead_once_they_come() {
    let account = Account::rep_first(BY_NUMBER, "12s").await;
    account.twilio.in_turn(&[accepts()]);
    let ping = json!({
        "id": "rgb-1", "from": "+14155550142", "company": { "country": "US" }, "consent": { "callback": true },
    });
    let post = ApiCall::new("ping", Does::Write, Method::POST, &["v1", "ping", "ringba"]).json(ping);
    let door = town::door(&account.worker.address, Duration::from_secs(10));
    let answer = door.send(&post).await.expect("an answer");
    let told: Value = serde_json::from_str(&answer.text()).expect("JSON");
    assert_eq!((answer.status, &told["accepted"]), (200, &json!(true)), "{told}");
    assert_eq!(account.rings(), Vec::<String>::new(), "nothing is anybody's yet");
    let to = told["to"].as_str().expect("where to");
    let call = account.comes(1, to);
    let caller = OnTheLine { call, lead: lead_id("ringba", "ping-rgb-1") };
    account.are_together(&caller).await;
    account.once(&caller, "they speak", is_connected).await;
    assert_eq!(account.leg_of(&caller).await.as_ref(), Some(&caller.call));
    let second = account.comes(2, to);
    account.has_status(&second, "completed").await;
    assert_eq!(
        (account.rings().len(), account.twilio.status(&caller.call)),
        (1, Some("in-progress")),
        "good for one call"
    );
    account.ends_well().await;
}
