//! Bills: quote, pay, look up, refresh, and what comes in by webhook.

use crate::bill::outcome::Evidence;
use crate::bill::provider::{Customer, Webhook};
use crate::bill::quote::Quote;
use crate::bill::record::{Attempt, Payment, PaymentStep};
use crate::engine::attempt;
use crate::engine::catalogue::{CUSTOMER_LENGTH_MAX, ask_customer, demand_minimum, offered, route};
use crate::engine::inner::{Access, Inner, check_page, check_text, millis};
use crate::error::{Error, Result};
use crate::id::{PaymentId, QuoteId, UserId, WalletId};
use crate::money::amount::Money;
use crate::queue::job::Job;
use crate::store::{bill, catalogue, queue, wallet};
use crate::vocabulary::{Code, JobKind, PaymentStatus};
use std::sync::Arc;
use std::time::Duration;

/// A bill to price.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct QuoteRequest {
    /// Who asks.
    pub user_id: UserId,
    /// The biller's code.
    pub biller: String,
    /// The item's code.
    pub item: String,
    /// For whom it would be paid.
    pub customer_reference: String,
    /// What the biller would receive.
    pub amount: Money,
}

impl QuoteRequest {
    /// A bill of this amount.
    #[must_use]
    pub fn new(
        user_id: UserId,
        biller: impl Into<String>,
        item: impl Into<String>,
        customer_reference: impl Into<String>,
        amount: Money,
    ) -> Self {
        QuoteRequest {
            user_id,
            biller: biller.into(),
            item: item.into(),
            customer_reference: customer_reference.into(),
            amount,
        }
    }
}

/// Everything known about a payment, in order.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The payment as it stands.
    pub payment: Payment,
    /// Every decision, oldest first.
    pub steps: Vec<PaymentStep>,
    /// Every contact with the provider, oldest first, with its evidence.
    pub attempts: Vec<Attempt>,
    /// The timer that will act next, if there is one.
    pub next_job: Option<Job>,
}

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct WebhookReceipt {
    /// Notices in it that name a payment of ours.
    pub matched: u32,
    /// Notices in it that name none.
    pub unknown: u32,
}

/// Prices a bill; asks the biller about the customer where the item demands it.
pub(crate) fn quote(inner: &Arc<Inner>, access: Access, request: &QuoteRequest) -> Result<Quote> {
    request.amount.require_positive("amount")?;
    check_text("customer_reference", &request.customer_reference, CUSTOMER_LENGTH_MAX)?;
    access.demand_owner(request.user_id, "user")?;
    let (biller, item) = inner.read(|tx| {
        crate::store::auth::find(tx, request.user_id)?;
        offered(tx, &request.biller, &request.item)
    })?;
    item.allow(request.amount)?;
    let customer = if item.validates_customer {
        let desk = route(inner, &biller)?;
        Some(ask_customer(&desk, &request.biller, &request.item, &request.customer_reference)?)
    } else {
        None
    };
    customer.as_ref().map_or(Ok(()), |customer| demand_minimum(customer, request.amount))?;
    let (request, life_ms) = (request.clone(), millis(inner.config.quote_life));
    inner.write(move |tx, supplies| {
        let quote = Quote {
            id: QuoteId::mint(supplies, supplies.wall)?,
            user_id: request.user_id,
            biller: request.biller.clone(),
            item: request.item.clone(),
            customer_reference: request.customer_reference.clone(),
            customer_name: customer.as_ref().map(|customer| crate::engine::conclude::bounded(&customer.name)),
            amount: request.amount,
            fee: item.fee.for_amount(request.amount)?,
            created_at: supplies.wall,
            expires_at: supplies.due.plus(life_ms),
            payment_id: None,
        };
        catalogue::insert_quote(tx, &quote)?;
        Ok(quote)
    })
}

/// Asks the biller about a customer.
pub(crate) fn validate_customer(inner: &Inner, biller: &str, item: &str, customer_reference: &str) -> Result<Customer> {
    check_text("customer_reference", customer_reference, CUSTOMER_LENGTH_MAX)?;
    let (found, _) = inner.read(|tx| offered(tx, biller, item))?;
    ask_customer(&route(inner, &found)?, biller, item, customer_reference)
}

/// One payment; reading an unknown one makes its requery due now, at most every
/// `refresh_interval`. Never calls a provider.
pub(crate) fn find(inner: &Arc<Inner>, access: Access, id: PaymentId) -> Result<Payment> {
    let record = inner.read(|tx| bill::find(tx, id))?;
    access.demand_owner(record.payment.user_id, "payment")?;
    let is_stale = inner.due_now().since(record.requery_asked_at) >= millis(inner.config.refresh_interval);
    if record.payment.status == PaymentStatus::Unknown && is_stale {
        // Best effort: a busy writer must not fail a read.
        if let Err(error) = hasten(inner, id) {
            tracing::debug!(payment = %id, code = error.code().name(), "a requery could not be hastened");
        }
    }
    Ok(record.payment)
}

