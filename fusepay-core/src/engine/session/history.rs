//! Histories, as the owner of the wallets sees them.

use crate::clock::UnixMillis;
use crate::engine::history::{self, HistoryFilter, HistoryPage};
use crate::engine::inner::Access;
use crate::engine::session::ticket::Ticket;
use crate::error::Result;
use crate::id::{TransactionId, WalletId};
use crate::ledger::statement::Statement;
use crate::ledger::transaction::Transaction;
use crate::money::amount::Money;
#[cfg(doc)]
use crate::vocabulary::Code;

/// Histories of a user's wallets. See [`crate::Session::history`]. Every method first
/// answers [`Code::InvalidToken`] when the session has ended.
pub struct SessionHistory<'s> {
    pub(crate) session: &'s Ticket,
}

impl SessionHistory<'_> {
    /// The user's lines of one transaction.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn find(&self, id: TransactionId) -> Result<Vec<Transaction>> {
        history::find(&self.session.inner, self.session.access()?, id)
    }

    /// The user's lines of the transaction with this reference, exactly as it is shown.
    ///
    /// # Errors
    /// [`Code::InvalidId`], [`Code::NotFound`].
    pub fn find_by_reference(&self, reference: &str) -> Result<Vec<Transaction>> {
        history::find_by_reference(&self.session.inner, self.session.access()?, reference)
    }

    /// As [`History::page`](crate::History::page), of one of the user's wallets.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::TooLong`], [`Code::NotFound`], [`Code::InvalidCursor`].
    pub fn page(
        &self,
        wallet: WalletId,
        filter: &HistoryFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<HistoryPage> {
        history::page(&self.session.inner, self.session.access()?, wallet, filter, cursor, limit)
    }

    /// As [`SessionHistory::page`], over all of the user's wallets, merged in the
    /// order of booking.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::TooLong`], [`Code::InvalidCursor`].
    pub fn page_of_all(&self, filter: &HistoryFilter, cursor: Option<&str>, limit: u32) -> Result<HistoryPage> {
        let user = self.session.principal()?.user_id;
        history::page_of_user(&self.session.inner, Access::Owner(user), user, filter, cursor, limit)
    }

    /// As [`History::statement`](crate::History::statement), of one of the user's wallets.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::NotFound`], [`Code::TooLong`], [`Code::Corrupt`].
    pub fn statement(&self, wallet: WalletId, from: UnixMillis, until: UnixMillis) -> Result<Statement> {
        history::statement(&self.session.inner, self.session.access()?, wallet, from, until)
    }

    /// The balance of one of the user's wallets after the last line booked at or
    /// before a moment.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn balance_at(&self, wallet: WalletId, at: UnixMillis) -> Result<Money> {
        history::balance_at(&self.session.inner, self.session.access()?, wallet, at)
    }
}
