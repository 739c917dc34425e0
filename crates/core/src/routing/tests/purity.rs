use super::*;
use crate::domain::rep::{Busy, BusyKind, Presence};
use crate::routing::ledger::Ledger;
use chrono::TimeDelta;

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let world = scenario().owner("ana").on_leave("ana").calendar_unknown("cy").territory(row(3, "Rest"));
    let bytes = || serde_json::to_string(&world.decide()).expect("a decision is JSON");
    assert_eq!(bytes(), bytes());
    let back: crate::routing::Decision = serde_json::from_str(&bytes()).expect("a decision reads back");
    assert_eq!(back, world.decide());
}

#[test]
fn the_order_in_which_people_wrote_the_rows_does_not_matter_below_a_tie() {
    let rows = || {
        vec![
            TerritoryRow { postal_prefix: Some("941".into()), ..row(2, "Bay") },
            TerritoryRow { state: Some("CA".into()), ..row(3, "West") },
            TerritoryRow { country: Some("US".into()), industry: Some("software".into()), ..row(4, "Tech") },
            row(5, "Rest"),
        ]
    };
    let decided = |order: [usize; 4]| {
        let mut world = scenario();
        world.rules.territories = Territories::new(order.map(|index| rows()[index].clone()).to_vec(), vec![]);
        serde_json::to_string(&world.decide()).expect("a decision is JSON")
    };
    let first = decided([0, 1, 2, 3]);
    for order in [[3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        assert_eq!(decided(order), first);
    }
}

/// Any state of one rep: presence, reservation, load, calendar, hours, leave, activity, phone.
fn rep_states() -> impl Strategy<Value = Vec<(u8, u8, u8, u8, bool, bool)>> {
    prop::collection::vec((0u8..4, 0u8..4, 0u8..4, 0u8..4, any::<bool>(), any::<bool>()), 6)
}

fn put(
    mut world: Scenario,
    name: &str,
    (presence, calendar, hours, leave, active, phone): (u8, u8, u8, u8, bool, bool),
) -> Scenario {
    let now = world.snapshot.now;
    let taken = |kind| vec![Busy { from: now, until: now + TimeDelta::hours(30), kind }];
    world = world.facts(name, |facts| {
        facts.presence = [Presence::Unset, Presence::Available, Presence::Away, Presence::Unset][usize::from(presence)];
        facts.reserved_until = (presence == 3).then(|| now + TimeDelta::minutes(1));
        facts.taken_today = u32::from(leave) * 2;
        let known = |value| Fact::Known { value, observed_at: now, source: "sandbox".into() };
        facts.calendar = Some(match calendar {
            0 => known(vec![]),
            1 => known(taken(BusyKind::Busy)),
            2 => known(taken(BusyKind::OutOfOffice)),
            _ => Fact::Unknown { why: "no answer".into() },
        });
    });
    world = world.rep(name, |rep| {
        rep.hours = ["office", "night", "sunday", "nowhere"][usize::from(hours)].into();
        rep.active = active;
        if phone {
            rep.phones.clear();
        }
        rep.cap_per_day = Some(5);
    });
    if leave == 0 { world.on_leave(name) } else { world }
}

proptest! {
    /// `Scenario::decide` holds the invariants: an owner, a callback at the end, nobody filtered, turns that sum to zero.
    #[test]
    fn whatever_happens_the_lead_has_an_owner_and_ends_in_a_callback(
        states in rep_states(),
        owner in 0usize..6,
        minutes in 0i64..20_000,
        live: bool,
        counts: bool,
    ) {
        let names = ["ana", "ben", "cy", "dee", "eve", "max"];
        let mut world = scenario().now(at("10:00") + TimeDelta::minutes(minutes));
        world = world.change_pool("west", |pool| pool.owned_leads_count = counts).delegate("ana", "dee");
        for (name, state) in names.iter().zip(states) {
            world = put(world, name, state);
        }
        if owner < 5 {
            world = world.owner(names[owner]);
        }
        if !live {
            world = world.not_live();
        }
        let decision = world.decide();
        prop_assert!(live || decision.plan.targets.is_empty());
        prop_assert_eq!(decision, world.decide());
    }

    /// Leads one after the other, each on the ledgers the last one left.
    #[test]
    fn turns_stay_level_over_many_leads(absent in prop::collection::vec(0usize..4, 1..60)) {
        let names = ["ben", "cy", "fay", "gus"];
        let base = scenario().pool("west", &names).serves("west", "West");
        let mut ledger = Ledger::empty(pool_id("west"));
        for away in absent {
            let mut world = base.clone().away(names[away]);
            world.snapshot.ledgers.insert(pool_id("west"), ledger.clone());
            let decision = world.decide();
            prop_assert_ne!(decision.plan.owner.as_str(), names[away]);
            ledger.apply(&decision.turn.expect("three are free"));
        }
        let worst = ledger.balances.values().map(|balance| balance.abs()).max().unwrap_or(0);
        prop_assert!(worst <= TURN * 3 / 2, "{worst} of {TURN}");
    }
}

#[test]
fn without_a_row_no_territory_is_found() {
    let mut world = scenario();
    world.rules.territories = Territories::default();
    let decision = world.decide();
    assert_eq!((decision.plan.territory, decision.plan.pool), (None, pool_id("desk")));
}
