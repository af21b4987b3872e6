//! Wallets: create, look up, freeze and close, credit limit, limits.

use crate::category::Category;
use crate::engine::book::Book;
use crate::engine::inner::{Access, Inner};
use crate::entropy::Supplies;
use crate::error::{Error, Result};
use crate::event::EventDraft;
use crate::id::{UserId, WalletId};
use crate::ledger::account::AccountRef;
use crate::money::currency::Currency;
use crate::store::tx::WriteTx;
use crate::store::{auth, ledger, wallet};
use crate::vocabulary::{Code, EventName, LimitWindow, WalletStatus};
use crate::wallet::limit::Limit;
use crate::wallet::record::Wallet;
use crate::wallet::status::may_change;

/// The most wallets of one user: listing them is one page.
const WALLETS_MAX: i64 = 100;
/// Longest label, in bytes.
const LABEL_LENGTH_MAX: usize = 100;

/// Gives a user a further wallet.
pub(crate) fn create(inner: &Inner, access: Access, user: UserId, currency: Currency, label: &str) -> Result<Wallet> {
    check_label(label)?;
    access.demand_owner(user, "user")?;
    let label = label.to_owned();
    inner.write(move |tx, supplies| {
        auth::demand_active_user(tx, user)?;
        create_inside(tx, supplies, access, user, currency, &label)
    })
}

/// Makes a wallet in a commit that is under way.
pub(crate) fn create_inside(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    access: Access,
    user: UserId,
    currency: Currency,
    label: &str,
) -> Result<Wallet> {
    if wallet::count_of_user(tx, user)? >= WALLETS_MAX {
        return Err(Error::new(Code::NotAllowed, format!("a user has at most {WALLETS_MAX} wallets")));
    }
    let id = WalletId::mint(supplies, supplies.wall)?;
    let account = ledger::insert_wallet_account(tx, id, currency)?;
    let new = Wallet {
        id,
        user_id: user,
        currency,
        label: label.to_owned(),
        status: WalletStatus::Active,
        balance_minor: 0,
        held_minor: 0,
        available_minor: 0,
        credit_limit_minor: 0,
        version: account.version,
        created_at: supplies.wall,
        updated_at: supplies.wall,
    };
    wallet::insert(tx, &new, account.id)?;
    let book = Book::open(tx, supplies);
    announce(&book, access, &new, EventDraft::new(EventName::WalletCreated).text("currency", currency.code()))?;
    Ok(new)
}

/// One wallet with its money, as one snapshot.
pub(crate) fn find(inner: &Inner, access: Access, id: WalletId) -> Result<Wallet> {
    let found = inner.read(|tx| wallet::find(tx, id))?;
    access.demand_owner(found.user_id, "wallet")?;
    Ok(found)
}

/// A user's wallets, oldest first.
pub(crate) fn list(inner: &Inner, access: Access, user: UserId) -> Result<Vec<Wallet>> {
    access.demand_owner(user, "user")?;
    inner.read(|tx| wallet::of_user(tx, user))
}

/// Freezes, thaws or closes a wallet. Setting the status it has is no change.
pub(crate) fn set_status(inner: &Inner, access: Access, id: WalletId, after: WalletStatus) -> Result<Wallet> {
    inner.write(move |tx, supplies| {
        let found = wallet::find(tx, id)?;
        access.demand_owner(found.user_id, "wallet")?;
        if found.status == after {
            return Ok(found);
        }
        may_change(found.status, after)?;
        if after == WalletStatus::Closed {
            demand_empty(tx, &found)?;
        }
        wallet::set_status(tx, id, found.status, after, supplies.wall)?;
        let draft = EventDraft::new(EventName::WalletStatusChanged)
            .text("before", found.status.name())
            .text("after", after.name());
        announce(&Book::open(tx, supplies), access, &found, draft)?;
        wallet::find(tx, id)
    })
}

