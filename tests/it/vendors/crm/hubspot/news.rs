//! What people did with contacts in the portal, and what came of them.

use super::bench_of;
use baton::connectors::{Crm, VendorError};
use baton_clock::Clock;
use baton_core::domain::outcome::{CrmContact, CrmNewsKind, DealState};
use baton_sandbox::Fault;
use chrono::{SecondsFormat, TimeDelta};

#[tokio::test]
async fn calls_meetings_deals_and_owners_that_have_changed_are_told() {
    let (bench, [ana, ben]) = bench_of(["ana@x.example", "ben@x.example"]).await;
    let (now, hour) = (bench.clock.now(), TimeDelta::hours(1));
    let contact = bench.state.add("contacts", &[("email", "dana@northwind.example")], &[]);
    bench.state.set_owner(&contact, &ben, now);
    let at = now.timestamp_millis().to_string();
    let (at, owner) = (("hs_timestamp", at.as_str()), ("hubspot_owner_id", ana.as_str()));
    bench.state.note("calls", &[at, owner, ("hs_call_status", "COMPLETED")], &contact, now);
    bench.state.note("calls", &[at, owner, ("hs_call_status", "NO_ANSWER")], &contact, now);
    bench.state.note("calls", &[at, owner, ("hs_call_status", "COMPLETED")], &contact, now - hour - hour);
    bench.state.note("meetings", &[at, owner, ("hs_meeting_outcome", "NO_SHOW")], &contact, now);
    bench.state.note("meetings", &[at, owner, ("hs_meeting_outcome", "SCHEDULED")], &contact, now);
    let created = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    let lost = [("createdate", created.as_str()), ("hs_is_closed", "true"), ("hs_is_closed_won", "false")];
    bench.state.note("deals", &lost, &contact, now);
    let page = bench.crm.news(now - hour, now).await.unwrap();
    assert_eq!((page.is_all, page.read_until), (true, now));
    assert!(page.news.iter().all(|news| news.records == [contact.clone()]), "{page:?}");
    let by = || ana.as_str().into();
    let expected = [
        CrmNewsKind::Contact { by: by(), at: now, how: CrmContact::Spoken },
        CrmNewsKind::Meeting { by: by(), at: now, held: false },
        CrmNewsKind::Deal { created_at: now, state: DealState::Lost, at: now, amount: None },
        CrmNewsKind::Owner { owner: ben.as_str().into() },
    ];
    assert_eq!(page.news.into_iter().map(|news| news.what).collect::<Vec<_>>(), expected);
}

/// A page is 200 records: the rest is on the next.
#[tokio::test]
async fn a_long_list_is_read_page_by_page_and_a_failure_in_between_is_told() {
    let (bench, [ana]) = bench_of(["ana@x.example"]).await;
    let (now, hour) = (bench.clock.now(), TimeDelta::hours(1));
    let contact = bench.state.add("contacts", &[("email", "dana@northwind.example")], &[]);
    let at = now.timestamp_millis().to_string();
    for _ in 0..201 {
        let told = [("hs_timestamp", at.as_str()), ("hubspot_owner_id", ana.as_str())];
        bench.state.note("calls", &told, &contact, now);
    }
    let page = bench.crm.news(now - hour, now).await.unwrap();
    assert_eq!((page.is_all, page.news.len()), (true, 201));
    bench.arm("calls.search", Fault::Unavailable);
    let failed = bench.crm.news(now - hour, now).await.unwrap_err();
    assert!(matches!(failed, VendorError::Retry { .. }), "{failed}");
}
