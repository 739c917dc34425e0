//! A worker asks its vendors at its start whether they would do what will be asked of them, and waits for none of them.

use crate::eventually::{SOON, eventually};
use crate::program::served::Served;
use baton::app::stage::StandIns;
use baton_clock::SystemClock;
use baton_sandbox::twilio::{self, TwilioState};
use baton_sandbox::{World, serve};
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

/// The number that reps are to see is none of the account's at first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_of_twilio_is_asked_as_well_and_refuses_no_start() {
    const ACCOUNT: &str = "AC00000000000000000000000000000001";
    const TOKEN: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
    let twilio = TwilioState::new(World::new(Arc::new(SystemClock)), twilio::Account::new(ACCOUNT, TOKEN));
    let address = serve(twilio::routes(Arc::clone(&twilio))).await.expect("a port");
    let toml = format!(
        "[http]\npublic_url = \"http://127.0.0.1:9\"\n[telephony]\nmode = \"bridge\"\ncarrier = \"twilio\"\n\
         base_url = \"http://{address}\"\naccount = \"{ACCOUNT}\"\nkey = \"env:TWILIO\"\ncaller_id = \"+15550000000\"\n"
    );
    for (own, said) in [(vec![], "telephony.caller_id is neither"), (vec!["+15550000000"], "a vendor is ready")] {
        twilio.has_numbers(&own, &[]);
        let mut served = Served::start(&toml, "info", &[("TWILIO", TOKEN)]);
        let told = || served.log().lines().any(|line| line.contains("section=\"telephony\"") && line.contains(said));
        eventually("it is told", || async { served.log().contains("baton is ready") && told() }).await;
        served.stops_within(SOON);
    }
}
