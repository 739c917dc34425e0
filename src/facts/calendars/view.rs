//! What a calendar said last: when its owner is busy, and what of that was told by its kind.

use baton_core::domain::rep::{Busy, BusyKind};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// A view counts this long.
pub(super) const FRESH: TimeDelta = TimeDelta::seconds(60);
/// Whoever was told to be away is asked about again after this long: people are away for days.
const ABSENCE_FRESH: TimeDelta = TimeDelta::minutes(5);
/// Of what kind entries were is believed for so long while the vendor does not tell anew.
const BELIEVED: TimeDelta = TimeDelta::minutes(15);
/// What begins later plays no part in a decision.
const AHEAD: TimeDelta = TimeDelta::days(3);
/// What takes so long may be a day off, and is worth asking about before it begins.
const MAY_BE_ABSENCE: TimeDelta = TimeDelta::hours(4);

pub(in crate::facts) type Views = BTreeMap<String, View>;

/// What one calendar said last.
#[derive(Debug, Clone)]
pub(in crate::facts) struct View {
    pub busy: Result<Vec<Busy>, String>,
    /// How far ahead was looked: what reaches this may go on.
    pub until: DateTime<Utc>,
    pub observed_at: DateTime<Utc>,
    /// When it could be seen last, whatever was said since; where it never could, when it was asked for first.
    pub seen_at: DateTime<Utc>,
    pub was_seen: bool,
    pub told: Told,
}

/// Entries by their kinds, from a vendor whose busy times have none.
#[derive(Debug, Clone, Default)]
pub(in crate::facts) struct Told {
    entries: Vec<Busy>,
    /// When they were told; `None`: never yet.
    at: Option<DateTime<Utc>>,
    /// When the vendor did not tell, if it has not since.
    failed_at: Option<DateTime<Utc>>,
}

impl View {
    /// One that could not be seen yet.
    pub(super) fn unseen(why: String, now: DateTime<Utc>) -> Self {
        Self { busy: Err(why), until: now, observed_at: now, seen_at: now, was_seen: false, told: Told::default() }
    }

    pub(super) fn is_fresher_than(&self, age: TimeDelta, now: DateTime<Utc>) -> bool {
        now - self.observed_at < age
    }

    /// # Errors
    /// Why it is not known, and for how long, where it was once.
    pub(super) fn known(&self, now: DateTime<Utc>) -> Result<Vec<Busy>, String> {
        self.busy.as_ref().map(|busy| self.told.named(busy, self.until)).map_err(|why| match self.was_seen {
            true => format!("{why}; it was last read {} min ago", (now - self.seen_at).num_minutes()),
            false => why.clone(),
        })
    }

    /// Something is busy of which the kind matters, and was not told; of every entry, where the rules tell kinds apart.
    pub(super) fn is_untold(&self, now: DateTime<Utc>, every_kind: bool) -> bool {
        let Ok(busy) = &self.busy else { return false };
        let is_untold = |busy: &Busy| {
            let parts = busy.beside(&self.told.entries);
            parts.iter().any(|part| matters(part, now, every_kind))
        };
        self.told.may_be_asked_for(now) && plain(busy).any(is_untold)
    }

    /// The same, whatever was told before.
    pub(super) fn is_worth_telling(&self, now: DateTime<Utc>, every_kind: bool) -> bool {
        let Ok(busy) = &self.busy else { return false };
        self.told.may_be_asked_for(now) && plain(busy).any(|busy| matters(busy, now, every_kind))
    }

    /// `None`: the vendor did not tell. What it tells of without an entry is a meeting, and is not asked for again and again.
    pub(super) fn hear(&mut self, entries: Option<Vec<Busy>>, now: DateTime<Utc>) {
        let Some(mut entries) = entries else {
            self.told.failed_at = Some(now);
            return;
        };
        if let Ok(busy) = &self.busy {
            let rest: Vec<Busy> = plain(busy).flat_map(|busy| busy.beside(&entries)).collect();
            entries.extend(rest);
        }
        self.told = Told::at(entries, now);
    }

