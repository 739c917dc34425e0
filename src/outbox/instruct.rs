//! An instruction as the voice agent gets it: words from the templates, times to name again.

use crate::connectors::Spoken;
use crate::render::Templates;
use crate::render::caller::{CallerContext, Stopgap};
use baton_core::domain::effect::Instruction;
use baton_core::domain::lead::Consent;

/// `ours` is the language of the workspace's own words, as `handoff.yaml` says. Whom nobody will call although they have refused
/// nothing has left neither number nor address, and is asked for one.
pub fn spoken(
    templates: &Templates,
    instruction: &Instruction,
    consent: &Consent,
    context: &CallerContext<'_>,
    ours: &str,
) -> Spoken {
    if matches!(instruction, Instruction::NoCall { .. }) && !consent.refuses_calls() && !consent.refuses_mail() {
        let say = templates.stopgap(Stopgap::HowToReach, context.company);
        let language = templates.stopgap_language(Stopgap::HowToReach, ours).to_owned();
        return Spoken { kind: "how_to_reach".to_owned(), say, slots: Vec::new(), language };
    }
    let (kind, slots) = match instruction {
        Instruction::Hold { .. } => ("hold", Vec::new()),
        Instruction::HoldOn { .. } => ("hold_on", Vec::new()),
        Instruction::OfferCallback => ("offer_callback", Vec::new()),
        Instruction::Connected { .. } => ("connected", Vec::new()),
        Instruction::Introduce { .. } => ("introduce", Vec::new()),
        Instruction::FindTime { .. } => ("find_time", Vec::new()),
        Instruction::OfferSlots { slots } => ("offer_slots", slots.clone()),
        Instruction::ConfirmBooking { .. } => ("confirm_booking", Vec::new()),
        Instruction::PromiseCallback { .. } => ("promise_callback", Vec::new()),
        Instruction::PromiseMail { .. } => ("promise_mail", Vec::new()),
        Instruction::NoCall { .. } => ("no_call", Vec::new()),
    };
    let language = templates.caller_language(instruction, ours).to_owned();
    Spoken { kind: kind.to_owned(), say: templates.caller(instruction, context), slots, language }
}
