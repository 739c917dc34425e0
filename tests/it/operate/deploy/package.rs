//! The Debian package: made, installed and started. It takes cargo-deb, which the long run brings.

use super::{asked, left_out, skipped, until_ready};
use crate::eventually::within;
use crate::program::{Process, edit, root};
use crate::store::server::variable;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use tempfile::TempDir;

/// Longer than a worker takes to stop.
const STOPS_WITHIN: Duration = Duration::from_secs(10);

/// `None`, and said, where it cannot be made.
fn made() -> Option<PathBuf> {
    let output = Command::new(root().join("deploy/deb.sh")).args(["--no-build", env!("CARGO_BIN_EXE_baton")]).output();
    let output = output.expect("the script runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(2) && variable("BATON_LONG").is_none() {
        skipped(&format!("the Debian package (`./test long` brings cargo-deb): {}", told.trim()));
        return None;
    }
    assert!(output.status.success(), "{told}");
    let path = String::from_utf8(output.stdout).expect("text");
    Some(PathBuf::from(path.lines().last().expect("where it is").trim()))
}

fn dpkg(program: &str, arguments: &[&str]) -> String {
    let output: Output = Command::new(program).args(arguments).output().expect("dpkg is here, as cargo-deb is");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Into a folder as into a machine, maintainer scripts and all; `None`, and said, where that is not allowed.
fn installed(package: &Path) -> Option<TempDir> {
    let machine = tempfile::tempdir().expect("a folder");
    for folder in ["info", "updates"] {
        std::fs::create_dir_all(machine.path().join("var/lib/dpkg").join(folder)).expect("a folder");
    }
    for file in ["status", "available"] {
        std::fs::write(machine.path().join("var/lib/dpkg").join(file), "").expect("a file");
    }
    let output = Command::new("dpkg")
        .arg(format!("--root={}", machine.path().display()))
        .args(["--force-depends", "--force-script-chrootless", "--log=/dev/null", "-i"])
        .arg(package)
        .output()
        .expect("dpkg runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if told.contains("superuser privilege") {
        left_out("the package, installed into a folder: only root may");
        return None;
    }
    assert!(output.status.success(), "{told}");
    Some(machine)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_package_is_installed_and_its_worker_started() {
    let Some(package) = made() else { return };
    let path = package.to_str().expect("a plain path");
    let depends = dpkg("dpkg-deb", &["-f", path, "Depends"]);
    assert!(depends.contains("libc6") && depends.contains("systemd-standalone-sysusers"), "{depends}");
    let conffiles = dpkg("dpkg-deb", &["-I", path, "conffiles"]);
    for file in ["/etc/baton/baton.toml", "/etc/baton/rules/reps.csv", "/etc/baton/templates/whisper/ring.hbs"] {
        assert!(conffiles.lines().any(|line| line.trim() == file), "{file}, or an upgrade overwrites it: {conffiles}");
    }

    let Some(machine) = installed(&package) else { return };
    let there = |path: &str| machine.path().join(path);
    for file in [
        "usr/bin/baton",
        "usr/lib/systemd/system/baton.service",
        "usr/lib/systemd/system/baton@.service",
        "usr/lib/sysusers.d/baton.conf",
        "usr/lib/tmpfiles.d/baton.conf",
        "usr/share/doc/baton/operate.md",
        "usr/share/baton/grafana/baton.json",
        "usr/share/baton/prometheus/baton.rules.yaml",
        "usr/share/baton/prometheus/prometheus.yml",
    ] {
        assert!(there(file).is_file(), "{file}");
    }
    let users = std::fs::read_to_string(there("etc/passwd")).expect("the users");
    assert!(users.lines().any(|user| user.starts_with("baton:") && user.ends_with("/nologin")), "{users}");
    let wants = there("etc/systemd/system/multi-user.target.wants");
    assert!(!wants.exists(), "nothing is started by installing it");

    // As the unit does; the state lies in this folder and not in that of the machine.
    let (workspace, state) = (there("etc/baton"), there("var/lib/baton"));
    std::fs::create_dir_all(&state).expect("a folder for the state");
    edit(&workspace, "baton.toml", "/var/lib/baton", state.to_str().expect("a plain path"));
    let address = format!("unix:{}", state.join("b.sock").display());
    let mut worker = Process::of(&there("usr/bin/baton"), &workspace, &["--listen", &address], &[]);
    until_ready(&workspace, &address).await;
    assert!(state.join("baton.db").is_file());
    worker.signal("-TERM");
    assert_eq!(within(STOPS_WITHIN, || worker.ended()), Some(Some(0)));
    assert!(!asked(&workspace, &address).status.success());
}
