//! A phone of ours: a SIP user agent on a UDP socket of loopback, which sends and keeps sound, and does what a test tells it.
//!
//! By itself it rings when it is called, and lets go when the other side does; everything else is told to its [`Call`]s. It holds
//! any number of them. Nothing that it does needs a privilege.

use super::call::{Call, PATIENCE, Sides};
use super::media::Media;
use super::rtp::Sound;
use super::sip::{Message, request, sound_at};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub struct Phone {
    inner: Arc<Inner>,
    /// How many of its calls a test has taken up.
    taken: AtomicU32,
    listens: JoinHandle<()>,
}

struct Inner {
    name: String,
    socket: Arc<UdpSocket>,
    /// What it says on each call from the beginning.
    says: Sound,
    calls: watch::Sender<Vec<Call>>,
    unplugged: AtomicBool,
    /// With which answer it refuses whatever comes, if it does.
    refuses: Mutex<Option<&'static str>>,
}

impl Phone {
    pub async fn plugged_in(name: &str, says: Sound) -> Self {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.expect("a port for a phone"));
        let inner = Arc::new(Inner {
            name: name.to_owned(),
            socket,
            says,
            calls: watch::Sender::new(Vec::new()),
            unplugged: AtomicBool::new(false),
            refuses: Mutex::default(),
        });
        let listens = tokio::spawn(listen(Arc::clone(&inner)));
        Self { inner, taken: AtomicU32::new(0), listens }
    }

    pub fn port(&self) -> u16 {
        self.inner.socket.local_addr().expect("its number").port()
    }

    /// The cable is out: nothing is answered, and nothing refused.
    pub fn is_unplugged(&self) {
        self.inner.unplugged.store(true, Ordering::Relaxed);
    }

    /// Every call from now on is refused at once, with an answer such as `486 Busy Here`.
    pub fn refuses(&self, answer: &'static str) {
        *self.inner.refuses.lock().expect("the answer") = Some(answer);
    }

    /// How often it has rung so far.
    pub fn times_rung(&self) -> usize {
        self.inner.calls.borrow().len()
    }

    /// The next call that comes to it, or came already.
    pub async fn rings(&self) -> Call {
        let number = self.taken.fetch_add(1, Ordering::Relaxed) as usize;
        let mut calls = self.inner.calls.subscribe();
        let rung = timeout(PATIENCE, calls.wait_for(|calls| calls.len() > number)).await;
        let rung = rung.unwrap_or_else(|_| panic!("the phone of {} did not ring", self.inner.name));
        rung.expect("the phone is there")[number].clone()
    }

    /// Calls a number by way of this address, as somebody with a name and a number of their own. Does not wait for anybody.
    pub async fn dials(&self, number: &str, by: SocketAddr, from: &str, more: &[(&str, &str)]) -> Call {
        let media = Media::open(self.inner.says).await;
        let (port, tag) = (self.port(), unique("from"));
        let mut headers = vec![
            ("Via", via(port)),
            ("Max-Forwards", "70".to_owned()),
            ("From", format!("{from};tag={tag}")),
            ("To", format!("<sip:{number}@{by}>")),
            ("Call-ID", format!("{}@127.0.0.1", unique("call"))),
            ("CSeq", "1 INVITE".to_owned()),
            ("Contact", contact(port)),
            ("Allow", ALLOW.to_owned()),
        ];
        headers.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let invite = request("INVITE", &format!("sip:{number}@{by}"), &headers, &sound_at(media.port));
        let sent = Message::read(invite.as_bytes()).expect("a request of our own");
        let call = Call::new(self.inner.sides(by), sent, tag, media);
        self.inner.calls.send_modify(|calls| calls.push(call.clone()));
        self.taken.fetch_add(1, Ordering::Relaxed);
        call.repeats(invite, "INVITE");
        call
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.listens.abort();
    }
}

pub const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO";

pub fn via(port: u16) -> String {
    format!("SIP/2.0/UDP 127.0.0.1:{port};rport;branch={}", unique("z9hG4bK"))
}

pub fn contact(port: u16) -> String {
    format!("<sip:phone@127.0.0.1:{port}>")
}

/// Of this process and no other.
pub fn unique(what: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    format!("{what}-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

async fn listen(phone: Arc<Inner>) {
    let mut datagram = vec![0; 16_384];
    loop {
        let Ok((length, peer)) = phone.socket.recv_from(&mut datagram).await else { continue };
        let Some(message) = Message::read(&datagram[..length]) else { continue };
        if phone.unplugged.load(Ordering::Relaxed) {
            continue;
        }
        let known = phone.calls.borrow().iter().find(|call| call.is(message.call_id())).cloned();
        match (known, message.method()) {
            (Some(call), _) => call.hears(&message).await,
            (None, Some("INVITE")) => phone.rung(message, peer).await,
            (None, Some("ACK") | None) => {}
            (None, Some(method)) => {
                let status = if method == "OPTIONS" { "200 OK" } else { "481 Call Does Not Exist" };
                let _lost = phone.socket.send_to(message.answer(status, "none", &[], "").as_bytes(), peer).await;
            }
        }
    }
}

impl Inner {
    fn sides(&self, peer: SocketAddr) -> Sides {
        Sides { whose: self.name.clone(), socket: Arc::clone(&self.socket), peer }
    }

    async fn rung(&self, invite: Message, peer: SocketAddr) {
        let media = Media::open(self.says).await;
        let call = Call::new(self.sides(peer), invite, unique("to"), media);
        call.tells("100 Trying", &[], "").await;
        let refuses = *self.refuses.lock().expect("the answer");
        match refuses {
            Some(answer) => call.refuses(answer).await,
            None => call.tells("180 Ringing", &[], "").await,
        }
        self.calls.send_modify(|calls| calls.push(call));
    }
}
