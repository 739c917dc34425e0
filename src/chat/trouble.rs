//! Why something that came from Slack could not be done.

use crate::connectors::VendorError;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vendor(#[from] VendorError),
}

impl Trouble {
    /// Nothing that a vendor said.
    pub(super) fn in_log(&self) -> String {
        match self {
            Self::Store(error) => error.to_string(),
            Self::Vendor(error) => error.in_log(),
        }
    }
}
