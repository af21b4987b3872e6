//! Attempts: the only caller of a `Provider`, and never inside a commit.
//!
//! An attempt is committed *before* the call (`begin`), the lease is looked at
//! once more right before it, the call runs outside any transaction, and its
//! outcome is committed (`finish`) together with everything it decides.

use crate::audit::Actor;
use crate::bill::biller::{BillItem, Biller};
use crate::bill::outcome::{Answer, Evidence, PayOutcome, QueryOutcome, WebhookNotice};
use crate::bill::payment::{self, Decision, PaymentFacts};
use crate::bill::provider::{Capabilities, Customer, CustomerRequest, PayRequest, Provider, QueryRequest, Webhook};
use crate::engine::call::{Call, Prepared, Reply, describe_query, finding};
use crate::engine::conclude::{Conclusion, PUT_OFF_MS, Running, bounded, seed};
use crate::engine::config::Config;
use crate::engine::desk::ProviderDesk;
use crate::engine::inner::{Inner, millis};
use crate::entropy::Supplies;
use crate::error::{Error, Result};
use crate::failpoint::failpoint;
use crate::id::PaymentId;
use crate::money::amount::Money;
use crate::store::bill::{AttemptRecord, PaymentRecord};
use crate::store::tx::WriteTx;
use crate::store::{bill, queue};
use crate::vocabulary::{AttemptKind, Code, JobKind, OutcomeKind, PaymentStatus, ReviewReason};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Records, in the commit that claimed the job, that a call is about to be
/// made; `None` when the job has nothing to do any more and was ended.
pub(crate) fn begin(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    inner: &Inner,
    running: &Running,
    capabilities: &Capabilities,
) -> Result<Option<Prepared>> {
    let id = PaymentId::from_bytes(running.job.subject);
    let mut record = bill::find(tx, id)?;
    let wants_send = running.job.kind == JobKind::BillPayment || !capabilities.can_query;
    let call = match record.payment.status {
        PaymentStatus::Pending => begin_send(tx, supplies, inner, running, &mut record, capabilities)?,
        PaymentStatus::Unknown if wants_send => {
            let attempts = bill::attempts(tx, id)?;
            if !may_resend(capabilities, &attempts, supplies) {
                give_up(tx, supplies, inner, running, &mut record, &attempts)?;
                return Ok(None);
            }
            begin_send(tx, supplies, inner, running, &mut record, capabilities)?
        }
        PaymentStatus::Unknown | PaymentStatus::Processing if running.job.kind == JobKind::Requery => {
            Call::Query(query_request(&record, capabilities))
        }
        PaymentStatus::Unknown
        | PaymentStatus::Processing
        | PaymentStatus::Completed
        | PaymentStatus::Failed
        | PaymentStatus::Reversed
        | PaymentStatus::NeedsReview => {
            queue::finish(tx, running.lease)?;
            return Ok(None);
        }
    };
    let kind = match call {
        Call::Submit(_) => AttemptKind::Submit,
        Call::Query(_) => AttemptKind::Query,
    };
    let attempt = bill::begin_attempt(tx, id, kind, inner.incarnation, supplies)?;
    let capabilities = capabilities.clone();
    Ok(Some(Prepared { payment: id, attempt, running: running.clone(), call, capabilities }))
}

fn begin_send(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    inner: &Inner,
    running: &Running,
    record: &mut PaymentRecord,
    capabilities: &Capabilities,
) -> Result<Call> {
    let before = record.payment.status;
    let change = payment::send(before)
        .ok_or_else(|| Error::new(Code::InvariantBroken, format!("a payment that is {before} can't be sent")))?;
    record.sends = record.sends.saturating_add(1);
    record.not_found_streak = 0;
    record.sent_at = Some(supplies.wall);
    record.payment.status = change.after();
    record.payment.updated_at = supplies.wall;
    bill::update(tx, before, record)?;
    let step = crate::bill::record::PaymentStep {
        at: supplies.wall,
        before,
        after: change.after(),
        attempt_id: None,
        decision: format!("send {} by job {} in incarnation {}", record.sends, running.job.id.0, inner.incarnation),
    };
    bill::insert_step(tx, record.payment.id, &step)?;
    let payment = &record.payment;
    Ok(Call::Submit(PayRequest {
        request_id: payment.request_id.clone(),
        biller: payment.biller.clone(),
        item: payment.item.clone(),
        customer_reference: payment.customer_reference.clone(),
        amount: payment.amount,
        metadata: payment.metadata.clone(),
        attempt: record.sends,
        deadline: capabilities.call_deadline,
    }))
}

