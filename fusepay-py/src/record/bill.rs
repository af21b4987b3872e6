//! Records of the catalogue, quotes and payments.

use fusepay_core::{
    AttemptKind, Category, Currency, Money, OutcomeKind, PaymentId, PaymentStatus, QuoteId, ReviewReason, UnixMillis,
    UserId, WalletId,
};
use pyo3::prelude::*;

use crate::convert::{Notes, ToPy};
use crate::money::decimal;
use crate::policy::FeePolicy;
use crate::record::engine::Job;
use crate::record::{Maybe, Nested, record};

record! {
    /// A company that bills are paid to.
    Biller from fusepay_core::Biller {
        /// Its code, unique in the catalogue: 1 to 64 letters, digits, `-`, `_`, `.`.
        code: String,
        /// Its name for people.
        name: String,
        /// What its bills are for, in capitals: `ELECTRICITY`, `DATA`, `AIRTIME`, `TV`...
        category: Category,
        /// The codes of the providers that serve it, the preferred first; 1 to 8. A
        /// payment goes to one of them, chosen when it is made, and never to a second.
        providers: Vec<String>,
        /// Whether it can be paid now. `True` by default.
        enabled: bool = None => true,
    }
}

impl From<Biller> for fusepay_core::Biller {
    fn from(biller: Biller) -> Self {
        let mut core = fusepay_core::Biller::new(biller.code, biller.name, biller.category, String::new());
        core.providers = biller.providers;
        core.enabled = biller.enabled;
        core
    }
}

record! {
    /// Something a biller sells: prepaid units, a data bundle, a policy.
    BillItem {
        /// Its code, unique for its biller: 1 to 64 letters, digits, `-`, `_`, `.`.
        code: String,
        /// Its name for people.
        name: String,
        /// The currency it is paid in.
        currency: Currency,
        /// The least that can be paid, in minor units. At least 1.
        minimum_minor: i64,
        /// The most that can be paid, in minor units. Equal to the minimum for a fixed price.
        maximum_minor: i64,
        /// What the payer is charged on top. Nothing by default.
        fee: FeePolicy = None => FeePolicy::from(fusepay_core::FeePolicy::free()),
        /// Whether the customer must be validated with the provider before paying.
        /// `False` by default.
        validates_customer: bool = None => false,
        /// Whether it can be bought now. `True` by default.
        enabled: bool = None => true,
    }
    methods {
        /// `minimum_minor` in major units.
        #[getter]
        fn minimum<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            decimal(py, self.minimum_minor, self.currency)
        }

        /// `maximum_minor` in major units.
        #[getter]
        fn maximum<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            decimal(py, self.maximum_minor, self.currency)
        }
    }
}

impl From<fusepay_core::BillItem> for BillItem {
    fn from(core: fusepay_core::BillItem) -> Self {
        BillItem {
            code: core.code,
            name: core.name,
            currency: core.currency,
            minimum_minor: core.minimum_minor,
            maximum_minor: core.maximum_minor,
            fee: core.fee.into(),
            validates_customer: core.validates_customer,
            enabled: core.enabled,
        }
    }
}

impl From<BillItem> for fusepay_core::BillItem {
    fn from(item: BillItem) -> Self {
        let minimum = Money::new(item.minimum_minor, item.currency);
        let mut core = fusepay_core::BillItem::new(item.code, item.name, minimum, item.maximum_minor);
        core.fee = item.fee.into();
        core.validates_customer = item.validates_customer;
        core.enabled = item.enabled;
        core
    }
}

record! {
    /// A price for a bill, good until it expires, used once.
    Quote from fusepay_core::Quote {
        /// Its id.
        id: QuoteId,
        /// Who asked for it; nobody else can use it.
        user_id: UserId,
        /// The biller's code.
        biller: String,
        /// The item's code.
        item: String,
        /// For whom it would be paid.
        customer_reference: String,
        /// The name the biller has for the customer, if it was looked up.
        customer_name: Option<String>,
        /// What the biller would receive.
        amount: Money,
        /// What the payer would be charged on top.
        fee: Money,
        /// When it was given.
        created_at: UnixMillis,
        /// Until when it is good, on the engine's timeline.
        expires_at: UnixMillis,
        /// The payment it was used for.
        payment_id: Option<PaymentId>,
    }
}

