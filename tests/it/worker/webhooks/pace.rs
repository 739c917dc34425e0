//! How much is under way at once, in how many commits, and when nothing is sent.

use super::receiver::{Receiver, Says};
use super::{Town, webhook};
use crate::eventually::eventually;
use crate::store::server::{Db, on_both, tests};
use crate::store::tx::writes;
use crate::town;
use baton::store::NewDelivery;
use baton_clock::{Clock, SystemClock};
use baton_core::domain::effect::Topic;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// So many events, kept by a worker that is no more.
async fn keep(db: &Db, count: usize, created_at: DateTime<Utc>) {
    let one = |number: usize| NewDelivery {
        webhook: "crm".to_owned(),
        event_id: format!("e{number}"),
        topic: "lead.routed",
        body: "{}".to_owned(),
        created_at,
        trace_context: None,
    };
    let kept: Vec<NewDelivery> = (0..count).map(one).collect();
    writes!(db.store, [kept], |tx| tx.deliveries_insert(&kept).await).await.expect("they are kept");
}

fn of(which: &str) -> String {
    format!("SELECT COUNT(*) FROM webhook_delivery WHERE {which}")
}

async fn a_receiver_is_sent_many_at_a_time_and_a_commit_holds_many(db: Db) {
    const KEPT: usize = 120;
    let receiver = Receiver::open(&[], Says::Slowly(100)).await;
    keep(&db, KEPT, SystemClock.now()).await;
    let town = Town::begin(db, Arc::new(SystemClock), vec![webhook("crm", &receiver, &[Topic::LeadRouted])]).await;
    town.until("all are delivered", &of("state = 'delivered' AND attempts = 1"), KEPT as i64).await;
    town.running.stop().await;
    assert!((9..=16).contains(&receiver.most_at_once()), "{} at once", receiver.most_at_once());
    // What was taken in one commit has one lease, and what was written down in one has one end.
    for of_a_commit in ["run_at", "ended_at"] {
        let commits = town.db.number(format!("SELECT COUNT(DISTINCT {of_a_commit}) FROM webhook_delivery")).await;
        assert!(commits <= KEPT as i64 / 2, "{commits} commits, by {of_a_commit}");
    }
}

async fn a_receiver_that_asks_for_a_rest_is_left_alone(db: Db) {
    const KEPT: usize = 40;
    let clock = town::clock(10);
    let receiver = Receiver::open(&[Says::Later(3600); 16], Says::Status(200)).await;
    keep(&db, KEPT, clock.now()).await;
    let town = Town::begin(db, clock.clone(), vec![webhook("crm", &receiver, &[Topic::LeadRouted])]).await;
    town.until("those under way are answered", &of("attempts = 1 AND outcome = 'HTTP 503'"), 16).await;
    town.until("the others are in nobody's hands", &of("attempts = 0 AND held = 0"), 24).await;
    assert_eq!(receiver.came().len(), 16);
    clock.skip_to(town.now() + TimeDelta::seconds(3601));
    town.until("all are delivered after that", &of("state = 'delivered'"), KEPT as i64).await;
    town.running.stop().await;
    let waited = "attempts = 1 AND tried_at >= (SELECT rests_until FROM webhook)";
    assert_eq!(town.db.number(of(waited)).await, 24, "to wait is no try");
}

async fn a_receiver_that_hangs_for_three_days_is_disabled(db: Db) {
    let clock = town::clock(30);
    let receiver = Receiver::open(&[], Says::Nothing).await;
    keep(&db, 1, clock.now()).await;
    let began = (clock.now() - TimeDelta::days(3)).timestamp_micros();
    db.execute(format!("INSERT INTO webhook (name, failing_since) VALUES ('crm', {began})")).await;
    let town = Town::begin(db, clock, vec![webhook("crm", &receiver, &[Topic::LeadRouted])]).await;
    let disabled = "SELECT COUNT(*) FROM webhook WHERE disabled_at IS NOT NULL \
                    AND disabled_why = 'nothing was delivered for 3 days, and at last: no answer within 30 s'";
    town.until("it is disabled", disabled, 1).await;
    town.running.stop().await;
    assert_eq!(
        town.db.number(of("state = 'open' AND attempts = 1")).await,
        1,
        "its first try, and it would have had more"
    );
}

async fn what_workers_die_of_is_given_up_and_no_fault_of_the_receiver(db: Db) {
    let receiver = Receiver::open(&[], Says::Status(200)).await;
    keep(&db, 2, SystemClock.now()).await;
    // The last of many was killed with it a while ago.
    assert_eq!(db.execute("UPDATE webhook_delivery SET held = 1, lost = 499 WHERE event_id = 'e0'").await, 1);
    let town = Town::begin(db, Arc::new(SystemClock), vec![webhook("crm", &receiver, &[Topic::LeadRouted])]).await;
    town.until("it is given up", &of("event_id = 'e0' AND state = 'failed' AND outcome LIKE '500 workers%'"), 1).await;
    town.until("the other one is delivered", &of("event_id = 'e1' AND state = 'delivered'"), 1).await;
    town.running.stop().await;
    assert_eq!(receiver.came().len(), 1);
    assert_eq!(town.db.number("SELECT COUNT(*) FROM webhook").await, 0);
}

async fn a_stop_gives_back_what_has_not_begun(db: Db) {
    let receiver = Receiver::open(&[], Says::Nothing).await;
    keep(&db, 40, SystemClock.now()).await;
    let town = Town::begin(db, Arc::new(SystemClock), vec![webhook("crm", &receiver, &[Topic::LeadRouted])]).await;
    eventually("all hands are full", || async { receiver.most_at_once() == 16 }).await;
    town.until("and others are next", &of("held = 1"), 32).await;
    town.running.stop().await;
    assert_eq!(town.db.number(of("held = 0 AND attempts = 0")).await, 24);
}

/// Statements that delete are counted by the server.
async fn one_task_tidies_for_all_webhooks(db: Db) {
    for sql in [
        "CREATE TABLE tidied (one BIGINT)",
        "CREATE FUNCTION note_tidying() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO tidied VALUES (1); \
         RETURN NULL; END $$",
        "CREATE TRIGGER tidying AFTER DELETE ON webhook_delivery FOR EACH STATEMENT EXECUTE FUNCTION note_tidying()",
    ] {
        db.execute(sql).await;
    }
    let receiver = Receiver::open(&[], Says::Status(200)).await;
    let webhooks = ["a", "b", "c"].map(|name| webhook(name, &receiver, &[Topic::LeadRouted]));
    let town = Town::begin(db, Arc::new(SystemClock), Vec::from(webhooks)).await;
    town.calls(1..2).await;
    town.until("each has delivered", &of("state = 'delivered'"), 3).await;
    town.until("it was tidied, of either kind", "SELECT COUNT(*) FROM tidied", 2).await;
    town.running.stop().await;
    assert_eq!(town.db.number("SELECT COUNT(*) FROM tidied").await, 2);
}

on_both! {
    a_receiver_is_sent_many_at_a_time_and_a_commit_holds_many,
    a_receiver_that_asks_for_a_rest_is_left_alone,
    a_receiver_that_hangs_for_three_days_is_disabled,
    what_workers_die_of_is_given_up_and_no_fault_of_the_receiver,
}

tests! {
    a_stop_gives_back: on_sqlite(a_stop_gives_back_what_has_not_begun),
    one_task_tidies: on_postgres(one_task_tidies_for_all_webhooks),
}
