//! What a decision of `bill/payment.rs` does to money, payment and queue, in
//! one commit. The only place where a payment's status is written.

use crate::bill::outcome::{ConclusiveFailure, PaidReceipt};
use crate::bill::payment::{Decision, Effect, Next, PaymentChange};
use crate::bill::record::PaymentStep;
use crate::bill::vault::TokenVault;
use crate::engine::book::Book;
use crate::engine::config::Config;
use crate::entropy::{Supplies, random};
use crate::error::{Error, Result};
use crate::event::EventDraft;
use crate::ledger::account::AccountRef;
use crate::ledger::posting::{Memo, Movement, Posting};
use crate::money::amount::{Money, add, sub};
use crate::queue::job::{Job, Lease};
use crate::store::bill::PaymentRecord;
use crate::store::tx::WriteTx;
use crate::store::{bill, ledger, queue, wallet};
use crate::vocabulary::{Code, EventName, JobKind, PaymentStatus, ReviewReason, TransactionType};
use crate::wallet::status::may_credit;

/// Longest text kept from a provider, in bytes.
const TEXT_LENGTH_MAX: usize = 500;

/// The soonest a provider is asked again, whatever it wished.
const POLL_MS_MIN: u64 = 1_000;

/// What a storage fault puts a job off by, uncounted.
pub(crate) const PUT_OFF_MS: u64 = 1_000;

/// The job in whose run evidence came, if it came in one.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) job: Job,
    pub(crate) lease: Lease,
}

/// What every conclusion needs beside the payment itself.
pub(crate) struct Conclusion<'a, 'c> {
    pub(crate) tx: &'a WriteTx<'c>,
    pub(crate) supplies: &'a Supplies,
    pub(crate) config: &'a Config,
    pub(crate) vault: &'a TokenVault,
    pub(crate) actor: crate::audit::Actor,
    pub(crate) running: Option<Running>,
    pub(crate) attempt: Option<i64>,
    /// Whether no send can still be under way.
    pub(crate) sends_are_over: bool,
}

impl Conclusion<'_, '_> {
    /// Carries a decision out.
    pub(crate) fn carry_out(&self, record: &mut PaymentRecord, decision: &Decision) -> Result<()> {
        match decision {
            Decision::Change(change) => self.change(record, change),
            Decision::Claim(receipt) => self.claim(record, receipt),
            Decision::Unclaim => self.unclaim(record),
            Decision::Ignore(why) => {
                self.step(record, record.payment.status, why)?;
                self.end_run()
            }
        }
    }

    /// Carries a change of the payment out.
    pub(crate) fn change(&self, record: &mut PaymentRecord, change: &PaymentChange) -> Result<()> {
        let found = record.payment.status;
        if found != change.before() {
            return Err(Error::new(
                Code::Conflict,
                format!("the payment is {found}, not {}; the decision is stale", change.before()),
            ));
        }
        if change.passes_through_processing() {
            self.write(record, PaymentStatus::Processing, "evidence came for a payment that waited to be sent")?;
        }
        match change.effect() {
            Effect::Settle(receipt) => self.settle(record, change, receipt),
            Effect::Fail(failure) => self.fail(record, change, failure),
            Effect::CreditBack => self.credit_back(record, change),
            Effect::TakeBack { reason } => self.take_back(record, change, reason),
            Effect::Continue(next) => self.go_on(record, change, *next),
            Effect::Review(reason) => self.review(record, change, *reason),
        }
    }

    fn settle(&self, record: &mut PaymentRecord, change: &PaymentChange, receipt: &PaidReceipt) -> Result<()> {
        let mut book = Book::open(self.tx, self.supplies);
        let payment = &mut record.payment;
        let provider = payment.provider.clone();
        let memo = memo(record);
        let payment = &mut record.payment;
        payment.provider_reference = Some(bounded(&receipt.provider_reference));
        payment.receipt = receipt.receipt.as_deref().map(bounded);
        payment.completed_at = Some(self.supplies.wall);
        payment.review_reason = None;
        payment.failure_code = None;
        payment.failure_reason = None;
        if !receipt.tokens.is_empty() {
            record.tokens = Some(self.vault.seal(&receipt.tokens, payment.id, random(self.supplies)?)?);
        }
        let clearing = AccountRef::Clearing(provider.clone());
        let settlement =
            Movement::new(TransactionType::Settlement, clearing.clone(), AccountRef::Float(provider), payment.amount);
        book.post(&settlement, &memo)?;
        if payment.fee.is_positive() {
            let fee = Movement::new(TransactionType::FeeSettlement, clearing, AccountRef::Fees, payment.fee);
            book.post(&fee, &memo)?;
        }
        self.write(record, change.after(), "the provider confirmed it")?;
        self.end_job(record)?;
        self.announce(&mut book, record, EventName::PaymentSuccess, |draft| {
            draft.text("provider_reference", record.payment.provider_reference.clone().unwrap_or_default())
        })?;
        book.close()
    }

