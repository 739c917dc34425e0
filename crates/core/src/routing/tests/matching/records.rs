//! What becomes of all the records: which are kept, that each is told, and that their order says nothing.

use super::*;
use crate::domain::account::Candidates;
use crate::routing::shortlist;

#[test]
fn a_snapshot_keeps_what_is_near_and_counts_the_rest() {
    let mut world = one_for_each_key();
    for number in 0..30 {
        world = world.company(&format!("far {number:02}"), |company| company.name = "Quite Something Else".into());
    }
    world = world.company("near", |company| company.name = "Acmi".into());
    let Some(Candidates::Found(records)) = world.snapshot.account.value().cloned() else { panic!("records") };
    let all = matched(&world).expect("a match");
    let kept = shortlist(&world.lead, records, &world.rules);
    let ids: Vec<&str> = kept.companies.iter().map(|company| company.crm_id.as_str()).collect();
    assert_eq!(ids, ["by phone", "by email", "by domain", "by name", "near"]);
    assert_eq!(kept.left_out, 30);
    let fewer = matched(&world.records(|records| *records = kept)).expect("a match");
    assert_eq!((fewer.0, fewer.1, fewer.2.left_out), (all.0, all.1, 30), "the same winner");
}

#[test]
fn snapshots_from_before_candidates_were_kept_decide_to_the_same_bytes() {
    let stored = r#"{"now":"2026-01-07T10:00:00Z","account":{"state":"known","value":{"crm_id":"001","name":"Acme","domain":"acme.com","owner_crm_id":"crm-ana","open_opportunity_owner_crm_id":null,"matched_by":"domain","score_permille":1000,"fields":{"seats":40.0}},"observed_at":"2026-01-07T09:58:00Z","source":"mirror"},"reps":{},"ledgers":{}}"#;
    let mut world = scenario().rep("ana", |_| ());
    world.snapshot = serde_json::from_str(stored).expect("an old snapshot");
    let account = serde_json::to_string(&world.decide().trace.account).expect("JSON");
    assert_eq!(
        account,
        r#"{"result":"matched","name":"Acme","crm_id":"001","by":"domain","score_permille":1000,"source":"mirror","age_ms":120000}"#
    );
    assert_eq!(serde_json::to_string(&world.snapshot).expect("JSON"), stored);
    world.expect_owner("ana");
    let none = stored.replacen(r#"{"crm_id":"001","name":"Acme","domain":"acme.com","owner_crm_id":"crm-ana","open_opportunity_owner_crm_id":null,"matched_by":"domain","score_permille":1000,"fields":{"seats":40.0}}"#, "null", 1);
    let mut world = scenario();
    world.snapshot = serde_json::from_str(&none).expect("an old snapshot");
    let account = serde_json::to_string(&world.decide().trace.account).expect("JSON");
    assert_eq!(account, r#"{"result":"no_account","source":"mirror","age_ms":120000}"#);
}

/// A company with any of the keys, owned by one of three or by nobody.
fn companies() -> impl Strategy<Value = Vec<(u8, u8, u8, bool, bool, u8)>> {
    prop::collection::vec((0u8..4, 0u8..3, 0u8..4, any::<bool>(), any::<bool>(), 0u8..3), 0..8)
}

fn with_companies(drawn: &[(u8, u8, u8, bool, bool, u8)]) -> Scenario {
    let mut world = scenario().rep("ana", |_| ()).rep("dan", |_| ()).records(|_| ());
    for (number, (name, country, owner, domain, deal, active)) in drawn.iter().enumerate() {
        world = world.company(&format!("{number:03}"), |company| {
            company.name = ["Acme", "Acme Inc", "Acmee", "Other"][usize::from(*name)].into();
            company.country = [None, Some("US".to_owned()), Some("DE".to_owned())][usize::from(*country)].clone();
            company.owner_crm_id =
                [None, Some("crm-ana"), Some("crm-dan"), Some("crm-x")][usize::from(*owner)].map(Into::into);
            company.domains = if *domain { vec!["acme.com".into()] } else { vec![] };
            company.open_opportunity_owner_crm_id = deal.then(|| "crm-x".into());
            company.active_at = (*active > 0).then(|| at(["", "08:00", "09:00"][usize::from(*active)]));
        });
    }
    world
}

proptest! {
    #[test]
    fn the_match_does_not_depend_on_the_order_of_the_records(drawn in companies(), turn in 0usize..8) {
        let world = with_companies(&drawn);
        let turned = world.clone().records(|records| {
            let places = records.companies.len().max(1);
            records.companies.rotate_left(turn % places);
            if turn % 2 == 1 {
                records.companies.reverse();
            }
        });
        let bytes = |world: &Scenario| serde_json::to_string(&world.decide()).expect("a decision is JSON");
        prop_assert_eq!(bytes(&world), bytes(&turned));
    }

    #[test]
    fn every_record_is_told_and_none_beats_the_winner(drawn in companies()) {
        let world = with_companies(&drawn);
        let told = match world.decide().trace.account {
            AccountTrace::Matched { how, .. } => {
                let how = how.expect("the matcher was asked");
                prop_assert_eq!(how.won_by.is_some(), how.others.iter().any(|other| !other.keys.is_empty()));
                how.others.len() + 1
            }
            AccountTrace::NoAccount { others, .. } => {
                prop_assert!(others.iter().all(|other| other.keys.is_empty()));
                others.len()
            }
            AccountTrace::Unknown { .. } => unreachable!("it is known"),
        };
        prop_assert_eq!(told, drawn.len());
    }
}
