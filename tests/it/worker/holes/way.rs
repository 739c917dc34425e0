//! The way to a vendor, on which everything can be swallowed.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// An address that leads to a vendor's.
pub struct Way {
    pub address: SocketAddr,
    swallows: watch::Sender<bool>,
}

impl Way {
    /// Open until it is told to swallow.
    pub async fn to(vendor: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its number");
        let (swallows, told) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, vendor, told.clone()));
            }
        });
        Self { address, swallows }
    }

    /// From now on connections are accepted, whatever comes is taken, and nothing is passed on or answered; or all goes its way again,
    /// for those who connect anew.
    pub fn swallows(&self, all: bool) {
        self.swallows.send_replace(all);
    }
}

/// What was on its way when all is swallowed is lost: a request before the vendor has it, or the answer of one that is carried out.
async fn carry(mut client: TcpStream, vendor: SocketAddr, mut told: watch::Receiver<bool>) {
    // The vendor hears of no end: it goes on with what it has.
    let mut server = None;
    if !*told.borrow() {
        let Ok(connected) = TcpStream::connect(vendor).await else { return };
        let server = server.insert(connected);
        tokio::select! {
            _ = copy_bidirectional(&mut client, server) => return,
            () = until_swallowed(&mut told) => {}
        }
    }
    // Nobody is answered on such a connection, also once others are again.
    let mut nothing = [0; 4096];
    while matches!(client.read(&mut nothing).await, Ok(read) if read > 0) {}
}

async fn until_swallowed(told: &mut watch::Receiver<bool>) {
    let _told = told.wait_for(|swallows| *swallows).await;
}
