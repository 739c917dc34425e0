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

use super::{Fault, World};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const VENDOR: &str = "smtp";
/// Longest line, command or content: twice what RFC 5321 §4.5.3.1 allows.
const LINE_LIMIT: u64 = 2_000;
/// Largest message, as told with `SIZE`.
const SIZE_LIMIT: usize = 10 * 1024 * 1024;

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
    pub received_at: DateTime<Utc>,
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
            let session = Session::new(stream, Arc::clone(&world), Arc::clone(&state));
            tokio::spawn(async move {
                if let Err(error) = session.run().await {
                    tracing::debug!(vendor = VENDOR, %error, "a mail session broke off");
                }
            });
        }
    });
    Ok(address)
}

struct Session {
    stream: BufReader<TcpStream>,
    world: Arc<World>,
    state: Arc<SmtpState>,
    from: Option<String>,
    to: Vec<String>,
}

/// Whether the conversation goes on.
enum Next {
    Line,
    End,
}

impl Session {
    fn new(stream: TcpStream, world: Arc<World>, state: Arc<SmtpState>) -> Self {
        Self { stream: BufReader::new(stream), world, state, from: None, to: Vec::new() }
    }

    async fn run(mut self) -> io::Result<()> {
        match self.world.next_fault(VENDOR, "connect") {
            Some(Fault::Unavailable | Fault::RateLimit { .. }) => return self.say("421 4.3.2 try again later").await,
            Some(Fault::Stall(span)) => self.world.sleep(span).await,
            Some(Fault::DropAnswer) => return Ok(()),
            _ => {}
        }
        self.say("220 sandbox ready").await?;
        while let Some(line) = self.line().await? {
            if matches!(self.command(&line).await?, Next::End) {
                break;
            }
        }
        Ok(())
    }

    async fn command(&mut self, line: &[u8]) -> io::Result<Next> {
        let line = String::from_utf8_lossy(line).trim_end().to_owned();
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        match verb.as_str() {
            "EHLO" => {
                self.say(&format!(
                    "250-sandbox\r\n250-SIZE {SIZE_LIMIT}\r\n250-8BITMIME\r\n250-AUTH PLAIN\r\n250 SMTPUTF8"
                ))
                .await?
            }
            "HELO" => self.say("250 sandbox").await?,
            "AUTH" => self.auth().await?,
            "MAIL" => self.mail(&line).await?,
            "RCPT" => self.rcpt(&line).await?,
            "DATA" => return self.data().await,
            "RSET" => {
                self.reset();
                self.say("250 2.0.0 forgotten").await?;
            }
            "NOOP" => self.say("250 2.0.0 well").await?,
            "QUIT" => {
                self.say("221 2.0.0 bye").await?;
                return Ok(Next::End);
            }
            _ => self.say("502 5.5.1 not known here").await?,
        }
        Ok(Next::Line)
    }

    async fn auth(&mut self) -> io::Result<()> {
        match self.world.next_fault(VENDOR, "auth") {
            Some(Fault::Unavailable | Fault::RateLimit { .. }) => self.say("454 4.7.0 try again later").await,
            Some(Fault::ErrorInside200) => self.say("535 5.7.8 who are you?").await,
            _ => self.say("235 2.7.0 welcome").await,
        }
    }

    async fn mail(&mut self, line: &str) -> io::Result<()> {
        match (address_in(line), &self.from) {
            (None, _) => self.say("501 5.1.7 MAIL FROM:<address> expected").await,
            (Some(_), Some(_)) => self.say("503 5.5.1 one sender is enough").await,
            (Some(address), None) => {
                self.from = Some(address);
                self.say("250 2.1.0 sender ok").await
            }
        }
    }

    async fn rcpt(&mut self, line: &str) -> io::Result<()> {
        let Some(address) = address_in(line).filter(|address| !address.is_empty()) else {
            return self.say("501 5.1.3 RCPT TO:<address> expected").await;
        };
        if self.from.is_none() {
            return self.say("503 5.5.1 MAIL first").await;
        }
        match self.world.next_fault(VENDOR, "rcpt") {
            Some(Fault::Unavailable | Fault::RateLimit { .. }) => self.say("451 4.7.1 greylisted, try later").await,
            Some(Fault::ErrorInside200) => self.say(&format!("550 5.1.1 <{address}> does not exist")).await,
            _ => {
                self.to.push(address);
                self.say("250 2.1.5 recipient ok").await
            }
        }
    }

