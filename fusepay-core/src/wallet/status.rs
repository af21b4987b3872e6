//! The machine of a wallet's status, and what each status allows.
//!
//! ```text
//!     ACTIVE <-> DEBITS_FROZEN <-> FROZEN <-> ACTIVE
//!        any of them -> CLOSED, which nothing leaves
//! ```
//! Every change is by request; that a wallet to be closed is empty is checked
//! where its balance is known.
#![allow(dead_code, reason = "used by the engine")]

use crate::error::{Error, Result};
use crate::vocabulary::{Code, WalletStatus};

/// Every change there is, the only table of them.
pub(crate) const TRANSITIONS: &[(WalletStatus, WalletStatus)] = &[
    (WalletStatus::Active, WalletStatus::DebitsFrozen),
    (WalletStatus::Active, WalletStatus::Frozen),
    (WalletStatus::Active, WalletStatus::Closed),
    (WalletStatus::DebitsFrozen, WalletStatus::Active),
    (WalletStatus::DebitsFrozen, WalletStatus::Frozen),
    (WalletStatus::DebitsFrozen, WalletStatus::Closed),
    (WalletStatus::Frozen, WalletStatus::Active),
    (WalletStatus::Frozen, WalletStatus::DebitsFrozen),
    (WalletStatus::Frozen, WalletStatus::Closed),
];

/// Whether money may leave.
///
/// # Errors
/// [`Code::WalletFrozen`], [`Code::WalletClosed`].
pub(crate) fn may_debit(status: WalletStatus) -> Result<()> {
    match status {
        WalletStatus::Active => Ok(()),
        WalletStatus::DebitsFrozen | WalletStatus::Frozen => Err(frozen("no money may leave")),
        WalletStatus::Closed => Err(closed()),
    }
}

/// Whether money may arrive.
///
/// # Errors
/// [`Code::WalletFrozen`], [`Code::WalletClosed`].
pub(crate) fn may_credit(status: WalletStatus) -> Result<()> {
    match status {
        WalletStatus::Active | WalletStatus::DebitsFrozen => Ok(()),
        WalletStatus::Frozen => Err(frozen("no money may arrive")),
        WalletStatus::Closed => Err(closed()),
    }
}

/// Whether a wallet may go from one status to the other.
///
/// # Errors
/// [`Code::WalletClosed`] from closed; [`Code::NotAllowed`] for a change to
/// the status it has.
pub(crate) fn may_change(from: WalletStatus, to: WalletStatus) -> Result<()> {
    if from == WalletStatus::Closed {
        return Err(closed());
    }
    if TRANSITIONS.contains(&(from, to)) {
        return Ok(());
    }
    Err(Error::field(Code::NotAllowed, "status", format!("a wallet that is {from} can't become {to}")))
}

fn frozen(what: &str) -> Error {
    Error::new(Code::WalletFrozen, format!("the wallet is frozen: {what} until an operator thaws it"))
}

fn closed() -> Error {
    Error::new(Code::WalletClosed, "the wallet is closed for ever; use another one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_allows_what_its_meaning_says() {
        let codes = |status| (may_debit(status).err().map(|e| e.code()), may_credit(status).err().map(|e| e.code()));
        assert_eq!(codes(WalletStatus::Active), (None, None));
        assert_eq!(codes(WalletStatus::DebitsFrozen), (Some(Code::WalletFrozen), None));
        assert_eq!(codes(WalletStatus::Frozen), (Some(Code::WalletFrozen), Some(Code::WalletFrozen)));
        assert_eq!(codes(WalletStatus::Closed), (Some(Code::WalletClosed), Some(Code::WalletClosed)));
    }

    #[test]
    fn every_change_is_possible_but_none_to_itself_and_none_from_closed() {
        for &from in WalletStatus::ALL {
            for &to in WalletStatus::ALL {
                let expected = match (from, to) {
                    (WalletStatus::Closed, _) => Some(Code::WalletClosed),
                    _ if from == to => Some(Code::NotAllowed),
                    _ => None,
                };
                assert_eq!(may_change(from, to).err().map(|e| e.code()), expected, "{from} to {to}");
            }
        }
    }
}
