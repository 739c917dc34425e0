//! Calls for which phones ring, from the cards of those who are rung.

use super::{Office, acts, member};
use crate::eventually::{eventually, found};
use crate::store::server::{Db, on_both};
use crate::town::Caller;
use baton_core::domain::id::LeadId;
use baton_core::domain::leg::LegState;
use baton_core::handoff::Stage;
use baton_core::handoff::state::Leg;
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::RingPlan;
use baton_sandbox::slack::SlackMessage;
use serde_json::json;
use std::time::Duration;

/// Two phones ring at once, and every step has its time, however slow the machine.
fn two_at_once(rules: &mut RuleSet) {
    let terms = &mut rules.handoff;
    terms.ring = RingPlan::AtOnce(2);
    (terms.patience, terms.bridge_within) = (Duration::from_secs(600), Duration::from_secs(900));
    (terms.ring_timeout, terms.accept_within) = (Duration::from_secs(300), Duration::from_secs(300));
    terms.join_within = Duration::from_secs(300);
}

/// The platform's word of a phone.
async fn tell(office: &Office, leg: &Leg, happened: &str) {
    let event = json!({
        "specversion": "1.0", "id": format!("{}-{happened}", leg.id), "source": "sandbox/voice", "type": "call.event",
        "data": { "platform": "sandbox", "call": "call-3", "leg": leg.id, "event": happened },
    });
    office.tells(&event).await;
}

async fn legs(office: &Office, lead: &LeadId, state: LegState) -> [Leg; 2] {
    found("two phones", || async {
        let legs = office.handoff(lead).await.legs;
        <[Leg; 2]>::try_from(legs).ok().filter(|legs| legs.iter().all(|leg| leg.state == state))
    })
    .await
}

async fn card_of(office: &Office, leg: &Leg) -> SlackMessage {
    found("the card", || async { office.stage.slack.messages().into_iter().find(|card| card.key() == leg.card) }).await
}

/// Both have picked up, and both press: one is put through and pays the turn, and both cards say who it is.
pub async fn of_two_who_take_one_call_at_once_one_has_it(db: Db) {
    let office = Office::open(db, two_at_once).await;
    let caller = Caller::live(3);
    let lead = caller.lead();
    office.tells(&caller.event).await;
    let [one, two] = legs(&office, &lead, LegState::Ringing).await;
    let (of_one, of_two) = (card_of(&office, &one).await, card_of(&office, &two).await);
    assert_eq!(acts(&of_one), ["take", "not_me"]);
    let early = office.press(&of_one, "take", &member(one.rep.as_str()), "1.1");
    assert_eq!(office.interacts(&early).await.0, 200);
    office.is_told(&member(one.rep.as_str()), "pick up").await;
    tell(&office, &one, "answered").await;
    tell(&office, &two, "answered").await;
    let [one, two] = legs(&office, &lead, LegState::Answered).await;
    let presses = [(&of_one, &one), (&of_two, &two)]
        .map(|(card, leg)| office.press(card, "take", &member(leg.rep.as_str()), "1795914812.000200"));
    let answers = tokio::join!(office.interacts(&presses[0]), office.interacts(&presses[1]));
    assert_eq!((answers.0.0, answers.1.0), (200, 200));
    let winner = found("who has it", || async {
        let legs = office.handoff(&lead).await.legs;
        legs.into_iter().find(|leg| leg.state == LegState::Accepted)
    })
    .await;
    let loser = if winner.id == one.id { &two } else { &one };
    office.is_told(&member(winner.rep.as_str()), "You take the call").await;
    office.is_told(&member(loser.rep.as_str()), &format!("Rep {} has this call", winner.rep)).await;
    tell(&office, &winner, "joined").await;
    eventually("it is joined", || async { matches!(office.handoff(&lead).await.stage, Stage::Bridged { .. }) }).await;
    eventually("it is theirs", || async { office.lead(&lead).await.owner == winner.rep }).await;
    assert_eq!(office.payers().await, [winner.rep.to_string()], "the turn is whose the call is");
    for (leg, said) in
        [(&winner, "*You took this call.*".to_owned()), (loser, format!("*Rep {} has this call.*", winner.rep))]
    {
        let card = card_of(&office, leg).await;
        eventually(format!("the card says {said}"), || async {
            let shown = office.shown(&card);
            shown.blocks.to_string().contains(&said) && !acts(&shown).contains(&"take".to_owned())
        })
        .await;
    }
    office.holds_to_the_contract();
}

/// Nobody fills in anything while a caller waits: the next phone rings at once.
pub async fn who_declines_on_the_card_is_hung_up_and_told_once(db: Db) {
    let office = Office::open(db, |rules| {
        two_at_once(rules);
        rules.handoff.ring = RingPlan::OneByOne;
    })
    .await;
    let caller = Caller::live(3);
    let lead = caller.lead();
    office.tells(&caller.event).await;
    let first = found("a phone", || async { office.handoff(&lead).await.legs.first().cloned() }).await;
    let card = card_of(&office, &first).await;
    let press = office.press(&card, "not_me", &member(first.rep.as_str()), "1.1");
    for _ in 0..2 {
        assert_eq!(office.interacts(&press).await.0, 200);
    }
    office.is_told(&member(first.rep.as_str()), "You declined").await;
    let handoff = office.handoff(&lead).await;
    assert_eq!((handoff.legs[0].state, handoff.legs.len()), (LegState::Declined, 2), "the next one rings");
    assert!(office.stage.slack.forms().is_empty());
    eventually("the card says so", || async {
        let shown = office.shown(&card);
        shown.blocks.to_string().contains("*You declined;") && acts(&shown).is_empty()
    })
    .await;
    let once = (format!("rep {}", first.rep), "call.decline".to_owned());
    assert_eq!(office.audited(&lead).await, [once]);
    let late = office.press(&card, "take", &member(first.rep.as_str()), "1.2");
    assert_eq!(office.interacts(&late).await.0, 200);
    office.is_told(&member(first.rep.as_str()), "Your phone is not rung for this call any more").await;
    assert_eq!(office.stage.slack.whispers().len(), 2);
}

on_both! {
    of_two_who_take_one_call_at_once_one_has_it,
    who_declines_on_the_card_is_hung_up_and_told_once,
}
