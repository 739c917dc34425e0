//! Words made to sound.

use super::VendorError;
use async_trait::async_trait;

/// One voice, at 8,000 samples a second.
pub struct Sound {
    pub samples: Vec<i16>,
}

impl Sound {
    /// 16 bits, one channel.
    pub fn to_wav(&self) -> Vec<u8> {
        let length = u32::try_from(self.samples.len() * 2).unwrap_or(u32::MAX - 36);
        let mut wav = Vec::with_capacity(44 + self.samples.len() * 2);
        wav.extend_from_slice(b"RIFF");
        wav.extend_from_slice(&(36 + length).to_le_bytes());
        wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data");
        wav.extend_from_slice(&length.to_le_bytes());
        wav.extend(self.samples.iter().flat_map(|sample| sample.to_le_bytes()));
        wav
    }
}

#[async_trait]
pub trait Speech: Send + Sync {
    async fn speak(&self, words: &str) -> Result<Sound, VendorError>;
}
