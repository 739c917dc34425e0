//! Packs what the linker writes down of addresses that move with the program: of a program of this size, four megabytes. A linker
//! that does not know the flag says so and goes on; the C library reads the packed form since glibc 2.36 (2022).

#[expect(clippy::disallowed_methods, reason = "cargo says by the environment what is built")]
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
