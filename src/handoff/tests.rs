//! What happens on one call, told in sentences. The decision is the scenario's; see `routing::scenario`.

use super::state::{Closing, LegState};
use super::{Completed, Event, Handoff, OnTheLine, Stage, Transition, advance};
use crate::domain::effect::{BriefWhy, Channel, CrmNote, Effect, Instruction, Timer, Topic};
use crate::domain::id::LegId;
use crate::domain::known::Known;
use crate::domain::lead::PreferredHandoff;
use crate::domain::outcome::{Booking, NextStepKind, Outcome, Slot};
use crate::domain::phone::PhoneE164;
use crate::domain::rep::BusyKind;
use crate::domain::rota::Shift;
use crate::domain::whereabouts::{Evidence, Whereabouts};
use crate::domain::zone::Zone;
use crate::routing::ledger::Cause;
use crate::routing::scenario::{Scenario, at, moment, rep_id, scenario};
use crate::rules::RuleSet;
use crate::rules::set::{Preference, Wish};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

/// A handoff under way. Each event is followed by what it must lead to.
struct Call {
    state: Handoff,
    rules: RuleSet,
    now: DateTime<Utc>,
    last: Transition,
}

/// Acme is on the line at 10:00; ben is rung first, then cy.
fn call() -> Call {
    begun(scenario())
}

fn begun(world: Scenario) -> Call {
    let state = Handoff::begin(&world.lead, &world.decide(), &world.rules).seeing(&world.snapshot, &world.rules);
    let last = Transition { state: state.clone(), effects: Vec::new(), turn_moves: None, ignored: false };
    Call { state, rules: world.rules, now: at("10:00"), last }.on(Event::Start)
}

impl Call {
    fn on(mut self, event: Event) -> Self {
        self.last = advance(&self.state, &event, &self.rules, self.now);
        self.state = self.last.state.clone();
        self
    }

    fn after(mut self, seconds: i64) -> Self {
        self.now += TimeDelta::seconds(seconds);
        self
    }

    fn leg(&self, number: u32) -> LegId {
        LegId::of(&self.state.id, number)
    }

    fn answered(self, number: u32) -> Self {
        let leg = self.leg(number);
        self.on(Event::Answered { leg })
    }

    fn accepted(self, number: u32) -> Self {
        let leg = self.leg(number);
        self.on(Event::Accepted { leg })
    }

    fn declined(self, number: u32) -> Self {
        let leg = self.leg(number);
        self.on(Event::Declined { leg })
    }

    fn joined(self, number: u32) -> Self {
        let leg = self.leg(number);
        self.on(Event::Joined { leg })
    }

    fn rep_left(self, number: u32) -> Self {
        let leg = self.leg(number);
        self.on(Event::RepLeft { leg })
    }

    fn timer(self, timer: Timer) -> Self {
        self.on(Event::Timer { timer })
    }

    /// Ben answers, presses the key and is joined.
    fn bridged(self) -> Self {
        self.after(4).answered(1).after(4).accepted(1).after(1).joined(1)
    }

    fn settled(self) -> Self {
        let leg = self.leg(1);
        self.bridged().after(10).timer(Timer::SettledBy { leg })
    }

    /// Nobody can be had, and two times are read to the caller.
    fn offered(self) -> Self {
        let slots = vec![slot(14), slot(15)];
        self.declined(1).declined(2).on(Event::SlotsFound { search: 1, slots })
    }

    fn chosen(self) -> Self {
        self.offered().after(9).on(Event::SlotChosen { slot: slot(14) })
    }

    // ---- what must follow ------------------------------------------------------------------------------------------

    fn rings(self, name: &str, number: u32) -> Self {
        let (leg, rep) = (self.leg(number), rep_id(name));
        assert_eq!(self.state.stage, Stage::Ringing { leg: leg.clone() });
        assert_eq!(self.state.holds.as_ref().map(|hold| &hold.rep), Some(&rep), "the phone is ours before it rings");
        self.does(&Effect::Ring { leg, rep })
    }

    fn does(self, effect: &Effect) -> Self {
        let planned: Vec<&Effect> = self.last.effects.iter().map(|planned| &planned.effect).collect();
        assert!(planned.contains(&effect), "{effect:?} is not among {planned:#?}");
        self
    }

    fn hangs_up(self, number: u32) -> Self {
        let leg = self.leg(number);
        self.does(&Effect::HangUp { leg })
    }

    fn briefs(self, name: &str, why: BriefWhy) -> Self {
        self.does(&Effect::Brief { rep: rep_id(name), channel: Channel::Slack, why })
    }

    fn publishes(self, topic: Topic) -> Self {
        self.does(&Effect::Publish { topic })
    }

    fn leg_is(self, number: u32, state: LegState) -> Self {
        let id = self.leg(number);
        let found = self.state.legs.iter().find(|leg| leg.id == id).map(|leg| leg.state);
        assert_eq!(found, Some(state));
        self
    }

