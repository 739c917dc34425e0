//! Vendors that have stopped answering: one decision waits for each, and those after it wait for none.

use crate::eventually::found;
use crate::store::server::{Db, sqlite_in};
use crate::store::tx::reads;
use crate::town;
use async_trait::async_trait;
use baton::app::Running;
use baton::connectors::{AccountKeys, BookRequest, Booked, Calendar, Crm, CrmLead, CrmRef, VendorError};
use baton::outbox::Vendors;
use baton_clock::SharedClock;
use baton_core::domain::account::Records;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::effect::Class;
use baton_core::domain::rep::Busy;
use baton_core::domain::text::CallerText;
use baton_core::routing::decision::Decision;
use baton_core::routing::reason::NotKnown;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A CRM, and a calendar, that takes whatever is sent and answers nothing.
struct BlackHole;

impl BlackHole {
    async fn answers<T>() -> T {
        std::future::pending().await
    }
}

#[async_trait]
impl Crm for BlackHole {
    fn vendor(&self) -> &'static str {
        "crm"
    }
    async fn find(&self, _keys: &AccountKeys) -> Result<Records, VendorError> {
        Self::answers().await
    }
    async fn write_lead(&self, _lead: &CrmLead) -> Result<CrmRef, VendorError> {
        Self::answers().await
    }
    fn write_class(&self) -> Class {
        Class::Repeatable
    }
    async fn owner_of(&self, _crm_id: &str) -> Result<Option<CrmId>, VendorError> {
        Self::answers().await
    }
    async fn check(&self) -> Result<(), VendorError> {
        Self::answers().await
    }
}

#[async_trait]
impl Calendar for BlackHole {
    fn vendor(&self) -> &'static str {
        "calendar"
    }
    async fn busy(
        &self,
        _calendars: &[String],
        _from: DateTime<Utc>,
        _until: DateTime<Utc>,
    ) -> Result<BTreeMap<String, Result<Vec<Busy>, String>>, VendorError> {
        Self::answers().await
    }
    async fn absences(
        &self,
        _calendars: &[String],
        _from: DateTime<Utc>,
        _until: DateTime<Utc>,
    ) -> BTreeMap<String, Vec<Busy>> {
        Self::answers().await
    }
    async fn book(&self, _request: &BookRequest) -> Result<Booked, VendorError> {
        Self::answers().await
    }
    async fn move_to(&self, _id: &str, _request: &BookRequest) -> Result<Booked, VendorError> {
        Self::answers().await
    }
    async fn cancel(&self, _calendar: &str, _id: &str, _words: &CallerText) -> Result<(), VendorError> {
        Self::answers().await
    }
    async fn check(&self) -> Result<(), VendorError> {
        Self::answers().await
    }
}

/// One caller after the other, who has hung up: for west.
async fn decides(worker: &Running, db: &Db, clock: &SharedClock, number: usize) -> Decision {
    let caller = town::Caller::gone(number * 3);
    worker.decider.take(vec![town::inbox(&caller.event, clock.now())]).await.expect("the event is taken");
    let lead = caller.lead();
    found("the lead is decided", || async {
        reads!(db.store, [lead], |tx| tx.decision(&lead).await).await.expect("the database answers")
    })
    .await
}

fn told(decision: &Decision) -> Vec<String> {
    decision.degraded.iter().map(NotKnown::in_words).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vendors_that_answer_nothing_are_waited_for_once() {
    let folder = town::founded(2);
    let db = Db::open(sqlite_in(folder.path())).await;
    let clock: SharedClock = town::clock(1);
    let worker = town::worker_of(folder.path(), &db.store, &clock, |setup| {
        let (crm, calendar): (Arc<dyn Crm>, Arc<dyn Calendar>) = (Arc::new(BlackHole), Arc::new(BlackHole));
        setup.vendors = Vendors { crm: Some(crm), calendar: Some(calendar), ..Vendors::default() };
        setup.limits.facts_within_ms = 50;
    })
    .await;
    let first = told(&decides(&worker, &db, &clock, 1).await);
    let is_late = |vendor: &str| first.iter().any(|one| one.contains(&format!("{vendor} did not answer within 50 ms")));
    assert!(is_late("crm") && is_late("calendar"), "{first:?}");
    for number in 2..=4 {
        let later = told(&decides(&worker, &db, &clock, number).await);
        let why = "crm has stopped answering and is not waited for";
        assert!(later.iter().any(|one| one.contains(why)), "{later:?}");
    }
    worker.stop().await;
}
