//! What calendars say at this moment, asked past the view.

use super::connection::{addresses, home, sought_at};
use super::view::Told;
use super::{BACK, late, not_answered};
use crate::facts::Facts;
use crate::facts::health::{SILENT, UNHURRIED};
use crate::telemetry::figures;
use baton_core::domain::address::CalendarAddress;
use baton_core::domain::rep::Busy;
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::timeout;

impl Facts {
    /// Times before `until` in which a rep is busy, as the vendors of their calendars say at this moment: for booking, when the
    /// caller is being offered a time. What was seen before is not good enough for a promise, nor what was told of its kind, where
    /// `rules` let a kind count as free: in a time that was kept for work there may be a meeting by now.
    ///
    /// # Errors
    /// Why it is not known now.
    pub async fn busy_now(&self, cell: &str, until: DateTime<Utc>, rules: &RuleSet) -> Result<Vec<Busy>, String> {
        if self.connections.is_empty() {
            return Err("no calendar is configured".to_owned());
        }
        let calendars: BTreeSet<&str> = CalendarAddress::each(cell).collect();
        for written in &calendars {
            home(&self.connections, written)?;
        }
        let (wanted, tells_kinds) = (&calendars, rules.calendars.tell_kinds_apart());
        let asked = (0..self.connections.len()).map(|place| self.asked_now(place, wanted, until, tells_kinds));
        let known: Vec<Vec<Busy>> = join_all(asked).await.into_iter().collect::<Result<_, String>>()?;
        Ok(known.concat())
    }

    async fn asked_now(
        &self,
        place: usize,
        calendars: &BTreeSet<&str>,
        until: DateTime<Utc>,
        tells_kinds: bool,
    ) -> Result<Vec<Busy>, String> {
        let (connection, sought) = (&self.connections[place], sought_at(&self.connections, place, calendars));
        if sought.is_empty() {
            return Ok(Vec::new());
        }
        let vendor = connection.vendor();
        connection.health.may_be_asked(vendor)?;
        let from = self.clock.now() - BACK;
        let answers = match timeout(UNHURRIED, connection.calendar.busy(&addresses(&sought), from, until)).await {
            Ok(Ok(answers)) => answers,
            Ok(Err(error)) => return Err(error.counted().to_string()),
            Err(_) => {
                figures::vendor_failed(vendor, SILENT);
                return Err(late(vendor, UNHURRIED));
            }
        };
        // Until their kinds are told, entries are busy.
        let told = match tells_kinds {
            true => timeout(UNHURRIED, connection.calendar.absences(&addresses(&sought), from, until)).await,
            false => Ok(BTreeMap::new()),
        }
        .unwrap_or_default();
        let (views, now, mut all) = (self.views(), self.clock.now(), Vec::new());
        for (written, address) in sought {
            let busy = answers.get(address).cloned().unwrap_or_else(not_answered)?;
            let named = match told.get(address) {
                Some(entries) => Some(Told::at(entries.clone(), now).named(&busy, until)),
                None if tells_kinds => None,
                None => views.get(written).map(|view| view.told.named(&busy, until)),
            };
            all.extend(named.unwrap_or(busy));
        }
        Ok(all)
    }
}
