//! Forms and the command, and reps of whom `reps.csv` knows a mail address alone.

use super::{Office, acts, all_join, member, one_room, others};
use crate::eventually::eventually;
use crate::store::server::{Db, on_both};
use crate::store::tx::reads;
use crate::town::Caller;
use baton::deciding::owner::{ReassignRequest, Reassigned};
use baton::store::AuditQuery;
use baton_core::domain::outcome::MisrouteKind;
use baton_core::domain::rep::Presence;
use baton_sandbox::slack::SlackMessage;
use serde_json::{Value, json};

/// The form that was opened last, filled in and sent.
fn filled(office: &Office, person: &str, view: &str, fields: &[(&str, Value)]) -> Value {
    let form = office.stage.slack.forms().pop().expect("a form is open");
    let values: serde_json::Map<String, Value> =
        fields.iter().map(|(field, input)| ((*field).to_owned(), json!({ "v": input }))).collect();
    json!({
        "type": "view_submission", "user": { "id": person },
        "view": {
            "id": view, "callback_id": form["callback_id"], "private_metadata": form["private_metadata"],
            "state": { "values": values },
        },
    })
}

fn chosen(value: &str) -> Value {
    json!({ "type": "static_select", "selected_option": { "value": value } })
}

fn written(text: &str) -> Value {
    json!({ "type": "plain_text_input", "value": text })
}

async fn opens(office: &Office, card: &SlackMessage, act: &str, person: &str, at: &str) {
    let before = office.stage.slack.forms().len();
    assert_eq!(office.interacts(&office.press(card, act, person, at)).await.0, 200);
    eventually("the form opens", || async { office.stage.slack.forms().len() == before + 1 }).await;
}

/// The same as by the link: what cannot be is said beside its field, and what is sent twice is recorded once.
pub async fn a_rating_is_what_the_form_of_the_link_would_make_of_it(db: Db) {
    let office = Office::open(db, |_| ()).await;
    let before = office.owed(&Caller::gone(3)).await;
    let (lead, owner) = (before.lead.id, before.owner.to_string());
    let person = member(&owner);
    let card = office.card("rate").await;
    opens(&office, &card, "rate", &person, "1.1").await;
    let right = &others(&owner)[0];
    let alone = filled(&office, &person, "V1", &[("quality", chosen("2")), ("right_rep", chosen(right))]);
    let (status, answer) = office.interacts(&alone).await;
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!((status, answer["response_action"].as_str()), (200, Some("errors")), "{answer}");
    assert!(answer["errors"]["misroute"].as_str().is_some_and(|why| why.contains("what went wrong")), "{answer}");
    let whole = [
        ("quality", chosen("2")),
        ("completeness", chosen("5")),
        ("misroute", chosen("procedural")),
        ("right_rep", chosen(right)),
        ("note", written("knows them")),
    ];
    let whole = filled(&office, &person, "V1", &whole);
    for _ in 0..2 {
        assert_eq!(office.interacts(&whole).await, (200, String::new()));
    }
    office.is_told(&person, "it is recorded").await;
    let said = reads!(office.db.store, [lead], |tx| tx.feedbacks(&lead).await).await.expect("what was said");
    let [said] = said.as_slice() else { panic!("once: {said:?}") };
    assert_eq!((said.quality, said.completeness, said.via.as_str()), (Some(2), Some(5), "chat"));
    assert_eq!(said.misroute.as_ref().map(|misroute| misroute.kind), Some(MisrouteKind::Procedural));
    assert_eq!(office.lead(&lead).await.owner.as_str(), right, "the right rep has it");
    eventually("the card says so", || async {
        office.shown(&card).blocks.to_string().contains(&format!("*Rep {right} has this lead now.*"))
    })
    .await;
    office.holds_to_the_contract();
}

