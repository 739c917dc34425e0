//! The CRM clients against their stand-ins over HTTP, one test per thing that can happen; every exchange is held against
//! the vendor's contract.

mod hubspot;
mod mirror;
mod salesforce;

use baton::connectors::{AccountKeys, Crm, CrmLead, CrmRef, CrmTask, TaskKind, VendorError};
use baton_clock::FakeClock;
use baton_core::domain::text::RepText;
use baton_sandbox::{Fault, World};
use std::sync::Arc;

use crate::vendors::contract::check_all;

const NOW: &str = "2026-11-23T09:00:00Z";

/// A client, its vendor's stand-in, and the handle on what that holds. At its end nothing has happened twice, and nothing that
/// was said or answered breaks the contract.
struct Bench<C: Crm, S> {
    world: Arc<World>,
    clock: Arc<FakeClock>,
    crm: C,
    state: S,
}

impl<C: Crm, S> Bench<C, S> {
    async fn write(&self, lead: &CrmLead) -> Result<CrmRef, VendorError> {
        self.crm.write_lead(lead).await
    }

    /// It is not written, and a person hears why.
    async fn needs_person(&self, lead: &CrmLead, told: &str) {
        let error = self.write(lead).await.unwrap_err();
        assert!(matches!(&error, VendorError::NeedsPerson { why, .. } if why.contains(told)), "{error}");
    }

    fn arm(&self, operation: &str, fault: Fault) {
        self.world.arm(self.crm.vendor(), operation, fault, 1);
    }

    /// How many effects of a kind the vendor carried out.
    fn accepted(&self, kind: &str) -> usize {
        self.world.accepted().iter().filter(|effect| effect.kind == kind).count()
    }
}

impl<C: Crm, S> Drop for Bench<C, S> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.world.duplicates().is_empty(), "{:?}", self.world.duplicates());
            assert!(check_all(self.crm.vendor(), &self.world.exchanges()) > 0, "no exchange was looked at");
        }
    }
}

#[track_caller]
fn class(outcome: &Result<CrmRef, VendorError>) -> &'static str {
    match outcome {
        Ok(_) => "done",
        Err(error) => error.class(),
    }
}

fn lead(owner: &str) -> CrmLead {
    CrmLead {
        key: "5f1c9a".to_owned(),
        first_name: Some("Dana".to_owned()),
        last_name: "Whitfield".to_owned(),
        company: "Northwind Foods".to_owned(),
        email: Some("dana@northwind.example".to_owned()),
        phone: Some("+14155550142".to_owned()),
        title: Some("Head of Operations".to_owned()),
        country: Some("US".to_owned()),
        state: Some("CA".to_owned()),
        postal: Some("94107".to_owned()),
        city: Some("San Francisco".to_owned()),
        owner_crm_id: Some(owner.into()),
        owner_email: None,
        keeps_owner: false,
        yields_owner: false,
        is_new: false,
        description: RepText("Wants 40 seats <soon> & asked \"how much?\"\nBudget: open".to_owned()),
        task: Some(CrmTask {
            key: "5f1c9a07".to_owned(),
            subject: "Call Dana Whitfield".to_owned(),
            body: RepText("Promised for 10:00".to_owned()),
            due_at: "2026-11-23T18:00:00Z".parse().unwrap(),
            kind: TaskKind::Call,
            done: false,
        }),
    }
}

fn by_email(email: &str) -> AccountKeys {
    AccountKeys { email: Some(email.to_owned()), ..AccountKeys::default() }
}