    fn fail(&self, record: &mut PaymentRecord, change: &PaymentChange, failure: &ConclusiveFailure) -> Result<()> {
        let book = Book::open(self.tx, self.supplies);
        record.payment.failure_code = Some(bounded(failure.code()));
        record.payment.failure_reason = Some(bounded(failure.reason()));
        record.payment.review_reason = None;
        self.write(record, change.after(), failure.reason())?;
        self.end_job(record)?;
        let delay_ms = self.config.reversal_backoff.delay_after(0, 0).unwrap_or(0);
        self.queue_job(record, JobKind::Reversal, delay_ms)?;
        for name in [EventName::PaymentFailed, EventName::TransactionFailed] {
            let draft = self.draft(record, name).text("reason", failure.reason()).text("code", failure.code());
            book.event(&draft)?;
        }
        let payload = self.draft(record, EventName::PaymentFailed).text("reason", failure.reason());
        book.audit(self.actor, EventName::PaymentFailed.name(), record.payment.id, &payload)?;
        book.close()
    }

    /// I5: each posting of the payment is given back once, to the wallet or, when
    /// that can't take it now, to suspense for its owner.
    fn credit_back(&self, record: &mut PaymentRecord, change: &PaymentChange) -> Result<()> {
        let clearing = AccountRef::Clearing(record.payment.provider.clone());
        let debits = ledger::debits_of_payment(self.tx, record.payment.id)?;
        let sources: Vec<(Posting, AccountRef)> =
            debits.into_iter().map(|posting| (posting, clearing.clone())).collect();
        self.give_back(record, change, &sources, "the money is credited back")
    }

    fn take_back(&self, record: &mut PaymentRecord, change: &PaymentChange, reason: &str) -> Result<()> {
        if record.payment.refunded_minor > 0 {
            // A refund has returned part already; giving all of it back would
            // pay twice. Postings of refunds decide what is left.
            return self.take_back_rest(record, change, reason);
        }
        let float = AccountRef::Float(record.payment.provider.clone());
        let debits = ledger::debits_of_payment(self.tx, record.payment.id)?;
        let sources: Vec<(Posting, AccountRef)> = debits
            .into_iter()
            .map(|posting| {
                let source = if posting.kind == TransactionType::Fee { AccountRef::Fees } else { float.clone() };
                (posting, source)
            })
            .collect();
        record.payment.failure_code = Some("PROVIDER_REVERSED".to_owned());
        record.payment.failure_reason = Some(bounded(reason));
        self.give_back(record, change, &sources, "the provider took a completed payment back")
    }

    /// The provider took back a payment that was refunded in part: the wallet
    /// gets what the refunds left, and the host gets back what it advanced.
    fn take_back_rest(&self, record: &mut PaymentRecord, change: &PaymentChange, reason: &str) -> Result<()> {
        let mut book = Book::open(self.tx, self.supplies);
        let float = AccountRef::Float(record.payment.provider.clone());
        let mut memo = memo(record);
        let target = self.target(&mut book, record)?;
        for posting in ledger::debits_of_payment(self.tx, record.payment.id)? {
            let refunds = ledger::refunds_of(self.tx, posting.id)?;
            let refunded = refunds.iter().try_fold(0, |sum, refund| add(sum, refund.amount.minor()))?;
            let left = sub(posting.amount.minor(), refunded)?;
            let source = if posting.kind == TransactionType::Fee { AccountRef::Fees } else { float.clone() };
            let funding = ledger::find_account(self.tx, &AccountRef::Funding, posting.amount.currency())?;
            for refund in refunds.iter().filter(|refund| Some(refund.debit_account) == funding.as_ref().map(|a| a.id)) {
                let movement =
                    Movement::new(TransactionType::FloatTopUp, source.clone(), AccountRef::Funding, refund.amount);
                book.post(&movement, &memo)?;
            }
            if left > 0 {
                let amount = Money::new(left, posting.amount.currency());
                let kind =
                    if target == AccountRef::Suspense { TransactionType::Suspense } else { TransactionType::Reversal };
                memo.description = Some("what earlier refunds had left".to_owned());
                book.post(&Movement::new(kind, source.clone(), target.clone(), amount).reversing(posting.id), &memo)?;
                if target == AccountRef::Suspense {
                    record.payment.suspense_minor = add(record.payment.suspense_minor, left)?;
                }
            }
        }
        record.payment.failure_code = Some("PROVIDER_REVERSED".to_owned());
        record.payment.failure_reason = Some(bounded(reason));
        self.write(record, change.after(), "the provider took a completed, partly refunded payment back")?;
        self.end_job(record)?;
        self.announce(&mut book, record, EventName::PaymentReversed, |draft| draft)?;
        book.close()
    }

