//! Histories: one transaction, pages, statements and balances of the past.
//!
//! A wallet's lines are numbered without gaps in the order they were booked.
//! Pages and statements go by these numbers, never by the clock: lines booked
//! within one millisecond, or while the wall clock went back, are neither
//! shown twice nor missed.

use crate::canonical::{Canonical, from_hex};
use crate::clock::UnixMillis;
use crate::engine::inner::{Access, Inner, check_page, check_text};
use crate::engine::transfer::REFERENCE_LENGTH_MAX;
use crate::error::{Error, Result};
use crate::id::{TransactionId, UserId, WalletId};
use crate::ledger::account::Account;
use crate::ledger::cursor;
use crate::ledger::statement::Statement;
use crate::ledger::transaction::Transaction;
use crate::money::amount::{Money, add};
use crate::store::history::{Entry, LineFilter, Span};
use crate::store::row::damaged;
use crate::store::tx::ReadTx;
use crate::store::{history, ledger};
use crate::vocabulary::{Code, TransactionStatus, TransactionType};
use std::cmp::Reverse;

/// Longest text to look for in metadata, in bytes: metadata itself has at most 4096.
const SEARCH_LENGTH_MAX: usize = 256;
/// The most lines of one statement: what a host can hold in memory and a
/// spreadsheet can still open.
const STATEMENT_LINES_MAX: u32 = 100_000;

/// Which lines of a history are wanted. Everything that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryFilter {
    /// Booked at or after this moment, by the wall clock of the booking.
    pub from: Option<UnixMillis>,
    /// Booked before this moment.
    pub until: Option<UnixMillis>,
    /// Of this type.
    pub kind: Option<TransactionType>,
    /// Standing there now; a bill payment's lines move while one pages.
    pub status: Option<TransactionStatus>,
    /// With exactly this text somewhere in the metadata's canonical JSON (keys
    /// sorted, no blanks), letter case included; 1 to 256 bytes, no wildcards.
    pub metadata_contains: Option<String>,
}

impl HistoryFilter {
    /// Every line.
    #[must_use]
    pub fn new() -> Self {
        HistoryFilter::default()
    }

    /// Only lines booked at or after this moment.
    #[must_use]
    pub fn with_from(mut self, from: UnixMillis) -> Self {
        self.from = Some(from);
        self
    }

    /// Only lines booked before this moment.
    #[must_use]
    pub fn with_until(mut self, until: UnixMillis) -> Self {
        self.until = Some(until);
        self
    }

    /// Only lines of this type.
    #[must_use]
    pub fn with_kind(mut self, kind: TransactionType) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Only lines that stand there now.
    #[must_use]
    pub fn with_status(mut self, status: TransactionStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Only lines with this text in their metadata.
    #[must_use]
    pub fn with_metadata_contains(mut self, text: impl Into<String>) -> Self {
        self.metadata_contains = Some(text.into());
        self
    }

    fn check(&self) -> Result<()> {
        if let (Some(from), Some(until)) = (self.from, self.until) {
            check_span(from, until)?;
        }
        match &self.metadata_contains {
            Some(text) => check_text("metadata_contains", text, SEARCH_LENGTH_MAX),
            None => Ok(()),
        }
    }

    /// Everything a listing was asked for, which its cursors are bound to.
    fn scope(&self, listing: &str, subject: &[u8; 16]) -> Canonical {
        let optional = |scope: Canonical, number: Option<i64>| match number {
            Some(number) => scope.number(number),
            None => scope.bytes(&[]),
        };
        let scope = Canonical::new("fusepay.history", 1).text(listing).bytes(subject);
        let scope = optional(scope, self.from.map(|at| at.0));
        let scope = optional(scope, self.until.map(|at| at.0));
        let scope = optional(scope, self.kind.map(|kind| i64::from(kind.number())));
        let scope = optional(scope, self.status.map(|status| i64::from(status.number())));
        scope.text(self.metadata_contains.as_deref().unwrap_or(""))
    }

    fn lines(&self) -> LineFilter {
        LineFilter {
            from: self.from,
            until: self.until,
            kind: self.kind,
            status: self.status,
            metadata_contains: self.metadata_contains.clone(),
        }
    }
}

/// Some lines, newest first, and how to ask for the next ones.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryPage {
    /// The lines, newest first; amounts positive for money in, in minor units.
    pub lines: Vec<Transaction>,
    /// What to give for the next page; absent on the last one.
    pub next_cursor: Option<String>,
}

