//! The link in a briefing: looking has no effect, sending records, and only the holder of a good link may speak.

use super::play::Play;
use crate::store::tx::reads;
use crate::town::Caller;
use baton::connectors::http::{ApiCall, Does};
use baton::store::JournalLine;
use baton::web::LinkSigner;
use baton_clock::Clock;
use baton_core::domain::id::LeadId;
use baton_core::domain::outcome::Feedback;
use baton_core::routing::ledger::{Cause, EntryKind};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;

struct Linked {
    play: Play,
    lead: LeadId,
    token: String,
}

impl Linked {
    /// A lead whose rep has been sent a link by mail.
    async fn begin() -> Self {
        let (play, lead) = Play::of(&Caller::gone(1)).await;
        play.ends(&lead, "callback").await;
        let mails = play.stage.smtp.mails();
        let text = mails.iter().find_map(|mail| mail.text.split_once("/feedback/")).expect("a mail with a link").1;
        let token = text.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
        Self { play, lead, token }
    }

    async fn get(&self, token: &str) -> u16 {
        self.play.send(ApiCall::get("feedback", &["feedback", token])).await.status
    }

    /// That east-02 should have had it.
    async fn post(&self, token: &str) -> u16 {
        let form = [("quality", "2"), ("completeness", "4"), ("misroute", "procedural"), ("right_rep", "east-02")];
        self.fill_in(token, &[&form[..], &[("note", "a partner")]].concat()).await.0
    }

