//! THE payment machine: which status may follow which, and what a piece of
//! evidence does to a payment.
//!
//! ```text
//! PENDING ──send──▶ PROCESSING ──paid──▶ COMPLETED ──provider reversed──▶ REVERSED
//!    ▲  │               │  ▲                 ▲                               ▲
//!    │  └─never sent─┐  │  └──pending────┐   │paid                          │credit
//!    └────not sent───┼──┤                │   │                              │
//!                    ▼  ├──unknown──▶ UNKNOWN┤                              │
//!                  FAILED◀──conclusive───────┘                              │
//!                    │  └───────────────────────────────────────────────────┘
//!                    └──paid evidence──▶ NEEDS_REVIEW ──operator──▶ COMPLETED | FAILED
//! ```
//!
//! Per status: `PENDING` has a bill job · `PROCESSING` and `UNKNOWN` have a bill
//! job in its run or a requery job · `FAILED` has a reversal job · `NEEDS_REVIEW`
//! has no job, an operator has it · `COMPLETED` and `REVERSED` have none.
//!
//! Three fences keep a stored payment inside [`TRANSITIONS`]: a
//! [`PaymentChange`] is built only here; the store writes it with
//! `WHERE status = :before AND version = :version`; and a trigger refuses any
//! pair that is not in the table.

use crate::bill::outcome::{ConclusiveFailure, PaidReceipt, PayOutcome, QueryOutcome};
use crate::vocabulary::{PaymentStatus, ReviewReason};
use PaymentStatus::{Completed, Failed, NeedsReview, Pending, Processing, Reversed, Unknown};

/// Every legal change of status with what causes it. Loaded into the database
/// for its trigger, printed into `docs/states.md`.
pub const TRANSITIONS: &[(PaymentStatus, PaymentStatus, &str)] = &[
    (Pending, Processing, "an attempt is recorded, then sent"),
    (Pending, Failed, "provably never sent, and the runs are spent"),
    (Processing, Pending, "provably not sent; will be sent again with the same request id"),
    (Processing, Completed, "the provider confirmed it"),
    (Processing, Failed, "conclusively not paid"),
    (Processing, Unknown, "sent, and nobody can say what came of it"),
    (Processing, NeedsReview, "the evidence contradicts itself, or its job is dead"),
    (Unknown, Processing, "a query found it under way, or it is sent again idempotently"),
    (Unknown, Completed, "the provider confirmed it"),
    (Unknown, Failed, "conclusively not paid"),
    (Unknown, NeedsReview, "the requery budget is spent, or the evidence contradicts itself"),
    (Failed, Reversed, "the money is credited back"),
    (Failed, NeedsReview, "evidence of payment came before the credit"),
    (Completed, Reversed, "the provider took a completed payment back"),
    (NeedsReview, Completed, "an operator, or late conclusive evidence, says paid"),
    (NeedsReview, Failed, "an operator, or late conclusive evidence, says not paid"),
];

/// What the rules need to know about a payment to judge a piece of evidence.
#[derive(Debug, Clone)]
pub(crate) struct PaymentFacts {
    pub(crate) status: PaymentStatus,
    pub(crate) amount_minor: i64,
    pub(crate) customer_reference: String,
    pub(crate) review_reason: Option<ReviewReason>,
    /// Sends recorded so far, the one this evidence is about included.
    pub(crate) sends: u32,
    /// Whether an earlier send than this one may have reached the biller.
    pub(crate) earlier_send_may_have_arrived: bool,
    /// Whether no send can still be under way: each returned, or its process is
    /// dead by its lock. Never true by a lease or a clock.
    pub(crate) sends_are_over: bool,
    /// "Not found" answers in a row, past the grace, this one not included.
    pub(crate) not_found_streak: u32,
    /// Whether the provider's grace after the last send has passed.
    pub(crate) is_past_grace: bool,
    /// Whether the payment was booked as completed before.
    pub(crate) was_completed: bool,
    /// Whether a late success was booked as a claim that is still open.
    pub(crate) has_open_claim: bool,
    /// Whether a late success was ever booked.
    pub(crate) has_claim: bool,
    /// Whether the running job may run again after this run.
    pub(crate) has_runs_left: bool,
    pub(crate) can_query: bool,
    pub(crate) may_resend: bool,
    pub(crate) not_found_times: u32,
}

