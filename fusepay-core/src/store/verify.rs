//! SQL that reads the whole file for verification and digests, row by row.
//! Every statement here scans by design; what the rows must add up to stands
//! in `engine/verify.rs`.

use crate::error::Result;
use crate::id::{HoldId, PaymentId};
use crate::ledger::account::AccountKind;
use crate::money::currency::Currency;
use crate::store::connection::storage_error;
use crate::store::migration;
use crate::store::statement::statements;
use crate::store::tx::ReadTx;
use crate::vocabulary::{HoldStatus, JobKind, PaymentStatus, TransactionType};
use rusqlite::named_params;

statements! {
    /// SQLite's own check of pages, indexes and constraints.
    INTEGRITY = "PRAGMA integrity_check(100)";
    /// Rows that refer to rows which do not exist.
    FOREIGN_KEYS = "PRAGMA foreign_key_check";
    /// Tables, indexes, triggers and views of the file.
    SCHEMA = "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema WHERE sql IS NOT NULL";
    /// Every account, in the order they were made; scans.
    ACCOUNTS = "SELECT id, name, kind, currency, balance_minor, held_minor, credit_limit_minor, posting_sequence
        FROM account ORDER BY id";
    /// Every posting, in the order they were made; scans.
    POSTINGS = "SELECT p.id, p.type, p.debit_account, p.credit_account, p.amount_minor, p.currency, p.debit_sequence,
        p.debit_balance_minor, p.credit_sequence, p.credit_balance_minor, p.payment_id, p.hold_id, p.reversal_of, p.refund_of
        FROM posting p ORDER BY p.id";
    /// Postings, in order, with the status of their payment; scans.
    POSTINGS_WITH_STATUS = "SELECT p.type, p.amount_minor, p.debit_account, p.credit_account, y.status
        FROM posting p LEFT JOIN payment y ON y.id = p.payment_id ORDER BY p.id";
    /// Postings that name a payment which does not exist; posting_payment.
    POSTINGS_ASTRAY = "SELECT p.id FROM posting p WHERE p.payment_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM payment WHERE id = p.payment_id)";
    /// Wallet accounts without exactly one wallet of their currency; scans.
    ACCOUNTS_ASTRAY = "SELECT a.name FROM account a WHERE a.kind = 1
        AND (SELECT count(*) FROM wallet w WHERE w.account_id = a.id AND w.currency = a.currency) <> 1";
    /// Every hold with its account and its jobs; scans.
    HOLDS = "SELECT h.id, w.account_id, h.amount_minor, h.captured_minor, h.status,
        (SELECT count(*) FROM job WHERE subject = h.id AND status <> 3 AND kind = 4),
        (SELECT count(*) FROM job WHERE subject = h.id AND status = 3 AND kind = 4)
        FROM hold h JOIN wallet w ON w.id = h.wallet_id ORDER BY h.id";
    /// Every payment with its account and its jobs; scans.
    PAYMENTS = "SELECT p.id, w.account_id, p.status, p.amount_minor, p.fee_minor, p.currency, p.provider, p.refunded_minor,
        p.claim_minor, p.claim_settled, p.suspense_minor,
        (SELECT count(*) FROM job WHERE subject = p.id AND status <> 3),
        (SELECT max(kind) FROM job WHERE subject = p.id AND status <> 3),
        (SELECT count(*) FROM job WHERE subject = p.id AND status = 3 AND kind = 3)
        FROM payment p JOIN wallet w ON w.id = p.wallet_id ORDER BY p.id";
    /// What moved for one payment, oldest first; posting_payment.
    FLOWS = "SELECT p.id, p.type, p.debit_account, d.kind, c.kind, p.amount_minor, p.currency, p.reversal_of, p.refund_of
        FROM posting p JOIN account d ON d.id = p.debit_account JOIN account c ON c.id = p.credit_account
        WHERE p.payment_id = :payment ORDER BY p.id";
    /// Jobs about nothing; scans.
    JOBS_ASTRAY = "SELECT id FROM job j WHERE CASE j.kind WHEN 4 THEN NOT EXISTS (SELECT 1 FROM hold WHERE id = j.subject)
        ELSE NOT EXISTS (SELECT 1 FROM payment WHERE id = j.subject) END";
    /// How many jobs there are; scans.
    JOB_COUNT = "SELECT count(*) FROM job";
    /// The numbers of all events, in order; primary key.
    EVENT_SEQUENCES = "SELECT sequence FROM event ORDER BY sequence";
    /// Subscribers that claim to have seen events which do not exist; scans.
    CURSORS_AHEAD = "SELECT subscriber, sequence FROM event_cursor
        WHERE sequence > (SELECT coalesce(max(sequence), 0) FROM event)";
}

