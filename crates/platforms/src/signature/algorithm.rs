//! The arithmetic of signatures, by aws-lc. Everything secret is compared in constant time.

use super::{Refused, Secret};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac, signature};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// With and without padding: vendors print keys and signatures both ways.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    HmacSha1,
    HmacSha256,
    HmacSha512,
    /// Over the secret and then the text, from before HubSpot knew HMAC.
    Sha256,
    /// The secret is the vendor's public key.
    Ed25519,
}

/// How the bytes of a signature or a key are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// In capitals and small letters.
    Hex,
    Base64,
}

impl Encoding {
    pub(super) fn decode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Hex => hex::decode(text).ok(),
            Self::Base64 => BASE64.decode(text).ok(),
        }
    }
}

impl Algorithm {
    /// # Errors
    /// No key made any of these signatures over any of these texts.
    pub(super) fn check(
        self,
        keys: impl Iterator<Item = Vec<u8>>,
        texts: &[Vec<u8>],
        signatures: &[Vec<u8>],
    ) -> Result<(), Refused> {
        for key in keys {
            if texts.iter().any(|text| self.fits(&key, text, signatures)) {
                return Ok(());
            }
        }
        Err(Refused::Mismatch)
    }

    /// The text is read once, however many signatures came with it; but for Ed25519, where they are compared one by one.
    fn fits(self, key: &[u8], text: &[u8], signatures: &[Vec<u8>]) -> bool {
        let own = match self {
            Self::HmacSha1 => mac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key, text),
            Self::HmacSha256 => hmac_sha256(key, text),
            Self::HmacSha512 => mac(hmac::HMAC_SHA512, key, text),
            Self::Sha256 => sha256(&[key, text].concat()),
            Self::Ed25519 => {
                let key = signature::UnparsedPublicKey::new(&signature::ED25519, key);
                return signatures.iter().any(|signature| key.verify(text, signature).is_ok());
            }
        };
        signatures.iter().any(|signature| equal(&own, signature))
    }
}

fn mac(algorithm: hmac::Algorithm, key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, key), text).as_ref().to_vec()
}

pub(super) fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    mac(hmac::HMAC_SHA256, key, text)
}

/// With padding, as every reader takes it.
pub(super) fn in_base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

pub(super) fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

pub(super) fn equal(one: &[u8], other: &[u8]) -> bool {
    verify_slices_are_equal(one, other).is_ok()
}

/// Compares hashes: the time says nothing of the length either.
pub(super) fn is_one_of(said: &str, secrets: &[Secret]) -> bool {
    let said = sha256(said.as_bytes());
    secrets.iter().any(|secret| equal(&said, &sha256(secret.text().as_bytes())))
}
