//! A way to a server that can be cut, or lead to another.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Open,
    /// Whoever comes is turned away, and whoever is there is cut off.
    Cut,
    /// Nothing gets through any more, and nobody is told.
    Frozen,
}

/// Its port on this machine. Whoever comes is led to the server, by host and port, that `target` names at that moment.
pub async fn way_to(target: watch::Receiver<(String, u16)>) -> (u16, watch::Sender<Line>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its number").port();
    let (line, lines) = watch::channel(Line::Open);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (target, mut lines) = (target.borrow().clone(), lines.clone());
            tokio::spawn(async move {
                if *lines.borrow() == Line::Cut {
                    return;
                }
                until(&mut lines, |line| line != Line::Frozen).await;
                let Ok(mut server) = TcpStream::connect(target).await else { return };
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => {}
                    () = until(&mut lines, |line| line != Line::Open) => {
                        until(&mut lines, |line| line != Line::Frozen).await;
                    }
                }
            });
        }
    });
    (port, line)
}

/// A test that is over means the same.
async fn until(lines: &mut watch::Receiver<Line>, is: impl Fn(Line) -> bool) {
    let _reached = lines.wait_for(|line| is(*line)).await;
}
