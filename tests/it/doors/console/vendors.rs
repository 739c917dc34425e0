//! Vendors in the console: what a worker knows of them, without a word of theirs.

use super::visitor::{Office, secret};
use crate::store::server::{Db, on_both};
use crate::store::tx::writes;
use crate::town;
use baton::app::doctor;
use baton::app::stage::StandIns;
use baton::connectors::VendorError;
use baton::outbox::Vendors;
use baton_clock::{Clock as _, SharedClock};
use chrono::TimeDelta;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

on_both! {
    vendors_are_shown_by_class_and_lane_and_in_none_of_their_words,
}

async fn vendors_are_shown_by_class_and_lane_and_in_none_of_their_words(db: Db) {
    let (office, running) = Office::open(db, true, true).await;
    let viewer = office.signs_in(secret("viewer"));
    let page = viewer.page("/console/vendors");
    for lane in ["timers", "calls", "calendar", "chat", "crm", "mail", "texts", "events"] {
        assert!(page.contains(&format!("<th scope=\"row\">{lane}</th>")), "{lane}: {page}");
    }
    assert!(!page.contains("Accounts that all workers leave alone"), "{page}");

    let refused = VendorError::NeedsPerson { vendor: "acme", why: "<b>Ana</b> is locked".to_owned() };
    assert_eq!(refused.counted().class(), "needs_person");
    let until = town::clock(20).now() + TimeDelta::hours(6);
    let rests = BTreeMap::from([("0123456789abcdef".to_owned(), until)]);
    writes!(office.db.store, [rests], |tx| tx.budgets_rest(&rests).await).await.expect("they are told");
    let clock = town::clock(20) as SharedClock;
    let stage = StandIns::open(Arc::clone(&clock)).await.expect("the stand-ins");
    let vendors = Vendors { mailer: stage.vendors().expect("clients").mailer, ..Vendors::default() };
    let question = doctor::questions(&vendors).pop().expect("a mail server that can be asked");
    let (_stop, stopping) = watch::channel(false);
    let asks = tokio::time::timeout(Duration::from_secs(20), question.ask_until_well(clock, stopping));
    asks.await.expect("it is well");

    let page = viewer.page("/console/vendors");
    assert!(page.contains("<th scope=\"row\">acme</th>") && page.contains("needs person: "), "{page}");
    assert!(!page.contains("Ana") && page.contains("mail: ready"), "{page}");
    assert!(page.contains("0123456789ab… until 2026-11-23 16:0"), "{page}");
    assert!(viewer.page("/console/vendors?lang=es").contains("Proveedores"));
    running.stop().await;
}
