//! Wallets, as their owner sees them.

use crate::engine::inner::Access;
use crate::engine::session::ticket::Ticket;
use crate::engine::transfer::TransferRequest;
use crate::engine::{hold, transfer, wallet};
use crate::error::Result;
use crate::id::{HoldId, WalletId};
use crate::ledger::transaction::Transaction;
use crate::money::currency::Currency;
#[cfg(doc)]
use crate::vocabulary::Code;
use crate::vocabulary::HoldStatus;
use crate::wallet::limit::Limit;
use crate::wallet::record::{Hold, Wallet};

/// A user's wallets. See [`crate::Session::wallet`]. Every method first answers
/// [`Code::InvalidToken`] when the session has ended.
pub struct SessionWallets<'s> {
    pub(crate) session: &'s Ticket,
}

impl SessionWallets<'_> {
    /// The user's wallets, oldest first.
    ///
    /// # Errors
    /// The common ones.
    pub fn list(&self) -> Result<Vec<Wallet>> {
        let who = self.session.principal()?;
        wallet::list(&self.session.inner, Access::Owner(who.user_id), who.user_id)
    }

    /// Gives the user a further wallet.
    ///
    /// # Errors
    /// [`Code::TooLong`], [`Code::InvalidArgument`], [`Code::NotAllowed`] for one wallet too many.
    pub fn create(&self, currency: Currency, label: &str) -> Result<Wallet> {
        let who = self.session.principal()?;
        wallet::create(&self.session.inner, Access::Owner(who.user_id), who.user_id, currency, label)
    }

    /// One of the user's wallets with its money, as one snapshot.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn find(&self, id: WalletId) -> Result<Wallet> {
        wallet::find(&self.session.inner, self.session.access()?, id)
    }

    /// Moves money out of one of the user's wallets into any wallet of the same
    /// currency.
    ///
    /// # Errors
    /// As [`Wallets::transfer`](crate::Wallets::transfer); [`Code::NotFound`]
    /// when the source is not the user's.
    pub fn transfer(&self, request: &TransferRequest) -> Result<Transaction> {
        transfer::transfer(&self.session.inner, self.session.access()?, request)
    }

    /// One hold on one of the user's wallets.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn find_hold(&self, id: HoldId) -> Result<Hold> {
        hold::find(&self.session.inner, self.session.access()?, id)
    }

    /// The holds of one of the user's wallets in one state, oldest first; `limit` 1 to 500.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::NotFound`].
    pub fn holds(&self, wallet: WalletId, status: HoldStatus, limit: u32) -> Result<Vec<Hold>> {
        hold::list(&self.session.inner, self.session.access()?, wallet, status, limit)
    }

    /// The limits of one of the user's wallets.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn limits(&self, id: WalletId) -> Result<Vec<Limit>> {
        wallet::limits(&self.session.inner, self.session.access()?, id)
    }
}
