//! One binary for everything that needs more than the crate: services, stand-ins, files, the program itself.

mod amqp;
mod aside;
mod calendarless;
mod calendars;
mod calls;
mod change;
mod chat;
mod check;
mod contract;
#[cfg(feature = "failpoints")]
mod crash;
mod crm;
mod database;
mod demo;
mod door;
mod duty;
mod expectations;
mod fairness;
mod flow;
mod import;
mod init;
mod intake;
#[path = "../../examples/large_workspace/workspace.rs"]
mod large;
mod licences;
mod readme;
mod reload;
mod replay;
mod report;
mod rules;
mod schema;
mod simulation;
mod store;
mod surge;
mod town;
mod waiting;
