//! Reservations as they are stored: earlier versions held one phone at most, and wrote it, or nothing.

use super::Reservation;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    One(Reservation),
    Several(Vec<Reservation>),
}

pub(super) fn serialize<S: Serializer>(holds: &[Reservation], serializer: S) -> Result<S::Ok, S::Error> {
    match holds {
        [] => serializer.serialize_none(),
        [one] => one.serialize(serializer),
        several => several.serialize(serializer),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Reservation>, D::Error> {
    Ok(match Option::<Stored>::deserialize(deserializer)? {
        None => Vec::new(),
        Some(Stored::One(hold)) => vec![hold],
        Some(Stored::Several(holds)) => holds,
    })
}
