//! Records of wallets, holds, limits and the lines of histories.

use fusepay_core::{
    Category, Currency, HoldId, HoldStatus, LimitWindow, Metadata, Money, PaymentId, TransactionId, TransactionStatus,
    TransactionType, UnixMillis, UserId, WalletId, WalletStatus,
};
use pyo3::prelude::*;

use crate::convert::{Notes, OptionalNotes};
use crate::money::decimal;
use crate::record::record;

record! {
    /// One consistent snapshot of a wallet.
    Wallet from fusepay_core::Wallet {
        /// Its id.
        id: WalletId,
        /// Whose it is.
        user_id: UserId,
        /// Its currency; never changes.
        currency: Currency,
        /// A name its owner gave it; may be empty.
        label: String,
        /// Whether it may be used.
        status: WalletStatus,
        /// Credits minus debits, in minor units.
        balance_minor: i64,
        /// Reserved by active holds, in minor units.
        held_minor: i64,
        /// What may be spent now: balance - held + credit limit, in minor units.
        available_minor: i64,
        /// How far below zero the balance may go, in minor units.
        credit_limit_minor: i64,
        /// Rises with every change of the money in it. Pass it as
        /// `expected_version` to have a change refused when it is no longer this.
        version: i64,
        /// When it came into being.
        created_at: UnixMillis,
        /// When its label, status or limits last changed.
        updated_at: UnixMillis,
    }
    methods {
        /// `balance_minor` in major units.
        #[getter]
        fn balance<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            decimal(py, self.balance_minor, self.currency)
        }

        /// `held_minor` in major units.
        #[getter]
        fn held<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            decimal(py, self.held_minor, self.currency)
        }

        /// `available_minor` in major units.
        #[getter]
        fn available<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            decimal(py, self.available_minor, self.currency)
        }

        /// `credit_limit_minor` in major units.
        #[getter]
        fn credit_limit<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            decimal(py, self.credit_limit_minor, self.currency)
        }
    }
}

record! {
    /// A reservation of part of a wallet's balance.
    Hold from fusepay_core::Hold {
        /// Its id.
        id: HoldId,
        /// The wallet whose balance is reserved.
        wallet_id: WalletId,
        /// Its currency.
        currency: Currency,
        /// What was reserved, in minor units.
        amount_minor: i64,
        /// What has been captured of it, in minor units.
        captured_minor: i64,
        /// Its state.
        status: HoldStatus,
        /// A text for people, if one was given.
        description: Option<String>,
        /// When it was authorised.
        created_at: UnixMillis,
        /// When it is given back by itself.
        expires_at: UnixMillis,
        /// When it was resolved, once it is.
        resolved_at: Option<UnixMillis>,
    }
    methods {
        /// What is still reserved, in minor units.
        #[getter]
        fn remaining_minor(&self) -> i64 {
            let is_active = self.status == HoldStatus::Active;
            if is_active { self.amount_minor.saturating_sub(self.captured_minor) } else { 0 }
        }

        /// `amount_minor` in major units.
        #[getter]
        fn amount<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            decimal(py, self.amount_minor, self.currency)
        }

        /// `captured_minor` in major units.
        #[getter]
        fn captured<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            decimal(py, self.captured_minor, self.currency)
        }

        /// `remaining_minor` in major units.
        #[getter]
        fn remaining<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            decimal(py, self.remaining_minor(), self.currency)
        }
    }
}

record! {
    /// A bound on what leaves a wallet within one window. At least one of
    /// `amount_max_minor` and `count_max` is given.
    Limit {
        /// Over which span it counts: a calendar day or month in UTC, or one transaction.
        window: LimitWindow,
        /// Only bills of this category count; `None`: everything that leaves.
        category: Option<Category> = None => None,
        /// The most that may leave within the window, in minor units.
        amount_max_minor: Option<i64> = None => None,
        /// The most movements within the window. Not for a window of one transaction.
        count_max: Option<u32> = None => None,
    }
}

impl From<fusepay_core::Limit> for Limit {
    fn from(core: fusepay_core::Limit) -> Self {
        Limit {
            window: core.window,
            category: core.category,
            amount_max_minor: core.amount_max_minor,
            count_max: core.count_max,
        }
    }
}

impl From<Limit> for fusepay_core::Limit {
    fn from(limit: Limit) -> Self {
        let mut core = fusepay_core::Limit::new(limit.window);
        core.category = limit.category;
        core.amount_max_minor = limit.amount_max_minor;
        core.count_max = limit.count_max;
        core
    }
}

record! {
    /// One money event as one wallet sees it. A transfer between two wallets is
    /// one transaction with a line in each history.
    Transaction from fusepay_core::Transaction {
        /// Its id.
        id: TransactionId,
        /// The reference to show, such as `BILL_0198...`.
        reference: String,
        /// The wallet this line belongs to.
        wallet_id: WalletId,
        /// The line's number in the wallet, from 1, without gaps.
        sequence: i64,
        /// What kind of money event.
        kind: TransactionType,
        /// Where it stands; moves for the debits of a bill payment.
        status: TransactionStatus,
        /// Positive for money in, negative for money out, in minor units.
        amount_minor: i64,
        /// Its currency.
        currency: Currency,
        /// The wallet's balance after it, in minor units.
        balance_minor: i64,
        /// The other wallet of a transfer or capture between wallets.
        counterparty: Option<WalletId>,
        /// The payment it belongs to.
        payment_id: Option<PaymentId>,
        /// The hold it captured.
        hold_id: Option<HoldId>,
        /// The transaction it gives back, for a reversal or refund.
        reverses: Option<TransactionId>,
        /// The transaction that gave it back, if one did.
        reversed_by: Option<TransactionId>,
        /// The host's own reference, or the provider's.
        external_reference: Option<String>,
        /// A text for people.
        description: Option<String>,
        /// Why it failed, for the debits of a failed payment.
        failure_reason: Option<String>,
        /// The host's own notes.
        metadata: OptionalNotes,
        /// When it was booked.
        created_at: UnixMillis,
    }
    methods {
        /// `amount_minor` in major units.
        #[getter]
        fn amount<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            decimal(py, self.amount_minor, self.currency)
        }

        /// `balance_minor` in major units.
        #[getter]
        fn balance<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            decimal(py, self.balance_minor, self.currency)
        }
    }
}

record! {
    /// Money from one wallet to another, for `Wallets.transfer_batch`. (`from` is a
    /// keyword of Python, hence `from_`.)
    TransferRequest {
        /// The wallet that is debited.
        from_: WalletId,
        /// The wallet that is credited; another one, of the same currency.
        to: WalletId,
        /// How much; more than zero.
        amount: Money,
        /// A text for people, at most 500 bytes.
        description: Option<String> = None => None,
        /// The host's own notes: a `dict`, or a JSON object as text.
        metadata: Notes = None => Notes("{}".to_owned()),
        /// Not for a batch, whose key is its own.
        idempotency_key: Option<String> = None => None,
        /// Refuse with `ConflictError` unless the debited wallet is at this version.
        expected_version: Option<i64> = None => None,
    }
}

impl TransferRequest {
    /// The core's request.
    pub(crate) fn to_core(&self) -> fusepay_core::Result<fusepay_core::TransferRequest> {
        let mut request = fusepay_core::TransferRequest::new(self.from_, self.to, self.amount);
        request.description.clone_from(&self.description);
        request.metadata = Metadata::parse(&self.metadata.0)?;
        request.idempotency_key.clone_from(&self.idempotency_key);
        request.expected_version = self.expected_version;
        Ok(request)
    }
}
