//! SQL of accounts and postings.

use crate::clock::UnixMillis;
use crate::error::{Error, Result};
use crate::id::{PaymentId, TransactionId, WalletId};
use crate::ledger::account::{Account, AccountKind, AccountRef};
use crate::ledger::posting::{Memo, Movement, Posting};
use crate::money::amount::Money;
use crate::money::currency::Currency;
use crate::store::row::Row;
use crate::store::statement::statements;
use crate::store::tx::{ReadTx, WriteTx};
use crate::vocabulary::{Code, TransactionType};
use rusqlite::named_params;

statements! {
    /// One account by its unique name; account_name_unique.
    ACCOUNT_BY_NAME = "SELECT id, name, kind, currency, balance_minor, held_minor, credit_limit_minor, posting_sequence, version
        FROM account WHERE name = :name";
    /// One wallet's account; primary keys of wallet and account.
    ACCOUNT_OF_WALLET = "SELECT a.id, a.name, a.kind, a.currency, a.balance_minor, a.held_minor, a.credit_limit_minor, a.posting_sequence, a.version
        FROM wallet w JOIN account a ON a.id = w.account_id WHERE w.id = :wallet";
    /// A new account.
    ACCOUNT_INSERT = "INSERT INTO account (name, kind, currency) VALUES (:name, :kind, :currency)";
    /// The new balances of an account, if nobody changed it since it was read; primary key.
    ACCOUNT_UPDATE = "UPDATE account SET balance_minor = :balance, held_minor = :held, credit_limit_minor = :credit_limit,
        posting_sequence = :sequence, version = version + 1 WHERE id = :id AND version = :version";
    /// The accounts that are no wallet's, for statistics; scans.
    SYSTEM_ACCOUNTS = "SELECT id, name, kind, currency, balance_minor, held_minor, credit_limit_minor, posting_sequence, version
        FROM account WHERE kind <> 1 ORDER BY name";
    /// A new posting.
    POSTING_INSERT = "INSERT INTO posting (transaction_id, type, debit_account, credit_account, amount_minor, currency,
        debit_sequence, debit_balance_minor, credit_sequence, credit_balance_minor, payment_id, hold_id, reversal_of,
        refund_of, category, external_reference, description, metadata, created_at_ms)
        VALUES (:transaction, :type, :debit, :credit, :amount, :currency, :debit_sequence, :debit_balance,
        :credit_sequence, :credit_balance, :payment, :hold, :reversal_of, :refund_of, :category, :external, :description,
        :metadata, :at)";
    /// The debits of one payment, its amount and its fee; posting_payment.
    DEBITS_OF_PAYMENT = "SELECT id, type, debit_account, credit_account, amount_minor, currency
        FROM posting WHERE payment_id = :payment AND type IN (7, 8) ORDER BY id";
    /// The refunds of one posting, oldest first; posting_refund.
    REFUNDS_OF_POSTING = "SELECT id, type, debit_account, credit_account, amount_minor, currency
        FROM posting WHERE refund_of = :posting ORDER BY id";
    /// Whether an external reference was booked for this type; posting_external_once.
    EXTERNAL_USED = "SELECT 1 FROM posting WHERE type = :type AND external_reference = :external";
    /// What counts against a wallet's limits since a moment: its debits that no
    /// reversal gave back; posting_debit_entry and posting_reversal_once. In two
    /// halves: what went round and round can sum up to more than 64 bits.
    USAGE = "SELECT coalesce(sum(p.amount_minor >> 32), 0), coalesce(sum(p.amount_minor & 4294967295), 0), count(*)
        FROM posting p
        WHERE p.debit_account = :account AND p.debit_sequence IS NOT NULL AND p.created_at_ms >= :since
        AND p.type <> :fee AND (:category IS NULL OR p.category = :category)
        AND NOT EXISTS (SELECT 1 FROM posting r WHERE r.reversal_of = p.id)";
}

fn account(row: &Row<'_>) -> Result<Account> {
    Ok(Account {
        id: row.int(0)?,
        name: row.text(1)?,
        kind: row.word(2, AccountKind::from_number)?,
        currency: row.currency(3)?,
        balance_minor: row.int(4)?,
        held_minor: row.int(5)?,
        credit_limit_minor: row.int(6)?,
        posting_sequence: row.int(7)?,
        version: row.int(8)?,
    })
}

/// The account of this name, if it exists.
pub(crate) fn find_account(tx: &ReadTx<'_>, reference: &AccountRef, currency: Currency) -> Result<Option<Account>> {
    if let AccountRef::Wallet(wallet) = reference {
        return tx.first(ACCOUNT_OF_WALLET, named_params! { ":wallet": wallet.as_bytes() }, account);
    }
    tx.first(ACCOUNT_BY_NAME, named_params! { ":name": reference.name(currency) }, account)
}

/// The account of a wallet.
pub(crate) fn wallet_account(tx: &ReadTx<'_>, wallet: WalletId) -> Result<Account> {
    tx.first(ACCOUNT_OF_WALLET, named_params! { ":wallet": wallet.as_bytes() }, account)?
        .ok_or_else(|| Error::new(Code::NotFound, "there is no such wallet"))
}

/// The account, created when this is its first use.
pub(crate) fn open_account(tx: &WriteTx<'_>, reference: &AccountRef, currency: Currency) -> Result<Account> {
    if let Some(account) = find_account(tx, reference, currency)? {
        return Ok(account);
    }
    insert_account(tx, reference, currency)
}

