//! One binary for everything that needs more than the crate: services, stand-ins, files, the program itself.

mod doors;
mod durability;
#[path = "../../examples/large_workspace/workspace.rs"]
mod large;
mod product;
mod rules;
mod store;
mod town;
mod vendors;
mod worker;