/// What to do next about a payment that is not concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send it (again) by the bill job's schedule.
    Send,
    /// Do it again shortly, uncounted: it was not done, and not for the provider's sake.
    PutOff,
    /// Ask by the requery schedule, or when the provider said to.
    Requery {
        /// The provider's wish, if it had one.
        poll_after_ms: Option<u64>,
    },
    /// Ask at once.
    RequeryNow,
}

/// What happens to the money and the payment. Built only by [`decide`] and the
/// named functions of this file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Clearing → float and fees.
    Settle(PaidReceipt),
    /// Queue the reversal that this evidence permits.
    Fail(ConclusiveFailure),
    /// Credit the wallet (or suspense) from clearing.
    CreditBack,
    /// Float and fees → wallet (or suspense).
    TakeBack {
        /// The provider's reason.
        reason: String,
    },
    /// Keep the money where it is and go on.
    Continue(Next),
    /// Keep the money where it is; an operator decides.
    Review(ReviewReason),
}

/// One legal change of a payment's status with what it does. Nothing outside
/// this file can build one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaymentChange {
    before: PaymentStatus,
    after: PaymentStatus,
    effect: Effect,
    /// Whether the change passes through `PROCESSING`, because evidence came
    /// for a payment that waits to be sent.
    through_processing: bool,
}

impl PaymentChange {
    pub(crate) fn before(&self) -> PaymentStatus {
        self.before
    }

    pub(crate) fn after(&self) -> PaymentStatus {
        self.after
    }

    pub(crate) fn effect(&self) -> &Effect {
        &self.effect
    }

    pub(crate) fn passes_through_processing(&self) -> bool {
        self.through_processing
    }

    fn new(before: PaymentStatus, after: PaymentStatus, effect: Effect) -> Self {
        let through_processing = before == Pending && !matches!(after, Pending | Processing | Failed);
        PaymentChange { before, after, effect, through_processing }
    }
}

/// What a piece of evidence does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The payment changes (or stays, with something to do next).
    Change(PaymentChange),
    /// Paid after the money went back: claims → float.
    Claim(PaidReceipt),
    /// The provider took a claimed late success back: float → claims.
    Unclaim,
    /// Nothing new: a repetition, or too little to act on. The text says which.
    Ignore(&'static str),
}

/// A payment that waits to be sent, or may be sent again.
pub(crate) fn send(before: PaymentStatus) -> Option<PaymentChange> {
    match before {
        Pending | Unknown => Some(PaymentChange::new(before, Processing, Effect::Continue(Next::Send))),
        Processing | Completed | Failed | Reversed | NeedsReview => None,
    }
}

/// A failed payment whose money goes back. Only `FAILED` leads here, and only
/// a [`ConclusiveFailure`] led there.
pub(crate) fn credit_back(before: PaymentStatus) -> Option<PaymentChange> {
    (before == Failed).then(|| PaymentChange::new(Failed, Reversed, Effect::CreditBack))
}

/// A send whose process died before it recorded an answer. A webhook may have
/// made its payment unknown already; it is queried all the same.
pub(crate) fn interrupted(before: PaymentStatus) -> Option<PaymentChange> {
    matches!(before, Processing | Unknown)
        .then(|| PaymentChange::new(before, Unknown, Effect::Continue(Next::RequeryNow)))
}

/// A send that was recorded and never made, for the engine could not make sure
/// that it still may: as before, but for what an earlier send may have done.
pub(crate) fn withheld(before: PaymentStatus, earlier_send_may_have_arrived: bool) -> Option<PaymentChange> {
    let after = if earlier_send_may_have_arrived { Unknown } else { Pending };
    (before == Processing).then(|| PaymentChange::new(before, after, Effect::Continue(Next::PutOff)))
}

