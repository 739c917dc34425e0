//! Where a rep's calendars are.

/// `priya@acme.example`, or `outlook:priya@acme.example` where `baton.toml` connects more than one vendor, or one twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarAddress<'a> {
    /// The NAME of `[calendars.NAME]`; `None`: `[calendar]`, or the only one that is connected.
    pub connection: Option<&'a str>,
    /// As the vendor knows it.
    pub address: &'a str,
}

impl<'a> CalendarAddress<'a> {
    /// An address of the web is no name with an address behind it.
    pub fn of(written: &'a str) -> Self {
        let is_name = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        match written.split_once(':') {
            Some((name, address)) if is_name(name) && !address.starts_with("//") => {
                Self { connection: Some(name), address: address.trim_start() }
            }
            Some(_) | None => Self { connection: None, address: written },
        }
    }

    /// Those of one rep, each as it is written; meetings are booked in the first.
    pub fn each(cell: &'a str) -> impl Iterator<Item = &'a str> {
        cell.split(';').map(str::trim).filter(|written| !written.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_before_an_address_and_a_scheme_is_none() {
        let read = |written| {
            let CalendarAddress { connection, address } = CalendarAddress::of(written);
            (connection, address)
        };
        assert_eq!(read("priya@acme.example"), (None, "priya@acme.example"));
        assert_eq!(read("outlook:priya@acme.example"), (Some("outlook"), "priya@acme.example"));
        assert_eq!(read("dav:https://dav.example/priya/work/"), (Some("dav"), "https://dav.example/priya/work/"));
        assert_eq!(read("https://dav.example/priya/"), (None, "https://dav.example/priya/"));
        assert_eq!(read(":priya"), (None, ":priya"));
        let each: Vec<&str> = CalendarAddress::each("priya@acme.example; outlook:p@acme.example;").collect();
        assert_eq!(each, ["priya@acme.example", "outlook:p@acme.example"]);
    }
}
