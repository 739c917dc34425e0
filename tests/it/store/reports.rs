//! What the reports, the doors and BI tools read.

use super::leads::insert;
use super::server::Db;
use super::tx::{reads, writes};
use super::world::{caller, decided, handoff_id, later, lead_id, mover, now, rep, rules};
use baton::store::{ApiToken, DecidedLead, HumanContact, Mirrored, OwnerChange, ReportRow, StoreError};
use baton_core::domain::account::{Account, Candidates, CompanyRecord, MatchKey, Records};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::LegId;
use baton_core::domain::lead::{Disclosure, LeadChannel};
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::{Feedback, Misroute, MisrouteKind, OutcomeKind};
use baton_core::handoff::Event;
use baton_core::routing::reason::NotKnown;
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet};

/// A lead that was decided so much later.
fn decided_at(number: u32, seconds: i64) -> DecidedLead {
    let mut lead = decided(caller(number));
    lead.decision.decided_at += TimeDelta::seconds(seconds);
    lead
}

fn feedback(name: &str, seconds: i64, quality: u8) -> Feedback {
    let misroute = Misroute { kind: MisrouteKind::Procedural, right_rep: Some(rep("ben")) };
    Feedback {
        rep: rep(name),
        at: later(seconds),
        quality: Some(quality),
        completeness: None,
        misroute: Some(misroute),
        no_show: false,
        note: Some("\"wrong\" desk".to_owned()),
        via: "api".to_owned(),
    }
}

fn change(to: &str, seconds: i64) -> OwnerChange {
    OwnerChange { from: "005A".into(), to: to.into(), seen_at: later(seconds) }
}

fn contact(name: &str, seconds: i64) -> HumanContact {
    HumanContact { rep: rep(name), at: later(seconds), via: "crm".to_owned() }
}

/// Two reps speak, one of them twice; some of it is told twice.
async fn hear_of_the_first(db: &Db) {
    let heard = writes!(db.store, |tx| {
        let lead = lead_id(1);
        for said in [feedback("ana", 20, 2), feedback("ana", 90, 4), feedback("ben", 30, 5), feedback("ben", 30, 5)] {
            tx.feedback_insert(&lead, &said).await?;
        }
        for (kind, at) in [(OutcomeKind::Opportunity, 100), (OutcomeKind::Opportunity, 200), (OutcomeKind::Won, 300)] {
            tx.outcome_insert(&lead, kind, later(at), (kind == OutcomeKind::Won).then_some(12_500.5)).await?;
        }
        for change in [change("005C", 80), change("005B", 60), change("005B", 99)] {
            tx.owner_change_insert(&lead, &change).await?;
        }
        for contact in [contact("ben", 70), contact("ana", 40), contact("ana", 40)] {
            tx.contact_insert(&lead, &contact).await?;
        }
        Ok(())
    });
    heard.await.expect("everything is stored");
}

pub async fn a_report_row_gathers_everything_about_a_lead(db: Db) {
    let (mut first, second) = (decided_at(1, 0), decided_at(2, 1));
    first.decision.degraded = vec![NotKnown::Account { why: "no answer".to_owned() }];
    insert(&db, vec![second.clone(), first.clone()]).await.expect("leads are stored");
    hear_of_the_first(&db).await;
    let rows = db.store.report_rows(now(), later(60)).await.expect("a report");
    let plain = |lead: &DecidedLead| ReportRow {
        lead: lead.lead.id.clone(),
        source: "sandbox".to_owned(),
        channel: LeadChannel::Call,
        disclosure: Disclosure::default(),
        received_at: lead.lead.received_at,
        decided_at: lead.decision.decided_at,
        decided_owner: lead.decision.plan.owner.clone(),
        current_owner: lead.handoff.owner.clone(),
        pool: lead.decision.plan.pool.clone(),
        territory: lead.decision.plan.territory.clone(),
        tier: lead.decision.plan.tier.clone(),
        route: "territory × tier".to_owned(),
        reason: lead.decision.plan.reason.in_words(),
        rungs: lead.decision.plan.rungs.clone(),
        legs: vec![LegState::Ringing],
        accepted: false,
        status: "handoff".to_owned(),
        next_step: lead.handoff.next_step(),
        first_contact_at: None,
        degraded: false,
        completeness_permille: 640,
        feedback: BTreeMap::new(),
        outcomes: BTreeMap::new(),
        owner_changes: Vec::new(),
        contacts: Vec::new(),
    };
    let expected = ReportRow {
        degraded: true,
        first_contact_at: Some(later(40)),
        feedback: BTreeMap::from([(rep("ana"), feedback("ana", 90, 4)), (rep("ben"), feedback("ben", 30, 5))]),
        outcomes: BTreeMap::from([(OutcomeKind::Opportunity, later(100)), (OutcomeKind::Won, later(300))]),
        owner_changes: vec![change("005B", 60), change("005C", 80)],
        contacts: vec![contact("ana", 40), contact("ben", 70)],
        ..plain(&first)
    };
    assert_eq!(rows, [expected, plain(&second)]);
    assert!(!rows[0].rungs.is_empty());
}

