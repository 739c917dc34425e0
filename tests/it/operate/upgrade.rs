//! Two versions on one database: the newer one migrates while the older one works, and the older one is started again on what
//! the newer has left. `BATON_TEST_OLDER` names a build of the version before; `./test long` makes one.

use super::leads::{Leads, all_done, all_replayed, all_whole, another_beside, configure, lost, until_ready};
use crate::eventually::found;
use crate::program::{Process, free_port};
use crate::store::server::{Db, tests, variable};
use crate::town;
use baton::store::Store;
use sqlx::AnyPool;
use std::path::Path;

async fn an_upgrade_and_the_way_back(db: Db) {
    let Some(older) = variable("BATON_TEST_OLDER") else {
        println!("SKIPPED, NOTHING WAS TESTED: BATON_TEST_OLDER names no older build (./test long makes one)");
        return;
    };
    let older = Path::new(&older);
    let (name, url) = another_beside(&db, "upgraded").await;
    let (old, new) = (town::founded(6), town::founded(6));
    let (old_port, new_port) = (free_port(), free_port());
    configure(old.path(), old_port, &url, "");
    configure(new.path(), new_port, &url, "");
    let log = |of: &Path| std::fs::read_to_string(of.join("log")).unwrap_or_default();
    {
        let mut before = Process::of(older, old.path(), &["--log", "warn"], &[]);
        until_ready(old_port).await;
        let leads = Leads::come_in(&[old_port, new_port]);
        leads.come(40).await;

        let mut after = Process::serve(new.path(), "warn", &[]);
        until_ready(new_port).await;
        leads.come(80).await;
        ends_well(&mut before, "the older version").await;
        leads.come(40).await;

        let _again = Process::of(older, old.path(), &["--log", "warn"], &[]);
        until_ready(old_port).await;
        leads.come(40).await;
        ends_well(&mut after, "the newer version").await;
        leads.come(40).await;
        let acknowledged = leads.end().await;

        // As it is, and not migrated by this test.
        let store = Store::open(&url).await.expect("the database");
        let raw = AnyPool::connect(&url).await.expect("a second way in");
        let both = Db { store, url: url.clone(), raw };
        let known = all_whole(&both).await;
        all_done(&both).await;
        println!(
            "lost {} of {} leads over two versions and the way back",
            lost(acknowledged.keys(), &known).len(),
            acknowledged.len()
        );
        assert_eq!(lost(acknowledged.keys(), &known), [0; 0], "{}{}", log(old.path()), log(new.path()));
        assert_eq!(both.number("SELECT COUNT(*) FROM step WHERE state = 'failed'").await, 0, "no step is lost");
        all_replayed(new.path(), known.len());
    }
    assert!(!log(old.path()).contains("panicked") && !log(new.path()).contains("panicked"));
    db.execute(format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

async fn ends_well(process: &mut Process, what: &str) {
    process.signal("-TERM");
    let ended = found(format!("{what} ends"), || std::future::ready(process.ended())).await;
    assert_eq!(ended, Some(0), "{what} ends without a fault");
}

tests! {
    an_upgrade_under_load_and_the_way_back: on_postgres(an_upgrade_and_the_way_back),
}
