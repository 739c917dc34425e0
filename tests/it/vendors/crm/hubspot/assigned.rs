//! An owner whom the portal's workflow chooses: followed, whenever it comes, and never fought.

use super::{bench_of, counts, lead};
use crate::vendors::crm::class;
use baton::connectors::{Crm, CrmLead, OwnerBy};
use baton_clock::Clock;
use baton_core::domain::crm_id::CrmId;
use baton_sandbox::Fault;
use chrono::TimeDelta;
use std::time::Duration;

const TWO_SECONDS: Duration = Duration::from_secs(2);

#[tokio::test]
async fn the_contact_is_created_without_an_owner_and_has_the_workflows_then() {
    for email in [Some("dana@northwind.example"), None] {
        let (bench, [priya, ben]) = bench_of(["priya@x.example", "ben@x.example"]).await;
        bench.state.rotate_to(&ben, TimeDelta::seconds(2));
        let lead = CrmLead { email: email.map(str::to_owned), ..lead(&priya) };
        bench.arm("contacts.create", Fault::DropAnswer);
        assert_eq!(bench.crm.assign(&lead).await.unwrap_err().class(), "unknown");
        assert_eq!(bench.crm.assign(&lead).await, Ok(None), "it is there, and nobody's");
        assert_eq!(bench.crm.assigned(&lead).await, Ok(None));
        bench.clock.advance(TWO_SECONDS);
        let chosen = Some(CrmId::from(ben.as_str()));
        assert_eq!(bench.crm.assigned(&lead).await, Ok(chosen.clone()));
        assert_eq!(bench.crm.assign(&lead).await, Ok(chosen.clone()), "as often as it is asked");

        let written = bench.write(&CrmLead { keeps_owner: true, yields_owner: true, ..lead }).await.unwrap();
        assert_eq!(written.owner_crm_id, chosen);
        assert_eq!(
            bench.state.records("tasks")[0].properties["hubspot_owner_id"],
            priya,
            "who takes the call has the task"
        );
        assert_eq!((counts(&bench.state), bench.accepted("lead")), ((1, 1, 1), 1));
    }
}

#[tokio::test]
async fn whom_the_workflow_names_too_late_stays_all_the_same() {
    for (yields, stays) in [(true, true), (false, false)] {
        let (bench, [priya, ben]) = bench_of(["priya@x.example", "ben@x.example"]).await;
        bench.state.rotate_to(&ben, TimeDelta::seconds(2));
        assert_eq!(bench.crm.assign(&lead(&priya)).await, Ok(None));
        bench.clock.advance(TWO_SECONDS);
        let written = bench.write(&CrmLead { yields_owner: yields, ..lead(&priya) }).await.unwrap();
        let owner = if stays { &ben } else { &priya };
        assert_eq!(written.owner_crm_id, Some(owner.as_str().into()), "{yields}");
    }
}

#[tokio::test]
async fn who_made_somebody_the_owner_is_told() {
    let (bench, [priya, ben]) = bench_of(["priya@x.example", "ben@x.example"]).await;
    bench.state.rotate_to(&ben, TimeDelta::seconds(2));
    assert_eq!(bench.crm.assign(&lead(&priya)).await, Ok(None));
    let contact = bench.state.records("contacts")[0].id.clone();
    assert_eq!(bench.crm.owner_and_by(&contact).await, Ok(None));
    bench.clock.advance(TWO_SECONDS);
    let is = |owner: &str, by| Ok(Some((CrmId::from(owner), by)));
    assert_eq!(bench.crm.owner_and_by(&contact).await, is(&ben, OwnerBy::Workflow));
    bench.write(&lead(&priya)).await.unwrap();
    assert_eq!(bench.crm.owner_and_by(&contact).await, is(&priya, OwnerBy::Program));
    bench.state.set_owner(&contact, &ben, bench.clock.now());
    assert_eq!(bench.crm.owner_and_by(&contact).await, is(&ben, OwnerBy::Person));
}

#[tokio::test]
async fn a_contact_that_was_there_keeps_its_owner_but_not_one_who_is_gone() {
    let (bench, [priya, ben]) = bench_of(["priya@x.example", "ben@x.example"]).await;
    let dana = [("email", "dana@northwind.example"), ("hubspot_owner_id", ben.as_str())];
    bench.state.add("contacts", &dana, &[]);
    assert_eq!(bench.crm.assign(&lead(&priya)).await, Ok(Some(ben.as_str().into())));
    assert_eq!(bench.state.records("contacts")[0].properties.len(), 2, "it is left as it is");

    let (bench, [priya, ben]) = bench_of(["priya@x.example", "ben@x.example"]).await;
    let dana = [("email", "dana@northwind.example"), ("hubspot_owner_id", ben.as_str())];
    bench.state.add("contacts", &dana, &[]);
    bench.state.deactivate(&ben);
    assert_eq!(bench.crm.assign(&lead(&priya)).await, Ok(None));
    let written = bench.write(&CrmLead { yields_owner: true, ..lead(&priya) }).await.unwrap();
    assert_eq!(written.owner_crm_id, Some(priya.into()));
}

#[tokio::test]
async fn the_admins_own_rules_need_a_person_here_too() {
    let (bench, [priya]) = bench_of(["priya@x.example"]).await;
    bench.state.require("contacts", "industry");
    assert_eq!(bench.crm.assign(&lead(&priya)).await.unwrap_err().class(), "needs_person");
    assert_eq!(class(&bench.write(&lead(&priya)).await), "needs_person");
    assert_eq!(counts(&bench.state), (0, 0, 0));
}
