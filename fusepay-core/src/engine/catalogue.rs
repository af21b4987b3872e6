//! The catalogue: loading billers and items, what is offered and which provider
//! serves it, and prepaid money at providers.

use crate::bill::biller::{BillItem, Biller, check_code};
use crate::bill::provider::{Customer, CustomerRequest};
use crate::category::Category;
use crate::engine::attempt;
use crate::engine::book::Book;
use crate::engine::desk::ProviderDesk;
use crate::engine::inner::{Access, Inner, check_page, check_text};
use crate::engine::transfer::REFERENCE_LENGTH_MAX;
use crate::error::{Error, Result};
use crate::event::EventDraft;
use crate::ledger::account::AccountRef;
use crate::ledger::posting::{Memo, Movement};
use crate::money::amount::Money;
use crate::store::tx::ReadTx;
use crate::store::{catalogue, ledger};
use crate::vocabulary::{BreakerState, Code, EventName, TransactionType};
use std::sync::Arc;

/// The most billers of one load: one commit must stay short for those who wait.
const LOAD_MAX: usize = 1_000;

/// Longest customer reference, in bytes.
pub(crate) const CUSTOMER_LENGTH_MAX: usize = 128;

/// Loads billers with their items in one commit.
pub(crate) fn load(inner: &Inner, access: Access, entries: &[(Biller, Vec<BillItem>)]) -> Result<()> {
    if entries.len() > LOAD_MAX {
        return Err(Error::field(Code::InvalidArgument, "catalogue", format!("at most {LOAD_MAX} billers at once")));
    }
    for (biller, items) in entries {
        biller.check()?;
        items.iter().try_for_each(BillItem::check)?;
    }
    let entries = entries.to_vec();
    inner.write(move |tx, supplies| {
        let mut items_loaded = 0;
        for (biller, items) in &entries {
            catalogue::put_biller(tx, biller)?;
            items.iter().try_for_each(|item| catalogue::put_item(tx, &biller.code, item))?;
            items_loaded += items.len();
        }
        let book = Book::open(tx, supplies);
        let draft = EventDraft::new(EventName::CatalogueChanged)
            .number("billers", i64::try_from(entries.len()).unwrap_or(i64::MAX))
            .number("items", i64::try_from(items_loaded).unwrap_or(i64::MAX));
        book.event(&draft)?;
        book.audit(access.actor(), EventName::CatalogueChanged.name(), "catalogue", &draft)
    })
}

/// Loads what a provider says it serves.
pub(crate) fn load_from_provider(inner: &Inner, access: Access, provider: &str) -> Result<usize> {
    let desk = inner.desk(provider).ok_or_else(|| Error::new(Code::NotFound, "there is no such provider"))?;
    let mut entries = attempt::catalogue(desk.provider.as_ref())?;
    // An adapter does not know under which code the host registered it.
    for (biller, _) in &mut entries {
        biller.providers = vec![provider.to_owned()];
    }
    entries.chunks(LOAD_MAX).try_for_each(|part| load(inner, access, part))?;
    Ok(entries.len())
}

/// Billers in the order of their codes, after one.
pub(crate) fn billers(inner: &Inner, category: Option<&str>, after: Option<&str>, limit: u32) -> Result<Vec<Biller>> {
    let limit = check_page(limit)?;
    category.map(Category::new).transpose()?;
    after.map_or(Ok(()), |after| check_code("after", after))?;
    inner.read(|tx| catalogue::billers(tx, category, after.unwrap_or(""), limit))
}

/// The items of a biller.
pub(crate) fn items(inner: &Inner, biller: &str) -> Result<Vec<BillItem>> {
    inner.read(|tx| match catalogue::find_biller(tx, biller)? {
        Some(_) => catalogue::items(tx, biller),
        None => Err(Error::new(Code::NotFound, "there is no such biller")),
    })
}

/// Books prepaid money sent to a provider, each external reference once.
pub(crate) fn top_up_float(
    inner: &Inner,
    access: Access,
    provider: &str,
    amount: Money,
    external_reference: &str,
) -> Result<()> {
    check_code("provider", provider)?;
    amount.require_positive("amount")?;
    check_text("external_reference", external_reference, REFERENCE_LENGTH_MAX)?;
    let (provider, reference) = (provider.to_owned(), external_reference.to_owned());
    inner.write(move |tx, supplies| {
        if ledger::is_external_reference_used(tx, TransactionType::FloatTopUp, &reference)? {
            let detail = "has been booked; each external reference is booked once";
            return Err(Error::field(Code::ExternalReferenceUsed, "external_reference", detail));
        }
        let mut book = Book::open(tx, supplies);
        let memo = Memo { external_reference: Some(reference.clone()), ..Memo::default() };
        let float = AccountRef::Float(provider.clone());
        book.post(&Movement::new(TransactionType::FloatTopUp, float, AccountRef::Funding, amount), &memo)?;
        let draft = EventDraft::new(EventName::FloatToppedUp)
            .text("provider", provider.clone())
            .number("amount_minor", amount.minor())
            .text("currency", amount.currency().code());
        book.event(&draft)?;
        book.audit(access.actor(), EventName::FloatToppedUp.name(), &provider, &draft)?;
        book.close()
    })
}

/// The biller and item, when both exist and are switched on.
pub(crate) fn offered(tx: &ReadTx<'_>, biller: &str, item: &str) -> Result<(Biller, BillItem)> {
    let unavailable =
        |what: &str| Error::new(Code::BillerUnavailable, format!("{what} does not exist or is switched off"));
    let found = catalogue::find_biller(tx, biller)?.filter(|biller| biller.enabled);
    let found_item = catalogue::find_item(tx, biller, item)?.filter(|item| item.enabled);
    Ok((found.ok_or_else(|| unavailable("the biller"))?, found_item.ok_or_else(|| unavailable("the item"))?))
}

/// The provider a payment goes to: the first of the biller's that is registered
/// and not left alone by its breaker; else the first registered.
pub(crate) fn route(inner: &Inner, biller: &Biller) -> Result<Arc<ProviderDesk>> {
    let desks: Vec<_> = biller.providers.iter().filter_map(|code| inner.desk(code)).collect();
    let available = desks.iter().find(|desk| desk.state() != BreakerState::Open).or_else(|| desks.first());
    available.cloned().ok_or_else(|| {
        Error::new(Code::BillerUnavailable, "none of the biller's providers is registered with this engine")
    })
}

/// Asks the biller about a customer, outside any commit.
pub(crate) fn ask_customer(
    desk: &Arc<ProviderDesk>,
    biller: &str,
    item: &str,
    customer_reference: &str,
) -> Result<Customer> {
    let mut request = CustomerRequest::new(biller, item, customer_reference);
    request.deadline = desk.capabilities.call_deadline;
    attempt::validate_customer(desk.provider.as_ref(), &request)
}

/// Refuses less than the biller wants of this customer.
pub(crate) fn demand_minimum(customer: &Customer, amount: Money) -> Result<()> {
    let Some(minimum) = customer.minimum_minor.filter(|minimum| amount.minor() < *minimum) else { return Ok(()) };
    let least = Money::new(minimum, amount.currency());
    Err(Error::field(Code::AmountOutOfRange, "amount", format!("the biller wants at least {least} of this customer")))
}