/// An account as stored.
#[derive(Debug, Clone)]
pub(crate) struct AccountRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) kind: AccountKind,
    pub(crate) currency: Currency,
    pub(crate) balance_minor: i64,
    pub(crate) held_minor: i64,
    pub(crate) credit_limit_minor: i64,
    pub(crate) posting_sequence: i64,
}

/// One side of a posting as stored; sequence and balance are kept for wallets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SideRow {
    pub(crate) account: i64,
    pub(crate) sequence: Option<i64>,
    pub(crate) balance_minor: Option<i64>,
}

/// A posting as stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PostingRow {
    pub(crate) id: i64,
    pub(crate) kind: TransactionType,
    pub(crate) debit: SideRow,
    pub(crate) credit: SideRow,
    pub(crate) amount_minor: i64,
    pub(crate) currency: Currency,
    pub(crate) payment: Option<PaymentId>,
    pub(crate) hold: Option<HoldId>,
    pub(crate) reversal_of: Option<i64>,
    pub(crate) refund_of: Option<i64>,
}

/// A posting for a digest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DigestRow {
    pub(crate) kind: TransactionType,
    pub(crate) amount_minor: i64,
    pub(crate) debit: i64,
    pub(crate) credit: i64,
    pub(crate) status: Option<PaymentStatus>,
}

/// A hold with its account and how many expiry jobs it has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HoldRow {
    pub(crate) id: HoldId,
    pub(crate) account: i64,
    pub(crate) amount_minor: i64,
    pub(crate) captured_minor: i64,
    pub(crate) status: HoldStatus,
    pub(crate) jobs_live: i64,
    pub(crate) jobs_dead: i64,
}

/// A payment with its account and its jobs.
#[derive(Debug, Clone)]
pub(crate) struct PaymentRow {
    pub(crate) id: PaymentId,
    pub(crate) account: i64,
    pub(crate) status: PaymentStatus,
    pub(crate) amount_minor: i64,
    pub(crate) fee_minor: i64,
    pub(crate) currency: Currency,
    pub(crate) provider: String,
    pub(crate) refunded_minor: i64,
    pub(crate) claim_minor: i64,
    pub(crate) is_claim_settled: bool,
    pub(crate) suspense_minor: i64,
    pub(crate) jobs_live: i64,
    pub(crate) live_kind: Option<JobKind>,
    pub(crate) reversals_dead: i64,
}

/// One movement of a payment's money.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FlowRow {
    pub(crate) posting: i64,
    pub(crate) kind: TransactionType,
    pub(crate) debit_account: i64,
    pub(crate) from: AccountKind,
    pub(crate) to: AccountKind,
    pub(crate) amount_minor: i64,
    pub(crate) currency: Currency,
    pub(crate) reversal_of: Option<i64>,
    pub(crate) refund_of: Option<i64>,
}

