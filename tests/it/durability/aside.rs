//! Messages that do not get through: a panic, an event that cannot be read, a database that is not well. Whoever is at fault is
//! put aside alone; what is the database's fault waits; and what was put aside comes back.

mod town;

use crate::eventually::eventually;
use crate::store::server::{Db, on_both, tests};
use crate::store::tx::writes;
use crate::town::Caller;
use baton::intake::event::{key_of, lead_id};
use baton::store::{Arrival, InboxMessage};
use serde_json::{Value, json};
use std::time::Duration;
use town::Town;

fn lead(number: usize) -> Value {
    Caller::gone(number).event
}

fn key(event: &Value) -> String {
    format!("{} {}", event["source"].as_str().expect("a source"), event["id"].as_str().expect("an id"))
}

/// An event with a field of a name that nobody knows, and no other way to reach the caller, as its sender sends it before it is
/// mended.
fn misspelt(number: usize) -> Value {
    let mut event = lead(number);
    event["data"]["contact"]["emial"] = event["data"]["contact"]["email"].take();
    event["data"]["contact"].as_object_mut().expect("a contact").remove("email");
    event["data"]["call"].as_object_mut().expect("a call").remove("from");
    event
}

/// Tests that set a crash point for one message alone disturb nobody else.
#[cfg(feature = "failpoints")]
async fn a_panic_puts_one_message_aside(db: Db) {
    let town = Town::begin(db).await;
    let presence = json!({
        "specversion": "1.0", "id": "presence-601", "source": "town", "type": "rep.presence",
        "data": { "rep": "desk-01", "presence": "away" },
    });
    let alone = |event: &Value| format!("while_deciding {}", key(event));
    for guilty in [&lead(601), &lead(640), &presence] {
        fail::cfg(alone(guilty), "panic(no such balance)").expect("a crash point");
    }
    // One of few, one in the middle of a crowd that is decided ahead of its commits, one that is applied and not decided.
    town.take(&[&lead(600), &lead(601), &lead(602), &presence]).await;
    town.until_decided(2).await;
    let crowd: Vec<Value> = (610..780).map(lead).collect();
    town.take(&crowd.iter().collect::<Vec<_>>()).await;
    town.until_decided(2 + 169).await;
    let aside = town.until_aside(3).await;
    for guilty in [&lead(601), &lead(640), &presence] {
        let put = aside.iter().find(|aside| aside.key == key(guilty)).expect("the guilty one is put aside");
        assert!(put.why.contains("no such balance"), "the reason is there: {}", put.why);
        assert_eq!(town.answers(&key(guilty), 1).await[0]["status"], "quarantined", "whoever sent it is told");
    }
    let (status, ready) = town.get(&["readyz"]).await;
    assert!(status == 200 && ready.contains("messages put aside: 3"), "{status} {ready}");
    let (_, attention) = town.get(&["v1", "attention"]).await;
    assert!(attention.contains("no such balance") && attention.contains(&key(&lead(640))), "{attention}");

    for guilty in [&lead(601), &lead(640), &presence] {
        fail::remove(alone(guilty));
    }
    town.take(&[&lead(603)]).await;
    town.until_decided(172).await;
    let (status, _) = town.post(&["v1", "attention", &key(&lead(601)), "replay"], json!({})).await;
    assert_eq!(status, 202, "what was mended is tried again");
    town.take(&[&lead(640), &presence]).await;
    town.until_decided(174).await;
    town.until("nothing is left", "SELECT COUNT(*) FROM inbox WHERE state <> 'handled'", 0).await;
    town.running.stop().await;
}

/// What fails alone is tried once more.
#[cfg(feature = "failpoints")]
async fn a_message_that_fails_once_is_decided(db: Db) {
    let town = Town::begin(db).await;
    let stumbling = format!("while_deciding {}", key(&lead(650)));
    fail::cfg(&stumbling, "1*panic(once)").expect("a crash point");
    town.take(&[&lead(650)]).await;
    town.until("it is not in the line any more", "SELECT COUNT(*) FROM inbox WHERE state <> 'received'", 1).await;
    assert_eq!(town.aside().await.len(), 0);
    town.until_decided(1).await;
    fail::remove(&stumbling);
    town.running.stop().await;
}

