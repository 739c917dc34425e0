//! What an account is asked when a worker starts: whether it is active, and has the numbers that are shown and lent.
//!
//! The shapes are those of Twilio's whole description; the part of it that tests look for has no accounts and numbers.

use super::client::Book;
use super::{ACCOUNT, OURS, TOKEN};
use crate::eventually::{SOON, eventually};
use crate::town;
use baton::app::doctor;
use baton::connectors::http::Secret;
use baton::connectors::twilio::{Twilio, TwilioConfig};
use baton::outbox::Vendors;
use baton_core::domain::phone::PhoneE164;
use baton_platforms::signature;
use baton_platforms::twilio::Pages;
use baton_sandbox::twilio::{self, TwilioState};
use baton_sandbox::{World, serve};
use std::sync::Arc;
use tokio::sync::watch;

const LENT: [&str; 2] = ["+15551230001", "+15551230002"];
const KEY: (&str, &str) = ("SK00000000000000000000000000000001", "the secret of a key");

struct Desk {
    world: Arc<World>,
    twilio: Arc<TwilioState>,
    client: Arc<Twilio>,
}

impl Desk {
    /// Who logs in so.
    async fn of((user, secret): (&str, &str)) -> Self {
        let clock = town::clock(1);
        let world = World::new(clock.clone());
        let api_key = Some((KEY.0.to_owned(), KEY.1.to_owned()));
        let account = twilio::Account { api_key, ..twilio::Account::new(ACCOUNT, TOKEN) };
        let twilio = TwilioState::new(Arc::clone(&world), account);
        let address = serve(twilio::routes(Arc::clone(&twilio))).await.expect("a port");
        let token = signature::Secret::new(TOKEN).expect("a secret");
        let number = |number: &str| PhoneE164::new(number).expect("a number");
        let config = TwilioConfig {
            base_url: format!("http://{address}"),
            account: ACCOUNT.to_owned(),
            user: user.to_owned(),
            secret: Secret::new(secret),
            caller_id: number(OURS),
            numbers: LENT.map(number).to_vec(),
            calls_per_second: 1,
            pages: Pages::new("http://127.0.0.1:9", token, Vec::new()),
            fallback: None,
        };
        let client = Twilio::new(config, Arc::new(Book::default()), clock).expect("a client");
        Self { world, twilio, client: Arc::new(client) }
    }

    fn asked(&self, part: &str) -> usize {
        self.world.exchanges().iter().filter(|exchange| exchange.target.contains(part)).count()
    }
}

#[tokio::test]
async fn an_account_is_well_that_is_active_and_has_its_numbers() {
    let desk = Desk::of((ACCOUNT, TOKEN)).await;
    let longer = format!("{OURS}0");
    let cases: [(&[&str], &[&str], bool, &str); 5] = [
        (&[OURS, LENT[0], LENT[1]], &[], true, "the account is suspended"),
        (
            &[longer.as_str(), LENT[0], LENT[1]],
            &[],
            false,
            "telephony.caller_id is neither a number of the account nor",
        ),
        (&[OURS], &[], false, "telephony.numbers, entry 1, is no number of the account"),
        // It may be shown, and calls to it come in elsewhere.
        (&[OURS, LENT[0]], &[LENT[1]], false, "telephony.numbers, entry 2, is no number of the account"),
        (&[], &[], false, "telephony.caller_id is neither"),
    ];
    for (own, verified, suspended, why) in cases {
        desk.twilio.has_numbers(own, verified);
        desk.twilio.set_suspended(suspended);
        let error = desk.client.check().await.expect_err(why);
        assert_eq!(error.class(), "needs_person", "{error}");
        let told = error.to_string();
        assert!(told.contains(why) && !told.contains("+1555"), "{told}");
    }
    let well: [(&[&str], &[&str]); 2] = [(&[OURS, LENT[0], LENT[1]], &[]), (&LENT, &[OURS])];
    for (own, verified) in well {
        desk.twilio.has_numbers(own, verified);
        assert_eq!(desk.client.check().await, Ok(()));
    }
}

#[tokio::test]
async fn an_api_key_that_is_told_nothing_of_the_account_asks_for_its_numbers() {
    let desk = Desk::of(KEY).await;
    desk.twilio.has_numbers(&LENT, &[OURS]);
    assert_eq!(desk.client.check().await, Ok(()));
    assert_eq!(
        (desk.asked("PhoneNumbers.json"), desk.asked("CallerIds.json"), desk.asked(&format!("{ACCOUNT}.json"))),
        (3, 1, 0)
    );
    for login in [(ACCOUNT, "another token"), (KEY.0, "another secret")] {
        let refused = Desk::of(login).await.client.check().await.expect_err("nobody knows them");
        assert_eq!(refused.class(), "reauthenticate", "{refused}");
    }
}

#[tokio::test]
async fn what_is_amiss_is_asked_again_until_it_is_mended() {
    let desk = Desk::of((ACCOUNT, TOKEN)).await;
    let vendors = Vendors { twilio: Some(Arc::clone(&desk.client)), ..Vendors::default() };
    let question = doctor::questions(&vendors).pop().expect("a carrier that can be asked");
    let (_stop, stopping) = watch::channel(false);
    let asks = tokio::spawn(question.ask_until_well(town::clock(1000), stopping));
    eventually("it is asked again", || async { desk.asked("CallerIds.json") > 1 }).await;
    assert!(!asks.is_finished(), "it is not well");
    desk.twilio.has_numbers(&[OURS, LENT[0], LENT[1]], &[]);
    tokio::time::timeout(SOON, asks).await.expect("it is well").expect("and nothing panics");
}
