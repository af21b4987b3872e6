//! Reversals, refunds, reviews, claims and suspense, as a host sees them.

use crate::bill::record::Payment;
use crate::engine::inner::{Access, Inner};
use crate::engine::reversal;
use crate::engine::reversal::{ClaimSettlement, RefundRequest, ReviewVerdict};
use crate::error::Result;
use crate::id::{PaymentId, WalletId};
#[allow(unused_imports, reason = "the documentation names codes")]
use crate::vocabulary::Code;
use std::sync::Arc;

/// Reversals and everything else that gives money back. See [`FusePay::reversal`](crate::FusePay::reversal).
pub struct Reversals<'e> {
    pub(crate) inner: &'e Arc<Inner>,
    pub(crate) access: Access,
}

impl Reversals<'_> {
    /// Reverses a failed payment now instead of when its job is due. One that is
    /// reversed already answers as it is.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::NotReversible`] without conclusive evidence.
    pub fn reverse(&self, id: PaymentId) -> Result<Payment> {
        reversal::reverse(self.inner, self.access, id)
    }

    /// Returns part or all of a completed payment.
    ///
    /// ```
    /// # use fusepay_core::{Currency, Money, RefundRequest, RefundSource};
    /// # let world = fusepay_testkit::World::open();
    /// # let engine = world.engine();
    /// # let wallet = world.funded_wallet(10_100);
    /// # let payment = world.pay(wallet, "meter 0123", 10_000);
    /// # world.drain();
    /// let half = Money::new(5_000, Currency::NGN);
    /// let request = RefundRequest::new(payment, half, RefundSource::Host, "half of the units never came")
    ///     .with_idempotency_key("ticket-9");
    /// engine.reversal().refund(&request)?;
    /// assert_eq!(engine.wallet().find(wallet)?.balance_minor, 5_000);
    /// # Ok::<(), fusepay_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::InvalidAmount`], [`Code::TooLong`], [`Code::NotFound`],
    /// [`Code::IdempotencyKeyReused`], [`Code::NotReversible`],
    /// [`Code::CurrencyMismatch`], [`Code::RefundAbovePaid`],
    /// [`Code::WalletFrozen`], [`Code::WalletClosed`].
    pub fn refund(&self, request: &RefundRequest) -> Result<Payment> {
        reversal::refund(self.inner, self.access, request)
    }

    /// Ends a review with an operator's evidence, which the audit keeps.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::NotAllowed`] when it is not under review,
    /// [`Code::NotReversible`] while a send may still be under way.
    pub fn resolve_review(&self, id: PaymentId, verdict: &ReviewVerdict, reason: &str) -> Result<Payment> {
        reversal::resolve_review(self.inner, self.access, id, verdict, reason)
    }

    /// Late successes that wait to be settled, oldest first; `limit` 1 to 500.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn open_claims(&self, limit: u32) -> Result<Vec<Payment>> {
        reversal::open_claims(self.inner, limit)
    }

    /// Ends the claim of a late success.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::NotAllowed`].
    pub fn settle_claim(&self, id: PaymentId, settlement: ClaimSettlement, reason: &str) -> Result<Payment> {
        reversal::settle_claim(self.inner, self.access, id, settlement, reason)
    }

    /// Payments whose money waits in suspense, oldest first; `limit` 1 to 500.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn open_suspense(&self, limit: u32) -> Result<Vec<Payment>> {
        reversal::open_suspense(self.inner, limit)
    }

    /// Moves a payment's money from suspense to its wallet, or to another wallet
    /// of the same user.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::NotAllowed`], [`Code::Forbidden`],
    /// [`Code::CurrencyMismatch`], [`Code::WalletFrozen`],
    /// [`Code::WalletClosed`], [`Code::AmountOverflow`].
    pub fn release_suspense(&self, id: PaymentId, to: Option<WalletId>) -> Result<Payment> {
        reversal::release_suspense(self.inner, self.access, id, to)
    }
}
