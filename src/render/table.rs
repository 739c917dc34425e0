//! The table of templates: what each is made with, how its words are escaped, and what it must come out as.

use super::page::PageKind;
use super::spoken;
use baton_core::rules::words::language;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    Spoken,
    /// The same in another language than ours: what is said for a sign is left to the voice.
    Abroad,
    Chat,
    Html,
    Plain,
}

impl Escape {
    pub(super) fn function(self) -> fn(&str) -> String {
        match self {
            Self::Spoken => spoken::escape,
            Self::Abroad => spoken::escape_abroad,
            Self::Chat => chat,
            Self::Html => handlebars::html_escape,
            Self::Plain => handlebars::no_escape,
        }
    }
}

/// The characters that mean something in a card: without `<` there is no link and no mention, and without `*`, for which there is
/// no escape, nothing that was said looks like a label of ours.
fn chat(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('*', "\u{2217}")
}

/// What a rendered template must be, beyond not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageForm {
    Text,
    /// First line is a title.
    Notice,
    /// Spoken, at most so many words with the samples.
    Speech(usize),
}

pub(super) struct TemplateSpec {
    pub path: &'static str,
    pub escape: Escape,
    pub kind: PageKind,
    pub shape: PageForm,
    pub built_in: &'static str,
}

macro_rules! specs {
    ($($path:literal $escape:ident $kind:ident $shape:expr;)*) => {
        &[$(TemplateSpec {
            path: $path,
            escape: Escape::$escape,
            kind: PageKind::$kind,
            shape: $shape,
            built_in: include_str!(concat!("../../templates/", $path)),
        }),*]
    };
}

/// A caller listens to one instruction this long at most: half a minute.
const CALLER_WORDS: usize = 78;