/// The lines of one transaction that this caller may see, the debit first.
pub(crate) fn find(inner: &Inner, access: Access, id: TransactionId) -> Result<Vec<Transaction>> {
    inner.read(|tx| visible(tx, access, history::of_transaction(tx, id)?))
}

/// The lines of the transaction with this reference, such as `BILL_…`.
pub(crate) fn find_by_reference(inner: &Inner, access: Access, text: &str) -> Result<Vec<Transaction>> {
    let id = parse_reference(text)?;
    let mut lines = inner.read(|tx| visible(tx, access, history::of_transaction(tx, id)?))?;
    lines.retain(|line| line.reference == text);
    if lines.is_empty() { Err(not_found()) } else { Ok(lines) }
}

/// The lines of the transaction of this type with the host's own reference.
pub(crate) fn find_by_external_reference(
    inner: &Inner,
    access: Access,
    kind: TransactionType,
    text: &str,
) -> Result<Vec<Transaction>> {
    check_text("external_reference", text, REFERENCE_LENGTH_MAX)?;
    inner.read(|tx| {
        let id = history::by_external(tx, kind, text)?.ok_or_else(not_found)?;
        visible(tx, access, history::of_transaction(tx, id)?)
    })
}

/// One page of a wallet's history.
pub(crate) fn page(
    inner: &Inner,
    access: Access,
    wallet: WalletId,
    filter: &HistoryFilter,
    cursor: Option<&str>,
    limit: u32,
) -> Result<HistoryPage> {
    let limit = check_page(limit)?;
    filter.check()?;
    inner.read(|tx| {
        let account = account_of(tx, access, wallet)?;
        let scope = filter.scope("wallet", wallet.as_bytes());
        let before = match cursor {
            None => i64::MAX,
            Some(text) => match cursor::decode(&scope, text)?.as_slice() {
                [before] => *before,
                _ => return Err(Error::field(Code::InvalidCursor, "cursor", "was not made for this listing")),
            },
        };
        // One more than asked for tells whether there is a next page.
        let more = limit.saturating_add(1);
        let found = history::of_wallet(tx, wallet, account.id, Span::before(before), &filter.lines(), more)?;
        let mut lines: Vec<Transaction> = found.into_iter().map(|entry| entry.line).collect();
        let is_last = lines.len() < size(more);
        lines.truncate(size(limit));
        let next_cursor = match lines.last() {
            Some(last) if !is_last => Some(cursor::encode(&scope, &[last.sequence])),
            _ => None,
        };
        Ok(HistoryPage { lines, next_cursor })
    })
}

/// One wallet in a page over all wallets of a user.
struct Lane {
    /// Where this wallet goes on: lines before this sequence.
    before: i64,
    /// Its next lines, newest last.
    ready: Vec<Entry>,
    has_more: bool,
}

impl Lane {
    fn open(
        tx: &ReadTx<'_>,
        (wallet, account): (WalletId, i64),
        before: i64,
        lines: &LineFilter,
        limit: u32,
    ) -> Result<Self> {
        let more = limit.saturating_add(1);
        let mut ready = history::of_wallet(tx, wallet, account, Span::before(before), lines, more)?;
        let has_more = ready.len() == size(more);
        ready.truncate(size(limit));
        ready.reverse();
        Ok(Lane { before, ready, has_more })
    }

    fn take(&mut self) -> Option<Transaction> {
        let line = self.ready.pop()?.line;
        self.before = line.sequence;
        Some(line)
    }
}

