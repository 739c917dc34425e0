//! Releases come back as they were, and decisions in the order in which they were made.

use super::leads::insert;
use super::server::{Db, at_once};
use super::tx::writes;
use super::world::{caller, decided, later, now};
use baton::store::{LiveRelease, StoreError};
use baton_core::domain::id::ReleaseId;
use baton_core::rules::{SourceFile, release};

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

fn live(files: Vec<SourceFile>, worker: &str, after: i64) -> LiveRelease {
    let summary = format!("{} files", files.len());
    LiveRelease { id: release(&files), files, summary, worker: worker.to_owned(), at: later(after) }
}

async fn store(db: &Db, release: LiveRelease) -> Result<(), StoreError> {
    writes!(db.store, [release], |tx| tx.release_live(&release).await).await
}

async fn files(db: &Db, id: &ReleaseId) -> Option<Vec<SourceFile>> {
    db.store.release_files(id).await.expect("a release is read")
}

pub async fn a_release_comes_back_to_the_byte(db: Db) {
    let strange = file("templates/caller/hold.hbs", "NUL \0, \\u0000, \u{202e}, 👩‍💻, 'quotes'; -- and $1\r\n");
    let sent = live(vec![strange, file("rules/reps.csv", "id\r\nana\r\n"), file("rules/empty.csv", "")], "first", 0);
    let unknown = release(&[file("rules/reps.csv", "never live")]);
    store(&db, sent.clone()).await.expect("any text can be stored");
    let back = files(&db, &sent.id).await.expect("it is kept");
    assert_eq!(release(&back), sent.id);
    let mut expected = sent.files.clone();
    expected.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(back, expected);
    assert_eq!(files(&db, &unknown).await, None);
}

pub async fn what_releases_share_is_stored_once(db: Db) {
    let same = file("rules/territories.csv", "thousands of rows");
    let old = live(vec![same.clone(), file("rules/reps.csv", "ana")], "first", 0);
    let new = live(vec![same.clone(), file("rules/reps.csv", "ben")], "second", 60);
    for release in [old.clone(), new.clone(), live(old.files.clone(), "second", 120)] {
        store(&db, release).await.expect("it is stored");
    }
    assert_eq!(db.number("SELECT COUNT(*) FROM release_file").await, 3);
    let listed = db.store.releases().await.expect("a list");
    let told: Vec<_> = listed.iter().map(|one| (&one.id, one.first_live_at, one.last_live_at)).collect();
    assert_eq!(told, [(&new.id, later(60), later(60)), (&old.id, now(), later(120))], "the newest first");
    assert_eq!((listed[1].first_worker.as_str(), listed[1].last_worker.as_str()), ("first", "second"));
    assert_eq!(listed[1].files["rules/territories.csv"], listed[0].files["rules/territories.csv"]);
}

pub async fn two_workers_store_one_release_at_once(db: Db) {
    let texts: Vec<SourceFile> = (0..40).map(|number| file(&format!("rules/{number}"), &format!("{number}"))).collect();
    let stored = at_once(&db, ["first", "second", "third", "fourth"], |db, worker| {
        let mut files = texts.clone();
        if worker.len() % 2 == 0 {
            files.reverse();
        }
        async move { store(&db, live(files, worker, 0)).await }
    });
    stored.await.into_iter().collect::<Result<(), _>>().expect("it is stored");
    assert_eq!(db.number("SELECT COUNT(*) FROM release_file").await, 40);
    assert_eq!(db.number("SELECT COUNT(*) FROM release").await, 1);
    assert_eq!(files(&db, &release(&texts)).await.expect("it is kept").len(), 40);
}

pub async fn decisions_come_in_the_order_they_were_made(db: Db) {
    // All of one instant: the id decides, and no page begins or ends in the wrong place.
    let leads: Vec<_> = (1..=25).map(|number| decided(caller(number))).collect();
    insert(&db, leads.clone()).await.expect("25 leads");
    let (mut after, mut all) = ((now(), String::new()), Vec::new());
    loop {
        let page = db.store.decisions_stored(&after, later(1), 4).await.expect("a page");
        let Some(last) = page.last() else { break };
        after = (last.decided_at, last.id.clone());
        all.extend(page);
    }
    let mut expected: Vec<String> = leads.iter().map(|lead| lead.decision.id.to_string()).collect();
    expected.sort();
    assert_eq!(all.iter().map(|one| one.id.clone()).collect::<Vec<_>>(), expected);
    let first = leads.iter().find(|lead| lead.decision.id.to_string() == all[0].id).expect("it was sent");
    assert_eq!(all[0].body, serde_json::to_string(&first.decision).expect("JSON"));
    assert_eq!(all[0].lead, serde_json::to_string(&first.lead).expect("JSON"));
    assert_eq!(all[0].snapshot, serde_json::to_string(&first.snapshot).expect("JSON"));
    for id in [first.decision.id.to_string(), first.lead.id.to_string()] {
        assert_eq!(db.store.decision_stored(&id).await.expect("it is read").as_ref(), Some(&all[0]));
    }
    let none = db.store.decisions_stored(&(later(1), String::new()), later(9), 4).await;
    assert_eq!(none.expect("a page"), []);
}
