//! The sound of one call: what a phone says goes out every 20 ms, and what comes in is kept with its time.

use super::ear::Recording;
use super::rtp::{Heard, Packets, Sound, sound_of};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, sleep};

const EVERY: Duration = Duration::from_millis(20);

pub struct Media {
    pub port: u16,
    wire: Arc<Wire>,
    tasks: [JoinHandle<()>; 2],
}

struct Wire {
    socket: UdpSocket,
    /// `None`: nobody has said where to.
    to: Mutex<Option<SocketAddr>>,
    packets: Mutex<Packets>,
    /// The other side is on hold.
    pauses: AtomicBool,
    heard: Mutex<Vec<Heard>>,
}

impl Media {
    pub async fn open(says: Sound) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port for sound");
        let port = socket.local_addr().expect("its number").port();
        let packets = Mutex::new(Packets::new(u32::from(port) << 8 | 1, says));
        let pauses = AtomicBool::new(false);
        let wire = Arc::new(Wire { socket, to: Mutex::default(), packets, pauses, heard: Mutex::default() });
        let tasks = [tokio::spawn(speak(Arc::clone(&wire))), tokio::spawn(listen(Arc::clone(&wire)))];
        Self { port, wire, tasks }
    }

    pub fn goes_to(&self, to: SocketAddr, keys_as: u8) {
        *self.wire.to.lock().expect("the address") = Some(to);
        self.wire.packets.lock().expect("the packets").keys_as = keys_as;
    }

    pub fn says(&self, sound: Sound) {
        self.wire.packets.lock().expect("the packets").sound = sound;
    }

    /// Whether nothing is said for now.
    pub fn pauses(&self, pauses: bool) {
        self.wire.pauses.store(pauses, Ordering::Relaxed);
    }

    /// Until the key is up again, or the call has ended over it; when it was up.
    pub async fn presses(&self, key: char) -> Instant {
        self.wire.packets.lock().expect("the packets").press(key);
        loop {
            sleep(EVERY / 4).await;
            let packets = self.wire.packets.lock().expect("the packets");
            if !packets.is_pressing() || self.tasks[0].is_finished() {
                return packets.key_up().unwrap_or_else(Instant::now);
            }
        }
    }

    /// What was heard so far: whoever takes many calls would keep hours of it.
    pub fn forgets(&self) {
        *self.wire.heard.lock().expect("the recording") = Vec::new();
    }

    pub fn recording(&self) -> Recording {
        Recording(self.wire.heard.lock().expect("the recording").clone())
    }

    /// Of the last so-and-so long.
    pub fn lately(&self, span: Duration) -> Recording {
        let now = Instant::now();
        let heard = self.wire.heard.lock().expect("the recording");
        Recording(
            heard
                .iter()
                .rev()
                .take_while(|heard| now - heard.at < span)
                .cloned()
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect(),
        )
    }

    pub fn ends(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        self.ends();
    }
}

async fn speak(wire: Arc<Wire>) {
    let mut ticks = interval(EVERY);
    loop {
        ticks.tick().await;
        let to = *wire.to.lock().expect("the address");
        if let Some(to) = to.filter(|_| !wire.pauses.load(Ordering::Relaxed)) {
            let packet = wire.packets.lock().expect("the packets").next_packet();
            if let Some(packet) = packet {
                let _lost = wire.socket.send_to(&packet, to).await;
            }
        }
    }
}

async fn listen(wire: Arc<Wire>) {
    let mut datagram = [0; 2048];
    loop {
        let Ok((length, _)) = wire.socket.recv_from(&mut datagram).await else { continue };
        if let Some(samples) = sound_of(&datagram[..length]) {
            wire.heard.lock().expect("the recording").push(Heard { at: Instant::now(), samples });
        }
    }
}
