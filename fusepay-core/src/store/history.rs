//! SQL of histories: postings as wallets see them.

use crate::bill::record::{reference, transaction_status};
use crate::clock::UnixMillis;
use crate::error::Result;
use crate::id::{HoldId, PaymentId, TransactionId, UserId, WalletId};
use crate::ledger::transaction::Transaction;
use crate::store::row::Row;
use crate::store::statement::statements;
use crate::store::tx::ReadTx;
use crate::vocabulary::{PaymentStatus, TransactionStatus, TransactionType};
use rusqlite::named_params;

statements! {
    /// A wallet's lines, newest first, between two, filtered; posting_debit_entry
    /// and posting_credit_entry, merged in their order: nothing is sorted, and
    /// nothing below the last line of the page is read.
    LINES_OF_WALLET = "SELECT p.debit_sequence, -p.amount_minor, p.debit_balance_minor, p.id, p.transaction_id, p.type,
        p.currency, p.payment_id, p.hold_id,
        p.external_reference, p.description, p.metadata, p.created_at_ms, y.status, y.failure_reason,
        (SELECT w.id FROM wallet w WHERE w.account_id = p.credit_account), :wallet,
        (SELECT o.transaction_id FROM posting o WHERE o.id = coalesce(p.reversal_of, p.refund_of)),
        (SELECT r.transaction_id FROM posting r WHERE r.reversal_of = p.id)
        FROM posting p LEFT JOIN payment y ON y.id = p.payment_id AND p.type IN (7, 8)
        WHERE p.debit_account = :account AND p.debit_sequence IS NOT NULL
        AND p.debit_sequence > :after AND p.debit_sequence < :before
        AND (:from IS NULL OR p.created_at_ms >= :from) AND (:until IS NULL OR p.created_at_ms < :until)
        AND (:type IS NULL OR p.type = :type)
        AND (:status IS NULL OR :status = CASE y.status WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 3 THEN 2 WHEN 7 THEN 2
            WHEN 5 THEN 4 WHEN 6 THEN 5 ELSE 3 END)
        AND (:text IS NULL OR instr(p.metadata, :text) > 0)
        UNION ALL
        SELECT p.credit_sequence, p.amount_minor, p.credit_balance_minor, p.id, p.transaction_id, p.type,
        p.currency, p.payment_id, p.hold_id,
        p.external_reference, p.description, p.metadata, p.created_at_ms, y.status, y.failure_reason,
        (SELECT w.id FROM wallet w WHERE w.account_id = p.debit_account), :wallet,
        (SELECT o.transaction_id FROM posting o WHERE o.id = coalesce(p.reversal_of, p.refund_of)),
        (SELECT r.transaction_id FROM posting r WHERE r.reversal_of = p.id)
        FROM posting p LEFT JOIN payment y ON y.id = p.payment_id AND p.type IN (7, 8)
        WHERE p.credit_account = :account AND p.credit_sequence IS NOT NULL
        AND p.credit_sequence > :after AND p.credit_sequence < :before
        AND (:from IS NULL OR p.created_at_ms >= :from) AND (:until IS NULL OR p.created_at_ms < :until)
        AND (:type IS NULL OR p.type = :type)
        AND (:status IS NULL OR :status = CASE y.status WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 3 THEN 2 WHEN 7 THEN 2
            WHEN 5 THEN 4 WHEN 6 THEN 5 ELSE 3 END)
        AND (:text IS NULL OR instr(p.metadata, :text) > 0)
        ORDER BY 1 DESC LIMIT :limit";
    /// The wallet lines of one transaction; posting_transaction.
    LINES_OF_TRANSACTION = "SELECT coalesce(p.debit_sequence, p.credit_sequence),
        CASE WHEN p.debit_sequence IS NULL THEN p.amount_minor ELSE -p.amount_minor END,
        coalesce(p.debit_balance_minor, p.credit_balance_minor), p.id, p.transaction_id, p.type, p.currency, p.payment_id,
        p.hold_id, p.external_reference, p.description, p.metadata, p.created_at_ms, y.status, y.failure_reason,
        (SELECT w.id FROM wallet w WHERE p.debit_sequence IS NOT NULL AND w.account_id = p.credit_account),
        (SELECT w.id FROM wallet w WHERE w.account_id =
            CASE WHEN p.debit_sequence IS NULL THEN p.credit_account ELSE p.debit_account END),
        (SELECT o.transaction_id FROM posting o WHERE o.id = coalesce(p.reversal_of, p.refund_of)),
        (SELECT r.transaction_id FROM posting r WHERE r.reversal_of = p.id)
        FROM posting p LEFT JOIN payment y ON y.id = p.payment_id AND p.type IN (7, 8)
        WHERE p.transaction_id = :transaction AND (p.debit_sequence IS NOT NULL OR p.credit_sequence IS NOT NULL)";
    /// The credited side of a transfer, as a line of the other wallet; posting_transaction.
    CREDIT_LINE = "SELECT p.credit_sequence, p.amount_minor, p.credit_balance_minor, p.id, p.transaction_id, p.type, p.currency,
        p.payment_id, p.hold_id, p.external_reference, p.description, p.metadata, p.created_at_ms, NULL, NULL,
        (SELECT w.id FROM wallet w WHERE w.account_id = p.debit_account),
        (SELECT w.id FROM wallet w WHERE w.account_id = p.credit_account),
        (SELECT o.transaction_id FROM posting o WHERE o.id = coalesce(p.reversal_of, p.refund_of)),
        (SELECT r.transaction_id FROM posting r WHERE r.reversal_of = p.id)
        FROM posting p WHERE p.transaction_id = :transaction AND p.credit_sequence IS NOT NULL";
    /// The transaction with this external reference; posting_external_once.
    BY_EXTERNAL = "SELECT transaction_id FROM posting WHERE type = :type AND external_reference = :external";
    /// The owner of a wallet's account; wallet_account_unique.
    OWNER_OF_WALLET = "SELECT user_id FROM wallet WHERE id = :wallet";
    /// The wallets of a user with their accounts, as they were made; wallet_by_user.
    ACCOUNTS_OF_USER = "SELECT id, account_id FROM wallet WHERE user_id = :user ORDER BY account_id";
    /// The last line booked at or before a moment; posting_debit_entry and
    /// posting_credit_entry, merged in their order, backwards until found.
    LAST_LINE_AT = "SELECT debit_sequence, debit_balance_minor FROM posting
            WHERE debit_account = :account AND debit_sequence IS NOT NULL AND created_at_ms <= :at
        UNION ALL
        SELECT credit_sequence, credit_balance_minor FROM posting
            WHERE credit_account = :account AND credit_sequence IS NOT NULL AND created_at_ms <= :at
        ORDER BY 1 DESC LIMIT 1";
}

