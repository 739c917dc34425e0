//! How leads come in and people look in: the event contract, the broker, the program's own door.

pub mod amqp;
mod console;
mod door;
mod intake;
mod mcp;
pub mod platforms;
