//! Who may ask what a call does next: Twilio alone, at addresses that we gave it.

use super::{ACCOUNT, Account, TOKEN, caller_sid};
use crate::program::root;
use crate::store::server::{Db, sqlite_in};
use crate::town;
use crate::vendors::contract;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use baton::app;
use baton::config::Config;
use baton::connectors::http::{ApiCall, Does, Limits, VendorHttp};
use baton_clock::SharedClock;
use baton_core::domain::leg::LegState::{Joined, Ringing};
use baton_platforms::Request;
use baton_platforms::signature::{Refused, Secret, TwilioKeys};
use baton_platforms::twilio::{Page, Pages};
use baton_sandbox::twilio::{self, Answer, Person};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::Value;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

const SHARED: (&str, &str) = ("webhooks_sharedkey_00000000000000000000000007", "a shared key of these tests");

fn secret(text: &str) -> Secret {
    Secret::new(text).expect("a secret")
}

/// As Twilio signs with a shared key, by the name that it gives.
fn shared(name: &'static str, key: &'static str) -> twilio::Signs {
    Arc::new(move |text: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(text.as_bytes());
        let settings = format!("key={name},algorithm=HMAC_SHA256");
        vec![
            ("X-Twilio-Webhooks-Signature-Settings", settings),
            ("X-Twilio-Signature", STANDARD.encode(mac.finalize().into_bytes())),
        ]
    })
}

