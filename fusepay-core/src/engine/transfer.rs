//! Transfers between wallets, one by one or many in one commit, and the rules
//! every debit a caller asks for shares: currency, limits, fee.

use crate::audit::Actor;
use crate::clock::UnixMillis;
use crate::engine::book::{Book, Booked};
use crate::engine::inner::{Access, Inner, check_optional};
use crate::engine::once::Once;
use crate::entropy::Supplies;
use crate::error::{Error, Result};
use crate::event::EventDraft;
use crate::id::{TransactionId, WalletId};
use crate::idempotency::{FieldValue, Fingerprint};
use crate::ledger::account::AccountRef;
use crate::ledger::posting::{Memo, Movement};
use crate::ledger::transaction::Transaction;
use crate::metadata::Metadata;
use crate::money::amount::{Money, add, sub};
use crate::store::tx::WriteTx;
use crate::store::{history, ledger, wallet};
use crate::sync::Mutex;
use crate::vocabulary::{Code, EventName, Operation, TransactionStatus, TransactionType};
use crate::wallet::fee::FeePolicy;
use crate::wallet::limit::{Usage, allow, window_start};
use crate::wallet::record::Wallet;
use crate::wallet::status::{may_credit, may_debit};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, PoisonError};

/// Longest external reference, in bytes.
pub(crate) const REFERENCE_LENGTH_MAX: usize = 128;
/// Longest description, in bytes.
pub(crate) const DESCRIPTION_LENGTH_MAX: usize = 500;
/// The most transfers of one batch: one commit must stay short for those who wait.
const BATCH_MAX: usize = 10_000;

/// Money from one wallet to another.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TransferRequest {
    /// The wallet that is debited.
    pub from: WalletId,
    /// The wallet that is credited; another one, of the same currency.
    pub to: WalletId,
    /// How much; more than zero.
    pub amount: Money,
    /// A text for people, at most 500 bytes.
    pub description: Option<String>,
    /// The host's own notes.
    pub metadata: Metadata,
    /// Repeating the call with the same key gives the same answer. Made when absent.
    pub idempotency_key: Option<String>,
    /// Refuse with [`Code::Conflict`] unless the debited wallet is at this version.
    pub expected_version: Option<i64>,
}

impl TransferRequest {
    /// A transfer of this amount.
    #[must_use]
    pub fn new(from: WalletId, to: WalletId, amount: Money) -> Self {
        TransferRequest {
            from,
            to,
            amount,
            description: None,
            metadata: Metadata::empty(),
            idempotency_key: None,
            expected_version: None,
        }
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

    /// Sets the version the debited wallet must be at.
    #[must_use]
    pub fn with_expected_version(mut self, version: i64) -> Self {
        self.expected_version = Some(version);
        self
    }

    fn check(&self) -> Result<()> {
        self.amount.require_positive("amount")?;
        check_optional("description", self.description.as_deref(), DESCRIPTION_LENGTH_MAX)?;
        if self.from == self.to {
            return Err(Error::new(Code::SameWallet, "a transfer needs two different wallets"));
        }
        Ok(())
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&[
            ("from", FieldValue::Bytes(self.from.as_bytes())),
            ("to", FieldValue::Bytes(self.to.as_bytes())),
            ("amount", FieldValue::Number(self.amount.minor())),
            ("currency", FieldValue::Text(self.amount.currency().code())),
            ("description", FieldValue::Text(self.description.as_deref().unwrap_or(""))),
            ("metadata", FieldValue::Text(self.metadata.as_str())),
        ])
    }
}

/// Books one transfer.
pub(crate) fn transfer(inner: &Inner, access: Access, request: &TransferRequest) -> Result<Transaction> {
    request.check()?;
    let once = Once {
        operation: Operation::Transfer,
        key: inner.key(request.idempotency_key.as_deref())?,
        fingerprint: request.fingerprint(),
    };
    let (from, request, fee) = (request.from, request.clone(), inner.config.transfer_fee);
    inner.write_once(
        once,
        move |tx| {
            let wallet = wallet::find(tx, from)?;
            access.demand_owner(wallet.user_id, "wallet")?;
            Ok((wallet.user_id, wallet))
        },
        move |tx, supplies, source| {
            let mut book = Book::open(tx, supplies);
            let line = post_transfer(tx, supplies, &mut book, &source, &request, fee)?;
            audit_transfers(&book, access.actor(), source.id, 1, request.amount.minor())?;
            book.close()?;
            Ok(line)
        },
    )
}

