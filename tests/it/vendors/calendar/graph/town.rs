//! A worker whose reps have their calendars at Microsoft.

use super::settings;
use crate::eventually::found;
use crate::town;
use crate::vendors::calendar::facts::{Town, rejection};
use crate::vendors::contract;
use baton::app::stage::StandIns;
use baton::connectors::Calendar;
use baton::connectors::calendar::graph::GraphCalendar;
use baton_clock::{Clock, SharedClock};
use baton_core::routing::decision::Decision;
use baton_core::routing::reason::Rejection;
use baton_sandbox::graph::{GraphState, routes};
use baton_sandbox::{World, serve};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const FIRST: &str = "west-01@reps.example";

/// A running worker and the stand-in of its reps' mailboxes.
struct Outlook {
    town: Town,
    world: Arc<World>,
    state: Arc<GraphState>,
    /// Callers so far.
    called: AtomicUsize,
}

impl Outlook {
    async fn open() -> Self {
        let (world, state) = (World::new(town::clock(1) as SharedClock), GraphState::new());
        let address = serve(routes(Arc::clone(&world), Arc::clone(&state))).await.expect("a port");
        // By the clock of the worker: what was read before it skips a minute is old by then.
        let client = |stage: &StandIns| -> Arc<dyn Calendar> {
            let clock = Arc::clone(&stage.world.clock);
            Arc::new(GraphCalendar::new(settings(&format!("http://{address}")), clock).expect("a client"))
        };
        let town = Town::with(town::founded(2), |_, _| (), client).await;
        Self { town, world, state, called: AtomicUsize::new(0) }
    }

    async fn decides(&self) -> Decision {
        self.town.decides(self.called.fetch_add(1, Ordering::Relaxed) + 1).await
    }

    /// What the vendor shows from now on counts within a minute: who gets the lead by then, and what whoever asks why is told.
    async fn a_minute_later(&self, shown_at: DateTime<Utc>) -> (Decision, String) {
        self.town.clock.skip_to(shown_at + TimeDelta::seconds(60));
        // Where the machine is slow, a decision does not wait for the answer, and the next one has it.
        let decision = found("west-01 is passed over", || async {
            let decision = self.decides().await;
            matches!(rejection(&decision, "west-01"), Some(Rejection::OutOfOffice { .. })).then_some(decision)
        })
        .await;
        assert!(
            self.town.clock.now() - shown_at < TimeDelta::seconds(110),
            "a view is believed to be new for a minute"
        );
        let told = self.town.explained(&decision).await;
        (decision, told)
    }

    async fn ends(self) {
        self.town.worker.stop().await;
        let exchanges = self.world.exchanges();
        assert_eq!(contract::check_all("microsoft-graph", &exchanges), exchanges.len());
    }
}

/// Nobody has put it into a calendar: the automatic reply alone says it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_sets_an_automatic_reply_in_outlook_is_passed_over_a_minute_later() {
    let office = Outlook::open().await;
    assert_eq!(rejection(&office.decides().await, "west-01"), None, "they are there");

    let shown_at = office.town.clock.now();
    let (from, until) = (shown_at - TimeDelta::hours(1), shown_at + TimeDelta::hours(26));
    office.state.automatic_replies(FIRST, "scheduled", Some((from, until)));
    let (decision, told) = office.a_minute_later(shown_at).await;
    assert_eq!(decision.plan.owner.as_str(), "west-02");
    assert!(told.contains("out of office until Tue 24 Nov 2026") && told.contains("says microsoft"), "{told}");

    // Back, as Outlook is told, and gone for no one knows how long.
    office.state.automatic_replies(FIRST, "disabled", None);
    office.town.clock.skip_to(office.town.clock.now() + TimeDelta::seconds(60));
    found("west-01 is there again", || async { rejection(&office.decides().await, "west-01").is_none().then_some(()) })
        .await;
    let shown_at = office.town.clock.now();
    office.state.automatic_replies(FIRST, "alwaysEnabled", None);
    let (decision, told) = office.a_minute_later(shown_at).await;
    assert_eq!(decision.plan.owner.as_str(), "west-02");
    assert!(told.contains("out of office") && told.contains("says microsoft"), "{told}");
    office.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_puts_an_absence_into_outlook_is_passed_over_a_minute_later() {
    let office = Outlook::open().await;
    assert_eq!(rejection(&office.decides().await, "west-01"), None, "they are there");
    let shown_at = office.town.clock.now();
    office.state.add(FIRST, "oof", shown_at - TimeDelta::hours(1), shown_at + TimeDelta::hours(26));
    let (decision, told) = office.a_minute_later(shown_at).await;
    assert_eq!(decision.plan.owner.as_str(), "west-02");
    assert!(told.contains("out of office until Tue 24 Nov 2026") && told.contains("says microsoft"), "{told}");
    office.ends().await;
}

/// The others' are known, as the same answer tells them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailbox_that_fails_inside_a_200_is_unknown_with_its_age_and_comes_after_those_who_are_free() {
    let office = Outlook::open().await;
    found("every mailbox is read", || async { office.decides().await.degraded.is_empty().then_some(()) }).await;
    office.state.unreachable(FIRST, "ErrorMailboxMoveInProgress");
    office.town.clock.skip_to(office.town.clock.now() + TimeDelta::minutes(3));
    let why =
        "calendar of west-01 unknown: the mailbox's error is ErrorMailboxMoveInProgress; it was last read 3 min ago";
    let decision = found("it is seen to fail", || async {
        let decision = office.decides().await;
        decision.degraded.iter().any(|one| one.in_words() == why).then_some(decision)
    })
    .await;
    assert_eq!(decision.degraded.len(), 1, "west-02's is known: {:?}", decision.degraded);
    assert_eq!(decision.plan.owner.as_str(), "west-02", "unknown is not free");
    let told = office.town.explained(&decision).await;
    assert!(told.contains("ErrorMailboxMoveInProgress; it was last read 3 min ago"), "{told}");
    office.ends().await;
}
