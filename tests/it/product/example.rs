//! The example of a voice platform, as it stands in `examples/`.

use crate::program::served::{Served, get, workspace};
use crate::program::{free_port, root};
use crate::store::server::variable;
use std::process::Command;

const EXAMPLE: &str = "examples/agent_mode.py";
const LINES_AT_MOST: usize = 50;

#[test]
fn a_platform_of_fifty_lines_puts_its_caller_through() {
    let text = std::fs::read_to_string(root().join(EXAMPLE)).expect("the example");
    assert!(text.lines().count() <= LINES_AT_MOST, "{} lines", text.lines().count());
    if Command::new("python3").arg("--version").output().is_err() {
        assert!(variable("CI").as_deref() != Some("true"), "in CI there is Python");
        return;
    }
    let (port, platform) = (free_port(), free_port());
    let toml = format!("[telephony]\nmode = \"agent\"\ncommands = \"http://127.0.0.1:{platform}\"\n");
    let served = Served::on(workspace(port, 2, &toml), port, "info", &[]);
    let base = format!("http://127.0.0.1:{port}");
    let ran = Command::new("python3").arg(root().join(EXAMPLE)).arg(base).arg(platform.to_string()).output();
    let ran = ran.expect("it starts");
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{told}{}\n{}", String::from_utf8_lossy(&ran.stderr), served.log());
    let line = |start: &str| told.lines().position(|line| line.starts_with(start));
    let order = [line("ring +"), line("whisper "), line("join")];
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{told}");
    assert!(line("say One moment").is_some(), "{told}");
    let found = served.ask(&get("/v1/leads?call=call-1&platform=example", None)).json();
    assert_eq!(found["leads"].as_array().map(Vec::len), Some(1), "{found}");
}
