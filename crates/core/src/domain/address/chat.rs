//! Where people are written to in a chat, as the roster says it.

use std::fmt;

/// How an address of Teams begins.
const TEAMS: &str = "teams";
const LONGEST_NAME: usize = 40;

/// An address, by the chat that it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatAddress<'a> {
    /// The id of a member or of a channel.
    Slack(&'a str),
    /// A channel by the name of its webhook; empty: that of whoever has no other.
    Teams(&'a str),
}

impl<'a> ChatAddress<'a> {
    pub fn of(written: &'a str) -> Self {
        match written.split_once(':') {
            None if written == TEAMS => Self::Teams(""),
            Some((TEAMS, name)) => Self::Teams(name),
            Some(_) | None => Self::Slack(written),
        }
    }

    /// What people wrote for a channel of Teams: in whatever case, and with blanks. `None`: something else.
    pub fn teams(text: &str) -> Option<String> {
        let small = text.to_lowercase();
        let mut parts = small.splitn(2, ':').map(str::trim);
        match (parts.next(), parts.next()) {
            (Some(TEAMS), None) => Some(Self::Teams("").to_string()),
            (Some(TEAMS), Some(name)) if is_channel(name) => Some(ChatAddress::Teams(name).to_string()),
            _ => None,
        }
    }
}

impl fmt::Display for ChatAddress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slack(id) => f.write_str(id),
            Self::Teams("") => f.write_str(TEAMS),
            Self::Teams(name) => write!(f, "{TEAMS}:{name}"),
        }
    }
}

/// Whether a webhook of Teams can be called so: a word of small letters, digits, `-` and `_`, at most 40 of them.
pub fn is_channel(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_of_teams_is_known_however_it_is_written() {
        for (written, address) in [
            ("teams", ChatAddress::Teams("")),
            ("Teams", ChatAddress::Teams("")),
            ("Teams: EMEA", ChatAddress::Teams("emea")),
            ("teams:west-2", ChatAddress::Teams("west-2")),
        ] {
            let read = ChatAddress::teams(written).expect(written);
            assert_eq!((ChatAddress::of(&read), read.clone()), (address, address.to_string()), "{written}");
        }
        for other in ["U0PRIYA001", "teams:", "teams:a b", "teams:https://x.example", "team", "@teams", ""] {
            assert_eq!(ChatAddress::teams(other), None, "{other}");
        }
        assert_eq!(ChatAddress::of("U0PRIYA001"), ChatAddress::Slack("U0PRIYA001"));
        assert_eq!(ChatAddress::of("teams").to_string(), "teams");
    }
}
