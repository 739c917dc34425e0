//! One binary for everything that needs more than the crate: services, stand-ins, files, the program itself.

mod amqp;
mod change;
mod chat;
mod contract;
#[cfg(feature = "failpoints")]
mod crash;
mod crm;
mod flow;
mod import;
mod intake;
#[path = "../../examples/large_workspace/workspace.rs"]
mod large;
mod readme;
mod report;
mod rules;
mod simulation;
mod store;
mod town;
