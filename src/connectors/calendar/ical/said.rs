//! What an event says of itself, and what kind of time it takes by that.

use super::lines::{Component, Property};
use baton_core::domain::rep::BusyKind;

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
    pub(super) fn kind(&self, me: Option<&str>, is_day: bool) -> Option<BusyKind> {
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
