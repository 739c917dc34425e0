//! A program of this machine that speaks: words on its input, one WAV on its output. No shell stands between. `{language}` in one of
//! its arguments is that of the words.
//!
//! Guarantees: it has so much time, and what it prints is bounded; when its time is over, or nobody waits any more, it is killed
//! with all that it has started. No more than [`AT_ONCE`] run at once; who waits for a turn is told so by nothing but the time.
//! What it complains of is told without the words that it was to speak: they are somebody's.
//!
//! Its output is a pipe. flite goes back in what it has written, and needs a file (`init/baton.toml` shows how).

use super::{Sound, Speech, VENDOR, heard, one_line};
use crate::connectors::VendorError;
use async_trait::async_trait;
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeSet;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::Semaphore;

/// More would take the processor from each other, and from the leads.
const AT_ONCE: usize = 4;
/// A minute and a half in the best quality: nobody listens for so long.
const LONGEST_SOUND: u64 = 8 * 1024 * 1024;
/// What is kept of its complaints, in bytes, and what is told of them, in characters.
const KEPT_COMPLAINT: u64 = 16 * 1024;
const TOLD_COMPLAINT: usize = 200;

pub struct ProgramSpeech {
    program: String,
    arguments: Vec<String>,
    within: Duration,
    turns: Semaphore,
}

/// What a program left behind.
struct Ended {
    status: ExitStatus,
    printed: Vec<u8>,
    complaint: Vec<u8>,
}

impl ProgramSpeech {
    pub fn new(program: String, arguments: Vec<String>, within: Duration) -> Self {
        Self { program, arguments, within, turns: Semaphore::new(AT_ONCE) }
    }

    async fn run(&self, words: &str, language: &str) -> Result<Ended, VendorError> {
        let mut running = self.start(language)?;
        let Running(child) = &mut running;
        let input = child.stdin.take().expect("it is piped");
        let output = child.stdout.take().expect("it is piped");
        let errors = child.stderr.take().expect("it is piped");
        // All at once: a program that waits for us while we wait for it would never end.
        let ((), printed, complaint) =
            tokio::try_join!(tell(input, words), self.printed(output), self.complaint(errors))?;
        // Only now: until it has been waited for, its number is its own, and what it has started can be killed by it.
        let status = child.wait().await.map_err(|error| self.lost(&error))?;
        Ok(Ended { status, printed, complaint })
    }

    fn start(&self, language: &str) -> Result<Running, VendorError> {
        let mut command = Command::new(&self.program);
        let arguments = self.arguments.iter().map(|argument| argument.replace("{language}", language));
        command.args(arguments).process_group(0).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map(Running).map_err(|error| self.unstartable(&error))
    }

    async fn printed(&self, output: ChildStdout) -> Result<Vec<u8>, VendorError> {
        let mut printed = Vec::new();
        output.take(LONGEST_SOUND + 1).read_to_end(&mut printed).await.map_err(|error| self.lost(&error))?;
        if printed.len() as u64 > LONGEST_SOUND {
            let why = format!("{:?} prints more than {LONGEST_SOUND} bytes; allowed: one WAV", self.program);
            return Err(VendorError::needs_person(VENDOR, why));
        }
        Ok(printed)
    }

    /// The beginning of it; the rest is read and dropped, so that nobody waits for us to read it.
    async fn complaint(&self, errors: ChildStderr) -> Result<Vec<u8>, VendorError> {
        let (mut complaint, mut errors) = (Vec::new(), errors.take(KEPT_COMPLAINT));
        errors.read_to_end(&mut complaint).await.map_err(|error| self.lost(&error))?;
        let rest = tokio::io::copy(&mut errors.into_inner(), &mut tokio::io::sink()).await;
        rest.map_err(|error| self.lost(&error))?;
        Ok(complaint)
    }

    async fn sound(&self, ended: Ended, words: &str) -> Result<Sound, VendorError> {
        let Ended { status, printed, complaint } = ended;
        let said = last_line(&complaint, words);
        let said = if said.is_empty() { said } else { format!(" and said {said:?}") };
        if !status.success() {
            let why = format!(
                "{:?} ended with {status}{said}; allowed: a speech.program that reads words and prints one WAV",
                self.program
            );
            return Err(VendorError::needs_person(VENDOR, why));
        }
        let read = heard(printed).await.map_err(|error| self.lost(&error))?;
        read.map_err(|found| VendorError::needs_person(VENDOR, format!("{:?}{said} printed {found}", self.program)))
    }

    fn unstartable(&self, error: &io::Error) -> VendorError {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput => {
                let why = format!(
                    "speech.program is {:?}, which cannot be run ({error}); allowed: a program that is installed, by its name \
                     or its whole path",
                    self.program
                );
                VendorError::needs_person(VENDOR, why)
            }
            // Too many processes, no memory.
            _ => self.lost(error),
        }
    }

    fn lost(&self, error: &dyn std::error::Error) -> VendorError {
        VendorError::retry(VENDOR, format!("{:?} could not be run: {error}", self.program))
    }
}

#[async_trait]
impl Speech for ProgramSpeech {
    async fn speak(&self, words: &str, language: &str) -> Result<Sound, VendorError> {
        // The line's end is for those who read by lines.
        let words = one_line(words) + "\n";
        let _turn = self.turns.acquire().await.expect("they are never closed");
        let ended = tokio::time::timeout(self.within, self.run(&words, language)).await.map_err(|_| {
            let within = self.within.as_secs_f32();
            VendorError::retry(VENDOR, format!("{:?} has not spoken within {within} s (speech.within)", self.program))
        })??;
        self.sound(ended, &words).await
    }
}

/// A program that has all that it needs reads no further, and that is no fault.
async fn tell(mut input: ChildStdin, words: &str) -> Result<(), VendorError> {
    let _taken = input.write_all(words.as_bytes()).await;
    Ok(())
}

/// Killed with all that it has started, unless it has ended.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let group = self.0.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(group) = group {
            // It may have ended just now.
            let _gone = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Of a complaint, where the fault is named, without those of the words that it repeats.
fn last_line(complaint: &[u8], words: &str) -> String {
    let is_apart = |c: char| !c.is_alphanumeric();
    let spoken: BTreeSet<String> = words.split(is_apart).map(str::to_lowercase).collect();
    let text = String::from_utf8_lossy(complaint);
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    let told = line.split_inclusive(is_apart).flat_map(|part| {
        let word = part.trim_end_matches(is_apart);
        let is_spoken = !word.is_empty() && spoken.contains(&word.to_lowercase());
        [if is_spoken { "…" } else { word }, &part[word.len()..]]
    });
    told.flat_map(str::chars).filter(|c| !c.is_control()).take(TOLD_COMPLAINT).collect()
}

#[cfg(test)]
mod tests;