/// The sequences of a wallet between two, both left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) after: i64,
    pub(crate) before: i64,
}

impl Span {
    /// Every line older than this one.
    pub(crate) const fn before(sequence: i64) -> Self {
        Span { after: 0, before: sequence }
    }
}

/// Where a wallet's history stood at some moment: the last line and the balance
/// after it, in minor units. Both zero before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Position {
    pub(crate) sequence: i64,
    pub(crate) balance_minor: i64,
}

/// A line with the number of its posting, by which lines of several wallets are ordered.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) posting: i64,
    pub(crate) line: Transaction,
}

/// Which lines of a wallet's history are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct LineFilter {
    pub(crate) from: Option<UnixMillis>,
    pub(crate) until: Option<UnixMillis>,
    pub(crate) kind: Option<TransactionType>,
    pub(crate) status: Option<TransactionStatus>,
    /// A text that the metadata contains, to the letter.
    pub(crate) metadata_contains: Option<String>,
}

fn line(row: &Row<'_>) -> Result<Transaction> {
    let kind = row.word(5, TransactionType::from_number)?;
    let id = row.id(4, TransactionId::from_bytes)?;
    let payment_status = row.opt_word(13, PaymentStatus::from_number)?;
    Ok(Transaction {
        id,
        reference: reference(kind, id),
        wallet_id: row.id(16, WalletId::from_bytes)?,
        sequence: row.int(0)?,
        kind,
        status: payment_status.map_or(TransactionStatus::Completed, transaction_status),
        amount_minor: row.int(1)?,
        currency: row.currency(6)?,
        balance_minor: row.int(2)?,
        counterparty: row.opt_id(15, WalletId::from_bytes)?,
        payment_id: row.opt_id(7, PaymentId::from_bytes)?,
        hold_id: row.opt_id(8, HoldId::from_bytes)?,
        reverses: row.opt_id(17, TransactionId::from_bytes)?,
        reversed_by: row.opt_id(18, TransactionId::from_bytes)?,
        external_reference: row.opt_text(9)?,
        description: row.opt_text(10)?,
        failure_reason: row.opt_text(14)?,
        metadata: row.opt_text(11)?,
        created_at: row.time(12)?,
    })
}

