//! A worker asks its vendors at its start whether they would do what will be asked of them, and waits for none of them.

use crate::eventually::{SOON, eventually};
use crate::program::served::Served;
use baton::app::stage::StandIns;
use baton_clock::SystemClock;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_vendor_is_asked_at_the_start_and_what_is_amiss_is_told() {
    let stage = StandIns::open(Arc::new(SystemClock)).await.expect("the stand-ins");
    let toml = stage.config_toml();
    let mail = toml.lines().find(|line| line.starts_with("port = ")).expect("the port of the mail stand-in");
    let nobody_there = toml.replace(mail, "port = 1");
    let mut served = Served::start(&nobody_there, "info", &StandIns::secrets());
    let words = ["baton is ready", "section=\"crm\"", "section=\"calendar\"", "section=\"mail\"", "section=\"slack\""];
    eventually("all are told of", || async { words.iter().all(|word| served.log().contains(word)) }).await;
    let log = served.log();
    for (section, well) in [("crm", true), ("calendar", true), ("mail", false), ("slack", true)] {
        let line = log.lines().find(|line| line.contains(&format!("section=\"{section}\""))).expect("a line");
        let said = if well { "a vendor is ready" } else { "a vendor would not do what will be asked of it" };
        assert!(line.contains(said), "{line}");
    }
    served.stops_within(SOON);
}
