//! SQL of wallets, their limits and holds.

use crate::category::Category;
use crate::clock::UnixMillis;
use crate::error::{Error, Result};
use crate::id::{HoldId, UserId, WalletId};
use crate::money::amount::{add, sub};
use crate::store::row::Row;
use crate::store::statement::statements;
use crate::store::tx::{ReadTx, WriteTx};
use crate::vocabulary::{Code, HoldStatus, LimitWindow, WalletStatus};
use crate::wallet::limit::Limit;
use crate::wallet::record::{Hold, Wallet};
use rusqlite::named_params;

statements! {
    /// One wallet with its money; primary keys of wallet and account.
    WALLET_BY_ID = "SELECT w.id, w.user_id, w.currency, w.label, w.status, a.balance_minor, a.held_minor,
        a.credit_limit_minor, a.version, w.created_at_ms, w.updated_at_ms
        FROM wallet w JOIN account a ON a.id = w.account_id WHERE w.id = :wallet";
    /// A user's wallets, oldest first; wallet_by_user.
    WALLETS_OF_USER = "SELECT w.id, w.user_id, w.currency, w.label, w.status, a.balance_minor, a.held_minor,
        a.credit_limit_minor, a.version, w.created_at_ms, w.updated_at_ms
        FROM wallet w JOIN account a ON a.id = w.account_id WHERE w.user_id = :user ORDER BY w.created_at_ms, w.id";
    /// How many wallets a user has; wallet_by_user.
    WALLET_COUNT = "SELECT count(*) FROM wallet WHERE user_id = :user";
    /// A new wallet.
    WALLET_INSERT = "INSERT INTO wallet (id, user_id, account_id, currency, label, status, created_at_ms, updated_at_ms)
        VALUES (:id, :user, :account, :currency, :label, :status, :at, :at)";
    /// Another status, if it is still the expected one; primary key.
    WALLET_SET_STATUS = "UPDATE wallet SET status = :after, updated_at_ms = :at WHERE id = :wallet AND status = :before";
    /// Remembers when a wallet's limits last changed; primary key.
    WALLET_TOUCH = "UPDATE wallet SET updated_at_ms = :at WHERE id = :wallet";
    /// The limits of a wallet; primary key.
    LIMITS_OF_WALLET = "SELECT window, category, amount_max_minor, count_max FROM wallet_limit WHERE wallet_id = :wallet
        ORDER BY window, category";
    /// Sets one limit; primary key.
    LIMIT_UPSERT = "INSERT INTO wallet_limit (wallet_id, window, category, amount_max_minor, count_max)
        VALUES (:wallet, :window, :category, :amount_max, :count_max)
        ON CONFLICT (wallet_id, window, category) DO UPDATE SET amount_max_minor = excluded.amount_max_minor,
        count_max = excluded.count_max";
    /// Removes one limit; primary key.
    LIMIT_DELETE = "DELETE FROM wallet_limit WHERE wallet_id = :wallet AND window = :window AND category = :category";
    /// One hold; primary key.
    HOLD_BY_ID = "SELECT h.id, h.wallet_id, w.currency, h.amount_minor, h.captured_minor, h.status, h.description,
        h.created_at_ms, h.expires_at_ms, h.resolved_at_ms
        FROM hold h JOIN wallet w ON w.id = h.wallet_id WHERE h.id = :hold";
    /// The holds of a wallet in one state; hold_by_wallet.
    HOLDS_OF_WALLET = "SELECT h.id, h.wallet_id, w.currency, h.amount_minor, h.captured_minor, h.status, h.description,
        h.created_at_ms, h.expires_at_ms, h.resolved_at_ms
        FROM hold h JOIN wallet w ON w.id = h.wallet_id WHERE h.wallet_id = :wallet AND h.status = :status ORDER BY h.id";
    /// A new hold.
    HOLD_INSERT = "INSERT INTO hold (id, wallet_id, amount_minor, captured_minor, status, description, created_at_ms,
        expires_at_ms) VALUES (:id, :wallet, :amount, 0, :status, :description, :at, :expires)";
    /// What became of a hold, if it is still as it was read; primary key.
    HOLD_UPDATE = "UPDATE hold SET captured_minor = :captured, status = :status, resolved_at_ms = :resolved
        WHERE id = :hold AND status = :before AND captured_minor = :captured_before";
    /// Open payments of a wallet; payment_by_wallet.
    OPEN_PAYMENTS = "SELECT count(*) FROM payment WHERE wallet_id = :wallet AND (status NOT IN (4, 6) OR suspense_minor > 0)";
}

