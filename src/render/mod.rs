//! What is written to people: the briefing, made once per lead, and the words of every channel around it.
//!
//! Guarantees: whatever a lead brought in is cleaned before it becomes part of a [`Briefing`](baton_core::domain::briefing::Briefing)
//! and escaped for its channel when it is printed; lengths stay within the limits of CRMs and mail; a template that is broken,
//! names something unknown or says nothing is found when it is loaded ([`Templates::compile`]), not on a call. Pages
//! for callers and for reps are different types (`page`): nothing meant for a rep can reach a caller.
//!
//! Refuses: to send anything, to read a clock, to quote in a caller's mail what somebody claimed to be.
//! Dies safely: every function here is pure; rendered text is not stored before the outbox has sent it.

pub mod briefing;
pub mod caller;
mod card;
mod check;
mod clean;
mod consent;
pub mod context;
pub mod email;
mod engine;
pub mod explain;
mod notice;
mod page;
mod samples;
mod spoken;
mod table;
pub mod when;

#[cfg(test)]
mod tests;

pub use check::TemplateFault;
pub use engine::Templates;
pub use table::template_files;

use baton_core::domain::briefing::Briefing;
use baton_core::domain::text::{RepText, Whisper};
use context::{Hearer, NoteContext};
use notice::Notice;
use page::{CallerPlainPage, WhisperPage};

/// Longest subject that every CRM we write to takes.
const SUBJECT_CHARS: usize = 255;
/// Longest note: the shortest of the CRMs' limits for long text, less a margin for their own marks.
const NOTE_CHARS: usize = 30_000;

impl Templates {
    /// What the rep hears on answering: at most [`spoken::MAX_WORDS`] words, the last sentence of the template
    /// (what to press) always among them.
    pub fn whisper(&self, briefing: &Briefing, hearer: &Hearer<'_>) -> Whisper {
        self.whispered("ring.hbs", &WhisperPage::of(briefing), hearer)
    }

    /// What a rep hears whose caller does not wait any more.
    pub fn too_late(&self, company: Option<&str>, hearer: &Hearer<'_>) -> Whisper {
        let page = CallerPlainPage { company: company.map(str::to_owned) };
        self.whispered("too_late.hbs", &page, hearer)
    }

    /// What a rep is asked when a call to a lead is over; of one whom they were never on a line with it is less.
    pub fn question(&self, have_spoken: bool, company: Option<&str>, hearer: &Hearer<'_>) -> Whisper {
        let page = CallerPlainPage { company: company.map(str::to_owned) };
        self.whispered(if have_spoken { "came_of.hbs" } else { "not_reached.hbs" }, &page, hearer)
    }

    /// Body of the CRM's note or task, plain text.
    pub fn crm_note(&self, context: &NoteContext<'_>) -> RepText {
        let page = context.page();
        let opening = Notice::parse(&self.render(context.template(), &page)).body;
        let body = self.render("crm/briefing.hbs", &page);
        let text = if opening.is_empty() { body } else { format!("{opening}\n\n{body}") };
        RepText(clean::cut(&text, NOTE_CHARS))
    }

    /// One line, at most 255 characters.
    pub fn task_subject(&self, context: &NoteContext<'_>) -> String {
        let title = Notice::parse(&self.render(context.template(), &context.page())).title;
        clean::one_line(&title, SUBJECT_CHARS)
    }
}
