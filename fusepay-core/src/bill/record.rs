//! What a payment looks like to a host.

use crate::clock::UnixMillis;
use crate::id::{PaymentId, TransactionId, UserId, WalletId};
use crate::money::amount::Money;
use crate::vocabulary::{AttemptKind, OutcomeKind, PaymentStatus, ReviewReason, TransactionStatus, TransactionType};
use serde::{Deserialize, Serialize};

/// A bill payment as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Payment {
    /// Its id; also the id of its `BILL_PAYMENT` transaction.
    pub id: PaymentId,
    /// Who pays.
    pub user_id: UserId,
    /// From which wallet.
    pub wallet_id: WalletId,
    /// The biller's code.
    pub biller: String,
    /// The item's code.
    pub item: String,
    /// What the bill is for.
    pub category: String,
    /// The provider it goes to; chosen when it was made, never another.
    pub provider: String,
    /// For whom it is paid.
    pub customer_reference: String,
    /// What the biller receives.
    pub amount: Money,
    /// What the payer is charged on top.
    pub fee: Money,
    /// Where it stands.
    pub status: PaymentStatus,
    /// Rises with every change.
    pub version: i64,
    /// Our id at the provider; sent with every attempt, never changes.
    pub request_id: String,
    /// What has been returned by request, in minor units.
    pub refunded_minor: i64,
    /// The provider's own number, once known.
    pub provider_reference: Option<String>,
    /// A receipt to show, if the provider gave one.
    pub receipt: Option<String>,
    /// Why it failed, by the provider's code or ours.
    pub failure_code: Option<String>,
    /// Why it failed, for people.
    pub failure_reason: Option<String>,
    /// Why an operator has to look at it.
    pub review_reason: Option<ReviewReason>,
    /// What the provider was paid after the reversal, in minor units: a claim.
    pub claim_minor: i64,
    /// What waits in suspense for the owner, in minor units.
    pub suspense_minor: i64,
    /// The metadata given to `pay`: a JSON object.
    pub metadata: String,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it last changed.
    pub updated_at: UnixMillis,
    /// When the provider's confirmation was booked.
    pub completed_at: Option<UnixMillis>,
}

impl Payment {
    /// The reference to show: `BILL_` and 32 hexadecimal characters.
    #[must_use]
    pub fn reference(&self) -> String {
        reference(TransactionType::BillPayment, TransactionId::from_bytes(*self.id.as_bytes()))
    }

    /// Its status in the words of the transaction its owner sees.
    #[must_use]
    pub fn transaction_status(&self) -> TransactionStatus {
        self.status.transaction_status()
    }
}

impl PaymentStatus {
    /// This status in the words of the transaction the payment's owner sees.
    #[must_use]
    pub fn transaction_status(self) -> TransactionStatus {
        transaction_status(self)
    }
}

/// A payment's status in the words of a transaction.
pub(crate) fn transaction_status(status: PaymentStatus) -> TransactionStatus {
    match status {
        PaymentStatus::Pending => TransactionStatus::Pending,
        PaymentStatus::Processing | PaymentStatus::Unknown | PaymentStatus::NeedsReview => {
            TransactionStatus::Processing
        }
        PaymentStatus::Completed => TransactionStatus::Completed,
        PaymentStatus::Failed => TransactionStatus::Failed,
        PaymentStatus::Reversed => TransactionStatus::Reversed,
    }
}

/// The reference of a transaction: its type's prefix and its id.
pub(crate) fn reference(kind: TransactionType, id: TransactionId) -> String {
    let mut text = String::with_capacity(40);
    text.push_str(kind.prefix());
    text.push('_');
    text.push_str(&crate::canonical::hex(id.as_bytes()).to_ascii_uppercase());
    text
}

/// One contact with a provider about a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attempt {
    /// Its number, from 1 in this database.
    pub id: i64,
    /// What kind of contact.
    pub kind: AttemptKind,
    /// What it found out.
    pub outcome: OutcomeKind,
    /// A sentence about it; the provider's number for a payment that was made.
    pub detail: Option<String>,
    /// SHA-256 of the raw answer, in hexadecimal.
    pub evidence_hash: Option<String>,
    /// The answer, secrets removed.
    pub evidence_text: Option<String>,
    /// When it began.
    pub started_at: UnixMillis,
    /// When its outcome was recorded.
    pub finished_at: Option<UnixMillis>,
}

/// One decision about a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PaymentStep {
    /// When.
    pub at: UnixMillis,
    /// The status before.
    pub before: PaymentStatus,
    /// The status after; the same where the decision was to go on.
    pub after: PaymentStatus,
    /// The attempt it rests on.
    pub attempt_id: Option<i64>,
    /// What was decided and why.
    pub decision: String,
}
