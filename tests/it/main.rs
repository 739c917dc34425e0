//! One binary for everything that needs more than the crate: services, stand-ins, files, the program itself.

mod calls;
mod doors;
mod durability;
mod eventually;
#[path = "../../examples/large_workspace/workspace.rs"]
mod large;
mod operate;
mod platforms;
mod product;
mod program;
mod rules;
mod store;
mod town;
mod vendors;
mod worker;
