//! What people did with leads in the org, and what came of them.

use super::{bench_of, calls};
use crate::vendors::crm::lead;
use baton::connectors::Crm;
use baton_clock::Clock;
use baton_core::domain::outcome::{CrmContact, CrmNewsKind, DealState};
use chrono::TimeDelta;

#[tokio::test]
async fn what_was_done_with_a_lead_is_told_in_one_request() {
    let (bench, [priya, ben]) = bench_of(["Priya", "Ben"]).await;
    let written = bench.write(&lead(&priya)).await.unwrap();
    let (now, hour) = (bench.clock.now(), TimeDelta::hours(1));
    bench.state.log_call(&written.id, &priya, "Call", 95);
    bench.state.log_call(&written.id, &priya, "Call", 0);
    bench.state.log_call(&written.id, &priya, "ListEmail", 0);
    bench.state.log_call(&written.id, &ben, "Email", 0);
    // One that was written down after its end, and one that is still to come.
    bench.state.note_event(&written.id, &priya, now - hour, now);
    bench.state.note_event(&written.id, &priya, now, now + hour);
    bench.state.set_owner(&written.id, &ben);
    let before = calls(&bench, "/composite");
    let page = bench.crm.news(now - hour, now).await.unwrap();
    assert_eq!(calls(&bench, "/composite"), before + 1);
    assert_eq!((page.is_all, page.read_until), (true, now));
    let (of_priya, of_ben) = (priya.as_str(), ben.as_str());
    let spoken = |at| CrmNewsKind::Contact { by: of_priya.into(), at, how: CrmContact::Spoken };
    let expected = [
        spoken(now),
        CrmNewsKind::Contact { by: of_ben.into(), at: now, how: CrmContact::Mail },
        spoken(now - hour),
        CrmNewsKind::Owner { owner: of_ben.into() },
    ];
    assert!(page.news.iter().all(|news| news.records == [written.id.clone()]), "{page:?}");
    assert_eq!(page.news.into_iter().map(|news| news.what).collect::<Vec<_>>(), expected);

    let deal = bench.state.convert_to_deal(&written.id, Some(12_500.0));
    bench.state.set_deal(&deal, true, true);
    let page = bench.crm.news(now - hour, now).await.unwrap();
    let last = page.news.last().expect("the deal");
    assert_eq!((&last.told_by, last.records.contains(&written.id), last.records.len()), (&deal, true, 2));
    let won = CrmNewsKind::Deal { created_at: now, state: DealState::Won, at: now, amount: Some(12_500.0) };
    assert_eq!(last.what, won);
    assert!(bench.crm.news(now, now).await.unwrap().news.is_empty(), "it is told by the time of its change");
}

/// What we have closed ourselves says nothing; what a person has ticked off does.
#[tokio::test]
async fn a_task_of_ours_tells_once_a_person_has_ticked_it_off() {
    let (bench, [priya]) = bench_of(["Priya"]).await;
    bench.write(&lead(&priya)).await.unwrap();
    let mut done = lead(&priya);
    let task = done.task.as_mut().expect("a task");
    (task.key, task.done) = ("5f1c9a08".to_owned(), true);
    bench.write(&done).await.unwrap();
    let (now, hour) = (bench.clock.now(), TimeDelta::hours(1));
    let contacts = async || {
        let page = bench.crm.news(now - hour, now).await.unwrap();
        let is_contact = |what: &CrmNewsKind| matches!(what, CrmNewsKind::Contact { how: CrmContact::TickedOff, .. });
        page.news.iter().filter(|news| is_contact(&news.what)).count()
    };
    assert_eq!(contacts().await, 0);
    let open = bench.state.tasks().into_iter().find(|task| task["Status"] == "Not Started").expect("the open one");
    bench.state.tick_off(open["Id"].as_str().unwrap());
    assert_eq!(contacts().await, 1);
}