    fn holds_nobody(self) -> Self {
        assert_eq!(self.state.holds, None);
        self
    }

    fn owner_is(self, name: &str) -> Self {
        assert_eq!(self.state.owner, rep_id(name));
        self
    }

    fn ignored(self) -> Self {
        assert!(self.last.ignored, "it led to {:?}", self.state.stage);
        self
    }

    fn searches(self, search: u32) -> Self {
        assert_eq!(self.state.stage, Stage::Searching { search });
        let rep = self.state.owner.clone();
        self.does(&Effect::FindSlots { search, rep })
    }

    fn books(self, slot: Slot, attempt: u32) -> Self {
        assert!(matches!(&self.state.stage, Stage::Booking { attempt: current, .. } if *current == attempt));
        self.does(&Effect::Book { slot, attempt })
    }

    fn ends_booked(self) -> Self {
        assert!(
            matches!(&self.state.stage, Stage::Done { outcome: Outcome::Booked { booking } } if *booking == meeting())
        );
        self
    }

    fn ends_connected(self, name: &str) -> Self {
        let connected = matches!(&self.state.stage, Stage::Done { outcome: Outcome::Connected { rep, .. } } if *rep == rep_id(name));
        assert!(connected, "it stands at {:?}", self.state.stage);
        self
    }

    fn promises(self, name: &str, time: &str) -> Self {
        let next = self.state.next_step();
        assert_eq!((next.what, next.owner, next.at), (NextStepKind::Callback, rep_id(name), at(time)));
        self
    }

    fn needs_attention_of(self, name: &str) -> Self {
        let next = self.state.next_step();
        assert_eq!((next.what, next.owner), (NextStepKind::NeedsAttention, rep_id(name)));
        self
    }

    fn says_nothing(self) -> Self {
        let mut effects = self.last.effects.iter().map(|planned| &planned.effect);
        assert!(!effects.any(|effect| matches!(effect, Effect::Instruct { .. })), "nobody is there to hear it");
        self
    }
}

fn second_leg() -> LegId {
    call().leg(2)
}

/// An hour of Thursday with ben.
fn slot(hour: u32) -> Slot {
    let from = at("00:00") + TimeDelta::hours(24 + i64::from(hour));
    Slot { rep: rep_id("ben"), from, until: from + TimeDelta::minutes(30) }
}

fn meeting() -> Booking {
    Booking { slot: slot(14), vendor_ref: "event-1".to_owned() }
}

fn booked(attempt: u32) -> Event {
    Event::Booked { attempt, booking: meeting() }
}

// ---- the transfer -------------------------------------------------------------------------------------------------

#[test]
fn the_first_rep_is_held_then_rung_while_the_caller_is_told() {
    let instruction = Instruction::Hold { rep: rep_id("ben") };
    call().rings("ben", 1).does(&Effect::Instruct { instruction }).briefs("ben", BriefWhy::Ringing);
}

#[test]
fn a_key_press_joins_and_ten_seconds_together_count() {
    let call = call().settled().ends_connected("ben").publishes(Topic::HandoffConnected);
    assert_eq!(call.state.first_contact_at, Some(at("10:00") + TimeDelta::seconds(9)));
    assert!(call.state.holds.is_some(), "ben is still talking");
}

#[test]
fn a_key_press_that_overtakes_the_answer_stands_for_both() {
    call().after(5).accepted(1).after(1).answered(1).ignored().joined(1).leg_is(1, LegState::Joined);
}

#[test]
fn who_declines_is_hung_up_and_the_next_is_rung() {
    call().after(4).answered(1).declined(1).hangs_up(1).leg_is(1, LegState::Declined).rings("cy", 2);
}

#[test]
fn silence_after_the_whisper_is_a_no() {
    let call = call().after(4).answered(1);
    let leg = call.leg(1);
    call.after(10).timer(Timer::AcceptBy { leg }).hangs_up(1).leg_is(1, LegState::NoAnswer).rings("cy", 2);
}

#[test]
fn a_phone_that_rings_out_is_hung_up() {
    let call = call().after(15);
    let leg = call.leg(1);
    call.timer(Timer::RingBy { leg }).hangs_up(1).rings("cy", 2);
}

#[test]
fn a_machine_is_not_connected_to_a_caller() {
    let call = call().after(4).answered(1);
    let leg = call.leg(1);
    call.on(Event::Machine { leg }).hangs_up(1).leg_is(1, LegState::Machine).rings("cy", 2);
}

#[test]
fn a_rep_who_heard_no_whisper_is_let_go_unless_the_key_was_pressed() {
    let failed = |leg| Event::WhisperFailed { leg, why: "no answer".into() };
    let call = call().after(4).answered(1);
    let leg = call.leg(1);
    call.on(failed(leg)).hangs_up(1).rings("cy", 2).answered(2).accepted(2).on(failed(second_leg())).ignored();
}

