//! However a person is written, whatever their events hold and wherever else they stand: once they are erased nothing of them is left,
//! and every figure is as it was.

use super::person::{OTHERS, dump, other};
use super::stage::Town;
use crate::store::server::{Db, ledgers, sqlite_in};
use crate::store::tx::writes;
use baton::intake::event::lead_id;
use baton::intake::normalise;
use baton::store::{AuditEntry, ErasureRequest, ErasureState, Person};
use baton_core::domain::id::LeadId;
use baton_core::domain::phone::PhoneE164;
use baton_core::routing::ledger::Ledger;
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::runtime::Runtime;

const CASES: u32 = 24;
/// Each takes a second: what fails is made smaller a few times.
const SMALLER_AT_MOST: u32 = 12;

/// Parts of an event in which people and agents write.
const FIELDS: [(&str, &str); 14] = [
    ("contact", "title"),
    ("company", "name"),
    ("company", "city"),
    ("qualification", "summary"),
    ("qualification", "intent"),
    ("qualification", "timeline"),
    ("qualification", "use_case"),
    ("qualification", "budget"),
    ("qualification", "pain"),
    ("qualification", "next_action"),
    ("custom", "note"),
    ("custom", "more"),
    ("transcript", "url"),
    ("recording", "url"),
];

/// Tables whose rows an erasure changes, and of which it takes none away.
const COUNTED: [&str; 10] =
    ["lead", "inbox", "decision", "handoff", "step", "feedback", "ledger_entry", "contact", "outcome", "owner_change"];

/// What a person has told, and what is written of them elsewhere.
#[derive(Debug, Clone)]
struct Case {
    channel: &'static str,
    /// How they write their number: to be called at, and anywhere else.
    given: usize,
    spelled: usize,
    in_capitals: bool,
    /// By what they ask to be forgotten.
    by_phone: bool,
    by_email: bool,
    /// One for each of [`FIELDS`].
    fields: [bool; FIELDS.len()],
    /// A second event, a message that is put aside, a note and a new owner, what is kept for a while, the audit, somebody else's lead.
    also: [bool; 6],
}

fn cases() -> impl Strategy<Value = Case> {
    let channel = prop_oneof![Just("call"), Just("form"), Just("chat")];
    let asked = prop_oneof![Just((true, false)), Just((false, true)), Just((true, true))];
    let parts =
        (channel, 0..3_usize, 0..7_usize, any::<bool>(), asked, any::<[bool; FIELDS.len()]>(), any::<[bool; 6]>());
    parts.prop_map(|(channel, given, spelled, in_capitals, (by_phone, by_email), fields, also)| Case {
        channel,
        given,
        spelled,
        in_capitals,
        by_phone,
        by_email,
        fields,
        also,
    })
}

/// A person of their own in each case.
#[derive(Debug, Clone)]
struct Who {
    number: u32,
    /// In no other word.
    tag: String,
}

impl Who {
    fn new(number: u32) -> Self {
        let letter = |at: u32| char::from(b'a' + u8::try_from(at % 26).unwrap_or_default());
        Self { number, tag: format!("zyxq{}{}", letter(number / 26), letter(number)) }
    }

    /// The last four digits.
    fn line(&self) -> u32 {
        1_000 + self.number
    }

    fn phone(&self) -> String {
        format!("+1415234{}", self.line())
    }

    /// The first three are what intake takes for a number to call.
    fn spelled(&self, how: usize) -> String {
        let line = self.line();
        match how {
            0 => format!("+1 (415) 234-{line}"),
            1 => format!("(415) 234-{line}"),
            2 => format!("415.234.{line}"),
            3 => format!("1-415-234-{line}"),
            4 => format!("tel:+1-415-234-{line}"),
            5 => format!("415\u{a0}234\u{2011}{line}"),
            _ => self.phone(),
        }
    }

    fn name(&self, case: &Case) -> String {
        if case.in_capitals { self.tag.to_uppercase() } else { self.tag.clone() }
    }

    fn email(&self, case: &Case) -> String {
        let email = format!("{}@canary-mail.example", self.tag);
        if case.in_capitals { email.to_uppercase() } else { email }
    }

    /// What somebody writes who means them.
    fn said(&self, case: &Case) -> String {
        format!("Ask {}, at {} or {}.", self.name(case), self.spelled(case.spelled), self.email(case))
    }

    fn lead(&self) -> LeadId {
        lead_id("town", &format!("evt-{}", self.number))
    }

    /// What of them is in a text that is in small letters.
    fn found_in(&self, text: &str) -> Vec<String> {
        let line = self.line();
        let spelled = ["-", ".", "\u{2011}", " "].map(|sign| format!("234{sign}{line}"));
        let canaries = spelled.into_iter().chain([format!("415234{line}"), self.tag.clone()]);
        canaries.filter(|canary| text.contains(canary.as_str())).collect()
    }

    fn event(&self, case: &Case, now: DateTime<Utc>) -> Value {
        let mut data = json!({
            "channel": case.channel,
            "contact": { "name": self.name(case), "email": self.email(case), "phone": self.spelled(case.given) },
            "company": { "country": "US" },
        });
        if case.channel == "call" {
            data["call"] = self.call();
        }
        for ((part, field), _) in FIELDS.into_iter().zip(case.fields).filter(|(_, is_told)| *is_told) {
            data[part][field] = if field == "url" {
                json!(format!("https://voice.example/{}", self.name(case)))
            } else {
                json!(self.said(case))
            };
        }
        self.wrapped("", data, now)
    }

    fn call(&self) -> Value {
        let id = format!("call-of-case-{}", self.number);
        json!({ "platform": "sandbox", "id": id, "live": false, "direction": "inbound", "from": self.phone() })
    }

