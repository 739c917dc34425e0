//! Connections that stay open from one call of a tool to the next, as a platform keeps them.

use anyhow::{Context, Result, ensure};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

const WHOLE: &str = "nothing panics while holding the lines";

pub struct Lines {
    address: SocketAddr,
    /// The one that has been free for longest in front.
    free: Mutex<VecDeque<TcpStream>>,
    opened: AtomicUsize,
}

/// An answer, and when it began.
pub struct Heard {
    /// The request's last byte was handed over.
    pub sent_at: Instant,
    /// The answer's first byte was there.
    pub began_at: Instant,
    pub status: u16,
    pub body: Vec<u8>,
}

impl Lines {
    pub async fn open(address: SocketAddr, count: usize) -> Result<Self> {
        let lines = Self { address, free: Mutex::default(), opened: AtomicUsize::new(0) };
        for _ in 0..count {
            let line = lines.connect().await?;
            lines.hang_up(line);
        }
        Ok(lines)
    }

    /// How many were opened in all.
    pub fn count(&self) -> usize {
        self.opened.load(Relaxed)
    }

    /// One request on a free line, or on one more.
    pub async fn ask(&self, request: &[u8]) -> Result<Heard> {
        let free = self.free.lock().expect(WHOLE).pop_front();
        let mut line = match free {
            Some(line) => line,
            None => self.connect().await?,
        };
        line.write_all(request).await.context("sending")?;
        let sent_at = Instant::now();
        let mut read = Vec::with_capacity(4096);
        ensure!(line.read_buf(&mut read).await.context("waiting for the answer")? > 0, "closed without an answer");
        let began_at = Instant::now();
        let (status, body) = loop {
            if let Some(whole) = whole(&read)? {
                break whole;
            }
            ensure!(line.read_buf(&mut read).await.context("reading the answer")? > 0, "closed within the answer");
        };
        self.hang_up(line);
        Ok(Heard { sent_at, began_at, status, body })
    }

    async fn connect(&self) -> Result<TcpStream> {
        let line = TcpStream::connect(self.address).await.context("opening a connection")?;
        line.set_nodelay(true)?;
        self.opened.fetch_add(1, Relaxed);
        Ok(line)
    }

    fn hang_up(&self, line: TcpStream) {
        self.free.lock().expect(WHOLE).push_back(line);
    }
}

/// Status and body, once all of it is there.
fn whole(read: &[u8]) -> Result<Option<(u16, Vec<u8>)>> {
    const GAP: &[u8] = b"\r\n\r\n";
    let Some(at) = read.windows(GAP.len()).position(|bytes| bytes == GAP) else { return Ok(None) };
    let head = String::from_utf8_lossy(&read[..at]).to_lowercase();
    let status = head.split(' ').nth(1).context("an answer without a status")?.parse().context("reading the status")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.context("an answer without a length")?.trim().parse().context("reading the length")?;
    Ok(read.get(at + GAP.len()..at + GAP.len() + length).map(|body| (status, body.to_vec())))
}
