//! Account kinds and what each may owe. Balance = credits − debits.

use crate::error::{Error, Result};
use crate::id::WalletId;
use crate::money::amount::{add, sub};
use crate::money::currency::Currency;
use crate::vocabulary::Code;

/// What an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum AccountKind {
    /// A user's money.
    Wallet = 1,
    /// Outside money, in and out. Never positive.
    Funding = 2,
    /// Payments in flight at one provider. Never negative.
    Clearing = 3,
    /// What one provider has been paid; prepaid money left there is its negative.
    Float = 4,
    /// Fees earned.
    Fees = 5,
    /// Money whose owner cannot be credited now. Never negative.
    Suspense = 6,
    /// Late successes to recover. Never positive.
    Claims = 7,
}

impl AccountKind {
    pub(crate) const ALL: [AccountKind; 7] = [
        AccountKind::Wallet,
        AccountKind::Funding,
        AccountKind::Clearing,
        AccountKind::Float,
        AccountKind::Fees,
        AccountKind::Suspense,
        AccountKind::Claims,
    ];

    pub(crate) fn number(self) -> u16 {
        match self {
            AccountKind::Wallet => 1,
            AccountKind::Funding => 2,
            AccountKind::Clearing => 3,
            AccountKind::Float => 4,
            AccountKind::Fees => 5,
            AccountKind::Suspense => 6,
            AccountKind::Claims => 7,
        }
    }

    pub(crate) fn from_number(number: u16) -> Option<Self> {
        AccountKind::ALL.into_iter().find(|kind| kind.number() == number)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            AccountKind::Wallet => "wallet",
            AccountKind::Funding => "funding",
            AccountKind::Clearing => "clearing",
            AccountKind::Float => "float",
            AccountKind::Fees => "fees",
            AccountKind::Suspense => "suspense",
            AccountKind::Claims => "claims",
        }
    }
}

/// One account, by what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum AccountRef {
    /// The account of a wallet.
    Wallet(WalletId),
    /// Outside money.
    Funding,
    /// Payments in flight at this provider.
    Clearing(String),
    /// What this provider has been paid.
    Float(String),
    /// Fees earned.
    Fees,
    /// Money without a reachable owner.
    Suspense,
    /// Late successes.
    Claims,
}

impl AccountRef {
    pub(crate) fn kind(&self) -> AccountKind {
        match self {
            AccountRef::Wallet(_) => AccountKind::Wallet,
            AccountRef::Funding => AccountKind::Funding,
            AccountRef::Clearing(_) => AccountKind::Clearing,
            AccountRef::Float(_) => AccountKind::Float,
            AccountRef::Fees => AccountKind::Fees,
            AccountRef::Suspense => AccountKind::Suspense,
            AccountRef::Claims => AccountKind::Claims,
        }
    }

    /// The account's unique name, such as `clearing:vtpass:NGN`.
    pub(crate) fn name(&self, currency: Currency) -> String {
        let word = self.kind().word();
        match self {
            AccountRef::Wallet(wallet) => format!("{word}:{wallet}"),
            AccountRef::Clearing(provider) | AccountRef::Float(provider) => format!("{word}:{provider}:{currency}"),
            AccountRef::Funding | AccountRef::Fees | AccountRef::Suspense | AccountRef::Claims => {
                format!("{word}:{currency}")
            }
        }
    }
}

/// An account as it is stored, and the only place its balance is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) kind: AccountKind,
    pub(crate) currency: Currency,
    pub(crate) balance_minor: i64,
    pub(crate) held_minor: i64,
    pub(crate) credit_limit_minor: i64,
    pub(crate) posting_sequence: i64,
    pub(crate) version: i64,
}

impl Account {
    /// What may be spent: balance − holds + credit limit.
    pub(crate) fn available_minor(&self) -> Result<i64> {
        add(sub(self.balance_minor, self.held_minor)?, self.credit_limit_minor)
    }

