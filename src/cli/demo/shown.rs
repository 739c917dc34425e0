//! What the product is for, before any figure: what one caller heard, what the rep heard and read, and where the rest is.

use super::play::StoryLead;
use crate::app::Running;
use crate::app::stage::StandIns;
use crate::cli::say;
use anyhow::Result;
use baton_core::domain::id::HandoffId;
use serde_json::Value;
use std::time::Duration;

const CARD_LINES: usize = 16;
const MAIL_LINES: usize = 14;
/// How often, a tenth of a second apart, the mail is looked for.
const LOOKS: u32 = 50;

/// One call from both ends.
pub(super) async fn tell(stage: &StandIns, running: &Running, told: &[StoryLead], stays_up: bool) -> Result<()> {
    let shown = told.iter().find(|lead| lead.scene == super::scenes::TRANSFER).or(told.first());
    let Some(lead) = shown else { return Ok(()) };
    say(&format!("\n-- One of these calls, from both ends: {} --", lead.name));
    let call = running.store.lead(&lead.lead).await?.and_then(|record| record.lead.call).map(|call| call.id);
    let said =
        stage.world.accepted().into_iter().find(|effect| {
            effect.kind == "instruct" && call.as_deref().is_some_and(|call| effect.detail["call"] == call)
        });
    if let Some(said) = said {
        say(&format!("\nThe caller hears: \"{}\"", said.detail["say"].as_str().unwrap_or_default()));
    }
    let own = format!("{}.", HandoffId::of(&lead.lead).suffix());
    if let Some(card) = stage.slack.messages().into_iter().find(|message| message.key().starts_with(&own)) {
        say("\nThe rep's card in Slack:");
        say(&quoted(&texts(&card.blocks), CARD_LINES));
    }
    if let Some((subject, text)) = mail_about(stage, &lead.name).await {
        say("\nThe rep's mail:");
        say(&quoted(&format!("Subject: {subject}\n\n{text}"), MAIL_LINES));
    }
    let base = running.url();
    say(&format!("\nIts story, and why this rep: {base}/v1/leads/{}/explain", lead.lead));
    say(&format!("All leads: {base}/v1/leads   Report: {base}/v1/reports/routing"));
    if !stays_up {
        say("(These addresses answer while the demo runs; without --once it stays up.)");
    }
    Ok(())
}

/// Mails go out after the call: one may still be on its way.
async fn mail_about(stage: &StandIns, name: &str) -> Option<(String, String)> {
    for _ in 0..LOOKS {
        let mails = stage.smtp.mails();
        let found = mails.iter().find(|mail| mail.text.contains("/feedback/") && mail.text.contains(name));
        if let Some(mail) = found {
            return Some((mail.header("subject").to_owned(), mail.text.clone()));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    None
}

/// The words of a card, block by block.
fn texts(blocks: &Value) -> String {
    let of_block = |block: &Value| {
        let inner = block["elements"].as_array().and_then(|elements| elements.first()).map(|first| &first["text"]);
        let text = block["text"]["text"].as_str().or_else(|| inner.and_then(Value::as_str));
        text.map(str::to_owned)
    };
    blocks.as_array().into_iter().flatten().filter_map(of_block).collect::<Vec<_>>().join("\n")
}

fn quoted(text: &str, most: usize) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let mut shown: Vec<String> = lines.iter().take(most).map(|line| format!("  | {line}")).collect();
    if lines.len() > most {
        shown.push(format!("  | … {} lines more", lines.len() - most));
    }
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_card_is_told_in_its_words_and_cut_where_it_is_long() {
        let blocks = json!([
            { "type": "header", "text": { "text": "Live call: Dana" } },
            { "type": "section", "text": { "text": "*You took this call.*\n\n*Score* 82" } },
            { "type": "context", "elements": [{ "type": "mrkdwn", "text": "Why you" }] },
        ]);
        assert_eq!(quoted(&texts(&blocks), 2), "  | Live call: Dana\n  | *You took this call.*\n  | … 2 lines more");
        assert_eq!(
            quoted(&texts(&blocks), 4),
            "  | Live call: Dana\n  | *You took this call.*\n  | *Score* 82\n  | Why you"
        );
    }
}
