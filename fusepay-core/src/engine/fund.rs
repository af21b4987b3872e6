//! Money in and out of one wallet: fund, withdraw, credit and debit. They create
//! or remove money, and exist in the host's API alone.

use crate::engine::book::Book;
use crate::engine::inner::{Access, Inner, check_optional};
use crate::engine::once::Once;
use crate::engine::transfer::{
    DESCRIPTION_LENGTH_MAX, REFERENCE_LENGTH_MAX, charge_fee, demand_currency, demand_limits, line,
};
use crate::error::{Error, Result};
use crate::event::EventDraft;
use crate::id::WalletId;
use crate::idempotency::{FieldValue, Fingerprint};
use crate::ledger::account::AccountRef;
use crate::ledger::posting::{Memo, Movement};
use crate::ledger::transaction::Transaction;
use crate::metadata::Metadata;
use crate::money::amount::Money;
use crate::store::{ledger, wallet};
use crate::vocabulary::{Code, EventName, Operation, TransactionType};
use crate::wallet::fee::FeePolicy;
use crate::wallet::status::{may_credit, may_debit};

/// Money into or out of one wallet.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MoneyRequest {
    /// The wallet.
    pub wallet_id: WalletId,
    /// How much; more than zero, in the wallet's currency.
    pub amount: Money,
    /// The host's own reference. For funding and withdrawal each one is booked once.
    pub external_reference: Option<String>,
    /// A text for people, at most 500 bytes.
    pub description: Option<String>,
    /// The host's own notes.
    pub metadata: Metadata,
    /// Repeating the call with the same key gives the same answer. Made when absent.
    pub idempotency_key: Option<String>,
    /// Refuse with [`Code::Conflict`] unless the wallet is at this version.
    pub expected_version: Option<i64>,
}

impl MoneyRequest {
    /// A request for this amount.
    #[must_use]
    pub fn new(wallet_id: WalletId, amount: Money) -> Self {
        MoneyRequest {
            wallet_id,
            amount,
            external_reference: None,
            description: None,
            metadata: Metadata::empty(),
            idempotency_key: None,
            expected_version: None,
        }
    }

    /// Sets the host's own reference.
    #[must_use]
    pub fn with_external_reference(mut self, reference: impl Into<String>) -> Self {
        self.external_reference = Some(reference.into());
        self
    }

    /// Sets a text for people.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the host's own notes.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Sets the idempotency key.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Sets the version the wallet must be at.
    #[must_use]
    pub fn with_expected_version(mut self, version: i64) -> Self {
        self.expected_version = Some(version);
        self
    }

    fn check(&self) -> Result<()> {
        self.amount.require_positive("amount")?;
        check_optional("external_reference", self.external_reference.as_deref(), REFERENCE_LENGTH_MAX)?;
        check_optional("description", self.description.as_deref(), DESCRIPTION_LENGTH_MAX)
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&[
            ("wallet", FieldValue::Bytes(self.wallet_id.as_bytes())),
            ("amount", FieldValue::Number(self.amount.minor())),
            ("currency", FieldValue::Text(self.amount.currency().code())),
            ("external_reference", FieldValue::Text(self.external_reference.as_deref().unwrap_or(""))),
            ("description", FieldValue::Text(self.description.as_deref().unwrap_or(""))),
            ("metadata", FieldValue::Text(self.metadata.as_str())),
        ])
    }

    fn memo(&self) -> Memo {
        Memo {
            external_reference: self.external_reference.clone(),
            description: self.description.clone(),
            metadata: (self.metadata != Metadata::empty()).then(|| self.metadata.as_str().to_owned()),
            ..Memo::default()
        }
    }
}

/// Which of the four one-wallet movements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MoneyKind {
    Fund,
    Withdraw,
    Credit,
    Debit,
}

impl MoneyKind {
    fn operation(self) -> Operation {
        match self {
            MoneyKind::Fund => Operation::Fund,
            MoneyKind::Withdraw => Operation::Withdraw,
            MoneyKind::Credit => Operation::Credit,
            MoneyKind::Debit => Operation::Debit,
        }
    }

    fn transaction_type(self) -> TransactionType {
        match self {
            MoneyKind::Fund => TransactionType::WalletFunding,
            MoneyKind::Withdraw => TransactionType::WalletWithdrawal,
            MoneyKind::Credit => TransactionType::Credit,
            MoneyKind::Debit => TransactionType::Debit,
        }
    }

    fn event(self) -> EventName {
        match self {
            MoneyKind::Fund => EventName::WalletFunded,
            MoneyKind::Withdraw => EventName::WalletWithdrawn,
            MoneyKind::Credit => EventName::WalletCredited,
            MoneyKind::Debit => EventName::WalletDebited,
        }
    }

    fn comes_in(self) -> bool {
        matches!(self, MoneyKind::Fund | MoneyKind::Credit)
    }
}

/// Books one of the four one-wallet movements.
pub(crate) fn move_money(
    inner: &Inner,
    access: Access,
    kind: MoneyKind,
    request: &MoneyRequest,
) -> Result<Transaction> {
    request.check()?;
    let once = Once {
        operation: kind.operation(),
        key: inner.key(request.idempotency_key.as_deref())?,
        fingerprint: request.fingerprint(),
    };
    let (wallet_id, request) = (request.wallet_id, request.clone());
    let fee = if kind == MoneyKind::Withdraw { inner.config.withdrawal_fee } else { FeePolicy::free() };
    inner.write_once(
        once,
        move |tx| {
            let wallet = wallet::find(tx, wallet_id)?;
            access.demand_owner(wallet.user_id, "wallet")?;
            Ok((wallet.user_id, wallet))
        },
        move |tx, supplies, wallet| {
            demand_currency(&wallet, request.amount)?;
            if kind.comes_in() {
                may_credit(wallet.status)?
            } else {
                may_debit(wallet.status)?
            }
            if let Some(reference) = &request.external_reference
                && ledger::is_external_reference_used(tx, kind.transaction_type(), reference)?
            {
                let detail = "has been booked; each external reference is booked once";
                return Err(Error::field(Code::ExternalReferenceUsed, "external_reference", detail));
            }
            let mut book = Book::open(tx, supplies);
            book.wallet(wallet.id, wallet.currency, request.expected_version)?;
            if kind == MoneyKind::Withdraw {
                demand_limits(tx, &wallet, None, request.amount, supplies.wall)?;
            }
            let (own, outside) = (AccountRef::Wallet(wallet.id), AccountRef::Funding);
            let (debit, credit) = if kind.comes_in() { (outside, own) } else { (own, outside) };
            let movement = Movement::new(kind.transaction_type(), debit, credit, request.amount);
            let booked = book.post(&movement, &request.memo())?;
            let fee = fee.for_amount(request.amount)?;
            charge_fee(&mut book, wallet.id, fee, &Memo::default())?;
            let sides = if kind.comes_in() { booked.credit } else { booked.debit };
            let draft = EventDraft::new(kind.event())
                .user(wallet.user_id)
                .wallet(wallet.id)
                .transaction(booked.transaction)
                .number("amount_minor", request.amount.minor())
                .text("currency", wallet.currency.code());
            book.event(&draft)?;
            book.audit(access.actor(), kind.event().name(), wallet.id, &draft)?;
            book.close()?;
            line(&wallet, &booked, sides, &movement, &request.memo(), supplies.wall, kind.comes_in())
        },
    )
}
