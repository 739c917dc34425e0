//! A rep's own page, as a phone without script and without an account comes to it by the link in a mail.

use super::visitor::{Office, signer};
use crate::program::served::Answered;
use crate::store::server::{Db, on_both};
use crate::town::Caller;
use baton::outbox::FeedbackLinks as _;
use baton::store::AuditQuery;
use baton_core::domain::id::RepId;
use chrono::{DateTime, TimeDelta, Utc};

on_both! {
    a_rep_rates_and_marks_their_own_leads_by_a_link_and_nobody_elses,
}

/// A link that was made so long after the office was opened.
fn link(rep: &RepId, after: TimeDelta) -> String {
    let opened: DateTime<Utc> = "2026-11-23T10:00:00Z".parse().expect("an instant");
    let link = signer().own_link(rep, opened + after);
    link.strip_prefix("http://baton.example").expect("the base, once").to_owned()
}

/// Where the forms of a page lead, as addresses of the worker.
fn forms(page: &Answered) -> Vec<String> {
    let addresses = page.body.split("action=\"..").skip(1).filter_map(|rest| rest.split('"').next());
    addresses.map(str::to_owned).collect()
}

async fn a_rep_rates_and_marks_their_own_leads_by_a_link_and_nobody_elses(db: Db) {
    let (office, running) = Office::open(db, true, true).await;
    let lead = office.brings_markup(1);
    let owner = office.owner(&lead).await;
    let own = link(&owner, TimeDelta::zero());
    let sees = |path: &str| office.ask("GET", path, "", &[]);
    let page = sees(&own);
    assert_eq!(page.status, 200, "{page:?}");
    for part in ["default-src 'none'", "form-action 'self'", "referrer-policy: no-referrer", "no-store"] {
        assert!(page.head.contains(part), "{part}: {}", page.head);
    }
    for part in ["<details>", "width=device-width", "&lt;script&gt;", "<h1>Your leads</h1>"] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert!(!page.body.contains("<script") && !page.body.contains("<img"), "{}", page.body);
    let german = sees(&format!("{own}?lang=de"));
    assert!(german.body.contains("<html lang=\"de\">") && german.body.contains("Ihre Leads"), "{german:?}");

    let forms = forms(&page);
    let rate = forms.iter().find(|address| !address.contains("/called")).expect("a form with stars");
    let called = forms.iter().find(|address| address.contains("/called")).expect("a form for a call");
    let filled = [("quality", "5"), ("completeness", ""), ("misroute", ""), ("note", "")];
    let rated = office.ask("POST", rate, "", &filled);
    // Heads are read in small letters here.
    let token = own.strip_prefix("/my/").expect("a page").to_lowercase();
    assert!(rated.status == 303 && rated.head.contains(&format!("location: ../my/{token}?done=1")), "{rated:?}");
    let page = sees(&format!("{own}?done=1"));
    assert!(page.body.contains("5/5") && page.body.contains("Done."), "{page:?}");
    let nothing = office.ask("POST", rate, "", &[("quality", ""), ("misroute", "")]);
    assert!(nothing.status == 422 && nothing.body.contains("Nothing is filled in"), "{nothing:?}");
    let marked = office.ask("POST", called, "", &[]);
    assert!(marked.status == 303 && marked.head.contains(&format!("location: ../../my/{token}?done=1")), "{marked:?}");
    let of_lead = AuditQuery { subject: Some(lead.clone()), ..AuditQuery::default() };
    let entries = office.db.store.audit_find(&of_lead, 10).await.expect("the audit");
    let told: Vec<(String, &str)> = entries.iter().map(|entry| (entry.actor.clone(), entry.act.as_str())).collect();
    let by = format!("rep {owner}");
    assert_eq!(told, [(by.clone(), "contact.record"), (by, "feedback.record")]);

    let elsewhere = office.brings(&Caller::gone(3).event);
    let page = sees(&own);
    assert!(!page.body.contains("Caller No 3"), "{elsewhere} is another's: {page:?}");
    let stranger = sees(&link(&RepId::new("somebody.else").expect("an id"), TimeDelta::zero()));
    assert_eq!(stranger.status, 403, "{stranger:?}");
    let expired = sees(&link(&owner, TimeDelta::days(-31)));
    assert!(expired.status == 403 && expired.body.contains("expired"), "{expired:?}");
    for path in ["/my/x".to_owned(), own.replacen("/my/", "/feedback/", 1), own.replacen("/my/", "/my/A", 1)] {
        assert_eq!(sees(&path).status, 403, "{path}");
    }
    assert_eq!(office.ask("POST", &own, "", &[]).status, 405, "nothing is changed here");
    running.stop().await;
}
