//! Mail to a rep.

use super::Templates;
use super::clean::one_line;
use super::context::BriefContext;
use super::notice::Notice;
use super::page::LetterPage;
use baton_core::domain::text::RepText;

/// Mail clients show less, and header folding begins at 998 octets.
pub(super) const MAIL_SUBJECT_CHARS: usize = 200;

#[derive(Debug, Clone, PartialEq)]
pub struct RepMail {
    /// One line.
    pub subject: RepText,
    pub text: RepText,
    pub html: RepText,
}

impl Templates {
    pub fn email(&self, context: &BriefContext<'_>) -> RepMail {
        let page = context.page();
        let notice = Notice::parse(&self.render(&format!("email/{}", context.file()), &page));
        let subject = one_line(&notice.title, MAIL_SUBJECT_CHARS);
        let letter = LetterPage { page, opening: notice.paragraphs(), title: notice.title };
        RepMail {
            subject: RepText(subject),
            text: RepText(self.render("email/body.txt.hbs", &letter)),
            html: RepText(self.render("email/body.html.hbs", &letter)),
        }
    }
}