/// Makes the account of a new wallet.
pub(crate) fn insert_wallet_account(tx: &WriteTx<'_>, wallet: WalletId, currency: Currency) -> Result<Account> {
    insert_account(tx, &AccountRef::Wallet(wallet), currency)
}

fn insert_account(tx: &WriteTx<'_>, reference: &AccountRef, currency: Currency) -> Result<Account> {
    let (name, kind) = (reference.name(currency), reference.kind());
    let params = named_params! { ":name": name, ":kind": kind.number(), ":currency": currency.code() };
    let id = tx.insert(ACCOUNT_INSERT, params)?;
    Ok(Account {
        id,
        name,
        kind,
        currency,
        balance_minor: 0,
        held_minor: 0,
        credit_limit_minor: 0,
        posting_sequence: 0,
        version: 1,
    })
}

/// Writes an account back; refused as a conflict when somebody else did first.
pub(crate) fn update_account(tx: &WriteTx<'_>, account: &Account) -> Result<()> {
    let changed = tx.run(
        ACCOUNT_UPDATE,
        named_params! {
            ":balance": account.balance_minor,
            ":held": account.held_minor,
            ":credit_limit": account.credit_limit_minor,
            ":sequence": account.posting_sequence,
            ":id": account.id,
            ":version": account.version,
        },
    )?;
    if changed == 1 {
        return Ok(());
    }
    Err(Error::new(Code::Conflict, format!("account {} changed under this transaction; repeat it", account.name)))
}

/// Every account that is no wallet's, by name.
pub(crate) fn system_accounts(tx: &ReadTx<'_>) -> Result<Vec<Account>> {
    tx.all(SYSTEM_ACCOUNTS, [], account)
}

/// Writes one posting between two accounts that have been moved already.
pub(crate) fn insert_posting(
    tx: &WriteTx<'_>,
    transaction: TransactionId,
    movement: &Movement,
    sides: (&Account, &Account),
    memo: &Memo,
    at: UnixMillis,
) -> Result<i64> {
    // Only wallets keep a running balance: a system account is a sum of shards.
    let entry = |account: &Account| {
        (account.kind == AccountKind::Wallet).then_some((account.posting_sequence, account.balance_minor))
    };
    let (debit, credit) = (entry(sides.0), entry(sides.1));
    tx.insert(
        POSTING_INSERT,
        named_params! {
            ":transaction": transaction.as_bytes(),
            ":type": movement.kind.number(),
            ":debit": sides.0.id,
            ":credit": sides.1.id,
            ":amount": movement.amount.minor(),
            ":currency": movement.amount.currency().code(),
            ":debit_sequence": debit.map(|entry| entry.0),
            ":debit_balance": debit.map(|entry| entry.1),
            ":credit_sequence": credit.map(|entry| entry.0),
            ":credit_balance": credit.map(|entry| entry.1),
            ":payment": memo.payment.as_ref().map(PaymentId::as_bytes),
            ":hold": memo.hold.as_ref().map(crate::id::HoldId::as_bytes),
            ":reversal_of": movement.reversal_of,
            ":refund_of": movement.refund_of,
            ":category": memo.category,
            ":external": memo.external_reference,
            ":description": memo.description,
            ":metadata": memo.metadata,
            ":at": at.0,
        },
    )
}

/// The debits of one payment: its amount, then its fee.
pub(crate) fn debits_of_payment(tx: &ReadTx<'_>, payment: PaymentId) -> Result<Vec<Posting>> {
    tx.all(DEBITS_OF_PAYMENT, named_params! { ":payment": payment.as_bytes() }, posting)
}

/// The refunds of one posting, oldest first.
pub(crate) fn refunds_of(tx: &ReadTx<'_>, id: i64) -> Result<Vec<Posting>> {
    tx.all(REFUNDS_OF_POSTING, named_params! { ":posting": id }, posting)
}

fn posting(row: &Row<'_>) -> Result<Posting> {
    Ok(Posting {
        id: row.int(0)?,
        kind: row.word(1, TransactionType::from_number)?,
        debit_account: row.int(2)?,
        credit_account: row.int(3)?,
        amount: Money::new(row.int(4)?, row.currency(5)?),
    })
}

/// Whether this external reference has been booked for this type of transaction.
pub(crate) fn is_external_reference_used(tx: &ReadTx<'_>, kind: TransactionType, reference: &str) -> Result<bool> {
    let params = named_params! { ":type": kind.number(), ":external": reference };
    Ok(tx.first(EXTERNAL_USED, params, |_| Ok(()))?.is_some())
}

/// Sum and count of what a wallet spent since a moment, reversed debits left
/// out. A sum past 64 bits, which is past every limit, is the highest number.
pub(crate) fn usage(tx: &ReadTx<'_>, account: i64, category: Option<&str>, since: UnixMillis) -> Result<(i64, u32)> {
    let params = named_params! {
        ":account": account, ":since": since.0, ":category": category, ":fee": TransactionType::Fee.number(),
    };
    let halves = tx.first(USAGE, params, |row| Ok((row.int(0)?, row.int(1)?, row.count(2)?)))?;
    let (high, low, count) = halves.unwrap_or((0, 0, 0));
    let sum = (i128::from(high) << 32).saturating_add(i128::from(low));
    Ok((i64::try_from(sum).unwrap_or(i64::MAX), count))
}
