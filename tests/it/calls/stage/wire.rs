//! The way from the worker to Asterisk, on which everything can be cut, and the worker caught in the middle of a request.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

pub struct Wire {
    pub port: u16,
    state: Arc<State>,
}

struct State {
    to: SocketAddr,
    is_cut: watch::Sender<bool>,
    trap: Mutex<Option<Trap>>,
}

/// What springs it, and who is told.
struct Trap {
    request: String,
    sprung: oneshot::Sender<()>,
}

impl Wire {
    pub async fn to(address: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let state = Arc::new(State { to: address, is_cut: watch::Sender::new(false), trap: Mutex::default() });
        tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { port, state }
    }

    /// Connections break, and new ones break at once.
    pub fn is_cut(&self) {
        self.state.is_cut.send_replace(true);
    }

    pub fn is_mended(&self) {
        self.state.is_cut.send_replace(false);
    }

    /// The next request with these words in it never arrives: whoever waits for this is told that it was on its way.
    pub fn catches(&self, request: &str) -> oneshot::Receiver<()> {
        let (sprung, caught) = oneshot::channel();
        *self.state.trap.lock().expect("the trap") = Some(Trap { request: request.to_owned(), sprung });
        caught
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((near, _)) = listener.accept().await {
        tokio::spawn(join(near, Arc::clone(&state)));
    }
}

async fn join(near: TcpStream, state: Arc<State>) {
    let mut is_cut = state.is_cut.subscribe();
    if *is_cut.borrow() {
        return;
    }
    let Ok(far) = TcpStream::connect(state.to).await else { return };
    let ((near_reads, near_writes), (far_reads, far_writes)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = carry(near_reads, far_writes, Some(&state)) => {}
        () = carry(far_reads, near_writes, None) => {}
        _ = is_cut.wait_for(|cut| *cut) => {}
    }
}

/// Until one side has closed; `watched`: what goes this way may spring the trap.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, watched: Option<&State>) {
    let mut part = vec![0; 65_536];
    loop {
        let length = from.read(&mut part).await.unwrap_or(0);
        if length == 0 {
            return;
        }
        if watched.is_some_and(|state| state.springs(&part[..length])) {
            std::future::pending::<()>().await;
        }
        if to.write_all(&part[..length]).await.is_err() {
            return;
        }
    }
}

impl State {
    fn springs(&self, part: &[u8]) -> bool {
        let mut trap = self.trap.lock().expect("the trap");
        let text = String::from_utf8_lossy(part);
        let sprung = trap.take_if(|trap| text.contains(&trap.request));
        // Whoever set it may have gone.
        sprung.map(|trap| trap.sprung.send(())).is_some()
    }
}
