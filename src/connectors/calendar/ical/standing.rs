//! What became of one event that was written before.

use super::event::{Event, Extent};
use super::lines::{calendars, unfolded};
use super::place::Places;
use super::said::Said;
use super::time::Work;
use baton_core::domain::zone::Zone;
use chrono::{DateTime, TimeDelta, Utc};

/// An event of one occurrence, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::connectors::calendar) struct Standing {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub is_cancelled: bool,
    pub has_guests: bool,
    pub sequence: i64,
}

impl Standing {
    /// `None`: there is no event in it, or one whose times are not understood. Times without a zone are by the owner's clock.
    pub(in crate::connectors::calendar) fn read(text: &str, owner: Option<Zone>) -> Option<Self> {
        let text = unfolded(text.as_bytes());
        let calendars = calendars(&text).ok()?;
        let calendar = calendars.first()?;
        let places = Places::read(calendar, &mut Work::new()).ok()?;
        let component = calendar.children.iter().find(|child| child.name == "VEVENT")?;
        let event = Event::read(component, &places).ok()??;
        let Said { is_cancelled, guests, .. } = &event.said;
        let from = places.instant(event.start.place, event.start.at, owner)?;
        let until = match event.extent {
            Extent::Until(end) => places.instant(end.place, end.at, owner)?,
            Extent::Lasts(length) => from + length.at_most(),
            Extent::Days(days) => from + TimeDelta::days(days),
        };
        let (is_cancelled, has_guests) = (*is_cancelled, !guests.is_empty());
        Some(Self { from, until, is_cancelled, has_guests, sequence: event.sequence })
    }
}
