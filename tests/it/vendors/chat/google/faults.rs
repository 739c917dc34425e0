//! Each call alone: an outage, a limit and a lost answer are told apart.

use super::{ANA, Office, all, day};
use baton::connectors::Calendar;
use baton_sandbox::Fault;

#[tokio::test]
async fn every_call_tells_an_outage_a_limit_and_a_lost_answer_apart() {
    for (fault, read, written) in [
        (Fault::Unavailable, "retry", "retry"),
        (Fault::RateLimit { retry_after_s: Some(9) }, "rate_limited", "rate_limited"),
        (Fault::DropAnswer, "retry", "unknown"),
    ] {
        let office = Office::open().await;
        let arm = |operation: &str| office.world.arm("google", operation, fault.clone(), 1);
        for operation in ["token", "freebusy.query"] {
            if operation == "token" && read == "rate_limited" {
                continue; // none is told of for tokens
            }
            arm(operation);
            let failed = office.busy(&[ANA]).await.expect_err(operation);
            assert_eq!(failed.class(), read, "{operation}, {fault:?}: {failed}");
        }
        arm("events.list");
        let (from, until) = day();
        let named = office.calendar.absences(&all(&[ANA]), from, until).await;
        assert!(named.is_empty(), "what is not known is not said: {fault:?}");
        arm("events.insert");
        let failed = office.book(1).await.expect_err("it is not booked for sure");
        assert_eq!(failed.class(), written, "{fault:?}: {failed}");
        office.book(1).await.expect("it is booked");
        arm("events.get");
        let failed = office.book(1).await.expect_err("it cannot be read");
        assert_eq!(failed.class(), read, "{fault:?}: {failed}");
    }
}
