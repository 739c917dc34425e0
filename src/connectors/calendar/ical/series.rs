//! A series with what was changed, moved and taken out of it, as intervals of time.

use super::event::{Event, Extent};
use super::place::{Moment, Place, Places};
use super::rule::{Rule, Span};
use super::time::{Length, Stamp, Work};
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::rota::Window;
use baton_core::domain::zone::Zone;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use std::collections::BTreeSet;

/// More than any clock is from UTC.
const CLOCKS_APART: TimeDelta = TimeDelta::hours(27);

/// Whose times are read, and which.
pub(super) struct Reading<'a> {
    pub places: &'a Places,
    /// The owner's clock; days are its days. `None`: nobody has said.
    pub zone: Option<Zone>,
    /// The owner's address.
    pub email: Option<&'a str>,
    pub window: Window,
    pub work: &'a mut Work,
    pub found: Vec<Busy>,
}

/// Since when all that follows is changed, by what, and of what kind it is then.
type Later<'e> = (NaiveDateTime, &'e Event, Option<BusyKind>);

/// Times by which an occurrence can be named: by the instant, by what its clock shows, or by its day.
#[derive(Default)]
struct Names {
    instants: BTreeSet<DateTime<Utc>>,
    walls: BTreeSet<NaiveDateTime>,
    days: BTreeSet<NaiveDate>,
}

impl Names {
    fn has(&self, at: NaiveDateTime, instant: Option<DateTime<Utc>>) -> bool {
        self.days.contains(&at.date())
            || self.walls.contains(&at)
            || instant.is_some_and(|instant| self.instants.contains(&instant))
    }
}

