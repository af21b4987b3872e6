//! Wallets, as a host sees them.

use crate::engine::fund::{MoneyKind, MoneyRequest};
use crate::engine::hold::{CaptureRequest, HoldRequest};
use crate::engine::inner::{Access, Inner};
use crate::engine::transfer::TransferRequest;
use crate::engine::{fund, hold, transfer, wallet};
use crate::error::Result;
use crate::id::{HoldId, UserId, WalletId};
use crate::ledger::transaction::Transaction;
use crate::money::currency::Currency;
#[allow(unused_imports, reason = "the documentation names codes")]
use crate::vocabulary::Code;
use crate::vocabulary::{HoldStatus, LimitWindow, WalletStatus};
use crate::wallet::limit::Limit;
use crate::wallet::record::{Hold, Wallet};
use std::sync::Arc;

/// Wallets and the money in them. See [`FusePay::wallet`](crate::FusePay::wallet).
pub struct Wallets<'e> {
    pub(crate) inner: &'e Arc<Inner>,
    pub(crate) access: Access,
}

impl Wallets<'_> {
    /// Gives a user a further wallet; at most 100.
    ///
    /// # Errors
    /// [`Code::TooLong`], [`Code::InvalidArgument`], [`Code::NotFound`],
    /// [`Code::NotAllowed`] for a deactivated user or one wallet too many.
    pub fn create(&self, user: UserId, currency: Currency, label: &str) -> Result<Wallet> {
        wallet::create(self.inner, self.access, user, currency, label)
    }

    /// One wallet with balance, held and available as one consistent snapshot.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn find(&self, id: WalletId) -> Result<Wallet> {
        wallet::find(self.inner, self.access, id)
    }

    /// A user's wallets, oldest first.
    ///
    /// # Errors
    /// The common ones. A user without wallets, or no such user: an empty list.
    pub fn list(&self, user: UserId) -> Result<Vec<Wallet>> {
        wallet::list(self.inner, self.access, user)
    }

    /// Books money that came in from outside: funding → wallet. Each external
    /// reference is booked once.
    ///
    /// ```
    /// # use fusepay_core::{Code, Currency, Money, MoneyRequest};
    /// # let world = fusepay_testkit::World::open();
    /// # let engine = world.engine();
    /// # let wallet = world.wallet();
    /// let deposit = MoneyRequest::new(wallet, Money::parse("250.00", Currency::NGN)?).with_external_reference("bank-77");
    /// let line = engine.wallet().fund(&deposit)?;
    /// assert_eq!((line.amount_minor, line.balance_minor), (25_000, 25_000));
    /// assert_eq!(engine.wallet().fund(&deposit).unwrap_err().code(), Code::ExternalReferenceUsed);
    /// # Ok::<(), fusepay_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::InvalidAmount`], [`Code::TooLong`], [`Code::InvalidArgument`],
    /// [`Code::NotFound`], [`Code::IdempotencyKeyReused`],
    /// [`Code::CurrencyMismatch`], [`Code::WalletFrozen`],
    /// [`Code::WalletClosed`], [`Code::ExternalReferenceUsed`],
    /// [`Code::Conflict`], [`Code::AmountOverflow`].
    pub fn fund(&self, request: &MoneyRequest) -> Result<Transaction> {
        fund::move_money(self.inner, self.access, MoneyKind::Fund, request)
    }

    /// Books money that left to the outside: wallet → funding, and the
    /// withdrawal fee. Limits apply. Each external reference is booked once.
    ///
    /// # Errors
    /// As [`Wallets::fund`], and [`Code::LimitExceeded`],
    /// [`Code::InsufficientFunds`].
    pub fn withdraw(&self, request: &MoneyRequest) -> Result<Transaction> {
        fund::move_money(self.inner, self.access, MoneyKind::Withdraw, request)
    }

    /// Credits a wallet by the host's own decision: funding → wallet.
    ///
    /// # Errors
    /// As [`Wallets::fund`].
    pub fn credit(&self, request: &MoneyRequest) -> Result<Transaction> {
        fund::move_money(self.inner, self.access, MoneyKind::Credit, request)
    }

    /// Debits a wallet by the host's own decision: wallet → funding. No fee, no limits.
    ///
    /// # Errors
    /// As [`Wallets::fund`], and [`Code::InsufficientFunds`].
    pub fn debit(&self, request: &MoneyRequest) -> Result<Transaction> {
        fund::move_money(self.inner, self.access, MoneyKind::Debit, request)
    }

    /// Moves money between two wallets of one currency; answers the sender's
    /// line. The transfer fee and the sender's limits apply.
    ///
    /// ```
    /// # use fusepay_core::{Code, Currency, Money, TransferRequest};
    /// # let world = fusepay_testkit::World::open();
    /// # let engine = world.engine();
    /// # let (from, to) = (world.funded_wallet(10_000), world.wallet());
    /// let request = TransferRequest::new(from, to, Money::new(4_000, Currency::NGN)).with_idempotency_key("rent-march");
    /// engine.wallet().transfer(&request)?;
    /// engine.wallet().transfer(&request)?; // the same key: moved once
    /// assert_eq!(engine.wallet().find(to)?.balance_minor, 4_000);
    ///
    /// let too_much = TransferRequest::new(from, to, Money::new(6_001, Currency::NGN));
    /// assert_eq!(engine.wallet().transfer(&too_much).unwrap_err().code(), Code::InsufficientFunds);
    /// # Ok::<(), fusepay_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::InvalidAmount`], [`Code::SameWallet`], [`Code::NotFound`],
    /// [`Code::IdempotencyKeyReused`], [`Code::CurrencyMismatch`],
    /// [`Code::WalletFrozen`], [`Code::WalletClosed`], [`Code::Conflict`],
    /// [`Code::LimitExceeded`], [`Code::InsufficientFunds`],
    /// [`Code::AmountOverflow`].
    pub fn transfer(&self, request: &TransferRequest) -> Result<Transaction> {
        transfer::transfer(self.inner, self.access, request)
    }

    /// Books up to 10,000 transfers in one commit: all or none. The key covers
    /// the whole batch.
    ///
    /// # Errors
    /// As [`Wallets::transfer`]; the first refusal refuses all.
    pub fn transfer_batch(
        &self,
        requests: &[TransferRequest],
        idempotency_key: Option<&str>,
    ) -> Result<Vec<Transaction>> {
        transfer::transfer_batch(self.inner, self.access, requests, idempotency_key)
    }

    /// Reserves part of a balance until it is captured, released or expires.
    ///
    /// ```
    /// # use fusepay_core::{CaptureRequest, Currency, HoldRequest, Money};
    /// # use std::time::Duration;
    /// # let world = fusepay_testkit::World::open();
    /// # let engine = world.engine();
    /// # let wallet = world.funded_wallet(10_000);
    /// let request = HoldRequest::new(wallet, Money::new(6_000, Currency::NGN), Duration::from_secs(3_600));
    /// let hold = engine.wallet().authorise(&request)?;
    /// assert_eq!(engine.wallet().find(wallet)?.available_minor, 4_000);
    ///
    /// engine.wallet().capture(&CaptureRequest::new(hold.id, Money::new(5_000, Currency::NGN)))?;
    /// assert_eq!(engine.wallet().find(wallet)?.balance_minor, 5_000);
    /// # Ok::<(), fusepay_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::InvalidAmount`], [`Code::InvalidArgument`], [`Code::NotFound`],
    /// [`Code::IdempotencyKeyReused`], [`Code::CurrencyMismatch`],
    /// [`Code::WalletFrozen`], [`Code::WalletClosed`], [`Code::InsufficientFunds`].
    pub fn authorise(&self, request: &HoldRequest) -> Result<Hold> {
        hold::authorise(self.inner, self.access, request)
    }

    /// Takes held money, in whole or in part, to another wallet or the outside.
    ///
    /// # Errors
    /// [`Code::InvalidAmount`], [`Code::NotFound`],
    /// [`Code::IdempotencyKeyReused`], [`Code::CurrencyMismatch`],
    /// [`Code::HoldResolved`], [`Code::CaptureAboveHold`],
    /// [`Code::WalletFrozen`], [`Code::WalletClosed`], [`Code::LimitExceeded`].
    pub fn capture(&self, request: &CaptureRequest) -> Result<Transaction> {
        hold::capture(self.inner, self.access, request)
    }

    /// Gives held money back.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::IdempotencyKeyReused`], [`Code::HoldResolved`].
    pub fn release(&self, hold: HoldId, idempotency_key: Option<&str>) -> Result<Hold> {
        hold::release(self.inner, self.access, hold, idempotency_key)
    }

    /// One hold.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn find_hold(&self, id: HoldId) -> Result<Hold> {
        hold::find(self.inner, self.access, id)
    }

    /// The holds of a wallet in one state, oldest first; `limit` 1 to 500.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::NotFound`].
    pub fn holds(&self, wallet: WalletId, status: HoldStatus, limit: u32) -> Result<Vec<Hold>> {
        hold::list(self.inner, self.access, wallet, status, limit)
    }

    /// Freezes (debits or all), thaws or closes a wallet. A closed wallet stays
    /// closed; only an empty one can be.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::WalletClosed`], [`Code::NotAllowed`],
    /// [`Code::WalletNotEmpty`].
    pub fn set_status(&self, id: WalletId, status: WalletStatus) -> Result<Wallet> {
        wallet::set_status(self.inner, self.access, id, status)
    }

    /// Sets how far below zero the balance may go, in minor units.
    ///
    /// # Errors
    /// [`Code::InvalidAmount`], [`Code::NotFound`], [`Code::AmountOverflow`] when
    /// balance and limit together exceed what can be counted,
    /// [`Code::InsufficientFunds`] when the wallet already owes more.
    pub fn set_credit_limit(&self, id: WalletId, limit_minor: i64) -> Result<Wallet> {
        wallet::set_credit_limit(self.inner, self.access, id, limit_minor)
    }

    /// Sets one limit, replacing the one for the same window and category. What
    /// was spent in the window already counts.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::NotFound`].
    pub fn set_limit(&self, id: WalletId, limit: &Limit) -> Result<()> {
        wallet::set_limit(self.inner, self.access, id, limit)
    }

    /// Removes one limit; false when there was none.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for what is no category; [`Code::NotFound`].
    pub fn remove_limit(&self, id: WalletId, window: LimitWindow, category: Option<&str>) -> Result<bool> {
        wallet::remove_limit(self.inner, self.access, id, window, category.unwrap_or(""))
    }

    /// The limits of a wallet.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn limits(&self, id: WalletId) -> Result<Vec<Limit>> {
        wallet::limits(self.inner, self.access, id)
    }
}
