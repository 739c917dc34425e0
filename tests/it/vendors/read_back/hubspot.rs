//! HubSpot: calls, meetings, deals, owners, found by a search that lags.

use super::{Office, SPEED};
use crate::store::server::{Db, on_both};
use crate::town::{self, Caller};
use crate::vendors::workflow::call_in_crm;
use baton::connectors::Crm;
use baton::connectors::crm::hubspot::{HubSpot, HubSpotConfig};
use baton::connectors::http::Secret;
use baton_clock::{Clock, SharedClock};
use baton_sandbox::hubspot::{HubSpotState, routes};
use baton_sandbox::{Fault, World, serve};
use chrono::SecondsFormat;
use std::sync::Arc;
use std::time::Duration;

const KEY: &str = "pat-eu1-test";
const NO_ANSWER: &str = "73a0d17f-1163-4015-bdd5-ec830791da20";
const CONNECTED: &str = "f240bbac-87c9-4f6e-bf70-924b57d47db7";

/// With the owner ids of `west-01` and `west-02`.
async fn open(db: Db) -> (Office, HubSpotState, [String; 2]) {
    let (folder, clock) = (town::founded(2), town::clock(SPEED));
    call_in_crm(folder.path(), "nobody", "");
    let shared = Arc::clone(&clock) as SharedClock;
    let (world, portal) = (World::new(Arc::clone(&shared)), HubSpotState::new(KEY));
    let west = ["west-01@reps.example", "west-02@reps.example"].map(|email| portal.add_owner(email));
    let address = serve(routes(Arc::clone(&world), portal.clone())).await.expect("the stand-in");
    let client = || {
        let base_url = format!("http://{address}");
        let config = HubSpotConfig { base_url, service_key: Secret::new(KEY), per_second: 1000 };
        Arc::new(HubSpot::new(config, Arc::clone(&shared)).expect("a client")) as Arc<dyn Crm>
    };
    let office = Office::open(db, (folder, clock, world), ("hubspot", "hs_call_disposition"), client).await;
    (office, portal, west)
}

/// The search knows of the second call half a minute late, when what came before it has been read long since.
async fn a_call_that_the_search_knows_late_keeps_the_promise_once(db: Db) {
    let (office, portal, west) = open(db).await;
    let (lead, record) = office.promised(&Caller::gone(3)).await;
    let call = |disposition: &str| {
        let now = office.clock.now();
        let (at, owner) = (now.timestamp_millis().to_string(), west[0].as_str());
        let told = [("hs_timestamp", at.as_str()), ("hs_call_status", "COMPLETED"), ("hubspot_owner_id", owner)];
        let told = [told.as_slice(), &[("hs_call_disposition", disposition)]].concat();
        portal.note("calls", &told, &record, now);
    };
    call(NO_ANSWER);
    office.read_again().await;
    assert_eq!(office.lead(&lead).await.status, "callback", "nobody spoke with them");
    office.world.arm("hubspot", "calls.search", Fault::SearchLags(Duration::from_secs(30)), 8);
    call(CONNECTED);
    office.until_called(&lead).await;
    office.read_again().await;
    assert_eq!(office.count("contact", "via = 'crm' AND rep = 'west-01'").await, 1);
    assert_eq!(office.count("timeline", "kind = 'contact_made'").await, 1, "it is told once");
    assert_eq!((office.reported("acceptance").await, office.reported("conversion").await), (1, 0));

    let now = office.clock.now();
    let created = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    let open = [("createdate", created.as_str()), ("amount", "900"), ("hs_is_closed", "false")];
    let deal = portal.note("deals", &open, &record, now);
    office.until("outcome", "kind = 'opportunity' AND amount = 900", 1).await;
    assert_eq!(office.reported("conversion").await, 1);
    let won = [("hs_is_closed", "true"), ("hs_is_closed_won", "true"), ("amount", "1000")];
    portal.change("deals", &deal, &won, office.clock.now());
    office.until("outcome", "kind = 'won' AND amount = 1000", 1).await;
    office.close().await;
}

async fn a_meeting_to_which_nobody_came_returns_the_turn_and_may_be_mended(db: Db) {
    let (office, portal, west) = open(db).await;
    let (lead, record) = office.promised(&Caller::gone(3)).await;
    let now = office.clock.now();
    let (at, owner) = (now.timestamp_millis().to_string(), west[0].as_str());
    let nobody = [("hs_timestamp", at.as_str()), ("hs_meeting_outcome", "NO_SHOW"), ("hubspot_owner_id", owner)];
    let meeting = portal.note("meetings", &nobody, &record, now);
    office.until("outcome", "kind = 'no_show'", 1).await;
    office.read_again().await;
    assert_eq!(office.count("timeline", "kind = 'turn_corrected'").await, 1, "once");
    assert_eq!(office.lead(&lead).await.status, "callback");
    portal.change("meetings", &meeting, &[("hs_meeting_outcome", "COMPLETED")], office.clock.now());
    office.until("outcome", "kind = 'meeting_held'", 1).await;
    assert_eq!(office.count("outcome", "kind = 'no_show'").await, 0);
    office.until_called(&lead).await;
    office.close().await;
}

async fn an_owner_who_is_changed_while_a_call_is_promised_is_followed_and_not_fought(db: Db) {
    let (office, portal, west) = open(db).await;
    let (lead, record) = office.promised(&Caller::gone(3)).await;
    portal.set_owner(&record, &west[1], office.clock.now());
    office.follows(&lead, "west-02").await;
    assert_eq!(portal.records("contacts")[0].properties.get("hubspot_owner_id"), Some(&west[1]));
    office.close().await;
}

on_both! {
    a_call_that_the_search_knows_late_keeps_the_promise_once,
    a_meeting_to_which_nobody_came_returns_the_turn_and_may_be_mended,
    an_owner_who_is_changed_while_a_call_is_promised_is_followed_and_not_fought,
}
