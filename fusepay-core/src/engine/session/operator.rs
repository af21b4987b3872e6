//! What operators, auditors and admins may do with everybody's, by role
//! (`auth/authorisation.rs` says who may what).

use crate::auth::authorisation::{Action, demand};
use crate::auth::record::{SessionRecord, User, UserPage};
use crate::bill::record::Payment;
use crate::engine::auth::{logout, operator, profile};
use crate::engine::bill::Explanation;
use crate::engine::history::{HistoryFilter, HistoryPage};
use crate::engine::inner::Access;
use crate::engine::reversal::{ClaimSettlement, RefundRequest, ReviewVerdict};
use crate::engine::session::ticket::Ticket;
use crate::engine::{bill, history, queue, reversal, wallet};
use crate::error::{Error, Result};
use crate::id::{JobId, PaymentId, UserId, WalletId};
use crate::queue::job::Job;
use crate::queue::job::JobCount;
use crate::vocabulary::{Code, PaymentStatus, Role, WalletStatus};
use crate::wallet::record::Wallet;

/// What a session may do beyond its own user. See [`crate::Session::operator`]. Every
/// method first answers [`Code::InvalidToken`] when
/// the session has ended, then [`Code::Forbidden`], in
/// the same words, when the role does not allow it.
pub struct Operator<'s> {
    pub(crate) session: &'s Ticket,
}