    /// Somebody is busy, and may have gone since it was asked why: what was busy all along does not change.
    pub(super) fn is_doubtful(&self, now: DateTime<Utc>) -> bool {
        let Ok(busy) = &self.busy else { return false };
        let covers = |entry: &Busy| entry.from <= now && now < entry.until;
        let away = self.told.entries.iter().any(|entry| entry.kind == BusyKind::OutOfOffice && covers(entry));
        let age = if away { ABSENCE_FRESH } else { FRESH };
        let is_old = self.told.at.is_some_and(|at| now - at >= age);
        is_old && self.told.may_be_asked_for(now) && plain(busy).any(covers)
    }
}

impl Told {
    pub(super) fn at(entries: Vec<Busy>, now: DateTime<Utc>) -> Self {
        Self { entries, at: Some(now), failed_at: None }
    }

    fn may_be_asked_for(&self, now: DateTime<Utc>) -> bool {
        self.failed_at.is_none_or(|at| now - at >= FRESH)
    }

    /// Where the vendor has not told for long, it is not believed any more of anything that it may count as free.
    fn believed(&self) -> Vec<Busy> {
        let is_old = self.at.zip(self.failed_at).is_some_and(|(told, failed)| failed - told >= BELIEVED);
        self.entries.iter().filter(|entry| !is_old || entry.kind.always_counts()).copied().collect()
    }

    /// Busy times up to `until`, by the kinds of their entries. An entry that is not busy any more was taken back since; what was not
    /// told of is busy.
    pub(super) fn named(&self, busy: &[Busy], until: DateTime<Utc>) -> Vec<Busy> {
        let entries = self.believed();
        let mut all: Vec<Busy> = busy.iter().filter(|busy| busy.kind != BusyKind::Busy).copied().collect();
        for busy in plain(busy) {
            let end = if busy.until < until { busy.until } else { DateTime::<Utc>::MAX_UTC };
            let shared = entries.iter().map(|told| Busy {
                from: told.from.max(busy.from),
                until: told.until.min(end),
                kind: told.kind,
            });
            all.extend(shared.filter(|part| part.from < part.until));
            all.extend(busy.beside(&entries));
        }
        all.sort_by_key(|busy| (busy.from, busy.until));
        all
    }
}

/// What kind it is plays a part in what is decided soon.
fn matters(part: &Busy, now: DateTime<Utc>, every_kind: bool) -> bool {
    let is_near = now < part.until && part.from < now + AHEAD;
    is_near && (every_kind || part.from <= now + FRESH || part.until - part.from >= MAY_BE_ABSENCE)
}

