//! What voice platforms send, as events of ours, and words of ours as the answers that they read.
//!
//! Values in, values out: no runtime, no socket, no clock. [`signature`] says whether a request comes from the platform that it
//! names; a [`Mapping`], which is a file that anybody may write, says what it means; [`Heard::answer`] makes an answer of the words
//! for whoever is on the line. What a platform adds to its requests changes nothing here, and what it leaves out is unknown.
//! [`twilio`] names the addresses at which a carrier asks what its calls do next.
#![warn(unreachable_pub)]
#![deny(clippy::disallowed_types)]

mod answer;
pub mod facts;
mod hear;
pub mod live;
mod mapping;
mod phrase;
mod pointer;
pub mod rep;
mod request;
pub mod signature;
pub mod twilio;

pub use answer::{AnswerBody, Said};
pub use hear::scene::is_unknown;
pub use hear::{Heard, LARGEST, Meaning, PlatformEvent, Unheard};
pub use mapping::schema::mapping_schema;
pub use mapping::{Mapping, Means, Message};
pub use request::Request;
