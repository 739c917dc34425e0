//! Mail over SMTP.
//!
//! Guarantees: a send ends within its two timeouts; a message is handed over at most once per call, and what happened
//! to it is told apart exactly: until the server has answered `354` nothing can have been sent, from the first byte of
//! the content until the server's answer everything may have. That is why the dialogue is driven here command by
//! command: the library's own `send` reports a loss before and a loss after the content alike, and its timeout covers
//! the connect only (lettre #917, #978, #1027). No header is made of lead data except `To` (a parsed address) and the
//! subject (encoded, without line breaks). One connection per mail: a pooled one that the server has closed fails the
//! next send (lettre #743). When the process dies here, the mail is in doubt; its `Message-ID` is the same if somebody
//! sends it again, so that receivers can fold doubles.

use super::http::Secret;
use super::{Mail, Mailer, VendorError};
use async_trait::async_trait;
use baton_clock::SharedClock;
use lettre::address::Envelope;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Noop, Quit, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::{Address, Message};
use sha2::{Digest, Sha256};
use std::error::Error as _;
use std::time::Duration;

const VENDOR: &str = "smtp";
/// How long to say goodbye: the mail is accepted by then, and a server that does not answer must not hold us up.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);
/// Characters of a subject; longer ones are cut. Phones show about 40, RFC 5322 asks for lines below 998.
const SUBJECT_LIMIT: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// Plain text: for a relay on the same machine.
    None,
    /// Plain text first, then encrypted before anything of ours is said; a server that does not offer it is refused.
    StartTls,
    /// Encrypted from the first byte.
    Implicit,
}

#[derive(Debug, Clone)]
pub struct SmtpConfig {
    pub host: String,
    /// Usually 587 with `StartTls`, 465 with `Implicit`, 25 with `None`.
    pub port: u16,
    pub tls: SmtpTls,
    /// With its password; `None` for relays that know us by address.
    pub login: Option<(String, Secret)>,
    /// `Baton <baton@example.com>`: the sender of every mail.
    pub from: String,
    /// From connecting to the server's leave to send the content.
    pub prepare_timeout: Duration,
    /// From the content's first byte to the server's answer. RFC 5321 §4.5.3.2.6 asks for patience here, since a mail
    /// given up now is a mail in doubt.
    pub deliver_timeout: Duration,
}

impl SmtpConfig {
    /// With the usual port and timeouts.
    pub fn new(host: impl Into<String>, tls: SmtpTls, from: impl Into<String>) -> Self {
        let port = match tls {
            SmtpTls::None => 25,
            SmtpTls::StartTls => 587,
            SmtpTls::Implicit => 465,
        };
        Self {
            host: host.into(),
            port,
            tls,
            login: None,
            from: from.into(),
            prepare_timeout: Duration::from_secs(20),
            deliver_timeout: Duration::from_secs(60),
        }
    }
}

pub struct SmtpMailer {
    config: SmtpConfig,
    from: Mailbox,
    /// `None` without TLS.
    tls: Option<TlsParameters>,
    clock: SharedClock,
}

impl SmtpMailer {
    /// # Errors
    /// `NeedsPerson` if the sender is no address or TLS cannot be set up for the host.
    pub fn new(config: SmtpConfig, clock: SharedClock) -> Result<Self, VendorError> {
        let from = config.from.parse().map_err(|error| {
            refused(format!("the sender {:?} is not of the form \"Name <user@host>\": {error}", config.from))
        })?;
        let tls = match config.tls {
            SmtpTls::None => None,
            SmtpTls::StartTls | SmtpTls::Implicit => {
                Some(TlsParameters::new(config.host.clone()).map_err(|error| {
                    refused(format!("TLS cannot be set up for the host {:?}: {error}", config.host))
                })?)
            }
        };
        Ok(Self { config, from, tls, clock })
    }

