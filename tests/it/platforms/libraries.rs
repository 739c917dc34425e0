//! Other people's libraries at work: scripts below `tests`, which install what they need once (`libraries.sh`).

use crate::program::root;
use crate::store::server::variable;
use std::io::Write as _;
use std::process::Command;

/// The code with which a script says that its libraries cannot be had here.
const CANNOT_BE_HAD: i32 = 2;

/// What a script prints that succeeds; `env` is added to its surroundings. `None`, and said past the test runner's capture,
/// where its libraries cannot be had.
///
/// # Panics
/// The script fails, or the libraries are missing under `CI=true`.
pub fn printed(script: &str, arguments: &[&str], env: &[(&str, &str)]) -> Option<String> {
    let path = root().join("tests").join(script);
    let output = Command::new(&path).args(arguments).envs(env.iter().copied()).current_dir(root()).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(CANNOT_BE_HAD) {
        assert!(variable("CI").as_deref() != Some("true"), "in CI every library is to be had: {told}");
        let line = format!("\n*** SKIPPED: tests/{script}: {} ***\n\n", told.trim());
        std::io::stderr().write_all(line.as_bytes()).expect("stderr takes a line");
        return None;
    }
    assert!(output.status.success(), "tests/{script}: {told}");
    Some(String::from_utf8(output.stdout).expect("text"))
}
