//! What must hold after all the kills, read from the database and from what the stand-ins accepted.

use super::leases::{Lain, now};
use super::worker::LEASE;
use crate::store::server::Db;
use crate::store::tx::reads;
use baton::app::stage::StandIns;
use sqlx::Row;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// From the end of a lease to the next attempt at what was held, while a worker is up that could make it; the lease included.
const NEXT_ATTEMPT_WITHIN: Duration = Duration::from_secs(30);

/// What was found.
pub struct Verdict {
    /// Accepted events that the inbox does not hold as handled.
    lost_events: BTreeSet<String>,
    leads: usize,
    expected: usize,
    statuses: BTreeMap<String, i64>,
    without_next_step: i64,
    without_crm_record: usize,
    /// By vendor and kind, how often too often.
    doubled: BTreeMap<String, usize>,
    /// Legs that rang a phone in use, with the leg that used it, and what happened to both leads.
    collisions: Vec<String>,
    booked_twice: usize,
    double_bookings: usize,
    crooked_ledgers: Vec<String>,
    failed_steps: BTreeMap<String, i64>,
    orphans: i64,
    effects: BTreeMap<String, usize>,
    lain: Lain,
}

impl Verdict {
    pub async fn of(db: &Db, stage: &StandIns, taken: &BTreeSet<String>, expected: usize, lain: Lain) -> Self {
        let handled: BTreeSet<String> = texts(db, "SELECT key FROM inbox WHERE state = 'handled'").await;
        let accepted = stage.world.accepted();
        let mut effects = BTreeMap::new();
        for effect in &accepted {
            *effects.entry(format!("{} {}", effect.vendor, effect.kind)).or_insert(0) += 1;
        }
        let mut doubled = BTreeMap::new();
        for ((vendor, kind, _), times) in stage.world.duplicates() {
            *doubled.entry(format!("{vendor} {kind}")).or_insert(0) += times - 1;
        }
        let in_crm: BTreeSet<&str> =
            accepted.iter().filter(|effect| effect.kind == "lead").map(|effect| effect.natural_key.as_str()).collect();
        let mut booked: BTreeMap<String, usize> = BTreeMap::new();
        for event in stage.calendars.booked().into_iter().filter(|event| !event.cancelled) {
            *booked.entry(event.attendee_email.unwrap_or_default()).or_insert(0) += 1;
        }
        let ledgers = reads!(db.store, |tx| tx.ledgers_recount().await).await;
        let crooked_ledgers = ledgers.expect("the ledgers").into_iter().filter_map(|(pool, (stored, counted))| {
            let sum: i64 = stored.balances.values().sum();
            (stored != counted || sum != 0)
                .then(|| format!("{pool}: sum {sum}, stored {stored:?}, counted {counted:?}"))
        });
        let mut collisions = Vec::new();
        for collision in accepted.iter().filter(|effect| effect.kind == "collision") {
            let mut story = collision.detail.to_string();
            for leg in ["with", "leg"] {
                story += &story_of(db, collision.detail[leg].as_str().unwrap_or_default()).await;
            }
            collisions.push(story);
        }
        Self {
            lost_events: taken.difference(&handled).cloned().collect(),
            leads: db.number("SELECT COUNT(*) FROM lead").await as usize,
            expected,
            statuses: counts(db, "SELECT status, COUNT(*) FROM lead GROUP BY status").await,
            without_next_step: db.number("SELECT COUNT(*) FROM lead WHERE next_step = 'handoff'").await,
            without_crm_record: expected.saturating_sub(in_crm.len()),
            doubled,
            collisions,
            booked_twice: booked.values().filter(|times| **times > 1).count(),
            double_bookings: stage.calendars.double_bookings().len(),
            crooked_ledgers: crooked_ledgers.collect(),
            failed_steps: counts(db, "SELECT kind, COUNT(*) FROM step WHERE state = 'failed' GROUP BY kind").await,
            orphans: db.number("SELECT COUNT(*) FROM orphan_result").await,
            effects,
            lain,
        }
    }

