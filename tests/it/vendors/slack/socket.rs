//! The same over connections that the worker opens.

use super::{Office, acts, all_join, member, one_room, others};
use crate::eventually::eventually;
use crate::store::server::{Db, on_both};
use crate::town::Caller;
use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// Longer than any of it takes.
const SOON: Duration = Duration::from_secs(60);

/// Slack's side of the connections.
struct Slacks {
    url: String,
    opened: UnboundedReceiver<WebSocketStream<TcpStream>>,
}

impl Slacks {
    async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("ws://{}/link/?ticket=made-up", listener.local_addr().expect("its address"));
        let (tell, opened) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(socket) = tokio_tungstenite::accept_async(stream).await else { continue };
                if tell.send(socket).is_err() {
                    return;
                }
            }
        });
        Self { url, opened }
    }

    /// The next connection, which Slack greets.
    async fn next(&mut self) -> Connection {
        let socket = timeout(SOON, self.opened.recv()).await.expect("in time").expect("a connection");
        let (write, mut read) = socket.split();
        let (tell, heard) = unbounded_channel();
        let reads = tokio::spawn(async move {
            while let Some(Ok(message)) = read.next().await {
                if let Message::Text(text) = message {
                    // Whoever does not ask for it any more has seen enough.
                    let _heard = tell.send(text.as_str().to_owned());
                }
            }
        });
        let mut connection = Connection { write, heard, reads };
        connection.says(&json!({ "type": "hello", "num_connections": 1 })).await;
        connection
    }
}

/// It is read all the time: pings are answered whatever the test waits for.
struct Connection {
    write: SplitSink<WebSocketStream<TcpStream>, Message>,
    heard: UnboundedReceiver<String>,
    reads: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reads.abort();
    }
}

impl Connection {
    async fn says(&mut self, frame: &Value) {
        self.write.send(Message::text(frame.to_string())).await.expect("the worker hears");
    }

    /// Tells of something; the worker acknowledges it, and says this at once.
    async fn tells(&mut self, kind: &str, id: &str, payload: &Value) -> Value {
        let frame = json!({ "type": kind, "envelope_id": id, "accepts_response_payload": kind != "events_api", "payload": payload });
        self.says(&frame).await;
        let text = timeout(SOON, self.heard.recv()).await.expect("in time").expect("it is open");
        let said: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(said["envelope_id"], id, "{said}");
        said["payload"].clone()
    }
}

/// Both are acknowledged before anything is done; a connection that is replaced is heard to its end, and what was not acknowledged in
/// time and comes over another one is done once.
pub async fn of_two_who_press_over_connections_one_has_it(db: Db) {
    let mut slacks = Slacks::listen().await;
    let office = Office::hearing(db, one_room, Some(&slacks.url)).await;
    all_join(&office);
    let mut first = slacks.next().await;
    let before = office.owed(&Caller::gone(3)).await;
    let card = office.card("take").await;
    let both = others(before.owner.as_str());
    let press = |rep: &str| office.press(&card, "take", &member(rep), "1795914812.000200");
    assert_eq!(first.tells("interactive", "e1", &press(&both[0])).await, Value::Null);
    assert_eq!(first.tells("interactive", "e2", &press(&both[1])).await, Value::Null);
    eventually("both are told", || async { office.stage.slack.whispers().len() == 2 }).await;
    let owner = office.lead(&before.lead.id).await.owner.to_string();
    let loser = both.iter().find(|rep| **rep != owner).expect("the other one");
    office.is_told(&member(&owner), "yours now").await;
    office.is_told(&member(loser), &format!("Rep {owner} has this lead")).await;
    assert_eq!(office.payers().await, std::slice::from_ref(&owner));
    eventually("the card says who has it", || async {
        let shown = office.shown(&card);
        shown.blocks.to_string().contains(&format!("*Rep {owner} has this lead now.*")) && acts(&shown) == ["rate"]
    })
    .await;

    first.says(&json!({ "type": "disconnect", "reason": "warning" })).await;
    let mut second = slacks.next().await;
    assert_eq!(first.tells("interactive", "e1", &press(&both[0])).await, Value::Null, "the old one is heard");
    assert_eq!(second.tells("interactive", "e2", &press(&both[1])).await, Value::Null);
    let answer_to = format!("{}/response/{}", office.stage.slack_url(), member(&owner));
    let status = json!({ "command": "/baton", "text": "status", "user_id": member(&owner), "channel_id": "D0X",
        "trigger_id": "t1", "response_url": answer_to });
    assert_eq!(second.tells("slash_commands", "e3", &status).await, Value::Null);
    office.is_told(&member(&owner), "You are at work").await;
    assert_eq!(office.stage.slack.whispers().len(), 3, "neither press counted again");
    let home = json!({ "type": "event_callback", "event_id": "Ev1",
        "event": { "type": "app_home_opened", "user": member(&owner), "tab": "home" } });
    assert_eq!(second.tells("events_api", "e4", &home).await, Value::Null);
    eventually("the own page", || async { office.stage.slack.home(&member(&owner)).is_some() }).await;

    // Cut without a word: the next one is there within seconds.
    drop((first, second));
    let mut third = slacks.next().await;
    assert_eq!(
        third.tells("interactive", "e5", &json!({ "type": "block_actions" })).await,
        Value::Null,
        "of no concern"
    );
    let form = json!({ "type": "view_submission", "user": { "id": member(&owner) }, "view": { "id": "V1", "callback_id": "not_me",
        "private_metadata": format!("{} D0X", card.key()), "state": { "values": { "reason": { "v": { "value": null } } } } } });
    assert_eq!(third.tells("interactive", "e6", &form).await["response_action"], "errors");
    office.holds_to_the_contract();
}

/// However soon the worker ends after it.
pub async fn what_was_acknowledged_is_done_before_the_worker_ends(db: Db) {
    let mut slacks = Slacks::listen().await;
    let office = Office::hearing(db, one_room, Some(&slacks.url)).await;
    all_join(&office);
    let mut line = slacks.next().await;
    let before = office.owed(&Caller::gone(3)).await;
    let card = office.card("take").await;
    let rep = &others(before.owner.as_str())[0];
    let press = office.press(&card, "take", &member(rep), "1.1");
    assert_eq!(line.tells("interactive", "e1", &press).await, Value::Null);
    let Office { db, stage, running, .. } = office;
    running.stop().await;
    let record = db.store.lead(&before.lead.id).await.expect("the database answers").expect("the lead is kept");
    assert_eq!(record.owner.as_str(), rep);
    let told = stage.slack.whispers();
    assert!(told.iter().any(|told| told.person == member(rep) && told.text.contains("yours now")), "{told:?}");
}

on_both! {
    of_two_who_press_over_connections_one_has_it,
    what_was_acknowledged_is_done_before_the_worker_ends,
}
