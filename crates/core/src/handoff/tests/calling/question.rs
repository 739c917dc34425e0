//! The lead is gone, and the rep who is still there is asked what came of the call.

use super::*;

/// Asked what came of it, five minutes later.
fn asked() -> UnderWay {
    let settled = speaking().after(10).leg_timer(3, |leg| Timer::SettledBy { leg });
    settled.after(290).lead(|leg| Event::LeadLeft { leg }).asks(true, false)
}

#[test]
fn what_a_rep_says_by_key_ends_the_call_and_is_kept() {
    for (key, said) in [('1', CameOf::Qualified), ('2', CameOf::NotNow), ('4', CameOf::WrongPerson)] {
        let told = asked().after(6).presses(key).hangs_up(3).holds_nobody().has_said(Some(said));
        assert!(told.state.is_done() && told.state.calling.is_none());
        told.presses(key).ignored().leg_timer(3, |leg| Timer::AnswerBy { leg, asked: 1 }).ignored();
    }
    asked().after(6).rep_left(3).holds_nobody().has_said(None).presses('1').ignored();
}

#[test]
fn a_key_that_was_not_offered_has_it_asked_once_more() {
    let again = asked().after(6).presses('7').asks(true, true);
    let again = again.after(11).leg_timer(3, |leg| Timer::AnswerBy { leg, asked: 1 }).ignored();
    again.presses('2').hangs_up(3).has_said(Some(CameOf::NotNow));
    asked().presses('7').presses('8').hangs_up(3).holds_nobody().has_said(None);
    // Whom nobody has reached there is nothing to say of.
    dialled().after(9).lead(|leg| Event::Busy { leg, why: None }).asks(false, false).presses('1').asks(false, true);
}

/// A voicemail had answered: it was no contact, and is owed again.
#[test]
fn a_lead_who_was_not_reached_after_all_is_owed_a_call() {
    let call = asked().after(6).presses('3').hangs_up(3).has_said(Some(CameOf::NotReached));
    assert_eq!((call.state.first_contact_at, call.state.calling.clone()), (None, None));
    assert_eq!(call.state.next_step().what, NextStepKind::Callback);
    call.publishes(Topic::CallbackPromised).leg_is(3, LegState::Cancelled);
    let unanswered = dialled().after(9).lead(|leg| Event::NoAnswer { leg, why: None });
    unanswered.presses('3').hangs_up(3).has_said(Some(CameOf::NotReached)).owes_it_still();
    // A mailbox that hangs up within seconds.
    let mailbox = speaking().after(3).lead(|leg| Event::LeadLeft { leg }).presses('3').owes_it_still();
    assert_eq!(mailbox.state.first_contact_at, None);
    // Of a lead that was closed meanwhile nothing is owed.
    let closed = asked().on(Event::Closed { why: crate::handoff::state::Closing::Lost });
    assert!(closed.presses('3').hangs_up(3).state.is_done());
}

/// Cut off within seconds, and all was said.
#[test]
fn a_rep_who_has_spoken_says_so_and_the_promise_is_kept() {
    let call = speaking();
    let joined_at = call.now;
    let call = call.after(3).lead(|leg| Event::LeadLeft { leg }).asks(true, false);
    let call = call.after(7).leg_timer(3, |leg| Timer::SettledBy { leg }).ignored();
    call.presses('1').hangs_up(3).ends_called(joined_at).holds_nobody();
}

#[test]
fn who_is_asked_is_not_interrupted_and_not_kept() {
    let call = dialled().after(9).lead(|leg| Event::NoAnswer { leg, why: None });
    let call = call.lead(|leg| Event::NoAnswer { leg, why: None }).ignored();
    // The lead has picked up at last: nobody is there for them.
    let call = call.lead(|leg| Event::Answered { leg }).hangs_up_lead().on(by("ben")).ignored();
    let failed = |leg| Event::WhisperFailed { leg, why: "made up".to_owned(), fault: Fault::Vendor };
    call.of_leg(3, failed).hangs_up(3).owes_it_still();
}
