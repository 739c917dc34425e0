mod callers;

use super::*;
use crate::domain::account::PersonKind;
use crate::routing::Considered;

#[test]
fn an_owner_at_work_keeps_the_lead_and_the_pool_stands_behind() {
    let decision = scenario().owner("ana").expect_ownership(&[OwnershipResult::Keeps]).decide();
    let targets: Vec<_> = decision.plan.targets.iter().map(|target| (target.rep.as_str(), target.role)).collect();
    assert_eq!(targets, [("ana", TargetRole::Owner), ("ben", TargetRole::Member), ("cy", TargetRole::Member)]);
    assert_eq!((decision.plan.owner, decision.turn), (rep_id("ana"), None));
    assert_eq!(decision.plan.reason.in_words(), "account owner, at work now");
}

#[test]
fn owners_who_left_or_never_were_reps_are_told_in_the_trace() {
    scenario()
        .owner("ana")
        .rep("ana", |rep| rep.active = false)
        .expect_ownership(&[OwnershipResult::Inactive, OwnershipResult::NoOwner])
        .expect_owner("ben");
    scenario()
        .account(|account| account.owner_crm_id = Some("005-integration".into()))
        .expect_ownership(&[OwnershipResult::NotARep { crm_id: "005-integration".into() }, OwnershipResult::NoOwner])
        .expect_owner("ben");
}

#[test]
fn the_rep_of_a_named_account_owns_it_where_the_crm_names_nobody() {
    let named = scenario().rep("nia", |_| ()).named_account("acme.com", Some("nia"), None);
    named.clone().expect_owner("nia").expect_first("nia");
    named.crm_is_down().expect_owner("nia");
    let both = scenario().rep("nia", |_| ()).named_account("acme.com", Some("nia"), None).owner("ana");
    both.expect_owner("ana");
}

#[test]
fn owned_leads_cost_a_turn_only_where_the_pool_says_so_and_only_its_members() {
    scenario().owner("ben").expect_no_turn();
    let counting = scenario().change_pool("west", |pool| pool.owned_leads_count = true);
    let decision = counting.clone().owner("cy").expect_credit("cy").decide();
    let changes: Vec<i64> = decision.turn.expect("charged").changes.into_values().collect();
    assert_eq!(changes, [TURN / 2, -TURN / 2]);
    counting.owner("ana").expect_no_turn();
}

#[test]
fn a_route_may_name_a_rep_who_is_then_treated_like_an_owner() {
    let to = RouteTo::Rep(rep_id("pat"));
    let routed =
        scenario().rep("pat", |_| ()).route("partner", text_is("lead.industry", "software"), IfUndecided::Skip, to);
    routed.clone().expect_owner("pat").expect_targets(&["pat", "ben", "cy"]);
    routed.clone().on_leave("pat").delegate("pat", "dan").expect_owner("pat").expect_first("dan");
    routed.clone().rep("pat", |rep| rep.active = false).expect_owner("ben");
    routed.owner("ana").expect_owner("ana").expect_reason("account owner, at work now");
}

/// Rules that follow the caller's own records, in this order.
fn following(world: Scenario, rules: &[(Existing, Option<u64>)]) -> Scenario {
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let mut world = world;
    let rule = |(existing, within): &(Existing, Option<u64>)| OwnershipRule {
        within: within.map(days),
        ..OwnershipRule::of(*existing)
    };
    world.rules.ownership = rules.iter().map(rule).collect();
    world
}

#[test]
fn the_chain_goes_on_where_an_owner_is_no_rep_inactive_or_given_up() {
    let chain =
        [(Existing::AccountOwner, None), (Existing::OpenOpportunityOwner, None), (Existing::LeadOwner, Some(90))];
    let world = following(scenario(), &chain)
        .person(PersonKind::Lead, "dan", Some(at("09:00")))
        .rep("ana", |rep| rep.active = false)
        .company("001", owned_by("005-integration"))
        .records(|records| records.companies[0].open_opportunity_owner_crm_id = Some("crm-ana".into()));
    world
        .expect_ownership(&[
            OwnershipResult::NotARep { crm_id: "005-integration".into() },
            OwnershipResult::Inactive,
            OwnershipResult::Keeps,
        ])
        .expect_owner("dan");
}

#[test]
fn the_owner_whom_the_crm_chose_comes_before_every_other() {
    let world = || scenario().owner("ana").rep("dan", |_| ());
    world()
        .assigned(Some("dan"))
        .expect_ownership(&[OwnershipResult::Keeps])
        .expect_owner("dan")
        .expect_reason("owner chosen by the CRM, at work now");
    world().assigned(Some("dan")).on_leave("dan").delegate("dan", "cy").expect_owner("dan").expect_first("cy");
    world().assigned(Some("dan")).on_leave("dan").expect_owner("dan").expect_targets(&[]);
}

