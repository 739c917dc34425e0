//! What is listened on: a port, or a Unix socket of this machine.
//!
//! Guarantees: a socket that a dead worker left behind is replaced, and one on which somebody answers is left alone; its owner and
//! its group reach it, nobody else; a worker that stops takes its own away, and never another's. If the process dies here, the
//! socket stays behind and leads nowhere, until the next worker replaces it.

use std::fs::{self, File, Permissions};
use std::io::{self, Error, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// For the owner and the group of the worker, such as a proxy's.
const SOCKET_MODE: u32 = 0o660;

pub enum Listener {
    Port(TcpListener),
    Socket(Socket),
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::Port(listener)
    }
}

impl Listener {
    /// `address`: host and port.
    ///
    /// # Errors
    /// Somebody else listens there, or there is no such host here.
    pub async fn on_port(address: &str) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self::Port)
    }

    /// # Errors
    /// Somebody answers there, something else is there, or this user may not write into the folder.
    pub async fn on_socket(path: &Path) -> io::Result<Self> {
        Socket::bind(path).await.map(Self::Socket)
    }

    /// Host and port, or `unix:` and a path.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<String> {
        match self {
            Self::Port(listener) => Ok(listener.local_addr()?.to_string()),
            Self::Socket(socket) => Ok(format!("unix:{}", socket.path.display())),
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Connection> {
        match self {
            Self::Port(listener) => listener.accept().await.map(|(stream, _)| Connection::Port(stream)),
            Self::Socket(socket) => socket.listener.accept().await.map(|(stream, _)| Connection::Socket(stream)),
        }
    }
}

pub(super) enum Connection {
    Port(TcpStream),
    Socket(UnixStream),
}

impl Connection {
    /// As much as goes at once.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Port(stream) => stream.try_write(bytes),
            Self::Socket(stream) => stream.try_write(bytes),
        }
    }
}

/// A socket and its file, which goes with it.
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and number of the file that was made.
    made: (u64, u64),
}

impl Socket {
    async fn bind(path: &Path) -> io::Result<Self> {
        let folder = File::open(path.parent().unwrap_or_else(|| Path::new("/")))?;
        // Of two workers that begin at once the second finds the socket of the first, and not one that is just being replaced.
        folder.lock()?;
        make_way(path).await?;
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE))?;
        Ok(Self { listener, path: path.to_owned(), made: which(path)? })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if which(&self.path).is_ok_and(|found| found == self.made) {
            // One that cannot be removed is replaced by the next worker.
            let _removed = fs::remove_file(&self.path);
        }
    }
}

/// Removes what a dead worker left behind.
async fn make_way(path: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !found.file_type().is_socket() {
        let why = "a file that is no socket is there: move it away, or listen elsewhere";
        return Err(Error::new(ErrorKind::AlreadyExists, why));
    }
    match UnixStream::connect(path).await {
        Ok(_) => {
            let why = "another process answers there: stop it first, or give this worker a socket of its own";
            Err(Error::new(ErrorKind::AddrInUse, why))
        }
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}

fn which(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}
