//! The host's API: one view per noun, for code that is trusted. What a user's
//! session may do is in `engine/session.rs`.
//!
//! Every call may be made from any thread. Calls that change something wait for
//! the writer, at most `call_deadline`, and are one commit each. Errors common
//! to all: `CLOSED`, `FORKED`, `REENTRANT`, `BUSY`, `IN_DOUBT`, `POISONED` and
//! the storage faults.

use crate::bill::biller::{BillItem, Biller};
use crate::bill::provider::{Customer, Provider, Webhook};
use crate::bill::quote::Quote;
use crate::bill::record::Payment;
use crate::clock::{Deadline, UnixMillis};
use crate::engine::bill::{Explanation, PayBill, QuoteRequest, WebhookReceipt};
use crate::engine::config::Config;
use crate::engine::desk::ProviderDesk;
use crate::engine::hold::{CaptureRequest, HoldRequest};
use crate::engine::inner::{Access, Inner};
use crate::engine::queue::JobCount;
use crate::engine::reversal::{ClaimSettlement, RefundRequest, ReviewVerdict};
use crate::engine::transfer::{MoneyKind, MoneyRequest, TransferRequest};
use crate::engine::worker::RunReport;
use crate::engine::{bill, catalogue, hold, queue, reversal, transfer, wallet, worker};
use crate::error::{Error, Result};
use crate::id::{HoldId, JobId, PaymentId, UserId, WalletId};
use crate::ledger::transaction::Transaction;
use crate::money::amount::Money;
use crate::money::currency::Currency;
use crate::queue::job::Job;
use crate::vocabulary::{Code, HoldStatus, LimitWindow, PaymentStatus, WalletStatus};
use crate::wallet::limit::Limit;
use crate::wallet::record::{Hold, Wallet};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long dropping an engine waits for provider calls to end.
const DROP_DEADLINE: Duration = Duration::from_secs(5);

/// An engine over one database. Share it behind an [`Arc`] or a reference; every
/// method takes `&self`. Dropping it closes it.
pub struct FusePay {
    inner: Arc<Inner>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl FusePay {
    pub(crate) fn new(inner: Arc<Inner>, thread: Option<JoinHandle<()>>) -> Self {
        FusePay { inner, thread: Mutex::new(thread) }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// Opens an engine on a file, which is created when missing and migrated
    /// when older.
    ///
    /// # Errors
    /// [`Code::InvalidConfig`], [`Code::UnsafeFile`],
    /// [`Code::UnsupportedFileSystem`], [`Code::AlreadyOpen`],
    /// [`Code::SchemaTooNew`], [`Code::Corrupt`], [`Code::Busy`] when another
    /// process is opening it, and the storage faults.
    pub fn open(config: Config) -> Result<FusePay> {
        crate::engine::open::open(config)
    }

    /// Closes the engine: waits until `deadline` for provider calls to end,
    /// makes the ones that did not unknown, and lets go of the file. Later calls
    /// answer [`Code::Closed`]; a second close does nothing.
    ///
    /// # Errors
    /// [`Code::Forked`]; storage faults of the last commit, after which the file
    /// is closed all the same and the next open recovers.
    pub fn close(&self, deadline: Duration) -> Result<()> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        crate::engine::close::close(&self.inner, thread, Deadline::after(deadline))
    }

    /// Runs everything that is due now, once: in the manual worker mode on this
    /// thread, provider calls included. In the background mode it only helps the
    /// worker along.
    ///
    /// # Errors
    /// The common ones.
    pub fn run_due(&self) -> Result<RunReport> {
        let report = worker::run_due(&self.inner)?;
        crate::engine::event::deliver(&self.inner);
        Ok(report)
    }

    /// The moment on the engine's own timeline, on which jobs, holds and quotes
    /// fall due: the wall clock at open, moved on by the monotonic clock.
    #[must_use]
    pub fn due_now(&self) -> UnixMillis {
        self.inner.due_now()
    }

    /// Registers a further provider, or replaces the adapter of a known one.
    /// Calls under way stay with the adapter they began with.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::InvalidConfig`].
    pub fn register_provider(&self, code: &str, provider: Arc<dyn Provider>) -> Result<()> {
        self.inner.check_open()?;
        crate::bill::biller::check_code("provider", code)?;
        let desk = ProviderDesk::new(code.to_owned(), provider, self.inner.config.breaker, self.inner.config.rate)?;
        let mut desks = self.inner.desks.write().unwrap_or_else(PoisonError::into_inner);
        desks.insert(code.to_owned(), Arc::new(desk));
        drop(desks);
        self.inner.wake_worker();
        Ok(())
    }

    /// Wallets, as the host sees them: all of them.
    #[must_use]
    pub fn wallet(&self) -> Wallets<'_> {
        Wallets { inner: &self.inner, access: Access::Host }
    }