#[test]
fn a_join_that_fails_goes_on_to_the_next() {
    let call = call().after(4).answered(1).accepted(1);
    let leg = call.leg(1);
    call.on(Event::JoinFailed { leg, why: "conference is gone".into() }).hangs_up(1).rings("cy", 2);
}

#[test]
fn spent_patience_ends_the_ringing_and_a_time_is_looked_for() {
    let call = call().after(4).declined(1).rings("cy", 2).after(41).timer(Timer::PatienceBy);
    call.hangs_up(2).leg_is(2, LegState::Cancelled).holds_nobody().searches(1);
}

#[test]
fn an_answer_after_patience_is_spent_does_not_wait_for_the_late_timer() {
    call().after(46).answered(1).hangs_up(1).leg_is(1, LegState::Cancelled).searches(1);
}

#[test]
fn patience_does_not_end_what_was_accepted() {
    call().after(40).answered(1).accepted(1).after(5).timer(Timer::PatienceBy).ignored();
}

#[test]
fn an_answer_that_comes_when_the_next_is_rung_is_hung_up() {
    let call = call().declined(1).after(1).accepted(1).hangs_up(1);
    assert_eq!(call.state.stage, Stage::Ringing { leg: call.leg(2) });
}

#[test]
fn the_leg_of_another_lead_is_nobodys() {
    let call = call();
    let other = LegId::new("leg_ffffffffffffffffffffffffff.1").expect("a leg");
    call.on(Event::Accepted { leg: other }).ignored();
}

#[test]
fn a_rep_who_leaves_at_once_was_not_there() {
    call().bridged().after(3).rep_left(1).leg_is(1, LegState::Failed).rings("cy", 2);
}

#[test]
fn a_rep_who_leaves_later_has_talked_and_is_free_again() {
    call().bridged().after(11).rep_left(1).ends_connected("ben").holds_nobody();
    call().settled().after(300).rep_left(1).ends_connected("ben").holds_nobody();
}

/// A repeated "answered" used to hang up the rep who was talking with the caller.
#[test]
fn a_doubled_event_does_not_hang_up_a_conversation() {
    call().settled().after(5).answered(1).ignored().joined(1).ignored().accepted(1).ignored();
}

/// A whisper that was cut short by the key press, or a ring whose answer was lost, used to end the bridged call.
#[test]
fn the_late_failure_of_ring_or_whisper_does_not_end_a_conversation() {
    let call = call().bridged().after(2);
    let leg = call.leg(1);
    let why = || "no answer from the platform".to_owned();
    let call = call.on(Event::RingFailed { leg: leg.clone(), why: why() }).ignored();
    let call = call.on(Event::WhisperFailed { leg: leg.clone(), why: why() }).ignored();
    let call =
        call.on(Event::NoAnswer { leg: leg.clone() }).ignored().on(Event::Machine { leg: leg.clone() }).ignored();
    call.on(Event::JoinFailed { leg, why: why() }).ignored();
}

/// The store asked for the same rep for ever when a reservation had lapsed before the call counted as connected.
#[test]
fn a_rep_whom_another_lead_holds_is_not_asked_for_again() {
    let mut call = call().bridged();
    call.state.refused.push(rep_id("ben"));
    let leg = call.leg(1);
    call.after(400).timer(Timer::SettledBy { leg }).ends_connected("ben").holds_nobody();
}

/// The crash loop once saw a phone rung while it was in use. An event that comes late could outlast the reservation.
#[test]
fn a_phone_stays_ours_for_what_is_still_to_come_however_late_an_event_is() {
    let holds_for = |call: &Call| call.state.holds.as_ref().map(|hold| (hold.until - call.now).num_seconds());
    let terms = call().state.terms;
    let (ring, accept, join) = (terms.ring_timeout, terms.accept_within, terms.join_within);
    let seconds = |span: std::time::Duration| span.as_secs() as i64;
    let left = |spans: &[std::time::Duration]| Some(spans.iter().copied().map(seconds).sum::<i64>() + 10 + 30);
    let call = call();
    assert_eq!(holds_for(&call), left(&[ring, accept, join]));
    let call = call.after(25).answered(1);
    assert_eq!(holds_for(&call), left(&[accept, join]));
    let call = call.after(60).accepted(1);
    assert_eq!(holds_for(&call), left(&[join]));
    let call = call.after(60).joined(1);
    assert_eq!(holds_for(&call), left(&[]));
}

#[test]
fn who_accepts_a_lead_of_the_pool_owns_it_and_pays_the_turn() {
    let call = call().declined(1).answered(2).accepted(2).joined(2).owner_is("cy");
    let turn = call.last.turn_moves.expect("the turn moves");
    assert_eq!((turn.from, turn.to, turn.cause), (rep_id("ben"), rep_id("cy"), Some(Cause::Declined)));
}

