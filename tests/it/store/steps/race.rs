//! Several who claim at once, in one process and in two: no step has two runners, and none is left.

use super::{claim, insert};
use crate::store::server::{Db, at_once, variable};
use crate::store::world::{later, now, publish, step};
use baton::store::{NewStep, Store};
use std::collections::BTreeSet;
use std::process::{Command, Stdio};

const RACED: usize = 300;
/// Tells the test binary that it is the second process of a race, and on which database.
const RACE_ON: &str = "BATON_TEST_RACE_ON";

fn raced() -> Vec<NewStep> {
    (0..RACED).map(|number| step(&format!("race-{number:03}"), publish(), later(-1))).collect()
}

/// Claims a few at a time until nothing is left.
async fn claim_all(store: &Store, worker: String) -> Vec<String> {
    let mut taken = Vec::new();
    loop {
        let some = claim(store, &worker, now(), 3).await;
        if some.is_empty() {
            return taken;
        }
        taken.extend(some.into_iter().map(|step| step.effect_key));
    }
}

fn assert_each_once(mut taken: Vec<String>) {
    taken.sort();
    let distinct: BTreeSet<&String> = taken.iter().collect();
    assert_eq!(distinct.len(), taken.len(), "no step was handed out twice");
    assert_eq!(taken.len(), RACED, "and none was left");
}

pub async fn two_claimers_never_hold_one_step(db: Db) {
    insert(&db, raced()).await;
    let other = Store::open(&db.url).await.expect("a second handle with connections of its own");
    let taken = at_once(&db, 0..6, |db, number| {
        let store = if number % 2 == 0 { db.store } else { other.clone() };
        async move { claim_all(&store, format!("worker-{number}")).await }
    });
    assert_each_once(taken.await.concat());
    assert_eq!(db.number("SELECT COUNT(*) FROM step WHERE fence = 1 AND state = 'leased'").await, RACED as i64);
}

/// The second process is this test binary again, running `the_second_process_of_a_race`.
pub async fn two_processes_never_hold_one_step(db: Db) {
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args([
            "store::steps::race::the_second_process_of_a_race",
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(RACE_ON, &db.url)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a second process");
    // It claims once before the race, to show that it has started.
    let hello = step("hello", publish(), later(-1));
    insert(&db, vec![hello]).await;
    while db.number("SELECT COUNT(*) FROM step WHERE effect_key = 'hello' AND state = 'leased'").await == 0 {
        assert_eq!(child.try_wait().expect("the child can be asked"), None, "the second process ended before the race");
        tokio::task::yield_now().await;
    }
    insert(&db, raced()).await;
    let ours = claim_all(&db.store, "parent".to_owned()).await;
    let output =
        tokio::task::spawn_blocking(move || child.wait_with_output()).await.expect("no panic").expect("an end");
    assert!(output.status.success(), "the second process failed: {}", output.status);
    let told = String::from_utf8(output.stdout).expect("text");
    let theirs: Vec<String> = told.lines().filter_map(|line| line.strip_prefix("took ")).map(str::to_owned).collect();
    assert!(!theirs.is_empty() && !ours.is_empty(), "both took part: {} and {}", ours.len(), theirs.len());
    assert_each_once(ours.into_iter().chain(theirs).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the second process of another test"]
async fn the_second_process_of_a_race() {
    let url = variable(RACE_ON).expect("started by two_processes_never_hold_one_step, which names the database");
    let store = Store::open(&url).await.expect("the database opens");
    while claim(&store, "child", now(), 1).await.is_empty() {
        tokio::task::yield_now().await;
    }
    let mut taken = Vec::new();
    while taken.is_empty() {
        taken = claim_all(&store, "child".to_owned()).await;
    }
    // The test runner has begun a line of its own.
    println!();
    for key in taken {
        println!("took {key}");
    }
}
