//! The template engine, one set of templates per way of escaping, and everything that is checked when they are loaded.
//!
//! A workspace may bring its own version of any template of the table; those it does not bring are built in.
//! A template that fails on a call in spite of all checks is replaced by the built-in one, and a warning says so: words
//! that are not ours are better than silence on the line.

use super::check::{self, TemplateFault};
use super::clean::tidy;
use super::context::Hearer;
use super::notice::Notice;
use super::page::Page;
use super::samples;
use super::spoken;
use super::table::{Escape, PageForm, SPECS, TemplateSpec, in_a_folder, spec_of};
use baton_core::domain::text::{RepText, Whisper};
use baton_core::rules::model::set::HandoffRules;
use baton_core::rules::words::language;
use handlebars::{Handlebars, Template};
use std::fmt;

/// Checked templates. Rendering does not fail.
pub struct Templates {
    /// Only what the workspace brought, and says otherwise than we do.
    own: Engines,
    built_in: Engines,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates").finish_non_exhaustive()
    }
}

/// One registry per way of escaping, since the escape function belongs to the registry.
struct Engines {
    spoken: Handlebars<'static>,
    abroad: Handlebars<'static>,
    chat: Handlebars<'static>,
    html: Handlebars<'static>,
    plain: Handlebars<'static>,
}

impl Engines {
    fn empty() -> Self {
        Self {
            spoken: registry(Escape::Spoken),
            abroad: registry(Escape::Abroad),
            chat: registry(Escape::Chat),
            html: registry(Escape::Html),
            plain: registry(Escape::Plain),
        }
    }

    fn of(&self, escape: Escape) -> &Handlebars<'static> {
        match escape {
            Escape::Spoken => &self.spoken,
            Escape::Abroad => &self.abroad,
            Escape::Chat => &self.chat,
            Escape::Html => &self.html,
            Escape::Plain => &self.plain,
        }
    }

    fn of_mut(&mut self, escape: Escape) -> &mut Handlebars<'static> {
        match escape {
            Escape::Spoken => &mut self.spoken,
            Escape::Abroad => &mut self.abroad,
            Escape::Chat => &mut self.chat,
            Escape::Html => &mut self.html,
            Escape::Plain => &mut self.plain,
        }
    }
}

fn registry(escape: Escape) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(escape.function());
    registry
}

impl Templates {
    /// The templates that come with Baton.
    pub fn built_in() -> Self {
        match Self::compile::<&str>(&[]) {
            Ok(templates) => templates,
            Err(faults) => panic!("a built-in template is faulty, which the tests exclude: {faults:?}"),
        }
    }

    /// From a workspace's files, path (below `templates/`) and text; the others are built in. Each is checked against
    /// what it may name and rendered with a full and with a bare sample.
    ///
    /// # Errors
    /// Every fault of every file, in the order of the files.
    pub fn compile<S: AsRef<str>>(files: &[(S, S)]) -> Result<Self, Vec<TemplateFault>> {
        let mut own = Engines::empty();
        let mut built_in = Engines::empty();
        let mut faults = Vec::new();
        for spec in SPECS {
            faults.extend(add(&mut built_in, spec, spec.path, spec.built_in));
        }
        for (path, text) in files {
            let path = path.as_ref().trim_start_matches("templates/");
            match spec_of(path) {
                // A copy of ours: what is said in other languages says the same.
                Some(spec) if spec.path == path && text.as_ref().lines().eq(spec.built_in.lines()) => {}
                Some(spec) => faults.extend(add(&mut own, spec, path, text.as_ref())),
                None => faults.push(unknown_file(path)),
            }
        }
        if faults.is_empty() { Ok(Self { own, built_in }) } else { Err(faults) }
    }

    /// Tidied text of one template.
    pub(super) fn render<P: Page>(&self, path: &str, page: &P) -> String {
        self.render_own(path, page).unwrap_or_else(|| self.render_built_in(path, page))
    }

    /// A file of `whisper/`, cut to its time, in the first language that the hearer speaks and that there are words in; else in
    /// ours.
    pub(super) fn whispered<P: Page>(&self, file: &str, page: &P, hearer: &Hearer<'_>) -> Whisper {
        let ours = hearer.ours;
        let is_ours = hearer.speaks.contains(&ours) && self.place_of(file, ours, ours).is_some();
        let theirs = if is_ours { &[][..] } else { &hearer.speaks[..] };
        let said = |language: &str| {
            let text = match self.place_of(file, language, ours)? {
                Place::Own(path) => self.render_own(&path, page)?,
                Place::BuiltIn(path) => self.render_built_in(&path, page),
            };
            Some((text, language.to_owned()))
        };
        let found = theirs.iter().copied().chain([ours]).find_map(said);
        let (text, language) = found.unwrap_or_else(|| {
            (self.render_built_in(&format!("whisper/{file}"), page), HandoffRules::ENGLISH.to_owned())
        });
        Whisper { say: RepText(spoken::fit(&text)), language }
    }

    /// Whether there are words in this language for a rep who speaks no other.
    pub fn whispers_in(&self, language: &str, ours: &str) -> bool {
        self.place_of("ring.hbs", language, ours).is_some()
    }

