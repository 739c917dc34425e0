//! Each call of the client alone: an outage, a limit and a lost answer are told apart.

use super::{Desk, OTHER, REP, call, leg, says, whisper};
use crate::vendors::twilio::{SECOND, caller_sid};
use baton::connectors::{AskRequest, DialRequest, Recording, Telephony, VendorError};
use baton_clock::Clock;
use baton_core::domain::effect::{Comfort, HangUpReason};
use baton_core::domain::phone::PhoneE164;
use baton_sandbox::Fault;
use baton_sandbox::twilio::Answer;
use chrono::TimeDelta;

/// What the account is asked, and for what. What ends a call, or has the names of legs forgotten, comes last.
const ASKED: [(&str, &str); 12] = [
    ("calls.create", "ring"),
    ("calls.create", "dial_lead"),
    ("calls.update", "hold"),
    ("calls.update", "instruct"),
    ("calls.update", "fetch_agent"),
    ("calls.update", "ask"),
    ("calls.update", "hang_up"),
    ("calls.read", "read_call"),
    ("calls.list", "find_calls"),
    ("rooms.list", "find_room"),
    ("recordings.update", "stop_recording"),
    ("calls.update", "end_call"),
];
const READS: [&str; 3] = ["read_call", "find_calls", "find_room"];

async fn does(desk: &Desk, what: &str, nth: u32) -> Result<(), VendorError> {
    let (client, call) = (&desk.client, call(1));
    match what {
        "ring" => desk.rings(nth, REP).await,
        "dial_lead" => {
            let (with, phone) = (leg(nth), PhoneE164::new(REP).expect("a number"));
            let ring_until = desk.clock.now() + TimeDelta::seconds(20);
            let request = DialRequest { leg: with.of_lead(), with, phone, ring_until, recording: Recording::AsUsual };
            client.dial_lead(&request).await
        }
        "hold" => client.hold(&call, "k", Recording::AsUsual, Comfort::Music).await,
        "instruct" => client.instruct(&call, "k", &says("hold_on")).await,
        "fetch_agent" => client.fetch_agent(&caller_sid(1)).await,
        "ask" => {
            let say = whisper("What came of it?");
            client.ask(&AskRequest { leg: leg(1), say, have_spoken: true, again: false }).await
        }
        "hang_up" => client.hang_up(&leg(1), "k", HangUpReason::Cancelled).await,
        "read_call" => client.caller(&call).await.map(drop),
        "find_calls" => {
            desk.book.forget_the_names();
            client.read(&call, &leg(1)).await.map(drop)
        }
        "find_room" => client.instruct(&call, "k", &says("connected")).await,
        "stop_recording" => client.hold(&call, "k", Recording::Refused, Comfort::Music).await,
        _ => client.end_call(&call, "k").await,
    }
}

#[tokio::test]
async fn every_call_tells_an_outage_a_limit_and_a_lost_answer_apart() {
    let desk = Desk::open().await;
    desk.twilio.call_comes_in(&caller_sid(1), "+18005550100", &[(SECOND, Answer::Nothing)]);
    desk.rings(1, OTHER).await.expect("it rings");
    let mut nth = 1;
    for (at, what) in ASKED {
        for fault in ["outage", "limit", "lost"] {
            let expected = match fault {
                "outage" => {
                    desk.twilio.refuse_next(at, 503, 20500);
                    "retry"
                }
                "limit" => {
                    desk.twilio.refuse_next(at, 429, 20429);
                    "rate_limited"
                }
                _ => {
                    desk.world.arm("twilio", at, Fault::DropAnswer, 1);
                    if READS.contains(&what) { "retry" } else { "unknown" }
                }
            };
            nth += 1;
            let failed = does(&desk, what, nth).await.expect_err(what);
            assert_eq!(failed.class(), expected, "{what}, {fault}: {failed}");
        }
    }
    desk.holds_to_the_contract();
}

#[tokio::test]
async fn an_account_that_cannot_be_asked_is_no_fault_of_its_numbers() {
    let desk = Desk::open().await;
    for at in ["account.read", "numbers.list"] {
        desk.twilio.refuse_next(at, 503, 20500);
        assert_eq!(desk.client.check().await.expect_err(at).class(), "retry");
        desk.twilio.refuse_next(at, 429, 20429);
        assert_eq!(desk.client.check().await.expect_err(at).class(), "rate_limited");
        desk.world.arm("twilio", at, Fault::DropAnswer, 1);
        assert_eq!(desk.client.check().await.expect_err(at).class(), "retry");
    }
}
