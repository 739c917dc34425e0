//! Stand-in for a mail server: takes every mail that it is sent and keeps it, readable.
//!
//! Speaks the part of RFC 5321 that senders use, without TLS; any login is right. Faults by stage, as operations of vendor `smtp`:
//!
//! | operation | fault | what the sender sees |
//! |---|---|---|
//! | `connect` | `Unavailable`, `RateLimit` | 421 instead of a greeting |
//! | `connect` | `DropAnswer`, `Stall` | the connection ends at once; the greeting comes that much later |
//! | `auth` | `Unavailable`, `RateLimit` | 454, try later |
//! | `auth` | `ErrorInside200` | 535, wrong login |
//! | `rcpt` | `Unavailable`, `RateLimit` | 451, try later |
//! | `rcpt` | `ErrorInside200` | 550, no such mailbox |
//! | `data` | `Unavailable`, `RateLimit` | 451 after the content, nothing kept |
//! | `data` | `ErrorInside200` | 554 after the content, nothing kept |
//! | `data` | `DropAnswer` | kept, and the connection ends without an answer |
//! | `data` | `Stall` | kept, and the answer comes that much later |

mod mime;
mod session;

use super::World;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

const VENDOR: &str = "smtp";

/// A mail that was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedMail {
    /// Of the envelope, not of the header.
    pub from: String,
    pub to: Vec<String>,
    /// By lower-case name, unfolded, words decoded; of a repeated header the last.
    pub headers: BTreeMap<String, String>,
    /// The part for people without HTML; empty if there is none.
    pub text: String,
    pub html: Option<String>,
}

impl ReceivedMail {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(&name.to_lowercase()).map_or("", String::as_str)
    }
}

#[derive(Default)]
pub struct SmtpState(Mutex<Vec<ReceivedMail>>);

impl SmtpState {
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// In the order of their arrival.
    pub fn mails(&self) -> Vec<ReceivedMail> {
        self.0.lock().expect("nothing panics while holding the mails").clone()
    }

    fn keep(&self, mail: ReceivedMail) {
        self.0.lock().expect("nothing panics while holding the mails").push(mail);
    }
}

/// Listens on a free loopback port until the process ends.
///
/// # Errors
/// No port could be bound.
pub async fn serve(world: Arc<World>, state: Arc<SmtpState>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let session = session::Session::new(stream, Arc::clone(&world), Arc::clone(&state));
            tokio::spawn(async move {
                if let Err(error) = session.run().await {
                    tracing::debug!(vendor = VENDOR, %error, "a mail session broke off");
                }
            });
        }
    });
    Ok(address)
}

#[cfg(test)]
mod tests;