async fn a_corrected_event_is_decided_under_its_id(db: Db) {
    let town = Town::begin(db).await;
    // Put aside, then corrected.
    assert_eq!(town.take(&[&misspelt(1)]).await, [Arrival::New]);
    let put = town.until_aside(1).await;
    assert!(put[0].why.contains("emial"), "{put:?}");
    assert_eq!(town.take(&[&misspelt(1)]).await, [Arrival::TriedAgain], "the same bytes are tried again");
    assert_eq!(town.answers(&key(&lead(1)), 2).await[1]["status"], "quarantined", "and answered again");
    assert_eq!(town.take(&[&lead(1)]).await, [Arrival::TriedAgain]);
    town.until_decided(1).await;
    let told = town.answers(&key(&lead(1)), 3).await.pop().expect("an answer");
    assert_eq!((&told["status"], told.get("note")), (&json!("decided"), None), "{told}");

    // Both in one batch of the broker's, before anybody has looked at the first.
    assert_eq!(town.take(&[&misspelt(2), &lead(2)]).await, [Arrival::New, Arrival::TriedAgain]);
    town.until_decided(2).await;
    assert_eq!(town.answers(&key(&lead(2)), 1).await.pop().expect("an answer")["status"], "decided");

    // Over HTTP, what came over the broker before.
    town.take(&[&misspelt(3)]).await;
    town.until_aside(1).await;
    let (status, told) = town.post(&["v1", "leads"], lead(3)).await;
    assert_eq!((status, &told["status"]), (200, &json!("decided")), "{told}");

    // No JSON at all has a key of its own bytes, and is tried again as often as it comes.
    let garbage = || {
        let body = b"{\"id\": \"no end".to_vec();
        InboxMessage { key: key_of(&body), body, ..town.message(&lead(4)) }
    };
    for known in [Arrival::New, Arrival::TriedAgain] {
        assert_eq!(town.running.decider.take(vec![garbage()]).await.expect("taken"), [known]);
        town.until_aside(1).await;
    }
    town.until("nothing else is left", "SELECT COUNT(*) FROM inbox WHERE state <> 'handled'", 1).await;
    town.running.stop().await;
}

async fn a_decided_event_with_another_content_is_answered_as_before(db: Db) {
    let town = Town::begin(db).await;
    town.take(&[&lead(1)]).await;
    town.until_decided(1).await;
    let first = town.answers(&key(&lead(1)), 1).await.remove(0);
    assert_eq!(town.take(&[&lead(1)]).await, [Arrival::Same]);
    assert_eq!(town.answers(&key(&lead(1)), 2).await[1], first, "the same event, the same answer");
    let mut other = lead(1);
    other["data"]["company"]["country"] = json!("DE");
    for (times, changed) in [(3, &other), (4, &misspelt(1))] {
        assert_eq!(town.take(&[changed]).await, [Arrival::Differs]);
        let mut told = town.answers(&key(&lead(1)), times).await.remove(times - 1);
        let note = told.as_object_mut().expect("an object").remove("note").expect("it says that the content differed");
        assert!(note.as_str().expect("words").contains("another content"), "{note}");
        assert_eq!(told, first, "and otherwise what was said before");
    }
    let (status, mut told) = town.post(&["v1", "leads"], other).await;
    assert!(told["note"].as_str().is_some_and(|note| note.contains("another content")), "{status} {told}");
    told.as_object_mut().expect("an object").remove("note");
    assert_eq!((status, told), (200, first));
    assert_eq!(town.db.number("SELECT COUNT(*) FROM decision").await, 1);
    town.running.stop().await;
}

async fn what_is_dropped_is_off_the_list_and_can_come_back(db: Db) {
    let town = Town::begin(db).await;
    town.take(&[&misspelt(1), &misspelt(2)]).await;
    town.until_aside(2).await;
    let dropped = key(&lead(1));
    writes!(town.db.store, [dropped], |tx| tx.inbox_drop(&dropped).await).await.expect("it is dropped");
    assert_eq!(town.aside().await.len(), 1);
    let (status, told) = town.post(&["v1", "attention", "town nobody", "replay"], json!({})).await;
    assert_eq!(status, 404, "{told}");
    assert_eq!(town.take(&[&lead(1)]).await, [Arrival::TriedAgain]);
    town.until_decided(1).await;
    town.running.stop().await;
}

/// From now on the server fails in the middle of storing what was decided, each time for one lead and in another way.
async fn fall_sick(db: &Db, codes: &[&str]) {
    db.execute("CREATE TABLE sick (lead_id TEXT PRIMARY KEY, code TEXT NOT NULL)").await;
    db.execute(
        "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE found_code TEXT; BEGIN \
         SELECT code INTO found_code FROM sick WHERE lead_id = NEW.lead_id; \
         IF FOUND THEN RAISE EXCEPTION 'this server is not well' USING ERRCODE = found_code; END IF; RETURN NEW; END $$",
    )
    .await;
    db.execute("CREATE TRIGGER sick BEFORE INSERT ON decision FOR EACH ROW EXECUTE FUNCTION fails()").await;
    for (number, code) in codes.iter().enumerate() {
        let lead = lead_id("town", &format!("evt-{number}"));
        db.execute(format!("INSERT INTO sick VALUES ('{lead}', '{code}')")).await;
    }
}

