//! The socket on which Asterisk tells what happens.
//!
//! It tells nothing twice and keeps nothing: what happens while nobody hears is read from the channels afterwards. A line that another
//! client has made deaf says so in an event of its own.

use super::ari::{Ari, VENDOR};
use crate::connectors::VendorError;
use crate::connectors::socket::{Line, Socket};
use std::time::Duration;

const LINE: Line = Line {
    vendor: VENDOR,
    key: "telephony.url",
    ping_every: Duration::from_secs(2),
    silent_for: Duration::from_secs(6),
};

pub(super) async fn open(ari: &Ari) -> Result<Socket, VendorError> {
    Socket::open(LINE, ari.http(), ari.events()).await
}