/// The job behind a payment is spent or dead.
pub(crate) fn give_up(before: PaymentStatus, reason: ReviewReason) -> Option<PaymentChange> {
    match before {
        Pending | Processing | Unknown => Some(PaymentChange::new(before, NeedsReview, Effect::Review(reason))),
        Completed | Failed | Reversed | NeedsReview => None,
    }
}

/// An operator found out that a payment under review was made.
pub(crate) fn confirm(before: PaymentStatus, receipt: PaidReceipt) -> Option<PaymentChange> {
    (before == NeedsReview).then(|| PaymentChange::new(NeedsReview, Completed, Effect::Settle(receipt)))
}

/// An operator found out that a payment under review was not made.
pub(crate) fn refute(before: PaymentStatus, reason: &str) -> Option<PaymentChange> {
    let failure = ConclusiveFailure::brought_by_operator(reason);
    (before == NeedsReview).then(|| PaymentChange::new(NeedsReview, Failed, Effect::Fail(failure)))
}

/// What the answer to a send does.
pub(crate) fn decide_pay(facts: &PaymentFacts, outcome: &PayOutcome) -> Decision {
    match outcome {
        PayOutcome::Paid(receipt) => paid(facts, receipt),
        // A refusal of a repetition says nothing about the first send.
        PayOutcome::Declined { .. } if facts.earlier_send_may_have_arrived || facts.sends > 1 => {
            open(facts, |facts| uncertain(facts, Next::RequeryNow))
        }
        PayOutcome::Declined { code, reason } => failed(facts, ConclusiveFailure::declined(code, reason)),
        PayOutcome::NotSent { cause } => open(facts, |facts| not_sent(facts, cause)),
        PayOutcome::Duplicate => open(facts, |facts| uncertain(facts, Next::RequeryNow)),
        PayOutcome::Pending { poll_after_ms } => open(facts, |facts| pending(facts, *poll_after_ms)),
        PayOutcome::Unknown { .. } => open(facts, |facts| uncertain(facts, Next::Requery { poll_after_ms: None })),
    }
}

/// What the answer to a query, or a verified webhook, does.
pub(crate) fn decide_query(facts: &PaymentFacts, outcome: &QueryOutcome) -> Decision {
    match outcome {
        QueryOutcome::Paid(receipt) => paid(facts, receipt),
        QueryOutcome::Failed { code, reason } => {
            // I5: "failed" about a send that may still go out would let it pay later.
            if !facts.sends_are_over {
                return open(facts, |facts| uncertain(facts, Next::Requery { poll_after_ms: None }));
            }
            failed(facts, ConclusiveFailure::confirmed(code, reason))
        }
        QueryOutcome::ProviderReversed { reason } => provider_reversed(facts, reason),
        QueryOutcome::Pending { poll_after_ms } => open(facts, |facts| pending(facts, *poll_after_ms)),
        QueryOutcome::NotFound => open(facts, not_found),
        QueryOutcome::Unknown { .. } => open(facts, |facts| uncertain(facts, Next::Requery { poll_after_ms: None })),
    }
}

/// Whether a not-found answer counts towards the streak.
pub(crate) fn counts_as_not_found(facts: &PaymentFacts) -> bool {
    facts.is_past_grace
}

/// Only a payment that is being found out about moves on inconclusive evidence.
fn open(facts: &PaymentFacts, rule: impl FnOnce(&PaymentFacts) -> Decision) -> Decision {
    match facts.status {
        Processing | Unknown => rule(facts),
        Pending | Completed | Failed | Reversed | NeedsReview => {
            Decision::Ignore("inconclusive evidence changes nothing here")
        }
    }
}

