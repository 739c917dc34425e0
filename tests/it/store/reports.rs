//! What the reports, the doors and BI tools read.

use super::leads::insert;
use super::server::Db;
use super::tx::{reads, writes};
use super::world::{caller, decided, handoff_id, later, lead_id, mover, now, rep, rules};
use baton::reports::{self, Against, Asked, Cell, Dimension, Report};
use baton::store::{ApiToken, DecidedLead, HumanContact, Mirrored, OwnerChange, ReportRow, RungPhone, StoreError};
use baton_core::domain::account::{Account, Candidates, CompanyRecord, MatchKey, Records};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::LegId;
use baton_core::domain::lead::{Disclosure, LeadChannel};
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::{Feedback, Misroute, MisrouteKind, OutcomeKind};
use baton_core::handoff::Event;
use baton_core::handoff::state::Leg;
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

fn ringing(leg: &Leg) -> RungPhone {
    RungPhone { rep: leg.rep.clone(), state: LegState::Ringing }
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
        release: lead.decision.release.clone(),
        legs: lead.handoff.legs.iter().map(ringing).collect(),
        put_through: None,
        accepted: false,
        status: "handoff".to_owned(),
        next_step: lead.handoff.next_step(),
        first_contact_at: None,
        came_again: Some(false),
        degraded: false,
        completeness_permille: 640,
        feedback: BTreeMap::new(),
        outcomes: BTreeMap::new(),
        won_amount: None,
        owner_changes: Vec::new(),
        contacts: Vec::new(),
    };
    let expected = ReportRow {
        // The second one has the same number.
        came_again: Some(true),
        degraded: true,
        first_contact_at: Some(later(40)),
        feedback: BTreeMap::from([(rep("ana"), feedback("ana", 90, 4)), (rep("ben"), feedback("ben", 30, 5))]),
        outcomes: BTreeMap::from([(OutcomeKind::Opportunity, later(100)), (OutcomeKind::Won, later(300))]),
        won_amount: Some(12_500.5),
        owner_changes: vec![change("005B", 60), change("005C", 80)],
        contacts: vec![contact("ana", 40), contact("ben", 70)],
        ..plain(&first)
    };
    assert_eq!(rows, [expected, plain(&second)]);
    assert_eq!(rows[0].legs.len(), 1, "the first phone rings");
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