fn query_request(record: &PaymentRecord, capabilities: &Capabilities) -> QueryRequest {
    QueryRequest {
        request_id: record.payment.request_id.clone(),
        provider_reference: record.payment.provider_reference.clone(),
        amount: record.payment.amount,
        sent_at: record.sent_at.unwrap_or(record.payment.created_at),
        deadline: capabilities.call_deadline,
    }
}

/// A provider that can neither be asked nor forgives repetition leaves nothing to do.
fn give_up(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    inner: &Inner,
    running: &Running,
    record: &mut PaymentRecord,
    attempts: &[AttemptRecord],
) -> Result<()> {
    let conclusion = Conclusion {
        tx,
        supplies,
        config: &inner.config,
        vault: &inner.vault,
        actor: Actor::System,
        running: Some(running.clone()),
        attempt: None,
        sends_are_over: sends_are_over(attempts),
    };
    match payment::give_up(record.payment.status, ReviewReason::RequeryBudgetSpent) {
        Some(change) => conclusion.change(record, &change),
        None => queue::finish(tx, running.lease),
    }
}

/// Makes the call, unless the lease is gone or can't be looked at. Never panics.
pub(crate) fn make_call(inner: &Inner, desk: &ProviderDesk, prepared: &Prepared) -> Option<Reply> {
    // The last look before money may move: another worker may have taken over
    // while this one waited for a thread.
    let holds = inner.store.read(|tx| queue::holds(tx, prepared.running.lease));
    if !holds.unwrap_or(false) {
        return None;
    }
    failpoint!("call.begin");
    let provider = desk.provider.as_ref();
    let reply = match &prepared.call {
        Call::Submit(request) => {
            Reply::Submit(guarded(|| provider.pay(request), |cause| Answer::from(PayOutcome::Unknown { cause })))
        }
        Call::Query(request) => {
            Reply::Query(guarded(|| provider.query(request), |cause| Answer::from(QueryOutcome::Unknown { cause })))
        }
    };
    failpoint!("call.answered");
    let now_ms = inner.due_now().0;
    if reply.shows_life() {
        desk.success(now_ms)
    } else {
        desk.failure(now_ms)
    }
    Some(reply)
}

fn guarded<T>(call: impl FnOnce() -> T, unknown: impl FnOnce(String) -> T) -> T {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| unknown("the provider's adapter panicked".to_owned()))
}

/// Commits what a call answered and everything that follows from it. When the
/// lease is gone only proof of payment counts, as evidence from outside.
pub(crate) fn finish(inner: &Arc<Inner>, prepared: &Prepared, reply: &Reply) -> Result<()> {
    let payment = prepared.payment;
    let (engine, prepared, reply) = (Arc::clone(inner), prepared.clone(), reply.clone());
    let supplies = inner.supplies()?;
    let refused = inner.store.write(inner.deadline(), move |tx| {
        let supplies = supplies.clone();
        let recorded = tx.savepoint(|tx| finish_inside(tx, &supplies, &engine, &prepared, &reply));
        match recorded {
            Err(error) if is_rule(&error) => {
                set_aside(tx, &supplies, &engine, &prepared, &reply, &error)?;
                Ok(Some(error))
            }
            other => other.map(|()| None),
        }
    })?;
    if let Some(error) = refused {
        tracing::error!(%payment, code = error.code().name(), detail = error.detail(),
            "an outcome could not be booked; the payment will be queried");
    }
    Ok(())
}