    /// Takes money out.
    pub(crate) fn debit(&mut self, amount_minor: i64) -> Result<()> {
        match self.kind {
            AccountKind::Wallet if self.available_minor()? < amount_minor => {
                return Err(Error::new(
                    Code::InsufficientFunds,
                    "the available balance does not cover the amount and its fee",
                ));
            }
            AccountKind::Clearing | AccountKind::Suspense if self.balance_minor < amount_minor => {
                // I4: reaching this means a rule above let money be spent twice.
                return Err(Error::new(Code::InvariantBroken, format!("account {} would become negative", self.name)));
            }
            AccountKind::Wallet
            | AccountKind::Funding
            | AccountKind::Clearing
            | AccountKind::Float
            | AccountKind::Fees
            | AccountKind::Suspense
            | AccountKind::Claims => {}
        }
        self.balance_minor = sub(self.balance_minor, amount_minor)?;
        self.posting_sequence = add(self.posting_sequence, 1)?;
        Ok(())
    }

    /// Puts money in.
    pub(crate) fn credit(&mut self, amount_minor: i64) -> Result<()> {
        let balance_minor = self.room_for(amount_minor)?;
        if matches!(self.kind, AccountKind::Funding | AccountKind::Claims) && balance_minor > 0 {
            // Reachable by a rule: a wallet with a credit limit may not carry
            // out more money than ever came in.
            return Err(Error::new(
                Code::NotAllowed,
                format!("more would leave through {} than ever came in", self.name),
            ));
        }
        self.balance_minor = balance_minor;
        self.posting_sequence = add(self.posting_sequence, 1)?;
        Ok(())
    }

    /// The balance with this much more in it. What can be spent, credit limit
    /// included, must stay within 64 bits too, or the wallet could not be read.
    pub(crate) fn room_for(&self, amount_minor: i64) -> Result<i64> {
        let balance_minor = add(self.balance_minor, amount_minor)?;
        add(balance_minor, self.credit_limit_minor)?;
        Ok(balance_minor)
    }

    /// Reserves part of what is available.
    pub(crate) fn hold(&mut self, amount_minor: i64) -> Result<()> {
        if self.available_minor()? < amount_minor {
            return Err(Error::new(Code::InsufficientFunds, "the available balance does not cover the hold"));
        }
        self.held_minor = add(self.held_minor, amount_minor)?;
        Ok(())
    }

    /// Ends a reservation.
    pub(crate) fn unhold(&mut self, amount_minor: i64) -> Result<()> {
        if amount_minor > self.held_minor {
            return Err(Error::new(
                Code::InvariantBroken,
                format!("account {} holds less than would be released", self.name),
            ));
        }
        self.held_minor = sub(self.held_minor, amount_minor)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(kind: AccountKind, balance_minor: i64) -> Account {
        Account {
            id: 1,
            name: "test".to_owned(),
            kind,
            currency: Currency::NGN,
            balance_minor,
            held_minor: 0,
            credit_limit_minor: 0,
            posting_sequence: 0,
            version: 1,
        }
    }

    #[test]
    fn a_wallet_spends_to_its_credit_limit_and_not_its_holds() {
        let mut wallet = account(AccountKind::Wallet, 100);
        wallet.credit_limit_minor = 50;
        wallet.hold(30).expect("there is enough");
        assert_eq!(wallet.debit(121).map_err(|e| e.code()), Err(Code::InsufficientFunds));
        wallet.debit(120).expect("down to the limit");
        assert_eq!(wallet.available_minor().ok(), Some(0));
        assert_eq!(wallet.hold(1).map_err(|e| e.code()), Err(Code::InsufficientFunds));
    }

    #[test]
    fn the_largest_balance_takes_no_more() {
        let mut wallet = account(AccountKind::Wallet, i64::MAX);
        assert_eq!(wallet.credit(1).map_err(|e| e.code()), Err(Code::AmountOverflow));
        assert_eq!(wallet.balance_minor, i64::MAX);
    }

    #[test]
    fn system_accounts_keep_their_sign() {
        assert_eq!(account(AccountKind::Clearing, 5).debit(6).map_err(|e| e.code()), Err(Code::InvariantBroken));
        assert_eq!(account(AccountKind::Suspense, 5).debit(6).map_err(|e| e.code()), Err(Code::InvariantBroken));
        assert_eq!(account(AccountKind::Funding, -5).credit(6).map_err(|e| e.code()), Err(Code::NotAllowed));
        assert_eq!(account(AccountKind::Claims, -5).credit(6).map_err(|e| e.code()), Err(Code::NotAllowed));
        assert!(account(AccountKind::Float, 0).debit(6).is_ok());
    }
}
