//! What is said to whoever presses and asks, and the connection over which they are heard.

use super::{CHANNEL, Desk};
use crate::vendors::chat::class;
use baton::connectors::http::Secret;
use baton::connectors::slack::AnswerTo;
use baton::connectors::{Chat, VendorError};
use baton_sandbox::Fault;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

const ANA: &str = "U0ANA";
const MAIL: &str = "ana@reps.example";

/// With a client that is heard over connections of its own.
async fn listening() -> Desk {
    Desk::with(|config| config.app_token = Some(Secret::new("xapp-sandbox"))).await
}

/// Slack's end of connections, and where it is.
async fn port() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}/link/?ticket=made-up", listener.local_addr().expect("its address"));
    (listener, url)
}

impl Desk {
    /// The address that came with a press of Ana's.
    fn response_url(&self) -> AnswerTo {
        AnswerTo::Url(format!("{}/response/{ANA}", self.url))
    }
}

fn seat() -> AnswerTo {
    AnswerTo::Seat { channel: CHANNEL.to_owned(), person: ANA.to_owned() }
}

fn words() -> Value {
    json!([{ "type": "section", "text": { "type": "plain_text", "text": "Yours now" } }])
}

fn form() -> Value {
    json!({ "type": "modal", "title": { "type": "plain_text", "text": "Not me" }, "blocks": words() })
}

fn home() -> Value {
    json!({ "type": "home", "blocks": words() })
}

#[tokio::test]
async fn a_member_is_known_by_mail_and_by_id_and_a_visitor_is_nobody() {
    let desk = Desk::open().await;
    desk.state.join(MAIL, ANA);
    desk.state.visit("eve@other.example", "U0EVE");
    assert_eq!(desk.chat.mail_of(ANA).await, Ok(Some(MAIL.to_owned())));
    assert_eq!(desk.chat.person(&MAIL.to_uppercase()).await, Ok(Some(ANA.to_owned())));
    assert_eq!(desk.chat.mail_of("U0EVE").await, Ok(None));
    assert_eq!(desk.chat.mail_of("U0NOBODY").await, Ok(None));
    assert_eq!(desk.chat.person("nobody@reps.example").await, Ok(None));
    desk.holds_to_the_contract(6);
}

#[tokio::test]
async fn words_a_form_and_a_page_are_shown_to_one_person() {
    let desk = Desk::open().await;
    desk.chat.tell(&seat(), "Yours now").await.unwrap();
    desk.chat.tell(&desk.response_url(), "Mine no more").await.unwrap();
    let told: Vec<_> = desk.state.whispers().into_iter().map(|told| (told.person, told.text)).collect();
    assert_eq!(told, ["Yours now", "Mine no more"].map(|text| (ANA.to_owned(), text.to_owned())));
    let elsewhere = AnswerTo::Url("https://slack.com.elsewhere.example/response/1".to_owned());
    assert_eq!(class(desk.chat.tell(&elsewhere, "Yours now").await), "needs_person");
    desk.chat.open_form("t1", form()).await.unwrap();
    assert_eq!(class(desk.chat.open_form("t1", form()).await), "needs_person", "a trigger opens one form");
    desk.chat.show_home(ANA, home()).await.unwrap();
    assert_eq!((desk.state.forms(), desk.state.home(ANA)), (vec![form()], Some(home())));
    desk.holds_to_the_contract(4);
}

async fn does(desk: &Desk, what: &str) -> Result<(), VendorError> {
    match what {
        "users.lookupByEmail" => desk.chat.person(MAIL).await.map(drop),
        "users.info" => desk.chat.mail_of(ANA).await.map(drop),
        "chat.postEphemeral" => desk.chat.tell(&seat(), "Yours now").await,
        "response_url" => desk.chat.tell(&desk.response_url(), "Yours now").await,
        "views.open" => desk.chat.open_form("t1", form()).await,
        "views.publish" => desk.chat.show_home(ANA, home()).await,
        _ => desk.chat.listen().await.map(drop),
    }
}

/// What is done, where the stand-in has it, and whether it may simply be done again.
const ASKED: [(&str, &str, bool); 7] = [
    ("users.lookupByEmail", "slack", true),
    ("users.info", "slack", true),
    ("views.publish", "slack", true),
    ("apps.connections.open", "slack", true),
    ("chat.postEphemeral", "slack", false),
    ("views.open", "slack", false),
    ("response_url", "answers of slack", false),
];

#[tokio::test]
async fn every_answer_tells_an_outage_a_limit_and_a_lost_answer_apart() {
    let desk = listening().await;
    for (fault, read, written) in [
        (Fault::Unavailable, "retry", "retry"),
        (Fault::RateLimit { retry_after_s: Some(9) }, "rate_limited", "rate_limited"),
        (Fault::ErrorInside200, "retry", "unknown"),
        (Fault::DropAnswer, "retry", "unknown"),
    ] {
        for (what, vendor, is_read) in ASKED {
            if what == "response_url" && fault == Fault::ErrorInside200 {
                continue; // its status says all
            }
            desk.world.arm(vendor, what, fault.clone(), 1);
            let failed = does(&desk, what).await.expect_err(what);
            let expected = if is_read { read } else { written };
            assert_eq!(failed.class(), expected, "{what}, {fault:?}: {failed}");
        }
    }
    desk.holds_to_the_contract(4 * 6);
}

#[tokio::test]
async fn a_connection_is_opened_where_slack_says_and_both_are_heard() {
    let desk = listening().await;
    assert_eq!(class(desk.chat.listen().await.map(drop)), "needs_person", "Socket Mode is switched off");
    let (listener, url) = port().await;
    desk.state.socket_at(&url);
    let slack = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("somebody comes");
        let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a connection");
        let hello = json!({ "type": "hello", "num_connections": 1 });
        socket.send(Message::text(hello.to_string())).await.expect("it is open");
        socket.next().await.expect("something is said").expect("a message")
    });
    let mut socket = desk.chat.listen().await.expect("a connection");
    assert_eq!(socket.next().await.expect("a greeting")["type"], "hello");
    socket.acknowledge("e1", Some(json!({ "response_action": "clear" }))).await.expect("it is said");
    let Message::Text(said) = slack.await.expect("it ends well") else { panic!("no words") };
    let said: Value = serde_json::from_str(said.as_str()).expect("JSON");
    assert_eq!(said, json!({ "envelope_id": "e1", "payload": { "response_action": "clear" } }));
    desk.holds_to_the_contract(2);
}

#[tokio::test]
async fn a_connection_that_does_not_open_tells_an_outage_and_a_limit_apart() {
    let desk = listening().await;
    for (answer, expected) in [
        ("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", "retry"),
        ("HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n", "rate_limited"),
        // Cut off: the answer is lost.
        ("HTTP/1.1 101 Switching", "retry"),
    ] {
        let (listener, url) = port().await;
        desk.state.socket_at(&url);
        let slack = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("somebody comes");
            let asked = stream.read(&mut [0; 4096]).await.expect("a request");
            stream.write_all(answer.as_bytes()).await.expect("it is answered");
            asked
        });
        assert_eq!(class(desk.chat.listen().await.map(drop)), expected, "{answer}");
        assert!(slack.await.expect("it ends well") > 0);
    }
}