/// Makes the requery of a payment due now.
fn hasten(inner: &Inner, id: PaymentId) -> Result<bool> {
    inner.write(move |tx, supplies| {
        bill::set_requery_asked(tx, id, supplies.due)?;
        queue::hasten(tx, id.as_bytes(), JobKind::Requery, supplies.due)
    })
}

/// Waits until one requery of an unknown payment has been recorded, or the
/// deadline has passed; answers the payment as it stands then.
pub(crate) fn refresh(inner: &Arc<Inner>, access: Access, id: PaymentId, deadline: Duration) -> Result<Payment> {
    let before = inner.read(|tx| bill::find(tx, id))?;
    access.demand_owner(before.payment.user_id, "payment")?;
    let waits = matches!(before.payment.status, PaymentStatus::Unknown | PaymentStatus::Processing);
    if !waits {
        return Ok(before.payment);
    }
    hasten(inner, id)?;
    if inner.config.worker == crate::engine::config::WorkerMode::Manual {
        crate::engine::worker::run_due(inner)?;
    } else {
        inner.progress.wait_until(crate::clock::Deadline::after(deadline), || {
            let now = inner.store.read(|tx| bill::find(tx, id));
            now.map_or(true, |now| now.payment.version != before.payment.version)
        });
    }
    Ok(inner.read(|tx| bill::find(tx, id))?.payment)
}

/// Everything known about a payment.
pub(crate) fn explain(inner: &Inner, access: Access, id: PaymentId) -> Result<Explanation> {
    inner.read(|tx| {
        let payment = bill::find(tx, id)?.payment;
        access.demand_owner(payment.user_id, "payment")?;
        Ok(Explanation {
            payment,
            steps: bill::steps(tx, id)?,
            attempts: bill::attempts(tx, id)?.into_iter().map(|record| record.attempt).collect(),
            next_job: queue::of_subject(tx, id.as_bytes())?,
        })
    })
}

/// What the customer bought: tokens and pins, opened. Audited.
pub(crate) fn tokens(inner: &Arc<Inner>, access: Access, id: PaymentId) -> Result<Vec<String>> {
    let record = inner.read(|tx| bill::find(tx, id))?;
    access.demand_owner(record.payment.user_id, "payment")?;
    record.tokens.map_or_else(|| Ok(Vec::new()), |sealed| inner.vault.open(&sealed, id))
}

/// Payments of a wallet, newest first, before one.
pub(crate) fn list(
    inner: &Inner,
    access: Access,
    wallet_id: WalletId,
    before: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<Payment>> {
    let limit = check_page(limit)?;
    inner.read(|tx| {
        access.demand_owner(wallet::find(tx, wallet_id)?.user_id, "wallet")?;
        let ids = bill::of_wallet(tx, wallet_id, before, limit)?;
        ids.into_iter().map(|id| bill::find(tx, id).map(|record| record.payment)).collect()
    })
}

/// Payments in one state, oldest first, after one: an operator's worklist.
pub(crate) fn list_by_status(
    inner: &Inner,
    status: PaymentStatus,
    after: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<Payment>> {
    let limit = check_page(limit)?;
    inner.read(|tx| {
        let ids = bill::in_status(tx, status, after, limit)?;
        ids.into_iter().map(|id| bill::find(tx, id).map(|record| record.payment)).collect()
    })
}

/// Takes a webhook in: the adapter verifies it, the engine applies it as evidence.
pub(crate) fn receive_webhook(inner: &Arc<Inner>, provider: &str, webhook: &Webhook) -> Result<WebhookReceipt> {
    inner.check_open()?;
    if webhook.body.len() > 1 << 20 || webhook.headers.len() > 256 {
        return Err(Error::field(
            Code::TooLong,
            "webhook",
            "a body has at most 1 MiB, and there are at most 256 headers",
        ));
    }
    let desk = inner.desk(provider).ok_or_else(|| Error::new(Code::NotFound, "there is no such provider"))?;
    let notices = attempt::verify_webhook(desk.provider.as_ref(), webhook)?;
    let text = String::from_utf8_lossy(&webhook.body);
    let evidence = Evidence::new(webhook.body.clone(), format!("webhook of {} bytes", text.len()));
    let mut receipt = WebhookReceipt { matched: 0, unknown: 0 };
    for notice in &notices {
        if attempt::apply_notice(inner, provider, notice, &evidence)? {
            receipt.matched += 1;
        } else {
            tracing::warn!(provider, request_id = %crate::engine::conclude::bounded(&notice.request_id), "a webhook names no payment of ours");
            receipt.unknown += 1;
        }
    }
    Ok(receipt)
}