/// A wallet's lines, newest first.
pub(crate) fn of_wallet(
    tx: &ReadTx<'_>,
    wallet: WalletId,
    account: i64,
    span: Span,
    filter: &LineFilter,
    limit: u32,
) -> Result<Vec<Entry>> {
    let params = named_params! {
        ":wallet": wallet.as_bytes(),
        ":account": account,
        ":after": span.after,
        ":before": span.before,
        ":from": filter.from.map(|at| at.0),
        ":until": filter.until.map(|at| at.0),
        ":type": filter.kind.map(TransactionType::number),
        ":status": filter.status.map(TransactionStatus::number),
        ":text": filter.metadata_contains,
        ":limit": limit,
    };
    tx.all(LINES_OF_WALLET, params, |row| Ok(Entry { posting: row.int(3)?, line: line(row)? }))
}

/// The lines of one transaction: one, or two for a movement between wallets,
/// the debit first.
pub(crate) fn of_transaction(tx: &ReadTx<'_>, id: TransactionId) -> Result<Vec<Transaction>> {
    let params = named_params! { ":transaction": id.as_bytes() };
    let mut lines = tx.all(LINES_OF_TRANSACTION, params, line)?;
    if lines.first().is_some_and(|line| line.counterparty.is_some()) {
        lines.extend(tx.all(CREDIT_LINE, named_params! { ":transaction": id.as_bytes() }, line)?);
    }
    Ok(lines)
}

/// The transaction with this external reference.
pub(crate) fn by_external(tx: &ReadTx<'_>, kind: TransactionType, external: &str) -> Result<Option<TransactionId>> {
    tx.first(BY_EXTERNAL, named_params! { ":type": kind.number(), ":external": external }, |row| {
        row.id(0, TransactionId::from_bytes)
    })
}

/// Whose wallet this is.
pub(crate) fn owner_of(tx: &ReadTx<'_>, wallet: WalletId) -> Result<Option<UserId>> {
    tx.first(OWNER_OF_WALLET, named_params! { ":wallet": wallet.as_bytes() }, |row| row.id(0, UserId::from_bytes))
}

/// A user's wallets and their accounts, as they were made.
pub(crate) fn accounts_of_user(tx: &ReadTx<'_>, user: UserId) -> Result<Vec<(WalletId, i64)>> {
    tx.all(ACCOUNTS_OF_USER, named_params! { ":user": user.as_bytes() }, |row| {
        Ok((row.id(0, WalletId::from_bytes)?, row.int(1)?))
    })
}

/// Where a wallet stood after its last line booked at or before a moment.
pub(crate) fn position_at(tx: &ReadTx<'_>, account: i64, at: UnixMillis) -> Result<Position> {
    let params = named_params! { ":account": account, ":at": at.0 };
    let found =
        tx.first(LAST_LINE_AT, params, |row| Ok(Position { sequence: row.int(0)?, balance_minor: row.int(1)? }))?;
    Ok(found.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    /// What SQLite intends to do for a statement.
    fn plan(sql: &str) -> String {
        let connection = Connection::open_in_memory().unwrap();
        crate::store::migration::migrate(&connection, crate::id::InstanceId::from_bytes([1; 16])).unwrap();
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        // Unbound parameters are NULL, which no plan depends on.
        let (mut rows, mut lines) = (statement.raw_query(), Vec::new());
        while let Some(row) = rows.next().unwrap() {
            lines.push(row.get::<_, String>(3).unwrap());
        }
        lines.join("\n")
    }

    #[test]
    fn a_page_is_merged_from_two_indexes_and_nothing_is_sorted() {
        for sql in [LINES_OF_WALLET, LAST_LINE_AT] {
            let plan = plan(sql);
            assert!(plan.contains("MERGE (UNION ALL)"), "{plan}");
            assert!(plan.contains("posting_debit_entry (debit_account=? AND debit_sequence>?"), "{plan}");
            assert!(plan.contains("posting_credit_entry (credit_account=? AND credit_sequence>?"), "{plan}");
            assert!(!plan.contains("TEMP B-TREE") && !plan.contains("SCAN"), "{plan}");
        }
    }
}
