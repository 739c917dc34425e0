//! Whoever calls again: where no CRM knows them, or none has indexed the first call yet, our own leads say whose caller it is.

use crate::eventually::found;
use crate::program::edit;
use crate::store::server::{Db, sqlite_in};
use crate::store::tx::reads;
use crate::town::{self, Caller};
use async_trait::async_trait;
use baton::connectors::{AccountKeys, Crm, CrmLead, CrmRef, VendorError};
use baton::intake::event::lead_id;
use baton::outbox::Vendors;
use baton_clock::SharedClock;
use baton_core::domain::account::Records;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::effect::Class;
use serde_json::json;
use std::sync::Arc;

/// A CRM that takes every lead and finds none of them.
struct NotYetIndexed;

#[async_trait]
impl Crm for NotYetIndexed {
    fn vendor(&self) -> &'static str {
        "crm"
    }
    async fn find(&self, _keys: &AccountKeys) -> Result<Records, VendorError> {
        Ok(Records::default())
    }
    async fn write_lead(&self, lead: &CrmLead) -> Result<CrmRef, VendorError> {
        Ok(CrmRef { id: lead.key.clone(), url: None, owner_crm_id: lead.owner_crm_id.clone(), by_hand: false })
    }
    fn write_class(&self) -> Class {
        Class::Repeatable
    }
    async fn owner_of(&self, _crm_id: &str) -> Result<Option<CrmId>, VendorError> {
        Ok(None)
    }
    async fn check(&self) -> Result<(), VendorError> {
        Ok(())
    }
}

/// Who gets two calls of one person. By turn the second would go to the next rep.
async fn owners(vendors: Vendors) -> Vec<String> {
    let folder = town::founded(2);
    edit(folder.path(), "rules/routing.yaml", "existing: account_owner", "existing: lead_owner");
    let db = Db::open(sqlite_in(folder.path())).await;
    let clock: SharedClock = town::clock(1);
    let worker = town::worker_with(vendors, folder.path(), &db.store, &clock).await;
    let (first, mut again) = (Caller::gone(3).event, Caller::gone(3).event);
    again["id"] = json!("evt-again");
    again["data"]["call"]["id"] = json!("call-again");
    let mut owners = Vec::new();
    for event in [first, again] {
        worker.decider.take(vec![town::inbox(&event, clock.now())]).await.expect("the event is taken");
        let lead = lead_id("town", event["id"].as_str().expect("an id"));
        let decision = found("the lead is decided", || async {
            reads!(db.store, [lead], |tx| tx.decision(&lead).await).await.expect("the database answers")
        });
        owners.push(decision.await.plan.owner.to_string());
    }
    worker.stop().await;
    owners
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_calls_again_without_a_crm_gets_the_same_rep() {
    assert_eq!(owners(Vendors::default()).await, ["west-01", "west-01"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_calls_again_before_the_crm_knows_them_gets_the_same_rep() {
    let crm: Arc<dyn Crm> = Arc::new(NotYetIndexed);
    assert_eq!(owners(Vendors { crm: Some(crm), ..Vendors::default() }).await, ["west-01", "west-01"]);
}
