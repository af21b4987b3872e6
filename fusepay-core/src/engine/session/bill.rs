//! Bills, as the user who pays them sees them.

use crate::bill::biller::{BillItem, Biller};
use crate::bill::provider::Customer;
use crate::bill::quote::Quote;
use crate::bill::record::Payment;
use crate::engine::bill::QuoteRequest;
use crate::engine::pay::PayBill;
use crate::engine::session::ticket::Ticket;
use crate::engine::{bill, catalogue, pay};
use crate::error::Result;
use crate::id::{PaymentId, WalletId};
#[cfg(doc)]
use crate::vocabulary::Code;
use std::time::Duration;

/// A user's bills. See [`crate::Session::bill`]. Every method first answers
/// [`Code::InvalidToken`] when the session has ended.
pub struct SessionBills<'s> {
    pub(crate) session: &'s Ticket,
}

impl SessionBills<'_> {
    /// As [`Bills::billers`](crate::Bills::billers).
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn billers(&self, category: Option<&str>, after: Option<&str>, limit: u32) -> Result<Vec<Biller>> {
        self.session.principal()?;
        catalogue::billers(&self.session.inner, category, after, limit)
    }

    /// The items of a biller.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn items(&self, biller: &str) -> Result<Vec<BillItem>> {
        self.session.principal()?;
        catalogue::items(&self.session.inner, biller)
    }

    /// As [`Bills::validate_customer`](crate::Bills::validate_customer): calls
    /// the provider on this thread.
    ///
    /// # Errors
    /// [`Code::BillerUnavailable`], [`Code::CustomerRejected`],
    /// [`Code::UnsupportedByProvider`], [`Code::ProviderUnavailable`].
    pub fn validate_customer(&self, biller: &str, item: &str, customer_reference: &str) -> Result<Customer> {
        self.session.principal()?;
        bill::validate_customer(&self.session.inner, biller, item, customer_reference)
    }

    /// Prices a bill for the user.
    ///
    /// # Errors
    /// As [`Bills::quote`](crate::Bills::quote); [`Code::NotFound`] when the
    /// request names another user.
    pub fn quote(&self, request: &QuoteRequest) -> Result<Quote> {
        bill::quote(&self.session.inner, self.session.access()?, request)
    }

    /// Pays a bill from one of the user's wallets.
    ///
    /// # Errors
    /// As [`Bills::pay`](crate::Bills::pay); [`Code::NotFound`] when the wallet
    /// is not the user's.
    pub fn pay(&self, request: &PayBill) -> Result<Payment> {
        pay::pay(&self.session.inner, self.session.access()?, request)
    }

    /// One of the user's payments as it stands. Never calls a provider.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn find(&self, id: PaymentId) -> Result<Payment> {
        bill::find(&self.session.inner, self.session.access()?, id)
    }

    /// Waits for one requery of an unknown payment, at most `deadline`.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn refresh(&self, id: PaymentId, deadline: Duration) -> Result<Payment> {
        bill::refresh(&self.session.inner, self.session.access()?, id, deadline)
    }

    /// The payments of one of the user's wallets, newest first, before one;
    /// `limit` 1 to 500.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::NotFound`].
    pub fn list(&self, wallet: WalletId, before: Option<PaymentId>, limit: u32) -> Result<Vec<Payment>> {
        bill::list(&self.session.inner, self.session.access()?, wallet, before, limit)
    }

    /// What the user bought: electricity tokens, pins.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::NotAllowed`], [`Code::Corrupt`].
    pub fn tokens(&self, id: PaymentId) -> Result<Vec<String>> {
        bill::tokens(&self.session.inner, self.session.access()?, id)
    }
}