    async fn data(&mut self) -> io::Result<Next> {
        if self.to.is_empty() {
            self.say("503 5.5.1 RCPT first").await?;
            return Ok(Next::Line);
        }
        self.say("354 go on, end with a lone dot").await?;
        let Some(content) = self.content().await? else { return Ok(Next::End) };
        if content.len() > SIZE_LIMIT {
            self.reset();
            self.say("552 5.3.4 larger than SIZE").await?;
            return Ok(Next::Line);
        }
        match self.world.next_fault(VENDOR, "data") {
            Some(Fault::Unavailable | Fault::RateLimit { .. }) => self.say("451 4.3.0 try again later").await?,
            Some(Fault::ErrorInside200) => self.say("554 5.7.1 refused").await?,
            Some(Fault::DropAnswer) => {
                self.accept(&content);
                return Ok(Next::End);
            }
            Some(Fault::Stall(span)) => {
                self.accept(&content);
                self.world.sleep(span).await;
                self.say("250 2.0.0 taken, late").await?;
            }
            _ => {
                self.accept(&content);
                self.say("250 2.0.0 taken").await?;
            }
        }
        self.reset();
        Ok(Next::Line)
    }

    /// The message without the dots that were put in for the way; `None` if the connection ended before its end. Of a
    /// message that is too large only so much is kept as shows it.
    async fn content(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut content = Vec::new();
        while let Some(line) = self.line().await? {
            if matches!(line.as_slice(), b".\r\n" | b".\n") {
                return Ok(Some(content));
            }
            if content.len() <= SIZE_LIMIT {
                content.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            }
        }
        Ok(None)
    }

    fn accept(&mut self, content: &[u8]) {
        let message = mime::parse(content);
        let mail = ReceivedMail {
            from: self.from.take().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
            headers: message.headers,
            text: message.text.unwrap_or_default(),
            html: message.html,
            received_at: self.world.clock.now(),
        };
        for to in &mail.to {
            let natural_key = format!("{to}/{}", mail.header("message-id"));
            self.world.accept(VENDOR, "mail", natural_key, json!({ "subject": mail.header("subject") }));
        }
        self.state.keep(mail);
    }

    fn reset(&mut self) {
        self.from = None;
        self.to.clear();
    }

    async fn say(&mut self, answer: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await
    }

    /// One line with its end; `None` when the other side has closed.
    async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        (&mut self.stream).take(LINE_LIMIT).read_until(b'\n', &mut line).await?;
        match line.last() {
            None => Ok(None),
            Some(b'\n') => Ok(Some(line)),
            Some(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "a line without an end")),
        }
    }
}

/// What stands between the angle brackets; the empty sender `<>` is an address too.
fn address_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once('<')?;
    let (address, _) = rest.split_once('>')?;
    Some(address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_clock::FakeClock;

    /// Says lines to a fresh server and returns what came back, until the server closes.
    async fn talk(lines: &str) -> (String, Arc<SmtpState>, Arc<World>) {
        let world = World::new(FakeClock::new("2026-11-23T09:00:00Z".parse().unwrap()));
        let state = SmtpState::new();
        let address = serve(Arc::clone(&world), Arc::clone(&state)).await.unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(lines.replace('\n', "\r\n").as_bytes()).await.unwrap();
        let mut heard = String::new();
        stream.read_to_string(&mut heard).await.unwrap();
        (heard, state, world)
    }

    #[tokio::test]
    async fn a_mail_is_kept_without_the_dots_of_the_way() {
        let (heard, state, world) = talk(
            "EHLO x\nMAIL FROM:<a@x.example> SIZE=9\nRCPT TO:<b@y.example>\nRCPT TO:<c@y.example>\nDATA\n\
             Subject: =?utf-8?b?w7Y=?=\nMessage-ID: <1@x.example>\n\n..one\n.\nQUIT\n",
        )
        .await;
        assert!(heard.ends_with("250 2.0.0 taken\r\n221 2.0.0 bye\r\n"), "{heard}");
        let mails = state.mails();
        assert_eq!((mails[0].from.as_str(), mails[0].to.len()), ("a@x.example", 2));
        assert_eq!((mails[0].text.as_str(), mails[0].header("Subject")), (".one\n", "ö"));
        let keys: Vec<String> = world.accepted().into_iter().map(|effect| effect.natural_key).collect();
        assert_eq!(keys, ["b@y.example/<1@x.example>", "c@y.example/<1@x.example>"]);
    }

    #[tokio::test]
    async fn the_order_of_commands_matters() {
        let (heard, state, _) = talk(
            "RCPT TO:<b@y.example>\nDATA\nMAIL a@x.example\nMAIL FROM:<a@x.example>\nMAIL FROM:<a@x.example>\nRSET\n\
             DATA\nNOOP\nTURN\nQUIT\n",
        )
        .await;
        let codes: Vec<&str> = heard.lines().map(|line| &line[..3]).collect();
        assert_eq!(codes, ["220", "503", "503", "501", "250", "503", "250", "503", "250", "502", "221"]);
        assert!(state.mails().is_empty());
    }

    #[tokio::test]
    async fn what_is_larger_than_size_is_refused() {
        let line = format!("{}\n", "x".repeat(990));
        let content = line.repeat(SIZE_LIMIT / line.len() + 1);
        let (heard, state, _) = talk(&format!("MAIL FROM:<>\nRCPT TO:<b@y.example>\nDATA\n\n{content}.\nQUIT\n")).await;
        assert!(heard.contains("552 5.3.4"), "{heard}");
        assert!(state.mails().is_empty());
    }
}
