//! Which role may do what beyond its own wallets. Deny by default: an action
//! lists who may, and whoever is not listed may not.
//!
//! Not here: what users do with what is theirs. There is no right to check for
//! that; the owner is part of every read, and another user's id is `NOT_FOUND`.
//! Nor the calls that create money: those exist on the host's side only and no
//! role reaches them.

use crate::error::{Error, Result};
use crate::vocabulary::{Code, Role};

/// Something a session can only do by its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// List users and look one up.
    ListUsers,
    /// Read any user's wallets, balances and history.
    ReadAnyWallet,
    /// Read any user's payments, with their attempts and steps.
    ReadAnyPayment,
    /// Read the queue, dead letters and open reviews.
    ReadQueue,
    /// Read the audit trail, export its head and verify it.
    ReadAudit,
    /// Return part or all of a completed payment.
    Refund,
    /// Reverse a payment that has conclusively failed.
    ReversePayment,
    /// Decide a payment that waits for review, with evidence.
    ResolveReview,
    /// Release money in suspense, settle claims.
    ResolveSuspense,
    /// Put a dead letter back in the queue.
    RetryJob,
    /// Close a dead letter with a reason.
    ResolveJob,
    /// Freeze or thaw a wallet.
    FreezeWallet,
    /// End all sessions of another user.
    EndSessions,
    /// Set a wallet's limits or credit limit.
    SetWalletLimit,
    /// Load, switch on or switch off billers and items.
    ChangeCatalogue,
    /// Give a user another role.
    ChangeRole,
    /// Forbid a user to log in.
    DeactivateUser,
    /// Let a deactivated user log in again.
    ReactivateUser,
}

impl Action {
    /// Every action, for tests and documentation.
    pub const ALL: &'static [Action] = &[
        Action::ListUsers,
        Action::ReadAnyWallet,
        Action::ReadAnyPayment,
        Action::ReadQueue,
        Action::ReadAudit,
        Action::Refund,
        Action::ReversePayment,
        Action::ResolveReview,
        Action::ResolveSuspense,
        Action::RetryJob,
        Action::ResolveJob,
        Action::FreezeWallet,
        Action::EndSessions,
        Action::SetWalletLimit,
        Action::ChangeCatalogue,
        Action::ChangeRole,
        Action::DeactivateUser,
        Action::ReactivateUser,
    ];
}

/// The roles that may. `System` stands nowhere: the engine does not ask itself,
/// and a session that claimed to be it would be a forgery.
const fn permitted(action: Action) -> &'static [Role] {
    match action {
        Action::ListUsers | Action::ReadAnyWallet | Action::ReadAnyPayment | Action::ReadQueue => {
            &[Role::Operator, Role::Auditor, Role::Admin]
        }
        Action::ReadAudit => &[Role::Auditor, Role::Admin],
        Action::Refund
        | Action::ReversePayment
        | Action::ResolveReview
        | Action::ResolveSuspense
        | Action::RetryJob
        | Action::ResolveJob
        | Action::FreezeWallet
        | Action::EndSessions => &[Role::Operator, Role::Admin],
        Action::SetWalletLimit
        | Action::ChangeCatalogue
        | Action::ChangeRole
        | Action::DeactivateUser
        | Action::ReactivateUser => &[Role::Admin],
    }
}

/// Whether a session with this role may do this.
#[must_use]
pub fn may(role: Role, action: Action) -> bool {
    permitted(action).contains(&role)
}

/// Refuses with `FORBIDDEN` what the role may not do. The text is the same for
/// every action, so a refusal teaches nothing about what exists.
pub(crate) fn demand(role: Role, action: Action) -> Result<()> {
    if may(role, action) { Ok(()) } else { Err(Error::new(Code::Forbidden, "the caller's role does not allow this")) }
}

/// Whether an account may go from one role to another, `active_admins` being
/// counted in the same transaction. Same-role changes pass: they change nothing.
///
/// # Errors
/// `INVALID_ARGUMENT`: `system` is nobody's role. `LAST_ADMIN`: nobody would be
/// left to give roles.
pub(crate) fn check_role_change(from: Role, to: Role, active_admins: u64) -> Result<()> {
    if to == Role::System || from == Role::System {
        return Err(Error::field(Code::InvalidArgument, "role", "system is the engine's own and no user's"));
    }
    if from == Role::Admin && to != Role::Admin { check_not_last_admin(active_admins) } else { Ok(()) }
}

/// Whether an active account of this role may be deactivated.
///
/// # Errors
/// `LAST_ADMIN`, as for [`check_role_change`].
pub(crate) fn check_deactivation(role: Role, active_admins: u64) -> Result<()> {
    if role == Role::Admin { check_not_last_admin(active_admins) } else { Ok(()) }
}

fn check_not_last_admin(active_admins: u64) -> Result<()> {
    if active_admins > 1 {
        Ok(())
    } else {
        Err(Error::new(Code::LastAdmin, "this is the last active admin; make another one first"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_system_may_do_nothing_by_role() {
        for action in Action::ALL {
            assert!(!may(Role::User, *action), "{action:?}");
            assert!(!may(Role::System, *action), "{action:?}");
            assert_eq!(demand(Role::User, *action).map_err(|e| e.code()), Err(Code::Forbidden));
        }
    }

    #[test]
    fn an_auditor_reads_everything_and_changes_nothing() {
        let reads =
            [Action::ListUsers, Action::ReadAnyWallet, Action::ReadAnyPayment, Action::ReadQueue, Action::ReadAudit];
        for action in Action::ALL {
            assert_eq!(may(Role::Auditor, *action), reads.contains(action), "{action:?}");
        }
    }

    #[test]
    fn an_admin_may_what_an_operator_may_and_an_operator_gives_no_roles() {
        for action in Action::ALL {
            assert!(may(Role::Admin, *action), "{action:?}");
        }
        for action in [Action::ChangeRole, Action::DeactivateUser, Action::ReactivateUser, Action::SetWalletLimit] {
            assert!(!may(Role::Operator, action), "{action:?}");
        }
        for action in [Action::Refund, Action::ResolveReview, Action::RetryJob] {
            assert!(may(Role::Operator, action), "{action:?}");
        }
    }

    #[test]
    fn the_list_of_all_actions_is_complete_and_without_repeats() {
        // The highest discriminant is one less than the length, so a variant
        // that is missing from ALL shows as a gap.
        let mut seen: Vec<usize> = Action::ALL.iter().map(|action| *action as usize).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..Action::ALL.len()).collect::<Vec<_>>());
    }

    #[test]
    fn the_last_admin_stays() {
        assert_eq!(check_role_change(Role::Admin, Role::User, 1).map_err(|e| e.code()), Err(Code::LastAdmin));
        assert_eq!(check_deactivation(Role::Admin, 1).map_err(|e| e.code()), Err(Code::LastAdmin));
        assert!(check_role_change(Role::Admin, Role::User, 2).is_ok());
        assert!(check_role_change(Role::Admin, Role::Admin, 1).is_ok());
        assert!(check_deactivation(Role::User, 1).is_ok());
    }

    #[test]
    fn nobody_becomes_the_system() {
        assert_eq!(check_role_change(Role::User, Role::System, 2).map_err(|e| e.code()), Err(Code::InvalidArgument));
    }
}
