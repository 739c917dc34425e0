//! A mail as it is sent: its head and its body.

use super::SmtpMailer;
use super::errors::refused;
use crate::connectors::{Mail, VendorError, hex_key};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};

/// Characters of a subject; longer ones are cut. Phones show about 40, RFC 5322 asks for lines below 998.
pub(super) const SUBJECT_LIMIT: usize = 200;

impl SmtpMailer {
    pub(super) fn message(&self, mail: &Mail) -> Result<Message, VendorError> {
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
pub(super) fn message_id(key: &str, from: &Mailbox) -> String {
    format!("<baton.{}@{}>", hex_key(key), from.email.domain())
}

/// On one line, without control characters, and cut.
pub(super) fn subject(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = line.split_whitespace().collect();
    words.join(" ").chars().take(SUBJECT_LIMIT).collect()
}
