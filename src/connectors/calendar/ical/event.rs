//! One VEVENT: when it is, how it repeats, and what kind of time it takes.

use super::lines::{Component, Property};
use super::place::{Moment, Places};
use super::rule::Rule;
use super::time::Length;
use baton_core::domain::rep::BusyKind;
use chrono::{NaiveDateTime, NaiveTime, TimeDelta};

/// What people write over a day on which they are not there, as a whole or before or behind a dash, colon or bracket.
const AWAY: &[&str] = &[
    "abwesend",
    "abwesenheit",
    "absent",
    "annual leave",
    "away",
    "baja",
    "congé",
    "congés",
    "day off",
    "fuera de la oficina",
    "holiday",
    "holidays",
    "krank",
    "maternity leave",
    "nicht im büro",
    "not in office",
    "off",
    "on leave",
    "ooo",
    "oof",
    "out of office",
    "out of the office",
    "parental leave",
    "paternity leave",
    "pto",
    "sick",
    "sick day",
    "sick leave",
    "urlaub",
    "vacaciones",
    "vacances",
    "vacation",
];

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

/// What the event says of itself.
pub(super) struct Said {
    pub is_cancelled: bool,
    is_transparent: bool,
    is_tentative: bool,
    is_away_by_name: bool,
    /// Outlook's word, in capitals.
    busy_status: Option<String>,
    /// Addresses in small letters, each with what they answered, in capitals.
    pub guests: Vec<(String, String)>,
    organizer: Option<String>,
}

impl Event {
    /// `None`: it says no time, and takes none.
    ///
    /// # Errors
    /// When it is, is not understood.
    pub(super) fn read(component: &Component<'_>, places: &Places) -> Result<Option<Self>, String> {
        let Some(property) = component.first("DTSTART") else { return Ok(None) };
        let not_read = |what: &str| format!("{what} of an event is not understood");
        let start = places.moment(property, property.value).ok_or_else(|| not_read("DTSTART"))?;
        let extent = extent(component, start, places)?;
        let rules = |name| component.all(name).map(|rule| Rule::read(rule.value)).collect::<Result<Vec<_>, _>>();
        let moments = |name: &str| -> Result<Vec<Moment>, String> {
            let told = component.all(name).filter(|property| !has_periods(property));
            told.flat_map(|property| places.moments(property)).collect::<Option<_>>().ok_or_else(|| not_read(name))
        };
        let mut periods = Vec::new();
        for property in component.all("RDATE").filter(|property| has_periods(property)) {
            for value in property.value.split(',') {
                periods.push(period(property, value, places).ok_or_else(|| not_read("RDATE"))?);
            }
        }
        let instead = match component.first("RECURRENCE-ID") {
            Some(property) => {
                let of = places.moment(property, property.value).ok_or_else(|| not_read("RECURRENCE-ID"))?;
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
pub(super) fn period(property: &Property<'_>, value: &str, places: &Places) -> Option<(Moment, Extent)> {
    let (from, until) = value.rsplit_once('/')?;
    let from = places.moment(property, from)?;
    let extent = match Length::read(until) {
        Some(length) => Extent::Lasts(length),
        None => Extent::Until(places.moment(property, until)?),
    };
    Some((from, extent))
}

fn extent(component: &Component<'_>, start: Moment, places: &Places) -> Result<Extent, String> {
    let not_read = |what: &str| format!("{what} of an event is not understood");
    if let Some(property) = component.first("DTEND") {
        let end = places.moment(property, property.value).ok_or_else(|| not_read("DTEND"))?;
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

impl Said {
    pub(super) fn read(component: &Component<'_>) -> Self {
        let is = |name: &str, value: &str| component.first(name).is_some_and(|property| property.is(value));
        let address = |property: &Property<'_>| {
            let address = property.value.trim().to_lowercase();
            address.strip_prefix("mailto:").unwrap_or(&address).to_owned()
        };
        let answer = |property: &Property<'_>| property.param("PARTSTAT").unwrap_or_default().to_ascii_uppercase();
        let names = component.all("SUMMARY").map(|summary| summary.value);
        let mut names = names.chain(component.all("CATEGORIES").map(|categories| categories.value));
        Self {
            is_cancelled: is("STATUS", "CANCELLED"),
            is_transparent: is("TRANSP", "TRANSPARENT"),
            is_tentative: is("STATUS", "TENTATIVE"),
            is_away_by_name: names.any(says_away),
            busy_status: component.first("X-MICROSOFT-CDO-BUSYSTATUS").map(|one| one.value.trim().to_ascii_uppercase()),
            guests: component.all("ATTENDEE").map(|guest| (address(guest), answer(guest))).collect(),
            organizer: component.first("ORGANIZER").map(address),
        }
    }

    /// Outlook's word stands above the standard's, which has no absence and is left as it was where Outlook's is changed.
    fn kind(&self, me: Option<&str>, is_day: bool) -> Option<BusyKind> {
        let answer = self.answer_of(me);
        if self.is_cancelled || answer == Some("DECLINED") {
            return None;
        }
        let standing = match self.busy_status.as_deref() {
            Some("FREE" | "WORKINGELSEWHERE") => return None,
            Some("OOF") => return Some(BusyKind::OutOfOffice),
            Some("TENTATIVE") => return Some(BusyKind::Tentative),
            Some("BUSY") => true,
            _ => !self.is_transparent,
        };
        match (standing, is_day) {
            (false, _) => None,
            _ if self.is_tentative || answer == Some("TENTATIVE") => Some(BusyKind::Tentative),
            (true, true) if self.is_away_by_name => Some(BusyKind::OutOfOffice),
            (true, true) => Some(BusyKind::AllDay),
            (true, false) => Some(BusyKind::Busy),
        }
    }

    /// What the owner answered. Whoever alone is invited into a calendar by somebody else is its owner.
    fn answer_of(&self, me: Option<&str>) -> Option<&str> {
        let mine = self.guests.iter().find(|(address, _)| me.is_some_and(|me| me.eq_ignore_ascii_case(address)));
        let alone = match self.guests.as_slice() {
            [only] if self.organizer.as_ref() != Some(&only.0) => Some(only),
            _ => None,
        };
        mine.or(alone).map(|(_, answer)| answer.as_str())
    }
}

fn says_away(name: &str) -> bool {
    let apart = |c: char| ":–—()[],/|;\\".contains(c);
    // Not the hyphen of a kick-off.
    let mut parts = name.split(apart).flat_map(|part| part.split(" - "));
    parts.any(|part| AWAY.contains(&part.trim().to_lowercase().as_str()))
}