/// Only a wallet with no money, holds or open payments is closed.
fn demand_empty(tx: &WriteTx<'_>, found: &Wallet) -> Result<()> {
    if found.balance_minor == 0 && found.held_minor == 0 && wallet::open_payments(tx, found.id)? == 0 {
        return Ok(());
    }
    Err(Error::new(Code::WalletNotEmpty, "only a wallet with no money, holds or open payments can be closed"))
}

/// Sets how far below zero a balance may go, in minor units. Refused when the
/// wallet already owes more.
pub(crate) fn set_credit_limit(inner: &Inner, access: Access, id: WalletId, limit_minor: i64) -> Result<Wallet> {
    if limit_minor < 0 {
        return Err(Error::field(Code::InvalidAmount, "credit_limit", "must not be negative"));
    }
    inner.write(move |tx, supplies| {
        let found = wallet::find(tx, id)?;
        let mut book = Book::open(tx, supplies);
        let account = book.account(&AccountRef::Wallet(id), found.currency)?;
        account.credit_limit_minor = limit_minor;
        // Holds that end must fit in as well.
        account.room_for(0)?;
        if account.available_minor()? < 0 {
            return Err(Error::new(Code::InsufficientFunds, "the wallet already owes more than this credit limit"));
        }
        let draft = EventDraft::new(EventName::WalletLimitChanged)
            .number("credit_limit_before_minor", found.credit_limit_minor)
            .number("credit_limit_minor", limit_minor);
        announce(&book, access, &found, draft)?;
        book.close()?;
        wallet::find(tx, id)
    })
}

/// Sets one limit, replacing the one for the same window and category.
pub(crate) fn set_limit(inner: &Inner, access: Access, id: WalletId, limit: &Limit) -> Result<()> {
    limit.check()?;
    let limit = limit.clone();
    inner.write(move |tx, supplies| {
        let found = wallet::find(tx, id)?;
        wallet::set_limit(tx, id, &limit, supplies.wall)?;
        let draft = EventDraft::new(EventName::WalletLimitChanged).text("limit", limit.to_string());
        announce(&Book::open(tx, supplies), access, &found, draft)
    })
}

/// Removes one limit; false when there was none.
pub(crate) fn remove_limit(
    inner: &Inner,
    access: Access,
    id: WalletId,
    window: LimitWindow,
    category: &str,
) -> Result<bool> {
    if !category.is_empty() {
        Category::new(category)?;
    }
    let category = category.to_owned();
    inner.write(move |tx, supplies| {
        let found = wallet::find(tx, id)?;
        let removed = wallet::remove_limit(tx, id, window, &category, supplies.wall)?;
        if removed {
            let draft = EventDraft::new(EventName::WalletLimitChanged)
                .text("removed", window.name())
                .text("category", category.clone());
            announce(&Book::open(tx, supplies), access, &found, draft)?;
        }
        Ok(removed)
    })
}

/// The limits of a wallet.
pub(crate) fn limits(inner: &Inner, access: Access, id: WalletId) -> Result<Vec<Limit>> {
    inner.read(|tx| {
        access.demand_owner(wallet::find(tx, id)?.user_id, "wallet")?;
        wallet::limits(tx, id)
    })
}

fn announce(book: &Book<'_, '_>, access: Access, wallet: &Wallet, draft: EventDraft) -> Result<()> {
    let draft = draft.user(wallet.user_id).wallet(wallet.id);
    book.event(&draft)?;
    book.audit(access.actor(), draft.name().name(), wallet.id, &draft)
}

/// Checks a wallet's label: up to 100 bytes, no control characters.
pub(crate) fn check_label(label: &str) -> Result<()> {
    if label.len() > LABEL_LENGTH_MAX {
        return Err(Error::field(Code::TooLong, "label", format!("has at most {LABEL_LENGTH_MAX} bytes")));
    }
    if label.chars().any(char::is_control) {
        return Err(Error::field(Code::InvalidArgument, "label", "must not have control characters"));
    }
    Ok(())
}
