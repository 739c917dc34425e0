//! What phones say to each other: requests, answers, and the description of a call's sound. As much of RFC 3261, 3264 and 4566 as
//! a phone on loopback needs, and strict in what it sends.

use std::fmt::{Display, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

/// Payload types of G.711 mu-law, and of keys as we offer them.
pub const PCMU: u8 = 0;
pub const KEYS: u8 = 101;

/// A request or an answer as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `INVITE sip:… SIP/2.0`, or `SIP/2.0 180 Ringing`.
    pub first: String,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Message {
    /// `None`: no SIP.
    pub fn read(datagram: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(datagram);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let first = lines.next().filter(|line| line.contains("SIP/2.0"))?.to_owned();
        let header =
            |line: &str| line.split_once(':').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
        Some(Self { first, headers: lines.filter_map(header).collect(), body: body.to_owned() })
    }

    /// `None`: an answer.
    pub fn method(&self) -> Option<&str> {
        self.first.split(' ').next().filter(|word| *word != "SIP/2.0")
    }

    /// `None`: a request.
    pub fn status(&self) -> Option<u16> {
        self.first.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The first of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Of an address such as `"Dana" <sip:USER@HOST>;tag=…`.
    pub fn user_of(&self, name: &str) -> &str {
        let inside = self.header(name).and_then(|address| address.split_once("sip:")).map_or("", |(_, rest)| rest);
        inside.split(['@', '>', ';']).next().unwrap_or_default()
    }

    /// Whether it says that somebody else has answered, in the words of SIP or of the telephone network.
    pub fn says_elsewhere(&self) -> bool {
        let reasons = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Reason"));
        reasons
            .map(|(_, reason)| reason)
            .any(|reason| ["cause=200", "cause=26"].iter().any(|cause| reason.contains(cause)))
    }

    pub fn call_id(&self) -> &str {
        self.header("Call-ID").unwrap_or_default()
    }

    /// Number and method of the request that this is, or answers.
    pub fn cseq(&self) -> (u32, &str) {
        let (number, method) = self.header("CSeq").unwrap_or_default().split_once(' ').unwrap_or_default();
        (number.parse().unwrap_or(0), method)
    }

    /// Where further requests of the call go.
    pub fn contact(&self) -> Option<String> {
        let contact = self.header("Contact")?;
        let inside = contact.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(uri, _)| uri);
        Some(inside.unwrap_or_else(|| contact.split(';').next().unwrap_or(contact)).to_owned())
    }

    /// An answer to this request; `to_tag` makes us known as its receiver.
    pub fn answer(&self, status: &str, to_tag: &str, more: &[(&str, String)], body: &str) -> String {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for (name, value) in &self.headers {
            let copied =
                ["Via", "From", "Call-ID", "CSeq", "Record-Route"].iter().any(|kept| kept.eq_ignore_ascii_case(name));
            if copied {
                line(&mut text, name, value);
            } else if name.eq_ignore_ascii_case("To") {
                let tag = if value.contains(";tag=") { String::new() } else { format!(";tag={to_tag}") };
                line(&mut text, name, format!("{value}{tag}"));
            }
        }
        ended(text, more, body)
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

/// A request of ours.
pub fn request(method: &str, uri: &str, headers: &[(&str, String)], body: &str) -> String {
    ended(format!("{method} {uri} SIP/2.0\r\n"), headers, body)
}

fn ended(mut text: String, headers: &[(&str, String)], body: &str) -> String {
    for (name, value) in headers {
        line(&mut text, name, value);
    }
    if !body.is_empty() && headers.iter().all(|(name, _)| *name != "Content-Type") {
        line(&mut text, "Content-Type", "application/sdp");
    }
    line(&mut text, "Content-Length", body.len());
    text + "\r\n" + body
}

fn line(text: &mut String, name: &str, value: impl Display) {
    write!(text, "{name}: {value}\r\n").expect("a string takes a line");
}

/// Mu-law and keys, to this port of loopback.
pub fn sound_at(port: u16) -> String {
    described(port, 1, "sendrecv")
}

/// The same in these directions; each description of a call has a higher version than the one before.
pub fn described(port: u16, version: u32, directions: &str) -> String {
    format!(
        "v=0\r\no=phone {port} {version} IN IP4 127.0.0.1\r\ns=call\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP {PCMU} {KEYS}\r\n\
         a=rtpmap:{PCMU} PCMU/8000\r\na=rtpmap:{KEYS} telephone-event/8000\r\na=fmtp:{KEYS} 0-16\r\na=ptime:20\r\na={directions}\r\n"
    )
}

/// Where a description wants the sound, and the payload type that it gives to keys.
pub fn wants_sound_at(body: &str) -> Option<(SocketAddr, u8)> {
    let field = |start: &str| body.lines().find_map(|line| line.trim_end().strip_prefix(start).map(str::to_owned));
    let host: IpAddr = field("c=IN IP4 ").and_then(|host| host.parse().ok()).unwrap_or(Ipv4Addr::LOCALHOST.into());
    let port = field("m=audio ")?.split(' ').next()?.parse().ok()?;
    let mut maps = body.lines().filter_map(|line| line.trim_end().strip_prefix("a=rtpmap:"));
    let keys = maps.find_map(|map| map.strip_suffix(" telephone-event/8000")?.parse().ok());
    Some((SocketAddr::new(host, port), keys.unwrap_or(KEYS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &str = "INVITE sip:rep@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1\r\n\
        From: \"Dana\" <sip:+14155550142@127.0.0.1>;tag=a\r\nTo: <sip:rep@127.0.0.1>\r\nCall-ID: one\r\nCSeq: 7 INVITE\r\n\
        contact: \"x\" <sip:asterisk@127.0.0.1:5060>;q=1\r\nX-Baton-Call: 17.1\r\n\r\n";

    #[test]
    fn an_answer_belongs_to_its_request() {
        let invite = Message::read(INVITE.as_bytes()).expect("a request");
        assert_eq!((invite.method(), invite.status(), invite.cseq()), (Some("INVITE"), None, (7, "INVITE")));
        assert_eq!(invite.header("x-baton-call"), Some("17.1"));
        assert_eq!((invite.user_of("From"), invite.user_of("To")), ("+14155550142", "rep"));
        assert_eq!(invite.contact().as_deref(), Some("sip:asterisk@127.0.0.1:5060"));
        let answer = invite.answer("200 OK", "b", &[("Contact", "<sip:rep@127.0.0.1:5070>".to_owned())], "v=0\r\n");
        let answer = Message::read(answer.as_bytes()).expect("an answer");
        assert_eq!((answer.method(), answer.status(), answer.cseq()), (None, Some(200), (7, "INVITE")));
        assert_eq!(answer.header("To"), Some("<sip:rep@127.0.0.1>;tag=b"));
        assert_eq!(answer.header("Via"), invite.header("Via"));
        assert_eq!((answer.header("Content-Length"), answer.body.as_str()), (Some("5"), "v=0\r\n"));
        assert_eq!(answer.header("X-Baton-Call"), None);
    }

    #[test]
    fn a_description_says_where_sound_and_keys_go() {
        assert_eq!(wants_sound_at(&sound_at(4000)), Some(("127.0.0.1:4000".parse().expect("an address"), KEYS)));
        let theirs = "v=0\r\nc=IN IP4 127.0.0.9\r\nm=audio 12000 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\n";
        assert_eq!(wants_sound_at(theirs), Some(("127.0.0.9:12000".parse().expect("an address"), 96)));
        assert_eq!(wants_sound_at(""), None);
    }
}