/// Two who know voice AI, and two who are further behind their share; the preference relaxes after 20 s.
fn preferring() -> Scenario {
    let skill = "voice-ai".to_owned();
    let wish = Wish::Skill([skill.clone()].into());
    let knows = |world: Scenario, name| world.rep(name, |rep| rep.skills = [skill.clone()].into());
    let mut world = scenario().pool("west", &["ben", "cy", "fay", "gus"]).serves("west", "West");
    world.rules.handoff.ring_at_most = 4;
    world = world.balances("west", &[("cy", 0.5), ("ben", 0.25), ("fay", -0.25), ("gus", -0.5)]).change_pool(
        "west",
        |pool| {
            pool.prefer = vec![Preference { wish, relax_after: Some(std::time::Duration::from_secs(20)) }];
        },
    );
    knows(knows(world, "fay"), "gus")
}

#[test]
fn who_is_preferred_is_rung_before_the_others_while_the_caller_has_not_waited_long() {
    begun(preferring()).rings("fay", 1).after(10).declined(1).rings("gus", 2).after(5).declined(2).rings("cy", 3);
}

#[test]
fn once_the_caller_has_waited_a_preference_no_longer_counts() {
    begun(preferring()).rings("fay", 1).after(20).declined(1).rings("cy", 2).after(1).declined(2).rings("ben", 3);
}

#[test]
fn nobody_waits_for_a_preference_that_nobody_left_can_meet() {
    let mut call = begun(preferring()).rings("fay", 1);
    call.state.refused.push(rep_id("gus"));
    call.after(5).declined(1).rings("cy", 2);
}

#[test]
fn an_owned_lead_stays_with_its_owner_whoever_takes_the_call() {
    let call = begun(scenario().owner("ana").on_leave("ana").leave_at_most(10).delegate("ana", "ben")).rings("ben", 1);
    let call = call.bridged().owner_is("ana");
    assert_eq!(call.last.turn_moves, None);
}

// ---- the caller leaves --------------------------------------------------------------------------------------------

#[test]
fn who_hangs_up_before_a_rep_is_there_is_called_first() {
    let stages = [call(), call().answered(1), call().answered(1).accepted(1), call().bridged()];
    for call in stages {
        call.on(Event::CallerLeft).hangs_up(1).holds_nobody().says_nothing().briefs("ben", BriefWhy::Callback);
    }
    let call = call().on(Event::CallerLeft);
    assert!(matches!(&call.state.stage, Stage::Callback { promise } if promise.raised));
}

#[test]
fn who_hangs_up_while_a_time_is_looked_for_is_called() {
    let searching = call().declined(1).declined(2).searches(1);
    let stages = [searching, call().offered()];
    for call in stages {
        let call = call.on(Event::CallerLeft).says_nothing();
        assert!(matches!(&call.state.stage, Stage::Callback { promise } if promise.raised));
    }
}

#[test]
fn who_hangs_up_after_choosing_has_the_meeting() {
    call().chosen().on(Event::CallerLeft).on(booked(1)).ends_booked().says_nothing();
}

/// Another of the times was booked instead, though nobody was there to ask.
#[test]
fn who_hangs_up_after_choosing_is_called_if_the_time_is_taken() {
    let call = call().chosen().on(Event::CallerLeft).on(Event::SlotTaken { attempt: 1 });
    assert!(matches!(call.state.stage, Stage::Callback { .. }), "it stands at {:?}", call.state.stage);
}

#[test]
fn the_end_of_the_call_frees_the_rep() {
    call().settled().after(240).on(Event::CallEnded).ends_connected("ben").holds_nobody();
    let call = call().settled();
    let leg = call.leg(1);
    call.after(7200).timer(Timer::ReleaseBy { leg }).holds_nobody();
}

#[test]
fn a_caller_who_leaves_after_ten_seconds_was_connected() {
    call().bridged().after(11).on(Event::CallerLeft).ends_connected("ben").holds_nobody();
}

// ---- booking ------------------------------------------------------------------------------------------------------

#[test]
fn when_nobody_can_be_had_times_are_offered() {
    let slots = vec![slot(14), slot(15)];
    call().offered().does(&Effect::Instruct { instruction: Instruction::OfferSlots { slots } });
}

#[test]
fn a_chosen_slot_is_booked_and_confirmed() {
    let instruction = Instruction::ConfirmBooking { slot: slot(14) };
    let call = call().chosen().books(slot(14), 1).on(booked(1)).ends_booked();
    call.does(&Effect::Instruct { instruction }).briefs("ben", BriefWhy::Booked).publishes(Topic::MeetingBooked);
}

#[test]
fn a_slot_that_was_not_offered_is_not_booked() {
    call().offered().on(Event::SlotChosen { slot: slot(9) }).ignored();
}

