//! Reps and the quarantine in the console: what is seen of them, and what is done about them.

use super::visitor::{HOSTILE, Office, secret};
use crate::eventually::eventually;
use crate::store::server::{Db, on_both};
use crate::town::Caller;
use baton::store::AuditQuery;

on_both! {
    reps_are_judged_as_decisions_judge_them_and_set_away_in_the_name_of_whoever_signed_in,
    what_was_put_aside_is_replayed_or_dropped_with_a_reason,
}

/// Who did what about it, the newest first.
async fn acts(office: &Office, subject: &str) -> Vec<(String, String)> {
    let query = AuditQuery { subject: Some(subject.to_owned()), ..AuditQuery::default() };
    let entries = office.db.store.audit_find(&query, 10).await.expect("the audit");
    entries.into_iter().map(|entry| (entry.actor, entry.act)).collect()
}

async fn reps_are_judged_as_decisions_judge_them_and_set_away_in_the_name_of_whoever_signed_in(db: Db) {
    let (office, running) = Office::open(db, true, true).await;
    let lead = office.brings_markup(1);
    let owner = office.owner(&lead).await;
    let other = if owner.as_str() == "east-01" { "east-02" } else { "east-01" };
    let viewer = office.signs_in(secret("viewer"));
    let page = viewer.page("/console/reps?q=east");
    for rep in [owner.as_str(), other] {
        assert!(page.contains(&format!("href=\"/console/reps/{rep}\"")), "{rep}: {page}");
    }
    assert!(page.contains("<strong>Available</strong>") && !page.contains("/console/reps/west-01"), "{page}");
    let none = viewer.page("/console/reps?q=%3Cscript%3Ealert(1)");
    assert!(none.contains("No rep was found.") && !none.contains("<script>alert"), "{none}");

    let page = viewer.page(&format!("/console/reps/{owner}"));
    assert!(!page.contains("/away\"") && !page.contains("/back\""), "who may not is offered nothing: {page}");
    assert!(!page.contains("<script>alert") && !page.contains("<img") && page.contains("&lt;script&gt;"), "{page}");
    for part in
        ["<strong>Available</strong>", "00:00–00:00", "pays one turn in east", "callback", "no calendar is configured"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains(&format!("href=\"/console/leads/{lead}\"")), "what it owes, and what moved it: {page}");
    assert_eq!(viewer.sees("/console/reps/nobody.here").status, 404);
    assert!(viewer.page(&format!("/console/reps/{owner}?lang=de")).contains("Vertriebsleute"));

    let (address, ops) = (format!("/console/reps/{other}"), office.signs_in(secret("ops")));
    let wrong = ops.sends(&format!("{address}/away"), &[("for", "for ever")]);
    assert!(wrong.status == 400 && wrong.body.contains("allowed: a span such as 30m"), "{wrong:?}");
    let away = ops.sends(&format!("{address}/away"), &[("for", " 2 H")]);
    assert!(away.status == 303 && away.head.contains(&format!("location: {address}?done=1")), "{away:?}");
    let page = ops.page(&address);
    assert!(page.contains("<dd>away</dd>") && page.contains("Away until Mon 23 Nov"), "{page}");
    // It is the other's turn, and they are passed over.
    let next = office.brings(&Caller::gone(4).event);
    assert_eq!(office.owner(&next).await, owner);
    let back = ops.sends(&format!("{address}/back"), &[]);
    assert_eq!(back.status, 303, "{back:?}");
    let page = ops.page(&address);
    assert!(page.contains("<strong>Available</strong>") && !page.contains("Away until"), "{page}");
    let told = ("token ops".to_owned(), "rep.presence".to_owned());
    assert_eq!(acts(&office, other).await, [told.clone(), told], "nothing is told of what was refused");
    running.stop().await;
}

async fn what_was_put_aside_is_replayed_or_dropped_with_a_reason(db: Db) {
    let (office, running) = Office::open(db, true, true).await;
    office.brings(&Caller::gone(1).event);
    for number in [8, 9] {
        let aside = format!(
            "INSERT INTO inbox (key, kind, body, received_at, state, error) SELECT 'town/a evt-{number}', 'lead.qualified', \
             body, {number}, 'quarantined', 'no <b>end</b> of it' FROM inbox WHERE state <> 'quarantined' LIMIT 1"
        );
        assert_eq!(office.db.execute(aside).await, 1);
    }
    let viewer = office.signs_in(secret("viewer"));
    let page = viewer.page("/console/quarantine");
    for part in ["town/a", "evt-8", "evt-9", "lead.qualified", "no &lt;b&gt;end&lt;/b&gt; of it", "1970-01-01"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("/console/attention/"), "who may not is offered nothing: {page}");

    let ops = office.signs_in(secret("ops"));
    let page = ops.page("/console/quarantine");
    assert!(page.contains("/console/attention/replay") && page.contains("/console/attention/close"), "{page}");
    let on = ("on", "quarantine");
    let unexplained = ops.sends("/console/attention/close", &[on, ("key", "town/a evt-9"), ("why", " ")]);
    assert!(unexplained.status == 400 && unexplained.body.contains("why is empty"), "{unexplained:?}");
    let dropped = ops.sends("/console/attention/close", &[on, ("key", "town/a evt-9"), ("why", HOSTILE)]);
    assert!(dropped.status == 303 && dropped.head.contains("location: /console/quarantine"), "{dropped:?}");
    let replayed = ops.sends("/console/attention/replay", &[on, ("key", "town/a evt-8")]);
    assert!(replayed.status == 303 && replayed.head.contains("location: /console/quarantine"), "{replayed:?}");
    eventually("it is dropped", || async { !ops.page("/console/quarantine").contains("evt-9") }).await;
    let told = |act: &str| [("token ops".to_owned(), act.to_owned())];
    assert_eq!(acts(&office, "town/a evt-9").await, told("attention.close"));
    assert_eq!(acts(&office, "town/a evt-8").await, told("quarantine.replay"));
    running.stop().await;
}