    fn give_back(
        &self,
        record: &mut PaymentRecord,
        change: &PaymentChange,
        sources: &[(Posting, AccountRef)],
        why: &str,
    ) -> Result<()> {
        let mut book = Book::open(self.tx, self.supplies);
        let target = self.target(&mut book, record)?;
        let kind = if target == AccountRef::Suspense { TransactionType::Suspense } else { TransactionType::Reversal };
        let memo = memo(record);
        let mut returned = 0;
        for (posting, source) in sources {
            let movement = Movement::new(kind, source.clone(), target.clone(), posting.amount).reversing(posting.id);
            book.post(&movement, &memo)?;
            returned = add(returned, posting.amount.minor())?;
        }
        if target == AccountRef::Suspense {
            record.payment.suspense_minor = returned;
        }
        self.write(record, change.after(), why)?;
        self.end_job(record)?;
        self.announce(&mut book, record, EventName::PaymentReversed, |draft| {
            draft.number("returned_minor", returned).text("to", target.kind().word())
        })?;
        book.close()
    }

    /// Where money that comes back goes: the wallet, unless it is closed, frozen
    /// or full; then suspense.
    fn target(&self, book: &mut Book<'_, '_>, record: &PaymentRecord) -> Result<AccountRef> {
        let payment = &record.payment;
        let owner = wallet::find(self.tx, payment.wallet_id)?;
        let account = book.account(&AccountRef::Wallet(owner.id), owner.currency)?;
        let total = payment.amount.checked_add(payment.fee)?;
        let has_room = account.room_for(total.minor()).is_ok();
        if may_credit(owner.status).is_ok() && has_room {
            return Ok(AccountRef::Wallet(owner.id));
        }
        Ok(AccountRef::Suspense)
    }

    fn claim(&self, record: &mut PaymentRecord, receipt: &PaidReceipt) -> Result<()> {
        let mut book = Book::open(self.tx, self.supplies);
        let payment = &mut record.payment;
        // What the biller says it has, where it says so: its book and our float
        // must agree, whatever was asked of it.
        let paid_minor = receipt.amount_minor.filter(|minor| *minor > 0).unwrap_or(payment.amount.minor());
        let paid = Money::new(paid_minor, payment.amount.currency());
        payment.claim_minor = paid_minor;
        payment.provider_reference = Some(bounded(&receipt.provider_reference));
        let float = AccountRef::Float(payment.provider.clone());
        let movement = Movement::new(TransactionType::LateSuccess, AccountRef::Claims, float, paid);
        book.post(&movement, &memo(record))?;
        self.write(record, record.payment.status, "paid after the reversal: a claim")?;
        self.end_run()?;
        self.announce(&mut book, record, EventName::PaymentLateSuccess, |draft| draft)?;
        book.close()
    }

    fn unclaim(&self, record: &mut PaymentRecord) -> Result<()> {
        let mut book = Book::open(self.tx, self.supplies);
        record.is_claim_settled = true;
        let float = AccountRef::Float(record.payment.provider.clone());
        let claim = Money::new(record.payment.claim_minor, record.payment.amount.currency());
        let movement = Movement::new(TransactionType::ClaimSettlement, float, AccountRef::Claims, claim);
        book.post(&movement, &memo(record))?;
        self.write(record, record.payment.status, "the provider took the late success back: the claim is settled")?;
        self.end_run()?;
        self.announce(&mut book, record, EventName::ClaimSettled, |draft| draft)?;
        book.close()
    }

