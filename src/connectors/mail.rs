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

mod errors;
mod message;

use super::http::{Secret, has_written};
use super::{Mail, Mailer, VendorError};
use async_trait::async_trait;
use baton_clock::SharedClock;
use errors::{VENDOR, after_content, before_content, login_error, refused};
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Noop, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use std::time::Duration;

/// How long to say goodbye: the mail is accepted by then, and a server that does not answer must not hold us up.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);

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
            Err(VendorError::retry(VENDOR, why))
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
        has_written();
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

    /// A mail that is begun in the sender's name and taken back before anybody is named whom it is for.
    async fn try_write(&self) -> Option<Result<(), VendorError>> {
        let asked = async {
            let mut connection = self.connect().await?;
            let sender = self.from.email.clone();
            let envelope = Envelope::new(Some(sender.clone()), vec![sender]);
            let envelope = envelope.map_err(|error| refused(format!("the sender is no address: {error}")))?;
            let parameters = mail_parameters(&connection, &envelope, b"")?;
            let from = MailFrom::new(envelope.from().cloned(), parameters);
            connection.command(from).await.map_err(|error| before_content("MAIL", &error))?;
            connection.command(Rset).await.map_err(|error| before_content("RSET", &error))?;
            Ok(connection)
        };
        match self.prepared(asked).await {
            Ok(connection) => {
                goodbye(connection).await;
                Some(Ok(()))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

/// Polite, and of no consequence: whatever the server says, the outcome stands.
async fn goodbye(mut connection: AsyncSmtpConnection) {
    if !matches!(tokio::time::timeout(QUIT_TIMEOUT, connection.command(Quit)).await, Ok(Ok(_))) {
        tracing::debug!(vendor = VENDOR, "the server did not say goodbye");
    }
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

#[cfg(test)]
mod tests;
