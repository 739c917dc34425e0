//! The mirror of accounts on running workers: what changes in the CRM is known at the next call without a look-up.

use crate::eventually::{eventually, found};
use crate::program::edit;
use crate::store::server::{Db, on_both, tests};
use crate::store::tx::reads;
use crate::town::{self, Caller};
use crate::vendors::contract::check_all;
use baton::app::Running;
use baton::connectors::crm::salesforce::{Salesforce, SalesforceAuth, SalesforceConfig};
use baton::connectors::http::Secret;
use baton::outbox::Vendors;
use baton_clock::{Clock, ScaledClock, SharedClock};
use baton_core::domain::account::Candidates;
use baton_core::routing::Decision;
use baton_core::routing::decision::AccountTrace;
use baton_sandbox::salesforce::{SalesforceState, routes};
use baton_sandbox::{Fault, World, serve};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Seconds of the town between two questions, and how many of them pass in one of ours.
const EVERY_S: u64 = 10;
const SPEED: u32 = 15;

/// An org, and workers that ask it what has changed. Whoever has an open opportunity has the lead.
struct Office {
    db: Db,
    clock: Arc<ScaledClock>,
    world: Arc<World>,
    org: SalesforceState,
    /// User ids of `west-01` to `west-03`.
    west: [String; 3],
    workers: Vec<Running>,
    _folder: TempDir,
}

impl Office {
    async fn open(db: Db) -> Self {
        let (folder, clock) = (town::founded(3), town::clock(SPEED));
        let shared = Arc::clone(&clock) as SharedClock;
        let (world, org) = (World::new(Arc::clone(&shared)), SalesforceState::new());
        let address = serve(routes(Arc::clone(&world), org.clone())).await.expect("the stand-in");
        let west = ["01", "02", "03"].map(|number| {
            let user = org.add_user(number);
            edit(folder.path(), "rules/reps.csv", &format!("005xx00000WES{number}"), &user);
            user
        });
        let rules = |from: &str, to: &str| edit(folder.path(), "rules/routing.yaml", from, to);
        rules("existing: account_owner", "existing: open_opportunity_owner");
        rules(
            "tiers: [{ name: any }]",
            "fields: { account.lifetime_value: { type: number, from: crm, crm_field: LTV__c } }\n\
             tiers: [{ name: key, account.lifetime_value: \">= 1000\" }, { name: trouble, account.open_cases: \">= 2\" }, { name: any }]",
        );
        let mut workers = Vec::new();
        for _ in 0..if db.is_postgres() { 2 } else { 1 } {
            let config = SalesforceConfig {
                base_url: format!("http://{address}"),
                api_version: "v66.0".to_owned(),
                auth: SalesforceAuth::ClientCredentials {
                    client_id: "client".to_owned(),
                    client_secret: Secret::new("secret"),
                },
                notification_type: None,
            };
            let crm = Salesforce::new(config, Arc::clone(&shared)).expect("a client");
            let vendors = Vendors { crm: Some(Arc::new(crm)), ..Vendors::default() };
            let set = |setup: &mut baton::app::Setup| {
                setup.vendors = vendors;
                setup.limits.mirror_every_s = EVERY_S;
            };
            workers.push(town::worker_of(folder.path(), &db.store, &shared, set).await);
        }
        Self { db, clock, world, org, west, workers, _folder: folder }
    }

    /// The company of caller 3, which is nobody's.
    fn company(&self) -> String {
        let fields =
            json!({ "Name": "Company 3", "Website": "https://company-3.example", "OwnerId": self.org.add_user("X") });
        self.org.add_account(fields)
    }

    /// The same caller once more, with another call.
    async fn calls(&self, name: &str) -> Decision {
        let mut caller = Caller::gone(3);
        (caller.event["id"], caller.event["data"]["call"]["id"]) = (json!(name), json!(format!("call-{name}")));
        let message = town::inbox(&caller.event, self.clock.now());
        self.workers[0].decider.take(vec![message]).await.expect("the event is taken");
        let lead = caller.lead();
        found("the lead is decided", || async {
            reads!(self.db.store, [lead], |tx| tx.decision(&lead).await).await.expect("the database answers")
        })
        .await
    }

    /// Since when the account is known, as it was then, if it was read after the caller was found.
    async fn seen_at(&self, decision: &Decision) -> Option<DateTime<Utc>> {
        let lead = decision.lead_id.clone();
        let snapshot = reads!(self.db.store, [lead], |tx| tx.snapshot(&lead).await).await.expect("a look");
        match snapshot.expect("it is kept").account.value() {
            Some(Candidates::Found(records)) => records.companies.first()?.seen_at,
            Some(Candidates::Settled(_)) | None => None,
        }
    }