impl Operator<'_> {
    fn demand(&self, action: Action) -> Result<Access> {
        let who = self.session.principal()?;
        demand(who.role, action)?;
        Ok(Access::Operator(who.user_id))
    }

    /// As [`Auth::list_users`](crate::Auth::list_users). Operators, auditors, admins.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::InvalidCursor`].
    pub fn list_users(&self, after: Option<UserId>, limit: u32) -> Result<UserPage> {
        operator::list(&self.session.inner, self.demand(Action::ListUsers)?, after, limit)
    }

    /// As [`Auth::search_users`](crate::Auth::search_users). Operators, auditors, admins.
    ///
    /// # Errors
    /// [`Code::TooLong`], [`Code::InvalidArgument`], [`Code::InvalidCursor`].
    pub fn search_users(&self, text: &str, after: Option<UserId>, limit: u32) -> Result<UserPage> {
        operator::search(&self.session.inner, self.demand(Action::ListUsers)?, text, after, limit)
    }

    /// One user. Operators, auditors, admins.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn find_user(&self, user: UserId) -> Result<User> {
        profile::find(&self.session.inner, self.demand(Action::ListUsers)?, user)
    }

    /// The sessions of a user that are alive. Operators, auditors, admins.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn sessions(&self, user: UserId) -> Result<Vec<SessionRecord>> {
        logout::sessions(&self.session.inner, self.demand(Action::ListUsers)?, user)
    }

    /// Ends all sessions of a user. Operators, admins.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn end_sessions(&self, user: UserId) -> Result<()> {
        logout::everywhere(&self.session.inner, self.demand(Action::EndSessions)?, user)
    }

    /// Forbids a user to log in, and ends their sessions. Admins.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::LastAdmin`].
    pub fn deactivate(&self, user: UserId) -> Result<User> {
        operator::deactivate(&self.session.inner, self.demand(Action::DeactivateUser)?, user)
    }

    /// Lets a deactivated user log in again. Admins.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn reactivate(&self, user: UserId) -> Result<User> {
        operator::reactivate(&self.session.inner, self.demand(Action::ReactivateUser)?, user)
    }

    /// Gives a user another role, and ends their sessions. Admins.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::InvalidArgument`] (`system`), [`Code::LastAdmin`].
    pub fn set_role(&self, user: UserId, role: Role) -> Result<User> {
        operator::set_role(&self.session.inner, self.demand(Action::ChangeRole)?, user, role)
    }

    /// Anybody's wallet with its money. Operators, auditors, admins.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn find_wallet(&self, id: WalletId) -> Result<Wallet> {
        wallet::find(&self.session.inner, self.demand(Action::ReadAnyWallet)?, id)
    }

    /// Anybody's wallets, oldest first. Operators, auditors, admins.
    ///
    /// # Errors
    /// The common ones.
    pub fn list_wallets(&self, user: UserId) -> Result<Vec<Wallet>> {
        wallet::list(&self.session.inner, self.demand(Action::ReadAnyWallet)?, user)
    }

    /// A page of anybody's history, as [`History::page`](crate::History::page).
    /// Operators, auditors, admins.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::TooLong`], [`Code::NotFound`], [`Code::InvalidCursor`].
    pub fn history(
        &self,
        wallet: WalletId,
        filter: &HistoryFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<HistoryPage> {
        history::page(&self.session.inner, self.demand(Action::ReadAnyWallet)?, wallet, filter, cursor, limit)
    }

    /// Freezes or thaws a wallet. Operators, admins.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`]: closing is the host's. [`Code::NotFound`],
    /// [`Code::WalletClosed`].
    pub fn set_wallet_status(&self, id: WalletId, status: WalletStatus) -> Result<Wallet> {
        let access = self.demand(Action::FreezeWallet)?;
        if status == WalletStatus::Closed {
            return Err(Error::field(Code::InvalidArgument, "status", "must freeze or thaw; the host closes wallets"));
        }
        wallet::set_status(&self.session.inner, access, id, status)
    }

    /// Anybody's payment as it stands. Operators, auditors, admins.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn find_payment(&self, id: PaymentId) -> Result<Payment> {
        bill::find(&self.session.inner, self.demand(Action::ReadAnyPayment)?, id)
    }

    /// Everything known about a payment. Operators, auditors, admins.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn explain_payment(&self, id: PaymentId) -> Result<Explanation> {
        bill::explain(&self.session.inner, self.demand(Action::ReadAnyPayment)?, id)
    }

    /// Payments in one state, oldest first, after one; `limit` 1 to 500.
    /// Operators, auditors, admins.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn list_payments(&self, status: PaymentStatus, after: Option<PaymentId>, limit: u32) -> Result<Vec<Payment>> {
        self.demand(Action::ReadAnyPayment)?;
        bill::list_by_status(&self.session.inner, status, after, limit)
    }

    /// Returns part or all of a completed payment. Operators, admins.
    ///
    /// # Errors
    /// As [`Reversals::refund`](crate::Reversals::refund).
    pub fn refund(&self, request: &RefundRequest) -> Result<Payment> {
        reversal::refund(&self.session.inner, self.demand(Action::Refund)?, request)
    }

    /// Reverses a failed payment now. Operators, admins.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::NotReversible`].
    pub fn reverse(&self, id: PaymentId) -> Result<Payment> {
        reversal::reverse(&self.session.inner, self.demand(Action::ReversePayment)?, id)
    }

    /// Ends a review with evidence. Operators, admins.
    ///
    /// # Errors
    /// As [`Reversals::resolve_review`](crate::Reversals::resolve_review).
    pub fn resolve_review(&self, id: PaymentId, verdict: &ReviewVerdict, reason: &str) -> Result<Payment> {
        reversal::resolve_review(&self.session.inner, self.demand(Action::ResolveReview)?, id, verdict, reason)
    }

    /// Payments whose money waits in suspense, oldest first; `limit` 1 to 500.
    /// Operators, auditors, admins.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn open_suspense(&self, limit: u32) -> Result<Vec<Payment>> {
        self.demand(Action::ReadQueue)?;
        reversal::open_suspense(&self.session.inner, limit)
    }

    /// Moves a payment's money from suspense to its owner. Operators, admins.
    ///
    /// # Errors
    /// As [`Reversals::release_suspense`](crate::Reversals::release_suspense).
    pub fn release_suspense(&self, id: PaymentId, to: Option<WalletId>) -> Result<Payment> {
        reversal::release_suspense(&self.session.inner, self.demand(Action::ResolveSuspense)?, id, to)
    }

    /// Late successes that wait to be settled, oldest first; `limit` 1 to 500.
    /// Operators, auditors, admins.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn open_claims(&self, limit: u32) -> Result<Vec<Payment>> {
        self.demand(Action::ReadQueue)?;
        reversal::open_claims(&self.session.inner, limit)
    }

    /// Ends the claim of a late success. Operators, admins.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::NotAllowed`].
    pub fn settle_claim(&self, id: PaymentId, settlement: ClaimSettlement, reason: &str) -> Result<Payment> {
        reversal::settle_claim(&self.session.inner, self.demand(Action::ResolveSuspense)?, id, settlement, reason)
    }

    /// Dead letters, oldest first, after one; `limit` 1 to 500. Operators, auditors, admins.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn dead_letters(&self, after: Option<JobId>, limit: u32) -> Result<Vec<Job>> {
        self.demand(Action::ReadQueue)?;
        queue::dead_letters(&self.session.inner, after, limit)
    }

    /// How many jobs there are, by kind and state. Operators, auditors, admins.
    ///
    /// # Errors
    /// The common ones.
    pub fn job_counts(&self) -> Result<Vec<JobCount>> {
        self.demand(Action::ReadQueue)?;
        queue::counts(&self.session.inner)
    }

    /// Puts a dead letter back in the queue. Operators, admins.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::JobNotDead`], [`Code::NotAllowed`].
    pub fn retry_job(&self, id: JobId) -> Result<Job> {
        queue::retry(&self.session.inner, self.demand(Action::RetryJob)?, id)
    }

    /// Closes a dead letter with a reason. Operators, admins.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::JobNotDead`], [`Code::NotAllowed`].
    pub fn resolve_job(&self, id: JobId, reason: &str) -> Result<()> {
        queue::resolve(&self.session.inner, self.demand(Action::ResolveJob)?, id, reason)
    }
}