    /// Bills, as the host sees them: everybody's.
    #[must_use]
    pub fn bill(&self) -> Bills<'_> {
        Bills { inner: &self.inner, access: Access::Host }
    }

    /// Reversals, refunds, reviews, claims and suspense.
    #[must_use]
    pub fn reversal(&self) -> Reversals<'_> {
        Reversals { inner: &self.inner, access: Access::Host }
    }

    /// The queue: dead letters and counts.
    #[must_use]
    pub fn queue(&self) -> Queue<'_> {
        Queue { inner: &self.inner, access: Access::Host }
    }
}

impl Drop for FusePay {
    fn drop(&mut self) {
        if let Err(error) = self.close(DROP_DEADLINE) {
            if error.code() != Code::Forked {
                tracing::error!(code = error.code().name(), detail = error.detail(), "closing on drop failed");
            }
        }
    }
}

impl std::fmt::Debug for FusePay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FusePay").field("path", &self.inner.store.path()).finish_non_exhaustive()
    }
}

/// Wallets and the money in them. See [`FusePay::wallet`].
pub struct Wallets<'e> {
    inner: &'e Arc<Inner>,
    access: Access,
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
    /// # Errors
    /// [`Code::InvalidAmount`], [`Code::TooLong`], [`Code::InvalidArgument`],
    /// [`Code::NotFound`], [`Code::IdempotencyKeyReused`],
    /// [`Code::CurrencyMismatch`], [`Code::WalletFrozen`],
    /// [`Code::WalletClosed`], [`Code::ExternalReferenceUsed`],
    /// [`Code::Conflict`], [`Code::AmountOverflow`].
    pub fn fund(&self, request: &MoneyRequest) -> Result<Transaction> {
        transfer::move_money(self.inner, self.access, MoneyKind::Fund, request)
    }

    /// Books money that left to the outside: wallet → funding, and the
    /// withdrawal fee. Limits apply. Each external reference is booked once.
    ///
    /// # Errors
    /// As [`Wallets::fund`], and [`Code::LimitExceeded`],
    /// [`Code::InsufficientFunds`].
    pub fn withdraw(&self, request: &MoneyRequest) -> Result<Transaction> {
        transfer::move_money(self.inner, self.access, MoneyKind::Withdraw, request)
    }

    /// Credits a wallet by the host's own decision: funding → wallet.
    ///
    /// # Errors
    /// As [`Wallets::fund`].
    pub fn credit(&self, request: &MoneyRequest) -> Result<Transaction> {
        transfer::move_money(self.inner, self.access, MoneyKind::Credit, request)
    }

    /// Debits a wallet by the host's own decision: wallet → funding. No fee, no limits.
    ///
    /// # Errors
    /// As [`Wallets::fund`], and [`Code::InsufficientFunds`].
    pub fn debit(&self, request: &MoneyRequest) -> Result<Transaction> {
        transfer::move_money(self.inner, self.access, MoneyKind::Debit, request)
    }

    /// Moves money between two wallets of one currency; answers the sender's
    /// line. The transfer fee and the sender's limits apply.
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
    pub fn transfer_batch(&self, requests: &[TransferRequest], idempotency_key: Option<&str>) -> Result<Vec<Transaction>> {
        transfer::transfer_batch(self.inner, self.access, requests, idempotency_key)
    }

    /// Reserves part of a balance until it is captured, released or expires.
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
    /// [`Code::InvalidAmount`], [`Code::NotFound`], [`Code::InsufficientFunds`]
    /// when the wallet already owes more.
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
    /// [`Code::NotFound`].
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

