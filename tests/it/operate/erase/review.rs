//! Erasures that stop half way, and what others do to the same rows before, meanwhile and afterwards.

use super::both;
use super::person::{EMAIL, OTHERS, PHONE, dump, events, found_in, other, texts};
use super::stage::Town;
use crate::eventually::eventually;
use crate::store::server::{Db, on_both, tests};
use crate::store::tx::writes;
use crate::town;
use baton::intake::event::lead_id;
use baton::intake::normalise;
use baton::store::{Erasure, ErasureRequest, ErasureState, Person, StoreError};
use baton_clock::{Clock, ScaledClock, SystemClock};
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::phone::PhoneE164;
use baton_core::routing::Snapshot;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::time::Duration;

on_both! {
    what_is_at_vendors_is_listed_though_the_erasure_stops_half_way_and_a_lead_is_let_go,
    a_step_under_way_is_listed_and_one_that_has_failed_is_on_no_list,
    whoever_is_named_in_a_lead_goes_from_what_the_crm_said_of_it_as_well,
    what_was_said_of_consent_and_disclosure_later_stays,
    a_second_request_names_the_first_while_that_is_open_and_not_afterwards,
    what_an_earlier_version_adds_to_an_erased_lead_goes_again,
}

tests! {
    an_erasure_that_takes_long_stays_in_its_own_hands_on_postgres:
        on_postgres(an_erasure_that_takes_long_stays_in_its_own_hands),
}

/// By number, with the erasure in our own hands.
async fn ask(db: &Db) -> String {
    let person = Person::named(PhoneE164::new(PHONE).ok(), None, None).expect("somebody");
    let asked = ErasureRequest { person, actor: "nobody".to_owned(), why: None };
    db.store.erasure_begin(asked, true, SystemClock.now()).await.expect("it is stored")
}

async fn go_on(db: &Db, id: &str) -> Result<Erasure, StoreError> {
    db.store.erasure_go_on(id, normalise::email, &|| SystemClock.now()).await
}

async fn told(db: &Db, id: &str) -> Erasure {
    db.store.erasure(id).await.expect("it is read").expect("it is there")
}

/// As a literal of SQL.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

async fn what_is_at_vendors_is_listed_though_the_erasure_stops_half_way_and_a_lead_is_let_go(db: Db) {
    let (town, worker) = Town::begin(db).await;
    town.bring(&events(town.clock.now())).await;
    worker.stop().await;
    // It is looked through after the leads.
    town.db.execute("ALTER TABLE ping RENAME TO ping_away").await;
    let id = ask(&town.db).await;
    assert!(go_on(&town.db, &id).await.is_err(), "it stops half way");
    let open = told(&town.db, &id).await;
    assert_eq!(open.state, ErasureState::Erasing);
    assert_eq!(town.count("lead WHERE erased_at IS NULL AND phone IS NOT NULL").await, 0, "leads are erased by then");
    let calls = open.at_vendors.iter().filter(|held| held.what == "call");
    assert_eq!(calls.count(), 2, "the platform has two calls: {:?}", open.at_vendors);

    let lead = lead_id("town", "evt-form");
    assert!(open.leads.contains(&lead), "{:?}", open.leads);
    for table in ["feedback", "contact", "timeline", "decision", "handoff"] {
        town.db.execute(format!("DELETE FROM {table} WHERE lead_id = '{lead}'")).await;
    }
    assert_eq!(town.db.execute(format!("DELETE FROM lead WHERE id = '{lead}'")).await, 1);
    town.db.execute(format!("UPDATE erasure SET waits_for = '[\"{lead}\"]'")).await;
    town.db.execute("ALTER TABLE ping_away RENAME TO ping").await;
    let done = go_on(&town.db, &id).await.expect("it goes on without that lead");
    assert_eq!((done.state, &done.at_vendors), (ErasureState::Done, &open.at_vendors));
    assert_eq!(told(&town.db, &id).await, done, "what is returned is what is stored");
}

