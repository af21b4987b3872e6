//! The machine of a hold: part of a wallet's balance, reserved.
//!
//! ```text
//!     ACTIVE -> ACTIVE     [capture, something kept]
//!     ACTIVE -> CAPTURED   [capture, nothing kept or nothing left]
//!     ACTIVE -> RELEASED   [release]
//!     ACTIVE -> EXPIRED    [expire, once its time has come]
//! ```
//! While ACTIVE, `amount − captured` counts as held in the wallet. In every
//! other state nothing is held, and nothing leaves it: a hold resolves once.
//! The last act names the state: a hold captured in part and then released is
//! RELEASED, and its captured amount says the rest.
#![allow(dead_code, reason = "used by the engine")]

use crate::clock::UnixMillis;
use crate::error::{Error, Result};
use crate::money::amount::{add, sub};
use crate::vocabulary::{Code, HoldStatus};

/// Every change there is, the only table of them.
pub(crate) const TRANSITIONS: &[(HoldStatus, HoldStatus)] = &[
    (HoldStatus::Active, HoldStatus::Active),
    (HoldStatus::Active, HoldStatus::Captured),
    (HoldStatus::Active, HoldStatus::Released),
    (HoldStatus::Active, HoldStatus::Expired),
];

/// What becomes of the part of a hold that a capture leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Remainder {
    /// It is given back; the hold is resolved.
    #[default]
    Release,
    /// It stays held, for a later capture.
    Keep,
}

/// A hold as it is stored. Amounts in minor units of the wallet's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hold {
    /// What was reserved; more than zero.
    pub(crate) amount_minor: i64,
    /// What has been taken of it so far.
    pub(crate) captured_minor: i64,
    /// Where it stands.
    pub(crate) status: HoldStatus,
    /// From when on it can only expire, on the engine's timeline.
    pub(crate) expires_at: UnixMillis,
}

/// A lawful change of a hold. Only this file makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) struct HoldChange {
    from: HoldStatus,
    to: HoldStatus,
    taken_minor: i64,
    freed_minor: i64,
    captured_minor: i64,
}

impl HoldChange {
    /// The state it must be in for the change to be written.
    pub(crate) const fn from(&self) -> HoldStatus {
        self.from
    }

    /// The state it goes to.
    pub(crate) const fn to(&self) -> HoldStatus {
        self.to
    }

    /// What is to be posted, in minor units; 0 for none.
    pub(crate) const fn taken_minor(&self) -> i64 {
        self.taken_minor
    }

    /// What becomes available again, in minor units.
    pub(crate) const fn freed_minor(&self) -> i64 {
        self.freed_minor
    }

    /// What has been taken of the hold in all, in minor units.
    pub(crate) const fn captured_minor(&self) -> i64 {
        self.captured_minor
    }

    /// By how much the wallet's held amount falls, in minor units: what is taken and what is freed.
    ///
    /// # Errors
    /// [`Code::AmountOverflow`], for a damaged row.
    pub(crate) fn unheld_minor(&self) -> Result<i64> {
        add(self.taken_minor, self.freed_minor)
    }
}

impl Hold {
    /// What is still held, in minor units; 0 once resolved.
    ///
    /// # Errors
    /// [`Code::AmountOverflow`], for a damaged row.
    pub(crate) fn left_minor(&self) -> Result<i64> {
        match self.status {
            HoldStatus::Active => sub(self.amount_minor, self.captured_minor),
            HoldStatus::Captured | HoldStatus::Released | HoldStatus::Expired => Ok(0),
        }
    }

    /// Takes part or all of what is left.
    ///
    /// # Errors
    /// In this order: [`Code::InvalidAmount`] unless more than zero;
    /// [`Code::HoldResolved`], also once its time has come;
    /// [`Code::CaptureAboveHold`].
    pub(crate) fn capture(&self, amount_minor: i64, remainder: Remainder, now: UnixMillis) -> Result<HoldChange> {
        if amount_minor <= 0 {
            return Err(Error::field(Code::InvalidAmount, "amount", "must be more than zero"));
        }
        self.require_active()?;
        if now >= self.expires_at {
            return Err(Error::new(Code::HoldResolved, "the hold has expired; authorise a new one"));
        }
        let left_minor = self.left_minor()?;
        if amount_minor > left_minor {
            let text = format!("the hold has {left_minor} minor units left; capture at most that");
            return Err(Error::field(Code::CaptureAboveHold, "amount", text));
        }
        let rest_minor = sub(left_minor, amount_minor)?;
        let (to, freed_minor) = match remainder {
            Remainder::Keep if rest_minor > 0 => (HoldStatus::Active, 0),
            Remainder::Keep | Remainder::Release => (HoldStatus::Captured, rest_minor),
        };
        let captured_minor = add(self.captured_minor, amount_minor)?;
        Ok(HoldChange { from: self.status, to, taken_minor: amount_minor, freed_minor, captured_minor })
    }

    /// Gives what is left back, by request; also after its time has come.
    ///
    /// # Errors
    /// [`Code::HoldResolved`].
    pub(crate) fn release(&self) -> Result<HoldChange> {
        self.give_back(HoldStatus::Released)
    }

