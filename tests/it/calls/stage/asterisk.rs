//! Debian's Asterisk with what belongs to it, in folders of a cache, and a private instance of it for each case.

use crate::eventually::found;
use crate::platforms::libraries::printed;
use crate::program::root;
use baton_phones::asterisk::Asterisk;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Below `tests`.
const SCRIPT: &str = "telephony/asterisk.sh";
/// Lines of a log that a test which fails shows.
const SHOWN: usize = 120;

/// Where the programs are.
pub struct Installed {
    version: u32,
    asterisk: PathBuf,
    speech: PathBuf,
}

impl Installed {
    /// `None`, and said loudly, where they cannot be had.
    pub fn find(version: u32) -> Option<Self> {
        let folders = printed(SCRIPT, &["install", &version.to_string(), "speech"], &[])?;
        let mut folders = folders.lines().map(PathBuf::from);
        let (asterisk, speech) = (folders.next().expect("a folder"), folders.next().expect("a second one"));
        Some(Self { version, asterisk, speech })
    }

    /// A program that speaks what it reads.
    pub fn espeak(&self) -> Vec<String> {
        let program = self.speech.join("bin/espeak-ng");
        vec![program.display().to_string(), "--stdin".to_owned(), "--stdout".to_owned()]
    }

    /// Another, with a voice and a rate of its own.
    pub fn flite(&self) -> Vec<String> {
        vec![self.speech.join("bin/flite-to-stdout").display().to_string()]
    }

    /// A phone that is not ours, at this port: it answers, and accepts by a key.
    pub fn sipp_at(&self, port: u16) -> Foreign {
        let mut sipp = Command::new(self.asterisk.join("bin/sipp"));
        sipp.arg("-sf").arg(root().join("tests/telephony/rep.xml")).args([
            "-i",
            "127.0.0.1",
            "-mi",
            "127.0.0.1",
            "-m",
            "1",
        ]);
        sipp.args(["-p", &port.to_string(), "-nostdin", "-timeout", "60s"]).current_dir(std::env::temp_dir());
        let started = sipp.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Foreign(started.expect("sipp starts"))
    }
}

/// A program that is ended with its test.
pub struct Foreign(Child);

impl Foreign {
    /// Whether all went as its scenario says.
    pub async fn was_content(&mut self) -> bool {
        let ended = found("sipp ends", || std::future::ready(self.0.try_wait().expect("its state"))).await;
        ended.success()
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let (_killed, _gone) = (self.0.kill(), self.0.wait());
    }
}

/// With an endpoint for each phone, by name and port.
pub fn started(installed: &Installed, state: &Path, phones: &[(String, u16)]) -> Asterisk {
    let script = root().join("tests").join(SCRIPT);
    let asterisk = Asterisk::start(&script, &installed.asterisk, state, phones).unwrap_or_else(|why| panic!("{why}"));
    name_another_version(installed.version, &asterisk.version);
    asterisk
}

pub fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(SHOWN)..].join("\n")
}

/// Past the test runner's capture.
fn name_another_version(wanted: u32, found: &str) {
    if !found.starts_with(&format!("Asterisk {wanted}.")) {
        let line = format!("\n*** {found} is tested in the place of Asterisk {wanted} ***\n\n");
        std::io::stderr().write_all(line.as_bytes()).expect("stderr takes a line");
    }
}