/// A step of the lead that a worker took up and did not end, its lease over; returns its key.
async fn taken_up(db: &Db, lead: &LeadId, kind: &str, state: &str, sent_at: &str) -> String {
    let handoff = HandoffId::of(lead);
    let key = format!("{}.0-{kind}", handoff.suffix());
    let then = (SystemClock.now() - TimeDelta::seconds(1)).timestamp_micros();
    let sql = format!(
        "INSERT INTO step (effect_key, lead_id, handoff_id, kind, priority, payload, state, run_at, deadline_at, lease_owner, \
         lease_until, fence, attempts, sent_at) VALUES ('{key}', '{lead}', '{handoff}', '{kind}', 1, '{{}}', '{state}', \
         {then}, {then}, 'w', {then}, 1, 1, {sent_at})"
    );
    db.execute(sql).await;
    key
}

async fn a_step_under_way_is_listed_and_one_that_has_failed_is_on_no_list(db: Db) {
    let (town, worker) = Town::begin(db).await;
    town.bring(&events(town.clock.now())).await;
    worker.stop().await;
    let (db, lead) = (&town.db, lead_id("town", "evt-whole"));
    let record = taken_up(db, &lead, "write_crm", "leased", "NULL").await;
    let message = taken_up(db, &lead, "brief_chat", "leased", "1").await;
    let text = taken_up(db, &lead, "text_back", "leased", "NULL").await;
    let mail = taken_up(db, &lead, "brief_email", "failed", "1").await;
    let done = go_on(db, &ask(db).await).await.expect("it is erased");
    assert_eq!(done.state, ErasureState::Done);
    let listed = |key: &str| done.at_vendors.iter().find(|held| held.reference == key).map(|held| held.what.as_str());
    assert_eq!((listed(&record), listed(&message)), (Some("crm_record"), Some("chat_message")));
    assert_eq!(listed(&text), None, "it was never marked, and does not leave any more");
    assert_eq!(listed(&mail), Some("mail"));
    assert_eq!(town.count("step WHERE state = 'failed'").await, 0);
    assert_eq!(town.count(&format!("step WHERE state = 'closed' AND effect_key = '{mail}'")).await, 1);

    let now = town.clock.now();
    let late = writes!(db.store, [record], |tx| tx.orphan_insert(&record, 1, "a late answer", now).await);
    late.await.expect("it is answered");
    assert_eq!(town.count("orphan_result").await, 0, "what comes too late is not kept of an erased lead");
}

async fn whoever_is_named_in_a_lead_goes_from_what_the_crm_said_of_it_as_well(db: Db) {
    let (town, worker) = Town::begin(db).await;
    let now = town.clock.now();
    let mut event = other(now);
    event["data"]["qualification"] = json!({ "summary": "Ask my colleague at (415) 555 0142." });
    town.bring(&[event]).await;
    worker.stop().await;
    let stored = texts(&town.db, "SELECT snapshot FROM decision".to_owned()).await;
    let mut snapshot: Value = serde_json::from_str(&stored[0]).expect("JSON");
    let person = json!({ "kind": "contact", "crm_id": "003xx0000000001", "email": EMAIL, "phones": [PHONE] });
    snapshot["account"] = json!({
        "state": "known", "observed_at": now, "source": "mirror", "value": { "companies": [], "people": [person] },
    });
    serde_json::from_value::<Snapshot>(snapshot.clone()).expect("a snapshot");
    town.db.execute(format!("UPDATE decision SET snapshot = {}", quoted(&snapshot.to_string()))).await;

    let done = go_on(&town.db, &ask(&town.db).await).await.expect("it is erased");
    assert_eq!(done.state, ErasureState::Done);
    assert_eq!(done.named_in.iter().collect::<Vec<_>>(), [&lead_id("town", OTHERS)]);
    assert_eq!(found_in(&dump(&town.db).await), Vec::<&str>::new());
}