fn paid(facts: &PaymentFacts, receipt: &PaidReceipt) -> Decision {
    let change = |after, effect| Decision::Change(PaymentChange::new(facts.status, after, effect));
    let mismatch = mismatch(facts, receipt);
    match facts.status {
        Pending | Processing | Unknown => match mismatch {
            Some(reason) => change(NeedsReview, Effect::Review(reason)),
            None => change(Completed, Effect::Settle(receipt.clone())),
        },
        NeedsReview => match (mismatch, facts.review_reason) {
            // Only a review that waits for exactly this evidence ends by itself.
            (
                None,
                Some(ReviewReason::RequeryBudgetSpent | ReviewReason::AttemptMayStillSend | ReviewReason::BillJobDead),
            ) => change(Completed, Effect::Settle(receipt.clone())),
            _ => Decision::Ignore("evidence of payment recorded for the operator"),
        },
        Failed => change(NeedsReview, Effect::Review(ReviewReason::PaidBeforeReversal)),
        Reversed if facts.was_completed || facts.has_claim => Decision::Ignore("known: paid before it was reversed"),
        Reversed => Decision::Claim(receipt.clone()),
        Completed => Decision::Ignore("known: completed"),
    }
}

fn mismatch(facts: &PaymentFacts, receipt: &PaidReceipt) -> Option<ReviewReason> {
    if receipt.amount_minor.is_some_and(|amount| amount != facts.amount_minor) {
        return Some(ReviewReason::AmountMismatch);
    }
    let other = receipt.customer_reference.as_ref().is_some_and(|customer| *customer != facts.customer_reference);
    other.then_some(ReviewReason::CustomerMismatch)
}

fn failed(facts: &PaymentFacts, failure: ConclusiveFailure) -> Decision {
    let change = |effect| Decision::Change(PaymentChange::new(facts.status, Failed, effect));
    match facts.status {
        Processing | Unknown => change(Effect::Fail(failure)),
        NeedsReview => match facts.review_reason {
            Some(ReviewReason::RequeryBudgetSpent | ReviewReason::AttemptMayStillSend) if facts.sends_are_over => {
                change(Effect::Fail(failure))
            }
            _ => Decision::Ignore("evidence of failure recorded for the operator"),
        },
        // Nothing was sent that this could be about; the job will send and learn.
        Pending => Decision::Ignore("a failure before anything was sent proves nothing"),
        Completed => Decision::Ignore("a completed payment is undone only by a provider-side reversal"),
        Failed | Reversed => Decision::Ignore("known: failed"),
    }
}

fn provider_reversed(facts: &PaymentFacts, reason: &str) -> Decision {
    match facts.status {
        Completed => {
            Decision::Change(PaymentChange::new(Completed, Reversed, Effect::TakeBack { reason: reason.to_owned() }))
        }
        Reversed if facts.has_open_claim => Decision::Unclaim,
        Processing | Unknown | NeedsReview if !facts.sends_are_over => {
            open(facts, |facts| uncertain(facts, Next::Requery { poll_after_ms: None }))
        }
        Processing | Unknown | NeedsReview | Pending | Failed | Reversed => {
            failed(facts, ConclusiveFailure::taken_back(reason))
        }
    }
}

fn not_sent(facts: &PaymentFacts, cause: &str) -> Decision {
    if facts.earlier_send_may_have_arrived {
        return uncertain(facts, Next::Requery { poll_after_ms: None });
    }
    let change = |after, effect| Decision::Change(PaymentChange::new(facts.status, after, effect));
    match (facts.status, facts.has_runs_left) {
        (Processing, true) => change(Pending, Effect::Continue(Next::Send)),
        (_, true) => uncertain(facts, Next::RequeryNow),
        (_, false) => change(Failed, Effect::Fail(ConclusiveFailure::never_sent(cause))),
    }
}

