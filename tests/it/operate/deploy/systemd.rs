//! A real systemd, where it runs this machine and we are root: the unit that is shipped, sandbox and all, with a program and a
//! workspace of its own, and a user for as long as it runs.

use super::{deployed, skipped, until_ready};
use crate::eventually::eventually;
use crate::program::{free_port, stdout, told};
use crate::town;
use std::future::ready;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

fn systemctl(arguments: &[&str]) -> Output {
    Command::new("systemctl").args(arguments).output().expect("systemctl runs")
}

/// Until it is dropped, and then nothing is left of it.
struct Unit {
    name: String,
    file: PathBuf,
    workspace: PathBuf,
    address: String,
    // Where the user of the service may read, as neither /tmp nor a home is.
    _place: TempDir,
}

impl Unit {
    fn linked() -> Self {
        let place = tempfile::Builder::new().prefix(".baton-test-").tempdir_in("/var/lib").expect("a folder");
        let (program, workspace) = (place.path().join("baton"), place.path().join("workspace"));
        std::fs::copy(env!("CARGO_BIN_EXE_baton"), &program).expect("the program is copied");
        town::found(&workspace, 2);
        let (name, address) = (format!("baton-test-{}", std::process::id()), format!("127.0.0.1:{}", free_port()));
        let toml = format!("[database]\nurl = \"sqlite:/var/lib/{name}/baton.db\"\n\n[http]\nlisten = \"{address}\"\n");
        std::fs::write(workspace.join("baton.toml"), toml).expect("baton.toml");
        let opened = Command::new("chmod").args(["-R", "a+rX"]).arg(place.path()).status().expect("chmod runs");
        assert!(opened.success());

        let file = Path::new("/run/systemd/system").join(format!("{name}.service"));
        let unit = Self { name, file, workspace, address, _place: place };
        unit.write(&program);
        unit
    }

    /// The shipped one, with names of its own.
    fn write(&self, program: &Path) {
        let Self { name, file, workspace, .. } = self;
        let mut text = deployed("systemd/baton.service");
        for (shipped, ours) in [
            (
                "/usr/bin/baton serve -w /etc/baton\n",
                format!("{} serve -w {}\n", program.display(), workspace.display()),
            ),
            ("User=baton\nGroup=baton\n", "DynamicUser=yes\n".to_owned()),
            ("StateDirectory=baton\n", format!("StateDirectory={name}\n")),
            ("RuntimeDirectory=baton\n", format!("RuntimeDirectory={name}\n")),
            ("WorkingDirectory=/var/lib/baton\n", format!("WorkingDirectory=/var/lib/{name}\n")),
        ] {
            assert!(text.contains(shipped), "the unit does not say {shipped:?}");
            text = text.replace(shipped, &ours);
        }
        std::fs::create_dir_all("/run/systemd/system").expect("a folder for units");
        std::fs::write(file, text).expect("the unit is written");
        self.asked(&["daemon-reload"]);
    }

    /// It must be done.
    fn asked(&self, arguments: &[&str]) {
        let output = systemctl(arguments);
        assert!(output.status.success(), "systemctl {arguments:?}: {}\n{}", told(&output), self.log());
    }

    fn shown(&self, property: &str) -> String {
        stdout(&systemctl(&["show", "--value", "-p", property, &self.name])).trim().to_owned()
    }

    fn log(&self) -> String {
        let output = Command::new("journalctl").args(["--no-pager", "-n", "50", "-u", &self.name]).output();
        output.map(|output| told(&output)).unwrap_or_default()
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        for arguments in
            [["stop", &self.name].as_slice(), &["reset-failed", &self.name], &["clean", "--what=all", &self.name]]
        {
            let _done = systemctl(arguments);
        }
        let _gone = std::fs::remove_file(&self.file);
        let _forgotten = systemctl(&["daemon-reload"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn systemd_starts_the_unit_starts_it_again_when_it_was_killed_and_stops_it() {
    if !Path::new("/run/systemd/system").is_dir() || !rustix::process::geteuid().is_root() {
        skipped("the unit, on a real systemd: it does not run this machine, or we are not root");
        return;
    }
    let unit = Unit::linked();
    // It comes back when the worker has said that it is ready.
    unit.asked(&["start", &unit.name]);
    assert_eq!(unit.shown("ActiveState"), "active", "{}", unit.log());
    until_ready(&unit.workspace, &unit.address).await;

    let first = unit.shown("MainPID");
    let killed = Command::new("kill").args(["-9", &first]).status().expect("kill runs");
    assert!(killed.success());
    let again = || {
        let process = unit.shown("MainPID");
        ready(process != "0" && process != first && unit.shown("ActiveState") == "active")
    };
    eventually("it is started again", again).await;
    until_ready(&unit.workspace, &unit.address).await;
    assert_eq!(unit.shown("NRestarts"), "1", "{}", unit.log());

    unit.asked(&["stop", &unit.name]);
    let end = ["ActiveState", "Result", "ExecMainStatus"].map(|property| unit.shown(property));
    assert_eq!(end, ["inactive", "success", "0"], "{}", unit.log());
}
