//! A rep who has left: what is open of theirs is shown, handed over once by whoever is asked, and given back within a day.

use crate::eventually::eventually;
use crate::store::server::{Db, ledgers, tests};
use crate::store::world::rep;
use crate::town::{self, Caller};
use baton::app::Running;
use baton::app::reload::{Follower, Looked};
use baton::connectors::http::{ApiCall, Does};
use baton::store::LeadRecord;
use baton_clock::{Clock, ScaledClock, SharedClock};
use baton_core::domain::id::LeadId;
use baton_core::routing::ledger::TURN;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Who leaves: not the one who answers for the pool.
const LEAVER: &str = "west-02";
const ACTS: &str = "SELECT COUNT(*) FROM audit WHERE act = 'rep.leaver'";

/// Workers beside each other in a town whose roster says who is active.
struct Firm {
    db: Db,
    clock: Arc<ScaledClock>,
    workers: Vec<Running>,
    followers: Vec<Follower>,
    folder: TempDir,
}

/// Whether the one who may leave is active; everybody else is.
fn roster(folder: &Path, is_active: bool) {
    let path = folder.join("rules/reps.csv");
    let text = std::fs::read_to_string(&path).expect("the roster");
    let bare =
        |line: &str| line.trim_end_matches(",yes").trim_end_matches(",no").trim_end_matches(",active").to_owned();
    let said = |(number, line): (usize, &str)| match (number, line.starts_with(LEAVER)) {
        (0, _) => format!("{},active", bare(line)),
        (_, true) if !is_active => format!("{},no", bare(line)),
        _ => format!("{},yes", bare(line)),
    };
    let lines: Vec<String> = text.lines().enumerate().map(said).collect();
    std::fs::write(path, lines.join("\n") + "\n").expect("the roster is written");
}

impl Firm {
    async fn begin(db: Db, workers: usize) -> Self {
        let folder = town::founded(3);
        roster(folder.path(), true);
        let clock = town::clock(6);
        let shared = Arc::clone(&clock) as SharedClock;
        let workers = town::workers(workers, folder.path(), &db.store, &shared).await;
        let follow = |worker: &Running| Arc::clone(&worker.reload).follow(folder.path().to_owned());
        let followers = workers.iter().map(follow).collect();
        Self { db, clock, workers, followers, folder }
    }

    /// The roster says so, and every worker has taken it up.
    async fn is_active(&mut self, is_active: bool) {
        roster(self.folder.path(), is_active);
        for follower in &mut self.followers {
            loop {
                match follower.look().await.expect("the folder can be read") {
                    Looked::Unsettled => {}
                    Looked::Taken(_) => break,
                    looked => panic!("the roster is not taken up: {looked:?}"),
                }
            }
        }
    }

    async fn tell(&self, event: &Value) {
        let message = town::inbox(event, self.clock.now());
        self.workers[0].decider.take(vec![message]).await.expect("the event is taken");
    }

    async fn record(&self, lead: &LeadId) -> LeadRecord {
        self.db.store.lead(lead).await.expect("a look").expect("the lead")
    }

    /// Callers who are owed a call by the one who may leave, of so many who turned to the three of their desk.
    async fn owed(&self, callers: usize) -> Vec<LeadId> {
        let mut theirs = Vec::new();
        for number in 0..callers {
            let caller = Caller::gone(number * 3);
            let lead = caller.lead();
            self.tell(&caller.event).await;
            eventually("a call is owed", || async {
                let record = self.db.store.lead(&lead).await.expect("a look");
                record.is_some_and(|record| record.status == "callback")
            })
            .await;
            if self.record(&lead).await.owner == rep(LEAVER) {
                theirs.push(lead);
            }
        }
        assert_eq!(theirs.len(), callers / 3, "turns go around");
        theirs
    }

    /// They have spoken: the lead is open, and nobody owes it anything.
    async fn spoken(&self, lead: &LeadId) {
        let data = json!({ "lead": lead, "rep": LEAVER, "at": self.clock.now() });
        let id = format!("spoken-{lead}");
        let event = json!({ "specversion": "1.0", "id": id, "source": "town", "type": "contact.made", "data": data });
        self.tell(&event).await;
        eventually("they have spoken", || async { self.record(lead).await.status == "called" }).await;
    }

    async fn ask(&self, worker: usize, call: ApiCall) -> (u16, Value) {
        let door = town::door(&self.workers[worker].address, Duration::from_secs(20));
        let answer = door.send(&call).await.expect("the door answers");
        (answer.status, serde_json::from_slice(&answer.body).expect("JSON"))
    }

    async fn shown(&self) -> Value {
        let (status, told) = self.ask(0, ApiCall::get("leaver", &["v1", "reps", LEAVER, "leaver"])).await;
        assert_eq!((status, &told["status"]), (200, &json!("preview")), "{told}");
        told
    }