#[test]
fn where_the_crm_chose_nobody_or_was_too_late_our_rules_decide() {
    let queue = OwnershipResult::NotARep { crm_id: "crm-a queue".into() };
    scenario()
        .owner("ana")
        .assigned(Some("a queue"))
        .expect_ownership(&[queue, OwnershipResult::Keeps])
        .expect_owner("ana")
        .expect_degraded(&[]);
    scenario().assigned(None).expect_owner("ben").expect_credit("ben").expect_degraded(&[]);
    let mut late = scenario().owner("ana").assigned(None);
    let why = "salesforce did not choose an owner within 700 ms".to_owned();
    late.snapshot.assigned = Some(Fact::Unknown { why: why.clone() });
    late.expect_ownership(&[OwnershipResult::NotKnown { why: why.clone() }, OwnershipResult::Keeps])
        .expect_owner("ana")
        .expect_degraded(&[&format!("owner chosen by the CRM unknown: {why}")]);
}

#[test]
fn whoever_may_own_the_lead_is_considered_with_all_who_stand_in() {
    let world = following(scenario(), &[(Existing::AccountOwner, None), (Existing::LeadOwner, Some(90))])
        .person(PersonKind::Lead, "dan", Some(at("09:00")))
        .rep("ana", |_| ())
        .delegate("ana", "eve")
        .delegate("eve", "fay")
        .company("001", owned_by("crm-ana"))
        .assigned(Some("cy"));
    let snapshot = &world.snapshot;
    let known = Considered::default().knowing(
        &world.lead,
        &snapshot.account,
        snapshot.assigned.as_ref(),
        &world.rules,
        snapshot.now,
    );
    let owners = ["ana", "cy", "dan", "eve", "fay"];
    assert!(owners.iter().all(|rep| known.reps.contains(&rep_id(rep))), "{known:?}");
}

/// The account is known by the caller's number; only its name says which territory, and whose turn, it is.
#[test]
fn the_pool_that_only_the_account_leads_to_is_considered() {
    let mut world = scenario()
        .pool("north", &["nat"])
        .serves("north", "North")
        .named_account("acme.com", None, Some("North"))
        .company("001", |company| {
            company.domains = vec!["acme.com".into()];
            company.phones = vec![crate::domain::phone::PhoneE164::new("+14155550142").expect("a number")];
        });
    world.lead.company = Default::default();
    let by_lead = Considered::by_lead(&world.lead, &world.rules);
    assert!(!by_lead.pools.contains(&pool_id("north")), "{by_lead:?}");
    let known = by_lead.knowing(&world.lead, &world.snapshot.account, None, &world.rules, world.snapshot.now);
    assert!(known.pools.contains(&pool_id("north")) && known.reps.contains(&rep_id("nat")), "{known:?}");
    world.expect_pool("north").expect_first("nat");
}

/// A roster holds what people copied out of a list, and the CRM answers with the long form: ownership never matched on a real
/// Salesforce.
#[test]
fn an_owner_is_known_by_the_short_and_by_the_long_form_of_the_id() {
    for (ours, theirs) in [
        ("005xx0000012Q12", "005xx0000012Q12AAE"),
        ("005xx0000012Q12AAE", "005xx0000012Q12"),
        ("0055g00000AbCdE", "0055g00000AbCdEAAV"),
        ("77", "77"),
    ] {
        let roster = || scenario().rep("ana", |rep| rep.crm_id = Some(ours.into()));
        let by_account = roster().account(|account| account.owner_crm_id = Some(theirs.into()));
        by_account.expect_owner("ana").expect_ownership(&[OwnershipResult::Keeps]);
        let by_deal = roster().account(|account| account.open_opportunity_owner_crm_id = Some(theirs.into()));
        by_deal.expect_owner("ana");
        let mut chosen = roster().assigned(None);
        let value = Some(theirs.into());
        chosen.snapshot.assigned = Some(Fact::Known { value, observed_at: at("10:00"), source: "salesforce".into() });
        chosen.expect_owner("ana");
        // Among two equal companies, the one whose owner works here wins.
        let both = roster().company("001", |company| company.domains = vec!["acme.com".into()]);
        both.company("002", owned_by(theirs)).expect_owner("ana");
    }
    let stranger = scenario().rep("ana", |rep| rep.crm_id = Some("005xx0000012Q12".into()));
    let stranger = stranger.account(|account| account.owner_crm_id = Some("005xx0000012q12AAA".into()));
    stranger
        .expect_ownership(&[OwnershipResult::NotARep { crm_id: "005xx0000012q12".into() }, OwnershipResult::NoOwner]);
}
