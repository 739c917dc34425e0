//! Each call alone: an outage, a limit and a lost answer are told apart.

use super::{Bench, bench_of, lead};
use crate::vendors::crm::by_email;
use baton::connectors::crm::hubspot::HubSpot;
use baton::connectors::{AccountKeys, Crm, CrmLead, VendorError};
use baton_clock::Clock;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::text::RepText;
use baton_sandbox::Fault;
use baton_sandbox::hubspot::HubSpotState;
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet};

/// A fault of each kind, and what it means for a read and for a write.
fn faults() -> [(Fault, &'static str, &'static str); 3] {
    [
        (Fault::Unavailable, "retry", "retry"),
        (Fault::RateLimit { retry_after_s: None }, "rate_limited", "rate_limited"),
        (Fault::DropAnswer, "retry", "unknown"),
    ]
}

/// A contact of one company, beside another that is found by its domain.
async fn portal() -> (Bench<HubSpot, HubSpotState>, String) {
    let (bench, [priya]) = bench_of(["priya@acme.example"]).await;
    let company = bench.state.add("companies", &[("name", "Northwind Foods")], &[]);
    bench.state.add("companies", &[("name", "Southwind"), ("domain", "southwind.example")], &[]);
    let person = [("email", "dana@northwind.example")];
    let contact = bench.state.add("contacts", &person, &[("companies", company.as_str())]);
    bench.state.set_owner(&contact, &priya, bench.clock.now());
    (bench, contact)
}

async fn reads(bench: &Bench<HubSpot, HubSpotState>, contact: &str, what: &str) -> Result<(), VendorError> {
    let crm = &bench.crm;
    let by_domain = AccountKeys { domain: Some("southwind.example".to_owned()), ..AccountKeys::default() };
    let (now, nobody) = (bench.clock.now(), [CrmId::from("7")]);
    match what {
        "users.read" => crm.absences(&nobody, now, now + TimeDelta::days(1)).await.map(drop),
        "owners" => crm.look_up(&["7".to_owned()]).await.map(drop),
        "properties" => crm.lacks(&BTreeMap::from([("size_band".to_owned(), BTreeSet::new())])).await.map(drop),
        "companies.search" => crm.find(&by_domain).await.map(drop),
        "companies.batch_read" | "associations" => crm.find(&by_email("dana@northwind.example")).await.map(drop),
        _ => crm.owner_of(contact).await.map(drop),
    }
}

#[tokio::test]
async fn every_read_may_simply_be_repeated() {
    for (fault, class, _) in faults() {
        let (bench, contact) = portal().await;
        for what in [
            "owners",
            "users.read",
            "properties",
            "companies.search",
            "companies.batch_read",
            "associations",
            "contacts.read",
        ] {
            bench.arm(what, fault.clone());
            let failed = reads(&bench, &contact, what).await.expect_err(what);
            assert_eq!(failed.class(), class, "{what}, {fault:?}: {failed}");
        }
        bench.arm("contacts.read", fault.clone());
        let failed = bench.crm.find(&by_email("dana@northwind.example")).await.expect_err("a contact");
        assert_eq!(failed.class(), class, "{fault:?}: {failed}");
        bench.arm("contacts.read", fault.clone());
        assert_eq!(bench.crm.check().await.expect_err("a contact").class(), class, "{fault:?}");
    }
}

/// The first write meets nobody, and the second what the first has left.
#[tokio::test]
async fn every_write_whose_answer_is_lost_is_in_doubt() {
    for (fault, _, class) in faults() {
        for what in ["contacts.create", "notes.create", "tasks.create"] {
            let (bench, [priya]) = bench_of(["priya@acme.example"]).await;
            bench.arm(what, fault.clone());
            let failed = bench.write(&lead(&priya)).await.expect_err(what);
            assert_eq!(failed.class(), class, "{what}, {fault:?}: {failed}");
        }
        for what in ["contacts.update", "notes.update"] {
            let (bench, [priya]) = bench_of(["priya@acme.example"]).await;
            bench.write(&CrmLead { city: None, ..lead(&priya) }).await.expect("it is written");
            bench.arm(what, fault.clone());
            let told = RepText("Connected with Priya".to_owned());
            let failed = bench.write(&CrmLead { description: told, ..lead(&priya) }).await.expect_err(what);
            assert_eq!(failed.class(), class, "{what}, {fault:?}: {failed}");
        }
        let (bench, _) = portal().await;
        bench.arm("contacts.update", fault.clone());
        let failed = bench.crm.try_write().await.expect("it has one").expect_err("it is not tried");
        assert_eq!(failed.class(), class, "{fault:?}: {failed}");
    }
}
