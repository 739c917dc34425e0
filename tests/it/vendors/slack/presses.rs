//! Leads that are owed a call, from the card.

use super::{Office, ROOM, SIGNING, acts, all_join, member, one_room, others, signature_of};
use crate::eventually::eventually;
use crate::store::server::{Db, on_both, tests};
use crate::town::Caller;
use baton_clock::Clock;
use baton_sandbox::Fault;
use serde_json::{Value, json};
use std::time::Duration;
use url::form_urlencoded::Serializer;

/// Whoever is first has the lead with its turn; the other is told who has it, and so does the card that both had before them.
pub async fn of_two_who_take_one_lead_at_once_one_has_it(db: Db) {
    let office = Office::open(db, one_room).await;
    all_join(&office);
    let before = office.owed(&Caller::gone(3)).await;
    let card = office.card("take").await;
    assert_eq!((card.channel.as_str(), acts(&card).len()), (ROOM, 5));
    let lead = before.lead.id;
    let both = others(before.owner.as_str());
    let press = |rep: &str| office.press(&card, "take", &member(rep), "1795914812.000200");
    let (one, two) = (press(&both[0]), press(&both[1]));
    let (one, two) = tokio::join!(office.interacts(&one), office.interacts(&two));
    assert_eq!((one.0, two.0), (200, 200));
    eventually("both are told", || async { office.stage.slack.whispers().len() == 2 }).await;
    let owner = office.lead(&lead).await.owner.to_string();
    assert!(both.contains(&owner), "{owner}");
    let loser = both.iter().find(|rep| **rep != owner).expect("the other one");
    office.is_told(&member(&owner), "yours now").await;
    office.is_told(&member(loser), &format!("Rep {owner} has this lead")).await;
    assert_eq!(office.payers().await, std::slice::from_ref(&owner), "the turn went along");
    eventually("the card says who has it", || async {
        let shown = office.shown(&card);
        shown.blocks.to_string().contains(&format!("*Rep {owner} has this lead now.*")) && acts(&shown) == ["rate"]
    })
    .await;
    // The same press once more, as Slack sends it that was not answered in time, and a new one.
    let again = office.press(&card, "take", &member(&owner), "1795914812.000200");
    assert_eq!(office.interacts(&again).await.0, 200);
    assert_eq!(office.interacts(&office.press(&card, "take", &member(loser), "1795914899.000100")).await.0, 200);
    eventually("the new one is told", || async { office.stage.slack.whispers().len() == 3 }).await;
    let once = (format!("rep {owner}"), "lead.take".to_owned());
    assert_eq!(office.audited(&lead).await, [once], "of four presses");
    office.holds_to_the_contract();
}

/// Told by two deliveries of one press, it counts once; and what is closed stays as it is.
pub async fn a_call_by_hand_is_told_once_and_a_closed_lead_stays_closed(db: Db) {
    let office = Office::open(db, |_| ()).await;
    let before = office.owed(&Caller::gone(3)).await;
    let (lead, owner) = (before.lead.id, member(before.owner.as_str()));
    let card = office.card("called").await;
    assert_eq!(acts(&card), ["not_me", "reassign", "called", "rate"], "theirs already");
    let press = office.press(&card, "called", &owner, "1795914812.000200");
    for _ in 0..2 {
        assert_eq!(office.interacts(&press).await.0, 200);
    }
    office.is_told(&owner, "It is recorded").await;
    eventually("the promise is kept", || async { office.lead(&lead).await.status == "called" }).await;
    assert_eq!(office.db.number("SELECT COUNT(*) FROM contact").await, 1, "one conversation");
    eventually("the card says so", || async {
        let shown = office.shown(&card);
        shown.blocks.to_string().contains("has spoken with them") && acts(&shown) == ["reassign", "rate"]
    })
    .await;
    let lost = json!({
        "specversion": "1.0", "id": "lost-1", "source": "town", "type": "outcome.recorded",
        "data": { "lead": lead, "kind": "lost", "at": office.clock.now() },
    });
    office.tells(&lost).await;
    eventually("it is closed", || async { office.handoff(&lead).await.closed }).await;
    assert_eq!(office.interacts(&office.press(&card, "called", &owner, "1795914900.000100")).await.0, 200);
    office.is_told(&owner, "This lead is closed").await;
    assert_eq!(office.db.number("SELECT COUNT(*) FROM contact").await, 1);
    let once = (format!("rep {}", before.owner), "contact.record".to_owned());
    assert_eq!(office.audited(&lead).await, [once]);
    eventually("the card says so", || async { acts(&office.shown(&card)) == ["rate"] }).await;
    office.holds_to_the_contract();
}

async fn nobody_presses_who_is_no_rep(db: Db) {
    let office = Office::open(db, one_room).await;
    all_join(&office);
    // Somebody of another workspace, who has given themselves the address of a rep there.
    office.stage.slack.visit("west-01@reps.example", "U0OTHER");
    let before = office.owed(&Caller::gone(3)).await;
    let card = office.card("take").await;
    for (person, at) in [("U0OTHER", "1.1"), ("U0NOBODY", "1.2")] {
        assert_eq!(office.interacts(&office.press(&card, "take", person, at)).await.0, 200);
        office.is_told(person, "You are no rep that Baton knows").await;
    }
    let gone = json!({ "type": "block_actions", "user": { "id": member("west-01") }, "channel": { "id": ROOM },
        "response_url": format!("{}/response/{}", office.stage.slack_url(), member("west-01")),
        "actions": [{ "action_id": "take", "value": "nothing.1-brief_chat", "action_ts": "1.3" }] });
    assert_eq!(office.interacts(&gone).await.0, 200);
    office.is_told(&member("west-01"), "no longer kept").await;
    assert_eq!(office.lead(&before.lead.id).await.owner, before.owner);
}

