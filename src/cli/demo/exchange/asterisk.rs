//! A private Asterisk of Debian's packages, unpacked into the user's cache: no root, no service, nothing installed on the machine.
//! The script that does so is built in; it is the one that the tests run.

use crate::cli::unreachable;
use anyhow::{Context, Result};
use baton_phones::asterisk::Asterisk as Exchange;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

const SCRIPT: &str = include_str!("../../../../tests/telephony/asterisk.sh");
/// The newest that can be had.
const VERSIONS: [&str; 2] = ["22", "16"];
const REMEDY: &str = "it is unpacked from Debian's packages, which takes bash, apt-get, dpkg-deb and the keyring of Debian's archive \
    (apt-get install debian-archive-keyring), and an archive of Debian within reach; what is missing is said above. On another \
    system run the demo in a container of Debian, or without --telephony";

/// Where the programs are.
pub(super) struct Installed {
    script: PathBuf,
    asterisk: PathBuf,
    speech: PathBuf,
}

impl Installed {
    /// Finds them in the cache, or fetches them, which takes a minute the first time.
    ///
    /// # Errors
    /// They cannot be had here.
    pub(super) async fn find(scratch: &Path) -> Result<Self> {
        let script = scratch.join("asterisk.sh");
        std::fs::write(&script, SCRIPT).with_context(|| format!("writing {}", script.display()))?;
        for version in VERSIONS {
            // What it says of its way, and of what is missing, is for whoever waits.
            let Ok(run) = bash(&script).args(["install", version, "speech"]).stdout(Stdio::piped()).spawn() else {
                break;
            };
            let Ok(output) = run.wait_with_output().await else { break };
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            let mut folders = told.lines().map(PathBuf::from);
            if let (true, Some(asterisk), Some(speech)) = (output.status.success(), folders.next(), folders.next()) {
                return Ok(Self { script, asterisk, speech });
            }
        }
        Err(unreachable("finding an Asterisk", &REMEDY))
    }

    /// With an endpoint for each phone, by name and port.
    ///
    /// # Errors
    /// It does not come up.
    pub(super) async fn start(&self, scratch: &Path, phones: Vec<(String, u16)>) -> Result<Exchange> {
        let (script, folder, state) = (self.script.clone(), self.asterisk.clone(), scratch.join("asterisk"));
        let starting = tokio::task::spawn_blocking(move || Exchange::start(&script, &folder, &state, &phones));
        starting.await.context("starting Asterisk")?.context("starting Asterisk")
    }

    /// A program that speaks what it reads, and its arguments.
    pub(super) fn voice(&self) -> (String, Vec<String>) {
        let program = self.speech.join("bin/espeak-ng").display().to_string();
        (program, vec!["--stdin".to_owned(), "--stdout".to_owned()])
    }
}

fn bash(script: &Path) -> Command {
    let mut command = Command::new("bash");
    command.arg(script).stdin(Stdio::null());
    command
}
