//! Whatever a person or a token changes is told once, by whom and of what, and nothing is told of what was refused or repeated.

mod commands;

use crate::eventually::eventually;
use crate::store::server::{Db, sqlite_in};
use crate::store::tx::writes;
use crate::town::{self, Caller, Line};
use baton::app::Running;
use baton::app::reload::Looked;
use baton::connectors::http::{Answer, ApiCall, Does, Secret, VendorHttp};
use baton::outbox::Vendors;
use baton::web::{ConfiguredToken, LinkSigner, Rights, token_digest};
use baton_clock::{Clock, ScaledClock, SharedClock};
use baton_core::domain::id::{LeadId, RepId};
use baton_core::domain::scope::Scope;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const DESK: &str = "a-secret-of-the-desk-alone";
const READER: &str = "a-secret-of-readers-alone";
const ROOT: &str = "a-secret-of-root-alone-here";

struct Office {
    running: Running,
    door: VendorHttp,
    links: LinkSigner,
    clock: Arc<ScaledClock>,
    db: Db,
    folder: TempDir,
}

fn token(name: &str, secret: &str, scopes: &[Scope]) -> ConfiguredToken {
    let rights = Rights { name: name.to_owned(), scopes: scopes.iter().copied().collect(), source: None };
    ConfiguredToken { digest: token_digest(secret), rights }
}

impl Office {
    /// Whose telephony dials leads.
    async fn open() -> Self {
        let folder = town::founded(3);
        let clock = town::clock(1);
        let shared = Arc::clone(&clock) as SharedClock;
        let db = Db::open(sqlite_in(folder.path())).await;
        let running = town::worker_of(folder.path(), &db.store, &shared, |setup| {
            setup.vendors = Vendors { telephony: Some(Arc::new(Line::that_dials())), ..Vendors::default() };
            setup.links = Some(Arc::new(Self::signer()));
            setup.tokens = vec![
                token("desk", DESK, &[Scope::Intake, Scope::Act, Scope::Feedback]),
                token("reader", READER, &[Scope::Read]),
                token("root", ROOT, &[Scope::Admin]),
            ];
        });
        let running = running.await;
        let door = town::door(&running.address, Duration::from_secs(20));
        Self { running, door, links: Self::signer(), clock, db, folder }
    }

    fn signer() -> LinkSigner {
        LinkSigner::new("a secret of the tests alone", "http://baton.example", 30)
    }