    pub fn assert_kept(&self) {
        let rings = self.effects.get("voice ring").copied().unwrap_or_default();
        assert!(rings * super::RUNG_EVERY >= self.expected, "a dull world:\n{self}");
        assert!(self.lost_events.is_empty(), "accepted and not handled: {:?}", self.lost_events);
        assert_eq!(self.leads, self.expected, "every caller is a lead, and once");
        assert_eq!(self.without_next_step, 0, "every lead has a next step");
        assert_eq!(self.without_crm_record, 0, "every lead is in the CRM");
        assert_eq!(self.doubled, BTreeMap::new(), "nothing is done twice");
        assert!(self.collisions.is_empty(), "no phone rings while it is in use: {}", self.collisions.join("\n"));
        assert_eq!(self.booked_twice, 0, "no lead is booked twice");
        assert_eq!(self.double_bookings, 0, "no slot is booked twice");
        assert!(self.crooked_ledgers.is_empty(), "{:#?}", self.crooked_ledgers);
        // How long the machine takes to start a worker again is not the worker's doing: that is printed, and not judged.
        assert!(LEASE + self.lain.with_a_worker <= NEXT_ATTEMPT_WITHIN, "a step lay too long: {:?}", self.lain);
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  leads {} of {}, by status {:?}", self.leads, self.expected, self.statuses)?;
        writeln!(
            f,
            "  events lost {}, leads without next step {}, without CRM record {}",
            self.lost_events.len(),
            self.without_next_step,
            self.without_crm_record
        )?;
        writeln!(f, "  effects {:?}", self.effects)?;
        writeln!(
            f,
            "  doubled {:?}, collisions {}, leads booked twice {}, slots booked twice {}",
            self.doubled,
            self.collisions.len(),
            self.booked_twice,
            self.double_bookings
        )?;
        writeln!(f, "  steps failed {:?}, results of lost leases {}", self.failed_steps, self.orphans)?;
        let seconds = |span: Duration| format!("{:.1} s", span.as_secs_f64());
        let Lain { with_a_worker, urgent, any } = self.lain;
        write!(
            f,
            "  longest that a step lay after its lease: {} with a worker up, {} with restarts, {} if its vendor had a queue",
            seconds(with_a_worker),
            seconds(urgent),
            seconds(any)
        )
    }
}

async fn texts(db: &Db, sql: &'static str) -> BTreeSet<String> {
    let rows = sqlx::query(sql).fetch_all(&db.raw).await.expect("the database answers");
    rows.iter().map(|row| row.get(0)).collect()
}

/// What happened to the lead that a leg belongs to, with the fate of its calls.
async fn story_of(db: &Db, leg: &str) -> String {
    let lead = leg.trim_start_matches("leg_").split('.').next().unwrap_or_default();
    let sql = format!(
        "SELECT CAST(at AS TEXT) || ' ' || kind || ' ' || body AS line FROM timeline WHERE lead_id LIKE '%{lead}' UNION ALL \
         SELECT CAST(run_at AS TEXT) || ' ' || effect_key || ' ' || state || ' sent ' || CAST(COALESCE(sent_at, 0) AS TEXT) || \
         ' ended ' || CAST(COALESCE(ended_at, 0) AS TEXT) || ' ' || COALESCE(last_error, '') FROM step WHERE lead_id LIKE \
         '%{lead}' AND kind IN ('ring', 'whisper', 'join', 'hang_up') ORDER BY line"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&db.raw).await.expect("the database answers");
    rows.iter().map(|row| format!("\n  {}", row.get::<String, _>(0))).collect()
}

async fn counts(db: &Db, sql: &'static str) -> BTreeMap<String, i64> {
    let rows = sqlx::query(sql).fetch_all(&db.raw).await.expect("the database answers");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Waits until nothing is in the inbox, nothing is due or leased, and no handoff is under way.
pub async fn until_quiet(db: &Db, within: Duration) {
    let until = Instant::now() + within;
    loop {
        let received = db.number("SELECT COUNT(*) FROM inbox WHERE state = 'received'").await;
        let under_way = db.number("SELECT COUNT(*) FROM lead WHERE next_step = 'handoff'").await;
        let open = format!(
            "SELECT COUNT(*) FROM step WHERE state = 'leased' OR (state = 'due' AND (run_at <= {now} OR (attempts > 0 AND \
             run_at <= {now} + 60000000)))",
            now = now().timestamp_micros()
        );
        let open = db.number(open).await;
        if (received, under_way, open) == (0, 0, 0) {
            return;
        }
        let kinds =
            "SELECT kind || ' ' || state, COUNT(*) FROM step WHERE state IN ('due', 'leased') GROUP BY kind, state";
        assert!(
            Instant::now() < until,
            "still {received} in the inbox, {under_way} handoffs under way, {open} steps open: {:?}",
            counts(db, kinds).await
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
