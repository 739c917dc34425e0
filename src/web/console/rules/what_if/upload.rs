//! The files of a workspace that somebody sends to be tried: told by their names which they are, and read as a worker reads them.

use crate::release::workspace::{PLATFORMS, TEMPLATES};
use crate::web::console::form::Part;
use baton_core::rules::SourceFile;
use baton_core::rules::words::encoding;
use std::collections::BTreeMap;

const RULES: &str = "rules";
/// Files of one workspace.
const MOST: usize = 300;

/// What was sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Upload {
    pub files: Vec<SourceFile>,
    /// Files that are no part of a release.
    pub passed_over: usize,
}

impl Upload {
    /// # Errors
    /// Which file is of no use, and why.
    pub(super) fn read(parts: &[Part<'_>]) -> Result<Self, String> {
        let (mut files, mut passed_over) = (BTreeMap::new(), 0);
        for part in parts {
            let named = part.file.as_deref().unwrap_or_default();
            let Some(path) = path_of(named)? else {
                passed_over += 1;
                continue;
            };
            let text = encoding::text(part.body).filter(|text| !text.contains('\0')).ok_or_else(|| {
                format!(
                    "{named:?} is not UTF-8 text, and nothing was tried; allowed: the files of {RULES}/, {TEMPLATES}/ and \
                     {PLATFORMS}/ as they are (unpack an archive first; in a spreadsheet: CSV UTF-8)"
                )
            })?;
            if files.insert(path.clone(), text.trim_start_matches('\u{feff}').to_owned()).is_some() {
                return Err(format!("two of the files are {path}, and nothing was tried; send one workspace"));
            }
            if files.len() > MOST {
                return Err(format!("there are more than {MOST} files, and nothing was tried; send {RULES}/ alone"));
            }
        }
        if files.is_empty() && passed_over > 0 {
            return Err(format!(
                "none of the {passed_over} files is one of {RULES}/, {TEMPLATES}/ or {PLATFORMS}/, and nothing was tried; choose the \
                 folder that holds {RULES}/, or files of it"
            ));
        }
        let files = files.into_iter().map(|(path, text)| SourceFile { path, text }).collect();
        Ok(Self { files, passed_over })
    }

    /// On top of the files of a release.
    pub(super) fn over(mut self, release: Vec<SourceFile>) -> Self {
        let is_replaced = |file: &SourceFile| self.files.iter().any(|sent| sent.path == file.path);
        let kept: Vec<SourceFile> = release.into_iter().filter(|file| !is_replaced(file)).collect();
        self.files.extend(kept);
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        self
    }
}

/// Where a file of this name stands in a workspace, whichever folder was chosen: `acme/rules/reps.csv` and `reps.csv` are
/// `rules/reps.csv`. `None`: hidden, an editor's copy, an expectation, or of another folder.
///
/// # Errors
/// It leads out of its folder.
fn path_of(named: &str) -> Result<Option<String>, String> {
    let folders: Vec<&str> = named.split('/').collect();
    let is_plain = |name: &&str| !name.is_empty() && *name != "." && *name != "..";
    if !folders.iter().all(is_plain) || named.contains('\\') || named.chars().any(char::is_control) {
        return Err(format!(
            "{named:?} is no name of a file in a workspace, and nothing was tried; allowed: names such as {RULES}/reps.csv, \
             with no step upwards"
        ));
    }
    let path = match folders.iter().position(|name| [RULES, TEMPLATES, PLATFORMS].contains(name)) {
        Some(at) if at + 1 < folders.len() => folders[at..].to_vec(),
        _ if folders.len() == 1 => vec![RULES, named],
        _ => return Ok(None),
    };
    // The folder that was chosen may be called as it likes.
    let mut inside = folders.iter().skip(usize::from(folders.len() > 1));
    let is_aside = inside.any(|name| name.starts_with('.') || name.ends_with('~'));
    let is_expectation = path.starts_with(&[RULES, "tests"]);
    Ok((!is_aside && !is_expectation).then(|| path.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part<'b>(name: &str, body: &'b [u8]) -> Part<'b> {
        Part { name: "files".to_owned(), file: Some(name.to_owned()), body }
    }

    #[test]
    fn a_file_is_known_by_its_place_in_whichever_folder_was_chosen() {
        for (named, path) in [
            ("rules/reps.csv", Some("rules/reps.csv")),
            ("acme/rules/reps.csv", Some("rules/reps.csv")),
            ("acme/templates/chat/ringing.hbs", Some("templates/chat/ringing.hbs")),
            ("platforms/vapi.yaml", Some("platforms/vapi.yaml")),
            ("reps.csv", Some("rules/reps.csv")),
            ("acme/baton.toml", None),
            (".acme/rules/reps.csv", Some("rules/reps.csv")),
            ("acme/.git/rules/reps.csv", None),
            ("rules/tests/emea.yaml", None),
            ("rules/.reps.csv.swp", None),
            ("rules/reps.csv~", None),
        ] {
            assert_eq!(path_of(named), Ok(path.map(str::to_owned)), "{named}");
        }
    }

    #[test]
    fn a_name_that_leads_out_of_its_folder_is_refused() {
        for named in
            ["../rules/reps.csv", "rules/../../etc/passwd", "/etc/passwd", "rules//reps.csv", "rules\\reps.csv", "a\nb"]
        {
            let refused = Upload::read(&[part(named, b"id\n")]).expect_err(named);
            assert!(refused.contains("no step upwards"), "{named}: {refused}");
        }
    }

    #[test]
    fn what_is_no_text_or_comes_twice_or_in_masses_is_refused_by_its_name() {
        for body in [&b"PK\x03\x04\0\0rules"[..], b"\x1f\x8b\x08\0\0\0", b"id\xff\0", b"a\0b"] {
            let refused = Upload::read(&[part("rules/reps.csv", body)]).expect_err("no text");
            assert!(refused.contains("\"rules/reps.csv\" is not UTF-8 text"), "{refused}");
        }
        let twice = Upload::read(&[part("a/rules/reps.csv", b""), part("reps.csv", b"")]).expect_err("twice");
        assert!(twice.contains("two of the files are rules/reps.csv"), "{twice}");
        let other = Upload::read(&[part("photos/beach/one.txt", b"")]).expect_err("another folder");
        assert!(other.contains("none of the 1 files"), "{other}");
        let names: Vec<String> = (0..=MOST).map(|number| format!("templates/{number}.hbs")).collect();
        let many: Vec<Part<'_>> = names.iter().map(|name| part(name, b"")).collect();
        assert!(Upload::read(&many).is_err_and(|why| why.contains("more than 300 files")));
    }

    #[test]
    fn what_is_sent_stands_in_for_the_same_file_of_the_release() {
        let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
        let sent = Upload::read(&[part("reps.csv", b"\xef\xbb\xbfnew"), part("notes.txt/a", b"x")]).expect("files");
        assert_eq!(sent.passed_over, 1);
        let all = sent.over(vec![file("rules/hours.yaml", "h"), file("rules/reps.csv", "old")]);
        assert_eq!(all.files, [file("rules/hours.yaml", "h"), file("rules/reps.csv", "new")]);
    }
}
