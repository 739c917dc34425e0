//! What is read of a message whether or not the rest of it can be: what it is filed under.

use super::{is_name, text};
use crate::intake::kind::EventKind;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt;

/// The inbox key of a message in structured form, readable or not: `source id`, which CloudEvents promises to be unique, or
/// the digest of the bytes. The same bytes always have the same key, so a redelivery is stored once.
pub fn key_of(bytes: &[u8]) -> String {
    let named = head(bytes).and_then(|head| key(head.source.as_deref(), head.id.as_deref()));
    named.unwrap_or_else(|| {
        let digest = Sha256::digest(bytes);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{hex}")
    })
}

/// The source that whatever came in says it is of.
pub fn source_of(bytes: &[u8]) -> Option<String> {
    head(bytes)?.source
}

/// The kind of whatever came in, if it can be read.
pub fn kind_of(bytes: &[u8]) -> Option<EventKind> {
    EventKind::from_name(head(bytes)?.kind?.trim())
}

fn head(bytes: &[u8]) -> Option<Head> {
    serde_json::from_str(text(bytes).ok()?).ok()
}

/// What a message is filed under: read in one pass, the rest only skipped. Of a name that comes twice the last one counts, as
/// everywhere.
#[derive(Default)]
struct Head {
    id: Option<String>,
    source: Option<String>,
    kind: Option<String>,
}

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Attributes;
        impl<'de> Visitor<'de> for Attributes {
            type Value = Head;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an event")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Head, A::Error> {
                let mut head = Head::default();
                while let Some(name) = map.next_key::<String>()? {
                    let attribute = match name.as_str() {
                        "id" => &mut head.id,
                        "source" => &mut head.source,
                        "type" => &mut head.kind,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    let value: Value = map.next_value()?;
                    *attribute = value.as_str().map(str::to_owned);
                }
                Ok(head)
            }
        }
        deserializer.deserialize_map(Attributes)
    }
}

fn key(source: Option<&str>, id: Option<&str>) -> Option<String> {
    let (source, id) = (source?.trim(), id?.trim());
    let usable = !source.is_empty() && !id.is_empty() && is_name("source", source) && is_name("id", id);
    usable.then(|| format!("{source} {id}"))
}
