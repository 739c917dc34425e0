//! The text of a file that a spreadsheet may have written: UTF-8, UTF-16 with its mark, or Windows' Western European code page;
//! lines that end as on old Macs are given line feeds.

/// What the bytes 0x80 to 0x9F are in Windows-1252; the five that are nothing stand as NUL.
#[rustfmt::skip]
const WINDOWS: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0',
    '\0', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

/// `None` for what is no text in any of them.
pub fn text(bytes: &[u8]) -> Option<String> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|byte| windows(*byte)).collect::<Option<String>>()?,
        },
    };
    Some(if text.contains('\r') && !text.contains('\n') { text.replace('\r', "\n") } else { text })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let units: Vec<u16> = bytes.chunks(2).map(|pair| Some(unit([pair[0], *pair.get(1)?]))).collect::<Option<_>>()?;
    String::from_utf16(&units).ok()
}

fn windows(byte: u8) -> Option<char> {
    let letter = match byte {
        0x80..=0x9f => WINDOWS[usize::from(byte) - 0x80],
        _ => char::from(byte),
    };
    (!letter.is_control() || matches!(letter, '\t' | '\n' | '\r')).then_some(letter)
}

/// The sign that a spreadsheet names in its first line: `sep=;`.
pub fn separator(line: &str) -> Option<char> {
    let mut rest = line.trim().trim_matches('"').strip_prefix("sep=")?.chars();
    let sign = rest.next()?;
    rest.next().is_none().then_some(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encodings_of_spreadsheets_are_read() {
        assert_eq!(text("id,Süd\n".as_bytes()).as_deref(), Some("id,Süd\n"));
        assert_eq!(text(b"id,S\xfcd \x80\n").as_deref(), Some("id,Süd €\n"));
        assert_eq!(text(b"\xff\xfei\0d\0\n\0").as_deref(), Some("id\n"));
        assert_eq!(text(b"\xfe\xff\0i\0d\0\n").as_deref(), Some("id\n"));
        assert_eq!(text(b"a,b\rc,d\r").as_deref(), Some("a,b\nc,d\n"));
        assert_eq!(text(b"a,b\r\nc,d").as_deref(), Some("a,b\r\nc,d"));
        for no_text in [&b"\xff\xfea"[..], b"PK\x03\x04\xff", b"\x81\n"] {
            assert_eq!(text(no_text), None);
        }
    }
}
