//! Words as files that Asterisk plays: made while a phone rings, each for one leg or one caller, and gone with them.
//!
//! The name of a file is whom it is for and a digest of the words: whatever is asked for twice is made once, by whichever worker.
//! It appears whole or not at all, and not once the call is over. Where the words are not ready in time, or nothing speaks, a
//! recorded sentence takes their place.
//! If the process dies here, the next to listen sweeps what nobody needs.

use super::ari::VENDOR;
use crate::connectors::VendorError;
use crate::connectors::speech::{Sound, Speech};
use baton_core::domain::text::Whisper;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::fs;
use tokio::sync::watch;

/// A rep who has answered, or a caller, hears nothing meanwhile.
const READY_WITHIN: Duration = Duration::from_millis(1500);
/// What is younger may be for a phone that is about to ring.
const SWEPT_AFTER: Duration = Duration::from_secs(120);
/// Every file of ours begins so.
const OURS: &str = "baton-";
/// Asterisk may be another user's.
const READABLE: u32 = 0o644;

/// What is said where words of our own cannot be, spoken by espeak-ng (Debian's, voice en-us) and kept as mu-law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recorded {
    /// "A lead from Baton. Press one to take the call, two to pass."
    Lead,
    /// "Nobody can take your call at this moment. Somebody will be in touch with you. Thank you, and goodbye."
    Goodbye,
    /// "What came of it? Press 1, qualified; 2, not now; 3, not reached; 4, wrong person."
    CameOf,
    /// "They were not reached. Press 3 to note it, or 4 for the wrong person."
    NotReached,
}

impl Recorded {
    const ALL: [Self; 4] = [Self::Lead, Self::Goodbye, Self::CameOf, Self::NotReached];

    fn name(self) -> &'static str {
        match self {
            Self::Lead => "a-lead",
            Self::Goodbye => "goodbye",
            Self::CameOf => "came-of",
            Self::NotReached => "not-reached",
        }
    }

    fn samples(self) -> &'static [u8] {
        match self {
            Self::Lead => include_bytes!("../../../telephony/asterisk/sounds/a-lead.ulaw"),
            Self::Goodbye => include_bytes!("../../../telephony/asterisk/sounds/goodbye.ulaw"),
            Self::CameOf => include_bytes!("../../../telephony/asterisk/sounds/came-of.ulaw"),
            Self::NotReached => include_bytes!("../../../telephony/asterisk/sounds/not-reached.ulaw"),
        }
    }
}

type Making = watch::Receiver<Option<bool>>;

pub(super) struct Voice {
    folder: PathBuf,
    speech: Option<Arc<dyn Speech>>,
    /// What is being made, by its file.
    making: Arc<Mutex<BTreeMap<PathBuf, Making>>>,
}

impl Voice {
    pub(super) fn new(folder: PathBuf, speech: Option<Arc<dyn Speech>>) -> Self {
        Self { folder, speech, making: Arc::default() }
    }

    /// Begins to make these words, if anything speaks, and waits for nothing.
    pub(super) fn prepare(&self, owner: &str, words: &str, language: &str) {
        let _nobody_waits = self.begin(owner, words, language);
    }

    /// The words, to be played; `None` where they are not ready in time, or nothing speaks.
    pub(super) async fn ready(&self, owner: &str, words: &str, language: &str) -> Option<String> {
        let file = self.file(owner, words, language);
        if fs::try_exists(&file).await.unwrap_or(false) {
            return Some(media(&file));
        }
        let mut making = self.begin(owner, words, language)?;
        let made = tokio::time::timeout(READY_WITHIN, making.wait_for(Option::is_some)).await;
        match made {
            Ok(Ok(made)) if *made == Some(true) => Some(media(&file)),
            Ok(_) => None,
            Err(_) => {
                tracing::warn!(waited_ms = READY_WITHIN.as_millis(), "words were not spoken in time");
                None
            }
        }
    }

    /// The words, to be played, or this sentence in their place.
    pub(super) async fn ready_or(&self, owner: &str, words: &Whisper, which: Recorded) -> Result<String, VendorError> {
        match self.ready(owner, &words.say.0, &words.language).await {
            Some(media) => Ok(media),
            None => self.recorded(which).await,
        }
    }

    /// A sentence that needs nobody to speak it.
    pub(super) async fn recorded(&self, which: Recorded) -> Result<String, VendorError> {
        let file = self.folder.join(format!("{OURS}{}.ulaw", which.name()));
        if !fs::try_exists(&file).await.unwrap_or(false) {
            write(&file, which.samples()).await.map_err(|error| self.unwritable(&error))?;
        }
        Ok(media(&file))
    }

