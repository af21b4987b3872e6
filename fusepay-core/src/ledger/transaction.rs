//! What a transaction looks like to its owner: one line of a wallet's history.

use crate::clock::UnixMillis;
use crate::id::{HoldId, PaymentId, TransactionId, WalletId};
use crate::money::currency::Currency;
use crate::vocabulary::{TransactionStatus, TransactionType};
use serde::{Deserialize, Serialize};

/// One money event as one wallet sees it. A transfer between two wallets is one
/// transaction with a line in each history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Transaction {
    /// Its id.
    pub id: TransactionId,
    /// The reference to show, such as `BILL_0198…`.
    pub reference: String,
    /// The wallet this line belongs to.
    pub wallet_id: WalletId,
    /// The line's number in the wallet, from 1, without gaps.
    pub sequence: i64,
    /// What kind of money event.
    #[serde(rename = "type")]
    pub kind: TransactionType,
    /// Where it stands; moves for the debits of a bill payment.
    pub status: TransactionStatus,
    /// Positive for money in, negative for money out, in minor units.
    pub amount_minor: i64,
    /// Its currency.
    pub currency: Currency,
    /// The wallet's balance after it, in minor units.
    pub balance_minor: i64,
    /// The other wallet of a transfer or capture between wallets.
    pub counterparty: Option<WalletId>,
    /// The payment it belongs to.
    pub payment_id: Option<PaymentId>,
    /// The hold it captured.
    pub hold_id: Option<HoldId>,
    /// The transaction it gives back, for a reversal or refund.
    pub reverses: Option<TransactionId>,
    /// The transaction that gave it back, if one did.
    pub reversed_by: Option<TransactionId>,
    /// The host's own reference. A provider's is the payment's `provider_reference`.
    pub external_reference: Option<String>,
    /// A text for people.
    pub description: Option<String>,
    /// Why it failed, for the debits of a failed payment.
    pub failure_reason: Option<String>,
    /// The host's own notes: a JSON object.
    pub metadata: Option<String>,
    /// When it was booked.
    pub created_at: UnixMillis,
}
