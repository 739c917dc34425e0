//! What vendors hold of a lead that is erased here, and what a person is to do about it.

use super::record::AtVendor;
use baton_core::domain::effect::Effect;
use baton_core::domain::id::LeadId;
use baton_core::domain::lead::Lead;
use baton_core::domain::outcome::Outcome;
use baton_core::handoff::{Handoff, Stage};

/// The record in the CRM.
pub(super) fn recorded(lead: &LeadId, id: Option<String>, link: Option<String>) -> Option<AtVendor> {
    let to_do = "In the CRM, delete or anonymise this record, and the tasks and notes on it.";
    Some(AtVendor { link, ..held(lead, "crm_record", id?, to_do) })
}

fn held(lead: &LeadId, what: &str, reference: impl Into<String>, to_do: &str) -> AtVendor {
    let (what, to_do) = (what.to_owned(), to_do.to_owned());
    AtVendor { lead: lead.clone(), what, reference: reference.into(), link: None, to_do }
}

/// What a step has left at its vendor.
pub(super) fn sent(lead: &LeadId, kind: &str, key: &str, reference: Option<String>) -> Option<AtVendor> {
    match kind {
        "brief_chat" | "brief_slack" => {
            Some(held(lead, "chat_message", reference?, "In the chat, delete this message to the rep, and its thread."))
        }
        "text_back" | "text_meeting" => {
            Some(held(lead, "text", reference?, "At the carrier of texts, delete this message."))
        }
        "brief_email" => {
            let to_do = "In the mailbox of the rep, delete the briefing that has this message id.";
            Some(held(lead, "mail", key, to_do))
        }
        "confirm_to_caller" => {
            let to_do = "In the mailbox of the sender, delete the mail to the person that has this message id.";
            Some(held(lead, "mail", key, to_do))
        }
        _ => None,
    }
}

/// What a step may just be leaving at its vendor, or has left there with its answer lost: its name there is not known. Only what the
/// CRM is told leaves without being marked before.
pub(super) fn under_way(lead: &LeadId, kind: &str, key: &str, has_left: bool) -> Option<AtVendor> {
    let (what, to_do) = match kind {
        "write_crm" => ("crm_record", "In the CRM, look for a record, task or note of these minutes, and delete it."),
        "brief_chat" | "brief_slack" if has_left => {
            ("chat_message", "In the chat, look for a message of these minutes to the rep, and delete it.")
        }
        "text_back" | "text_meeting" if has_left => {
            ("text", "At the carrier of texts, look for a message of these minutes, and delete it.")
        }
        _ => return None,
    };
    Some(held(lead, what, key, to_do))
}

/// The meeting in the rep's calendar.
pub(super) fn booked(handoff: &Handoff) -> Option<AtVendor> {
    let Stage::Done { outcome: Outcome::Booked { booking } } = &handoff.stage else { return None };
    let to_do = format!("In the calendar of {}, delete this event, or take the guest out of it.", booking.slot.rep);
    Some(held(&handoff.lead_id, "calendar_event", booking.vendor_ref.as_str(), &to_do))
}

/// A meeting that was called off: where the calendar could not be written the event stands, and otherwise it lies in the bin.
pub(super) fn called_off(lead: &LeadId, kind: &str, payload: &str) -> Option<AtVendor> {
    if kind != "cancel_meeting" {
        return None;
    }
    let Ok(Effect::CancelMeeting { booking }) = serde_json::from_str(payload) else { return None };
    let to_do =
        format!("In the calendar of {}, delete this event if it stands, and empty the bin of it.", booking.slot.rep);
    Some(held(lead, "calendar_event", booking.vendor_ref, &to_do))
}

/// What the voice platform and the carrier keep of the call.
pub(super) fn called(lead: &LeadId, whole: &Lead) -> Vec<AtVendor> {
    let Some(call) = &whole.call else { return Vec::new() };
    let of_platform = format!("At {}, delete this call with its recording and transcript.", call.platform);
    let named = (!call.id.is_empty()).then(|| held(lead, "call", call.id.as_str(), &of_platform));
    let of_carrier = "At the carrier, delete the record and the recording of this call.";
    let leg = call.leg.as_ref().map(|leg| held(lead, "call", leg.as_str(), of_carrier));
    named.into_iter().chain(leg).collect()
}