/// What SQLite itself finds wrong with the file; empty when nothing.
pub(crate) fn integrity(tx: &ReadTx<'_>) -> Result<Vec<String>> {
    let mut found = tx.all(INTEGRITY, [], |row| row.text(0))?;
    if let Some(code) = found.iter().find_map(|line| failed_read(line)) {
        return Err(storage_error(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)));
    }
    found.retain(|line| line != "ok");
    tx.each(FOREIGN_KEYS, [], |row| {
        found.push(format!("a row of {} refers to a row of {} that does not exist", row.text(0)?, row.text(2)?));
        Ok(())
    })?;
    Ok(found)
}

/// The code of a page that the storage did not hand out, which says nothing about
/// what is on it: SQLite's check goes on and reports it like damage (its
/// `btree.c`, `checkTreePage`).
fn failed_read(line: &str) -> Option<i32> {
    let code: i32 = line.rsplit_once("unable to get the page. error code=")?.1.parse().ok()?;
    let is_damage = matches!(code & 0xff, rusqlite::ffi::SQLITE_CORRUPT | rusqlite::ffi::SQLITE_NOTADB);
    (!is_damage).then_some(code)
}

/// Where the file's tables, indexes, triggers and views differ from those this
/// version makes; empty when nowhere.
pub(crate) fn schema_differences(tx: &ReadTx<'_>) -> Result<Vec<String>> {
    let mut expected = migration::objects()?;
    let mut found = Vec::new();
    tx.each(SCHEMA, [], |row| {
        let (name, sql) = (row.text(0)?, row.text(1)?);
        match expected.remove(&name) {
            Some(made) if made == sql => {}
            Some(_) => found.push(format!("{name} is not as this version makes it")),
            // SQLite keeps its own tables: sequences, and statistics of an ANALYZE.
            None if name.starts_with("table sqlite_") => {}
            None => found.push(format!("{name} is not FusePay's")),
        }
        Ok(())
    })?;
    found.extend(expected.into_keys().map(|name| format!("{name} is missing")));
    Ok(found)
}

/// Every account, in the order they were made.
pub(crate) fn each_account(tx: &ReadTx<'_>, mut read: impl FnMut(AccountRow)) -> Result<()> {
    tx.each(ACCOUNTS, [], |row| {
        read(AccountRow {
            id: row.int(0)?,
            name: row.text(1)?,
            kind: row.word(2, AccountKind::from_number)?,
            currency: row.currency(3)?,
            balance_minor: row.int(4)?,
            held_minor: row.int(5)?,
            credit_limit_minor: row.int(6)?,
            posting_sequence: row.int(7)?,
        });
        Ok(())
    })
}

/// Every posting, in the order they were made.
pub(crate) fn each_posting(tx: &ReadTx<'_>, mut read: impl FnMut(PostingRow)) -> Result<()> {
    tx.each(POSTINGS, [], |row| {
        read(PostingRow {
            id: row.int(0)?,
            kind: row.word(1, TransactionType::from_number)?,
            debit: SideRow { account: row.int(2)?, sequence: row.opt_int(6)?, balance_minor: row.opt_int(7)? },
            credit: SideRow { account: row.int(3)?, sequence: row.opt_int(8)?, balance_minor: row.opt_int(9)? },
            amount_minor: row.int(4)?,
            currency: row.currency(5)?,
            payment: row.opt_id(10, PaymentId::from_bytes)?,
            hold: row.opt_id(11, HoldId::from_bytes)?,
            reversal_of: row.opt_int(12)?,
            refund_of: row.opt_int(13)?,
        });
        Ok(())
    })
}

/// Every posting for a digest, in the order they were made.
pub(crate) fn each_digest_row(tx: &ReadTx<'_>, mut read: impl FnMut(DigestRow) -> Result<()>) -> Result<()> {
    tx.each(POSTINGS_WITH_STATUS, [], |row| {
        read(DigestRow {
            kind: row.word(0, TransactionType::from_number)?,
            amount_minor: row.int(1)?,
            debit: row.int(2)?,
            credit: row.int(3)?,
            status: row.opt_word(4, PaymentStatus::from_number)?,
        })
    })
}

