//! What is said to a caller: the words of the decision, or true ones until there is one.

use crate::deciding::answer::Answer;
use crate::release::Release;
use crate::render::caller::Stopgap;
use crate::web::incoming::Brought;
use baton_platforms::{Heard, Meaning, Said};

/// What is said to each meaning; `None` where nobody waits. `brought` is empty if nothing is known to be stored.
pub(super) fn said(heard: &Heard, brought: Vec<Brought>, release: &Release) -> Vec<Option<Said>> {
    let mut brought = brought.into_iter();
    let of = |meaning: &Meaning| match meaning {
        Meaning::Event(event) => {
            let one = brought.next();
            event.live.then(|| words(one, release))
        }
        Meaning::Nothing { .. } => None,
    };
    heard.meanings.iter().map(of).collect()
}

fn words(brought: Option<Brought>, release: &Release) -> Said {
    match brought.map(|brought| brought.answer) {
        None => stopgap(Stopgap::NotReached, "unreached", release),
        Some(Some(Answer::Decided(decided))) => match decided.instruction {
            Some(instruction) => Said { say: instruction.spoken.say.0, status: "decided" },
            None => stopgap(Stopgap::PassedOn, "decided", release),
        },
        Some(Some(Answer::Quarantined { .. })) => stopgap(Stopgap::SayAgain, "unreadable", release),
        Some(Some(Answer::Taken { .. }) | None) => stopgap(Stopgap::PassedOn, "accepted", release),
    }
}

/// `status`: what became of the message, in one word.
pub(super) fn stopgap(what: Stopgap, status: &'static str, release: &Release) -> Said {
    Said { say: release.templates.stopgap(what, release.rules.handoff.company.as_deref()).0, status }
}
