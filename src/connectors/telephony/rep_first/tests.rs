use super::*;
use crate::connectors::Lent;
use crate::connectors::agent::Wire;
use crate::connectors::asterisk::{Asterisk, AsteriskConfig};
use crate::connectors::http::Secret;
use baton_clock::SystemClock;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

/// A platform that does what it is told.
#[derive(Default)]
struct Platform(Mutex<Vec<Value>>);

#[async_trait]
impl Wire for Platform {
    fn ring_class(&self) -> Class {
        Class::Keyed
    }
    async fn send(&self, _: &'static str, _: &str, command: Value) -> Result<(), VendorError> {
        self.0.lock().unwrap().push(command);
        Ok(())
    }
    async fn status(&self, _: &LegId) -> Result<LegStatus, VendorError> {
        Ok(LegStatus::Absent)
    }
}

#[derive(Default)]
struct Kept {
    has_left: bool,
    has_come: bool,
    lent: Mutex<Vec<LentAddress>>,
}

fn until() -> DateTime<Utc> {
    "2026-11-30T09:00:08Z".parse().unwrap()
}

#[async_trait]
impl Addresses for Kept {
    async fn begin(&self, _: &LegId, _: &Call) -> Result<(), VendorError> {
        Ok(())
    }
    async fn was_begun(&self, _: &LegId) -> Result<bool, VendorError> {
        Ok(false)
    }
    async fn has_left(&self, _: &Call) -> Result<bool, VendorError> {
        Ok(self.has_left)
    }
    async fn has_come(&self, _: &Call) -> Result<bool, VendorError> {
        Ok(self.has_come)
    }
    async fn lend(&self, _: &LegId, candidates: &[LentAddress]) -> Result<Lent, VendorError> {
        self.lent.lock().unwrap().extend_from_slice(candidates);
        Ok(Lent { to: candidates[0].dialled.clone(), until: until() })
    }
    async fn take_back(&self, _: &LegId) -> Result<(), VendorError> {
        Ok(())
    }
}

fn rep_first(platform: &Arc<Platform>, kept: &Arc<Kept>) -> RepFirst {
    let config = AsteriskConfig {
        url: "http://127.0.0.1:9/ari".to_owned(),
        user: "baton".to_owned(),
        password: Secret::new("not used".to_owned()),
        app: "baton".to_owned(),
        dial: "PJSIP/{digits}".to_owned(),
        dial_app: None,
        agent: None,
        agent_within: Duration::from_secs(20),
        caller_id: PhoneE164::new("+15551230000").unwrap(),
        numbers: Vec::new(),
        sounds: PathBuf::from("/nowhere"),
        speech: None,
    };
    let carrier = Arc::new(Asterisk::new(config, Arc::new(SystemClock)).unwrap());
    let agent = AgentTelephony::over(Arc::clone(platform) as Arc<dyn Wire>);
    let rep_first = RepFirst::new(carrier, Some(agent), Reached::Host("pbx.acme.example".to_owned()));
    rep_first.keeps(Arc::clone(kept) as Arc<dyn Addresses>);
    rep_first
}

fn call() -> Call {
    let call = json!({ "platform": "voice", "id": "talk-1", "live": true });
    serde_json::from_value(call).unwrap()
}

#[tokio::test]
async fn the_agent_stays_until_a_rep_has_accepted_and_then_transfers_to_an_address_of_its_own() {
    let (platform, kept) = (Arc::<Platform>::default(), Arc::<Kept>::default());
    let telephony = rep_first(&platform, &kept);
    let legs = ["leg_7k2m.1", "leg_7k2m.2"].map(|leg| LegId::new(leg).unwrap());
    telephony.hold(&call(), "k1", Recording::AsUsual, Comfort::Music).await.unwrap();
    for leg in &legs {
        telephony.join(&call(), leg, "k2", Recording::Refused).await.unwrap();
    }
    let told = platform.0.lock().unwrap().clone();
    let lent = kept.lent.lock().unwrap().clone();
    assert_eq!(told[0], json!({ "type": "hold", "id": "k1", "call": "talk-1", "comfort": "agent" }));
    let to = format!("sip:{}@pbx.acme.example", lent[0].user);
    let transfer = json!({ "type": "transfer", "id": "k2", "call": "talk-1", "leg": "leg_7k2m.1", "to": to,
                           "until": until(), "record": false });
    assert_eq!(told[1], transfer);
    assert!(lent[0].user.len() > 30 && lent[0] != lent[1], "nobody guesses it: {lent:?}");
}

/// The platform is built on Asterisk as well, and says what it calls its caller's leg.
#[tokio::test]
async fn a_leg_of_the_platforms_own_is_no_channel_of_ours_whatever_it_looks_like() {
    let (platform, kept) = (Arc::<Platform>::default(), Arc::<Kept>::default());
    let telephony = rep_first(&platform, &kept);
    let call = Call { leg: Some("1796028155.0".to_owned()), ..call() };
    let leg = LegId::new("leg_7k2m.1").unwrap();
    telephony.hold(&call, "k1", Recording::AsUsual, Comfort::Agent).await.unwrap();
    telephony.join(&call, &leg, "k2", Recording::AsUsual).await.unwrap();
    telephony.leave_agent(&call, "k3").await.unwrap();
    telephony.end_call(&call, "k4").await.unwrap();
    let kinds: Vec<_> = platform.0.lock().unwrap().iter().map(|told| told["type"].clone()).collect();
    assert_eq!(kinds, ["hold", "transfer"], "the platform has them");
    // Nobody answers at the address of this carrier.
    let come = rep_first(&platform, &Arc::new(Kept { has_come: true, ..Kept::default() }));
    assert!(come.end_call(&call, "k5").await.is_err(), "who has come is on our line");
}

#[tokio::test]
async fn of_a_call_that_the_platform_has_ended_nothing_is_asked_any_more() {
    let (platform, kept) = (Arc::<Platform>::default(), Arc::new(Kept { has_left: true, ..Kept::default() }));
    let telephony = rep_first(&platform, &kept);
    let held = telephony.hold(&call(), "k1", Recording::AsUsual, Comfort::Agent).await;
    assert!(matches!(held, Err(VendorError::Gone { .. })), "{held:?}");
    assert_eq!(telephony.caller(&call()).await, Ok(CallerStatus::Left));
    assert_eq!(platform.0.lock().unwrap().len(), 0);
}