    /// What a caller was found with contains this, or does not.
    async fn mirrored(&self, text: &str, is_there: bool) {
        let sql =
            format!("SELECT COUNT(*) FROM mirror_account WHERE key NOT LIKE 'account:%' AND body LIKE '%{text}%'");
        eventually(format!("{text} in the mirror: {is_there}"), || async {
            (self.db.number(sql.clone()).await > 0) == is_there
        })
        .await;
    }

    fn asked(&self, what: &str) -> usize {
        let says = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(what);
        self.world.exchanges().iter().filter(|one| one.target.contains(what) || says(&one.request_body)).count()
    }

    /// How often it was asked what has changed.
    fn polls(&self) -> usize {
        self.asked("queryAll")
    }

    async fn close(self) {
        for worker in self.workers {
            worker.stop().await;
        }
        assert!(check_all("salesforce", &self.world.exchanges()) > 0);
    }
}

fn source(decision: &Decision) -> &str {
    match &decision.trace.account {
        AccountTrace::Matched { source, .. } | AccountTrace::NoAccount { source, .. } => source,
        AccountTrace::Unknown { why } => why,
    }
}

async fn an_opportunity_that_is_opened_changes_who_has_the_next_lead(db: Db) {
    let office = Office::open(db).await;
    let account = office.company();
    let first = office.calls("first").await;
    assert_eq!((first.plan.owner.as_str(), first.plan.tier.as_str()), ("west-01", "any"));
    let look_ups = office.asked("/search");

    office.org.change("Account", &account, json!({ "LTV__c": 2500 }));
    office.org.add_opportunity(&account, &office.west[2]);
    office.mirrored(&office.west[2], true).await;
    let second = office.calls("second").await;
    assert_eq!((second.plan.owner.as_str(), second.plan.tier.as_str()), ("west-03", "key"), "by turn it is west-02");
    assert_eq!((source(&second), office.asked("/search")), ("mirror of salesforce", look_ups));
    assert!(office.seen_at(&second).await.is_some_and(|at| at > first.decided_at), "and it is told when it was read");
    assert_eq!(office.seen_at(&first).await, None);

    // What was read last is gone by while the CRM is away, and is told to be old.
    office.world.arm("salesforce", "*", Fault::Unavailable, u32::MAX);
    office.clock.skip_to(office.clock.now() + TimeDelta::hours(2));
    let third = office.calls("third").await;
    assert_eq!((third.plan.owner.as_str(), source(&third)), ("west-03", "an old mirror of salesforce"));
    office.world.heal("salesforce");
    office.close().await;
}

async fn a_caller_whose_account_changed_and_is_gone_is_nobodys(db: Db) {
    let office = Office::open(db).await;
    let account = office.company();
    office.calls("first").await;
    for _ in 0..2 {
        office.org.add_case(&account, office.clock.now());
    }
    office.mirrored("\"open_cases\":2", true).await;
    assert_eq!(office.calls("second").await.plan.tier.as_str(), "trouble");
    office.org.delete("Account", &account);
    office.mirrored(&account, false).await;
    let third = office.calls("third").await;
    assert!(matches!(&third.trace.account, AccountTrace::NoAccount { .. }), "{:?}", third.trace.account);
    eventually("nothing is asked of it any more", || async {
        office.db.number("SELECT COUNT(*) FROM mirror_account WHERE key LIKE 'account:%'").await == 0
    })
    .await;
    office.close().await;
}

/// Two would ask twice as often.
async fn one_of_two_workers_asks(db: Db) {
    let office = Office::open(db).await;
    office.company();
    office.calls("first").await;
    let began = office.clock.now();
    eventually("it has asked", || async { office.polls() >= 6 }).await;
    let passed = (office.clock.now() - began).num_seconds() as usize;
    let polls = office.polls();
    assert!(polls <= passed / EVERY_S as usize + 2, "{polls} times in {passed} s");
    office.close().await;
}

/// What the org allows in a day is for what cannot wait.
async fn nobody_asks_while_the_requests_run_short(db: Db) {
    let office = Office::open(db).await;
    office.company();
    office.calls("first").await;
    eventually("it is asked", || async { office.polls() >= 1 }).await;
    office.org.use_requests(90_000, 100_000);
    eventually("nobody asks any more", || async {
        let before = office.polls();
        tokio::time::sleep(office.clock.real(Duration::from_secs(2 * EVERY_S))).await;
        office.polls() == before
    })
    .await;
    let heard = office.polls();
    office.org.use_requests(1_000, 100_000);
    office.clock.skip_to(office.clock.now() + TimeDelta::minutes(16));
    eventually("it is asked again", || async { office.polls() > heard }).await;
    office.close().await;
}

on_both! {
    an_opportunity_that_is_opened_changes_who_has_the_next_lead,
    a_caller_whose_account_changed_and_is_gone_is_nobodys,
}

tests! {
    one_of_two_workers_asks_on_postgres: on_postgres(one_of_two_workers_asks),
    nobody_asks_while_the_requests_run_short_on_sqlite: on_sqlite(nobody_asks_while_the_requests_run_short),
}
