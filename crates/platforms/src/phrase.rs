//! A text with places, such as `{/call/id}` or `{say}`: ids, names made of two parts, answers.

use crate::hear::scene::Scene;
use crate::pointer::{Place, plain};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Phrase(pub Vec<Piece>);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    Place(Place),
    /// The words for whoever listens; in answers only, as is the next.
    Say,
    /// What became of the message, in one word.
    Status,
    /// Where the caller is to be transferred now; left out where that is nowhere.
    TransferTo,
}

impl Phrase {
    /// # Errors
    /// What stands between braces is no place; it is given as it was found.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inside, left) = after.split_once('}').ok_or_else(|| after.to_owned())?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(match inside {
                "say" => Piece::Say,
                "status" => Piece::Status,
                "transfer_to" => Piece::TransferTo,
                place => Piece::Place(Place::read(place).ok_or_else(|| inside.to_owned())?),
            });
            rest = left;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    pub(crate) fn of(place: Place) -> Self {
        Self(vec![Piece::Place(place)])
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Place(place) => Some(place),
            Piece::Text(_) | Piece::Say | Piece::Status | Piece::TransferTo => None,
        })
    }

    pub(crate) fn says(&self) -> bool {
        self.0.contains(&Piece::Say)
    }

    /// Whether it names anything that an answer alone can know.
    pub(crate) fn is_for_answers(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Say | Piece::Status | Piece::TransferTo))
    }

    /// The value of a place that stands alone keeps its type; otherwise it is a text, in which blanks stand for what is
    /// unknown. `None`: there are places, and nothing in them is known.
    pub(crate) fn value(&self, scene: Scene<'_>) -> Option<Value> {
        if let [Piece::Place(place)] = self.0.as_slice() {
            return scene.said(place).map(|value| value.into_owned());
        }
        let known = self.places().any(|place| scene.said(place).is_some());
        let constant = self.places().next().is_none();
        (known || constant).then(|| Value::from(self.text(scene).trim()))
    }

    fn text(&self, scene: Scene<'_>) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(own) => text.push_str(own),
                Piece::Place(place) => text.extend(scene.said(place).and_then(|value| plain(&value))),
                Piece::Say | Piece::Status | Piece::TransferTo => {}
            }
        }
        text
    }
}
