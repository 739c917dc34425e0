//! Baton routes sales leads qualified by voice-AI calls.
//!
//! The code map is the path of a lead: [`intake`] takes it from the broker or over HTTP and commits it, [`facts`]
//! gathers what may be known in time, [`rules`] says what people wrote, [`routing`] decides
//! ([`rehearsal`] tries it on made-up leads, [`import`] makes rules of what other systems export), [`handoff`] follows the
//! call, [`outbox`] acts through [`connectors`], [`reports`] says how well it went. [`domain`] holds the nouns, [`store`]
//! all SQL, [`render`] what is written to people; [`web`] and [`cli`] are doors; [`sandbox`] is a world to try it in;
//! [`app`] alone wires things together.
//!
//! Two pure functions hold the judgement: `routing::decide` and `handoff::advance`. Everything else feeds them or
//! carries out what they return.
#![allow(
    clippy::disallowed_types,
    reason = "hash maps are banned in the pure modules only, which deny this lint again"
)]

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connectors;
pub mod domain;
pub mod facts;
#[cfg(feature = "failpoints")]
pub mod failpoint;
pub mod handoff;
pub mod import;
pub mod intake;
pub mod outbox;
pub mod rehearsal;
pub mod release;
pub mod render;
pub mod reports;
pub mod routing;
pub mod rules;
pub mod sandbox;
pub mod store;
pub mod telemetry;
pub mod web;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
