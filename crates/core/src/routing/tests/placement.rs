use super::*;
use crate::domain::rep::Leave;
use crate::rules::model::set::Ladders;
use std::collections::BTreeMap;

#[test]
fn turns_follow_the_balances() {
    scenario().expect_targets(&["ben", "cy"]).expect_credit("ben");
    let decision = scenario().balances("west", &[("ben", -0.5), ("cy", 0.5)]).expect_first("cy").decide();
    let found: Vec<_> =
        decision.trace.pools[0].candidates.iter().map(|c| (c.balance_before, c.balance_after)).collect();
    assert_eq!(found, [(TURN / 2, 0), (-TURN / 2, 0)], "cy, who pays, then ben");
    assert_eq!(decision.plan.reason.in_words(), "first of 2 who may take it in west (serves West)");
}

#[test]
fn weights_of_member_and_rep_multiply_and_strict_pools_ignore_them() {
    let weighted =
        scenario().rep("cy", |rep| rep.weight = 3).change_pool("west", |pool| pool.members.extend([(rep_id("cy"), 2)]));
    let decision = weighted.clone().expect_first("cy").decide();
    assert_eq!(decision.trace.pools[0].candidates[0].weight, 6);
    weighted.change_pool("west", |pool| pool.policy = OrderPolicy::Strict).expect_first("ben");
}

#[test]
fn the_other_policies_order_by_their_own_key() {
    let mut idle = scenario()
        .balances("west", &[("ben", 1.0), ("cy", -1.0)])
        .change_pool("west", |pool| pool.policy = OrderPolicy::LongestIdle);
    let ledger = idle.snapshot.ledgers.get_mut(&pool_id("west")).expect("a ledger");
    ledger.last_turn = [(rep_id("ben"), 9), (rep_id("cy"), 4)].into();
    idle.expect_targets(&["cy", "ben"]).expect_credit("cy");
    scenario()
        .facts("ben", |facts| facts.open = 7)
        .change_pool("west", |pool| pool.policy = OrderPolicy::LeastLoaded)
        .expect_targets(&["cy", "ben"]);
}

#[test]
fn no_more_reps_are_rung_than_the_rules_allow() {
    let mut world = scenario().pool("west", &["ben", "cy", "fay", "gus"]).serves("west", "West");
    world = world.expect_targets(&["ben", "cy", "fay"]);
    world.rules.handoff.ring_at_most = 1;
    world.expect_targets(&["ben"]);
}

#[test]
fn a_full_pool_overflows_and_every_pool_stays_in_the_trace() {
    let world = scenario().away("ben").away("cy").pool("north", &["fay"]).overflow("west", "north");
    let decision = world.expect_pool("north").expect_owner("fay").expect_credit("fay").decide();
    let looked: Vec<_> = decision.trace.pools.iter().map(|p| (p.pool.as_str(), p.because.in_words())).collect();
    assert_eq!(looked, [("west", "serves West".to_owned()), ("north", "overflow of west".to_owned())]);
}

#[test]
fn a_pool_without_overflow_ends_in_the_catch_all() {
    let world = scenario().away("ben").away("cy").expect_pool("desk").expect_owner("dee");
    assert_eq!(world.decide().trace.pools[1].because.in_words(), "catch-all: west overflows nowhere else");
}

#[test]
fn a_circle_of_overflows_ends() {
    scenario()
        .away("ben")
        .away("cy")
        .pool("north", &["ben"])
        .overflow("west", "north")
        .overflow("north", "west")
        .expect_pool("desk")
        .expect_owner("dee");
}

#[test]
fn at_night_the_lead_gets_an_owner_by_turn_and_nobody_is_rung() {
    let night = scenario().now(moment("2026-01-07T23:00:00Z"));
    night
        .clone()
        .expect_pool("west")
        .expect_owner("ben")
        .expect_credit("ben")
        .expect_targets(&[])
        .expect_rungs(&WITHOUT_TRANSFER)
        .expect_reason("nobody can take it now: first of 2 who are soonest back in west (serves West)");
    night.balances("west", &[("ben", -0.5), ("cy", 0.5)]).expect_owner("cy");
}

#[test]
fn who_starts_a_little_earlier_does_not_get_every_lead_of_the_night() {
    let night = scenario().now(moment("2026-01-07T23:00:00Z")).balances("west", &[("ben", 0.5), ("cy", -0.5)]);
    let mut earlier = night.rep("cy", |rep| rep.hours = "early".into()); // 08:00, an hour before ben
    earlier = earlier.expect_owner("ben");
    earlier.rules.handoff.callback.within = Duration::from_secs(1800);
    earlier.expect_owner("cy"); // now an hour matters
}

#[test]
fn while_all_are_busy_the_first_to_be_free_gets_the_lead() {
    scenario()
        .busy("ben", "16:00")
        .busy("cy", "10:30")
        .away("dee")
        .away("eve")
        .expect_pool("west")
        .expect_owner("cy")
        .expect_targets(&[]);
}

#[test]
fn long_absences_are_not_waited_for() {
    let nobody_at_desk = || scenario().away("dee").away("eve");
    let back_soon = |name: &str| {
        nobody_at_desk().rep(name, |rep| {
            rep.leave = vec![Leave { from: day("2026-01-07"), until: day("2026-01-07") }];
        })
    };
    back_soon("ben").on_leave("cy").expect_owner("ben");
    back_soon("ben").out_of_office("cy", moment("2026-01-09T10:00:00Z")).expect_owner("ben");
    nobody_at_desk()
        .on_leave("ben")
        .out_of_office("cy", moment("2026-01-12T10:00:00Z"))
        .expect_owner("max")
        .expect_no_turn()
        .expect_targets(&[])
        .expect_reason(
            "nobody of west can take it soon: it waits, and the lead rep answers for it meanwhile (serves West)",
        );
    assert!(!back_soon("ben").on_leave("cy").decide().plan.waits, "ben has the lead");
}

