//! What people write elsewhere: of steps and messages in the audit, and of the person in texts of other people's leads.

use super::both;
use super::person::{EMAIL, OTHERS, dump, dump_of, events, found_in, other, texts};
use super::stage::Town;
use crate::store::server::{Db, ledgers, on_both};
use crate::store::tx::writes;
use baton::app::replay::ReplayVerdict;
use baton::intake::event::lead_id;
use baton::store::{AuditEntry, Grant};
use baton_core::domain::id::{PoolId, RepId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_both! {
    why_a_step_or_a_message_was_closed_goes_with_the_person,
    texts_of_other_leads_lose_the_one_that_names_the_person,
}

async fn noted(town: &Town, act: &str, subject: &str, why: &str) {
    let (entry, now) = (AuditEntry::of("token desk", act, subject, Some(why)), town.clock.now());
    writes!(town.db.store, [entry], |tx| tx.audit(&entry, now).await).await.expect("it is noted");
}

async fn why_a_step_or_a_message_was_closed_goes_with_the_person(db: Db) {
    let (town, worker) = Town::begin(db).await;
    let now = town.clock.now();
    town.bring(&[events(now), vec![other(now)]].concat()).await;
    let (lead, others) = (lead_id("town", "evt-whole"), lead_id("town", OTHERS));
    let step = texts(&town.db, format!("SELECT MIN(effect_key) FROM step WHERE lead_id = '{lead}'")).await.remove(0);
    noted(&town, "attention.close", &step, "Zyxandra has called herself").await;
    noted(&town, "attention.close", "town evt-unreachable", "it is Zyxandra again").await;
    noted(&town, "lead.reassign", others.as_str(), "rang from (415) 555-0142 as well").await;
    noted(&town, "lead.reassign", others.as_str(), "nobody was there").await;
    assert_ne!(found_in(&dump_of(&town.db, "audit").await), Vec::<&str>::new());

    town.erase(both()).await;
    assert_eq!(found_in(&dump(&town.db).await), Vec::<&str>::new());
    let of_acts = "SELECT why FROM audit WHERE act IN ('attention.close', 'lead.reassign') ORDER BY seq";
    assert_eq!(texts(&town.db, of_acts.to_owned()).await, ["nobody was there"]);
    assert_eq!(
        town.count("audit WHERE why IS NULL AND salt IS NOT NULL").await,
        0,
        "no digest is left to try names on"
    );
    let check = town.db.store.audit_verify(None).await.expect("the chain");
    assert_eq!(check.broken, None);
    worker.stop().await;
}

async fn texts_of_other_leads_lose_the_one_that_names_the_person(db: Db) {
    let (town, worker) = Town::begin(db).await;
    town.bring(&[other(town.clock.now())]).await;
    let lead = lead_id("town", OTHERS);
    for (rep, note) in [("west-01", format!("Ask {EMAIL} instead.")), ("west-02", "All is well.".to_owned())] {
        let said = json!({ "lead": lead, "rep": rep, "quality": 4, "note": note });
        assert_eq!(town.post(&["v1", "feedback"], said).await.status, 201);
    }
    let reassign = json!({ "to": "east-02", "reason": "Call 1-415-555-0142 first", "by": "lena" });
    assert_eq!(town.post(&["v1", "leads", lead.as_str(), "reassign"], reassign).await.status, 200);
    let rep = |id: &str| RepId::new(id).expect("an id");
    let grant = Grant {
        pool: PoolId::new("west").expect("an id"),
        rep: rep("west-01"),
        turns: 1,
        others: BTreeMap::from([(rep("west-02"), 1)]),
        reason: "was on the phone with 415.555.0142".to_owned(),
        author: "lena".to_owned(),
    };
    let now = town.clock.now();
    let granted = writes!(town.db.store, [grant], |tx| tx.turns_grant(&grant, now).await).await;
    assert!(granted.expect("a turn").is_some());
    for table in ["feedback", "timeline", "ledger_entry", "audit"] {
        assert_ne!(found_in(&dump_of(&town.db, table).await), Vec::<&str>::new(), "{table} names the person");
    }
    let (report, balances) = (town.report(now).await, ledgers(&town.db.store).await);

    let told = town.erase(both()).await;
    assert_eq!((&told["leads"], &told["named_in"]), (&json!([]), &json!([lead])), "{told}");
    assert_eq!(found_in(&dump(&town.db).await), Vec::<&str>::new());
    assert_eq!((town.report(now).await, ledgers(&town.db.store).await), (report, balances));
    let said = texts(&town.db, "SELECT body FROM feedback ORDER BY rep".to_owned()).await;
    let said: Vec<Value> = said.iter().map(|body| serde_json::from_str(body).expect("JSON")).collect();
    assert_eq!((&said[0]["note"], &said[0]["quality"]), (&json!("erased"), &json!(4)));
    assert_eq!(said[1]["note"], "All is well.");
    assert_eq!(town.count("lead WHERE erased_at IS NOT NULL").await, 0);
    let verdicts = town.verdicts().await;
    assert!(verdicts.values().all(|verdict| *verdict == ReplayVerdict::Same), "it is decided as before: {verdicts:?}");
    let shown = town.get(&["v1", "leads", lead.as_str()]).await.value();
    assert_eq!(shown["lead"]["contact"]["name"]["value"], "Otto Other", "{shown}");
    worker.stop().await;
}