    async fn gets(&self, secret: &str, path: &[&str], query: &[(&'static str, &str)]) -> Answer {
        let call = ApiCall::get("get", path).bearer(&Secret::new(secret));
        let call = query.iter().fold(call, |call, (name, value)| call.query(name, *value));
        self.door.send(&call).await.expect("the door answers")
    }

    async fn posts(&self, secret: &str, path: &[String], key: &str, body: &Value) -> Answer {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let call = ApiCall::new("post", Does::Write, Method::POST, &path).bearer(&Secret::new(secret));
        let call = call.header("idempotency-key", key).json(body.clone());
        self.door.send(&call).await.expect("the door answers")
    }

    /// A lead that is owed a call, and who owes it.
    async fn owed(&self, number: usize) -> (LeadId, RepId) {
        let caller = Caller::gone(number);
        let path = ["v1", "events"].map(str::to_owned);
        let answer = self.posts(DESK, &path, &format!("event-{number}"), &caller.event).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        let lead = caller.lead();
        eventually("a call is owed", || async {
            let record = self.running.store.lead(&lead).await.expect("the database answers");
            record.is_some_and(|record| record.status == "callback")
        })
        .await;
        let record = self.running.store.lead(&lead).await.expect("the database answers").expect("the lead");
        (lead, record.owner)
    }

    /// Somebody who has spoken with the lead that they have, and then left.
    async fn leaver(&self, number: usize) -> RepId {
        let (lead, rep) = self.owed(number).await;
        let data = json!({ "lead": lead, "rep": rep, "at": self.clock.now() });
        let event =
            json!({ "specversion": "1.0", "id": "spoken", "source": "town", "type": "contact.made", "data": data });
        let path = ["v1", "events"].map(str::to_owned);
        assert_eq!(self.posts(DESK, &path, "spoken", &event).await.status, 202);
        eventually("they have spoken", || async {
            let record = self.running.store.lead(&lead).await.expect("the database answers");
            record.is_some_and(|record| record.status == "called")
        })
        .await;
        let path = self.folder.path().join("rules/reps.csv");
        let text = std::fs::read_to_string(&path).expect("the roster");
        let stay: Vec<&str> = text.lines().filter(|line| !line.starts_with(&format!("{rep},"))).collect();
        std::fs::write(path, stay.join("\n")).expect("the roster is written");
        let mut follower = Arc::clone(&self.running.reload).follow(self.folder.path().to_owned());
        let looked = loop {
            match follower.look().await.expect("the folder can be read") {
                Looked::Unsettled => {}
                looked => break looked,
            }
        };
        assert!(matches!(looked, Looked::Taken(_)), "{looked:?}");
        rep
    }

    /// A message that waits for a person, by its key.
    async fn put_aside(&self, number: usize) -> String {
        put_aside(&self.db, number).await
    }

    /// What is told of everybody but the workers, the newest first.
    async fn entries(&self) -> Vec<Value> {
        let answer = self.gets(ROOT, &["v1", "audit"], &[("limit", "500")]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let entries = answer.value()["entries"].as_array().expect("a list").clone();
        entries.into_iter().filter(|entry| entry["act"] != "rules.live").collect()
    }

    /// Operations that need the right to act, to rate or to do everything, as the API describes itself.
    async fn acting(&self) -> BTreeSet<String> {
        let document = self.gets(READER, &["v1", "openapi.json"], &[]).await.value();
        let paths = document["paths"].as_object().expect("paths").values();
        let posts = paths.filter_map(|item| item.get("post"));
        let acts =
            posts.filter(|post| ["act", "feedback", "admin"].iter().any(|scope| post["x-baton-scope"] == *scope));
        acts.map(|post| post["operationId"].as_str().expect("an id").to_owned()).collect()
    }

    /// A page's form, as a browser sends it.
    async fn sends(&self, path: &[&str], form: Vec<(&'static str, String)>) -> u16 {
        let call = ApiCall::new("form", Does::Write, Method::POST, path).form(form);
        self.door.send(&call).await.expect("the door answers").status
    }
}

async fn put_aside(db: &Db, number: usize) -> String {
    let message = town::message(number, town::clock(1).now());
    let (key, body) = (message.key.clone(), message.body.clone());
    let stored = writes!(db.store, [message, key, body], |tx| {
        tx.inbox_insert(&[message]).await?;
        tx.inbox_quarantine(&key, &body, "the rules had no place for it").await
    });
    assert!(stored.await.expect("it is stored"), "it is put aside");
    key
}

/// An act over HTTP, a like one that is refused, and what is told of it.
struct OverHttp {
    operation: &'static str,
    path: Vec<String>,
    body: Value,
    refused: (Vec<String>, Value),
    act: &'static str,
    subject: String,
    why: Option<&'static str>,
}

fn over_http(lead: &LeadId, owner: &RepId, other: &str) -> [OverHttp; 3] {
    let at = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
    let (lead, owner) = (lead.as_str(), owner.as_str());
    let of_lead = |act: &str| at(&["v1", "leads", lead, act]);
    [
        OverHttp {
            operation: "reassignLead",
            path: of_lead("reassign"),
            body: json!({ "to": other, "reason": "speaks German", "by": "lena" }),
            refused: (of_lead("reassign"), json!({ "to": "nobody.here", "reason": "x", "by": "lena" })),
            act: "lead.reassign",
            subject: lead.to_owned(),
            why: Some("lena: speaks German"),
        },
        OverHttp {
            operation: "postFeedback",
            path: at(&["v1", "feedback"]),
            body: json!({ "lead": lead, "rep": owner, "quality": 4 }),
            refused: (at(&["v1", "feedback"]), json!({ "lead": lead, "rep": owner, "quality": 9 })),
            act: "feedback.record",
            subject: lead.to_owned(),
            why: None,
        },
        OverHttp {
            operation: "callLead",
            path: of_lead("call"),
            body: json!({ "by": "lena" }),
            refused: (of_lead("call"), json!({ "by": " " })),
            act: "lead.call",
            subject: lead.to_owned(),
            why: Some("lena"),
        },
    ]
}

/// The same of what needs a person, and of a person who asks to be forgotten: nobody's lead, so that one entry is all.
fn of_attention(lead: &LeadId, aside: &str, closed: &str) -> [OverHttp; 4] {
    let of_item = |key: &str, act: &str| ["v1", "attention", key, act].map(str::to_owned).to_vec();
    let erasures = || ["v1", "erasures"].map(str::to_owned).to_vec();
    [
        OverHttp {
            operation: "replayMessage",
            path: of_item(aside, "replay"),
            body: json!({}),
            refused: (of_item("none", "replay"), json!({})),
            act: "quarantine.replay",
            subject: aside.to_owned(),
            why: None,
        },
        OverHttp {
            operation: "closeAttention",
            path: of_item(closed, "close"),
            body: json!({ "why": "a test of ours" }),
            refused: (of_item(closed, "close"), json!({ "why": " " })),
            act: "attention.close",
            subject: closed.to_owned(),
            why: Some("a test of ours"),
        },
        OverHttp {
            operation: "retrySteps",
            path: of_item(lead.as_str(), "retry"),
            body: json!({}),
            refused: (of_item("none", "retry"), json!({})),
            act: "attention.retry",
            subject: lead.as_str().to_owned(),
            why: None,
        },
        OverHttp {
            operation: "postErasure",
            path: erasures(),
            body: json!({ "phone": "+1 415 555 0199", "why": "she asked us" }),
            refused: (erasures(), json!({ "phone": "0199" })),
            act: "erasure.ask",
            subject: String::new(),
            why: Some("she asked us"),
        },
    ]
}

/// The same of somebody who has left.
fn of_leaver(rep: &RepId) -> OverHttp {
    let of_rep = |rep: &str| ["v1", "reps", rep, "leaver"].map(str::to_owned).to_vec();
    let body = json!({ "reason": "has left us", "by": "lena" });
    OverHttp {
        operation: "handOverLeaver",
        path: of_rep(rep.as_str()),
        body: body.clone(),
        refused: (of_rep("nobody.here"), body),
        act: "rep.leaver",
        subject: rep.to_string(),
        why: Some("lena: has left us"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_act_over_http_is_told_once_and_not_where_it_is_refused_or_repeated() {
    let office = Office::open().await;
    let (lead, owner) = office.owed(1).await;
    let (aside, closed) = (office.put_aside(2).await, office.put_aside(3).await);
    let other = if owner.as_str() == "east-01" { "east-02" } else { "east-01" };
    let failed = format!(
        "UPDATE step SET state = 'failed', last_error = 'the vendor said no', ended_at = run_at, sent_at = NULL \
         WHERE lead_id = '{lead}' AND kind = 'publish' AND state = 'done'"
    );
    eventually("a step to fail", || async { office.db.execute(failed.clone()).await > 0 }).await;
    let (_, next) = office.owed(4).await;
    let left = office.leaver(7).await;
    assert!(left != owner && left != next && left.as_str() != other, "turns go around: {next}, {left}");
    let acts = over_http(&lead, &owner, other).into_iter().chain(of_attention(&lead, &aside, &closed));
    let acts = acts.chain([of_leaver(&left)]);
    let acts: Vec<OverHttp> = acts.collect();
    let tried: BTreeSet<String> = acts.iter().map(|act| act.operation.to_owned()).collect();
    assert_eq!(office.acting().await, tried, "every operation that changes something is tried here");
    for OverHttp { operation, path, body, refused, act, subject, why } in &acts {
        let (secret, name) = if *operation == "postErasure" { (ROOT, "root") } else { (DESK, "desk") };
        let before = office.entries().await.len();
        let answer = office.posts(secret, &refused.0, &format!("{operation}-refused"), &refused.1).await;
        assert!((400..500).contains(&answer.status), "{operation}: {}", answer.text());
        assert_eq!(office.posts(READER, path, operation, body).await.status, 403, "{operation}");
        assert_eq!(office.entries().await.len(), before, "{operation} was refused");
        let mut subject = subject.clone();
        for _ in 0..2 {
            let answer = office.posts(secret, path, operation, body).await;
            assert!((200..300).contains(&answer.status), "{operation}: {}", answer.text());
            if subject.is_empty() {
                subject = answer.value()["erasure"].as_str().expect("an id").to_owned();
            }
        }
        let entries = office.entries().await;
        assert_eq!(entries.len(), before + 1, "{operation}: {entries:?}");
        let newest = &entries[0];
        let told = (&newest["actor"], &newest["act"], &newest["subject"], newest["why"].as_str());
        assert_eq!(told, (&json!(format!("token {name}")), &json!(act), &json!(subject), *why));
    }
    assert_eq!(office.db.store.audit_verify(None).await.expect("it is followed").broken, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_rep_does_by_link_is_told_of_the_rep_and_looking_is_not() {
    let office = Office::open().await;
    let (lead, owner) = office.owed(1).await;
    let url = office.links.url(&lead, &owner, office.clock.now());
    let token = url.rsplit('/').next().expect("a token");
    for path in [&["feedback", token][..], &["feedback", token, "call"]] {
        assert_eq!(office.gets(READER, path, &[]).await.status, 200);
    }
    assert_eq!(office.sends(&["feedback", token], Vec::new()).await, 422);
    assert_eq!(office.entries().await, [] as [Value; 0], "nothing was done");
    assert_eq!(office.sends(&["feedback", token], vec![("quality", "4".to_owned())]).await, 200);
    assert_eq!(office.sends(&["feedback", token, "call"], Vec::new()).await, 200);
    let entries = office.entries().await;
    let told: Vec<_> = entries.iter().map(|entry| (entry["actor"].clone(), entry["act"].clone())).collect();
    let rep = json!(format!("rep {owner}"));
    assert_eq!(told, [(rep.clone(), json!("lead.call")), (rep, json!("feedback.record"))]);
    assert!(entries.iter().all(|entry| entry["subject"] == lead.as_str()), "{entries:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_is_read_by_admins_page_by_page_and_as_it_is_described() {
    let office = Office::open().await;
    let (lead, owner) = office.owed(1).await;
    let path = ["v1", "feedback"].map(str::to_owned);
    for quality in 1..=3 {
        let body = json!({ "lead": lead, "rep": owner, "quality": quality });
        assert_eq!(office.posts(DESK, &path, &format!("said-{quality}"), &body).await.status, 201);
    }
    for secret in [DESK, READER] {
        assert_eq!(office.gets(secret, &["v1", "audit"], &[]).await.status, 403);
    }
    for (name, value) in [("limit", "0"), ("cursor", "x"), ("since", "yesterday"), ("who", "desk")] {
        let answer = office.gets(ROOT, &["v1", "audit"], &[(name, value)]).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
    }
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![("limit", "2"), ("actor", "token desk"), ("subject", lead.as_str())];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let answer = office.gets(ROOT, &["v1", "audit"], &query).await;
        let page = answer.value();
        is_as_described(&office, &page).await;
        seen.extend(page["entries"].as_array().expect("a list").iter().map(|entry| entry["seq"].as_i64()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = Some(next.to_owned());
    }
    assert!(seen.len() == 3 && seen.is_sorted_by(|one, next| one > next), "{seen:?}");
    let later = (office.clock.now() + chrono::TimeDelta::minutes(1)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let answer = office.gets(ROOT, &["v1", "audit"], &[("since", &later)]).await;
    assert_eq!(answer.value(), json!({ "entries": [], "next": null }));
}

/// With nothing that the description does not name.
async fn is_as_described(office: &Office, page: &Value) {
    let document = office.gets(ROOT, &["v1", "openapi.json"], &[]).await.value();
    let mut components = document["components"].clone();
    for name in ["AuditPage", "AuditLine"] {
        components["schemas"][name]["additionalProperties"] = json!(false);
    }
    let schema = json!({ "$ref": "#/components/schemas/AuditPage", "components": components });
    let validator = jsonschema::draft202012::new(&schema).expect("a valid schema");
    let faults: Vec<String> = validator.iter_errors(page).map(|error| error.to_string()).collect();
    assert_eq!(faults, Vec::<String>::new(), "{page}");
}
