//! Each write alone, and logins: an outage, a limit and a lost answer are told apart.

use super::{bench_showing, jwt};
use crate::vendors::crm::{NOW, lead};
use axum::http::StatusCode;
use axum::{Json, Router};
use baton::connectors::crm::salesforce::{Salesforce, SalesforceConfig};
use baton::connectors::{Crm, ScreenPop};
use baton_clock::FakeClock;
use baton_sandbox::{Fault, serve};
use serde_json::json;

#[tokio::test]
async fn every_write_whose_answer_is_lost_is_in_doubt() {
    for (fault, class) in [
        (Fault::Unavailable, "retry"),
        (Fault::RateLimit { retry_after_s: None }, "rate_limited"),
        (Fault::DropAnswer, "unknown"),
    ] {
        let bench = bench_showing(jwt(), Some("Baton_Call")).await;
        let priya = bench.state.add_user("Priya");
        bench.state.add_notification_type("Baton_Call");
        let written = bench.write(&lead(&priya)).await.expect("it is written");
        let (user, title, body) = (priya.as_str().into(), "Dana Whitfield".to_owned(), "Hello".to_owned());
        let pop = ScreenPop { record: written.id, user, title, body };
        bench.arm("customNotificationAction", fault.clone());
        let failed = bench.crm.show(&pop).await.expect_err("it is not shown for sure");
        assert_eq!(failed.class(), class, "show, {fault:?}: {failed}");
        bench.arm("composite", fault.clone());
        let failed = bench.crm.try_write().await.expect("it has one").expect_err("it is not tried");
        assert_eq!(failed.class(), class, "try_write, {fault:?}: {failed}");
        bench.arm("composite", fault.clone());
        let failed = bench.crm.assign(&lead(&priya)).await.expect_err("the rules have not chosen for sure");
        assert_eq!(failed.class(), class, "assign, {fault:?}: {failed}");
    }
}

/// Told with a word of OAuth, or, by what stands before it, with 429.
#[tokio::test]
async fn a_limit_on_logins_is_none_on_who_we_are() {
    let worded = (StatusCode::BAD_REQUEST, json!({ "error": "rate_limit_exceeded", "error_description": "slow down" }));
    for (status, body) in [worded, (StatusCode::TOO_MANY_REQUESTS, json!("slow down"))] {
        let org = Router::new().fallback(move || async move { (status, Json(body)) });
        let base_url = format!("http://{}", serve(org).await.expect("a port"));
        let api_version = "v66.0".to_owned();
        let config = SalesforceConfig { base_url, api_version, auth: jwt(), notification_type: None };
        let crm = Salesforce::new(config, FakeClock::new(NOW.parse().expect("an instant"))).expect("a client");
        assert_eq!(crm.check().await.expect_err("no login").class(), "rate_limited", "{status}");
    }
}