    /// Gives what is left back because its time has come.
    ///
    /// # Errors
    /// In this order: [`Code::HoldResolved`]; [`Code::NotAllowed`] before its time.
    pub(crate) fn expire(&self, now: UnixMillis) -> Result<HoldChange> {
        let change = self.give_back(HoldStatus::Expired)?;
        if now < self.expires_at {
            return Err(Error::new(Code::NotAllowed, "the hold's time has not come; release it instead"));
        }
        Ok(change)
    }

    fn give_back(&self, to: HoldStatus) -> Result<HoldChange> {
        self.require_active()?;
        let freed_minor = self.left_minor()?;
        Ok(HoldChange { from: self.status, to, taken_minor: 0, freed_minor, captured_minor: self.captured_minor })
    }

    fn require_active(&self) -> Result<()> {
        match self.status {
            HoldStatus::Active => Ok(()),
            resolved @ (HoldStatus::Captured | HoldStatus::Released | HoldStatus::Expired) => {
                Err(Error::new(Code::HoldResolved, format!("the hold is {resolved}; authorise a new one")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: UnixMillis = UnixMillis(1_000);

    fn hold(amount_minor: i64, captured_minor: i64, status: HoldStatus) -> Hold {
        Hold { amount_minor, captured_minor, status, expires_at: UnixMillis(2_000) }
    }

    fn after(hold: Hold, change: HoldChange) -> Hold {
        Hold { status: change.to(), captured_minor: change.captured_minor(), ..hold }
    }

    #[test]
    fn a_hold_is_captured_in_parts_and_the_rest_released() {
        let whole = hold(100, 0, HoldStatus::Active);
        let first = whole.capture(40, Remainder::Keep, NOW).unwrap();
        assert_eq!((first.to(), first.taken_minor(), first.freed_minor()), (HoldStatus::Active, 40, 0));
        let rest = after(whole, first);
        let second = rest.capture(50, Remainder::Release, NOW).unwrap();
        assert_eq!((second.to(), second.taken_minor(), second.freed_minor()), (HoldStatus::Captured, 50, 10));
        assert_eq!((second.captured_minor(), second.unheld_minor().ok()), (90, Some(60)));
        let all = rest.capture(60, Remainder::Keep, NOW).unwrap();
        assert_eq!((all.to(), all.freed_minor()), (HoldStatus::Captured, 0));
        let released = rest.release().unwrap();
        assert_eq!((released.to(), released.taken_minor(), released.freed_minor()), (HoldStatus::Released, 0, 60));
    }

    #[test]
    fn capture_above_hold_is_refused() {
        let code =
            |amount| hold(100, 40, HoldStatus::Active).capture(amount, Remainder::Keep, NOW).map_err(|e| e.code());
        assert_eq!(code(61), Err(Code::CaptureAboveHold));
        assert_eq!(code(0), Err(Code::InvalidAmount));
        assert_eq!(code(i64::MIN), Err(Code::InvalidAmount));
        assert!(code(60).is_ok());
    }

    #[test]
    fn a_resolved_hold_stays_as_it_is() {
        for status in [HoldStatus::Captured, HoldStatus::Released, HoldStatus::Expired] {
            let resolved = hold(100, 40, status);
            let changes =
                [resolved.capture(1, Remainder::Keep, NOW), resolved.release(), resolved.expire(UnixMillis(9_000))];
            for change in changes {
                assert_eq!(change.map_err(|e| e.code()), Err(Code::HoldResolved), "{status}");
            }
            assert_eq!(resolved.left_minor().ok(), Some(0));
        }
    }

    #[test]
    fn either_capture_or_expiry_is_possible_never_both() {
        let open = hold(100, 0, HoldStatus::Active);
        let (before, due) = (UnixMillis(1_999), UnixMillis(2_000));
        assert!(open.capture(1, Remainder::Keep, before).is_ok());
        assert_eq!(open.expire(before).map_err(|e| e.code()), Err(Code::NotAllowed));
        assert_eq!(open.capture(1, Remainder::Keep, due).map_err(|e| e.code()), Err(Code::HoldResolved));
        assert_eq!(open.expire(due).map(|c| (c.to(), c.freed_minor())).ok(), Some((HoldStatus::Expired, 100)));
        assert!(open.release().is_ok());
    }

    proptest! {
        #[test]
        fn held_money_is_taken_or_freed_and_nothing_else(
            amount in 1..=i64::MAX,
            steps in prop::collection::vec((0..4u8, 1..=i64::MAX, 0..3_000i64), 1..12),
        ) {
            let mut one = hold(amount, 0, HoldStatus::Active);
            let (mut taken, mut freed) = (0i64, 0i64);
            for (kind, part, now) in steps {
                let now = UnixMillis(now);
                let part = part % amount + 1;
                let change = match kind {
                    0 => one.capture(part, Remainder::Keep, now),
                    1 => one.capture(part, Remainder::Release, now),
                    2 => one.release(),
                    _ => one.expire(now),
                };
                let Ok(change) = change else { continue };
                prop_assert!(TRANSITIONS.contains(&(change.from(), change.to())));
                prop_assert_eq!(change.from(), one.status);
                let held_before = one.left_minor().unwrap();
                one = after(one, change);
                prop_assert_eq!(held_before - change.unheld_minor().unwrap(), one.left_minor().unwrap());
                taken += change.taken_minor();
                freed += change.freed_minor();
                prop_assert_eq!(taken, one.captured_minor);
                prop_assert_eq!(taken + freed + one.left_minor().unwrap(), amount);
            }
        }
    }
}
