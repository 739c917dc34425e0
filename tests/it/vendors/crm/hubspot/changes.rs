//! What has changed of companies, as the search tells it, and what is open of them.

use super::bench_of;
use baton::connectors::{AccountKeys, Counts, Crm};
use baton_clock::Clock;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::lead::FieldValue;
use baton_sandbox::Fault;
use chrono::TimeDelta;
use std::collections::BTreeSet;
use std::time::Duration;

const ALL: Counts = Counts { opportunities: true, cases: true };

fn ids(ids: &[&String]) -> BTreeSet<CrmId> {
    ids.iter().map(|id| CrmId::from(id.as_str())).collect()
}

#[tokio::test]
async fn what_has_changed_is_told_page_by_page() {
    let (bench, [priya]) = bench_of(["priya@acme.example"]).await;
    let companies: Vec<String> = (0..4).map(|_| bench.state.add("companies", &[("name", "Acme")], &[])).collect();
    let deal = bench.state.add("deals", &[("hs_is_closed", "false")], &[("companies", companies[1].as_str())]);
    let ticket = bench.state.add("tickets", &[], &[("companies", companies[2].as_str())]);
    let before = bench.clock.now();
    bench.clock.advance(Duration::from_secs(60));
    let now = bench.clock.now();
    bench.state.change("companies", &companies[0], &[("hubspot_owner_id", priya.as_str())], now);
    bench.state.change("deals", &deal, &[("amount", "500")], now);
    bench.state.change("tickets", &ticket, &[("subject", "It is down")], now);
    let told = bench.crm.changes(before, now, ALL).await.unwrap();
    assert_eq!(told.accounts, ids(&[&companies[0], &companies[1], &companies[2]]));
    assert!(told.gone.is_empty());
    assert_eq!(told.until, now - TimeDelta::minutes(2), "the index lags");
    let without = bench.crm.changes(before, now, Counts::default()).await.unwrap();
    assert_eq!(without.accounts, ids(&[&companies[0], &companies[1]]));

    let many: Vec<String> = (0..201).map(|_| bench.state.add("companies", &[("name", "Many")], &[])).collect();
    many.iter().for_each(|id| bench.state.change("companies", id, &[("country", "Peru")], now));
    let told = bench.crm.changes(before, now, Counts::default()).await.unwrap();
    assert_eq!(told.accounts.len(), 203);
}

#[tokio::test]
async fn companies_that_changed_are_read_with_what_is_open_of_them() {
    let (bench, [ana, ben]) = bench_of(["ana@x.example", "ben@x.example"]).await;
    bench.state.add_property("companies", "total_revenue", "number");
    let company = [("name", "Acme"), ("hubspot_owner_id", ana.as_str()), ("total_revenue", "40.5")];
    let acme = bench.state.add("companies", &company, &[]);
    let gone = bench.state.add("companies", &[("name", "Gone")], &[]);
    bench.state.archive("companies", &gone);
    for (closed, owner, amount, stage, at) in [
        ("false", ben.as_str(), "1000", "proposal", "2026-06-01T00:00:00Z"),
        ("false", ana.as_str(), "500.5", "first_call", "2026-01-01T00:00:00Z"),
        ("true", ana.as_str(), "9000", "closedwon", "2026-09-01T00:00:00Z"),
    ] {
        let deal = [
            ("hs_is_closed", closed),
            ("hubspot_owner_id", owner),
            ("amount", amount),
            ("dealstage", stage),
            ("hs_lastmodifieddate", at),
        ];
        bench.state.add("deals", &deal, &[("companies", acme.as_str())]);
    }
    for ticket in [
        [("createdate", "2026-11-01T10:00:00Z"), ("subject", "open")],
        [("createdate", "2026-10-01T10:00:00Z"), ("closed_date", "2026-10-02T10:00:00Z")],
    ] {
        bench.state.add("tickets", &ticket, &[("companies", acme.as_str())]);
    }
    let asked = [CrmId::from(acme.as_str()), CrmId::from(gone.as_str())];
    let keys = AccountKeys { fields: vec!["total_revenue".to_owned()], counts: ALL, ..AccountKeys::default() };
    let told = bench.crm.accounts(&asked, &keys).await.unwrap();
    let [company] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((&company.owner_crm_id, &company.open_opportunity_owner_crm_id), (&Some(ana.into()), &Some(ben.into())));
    let text = |text: &str| FieldValue::Text(text.to_owned());
    for (name, value) in [
        ("total_revenue", FieldValue::Number(40.5)),
        ("open_opportunities", FieldValue::Number(2.0)),
        ("open_opportunity_amount", FieldValue::Number(1500.5)),
        ("open_opportunity_stage", text("proposal")),
        ("open_cases", FieldValue::Number(1.0)),
        ("oldest_open_case", text("2026-11-01")),
    ] {
        assert_eq!(company.fields.get(name), Some(&value), "{name}");
    }
}

/// What each call makes of an outage, of a limit, and of an answer that is lost.
#[tokio::test]
async fn every_question_for_changes_may_simply_be_repeated() {
    let bench = super::bench().await;
    let acme = bench.state.add("companies", &[("name", "Acme")], &[]);
    bench.state.add("tickets", &[], &[("companies", acme.as_str())]);
    let (now, asked) = (bench.clock.now(), [CrmId::from(acme.as_str())]);
    let keys = AccountKeys { counts: ALL, ..AccountKeys::default() };
    for (fault, class) in [
        (Fault::Unavailable, "retry"),
        (Fault::RateLimit { retry_after_s: None }, "rate_limited"),
        (Fault::DropAnswer, "retry"),
    ] {
        let bench = &bench;
        bench.arm("companies.search", fault.clone());
        let failed = bench.crm.changes(now, now, ALL).await.expect_err("changes");
        assert_eq!(failed.class(), class, "{fault:?}: {failed}");
        bench.clock.advance(Duration::from_secs(60));
        bench.arm("tickets.search", fault.clone());
        let failed = bench.crm.accounts(&asked, &keys).await.expect_err("tickets");
        assert_eq!(failed.class(), class, "{fault:?}: {failed}");
        bench.clock.advance(Duration::from_secs(60));
    }
}