/// A key that is pressed when nobody waits for it any more accepts nothing; a call that ends later was accepted all the same.
pub async fn accepted_is_a_call_that_a_rep_took_whatever_became_of_it(db: Db) {
    insert(&db, (1..=3).map(|number| decided_at(number, 0)).collect()).await.expect("leads are stored");
    let heard = |number: u32, events: Vec<Event>| {
        writes!(db.store, [events], |tx| {
            for (second, event) in events.iter().enumerate() {
                let mover = mover("first", later(3 + second as i64));
                tx.transition(&handoff_id(number), event, &rules(), &mover).await?;
            }
            Ok(())
        })
    };
    let leg = |number| LegId::of(&handoff_id(number), 1);
    let taken = vec![Event::Answered { leg: leg(1) }, Event::Accepted { leg: leg(1) }, Event::CallerLeft];
    heard(1, taken).await.expect("moves");
    let too_late = vec![Event::Declined { leg: leg(2), why: None }, Event::Accepted { leg: leg(2) }];
    heard(2, too_late).await.expect("moves");
    let rows = db.store.report_rows(now(), later(60)).await.expect("a report");
    let accepted: Vec<_> = rows.iter().map(|row| (row.lead.clone(), row.accepted)).collect();
    assert_eq!(accepted, [(lead_id(1), true), (lead_id(2), false), (lead_id(3), false)]);
}

pub async fn a_period_includes_its_start_and_not_its_end(db: Db) {
    insert(&db, (1..=4).map(|number| decided_at(number, i64::from(number) * 10)).collect())
        .await
        .expect("leads are stored");
    hear_of_the_first(&db).await;
    let found: Vec<_> =
        db.store.report_rows(later(20), later(40)).await.expect("a report").into_iter().map(|row| row.lead).collect();
    assert_eq!(found, [lead_id(2), lead_id(3)]);
    assert_eq!(db.store.report_rows(later(50), later(90)).await.expect("a report"), []);
    db.execute("UPDATE outcome SET kind = 'lunch' WHERE kind = 'won'").await;
    let error = db.store.report_rows(now(), later(40)).await.expect_err("an outcome that is none").to_string();
    assert_eq!(error, format!("outcome.kind of row {:?} does not fit: \"lunch\" is no outcome", lead_id(1).as_str()));
}

pub async fn feedback_outcomes_and_owner_changes_are_told_once(db: Db) {
    insert(&db, vec![decided(caller(1))]).await.expect("leads are stored");
    hear_of_the_first(&db).await;
    let found = reads!(db.store, |tx| Ok((tx.feedbacks(&lead_id(1)).await?, tx.owner_changes(&lead_id(1)).await?)));
    let (said, changes) = found.await.expect("a read");
    assert_eq!(said, [feedback("ana", 20, 2), feedback("ben", 30, 5), feedback("ana", 90, 4)]);
    assert_eq!(changes, [change("005B", 60), change("005C", 80)]);
    let stranger = writes!(db.store, |tx| tx.feedback_insert(&lead_id(9), &feedback("ana", 1, 1)).await);
    assert!(stranger.await.is_err(), "nobody can speak of a lead that does not exist");
}

pub async fn accounts_are_remembered_even_when_there_is_none(db: Db) {
    let account = Account {
        crm_id: "001".into(),
        name: "Acme \"Ltd\"".into(),
        domain: Some("acme.example".into()),
        owner_crm_id: Some("005".into()),
        open_opportunity_owner_crm_id: None,
        matched_by: MatchKey::Domain,
        score_permille: 1000,
        fields: BTreeMap::new(),
    };
    let known = Mirrored { account: Some(account).into(), source: "salesforce".into(), observed_at: now() };
    let unknown = Mirrored { account: None.into(), source: "salesforce".into(), observed_at: later(5) };
    let put = writes!(db.store, [known, unknown], |tx| {
        let of = |key: &str, mirrored: &Mirrored| (key.to_owned(), mirrored.clone());
        tx.mirror_put(&[of("email:a@b.example", &known), of("domain:acme.example", &unknown)].into()).await?;
        tx.mirror_put(&[of("domain:acme.example", &known), of("email:a@b.example", &unknown)].into()).await
    });
    put.await.expect("accounts are stored");
    let wanted = ["domain:acme.example", "email:a@b.example", "phone:+1"].map(str::to_owned);
    let got = db.store.mirror_get(&wanted).await;
    let expected =
        BTreeMap::from([("domain:acme.example".to_owned(), known), ("email:a@b.example".to_owned(), unknown)]);
    assert_eq!(got.expect("a read"), expected, "the last word counts, and 'none' is one");
}

