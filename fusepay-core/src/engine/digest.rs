//! The ledger digest: one hash over what the ledger says, equal for the same
//! scenario whatever ids, times or language it ran with.
//!
//! SHA-256, as 64 lower-case hexadecimal digits, over UTF-8 lines that each end
//! with one line feed; fields are separated by one space, numbers are decimal:
//!
//! ```text
//! fusepay.ledger 1
//! account NAME CURRENCY BALANCE HELD
//! posting KIND AMOUNT DEBIT CREDIT STATUS
//! ```
//!
//! First the head line, then a line per account, in the byte order of their
//! names, then a line per posting, in the order they were made. The name of a
//! system account is its own (`funding:NGN`, `clearing:vtpass:NGN`); wallets are
//! numbered from 1 in the order they were made, with ten digits
//! (`wallet:0000000001`). Amounts, balances and holds are minor units. KIND is
//! the name of the transaction's type (`BILL_PAYMENT`), STATUS the name of the
//! status its payment has now (`COMPLETED`), or `-` when it belongs to none.

use crate::canonical::hex;
use crate::engine::inner::Inner;
use crate::error::{Error, Result};
use crate::ledger::account::AccountKind;
use crate::store::tx::ReadTx;
use crate::store::verify as rows;
use crate::vocabulary::{Code, PaymentStatus};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// The digest of the ledger as it stands.
pub(crate) fn digest(inner: &Inner) -> Result<String> {
    inner.read(digest_snapshot)
}

fn digest_snapshot(tx: &ReadTx<'_>) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(b"fusepay.ledger 1\n");
    let (names, lines) = accounts(tx)?;
    lines.values().for_each(|line| hash.update(line.as_bytes()));
    let name = |id: i64| {
        let missing = || Error::new(Code::Corrupt, format!("a posting moves account {id}, which does not exist"));
        names.get(&id).ok_or_else(missing)
    };
    rows::each_digest_row(tx, |posting| {
        let status = posting.status.map_or("-", PaymentStatus::name);
        let (kind, amount) = (posting.kind.name(), posting.amount_minor);
        let line = format!("posting {kind} {amount} {} {} {status}\n", name(posting.debit)?, name(posting.credit)?);
        hash.update(line.as_bytes());
        Ok(())
    })?;
    Ok(hex(&hash.finalize()))
}

/// The names of the accounts by their ids, and their lines by their names.
fn accounts(tx: &ReadTx<'_>) -> Result<(HashMap<i64, String>, BTreeMap<String, String>)> {
    let (mut names, mut lines, mut wallets) = (HashMap::new(), BTreeMap::new(), 0_u64);
    rows::each_account(tx, |account| {
        let name = if account.kind == AccountKind::Wallet {
            wallets = wallets.saturating_add(1);
            format!("wallet:{wallets:010}")
        } else {
            account.name
        };
        let line = format!("account {name} {} {} {}\n", account.currency, account.balance_minor, account.held_minor);
        names.insert(account.id, name.clone());
        lines.insert(name, line);
    })?;
    Ok((names, lines))
}