    fn message(&self, mail: &Mail) -> Result<Message, VendorError> {
        let to: Address =
            mail.to.trim().parse().map_err(|error| refused(format!("the recipient's address: {error}")))?;
        let answered_by = mail.reply_to.as_deref().map(|address| address.trim().parse::<Address>()).transpose();
        let answered_by = answered_by.map_err(|error| refused(format!("the address for answers: {error}")))?;
        let builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject(&mail.subject))
            .date(self.clock.now().into())
            .message_id(Some(message_id(&mail.key, &self.from)))
            .header(AutoSubmitted);
        let builder = match answered_by {
            Some(address) => builder.reply_to(Mailbox::new(None, address)),
            None => builder,
        };
        let built = match &mail.html {
            Some(html) => builder.multipart(MultiPart::alternative_plain_html(mail.text.clone(), html.clone())),
            None => builder.singlepart(SinglePart::plain(mail.text.clone())),
        };
        built.map_err(|error| refused(format!("the message cannot be built: {error}")))
    }

    /// A connection that may be spoken over: encrypted and logged in as configured.
    async fn connect(&self) -> Result<AsyncSmtpConnection, VendorError> {
        let hello = ClientId::default();
        let wrapped = self.tls.clone().filter(|_| self.config.tls == SmtpTls::Implicit);
        let server = (self.config.host.as_str(), self.config.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.config.prepare_timeout), &hello, wrapped, None)
                .await
                .map_err(|error| before_content("connect", &error))?;
        if let Some(tls) = self.tls.clone().filter(|_| self.config.tls == SmtpTls::StartTls) {
            if !connection.can_starttls() {
                let host = &self.config.host;
                return Err(refused(format!("{host} offers no STARTTLS: use implicit TLS, usually on port 465")));
            }
            connection.starttls(tls, &hello).await.map_err(|error| before_content("STARTTLS", &error))?;
        }
        if let Some((username, password)) = &self.config.login {
            let credentials = Credentials::new(username.clone(), password.expose().to_owned());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await.map_err(|error| login_error(&error))?;
        }
        Ok(connection)
    }

    /// Everything up to the server's leave to send the content. Nothing has been sent if this fails.
    async fn prepare(&self, envelope: &Envelope, content: &[u8]) -> Result<AsyncSmtpConnection, VendorError> {
        let mut connection = self.connect().await?;
        let parameters = mail_parameters(&connection, envelope, content)?;
        let from = MailFrom::new(envelope.from().cloned(), parameters);
        connection.command(from).await.map_err(|error| before_content("MAIL", &error))?;
        for recipient in envelope.to() {
            let rcpt = Rcpt::new(recipient.clone(), vec![]);
            connection.command(rcpt).await.map_err(|error| before_content("RCPT", &error))?;
        }
        connection.command(Data).await.map_err(|error| before_content("DATA", &error))?;
        Ok(connection)
    }

    async fn prepared<T>(&self, work: impl Future<Output = Result<T, VendorError>>) -> Result<T, VendorError> {
        let patience = self.config.prepare_timeout;
        tokio::time::timeout(patience, work).await.unwrap_or_else(|_| {
            let why = format!("the server did not get ready within {} ms", patience.as_millis());
            Err(VendorError::Retry { vendor: VENDOR, why, after: None })
        })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), VendorError> {
        let message = self.message(mail)?;
        let content = message.formatted();
        let mut connection = self.prepared(self.prepare(message.envelope(), &content)).await?;
        let patience = self.config.deliver_timeout;
        match tokio::time::timeout(patience, connection.message(&content)).await {
            Err(_) => {
                let why = format!("no answer to the content within {} ms", patience.as_millis());
                return Err(VendorError::Unknown { vendor: VENDOR, why });
            }
            Ok(answer) => answer.map_err(|error| after_content(&error))?,
        };
        goodbye(connection).await;
        Ok(())
    }

    async fn check(&self) -> Result<(), VendorError> {
        let asked = async {
            let mut connection = self.connect().await?;
            connection.command(Noop).await.map_err(|error| before_content("NOOP", &error))?;
            Ok(connection)
        };
        goodbye(self.prepared(asked).await?).await;
        Ok(())
    }
}

