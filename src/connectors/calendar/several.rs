//! The calendars of several connections as one: each rep's are looked up where they are, and meetings are booked in the first.
//!
//! Guarantees: whoever is busy in one of their calendars is busy, and one that is not known makes what is known of the others
//! worthless. When the process dies here, the same request may be sent again.

use super::{BookRequest, Booked, Calendar, leaves_room};
use crate::connectors::VendorError;
use crate::connectors::http::Fleet;
use async_trait::async_trait;
use baton_core::domain::address::CalendarAddress;
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::rota::Window;
use baton_core::domain::text::CallerText;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// At which of the connections of these names a calendar is, and its address there; the name of `[calendar]` is empty.
///
/// # Errors
/// At none of them.
pub fn home<'n, 'c>(
    mut names: impl Iterator<Item = &'n str> + Clone,
    written: &'c str,
) -> Result<(usize, &'c str), String> {
    let CalendarAddress { connection, address } = CalendarAddress::of(written);
    let place = match connection {
        Some(name) => names.position(|known| known == name),
        None if names.clone().nth(1).is_none() => names.next().map(|_only| 0),
        None => names.position(str::is_empty),
    };
    place.map(|place| (place, address)).ok_or_else(|| match connection {
        Some(name) => format!("there is no [calendars.{name}] in baton.toml"),
        None => "baton.toml has several [calendars.NAME] and no [calendar]: write NAME: before the address".to_owned(),
    })
}

pub struct Several {
    /// By the names of their sections.
    parts: Vec<(String, Arc<dyn Calendar>)>,
}

type Answer = Result<Vec<Busy>, String>;

impl Several {
    /// # Panics
    /// There is none.
    pub fn new(parts: Vec<(String, Arc<dyn Calendar>)>) -> Self {
        assert!(!parts.is_empty(), "whoever connects no calendar has none");
        Self { parts }
    }

    fn home<'c>(&self, written: &'c str) -> Result<(usize, &'c str), String> {
        home(self.parts.iter().map(|(name, _)| name.as_str()), written)
    }

    /// In which meetings with a rep are booked, and its address there.
    fn first<'c>(&self, cell: &'c str) -> Result<(&dyn Calendar, &'c str), VendorError> {
        let written = first_of(cell);
        let (place, address) = self.home(written).map_err(|why| VendorError::amiss(self.vendor(), why))?;
        Ok((&*self.parts[place].1, address))
    }

    async fn at_one(&self, place: usize, wanted: &BTreeSet<&str>, (from, until): Window) -> BTreeMap<String, Answer> {
        let at = |written: &&&str| self.home(written).is_ok_and(|(at, _)| at == place);
        let addresses: BTreeMap<&str, String> = wanted
            .iter()
            .filter(at)
            .map(|written| (*written, CalendarAddress::of(written).address.to_owned()))
            .collect();
        if addresses.is_empty() {
            return BTreeMap::new();
        }
        let asked: Vec<String> = addresses.values().cloned().collect();
        let answers = self.parts[place].1.busy(&asked, from, until).await;
        let of = |(written, address): (&str, String)| {
            let answer = match &answers {
                Ok(answers) => answers.get(&address).cloned(),
                Err(error) => Some(Err(error.to_string())),
            };
            let missing = || Err("the calendar is not in the answer".to_owned());
            (written.to_owned(), answer.unwrap_or_else(missing))
        };
        addresses.into_iter().map(of).collect()
    }

    fn merged(&self, cell: &str, answers: &BTreeMap<String, Answer>) -> Answer {
        let mut all = Vec::new();
        for written in CalendarAddress::each(cell) {
            self.home(written)?;
            match answers.get(written) {
                Some(Ok(busy)) => all.extend(busy.iter().copied()),
                Some(Err(why)) => return Err(format!("{written}: {why}")),
                None => return Err(format!("{written}: it was not asked for")),
            }
        }
        Ok(all)
    }

    /// The vendor of the first looks at its own calendar; the others' are looked at here.
    async fn others_are_free(&self, request: &BookRequest) -> Result<bool, VendorError> {
        let mut asked = Vec::new();
        for written in CalendarAddress::each(&request.calendar).skip(1) {
            asked.push(self.is_free(written, (request.from, request.until)));
        }
        let others: Vec<bool> = join_all(asked).await.into_iter().collect::<Result<_, VendorError>>()?;
        Ok(!others.contains(&false))
    }

    /// A calendar by itself, its address there, and when its owner is busy.
    async fn seen<'c>(
        &self,
        written: &'c str,
        (from, until): Window,
    ) -> Result<(&dyn Calendar, &'c str, Vec<Busy>), VendorError> {
        let (place, address) = self.home(written).map_err(|why| VendorError::amiss(self.vendor(), why))?;
        let calendar = &*self.parts[place].1;
        match calendar.busy(&[address.to_owned()], from, until).await?.remove(address) {
            Some(Ok(busy)) => Ok((calendar, address, busy)),
            Some(Err(why)) => Err(VendorError::retry(calendar.vendor(), why)),
            None => Err(VendorError::retry(calendar.vendor(), "the calendar is not in the answer")),
        }
    }

    /// Nothing of this time is free.
    async fn is_full(&self, written: &str, (from, until): Window) -> Result<bool, VendorError> {
        let (_, _, busy) = self.seen(written, (from, until)).await?;
        Ok(Busy { from, until, kind: BusyKind::Busy }.beside(&busy).is_empty())
    }

    async fn is_free(&self, written: &str, (from, until): Window) -> Result<bool, VendorError> {
        let (calendar, address, busy) = self.seen(written, (from, until)).await?;
        if leaves_room(&busy, &[], (from, until)) {
            return Ok(true);
        }
        let told = calendar.absences(&[address.to_owned()], from, until).await;
        Ok(leaves_room(&busy, told.get(address).map(Vec::as_slice).unwrap_or_default(), (from, until)))
    }
}

