//! The program as people run it, and the folders in which they do.

pub mod served;

use crate::store::server::variable;
use baton_core::rules::SourceFile;
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

/// The folder of the package, in which tests run.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// `baton` with these arguments, to its end.
pub fn baton(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_baton")).args(arguments).output().expect("baton runs")
}

pub fn code(output: &Output) -> u8 {
    u8::try_from(output.status.code().expect("it ended by itself")).expect("a small number")
}

/// Data and talk.
pub fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &stderr(output)
}

/// The talk of a run.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The data of a run that succeeded.
pub fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", told(output));
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// The data of a run, whatever came of it.
pub fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", told(output)))
}

/// What lies in a folder, in order.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for path in entries(from) {
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}

/// Puts a text in place of another, which must stand in the file.
pub fn edit(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).expect("a file of the workspace");
    assert!(text.contains(from), "{file} does not contain {from:?}");
    std::fs::write(path, text.replace(from, to)).expect("it is written");
}

/// The rule files in a folder, as `rules/NAME`.
pub fn rule_files(folder: &Path) -> Vec<SourceFile> {
    let files = entries(folder).into_iter().filter(|path| path.is_file());
    let read = |path: PathBuf| SourceFile {
        text: std::fs::read_to_string(&path).expect("text"),
        path: format!("rules/{}", path.file_name().expect("a name").to_string_lossy()),
    };
    files.map(read).collect()
}

/// Holds a text against the one below `fixtures/golden` that was reviewed; `UPDATE_GOLDEN=1` writes that anew.
pub fn is_as_reviewed(name: &str, found: &str) {
    let path = root().join("fixtures/golden").join(name);
    if variable("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, found).expect("it is written");
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, reviewed, "fixtures/golden/{name}: UPDATE_GOLDEN=1 writes it anew");
}

/// Holds schemas, as the code says them, against those that are committed in a folder; `remedy` is what to do where they
/// have drifted.
pub fn have_not_drifted<S: Serialize>(folder: &str, remedy: &str, schemas: impl IntoIterator<Item = (String, S)>) {
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut drifted = Vec::new();
    for (name, schema) in schemas {
        let expected = format!("{}\n", serde_json::to_string_pretty(&schema).expect("a schema is JSON"));
        if std::fs::read_to_string(root().join(folder).join(&name)).unwrap_or_default() != expected {
            std::fs::write(fresh.join(&name), expected).expect("a place for the fresh schema");
            drifted.push(name);
        }
    }
    assert!(drifted.is_empty(), "look at the change, then {remedy} ({drifted:?} are in {})", fresh.display());
}

/// A port that was free a moment ago, and not one of those that the system gives to whoever asks for any (from 32768 on), nor of those of
/// `tests/services.sh`: nobody takes it before it is used.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Each test is a process of its own.
    let from = std::process::id().wrapping_mul(61);
    let ports = std::iter::repeat_with(|| 10_000 + (from.wrapping_add(NEXT.fetch_add(1, Relaxed)) % 10_000) as u16);
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.take(10_000).find(is_free).expect("a free port")
}

/// `baton serve` on a folder, from another one; what it logs stands in `log` there. A test that fails leaves none behind.
pub struct Process(Child);

impl Process {
    pub fn serve(folder: &Path, level: &str, env: &[(&str, &str)]) -> Self {
        Self::serve_with(folder, &["--log", level], env)
    }

    /// The same with these arguments.
    pub fn serve_with(folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> Self {
        Self::of(Path::new(env!("CARGO_BIN_EXE_baton")), folder, arguments, env)
    }

    /// The same of another program, such as one that was installed.
    pub fn of(program: &Path, folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> Self {
        let log = std::fs::File::options().append(true).create(true).open(folder.join("log")).expect("a log");
        let mut command = Command::new(program);
        command.arg("serve").args(arguments).arg("-w").arg(folder).envs(env.iter().copied());
        command.current_dir(std::env::temp_dir()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Self(command.spawn().expect("the worker starts"))
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// With which code it has ended, if it has; a signal has none.
    pub fn ended(&mut self) -> Option<Option<i32>> {
        self.0.try_wait().expect("its state").map(|status| status.code())
    }

    /// As `kill -9` does.
    pub fn kill(&mut self) {
        let (_killed, _gone) = (self.0.kill(), self.0.wait());
    }

    /// `-TERM`, `-HUP`.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
