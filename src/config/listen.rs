//! Where a worker listens: a port, or a Unix socket.

use serde::Deserialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// `http.listen`: host and port, or `unix:` and an absolute path.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Listen {
    /// `127.0.0.1:8080`, `[::]:8080`, `localhost:8080`: a host that is no address is looked up.
    Port(String),
    /// A file of this machine; who may reach it is said by its mode and its folder's.
    Socket(PathBuf),
}

impl Listen {
    /// Whether only this machine can reach it.
    pub(super) fn is_of_this_machine(&self) -> bool {
        match self {
            Self::Port(address) => {
                let is_loopback = address.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback());
                is_loopback || address.starts_with("localhost:")
            }
            Self::Socket(_) => true,
        }
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_whole = match (text.strip_prefix("unix:"), text.rsplit_once(':')) {
            (Some(path), _) if path.starts_with('/') && !path.ends_with('/') => {
                return Ok(Self::Socket(PathBuf::from(path)));
            }
            (None, Some((host, port))) => {
                let is_name = !host.is_empty() && !host.contains([':', '/', '[', ' ']) && port.parse::<u16>().is_ok();
                is_name || text.parse::<SocketAddr>().is_ok()
            }
            (Some(_), _) | (None, None) => false,
        };
        if is_whole {
            return Ok(Self::Port(text.to_owned()));
        }
        Err(format!("nobody can listen on {text:?}; allowed: 127.0.0.1:8080, [::]:8080, or unix:/run/baton/baton.sock"))
    }
}

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(address) => f.write_str(address),
            Self::Socket(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