impl Reading<'_> {
    fn instant(&self, place: Place, at: NaiveDateTime) -> Option<DateTime<Utc>> {
        self.places.instant(place, at, self.zone)
    }

    /// All events of one UID: series, and what stands in place of some of their occurrences.
    ///
    /// # Errors
    /// When some of it is, is not known.
    pub(super) fn series(&mut self, events: &[&Event]) -> Result<(), String> {
        let newest = events.iter().filter(|event| event.instead.is_none()).map(|event| event.sequence).max();
        let whole = events.iter().copied().filter(|event| event.instead.is_none() && Some(event.sequence) == newest);
        let changed = changes(events);
        for event in whole {
            self.whole(event, &changed)?;
        }
        for event in &changed {
            let kind = event.kind(self.email);
            self.add(event.start, event.extent, kind)?;
        }
        Ok(())
    }

    fn whole(&mut self, event: &Event, changed: &[&Event]) -> Result<(), String> {
        self.work.take(event.except.len() + changed.len())?;
        let mut named = Names::default();
        for moment in &event.except {
            self.name(&mut named, *moment, event.start);
        }
        for instead in changed.iter().filter_map(|change| change.instead) {
            self.name(&mut named, instead.of, event.start);
        }
        let later = self.later(event, changed);
        let of_change =
            |(from, change, _): &Later<'_>| change.extent.at_most(change.start) + (change.start.at - *from).abs();
        let reach = later.iter().map(of_change).max().unwrap_or_default().max(event.extent.at_most(event.start));
        let span = self.span(reach);
        let mut times: BTreeSet<NaiveDateTime> = BTreeSet::from([event.start.at]);
        for rule in &event.rules {
            times.extend(self.times(rule, event.start, span)?);
        }
        times.extend(event.dates.iter().filter_map(|date| self.date(*date, event.start)));
        for rule in &event.except_rules {
            // A rule is read as if it gave the series' first time, which it does not take out.
            let mut out = self.times(rule, event.start, span)?;
            out.retain(|at| *at != event.start.at);
            named.walls.extend(out);
        }
        let kind = event.kind(self.email);
        for at in times.range(span.from..=span.until) {
            self.work.take(1)?;
            if named.has(*at, self.instant(event.start.place, *at)) {
                continue;
            }
            // What was changed from some time on changes all that comes after it.
            let changed_since = later[..later.partition_point(|(from, ..)| from <= at)].last();
            let (source, at, kind) = match changed_since {
                Some((from, change, kind)) => {
                    let at = change.start.at.checked_add_signed(*at - *from).unwrap_or(*at);
                    (*change, at, *kind)
                }
                None => (event, *at, kind),
            };
            let extent = self.extent_at(source, at);
            self.add(Moment { at, ..source.start }, extent, kind)?;
        }
        for (from, extent) in &event.periods {
            if !named.has(from.at, self.instant(from.place, from.at)) {
                self.add(*from, *extent, kind)?;
            }
        }
        Ok(())
    }

    /// Since when all that follows was changed, and by what; the earliest first.
    fn later<'e>(&self, event: &Event, changed: &[&'e Event]) -> Vec<Later<'e>> {
        let since = |change: &&'e Event| {
            let instead = change.instead.filter(|instead| instead.and_later)?;
            Some((self.wall(instead.of, event.start)?, *change, change.kind(self.email)))
        };
        let mut later: Vec<Later<'e>> = changed.iter().filter_map(since).collect();
        later.sort_by_key(|(from, ..)| *from);
        later
    }

    /// An occurrence lasts as long as the first of its series, by the stopwatch, where that was given an end.
    fn extent_at(&self, event: &Event, at: NaiveDateTime) -> Extent {
        let (start, Extent::Until(end)) = (event.start, event.extent) else { return event.extent };
        if at == start.at {
            return event.extent;
        }
        let (from, until) = (self.instant(start.place, start.at), self.instant(end.place, end.at));
        let length = from.zip(until).map_or(end.at - start.at, |(from, until)| until - from);
        Extent::Lasts(Length { days: 0, seconds: length.num_seconds().max(0) })
    }

    fn times(&mut self, rule: &Rule, start: Moment, span: Span) -> Result<Vec<NaiveDateTime>, String> {
        let last = rule.until.map(|until| self.last(until, start));
        rule.times(start.at, Span { last, ..span }, self.work)
    }

    /// The last wall clock time at which the series may begin once more.
    fn last(&self, until: Stamp, start: Moment) -> NaiveDateTime {
        let end_of = |day: NaiveDate| day.and_time(NaiveTime::MIN) + TimeDelta::seconds(24 * 60 * 60 - 1);
        if until.is_day {
            return end_of(until.at.date());
        }
        let midnight = until.at.time() == NaiveTime::MIN;
        let there = || self.places.wall(start.place, until.at.and_utc(), self.zone).unwrap_or(until.at);
        match (until.is_utc, start.is_day) {
            (true, true) if !midnight => end_of(there().date()),
            (_, true) => end_of(until.at.date()),
            (true, false) => there(),
            (false, false) => until.at,
        }
    }

    fn name(&self, names: &mut Names, moment: Moment, start: Moment) {
        if moment.is_day || start.is_day {
            let midnight = moment.at.time() == NaiveTime::MIN;
            let day = if midnight { Some(moment.at) } else { self.wall(moment, start) };
            names.days.insert(day.unwrap_or(moment.at).date());
        } else if moment.place == Place::Owner || moment.place == start.place {
            names.walls.insert(moment.at);
        } else if let Some(instant) = self.instant(moment.place, moment.at) {
            names.instants.insert(instant);
        }
    }

    /// What the clock by which `by` is written shows at this moment; a time without a clock stands as it is.
    fn wall(&self, moment: Moment, by: Moment) -> Option<NaiveDateTime> {
        if moment.is_day || moment.place == Place::Owner || moment.place == by.place {
            return Some(moment.at);
        }
        self.places.wall(by.place, self.instant(moment.place, moment.at)?, self.zone)
    }

    /// A further date of a series: of a day alone, at the hour of the others.
    fn date(&self, date: Moment, start: Moment) -> Option<NaiveDateTime> {
        let at = self.wall(date, start)?;
        Some(match (date.is_day, start.is_day) {
            (true, false) => at.date().and_time(start.at.time()),
            (false, true) => at.date().and_time(NaiveTime::MIN),
            _ => at,
        })
    }

    /// The window on whatever clock, and before it what may reach into it.
    fn span(&self, reach: TimeDelta) -> Span {
        let (from, until) = (self.window.0.naive_utc(), self.window.1.naive_utc());
        let from = from.checked_sub_signed(reach + CLOCKS_APART).unwrap_or(NaiveDateTime::MIN);
        Span { from, until: until.checked_add_signed(CLOCKS_APART).unwrap_or(NaiveDateTime::MAX), last: None }
    }

    /// Adds one occurrence, if it takes time of the window.
    fn add(&mut self, start: Moment, extent: Extent, kind: Option<BusyKind>) -> Result<(), String> {
        let span = self.span(extent.at_most(start));
        let Some(kind) = kind.filter(|_| span.from <= start.at && start.at <= span.until) else { return Ok(()) };
        let not_known = |place: Place| match place {
            Place::Owner => "it has whole days, and it is not known by whose clock".to_owned(),
            _ => "an event's time zone is not known, and it does not say what it is".to_owned(),
        };
        let at = |place: Place, at: NaiveDateTime| self.instant(place, at).ok_or_else(|| not_known(place));
        let later = |length: TimeDelta| start.at.checked_add_signed(length).unwrap_or(start.at);
        let from = at(start.place, start.at)?;
        let until = match extent {
            Extent::Days(days) => at(start.place, later(TimeDelta::days(days.max(0))))?,
            Extent::Until(end) => at(end.place, end.at)?,
            Extent::Lasts(length) => {
                at(start.place, later(TimeDelta::days(length.days)))? + TimeDelta::seconds(length.seconds)
            }
        };
        let (from, until) = (from.max(self.window.0), until.min(self.window.1));
        if from < until {
            self.found.push(Busy { from, until, kind });
        }
        Ok(())
    }
}

/// What stands for single occurrences: of several for one, the newest, and among those the last.
fn changes<'e>(events: &[&'e Event]) -> Vec<&'e Event> {
    let mut changed: Vec<&'e Event> = Vec::new();
    let mut all: Vec<&'e Event> = events.iter().copied().filter(|event| event.instead.is_some()).collect();
    all.sort_by_cached_key(|event| (place_in_series(event), event.sequence));
    for event in all {
        if changed.last().is_some_and(|last| place_in_series(last) == place_in_series(event)) {
            changed.pop();
        }
        changed.push(event);
    }
    changed
}

fn place_in_series(event: &Event) -> Option<(NaiveDateTime, String)> {
    event.instead.map(|instead| (instead.of.at, format!("{:?}", instead.of.place)))
}
