//! Leads with all that their decision made: back to the bit, and found again.

mod broken;
pub mod keep;

pub use broken::what_does_not_decode_is_named_by_table_column_and_row;

use super::server::Db;
use super::tx::{reads, writes};
use super::world::{LEASE, caller, decided, handoff_id, later, lead_id};
use baton::store::{Changes, DecidedLead, LeadRecord, StepRow, StoreError};
use baton_core::domain::effect::Lane;
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::known::Known;
use baton_core::domain::lead::{Call, FieldValue};
use baton_core::domain::phone::PhoneE164;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub async fn insert(db: &Db, leads: Vec<DecidedLead>) -> Result<(), StoreError> {
    let leads = Arc::new(leads);
    writes!(db.store, [leads], |tx| tx.change(&Changes { decided: &leads, ..Changes::default() }).await).await
}

async fn assert_comes_back(db: &Db, sent: &DecidedLead) {
    let id = sent.lead.id.clone();
    let read = reads!(db.store, [id], |tx| Ok((tx.decision(&id).await?, tx.snapshot(&id).await?)));
    let (decision, snapshot) = read.await.expect("a decision is read");
    let (decision, snapshot) = (decision.expect("the decision"), snapshot.expect("the snapshot"));
    let record = db.store.lead(&id).await.expect("a lead is read").expect("the lead");
    let handoff = db.store.handoff(&HandoffId::of(&id)).await.expect("the handoff");
    assert_eq!((&decision, &snapshot, &handoff), (&sent.decision, &sent.snapshot, &sent.handoff));
    assert_eq!(db.store.timeline(&id).await.expect("the timeline"), sent.timeline);
    let bytes = |lead| serde_json::to_string(lead).expect("JSON");
    assert_eq!(bytes(&record.lead), bytes(&sent.lead), "to the same bytes");
    let replayed = serde_json::to_string(&(&decision, &snapshot)).expect("JSON");
    assert_eq!(replayed, serde_json::to_string(&(&sent.decision, &sent.snapshot)).expect("JSON"));
    let expected = LeadRecord {
        lead: sent.lead.clone(),
        owner: sent.handoff.owner.clone(),
        status: "handoff".to_owned(),
        next_step: sent.handoff.next_step(),
        first_contact_at: None,
        crm: None,
        erased_at: None,
    };
    assert_eq!(record, expected);
}

pub async fn five_hundred_leads_come_back_exactly(db: Db) {
    let sent: Vec<DecidedLead> = (1..=500).map(|number| decided(caller(number))).collect();
    insert(&db, sent.clone()).await.expect("500 leads in one transaction");
    for lead in &sent {
        assert_comes_back(&db, lead).await;
    }
    // The steps were born leased to a worker that is now dead, or are timers: all are due a day later.
    let claimed = writes!(db.store, |tx| {
        tx.steps_claim(later(86_400), "second", LEASE, &Lane::ALL.map(|lane| (lane, 100_000)), true).await
    });
    let found: BTreeMap<String, StepRow> =
        claimed.await.expect("a claim").into_iter().map(|step| (step.effect_key.clone(), step)).collect();
    let planned: Vec<_> = sent.iter().flat_map(|lead| &lead.steps).collect();
    assert_eq!(found.len(), planned.len());
    for step in planned {
        let row = &found[&step.planned.key];
        assert_eq!(row.effect, step.planned.effect);
        assert_eq!((row.run_at, row.deadline_at), (step.planned.run_at, step.planned.deadline_at));
        assert_eq!(row.fence, if step.leased.is_some() { 2 } else { 1 });
        assert_eq!((&row.handoff_id, &row.lead_id), (&step.handoff_id, &step.handoff_id.lead()));
    }
}

pub async fn texts_that_databases_dislike_come_back_exactly(db: Db) {
    let strange = [
        "NUL \0 inside",
        "written \\u0000 and \\\\u0000",
        "\\\0",
        "quotes ' \" ` and -- comment; DROP TABLE lead;",
        "emoji 👩‍💻 and \u{202e}reversed",
        "$1 ?2 %s {}",
        "\u{1}\u{7f}\r\n\t",
    ];
    let sent: Vec<DecidedLead> = (1..)
        .zip(strange)
        .map(|(number, text)| {
            let mut lead = caller(number);
            lead.qualification.summary = Some(Known::from_caller(text.to_owned()));
            lead.custom.insert(text.to_owned(), FieldValue::List(vec![text.to_owned()]));
            decided(lead)
        })
        .collect();
    insert(&db, sent.clone()).await.expect("every text can be stored");
    for lead in &sent {
        assert_comes_back(&db, lead).await;
    }
}

