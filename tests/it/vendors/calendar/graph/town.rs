//! A worker whose reps have their calendars at Microsoft.

use super::settings;
use crate::eventually::found;
use crate::store::server::{Db, sqlite_in};
use crate::store::tx::reads;
use crate::town;
use baton::connectors::Calendar;
use baton::connectors::calendar::graph::GraphCalendar;
use baton::outbox::Vendors;
use baton_clock::{Clock, SharedClock};
use baton_core::routing::decision::CandidateVerdict;
use baton_core::routing::reason::Rejection;
use baton_sandbox::graph::{GraphState, routes};
use baton_sandbox::{World, serve};
use std::sync::Arc;

/// Nobody has put it into a calendar: the automatic reply alone says it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_sets_an_automatic_reply_in_outlook_gets_no_lead() {
    let folder = town::founded(2);
    let db = Db::open(sqlite_in(folder.path())).await;
    let clock = town::clock(1);
    let shared = Arc::clone(&clock) as SharedClock;
    let (world, state) = (World::new(Arc::clone(&shared)), GraphState::new());
    state.automatic_replies("west-01@reps.example", "alwaysEnabled", None);
    let address = serve(routes(world, Arc::clone(&state))).await.expect("a port");
    let client = GraphCalendar::new(settings(&format!("http://{address}")), Arc::clone(&shared)).expect("a client");
    let vendors = Vendors { calendar: Some(Arc::new(client) as Arc<dyn Calendar>), ..Vendors::default() };
    let worker = town::worker_with(vendors, folder.path(), &db.store, &shared).await;

    let caller = town::Caller::gone(3);
    worker.decider.take(vec![town::inbox(&caller.event, clock.now())]).await.expect("the event is taken");
    let lead = caller.lead();
    let decision = found("the lead is decided", || async {
        reads!(db.store, [lead], |tx| tx.decision(&lead).await).await.expect("the database answers")
    })
    .await;
    let candidates = decision.trace.pools.iter().flat_map(|pool| &pool.candidates);
    let away = candidates.filter(|candidate| candidate.rep.as_str() == "west-01").any(|candidate| {
        matches!(&candidate.verdict, CandidateVerdict::Rejected { because: Rejection::OutOfOffice { .. } })
    });
    assert!(away, "{:?}", decision.trace.pools);
    assert_eq!(decision.plan.owner.as_str(), "west-02");
    worker.stop().await;
}
