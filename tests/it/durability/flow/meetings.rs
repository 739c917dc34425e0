//! The link to a meeting that its lead holds: looking has no effect, one press moves it or calls it off, once, and its rep is told.

use super::play::Play;
use crate::eventually::eventually;
use crate::store::server::{Db, sqlite_in};
use crate::town::Caller;
use baton::connectors::http::{ApiCall, Does};
use baton::outbox::FeedbackLinks;
use baton::store::AuditQuery;
use baton::web::LinkSigner;
use baton_clock::Clock;
use baton_core::domain::id::LeadId;
use baton_core::domain::outcome::NextStepKind;
use baton_core::routing::ledger::{Cause, EntryKind};
use baton_sandbox::google::SeenEvent;
use baton_sandbox::voice::RepManner;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;

struct Booked {
    play: Play,
    lead: LeadId,
    /// As it stands in the lead's calendar.
    token: String,
}

impl Booked {
    /// A lead to whom nobody picked up, and who chose a time.
    async fn begin() -> Self {
        let play = Play::begin().await;
        let caller = Caller::live(1).reps(&[RepManner::Silent]).chooses(Some(1));
        let lead = play.call(&caller).await;
        play.ends(&lead, "booked").await;
        let token = token_in(&play.stage.calendars.booked()[0].description);
        Self { play, lead, token }
    }

    fn event(&self) -> SeenEvent {
        let booked = self.play.stage.calendars.booked();
        assert_eq!(booked.len(), 1, "one meeting, whatever became of it");
        booked[0].clone()
    }

    async fn look(&self, token: &str) -> (u16, String) {
        self.play.page(&["meeting", token]).await
    }