#[test]
fn a_taken_slot_leads_to_the_others_and_then_to_a_new_search() {
    let call = call().chosen().on(Event::SlotTaken { attempt: 1 });
    assert!(matches!(&call.state.stage, Stage::Offering { slots, .. } if *slots == [slot(15)]));
    let call = call.on(Event::SlotChosen { slot: slot(15) }).books(slot(15), 2);
    call.on(Event::SlotTaken { attempt: 2 }).searches(2);
}

#[test]
fn a_time_that_another_lead_is_booking_is_not_asked_for() {
    let mut live = call().offered();
    live.state.taken_slots.push(slot(14));
    let live = live.on(Event::SlotChosen { slot: slot(14) });
    assert!(matches!(&live.state.stage, Stage::Offering { slots, .. } if *slots == [slot(15)]));
    let mut gone = call().declined(1).declined(2);
    gone.state.live = false;
    gone.state.taken_slots.push(slot(14));
    gone.on(Event::SlotsFound { search: 1, slots: vec![slot(14), slot(15)] }).books(slot(15), 1);
}

#[test]
fn who_declines_the_times_or_says_nothing_is_called() {
    call().offered().on(Event::SlotsDeclined).promises("ben", "11:00");
    let call = call().offered().after(30).timer(Timer::SlotBy { search: 1 });
    assert!(matches!(call.state.stage, Stage::Callback { .. }));
}

#[test]
fn the_timer_of_an_earlier_offer_does_not_end_a_later_one() {
    let by = Timer::SlotBy { search: 1 };
    let call = call().chosen().on(Event::SlotTaken { attempt: 1 });
    call.after(24).timer(by.clone()).ignored().after(6).timer(by).says_promise();
}

impl Call {
    fn says_promise(self) -> Self {
        let next = self.state.next_step();
        let instruction = Instruction::PromiseCallback { rep: next.owner, promised_at: next.at };
        self.does(&Effect::Instruct { instruction })
    }
}

#[test]
fn a_calendar_that_cannot_be_read_leads_to_a_promise() {
    let search = 1;
    let searching = || call().declined(1).declined(2);
    searching().on(Event::SlotsUnknown { search, why: "no answer".into() }).says_promise();
    searching().after(8).timer(Timer::SearchBy { search }).says_promise();
    searching().on(Event::SlotsFound { search, slots: vec![] }).says_promise();
}

#[test]
fn a_booking_that_comes_late_replaces_the_promise() {
    let call = call().chosen().after(20).timer(Timer::BookBy { attempt: 1 }).says_promise();
    let call = call.after(5).on(booked(1)).ends_booked();
    let promised_at = at("11:00") + TimeDelta::seconds(29);
    call.timer(Timer::Breach { promised_at }).ignored();
}

#[test]
fn a_booking_that_fails_leads_to_a_promise() {
    call().chosen().on(Event::BookingFailed { attempt: 1, why: "quota".into() }).says_promise();
}

#[test]
fn without_a_caller_the_first_time_is_booked_unasked_only_if_a_meeting_was_wanted() {
    let mut world = scenario().not_live();
    begun(world.clone()).promises("ben", "11:00").says_nothing();
    world.lead.preference.times = vec![slot(14).from];
    let call = begun(world).searches(1).on(Event::SlotsFound { search: 1, slots: vec![slot(14)] });
    call.books(slot(14), 1).on(booked(1)).ends_booked().says_nothing();
}

// ---- the callback and its SLA -------------------------------------------------------------------------------------

#[test]
fn a_promise_is_reminded_of_escalated_and_then_needs_attention() {
    let promised_at = at("11:00");
    let call = call().offered().on(Event::SlotsDeclined).publishes(Topic::CallbackPromised);
    let call = call.after(3000).timer(Timer::Remind { promised_at }).briefs("ben", BriefWhy::Reminder);
    let call = call.after(300).timer(Timer::Escalate { promised_at }).briefs("max", BriefWhy::Escalation);
    let call = call.after(300).timer(Timer::Breach { promised_at }).needs_attention_of("max");
    call.publishes(Topic::CallbackBreached).publishes(Topic::NeedsAttention);
}