    /// Whether files can be put there, by putting there what was recorded.
    pub(super) async fn check(&self) -> Result<(), VendorError> {
        fs::create_dir_all(&self.folder).await.map_err(|error| self.unwritable(&error))?;
        for recorded in Recorded::ALL {
            self.recorded(recorded).await?;
        }
        Ok(())
    }

    /// Nobody needs what was made for this leg or caller any more.
    pub(super) async fn forget(&self, owner: &str) {
        let begins = format!("{OURS}{}-", plain(owner));
        let is_theirs =
            |file: &Path| file.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with(&begins));
        self.making.lock().unwrap_or_else(PoisonError::into_inner).retain(|file, _| !is_theirs(file));
        self.remove(|name, _| name.starts_with(&begins)).await;
    }

    /// Nor what was made for anybody else than these, but for what is new.
    pub(super) async fn sweep(&self, owners: &[String]) {
        let kept: Vec<String> = owners.iter().map(|owner| format!("{OURS}{}-", plain(owner))).collect();
        let is_over = |name: &str, age: Duration| {
            !name.ends_with(".ulaw") && age > SWEPT_AFTER && !kept.iter().any(|kept| name.starts_with(kept))
        };
        self.remove(is_over).await;
    }

    async fn remove(&self, goes: impl Fn(&str, Duration) -> bool) {
        let Ok(mut files) = fs::read_dir(&self.folder).await else { return };
        while let Ok(Some(file)) = files.next_entry().await {
            let name = file.file_name();
            let Some(name) = name.to_str().filter(|name| name.starts_with(OURS)) else { continue };
            let written = file.metadata().await.and_then(|about| about.modified()).ok();
            let age = written.and_then(|at| at.elapsed().ok()).unwrap_or_default();
            if goes(name, age)
                && let Err(error) = fs::remove_file(file.path()).await
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(%error, "a sound of a call that is over could not be removed");
            }
        }
    }

    fn begin(&self, owner: &str, words: &str, language: &str) -> Option<Making> {
        let speech = Arc::clone(self.speech.as_ref()?);
        let (file, words, language) = (self.file(owner, words, language), words.to_owned(), language.to_owned());
        let mut making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(begun) = making.get(&file) {
            return Some(begun.clone());
        }
        let (told, begun) = watch::channel(None);
        making.insert(file.clone(), begun.clone());
        let all = Arc::clone(&self.making);
        tokio::spawn(async move {
            let is_wanted = || all.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&file);
            let made = match speech.speak(&words, &language).await {
                Ok(sound) if is_wanted() => put(&file, &sound).await,
                other => other.map(drop),
            };
            // Forgotten while it was made, or put there: nobody would remove it.
            if !is_wanted() {
                let _gone = fs::remove_file(&file).await;
            } else if let Err(why) = &made {
                tracing::warn!(%why, "words could not be spoken: a recorded sentence takes their place");
            }
            all.lock().unwrap_or_else(PoisonError::into_inner).remove(&file);
            told.send_replace(Some(made.is_ok()));
        });
        Some(begun)
    }

    fn file(&self, owner: &str, words: &str, language: &str) -> PathBuf {
        let digest = Sha256::digest(format!("{language} {words}").as_bytes());
        let digest: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(format!("{OURS}{}-{digest}.wav", plain(owner)))
    }

    fn unwritable(&self, error: &io::Error) -> VendorError {
        let folder = self.folder.display();
        let why = format!(
            "telephony.sounds is {folder}, where nothing can be written ({error}): name a folder of ours that it reads"
        );
        VendorError::amiss(VENDOR, why)
    }
}

/// As the name of a file.
fn plain(owner: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
    owner.chars().map(|c| if is_plain(c) { c } else { '_' }).collect()
}

/// Without its ending: Asterisk takes the form that costs it least.
fn media(file: &Path) -> String {
    format!("sound:{}", file.with_extension("").display())
}

async fn put(file: &Path, sound: &Sound) -> Result<(), VendorError> {
    let written = write(file, &sound.to_wav()).await;
    written.map_err(|error| VendorError::needs_person(VENDOR, format!("telephony.sounds cannot be written: {error}")))
}

/// Whole or not at all: who looks for it beside us must not find half of it.
async fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let nonce: [u8; 4] = baton_clock::random_bytes();
    let part = file.with_extension(format!("part{:08x}", u32::from_be_bytes(nonce)));
    fs::write(&part, bytes).await?;
    fs::set_permissions(&part, Permissions::from_mode(READABLE)).await?;
    fs::rename(&part, file).await
}