/// What the vendor has not said more of.
fn plain(busy: &[Busy]) -> impl Iterator<Item = &Busy> {
    busy.iter().filter(|busy| busy.kind == BusyKind::Busy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::rep::BusyKind::{Busy as Meeting, Focus, OutOfOffice};

    fn at(time: &str) -> DateTime<Utc> {
        format!("2026-11-23T{time}:00Z").parse().expect("an instant")
    }

    fn busy(from: &str, until: &str, kind: BusyKind) -> Busy {
        Busy { from: at(from), until: at(until), kind }
    }

    fn told(entries: &[Busy], at: DateTime<Utc>) -> Told {
        Told::at(entries.to_vec(), at)
    }

    fn view(seen: &[Busy], told: Told) -> View {
        let now = at("09:00");
        View { busy: Ok(seen.to_vec()), until: at("20:00"), observed_at: now, seen_at: now, was_seen: true, told }
    }

    #[test]
    fn kinds_are_told_within_what_is_busy_still() {
        let away = told(&[busy("08:00", "12:00", OutOfOffice)], at("07:00"));
        for (seen, expected) in [
            // The whole of it, and less than it where the view has moved on.
            (vec![busy("08:00", "12:00", Meeting)], vec![busy("08:00", "12:00", OutOfOffice)]),
            (vec![busy("09:30", "12:00", Meeting)], vec![busy("09:30", "12:00", OutOfOffice)]),
            // The vendor tells what touches as one: who is away in it is named, the rest stays busy.
            (
                vec![busy("08:00", "13:00", Meeting)],
                vec![busy("08:00", "12:00", OutOfOffice), busy("12:00", "13:00", Meeting)],
            ),
            // Taken back since it was named.
            (vec![busy("14:00", "15:00", Meeting)], vec![busy("14:00", "15:00", Meeting)]),
            (vec![], vec![]),
            // The vendor says itself what it is.
            (vec![busy("09:00", "10:00", Focus)], vec![busy("09:00", "10:00", Focus)]),
        ] {
            assert_eq!(away.named(&seen, at("20:00")), expected, "{seen:?}");
        }
        // A meeting within focus time is one all the same.
        let both = [busy("08:00", "12:00", Focus), busy("09:00", "10:00", Meeting)];
        assert_eq!(told(&both, at("07:00")).named(&[busy("08:00", "12:00", Meeting)], at("20:00")), both);
    }

    #[test]
    fn an_absence_lasts_beyond_what_was_looked_at() {
        let away = told(&[busy("08:00", "23:00", OutOfOffice)], at("07:00"));
        let seen = [busy("08:00", "20:00", Meeting)];
        assert_eq!(away.named(&seen, at("20:00")), [busy("08:00", "23:00", OutOfOffice)]);
        assert_eq!(away.named(&seen, at("21:00")), [busy("08:00", "20:00", OutOfOffice)], "the rest was taken back");
    }

    #[test]
    fn kinds_that_could_not_be_read_again_for_long_are_not_believed() {
        let seen = [busy("08:00", "12:00", Meeting)];
        for (kind, expected) in [(Focus, Meeting), (OutOfOffice, OutOfOffice)] {
            let mut view = view(&seen, told(&[busy("08:00", "12:00", kind)], at("08:00")));
            view.hear(None, at("08:14"));
            assert_eq!(view.known(at("09:00")), Ok(vec![busy("08:00", "12:00", kind)]));
            view.hear(None, at("08:15"));
            assert_eq!(view.known(at("09:00")), Ok(vec![busy("08:00", "12:00", expected)]));
            view.hear(Some(vec![busy("08:00", "12:00", kind)]), at("08:16"));
            assert_eq!(view.known(at("09:00")), Ok(vec![busy("08:00", "12:00", kind)]));
        }
    }

    #[test]
    fn only_what_matters_by_its_kind_is_asked_for() {
        let untold = |seen: &[Busy], every_kind| view(seen, Told::default()).is_untold(at("09:00"), every_kind);
        assert!(untold(&[busy("08:30", "09:30", Meeting)], false), "now");
        assert!(untold(&[busy("12:00", "16:00", Meeting)], false), "half a day");
        assert!(!untold(&[busy("12:00", "13:00", Meeting)], false), "a meeting, for all that matters");
        assert!(untold(&[busy("12:00", "13:00", Meeting)], true));
        assert!(!untold(&[busy("07:00", "08:00", Meeting)], true), "over");
        assert!(!untold(&[busy("08:30", "09:30", Focus)], true), "the vendor has said it");
        // It was told, or could not be a moment ago.
        let seen = [busy("08:30", "09:30", Meeting)];
        assert!(!view(&seen, told(&seen, at("08:40"))).is_untold(at("09:00"), true));
        assert!(
            view(&[busy("08:30", "10:00", Meeting)], told(&seen, at("08:40"))).is_untold(at("09:00"), true),
            "more"
        );
        let mut seen = view(&seen, Told::default());
        seen.hear(None, at("08:59"));
        assert!(seen.is_untold(at("09:00"), false), "a minute ago");
        seen.hear(None, at("09:00"));
        assert!(!seen.is_untold(at("09:00"), false), "just now");
        seen.hear(Some(Vec::new()), at("09:00"));
        assert!(!seen.is_untold(at("10:00"), true), "there is no entry to it");
        assert_eq!(seen.known(at("09:00")), Ok(vec![busy("08:30", "09:30", Meeting)]));
    }

    /// An absence over the time of a meeting changes nothing that is busy.
    #[test]
    fn what_was_told_of_this_moment_is_doubted_after_a_minute() {
        let seen = [busy("08:30", "09:30", Meeting)];
        let doubtful = |kind, told_at: &str| {
            let entries = [busy("08:30", "09:30", kind)];
            view(&seen, told(&entries, at(told_at))).is_doubtful(at("09:00"))
        };
        assert!(doubtful(Meeting, "08:59") && !doubtful(Meeting, "09:00"));
        assert!(doubtful(OutOfOffice, "08:55") && !doubtful(OutOfOffice, "08:56"));
        assert!(!view(&[], told(&seen, at("08:00"))).is_doubtful(at("09:00")), "free");
        assert!(!view(&seen, Told::default()).is_doubtful(at("09:00")), "not told at all yet");
    }
}
