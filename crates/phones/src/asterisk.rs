//! A private instance of Debian's Asterisk, by `tests/telephony/asterisk.sh`, which says what it takes and gives.

use std::io::{Error, Result};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Ended with the value.
pub struct Asterisk {
    /// As it names itself: `Asterisk 22.5.2~…`.
    pub version: String,
    pub ari: SocketAddr,
    pub sip: SocketAddr,
    pub password: String,
    pub sounds: PathBuf,
    /// Where it writes what it sees.
    pub log_file: PathBuf,
    script: PathBuf,
    state: PathBuf,
}

impl Asterisk {
    /// The one that is installed in `folder`, by this script, with an endpoint for each phone, by name and port; several may be at
    /// one port. Comes back when it is up, after a second or some.
    ///
    /// # Errors
    /// It does not come up, with what the script says of it.
    pub fn start(script: &Path, folder: &Path, state: &Path, phones: &[(String, u16)]) -> Result<Self> {
        let mut command = bash(script);
        command.arg("start").arg(folder).arg(state);
        let output = command.args(phones.iter().map(|(name, port)| format!("{name}={port}"))).output()?;
        let fault = |what: &str, told: &[u8]| {
            Error::other(format!("{}: {what}: {}", script.display(), String::from_utf8_lossy(told).trim()))
        };
        if !output.status.success() {
            return Err(fault("Asterisk did not come up", &output.stderr));
        }
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let value = |name: &str| {
            let named = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            named.map(str::to_owned).ok_or_else(|| fault(&format!("no {name}"), told.as_bytes()))
        };
        let address = |name: &str| -> Result<SocketAddr> {
            value(name)?.parse().map_err(|_| fault(&format!("{name} is no address"), told.as_bytes()))
        };
        Ok(Self {
            version: value("VERSION")?,
            ari: address("ARI")?,
            sip: address("SIP")?,
            password: value("PASSWORD")?,
            sounds: value("SOUNDS")?.into(),
            log_file: value("LOG")?.into(),
            script: script.to_owned(),
            state: state.to_owned(),
        })
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log_file).unwrap_or_default()
    }
}

impl Drop for Asterisk {
    fn drop(&mut self) {
        let _gone = bash(&self.script).arg("stop").arg(&self.state).status();
    }
}

fn bash(script: &Path) -> Command {
    let mut command = Command::new("bash");
    command.arg(script);
    command
}