/// Books many transfers in one commit: all or none. The key covers the whole
/// batch; keys of single requests are refused, because they could not be kept.
pub(crate) fn transfer_batch(
    inner: &Inner,
    access: Access,
    requests: &[TransferRequest],
    key: Option<&str>,
) -> Result<Vec<Transaction>> {
    if requests.is_empty() || requests.len() > BATCH_MAX {
        return Err(Error::field(Code::InvalidArgument, "requests", format!("must be 1 to {BATCH_MAX} transfers")));
    }
    requests.iter().try_for_each(TransferRequest::check)?;
    if requests.iter().any(|request| request.idempotency_key.is_some()) {
        let detail = "belongs to the whole batch, not to one transfer";
        return Err(Error::field(Code::InvalidArgument, "idempotency_key", detail));
    }
    let digest: Vec<u8> = requests.iter().flat_map(|request| request.fingerprint().to_bytes()).collect();
    let once = Once {
        operation: Operation::TransferBatch,
        key: inner.key(key)?,
        fingerprint: Fingerprint::of(&[("requests", FieldValue::Bytes(&digest))]),
    };
    let fee = inner.config.transfer_fee;
    let first =
        requests.first().map(|request| request.from).ok_or_else(|| Error::new(Code::InvalidArgument, "no transfer"))?;
    let requests = requests.to_vec();
    // What is remembered under the key are the ids; a replay reads the lines again.
    let booked: Arc<Mutex<Vec<Transaction>>> = Arc::default();
    let lines = Arc::clone(&booked);
    let ids: Vec<TransactionId> = inner.write_once(
        once,
        move |tx| {
            let wallet = wallet::find(tx, first)?;
            access.demand_owner(wallet.user_id, "wallet")?;
            Ok((wallet.user_id, ()))
        },
        move |tx, supplies, ()| {
            let found = book_batch(tx, supplies, access, &requests, fee)?;
            let ids = found.iter().map(|line| line.id).collect();
            *lines.lock().unwrap_or_else(PoisonError::into_inner) = found;
            Ok(ids)
        },
    )?;
    let booked = std::mem::take(&mut *booked.lock().unwrap_or_else(PoisonError::into_inner));
    if booked.len() == ids.len() {
        return Ok(booked);
    }
    inner.read(|tx| {
        let lines = ids.iter().map(|id| history::of_transaction(tx, *id).map(|lines| lines.into_iter().next()));
        Ok(lines.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    })
}

fn book_batch(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    access: Access,
    requests: &[TransferRequest],
    fee: FeePolicy,
) -> Result<Vec<Transaction>> {
    let mut book = Book::open(tx, supplies);
    let mut wallets: HashMap<WalletId, Wallet> = HashMap::new();
    let mut lines = Vec::with_capacity(requests.len());
    let mut total = 0;
    for request in requests {
        for id in [request.from, request.to] {
            if let Entry::Vacant(entry) = wallets.entry(id) {
                entry.insert(wallet::find(tx, id)?);
            }
        }
        let (Some(source), Some(target)) = (wallets.get(&request.from), wallets.get(&request.to)) else {
            return Err(Error::new(Code::NotFound, "there is no such wallet"));
        };
        access.demand_owner(source.user_id, "wallet")?;
        total = add(total, request.amount.minor())?;
        lines.push(post_between(tx, supplies, &mut book, (source, target), request, fee)?);
    }
    let source = lines.first().map(|line: &Transaction| line.wallet_id);
    if let Some(source) = source {
        audit_transfers(&book, access.actor(), source, lines.len(), total)?;
    }
    book.close()?;
    Ok(lines)
}

fn post_transfer(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    book: &mut Book<'_, '_>,
    source: &Wallet,
    request: &TransferRequest,
    fee: FeePolicy,
) -> Result<Transaction> {
    let target = wallet::find(tx, request.to)?;
    post_between(tx, supplies, book, (source, &target), request, fee)
}

fn post_between(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    book: &mut Book<'_, '_>,
    (source, target): (&Wallet, &Wallet),
    request: &TransferRequest,
    fee: FeePolicy,
) -> Result<Transaction> {
    demand_currency(source, request.amount)?;
    demand_currency(target, request.amount)?;
    may_debit(source.status)?;
    may_credit(target.status)?;
    book.wallet(source.id, source.currency, request.expected_version)?;
    demand_limits(tx, source, None, request.amount, supplies.wall)?;
    let memo = Memo {
        description: request.description.clone(),
        metadata: (request.metadata != Metadata::empty()).then(|| request.metadata.as_str().to_owned()),
        ..Memo::default()
    };
    let (debit, credit) = (AccountRef::Wallet(source.id), AccountRef::Wallet(target.id));
    let movement = Movement::new(TransactionType::Transfer, debit, credit, request.amount);
    let booked = book.post(&movement, &memo)?;
    charge_fee(book, source.id, fee.for_amount(request.amount)?, &Memo::default())?;
    let draft = EventDraft::new(EventName::WalletTransferred)
        .user(source.user_id)
        .wallet(source.id)
        .transaction(booked.transaction)
        .number("amount_minor", request.amount.minor())
        .text("currency", source.currency.code())
        .text("to", target.id.to_string());
    book.event(&draft)?;
    let mut transaction = line(source, &booked, booked.debit, &movement, &memo, supplies.wall, false)?;
    transaction.counterparty = Some(target.id);
    Ok(transaction)
}

fn audit_transfers(book: &Book<'_, '_>, actor: Actor, source: WalletId, count: usize, total_minor: i64) -> Result<()> {
    let payload = EventDraft::new(EventName::WalletTransferred)
        .number("transfers", i64::try_from(count).unwrap_or(i64::MAX))
        .number("amount_minor", total_minor);
    book.audit(actor, EventName::WalletTransferred.name(), source, &payload)
}

/// Books a fee as a movement of its own; nothing for no fee.
pub(crate) fn charge_fee(book: &mut Book<'_, '_>, wallet: WalletId, fee: Money, memo: &Memo) -> Result<()> {
    if !fee.is_positive() {
        return Ok(());
    }
    let movement = Movement::new(TransactionType::Fee, AccountRef::Wallet(wallet), AccountRef::Fees, fee);
    book.post(&movement, memo).map(|_| ())
}

/// Refuses what would exceed a limit of the wallet.
pub(crate) fn demand_limits(
    tx: &WriteTx<'_>,
    wallet: &Wallet,
    category: Option<&str>,
    amount: Money,
    now: UnixMillis,
) -> Result<()> {
    for limit in wallet::limits(tx, wallet.id)? {
        let limited = limit.category.as_ref().map(|category| category.code().to_owned());
        if limited.is_some() && limited.as_deref() != category {
            continue;
        }
        let since = window_start(limit.window, now);
        let account = ledger::wallet_account(tx, wallet.id)?.id;
        let (sum_minor, count) = ledger::usage(tx, account, limited.as_deref(), since)?;
        allow(&limit, Usage::new(sum_minor, count), amount)?;
    }
    Ok(())
}

/// Refuses an amount in another currency than the wallet's.
pub(crate) fn demand_currency(wallet: &Wallet, amount: Money) -> Result<()> {
    if wallet.currency == amount.currency() {
        return Ok(());
    }
    Err(Error::new(
        Code::CurrencyMismatch,
        format!("the wallet is in {}, the amount in {}", wallet.currency, amount.currency()),
    ))
}

/// The history line of a movement that was just booked.
pub(crate) fn line(
    wallet: &Wallet,
    booked: &Booked,
    (sequence, balance_minor): (i64, i64),
    movement: &Movement,
    memo: &Memo,
    at: UnixMillis,
    comes_in: bool,
) -> Result<Transaction> {
    let amount = movement.amount.minor();
    Ok(Transaction {
        id: booked.transaction,
        reference: crate::bill::record::reference(movement.kind, booked.transaction),
        wallet_id: wallet.id,
        sequence,
        kind: movement.kind,
        status: TransactionStatus::Completed,
        amount_minor: if comes_in { amount } else { sub(0, amount)? },
        currency: wallet.currency,
        balance_minor,
        counterparty: None,
        payment_id: memo.payment,
        hold_id: memo.hold,
        reverses: None,
        reversed_by: None,
        external_reference: memo.external_reference.clone(),
        description: memo.description.clone(),
        failure_reason: None,
        metadata: memo.metadata.clone(),
        created_at: at,
    })
}
