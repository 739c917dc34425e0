//! What we sign ourselves: messages, by the scheme of Standard Webhooks, so that whoever receives them checks them with any library
//! for that; and addresses of ours, which come back to us.

use super::Secret;
use super::algorithm::{Encoding, equal, hmac_sha256, in_base64};
use chrono::{DateTime, Utc};
use std::ops::RangeInclusive;

/// The standard's bounds: 192 to 512 bits.
const KEY_BYTES: RangeInclusive<usize> = 24..=64;

/// A secret that we sign with. Never printed.
#[derive(Clone)]
pub struct SigningKey(Vec<u8>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitKey {
    #[error("it is not whsec_ with base64 behind it")]
    NoBase64,
    #[error(
        "it stands for {bytes} bytes; allowed: {} to {}",
        KEY_BYTES.start(),
        KEY_BYTES.end()
    )]
    Length { bytes: usize },
}

impl SigningKey {
    /// `text` is `whsec_` and base64, with or without padding.
    ///
    /// # Errors
    /// It is not, or it is shorter or longer than the standard wants. Nothing of it is repeated.
    pub fn read(text: &str) -> Result<Self, UnfitKey> {
        let written = text.trim().strip_prefix("whsec_").ok_or(UnfitKey::NoBase64)?;
        let key = Encoding::Base64.decode(written).ok_or(UnfitKey::NoBase64)?;
        if KEY_BYTES.contains(&key.len()) { Ok(Self(key)) } else { Err(UnfitKey::Length { bytes: key.len() }) }
    }
}

/// The headers of a message that leaves now: its id, the second, and a signature with each key, so that whoever receives it may
/// know any one of them. `id` must not be for others to choose: nothing but a full stop parts it from what follows.
pub fn signed_headers(keys: &[SigningKey], id: &str, now: DateTime<Utc>, body: &[u8]) -> [(&'static str, String); 3] {
    let timestamp = now.timestamp().to_string();
    let mut text = format!("{id}.{timestamp}.").into_bytes();
    text.extend_from_slice(body);
    let signatures: Vec<String> =
        keys.iter().map(|key| format!("v1,{}", in_base64(&hmac_sha256(&key.0, &text)))).collect();
    [("webhook-id", id.to_owned()), ("webhook-timestamp", timestamp), ("webhook-signature", signatures.join(" "))]
}

/// Half of an HMAC, in hexadecimal digits: short enough for an address, too long to be guessed.
pub(crate) fn mark(secret: &Secret, text: &str) -> String {
    hex::encode(&hmac_sha256(secret.text().as_bytes(), text.as_bytes())[..16])
}

/// Whether this is the mark of the text, in constant time.
pub(crate) fn is_mark(secret: &Secret, text: &str, said: &str) -> bool {
    equal(mark(secret, text).as_bytes(), said.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signed by Python's own `hmac`.
    #[test]
    fn a_message_is_signed_with_each_key_in_turn() {
        let keys = ["whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u", "whsec_b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28\n"];
        let keys = keys.map(|key| SigningKey::read(key).expect("a key"));
        let now = DateTime::from_timestamp_millis(1_795_236_240_999).expect("an instant");
        let body = "{\"type\":\"lead.routed\",\"data\":{\"owner\":\"zoë\"}}";
        let headers = signed_headers(&keys, "7k2m.3-publish", now, body.as_bytes());
        let signatures =
            "v1,rxcQgyXSTpqGL+BalKmxu+TY/LDiNTdyqH9QJBcyioU= v1,znlBDRgimrqwC/ApvTf4Br4iZ+j6pAgT3175gESmxx0=";
        let expected =
            [("webhook-id", "7k2m.3-publish"), ("webhook-timestamp", "1795236240"), ("webhook-signature", signatures)];
        assert_eq!(headers, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn a_key_is_of_the_standards_form_and_length() {
        let of = |bytes: usize| format!("whsec_{}", in_base64(&vec![7_u8; bytes]));
        let told = |text: &str| SigningKey::read(text).err();
        for (text, refused) in [
            (of(24), None),
            (of(64), None),
            (of(23), Some(UnfitKey::Length { bytes: 23 })),
            (of(65), Some(UnfitKey::Length { bytes: 65 })),
            ("whsec_".to_owned(), Some(UnfitKey::Length { bytes: 0 })),
            ("whsec_?".to_owned(), Some(UnfitKey::NoBase64)),
            (of(24).replace("whsec_", ""), Some(UnfitKey::NoBase64)),
        ] {
            assert_eq!(told(&text), refused, "{text}");
        }
        assert_eq!(UnfitKey::Length { bytes: 8 }.to_string(), "it stands for 8 bytes; allowed: 24 to 64");
    }
}
