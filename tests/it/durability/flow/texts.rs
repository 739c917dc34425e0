//! Texts to leads of their meetings: each once, with the page on which the meeting is moved or called off, and to nobody who has not
//! agreed to them.

use super::play::Play;
use crate::eventually::eventually;
use crate::store::server::{Db, sqlite_in};
use crate::town::{self, Caller};
use baton::connectors::http::{ApiCall, Does, Secret};
use baton::connectors::twilio::{Sender, TwilioTexts, TwilioTextsConfig};
use baton_clock::SharedClock;
use baton_core::domain::id::LeadId;
use baton_core::domain::phone::PhoneE164;
use baton_core::rules::model::set::ConfirmBy;
use baton_sandbox::twilio::{Account, MessagesState, message_routes};
use baton_sandbox::voice::RepManner;
use baton_sandbox::{Fault, World, serve};
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;

const ACCOUNT: &str = "AC00000000000000000000000000000001";
const TOKEN: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
const DANA: &str = "+12125550142";

/// A meeting that was booked on the phone, under rules that have leads told by mail and by text.
struct Booked {
    play: Play,
    carrier: Arc<World>,
    messages: Arc<MessagesState>,
    lead: LeadId,
}

impl Booked {
    async fn by(agrees: Option<bool>, fault: Option<Fault>) -> Self {
        // As fast as that of the play.
        let clock: SharedClock = town::clock(6);
        let carrier = World::new(clock);
        let messages = MessagesState::new(Arc::clone(&carrier), Account::new(ACCOUNT, TOKEN));
        let address = serve(message_routes(Arc::clone(&messages))).await.expect("a port");
        if let Some(fault) = fault {
            carrier.arm("twilio-messages", "messages.create", fault, 1);
        }
        let (base_url, account, user) = (format!("http://{address}"), ACCOUNT.to_owned(), ACCOUNT.to_owned());
        let sender = Sender::Number(PhoneE164::new("+15551230000").expect("a number"));
        let config = TwilioTextsConfig { base_url, account, user, secret: Secret::new(TOKEN), sender };
        let texter = TwilioTexts::new(config).expect("a client");
        let play = Play::begin_as(|setup| {
            setup.workspace.checked.rules.handoff.booking.confirm.insert(ConfirmBy::Text);
            setup.vendors.texter = Some(Arc::new(texter));
        })
        .await;
        let mut caller = Caller::live(1).reps(&[RepManner::Silent]).chooses(Some(1));
        caller.event["data"]["call"]["from"] = json!(DANA);
        caller.event["data"]["company"]["country"] = json!("US");
        if let Some(agrees) = agrees {
            caller.event["data"]["consent"]["sms"] = json!(agrees);
        }
        let lead = play.call(&caller).await;
        play.ends(&lead, "booked").await;
        Self { play, carrier, messages, lead }
    }

    /// What the lead has been sent, in order.
    fn texts(&self) -> Vec<String> {
        let sent = self.messages.sent().into_iter();
        sent.map(|(to, words)| if to == DANA { words } else { panic!("{to} is somebody else") }).collect()
    }

    async fn press(&self, token: &str, act: &str) -> u16 {
        let form = vec![("act", act.to_owned())];
        let press = ApiCall::new("press", Does::Write, Method::POST, &["meeting", token]).form(form);
        self.play.send(press).await.status
    }

    /// Of texts, in the lead's story: why there was none, if there was none.
    async fn story(&self) -> Vec<Option<String>> {
        let told = self.play.running.store.timeline(&self.lead).await.expect("the story");
        let texted = told.into_iter().filter(|entry| entry.kind == "texted");
        texted.map(|entry| entry.body["event"]["why_not"].as_str().map(str::to_owned)).collect()
    }

    fn mails(&self) -> usize {
        self.play.stage.smtp.mails().into_iter().filter(|mail| mail.text.contains("/meeting/")).count()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_agreed_is_told_of_the_meeting_with_its_page_and_that_it_was_called_off() {
    let booked = Booked::by(Some(true), None).await;
    let texts = booked.texts();
    let [words] = &texts[..] else { panic!("{texts:?}") };
    assert!(words.starts_with("You will speak with Rep on "), "{words}");
    assert_eq!(booked.mails(), 1, "beside the mail");
    let (_, link) = words.split_once("/meeting/").expect("its page");
    let token: String = link.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    let (status, page) = booked.play.page(&["meeting", &token]).await;
    assert!(status == 200 && page.contains("Move it to"), "{status} {page}");

    assert_eq!(booked.press(&token, "off").await, 303);
    booked.play.ends(&booked.lead, "called_off").await;
    let texts = booked.texts();
    assert!(texts.len() == 2 && texts[1].contains("was called off, as you asked"), "{texts:?}");
    assert!(!texts[1].contains("/meeting/"), "there is nothing left to move: {texts:?}");
    assert_eq!(booked.story().await, vec![None::<String>; 2], "both are told of in the story");
    let asked = booked.carrier.exchanges();
    assert_eq!(asked.iter().filter(|exchange| exchange.method == "POST").count(), 2, "each was asked for once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_of_a_meeting_whose_answer_is_lost_is_sent_once() {
    let booked = Booked::by(Some(true), Some(Fault::DropAnswer)).await;
    eventually("it is found", || async { booked.story().await == [None::<String>] }).await;
    assert_eq!(booked.texts().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_not_agreed_is_sent_no_text_of_a_meeting() {
    for agrees in [None, Some(false)] {
        let booked = Booked::by(agrees, None).await;
        let db = Db::open(sqlite_in(booked.play.folder.path())).await;
        let tried = "SELECT COUNT(*) FROM step WHERE kind = 'text_meeting' AND state = 'done'";
        eventually("it was tried", || async { db.number(tried).await == 1 }).await;
        assert_eq!((booked.texts().len(), booked.mails()), (0, 1), "{agrees:?}: the mail is theirs");
    }
}
