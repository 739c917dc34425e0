//! One sender's conversation with the server, command by command.

use super::{ReceivedMail, SmtpState, VENDOR, mime};
use crate::{Fault, World};
use serde_json::json;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Longest line, command or content: twice what RFC 5321 §4.5.3.1 allows.
const LINE_LIMIT: u64 = 2_000;
/// Largest message, as told with `SIZE`.
pub(super) const SIZE_LIMIT: usize = 10 * 1024 * 1024;

pub(super) struct Session {
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
    pub(super) fn new(stream: TcpStream, world: Arc<World>, state: Arc<SmtpState>) -> Self {
        Self { stream: BufReader::new(stream), world, state, from: None, to: Vec::new() }
    }

    pub(super) async fn run(mut self) -> io::Result<()> {
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
