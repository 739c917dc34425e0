//! `assignment: crm` with HubSpot: a workflow of the portal names the owner some seconds after the contact was created. It is
//! waited for as the rules say, and whatever the portal says later is followed. However a lead is given, what is written of it there is
//! written once.

use super::contract::check_all;
use crate::eventually::{eventually, found};
use crate::program::edit;
use crate::store::server::{Db, on_both, tests};
use crate::store::tx::reads;
use crate::town::{self, Caller};
use baton::app::Running;
use baton::connectors::crm::hubspot::{HubSpot, HubSpotConfig};
use baton::connectors::http::Secret;
use baton::deciding::owner::{ReassignRequest, Reassigned};
use baton::outbox::Vendors;
use baton::store::LeadRecord;
use baton_clock::{Clock, ScaledClock, SharedClock};
use baton_core::domain::id::{HandoffId, LeadId, RepId};
use baton_core::routing::Decision;
use baton_core::routing::decision::OwnershipResult;
use baton_core::routing::reason::NotKnown;
use baton_core::rules::model::set::Existing;
use baton_sandbox::hubspot::{HubSpotState, routes};
use baton_sandbox::{Fault, World, serve};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const KEY: &str = "pat-eu1-test";

/// A portal, and workers that leave the choice of the owner to it. Of the reps of the West one goes by the mail address, and one
/// by the id of the user.
struct Office {
    db: Db,
    clock: Arc<ScaledClock>,
    world: Arc<World>,
    portal: HubSpotState,
    /// Owner ids of `west-01` and `west-02`.
    west: [String; 2],
    workers: Vec<Running>,
    _folder: TempDir,
}

impl Office {
    /// `assignment`: as `rules/routing.yaml` says it.
    async fn open(db: Db, speed: u32, assignment: &str) -> Self {
        let (folder, clock) = (town::founded(2), town::clock(speed));
        let shared = Arc::clone(&clock) as SharedClock;
        let (world, portal) = (World::new(Arc::clone(&shared)), HubSpotState::new(KEY));
        let west = ["west-01@reps.example", "west-02@reps.example"].map(|email| portal.add_owner(email));
        let [user, _] = portal.numbers_of(&west[1]);
        call_in_crm(folder.path(), "west-02", &user);
        let rule = format!("version: 1\nassignment: {assignment}");
        edit(folder.path(), "rules/routing.yaml", "version: 1", &rule);
        let address = serve(routes(Arc::clone(&world), portal.clone())).await.expect("the stand-in");
        let mut workers = Vec::new();
        let count = if db.is_postgres() { 2 } else { 1 };
        for _ in 0..count {
            let base_url = format!("http://{address}");
            let config = HubSpotConfig { base_url, service_key: Secret::new(KEY), per_second: 1000 };
            let crm = HubSpot::new(config, Arc::clone(&shared)).expect("a client");
            let vendors = Vendors { crm: Some(Arc::new(crm)), ..Vendors::default() };
            workers.push(town::worker_with(vendors, folder.path(), &db.store, &shared).await);
        }
        Self { db, clock, world, portal, west, workers, _folder: folder }
    }

    /// Told to every worker, as a broker may that does not know whether it was heard.
    async fn tell(&self, event: &Value) {
        for worker in &self.workers {
            worker.decider.take(vec![town::inbox(event, self.clock.now())]).await.expect("the event is taken");
        }
    }

    /// The promise is kept: from then on it is looked who has the lead in the portal.
    async fn has_called(&self, lead: &LeadId, rep: &str) {
        let event = json!({
            "specversion": "1.0", "id": "called", "source": "town", "type": "contact.made",
            "data": { "lead": lead, "rep": rep, "at": self.clock.now() },
        });
        self.tell(&event).await;
        eventually("the call is made", || async { self.lead(lead).await.status == "called" }).await;
    }

    async fn decision(&self, lead: &LeadId) -> Decision {
        found("the lead is decided", || async {
            reads!(self.db.store, [lead], |tx| tx.decision(&lead).await).await.expect("the database answers")
        })
        .await
    }

    async fn lead(&self, lead: &LeadId) -> LeadRecord {
        self.db.store.lead(lead).await.expect("a look").expect("the lead is kept")
    }