async fn what_does_not_prove_to_be_slacks_is_refused(db: Db) {
    let office = Office::open(db, one_room).await;
    all_join(&office);
    let before = office.owed(&Caller::gone(3)).await;
    let card = office.card("take").await;
    let rep = &others(before.owner.as_str())[0];
    let text = office.press(&card, "take", &member(rep), "1.1").to_string();
    let fields = [("payload", text.as_str())];
    let body = Serializer::new(String::new()).extend_pairs(fields).finish();
    let now = office.clock.now().timestamp();
    for (at, signature) in [
        (now, signature_of("another secret of somebody", now, &body)),
        (now, signature_of(SIGNING, now, "payload=%7B%7D")),
        (now, "v0=".to_owned()),
        (now - 301, signature_of(SIGNING, now - 301, &body)),
        (now + 330, signature_of(SIGNING, now + 330, &body)),
        (now - 1, signature_of(SIGNING, now, &body)),
    ] {
        let (status, answer) = office.signed(&fields, at, &signature).await;
        assert_eq!(status, 401, "{at} {signature}: {answer}");
    }
    assert_eq!(office.lead(&before.lead.id).await.owner, before.owner);
    assert!(office.stage.slack.whispers().is_empty());
    let (status, answer) = office.sends(&[("payload", "no JSON at all")]).await;
    assert_eq!(status, 400, "{answer}");
}

/// Whatever a caller says, it is words on the card: no button, mention or link of theirs.
async fn what_a_caller_says_stays_words(db: Db) {
    let office = Office::open(db, |_| ()).await;
    let mut caller = Caller::gone(3);
    caller.event["data"]["contact"]["name"] = json!("<!channel> <@U0BOSS> *Pay* <https://evil.example|now>");
    let before = office.owed(&caller).await;
    let owner = member(before.owner.as_str());
    let card = office.card("rate").await;
    assert_eq!(office.interacts(&office.press(&card, "rate", &owner, "1.1")).await.0, 200);
    eventually("a form", || async { !office.stage.slack.forms().is_empty() }).await;
    let opened = json!({ "type": "event_callback", "event_id": "Ev1",
        "event": { "type": "app_home_opened", "user": owner, "tab": "home" } });
    let body = opened.to_string();
    let at = office.clock.now().timestamp();
    let call = super::ApiCall::new("slack", super::Does::Write, super::Method::POST, &["v1", "slack"])
        .header("x-slack-request-timestamp", at.to_string())
        .header("x-slack-signature", signature_of(SIGNING, at, &body));
    assert_eq!(office.posts(call.json(opened)).await.0, 200);
    eventually("the own page", || async { office.stage.slack.home(&owner).is_some() }).await;
    let home = office.stage.slack.home(&owner).expect("it is there");
    assert!(home["blocks"][1]["text"]["text"].as_str().is_some_and(|line| line.starts_with("Call back by ")), "{home}");
    let form = office.stage.slack.forms().remove(0);
    for shown in [&card.blocks, &form, &home] {
        let text = shown.to_string();
        assert!(!text.contains("<!") && !text.contains("<@") && !text.contains("<https://evil"), "{text}");
    }
    let is_plain = |block: &Value| block["text"].is_null() || block["text"]["type"] == "plain_text";
    for view in [&form, &home] {
        assert!(view["blocks"].as_array().is_some_and(|blocks| blocks.iter().all(is_plain)), "{view}");
    }
    office.holds_to_the_contract();
}

/// One rewrite of a card is under way at a time, so that the newest is not followed by an older one.
async fn a_rewrite_waits_for_the_one_before_it_and_has_the_last_word(db: Db) {
    let office = Office::open(db, |_| ()).await;
    let before = office.owed(&Caller::gone(3)).await;
    let (lead, owner) = (before.lead.id, member(before.owner.as_str()));
    let card = office.card("called").await;
    office.stage.world.arm("slack", "chat.update", Fault::Stall(Duration::from_secs(3)), 1);
    assert_eq!(office.interacts(&office.press(&card, "called", &owner, "1.1")).await.0, 200);
    eventually("the first is under way", || async { acts(&office.shown(&card)) == ["reassign", "rate"] }).await;
    let lost = json!({
        "specversion": "1.0", "id": "lost-1", "source": "town", "type": "outcome.recorded",
        "data": { "lead": lead, "kind": "lost", "at": office.clock.now() },
    });
    office.tells(&lost).await;
    eventually("it is closed", || async { office.handoff(&lead).await.closed }).await;
    assert_eq!(office.interacts(&office.press(&card, "called", &owner, "1.2")).await.0, 200);
    let waiting = "SELECT COUNT(*) FROM step WHERE kind = 'update_card' AND last_error LIKE 'another rewrite%'";
    eventually("the second waits", || async { office.db.number(waiting).await >= 1 }).await;
    eventually("and is shown then", || async { acts(&office.shown(&card)) == ["rate"] }).await;
}

on_both! {
    of_two_who_take_one_lead_at_once_one_has_it,
    a_rewrite_waits_for_the_one_before_it_and_has_the_last_word,
    a_call_by_hand_is_told_once_and_a_closed_lead_stays_closed,
}

tests! {
    nobody_presses_who_is_no_rep_on_sqlite: on_sqlite(nobody_presses_who_is_no_rep),
    what_does_not_prove_to_be_slacks_is_refused_on_sqlite: on_sqlite(what_does_not_prove_to_be_slacks_is_refused),
    what_a_caller_says_stays_words_on_sqlite: on_sqlite(what_a_caller_says_stays_words),
}
