//! Where a lead lies: tier and territory, the pool that serves them, and the routes that come before.

use super::*;
use crate::domain::known::Source;
use crate::domain::lead::{LeadChannel, Tone};
use crate::routing::reason::LostTo;

#[test]
fn a_lead_from_nowhere_goes_to_the_catch_all() {
    let mut world = scenario();
    world.lead.company.state = None;
    let world = world.expect_pool("desk").expect_owner("dee");
    assert_eq!(world.decide().trace.pools[0].because.in_words(), "catch-all: no territory");
    let elsewhere = scenario().change_pool("west", |pool| pool.territories.clear()).expect_pool("desk");
    assert_eq!(elsewhere.decide().trace.pools[0].because.in_words(), "catch-all: no pool serves West × smb");
}

#[test]
fn the_pool_that_names_territory_and_tier_comes_before_the_one_that_names_less() {
    let world = scenario().pool("all-smb", &["sam"]).serves_tier("all-smb", "smb");
    let world = world.expect_pool("west");
    let world = world.pool("zz", &["zed"]).serves("zz", "West").serves_tier("zz", "smb").expect_pool("zz");
    let mut nowhere = world;
    nowhere.lead.company.state = None;
    nowhere.expect_pool("all-smb");
}

#[test]
fn tiers_choose_pool_and_ladder_and_say_what_they_miss() {
    let world = scenario()
        .tier("enterprise", at_least("lead.employees", 1000.0), IfUndecided::Skip, Some("quiet"))
        .pool("whales", &["wil"])
        .serves("whales", "West")
        .serves_tier("whales", "enterprise");
    let size = |least, most| Some(Known::from_caller(Headcount { at_least: least, at_most: most }));
    let mut large = world.clone();
    large.lead.company.employees = size(2000, None);
    large.expect_pool("whales").expect_rungs(&WITHOUT_TRANSFER).expect_targets(&[]);
    let mut unknown = world;
    unknown.lead.company.employees = None;
    let tiers = unknown.clone().expect_pool("west").decide().trace.tiers;
    assert_eq!((tiers[0].verdict, tiers[0].missing.as_slice()), (Truth::Undecided, &["lead.employees".into()][..]));
    unknown.rules.tiers[0].if_undecided = IfUndecided::CatchAll;
    let decision = unknown.expect_pool("desk").decide();
    assert_eq!(
        decision.trace.pools[0].because.in_words(),
        "catch-all: tier enterprise is undecided without lead.employees"
    );
    assert_eq!(decision.plan.tier.as_str(), "smb");
}

#[test]
fn routes_come_before_territories_and_are_never_silently_skipped() {
    let to = || RouteTo::Pool(pool_id("partners"));
    let world = scenario().pool("partners", &["pia"]);
    let hit = world.clone().route("gold", text_is("lead.industry", "software"), IfUndecided::Skip, to());
    let decision = hit.expect_pool("partners").decide();
    assert_eq!(decision.trace.pools[0].because.in_words(), "route \"gold\"");
    let miss = world.clone().route("gold", text_is("lead.industry", "retail"), IfUndecided::Skip, to());
    miss.expect_pool("west");
    let open = text_is("lead.custom.partner_tier", "gold");
    let skipped = world.clone().route("gold", open.clone(), IfUndecided::Skip, to()).expect_pool("west").decide();
    assert_eq!(skipped.trace.routes[0].missing, ["lead.custom.partner_tier"]);
    let caught = world.route("gold", open, IfUndecided::CatchAll, to()).expect_pool("desk").decide();
    assert_eq!(
        caught.trace.pools[0].because.in_words(),
        "catch-all: route \"gold\" is undecided without lead.custom.partner_tier"
    );
}

/// How somebody sounds, and how they came, may choose the pool as well.
#[test]
fn a_tone_and_a_channel_are_fields_like_others() {
    let to = || RouteTo::Pool(pool_id("seniors"));
    let world = scenario().pool("seniors", &["pia"]);
    let upset = world.clone().route("upset", text_is("lead.tone", "frustrated"), IfUndecided::Skip, to());
    upset.clone().expect_pool("west");
    let mut sounds = upset;
    sounds.lead.qualification.tone = Some(Known::new(Tone::Frustrated, Source::Inferred));
    sounds.expect_pool("seniors");
    let mut form = world.route("forms", text_is("lead.channel", "form"), IfUndecided::Skip, to()).expect_pool("west");
    form.lead.channel = LeadChannel::Form;
    form.expect_pool("seniors").expect_targets(&[]);
}

#[test]
fn the_losing_rows_are_told_and_a_tie_between_territories_is_a_conflict() {
    let state = |line, name| TerritoryRow { state: Some("CA".into()), ..row(line, name) };
    let world = scenario().territory(row(3, "Rest")).territory(state(4, "West"));
    let territory = world.clone().decide().trace.territory;
    assert!(!territory.conflict, "the same territory twice is no conflict");
    let told: Vec<_> = territory.others.iter().map(|other| (other.line, other.by.in_words(), other.lost_to)).collect();
    assert_eq!(
        told,
        [
            (4, "state CA".to_owned(), Some(LostTo::EarlierLine)),
            (3, "everything".to_owned(), Some(LostTo::MoreSpecific))
        ]
    );
    let territory = world.territory(state(1, "Pacific")).decide().trace.territory;
    assert_eq!((territory.conflict, territory.winner.map(|w| w.line)), (true, Some(1)), "the first line wins");
}

#[test]
fn a_named_account_beats_every_address_but_not_an_explicit_priority() {
    let world = scenario()
        .territory(TerritoryRow { postal_prefix: Some("94107".into()), ..row(3, "Bay") })
        .named_account("acme.com", None, Some("Key"));
    let territory = world.clone().decide().trace.territory;
    let order: Vec<_> = territory.winner.iter().chain(&territory.others).map(|m| m.by.in_words()).collect();
    assert_eq!(order, ["named account", "postal 94107", "state CA"]);
    let world = world.territory(TerritoryRow { priority: 1, ..row(4, "Campaign") });
    assert_eq!(world.decide().plan.territory.expect("one fits").as_str(), "Campaign");
}