/// One page of the histories of all wallets of a user, merged by booking.
pub(crate) fn page_of_user(
    inner: &Inner,
    access: Access,
    user: UserId,
    filter: &HistoryFilter,
    cursor: Option<&str>,
    limit: u32,
) -> Result<HistoryPage> {
    let limit = check_page(limit)?;
    filter.check()?;
    access.demand_owner(user, "user")?;
    inner.read(|tx| {
        let scope = filter.scope("user", user.as_bytes());
        let wallets = history::accounts_of_user(tx, user)?;
        // One position per wallet, in the order they were made. Wallets made
        // since the first page only have lines that are newer than it.
        let positions = match cursor {
            None => vec![i64::MAX; wallets.len()],
            Some(text) => cursor::decode(&scope, text)?,
        };
        let wanted = filter.lines();
        let mut lanes = wallets
            .into_iter()
            .zip(positions)
            .map(|(wallet, before)| Lane::open(tx, wallet, before, &wanted, limit))
            .collect::<Result<Vec<_>>>()?;
        let mut lines = Vec::new();
        while lines.len() < size(limit) {
            // A transfer between two of these wallets is one posting: the wallet made first comes first.
            let newest = lanes
                .iter_mut()
                .enumerate()
                .filter_map(|(place, lane)| Some(((lane.ready.last()?.posting, Reverse(place)), lane)))
                .max_by_key(|(order, _)| *order);
            let Some(line) = newest.and_then(|(_, lane)| lane.take()) else { break };
            lines.push(line);
        }
        let has_more = lanes.iter().any(|lane| lane.has_more || !lane.ready.is_empty());
        let positions: Vec<i64> = lanes.iter().map(|lane| lane.before).collect();
        Ok(HistoryPage { lines, next_cursor: has_more.then(|| cursor::encode(&scope, &positions)) })
    })
}

/// A wallet's lines between two moments with the balances around them.
pub(crate) fn statement(
    inner: &Inner,
    access: Access,
    wallet: WalletId,
    from: UnixMillis,
    until: UnixMillis,
) -> Result<Statement> {
    check_span(from, until)?;
    inner.read(|tx| {
        let account = account_of(tx, access, wallet)?;
        let opening = history::position_at(tx, account.id, from.plus(-1))?;
        let closing = history::position_at(tx, account.id, until.plus(-1))?;
        // I3: sequences have no gap, so the lines are counted without reading them.
        let lines = closing.sequence.saturating_sub(opening.sequence);
        if lines > i64::from(STATEMENT_LINES_MAX) {
            let detail =
                format!("{lines} lines; a statement has at most {STATEMENT_LINES_MAX}: ask for a shorter time");
            return Err(Error::field(Code::TooLong, "until", detail));
        }
        let span = Span { after: opening.sequence, before: closing.sequence.saturating_add(1) };
        let found = history::of_wallet(tx, wallet, account.id, span, &LineFilter::default(), STATEMENT_LINES_MAX)?;
        let lines: Vec<Transaction> = found.into_iter().rev().map(|entry| entry.line).collect();
        let sum = lines.iter().try_fold(opening.balance_minor, |sum, line| add(sum, line.amount_minor))?;
        if sum != closing.balance_minor {
            return Err(damaged(format!("the lines of wallet {wallet} do not add up to its balance")));
        }
        Ok(Statement {
            wallet_id: wallet,
            currency: account.currency,
            from,
            until,
            opening_minor: opening.balance_minor,
            closing_minor: closing.balance_minor,
            lines,
        })
    })
}

/// A wallet's balance after its last line booked at or before a moment.
pub(crate) fn balance_at(inner: &Inner, access: Access, wallet: WalletId, at: UnixMillis) -> Result<Money> {
    inner.read(|tx| {
        let account = account_of(tx, access, wallet)?;
        Ok(Money::new(history::position_at(tx, account.id, at)?.balance_minor, account.currency))
    })
}

