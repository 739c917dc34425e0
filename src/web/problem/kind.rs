//! The kinds of problem: a closed list of names that programs may branch on and that never change.

use axum::http::StatusCode;

/// What stands before a kind's name in the member `type` of a problem, and where it can be looked up.
pub(in crate::web) const BASE: &str = "/v1/problems";

/// What went wrong, as far as a program acts on it; the rest is in the words of the `detail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum ProblemKind {
    InvalidRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    Conflict,
    KeyInUse,
    TooLarge,
    UnsupportedMediaType,
    InvalidContent,
    KeyReused,
    Internal,
    Busy,
    Unavailable,
}

/// A kind, its name, status and title, and what to do about it.
type KindRow = (ProblemKind, &'static str, StatusCode, &'static str, &'static str);

/// One for each kind, in the order in which they are declared.
const ROWS: [KindRow; 15] = [
    (
        ProblemKind::InvalidRequest,
        "invalid-request",
        StatusCode::BAD_REQUEST,
        "The request is not understood",
        "A part of the address, of the query, of a header or of the body cannot be; the detail says which, and what is \
         allowed. Mend it and send it again.",
    ),
    (
        ProblemKind::Unauthorized,
        "unauthorized",
        StatusCode::UNAUTHORIZED,
        "It is not known who asks",
        "A token is missing, unknown, expired or revoked; or a platform's request does not prove whose it is.",
    ),
    (
        ProblemKind::Forbidden,
        "forbidden",
        StatusCode::FORBIDDEN,
        "Whoever asks may not",
        "The token is good, and lacks the scope or the source that this needs; the detail says which.",
    ),
    (
        ProblemKind::NotFound,
        "not-found",
        StatusCode::NOT_FOUND,
        "There is no such thing",
        "Nothing of this id, key or name is kept here, or there is no such address.",
    ),
    (
        ProblemKind::MethodNotAllowed,
        "method-not-allowed",
        StatusCode::METHOD_NOT_ALLOWED,
        "The address does not take this method",
        "The header Allow says which methods it takes.",
    ),
    (
        ProblemKind::RequestTimeout,
        "request-timeout",
        StatusCode::REQUEST_TIMEOUT,
        "The request did not come in time",
        "The body was too slow. Nothing was done; the same request may be sent again.",
    ),
    (
        ProblemKind::Conflict,
        "conflict",
        StatusCode::CONFLICT,
        "It cannot be done as things stand",
        "What was asked for is understood and allowed, and changes nothing now; the detail says why.",
    ),
    (
        ProblemKind::KeyInUse,
        "idempotency-key-in-use",
        StatusCode::CONFLICT,
        "What came of the first request of this key is not known",
        "A request of this Idempotency-Key is being carried out, or broke off before its end was noted. Ask again in a \
         moment; if it stays so, look at how things stand, and act under a new key where it is needed.",
    ),
    (
        ProblemKind::TooLarge,
        "too-large",
        StatusCode::PAYLOAD_TOO_LARGE,
        "The body is too large",
        "The detail says what fits. Transcripts are linked, not sent.",
    ),
    (
        ProblemKind::UnsupportedMediaType,
        "unsupported-media-type",
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The body is of a type that is not taken here",
        "Send JSON, with the header content-type: application/json.",
    ),
    (
        ProblemKind::InvalidContent,
        "invalid-content",
        StatusCode::UNPROCESSABLE_ENTITY,
        "The body says something that cannot be",
        "It was read and is not taken; `faults` has one entry for each thing to mend, where there are several.",
    ),
    (
        ProblemKind::KeyReused,
        "idempotency-key-reused",
        StatusCode::UNPROCESSABLE_ENTITY,
        "The Idempotency-Key came before with another request",
        "The request that it came with first counts, and nothing was done now. Send this one under a key of its own.",
    ),
    (
        ProblemKind::Internal,
        "internal",
        StatusCode::INTERNAL_SERVER_ERROR,
        "Baton itself failed",
        "A defect of Baton. The log has more under the request's id.",
    ),
    (
        ProblemKind::Busy,
        "busy",
        StatusCode::SERVICE_UNAVAILABLE,
        "Not now",
        "This worker has too much in hand, or is starting or stopping. Nothing is known to be stored; send the same \
         request again after Retry-After.",
    ),
    (
        ProblemKind::Unavailable,
        "unavailable",
        StatusCode::SERVICE_UNAVAILABLE,
        "Something that is needed does not answer",
        "As a rule the database. Send the same request again after Retry-After: what was stored is stored once.",
    ),
];

impl ProblemKind {
    /// In the order in which they are declared.
    pub(in crate::web) const ALL: [Self; ROWS.len()] = {
        let mut all = [Self::InvalidRequest; ROWS.len()];
        let mut at = 0;
        while at < ROWS.len() {
            all[at] = ROWS[at].0;
            at += 1;
        }
        all
    };

    fn row(self) -> KindRow {
        ROWS[self as usize]
    }

    pub(in crate::web) fn name(self) -> &'static str {
        self.row().1
    }

    pub(in crate::web) fn status(self) -> StatusCode {
        self.row().2
    }

    pub(in crate::web) fn title(self) -> &'static str {
        self.row().3
    }

    pub(in crate::web) fn about(self) -> &'static str {
        self.row().4
    }

    /// As it stands in a problem's `type`: an address on this worker, which tells of the kind.
    pub(in crate::web) fn uri(self) -> String {
        format!("{BASE}/{}", self.name())
    }

    /// Of a refusal that the framework made by itself.
    pub(in crate::web) fn of(status: StatusCode) -> Self {
        let known = Self::ALL.into_iter().find(|kind| kind.status() == status);
        known.unwrap_or(if status.is_server_error() { Self::Internal } else { Self::InvalidRequest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_kind_is_listed_once_under_a_name_of_its_own() {
        let names: BTreeSet<&str> = ProblemKind::ALL.into_iter().map(ProblemKind::name).collect();
        assert_eq!(names.len(), ProblemKind::ALL.len());
        for kind in ProblemKind::ALL {
            let place = kind as usize;
            assert_eq!(ProblemKind::ALL[place], kind, "{kind:?} stands at its place");
            assert!(kind.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{kind:?}");
            assert!(!kind.title().ends_with('.') && kind.about().ends_with('.'), "{kind:?}");
            assert!(kind.status().is_client_error() || kind.status().is_server_error(), "{kind:?}");
        }
        assert_eq!(
            ProblemKind::Unavailable as usize + 1,
            ProblemKind::ALL.len(),
            "the last kind is the last in the list"
        );
    }

    #[test]
    fn what_the_framework_refuses_has_a_kind_too() {
        for (status, kind) in [
            (StatusCode::BAD_REQUEST, ProblemKind::InvalidRequest),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, ProblemKind::UnsupportedMediaType),
            (StatusCode::UNPROCESSABLE_ENTITY, ProblemKind::InvalidContent),
            (StatusCode::IM_A_TEAPOT, ProblemKind::InvalidRequest),
            (StatusCode::INTERNAL_SERVER_ERROR, ProblemKind::Internal),
            (StatusCode::BAD_GATEWAY, ProblemKind::Internal),
        ] {
            assert_eq!(ProblemKind::of(status), kind, "{status}");
        }
    }
}
