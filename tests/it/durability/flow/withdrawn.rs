//! A caller who takes every consent back while all of it is still to be done, beside one who does not.

use super::play::Play;
use crate::eventually::eventually;
use crate::store::server::{Db, sqlite_in};
use crate::town::{self, Caller};
use baton::connectors::http::Secret;
use baton::connectors::twilio::{Sender, TwilioTexts, TwilioTextsConfig};
use baton_clock::{Clock, SharedClock};
use baton_core::domain::id::LeadId;
use baton_core::domain::outcome::NextStepKind;
use baton_core::domain::phone::PhoneE164;
use baton_core::handoff::Stage;
use baton_core::rules::model::set::{CallbackDial, TextBack};
use baton_sandbox::twilio::{Account, MessagesState, message_routes};
use baton_sandbox::voice::RepManner;
use baton_sandbox::{Fault, World, serve};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const ACCOUNT: &str = "AC00000000000000000000000000000001";
const TOKEN: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
const STAYS: &str = "+12125550143";
const TAKES_BACK: &str = "+12125550142";

/// Somebody who has hung up while it rang, and is owed a call, a mail and a text.
async fn missed(play: &Play, db: &Db, number: usize, from: &str) -> (Caller, LeadId) {
    let mut caller = Caller::live(number).reps(&[RepManner::Silent]).hangs_up_after(Duration::from_secs(2));
    caller.event["data"]["call"]["from"] = json!(from);
    caller.event["data"]["company"]["country"] = json!("US");
    let lead = play.call(&caller).await;
    play.until(&lead, "callback").await;
    let planned = format!(
        "SELECT COUNT(*) FROM step WHERE lead_id = '{lead}' AND kind IN ('confirm_to_caller', 'text_back') AND state IN ('due', \
         'leased')"
    );
    eventually("mail and text are to be sent", || async { db.number(planned.clone()).await == 2 }).await;
    (caller, lead)
}

/// Until all is taken back neither server takes anything, and the clock is to call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_back_before_it_was_done_is_not_done() {
    let clock: SharedClock = town::clock(1);
    let carrier = World::new(clock);
    let messages = MessagesState::new(Arc::clone(&carrier), Account::new(ACCOUNT, TOKEN));
    let address = serve(message_routes(Arc::clone(&messages))).await.expect("a port");
    let (base_url, account, user) = (format!("http://{address}"), ACCOUNT.to_owned(), ACCOUNT.to_owned());
    let sender = Sender::Number(PhoneE164::new("+15551230000").expect("a number"));
    let config = TwilioTextsConfig { base_url, account, user, secret: Secret::new(TOKEN), sender };
    let texter = TwilioTexts::new(config).expect("a client");
    let play = Play::begin_as(|setup| {
        let callback = &mut setup.workspace.checked.rules.handoff.callback;
        (callback.dial, callback.text_back) = (CallbackDial::AtTheTime, TextBack::Callers);
        (callback.within_after_hang_up, callback.takes) = (Duration::from_secs(240), Duration::from_secs(60));
        setup.vendors.texter = Some(Arc::new(texter));
    })
    .await;
    let db = Db::open(sqlite_in(play.folder.path())).await;
    let limit = || Fault::RateLimit { retry_after_s: Some(1) };
    play.stage.world.arm("smtp", "connect", limit(), 1_000_000);
    carrier.arm("twilio-messages", "messages.create", limit(), 1_000_000);

    let (stays, other) = missed(&play, &db, 4, STAYS).await;
    let (caller, lead) = missed(&play, &db, 1, TAKES_BACK).await;
    let Stage::Callback { promise } = play.handoff(&lead).await.stage else { panic!("a call is owed") };
    let mut refusal = caller.event.clone();
    refusal["id"] = json!("evt-1-refusal");
    refusal["data"]["call"]["live"] = json!(false);
    refusal["data"]["consent"] = json!({ "callback": false, "email": false, "sms": false });
    assert_eq!(play.decided(&refusal).await, lead);
    let record = play.until(&lead, "needs_attention").await;
    assert_eq!(record.next_step.what, NextStepKind::NeedsAttention);
    assert_eq!(record.next_step.owner, record.owner, "it is left to whoever has the lead");

    play.stage.world.heal("smtp");
    carrier.heal("twilio-messages");
    play.until(&other, "called").await;
    eventually("the time of the call is over", || async { play.clock.now() > promise.promised_at }).await;
    play.until_quiet().await;
    assert_eq!(play.accepted("voice", "dial_lead").len(), 1, "the other one alone is called");
    assert!(play.handoff(&lead).await.calling.is_none());
    let texted: Vec<String> = messages.sent().into_iter().map(|(to, _)| to).collect();
    assert_eq!(texted, [STAYS]);
    let mails = play.stage.smtp.mails();
    let is_written_to = |to: &Caller| mails.iter().any(|mail| mail.to.iter().any(|address| address == to.email()));
    assert!(is_written_to(&stays) && !is_written_to(&caller));
    assert_eq!(play.lead(&lead).await.status, "needs_attention");
}
