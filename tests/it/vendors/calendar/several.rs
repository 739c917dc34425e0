//! Meetings of a rep who has more than one calendar, when an answer is lost.

use super::facts::ours;
use crate::town;
use baton::app::stage::StandIns;
use baton::connectors::calendar::several::Several;
use baton::connectors::{BookRequest, Booked, Calendar};
use baton_clock::SharedClock;
use baton_core::domain::text::CallerText;
use baton_sandbox::Fault;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use std::sync::Arc;

/// Of an hour, to a guest of none.
fn at(from: DateTime<Utc>) -> BookRequest {
    BookRequest {
        key: "7k2m/1".to_owned(),
        calendar: "ana@reps.example;other:ana@other.example".to_owned(),
        from,
        until: from + TimeDelta::hours(1),
        attendee_email: None,
        attendee_name: None,
        summary: CallerText("Intro call".to_owned()),
        description: CallerText(String::new()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meeting_that_was_moved_is_moved_however_the_other_calendar_shows_it() {
    let clock: SharedClock = town::clock(1);
    let open = async || StandIns::open(Arc::clone(&clock)).await.expect("the stand-ins");
    let (first, other) = (open().await, open().await);
    let several = Several::new(vec![(String::new(), ours(&first)), ("other".to_owned(), ours(&other))]);
    let now = clock.now().trunc_subsecs(0);
    let (before, after) = (at(now + TimeDelta::hours(2)), at(now + TimeDelta::hours(6)));
    let Booked::Event { id } = several.book(&before).await.expect("an answer") else { panic!("it is taken") };

    first.world.arm("google", "events.patch", Fault::DropAnswer, 1);
    assert_eq!(several.move_to(&id, &after).await.expect_err("the answer is lost").class(), "unknown");
    other.calendars.add_busy("ana@other.example", after.from, after.until);
    let moved = several.move_to(&id, &after).await.expect("an answer");
    assert_eq!(moved, Booked::Event { id: id.clone() }, "it is ours");
    assert_eq!(first.calendars.booked()[0].from, after.from);

    // Half of the time is the meeting's own, and in the rest there is something in the other calendar.
    let half = at(after.from + TimeDelta::minutes(30));
    other.calendars.add_busy("ana@other.example", after.until, half.until);
    assert_eq!(several.move_to(&id, &half).await.expect("an answer"), Booked::Taken);
    // The first is full by then: with somebody else's meeting.
    let elsewhere = at(now + TimeDelta::hours(9));
    for (calendars, name) in [(&first.calendars, "ana@reps.example"), (&other.calendars, "ana@other.example")] {
        calendars.add_busy(name, elsewhere.from, elsewhere.until);
    }
    assert_eq!(several.move_to(&id, &elsewhere).await.expect("an answer"), Booked::Taken);
    assert_eq!(first.calendars.booked()[0].from, after.from);
}