    fn go_on(&self, record: &mut PaymentRecord, change: &PaymentChange, next: Next) -> Result<()> {
        let is_news = change.before() != change.after();
        let after = self.schedule(record, change.after(), next)?;
        if let Some(reason) = after {
            let give_up = crate::bill::payment::give_up(record.payment.status, reason)
                .ok_or_else(|| Error::new(Code::InvariantBroken, "a payment without a way on can't be given up"))?;
            return self.change(record, &give_up);
        }
        self.write(record, change.after(), "not concluded; goes on")?;
        if is_news && change.after() == PaymentStatus::Unknown {
            let book = Book::open(self.tx, self.supplies);
            book.event(&self.draft(record, EventName::PaymentUnknown))?;
            book.audit(
                self.actor,
                EventName::PaymentUnknown.name(),
                record.payment.id,
                &self.draft(record, EventName::PaymentUnknown),
            )?;
        }
        Ok(())
    }

    /// Makes sure the payment has a job that goes on; answers why it has to be
    /// given up when the runs are spent.
    fn schedule(&self, record: &PaymentRecord, after: PaymentStatus, next: Next) -> Result<Option<ReviewReason>> {
        let Some(running) = &self.running else {
            // Evidence from outside a run leaves the live job alone.
            if queue::of_subject(self.tx, record.payment.id.as_bytes())?.is_none() {
                self.queue_job(record, JobKind::Requery, self.requery_delay(0, next).unwrap_or(0))?;
            }
            return Ok(None);
        };
        let (job, now) = (&running.job, self.supplies.due);
        match (job.kind, next) {
            (_, Next::PutOff) => queue::retry(self.tx, running.lease, job.runs, now, PUT_OFF_MS, Some("put off"))?,
            (JobKind::BillPayment, Next::Send) if after != PaymentStatus::Processing => {
                let runs = job.runs.saturating_add(1);
                match self.config.bill_backoff.delay_after(runs, seed(job)) {
                    Some(delay_ms) => queue::retry(self.tx, running.lease, runs, now, delay_ms, Some("not sent"))?,
                    None => return Ok(Some(ReviewReason::RequeryBudgetSpent)),
                }
            }
            (JobKind::Requery, _) => {
                let runs = job.runs.saturating_add(1);
                match self.requery_delay(runs, next) {
                    Some(delay_ms) => {
                        queue::retry(self.tx, running.lease, runs, now, delay_ms, Some("no conclusive answer"))?
                    }
                    None => return Ok(Some(self.spent())),
                }
            }
            _ => {
                queue::finish(self.tx, running.lease)?;
                self.queue_job(record, JobKind::Requery, self.requery_delay(0, next).unwrap_or(0))?;
            }
        }
        Ok(None)
    }

    fn spent(&self) -> ReviewReason {
        if self.sends_are_over { ReviewReason::RequeryBudgetSpent } else { ReviewReason::AttemptMayStillSend }
    }

    fn requery_delay(&self, runs: u32, next: Next) -> Option<u64> {
        let scheduled = self.config.requery_backoff.delay_after(runs, 0)?;
        match next {
            Next::RequeryNow => Some(0),
            // A provider that says "at once" must not become a busy loop.
            Next::Requery { poll_after_ms: Some(wish) } => {
                Some(wish.clamp(POLL_MS_MIN, self.config.requery_backoff.cap_ms.max(POLL_MS_MIN)))
            }
            Next::Requery { poll_after_ms: None } | Next::Send | Next::PutOff => Some(scheduled),
        }
    }

    fn review(&self, record: &mut PaymentRecord, change: &PaymentChange, reason: ReviewReason) -> Result<()> {
        let mut book = Book::open(self.tx, self.supplies);
        record.payment.review_reason = Some(reason);
        self.write(record, change.after(), reason.meaning())?;
        self.end_job(record)?;
        self.announce(&mut book, record, EventName::PaymentNeedsReview, |draft| draft.text("reason", reason.name()))?;
        book.close()
    }