/// The lines that are this caller's to see; none is the same as no such transaction.
fn visible(tx: &ReadTx<'_>, access: Access, lines: Vec<Transaction>) -> Result<Vec<Transaction>> {
    let mut seen = Vec::new();
    for line in lines {
        let owner = history::owner_of(tx, line.wallet_id)?
            .ok_or_else(|| damaged(format!("wallet {} of a line does not exist", line.wallet_id)))?;
        if access.demand_owner(owner, "transaction").is_ok() {
            seen.push(line);
        }
    }
    if seen.is_empty() { Err(not_found()) } else { Ok(seen) }
}

fn account_of(tx: &ReadTx<'_>, access: Access, wallet: WalletId) -> Result<Account> {
    access.demand_owner(history::owner_of(tx, wallet)?.ok_or_else(no_wallet)?, "wallet")?;
    ledger::wallet_account(tx, wallet)
}

/// Reads a reference exactly as it is shown: a type's prefix, an underscore and
/// 32 upper-case hexadecimal characters.
fn parse_reference(text: &str) -> Result<TransactionId> {
    let invalid = || {
        Error::field(Code::InvalidId, "reference", "is a prefix such as BILL, an underscore and 32 characters 0-9 A-F")
    };
    let (prefix, digits) = text.split_once('_').ok_or_else(invalid)?;
    let is_known = TransactionType::ALL.iter().any(|kind| kind.prefix() == prefix);
    // Bounded before it is copied: 32 characters and no lower case.
    if !is_known || digits.len() != 32 || digits.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return Err(invalid());
    }
    from_hex(&digits.to_ascii_lowercase()).map(TransactionId::from_bytes).ok_or_else(invalid)
}

fn check_span(from: UnixMillis, until: UnixMillis) -> Result<()> {
    if from <= until {
        return Ok(());
    }
    Err(Error::field(Code::InvalidArgument, "until", "must not be before from"))
}

fn not_found() -> Error {
    Error::new(Code::NotFound, "there is no such transaction")
}

fn no_wallet() -> Error {
    Error::new(Code::NotFound, "there is no such wallet")
}

