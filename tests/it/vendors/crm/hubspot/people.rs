//! Three numbers for one person, or their address: whichever `reps.csv` holds, it is they.

use super::{HubSpotState, bench_of, lead};
use crate::vendors::crm::{Bench, class};
use baton::connectors::crm::hubspot::HubSpot;
use baton::connectors::{Crm, CrmLead};
use baton_clock::Clock;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::RepId;
use baton_core::domain::rep::{Busy, BusyKind, Rep};
use baton_core::routing::scenario::scenario;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeMap;

const PRIYA: &str = "priya@acme.example";

/// A rep whose row of `reps.csv` says this.
fn rep(cell: Option<&str>, email: &str) -> Rep {
    let named = scenario().rep("ana", |rep| {
        rep.crm_id = cell.map(CrmId::from);
        rep.email = email.to_owned();
    });
    named.rules.reps.into_values().next().expect("the rep")
}

fn meets(bench: &Bench<HubSpot, HubSpotState>, rep: &Rep) {
    bench.crm.meet(&BTreeMap::<RepId, Rep>::from([(rep.id.clone(), rep.clone())]));
}

/// What the outbox writes for a lead of this rep.
fn lead_of(rep: &Rep) -> CrmLead {
    CrmLead { owner_crm_id: rep.crm_id.clone(), owner_email: Some(rep.email.clone()), ..lead("0") }
}

#[tokio::test]
async fn any_of_a_persons_numbers_or_their_address_is_they() {
    let (bench, [priya, _]) = bench_of([PRIYA, "ben@acme.example"]).await;
    let [user, record] = bench.state.numbers_of(&priya);
    for cell in [Some(priya.as_str()), Some(user.as_str()), Some(record.as_str()), None] {
        let rep = rep(cell, PRIYA);
        meets(&bench, &rep);
        let written = bench.write(&lead_of(&rep)).await.unwrap();
        assert_eq!(bench.state.records("contacts")[0].properties["hubspot_owner_id"], priya, "{cell:?}");
        let name = Some(rep.name_in_crm());
        assert_eq!(
            (&written.owner_crm_id, &bench.crm.owner_of(&written.id).await.unwrap()),
            (&name, &name),
            "{cell:?}"
        );
        let found = bench.crm.find(&crate::vendors::crm::by_email("dana@northwind.example")).await.unwrap();
        assert_eq!(found.people[0].owner_crm_id, name, "{cell:?}");
    }
    let owners = bench.world.exchanges().iter().filter(|exchange| exchange.target.contains("/crm/owners/")).count();
    assert_eq!(owners, 4 * 2, "they are read when the reps change, those who are there and those who are gone");
}

#[tokio::test]
async fn whoever_is_not_in_hubspot_owns_nothing_there_unless_the_cell_says_so() {
    let (bench, [_]) = bench_of([PRIYA]).await;
    let ben = rep(None, "ben@acme.example");
    meets(&bench, &ben);
    assert_eq!(bench.write(&lead_of(&ben)).await.unwrap().owner_crm_id, None);
    assert_eq!(bench.crm.check().await, Ok(()));
    let wrong = rep(Some("999"), "ben@acme.example");
    meets(&bench, &wrong);
    bench.needs_person(&lead_of(&wrong), "nobody in HubSpot has the crm_id 999").await;
    let error = bench.crm.check().await.unwrap_err().in_log();
    assert!(error.contains("nobody there has the crm_id of ana"), "{error}");
}

#[tokio::test]
async fn a_deactivated_owner_is_told_and_given_nothing() {
    let (bench, [priya]) = bench_of([PRIYA]).await;
    for cell in [Some(priya.as_str()), None] {
        let rep = rep(cell, PRIYA);
        meets(&bench, &rep);
        assert_eq!(class(&bench.write(&lead_of(&rep)).await), "done");
    }
    bench.state.deactivate(&priya);
    // What is known of the owners is minutes old: HubSpot itself refuses, and then it is known.
    let mut other = lead_of(&rep(None, PRIYA));
    (other.key, other.email) = ("ab12".to_owned(), Some("other@northwind.example".to_owned()));
    bench.needs_person(&other, "hubspot_owner_id").await;
    bench.needs_person(&other, "is deactivated in HubSpot").await;
    let error = bench.crm.check().await.unwrap_err().in_log();
    assert!(error.contains("ana is deactivated there"), "{error}");
    assert_eq!(bench.accepted("lead"), 1);
}

#[tokio::test]
async fn out_of_office_hours_and_the_status_are_absences() {
    let (bench, [priya, ben, cy]) = bench_of([PRIYA, "ben@acme.example", "cy@acme.example"]).await;
    let rep = rep(None, PRIYA);
    meets(&bench, &rep);
    let (now, hour) = (bench.clock.now(), TimeDelta::hours(1));
    let (from, until) = (now + hour, now + hour * 9);
    let hours = |from: i64, until: i64| json!([{ "startTimestamp": from, "endTimestamp": until }]).to_string();
    let name = "hs_out_of_office_hours";
    bench.state.set_of_user(&priya, name, &hours(from.timestamp_millis(), until.timestamp_millis()));
    bench.state.set_of_user(&ben, name, &hours(17_953_596_000, 17_954_460_000));
    bench.state.set_of_user(&ben, "hs_availability_status", "away");
    bench.state.set_of_user(&cy, name, "[]");
    let asked = [rep.name_in_crm(), ben.as_str().into(), cy.as_str().into(), "77".into()];
    let away = bench.crm.absences(&asked, now - hour, now + hour * 24).await.unwrap();
    let out = |from, until| Busy { from, until, kind: BusyKind::OutOfOffice };
    assert_eq!(away[&asked[0]], [out(from, until)]);
    assert_eq!(away[&asked[1]], [out(now, now + TimeDelta::minutes(10))], "hours of 1970 are not followed");
    assert_eq!((away[&asked[2]].len(), away.contains_key(&asked[3])), (0, false), "nobody has that number");
    let later = bench.crm.absences(&asked[..1], until, until + hour).await.unwrap();
    assert_eq!(later[&asked[0]], []);
}