/// Bills: catalogue, quotes, payments. See [`FusePay::bill`].
pub struct Bills<'e> {
    inner: &'e Arc<Inner>,
    access: Access,
}

impl Bills<'_> {
    /// Loads billers with their items, replacing those of the same codes, in one
    /// commit. Items that are not named stay as they are.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::TooLong`].
    pub fn load_catalogue(&self, catalogue: &[(Biller, Vec<BillItem>)]) -> Result<()> {
        catalogue::load(self.inner, self.access, catalogue)
    }

    /// Loads what a provider says it serves. Answers how many billers that were.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::UnsupportedByProvider`],
    /// [`Code::ProviderUnavailable`], and those of [`Bills::load_catalogue`].
    pub fn load_catalogue_of(&self, provider: &str) -> Result<usize> {
        catalogue::load_from_provider(self.inner, self.access, provider)
    }

    /// Billers in the order of their codes, after one; `limit` 1 to 500.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn billers(&self, category: Option<&str>, after: Option<&str>, limit: u32) -> Result<Vec<Biller>> {
        catalogue::billers(self.inner, category, after, limit)
    }

    /// The items of a biller.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn items(&self, biller: &str) -> Result<Vec<BillItem>> {
        catalogue::items(self.inner, biller)
    }

    /// Asks the biller about a customer. Calls the provider on this thread.
    ///
    /// # Errors
    /// [`Code::BillerUnavailable`], [`Code::CustomerRejected`],
    /// [`Code::UnsupportedByProvider`], [`Code::ProviderUnavailable`].
    pub fn validate_customer(&self, biller: &str, item: &str, customer_reference: &str) -> Result<Customer> {
        bill::validate_customer(self.inner, biller, item, customer_reference)
    }

    /// Prices a bill. Where the item demands it, the customer is validated with
    /// the provider first, on this thread.
    ///
    /// # Errors
    /// [`Code::InvalidAmount`], [`Code::InvalidArgument`],
    /// [`Code::BillerUnavailable`], [`Code::CurrencyMismatch`],
    /// [`Code::AmountOutOfRange`], and those of [`Bills::validate_customer`].
    pub fn quote(&self, request: &QuoteRequest) -> Result<Quote> {
        bill::quote(self.inner, self.access, request)
    }

    /// Pays a bill: idempotency record, debit of amount and fee into clearing,
    /// payment, job, event and audit link in one commit. The provider is called
    /// later, by the worker.
    ///
    /// # Errors
    /// [`Code::InvalidAmount`], [`Code::InvalidArgument`], [`Code::TooLong`],
    /// [`Code::NotFound`], [`Code::IdempotencyKeyReused`],
    /// [`Code::BillerUnavailable`], [`Code::QuoteUsed`], [`Code::QuoteExpired`],
    /// [`Code::CurrencyMismatch`], [`Code::AmountOutOfRange`],
    /// [`Code::WalletFrozen`], [`Code::WalletClosed`], [`Code::LimitExceeded`],
    /// [`Code::Conflict`], [`Code::InsufficientFunds`].
    pub fn pay(&self, request: &PayBill) -> Result<Payment> {
        bill::pay(self.inner, self.access, request)
    }

    /// One payment as it stands. Never calls a provider; reading an unknown one
    /// makes its requery due now.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn find(&self, id: PaymentId) -> Result<Payment> {
        bill::find(self.inner, self.access, id)
    }

    /// Waits for one requery of an unknown payment, at most `deadline`; answers
    /// the payment as it stands then.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn refresh(&self, id: PaymentId, deadline: Duration) -> Result<Payment> {
        bill::refresh(self.inner, self.access, id, deadline)
    }

    /// A wallet's payments, newest first, before one; `limit` 1 to 500.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::NotFound`].
    pub fn list(&self, wallet: WalletId, before: Option<PaymentId>, limit: u32) -> Result<Vec<Payment>> {
        bill::list(self.inner, self.access, wallet, before, limit)
    }

    /// Payments in one state, oldest first, after one; `limit` 1 to 500.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn list_by_status(&self, status: PaymentStatus, after: Option<PaymentId>, limit: u32) -> Result<Vec<Payment>> {
        bill::list_by_status(self.inner, status, after, limit)
    }

    /// What the customer bought: electricity tokens, pins.
    ///
    /// # Errors
    /// [`Code::NotFound`]; [`Code::NotAllowed`] without the key they were sealed
    /// with; [`Code::Corrupt`].
    pub fn tokens(&self, id: PaymentId) -> Result<Vec<String>> {
        bill::tokens(self.inner, self.access, id)
    }

    /// Every state, attempt, evidence, timer and decision of a payment, in order.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn explain(&self, id: PaymentId) -> Result<Explanation> {
        bill::explain(self.inner, self.access, id)
    }

    /// Takes a webhook in as the host received it: the provider's adapter
    /// verifies it, the engine applies it as evidence. Repeating it changes
    /// nothing.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::TooLong`], [`Code::WebhookRejected`],
    /// [`Code::UnsupportedByProvider`].
    pub fn receive_webhook(&self, provider: &str, webhook: &Webhook) -> Result<WebhookReceipt> {
        bill::receive_webhook(self.inner, provider, webhook)
    }

    /// What the provider says is left of the money prepaid there.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::UnsupportedByProvider`],
    /// [`Code::ProviderUnavailable`].
    pub fn float_balance(&self, provider: &str) -> Result<Money> {
        let desk = self.inner.desk(provider).ok_or_else(|| Error::new(Code::NotFound, "there is no such provider"))?;
        crate::engine::attempt::float_balance(desk.provider.as_ref())
    }

    /// Books prepaid money sent to a provider: float → funding.
    ///
    /// # Errors
    /// [`Code::InvalidAmount`], [`Code::InvalidArgument`],
    /// [`Code::IdempotencyKeyReused`], [`Code::NotAllowed`].
    pub fn top_up_float(&self, provider: &str, amount: Money, external_reference: &str) -> Result<()> {
        catalogue::top_up_float(self.inner, self.access, provider, amount, external_reference)
    }
}