async fn an_outage_puts_nothing_aside(db: Db) {
    const OUTAGES: [&str; 8] = ["57014", "53100", "53200", "25006", "25P03", "58030", "XX001", "ZZ999"];
    // The last one is no outage: a value that the database refuses.
    fall_sick(&db, &[&OUTAGES[..], &["22003"]].concat()).await;
    let town = Town::begin(db).await;
    let all: Vec<Value> = (0..=OUTAGES.len() + 3).map(lead).collect();
    town.take(&all.iter().collect::<Vec<_>>()).await;
    town.until_decided(3).await;
    let aside = town.until_aside(1).await;
    assert_eq!(aside[0].key, key(&lead(OUTAGES.len())));
    assert!(aside[0].why.contains("SQLSTATE 22003") && !aside[0].why.contains("not well"), "{aside:?}");
    let waiting = "SELECT COUNT(*) FROM inbox WHERE state = 'received'";
    town.until("they wait", waiting, OUTAGES.len() as i64).await;
    // They are tried again, and again.
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(town.aside().await.len(), 1, "however often");
    let (status, told) = town.get(&["readyz"]).await;
    assert!(status == 503 && told.contains("the database"), "{status} {told}");
    town.db.execute("DROP TRIGGER sick ON decision").await;
    town.until_decided(OUTAGES.len() as i64 + 3).await;
    town.until("nothing waits any more", waiting, 0).await;
    eventually("the worker is ready again", || async { town.get(&["readyz"]).await.0 == 200 }).await;
    town.take(&[&lead(OUTAGES.len())]).await;
    town.until_decided(OUTAGES.len() as i64 + 4).await;
    town.running.stop().await;
}

/// A value is refused in a batch that an outage undoes: whose fault it is shows when the database is well.
async fn nobody_is_at_fault_while_an_outage_lasts(db: Db) {
    fall_sick(&db, &["22003", "53100", "22003"]).await;
    let town = Town::begin(db).await;
    town.db
        .execute(
            "CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             RAISE EXCEPTION 'this server is not well' USING ERRCODE = '53100'; END $$",
        )
        .await;
    town.db.execute("CREATE TRIGGER is_full BEFORE INSERT ON pulse FOR EACH ROW EXECUTE FUNCTION is_full()").await;
    // Storing that they came goes through: that does not make the first one's failure its own.
    town.take(&[&lead(0), &lead(1), &lead(2)]).await;
    eventually("the worker says that it is not ready", || async { town.get(&["readyz"]).await.0 == 503 }).await;
    // It tries again, and again.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(town.aside().await.len(), 0, "all wait");
    town.db.execute("DROP TRIGGER is_full ON pulse").await;
    let aside = town.until_aside(2).await;
    let keys: Vec<&str> = aside.iter().map(|aside| aside.key.as_str()).collect();
    assert_eq!(keys, [key(&lead(0)), key(&lead(2))], "with the database well, what fails alone is at fault itself");
    town.db.execute("DROP TRIGGER sick ON decision").await;
    town.until_decided(1).await;
    town.running.stop().await;
}

/// Whoever decides it first stands still in the middle until somebody else, to whom it has become an orphan, has decided it.
async fn two_decide_one_message(db: Db) {
    db.execute("CREATE SEQUENCE arrivals").await;
    db.execute(
        "CREATE FUNCTION stands_still() RETURNS trigger LANGUAGE plpgsql AS $$ \
         DECLARE began TIMESTAMPTZ := clock_timestamp(); BEGIN IF nextval('arrivals') = 1 THEN \
         WHILE NOT EXISTS (SELECT FROM decision) AND clock_timestamp() < began + INTERVAL '4 seconds' LOOP \
         PERFORM pg_sleep(0.01); END LOOP; END IF; RETURN NEW; END $$",
    )
    .await;
    db.execute("CREATE TRIGGER still BEFORE INSERT ON call_key FOR EACH ROW EXECUTE FUNCTION stands_still()").await;
    let town = Town::begin(db).await;
    town.take(&[&lead(1)]).await;
    town.until_decided(1).await;
    let turns = town.db.number("SELECT COUNT(*) FROM ledger_entry").await;
    town.running.stop().await;
    assert_eq!(town.db.number("SELECT COUNT(*) FROM inbox WHERE state = 'handled'").await, 1, "it is not put aside");
    assert_eq!(town.db.number("SELECT COUNT(*) FROM decision").await, 1);
    assert_eq!(town.db.number("SELECT COUNT(*) FROM ledger_entry").await, turns, "it costs no second turn");
}

on_both! {
    #[cfg(feature = "failpoints")]
    a_panic_puts_one_message_aside,
    #[cfg(feature = "failpoints")]
    a_message_that_fails_once_is_decided,
    a_corrected_event_is_decided_under_its_id,
    a_decided_event_with_another_content_is_answered_as_before,
    what_is_dropped_is_off_the_list_and_can_come_back,
}

tests! {
    an_outage_of_the_server_puts_nothing_aside: on_postgres(an_outage_puts_nothing_aside),
    nobody_is_at_fault_while_an_outage_of_the_server_lasts: on_postgres(nobody_is_at_fault_while_an_outage_lasts),
    a_message_that_two_decide_at_once_is_decided_once: on_postgres(two_decide_one_message),
}
