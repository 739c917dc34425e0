//! A card as Teams shows it: an Adaptive Card, within what version 1.4 and a webhook take.
//!
//! Every text is a run of a `RichTextBlock`, in which no markdown is read: what was said stays what it is, and only a mark of
//! the card makes a link. The first links are buttons; Teams shows five, and is silent about a sixth.

use crate::connectors::Card;
use crate::connectors::http::cut;
use serde_json::{Value, json};
use url::Url;

const SCHEMA: &str = "http://adaptivecards.io/schemas/adaptive-card.json";
/// Every client of Teams shows it.
const VERSION: &str = "1.4";
/// A webhook takes 28 kB, of which Microsoft says that it is about so much.
const MESSAGE_BYTES: usize = 26_000;
const BUTTONS_AT_MOST: usize = 5;
const BUTTON_CHARS: usize = 60;
const TITLE_CHARS: usize = 150;
const PIECE_CHARS: usize = 2000;
const MORE: &str = "…";

/// A part of a line that is written in one way.
#[derive(Debug, Clone, Default, PartialEq)]
struct Piece {
    text: String,
    bold: bool,
    italic: bool,
    link: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Title,
    Text,
    SmallPrint,
}

/// A link that is pressed.
struct Button {
    words: String,
    url: String,
}

/// What does not fit is left out, from the end of the briefing.
pub(super) fn message(card: &Card) -> Value {
    let opening = card.opening.as_deref().unwrap_or_default();
    let [opening, briefing, footer] = [opening, card.briefing.as_str(), card.footer.as_str()].map(lines);
    let buttons = buttons([&opening, &briefing, &footer]);
    let title = Piece { text: unmarked(&card.title), bold: true, ..Piece::default() };
    let mut body = vec![block(&[title], Look::Title, false)];
    body.extend(blocks(opening, &buttons, Look::Text));
    body.extend(blocks(briefing, &buttons, Look::Text));
    let footer = blocks(footer, &buttons, Look::SmallPrint);
    let mut shown = whole(&body, &footer, &buttons);
    if is_too_long(&shown) {
        let more = Piece { text: MORE.to_owned(), ..Piece::default() };
        body.push(block(&[more], Look::Text, false));
        while is_too_long(&shown) && body.len() > 2 {
            body.remove(body.len() - 2);
            shown = whole(&body, &footer, &buttons);
        }
    }
    shown
}

fn is_too_long(message: &Value) -> bool {
    message.to_string().len() > MESSAGE_BYTES
}

fn whole(body: &[Value], footer: &[Value], buttons: &[Button]) -> Value {
    let press = |button: &Button| json!({ "type": "Action.OpenUrl", "title": button.words, "url": button.url });
    let actions: Vec<Value> = buttons.iter().map(press).collect();
    let body = [body, footer].concat();
    let content = json!({
        "type": "AdaptiveCard", "$schema": SCHEMA, "version": VERSION, "msteams": { "width": "Full" },
        "body": body, "actions": actions,
    });
    let kind = "application/vnd.microsoft.card.adaptive";
    json!({ "type": "message", "attachments": [{ "contentType": kind, "contentUrl": null, "content": content }] })
}

/// A block for each line in which anything is left.
fn blocks(lines: Vec<Vec<Piece>>, buttons: &[Button], look: Look) -> Vec<Value> {
    let (mut blocks, mut is_apart) = (Vec::new(), true);
    for line in lines {
        let line = without_buttons(line, buttons);
        if !line.is_empty() {
            blocks.push(block(&line, look, is_apart));
        }
        is_apart = line.is_empty();
    }
    blocks
}

fn block(line: &[Piece], look: Look, is_apart: bool) -> Value {
    let runs: Vec<Value> = line.iter().map(|piece| run(piece, look)).collect();
    json!({ "type": "RichTextBlock", "spacing": if is_apart { "Medium" } else { "Small" }, "inlines": runs })
}

fn run(piece: &Piece, look: Look) -> Value {
    let limit = if look == Look::Title { TITLE_CHARS } else { PIECE_CHARS };
    let mut run = json!({ "type": "TextRun", "text": cut(&as_said(&piece.text), limit) });
    match look {
        Look::Title => run["size"] = json!("Large"),
        Look::Text => {}
        Look::SmallPrint => (run["size"], run["isSubtle"]) = (json!("Small"), json!(true)),
    }
    if piece.bold {
        run["weight"] = json!("Bolder");
    }
    if piece.italic {
        run["italic"] = json!(true);
    }
    if let Some(link) = &piece.link {
        run["selectAction"] = json!({ "type": "Action.OpenUrl", "url": link });
    }
    run
}

/// Two braces would begin a date that the client writes.
fn as_said(text: &str) -> String {
    if text.contains("{{") { text.replace('{', "{ ") } else { text.to_owned() }
}

