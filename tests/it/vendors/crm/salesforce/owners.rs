//! Whose a lead is: ours to say, the org's own rules', or of the person who took it.

use super::bench_of;
use crate::vendors::crm::lead;
use baton::connectors::Crm;
use baton_sandbox::Fault;
use serde_json::json;

#[tokio::test]
async fn a_lead_that_a_person_took_over_stays_theirs() {
    let (bench, [priya, ana, ben]) = bench_of(["Priya", "Ana", "Ben"]).await;
    let written = bench.write(&lead(&priya)).await.unwrap();
    bench.state.set_owner(&written.id, &ana);
    assert_eq!(bench.crm.owner_of(&written.id).await.unwrap(), Some(ana.as_str().into()));

    for attempt in 0..3 {
        let mut later = lead(&ben);
        later.title = Some("Chief of Staff".to_owned());
        later.task.as_mut().unwrap().key = format!("5f1c9a1{attempt}");
        let again = bench.write(&later).await.unwrap();
        assert_eq!(
            (&again.id, again.owner_crm_id.as_ref()),
            (&written.id, Some(&ana.as_str().into())),
            "nor does writing make it ours"
        );
        assert!(again.by_hand && !written.by_hand, "whoever asked for it is told");
    }
    assert_eq!(bench.state.leads()[0]["Title"], "Head of Operations", "nor is their data overwritten");
    assert_eq!(bench.state.tasks()[3]["OwnerId"], ana, "the task goes to whoever has the lead now");
}

#[tokio::test]
async fn the_task_follows_a_converted_lead_to_its_contact() {
    let (bench, [priya]) = bench_of(["Priya"]).await;
    let written = bench.write(&lead(&priya)).await.unwrap();
    let contact = bench.state.convert(&written.id);

    let mut later = lead(&priya);
    later.task.as_mut().unwrap().key = "5f1c9a08".to_owned();
    let again = bench.write(&later).await.unwrap();
    assert_eq!((again.id.as_str(), again.owner_crm_id), (contact.as_str(), Some(priya.into())));
    assert_eq!(bench.state.tasks()[1]["WhoId"], contact);
}

/// A queue may own leads, and a task is somebody's: it falls to us, who write it.
#[tokio::test]
async fn a_queue_owns_the_lead_alone() {
    let (bench, []) = bench_of([]).await;
    let queue = "00G000000000001AAA";
    assert_eq!(bench.write(&lead(queue)).await.unwrap().owner_crm_id, Some(queue.into()));
    assert_eq!(bench.state.leads()[0]["OwnerId"], queue);
    assert_eq!(bench.state.tasks()[0]["OwnerId"], "005000000000000AAA");
}

#[tokio::test]
async fn the_orgs_rules_choose_once_and_their_owner_outlives_our_writes() {
    let (bench, [ana, ben, cy]) = bench_of(["Ana", "Ben", "Cy"]).await;
    bench.state.assign_all_to(&ana);
    assert_eq!(bench.crm.assign(&lead(&ben)).await, Ok(Some(ana.as_str().into())), "whatever owner we had in mind");

    // A person takes it, the org's rule changes: neither a repetition nor a write may bring the old or the new one back.
    let id = bench.state.leads()[0]["Id"].as_str().unwrap().to_owned();
    bench.state.assign_all_to(&cy);
    assert_eq!(bench.crm.assign(&lead(&ben)).await, Ok(Some(ana.as_str().into())), "the rules do not run twice");
    let mut kept = lead(&ben);
    kept.keeps_owner = true;
    let written = bench.write(&kept).await.unwrap();
    assert_eq!((written.id.as_str(), written.owner_crm_id), (id.as_str(), Some(ana.as_str().into())));
    assert_eq!(
        (&bench.state.leads()[0]["Description"], &bench.state.tasks()[0]["OwnerId"]),
        (&json!(kept.description.0), &json!(ben))
    );
    bench.state.set_owner(&id, &ben);
    assert_eq!(bench.crm.assign(&lead(&cy)).await, Ok(Some(ben.into())));
    assert_eq!((bench.state.leads().len(), bench.accepted("lead")), (1, 1));
}

#[tokio::test]
async fn a_lost_answer_to_an_assignment_is_read_the_next_time() {
    let (bench, [ana]) = bench_of(["Ana"]).await;
    bench.state.assign_all_to(&ana);
    bench.arm("composite", Fault::DropAnswer);
    assert_eq!(bench.crm.assign(&lead(&ana)).await.unwrap_err().class(), "unknown");
    assert_eq!(bench.crm.assign(&lead(&ana)).await, Ok(Some(ana.as_str().into())));
    assert_eq!((bench.state.leads().len(), bench.accepted("lead")), (1, 1));
}

#[tokio::test]
async fn an_org_without_a_rule_chooses_nobody_and_ours_is_written() {
    let (bench, [ana]) = bench_of(["Ana"]).await;
    assert_eq!(bench.crm.assign(&lead(&ana)).await, Ok(None), "our own user is nobody");
    assert_eq!(bench.write(&lead(&ana)).await.unwrap().owner_crm_id, Some(ana.as_str().into()));
}