fn wallet(row: &Row<'_>) -> Result<Wallet> {
    let (balance_minor, held_minor, credit_limit_minor) = (row.int(5)?, row.int(6)?, row.int(7)?);
    Ok(Wallet {
        id: row.id(0, WalletId::from_bytes)?,
        user_id: row.id(1, UserId::from_bytes)?,
        currency: row.currency(2)?,
        label: row.text(3)?,
        status: row.word(4, WalletStatus::from_number)?,
        balance_minor,
        held_minor,
        available_minor: add(sub(balance_minor, held_minor)?, credit_limit_minor)?,
        credit_limit_minor,
        version: row.int(8)?,
        created_at: row.time(9)?,
        updated_at: row.time(10)?,
    })
}

fn hold(row: &Row<'_>) -> Result<Hold> {
    Ok(Hold {
        id: row.id(0, HoldId::from_bytes)?,
        wallet_id: row.id(1, WalletId::from_bytes)?,
        currency: row.currency(2)?,
        amount_minor: row.int(3)?,
        captured_minor: row.int(4)?,
        status: row.word(5, HoldStatus::from_number)?,
        description: row.opt_text(6)?,
        created_at: row.time(7)?,
        expires_at: row.time(8)?,
        resolved_at: row.opt_time(9)?,
    })
}

/// One wallet.
pub(crate) fn find(tx: &ReadTx<'_>, id: WalletId) -> Result<Wallet> {
    tx.first(WALLET_BY_ID, named_params! { ":wallet": id.as_bytes() }, wallet)?
        .ok_or_else(|| Error::new(Code::NotFound, "there is no such wallet"))
}

/// A user's wallets, oldest first.
pub(crate) fn of_user(tx: &ReadTx<'_>, user: UserId) -> Result<Vec<Wallet>> {
    tx.all(WALLETS_OF_USER, named_params! { ":user": user.as_bytes() }, wallet)
}

/// How many wallets a user has.
pub(crate) fn count_of_user(tx: &ReadTx<'_>, user: UserId) -> Result<i64> {
    Ok(tx.first(WALLET_COUNT, named_params! { ":user": user.as_bytes() }, |row| row.int(0))?.unwrap_or(0))
}

/// Writes a new wallet on an account made for it.
pub(crate) fn insert(tx: &WriteTx<'_>, new: &Wallet, account: i64) -> Result<()> {
    tx.run(
        WALLET_INSERT,
        named_params! {
            ":id": new.id.as_bytes(),
            ":user": new.user_id.as_bytes(),
            ":account": account,
            ":currency": new.currency.code(),
            ":label": new.label,
            ":status": new.status.number(),
            ":at": new.created_at.0,
        },
    )
    .map(|_| ())
}

/// Writes another status; refused as a conflict when it changed meanwhile.
pub(crate) fn set_status(
    tx: &WriteTx<'_>,
    id: WalletId,
    before: WalletStatus,
    after: WalletStatus,
    at: UnixMillis,
) -> Result<()> {
    let params = named_params! {
        ":wallet": id.as_bytes(), ":before": before.number(), ":after": after.number(), ":at": at.0,
    };
    expect_one(tx.run(WALLET_SET_STATUS, params)?, "the wallet's status")
}

