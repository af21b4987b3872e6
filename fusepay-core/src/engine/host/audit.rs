//! The audit trail, as an auditor sees it.

use crate::audit::{AuditHead, AuditRecord};
use crate::engine::audit::{self, AuditReport};
use crate::engine::inner::Inner;
use crate::error::Result;
use std::sync::Arc;

/// The audit trail, read only. See [`FusePay::audit`](crate::FusePay::audit).
pub struct Audit<'e> {
    pub(crate) inner: &'e Arc<Inner>,
}

impl Audit<'_> {
    /// Entries after a sequence (0: from the first), in order; `limit` 1 to 500.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument),
    /// [`Code::Corrupt`](crate::Code::Corrupt) when an entry can't be read.
    pub fn read(&self, after: u64, limit: u32) -> Result<Vec<AuditRecord>> {
        audit::read(self.inner, after, limit)
    }

    /// The end of the chain now. Kept outside the database, it later proves by
    /// [`Audit::verify`] that nothing was changed or cut off up to it.
    ///
    /// # Errors
    /// The common ones.
    pub fn head(&self) -> Result<AuditHead> {
        audit::head(self.inner)
    }

    /// Follows the chain from its first entry to its last, and holds it against
    /// a head taken earlier when one is given; names the first bad entry. Reads
    /// every entry; other calls go on meanwhile.
    ///
    /// # Errors
    /// The common ones. What is wrong with the chain is in the report.
    pub fn verify(&self, head: Option<&AuditHead>) -> Result<AuditReport> {
        audit::verify(self.inner, head)
    }
}