/// The first links, each address once.
fn buttons(texts: [&[Vec<Piece>]; 3]) -> Vec<Button> {
    let mut buttons: Vec<Button> = Vec::new();
    for piece in texts.into_iter().flatten().flatten() {
        let Some(url) = &piece.link else { continue };
        if buttons.len() < BUTTONS_AT_MOST && buttons.iter().all(|button| button.url != *url) {
            let words = cut(&capitalised(&as_said(&piece.text)), BUTTON_CHARS);
            buttons.push(Button { words, url: url.clone() });
        }
    }
    buttons
}

fn capitalised(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map_or_else(|| "Open".to_owned(), |first| first.to_uppercase().chain(rest).collect())
}

/// A line without the links at its end that are buttons, where no sentence needs them.
fn without_buttons(mut line: Vec<Piece>, buttons: &[Button]) -> Vec<Piece> {
    while let Some((last, before)) = line.split_last() {
        let is_button = last.link.as_ref().is_some_and(|link| buttons.iter().any(|button| button.url == *link));
        let stands_alone = before
            .last()
            .is_none_or(|before| before.link.is_none() && before.text.trim_end().ends_with(['.', '!', '?', '·']));
        if !(is_button && stands_alone) {
            break;
        }
        line.pop();
        if let Some(before) = line.last_mut() {
            before.text.truncate(before.text.trim_end_matches([' ', '·']).len());
        }
    }
    if line.iter().all(|piece| piece.text.trim().is_empty()) { Vec::new() } else { line }
}

fn lines(text: &str) -> Vec<Vec<Piece>> {
    text.lines().map(pieces).collect()
}

/// One line by its marks. A mark that nothing closes is a sign like others.
fn pieces(line: &str) -> Vec<Piece> {
    let (mut pieces, mut open) = (Vec::new(), Piece::default());
    let (mut rest, mut before) = (line, None);
    while let Some(c) = rest.chars().next() {
        let behind = &rest[c.len_utf8()..];
        if let Some((text, link, left)) = link_at(rest) {
            close(&mut pieces, &mut open);
            pieces.push(Piece { text, link, ..open.clone() });
            (rest, before) = (left, Some(c));
            continue;
        }
        if let Some((sign, left)) = sign_at(rest) {
            open.text.push(sign);
            (rest, before) = (left, Some(sign));
            continue;
        }
        match c {
            '*' if open.bold || behind.contains('*') => {
                close(&mut pieces, &mut open);
                open.bold = !open.bold;
            }
            '_' if turns(open.italic, before, behind) => {
                close(&mut pieces, &mut open);
                open.italic = !open.italic;
            }
            c => open.text.push(c),
        }
        (rest, before) = (behind, Some(c));
    }
    close(&mut pieces, &mut open);
    pieces
}

/// Ends what was written in one way so far.
fn close(pieces: &mut Vec<Piece>, open: &mut Piece) {
    if !open.text.is_empty() {
        let text = std::mem::take(&mut open.text);
        pieces.push(Piece { text, ..open.clone() });
    }
}

/// Whether an underscore is a mark: names have some within.
fn turns(is_open: bool, before: Option<char>, behind: &str) -> bool {
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let ends = |rest: &str| is_edge(rest.chars().next());
    match is_open {
        true => ends(behind),
        false if behind.starts_with(char::is_whitespace) => false,
        false => is_edge(before) && behind.match_indices('_').any(|(at, _)| at > 0 && ends(&behind[at + 1..])),
    }
}

/// Words and address of `<address|words>`, and what stands behind it. An address that nobody should open leaves its words behind.
fn link_at(text: &str) -> Option<(String, Option<String>, &str)> {
    let (inner, left) = text.strip_prefix('<')?.split_once('>')?;
    let (address, words) = inner.split_once('|').unwrap_or((inner, inner));
    let words = [words, address].into_iter().find(|words| !words.trim().is_empty())?;
    let address = unmarked(address);
    let opens = Url::parse(&address).is_ok_and(|url| matches!(url.scheme(), "https" | "http" | "mailto" | "tel"));
    Some((unmarked(words), opens.then_some(address), left))
}