/// By name, and by the rules; the card of whoever has it no more says so.
pub async fn a_lead_is_reassigned_and_handed_on_from_its_card(db: Db) {
    let office = Office::open(db, |_| ()).await;
    let before = office.owed(&Caller::gone(3)).await;
    let (lead, owner) = (before.lead.id, before.owner.to_string());
    let card = office.card("reassign").await;
    opens(&office, &card, "reassign", &member(&owner), "1.1").await;
    let to = &others(&owner)[0];
    let nobody = filled(&office, &member(&owner), "V1", &[("to", chosen("nobody")), ("reason", written("x"))]);
    assert!(office.interacts(&nobody).await.1.contains("Please choose somebody"));
    let given = filled(&office, &member(&owner), "V1", &[("to", chosen(to)), ("reason", written("knows them"))]);
    assert_eq!(office.interacts(&given).await, (200, String::new()));
    office.is_told(&member(&owner), &format!("Rep {to} has this lead now")).await;
    assert_eq!(office.lead(&lead).await.owner.as_str(), to);
    eventually("the card says so", || async {
        let shown = office.shown(&card);
        shown.blocks.to_string().contains(&format!("*Rep {to} has this lead now.*")) && acts(&shown) == ["rate"]
    })
    .await;
    // What was to go on by the rules when somebody else had it, and has gone to another since, stays there.
    let (from, reason, author) = (Some(before.owner.clone()), "too late".to_owned(), owner.clone());
    let actor = format!("rep {owner}");
    let late = ReassignRequest { lead: lead.clone(), to: None, from, reason, author, actor };
    let stays = office.running.decider.reassign(&late).await.expect("the database answers");
    assert!(matches!(stays, Some(Reassigned::Unchanged { owner }) if owner.as_str() == to));
    let theirs = format!("D{}", &member(to)[1..]);
    eventually("the new card", || async {
        office
            .stage
            .slack
            .messages()
            .iter()
            .any(|one| one.channel == theirs && acts(one).contains(&"not_me".to_owned()))
    })
    .await;
    let new = office.stage.slack.messages().into_iter().find(|one| one.channel == theirs).expect("a card");
    opens(&office, &new, "not_me", &member(to), "1.2").await;
    let on = filled(&office, &member(to), "V2", &[("reason", written("a friend of mine"))]);
    assert_eq!(office.interacts(&on).await, (200, String::new()));
    eventually("it goes on by the rules", || async { office.lead(&lead).await.owner.as_str() != to }).await;
    assert_eq!(office.payers().await, [office.lead(&lead).await.owner.to_string()], "with its turn");
    let told = reads!(office.db.store, [lead], |tx| tx.timeline(&lead).await).await.expect("the story");
    assert!(told.iter().any(|entry| entry.body.to_string().contains("a friend of mine")));
    office.holds_to_the_contract();
}

/// Found by their mail address once, and written to, known and asked by it.
pub async fn whoever_is_known_by_mail_is_written_to_and_asks(db: Db) {
    let office = Office::open(db, |rules| rules.reps.values_mut().for_each(|rep| rep.chat_id = None)).await;
    all_join(&office);
    let before = office.owed(&Caller::gone(3)).await;
    let person = member(before.owner.as_str());
    let card = office.card("called").await;
    assert_eq!(card.channel, format!("D{}", &person[1..]));
    office.asks(&person, "my leads", "t1").await;
    office.is_told(&person, "Call back by ").await;
    for _ in 0..2 {
        office.asks(&person, "Away 30m", "t2").await;
    }
    office.is_told(&person, "You are away until ").await;
    let rep = before.owner.clone();
    let state = office.db.store.reps_read().await.expect("reps").remove(&rep).expect("a rep");
    assert!(state.presence == Presence::Away && state.away_until.is_some(), "{state:?}");
    office.asks(&person, "status", "t3").await;
    office.is_told(&person, "says away until ").await;
    office.asks(&person, "back", "t4").await;
    office.is_told(&person, "Welcome back").await;
    let state = office.db.store.reps_read().await.expect("reps").remove(&rep).expect("a rep");
    assert_eq!((state.presence, state.away_until), (Presence::Available, None));
    let query = AuditQuery { actor: Some(format!("rep {rep}")), ..AuditQuery::default() };
    let told = office.db.store.audit_find(&query, 9).await.expect("the audit");
    assert_eq!(told.iter().map(|entry| entry.act.as_str()).collect::<Vec<_>>(), ["rep.presence", "rep.presence"]);
    office.asks(&person, "dance", "t5").await;
    office.is_told(&person, "You can say").await;
    office.asks("U0NOBODY", "status", "t6").await;
    office.is_told("U0NOBODY", "You are no rep").await;
    assert_eq!(office.stage.slack.whispers().len(), 6, "the same command once more changes and says nothing");
    office.holds_to_the_contract();
}

/// With nobody in the room who asks who is there, nobody is looked for twice.
pub async fn nobody_is_looked_for_twice(db: Db) {
    let office = Office::open(db, one_room).await;
    all_join(&office);
    let before = office.owed(&Caller::gone(3)).await;
    let card = office.card("take").await;
    let rep = member(&others(before.owner.as_str())[0]);
    for at in ["1.1", "1.2", "1.3"] {
        assert_eq!(office.interacts(&office.press(&card, "take", &rep, at)).await.0, 200);
        eventually("an answer", || async { office.stage.slack.whispers().len().to_string() == at[2..] }).await;
    }
    let asked = office.stage.world.exchanges();
    let of = |method: &str| asked.iter().filter(|one| one.target.contains(method)).count();
    assert_eq!((of("users.info"), of("users.lookupByEmail")), (1, 1));
}

on_both! {
    a_rating_is_what_the_form_of_the_link_would_make_of_it,
    a_lead_is_reassigned_and_handed_on_from_its_card,
    whoever_is_known_by_mail_is_written_to_and_asks,
    nobody_is_looked_for_twice,
}