    async fn post(&self, worker: usize, path: &[&str], body: Value) -> (u16, Value) {
        self.ask(worker, ApiCall::new("post", Does::Write, Method::POST, path).json(body)).await
    }

    async fn hand_over(&self, worker: usize) -> (u16, Value) {
        let body = json!({ "reason": "has left us", "by": "lena" });
        self.post(worker, &["v1", "reps", LEAVER, "leaver"], body).await
    }

    async fn undo(&self, worker: usize) -> (u16, Value) {
        let body = json!({ "undo": true, "reason": "the wrong row", "by": "lena" });
        self.post(worker, &["v1", "reps", LEAVER, "leaver"], body).await
    }

    async fn reassign(&self, lead: &LeadId, to: &str) {
        let body = json!({ "to": to, "reason": "knows them", "by": "lena" });
        let (status, told) = self.post(0, &["v1", "leads", lead.as_str(), "reassign"], body).await;
        assert_eq!((status, &told["status"]), (200, &json!("reassigned")), "{told}");
    }

    async fn stop(self) -> Db {
        for worker in self.workers {
            worker.stop().await;
        }
        self.db
    }
}

/// The leads that it tells of under this name, in order.
fn leads(told: &Value, name: &str) -> Vec<String> {
    let listed = told[name].as_array().expect("a list").iter();
    let mut leads: Vec<String> = listed.map(|one| one["lead"].as_str().expect("an id").to_owned()).collect();
    leads.sort();
    leads
}

fn ids(leads: &[&LeadId]) -> Vec<String> {
    let mut ids: Vec<String> = leads.iter().map(|lead| lead.to_string()).collect();
    ids.sort();
    ids
}

/// Of the one who may leave, in all pools; the journals prove it.
async fn balance(db: &Db) -> i64 {
    ledgers(&db.store).await.values().map(|ledger| ledger.balance(&rep(LEAVER))).sum()
}

/// Of three, one becomes another's between the look and the act; the two others go once, though two workers are asked at once and
/// once more; one of them is given away since, and the other comes back.
async fn open_leads_go_once_and_come_back_if_nobody_has_touched_them(db: Db) {
    let mut firm = Firm::begin(db, 2).await;
    let theirs = firm.owed(9).await;
    for lead in &theirs {
        firm.spoken(lead).await;
    }
    let [elsewhere, touched, back] = theirs.as_slice() else { panic!("three of nine: {theirs:?}") };
    let shown = firm.shown().await;
    assert_eq!(leads(&shown, "moves"), ids(&[elsewhere, touched, back]), "{shown}");
    for one in shown["moves"].as_array().expect("a list") {
        assert!(one["owner"].as_str().is_some_and(|owner| owner != LEAVER && owner.starts_with("west-")), "{one}");
        assert!(one["next_step"]["owner"] == one["owner"] && one["next_step"]["at"].is_string(), "{one}");
    }
    for lead in &theirs {
        assert_eq!(firm.record(lead).await.owner, rep(LEAVER), "nothing has moved");
    }
    let (status, told) = firm.hand_over(0).await;
    assert!(status == 409 && told["detail"].as_str().is_some_and(|why| why.contains("set `active` to no")), "{told}");

    firm.reassign(elsewhere, "west-03").await;
    firm.is_active(false).await;
    let ((one, first), (two, second)) = tokio::join!(firm.hand_over(0), firm.hand_over(1));
    assert_eq!((one, two), (200, 200), "{first} {second}");
    let mut moved = [leads(&first, "moves"), leads(&second, "moves")].concat();
    moved.sort();
    assert_eq!(moved, ids(&[touched, back]), "each once: {first} {second}");
    assert_eq!(firm.record(elsewhere).await.owner, rep("west-03"), "a person has named them");
    let owner = firm.record(back).await.owner;
    assert!(owner != rep(LEAVER) && owner.as_str().starts_with("west-"), "{owner}");
    let acts = firm.db.number(ACTS).await;
    assert!((1..=2).contains(&acts), "whoever moved something is told of: {acts}");
    let (status, again) = firm.hand_over(1).await;
    assert_eq!((status, &again["status"]), (200, &json!("nothing_open")), "{again}");
    assert_eq!(leads(&again, "earlier"), ids(&[touched, back]), "{again}");
    assert_eq!(firm.db.number(ACTS).await, acts, "nothing was done");
    let paid = balance(&firm.db).await;
    assert!(paid >= 0, "who left owes no turn: {paid}");

    let (status, told) = firm.undo(0).await;
    assert!(status == 409 && told["detail"].as_str().is_some_and(|why| why.contains("set `active` to yes")), "{told}");
    let before = firm.record(touched).await.owner;
    firm.reassign(touched, if before == rep("west-01") { "west-03" } else { "west-01" }).await;
    firm.is_active(true).await;
    let ((one, first), (two, second)) = tokio::join!(firm.undo(0), firm.undo(1));
    assert_eq!((one, two), (200, 200), "{first} {second}");
    assert_eq!([leads(&first, "moves"), leads(&second, "moves")].concat(), ids(&[back]), "once: {first} {second}");
    let stays = [&first, &second].into_iter().flat_map(|told| told["stays"].as_array().expect("a list"));
    let why: Vec<&Value> = stays.filter(|one| one["lead"] == touched.as_str()).map(|one| &one["why"]).collect();
    assert!(!why.is_empty() && why.iter().all(|why| why.to_string().contains("by now")), "{first} {second}");
    let record = firm.record(back).await;
    assert_eq!((&record.owner, &record.next_step.owner), (&rep(LEAVER), &rep(LEAVER)));
    assert!(firm.record(touched).await.owner != rep(LEAVER), "somebody has it by a person's word");

    let db = firm.stop().await;
    assert_eq!(balance(&db).await, paid - TURN, "the turn came back as well");
    assert_eq!(db.number("SELECT COUNT(*) FROM audit WHERE act = 'rep.leaver_undo'").await, 1);
    assert_eq!(db.store.audit_verify(None).await.expect("it is followed").broken, None);
}

