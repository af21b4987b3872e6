//! Histories, as a host or a user's session sees them.

use crate::clock::UnixMillis;
use crate::engine::history;
use crate::engine::history::{HistoryFilter, HistoryPage};
use crate::engine::inner::{Access, Inner};
use crate::error::Result;
use crate::id::{TransactionId, UserId, WalletId};
use crate::ledger::statement::Statement;
use crate::ledger::transaction::Transaction;
use crate::money::amount::Money;
use crate::vocabulary::TransactionType;
use std::sync::Arc;

/// Histories of wallets. Reads one consistent snapshot per call, waits for
/// nobody, and may be called from any thread. See [`FusePay::history`].
///
/// Amounts are minor units, positive for money in and negative for money out; a
/// line's balance is the wallet's after it, below zero only on credit. A
/// session sees its own user's wallets; what is another's does not exist.
///
/// [`FusePay::history`]: crate::FusePay::history
pub struct History<'e> {
    pub(crate) inner: &'e Arc<Inner>,
    pub(crate) access: Access,
}

impl History<'_> {
    /// The lines of one transaction: one, or two (the debit first) when it moved
    /// money between wallets that the caller may see both.
    ///
    /// # Errors
    /// [`Code::NotFound`], also for movements that touch no wallet.
    ///
    /// [`Code::NotFound`]: crate::Code::NotFound
    pub fn find(&self, id: TransactionId) -> Result<Vec<Transaction>> {
        history::find(self.inner, self.access, id)
    }

    /// The lines of the transaction with this reference, exactly as it is shown:
    /// `BILL_` and 32 characters `0-9 A-F`.
    ///
    /// # Errors
    /// [`Code::InvalidId`], [`Code::NotFound`], also for the reference of
    /// another type with the same id.
    ///
    /// [`Code::InvalidId`]: crate::Code::InvalidId
    /// [`Code::NotFound`]: crate::Code::NotFound
    pub fn find_by_reference(&self, reference: &str) -> Result<Vec<Transaction>> {
        history::find_by_reference(self.inner, self.access, reference)
    }

    /// The lines of the transaction of this type that the host booked under its
    /// own reference, 1 to 128 bytes.
    ///
    /// # Errors
    /// [`Code::TooLong`], [`Code::InvalidArgument`], [`Code::NotFound`].
    ///
    /// [`Code::TooLong`]: crate::Code::TooLong
    /// [`Code::InvalidArgument`]: crate::Code::InvalidArgument
    /// [`Code::NotFound`]: crate::Code::NotFound
    pub fn find_by_external_reference(&self, kind: TransactionType, reference: &str) -> Result<Vec<Transaction>> {
        history::find_by_external_reference(self.inner, self.access, kind, reference)
    }

    /// A page of a wallet's lines, newest first; `limit` 1 to 500. Without a
    /// cursor the newest; with the `next_cursor` of a page the ones that follow
    /// it, with the same wallet and filter. What is booked while one pages is
    /// newer than the first page: nothing comes twice, nothing is missed.
    ///
    /// ```
    /// # use fusepay_core::{HistoryFilter, TransactionType};
    /// # let world = fusepay_testkit::World::open();
    /// # let engine = world.engine();
    /// # let wallet = world.wallet();
    /// # (1..=3).for_each(|minor| drop(world.fund(wallet, minor)));
    /// let funded = HistoryFilter::new().with_kind(TransactionType::WalletFunding);
    /// let first = engine.history().page(wallet, &funded, None, 2)?;
    /// let rest = engine.history().page(wallet, &funded, first.next_cursor.as_deref(), 2)?;
    /// let amounts: Vec<i64> = first.lines.iter().chain(&rest.lines).map(|line| line.amount_minor).collect();
    /// assert_eq!(amounts, [3, 2, 1]);
    /// assert!(rest.next_cursor.is_none());
    /// # Ok::<(), fusepay_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::TooLong`], [`Code::NotFound`],
    /// [`Code::InvalidCursor`] for a cursor of another wallet or filter.
    ///
    /// [`Code::InvalidArgument`]: crate::Code::InvalidArgument
    /// [`Code::TooLong`]: crate::Code::TooLong
    /// [`Code::NotFound`]: crate::Code::NotFound
    /// [`Code::InvalidCursor`]: crate::Code::InvalidCursor
    pub fn page(
        &self,
        wallet: WalletId,
        filter: &HistoryFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<HistoryPage> {
        history::page(self.inner, self.access, wallet, filter, cursor, limit)
    }

    /// As [`History::page`], over all wallets of a user, merged in the order of
    /// booking. A transfer between two of them shows both its lines. A user
    /// without wallets, or no such user: an empty page.
    ///
    /// # Errors
    /// As [`History::page`]; [`Code::NotFound`] for a session's foreign user.
    ///
    /// [`Code::NotFound`]: crate::Code::NotFound
    pub fn page_of_user(
        &self,
        user: UserId,
        filter: &HistoryFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<HistoryPage> {
        history::page_of_user(self.inner, self.access, user, filter, cursor, limit)
    }

    /// The lines of a wallet from `from` to just before `until`, oldest first,
    /// with the balances around them; at most 100,000 lines.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] when `until` is before `from`,
    /// [`Code::NotFound`], [`Code::TooLong`],
    /// [`Code::Corrupt`] when the lines do not add up.
    ///
    /// [`Code::InvalidArgument`]: crate::Code::InvalidArgument
    /// [`Code::NotFound`]: crate::Code::NotFound
    /// [`Code::TooLong`]: crate::Code::TooLong
    /// [`Code::Corrupt`]: crate::Code::Corrupt
    pub fn statement(&self, wallet: WalletId, from: UnixMillis, until: UnixMillis) -> Result<Statement> {
        history::statement(self.inner, self.access, wallet, from, until)
    }

    /// The balance after the last line booked at or before a moment; zero
    /// before the first. Holds are not in it.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    ///
    /// [`Code::NotFound`]: crate::Code::NotFound
    pub fn balance_at(&self, wallet: WalletId, at: UnixMillis) -> Result<Money> {
        history::balance_at(self.inner, self.access, wallet, at)
    }
}
