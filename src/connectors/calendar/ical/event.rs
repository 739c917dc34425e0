//! One VEVENT: when it is, and how it repeats.

use super::lines::{Component, Property};
use super::place::{Moment, Place, Places};
use super::rule::Rule;
use super::said::Said;
use super::time::Length;
use baton_core::domain::rep::BusyKind;
use chrono::{NaiveDateTime, NaiveTime, TimeDelta};

/// How long an event takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Days(i64),
    Until(Moment),
    Lasts(Length),
}

impl Extent {
    /// More than it takes, whatever the clocks do meanwhile.
    pub(super) fn at_most(self, from: Moment) -> TimeDelta {
        match self {
            Self::Days(days) => TimeDelta::days(days.max(0)),
            Self::Until(end) => (end.at - from.at).max(TimeDelta::zero()) + TimeDelta::days(2),
            Self::Lasts(length) => length.at_most() + TimeDelta::days(1),
        }
    }
}

/// Instead of which occurrence of its series an event stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instead {
    pub of: Moment,
    /// And of all that follow.
    pub and_later: bool,
}

pub(super) struct Event {
    pub uid: Option<String>,
    pub sequence: i64,
    pub start: Moment,
    pub extent: Extent,
    pub rules: Vec<Rule>,
    /// What is taken out again, as programs of before 2009 write it.
    pub except_rules: Vec<Rule>,
    pub dates: Vec<Moment>,
    pub periods: Vec<(Moment, Extent)>,
    pub except: Vec<Moment>,
    pub instead: Option<Instead>,
    pub said: Said,
}

impl Event {
    /// `None`: it says no time, and takes none.
    ///
    /// # Errors
    /// When it is, is not understood.
    pub(super) fn read(component: &Component<'_>, places: &Places) -> Result<Option<Self>, String> {
        let Some(property) = component.first("DTSTART") else { return Ok(None) };
        let not_read = |what: &str| format!("{what} of an event is not understood");
        let start = places.moment(property).ok_or_else(|| not_read("DTSTART"))?;
        let extent = extent(component, start, places)?;
        let rules = |name| component.all(name).map(|rule| Rule::read(rule.value)).collect::<Result<Vec<_>, _>>();
        let moments = |name: &str| -> Result<Vec<Moment>, String> {
            let mut moments = Vec::new();
            for property in component.all(name).filter(|property| !has_periods(property)) {
                let (place, values) = places.clock(property);
                for value in values.split(',') {
                    moments.push(Moment::read(place, value).ok_or_else(|| not_read(name))?);
                }
            }
            Ok(moments)
        };
        let mut periods = Vec::new();
        for property in component.all("RDATE").filter(|property| has_periods(property)) {
            let (place, values) = places.clock(property);
            for value in values.split(',') {
                periods.push(period(place, value).ok_or_else(|| not_read("RDATE"))?);
            }
        }
        let instead = match component.first("RECURRENCE-ID") {
            Some(property) => {
                let of = places.moment(property).ok_or_else(|| not_read("RECURRENCE-ID"))?;
                let range = property.param("RANGE").unwrap_or_default();
                Some(Instead { of, and_later: range.eq_ignore_ascii_case("THISANDFUTURE") })
            }
            None => None,
        };
        Ok(Some(Self {
            uid: component.first("UID").map(|uid| uid.value.trim().to_owned()),
            sequence: component.first("SEQUENCE").and_then(|at| at.value.trim().parse().ok()).unwrap_or(0),
            start,
            extent,
            rules: rules("RRULE")?,
            except_rules: rules("EXRULE")?,
            dates: moments("RDATE")?,
            periods,
            except: moments("EXDATE")?,
            instead,
            said: Said::read(component),
        }))
    }

    /// What kind of time it takes of the owner with this address. `None`: none.
    pub(super) fn kind(&self, me: Option<&str>) -> Option<BusyKind> {
        self.said.kind(me, self.start.is_day)
    }

    /// Nothing of it is later than this, on whatever clock.
    pub(super) fn is_over(&self, at: NaiveDateTime) -> bool {
        let ends = |moment: Moment, extent: Extent| moment.at + extent.at_most(moment) + TimeDelta::days(2);
        let last =
            |rule: &Rule| rule.until.map(|until| until.at + self.extent.at_most(self.start) + TimeDelta::days(3));
        // One that stands for others must stay, so that they are not taken for what they were.
        self.instead.is_none()
            && ends(self.start, self.extent) < at
            && self.rules.iter().all(|rule| last(rule).is_some_and(|last| last < at))
            && self.dates.iter().all(|date| ends(*date, self.extent) < at)
            && self.periods.iter().all(|(from, extent)| ends(*from, *extent) < at)
    }
}

fn has_periods(property: &Property<'_>) -> bool {
    property.value.contains('/')
}

/// `FROM/UNTIL` or `FROM/LENGTH`.
pub(super) fn period(place: Place, value: &str) -> Option<(Moment, Extent)> {
    let (from, until) = value.rsplit_once('/')?;
    let from = Moment::read(place, from)?;
    let extent = match Length::read(until) {
        Some(length) => Extent::Lasts(length),
        None => Extent::Until(Moment::read(place, until)?),
    };
    Some((from, extent))
}

fn extent(component: &Component<'_>, start: Moment, places: &Places) -> Result<Extent, String> {
    let not_read = |what: &str| format!("{what} of an event is not understood");
    if let Some(property) = component.first("DTEND") {
        let end = places.moment(property).ok_or_else(|| not_read("DTEND"))?;
        if start.is_day {
            let begun = i64::from(end.at.time() > NaiveTime::MIN);
            return Ok(Extent::Days((end.at.date() - start.at.date()).num_days() + begun));
        }
        // A day at the end of hours begins by the clock that they began by.
        let place = if end.is_day { start.place } else { end.place };
        return Ok(Extent::Until(Moment { place, ..end }));
    }
    let Some(property) = component.first("DURATION") else {
        return Ok(if start.is_day { Extent::Days(1) } else { Extent::Lasts(Length::default()) });
    };
    let length = Length::read(property.value).ok_or_else(|| not_read("DURATION"))?;
    Ok(if start.is_day { Extent::Days(length.whole_days()) } else { Extent::Lasts(length) })
}
