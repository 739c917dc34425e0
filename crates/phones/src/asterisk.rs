//! A private instance of Debian's Asterisk, by `tests/telephony/asterisk.sh`, which says what it takes and gives.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Below this crate.
const SCRIPT: &str = "../../tests/telephony/asterisk.sh";

/// Ended with the value.
pub struct Asterisk {
    /// As it names itself: `Asterisk 22.5.2~…`.
    pub version: String,
    pub ari: SocketAddr,
    pub sip: SocketAddr,
    pub password: String,
    pub sounds: PathBuf,
    log: PathBuf,
    state: PathBuf,
}

impl Asterisk {
    /// The one that is installed in `folder`, with an endpoint for each phone, by name and port; several may be at one port.
    ///
    /// # Panics
    /// It does not come up.
    pub fn start(folder: &Path, state: &Path, phones: &[(String, u16)]) -> Self {
        let mut command = script();
        command.arg("start").arg(folder).arg(state);
        let output = command.args(phones.iter().map(|(name, port)| format!("{name}={port}"))).output();
        let output = output.unwrap_or_else(|error| panic!("{SCRIPT}: {error}"));
        assert!(output.status.success(), "{SCRIPT}: {}", String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8(output.stdout).expect("text");
        let value = |name: &str| {
            let named = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            named.unwrap_or_else(|| panic!("no {name}: {told}")).to_owned()
        };
        let address = |name| value(name).parse().expect("an address");
        Self {
            version: value("VERSION"),
            ari: address("ARI"),
            sip: address("SIP"),
            password: value("PASSWORD"),
            sounds: value("SOUNDS").into(),
            log: value("LOG").into(),
            state: state.to_owned(),
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Asterisk {
    fn drop(&mut self) {
        let _gone = script().arg("stop").arg(&self.state).status();
    }
}

fn script() -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(SCRIPT))
}
