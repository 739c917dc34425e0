//! A call that is accepted by a button, where a key would do.

use super::play::Play;
use crate::eventually::{eventually, found};
use crate::town::Caller;
use baton::connectors::http::{ApiCall, Does};
use baton::store::AuditQuery;
use baton_core::domain::id::LeadId;
use baton_core::handoff::Stage;
use baton_sandbox::voice::RepManner;
use reqwest::Method;
use std::time::Duration;

/// The page that the card of a ringing phone leads to.
struct Button<'p> {
    play: &'p Play,
    token: String,
}

impl<'p> Button<'p> {
    /// As it stands in the chat.
    async fn on_the_card(play: &'p Play) -> Self {
        let token = found("a card with the button", || async {
            let cards = play.stage.slack.messages();
            let text: String = cards.iter().map(|card| format!("{} {}", card.text, card.blocks)).collect();
            let (before, _) = text.split_once("/accept")?;
            Some(before.rsplit_once("/feedback/")?.1.to_owned())
        });
        Self { play, token: token.await }
    }

    async fn is_looked_at(&self) -> (u16, String) {
        self.play.page(&["feedback", &self.token, "accept"]).await
    }

    async fn is_pressed_for(&self, leg: &str) -> (u16, String) {
        let press = ApiCall::new("press", Does::Write, Method::POST, &["feedback", &self.token, "accept"]);
        let answer = self.play.send(press.form(vec![("leg", leg.to_owned())])).await;
        (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
    }
}

async fn until_stage(play: &Play, lead: &LeadId, what: &str, is: impl Fn(&Stage) -> bool) {
    eventually(what, || async { is(&play.handoff(lead).await.stage) }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_card_of_a_ringing_phone_leads_to_a_button_that_stands_for_the_key() {
    // Every step has its time, however slow the machine.
    let play = Play::begin_under(|rules| {
        let terms = &mut rules.handoff;
        (terms.patience, terms.bridge_within) = (Duration::from_secs(600), Duration::from_secs(900));
        (terms.ring_timeout, terms.accept_within) = (Duration::from_secs(300), Duration::from_secs(300));
        terms.join_within = Duration::from_secs(300);
    })
    .await;
    let by_hand = play.tells_by_hand();
    let caller = Caller::live(1).reps(&[RepManner::Accepts { after: Duration::from_secs(1) }]);
    let lead = play.call(&caller).await;
    play.until_rung(1).await;
    let ring = play.accepted("voice", "ring").remove(0);
    let leg = ring["leg"].as_str().expect("a leg");
    let button = Button::on_the_card(&play).await;
    let (status, page) = button.is_looked_at().await;
    assert!(status == 200 && page.contains("Accept") && page.contains(leg), "{status} {page}");
    let (status, page) = button.is_pressed_for(leg).await;
    assert!(
        status == 409 && page.contains("Pick up first"),
        "nobody is joined with a phone that rings: {status} {page}"
    );

    by_hand.tell(caller.call(), Some(leg), "answered").await;
    until_stage(&play, &lead, "the whisper", |stage| matches!(stage, Stage::Briefing { .. })).await;
    let another = format!("{leg}9");
    for other in [another.as_str(), "no leg at all"] {
        let (status, _) = button.is_pressed_for(other).await;
        assert!([409, 422].contains(&status), "{other}: {status}");
    }
    until_stage(&play, &lead, "the whisper still", |stage| matches!(stage, Stage::Briefing { .. })).await;
    let (status, page) = button.is_pressed_for(leg).await;
    assert!(status == 200 && page.contains("You take the call"), "{status} {page}");
    until_stage(&play, &lead, "the join", |stage| matches!(stage, Stage::Joining { .. })).await;
    let (status, page) = button.is_pressed_for(leg).await;
    assert!(status == 409 && page.contains("There is nothing to accept"), "once is enough: {status} {page}");
    by_hand.tell(caller.call(), Some(leg), "joined").await;
    let record = play.until(&lead, "connected").await;
    assert_eq!(record.owner, play.handoff(&lead).await.legs[0].rep, "whoever took it");
    let told = AuditQuery { subject: Some(lead.to_string()), ..AuditQuery::default() };
    let told = play.running.store.audit_find(&told, 9).await.expect("the audit");
    let told: Vec<_> = told.iter().map(|entry| (entry.actor.as_str(), entry.act.as_str())).collect();
    assert_eq!(told, [(format!("rep {}", record.owner).as_str(), "call.accept")], "told once, of four tries");
    let (status, page) = button.is_looked_at().await;
    assert!(status == 409 && page.contains("There is nothing to accept"), "{status} {page}");
}