    /// Once it is written there: the owner of the one contact.
    async fn owner_there(&self, lead: &LeadId) -> Option<String> {
        eventually("the lead is in the CRM", || async { self.lead(lead).await.crm.is_some() }).await;
        let contacts = self.portal.records("contacts");
        let [contact] = contacts.as_slice() else { panic!("{} contacts", contacts.len()) };
        contact.properties.get("hubspot_owner_id").cloned()
    }

    /// At its end nothing has happened twice there, and nothing was said that the contract does not know.
    async fn close(self) {
        for worker in self.workers {
            worker.stop().await;
        }
        assert_eq!(self.world.duplicates(), BTreeMap::new());
        assert_eq!(self.world.accepted().iter().filter(|effect| effect.kind == "lead").count(), 1);
        assert!(check_all("hubspot", &self.world.exchanges()) > 0);
    }
}

/// Nobody has a `crm_id` but this rep.
pub fn call_in_crm(folder: &Path, rep: &str, crm_id: &str) {
    let path = folder.join("rules/reps.csv");
    let roster = std::fs::read_to_string(&path).expect("the roster");
    let row = |row: &str| {
        let (rest, cell) = row.rsplit_once(',').expect("the last cell");
        let cell = match cell {
            "crm_id" => cell,
            _ if row.starts_with(rep) => crm_id,
            _ => "",
        };
        format!("{rest},{cell}\n")
    };
    std::fs::write(path, roster.lines().map(row).collect::<String>()).expect("the roster is written");
}

async fn the_rep_whom_the_workflow_names_has_the_lead_and_whom_a_person_names_after_that(db: Db) {
    let office = Office::open(db, 6, "{ crm: { wait: 20s } }").await;
    office.portal.rotate_to(&office.west[1], TimeDelta::seconds(2));
    let caller = Caller::gone(3);
    office.tell(&caller.event).await;
    let decision = office.decision(&caller.lead()).await;
    assert_eq!(decision.plan.owner.as_str(), "west-02", "by turn it would be west-01");
    let first = &decision.trace.ownership[0];
    assert_eq!((first.existing, &first.result), (Existing::CrmAssignment, &OwnershipResult::Keeps));
    assert_eq!(office.owner_there(&caller.lead()).await.as_ref(), Some(&office.west[1]));
    let [user, _] = office.portal.numbers_of(&office.west[1]);
    let written = office.lead(&caller.lead()).await.crm.expect("it is there");
    assert_eq!(written.owner_crm_id, Some(user.as_str().into()), "as reps.csv calls them");

    office.portal.set_owner(&written.id, &office.west[0], office.clock.now());
    office.has_called(&caller.lead(), "west-02").await;
    office.clock.skip_to(office.clock.now() + TimeDelta::seconds(180));
    let lead = caller.lead();
    eventually("the portal is followed", || async { office.lead(&lead).await.owner.as_str() == "west-01" }).await;
    let changes = reads!(office.db.store, [lead], |tx| tx.owner_changes(&lead).await).await.expect("the changes");
    let told: Vec<_> = changes.iter().map(|change| (change.from.as_str(), change.to.as_str())).collect();
    assert_eq!(told, [(user.as_str(), "west-01@reps.example")]);
    assert_eq!(office.owner_there(&caller.lead()).await.as_ref(), Some(&office.west[0]), "and is not fought");
    office.close().await;
}

async fn where_no_workflow_names_anybody_the_rules_below_it_do(db: Db) {
    let office = Office::open(db, 6, "{ crm: { wait: 3s } }").await;
    let caller = Caller::gone(3);
    let came_at = office.clock.now();
    office.tell(&caller.event).await;
    let decision = office.decision(&caller.lead()).await;
    assert_eq!(decision.plan.owner.as_str(), "west-01");
    assert_eq!(decision.trace.ownership[0].result, OwnershipResult::NoOwner);
    let unknown: Vec<String> = decision.degraded.iter().map(NotKnown::in_words).collect();
    assert!(!unknown.iter().any(|why| why.contains("chosen by the CRM")), "{unknown:?}");
    let handoff = office.db.store.handoff(&HandoffId::of(&caller.lead())).await.expect("the handoff");
    assert!(handoff.decided_at >= came_at + TimeDelta::seconds(3), "it was waited for: {}", handoff.decided_at);
    assert_eq!(office.owner_there(&caller.lead()).await.as_ref(), Some(&office.west[0]));
    office.close().await;
}

