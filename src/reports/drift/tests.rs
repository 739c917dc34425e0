use super::*;
use proptest::prelude::*;

/// A Monday morning, in hours since 1970: ten of them are over.
const NOW: i64 = 30_000 * 24 + 10;

fn tally(kind: TallyKind, name: &str, hour: i64, leads: u64) -> Tally {
    Tally { kind, name: name.to_owned(), hour, leads }
}

/// Five weeks in which a rule decides `then` of ten leads an hour by day, and `now` of ten in the last day.
fn five_weeks(then: u64, now: u64) -> Vec<Tally> {
    let mut tallies = Vec::new();
    for hour in (NOW - 5 * WEEK_HOURS)..NOW {
        if !(8..18).contains(&hour.rem_euclid(24)) {
            continue;
        }
        let hits = if hour >= NOW - DAY_HOURS { now } else { then };
        tallies.push(tally(TallyKind::All, "", hour, 10));
        tallies.push(tally(TallyKind::Rule, "route partners", hour, hits));
        tallies.push(tally(TallyKind::Fallback, "", hour, 10 - hits));
        tallies.push(tally(TallyKind::Source, "vapi", hour, 10));
    }
    tallies.retain(|tally| tally.leads > 0);
    tallies
}

#[test]
fn a_day_of_another_rate_is_told_and_a_day_like_the_others_is_not() {
    let drifting = find(&five_weeks(3, 6), NOW, |_| true);
    let [rule] = &drifting.rules[..] else { panic!("{drifting:?}") };
    assert_eq!((rule.now, rule.before), (Share { leads: 60, of: 100 }, Share { leads: 120, of: 400 }));
    assert!(rule.drifts() && drifting.fallback.as_ref().is_some_and(ShareThenAndNow::drifts), "{drifting:?}");
    let words = drifting.in_words();
    assert!(
        words[0].starts_with("route partners: 60.0 % of the 100 leads of the last day, 30.0 % of the 400"),
        "{words:?}"
    );
    let same = find(&five_weeks(3, 3), NOW, |_| true);
    assert_eq!(same.in_words(), Vec::<String>::new());
    assert_eq!((same.rules.len(), same.fallback.is_some()), (1, true), "it was looked at");
    // Of a rule that was taken away nothing is expected.
    assert!(find(&five_weeks(3, 0), NOW, |name| name != "route partners").rules.is_empty());
}

#[test]
fn few_leads_and_no_past_say_nothing() {
    let mut few = five_weeks(3, 9);
    few.retain(|tally| tally.hour.rem_euclid(24) == 9);
    let found = find(&few, NOW, |_| true);
    assert_eq!((found.rules.len(), found.fallback), (0, None));
    let mut new = five_weeks(3, 9);
    new.retain(|tally| tally.hour >= NOW - WEEK_HOURS);
    let found = find(&new, NOW, |_| true);
    assert_eq!((found.rules.len(), found.sources.len()), (0, 0), "a week is not four");
}

/// What a source sent, without the hours that are meant.
fn silent(is_left_out: impl Fn(i64) -> bool, until: i64) -> Option<bool> {
    let mut tallies = five_weeks(3, 3);
    tallies.retain(|tally| tally.hour < until && !is_left_out(tally.hour));
    find(&tallies, until, |_| true).sources.get("vapi").copied()
}

#[test]
fn a_source_is_missed_after_its_usual_gap_and_not_at_night() {
    assert_eq!(silent(|_| false, NOW), Some(false));
    // It stopped this morning at eight: by nine an hour is missed.
    assert_eq!(silent(|hour| hour >= NOW - 2, NOW - 2), Some(false), "nothing is due by night");
    assert_eq!(silent(|hour| hour >= NOW - 2, NOW - 1), Some(false), "clocks may have been changed");
    assert_eq!(silent(|hour| hour >= NOW - 2, NOW), Some(true));
    // Yesterday evening and tonight, after its last hour.
    assert_eq!(silent(|_| false, NOW - 14), Some(false));
    assert_eq!(silent(|_| false, NOW - 5), Some(false));
    assert_eq!(silent(|hour| hour >= NOW - 26, NOW - 5), Some(true), "a whole day was missed");
}

proptest! {
    #[test]
    fn equal_shares_never_differ_and_it_is_all_the_same_which_came_first(
        of in 1u64..5_000, before in 1u64..20_000, part in 0.0..=1.0f64, other in 0.0..=1.0f64,
    ) {
        let share = |of: u64, part: f64| Share { leads: (of as f64 * part) as u64, of };
        prop_assert!(!differ(share(of, part), share(of, part)));
        let (now, then) = (share(of, part), share(before, other));
        prop_assert_eq!(differ(now, then), differ(then, now));
    }

    #[test]
    fn a_source_that_sent_something_in_the_last_hour_is_never_silent(sent in proptest::collection::vec(0u64..40, 840)) {
        let hours = (NOW - 840)..NOW;
        let mut tallies: Vec<Tally> =
            hours.zip(sent).map(|(hour, leads)| tally(TallyKind::Source, "vapi", hour, leads)).collect();
        tallies.push(tally(TallyKind::Source, "vapi", NOW - 1, 1));
        prop_assert!(find(&tallies, NOW, |_| true).sources.get("vapi") != Some(&true));
    }
}