    /// In which language a template is: in that of the workspace, if the words are its own.
    pub(super) fn written_in<'l>(&self, path: &str, ours: &'l str) -> &'l str {
        if self.has_own(path) { ours } else { HandoffRules::ENGLISH }
    }

    /// Where the words of a file of `whisper/` are in this language. Who says it otherwise than we do does not say it as we do in
    /// any other language.
    fn place_of(&self, file: &str, language: &str, ours: &str) -> Option<Place> {
        let (there, plain) = (format!("whisper/{language}/{file}"), format!("whisper/{file}"));
        let is_changed = self.has_own(&plain);
        if self.has_own(&there) {
            Some(Place::Own(there))
        } else if is_changed {
            (language == ours).then_some(Place::Own(plain))
        } else if language == HandoffRules::ENGLISH {
            Some(Place::BuiltIn(plain))
        } else {
            let is_there = self.built_in.of(Escape::Abroad).has_template(&there);
            is_there.then_some(Place::BuiltIn(there))
        }
    }

    fn has_own(&self, path: &str) -> bool {
        spec_of(path).is_some_and(|spec| self.own.of(spec.escape).has_template(path))
    }

    /// `None`: the workspace has no words of its own, or they failed.
    fn render_own<P: Page>(&self, path: &str, page: &P) -> Option<String> {
        let own = self.own.of(spec_for::<P>(path).escape);
        if !own.has_template(path) {
            return None;
        }
        match own.render(path, page) {
            Ok(text) => Some(tidy(&text)),
            Err(error) => {
                tracing::warn!(template = path, line = error.line_no, "a template failed; the built-in one is used");
                None
            }
        }
    }

    fn render_built_in<P: Page>(&self, path: &str, page: &P) -> String {
        let text = self.built_in.of(spec_for::<P>(path).escape).render(path, page);
        tidy(&text.expect("built-in templates name only what their page always has"))
    }
}

/// Where words are found.
enum Place {
    Own(String),
    BuiltIn(String),
}

fn spec_for<P: Page>(path: &str) -> &'static TemplateSpec {
    let spec = spec_of(path).expect("the code renders templates of the table only");
    assert_eq!(spec.kind, P::KIND, "{path} is checked with another page than it is rendered with");
    spec
}

fn unknown_file(path: &str) -> TemplateFault {
    if let Some((folder, _)) = in_a_folder(path) {
        let allowed = language::hint(folder).unwrap_or_else(|| "the code of a language, such as fr".to_owned());
        return TemplateFault {
            path: path.to_owned(),
            line: None,
            what: format!("{folder:?} is no language"),
            allowed,
        };
    }
    let nearest = SPECS.iter().min_by_key(|spec| strsim::damerau_levenshtein(spec.path, path));
    TemplateFault {
        path: path.to_owned(),
        line: None,
        what: "no message is made from this file".to_owned(),
        allowed: nearest.map_or_else(String::new, |spec| format!("did you mean {}?", spec.path)),
    }
}

/// Registers a template if nothing is wrong with it.
fn add(engines: &mut Engines, spec: &TemplateSpec, path: &str, text: &str) -> Vec<TemplateFault> {
    let template = match Template::compile(text) {
        Ok(template) => template,
        Err(error) => {
            let line = error.pos().and_then(|(line, _)| u32::try_from(line).ok());
            let what = format!("it cannot be read: {}", error.reason());
            let allowed = "every {{#…}} needs its {{/…}}, and every {{ its }}".to_owned();
            return vec![TemplateFault { path: path.to_owned(), line, what, allowed }];
        }
    };
    let [full, bare] = samples::of(spec.kind);
    let faults = check::faults(path, &template, &full);
    if !faults.is_empty() {
        return faults;
    }
    let registry = engines.of_mut(spec.escape);
    registry.register_template(path, template);
    [("full", full), ("bare", bare)]
        .iter()
        .find_map(|(name, sample)| try_out(registry, spec.shape, path, name, sample))
        .into_iter()
        .collect()
}

fn try_out(
    registry: &Handlebars<'_>,
    shape: PageForm,
    path: &str,
    name: &str,
    sample: &serde_json::Value,
) -> Option<TemplateFault> {
    let fault = |line, what: String, allowed: &str| {
        Some(TemplateFault { path: path.to_owned(), line, what, allowed: allowed.to_owned() })
    };
    let text = match registry.render(path, sample) {
        Ok(text) => tidy(&text),
        Err(error) => {
            let line = error.line_no.and_then(|line| u32::try_from(line).ok());
            return fault(
                line,
                format!("it fails with the {name} sample: {}", error.reason()),
                "see the comment on top of the built-in file",
            );
        }
    };
    if text.is_empty() {
        return fault(
            None,
            format!("it says nothing with the {name} sample"),
            "write at least one word outside of conditions",
        );
    }
    match shape {
        PageForm::Text => None,
        PageForm::Notice if Notice::parse(&text).title.is_empty() => {
            fault(Some(1), "the first line is empty".to_owned(), "the first line is the title")
        }
        PageForm::Notice => None,
        PageForm::Speech(max) => {
            let (words, tenths) = (spoken::words(&text), spoken::tenths(&text));
            let what = format!("it takes {words} words, {}.{} s, with the {name} sample", tenths / 10, tenths % 10);
            if words > max { fault(None, what, &format!("at most {max} words; digits count one each")) } else { None }
        }
    }
}
