//! What is told at the start of an org that would not do what will be asked of it.

use super::{bench, bench_showing, jwt};
use baton::connectors::crm::salesforce::{Salesforce, SalesforceConfig};
use baton::connectors::{Crm, VendorError};
use baton_clock::FakeClock;

#[tokio::test]
async fn a_version_that_the_org_does_not_speak_is_told_with_those_that_it_does() {
    let bench = bench().await;
    bench.state.speak_versions(59, 67);
    assert_eq!(bench.crm.check().await, Ok(()), "there are newer ones, and ours is there");
    for (oldest, newest) in [(59, 65), (67, 70)] {
        bench.state.speak_versions(oldest, newest);
        let error = bench.crm.check().await.unwrap_err();
        let told = format!("the org speaks v{oldest}.0 to v{newest}.0 of the API, and not v66.0: set crm.api_version");
        assert!(matches!(&error, VendorError::Amiss { why, .. } if why.contains(&told)), "{error}");
    }
}

#[tokio::test]
async fn a_version_that_is_too_old_is_refused() {
    let config = |version: &str| SalesforceConfig {
        base_url: "https://acme.my.salesforce.com".to_owned(),
        api_version: version.to_owned(),
        auth: jwt(),
        notification_type: None,
    };
    let clock = FakeClock::new(crate::vendors::crm::NOW.parse().unwrap());
    let made = |version: &str| Salesforce::new(config(version), clock.clone() as _).map(drop);
    assert_eq!(made("v59.0"), Ok(()));
    let error = made("v58.0").unwrap_err();
    assert!(error.to_string().contains("\"v58.0\" is older than v59.0"), "{error}");
}

#[tokio::test]
async fn a_notification_type_that_is_not_there_is_told() {
    let bench = bench_showing(jwt(), Some("Baton_Call")).await;
    let error = bench.crm.check().await.unwrap_err();
    let told = "there is no notification type \"Baton_Call\" that our user may see: deploy the folder salesforce/";
    assert!(matches!(&error, VendorError::Amiss { why, .. } if why.contains(told)), "{error}");
    bench.state.add_notification_type("Baton_Call");
    assert_eq!(bench.crm.check().await, Ok(()), "it was mended, and nobody had to start anew");
}