/// An answer that is newer than that keeps what it says, and an account that is in none any more is not asked for again.
pub async fn what_is_told_later_goes_into_the_answers_that_an_account_is_in(db: Db) {
    let company =
        |name: &str| CompanyRecord { crm_id: "001".into(), name: name.to_owned(), ..CompanyRecord::default() };
    let answer = |seconds: i64| {
        let account = Candidates::Found(Records { companies: vec![company("Acme")], ..Records::default() });
        Mirrored { account, source: "salesforce".into(), observed_at: later(seconds) }
    };
    let keys = ["email:a@b.example", "email:c@d.example"].map(str::to_owned);
    let answers = BTreeMap::from([(keys[0].clone(), answer(0)), (keys[1].clone(), answer(100))]);
    let noted = writes!(db.store, [answers], |tx| {
        tx.mirror_put(&answers).await?;
        tx.mirror_note("salesforce", now()).await
    });
    assert_eq!(noted.await.expect("it is noted"), (later(100), false));
    let account = CrmId::from("001");
    let refresh = |told: Option<CompanyRecord>, seconds: i64| {
        writes!(db.store, [account, told], |tx| {
            tx.mirror_refresh("salesforce", (&account, told.as_ref()), later(seconds)).await
        })
    };
    let told = || async {
        let answers = db.store.mirror_get(&keys).await.expect("a read");
        let told = |answer: &Mirrored| match &answer.account {
            Candidates::Found(records) => records.companies.first().map(|one| (one.name.clone(), one.seen_at)),
            Candidates::Settled(_) => None,
        };
        keys.each_ref().map(|key| told(&answers[key]))
    };
    let newer = Some(("Acme".to_owned(), None));
    refresh(Some(company("Acme Ltd")), 50).await.expect("it is refreshed");
    assert_eq!(told().await, [Some(("Acme Ltd".to_owned(), Some(later(50)))), newer.clone()]);
    let oldest = db.store.mirror_oldest("salesforce", 5).await.expect("a read");
    assert_eq!(oldest, [(account.clone(), later(50))]);
    refresh(None, 60).await.expect("it is gone");
    assert_eq!(told().await, [None, newer]);
    refresh(None, 200).await.expect("it is gone");
    assert_eq!(told().await, [None, None]);
    assert!(db.store.mirror_oldest("salesforce", 5).await.expect("a read").is_empty());
}

pub async fn tokens_come_back_and_can_be_taken_away(db: Db) {
    let token = ApiToken {
        id: "tok_1".to_owned(),
        hash: "ab12".to_owned(),
        scopes: BTreeSet::from(["intake".to_owned(), "read".to_owned()]),
        source: Some("retell".to_owned()),
        created_at: now(),
        expires_at: Some(later(3600)),
        revoked_at: None,
        last_used_at: None,
    };
    let insert = || writes!(db.store, [token], |tx| tx.token_insert(&token).await);
    insert().await.expect("a token");
    let twice = insert().await;
    assert!(matches!(twice, Err(StoreError::Conflict { what: "token", .. })), "{twice:?}");
    let used = |id: &'static str| writes!(db.store, |tx| tx.token_used(id, later(5)).await);
    assert_eq!((used("tok_1").await.expect("a note"), used("tok_2").await.expect("a note")), (true, false));
    let seen = ApiToken { last_used_at: Some(later(5)), ..token };
    assert_eq!(db.store.tokens().await.expect("a read"), vec![seen.clone()]);
    let revoke = |at: i64| writes!(db.store, |tx| tx.token_revoke("tok_1", later(at)).await);
    assert_eq!((revoke(7).await.expect("a note"), revoke(9).await.expect("a note")), (true, false));
    assert_eq!(db.store.tokens().await.expect("a read"), vec![ApiToken { revoked_at: Some(later(7)), ..seen }]);
}

pub async fn bi_views_can_be_read(db: Db) {
    insert(&db, vec![decided(caller(1)), decided(caller(2))]).await.expect("leads are stored");
    hear_of_the_first(&db).await;
    assert_eq!(
        db.number("SELECT COUNT(*) FROM v_lead WHERE status = 'handoff' AND route = 'territory × tier'").await,
        2
    );
    assert_eq!(db.number("SELECT COUNT(*) FROM v_decision WHERE stage = 'ringing' AND reps_rung = 1").await, 2);
    assert_eq!(db.number("SELECT COUNT(*) FROM v_outcome v JOIN outcome o ON o.lead_id = v.lead_id AND o.kind = v.kind WHERE v.kind = 'won' AND o.amount = 12500.5").await, 1);
    assert!(db.number("SELECT COUNT(*) FROM v_step WHERE kind = 'ring' AND state = 'leased'").await == 2);
}