/// The limits of a wallet.
pub(crate) fn limits(tx: &ReadTx<'_>, id: WalletId) -> Result<Vec<Limit>> {
    tx.all(LIMITS_OF_WALLET, named_params! { ":wallet": id.as_bytes() }, |row| {
        let category = row.text(1)?;
        let mut limit = Limit::new(row.word(0, LimitWindow::from_number)?);
        limit.category = if category.is_empty() { None } else { Some(Category::new(category)?) };
        limit.amount_max_minor = row.opt_int(2)?;
        limit.count_max = row.opt_int(3)?.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        Ok(limit)
    })
}

/// Sets one limit of a wallet, replacing the one for the same window and category.
pub(crate) fn set_limit(tx: &WriteTx<'_>, id: WalletId, limit: &Limit, at: UnixMillis) -> Result<()> {
    tx.run(
        LIMIT_UPSERT,
        named_params! {
            ":wallet": id.as_bytes(),
            ":window": limit.window.number(),
            ":category": limit.category.as_ref().map_or("", |category| category.code()),
            ":amount_max": limit.amount_max_minor,
            ":count_max": limit.count_max,
        },
    )?;
    tx.run(WALLET_TOUCH, named_params! { ":wallet": id.as_bytes(), ":at": at.0 }).map(|_| ())
}

/// Removes one limit of a wallet; false when there was none.
pub(crate) fn remove_limit(
    tx: &WriteTx<'_>,
    id: WalletId,
    window: LimitWindow,
    category: &str,
    at: UnixMillis,
) -> Result<bool> {
    let params = named_params! { ":wallet": id.as_bytes(), ":window": window.number(), ":category": category };
    let removed = tx.run(LIMIT_DELETE, params)?;
    tx.run(WALLET_TOUCH, named_params! { ":wallet": id.as_bytes(), ":at": at.0 })?;
    Ok(removed > 0)
}

/// One hold.
pub(crate) fn find_hold(tx: &ReadTx<'_>, id: HoldId) -> Result<Hold> {
    tx.first(HOLD_BY_ID, named_params! { ":hold": id.as_bytes() }, hold)?
        .ok_or_else(|| Error::new(Code::NotFound, "there is no such hold"))
}

/// The holds of a wallet in one state.
pub(crate) fn holds_of_wallet(tx: &ReadTx<'_>, id: WalletId, status: HoldStatus) -> Result<Vec<Hold>> {
    tx.all(HOLDS_OF_WALLET, named_params! { ":wallet": id.as_bytes(), ":status": status.number() }, hold)
}

/// Writes a new hold.
pub(crate) fn insert_hold(tx: &WriteTx<'_>, new: &Hold) -> Result<()> {
    tx.run(
        HOLD_INSERT,
        named_params! {
            ":id": new.id.as_bytes(),
            ":wallet": new.wallet_id.as_bytes(),
            ":amount": new.amount_minor,
            ":status": new.status.number(),
            ":description": new.description,
            ":at": new.created_at.0,
            ":expires": new.expires_at.0,
        },
    )
    .map(|_| ())
}

/// Writes what became of a hold; refused as a conflict when it changed meanwhile.
pub(crate) fn update_hold(tx: &WriteTx<'_>, before: &Hold, after: &Hold) -> Result<()> {
    let changed = tx.run(
        HOLD_UPDATE,
        named_params! {
            ":hold": before.id.as_bytes(),
            ":captured": after.captured_minor,
            ":status": after.status.number(),
            ":resolved": after.resolved_at.map(|at| at.0),
            ":before": before.status.number(),
            ":captured_before": before.captured_minor,
        },
    )?;
    expect_one(changed, "the hold")
}

/// How many payments of a wallet may still need it.
pub(crate) fn open_payments(tx: &ReadTx<'_>, id: WalletId) -> Result<i64> {
    Ok(tx.first(OPEN_PAYMENTS, named_params! { ":wallet": id.as_bytes() }, |row| row.int(0))?.unwrap_or(0))
}

fn expect_one(changed: usize, what: &str) -> Result<()> {
    if changed == 1 {
        return Ok(());
    }
    Err(Error::new(Code::Conflict, format!("{what} changed under this transaction; repeat it")))
}
