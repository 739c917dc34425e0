//! What is said to whoever presses and asks: words for their eyes alone, a form, their own page.

use super::blocks::plain;
use super::{KNOWN_FOR, Slack, channel_id, errors, post, read};
use crate::connectors::http::{ApiCall, Does, by_status};
use crate::connectors::{Chat, VendorError};
use baton_platforms::signature;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// Shown whole: what is longer is said on the own page.
const TOLD_CHARS: usize = 3000;

/// How somebody is reached who has just pressed, sent or asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerTo {
    /// Slack gave this address for it: five answers within half an hour.
    Url(String),
    /// Where the card is that a form was opened from.
    Seat { channel: String, person: String },
}

#[derive(Deserialize)]
struct Info {
    user: Person,
}

#[derive(Deserialize)]
struct Person {
    #[serde(default)]
    profile: Profile,
}

#[derive(Deserialize, Default)]
struct Profile {
    email: Option<String>,
}

impl Slack {
    /// With which requests of Slack are signed; none: none is taken.
    pub fn signing(&self) -> &[signature::Secret] {
        &self.signing
    }

    /// Whether it is heard over a connection of ours.
    pub fn listens(&self) -> bool {
        self.app_token.is_some()
    }

    /// To the eyes of one person; it is words and nothing else, whoever wrote them.
    ///
    /// # Errors
    /// Slack's, or the address is none of Slack's.
    pub async fn tell(&self, to: &AnswerTo, text: &str) -> Result<(), VendorError> {
        let words = plain(text, TOLD_CHARS);
        let blocks = json!([{ "type": "section", "text": words }]);
        let mut body = json!({ "text": words["text"], "blocks": blocks });
        match to {
            AnswerTo::Url(address) => {
                body["response_type"] = json!("ephemeral");
                body["replace_original"] = json!(false);
                let address = self.own(address).ok_or_else(|| {
                    VendorError::needs_person(
                        super::VENDOR,
                        "an answer was wanted at an address that is none of Slack's",
                    )
                })?;
                let call = ApiCall::new("response_url", Does::Write, Method::POST, &[]).at(address).json(body);
                let answer = self.http.send(&call).await?;
                if answer.is_success() { Ok(()) } else { Err(by_status(super::VENDOR, &answer)) }
            }
            AnswerTo::Seat { channel, person } => {
                body["channel"] = json!(channel_id(channel)?);
                body["user"] = json!(person);
                self.call(post("chat.postEphemeral", Does::Write).json(body)).await.map(drop)
            }
        }
    }

    /// Opens a form; the trigger is good for three seconds.
    ///
    /// # Errors
    /// Slack's.
    pub async fn open_form(&self, trigger: &str, view: Value) -> Result<(), VendorError> {
        let body = json!({ "trigger_id": trigger, "view": view });
        self.call(post("views.open", Does::Write).json(body)).await.map(drop)
    }

    /// Puts this in the place of what a person's own page showed.
    ///
    /// # Errors
    /// Slack's.
    pub async fn show_home(&self, person: &str, view: Value) -> Result<(), VendorError> {
        let body = json!({ "user_id": person, "view": view });
        self.call(post("views.publish", Does::Read).json(body)).await.map(drop)
    }

    /// The mail address of a member of our own workspace. Whoever came from another is nobody here, whatever address they show.
    ///
    /// # Errors
    /// Slack's.
    pub async fn mail_of(&self, person: &str) -> Result<Option<String>, VendorError> {
        if let Some(known) = self.known_by_mail(person) {
            return Ok(Some(known));
        }
        let call = ApiCall::get("users.info", &["api", "users.info"]).query("user", person);
        let answer = self.http.send(&call.bearer(&self.token)).await?;
        if matches!(answer.value()["error"].as_str(), Some("user_not_found" | "missing_scope")) {
            return Ok(None);
        }
        errors::judge(&answer)?;
        let Some(mail) = read::<Info>(&answer)?.user.profile.email else { return Ok(None) };
        let found = self.person(&mail).await?;
        Ok(found.filter(|found| found == person).map(|_| mail))
    }

    fn known_by_mail(&self, person: &str) -> Option<String> {
        let people = self.people.lock().expect("nothing panics while holding the people");
        let mut known = people.iter().filter(|(_, (_, since))| since.elapsed() < KNOWN_FOR);
        known.find(|(_, (found, _))| found.as_deref() == Some(person)).map(|(mail, _)| mail.clone())
    }

    /// An address of Slack, or of what stands in its place.
    fn own(&self, address: &str) -> Option<Url> {
        let url = Url::parse(address).ok()?;
        let is_slacks = url.scheme() == "https"
            && url.host_str().is_some_and(|host| host == "slack.com" || host.ends_with(".slack.com"));
        (is_slacks || url.origin() == self.http.base().origin()).then_some(url)
    }
}