#[rustfmt::skip]
pub(super) const SPECS: &[TemplateSpec] = specs![
    "whisper/ring.hbs" Spoken Whisper PageForm::Speech(spoken::MAX_WORDS);
    "whisper/putting_through.hbs" Spoken CallerPlain PageForm::Speech(spoken::MAX_WORDS);
    "whisper/not_taken.hbs" Spoken CallerPlain PageForm::Speech(spoken::MAX_WORDS);
    "whisper/taken_care_of.hbs" Spoken CallerPlain PageForm::Speech(spoken::MAX_WORDS);
    "whisper/too_late.hbs" Spoken CallerPlain PageForm::Speech(spoken::MAX_WORDS);
    "whisper/came_of.hbs" Spoken CallerPlain PageForm::Speech(spoken::MAX_WORDS);
    "whisper/not_reached.hbs" Spoken CallerPlain PageForm::Speech(spoken::MAX_WORDS);
    "whisper/yes_or_no.hbs" Spoken CallerPlain PageForm::Speech(spoken::MAX_WORDS);
    "whisper/de/ring.hbs" Abroad Whisper PageForm::Speech(spoken::MAX_WORDS);
    "whisper/de/too_late.hbs" Abroad CallerPlain PageForm::Speech(spoken::MAX_WORDS);
    "whisper/de/came_of.hbs" Abroad CallerPlain PageForm::Speech(spoken::MAX_WORDS);
    "whisper/de/not_reached.hbs" Abroad CallerPlain PageForm::Speech(spoken::MAX_WORDS);
    "whisper/es/ring.hbs" Abroad Whisper PageForm::Speech(spoken::MAX_WORDS);
    "whisper/es/too_late.hbs" Abroad CallerPlain PageForm::Speech(spoken::MAX_WORDS);
    "whisper/es/came_of.hbs" Abroad CallerPlain PageForm::Speech(spoken::MAX_WORDS);
    "whisper/es/not_reached.hbs" Abroad CallerPlain PageForm::Speech(spoken::MAX_WORDS);
    "chat/ringing.hbs" Chat Rep PageForm::Notice;
    "chat/connected.hbs" Chat Rep PageForm::Notice;
    "chat/booked.hbs" Chat Rep PageForm::Notice;
    "chat/moved.hbs" Chat Rep PageForm::Notice;
    "chat/called_off.hbs" Chat Rep PageForm::Notice;
    "chat/callback.hbs" Chat Rep PageForm::Notice;
    "chat/mail.hbs" Chat Rep PageForm::Notice;
    "chat/reminder.hbs" Chat Rep PageForm::Notice;
    "chat/escalation.hbs" Chat Rep PageForm::Notice;
    "chat/needs_attention.hbs" Chat Rep PageForm::Notice;
    "chat/tried.hbs" Chat Rep PageForm::Notice;
    "chat/refusals.hbs" Chat Rep PageForm::Notice;
    "chat/handed_over.hbs" Chat Rep PageForm::Notice;
    "chat/given_away.hbs" Chat Rep PageForm::Notice;
    "chat/briefing.hbs" Chat Rep PageForm::Text;
    "chat/footer.hbs" Chat Rep PageForm::Text;
    "chat/closed.hbs" Chat Closed PageForm::Text;
    "chat/standing.hbs" Chat Closed PageForm::Text;
    "email/ringing.hbs" Plain Rep PageForm::Notice;
    "email/connected.hbs" Plain Rep PageForm::Notice;
    "email/booked.hbs" Plain Rep PageForm::Notice;
    "email/moved.hbs" Plain Rep PageForm::Notice;
    "email/called_off.hbs" Plain Rep PageForm::Notice;
    "email/callback.hbs" Plain Rep PageForm::Notice;
    "email/mail.hbs" Plain Rep PageForm::Notice;
    "email/reminder.hbs" Plain Rep PageForm::Notice;
    "email/escalation.hbs" Plain Rep PageForm::Notice;
    "email/needs_attention.hbs" Plain Rep PageForm::Notice;
    "email/tried.hbs" Plain Rep PageForm::Notice;
    "email/refusals.hbs" Plain Rep PageForm::Notice;
    "email/handed_over.hbs" Plain Rep PageForm::Notice;
    "email/given_away.hbs" Plain Rep PageForm::Notice;
    "email/body.txt.hbs" Plain Letter PageForm::Text;
    "email/body.html.hbs" Html Letter PageForm::Text;
    "crm/routed.hbs" Plain Rep PageForm::Notice;
    "crm/connected.hbs" Plain Rep PageForm::Notice;
    "crm/booked.hbs" Plain Rep PageForm::Notice;
    "crm/moved.hbs" Plain Rep PageForm::Notice;
    "crm/called_off.hbs" Plain Rep PageForm::Notice;
    "crm/callback_promised.hbs" Plain Rep PageForm::Notice;
    "crm/mail_promised.hbs" Plain Rep PageForm::Notice;
    "crm/needs_attention.hbs" Plain Rep PageForm::Notice;
    "crm/briefing.hbs" Plain Rep PageForm::Text;
    "caller/hold.hbs" Spoken CallerHold PageForm::Speech(CALLER_WORDS);
    "caller/hold_on.hbs" Spoken CallerInstead PageForm::Speech(CALLER_WORDS);
    "caller/find_time.hbs" Spoken CallerRep PageForm::Speech(CALLER_WORDS);
    "caller/offer_callback.hbs" Spoken CallerPlain PageForm::Speech(CALLER_WORDS);
    "caller/introduce.hbs" Spoken CallerRep PageForm::Speech(CALLER_WORDS);
    "caller/connected.hbs" Spoken CallerRep PageForm::Speech(CALLER_WORDS);
    "caller/offer_slots.hbs" Spoken CallerSlots PageForm::Speech(CALLER_WORDS);
    "caller/offer_keys.hbs" Spoken CallerKeys PageForm::Speech(CALLER_WORDS);
    "caller/confirm_booking.hbs" Spoken CallerWhen PageForm::Speech(CALLER_WORDS);
    "caller/promise_callback.hbs" Spoken CallerWhen PageForm::Speech(CALLER_WORDS);
    "caller/promise_mail.hbs" Spoken CallerWhen PageForm::Speech(CALLER_WORDS);
    "caller/no_call.hbs" Spoken CallerRep PageForm::Speech(CALLER_WORDS);
    "caller/passed_on.hbs" Spoken CallerPlain PageForm::Speech(CALLER_WORDS);
    "caller/say_again.hbs" Spoken CallerPlain PageForm::Speech(CALLER_WORDS);
    "caller/not_reached.hbs" Spoken CallerPlain PageForm::Speech(CALLER_WORDS);
    "caller/how_to_reach.hbs" Spoken CallerPlain PageForm::Speech(CALLER_WORDS);
    "caller/taking_down.hbs" Spoken CallerPlain PageForm::Speech(CALLER_WORDS);
    "caller/booking.hbs" Spoken CallerPlain PageForm::Speech(CALLER_WORDS);
    "caller/goodbye.hbs" Spoken CallerPlain PageForm::Speech(CALLER_WORDS);
    "caller/mail_booking.hbs" Plain CallerWhen PageForm::Notice;
    "caller/mail_callback.hbs" Plain CallerWhen PageForm::Notice;
    "caller/mail_mail.hbs" Plain CallerWhen PageForm::Notice;
    "caller/mail.html.hbs" Html CallerLetter PageForm::Text;
    "caller/text_back.hbs" Plain CallerWhen PageForm::Text;
    "caller/text_meeting.hbs" Plain CallerWhen PageForm::Text;
    "caller/text_called_off.hbs" Plain CallerWhen PageForm::Text;
    "caller/called_off.hbs" Plain CallerWhen PageForm::Text;
    "caller/calendar_event.hbs" Plain CallerWhen PageForm::Notice;
];

/// As what a file of this path is read. What a rep hears may be written in each language: `whisper/fr/ring.hbs`.
pub(super) fn spec_of(path: &str) -> Option<&'static TemplateSpec> {
    SPECS.iter().find(|spec| spec.path == path).or_else(|| {
        let (folder, spec) = in_a_folder(path)?;
        (language::code(folder) == Some(folder)).then_some(spec)
    })
}

/// A file of `whisper/`, in the folder of a language or of whatever somebody took for one.
pub(super) fn in_a_folder(path: &str) -> Option<(&str, &'static TemplateSpec)> {
    let (folder, file) = path.strip_prefix("whisper/")?.split_once('/')?;
    // One language stands for all.
    let spec = SPECS.iter().find(|spec| spec.path.strip_prefix("whisper/de/") == Some(file))?;
    Some((folder, spec))
}

/// Every template with its built-in text, by path below `templates/`: what a new workspace starts with.
pub fn template_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    SPECS.iter().map(|spec| (spec.path, spec.built_in))
}
