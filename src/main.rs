//! Runs one command and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    baton::cli::main()
}