/// Three were decided at one moment: a page ends among them, and what was said of them stands with each once.
pub async fn pages_of_a_period_hold_each_lead_once(db: Db) {
    let leads = [(1, 0), (2, 10), (3, 10), (4, 10), (5, 20)].map(|(number, seconds)| decided_at(number, seconds));
    insert(&db, leads.to_vec()).await.expect("leads are stored");
    hear_of_the_first(&db).await;
    let whole = db.store.report_rows(now(), later(60)).await.expect("a report");
    let paged = reads!(db.store, |tx| {
        let (mut rows, mut sizes, mut behind) = (Vec::new(), Vec::new(), None);
        loop {
            let page = tx.report_page((now(), later(60)), behind.as_ref(), 2).await?;
            sizes.push(page.len());
            let Some(last) = page.last() else { return Ok((rows, sizes)) };
            behind = Some((last.decided_at, last.lead.clone()));
            rows.extend(page);
        }
    });
    let (rows, sizes) = paged.await.expect("pages");
    assert_eq!((rows, sizes), (whole, vec![2, 2, 1, 0]));
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

/// Four leads, of which one was heard of; ten minutes later.
async fn report(db: &Db, asked: impl FnOnce(Asked) -> Asked) -> Report {
    let all = Asked::over(Some(now()), Some(later(60)), 30, later(600)).expect("a time");
    reports::over(&db.store, &rules(), &asked(all), later(600)).await.expect("a report")
}

async fn four_leads(db: &Db) {
    insert(db, (1..=4).map(|number| decided_at(number, i64::from(number))).collect()).await.expect("leads are stored");
    hear_of_the_first(db).await;
}

fn total(report: &Report, key: &str) -> Cell {
    report.figures.iter().find(|figure| figure.key == key).expect("a figure with this key").total
}

pub async fn sums_over_the_views_are_the_figures_of_the_report(db: Db) {
    four_leads(&db).await;
    db.execute("UPDATE lead SET phone = '+14155550100'").await;
    let report = report(&db, |all| all).await;
    assert_eq!((total(&report, "repeat_contact").numerator, total(&report, "repeat_contact").denominator), (3, 4));
    let sla_ms = rules().handoff.first_contact_sla.as_millis();
    let overdue =
        format!("first_contact_at IS NOT NULL OR {} - decided_at > {sla_ms} * 1000", later(600).timestamp_micros());
    let in_time = format!("SUM(CASE WHEN contacted_after_ms <= {sla_ms} THEN 1 ELSE 0 END)");
    let counted = format!("SUM(CASE WHEN {overdue} THEN 1 ELSE 0 END)");
    for (key, hits, of) in [
        ("conversion", "SUM(converted)", "COUNT(*)"),
        ("misroutes", "SUM(misrouted)", "SUM(rated)"),
        ("degraded", "SUM(degraded)", "COUNT(*)"),
        ("repeat_contact", "SUM(came_again)", "COUNT(came_again)"),
        ("reps_rung", "SUM(phones_rung)", "SUM(CASE WHEN phones_rung > 0 THEN 1 ELSE 0 END)"),
        ("briefing_completeness", "SUM(completeness_permille)", "COUNT(*) * 1000"),
        ("first_contact_in_time", in_time.as_str(), counted.as_str()),
        ("first_contact_p50", "COUNT(contacted_after_ms)", "COUNT(*)"),
    ] {
        let sum =
            async |what: &str| db.number(format!("SELECT CAST(COALESCE({what}, 0) AS BIGINT) FROM v_report")).await;
        let cell = total(&report, key);
        assert_eq!((cell.numerator as i64, cell.denominator as i64), (sum(hits).await, sum(of).await), "{key}");
    }
    assert_eq!(total(&report, "conversion").numerator, 1, "there is something to count");
    let halves = db.number("SELECT CAST(SUM(won_amount) * 2 AS BIGINT) FROM v_report").await;
    assert_eq!((halves, total(&report, "amount_won").value), (25_001, Some(12_501.0)));
    let first = db.number("SELECT MIN(contacted_after_ms) FROM v_report").await;
    assert_eq!(total(&report, "first_contact_p50").value, Some(first as f64 / 1000.0));
    let named = "SELECT COUNT(*) FROM v_feedback f JOIN v_report r ON r.lead_id = f.lead_id WHERE f.right_rep <> r.rep";
    assert_eq!(total(&report, "right_reps").numerator as i64, db.number(named).await);
    let ringing = db.number("SELECT COUNT(*) FROM v_report WHERE rung = 'handoff'").await;
    let ladder = report.pictures.iter().find(|picture| picture.key == "ladder").expect("the ladder");
    assert_eq!(
        ladder.rows.iter().map(|row| (row.name.as_str(), row.values[0])).collect::<Vec<_>>(),
        [("handoff under way", Some(ringing as f64))]
    );
}

pub async fn a_report_is_of_the_leads_that_it_is_asked_for(db: Db) {
    four_leads(&db).await;
    let live = rules().release.as_str().to_owned();
    let by_tier =
        report(&db, |all| Asked { by: Some(Dimension::Tier), release: Some(live[..12].to_owned()), ..all }).await;
    assert_eq!((by_tier.leads, by_tier.release.as_deref()), (4, Some(&live[..12])));
    let conversion = by_tier.figures.iter().find(|figure| figure.key == "conversion").expect("a figure");
    assert!(!conversion.groups.is_empty());
    assert!(conversion.groups.iter().all(|group| group.dimension == Dimension::Tier), "{:?}", conversion.groups);
    assert_eq!(report(&db, |all| Asked { release: Some("0".repeat(8)), ..all }).await.leads, 0);

    // The first two beside the last two.
    let against: Against = "2026-03-03T14:00:00Z..2026-03-03T14:00:03Z".parse().expect("two times");
    let last = report(&db, |all| Asked { from: later(3), against: Some(against), ..all }).await;
    let comparison = last.comparison.expect("it is held against another time");
    assert_eq!((last.leads, comparison.leads), (2, 2));
    let conversion = comparison.figures.iter().find(|one| one.key == "conversion").expect("a figure");
    assert_eq!((conversion.here.numerator, conversion.there.numerator), (0, 1));
    assert_eq!((conversion.difference, conversion.conclusion.as_str()), (Some(-0.5), "The difference may be chance."));
    let other = report(&db, |all| Asked { against: Some(Against::Release("0".repeat(8))), ..all }).await;
    assert_eq!(other.release.as_deref(), Some(&live[..12]), "the rules that count are held against the others");
    assert_eq!(other.comparison.expect("other rules").leads, 0);
}