/// What has a time goes by itself as well; that is told, and its time stays. A day later nothing comes back.
async fn promises_keep_their_time_and_stay_after_a_day(db: Db) {
    let mut firm = Firm::begin(db, 1).await;
    let theirs = firm.owed(3).await;
    let [lead] = theirs.as_slice() else { panic!("one of three: {theirs:?}") };
    let (status, told) = firm.undo(0).await;
    assert_eq!((status, &told["status"]), (200, &json!("nothing_handed_over")), "{told}");
    let before = firm.record(lead).await;
    firm.is_active(false).await;
    let (status, told) = firm.hand_over(0).await;
    assert_eq!(status, 200, "{told}");
    let gone = [leads(&told, "moves"), leads(&told, "earlier")].concat();
    assert_eq!(gone, ids(&[lead]), "by this or by itself: {told}");
    let after = firm.record(lead).await;
    assert!(after.owner != rep(LEAVER) && after.next_step.owner == after.owner, "{after:?}");
    assert_eq!(after.next_step.at, before.next_step.at, "the caller was told that time");
    let shown = firm.shown().await;
    assert_eq!((leads(&shown, "moves"), leads(&shown, "earlier")), (Vec::new(), ids(&[lead])), "{shown}");

    firm.clock.skip_to(firm.clock.now() + TimeDelta::hours(25));
    firm.is_active(true).await;
    let (status, told) = firm.undo(0).await;
    assert!(status == 409 && told["detail"].as_str().is_some_and(|why| why.contains("more than a day ago")), "{told}");
    assert!(firm.record(lead).await.owner != rep(LEAVER));
    let nobody = ["v1", "reps", "no.such.rep", "leaver"];
    let (status, told) = firm.post(0, &nobody, json!({ "reason": "has left", "by": "lena" })).await;
    assert!(status == 404 && told["detail"].as_str().is_some_and(|why| why.contains("no.such.rep")), "{told}");
    firm.stop().await;
}

/// Alone, and on the turns as they are, the act does what was shown before.
async fn what_is_shown_is_what_is_done(db: Db) {
    let mut firm = Firm::begin(db, 1).await;
    for lead in &firm.owed(12).await {
        firm.spoken(lead).await;
    }
    let shown = firm.shown().await;
    assert_eq!(leads(&shown, "moves").len(), 4, "{shown}");
    firm.is_active(false).await;
    let (status, told) = firm.hand_over(0).await;
    assert_eq!((status, &told["status"]), (200, &json!("handed_over")), "{told}");
    let went = |told: &Value| -> Vec<Value> {
        let moves = told["moves"].as_array().expect("a list").iter();
        moves.map(|one| json!([one["lead"], one["owner"], one["next_step"]])).collect()
    };
    assert_eq!(went(&told), went(&shown), "in the same order, to the same reps");
    firm.stop().await;
}

tests! {
    open_leads_go_once_and_come_back_if_nobody_has_touched_them_on_sqlite:
        on_sqlite(open_leads_go_once_and_come_back_if_nobody_has_touched_them),
    open_leads_go_once_and_come_back_if_nobody_has_touched_them_on_postgres:
        on_postgres(open_leads_go_once_and_come_back_if_nobody_has_touched_them),
    promises_keep_their_time_and_stay_after_a_day_on_sqlite: on_sqlite(promises_keep_their_time_and_stay_after_a_day),
    promises_keep_their_time_and_stay_after_a_day_on_postgres: on_postgres(promises_keep_their_time_and_stay_after_a_day),
    what_is_shown_is_what_is_done_on_sqlite: on_sqlite(what_is_shown_is_what_is_done),
    what_is_shown_is_what_is_done_on_postgres: on_postgres(what_is_shown_is_what_is_done),
}