const SIGNS: [(&str, char); 3] = [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&')];

fn sign_at(text: &str) -> Option<(char, &str)> {
    SIGNS.into_iter().find_map(|(written, sign)| Some((sign, text.strip_prefix(written)?)))
}

/// What is written for signs that would be marks, as those signs.
fn unmarked(text: &str) -> String {
    SIGNS
        .into_iter()
        .fold(text.to_owned(), |text, (written, sign)| text.replace(written, sign.encode_utf8(&mut [0; 4])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn card(opening: &str, briefing: &str, footer: &str) -> Card {
        Card {
            key: "k".into(),
            channel: "teams".into(),
            title: "Live call: R&amp;D".into(),
            opening: Some(opening.into()),
            briefing: briefing.into(),
            footer: footer.into(),
            acts: Vec::new(),
        }
    }

    /// The lines of a card, each with its runs, and its buttons.
    fn read(message: &Value) -> (Vec<String>, Vec<String>) {
        let content = &message["attachments"][0]["content"];
        let all = |value: &Value| value.as_array().expect("a list").clone();
        let text = |block: &Value| {
            let runs = all(&block["inlines"]).into_iter().map(|run| {
                let text = run["text"].as_str().expect("a text").to_owned();
                let bold = if run["weight"] == "Bolder" { "*" } else { "" };
                let italic = if run["italic"] == true { "_" } else { "" };
                let link = run["selectAction"]["url"].as_str().map(|url| format!("({url})")).unwrap_or_default();
                format!("{bold}{italic}{text}{italic}{bold}{link}")
            });
            runs.collect::<String>()
        };
        let press =
            |action: &Value| format!("{} {}", action["title"].as_str().unwrap(), action["url"].as_str().unwrap());
        (all(&content["body"]).iter().map(text).collect(), all(&content["actions"]).iter().map(press).collect())
    }

    #[test]
    fn marks_are_runs_and_links_are_buttons() {
        let opening = "*Your phone is ringing.* Press 1, or <https://b.example/f/t/accept|accept it here>.";
        let briefing = "*Score* 82 of 100\n• my_file_name costs 3 * 4\n*Size* AT&amp;T &lt;b&gt; _(caller said)_\n\n\
                        <https://t.example/?a=1&amp;b=2|Transcript>";
        let (lines, buttons) =
            read(&message(&card(opening, briefing, "Why you: first · <https://b.example/f/t|Rate this lead>")));
        let expected = [
            "*Live call: R&D*",
            "*Your phone is ringing.* Press 1, or accept it here(https://b.example/f/t/accept).",
            "*Score* 82 of 100",
            "• my_file_name costs 3 * 4",
            "*Size* AT&T <b> _(caller said)_",
            "Why you: first",
        ];
        assert_eq!(lines, expected);
        let expected = [
            "Accept it here https://b.example/f/t/accept",
            "Transcript https://t.example/?a=1&b=2",
            "Rate this lead https://b.example/f/t",
        ];
        assert_eq!(buttons, expected);
    }

    #[test]
    fn a_sixth_link_stays_in_the_text_and_a_strange_address_is_none() {
        let briefing: String = (1..=6).map(|n| format!("<https://a.example/{n}|Page {n}>\n")).collect();
        let (lines, buttons) = read(&message(&card("", &briefing, "<javascript:alert(1)|Press>")));
        assert_eq!((buttons.len(), lines[1].as_str()), (5, "Page 6(https://a.example/6)"));
        assert_eq!(lines[2], "Press");
    }

    /// As templates write it: signs that would be marks are escaped.
    #[test]
    fn what_was_said_is_neither_link_nor_date() {
        let said = "[click](https://evil.example) &lt;https://evil.example|x&gt; {{DATE(2026-11-29T14:05:00Z)}} \
                    &lt;at&gt;all&lt;/at&gt;";
        let (lines, buttons) = read(&message(&card("", said, "")));
        let shown =
            "[click](https://evil.example) <https://evil.example|x> { { DATE(2026-11-29T14:05:00Z)}} <at>all</at>";
        assert_eq!((lines[1].as_str(), buttons.len()), (shown, 0));
    }

    fn written() -> impl Strategy<Value = String> {
        let parts = ["&amp;", "*", "_", "<", "|", ">", "<https://a.example/?x=1&amp;y=2|the page>", "äöü ", "\n", "{{"];
        let long = "long words ".repeat(300);
        let parts: Vec<String> = parts.map(str::to_owned).into_iter().chain([long]).collect();
        prop::collection::vec(prop::sample::select(parts), 1..80).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_a_card_says_the_limits_hold(opening in written(), briefing in written()) {
            let message = message(&card(&opening, &briefing, "footer"));
            prop_assert!(message.to_string().len() <= 28 * 1024);
            let content = &message["attachments"][0]["content"];
            prop_assert!(content["actions"].as_array().is_some_and(|actions| actions.len() <= 5));
            for block in content["body"].as_array().expect("a body") {
                let runs = block["inlines"].as_array().expect("runs");
                let is_sound = |text: &str| !text.is_empty() && !text.contains("{{");
                prop_assert!(!runs.is_empty() && runs.iter().all(|run| run["text"].as_str().is_some_and(is_sound)));
            }
        }
    }
}