/// Reversals and everything else that gives money back. See [`FusePay::reversal`].
pub struct Reversals<'e> {
    inner: &'e Arc<Inner>,
    access: Access,
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

/// The queue, for operators. See [`FusePay::queue`].
pub struct Queue<'e> {
    inner: &'e Arc<Inner>,
    access: Access,
}

impl Queue<'_> {
    /// One job that is not finished.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn find(&self, id: JobId) -> Result<Job> {
        queue::find(self.inner, id)
    }

    /// Dead letters, oldest first, after one; `limit` 1 to 500.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn dead_letters(&self, after: Option<JobId>, limit: u32) -> Result<Vec<Job>> {
        queue::dead_letters(self.inner, after, limit)
    }

    /// How many jobs there are, by kind and state.
    ///
    /// # Errors
    /// The common ones.
    pub fn counts(&self) -> Result<Vec<JobCount>> {
        queue::counts(self.inner)
    }

    /// Puts a dead letter back in the queue, due now, with fresh runs.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::JobNotDead`], [`Code::NotAllowed`] when its
    /// payment is under review.
    pub fn retry(&self, id: JobId) -> Result<Job> {
        queue::retry(self.inner, self.access, id)
    }

    /// Closes a dead letter with a reason.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::JobNotDead`], [`Code::NotAllowed`] while its
    /// payment still waits for its money.
    pub fn resolve(&self, id: JobId, reason: &str) -> Result<()> {
        queue::resolve(self.inner, self.access, id, reason)
    }
}
