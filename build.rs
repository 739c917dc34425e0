//! Has the linker make the program smaller: it packs what is written down of addresses that move with the program, four megabytes, and
//! keeps one of functions that came out alike, most of another. A linker that cannot is not asked to.

use std::path::PathBuf;
use std::process::Command;

/// The C library reads the packed form since glibc 2.36 (2022). A linker that does not know the flag says so and goes on.
const PACKS: &str = "-Wl,-z,pack-relative-relocs";
/// Known to lld, mold and gold; the linker of GNU takes it for an error.
const FOLDS: &str = "-Wl,--icf=all";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if said("CARGO_CFG_TARGET_OS") != "linux" || said("CARGO_CFG_TARGET_ENV") != "gnu" {
        return;
    }
    println!("cargo:rustc-link-arg-bins={PACKS}");
    if said("PROFILE") == "release" && can_fold() {
        println!("cargo:rustc-link-arg-bins={FOLDS}");
    }
}

#[expect(clippy::disallowed_methods, reason = "cargo says by the environment what is built")]
fn said(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// An empty program is linked so, as the whole one will be.
fn can_fold() -> bool {
    let folder = PathBuf::from(said("OUT_DIR"));
    let source = folder.join("empty.rs");
    if std::fs::write(&source, "fn main() {}").is_err() {
        return false;
    }
    let mut rustc = Command::new(said("RUSTC"));
    rustc.arg(source).arg("-o").arg(folder.join("empty")).arg("--target").arg(said("TARGET"));
    rustc.arg("-C").arg(format!("link-arg={FOLDS}"));
    let linker = said("RUSTC_LINKER");
    if !linker.is_empty() {
        rustc.arg("-C").arg(format!("linker={linker}"));
    }
    rustc.args(said("CARGO_ENCODED_RUSTFLAGS").split('\u{1f}').filter(|flag| !flag.is_empty()));
    rustc.output().is_ok_and(|ended| ended.status.success())
}
