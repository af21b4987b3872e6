//! Books one commit: movements, balances, events and the audit link, all or none.
//!
//! Accounts are read once, moved in memory with every rule of
//! `ledger/account.rs`, and written back in the order of their ids with their
//! versions when the book is closed.

use crate::audit::{Actor, AuditResult};
use crate::entropy::Supplies;
use crate::error::{Error, Result};
use crate::event::EventDraft;
use crate::id::{TransactionId, WalletId};
use crate::ledger::account::{Account, AccountRef};
use crate::ledger::posting::{Memo, Movement};
use crate::money::amount::Money;
use crate::money::currency::Currency;
use crate::store::audit::AuditDraft;
use crate::store::tx::WriteTx;
use crate::store::{audit, event, ledger};
use crate::vocabulary::Code;
use std::collections::{BTreeMap, HashMap};

/// Where calls come from: this library, inside its host. A host that knows more
/// (an address, a device) keeps it under the event's sequence.
pub(crate) const ORIGIN: &str = "embedded";

/// The accounts and the transaction one operation works on.
pub(crate) struct Book<'t, 'c> {
    tx: &'t WriteTx<'c>,
    supplies: &'t Supplies,
    accounts: BTreeMap<i64, Account>,
    ids: HashMap<(AccountRef, Currency), i64>,
}

/// A movement that has been booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Booked {
    pub(crate) posting: i64,
    pub(crate) transaction: TransactionId,
    /// The sequence on the debit account and its balance after.
    pub(crate) debit: (i64, i64),
    /// The sequence on the credit account and its balance after.
    pub(crate) credit: (i64, i64),
}

impl<'t, 'c> Book<'t, 'c> {
    pub(crate) fn open(tx: &'t WriteTx<'c>, supplies: &'t Supplies) -> Self {
        Book { tx, supplies, accounts: BTreeMap::new(), ids: HashMap::new() }
    }

    /// The account as this book has moved it so far.
    pub(crate) fn account(&mut self, reference: &AccountRef, currency: Currency) -> Result<&mut Account> {
        let key = (reference.clone(), currency);
        let id = match self.ids.get(&key) {
            Some(id) => *id,
            None => {
                let account = match reference {
                    AccountRef::Wallet(wallet) => ledger::wallet_account(self.tx, *wallet)?,
                    AccountRef::Funding
                    | AccountRef::Clearing(_)
                    | AccountRef::Float(_)
                    | AccountRef::Fees
                    | AccountRef::Suspense
                    | AccountRef::Claims => ledger::open_account(self.tx, reference, currency)?,
                };
                let id = account.id;
                self.ids.insert(key, id);
                self.accounts.insert(id, account);
                id
            }
        };
        self.accounts.get_mut(&id).ok_or_else(|| Error::new(Code::InvariantBroken, "the book lost an account"))
    }

    /// The wallet's account, refused when it is not at the version the caller expected.
    pub(crate) fn wallet(
        &mut self,
        wallet: WalletId,
        currency: Currency,
        expected: Option<i64>,
    ) -> Result<&mut Account> {
        let account = self.account(&AccountRef::Wallet(wallet), currency)?;
        match expected {
            Some(version) if version != account.version => Err(Error::new(
                Code::Conflict,
                format!("the wallet is at version {}, not {version}; read it again", account.version),
            )),
            _ => Ok(account),
        }
    }

    /// Moves money and writes the posting, under a freshly minted transaction id.
    pub(crate) fn post(&mut self, movement: &Movement, memo: &Memo) -> Result<Booked> {
        let transaction = TransactionId::mint(self.supplies, self.supplies.wall)?;
        self.post_as(transaction, movement, memo)
    }

    /// Moves money and writes the posting under this transaction id.
    pub(crate) fn post_as(&mut self, transaction: TransactionId, movement: &Movement, memo: &Memo) -> Result<Booked> {
        let (amount, currency) = (movement.amount.require_positive("amount")?, movement.amount.currency());
        let debit = self.moved(&movement.debit, amount, Account::debit)?;
        let credit = self.moved(&movement.credit, amount, Account::credit)?;
        if debit.currency != currency || credit.currency != currency {
            return Err(Error::new(
                Code::CurrencyMismatch,
                format!("{currency} can't move between accounts in {} and {}", debit.currency, credit.currency),
            ));
        }
        let posting =
            ledger::insert_posting(self.tx, transaction, movement, (&debit, &credit), memo, self.supplies.wall)?;
        Ok(Booked {
            posting,
            transaction,
            debit: (debit.posting_sequence, debit.balance_minor),
            credit: (credit.posting_sequence, credit.balance_minor),
        })
    }

    fn moved(
        &mut self,
        reference: &AccountRef,
        amount: Money,
        movement: impl FnOnce(&mut Account, i64) -> Result<()>,
    ) -> Result<Account> {
        let account = self.account(reference, amount.currency())?;
        movement(account, amount.minor())?;
        Ok(account.clone())
    }

    /// Writes one event of this commit.
    pub(crate) fn event(&self, draft: &EventDraft) -> Result<()> {
        event::append(self.tx, draft, self.supplies.wall)
    }

    /// Writes the audit link of this commit.
    pub(crate) fn audit(
        &self,
        actor: Actor,
        action: &'static str,
        subject: impl ToString,
        payload: &EventDraft,
    ) -> Result<()> {
        self.audit_as(AuditResult::Success, actor, action, subject, payload)
    }

    /// Writes the audit link of this commit about something done or refused.
    pub(crate) fn audit_as(
        &self,
        result: AuditResult,
        actor: Actor,
        action: &'static str,
        subject: impl ToString,
        payload: &EventDraft,
    ) -> Result<()> {
        let draft = AuditDraft {
            actor,
            action,
            subject: subject.to_string(),
            result,
            origin: ORIGIN.to_owned(),
            payload: payload.payload(),
        };
        audit::append(self.tx, &draft, self.supplies.wall)
    }

    /// Writes the moved accounts back, in the order of their ids.
    pub(crate) fn close(self) -> Result<()> {
        self.accounts.values().try_for_each(|account| ledger::update_account(self.tx, account))
    }
}
