//! I1 to I4 and I6: accounts against postings and holds. Postings and holds are
//! streamed; one small tally per account is kept.

use crate::engine::verify::VerifyReport;
use crate::error::Result;
use crate::id::HoldId;
use crate::ledger::account::AccountKind;
use crate::money::currency::Currency;
use crate::store::tx::ReadTx;
use crate::store::verify::{self as rows, AccountRow, HoldRow, PostingRow, SideRow};
use crate::vocabulary::{HoldStatus, TransactionType};
use std::collections::{BTreeMap, HashMap};

/// Sums are kept in 128 bits: no number of 64-bit amounts that fits on a disk
/// can leave them.
struct Tally {
    account: AccountRow,
    /// Credits minus debits.
    net: i128,
    /// The balance the entries claim, taken anew from each, so that one wrong
    /// entry is one finding.
    running: i128,
    /// The number of the last entry.
    entries: i64,
    /// What active holds have left.
    held: i128,
}

/// Every account with what its postings and holds add up to.
#[derive(Default)]
pub(crate) struct Books {
    tallies: BTreeMap<i64, Tally>,
    /// What the postings captured of each hold.
    captures: HashMap<HoldId, i128>,
}

impl Books {
    /// Reads accounts and postings; judges each posting.
    pub(crate) fn read(&mut self, tx: &ReadTx<'_>, report: &mut VerifyReport) -> Result<()> {
        rows::each_account(tx, |account| {
            report.accounts = report.accounts.saturating_add(1);
            let tally = Tally { account, net: 0, running: 0, entries: 0, held: 0 };
            self.tallies.insert(tally.account.id, tally);
        })?;
        rows::each_posting(tx, |posting| {
            report.postings = report.postings.saturating_add(1);
            self.book(&posting, report);
        })?;
        for name in rows::accounts_astray(tx)? {
            report.add("I2", name, "the account does not belong to exactly one wallet of its currency");
        }
        for posting in rows::postings_astray(tx)? {
            report.add("I5", format!("posting {posting}"), "it names a payment that does not exist");
        }
        Ok(())
    }

    fn book(&mut self, posting: &PostingRow, report: &mut VerifyReport) {
        let subject = format!("posting {}", posting.id);
        let amount = i128::from(posting.amount_minor);
        report.demand(amount > 0 && posting.debit.account != posting.credit.account, "I1", &subject, || {
            format!("it moves {amount} from account {} to {}", posting.debit.account, posting.credit.account)
        });
        self.enter(&posting.debit, -amount, posting.currency, &subject, report);
        self.enter(&posting.credit, amount, posting.currency, &subject, report);
        let gives_back = posting.reversal_of.is_some() || posting.refund_of.is_some();
        report.demand(posting.payment.is_some() || !gives_back, "I5", &subject, || {
            "it gives money back, but names no payment".to_owned()
        });
        if posting.kind == TransactionType::HoldCapture {
            match posting.hold {
                Some(hold) => *self.captures.entry(hold).or_default() += amount,
                None => report.add("I6", subject, "it captures held money, but names no hold"),
            }
        }
    }

    fn enter(&mut self, side: &SideRow, change: i128, currency: Currency, subject: &str, report: &mut VerifyReport) {
        let Some(tally) = self.tallies.get_mut(&side.account) else {
            report.add("I2", subject, format!("it moves account {}, which does not exist", side.account));
            return;
        };
        let name = tally.account.name.clone();
        report.demand(tally.account.currency == currency, "I1", subject, || {
            format!("it moves {currency} on {name}, which is in {}", tally.account.currency)
        });
        tally.net += change;
        tally.running += change;
        let due = tally.entries.saturating_add(1);
        if tally.account.kind != AccountKind::Wallet {
            tally.entries = due;
            report.demand(side.sequence.is_none() && side.balance_minor.is_none(), "I3", subject, || {
                format!("it carries a number on {name}, which has none")
            });
            return;
        }
        let (Some(sequence), Some(balance)) = (side.sequence, side.balance_minor) else {
            report.add("I3", subject, format!("it is not numbered on {name}; entry {due} is missing"));
            tally.entries = due;
            return;
        };
        report.demand(sequence == due, "I3", subject, || {
            format!("it is entry {sequence} of {name}; entry {due} is missing or out of order")
        });
        let running = tally.running;
        report.demand(i128::from(balance) == running, "I3", subject, || {
            format!("entry {sequence} of {name} carries the balance {balance}; it was {running}")
        });
        tally.entries = sequence;
        tally.running = i128::from(balance);
    }

