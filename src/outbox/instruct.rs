//! An instruction as the voice agent gets it: words from the templates, times to name again.

use crate::connectors::Spoken;
use crate::render::Templates;
use crate::render::caller::CallerContext;
use baton_core::domain::effect::Instruction;

pub fn spoken(templates: &Templates, instruction: &Instruction, context: &CallerContext<'_>) -> Spoken {
    let (kind, slots) = match instruction {
        Instruction::Hold { .. } => ("hold", Vec::new()),
        Instruction::Connected { .. } => ("connected", Vec::new()),
        Instruction::FindTime { .. } => ("find_time", Vec::new()),
        Instruction::OfferSlots { slots } => ("offer_slots", slots.clone()),
        Instruction::ConfirmBooking { .. } => ("confirm_booking", Vec::new()),
        Instruction::PromiseCallback { .. } => ("promise_callback", Vec::new()),
        Instruction::PromiseMail { .. } => ("promise_mail", Vec::new()),
        Instruction::NoCall { .. } => ("no_call", Vec::new()),
    };
    Spoken { kind: kind.to_owned(), say: templates.caller(instruction, context), slots }
}
