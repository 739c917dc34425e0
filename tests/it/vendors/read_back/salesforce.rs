//! Salesforce: calls, mails and events that were logged, tasks of ours, opportunities, owners.

use super::{Office, SPEED};
use crate::store::server::{Db, on_both};
use crate::town::{self, Caller};
use baton::connectors::Crm;
use baton::connectors::crm::salesforce::{Salesforce, SalesforceAuth, SalesforceConfig};
use baton::connectors::http::Secret;
use baton_clock::{Clock, SharedClock};
use baton_core::domain::crm_id::CrmId;
use baton_sandbox::salesforce::{SalesforceState, routes};
use baton_sandbox::{Fault, World, serve};
use chrono::TimeDelta;
use std::sync::Arc;

/// Users of `west-01` and `west-02`.
const WEST: [&str; 2] = ["005xx00000WES01", "005xx00000WES02"];

async fn open(db: Db) -> (Office, SalesforceState) {
    let (folder, clock) = (town::founded(2), town::clock(SPEED));
    let shared = Arc::clone(&clock) as SharedClock;
    let (world, org) = (World::new(Arc::clone(&shared)), SalesforceState::new());
    let address = serve(routes(Arc::clone(&world), org.clone())).await.expect("the stand-in");
    let client = || {
        let auth =
            SalesforceAuth::ClientCredentials { client_id: "id".to_owned(), client_secret: Secret::new("secret") };
        let (base_url, api_version) = (format!("http://{address}"), "v66.0".to_owned());
        let config = SalesforceConfig { base_url, api_version, auth, notification_type: None };
        Arc::new(Salesforce::new(config, Arc::clone(&shared)).expect("a client")) as Arc<dyn Crm>
    };
    let office = Office::open(db, (folder, clock, world), ("salesforce", "ConvertedOpportunity"), client).await;
    (office, org)
}

/// Twice the answer is lost on its way.
async fn a_logged_call_keeps_the_promise_and_the_deal_is_an_outcome(db: Db) {
    let (office, org) = open(db).await;
    let (lead, record) = office.promised(&Caller::gone(3)).await;
    let (now, hour) = (office.clock.now(), TimeDelta::hours(1));
    org.log_call(&record, WEST[0], "Call", 0);
    org.log_call(&record, WEST[0], "Email", 0);
    org.log_call(&record, "005000000000777AAA", "Call", 60);
    org.note_event(&record, WEST[0], now + hour, now + hour + hour);
    office.read_again().await;
    assert_eq!(office.lead(&lead).await.status, "callback", "nobody spoke with them");

    office.world.arm("salesforce", "reads", Fault::DropAnswer, 2);
    org.log_call(&record, WEST[0], "Call", 95);
    office.until_called(&lead).await;
    office.read_again().await;
    assert_eq!(office.count("contact", "via = 'crm' AND rep = 'west-01'").await, 1);
    assert_eq!(office.count("timeline", "kind = 'contact_made'").await, 1, "it is told once");
    assert_eq!((office.reported("acceptance").await, office.reported("conversion").await), (1, 0));

    let deal = org.convert_to_deal(&record, Some(12_500.0));
    office.until("outcome", "kind = 'opportunity' AND amount = 12500", 1).await;
    assert_eq!(office.reported("conversion").await, 1);
    org.set_deal(&deal, true, true);
    office.until("outcome", "kind = 'won' AND amount = 12500", 1).await;
    org.set_deal(&deal, false, false);
    office.until("outcome", "kind = 'won'", 0).await;
    org.set_deal(&deal, true, false);
    office.until("outcome", "kind = 'lost'", 1).await;
    assert_eq!(office.count("timeline", "kind = 'closed'").await, 1, "what is closed is closed");
    office.close().await;
}

async fn what_a_person_said_stays_and_a_task_that_is_ticked_off_keeps_its_promise(db: Db) {
    let (office, org) = open(db).await;
    let (lead, record) = office.promised(&Caller::gone(3)).await;
    office.says(&lead, "lost").await;
    let [task] = org.tasks().try_into().expect("the task of the promise");
    org.tick_off(task["Id"].as_str().expect("an id"));
    office.until_called(&lead).await;
    let deal = org.convert_to_deal(&record, Some(900.0));
    org.set_deal(&deal, true, true);
    office.until("outcome", "kind = 'opportunity'", 1).await;
    office.read_again().await;
    assert_eq!(office.count("outcome", "kind = 'won'").await, 0);
    assert_eq!(office.count("outcome", "kind = 'lost' AND record IS NULL AND amount IS NULL").await, 1);
    office.says(&lead, "won").await;
    office.read_again().await;
    assert_eq!(office.count("outcome", "kind = 'won' AND record IS NULL").await, 1);
    office.close().await;
}

async fn an_owner_who_is_changed_while_a_call_is_promised_is_followed_and_not_fought(db: Db) {
    let (office, org) = open(db).await;
    let (lead, record) = office.promised(&Caller::gone(3)).await;
    let west = WEST.map(CrmId::from);
    org.set_owner(&record, west[1].as_str());
    office.follows(&lead, "west-02").await;
    assert_eq!(org.leads()[0]["OwnerId"], west[1].as_str());
    assert_eq!(office.count("step", "kind = 'read_owner'").await, 1, "one look");

    // Of somebody who is no rep the report tells, and the promise stays.
    org.set_owner(&record, "005000000000777AAA");
    office.until("owner_change", "1 = 1", 2).await;
    office.read_again().await;
    assert_eq!(office.lead(&lead).await.owner.as_str(), "west-02");
    assert_eq!(org.leads()[0]["OwnerId"], "005000000000777AAA");
    office.close().await;
}

on_both! {
    a_logged_call_keeps_the_promise_and_the_deal_is_an_outcome,
    what_a_person_said_stays_and_a_task_that_is_ticked_off_keeps_its_promise,
    an_owner_who_is_changed_while_a_call_is_promised_is_followed_and_not_fought,
}