fn left(caller: &Caller) -> Value {
    json!({
        "specversion": "1.0", "id": "left-3", "source": "town", "type": "call.event",
        "data": { "platform": "sandbox", "call": caller.call(), "event": "ended" },
    })
}

/// Whoever has hung up is not waited for on the line, and what the platform tells of the call comes after its lead. A second
/// event of the call brings no second contact, though it has no address to find the first one by.
async fn a_caller_who_hangs_up_ends_the_wait(db: Db) {
    let office = Office::open(db, 1, "{ crm: { wait: 2m } }").await;
    let mut caller = Caller::live(3);
    caller.event["data"]["contact"].as_object_mut().expect("a contact").remove("email");
    let mut second = caller.event.clone();
    second["id"] = json!("evt-3-again");
    second["data"]["contact"]["title"] = json!("Head of Operations");
    let left = left(&caller);
    let (came_at, worker) = (office.clock.now(), &office.workers[0]);
    for event in [&caller.event, &second, &left] {
        worker.decider.take(vec![town::inbox(event, office.clock.now())]).await.expect("the event is taken");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let lead = caller.lead();
    office.decision(&lead).await;
    let handoff = office.db.store.handoff(&HandoffId::of(&lead)).await.expect("the handoff");
    assert!(handoff.decided_at < came_at + TimeDelta::seconds(8), "{}", handoff.decided_at);
    let all_handled = || async { office.db.number("SELECT COUNT(*) FROM inbox WHERE state <> 'handled'").await == 0 };
    eventually("all is heard of", all_handled).await;
    assert_eq!(office.db.number("SELECT COUNT(*) FROM lead").await, 1, "one call is one lead");
    let completed = office.lead(&lead).await.lead.contact.title;
    assert_eq!(completed.map(|title| title.value).as_deref(), Some("Head of Operations"));
    office.owner_there(&lead).await;
    office.close().await;
}

/// It is heard by a worker that does not hold the lead, in whose hands nothing is lost.
async fn a_caller_who_hangs_up_with_another_worker_ends_the_wait(db: Db) {
    let office = Office::open(db, 1, "{ crm: { wait: 2m } }").await;
    let caller = Caller::live(3);
    let left = left(&caller);
    let came_at = office.clock.now();
    for (worker, event) in office.workers.iter().zip([&caller.event, &left]) {
        worker.decider.take(vec![town::inbox(event, office.clock.now())]).await.expect("the event is taken");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let lead = caller.lead();
    office.decision(&lead).await;
    let handoff = || async { office.db.store.handoff(&HandoffId::of(&lead)).await.expect("the handoff") };
    let decided_at = handoff().await.decided_at;
    assert!(decided_at < came_at + TimeDelta::seconds(8), "{decided_at}");
    eventually("nobody is on the line", || async { !handoff().await.live }).await;
    let all_handled = || async { office.db.number("SELECT COUNT(*) FROM inbox WHERE state <> 'handled'").await == 0 };
    eventually("all is heard of", all_handled).await;
    office.close().await;
}

/// Two writes of a lead are due at once. The first is long in coming back, and loses an answer: the second waits for what it makes,
/// and has the last word.
async fn what_is_written_twice_of_a_lead_is_one_note(db: Db) {
    let office = Office::open(db, 6, "baton").await;
    office.world.arm("hubspot", "contacts.create", Fault::Stall(Duration::from_secs(3)), 1);
    office.world.arm("hubspot", "notes.create", Fault::DropAnswer, 1);
    let caller = Caller::gone(3);
    office.tell(&caller.event).await;
    let written = "SELECT COUNT(*) FROM step WHERE kind = 'write_crm' AND state = 'done'";
    let both = || async { office.db.number(written).await == 2 };
    eventually("the routed lead and its callback are written", both).await;
    let [notes, tasks] = ["notes", "tasks"].map(|kind| office.portal.records(kind));
    let ([note], [task]) = (notes.as_slice(), tasks.as_slice()) else {
        panic!("{} notes and {} tasks", notes.len(), tasks.len())
    };
    let said = |text: &str| text.rsplit_once("[baton:").map(|(said, _)| said.to_owned()).expect("a marker");
    let promise = said(&task.properties["hs_task_body"]);
    assert_eq!(said(&note.properties["hs_note_body"]), promise, "the later word, whichever was quicker");
    office.close().await;
}

/// A write that finds somebody else's choice leaves it, and it is followed as any other is.
async fn a_write_in_between_hides_no_change_by_hand(db: Db) {
    let office = Office::open(db, 6, "baton").await;
    let caller = Caller::gone(3);
    office.tell(&caller.event).await;
    let lead = caller.lead();
    let written = |times: i64| {
        let done = office.db.number("SELECT COUNT(*) FROM step WHERE kind = 'write_crm' AND state = 'done'");
        async move { done.await >= times }
    };
    eventually("the lead is written", || written(2)).await;
    assert_eq!(office.owner_there(&lead).await.as_ref(), Some(&office.west[0]));
    let record = office.lead(&lead).await.crm.expect("it is there");
    office.portal.set_owner(&record.id, &office.west[1], office.clock.now());
    let mut second = caller.event.clone();
    second["id"] = json!("evt-3-again");
    second["data"]["contact"]["title"] = json!("Head of Operations");
    office.tell(&second).await;
    eventually("what came later is written", || written(3)).await;
    assert_eq!(office.owner_there(&lead).await.as_ref(), Some(&office.west[1]), "it was left");
    office.has_called(&lead, "west-01").await;
    office.clock.skip_to(office.clock.now() + TimeDelta::seconds(180));
    eventually("the person is followed", || async { office.lead(&lead).await.owner.as_str() == "west-02" }).await;
    office.close().await;
}

/// A write that does not get through keeps the next one waiting for a while and no longer, and when its time comes it says nothing
/// over what that has said.
async fn a_write_that_is_stuck_is_passed_and_says_nothing_over(db: Db) {
    let office = Office::open(db, 6, "baton").await;
    office.world.arm("hubspot", "contacts.create", Fault::Unavailable, 1000);
    let caller = Caller::gone(3);
    office.tell(&caller.event).await;
    let writes = "kind = 'write_crm' AND state = 'due' AND last_error";
    let put_off = format!("UPDATE step SET run_at = run_at + 86400000000 WHERE {writes} NOT LIKE 'another write%'");
    eventually("the promise's write is put off, which says what the one before it would have said", || async {
        office.db.execute(put_off.as_str()).await == 1
    })
    .await;
    office.world.heal("hubspot");
    let to = Some(RepId::new("west-02").expect("an id"));
    let [reason, author, actor] = ["knows them", "lena", "token desk"].map(str::to_owned);
    let wish = ReassignRequest { lead: caller.lead(), to, from: None, reason, author, actor };
    let given = office.workers[0].decider.reassign(&wish).await.expect("the database answers");
    assert!(matches!(given, Some(Reassigned::To { .. })), "{given:?}");
    // As if it had been planned a while ago.
    let long_ago = format!(
        "UPDATE step SET planned_at = planned_at - 1000000000, run_at = 0 WHERE {writes} LIKE 'another write%'"
    );
    eventually("the second one waits for it", || async { office.db.execute(long_ago.as_str()).await == 1 }).await;
    let done = || office.db.number("SELECT COUNT(*) FROM step WHERE kind = 'write_crm' AND state = 'done'");
    eventually("and then no longer", || async { done().await == 2 }).await;
    let stories = || ["notes", "tasks"].map(|kind| office.portal.records(kind).len());
    assert_eq!(stories(), [1, 1]);
    let said = || office.portal.records("notes")[0].properties["hs_note_body"].clone();
    let promise = said();
    assert_eq!(office.db.execute(format!("UPDATE step SET run_at = 0 WHERE {writes} IS NOT NULL")).await, 1);
    eventually("the first one ends", || async { done().await == 3 }).await;
    assert_eq!((said(), stories()), (promise, [1, 1]));
    assert_eq!(office.owner_there(&caller.lead()).await.as_ref(), Some(&office.west[1]));
    office.close().await;
}

on_both! {
    the_rep_whom_the_workflow_names_has_the_lead_and_whom_a_person_names_after_that,
    where_no_workflow_names_anybody_the_rules_below_it_do,
    a_caller_who_hangs_up_ends_the_wait,
    what_is_written_twice_of_a_lead_is_one_note,
    a_write_that_is_stuck_is_passed_and_says_nothing_over,
    a_write_in_between_hides_no_change_by_hand,
}

tests! {
    a_caller_who_hangs_up_with_another_worker_ends_the_wait_on_postgres:
        on_postgres(a_caller_who_hangs_up_with_another_worker_ends_the_wait),
}
