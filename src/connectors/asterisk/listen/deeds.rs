//! What is done at once because of what was heard. Each may be done twice.

use crate::connectors::VendorError;
use crate::connectors::asterisk::Asterisk;
use crate::connectors::asterisk::calls::{Deed, bridge_of};

impl Asterisk {
    pub(super) async fn carry_out(&self, deed: Deed) -> Result<(), VendorError> {
        match deed {
            Deed::BringIn { call } => {
                let _alone = self.lines.bring_back(&call).await?;
            }
            Deed::HangUp { channel, reason } => {
                let _gone = self.lines.ari.hang_up(&channel, reason).await?;
            }
            Deed::LeaveToDialplan { call } => self.leave_to_dialplan(&call).await?,
            Deed::Comfort { call } => self.lines.comfort(&call).await?,
            Deed::Quiet { call } => {
                let _gone = self.lines.ari.music(&bridge_of(&call), false).await?;
            }
            Deed::TakeBack { call } => {
                let _gone = self.lines.ari.stop_own_music(&call).await?;
            }
            Deed::CallOver { call } => {
                self.lines.voice.forget(&call).await;
                let _gone = self.lines.ari.delete_bridge(&bridge_of(&call)).await?;
            }
            Deed::HearRep { leg } => self.lines.hear_rep(&leg).await?,
            Deed::JoinLead { rep } => self.lines.join_lead(&rep).await?,
            Deed::LegOver { leg } => self.lines.voice.forget(leg.as_str()).await,
        }
        Ok(())
    }
}
