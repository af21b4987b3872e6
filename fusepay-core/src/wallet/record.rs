//! What a wallet and a hold look like to a host.

use crate::clock::UnixMillis;
use crate::id::{HoldId, UserId, WalletId};
use crate::money::currency::Currency;
use crate::vocabulary::{HoldStatus, WalletStatus};
use serde::{Deserialize, Serialize};

/// One consistent snapshot of a wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Wallet {
    /// Its id.
    pub id: WalletId,
    /// Whose it is.
    pub user_id: UserId,
    /// Its currency; never changes.
    pub currency: Currency,
    /// A name its owner gave it; may be empty.
    pub label: String,
    /// Whether it may be used.
    pub status: WalletStatus,
    /// Credits − debits, in minor units.
    pub balance_minor: i64,
    /// Reserved by active holds, in minor units.
    pub held_minor: i64,
    /// What may be spent now: balance − held + credit limit, in minor units.
    pub available_minor: i64,
    /// How far below zero the balance may go, in minor units.
    pub credit_limit_minor: i64,
    /// Rises with every change of the money in it. Pass it as
    /// `expected_version` to have a change refused when it is no longer this.
    pub version: i64,
    /// When it came into being.
    pub created_at: UnixMillis,
    /// When its label, status or limits last changed.
    pub updated_at: UnixMillis,
}

/// A reservation of part of a wallet's balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// The wallet whose balance is reserved.
    pub wallet_id: WalletId,
    /// Its currency.
    pub currency: Currency,
    /// What was reserved, in minor units.
    pub amount_minor: i64,
    /// What has been captured of it, in minor units.
    pub captured_minor: i64,
    /// Its state.
    pub status: HoldStatus,
    /// A text for people, if one was given.
    pub description: Option<String>,
    /// When it was authorised.
    pub created_at: UnixMillis,
    /// When it is given back by itself.
    pub expires_at: UnixMillis,
    /// When it was resolved, once it is.
    pub resolved_at: Option<UnixMillis>,
}

impl Hold {
    /// What is still reserved, in minor units.
    #[must_use]
    pub fn remaining_minor(&self) -> i64 {
        match self.status {
            HoldStatus::Active => self.amount_minor.saturating_sub(self.captured_minor),
            HoldStatus::Captured | HoldStatus::Released | HoldStatus::Expired => 0,
        }
    }
}