record! {
    /// A bill payment as it stands.
    Payment from fusepay_core::Payment {
        /// Its id; also the id of its `BILL_PAYMENT` transaction.
        id: PaymentId,
        /// Who pays.
        user_id: UserId,
        /// From which wallet.
        wallet_id: WalletId,
        /// The biller's code.
        biller: String,
        /// The item's code.
        item: String,
        /// What the bill is for.
        category: String,
        /// The provider it goes to; chosen when it was made, never another.
        provider: String,
        /// For whom it is paid.
        customer_reference: String,
        /// What the biller receives.
        amount: Money,
        /// What the payer is charged on top.
        fee: Money,
        /// Where it stands.
        status: PaymentStatus,
        /// Rises with every change.
        version: i64,
        /// Our id at the provider; sent with every attempt, never changes.
        request_id: String,
        /// What has been returned by request, in minor units.
        refunded_minor: i64,
        /// The provider's own number, once known.
        provider_reference: Option<String>,
        /// A receipt to show, if the provider gave one.
        receipt: Option<String>,
        /// Why it failed, by the provider's code or ours.
        failure_code: Option<String>,
        /// Why it failed, for people.
        failure_reason: Option<String>,
        /// Why an operator has to look at it.
        review_reason: Option<ReviewReason>,
        /// What the provider was paid after the reversal, in minor units: a claim.
        claim_minor: i64,
        /// What waits in suspense for the owner, in minor units.
        suspense_minor: i64,
        /// The notes given to `pay`.
        metadata: Notes,
        /// When it was made.
        created_at: UnixMillis,
        /// When it last changed.
        updated_at: UnixMillis,
        /// When the provider's confirmation was booked.
        completed_at: Option<UnixMillis>,
    }
    methods {
        /// The reference to show: `BILL_` and 32 hexadecimal characters.
        #[getter]
        fn reference(&self) -> String {
            let digits: String = self.id.as_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
            format!("{}_{digits}", fusepay_core::TransactionType::BillPayment.prefix())
        }

        /// Its status in the words of the transaction its owner sees.
        #[getter]
        fn transaction_status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            self.status.transaction_status().to_py(py)
        }

        /// `refunded_minor` in major units.
        #[getter]
        fn refunded<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            decimal(py, self.refunded_minor, self.amount.currency())
        }

        /// `claim_minor` in major units.
        #[getter]
        fn claim<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            decimal(py, self.claim_minor, self.amount.currency())
        }

        /// `suspense_minor` in major units.
        #[getter]
        fn suspense<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            decimal(py, self.suspense_minor, self.amount.currency())
        }
    }
}

record! {
    /// One contact with a provider about a payment.
    Attempt from fusepay_core::Attempt {
        /// Its number, from 1 in this database.
        id: i64,
        /// What kind of contact.
        kind: AttemptKind,
        /// What it found out.
        outcome: OutcomeKind,
        /// A sentence about it.
        detail: Option<String>,
        /// SHA-256 of the raw answer, in hexadecimal.
        evidence_hash: Option<String>,
        /// The answer, secrets removed; an adapter's traceback where it raised.
        evidence_text: Option<String>,
        /// When it began.
        started_at: UnixMillis,
        /// When its outcome was recorded.
        finished_at: Option<UnixMillis>,
    }
}

record! {
    /// One decision about a payment.
    PaymentStep from fusepay_core::PaymentStep {
        /// When.
        at: UnixMillis,
        /// The status before.
        before: PaymentStatus,
        /// The status after; the same where the decision was to go on.
        after: PaymentStatus,
        /// The attempt it rests on.
        attempt_id: Option<i64>,
        /// What was decided and why.
        decision: String,
    }
}

record! {
    /// Everything known about a payment, in order.
    Explanation from fusepay_core::Explanation {
        /// The payment as it stands.
        payment: Payment,
        /// Every decision, oldest first.
        steps: Nested<PaymentStep>,
        /// Every contact with the provider, oldest first, with its evidence.
        attempts: Nested<Attempt>,
        /// The timer that will act next, if there is one.
        next_job: Maybe<Job>,
    }
}

record! {
    /// What became of a webhook.
    WebhookReceipt from fusepay_core::WebhookReceipt {
        /// Notices in it that name a payment of ours.
        matched: u32,
        /// Notices in it that name none.
        unknown: u32,
    }
}