/// What a form with one field is answered with at this address, under these headers.
async fn told(address: &str, proofs: &[(&'static str, String)]) -> (u16, String) {
    let address = Url::parse(address.split('#').next().expect("a first part")).expect("an address");
    let limits = Limits { timeout: Duration::from_secs(10), per_second: 100, concurrency: 4 };
    let http = VendorHttp::new("twilio", address.as_str(), limits).expect("a client");
    let mut call = ApiCall::new("test", Does::Write, Method::POST, &[]).at(address);
    for (name, value) in proofs {
        call = call.header(name, value.as_str());
    }
    let answer = http.send(&call.form(vec![("CallStatus", "ringing".to_owned())])).await.expect("an answer");
    (answer.status, answer.text())
}

fn signed(address: &str, sign: &twilio::Signs) -> Vec<(&'static str, String)> {
    sign(&format!("{}CallStatusringing", address.split('#').next().expect("a first part")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_handoff_is_signed_with_a_shared_key() {
    let signing = twilio::Account { signs: Some(shared(SHARED.0, SHARED.1)), ..twilio::Account::new(ACCOUNT, TOKEN) };
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("shared");
    std::fs::write(&key, SHARED.1).expect("a secret");
    let more = format!("shared_keys = {{ {} = \"file:{}\" }}\n", SHARED.0, key.display());
    let account = Account::with(&more, signing).await;
    let caller = account.caller_for(&[Person::who_answers(Answer::Key("1"))]).await;
    account.are_together(&caller).await;
    account.legs(&caller, &[Joined]).await;
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_does_not_prove_to_be_twilio_or_has_no_address_of_ours_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("shared");
    std::fs::write(&key, SHARED.1).expect("a secret");
    let more = format!("shared_keys = {{ {} = \"file:{}\" }}\n", SHARED.0, key.display());
    let account = Account::with(&more, twilio::Account::new(ACCOUNT, TOKEN)).await;
    let caller = account.caller_for(&[Person::who_is_away()]).await;
    account.has_status(&account.ring(1).await, "ringing").await;
    let leg = account.handoff(&caller).await.expect("a handoff").legs[0].id.to_string();
    let pages = |token: &str| Pages::new(&account.worker.url(), secret(token), Vec::new());
    let (accept, others) = (pages(TOKEN).address(Page::Accept, &leg, "&pressed=1"), pages("of another account"));
    let good = shared(SHARED.0, SHARED.1);
    let incoming = format!("{}/v1/telephony/twilio/incoming/call", account.worker.url());
    for (what, address, proofs) in [
        ("no signature", accept.clone(), Vec::new()),
        ("no signature, of a call that comes in", incoming, Vec::new()),
        ("another key", accept.clone(), signed(&accept, &shared(SHARED.0, "another key of somebody"))),
        ("the key under another name", accept.clone(), signed(&accept, &shared("webhooks_sharedkey_8", SHARED.1))),
        ("the token as a shared key", accept.clone(), signed(&accept, &shared(SHARED.0, TOKEN))),
        ("signed for another address", accept.clone(), signed(&format!("{accept}&x=1").replace('#', "%23"), &good)),
    ] {
        let (status, answer) = told(&address, &proofs).await;
        assert_eq!(status, 401, "{what}: {answer}");
        assert!(!answer.to_lowercase().contains("signature"), "{what}: {answer}");
    }
    for address in [
        others.address(Page::Accept, &leg, "&pressed=1"),
        accept.replace("/accept/", "/whisper/"),
        accept.replace("/accept/", "/said/"),
        pages(TOKEN).address(Page::Next, &caller_sid(9), "").replace(&caller_sid(9), &caller.call),
        accept.replace("?t=", "?x="),
    ] {
        let (status, answer) = told(&address, &signed(&address, &good)).await;
        assert_eq!(status, 401, "{address}: {answer}");
    }
    account.legs(&caller, &[Ringing]).await;
    // Twilio asks again where the answer was lost on the way.
    for _ in 0..2 {
        let (status, answer) = told(&accept, &signed(&accept, &good)).await;
        assert!(status == 200 && answer.contains("<Conference"), "the same, proven: {answer}");
    }
    account.worker.stop().await;
}

/// Its address is known to whoever reads how it is set up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_front_door_is_opened_to_twilio_alone() {
    let account = Account::at_front_door("always").await;
    let address = format!("{}/v1/telephony/twilio/front/door", account.worker.url());
    for proofs in [Vec::new(), vec![("X-Twilio-Signature", twilio::signature_of("another token", &address))]] {
        let (status, answer) = told(&address, &proofs).await;
        assert_eq!(status, 401, "{answer}");
    }
    let elsewhere = address.replace("/front/door", "/front/leg_1.1");
    let (status, answer) = told(&elsewhere, &[("X-Twilio-Signature", sha1_signature(&elsewhere))]).await;
    assert_eq!(status, 401, "{answer}");
    // Signed, and about no call.
    let (status, answer) = told(&address, &[("X-Twilio-Signature", sha1_signature(&address))]).await;
    assert_eq!(status, 404, "{answer}");
    account.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_whose_caller_is_gone_hears_so_and_is_not_let_in() {
    let account = Account::open().await;
    let caller = account.caller_for(&[Person::who_is_away()]).await;
    let rep = account.ring(1).await;
    account.has_status(&rep, "ringing").await;
    account.twilio.hangs_up(&caller.call);
    account.has_status(&rep, "canceled").await;
    let leg = account.handoff(&caller).await.expect("a handoff").legs[0].id.to_string();
    let pages = Pages::new(&account.worker.url(), secret(TOKEN), Vec::new());
    for page in [Page::Whisper, Page::Accept] {
        let address = pages.address(page, &leg, "&pressed=1");
        let proofs = vec![("X-Twilio-Signature", sha1_signature(&address))];
        let (status, answer) = told(&address, &proofs).await;
        assert!(status == 200 && answer.contains("no longer waiting"), "{page:?}: {answer}");
        assert!(!answer.contains("Conference") && !answer.contains("Caller No"), "{page:?}: {answer}");
    }
    // Whoever calls nobody back is asked nothing.
    for page in [Page::Question, Page::Said] {
        let address = pages.address(page, &leg, "&asked=1");
        let proofs = vec![("X-Twilio-Signature", sha1_signature(&address))];
        let (status, answer) = told(&address, &proofs).await;
        assert!(status == 200 && answer.ends_with("<Response><Hangup></Hangup></Response>"), "{page:?}: {answer}");
    }
    account.ends_well().await;
}

#[tokio::test]
async fn a_login_that_signs_nothing_needs_what_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let db = Db::open(sqlite_in(folder.path())).await;
    let key = folder.path().join("key");
    std::fs::write(&key, "SK00000000000000000000000000000001:secret-of-the-key").expect("a secret");
    let toml = format!(
        "[http]\npublic_url = \"https://baton.example\"\n[telephony]\nmode = \"bridge\"\ncarrier = \"twilio\"\n\
         account = \"{ACCOUNT}\"\nkey = \"file:{}\"\ncaller_id = \"+15550000000\"\n",
        key.display()
    );
    let clock: SharedClock = town::clock(1);
    let account = |more: &str| {
        let config: Config = toml::from_str(&format!("{toml}{more}")).expect("a configuration");
        app::twilio_account(&config, &db.store, &clock)
    };
    let refused = account("").err().expect("nothing could be proven").to_string();
    assert!(refused.contains("an API key, which signs nothing: add auth_tokens"), "{refused}");
    let tokens = format!("auth_tokens = [\"file:{}\"]\n", key.display());
    assert!(account(&tokens).expect("it is set up").is_some());
}

/// With the account's token, by whatever signs in the stand-in.
fn sha1_signature(address: &str) -> String {
    let text = format!("{}CallStatusringing", address.split('#').next().expect("a first part"));
    twilio::signature_of(TOKEN, &text)
}

/// The cases that a library of Twilio signed, ours and those beside the vendor's description: a shared key counts under its own
/// name alone.
#[test]
fn what_twilio_signs_is_believed_by_the_key_that_it_names() {
    let ours = std::fs::read_to_string(root().join("fixtures/signatures/twilio.json")).expect("the cases");
    are_judged(&ours, "webhooks_sharedkey_7");
    if let Some(theirs) = contract::at_hand("vectors/twilio.json") {
        are_judged(&theirs, "webhooks_sharedkey_00000000000000000000000001");
    }
}

fn are_judged(text: &str, key_name: &str) {
    let file: Value = serde_json::from_str(text).expect("JSON");
    let cases = file["cases"].as_array().expect("cases");
    let mut by_shared_key = 0;
    for case in cases {
        let keys: Vec<&str> = case["key"].as_array().map_or_else(
            || case["key"].as_str().into_iter().collect(),
            |keys| keys.iter().filter_map(Value::as_str).collect(),
        );
        let came = &case["request"];
        let headers: Vec<(String, String)> =
            came["headers"].as_object().expect("headers").iter().flat_map(header).collect();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (method, url, body) = (text(&came["method"]), text(&came["url"]), text(&came["body"]));
        let request = Request { method: &method, url: &url, headers: &headers, body: body.as_bytes() };
        let names_a_key = headers.iter().any(|(name, _)| name == "x-twilio-webhooks-signature-settings");
        let auth_tokens: Vec<Secret> = keys.iter().map(|key| secret(key)).collect();
        let shared = keys.last().map(|key| (key_name.to_owned(), secret(key)));
        let all = TwilioKeys { auth_tokens: auth_tokens.clone(), shared: shared.into_iter().collect() };
        assert_eq!(all.verify(&request).is_ok(), case["valid"] == true, "{}", case["id"]);
        if names_a_key && case["valid"] == true {
            by_shared_key += 1;
            let tokens_alone = TwilioKeys { auth_tokens, shared: BTreeMap::new() };
            assert_eq!(tokens_alone.verify(&request), Err(Refused::Mismatch), "{}", case["id"]);
        }
    }
    assert!(cases.len() > 20 && by_shared_key > 0, "{} cases, {by_shared_key} with a shared key", cases.len());
}

fn header((name, value): (&String, &Value)) -> Vec<(String, String)> {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    values.iter().map(|value| (name.to_lowercase(), value.as_str().unwrap_or_default().to_owned())).collect()
}