/// Ben owes a call within the hour, at work from nine to five: a time at which he is in a meeting is no promise.
#[test]
fn a_call_is_promised_for_when_the_calendar_leaves_time_to_make_it() {
    let promised = |meetings: &[(&str, &str)]| {
        let world = scenario()
            .not_live()
            .wants(PreferredHandoff::Callback)
            .pool("west", &["ben"])
            .serves("west", "West")
            .pool("desk", &["ben"]);
        let world = meetings
            .iter()
            .fold(world, |world, (from, until)| world.calendar("ben", BusyKind::Busy, at(from), moment(until)));
        begun(world).state.next_step().at
    };
    let today = |time: &str| format!("2026-01-07T{time}:00Z");
    for (meetings, expected) in [
        (vec![], today("11:00")),
        (vec![("10:00", "10:30")], today("11:00")),
        // In a meeting at that time: before it, if half of the hour is left, or else after it.
        (vec![("10:50", "12:00")], today("10:50")),
        (vec![("10:20", "12:00")], today("12:10")),
        (vec![("10:20", "11:30"), ("11:30", "12:00")], today("12:10")),
        // Ten minutes between two meetings are enough, five are not.
        (vec![("10:20", "11:30"), ("11:40", "12:00")], today("11:40")),
        (vec![("10:20", "11:30"), ("11:35", "12:00")], today("12:10")),
        // All day, and the morning after as well.
        (vec![("09:00", "17:00")], "2026-01-08T09:10:00Z".to_owned()),
        (vec![("09:30", "16:55")], "2026-01-08T09:05:00Z".to_owned()),
    ] {
        let told: Vec<(&str, String)> = meetings.iter().map(|(from, until)| (*from, today(until))).collect();
        let told: Vec<(&str, &str)> = told.iter().map(|(from, until)| (*from, until.as_str())).collect();
        assert_eq!(promised(&told), moment(&expected), "{meetings:?}");
    }
    assert_eq!(promised(&[("09:00", "2026-01-08T12:00:00Z")]), moment("2026-01-08T12:10:00Z"), "two days in a row");
}

#[test]
fn a_call_that_was_made_keeps_the_promise() {
    let promised_at = at("11:00");
    let call = call().offered().on(Event::SlotsDeclined).after(1800);
    let (rep, now) = (rep_id("ben"), call.now);
    let call = call.on(Event::ContactMade { rep: rep.clone(), at: now });
    assert_eq!(call.state.stage, Stage::Done { outcome: Outcome::Called { rep, at: now } });
    call.timer(Timer::Breach { promised_at }).ignored();
}

#[test]
fn a_call_after_the_breach_still_ends_it() {
    let call = call().offered().on(Event::SlotsDeclined).after(3600).timer(Timer::Breach { promised_at: at("11:00") });
    let (rep, now) = (rep_id("cy"), call.now);
    let call = call.on(Event::ContactMade { rep, at: now });
    assert!(call.state.is_done());
}

// ---- leads that wait ----------------------------------------------------------------------------------------------

/// Nobody of west or desk can be had for days: max answers for the lead, which waits in west.
fn waiting() -> Call {
    let gone = scenario().not_live().away("dee").away("eve").on_leave("ben");
    let call = begun(gone.out_of_office("cy", at("10:00") + TimeDelta::days(9))).promises("max", "11:00");
    assert!(call.state.is_waiting());
    call
}

fn found(name: &str) -> Event {
    let turn_in = Some("west".to_owned().try_into().expect("a pool"));
    Event::Found { rep: rep_id(name), turn_in, reason: "back".into() }
}

#[test]
fn who_takes_a_lead_that_waited_keeps_the_promise_that_was_made() {
    let call = waiting().after(1200).on(found("ben")).owner_is("ben").promises("ben", "11:00");
    assert!(!call.state.is_waiting() && call.state.turn_in.is_some());
    let owner = rep_id("ben");
    let note = CrmNote::CallbackPromised { promised_at: at("11:00") };
    let call = call.briefs("ben", BriefWhy::Callback).does(&Effect::WriteCrm { owner, note });
    // The timers of the promise are those that were set when it was made.
    let reminder = Timer::Remind { promised_at: at("11:00") };
    call.after(1800).timer(reminder).briefs("ben", BriefWhy::Reminder).on(found("cy")).ignored();
}

#[test]
fn a_lead_whose_promise_was_broken_is_promised_anew_by_who_takes_it() {
    let call = waiting().after(3600).timer(Timer::Breach { promised_at: at("11:00") }).needs_attention_of("max");
    assert!(call.state.is_waiting());
    let call = call.after(600).on(found("ben")).owner_is("ben").publishes(Topic::CallbackPromised);
    let Stage::Callback { promise } = &call.state.stage else { panic!("{:?}", call.state.stage) };
    assert!(promise.raised && promise.owner == rep_id("ben") && promise.promised_at > call.now);
}

#[test]
fn a_lead_that_does_not_wait_is_not_taken_from_its_owner() {
    call().on(found("cy")).ignored();
    call().offered().on(Event::SlotsDeclined).on(found("cy")).ignored();
    let called = waiting().on(Event::ContactMade { rep: rep_id("max"), at: at("10:00") });
    assert!(!called.state.is_waiting());
    called.on(found("ben")).ignored();
}

// ---- two events of one call ---------------------------------------------------------------------------------------

fn completed(added: &[&str]) -> Event {
    let added = added.iter().map(|name| (*name).to_owned()).collect();
    Event::Completed(Completed { by: "town evt-2".into(), added, ..Completed::default() })
}