/// A limit as a number of lines in memory.
fn size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bill::record::reference;
    use proptest::prelude::*;

    #[test]
    fn only_what_is_shown_is_a_reference() {
        let digits = "0198F0000000700080000000000000AB";
        assert!(parse_reference(&format!("BILL_{digits}")).is_ok());
        for text in [
            "",
            "_",
            "BILL_",
            digits,
            &format!("bill_{digits}"),
            &format!("NOPE_{digits}"),
            &format!("BILL-{digits}"),
            &format!("BILL__{digits}"),
            &format!(" BILL_{digits}"),
            &format!("BILL_{digits}0"),
            &format!("BILL_{}", digits.to_ascii_lowercase()),
            "BILL_0198F00000007000800000000000000",
            "BILL_0198F0000000700080000000000000AG",
            "BILL_éééééééééééééééé",
        ] {
            assert_eq!(parse_reference(text).map_err(|e| e.code()), Err(Code::InvalidId), "{text}");
        }
    }

    #[test]
    fn an_owner_sees_their_own_lines_and_nothing_else_exists() {
        use crate::auth::hashing::HashCost;
        use crate::engine::auth::register::Registration;
        use crate::engine::fund::MoneyRequest;
        use crate::engine::transfer::TransferRequest;
        use crate::money::currency::Currency;
        let directory = tempfile::tempdir().unwrap();
        let key = crate::secret::Secret::new((0..32u8).map(|i| i.wrapping_mul(37)).collect::<Vec<_>>());
        let keys = crate::auth::keyring::KeyRing::hs256("k1", key).unwrap();
        let config = crate::engine::config::Config::new(directory.path().join("pay.db"), keys)
            .with_worker(crate::engine::config::WorkerMode::Manual)
            .with_hash_cost(HashCost::insecure_for_tests());
        let engine = crate::engine::host::face::FusePay::open(config).unwrap();
        let register = |email: &str| {
            let request = Registration::new(email, "Ada", "Obi", "seven blue lamps by the river");
            engine.auth().register(&request).unwrap().wallet
        };
        let (ada, obi, eve) = (register("ada@example.com"), register("obi@example.com"), register("eve@example.com"));
        let money = |minor| Money::new(minor, Currency::NGN);
        let request = MoneyRequest::new(ada.id, money(500)).with_external_reference("bank-7");
        let funded = engine.wallet().fund(&request).unwrap();
        let sent = engine.wallet().transfer(&TransferRequest::new(ada.id, obi.id, money(200))).unwrap();
        let (inner, all) = (engine.inner(), HistoryFilter::new());
        let as_ada = Access::Owner(ada.user_id);
        assert_eq!(find(inner, as_ada, sent.id).unwrap(), std::slice::from_ref(&sent));
        let of_obi = find(inner, Access::Owner(obi.user_id), sent.id).unwrap();
        assert_eq!(of_obi.iter().map(|line| line.wallet_id).collect::<Vec<_>>(), [obi.id]);
        assert_eq!(find(inner, Access::Host, sent.id).unwrap().len(), 2);
        let as_eve = Access::Owner(eve.user_id);
        let kind = TransactionType::WalletFunding;
        for refused in [
            find(inner, as_eve, sent.id).map(drop),
            find_by_reference(inner, as_eve, &funded.reference).map(drop),
            find_by_external_reference(inner, as_eve, kind, "bank-7").map(drop),
            page(inner, as_eve, ada.id, &all, None, 5).map(drop),
            page_of_user(inner, as_eve, ada.user_id, &all, None, 5).map(drop),
            statement(inner, as_eve, ada.id, UnixMillis(0), UnixMillis(1)).map(drop),
            balance_at(inner, as_eve, ada.id, UnixMillis(0)).map(drop),
        ] {
            assert_eq!(refused.map_err(|e| e.code()), Err(Code::NotFound));
        }
        // Word for word what is said of something that does not exist.
        let told = |id| page(inner, as_eve, id, &all, None, 5).map_err(|e| e.to_string());
        assert_eq!(told(ada.id), told(WalletId::from_bytes([9; 16])));
        let told = |id| find(inner, as_eve, id).map_err(|e| e.to_string());
        assert_eq!(told(funded.id), told(TransactionId::from_bytes([9; 16])));
        assert_eq!(page(inner, as_ada, ada.id, &all, None, 5).unwrap().lines.len(), 2);
    }

    #[test]
    fn filters_that_differ_have_cursors_that_differ() {
        let filters = [
            HistoryFilter::new(),
            HistoryFilter::new().with_from(UnixMillis(0)),
            HistoryFilter::new().with_until(UnixMillis(0)),
            HistoryFilter::new().with_kind(TransactionType::WalletFunding),
            HistoryFilter::new().with_status(TransactionStatus::Pending),
            HistoryFilter::new().with_metadata_contains("x"),
        ];
        let subject = [1; 16];
        for (i, one) in filters.iter().enumerate() {
            let text = cursor::encode(&one.scope("wallet", &subject), &[5]);
            for (k, other) in filters.iter().enumerate() {
                assert_eq!(cursor::decode(&other.scope("wallet", &subject), &text).is_ok(), i == k);
            }
            assert!(cursor::decode(&one.scope("user", &subject), &text).is_err());
            assert!(cursor::decode(&one.scope("wallet", &[2; 16]), &text).is_err());
        }
    }

    proptest! {
        #[test]
        fn a_reference_leads_back_to_its_transaction(bytes: [u8; 16], kind in prop::sample::select(TransactionType::ALL)) {
            let id = TransactionId::from_bytes(bytes);
            prop_assert_eq!(parse_reference(&reference(kind, id)).unwrap(), id);
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = parse_reference(&text);
        }
    }
}