    async fn send(&self, form: &[(&'static str, &str)]) -> (u16, String) {
        self.fill_in(&self.token, form).await
    }

    async fn fill_in(&self, token: &str, form: &[(&'static str, &str)]) -> (u16, String) {
        let form = form.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let post = ApiCall::new("feedback", Does::Write, Method::POST, &["feedback", token]).form(form);
        let answer = self.play.send(post).await;
        (answer.status, String::from_utf8(answer.body).expect("a page"))
    }

    async fn recorded(&self) -> Vec<Feedback> {
        let lead = &self.lead;
        reads!(self.play.running.store, [lead], |tx| tx.feedbacks(&lead).await).await.expect("the feedback")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looking_at_the_form_records_nothing_and_sending_it_does() {
    let linked = Linked::begin().await;
    assert_eq!(linked.get(&linked.token).await, 200);
    assert_eq!(linked.recorded().await, []);
    assert_eq!(linked.post(&linked.token).await, 200);
    let recorded = linked.recorded().await;
    assert_eq!(recorded.len(), 1);
    assert_eq!((recorded[0].quality, recorded[0].completeness), (Some(2), Some(4)));
    let misroute = recorded[0].misroute.as_ref().expect("a misroute");
    assert_eq!(misroute.right_rep.as_ref().map(|rep| rep.as_str()), Some("east-02"));
    // Who was named has the lead, its promise and its record, and is told.
    let right = "east-02";
    let record = linked.play.lead(&linked.lead).await;
    assert_eq!((record.owner.as_str(), record.next_step.owner.as_str()), (right, right));
    linked.play.until_quiet().await;
    let rules = std::sync::Arc::clone(&linked.play.running.reload.current().borrow().rules);
    let rep = &rules.reps[&record.owner];
    let in_crm = linked.play.stage.salesforce.leads()[0]["OwnerId"].as_str().expect("an owner").to_owned();
    assert!(in_crm.starts_with(rep.crm_id.as_ref().expect("an id").as_str()), "{in_crm}");
    let told = || {
        let mails = linked.play.stage.smtp.mails();
        mails.iter().filter(|mail| mail.to.contains(&rep.email)).count()
    };
    assert_eq!(told(), 1, "the right rep has the briefing");
    // The wrong person does not pay for it, and nobody is told anew, however often it is said.
    assert_eq!(linked.post(&linked.token).await, 200);
    linked.play.until_quiet().await;
    assert_eq!(told(), 1);
    let journal = linked.play.journal().await;
    let corrected = |line: &&JournalLine| match &line.entry.kind {
        EntryKind::Moved { cause, .. } => *cause == Some(Cause::Misrouted),
        EntryKind::Undone { cause, .. } => *cause == Cause::Misrouted,
        EntryKind::Turn { .. } | EntryKind::Granted { .. } => false,
    };
    assert_eq!(journal.iter().filter(corrected).count(), 1, "{journal:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_to_all_of_a_reps_leads_goes_to_the_rep_alone() {
    let linked = Linked::begin().await;
    linked.play.until_quiet().await;
    let stage = &linked.play.stage;
    let mails = stage.smtp.mails();
    let text = mails.iter().find_map(|mail| mail.text.split_once("/my/")).expect("a mail with the link").1;
    let token: String = text.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    let (status, page) = linked.play.page(&["my", &token]).await;
    assert!(status == 200 && page.contains("Caller No 1"), "{page}");
    let cards = stage.slack.messages();
    assert!(!cards.is_empty(), "there are cards");
    for card in &cards {
        let is_between_two = card.channel.starts_with(['U', 'W', 'D']);
        assert_eq!(card.blocks.to_string().contains("/my/"), is_between_two, "{}: {}", card.channel, card.blocks);
    }
    for exchange in stage.world.exchanges().iter().filter(|exchange| exchange.vendor == "salesforce") {
        let sent = String::from_utf8_lossy(&exchange.request_body);
        assert!(!sent.contains("/my/"), "others read it there: {sent}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meeting_to_which_nobody_came_costs_no_turn() {
    let (play, lead) = Play::of(&Caller::gone(1)).await;
    play.until(&lead, "callback").await;
    let owner = play.lead(&lead).await.owner;
    // Told twice, as a CRM does whose webhook was answered late.
    for id in ["no-show", "no-show-again"] {
        let data = json!({ "lead": lead, "kind": "no_show", "at": play.clock.now() });
        let event =
            json!({ "specversion": "1.0", "id": id, "source": "crm", "type": "outcome.recorded", "data": data });
        play.post_raw(&event).await;
    }
    play.until_quiet().await;
    let lines = play.journal().await.into_iter().filter(|line| line.lead.as_ref() == Some(&lead));
    let undone = lines.filter_map(|line| match line.entry.kind {
        EntryKind::Undone { payer, cause, .. } => Some((payer, cause)),
        EntryKind::Turn { .. } | EntryKind::Moved { .. } | EntryKind::Granted { .. } => None,
    });
    assert_eq!(undone.collect::<Vec<_>>(), [(owner, Cause::NoShow)]);
    for (pool, ledger) in play.ledgers().await {
        assert!(ledger.balances.values().all(|balance| *balance == 0), "{pool}: it is as if the lead had not been");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_and_expired_links_are_refused() {
    let linked = Linked::begin().await;
    let rep = linked.play.lead(&linked.lead).await.owner;
    let now = linked.play.clock.now();
    let token =
        |signer: &LinkSigner, at| signer.url(&linked.lead, &rep, at).rsplit('/').next().expect("a token").to_owned();
    let forged = token(&LinkSigner::new("another secret", "http://x.example", 30), now);
    let expired = token(&linked.play.links, now - TimeDelta::days(31));
    let cut = linked.token[..linked.token.len() - 3].to_owned();
    for refused in [forged, expired, cut] {
        assert_eq!(linked.get(&refused).await, 403);
        assert_eq!(linked.post(&refused).await, 403);
    }
    assert_eq!(linked.recorded().await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_refused_keeps_what_was_written_and_says_why_in_words_of_the_page() {
    let linked = Linked::begin().await;
    let long = "n".repeat(2001);
    let refused: [(&[(&'static str, &str)], &str); 6] = [
        (&[], "Nothing is filled in yet"),
        (&[("quality", "9"), ("note", "kept")], "Please choose a number from 1 to 5"),
        (&[("quality", "2"), ("right_rep", "east-02"), ("note", "kept")], "Please also say what went wrong"),
        (
            &[("quality", "2"), ("misroute", "procedural"), ("right_rep", "Mx <Nobody>"), ("note", "kept")],
            "Nobody here is called",
        ),
        (
            &[("quality", "2"), ("misroute", "clerical"), ("right_rep", "rep east"), ("note", "kept")],
            "Please choose one of them below",
        ),
        (&[("quality", "2"), ("note", &long)], "2001 characters, and 2000 fit"),
    ];
    for (form, why) in refused {
        let (status, page) = linked.send(form).await;
        assert_eq!(status, 422, "{form:?}");
        assert!(page.contains(why) && page.contains("<form method=\"post\">"), "{form:?}: {page}");
        for (name, value) in form {
            let escaped = value.replace('<', "&lt;").replace('>', "&gt;");
            let kept = match *name {
                "quality" if *value == "9" => continue,
                "quality" => page.contains(&format!("name=\"quality\" value=\"{value}\" checked")),
                "misroute" => page.contains(&format!("<option value=\"{value}\" selected>")),
                "right_rep" => page.contains(&format!("placeholder=\"Type a name\" value=\"{escaped}\"")),
                _ => page.contains(&format!("\n{escaped}</textarea>")),
            };
            assert!(kept, "{name} is lost: {page}");
        }
        assert!(!page.contains("right_rep is") && !page.contains("misroute is"), "{page}");
    }
    assert_eq!(linked.recorded().await, [], "nothing of it was stored");
    // One of those who were offered, by their radio button, beside the name that was typed.
    let form = [("misroute", "procedural"), ("right_rep", "rep east"), ("offered_rep", "east-03")];
    assert_eq!(linked.send(&form).await.0, 200);
    let misroute = linked.recorded().await.remove(0).misroute.expect("a misroute");
    assert_eq!(misroute.right_rep.expect("a right rep").as_str(), "east-03");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_link_fills_no_database() {
    let linked = Linked::begin().await;
    let mut taken = 0;
    for _ in 0..25 {
        match linked.send(&[("quality", "5")]).await {
            (200, _) => taken += 1,
            (403, page) => assert!(page.contains("What was said last counts"), "{page}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((taken, linked.recorded().await.len()), (20, 20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_gives_its_address_to_nobody_and_runs_nothing() {
    let linked = Linked::begin().await;
    let good = linked.token.clone();
    for token in [good.as_str(), "forged.link"] {
        let answer = linked.play.send(ApiCall::get("feedback", &["feedback", token])).await;
        let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert_eq!(header("referrer-policy"), "no-referrer", "{token}");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let policy = header("content-security-policy");
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
            "base-uri 'none'",
            "style-src 'sha256-",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        let page = String::from_utf8(answer.body).expect("a page");
        assert!(!page.contains("<script") && !page.contains(" style=") && !page.contains("src="), "{page}");
    }
}