/// Commits that a recorded call was never made. No run is counted: it was the
/// lease or the storage, never the provider.
pub(crate) fn withhold(inner: &Arc<Inner>, prepared: &Prepared) -> Result<()> {
    let (engine, prepared) = (Arc::clone(inner), prepared.clone());
    let supplies = inner.supplies()?;
    inner.store.write(inner.deadline(), move |tx| {
        let detail = Some("the call was not made: its lease could not be confirmed".to_owned());
        let found = finding(OutcomeKind::NotSent, detail, &Evidence::default());
        bill::finish_attempt(tx, prepared.attempt, &found, &supplies)?;
        let running = &prepared.running;
        if !queue::holds(tx, running.lease)? {
            return Ok(());
        }
        let mut record = bill::find(tx, prepared.payment)?;
        let attempts = bill::attempts(tx, prepared.payment)?;
        let capabilities = &prepared.capabilities;
        let facts = facts(&record, &attempts, capabilities, &supplies, prepared.attempt, Some(running), &engine.config);
        let change = match prepared.call {
            Call::Submit(_) => payment::withheld(record.payment.status, facts.earlier_send_may_have_arrived),
            Call::Query(_) => None,
        };
        let Some(change) = change else {
            let (runs, now) = (running.job.runs, supplies.due);
            return queue::retry(tx, running.lease, runs, now, PUT_OFF_MS, Some("put off"));
        };
        let conclusion = Conclusion {
            tx,
            supplies: &supplies,
            config: &engine.config,
            vault: &engine.vault,
            actor: Actor::System,
            running: Some(running.clone()),
            attempt: Some(prepared.attempt),
            sends_are_over: facts.sends_are_over,
        };
        conclusion.change(&mut record, &change)
    })
}

/// Whether an error says that a rule or an invariant refused, as opposed to the
/// storage or the moment.
pub(crate) fn is_rule(error: &Error) -> bool {
    !matches!(
        error.code(),
        Code::Busy
            | Code::StorageFault
            | Code::StorageFull
            | Code::OutOfMemory
            | Code::ReadOnly
            | Code::InDoubt
            | Code::Poisoned
            | Code::Closed
    )
}

fn finish_inside(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    inner: &Inner,
    prepared: &Prepared,
    reply: &Reply,
) -> Result<()> {
    bill::finish_attempt(tx, prepared.attempt, &reply.finding(), supplies)?;
    let mut record = bill::find(tx, prepared.payment)?;
    let attempts = bill::attempts(tx, prepared.payment)?;
    let holds = queue::holds(tx, prepared.running.lease)?;
    if !holds && !reply.is_paid() {
        return Ok(());
    }
    let running = holds.then(|| prepared.running.clone());
    let facts =
        facts(&record, &attempts, &prepared.capabilities, supplies, prepared.attempt, running.as_ref(), &inner.config);
    let decision = match reply {
        Reply::Submit(answer) if holds => payment::decide_pay(&facts, &answer.outcome),
        Reply::Submit(_) | Reply::Query(_) => payment::decide_query(&facts, &reply.as_query()),
    };
    count_not_found(&mut record, &facts, reply.finding().outcome);
    let conclusion = Conclusion {
        tx,
        supplies,
        config: &inner.config,
        vault: &inner.vault,
        actor: Actor::System,
        running,
        attempt: Some(prepared.attempt),
        sends_are_over: facts.sends_are_over,
    };
    conclusion.carry_out(&mut record, &decision)?;
    failpoint!("outcome.decided");
    Ok(())
}

/// A rule refused to book an outcome. The attempt is recorded, the payment is
/// unknown, and a query goes on from there: nothing is ever sent again for it.
fn set_aside(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    inner: &Inner,
    prepared: &Prepared,
    reply: &Reply,
    error: &Error,
) -> Result<()> {
    let mut found = reply.finding();
    found.detail = Some(bounded(&format!("could not be booked: {}", error.detail())));
    bill::finish_attempt(tx, prepared.attempt, &found, supplies)?;
    if !queue::holds(tx, prepared.running.lease)? {
        return Ok(());
    }
    interrupt(tx, supplies, inner, &prepared.running, false)
}

