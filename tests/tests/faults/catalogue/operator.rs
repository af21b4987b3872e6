//! What a role opens to a logged-in user.

use super::engine::release_by_hand;
use super::{Operation, keyed, reads, show, writes};
use crate::stage::Scene;
use fusepay_core::{
    ClaimSettlement, HistoryFilter, PaidReceipt, PaymentStatus, RefundRequest, RefundSource, Result, ReviewVerdict,
    Role, Session, WalletStatus,
};
use fusepay_testkit::ngn;

fn olu(s: &Scene<'_>) -> Result<Session> {
    s.engine.session(&s.cast.operator_access)
}

pub(super) fn operations() -> Vec<Operation> {
    [people(), wallets(), payments(), queue()].concat()
}

fn people() -> Vec<Operation> {
    vec![
        reads("session.operator.list_users", |s| show(olu(s)?.operator()?.list_users(None, 10))),
        reads("session.operator.search_users", |s| show(olu(s)?.operator()?.search_users("ada", None, 10))),
        reads("session.operator.find_user", |s| show(olu(s)?.operator()?.find_user(s.cast.ada))),
        reads("session.operator.sessions", |s| show(olu(s)?.operator()?.sessions(s.cast.ada))),
        writes("session.operator.end_sessions", |s| show(olu(s)?.operator()?.end_sessions(s.cast.cyd))),
        writes("session.operator.deactivate", |s| show(olu(s)?.operator()?.deactivate(s.cast.cyd))),
        writes("session.operator.reactivate", |s| show(olu(s)?.operator()?.reactivate(s.cast.dee))),
        writes("session.operator.set_role", |s| show(olu(s)?.operator()?.set_role(s.cast.cyd, Role::Auditor))),
    ]
}

fn wallets() -> Vec<Operation> {
    vec![
        reads("session.operator.find_wallet", |s| show(olu(s)?.operator()?.find_wallet(s.cast.main))),
        reads("session.operator.list_wallets", |s| show(olu(s)?.operator()?.list_wallets(s.cast.ada))),
        reads("session.operator.history", |s| {
            show(olu(s)?.operator()?.history(s.cast.main, &HistoryFilter::default(), None, 10))
        }),
        writes("session.operator.set_wallet_status", |s| {
            show(olu(s)?.operator()?.set_wallet_status(s.cast.second, WalletStatus::DebitsFrozen))
        }),
    ]
}

fn payments() -> Vec<Operation> {
    vec![
        reads("session.operator.find_payment", |s| show(olu(s)?.operator()?.find_payment(s.cast.completed))),
        reads("session.operator.explain_payment", |s| show(olu(s)?.operator()?.explain_payment(s.cast.completed))),
        reads("session.operator.list_payments", |s| {
            show(olu(s)?.operator()?.list_payments(PaymentStatus::Completed, None, 10))
        }),
        keyed("session.operator.refund", |s| {
            let request = RefundRequest::new(s.cast.completed, ngn(800), RefundSource::Biller, "asked for");
            show(olu(s)?.operator()?.refund(&request.with_idempotency_key("refund")))
        }),
        writes("session.operator.reverse", |s| show(olu(s)?.operator()?.reverse(s.cast.failed))),
        writes("session.operator.resolve_review", |s| {
            let verdict = ReviewVerdict::Paid(PaidReceipt::new("letter 7"));
            show(olu(s)?.operator()?.resolve_review(s.cast.reviewed, &verdict, "the biller's letter"))
        }),
        reads("session.operator.open_suspense", |s| show(olu(s)?.operator()?.open_suspense(10))),
        writes("session.operator.release_suspense", |s| {
            show(olu(s)?.operator()?.release_suspense(s.cast.suspended, None))
        }),
        reads("session.operator.open_claims", |s| show(olu(s)?.operator()?.open_claims(10))),
        writes("session.operator.settle_claim", |s| {
            show(olu(s)?.operator()?.settle_claim(s.cast.claimed, ClaimSettlement::WrittenOff, "too small"))
        }),
    ]
}

fn queue() -> Vec<Operation> {
    vec![
        reads("session.operator.dead_letters", |s| show(olu(s)?.operator()?.dead_letters(None, 10))),
        reads("session.operator.job_counts", |s| show(olu(s)?.operator()?.job_counts())),
        writes("session.operator.retry_job", |s| show(olu(s)?.operator()?.retry_job(s.cast.dead_reversal))),
        writes("session.operator.resolve_job", |s| {
            show(olu(s)?.operator()?.resolve_job(s.cast.dead_expiry, "released by hand"))
        })
        .after(release_by_hand),
    ]
}