#[test]
fn who_does_not_fit_the_lead_does_not_fit_it_later_either() {
    scenario()
        .now(moment("2026-01-07T23:00:00Z"))
        .speaks("de")
        .change_pool("west", |pool| pool.require_language = true)
        .expect_owner("max");
}

#[test]
fn without_pool_and_lead_rep_somebody_still_owns_the_lead() {
    let everybody_left =
        ["ben", "cy", "dee", "eve"].iter().fold(scenario(), |world, name| world.rep(name, |rep| rep.active = false));
    everybody_left
        .change_pool("west", |pool| pool.lead_rep = rep_id("cy"))
        .expect_owner("max")
        .expect_reason("nobody of west can take it soon, nor its lead rep: it waits, and needs attention");
    let mut no_pools = scenario();
    no_pools.rules.pools.clear();
    no_pools.expect_owner("max").expect_no_turn();
}

#[test]
fn what_the_caller_asked_for_shortens_the_ladder() {
    scenario().expect_rungs(&[Rung::WarmTransfer, Rung::Booking, Rung::Callback]);
    scenario().wants(PreferredHandoff::Transfer).expect_first("ben");
    scenario().wants(PreferredHandoff::Meeting).expect_rungs(&WITHOUT_TRANSFER).expect_owner("ben");
    scenario().wants(PreferredHandoff::Callback).expect_rungs(&[Rung::Callback]).expect_targets(&[]);
    scenario().not_live().expect_rungs(&WITHOUT_TRANSFER).expect_credit("ben");
}

#[test]
fn a_ladder_that_ends_in_nothing_of_our_own_gets_a_callback() {
    let mut world = scenario();
    world.rules.handoff.ladders = Ladders::from(BTreeMap::new());
    world.expect_rungs(&[Rung::Callback]).expect_owner("ben");
}

#[test]
fn a_crm_that_does_not_answer_degrades_the_decision_and_does_not_stop_it() {
    scenario()
        .crm_is_down()
        .expect_degraded(&["account unknown: salesforce did not answer in 700 ms"])
        .expect_ownership(&[OwnershipResult::NoOwner, OwnershipResult::NoOwner])
        .expect_first("ben");
    scenario().expect_degraded(&[]);
}

#[test]
fn whoever_may_be_asked_is_considered_with_a_calendar_or_without() {
    let world = scenario()
        .tier("gold", text_is("account.tier__c", "gold"), IfUndecided::Skip, None)
        .pool("gold", &["gia"])
        .serves("gold", "West")
        .serves_tier("gold", "gold")
        .pool("north", &["nat"])
        .serves("north", "North")
        .rep("cy", |rep| rep.calendar = None)
        .delegate("nia", "noa")
        .named_account("acme.com", Some("nia"), None);
    let considered = Considered::by_lead(&world.lead, &world.rules);
    let reps: Vec<&str> = considered.reps.iter().map(|rep| rep.as_str()).collect();
    assert_eq!(reps, ["ben", "cy", "dee", "eve", "gia", "nia", "noa"]);
    let pools: Vec<&str> = considered.pools.iter().map(|pool| pool.as_str()).collect();
    assert_eq!(pools, ["desk", "gold", "west"]);
}

#[test]
fn an_old_answer_of_the_crm_is_told_with_its_age() {
    let world = scenario().owner("ana");
    let trace = serde_json::to_value(world.decide().trace.account).expect("a trace is JSON");
    assert_eq!((trace["age_ms"].as_i64(), trace["source"].as_str()), (Some(120_000), Some("mirror")));
    let mut asked = scenario();
    asked.snapshot.account = Fact::Known { value: None.into(), observed_at: at("10:00"), source: "salesforce".into() };
    let trace = serde_json::to_value(asked.decide().trace.account).expect("a trace is JSON");
    assert_eq!(trace["result"], "no_account");
}

/// The caller heard "let me see when there is a time", and 45 ms later a promise.
#[test]
fn a_rung_for_which_nothing_is_connected_is_not_planned() {
    let lacking = |rungs: &[Rung]| {
        let mut world = scenario();
        world.snapshot.lacks = rungs.iter().copied().collect();
        world
    };
    lacking(&[Rung::Booking]).expect_rungs(&[Rung::WarmTransfer, Rung::Callback]).expect_first("ben");
    lacking(&[Rung::WarmTransfer]).expect_rungs(&WITHOUT_TRANSFER).expect_targets(&[]).expect_owner("ben");
    lacking(&[Rung::WarmTransfer, Rung::Booking]).expect_rungs(&[Rung::Callback]).expect_credit("ben");
    lacking(&[Rung::Booking]).wants(PreferredHandoff::Meeting).expect_rungs(&[Rung::Callback]);
    // The same for an owner without a calendar of their own.
    scenario().rep("ben", |rep| rep.calendar = None).expect_rungs(&[Rung::WarmTransfer, Rung::Callback]);
    scenario().rep("cy", |rep| rep.calendar = None).expect_rungs(&[Rung::WarmTransfer, Rung::Booking, Rung::Callback]);
}