/// Ends a run whose answer is lost: a send makes its payment unknown and due
/// for a query; a query counts as one without an answer.
pub(crate) fn interrupt(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    inner: &Inner,
    running: &Running,
    is_poison: bool,
) -> Result<()> {
    let id = PaymentId::from_bytes(running.job.subject);
    let mut record = bill::find(tx, id)?;
    let attempts = bill::attempts(tx, id)?;
    let conclusion = Conclusion {
        tx,
        supplies,
        config: &inner.config,
        vault: &inner.vault,
        actor: Actor::System,
        running: Some(running.clone()),
        attempt: None,
        sends_are_over: sends_are_over(&attempts),
    };
    if is_poison {
        return conclusion.kill_job(&mut record, "its process died under it three times", ReviewReason::BillJobDead);
    }
    match (running.job.kind, payment::interrupted(record.payment.status)) {
        (JobKind::BillPayment, Some(change)) => conclusion.change(&mut record, &change),
        (JobKind::Requery, _) => {
            let capabilities = capabilities_of(inner, &record.payment.provider);
            let facts = facts(&record, &attempts, &capabilities, supplies, 0, Some(running), &inner.config);
            let unknown = QueryOutcome::Unknown { cause: "the query's answer was lost".to_owned() };
            conclusion.carry_out(&mut record, &payment::decide_query(&facts, &unknown))
        }
        _ => queue::free(tx, running.job.id, false, supplies.due).map(|_| ()),
    }
}

pub(crate) fn capabilities_of(inner: &Inner, provider: &str) -> Capabilities {
    inner.desk(provider).map(|desk| desk.capabilities.clone()).unwrap_or_default()
}

fn count_not_found(record: &mut PaymentRecord, facts: &PaymentFacts, outcome: OutcomeKind) {
    record.not_found_streak = match outcome {
        OutcomeKind::NotFound if payment::counts_as_not_found(facts) => record.not_found_streak.saturating_add(1),
        OutcomeKind::NotFound => record.not_found_streak,
        OutcomeKind::InFlight
        | OutcomeKind::Paid
        | OutcomeKind::Declined
        | OutcomeKind::NotSent
        | OutcomeKind::Duplicate
        | OutcomeKind::Pending
        | OutcomeKind::Unknown
        | OutcomeKind::Failed
        | OutcomeKind::ProviderReversed => 0,
    };
}

/// Gathers what the rules need to know. `attempt` is the one whose evidence is judged.
pub(crate) fn facts(
    record: &PaymentRecord,
    attempts: &[AttemptRecord],
    capabilities: &Capabilities,
    supplies: &Supplies,
    attempt: i64,
    running: Option<&Running>,
    config: &Config,
) -> PaymentFacts {
    let payment = &record.payment;
    let is_send = |found: &&AttemptRecord| found.attempt.kind == AttemptKind::Submit;
    let may_have_arrived = |found: &AttemptRecord| found.attempt.outcome != OutcomeKind::NotSent;
    let last_end = attempts.iter().filter(is_send).map(|found| found.finished_due.unwrap_or(found.started_due)).max();
    let has_runs_left = running.is_some_and(|running| {
        config.bill_backoff.delay_after(running.job.runs.saturating_add(1), seed(&running.job)).is_some()
    });
    PaymentFacts {
        status: payment.status,
        amount_minor: payment.amount.minor(),
        customer_reference: payment.customer_reference.clone(),
        review_reason: payment.review_reason,
        sends: record.sends,
        earlier_send_may_have_arrived: attempts
            .iter()
            .filter(is_send)
            .any(|found| found.attempt.id != attempt && may_have_arrived(found)),
        sends_are_over: sends_are_over(attempts),
        not_found_streak: record.not_found_streak,
        is_past_grace: last_end.is_none_or(|end| supplies.due.since(end) >= millis(capabilities.not_found_grace)),
        was_completed: payment.completed_at.is_some(),
        has_open_claim: payment.claim_minor > 0 && !record.is_claim_settled,
        has_claim: payment.claim_minor > 0,
        has_runs_left,
        can_query: capabilities.can_query,
        may_resend: may_resend(capabilities, attempts, supplies),
        not_found_times: capabilities.not_found_times.max(1),
    }
}

