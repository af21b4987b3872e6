//! Holds: authorise, capture in whole or part, release, expire.

use crate::engine::book::Book;
use crate::engine::conclude::Running;
use crate::engine::inner::{Access, Inner, check_optional, check_page, millis};
use crate::engine::once::Once;
use crate::engine::transfer::{DESCRIPTION_LENGTH_MAX, demand_currency, demand_limits, line};
use crate::entropy::Supplies;
use crate::error::{Error, Result};
use crate::event::EventDraft;
use crate::id::{HoldId, UserId, WalletId};
use crate::idempotency::{FieldValue, Fingerprint};
use crate::ledger::account::{Account, AccountRef};
use crate::ledger::hold::{HoldChange, Remainder};
use crate::ledger::posting::{Memo, Movement};
use crate::ledger::transaction::Transaction;
use crate::money::amount::Money;
use crate::store::tx::WriteTx;
use crate::store::{queue, wallet};
use crate::vocabulary::{Code, EventName, HoldStatus, JobKind, Operation, TransactionType};
use crate::wallet::record::{Hold, Wallet};
use crate::wallet::status::{may_credit, may_debit};
use std::time::Duration;

/// The longest a hold may last: 400 days, past any card scheme's.
const LIFE_MS_MAX: i64 = 400 * 86_400_000;

/// Part of a balance to reserve.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HoldRequest {
    /// The wallet.
    pub wallet_id: WalletId,
    /// How much; more than zero.
    pub amount: Money,
    /// After how long it is given back by itself; a second to 400 days.
    pub life: Duration,
    /// A text for people, at most 500 bytes.
    pub description: Option<String>,
    /// Repeating the call with the same key gives the same answer. Made when absent.
    pub idempotency_key: Option<String>,
}

impl HoldRequest {
    /// A hold of this amount, given back after `life`.
    #[must_use]
    pub fn new(wallet_id: WalletId, amount: Money, life: Duration) -> Self {
        HoldRequest { wallet_id, amount, life, description: None, idempotency_key: None }
    }

    /// Sets a text for people.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the idempotency key.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }
}

/// Held money to take.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CaptureRequest {
    /// The hold.
    pub hold_id: HoldId,
    /// How much; at most what the hold has left.
    pub amount: Money,
    /// The wallet that is credited; outside money when absent.
    pub to: Option<WalletId>,
    /// What happens to the rest of the hold.
    pub remainder: Remainder,
    /// A text for people, at most 500 bytes.
    pub description: Option<String>,
    /// Repeating the call with the same key gives the same answer. Made when absent.
    pub idempotency_key: Option<String>,
}

impl CaptureRequest {
    /// A capture of this amount to the outside; the rest is released.
    #[must_use]
    pub fn new(hold_id: HoldId, amount: Money) -> Self {
        CaptureRequest {
            hold_id,
            amount,
            to: None,
            remainder: Remainder::Release,
            description: None,
            idempotency_key: None,
        }
    }

    /// Sets the wallet that is credited.
    #[must_use]
    pub fn with_destination(mut self, to: WalletId) -> Self {
        self.to = Some(to);
        self
    }

    /// Sets what happens to the rest of the hold.
    #[must_use]
    pub fn with_remainder(mut self, remainder: Remainder) -> Self {
        self.remainder = remainder;
        self
    }

    /// Sets a text for people.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the idempotency key.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }
}

