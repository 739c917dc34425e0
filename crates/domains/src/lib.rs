//! The part of a host name that somebody has registered, by the public suffix list.
//!
//! A crate of its own: the list is eleven thousand functions, an eighth of all that was compiled with each build of the worker
//! and of its tests.

/// `example.co.uk` of `www.example.co.uk`; `None` for a suffix alone. The host is in lower case and ASCII.
#[inline(never)]
pub fn registrable(host: &str) -> Option<&str> {
    psl::domain_str(host)
}
