//! What a phone asks of the other side while the call lasts.

use super::super::sip::{described, request, via};
use super::{AGAIN_AFTER, Call, PATIENCE};
use tokio::time::{sleep, timeout};

impl Call {
    /// Asks that the other side be transferred to this address (REFER); with which status that is answered.
    pub async fn refers_to(&self, address: &str) -> u16 {
        let more = [("Contact", self.contact()), ("Refer-To", format!("<{address}>"))];
        self.asks("REFER", &more, "").await
    }

    /// A key that comes in a request (INFO) and not with the sound, as from a phone that sends none.
    pub async fn presses_by_request(&self, key: char) {
        let more = [("Content-Type", "application/dtmf-relay".to_owned())];
        let status = self.asks("INFO", &more, &format!("Signal={key}\r\nDuration=160\r\n")).await;
        assert_eq!(status, 200, "a key of {}", self.0.sides.whose);
    }

    /// Puts the other side on hold and says nothing until it is taken back; `how`: `sendonly`, or `inactive`.
    pub async fn holds(&self, how: &str) {
        self.0.media.pauses(true);
        self.describes_sound(how).await;
    }

    pub async fn takes_back(&self) {
        self.describes_sound("sendrecv").await;
        self.0.media.pauses(false);
    }

    /// By an INVITE within the call.
    async fn describes_sound(&self, how: &str) {
        let version = {
            let mut said = self.said();
            said.described += 1;
            1 + said.described
        };
        let sound = described(self.0.media.port, version, how);
        let status = self.asks("INVITE", &[("Contact", self.contact())], &sound).await;
        assert_eq!(status, 200, "{} describes the sound as {how}", self.0.sides.whose);
    }

    /// With which status a request is answered in the end.
    async fn asks(&self, method: &'static str, more: &[(&'static str, String)], body: &str) -> u16 {
        self.said().settled.remove(method);
        self.repeats(self.request(method, false, more, body), method);
        let answered = async {
            loop {
                let status = self.said().settled.get(method).copied();
                if let Some(status) = status.filter(|status| *status >= 200) {
                    return status;
                }
                sleep(AGAIN_AFTER / 20).await;
            }
        };
        timeout(PATIENCE, answered)
            .await
            .unwrap_or_else(|_| panic!("the {method} of {} is not answered", self.0.sides.whose))
    }

    /// A request within the call; `of_invite`: it belongs to the exchange of the first INVITE, and goes its way.
    pub(super) fn request(&self, method: &str, of_invite: bool, more: &[(&'static str, String)], body: &str) -> String {
        let invited = self.0.invite.cseq().0;
        let number = match of_invite {
            true => invited,
            false => {
                let mut said = self.said();
                said.requests += 1;
                invited + said.requests
            }
        };
        self.numbered(number, method, of_invite, more, body)
    }

    /// An ACK has the number of the INVITE whose answer it is for.
    pub(super) fn numbered(
        &self,
        number: u32,
        method: &str,
        of_invite: bool,
        more: &[(&'static str, String)],
        body: &str,
    ) -> String {
        let (theirs, uri) = {
            let said = self.said();
            (said.their_name.clone(), said.their_contact.clone().filter(|_| !of_invite))
        };
        let of_the_invite = |name: &str| self.header(name).unwrap_or_default().to_owned();
        let (from, to) = match self.0.is_ours {
            true => (of_the_invite("From"), theirs.unwrap_or_else(|| of_the_invite("To"))),
            false => (format!("{};tag={}", of_the_invite("To"), self.0.tag), of_the_invite("From")),
        };
        let uri = uri.unwrap_or_else(|| self.0.invite.first.split(' ').nth(1).unwrap_or_default().to_owned());
        let mut headers = vec![
            ("Via", if of_invite { of_the_invite("Via") } else { via(self.port()) }),
            ("Max-Forwards", "70".to_owned()),
            ("From", from),
            ("To", to),
            ("Call-ID", of_the_invite("Call-ID")),
            ("CSeq", format!("{number} {method}")),
        ];
        headers.extend_from_slice(more);
        request(method, &uri, &headers, body)
    }
}