fn first_of(cell: &str) -> &str {
    CalendarAddress::each(cell).next().unwrap_or(cell)
}

#[async_trait]
impl Calendar for Several {
    /// Of the first section.
    fn vendor(&self) -> &'static str {
        self.parts[0].1.vendor()
    }

    fn joins(&self, fleet: &Arc<Fleet>) {
        self.parts.iter().for_each(|(_, calendar)| calendar.joins(fleet));
    }

    fn parts(&self) -> &[(String, Arc<dyn Calendar>)] {
        &self.parts
    }

    /// Of cells of the roster. A connection that fails makes its own calendars unknown, and no others.
    async fn busy(
        &self,
        calendars: &[String],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<BTreeMap<String, Answer>, VendorError> {
        let wanted: BTreeSet<&str> = calendars.iter().flat_map(|cell| CalendarAddress::each(cell)).collect();
        let (wanted, window) = (&wanted, (from, until));
        let answers = join_all((0..self.parts.len()).map(|place| self.at_one(place, wanted, window))).await;
        let answers: BTreeMap<String, Answer> = answers.into_iter().flatten().collect();
        Ok(calendars.iter().map(|cell| (cell.clone(), self.merged(cell, &answers))).collect())
    }

    async fn book(&self, request: &BookRequest) -> Result<Booked, VendorError> {
        let (calendar, address) = self.first(&request.calendar)?;
        let in_the_first = BookRequest { calendar: address.to_owned(), ..request.clone() };
        // What we booked before the answer was lost, the others may show by now: where the first is busy, it says whether that is ours.
        let window = (request.from, request.until);
        if self.others_are_free(request).await? || !self.is_free(first_of(&request.calendar), window).await? {
            return calendar.book(&in_the_first).await;
        }
        Ok(Booked::Taken)
    }

    async fn move_to(&self, id: &str, request: &BookRequest) -> Result<Booked, VendorError> {
        let (calendar, address) = self.first(&request.calendar)?;
        let in_the_first = BookRequest { calendar: address.to_owned(), ..request.clone() };
        // What we moved before the answer was lost, the others may show by now: the first, which is full then, says whether that is ours.
        let window = (request.from, request.until);
        if self.others_are_free(request).await? || self.is_full(first_of(&request.calendar), window).await? {
            return calendar.move_to(id, &in_the_first).await;
        }
        Ok(Booked::Taken)
    }

    async fn cancel(&self, cell: &str, id: &str, words: &CallerText) -> Result<(), VendorError> {
        let (calendar, address) = self.first(cell)?;
        calendar.cancel(address, id, words).await
    }

    async fn check(&self) -> Result<(), VendorError> {
        let checks = join_all(self.parts.iter().map(|(_, calendar)| calendar.check())).await;
        checks.into_iter().collect()
    }
}