/// A decision must replay to the same bytes, so a number may not lose its last bit on the way.
pub async fn every_float_comes_back_to_the_bit(db: Db) {
    let mut lead = caller(1);
    let mut bits: u64 = 0x9E37_79B9_7F4A_7C15;
    let hard = [0.1 + 0.2, f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e23, 9_007_199_254_740_993.0, -0.0];
    let random = std::iter::repeat_with(|| {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from_bits(bits)
    });
    for (number, value) in hard.into_iter().chain(random.filter(|value| value.is_finite()).take(5_000)).enumerate() {
        lead.custom.insert(format!("number {number:04}"), FieldValue::Number(value));
    }
    let sent = decided(lead);
    insert(&db, vec![sent.clone()]).await.expect("a lead");
    let lead = db.store.lead(&lead_id(1)).await.expect("a read").expect("the lead").lead;
    for (name, value) in &sent.lead.custom {
        let (FieldValue::Number(sent), Some(FieldValue::Number(back))) = (value, lead.custom.get(name)) else {
            panic!("{name} is no number any more: {:?}", lead.custom.get(name))
        };
        assert_eq!(sent.to_bits(), back.to_bits(), "{name}: {sent:e} came back as {back:e}");
    }
}

pub async fn an_event_makes_one_lead(db: Db) {
    insert(&db, vec![decided(caller(1))]).await.expect("a lead");
    let mut same_event = caller(2);
    same_event.event_id = "evt-1".to_owned();
    for again in [caller(1), same_event] {
        let refused = insert(&db, vec![decided(caller(3)), decided(again)]).await;
        let Err(error) = refused else { panic!("the event was decided twice") };
        assert!(!error.is_transient(), "{error:?}");
    }
    assert_eq!(db.number("SELECT COUNT(*) FROM lead").await, 1, "and nothing of the batch stays");
    assert_eq!(db.number("SELECT COUNT(*) FROM decision").await, 1);
}

pub async fn a_lead_is_found_by_its_call(db: Db) {
    insert(&db, vec![decided(caller(1)), decided(caller(2))]).await.expect("leads");
    let found = reads!(db.store, |tx| {
        let by_call = tx.handoff_of_call("sandbox", "call-1").await?;
        Ok((by_call, tx.handoff_of_call("vapi", "call-1").await?, tx.lead(&lead_id(9)).await?))
    });
    assert_eq!(found.await.expect("a read"), (Some(handoff_id(1)), None, None));
}

pub async fn a_caller_is_known_by_the_last_lead_of_a_number_or_an_address(db: Db) {
    let with_mail = |number: u32, email: &str| {
        let mut lead = caller(number);
        lead.contact.email = Some(Known::from_caller(email.to_owned()));
        lead
    };
    let batch = vec![decided(with_mail(1, "ada@acme.example")), decided(with_mail(2, "bo@acme.example"))];
    insert(&db, batch).await.expect("two of one batch with one number");
    let keys = ["phone:+442079460900", "email:ada@acme.example", "phone:+15550100"];
    let keys: Vec<String> = keys.map(str::to_owned).to_vec();
    let found = db.store.callers_find(&keys).await.expect("a read");
    let leads: Vec<(&str, &str)> = found.iter().map(|(key, met)| (key.as_str(), met.person.crm_id.as_str())).collect();
    let (first, second) = (lead_id(1), lead_id(2));
    assert_eq!(leads, [("email:ada@acme.example", first.as_str()), ("phone:+442079460900", second.as_str())]);
    assert!(found.values().all(|met| met.person.owner.is_some() && met.name.is_some()));
}

/// Every pair of what two events of one number may know of their call: `deciding::call` says of which pairs they are two calls.
pub async fn leads_of_a_number_are_those_that_may_be_of_one_call(db: Db) {
    let calls = [
        None,
        Some(("", None)),
        Some(("a", None)),
        Some(("a", Some("l"))),
        Some(("b", Some("l"))),
        Some(("", Some("m"))),
    ];
    let lead = |number: u32, call: Option<(&str, Option<&str>)>| {
        let mut lead = caller(number);
        lead.contact.phone = Some(Known::from_caller(PhoneE164::new("+442079460901").expect("a number")));
        let with = |(id, leg): (&str, Option<&str>)| Call {
            id: id.to_owned(),
            leg: leg.map(str::to_owned),
            ..lead.call.clone().expect("a call")
        };
        lead.call = call.map(with);
        lead
    };
    let stored =
        (1..).zip(calls).map(|(number, call)| DecidedLead { lead: lead(number, call), ..decided(caller(number)) });
    let stored = stored.collect();
    insert(&db, stored).await.expect("leads");
    for (number, asked) in (11..).zip(calls) {
        let (asks, stranger) = (lead(number, asked), caller(number + 10));
        let found = reads!(db.store, [asks, stranger], |tx| {
            let found = tx.leads_by_phone(&[&asks, &stranger], later(-3_600)).await?;
            Ok((found, tx.leads_by_phone(&[&asks], later(3_600)).await?.len()))
        });
        let (found, late) = found.await.expect("a read");
        let two = |other: Option<(&str, Option<&str>)>| match (asked, other) {
            (Some((_, Some(mine))), Some((_, Some(theirs)))) => mine != theirs,
            (Some((mine, _)), Some((theirs, _))) => !mine.is_empty() && !theirs.is_empty(),
            _ => false,
        };
        let found: BTreeSet<LeadId> = found.into_iter().map(|lead| lead.id).collect();
        let expected = (1..).zip(calls).filter(|(_, call)| !two(*call)).map(|(number, _)| lead_id(number)).collect();
        assert_eq!((found, late), (expected, 0), "{asked:?}");
    }
}