    fn wrapped(&self, which: &str, data: Value, now: DateTime<Utc>) -> Value {
        let id = format!("evt-{}{which}", self.number);
        json!({ "specversion": "1.0", "id": id, "source": "town", "type": "lead.qualified", "time": now, "data": data })
    }

    /// All that comes of them.
    fn events(&self, case: &Case, now: DateTime<Utc>) -> Vec<Value> {
        let [more, unreachable, ..] = case.also;
        let mut events = vec![self.event(case, now)];
        let said = json!({ "summary": self.said(case) });
        if more && case.channel == "call" {
            let data = json!({ "call": self.call(), "contact": { "name": self.name(case) }, "qualification": said });
            events.push(self.wrapped("-more", data, now));
        }
        if unreachable {
            let data = json!({ "contact": { "name": self.name(case) }, "qualification": said });
            events.push(self.wrapped("-unreachable", data, now));
        }
        events
    }

    fn asks(&self, case: &Case) -> ErasureRequest {
        let phone = case.by_phone.then(|| PhoneE164::new(self.phone()).expect("a number"));
        let email = case.by_email.then(|| normalise::email(&self.email(case)).expect("an address"));
        let person = Person::named(phone, email, None).expect("somebody");
        ErasureRequest { person, actor: "nobody".to_owned(), why: None }
    }
}

/// What people write of them, and what workers keep.
async fn write_elsewhere(town: &Town, who: &Who, case: &Case) {
    let [_, _, noted, kept, audited, named] = case.also;
    let (lead, said) = (who.lead(), who.said(case));
    let note = |lead: &LeadId| json!({ "lead": lead, "rep": "west-01", "quality": 3, "note": said });
    if noted {
        assert_eq!(town.post(&["v1", "feedback"], note(&lead)).await.status, 201);
        let reassign = json!({ "to": "east-02", "reason": said, "by": "lena" });
        assert_eq!(town.post(&["v1", "leads", lead.as_str(), "reassign"], reassign).await.status, 200);
    }
    if named {
        assert_eq!(town.post(&["v1", "feedback"], note(&lead_id("town", OTHERS))).await.status, 201);
    }
    town.until_quiet().await;
    if kept {
        town.plant(&lead, &who.phone(), &who.email(case)).await;
    }
    if audited {
        let key = format!("{}.1-publish", lead.suffix());
        let (entry, now) =
            (AuditEntry::of("token desk", "attention.close", key, Some(&who.name(case))), town.clock.now());
        writes!(town.db.store, [entry], |tx| tx.audit(&entry, now).await).await.expect("it is noted");
    }
}

/// What an erasure leaves as it is.
async fn figures(town: &Town, now: DateTime<Utc>) -> (BTreeMap<&'static str, i64>, Value, BTreeMap<String, Ledger>) {
    let mut counts = BTreeMap::new();
    for table in COUNTED {
        counts.insert(table, town.count(table).await);
    }
    let balances = ledgers(&town.db.store).await.into_iter().map(|(pool, ledger)| (pool.to_string(), ledger));
    (counts, town.report(now).await, balances.collect())
}

async fn is_forgotten(town: &Town, who: &Who, case: &Case) {
    let now = town.clock.now();
    town.bring(&who.events(case, now)).await;
    write_elsewhere(town, who, case).await;
    assert_ne!(who.found_in(&dump(&town.db).await.to_lowercase()), Vec::<String>::new(), "they are there");
    let (before, at) = (figures(town, now).await, town.clock.now());
    let store = &town.db.store;
    let id = store.erasure_begin(who.asks(case), true, at).await.expect("it is stored");
    let clock = || town.clock.now();
    let mut erasure = store.erasure_go_on(&id, normalise::email, &clock).await.expect("it goes on");
    while erasure.state != ErasureState::Done {
        tokio::time::sleep(Duration::from_millis(100)).await;
        erasure = store.erasure_go_on(&id, normalise::email, &clock).await.expect("it goes on");
    }
    assert_eq!(erasure.leads.len(), 1, "{erasure:?}");
    assert_eq!(who.found_in(&dump(&town.db).await.to_lowercase()), Vec::<String>::new(), "nothing is left of {who:?}");
    assert_eq!(figures(town, now).await, before);
}

#[test]
fn nothing_is_left_of_anybody_and_every_figure_is_as_it_was() {
    let runtime = Runtime::new().expect("a runtime");
    let _within = runtime.enter();
    let folder = tempfile::tempdir().expect("a folder");
    let (town, worker) = runtime.block_on(async { Town::begin(Db::open(sqlite_in(folder.path())).await).await });
    runtime.block_on(town.bring(&[other(town.clock.now())]));
    let people: Mutex<Vec<Who>> = Mutex::default();
    let next = || {
        let mut people = people.lock().expect("people");
        let who = Who::new(u32::try_from(people.len()).expect("a few"));
        people.push(who.clone());
        who
    };
    let config = ProptestConfig {
        cases: CASES,
        max_shrink_iters: SMALLER_AT_MOST,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let ran = TestRunner::new(config).run(&cases(), |case| {
        runtime.block_on(is_forgotten(&town, &next(), &case));
        Ok(())
    });
    ran.unwrap_or_else(|failed| panic!("{failed}"));

    // What was written over and deleted before anybody was erased is in free pages until then.
    runtime.block_on(worker.stop());
    assert!(runtime.block_on(town.db.store.purge(true)).expect("the file is written anew"), "nobody reads");
    for name in ["baton.db", "baton.db-wal"] {
        let bytes = std::fs::read(folder.path().join(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        for who in people.lock().expect("people").iter() {
            assert_eq!(who.found_in(&text), Vec::<String>::new(), "{who:?} in {name}");
        }
    }
}