/// Reserves part of a balance.
pub(crate) fn authorise(inner: &Inner, access: Access, request: &HoldRequest) -> Result<Hold> {
    request.amount.require_positive("amount")?;
    check_optional("description", request.description.as_deref(), DESCRIPTION_LENGTH_MAX)?;
    let life_ms = millis(request.life);
    if !(1_000..=LIFE_MS_MAX).contains(&life_ms) {
        return Err(Error::field(Code::InvalidArgument, "life", "must be a second to 400 days"));
    }
    let once = Once {
        operation: Operation::AuthoriseHold,
        key: inner.key(request.idempotency_key.as_deref())?,
        fingerprint: Fingerprint::of(&[
            ("wallet", FieldValue::Bytes(request.wallet_id.as_bytes())),
            ("amount", FieldValue::Number(request.amount.minor())),
            ("currency", FieldValue::Text(request.amount.currency().code())),
            ("life", FieldValue::Number(life_ms)),
            ("description", FieldValue::Text(request.description.as_deref().unwrap_or(""))),
        ]),
    };
    let (wallet_id, request) = (request.wallet_id, request.clone());
    inner.write_once(
        once,
        move |tx| owned(tx, access, wallet_id),
        move |tx, supplies, wallet| {
            demand_currency(&wallet, request.amount)?;
            may_debit(wallet.status)?;
            let mut book = Book::open(tx, supplies);
            book.wallet(wallet.id, wallet.currency, None)?.hold(request.amount.minor())?;
            let hold = Hold {
                id: HoldId::mint(supplies, supplies.wall)?,
                wallet_id: wallet.id,
                currency: wallet.currency,
                amount_minor: request.amount.minor(),
                captured_minor: 0,
                status: HoldStatus::Active,
                description: request.description.clone(),
                created_at: supplies.wall,
                expires_at: supplies.due.plus(life_ms),
                resolved_at: None,
            };
            wallet::insert_hold(tx, &hold)?;
            queue::insert(
                tx,
                JobKind::HoldExpiry,
                hold.id.as_bytes(),
                None,
                supplies.due,
                life_ms.unsigned_abs(),
                supplies.wall,
            )?;
            announce(&book, access, &wallet, &hold, EventName::HoldAuthorised, hold.amount_minor)?;
            book.close()?;
            Ok(hold)
        },
    )
}

/// Takes held money.
pub(crate) fn capture(inner: &Inner, access: Access, request: &CaptureRequest) -> Result<Transaction> {
    request.amount.require_positive("amount")?;
    check_optional("description", request.description.as_deref(), DESCRIPTION_LENGTH_MAX)?;
    let to = request.to.map(|to| *to.as_bytes());
    let once = Once {
        operation: Operation::CaptureHold,
        key: inner.key(request.idempotency_key.as_deref())?,
        fingerprint: Fingerprint::of(&[
            ("hold", FieldValue::Bytes(request.hold_id.as_bytes())),
            ("amount", FieldValue::Number(request.amount.minor())),
            ("currency", FieldValue::Text(request.amount.currency().code())),
            ("to", to.as_ref().map_or(FieldValue::Absent, |to| FieldValue::Bytes(to))),
            ("remainder", FieldValue::Number(i64::from(request.remainder == Remainder::Keep))),
            ("description", FieldValue::Text(request.description.as_deref().unwrap_or(""))),
        ]),
    };
    let (hold_id, request) = (request.hold_id, request.clone());
    inner.write_once(
        once,
        move |tx| {
            let hold = wallet::find_hold(tx, hold_id)?;
            let (user, wallet) = owned(tx, access, hold.wallet_id)?;
            Ok((user, (hold, wallet)))
        },
        move |tx, supplies, (hold, wallet)| book_capture(tx, supplies, access, &request, &hold, &wallet),
    )
}

fn book_capture(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    access: Access,
    request: &CaptureRequest,
    hold: &Hold,
    wallet: &Wallet,
) -> Result<Transaction> {
    demand_currency(wallet, request.amount)?;
    let change = machine(hold).capture(request.amount.minor(), request.remainder, supplies.due)?;
    may_debit(wallet.status)?;
    let target = match request.to {
        None => None,
        Some(to) if to == wallet.id => {
            return Err(Error::new(Code::SameWallet, "held money can't be captured to its own wallet"));
        }
        Some(to) => Some(wallet::find(tx, to)?),
    };
    if let Some(target) = &target {
        demand_currency(target, request.amount)?;
        may_credit(target.status)?;
    }
    let mut book = Book::open(tx, supplies);
    let account = book.wallet(wallet.id, wallet.currency, None)?;
    account.unhold(change.unheld_minor()?)?;
    demand_limits(tx, wallet, None, request.amount, supplies.wall)?;
    let own = AccountRef::Wallet(wallet.id);
    let credit = target.as_ref().map_or(AccountRef::Funding, |target| AccountRef::Wallet(target.id));
    let movement = Movement::new(TransactionType::HoldCapture, own, credit, request.amount);
    let memo = Memo { hold: Some(hold.id), description: request.description.clone(), ..Memo::default() };
    let booked = book.post(&movement, &memo)?;
    apply(tx, hold, &change, supplies)?;
    announce(&book, access, wallet, hold, EventName::HoldCaptured, change.taken_minor())?;
    book.close()?;
    let mut transaction = line(wallet, &booked, booked.debit, &movement, &memo, supplies.wall, false)?;
    transaction.counterparty = target.map(|target| target.id);
    Ok(transaction)
}