#[test]
fn what_a_second_event_brings_reaches_the_card_and_the_crm() {
    let call = call().after(3).on(completed(&["contact.title"]));
    let (owner, note) = (rep_id("ben"), CrmNote::Routed);
    let card = call.state.legs[0].card.clone();
    call.does(&Effect::WriteCrm { owner: owner.clone(), note }).does(&Effect::UpdateCard { card, rep: owner });
    let promised = begun(scenario()).on(Event::CallerLeft).on(completed(&["contact.title"]));
    promised.briefs("ben", BriefWhy::Callback);
}

#[test]
fn a_second_event_that_brings_nothing_changes_nothing() {
    call().after(3).on(completed(&[])).ignored();
    call().settled().on(completed(&[])).ignored();
    call().on(Event::CallerLeft).on(completed(&[])).ignored();
}

/// The reps work in London. On the coast of California it is two in the morning at ten, and eight at four.
#[test]
fn a_promise_is_kept_where_it_is_lawful_by_what_a_second_event_says() {
    let mut world = scenario().not_live();
    let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
    world.rules.hours.calling = Shift { from: hour(8), until: hour(21) };
    (world.lead.company.country, world.lead.company.state) = (Some(Known::from_caller("GB".to_owned())), None);
    world.lead.call.as_mut().expect("a call").from = PhoneE164::new("+442079460142").ok();
    let knowing = |zone: &str| {
        let caller = Whereabouts { by: Evidence::State, ..Whereabouts::in_zone(Zone::named(zone)) };
        let added = vec!["company.state".to_owned()];
        Event::Completed(Completed {
            by: "town evt-2".into(),
            added,
            caller: Some(Box::new(caller)),
            ..Completed::default()
        })
    };
    let promised = |call: &Call| {
        let Stage::Callback { promise } = &call.state.stage else { panic!("{:?}", call.state.stage) };
        promise.promised_at
    };
    let call = begun(world);
    let first = promised(&call);
    assert_eq!(first, at("11:00"));
    let call = call.after(20).on(knowing("Europe/Paris"));
    assert_eq!(promised(&call), first, "it is lawful there: what was said stands");
    let call = call.on(knowing("America/Los_Angeles")).publishes(Topic::CallbackPromised);
    assert_eq!(promised(&call), at("16:00"));
}

#[test]
fn a_caller_of_whom_only_the_second_event_tells_is_rung_for_while_patience_lasts() {
    let world = scenario();
    let decision = world.decide();
    let line = |since| {
        let (targets, rungs) = (decision.plan.targets.clone(), decision.plan.rungs.clone());
        let on_the_line = Some(OnTheLine { since, targets, rungs });
        Event::Completed(Completed { by: "town evt-2".into(), on_the_line, ..Completed::default() })
    };
    let call = begun(scenario().not_live()).after(20).on(line(at("10:00") + TimeDelta::seconds(18)));
    let patience_until = at("10:00") + TimeDelta::seconds(18 + 45);
    assert_eq!(call.state.patience_until, patience_until);
    let call = call.rings("ben", 1).after(5).declined(1).rings("cy", 2);
    call.on(line(at("10:00"))).rings_nobody_new(2);
    let late = begun(scenario().not_live()).after(60).on(line(at("10:00")));
    assert!(late.state.legs.is_empty() && late.state.live, "it stands at {:?}", late.state.stage);
}

impl Call {
    fn rings_nobody_new(self, legs: usize) -> Self {
        assert_eq!(self.state.legs.len(), legs);
        self
    }
}

#[test]
fn patience_counts_from_the_moment_the_caller_was_qualified() {
    let decided_after = |seconds: i64| {
        let mut world = scenario();
        world.lead.received_at = at("10:00");
        world.lead.occurred_at = at("10:00") - TimeDelta::seconds(seconds);
        begun(world)
    };
    let call = decided_after(25);
    assert_eq!(call.state.patience_until, at("10:00") + TimeDelta::seconds(20));
    call.rings("ben", 1);
    for spent in [41, 60, 119] {
        let call = decided_after(spent);
        assert!(call.state.live && call.state.legs.is_empty(), "after {spent} s: {:?}", call.state.stage);
    }
    for old in [121, 3600, 240 * 86_400] {
        let call = decided_after(old);
        assert!(!call.state.live && call.state.legs.is_empty(), "after {old} s: {:?}", call.state.stage);
    }
    let ahead = decided_after(-90);
    assert_eq!(ahead.state.patience_until, at("10:00") + TimeDelta::seconds(45), "a time in the future is the arrival");
}

// ---- other hands --------------------------------------------------------------------------------------------------

fn reassigned(name: &str) -> Event {
    Event::Reassigned { rep: rep_id(name), turn_in: None, waits_in: None, reason: "told".into() }
}

