//! The org's requests of a day, which everything in the house shares: what can wait waits for those that cannot.

use super::bench_of;
use crate::vendors::crm::{class, lead};
use baton::connectors::Crm;
use baton_sandbox::Fault;
use std::time::Duration;

#[tokio::test]
async fn above_80_percent_the_requests_run_short_until_that_is_old_news() {
    let (bench, [priya]) = bench_of(["Priya"]).await;
    bench.write(&lead(&priya)).await.unwrap();
    assert!(!bench.crm.is_short(), "nothing was said of it");
    bench.state.use_requests(79_999, 100_000);
    bench.write(&lead(&priya)).await.unwrap();
    assert!(!bench.crm.is_short());
    bench.state.use_requests(80_000, 100_000);
    assert_eq!(class(&bench.write(&lead(&priya)).await), "done", "what cannot wait goes on");
    assert!(bench.crm.is_short());

    bench.clock.advance(Duration::from_secs(14 * 60));
    assert!(bench.crm.is_short());
    bench.clock.advance(Duration::from_secs(60));
    assert!(!bench.crm.is_short(), "the window rolls: one request may find out");
    bench.state.use_requests(1_000, 100_000);
    bench.write(&lead(&priya)).await.unwrap();
    assert!(!bench.crm.is_short());
}

#[tokio::test]
async fn a_refusal_for_it_says_so_without_a_number() {
    let (bench, [priya]) = bench_of(["Priya"]).await;
    bench.arm("composite", Fault::RateLimit { retry_after_s: None });
    assert_eq!(class(&bench.write(&lead(&priya)).await), "rate_limited");
    assert!(bench.crm.is_short());
}