/// Gives held money back.
pub(crate) fn release(inner: &Inner, access: Access, hold_id: HoldId, key: Option<&str>) -> Result<Hold> {
    let once = Once {
        operation: Operation::ReleaseHold,
        key: inner.key(key)?,
        fingerprint: Fingerprint::of(&[("hold", FieldValue::Bytes(hold_id.as_bytes()))]),
    };
    inner.write_once(
        once,
        move |tx| {
            let hold = wallet::find_hold(tx, hold_id)?;
            let (user, wallet) = owned(tx, access, hold.wallet_id)?;
            Ok((user, (hold, wallet)))
        },
        move |tx, supplies, (hold, wallet)| {
            let change = machine(&hold).release()?;
            give_back(tx, supplies, access, &hold, &wallet, &change, EventName::HoldReleased)
        },
    )
}

/// Gives a hold back whose time ran out, in the run of its job.
pub(crate) fn run_expiry(tx: &WriteTx<'_>, supplies: &Supplies, running: &Running) -> Result<()> {
    let hold = wallet::find_hold(tx, HoldId::from_bytes(running.job.subject))?;
    queue::finish(tx, running.lease)?;
    if hold.status != HoldStatus::Active {
        return Ok(());
    }
    let wallet = wallet::find(tx, hold.wallet_id)?;
    // The job fell due by the monotonic delay, which alone decides here; the
    // hold's own moment is what people see.
    let change = machine(&hold).expire(hold.expires_at)?;
    give_back(tx, supplies, Access::Host, &hold, &wallet, &change, EventName::HoldExpired).map(|_| ())
}

fn give_back(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    access: Access,
    hold: &Hold,
    wallet: &Wallet,
    change: &HoldChange,
    name: EventName,
) -> Result<Hold> {
    let mut book = Book::open(tx, supplies);
    let account: &mut Account = book.wallet(wallet.id, wallet.currency, None)?;
    account.unhold(change.unheld_minor()?)?;
    let after = apply(tx, hold, change, supplies)?;
    announce(&book, access, wallet, hold, name, change.freed_minor())?;
    book.close()?;
    Ok(after)
}

/// Writes what became of a hold; ends its expiry when it is resolved.
fn apply(tx: &WriteTx<'_>, hold: &Hold, change: &HoldChange, supplies: &Supplies) -> Result<Hold> {
    let mut after = hold.clone();
    after.captured_minor = change.captured_minor();
    after.status = change.to();
    if after.status != HoldStatus::Active {
        after.resolved_at = Some(supplies.wall);
        queue::cancel(tx, hold.id.as_bytes())?;
    }
    wallet::update_hold(tx, hold, &after)?;
    Ok(after)
}

fn machine(hold: &Hold) -> crate::ledger::hold::Hold {
    crate::ledger::hold::Hold {
        amount_minor: hold.amount_minor,
        captured_minor: hold.captured_minor,
        status: hold.status,
        expires_at: hold.expires_at,
    }
}

fn owned(tx: &WriteTx<'_>, access: Access, id: WalletId) -> Result<(UserId, Wallet)> {
    let wallet = wallet::find(tx, id)?;
    access.demand_owner(wallet.user_id, "wallet")?;
    Ok((wallet.user_id, wallet))
}

fn announce(
    book: &Book<'_, '_>,
    access: Access,
    wallet: &Wallet,
    hold: &Hold,
    name: EventName,
    amount_minor: i64,
) -> Result<()> {
    let draft = EventDraft::new(name)
        .user(wallet.user_id)
        .wallet(wallet.id)
        .hold(hold.id)
        .number("amount_minor", amount_minor)
        .text("currency", wallet.currency.code());
    book.event(&draft)?;
    book.audit(access.actor(), name.name(), hold.id, &draft)
}

/// One hold.
pub(crate) fn find(inner: &Inner, access: Access, id: HoldId) -> Result<Hold> {
    inner.read(|tx| {
        let hold = wallet::find_hold(tx, id)?;
        access.demand_owner(wallet::find(tx, hold.wallet_id)?.user_id, "hold")?;
        Ok(hold)
    })
}

/// The holds of a wallet in one state, oldest first, at most `limit`.
pub(crate) fn list(inner: &Inner, access: Access, id: WalletId, status: HoldStatus, limit: u32) -> Result<Vec<Hold>> {
    let limit = check_page(limit)?;
    inner.read(|tx| {
        access.demand_owner(wallet::find(tx, id)?.user_id, "wallet")?;
        let mut holds = wallet::holds_of_wallet(tx, id, status)?;
        holds.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(holds)
    })
}
