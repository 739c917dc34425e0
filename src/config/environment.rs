//! What stands outside of `baton.toml`: the values behind `env:` and `file:` references, and what the process itself is told.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A value, or `env:NAME`, or `file:PATH`. A relative path leads from `$CREDENTIALS_DIRECTORY`, where a service manager or a
/// container puts secrets; without that, from where the process was started. `Debug` shows the reference, never what it stands
/// for.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Reference(pub String);

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", if self.is_elsewhere() { &self.0 } else { "(set)" })
    }
}

/// What a reference may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// A secret that we made up ourselves: whoever guesses it speaks for us.
    OurSecret,
    /// The same, of a platform that may have chosen it, and may sign for several of us with one.
    OfPlatform,
    /// A secret that somebody else gave us: as long as they like.
    TheirSecret,
    /// May be written into the file.
    Plain,
}

/// The shortest secret of ours: 64 bits, written in hexadecimal digits.
const SHORTEST_SECRET: usize = 16;

impl Reference {
    /// What it stands for is not written into the file itself.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.0.starts_with("env:") || self.0.starts_with("file:")
    }

    /// # Errors
    /// The variable is not set, the file cannot be read, or nothing is in it. The message names the reference, never the value.
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    pub fn resolve(&self) -> Result<String> {
        let (value, place) = if let Some(name) = self.0.strip_prefix("env:") {
            let value = std::env::var(name).with_context(|| format!("reading the environment variable {name}"))?;
            (value, format!("the environment variable {name} is set"))
        } else if let Some(path) = self.0.strip_prefix("file:") {
            let credentials = std::env::var("CREDENTIALS_DIRECTORY").ok().filter(|folder| !folder.is_empty());
            // An absolute path stays what it is.
            let path = credentials.map_or_else(|| PathBuf::from(path), |folder| Path::new(&folder).join(path));
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("reading the file {}", path.display()))?;
            (text, format!("the file {} is there", path.display()))
        } else {
            (self.0.clone(), "the value is there".to_owned())
        };
        // An editor's line break or byte order mark is no part of a value.
        let value = value.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        ensure!(!is_blank(value), "{place}, and nothing is in it; allowed: a value, or leave the key out");
        Ok(value.to_owned())
    }

    /// The same for what must not stand in the file itself.
    ///
    /// # Errors
    /// As [`Reference::resolve`], and where the secret itself was written down.
    pub fn secret(&self, name: &str) -> Result<String> {
        self.worth(name, Worth::TheirSecret)
    }

    /// A secret that we made up ourselves.
    ///
    /// # Errors
    /// As [`Reference::secret`], and where it is so short that it can be guessed.
    pub fn our_secret(&self, name: &str) -> Result<String> {
        self.worth(name, Worth::OurSecret)
    }

    /// A secret with which a platform shows that it is the one.
    ///
    /// # Errors
    /// As [`Reference::our_secret`].
    pub fn platform_secret(&self, name: &str) -> Result<String> {
        self.worth(name, Worth::OfPlatform)
    }

    pub(super) fn worth(&self, name: &str, worth: Worth) -> Result<String> {
        if worth != Worth::Plain && !self.is_elsewhere() {
            bail!("{name} holds a secret: write env:NAME or file:PATH instead of the secret itself");
        }
        let value = self.resolve().with_context(|| format!("resolving {name}"))?;
        let length = value.chars().count();
        ensure!(
            !matches!(worth, Worth::OurSecret | Worth::OfPlatform) || length >= SHORTEST_SECRET,
            "resolving {name}: what {} stands for has {length} characters, and whoever guesses it is let in; allowed: \
             {SHORTEST_SECRET} or more, such as the output of `openssl rand -hex 32`",
            self.0
        );
        Ok(value)
    }
}

/// `BATON_ZONEINFO`: a folder of compiled time zones to go by instead of the system's and of those that are built in.
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn zoneinfo() -> Option<PathBuf> {
    std::env::var("BATON_ZONEINFO").ok().filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector, as every program that speaks OpenTelemetry is told of it. Its headers, such as a
/// key, the library takes from `OTEL_EXPORTER_OTLP_HEADERS`.
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub(super) fn otlp_endpoint() -> Option<String> {
    std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").ok().filter(|address| !address.trim().is_empty())
}

/// Who started this process as a service and wants to be told how it goes, as systemd does.
pub struct ServiceManager {
    /// `NOTIFY_SOCKET`.
    pub socket: PathBuf,
    /// `WATCHDOG_USEC`: it ends whoever has said nothing for so long.
    pub watchdog: Option<Duration>,
}

#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn service_manager() -> Option<ServiceManager> {
    let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let socket = said("NOTIFY_SOCKET").map(PathBuf::from)?;
    let is_watched = said("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
    let watchdog = said("WATCHDOG_USEC").filter(|_| is_watched).and_then(|span| span.parse().ok());
    Some(ServiceManager { socket, watchdog: watchdog.map(Duration::from_micros) })
}

/// Who runs this program: their name, or their number where the environment tells none.
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn user_name() -> String {
    let told = |name: &str| std::env::var(name).ok().filter(|user| !user.is_empty());
    let number = || format!("uid {}", rustix::process::getuid().as_raw());
    told("USER").or_else(|| told("LOGNAME")).unwrap_or_else(number)
}

/// What the machine is called that this runs on.
pub fn host_name() -> String {
    // Asked of the kernel: a unit may see nothing of /proc but processes.
    let name = rustix::system::uname().nodename().to_string_lossy().trim().to_owned();
    if name.is_empty() { "unknown".to_owned() } else { name }
}

/// Nothing that a person would see: empty, blanks, controls, characters without width.
pub(super) fn is_blank(text: &str) -> bool {
    !text.chars().any(|c| c.is_alphanumeric() || c.is_ascii_punctuation())
}

/// `BATON_KILL_AT`: where a test wants this process to die (see `failpoint`).
#[cfg(feature = "failpoints")]
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn crash_point() -> Option<String> {
    std::env::var("BATON_KILL_AT").ok()
}

/// `BATON_CLOCK_OFF_MS`: by how much a test wants this process's clock to be off (see `failpoint`).
#[cfg(feature = "failpoints")]
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn clock_off_ms() -> Option<String> {
    std::env::var("BATON_CLOCK_OFF_MS").ok()
}