fn not_found(facts: &PaymentFacts) -> Decision {
    let streak = facts.not_found_streak.saturating_add(u32::from(facts.is_past_grace));
    match ConclusiveFailure::never_found(streak, facts.not_found_times, facts.sends_are_over) {
        Some(failure) if facts.is_past_grace => {
            Decision::Change(PaymentChange::new(facts.status, Failed, Effect::Fail(failure)))
        }
        _ => uncertain(facts, Next::Requery { poll_after_ms: None }),
    }
}

fn pending(facts: &PaymentFacts, poll_after_ms: Option<u64>) -> Decision {
    Decision::Change(PaymentChange::new(facts.status, Processing, Effect::Continue(Next::Requery { poll_after_ms })))
}

fn uncertain(facts: &PaymentFacts, next: Next) -> Decision {
    let review = |reason| Decision::Change(PaymentChange::new(facts.status, NeedsReview, Effect::Review(reason)));
    match (facts.can_query, facts.may_resend) {
        (true, _) => Decision::Change(PaymentChange::new(facts.status, Unknown, Effect::Continue(next))),
        // A provider that can't be asked but forgives repetition is asked by sending again.
        (false, true) => Decision::Change(PaymentChange::new(facts.status, Unknown, Effect::Continue(Next::Send))),
        (false, false) => review(ReviewReason::RequeryBudgetSpent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(status: PaymentStatus) -> PaymentFacts {
        PaymentFacts {
            status,
            amount_minor: 1_000,
            customer_reference: "meter".to_owned(),
            review_reason: None,
            sends: 1,
            earlier_send_may_have_arrived: false,
            sends_are_over: true,
            not_found_streak: 0,
            is_past_grace: true,
            was_completed: false,
            has_open_claim: false,
            has_claim: false,
            has_runs_left: true,
            can_query: true,
            may_resend: false,
            not_found_times: 3,
        }
    }

    fn all_outcomes() -> Vec<QueryOutcome> {
        vec![
            QueryOutcome::Paid(PaidReceipt::new("p")),
            QueryOutcome::Paid(PaidReceipt::new("p").with_amount_minor(1)),
            QueryOutcome::Failed { code: "x".to_owned(), reason: "y".to_owned() },
            QueryOutcome::Pending { poll_after_ms: None },
            QueryOutcome::ProviderReversed { reason: "z".to_owned() },
            QueryOutcome::NotFound,
            QueryOutcome::Unknown { cause: "c".to_owned() },
        ]
    }

    /// The status after a decision, or the one before where it is ignored.
    fn after(facts: &PaymentFacts, decision: Decision) -> PaymentStatus {
        match decision {
            Decision::Change(change) => change.after(),
            Decision::Claim(_) | Decision::Unclaim | Decision::Ignore(_) => facts.status,
        }
    }

    #[test]
    fn every_decision_is_a_legal_transition_or_stays() {
        for status in PaymentStatus::ALL {
            for flags in 0..64u8 {
                let mut facts = facts(*status);
                facts.sends_are_over = flags & 1 > 0;
                facts.is_past_grace = flags & 2 > 0;
                facts.can_query = flags & 4 > 0;
                facts.may_resend = flags & 8 > 0;
                facts.has_runs_left = flags & 16 > 0;
                facts.earlier_send_may_have_arrived = flags & 32 > 0;
                facts.not_found_streak = 5;
                facts.review_reason = Some(ReviewReason::RequeryBudgetSpent);
                let mut decisions: Vec<_> = all_outcomes().iter().map(|o| decide_query(&facts, o)).collect();
                decisions.push(decide_pay(&facts, &PayOutcome::NotSent { cause: "refused".to_owned() }));
                decisions.push(decide_pay(&facts, &PayOutcome::Duplicate));
                decisions.push(decide_pay(&facts, &PayOutcome::Declined { code: "d".into(), reason: "r".into() }));
                for decision in decisions {
                    if let Decision::Change(change) = &decision {
                        let direct = TRANSITIONS.iter().any(|t| (t.0, t.1) == (change.before(), change.after()));
                        let stays = change.before() == change.after();
                        let via = change.passes_through_processing()
                            && TRANSITIONS.iter().any(|t| (t.0, t.1) == (Processing, change.after()));
                        assert!(direct || stays || via, "{decision:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_reversal_without_conclusive_evidence() {
        let unknown = facts(Unknown);
        let timed_out = PayOutcome::Unknown { cause: "time-out".to_owned() };
        assert_eq!(after(&unknown, decide_pay(&facts(Processing), &timed_out)), Unknown);
        assert_eq!(after(&unknown, decide_query(&unknown, &QueryOutcome::NotFound)), Unknown);
        let mut third = facts(Unknown);
        third.not_found_streak = 2;
        assert_eq!(after(&third, decide_query(&third, &QueryOutcome::NotFound)), Failed);
        third.sends_are_over = false;
        assert_eq!(after(&third, decide_query(&third, &QueryOutcome::NotFound)), Unknown);
        third.sends_are_over = true;
        third.is_past_grace = false;
        assert_eq!(after(&third, decide_query(&third, &QueryOutcome::NotFound)), Unknown);
    }

    #[test]
    fn a_decline_of_a_repetition_is_only_believed_after_a_query() {
        let declined = PayOutcome::Declined { code: "d".into(), reason: "r".into() };
        let mut second = facts(Processing);
        second.sends = 2;
        assert_eq!(after(&second, decide_pay(&second, &declined)), Unknown);
        assert_eq!(after(&second, decide_pay(&facts(Processing), &declined)), Failed);
    }

    #[test]
    fn paid_after_reversed_is_one_claim_and_never_a_debit() {
        let paid = QueryOutcome::Paid(PaidReceipt::new("p"));
        let mut reversed = facts(Reversed);
        assert!(matches!(decide_query(&reversed, &paid), Decision::Claim(_)));
        reversed.has_claim = true;
        assert!(matches!(decide_query(&reversed, &paid), Decision::Ignore(_)));
        let mut taken_back = facts(Reversed);
        taken_back.was_completed = true;
        assert!(matches!(decide_query(&taken_back, &paid), Decision::Ignore(_)));
    }

    #[test]
    fn paid_between_failed_and_credit_goes_to_review() {
        let paid = QueryOutcome::Paid(PaidReceipt::new("p"));
        assert_eq!(after(&facts(Failed), decide_query(&facts(Failed), &paid)), NeedsReview);
    }

    #[test]
    fn another_amount_or_customer_goes_to_review() {
        for receipt in
            [PaidReceipt::new("p").with_amount_minor(999), PaidReceipt::new("p").with_customer_reference("x")]
        {
            let processing = facts(Processing);
            assert_eq!(after(&processing, decide_pay(&processing, &PayOutcome::Paid(receipt))), NeedsReview);
        }
    }

    #[test]
    fn connection_refused_is_sent_again_then_failed() {
        let refused = PayOutcome::NotSent { cause: "refused".to_owned() };
        let mut processing = facts(Processing);
        assert_eq!(after(&processing, decide_pay(&processing, &refused)), Pending);
        processing.has_runs_left = false;
        assert_eq!(after(&processing, decide_pay(&processing, &refused)), Failed);
        processing.earlier_send_may_have_arrived = true;
        assert_eq!(after(&processing, decide_pay(&processing, &refused)), Unknown);
    }

    /// The statuses a rule leads on from, each with where it leads.
    fn leads(rule: impl Fn(PaymentStatus) -> Option<PaymentChange>) -> Vec<(PaymentStatus, PaymentStatus)> {
        let changes = PaymentStatus::ALL.iter().filter_map(|status| rule(*status));
        changes.map(|change| (change.before(), change.after())).collect()
    }

    #[test]
    fn each_step_starts_only_where_it_may() {
        assert_eq!(leads(send), [(Pending, Processing), (Unknown, Processing)]);
        assert_eq!(leads(credit_back), [(Failed, Reversed)]);
        assert_eq!(leads(interrupted), [(Processing, Unknown), (Unknown, Unknown)]);
        let spent = leads(|before| give_up(before, ReviewReason::BillJobDead));
        assert_eq!(spent, [(Pending, NeedsReview), (Processing, NeedsReview), (Unknown, NeedsReview)]);
        assert_eq!(leads(|before| confirm(before, PaidReceipt::new("p"))), [(NeedsReview, Completed)]);
        assert_eq!(leads(|before| refute(before, "statement")), [(NeedsReview, Failed)]);
    }

    #[test]
    fn failed_is_not_believed_while_a_send_may_go_out() {
        let failed = QueryOutcome::Failed { code: "x".to_owned(), reason: "y".to_owned() };
        let taken_back = QueryOutcome::ProviderReversed { reason: "z".to_owned() };
        for evidence in [failed, taken_back] {
            let mut processing = facts(Processing);
            assert_eq!(after(&processing, decide_query(&processing, &evidence)), Failed);
            processing.sends_are_over = false;
            assert_eq!(after(&processing, decide_query(&processing, &evidence)), Unknown);
        }
        let declined = PayOutcome::Declined { code: "d".into(), reason: "r".into() };
        let mut review = facts(NeedsReview);
        review.review_reason = Some(ReviewReason::AttemptMayStillSend);
        assert_eq!(after(&review, decide_pay(&review, &declined)), Failed);
        review.sends_are_over = false;
        assert_eq!(after(&review, decide_pay(&review, &declined)), NeedsReview);
    }

    #[test]
    fn not_found_within_the_grace_never_fails_a_payment() {
        let mut early = facts(Unknown);
        early.not_found_streak = 3;
        early.is_past_grace = false;
        assert!(!counts_as_not_found(&early));
        assert_eq!(after(&early, decide_query(&early, &QueryOutcome::NotFound)), Unknown);
        early.is_past_grace = true;
        assert!(counts_as_not_found(&early));
    }

    #[test]
    fn only_a_review_that_waited_for_payment_ends_by_it() {
        let paid = QueryOutcome::Paid(PaidReceipt::new("p"));
        let mut review = facts(NeedsReview);
        for reason in [ReviewReason::RequeryBudgetSpent, ReviewReason::AttemptMayStillSend, ReviewReason::BillJobDead] {
            review.review_reason = Some(reason);
            assert_eq!(after(&review, decide_query(&review, &paid)), Completed);
        }
        review.review_reason = Some(ReviewReason::AmountMismatch);
        assert_eq!(after(&review, decide_query(&review, &paid)), NeedsReview);
    }

    #[test]
    fn only_an_open_claim_is_taken_back() {
        let taken_back = QueryOutcome::ProviderReversed { reason: "z".to_owned() };
        let mut reversed = facts(Reversed);
        assert!(matches!(decide_query(&reversed, &taken_back), Decision::Ignore(_)));
        reversed.has_open_claim = true;
        assert_eq!(decide_query(&reversed, &taken_back), Decision::Unclaim);
    }

    #[test]
    fn a_failure_keeps_the_words_of_the_biller() {
        let declined = PayOutcome::Declined { code: "D7".into(), reason: "no such meter".into() };
        let decision = decide_pay(&facts(Processing), &declined);
        let Decision::Change(PaymentChange { effect: Effect::Fail(failure), .. }) = &decision else {
            unreachable!("a first decline is conclusive: {decision:?}")
        };
        assert_eq!((failure.code(), failure.reason()), ("D7", "no such meter"));
    }

    #[test]
    fn only_a_payment_that_waits_passes_through_processing() {
        let paid = QueryOutcome::Paid(PaidReceipt::new("p"));
        for (status, passes) in [(Pending, true), (Processing, false), (Unknown, false)] {
            let decision = decide_query(&facts(status), &paid);
            assert!(
                matches!(&decision, Decision::Change(c) if c.passes_through_processing() == passes),
                "{decision:?}"
            );
        }
    }
}
