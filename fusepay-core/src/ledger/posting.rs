//! Movements: which accounts an operation moves money between. One function
//! per money event; nowhere else is a debit or credit side chosen.

use crate::id::{HoldId, PaymentId};
use crate::ledger::account::AccountRef;
use crate::money::amount::Money;
use crate::vocabulary::TransactionType;

/// One movement about to be booked: debit account → credit account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Movement {
    pub(crate) kind: TransactionType,
    pub(crate) debit: AccountRef,
    pub(crate) credit: AccountRef,
    pub(crate) amount: Money,
    /// The posting this one gives back, once.
    pub(crate) reversal_of: Option<i64>,
    /// The posting this one gives back in part.
    pub(crate) refund_of: Option<i64>,
}

impl Movement {
    pub(crate) fn new(kind: TransactionType, debit: AccountRef, credit: AccountRef, amount: Money) -> Self {
        Movement { kind, debit, credit, amount, reversal_of: None, refund_of: None }
    }

    pub(crate) fn reversing(mut self, posting: i64) -> Self {
        self.reversal_of = Some(posting);
        self
    }

    pub(crate) fn refunding(mut self, posting: i64) -> Self {
        self.refund_of = Some(posting);
        self
    }
}

/// What every posting of one operation shares.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memo {
    pub(crate) payment: Option<PaymentId>,
    pub(crate) hold: Option<HoldId>,
    pub(crate) category: Option<String>,
    pub(crate) external_reference: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Option<String>,
}

/// A posting as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Posting {
    pub(crate) id: i64,
    pub(crate) kind: TransactionType,
    pub(crate) debit_account: i64,
    pub(crate) credit_account: i64,
    pub(crate) amount: Money,
}