/// Polite, and of no consequence: whatever the server says, the outcome stands.
async fn goodbye(mut connection: AsyncSmtpConnection) {
    if !matches!(tokio::time::timeout(QUIT_TIMEOUT, connection.command(Quit)).await, Ok(Ok(_))) {
        tracing::debug!(vendor = VENDOR, "the server did not say goodbye");
    }
}

/// Says that no person wrote this, so that no out-of-office reply answers it (RFC 3834 §5).
#[derive(Clone)]
struct AutoSubmitted;

const AUTO_GENERATED: &str = "auto-generated";

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        if text.trim() == AUTO_GENERATED { Ok(Self) } else { Err("not auto-generated".into()) }
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), AUTO_GENERATED.to_owned())
    }
}

/// The same for the same key; hashed, so that any key makes a lawful one, in the sender's own domain.
fn message_id(key: &str, from: &Mailbox) -> String {
    let digest = Sha256::digest(key.as_bytes());
    let hash: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("<baton.{hash}@{}>", from.email.domain())
}

/// On one line, without control characters, and cut.
fn subject(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = line.split_whitespace().collect();
    words.join(" ").chars().take(SUBJECT_LIMIT).collect()
}

/// What the server must be able to do for this message (RFC 6152, RFC 6531).
fn mail_parameters(
    connection: &AsyncSmtpConnection,
    envelope: &Envelope,
    content: &[u8],
) -> Result<Vec<MailParameter>, VendorError> {
    let mut parameters = Vec::new();
    let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    if !envelope.from().into_iter().chain(envelope.to()).all(is_ascii) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(refused("the address is not ASCII and the server does not offer SMTPUTF8".to_owned()));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !content.is_ascii() {
        if !connection.server_info().supports_feature(Extension::EightBitMime) {
            return Err(refused("the message is not ASCII and the server does not offer 8BITMIME".to_owned()));
        }
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(parameters)
}

fn refused(why: String) -> VendorError {
    VendorError::NeedsPerson { vendor: VENDOR, why }
}

/// Nothing was sent: only a lasting "no" needs a person.
fn before_content(stage: &str, error: &SmtpError) -> VendorError {
    let why = told(stage, error);
    if error.is_permanent() || error.is_client() {
        return refused(why);
    }
    VendorError::Retry { vendor: VENDOR, why, after: None }
}

/// A lasting "no" to a login is about our credentials; "try later" (454) is not.
fn login_error(error: &SmtpError) -> VendorError {
    if error.is_permanent() {
        return VendorError::Reauthenticate { vendor: VENDOR, why: told("AUTH", error) };
    }
    before_content("AUTH", error)
}

/// The content was on its way: only an answer with a code tells what became of it.
fn after_content(error: &SmtpError) -> VendorError {
    match error.status() {
        Some(_) => before_content("content", error),
        None => VendorError::Unknown { vendor: VENDOR, why: told("content", error) },
    }
}

/// Where it failed, with the server's code and enhanced code (`550 5.1.1`). Its words stay out: they repeat addresses.
fn told(stage: &str, error: &SmtpError) -> String {
    let Some(code) = error.status() else {
        return format!("{stage}: {error}");
    };
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    match words.split_whitespace().next().filter(|word| is_enhanced_code(word)) {
        Some(enhanced) => format!("{stage}: the server said {code} {enhanced}"),
        None => format!("{stage}: the server said {code}"),
    }
}

/// `5.1.1` (RFC 3463).
fn is_enhanced_code(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(is_number) && matches!(parts[0], "2" | "4" | "5")
}

#[cfg(test)]
mod tests;