    /// Reads holds; judges each, and adds up what the active ones have left.
    pub(crate) fn read_holds(&mut self, tx: &ReadTx<'_>, report: &mut VerifyReport) -> Result<()> {
        rows::each_hold(tx, |hold| {
            report.holds = report.holds.saturating_add(1);
            self.reserve(&hold, report);
        })?;
        let mut left: Vec<HoldId> = self.captures.keys().copied().collect();
        left.sort_unstable();
        for hold in left {
            report.add("I6", format!("hold {hold}"), "money was captured of it, but it does not exist");
        }
        Ok(())
    }

    fn reserve(&mut self, hold: &HoldRow, report: &mut VerifyReport) {
        let subject = format!("hold {}", hold.id);
        let taken = self.captures.remove(&hold.id).unwrap_or_default();
        report.demand(taken == i128::from(hold.captured_minor), "I6", &subject, || {
            format!("it says {} was captured; postings took {taken}", hold.captured_minor)
        });
        let rest = i128::from(hold.amount_minor) - i128::from(hold.captured_minor);
        report.demand(rest >= 0 && hold.captured_minor >= 0, "I6", &subject, || {
            format!("{} of {} was captured", hold.captured_minor, hold.amount_minor)
        });
        let jobs = (hold.jobs_live, hold.jobs_dead);
        if hold.status != HoldStatus::Active {
            report.demand(jobs.0 == 0, "I8", &subject, || format!("it is {}, yet it has a live job", hold.status));
            return;
        }
        report.demand(matches!(jobs, (1, _)) || jobs.0 == 0 && jobs.1 > 0, "I8", &subject, || {
            format!("it is active and has {} live expiry jobs", jobs.0)
        });
        match self.tallies.get_mut(&hold.account) {
            Some(tally) => tally.held += rest,
            None => report.add("I6", subject, "its wallet has no account"),
        }
    }

    /// Judges every account once all postings and holds have been read.
    pub(crate) fn judge(&self, report: &mut VerifyReport) {
        let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
        for tally in self.tallies.values() {
            let account = &tally.account;
            let (name, balance) = (account.name.as_str(), account.balance_minor);
            *sums.entry(account.currency).or_default() += i128::from(balance);
            report.demand(i128::from(balance) == tally.net, "I2", name, || {
                format!("its balance is {balance}; its postings add up to {}", tally.net)
            });
            report.demand(account.posting_sequence == tally.entries, "I3", name, || {
                format!("it counts {} entries; its postings end at {}", account.posting_sequence, tally.entries)
            });
            report.demand(i128::from(account.held_minor) == tally.held, "I6", name, || {
                format!("it holds {}; its active holds have {} left", account.held_minor, tally.held)
            });
            report.demand(has_right_sign(account), "I4", name, || {
                format!(
                    "its balance is {balance}, with {} held and a credit limit of {}",
                    account.held_minor, account.credit_limit_minor
                )
            });
        }
        for (currency, sum) in sums {
            report.demand(sum == 0, "I1", currency.code(), || format!("all balances add up to {sum}, not to zero"));
        }
    }

    /// The balances of all accounts of a kind, by name.
    pub(crate) fn balances(&self, kind: AccountKind) -> BTreeMap<String, i128> {
        let of_kind = self.tallies.values().filter(|tally| tally.account.kind == kind);
        of_kind.map(|tally| (tally.account.name.clone(), i128::from(tally.account.balance_minor))).collect()
    }
}

fn has_right_sign(account: &AccountRow) -> bool {
    let balance = i128::from(account.balance_minor);
    let (held, limit) = (i128::from(account.held_minor), i128::from(account.credit_limit_minor));
    match account.kind {
        AccountKind::Wallet => held >= 0 && limit >= 0 && balance - held >= -limit,
        AccountKind::Clearing | AccountKind::Suspense => balance >= 0,
        AccountKind::Funding | AccountKind::Claims => balance <= 0,
        AccountKind::Float | AccountKind::Fees => true,
    }
}
