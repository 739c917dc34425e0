//! The rules that hold until a test changes them.

use super::words::{HOUR, day, pool_id, rep_id, row, tier_id};
use crate::domain::effect::Comfort;
use crate::domain::id::ReleaseId;
use crate::domain::rota::{Hours, Shift, Week};
use crate::rules::RuleSet;
use crate::rules::model::condition::{Condition, IfUndecided};
use crate::rules::model::row::TerritoryRow;
use crate::rules::model::set::{
    Assignment, BookingRules, CalendarRules, CallbackDial, CallbackRules, ConfirmBy, Existing, FrontDoor, HandoffRules,
    Introduction, MatchRules, OwnershipRule, RingPlan, Rung, TextBack, Tier,
};
use crate::rules::model::territories::Territories;
use chrono::NaiveTime;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(super) fn rules() -> RuleSet {
    let week = |days: usize, shift: Shift| {
        let mut week = Week::default();
        week.days[..days].fill(vec![shift]);
        week
    };
    RuleSet {
        release: ReleaseId::new("a".repeat(64)).expect("64 hexadecimal digits"),
        reps: BTreeMap::new(),
        territories: Territories::new(vec![TerritoryRow { state: Some("CA".into()), ..row(2, "West") }], vec![]),
        ownership: vec![
            OwnershipRule { wait_at_most: Some(48 * HOUR), ..OwnershipRule::of(Existing::AccountOwner) },
            OwnershipRule::of(Existing::OpenOpportunityOwner),
        ],
        assignment: Assignment::Baton,
        assignment_wait: Duration::from_secs(15),
        calendars_believed_for: Duration::from_secs(15 * 60),
        calendars: CalendarRules::default(),
        tiers: vec![Tier {
            name: tier_id("smb"),
            line: 9,
            when: Condition::Always,
            if_undecided: IfUndecided::Skip,
            ladder: None,
        }],
        routes: vec![],
        pools: BTreeMap::new(),
        catch_all: pool_id("desk"),
        hours: Hours {
            weeks: BTreeMap::from([
                ("office".to_owned(), week(5, shift(9, 17))),
                ("early".to_owned(), week(5, shift(8, 16))),
                ("monday".to_owned(), week(1, shift(9, 17))),
                ("night".to_owned(), week(7, shift(22, 6))),
                (
                    "sunday".to_owned(),
                    Week { days: [vec![], vec![], vec![], vec![], vec![], vec![], vec![shift(9, 17)]] },
                ),
            ]),
            holidays: BTreeMap::from([("XX".to_owned(), BTreeSet::from([day("2026-01-07")]))]),
            calling: Shift::default(),
            calling_in: BTreeMap::new(),
        },
        handoff: handoff(),
        front_door: FrontDoor::default(),
        matching: MatchRules::default(),
        shared_domains: BTreeSet::new(),
        crm_names: BTreeMap::new(),
    }
}

fn handoff() -> HandoffRules {
    HandoffRules {
        patience: Duration::from_secs(45),
        bridge_within: Duration::from_secs(60),
        live_at_most: Duration::from_secs(120),
        ring_timeout: Duration::from_secs(15),
        accept_within: Duration::from_secs(12),
        join_within: Duration::from_secs(5),
        ring_at_most: 3,
        ring: RingPlan::OneByOne,
        hold: Comfort::Music,
        announce_wait: false,
        offer_callback: None,
        introduce: Introduction::None,
        away_after_misses: None,
        ladders: BTreeMap::from([
            ("default".to_owned(), vec![Rung::WarmTransfer, Rung::Booking, Rung::Callback]),
            ("quiet".to_owned(), vec![Rung::Booking, Rung::Callback]),
        ])
        .into(),
        booking: BookingRules {
            duration: HOUR / 2,
            notice: HOUR,
            within_days: 5,
            offer: 2,
            answer_within: Duration::from_secs(30),
            buffer: Duration::ZERO,
            at_most: None,
            confirm: BTreeSet::from([ConfirmBy::Email]),
            tiers: BTreeMap::new(),
        },
        callback: CallbackRules {
            within: HOUR,
            within_after_hang_up: HOUR / 4,
            takes: HOUR / 6,
            remind_before: HOUR / 6,
            escalate_before: HOUR / 12,
            dial: CallbackDial::ByButton,
            text_back: TextBack::Nobody,
            steps: Vec::new(),
        },
        needs_attention: rep_id("max"),
        first_contact_sla: HOUR,
        open_for: 24 * 30 * HOUR,
        company: Some("Fernhill Software".to_owned()),
        language: HandoffRules::ENGLISH.to_owned(),
        disclosure: BTreeSet::new(),
    }
}

fn shift(from: u32, until: u32) -> Shift {
    let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour");
    Shift { from: hour(from), until: hour(until) }
}