/// Postings that name a payment which does not exist.
pub(crate) fn postings_astray(tx: &ReadTx<'_>) -> Result<Vec<i64>> {
    tx.all(POSTINGS_ASTRAY, [], |row| row.int(0))
}

/// Names of wallet accounts without exactly one wallet of their currency.
pub(crate) fn accounts_astray(tx: &ReadTx<'_>) -> Result<Vec<String>> {
    tx.all(ACCOUNTS_ASTRAY, [], |row| row.text(0))
}

/// Every hold.
pub(crate) fn each_hold(tx: &ReadTx<'_>, mut read: impl FnMut(HoldRow)) -> Result<()> {
    tx.each(HOLDS, [], |row| {
        read(HoldRow {
            id: row.id(0, HoldId::from_bytes)?,
            account: row.int(1)?,
            amount_minor: row.int(2)?,
            captured_minor: row.int(3)?,
            status: row.word(4, HoldStatus::from_number)?,
            jobs_live: row.int(5)?,
            jobs_dead: row.int(6)?,
        });
        Ok(())
    })
}

/// Every payment.
pub(crate) fn each_payment(tx: &ReadTx<'_>, mut read: impl FnMut(PaymentRow) -> Result<()>) -> Result<()> {
    tx.each(PAYMENTS, [], |row| {
        read(PaymentRow {
            id: row.id(0, PaymentId::from_bytes)?,
            account: row.int(1)?,
            status: row.word(2, PaymentStatus::from_number)?,
            amount_minor: row.int(3)?,
            fee_minor: row.int(4)?,
            currency: row.currency(5)?,
            provider: row.text(6)?,
            refunded_minor: row.int(7)?,
            claim_minor: row.int(8)?,
            is_claim_settled: row.flag(9)?,
            suspense_minor: row.int(10)?,
            jobs_live: row.int(11)?,
            live_kind: row.opt_word(12, JobKind::from_number)?,
            reversals_dead: row.int(13)?,
        })
    })
}

/// What moved for one payment, oldest first.
pub(crate) fn flows(tx: &ReadTx<'_>, payment: PaymentId) -> Result<Vec<FlowRow>> {
    tx.all(FLOWS, named_params! { ":payment": payment.as_bytes() }, |row| {
        Ok(FlowRow {
            posting: row.int(0)?,
            kind: row.word(1, TransactionType::from_number)?,
            debit_account: row.int(2)?,
            from: row.word(3, AccountKind::from_number)?,
            to: row.word(4, AccountKind::from_number)?,
            amount_minor: row.int(5)?,
            currency: row.currency(6)?,
            reversal_of: row.opt_int(7)?,
            refund_of: row.opt_int(8)?,
        })
    })
}

/// Numbers of jobs whose payment or hold does not exist.
pub(crate) fn jobs_astray(tx: &ReadTx<'_>) -> Result<Vec<i64>> {
    tx.all(JOBS_ASTRAY, [], |row| row.int(0))
}

/// How many jobs there are.
pub(crate) fn job_count(tx: &ReadTx<'_>) -> Result<i64> {
    Ok(tx.first(JOB_COUNT, [], |row| row.int(0))?.unwrap_or(0))
}

/// The number of every event, in order.
pub(crate) fn each_event_sequence(tx: &ReadTx<'_>, mut read: impl FnMut(i64)) -> Result<()> {
    tx.each(EVENT_SEQUENCES, [], |row| {
        read(row.int(0)?);
        Ok(())
    })
}

/// Subscribers that claim to have seen events which do not exist.
pub(crate) fn cursors_ahead(tx: &ReadTx<'_>) -> Result<Vec<(String, i64)>> {
    tx.all(CURSORS_AHEAD, [], |row| Ok((row.text(0)?, row.int(1)?)))
}
