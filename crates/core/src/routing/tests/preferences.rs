use super::*;
use crate::routing::decision::{Candidate, CandidateVerdict};
use std::collections::BTreeSet;

fn skill(name: &str) -> Wish {
    Wish::Skill(BTreeSet::from([name.to_owned()]))
}

fn preference(wish: Wish, relax_after_s: Option<u64>) -> PoolPreference {
    PoolPreference { wish, relax_after: relax_after_s.map(Duration::from_secs) }
}

/// ben has had the most, fay knows voice AI and is next to last by turn.
fn specialists() -> Scenario {
    let mut world = scenario();
    world.rules.handoff.ring_at_most = 4;
    world
        .pool("west", &["ben", "cy", "fay", "gus"])
        .serves("west", "West")
        .rep("fay", |rep| rep.skills = BTreeSet::from(["voice-ai".to_owned()]))
        .balances("west", &[("cy", 0.5), ("gus", 0.25), ("fay", -0.25), ("ben", -0.5)])
        .change_pool("west", |pool| pool.prefer = vec![preference(skill("voice-ai"), Some(20))])
}

fn place_in_words(candidate: &Candidate) -> String {
    let CandidateVerdict::Eligible { because, .. } = &candidate.verdict else { panic!("{candidate:?}") };
    because.in_words()
}

#[test]
fn who_meets_the_preference_comes_first_and_the_others_by_turn() {
    let world = specialists().expect_targets(&["fay", "cy", "gus", "ben"]).expect_owner("fay").expect_credit("fay");
    let decision = world.decide();
    let turn = decision.turn.expect("a turn");
    assert_eq!(turn.changes.len(), 1, "fay was the only choice: nobody else is credited");
    let because: Vec<_> = decision.trace.pools[0].candidates.iter().map(place_in_words).collect();
    assert!(because[1].contains("without the preferred skill voice-ai (for 20 s); balance +0.83"), "{}", because[1]);
    assert!(!because[0].contains("preferred"), "{}", because[0]);
}

/// A target says when its rep stops standing behind, and where they stand then.
#[test]
fn after_the_time_to_relax_turns_alone_count() {
    let targets = specialists().decide().plan.targets;
    let order = |waited_ms: u64| {
        let mut targets: Vec<_> = targets.iter().collect();
        targets.sort_by_cached_key(|target| target.rank(waited_ms));
        targets.iter().map(|target| target.rep.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(order(19_999), ["fay", "cy", "gus", "ben"]);
    assert_eq!(order(20_000), ["cy", "gus", "fay", "ben"]);
}

#[test]
fn who_may_be_rung_after_relaxing_is_kept_in_the_plan() {
    let mut world = specialists().rep("gus", |rep| rep.skills = BTreeSet::from(["voice-ai".to_owned()]));
    world.rules.handoff.ring_at_most = 1;
    world.expect_targets(&["gus", "cy"]); // gus at first, cy if the first ring comes after 20 s
}

#[test]
fn preferences_count_in_their_order_and_one_that_is_unknown_is_met_by_all() {
    let world = specialists().change_pool("west", |pool| {
        pool.prefer = vec![preference(Wish::Language, None), preference(skill("voice-ai"), Some(20))];
    });
    world.clone().expect_targets(&["fay", "cy", "gus", "ben"]);
    let german = world.speaks("de").rep("ben", |rep| rep.languages = BTreeSet::from(["de".to_owned()]));
    german.clone().expect_targets(&["ben", "fay", "cy", "gus"]);
    let behind: Vec<_> = german.decide().plan.targets.into_iter().map(|target| target.behind_ms).collect();
    assert_eq!(behind, [[0, 20_000], [45_000, 0], [45_000, 20_000], [45_000, 20_000]], "45 s: the caller's patience");
}

#[test]
fn a_preference_never_keeps_a_lead_from_the_only_rep_who_is_free() {
    specialists().away("fay").expect_targets(&["cy", "gus", "ben"]).expect_credit("cy");
}

#[test]
fn a_lead_without_a_caller_is_only_ordered_by_preferences() {
    let world = specialists().not_live().expect_owner("fay").expect_targets(&[]);
    let candidates = &world.decide().trace.pools[0].candidates;
    assert!(place_in_words(&candidates[1]).contains("without the preferred skill voice-ai; balance"));
}

#[test]
fn products_are_required_or_preferred_as_the_lead_names_them() {
    let mut world = scenario().rep("cy", |rep| rep.products = BTreeSet::from(["Voice".to_owned(), "Chat".to_owned()]));
    world.lead.qualification.products = vec!["voice".into(), "Chat".into()];
    let required = world.clone().change_pool("west", |pool| pool.require_products = true);
    required.expect_targets(&["cy"]).expect_rejected("ben", Rejection::MissingProduct { product: "voice".into() });
    world.clone().change_pool("west", |pool| pool.prefer = vec![preference(Wish::Product, None)]).expect_first("cy");
    world.lead.qualification.products.clear();
    world.change_pool("west", |pool| pool.require_products = true).expect_targets(&["ben", "cy"]);
}

/// Decisions of before preferences have neither field, and ours have none of them where there is no preference.
#[test]
fn targets_without_preferences_keep_their_old_bytes() {
    let target = &scenario().decide().plan.targets[0];
    let bytes = serde_json::to_string(target).expect("a target is JSON");
    assert_eq!(bytes, r#"{"rep":"ben","role":"member"}"#);
    let back: crate::routing::decision::Target = serde_json::from_str(&bytes).expect("it reads back");
    assert_eq!(back, *target);
}