/// Whom the moved lead's promise, CRM owner and briefing belong to, whatever stage it is in.
#[test]
fn a_lead_that_is_given_to_another_rep_takes_its_promise_along() {
    let promised = || call().offered().on(Event::SlotsDeclined).promises("ben", "11:00").after(600);
    let call = promised().on(reassigned("cy")).owner_is("cy").promises("cy", "11:00");
    let note = CrmNote::CallbackPromised { promised_at: at("11:00") };
    let call = call.briefs("cy", BriefWhy::Callback).briefs("ben", BriefWhy::GivenAway);
    let call = call.does(&Effect::WriteCrm { owner: rep_id("cy"), note });
    // Asked twice, nothing happens twice; the promise's timers are those that were set when it was made.
    let call = call.on(reassigned("cy")).ignored();
    call.after(2400).timer(Timer::Remind { promised_at: at("11:00") }).briefs("cy", BriefWhy::Reminder);
    promised().on(reassigned("nobody")).ignored().owner_is("ben");
}

#[test]
fn a_rep_who_is_not_at_work_before_the_promised_time_promises_another() {
    let call = begun(scenario().not_live().on_leave("cy")).promises("ben", "11:00").after(600);
    let call = call.on(reassigned("cy")).owner_is("cy").publishes(Topic::CallbackPromised);
    let Stage::Callback { promise } = &call.state.stage else { panic!("{:?}", call.state.stage) };
    assert_ne!(promise.promised_at, at("11:00"), "cy is away then");
}

#[test]
fn a_broken_promise_is_promised_anew_by_who_is_given_the_lead() {
    let breached =
        call().offered().on(Event::SlotsDeclined).after(3600).timer(Timer::Breach { promised_at: at("11:00") });
    let call = breached.needs_attention_of("max").after(60).on(reassigned("cy")).owner_is("cy");
    let Stage::Callback { promise } = &call.state.stage else { panic!("{:?}", call.state.stage) };
    assert!(promise.raised && promise.owner == rep_id("cy") && promise.promised_at > call.now);
    call.briefs("max", BriefWhy::GivenAway);
}

#[test]
fn whoever_is_given_a_lead_that_was_spoken_with_or_booked_is_told() {
    let spoken = call().settled().ends_connected("ben").on(reassigned("cy")).owner_is("cy").ends_connected("ben");
    let write = Effect::WriteCrm { owner: rep_id("cy"), note: CrmNote::Routed };
    spoken.briefs("cy", BriefWhy::HandedOver).briefs("ben", BriefWhy::GivenAway).does(&write);
    let booked = call().chosen().on(booked(1)).ends_booked().on(reassigned("cy")).owner_is("cy");
    booked.briefs("cy", BriefWhy::HandedOver).does(&write);
}

#[test]
fn a_lead_that_is_given_away_while_it_rings_goes_on_ringing() {
    let call = call()
        .on(reassigned("eve"))
        .owner_is("eve")
        .does(&Effect::WriteCrm { owner: rep_id("eve"), note: CrmNote::Routed });
    call.declined(1).declined(2).searches(1);
}

#[test]
fn a_promise_of_somebody_who_left_goes_on_also_where_the_owner_stays() {
    let mut call = call().offered().on(Event::SlotsDeclined).promises("ben", "11:00");
    if let Stage::Callback { promise } = &mut call.state.stage {
        promise.owner = rep_id("dee");
    }
    call.rules.reps.get_mut(&rep_id("dee")).expect("dee").active = false;
    call.on(reassigned("ben")).promises("ben", "11:00");
}

#[test]
fn a_lead_is_closed_once_and_by_age_only_when_it_is_of_age() {
    let closed = |why| Event::Closed { why };
    let call = call().offered().on(Event::SlotsDeclined).after(3600).on(closed(Closing::Age)).ignored();
    assert!(call.state.is_open());
    let old = call.after(30 * 24 * 3600).on(closed(Closing::Age));
    assert!(!old.state.is_open());
    old.on(closed(Closing::Lost)).ignored();
    let won = self::call().offered().on(closed(Closing::Won));
    assert!(!won.state.is_open() && !won.state.is_done(), "the caller is still being served");
    let spoken = self::call().settled();
    assert!(spoken.state.is_open(), "having spoken closes nothing");
}

/// Nobody of ours works while it is day in Honolulu: what is promised lies in the morning there all the same, not in the night.
#[test]
fn a_caller_whose_day_is_our_night_is_promised_a_call_in_their_morning() {
    let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour");
    let mut world = scenario().not_live().wants(PreferredHandoff::Callback);
    world.rules.hours.calling = Shift { from: hour(8), until: hour(21) };
    world.lead.company.state = Some(Known::from_caller("HI".to_owned()));
    let call = begun(world);
    let Stage::Callback { promise } = &call.state.stage else { panic!("it stands at {:?}", call.state.stage) };
    assert_eq!(promise.promised_at, at("18:00"), "08:00 in Honolulu");
}
