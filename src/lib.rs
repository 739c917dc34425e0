//! Baton routes sales leads qualified by voice-AI calls.
//!
//! The code map is the path of a lead: [`intake`] takes it from the broker or over HTTP into the inbox, [`facts`] gathers
//! what may be known in time, [`deciding`] has it decided and stores what follows, [`outbox`] acts through [`connectors`],
//! [`chat`] hears what reps answer there, [`reports`] says how well it went, [`rehearse`] what rules would do. [`store`] holds all SQL, [`render`] what is written to people; [`web`] and [`cli`] are
//! doors, [`mcp`] what agents and assistants speak at them; [`app`] alone wires things together.
//!
//! The judgement is in the crate `baton_core`, which cannot act: the nouns, the rules, and two pure functions,
//! `routing::decide` and `handoff::advance`. `baton_import` makes rules of what other systems export, `baton_platforms` makes
//! events of what voice platforms send, `baton_sandbox` is a world to try it in, `baton_domains` knows which part of a host name
//! was registered, and `baton_clock` alone reads the clock.
#![warn(unreachable_pub)]
#![allow(clippy::disallowed_types, reason = "hash maps are banned where decisions are made, in baton_core")]

pub mod app;
pub mod chat;
pub mod cli;
pub mod config;
pub mod connectors;
pub mod deciding;
pub mod facts;
#[cfg(feature = "failpoints")]
pub mod failpoint;
pub mod intake;
pub mod mcp;
pub mod outbox;
pub mod rehearse;
pub mod release;
pub mod render;
pub mod reports;
pub mod store;
pub mod telemetry;
pub mod web;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
