//! What is asked before the first lead: owners, properties, and a write to nobody.

use super::{bench, bench_of};
use baton::connectors::{Crm, VendorError};
use baton_sandbox::Fault;
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test]
async fn owners_are_looked_up_in_one_call() {
    let (bench, [ana, ben]) = bench_of(["ana@x.example", "ben@x.example"]).await;
    let found = bench.crm.look_up(&[ana.clone(), ben.clone()]).await.unwrap();
    assert_eq!((&found[&ana], &found[&ben]), (&Ok(()), &Ok(())));
    assert_eq!(bench.world.exchanges().len(), 1);
    let found = bench.crm.look_up(&["7".to_owned()]).await.unwrap();
    assert!(found["7"].as_ref().is_err_and(|why| why.contains("no such owner")), "{found:?}");
    assert_eq!(bench.world.exchanges().len(), 3, "and the users, who may go by it");
}

/// People copy whichever number they see into `reps.csv`, and a worker takes it.
#[tokio::test]
async fn any_of_the_three_numbers_of_a_person_is_known() {
    let (bench, [ana, ben]) = bench_of(["ana@x.example", "ben@x.example"]).await;
    let [[of_ana, record], [of_ben, _]] = [&ana, &ben].map(|owner| bench.state.numbers_of(owner));
    let asked = [ana, of_ana, record, of_ben.clone()];
    let found = bench.crm.look_up(&asked).await.unwrap();
    assert!(asked.iter().all(|id| found[id] == Ok(())), "{found:?}");
    bench.state.deactivate(&ben);
    let found = bench.crm.look_up(std::slice::from_ref(&of_ben)).await.unwrap();
    assert!(found[&of_ben].as_ref().is_err_and(|why| why.contains("archived")), "{found:?}");
}

#[tokio::test]
async fn a_write_to_nobody_shows_whether_the_key_may_write() {
    let bench = bench().await;
    assert_eq!(bench.crm.try_write().await, Some(Ok(())));
    assert!(bench.state.records("contacts").is_empty() && bench.world.accepted().is_empty());
    bench.state.read_only();
    let refused = bench.crm.try_write().await.expect("it has one").unwrap_err();
    assert!(matches!(&refused, VendorError::NeedsPerson { why, .. } if why.contains("MISSING_SCOPES")), "{refused}");
    bench.arm("contacts.update", Fault::DropAnswer);
    let lost = bench.crm.try_write().await.expect("it has one").unwrap_err();
    assert!(matches!(lost, VendorError::Unknown { .. }), "{lost}");
}

#[tokio::test]
async fn properties_and_values_that_companies_do_not_have_are_named() {
    let bench = bench().await;
    bench.state.add_choice("companies", "industry_group", &["retail", "software"]);
    let words = |words: &[&str]| -> BTreeSet<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    let mut fields = BTreeMap::from([("industry_group".to_owned(), words(&["Retail"]))]);
    assert_eq!(bench.crm.lacks(&fields).await, Ok(Vec::new()));
    fields.insert("industry_group".to_owned(), words(&["mining"]));
    fields.insert("size_band".to_owned(), words(&[]));
    fields.insert("Size Band".to_owned(), words(&[]));
    let told = bench.crm.lacks(&fields).await.unwrap();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("is not the internal name of a property"), "{told:?}");
    assert!(told[1].contains("is never mining: its values there are retail, software"), "{told:?}");
    assert!(told[2].contains("companies have no property size_band"), "{told:?}");
}