async fn what_was_said_of_consent_and_disclosure_later_stays(db: Db) {
    let (town, worker) = Town::begin(db).await;
    let now = town.clock.now();
    let mut events = events(now);
    events.truncate(2);
    events[1]["time"] = json!(now - TimeDelta::hours(4));
    events[1]["data"]["consent"] = json!({ "email": false });
    events[1]["data"]["disclosure"] = json!({ "ai": true });
    town.bring(&events).await;
    let lead = lead_id("town", "evt-whole");
    let said = || async {
        let lead = town.get(&["v1", "leads", lead.as_str()]).await.value()["lead"].clone();
        (lead["consent"].clone(), lead["disclosure"].clone())
    };
    let before = said().await;
    let decided_on = texts(&town.db, "SELECT body FROM lead".to_owned()).await;
    let decided_on: Value = serde_json::from_str(&decided_on[0]).expect("JSON");
    assert_ne!(before, (decided_on["consent"].clone(), decided_on["disclosure"].clone()), "they came later");
    town.erase(both()).await;
    assert_eq!(said().await, before);
    worker.stop().await;
}

async fn a_second_request_names_the_first_while_that_is_open_and_not_afterwards(db: Db) {
    let first = ask(&db).await;
    let second = ask(&db).await;
    assert_eq!(told(&db, &second).await.earlier, std::slice::from_ref(&first));
    for id in [first, second] {
        assert_eq!(go_on(&db, &id).await.expect("there is nobody").state, ErasureState::Done);
    }
    let third = ask(&db).await;
    assert_eq!(told(&db, &third).await.earlier, Vec::<String>::new(), "nobody knows any more whom those were about");
}

async fn what_an_earlier_version_adds_to_an_erased_lead_goes_again(db: Db) {
    let (town, worker) = Town::begin(db).await;
    town.bring(&events(town.clock.now())[..1]).await;
    let whole = texts(&town.db, "SELECT body FROM lead".to_owned()).await;
    town.erase(both()).await;
    worker.stop().await;
    let added = format!("UPDATE lead SET completed = {}, name = 'Zyxandra', email = '{EMAIL}'", quoted(&whole[0]));
    assert_eq!(town.db.execute(added).await, 1);
    assert_ne!(found_in(&dump(&town.db).await), Vec::<&str>::new());

    let folder = town::founded(4);
    let worker = town::worker(folder.path(), &town.db.store, &town.clock).await;
    let done = "erasure WHERE state = 'done' AND actor LIKE 'worker %'";
    eventually("it is erased again", || async { town.count(done).await == 1 }).await;
    assert_eq!(found_in(&dump(&town.db).await), Vec::<&str>::new());
    let asked = "audit WHERE act = 'erasure.ask' AND actor LIKE 'worker %'";
    assert_eq!((town.count(asked).await, town.count("audit WHERE act = 'lead.erase'").await), (1, 2));
    worker.stop().await;
}

/// Somebody is in its way for longer than a dead one is waited for.
async fn an_erasure_that_takes_long_stays_in_its_own_hands(db: Db) {
    let (town, worker) = Town::begin(db).await;
    town.bring(&events(town.clock.now())).await;
    worker.stop().await;
    let (store, id) = (&town.db.store, ask(&town.db).await);
    let mut in_the_way = town.db.raw.begin().await.expect("a transaction");
    sqlx::query("LOCK TABLE lead IN SHARE MODE").execute(&mut *in_the_way).await.expect("nothing is written to leads");
    // A minute of it is three seconds.
    let clock = ScaledClock::new(SystemClock.now(), 20);
    let now = || clock.now();
    let others = async {
        for _ in 0..18 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let taken = store.erasure_take_up(normalise::email, &now).await.expect("a look");
            assert_eq!(taken, None, "somebody is at it");
        }
        in_the_way.rollback().await.expect("it is out of the way");
    };
    let (done, ()) = tokio::join!(store.erasure_go_on(&id, normalise::email, &now), others);
    assert_eq!(done.expect("it goes on").state, ErasureState::Done);
}
