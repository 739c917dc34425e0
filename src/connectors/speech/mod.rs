//! Words made to sound, as a telephone has it.

mod http;
mod program;
mod rate;
mod wav;

pub use http::{HttpSpeech, HttpVoice};
pub use program::ProgramSpeech;

use super::{VendorError, markup};
use async_trait::async_trait;
use baton_core::domain::text::visible;
use std::fmt;
use tokio::task::{JoinError, spawn_blocking};

const VENDOR: &str = "speech";

/// One voice, at 8,000 samples a second.
pub struct Sound {
    pub samples: Vec<i16>,
}

/// Never printed: it is made of personal data.
impl fmt::Debug for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} samples]", self.samples.len())
    }
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
    /// Takes as long as it takes, up to a limit of its own. Said twice, it is made twice. `language`: in which the words are written,
    /// a lower-case primary tag.
    async fn speak(&self, words: &str, language: &str) -> Result<Sound, VendorError>;
}

/// Nothing but what can be read out.
fn one_line(words: &str) -> String {
    markup::one_line(&visible(words))
}

/// What was found instead of sound, and what is allowed, is the inner error.
async fn heard(bytes: Vec<u8>) -> Result<Result<Sound, String>, JoinError> {
    let read = move || wav::read(&bytes).map(|wav| Sound { samples: rate::to_telephone(wav.samples, wav.rate) });
    // Milliseconds, and longer for who speaks for long: others need this thread.
    spawn_blocking(read).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let sound = Sound { samples: vec![0, 1, -1, i16::MAX, i16::MIN] };
        let wav = sound.to_wav();
        assert_eq!((wav.len(), &wav[4..8], &wav[40..44]), (54, &46u32.to_le_bytes()[..], &10u32.to_le_bytes()[..]));
        let read = wav::read(&wav).expect("it is one");
        assert_eq!((read.rate, read.samples), (rate::TELEPHONE, sound.samples));
    }
}