/// Whether every send has returned, or its process is known to be dead.
pub(crate) fn sends_are_over(attempts: &[AttemptRecord]) -> bool {
    attempts
        .iter()
        .filter(|found| found.attempt.kind == AttemptKind::Submit)
        .all(|found| found.attempt.finished_at.is_some())
}

fn may_resend(capabilities: &Capabilities, attempts: &[AttemptRecord], supplies: &Supplies) -> bool {
    let first = attempts.iter().find(|found| found.attempt.kind == AttemptKind::Submit);
    match (capabilities.idempotent_submit, first) {
        // A clock that went back while no engine was open leaves the first send
        // in the future: nobody knows then whether the window has passed.
        (Some(window), Some(first)) => (0..millis(window)).contains(&supplies.due.since(first.started_due)),
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// Applies one verified notice to the payment it names, as evidence. False when
/// it names none of ours.
pub(crate) fn apply_notice(
    inner: &Arc<Inner>,
    provider: &str,
    notice: &WebhookNotice,
    evidence: &Evidence,
) -> Result<bool> {
    let (engine, provider) = (Arc::clone(inner), provider.to_owned());
    let (notice, evidence) = (notice.clone(), evidence.clone());
    inner.write(move |tx, supplies| {
        let Some(id) = bill::find_by_request(tx, &provider, &notice.request_id)? else { return Ok(false) };
        let (outcome, detail) = describe_query(&notice.outcome);
        let attempt = bill::begin_attempt(tx, id, AttemptKind::Webhook, engine.incarnation, supplies)?;
        bill::finish_attempt(tx, attempt, &finding(outcome, detail, &evidence), supplies)?;
        let mut record = bill::find(tx, id)?;
        let attempts = bill::attempts(tx, id)?;
        let capabilities = capabilities_of(&engine, &provider);
        let facts = facts(&record, &attempts, &capabilities, supplies, attempt, None, &engine.config);
        let decision = match &notice.outcome {
            // A push that says "not found" or "unknown" says nothing.
            QueryOutcome::NotFound | QueryOutcome::Unknown { .. } => Decision::Ignore("a notice without news"),
            QueryOutcome::Paid(_)
            | QueryOutcome::Failed { .. }
            | QueryOutcome::Pending { .. }
            | QueryOutcome::ProviderReversed { .. } => payment::decide_query(&facts, &notice.outcome),
        };
        let conclusion = Conclusion {
            tx,
            supplies,
            config: &engine.config,
            vault: &engine.vault,
            actor: Actor::System,
            running: None,
            attempt: Some(attempt),
            sends_are_over: facts.sends_are_over,
        };
        conclusion.carry_out(&mut record, &decision)?;
        Ok(true)
    })
}

/// Lets the adapter verify a webhook. A panic is a refusal.
pub(crate) fn verify_webhook(provider: &dyn Provider, webhook: &Webhook) -> Result<Vec<WebhookNotice>> {
    catch_unwind(AssertUnwindSafe(|| provider.verify_webhook(webhook)))
        .unwrap_or_else(|_| Err(Error::new(Code::WebhookRejected, "the adapter panicked over this webhook")))
}

/// Asks the provider about a customer. A panic is no answer.
pub(crate) fn validate_customer(provider: &dyn Provider, request: &CustomerRequest) -> Result<Customer> {
    catch_unwind(AssertUnwindSafe(|| provider.validate_customer(request))).unwrap_or_else(|_| Err(no_answer()))
}

/// Asks the provider for its catalogue. A panic is no answer.
pub(crate) fn catalogue(provider: &dyn Provider) -> Result<Vec<(Biller, Vec<BillItem>)>> {
    catch_unwind(AssertUnwindSafe(|| provider.catalogue())).unwrap_or_else(|_| Err(no_answer()))
}

/// Asks the provider what is left of the prepaid money. A panic is no answer.
pub(crate) fn float_balance(provider: &dyn Provider) -> Result<Money> {
    catch_unwind(AssertUnwindSafe(|| provider.float_balance())).unwrap_or_else(|_| Err(no_answer()))
}

fn no_answer() -> Error {
    Error::new(Code::ProviderUnavailable, "the provider's adapter panicked")
}
