//! The audit chain.

use fusepay_core::AuditHead;

/// The end of the audit chain at some moment. Kept outside the database, it
/// proves later that nothing up to it was changed, and nothing cut off.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_chain_head {
    /// The sequence of the last entry; 0 when there is none.
    pub sequence: u64,
    /// Its hash; zeros when there is none.
    pub hash: [u8; 32],
}

impl From<AuditHead> for fusepay_chain_head {
    fn from(head: AuditHead) -> Self {
        fusepay_chain_head { sequence: head.sequence, hash: head.hash }
    }
}