    /// Makes the running job a dead letter, and its payment one for review.
    pub(crate) fn kill_job(&self, record: &mut PaymentRecord, error: &str, reason: ReviewReason) -> Result<()> {
        let Some(running) = &self.running else { return Ok(()) };
        let book = Book::open(self.tx, self.supplies);
        queue::kill(self.tx, running.lease, running.job.runs.saturating_add(1), &bounded(error), self.supplies.wall)?;
        let draft = self.draft(record, EventName::JobDead).job(running.job.id).text("kind", running.job.kind.name());
        book.event(&draft.clone().text("error", bounded(error)))?;
        book.audit(self.actor, EventName::JobDead.name(), running.job.id.0, &draft)?;
        book.close()?;
        // A dead reversal leaves its payment FAILED: the money is still owed, and
        // the dead letter is its review item.
        let change = crate::bill::payment::give_up(record.payment.status, reason);
        match change.filter(|_| running.job.kind != JobKind::Reversal) {
            Some(change) => self.outside_its_run().change(record, &change),
            None => Ok(()),
        }
    }

    /// The same conclusion once the run has been ended.
    fn outside_its_run(&self) -> Self {
        Conclusion { running: None, ..*self }
    }

    /// Writes the payment and the step that explains it.
    fn write(&self, record: &mut PaymentRecord, after: PaymentStatus, why: &str) -> Result<()> {
        let before = record.payment.status;
        record.payment.status = after;
        record.payment.updated_at = self.supplies.wall;
        bill::update(self.tx, before, record)?;
        self.step_between(record, before, after, why)
    }

    fn step(&self, record: &PaymentRecord, status: PaymentStatus, why: &str) -> Result<()> {
        self.step_between(record, status, status, why)
    }

    fn step_between(
        &self,
        record: &PaymentRecord,
        before: PaymentStatus,
        after: PaymentStatus,
        why: &str,
    ) -> Result<()> {
        let step =
            PaymentStep { at: self.supplies.wall, before, after, attempt_id: self.attempt, decision: bounded(why) };
        bill::insert_step(self.tx, record.payment.id, &step)
    }

    /// Ends the run, if the evidence came in one: the job has nothing left to do.
    fn end_run(&self) -> Result<()> {
        match &self.running {
            Some(running) => queue::finish(self.tx, running.lease),
            None => Ok(()),
        }
    }

    /// Ends the payment's live job: by the lease inside a run, by the payment
    /// outside (which voids the lease of whoever runs it).
    fn end_job(&self, record: &PaymentRecord) -> Result<()> {
        match &self.running {
            Some(running) => queue::finish(self.tx, running.lease),
            None => queue::cancel(self.tx, record.payment.id.as_bytes()).map(|_| ()),
        }
    }

    fn queue_job(&self, record: &PaymentRecord, kind: JobKind, delay_ms: u64) -> Result<()> {
        let provider = (kind != JobKind::Reversal).then_some(record.payment.provider.as_str());
        let (due, wall) = (self.supplies.due, self.supplies.wall);
        queue::insert(self.tx, kind, record.payment.id.as_bytes(), provider, due, delay_ms, wall).map(|_| ())
    }

    fn draft(&self, record: &PaymentRecord, name: EventName) -> EventDraft {
        draft(record, name)
    }

    /// Writes the event of a conclusion and its audit link.
    fn announce(
        &self,
        book: &mut Book<'_, '_>,
        record: &PaymentRecord,
        name: EventName,
        add: impl Fn(EventDraft) -> EventDraft,
    ) -> Result<()> {
        let draft = add(self.draft(record, name));
        book.event(&draft)?;
        book.audit(self.actor, name.name(), record.payment.id, &draft)
    }
}

/// An event about a payment, with what every such event carries.
pub(crate) fn draft(record: &PaymentRecord, name: EventName) -> EventDraft {
    let payment = &record.payment;
    EventDraft::new(name)
        .user(payment.user_id)
        .wallet(payment.wallet_id)
        .payment(payment.id)
        .text("status", payment.status.name())
        .text("reference", payment.reference())
        .number("amount_minor", payment.amount.minor())
        .number("fee_minor", payment.fee.minor())
        .text("currency", payment.amount.currency().code())
}

/// What every posting of a payment carries.
pub(crate) fn memo(record: &PaymentRecord) -> Memo {
    Memo { payment: Some(record.payment.id), category: Some(record.payment.category.clone()), ..Memo::default() }
}

/// The jitter seed of a job: its number.
pub(crate) fn seed(job: &Job) -> u64 {
    job.id.0.unsigned_abs()
}

/// A text from outside, cut at a character boundary, control characters removed.
pub(crate) fn bounded(text: &str) -> String {
    let mut kept = String::new();
    for character in text.chars().filter(|character| !character.is_control()) {
        if kept.len() + character.len_utf8() > TEXT_LENGTH_MAX {
            break;
        }
        kept.push(character);
    }
    kept
}