    async fn press(&self, token: &str, act: &str, to: Option<DateTime<Utc>>) -> (u16, String) {
        let mut form = vec![("act", act.to_owned())];
        form.extend(to.map(|to| ("to", to.timestamp().to_string())));
        let press = ApiCall::new("press", Does::Write, Method::POST, &["meeting", token]).form(form);
        let answer = self.play.send(press).await;
        (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
    }

    /// The first of the times that the page offers.
    async fn offered(&self) -> DateTime<Utc> {
        let (status, page) = self.look(&self.token).await;
        assert!(status == 200 && page.contains("Move it to"), "{status} {page}");
        let (_, rest) = page.split_once("name=\"to\" value=\"").expect("a time");
        let seconds = rest.split_once('"').expect("its end").0.parse().expect("seconds");
        DateTime::from_timestamp(seconds, 0).expect("an instant")
    }

    async fn acts(&self) -> Vec<String> {
        let told = AuditQuery { subject: Some(self.lead.to_string()), ..AuditQuery::default() };
        let told = self.play.running.store.audit_find(&told, 9).await.expect("the audit");
        told.into_iter().map(|entry| entry.act).collect()
    }

    fn is_told(&self, words: &str) -> bool {
        self.play.stage.slack.messages().iter().any(|card| format!("{} {}", card.text, card.blocks).contains(words))
    }
}

fn token_in(text: &str) -> String {
    let (_, rest) = text.split_once("/meeting/").expect("a link");
    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_presses_at_once_move_a_meeting_once_and_the_link_is_used_up() {
    let booked = Booked::begin().await;
    let (before, revision) = (booked.event(), booked.play.handoff(&booked.lead).await.revision);
    let to = booked.offered().await;
    booked.play.until_quiet().await;
    assert_eq!((booked.event(), booked.play.handoff(&booked.lead).await.revision), (before.clone(), revision));

    let both =
        tokio::join!(booked.press(&booked.token, "move", Some(to)), booked.press(&booked.token, "move", Some(to)));
    let mut statuses = [both.0.0, both.1.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409], "{both:?}");
    eventually("it is moved", || async { booked.event().from == to }).await;
    booked.play.until_quiet().await;
    let event = booked.event();
    assert_eq!((event.id.as_str(), event.told), (before.id.as_str(), 1), "the same event, and its guest is told once");
    assert_eq!((booked.play.accepted("google", "book").len(), booked.play.accepted("google", "move").len()), (1, 1));
    let record = booked.play.lead(&booked.lead).await;
    assert_eq!((record.status.as_str(), record.next_step.at), ("booked", to));
    assert!(booked.is_told("Meeting moved"), "its rep knows");
    let [task] = &booked.play.stage.salesforce.tasks()[..] else { panic!("one task of one meeting") };
    assert_eq!(task["ActivityDate"], to.date_naive().to_string(), "it has the new time");
    let confirmed = booked.play.stage.smtp.mails().into_iter().filter(|mail| mail.text.contains("/meeting/")).count();
    assert_eq!(confirmed, 2, "the lead has a mail of each time, with a link");

    // The old link shows what came of it; the new one moves it on.
    let (status, page) = booked.look(&booked.token).await;
    assert!(status == 200 && page.contains("Your meeting was moved"), "{status} {page}");
    for (act, at) in [("move", Some(before.from)), ("call", None), ("off", None)] {
        assert_eq!(booked.press(&booked.token, act, at).await.0, 409, "{act} by a link that was used");
    }
    let (status, page) = booked.look(&token_in(&event.description)).await;
    assert!(status == 200 && page.contains("Move it to"), "{status} {page}");
    assert_eq!(booked.acts().await, ["meeting.move"]);
}

/// Whoever opens the page again and again, all at once or one after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_opened_often_asks_the_calendar_once() {
    let booked = Booked::begin().await;
    booked.play.until_quiet().await;
    let asked = || booked.play.stage.world.exchanges().iter().filter(|exchange| exchange.vendor == "google").count();
    let before = asked();
    for (status, page) in futures_util::future::join_all((0..30).map(|_| booked.look(&booked.token))).await {
        assert!(status == 200 && page.contains("Move it to"), "{status} {page}");
    }
    for _ in 0..30 {
        assert!(booked.look(&booked.token).await.1.contains("Move it to"));
    }
    // It is looked through by and by as well.
    assert!(asked() - before < 30, "{} for sixty looks", asked() - before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_that_is_taken_meanwhile_leads_to_the_others() {
    let booked = Booked::begin().await;
    let (before, to) = (booked.event(), booked.offered().await);
    booked.play.stage.calendars.add_busy(&before.calendar, to, to + TimeDelta::minutes(30));
    let (status, page) = booked.press(&booked.token, "move", Some(to)).await;
    assert!(status == 409 && page.contains("Somebody else has taken that time"), "{status} {page}");
    assert!(page.contains("Move it to") && !page.contains(&to.timestamp().to_string()), "{page}");
    assert_eq!(booked.press(&booked.token, "move", None).await.0, 422, "no time was chosen");
    booked.play.until_quiet().await;
    assert_eq!(booked.event(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_opened_again_and_again_asks_the_calendar_now_and_then() {
    let booked = Booked::begin().await;
    booked.play.until_quiet().await;
    let asked = || {
        let exchanges = booked.play.stage.world.exchanges();
        exchanges.iter().filter(|exchange| exchange.target.contains("freeBusy")).count()
    };
    let before = asked();
    for _ in 0..40 {
        let (status, page) = booked.look(&booked.token).await;
        assert!(status == 200 && page.contains("type=\"radio\""), "{status} {page}");
    }
    assert!(asked() - before < 20, "{} times", asked() - before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_calls_a_meeting_off_is_called_if_they_want_to_be() {
    let booked = Booked::begin().await;
    assert_eq!(booked.press(&booked.token, "call", None).await.0, 303);
    let record = booked.play.ends(&booked.lead, "callback").await;
    assert_eq!(record.next_step.what, NextStepKind::Callback);
    assert_eq!((booked.play.stage.calendars.booked().len(), booked.play.accepted("google", "cancel").len()), (0, 1));
    assert!(booked.is_told("Meeting called off") && booked.is_told("They are called instead"), "its rep knows");
    let (status, page) = booked.look(&booked.token).await;
    assert!(status == 200 && page.contains("will call you by"), "{status} {page}");
    assert_eq!(booked.press(&booked.token, "off", None).await.0, 409);
    assert_eq!(booked.acts().await, ["meeting.call_off"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_calls_a_meeting_off_for_good_has_closed_the_lead() {
    let booked = Booked::begin().await;
    let owner = booked.play.lead(&booked.lead).await.owner;
    assert_eq!(booked.press(&booked.token, "off", None).await.0, 303);
    let record = booked.play.ends(&booked.lead, "called_off").await;
    assert_eq!((record.owner, record.next_step.what), (owner, NextStepKind::FollowUp));
    assert!(!booked.play.handoff(&booked.lead).await.is_open());
    assert!(booked.play.stage.calendars.booked().is_empty());
    assert!(booked.is_told("They want nothing in its place"), "its rep knows");
    let [task] = &booked.play.stage.salesforce.tasks()[..] else { panic!("one task of one meeting") };
    assert_eq!(task["Status"], "Completed", "nobody goes there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meeting_that_the_calendar_does_not_give_up_is_taken_out_at_a_persons_word() {
    let booked = Booked::begin().await;
    booked.play.stage.calendars.refuse_next("events.delete", 403, "insufficientPermissions");
    assert_eq!(booked.press(&booked.token, "off", None).await.0, 303);
    booked.play.ends(&booked.lead, "called_off").await;
    let [failed] = &booked.play.failed().await[..] else { panic!("one step has failed") };
    assert_eq!((failed.kind.as_str(), booked.play.stage.calendars.booked().len()), ("cancel_meeting", 1));
    let path = ["v1", "attention", failed.effect_key.as_str(), "retry"];
    let retried = booked.play.send(ApiCall::new("retry", Does::Write, Method::POST, &path)).await;
    assert_eq!(retried.status, 200, "{}", String::from_utf8_lossy(&retried.body));
    let calendars = &booked.play.stage.calendars;
    eventually("it is taken out", || std::future::ready(calendars.booked().is_empty())).await;
}

/// Only once it has begun; and once, by whichever way it is said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_to_whose_meeting_nobody_came_has_the_turn_back() {
    let booked = Booked::begin().await;
    let record = booked.play.lead(&booked.lead).await;
    let says_so = async || {
        let now = booked.play.clock.now();
        let address = booked.play.links.url(&booked.lead, &record.owner, now);
        let token = address.rsplit('/').next().expect("a token").to_owned();
        let form = vec![("no_show", "yes".to_owned())];
        let post = ApiCall::new("feedback", Does::Write, Method::POST, &["feedback", &token]).form(form);
        (booked.play.page(&["feedback", &token]).await.1, booked.play.send(post).await.status)
    };
    let (page, status) = says_so().await;
    assert!(!page.contains("Nobody came") && status == 422, "it is to come: {status}");

    // Its time has come, as far as the database knows.
    let db = Db::open(sqlite_in(booked.play.folder.path())).await;
    db.execute(format!("UPDATE lead SET next_at = 1 WHERE id = '{}'", booked.lead)).await;
    for _ in 0..2 {
        let (page, status) = says_so().await;
        assert!(page.contains("Nobody came") && status == 200, "{status} {page}");
    }
    let lines = booked.play.journal().await.into_iter().filter(|line| line.lead.as_ref() == Some(&booked.lead));
    let undone = lines.filter_map(|line| match line.entry.kind {
        EntryKind::Undone { payer, cause, .. } => Some((payer, cause)),
        EntryKind::Turn { .. } | EntryKind::Moved { .. } | EntryKind::Granted { .. } => None,
    });
    assert_eq!(undone.collect::<Vec<_>>(), [(record.owner, Cause::NoShow)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_foreign_and_late_links_move_nothing() {
    let booked = Booked::begin().await;
    let (before, now) = (booked.event(), booked.play.clock.now());
    let stranger = LinkSigner::new("another secret", "http://baton.example", 30);
    let links = [
        token_in(&stranger.meeting_link(&booked.lead, 0, before.from)),
        token_in(&booked.play.links.meeting_link(&booked.lead, 0, now - TimeDelta::minutes(1))),
        format!("{}x", booked.token),
    ];
    for token in &links {
        assert_eq!(booked.look(token).await.0, 403);
        assert_eq!(booked.press(token, "off", None).await.0, 403);
    }
    // Ours, and of another time than the meeting's.
    let other = token_in(&booked.play.links.meeting_link(&booked.lead, 0, before.from + TimeDelta::hours(1)));
    assert_eq!(booked.press(&other, "off", None).await.0, 409);
    booked.play.until_quiet().await;
    assert_eq!(booked.event(), before);
}
