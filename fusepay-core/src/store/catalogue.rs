//! SQL of billers, items and quotes.

use crate::bill::biller::{BillItem, Biller};
use crate::bill::quote::Quote;
use crate::category::Category;
use crate::error::{Error, Result};
use crate::id::{PaymentId, QuoteId, UserId};
use crate::money::amount::Money;
use crate::store::row::{Row, damaged};
use crate::store::statement::statements;
use crate::store::tx::{ReadTx, WriteTx};
use crate::vocabulary::Code;
use crate::wallet::fee::FeePolicy;
use rusqlite::named_params;

statements! {
    /// One biller; primary key.
    BILLER = "SELECT code, name, category, providers, enabled FROM biller WHERE code = :code";
    /// Billers after one, of a category or all; primary key.
    BILLERS = "SELECT code, name, category, providers, enabled FROM biller
        WHERE code > :after AND (:category IS NULL OR category = :category) ORDER BY code LIMIT :limit";
    /// Loads one biller; primary key.
    BILLER_UPSERT = "INSERT INTO biller (code, name, category, providers, enabled)
        VALUES (:code, :name, :category, :providers, :enabled)
        ON CONFLICT (code) DO UPDATE SET name = excluded.name, category = excluded.category,
        providers = excluded.providers, enabled = excluded.enabled";
    /// One item; primary key.
    ITEM = "SELECT code, name, currency, minimum_minor, maximum_minor, fee_fixed_minor, fee_per_mille, fee_minimum_minor,
        fee_maximum_minor, validates_customer, enabled FROM bill_item WHERE biller = :biller AND code = :code";
    /// The items of a biller; primary key.
    ITEMS = "SELECT code, name, currency, minimum_minor, maximum_minor, fee_fixed_minor, fee_per_mille, fee_minimum_minor,
        fee_maximum_minor, validates_customer, enabled FROM bill_item WHERE biller = :biller ORDER BY code";
    /// Loads one item; primary key.
    ITEM_UPSERT = "INSERT INTO bill_item (biller, code, name, currency, minimum_minor, maximum_minor, fee_fixed_minor,
        fee_per_mille, fee_minimum_minor, fee_maximum_minor, validates_customer, enabled)
        VALUES (:biller, :code, :name, :currency, :minimum, :maximum, :fixed, :per_mille, :fee_minimum, :fee_maximum,
        :validates, :enabled)
        ON CONFLICT (biller, code) DO UPDATE SET name = excluded.name, currency = excluded.currency,
        minimum_minor = excluded.minimum_minor, maximum_minor = excluded.maximum_minor,
        fee_fixed_minor = excluded.fee_fixed_minor, fee_per_mille = excluded.fee_per_mille,
        fee_minimum_minor = excluded.fee_minimum_minor, fee_maximum_minor = excluded.fee_maximum_minor,
        validates_customer = excluded.validates_customer, enabled = excluded.enabled";
    /// One quote; primary key.
    QUOTE = "SELECT id, user_id, biller, item, customer_reference, customer_name, amount_minor, fee_minor, currency,
        created_at_ms, expires_at_ms, payment_id FROM quote WHERE id = :id";
    /// A new quote.
    QUOTE_INSERT = "INSERT INTO quote (id, user_id, biller, item, customer_reference, customer_name, amount_minor, fee_minor,
        currency, created_at_ms, expires_at_ms) VALUES (:id, :user, :biller, :item, :customer, :name, :amount, :fee,
        :currency, :at, :expires)";
    /// Marks a quote as used, once; primary key.
    QUOTE_USE = "UPDATE quote SET payment_id = :payment WHERE id = :id AND payment_id IS NULL";
}

fn biller(row: &Row<'_>) -> Result<Biller> {
    let providers = row.text(3)?;
    let mut providers = providers.split(' ').map(str::to_owned);
    let first = providers.next().ok_or_else(|| damaged("a biller has no provider".to_owned()))?;
    let mut biller = Biller::new(row.text(0)?, row.text(1)?, Category::new(row.text(2)?)?, first);
    biller.providers.extend(providers);
    Ok(biller.with_enabled(row.flag(4)?))
}

fn item(row: &Row<'_>) -> Result<BillItem> {
    let currency = row.currency(2)?;
    let mut fee = FeePolicy::fixed(row.int(5)?);
    fee.per_mille = row.count(6)?;
    fee.minimum_minor = row.int(7)?;
    fee.maximum_minor = row.opt_int(8)?;
    let mut item = BillItem::new(row.text(0)?, row.text(1)?, Money::new(row.int(3)?, currency), row.int(4)?);
    item.validates_customer = row.flag(9)?;
    Ok(item.with_fee(fee).with_enabled(row.flag(10)?))
}

/// One biller, if it exists.
pub(crate) fn find_biller(tx: &ReadTx<'_>, code: &str) -> Result<Option<Biller>> {
    tx.first(BILLER, named_params! { ":code": code }, biller)
}

/// Billers in the order of their codes, after this one.
pub(crate) fn billers(tx: &ReadTx<'_>, category: Option<&str>, after: &str, limit: u32) -> Result<Vec<Biller>> {
    tx.all(BILLERS, named_params! { ":category": category, ":after": after, ":limit": limit }, biller)
}

/// Loads a biller, replacing the one of the same code.
pub(crate) fn put_biller(tx: &WriteTx<'_>, new: &Biller) -> Result<()> {
    let params = named_params! {
        ":code": new.code, ":name": new.name, ":category": new.category.code(), ":providers": new.providers.join(" "),
        ":enabled": new.enabled,
    };
    tx.run(BILLER_UPSERT, params).map(|_| ())
}

/// One item, if it exists.
pub(crate) fn find_item(tx: &ReadTx<'_>, biller: &str, code: &str) -> Result<Option<BillItem>> {
    tx.first(ITEM, named_params! { ":biller": biller, ":code": code }, item)
}

/// The items of a biller.
pub(crate) fn items(tx: &ReadTx<'_>, biller: &str) -> Result<Vec<BillItem>> {
    tx.all(ITEMS, named_params! { ":biller": biller }, item)
}

/// Loads an item, replacing the one of the same code.
pub(crate) fn put_item(tx: &WriteTx<'_>, biller: &str, new: &BillItem) -> Result<()> {
    tx.run(
        ITEM_UPSERT,
        named_params! {
            ":biller": biller,
            ":code": new.code,
            ":name": new.name,
            ":currency": new.currency.code(),
            ":minimum": new.minimum_minor,
            ":maximum": new.maximum_minor,
            ":fixed": new.fee.fixed_minor,
            ":per_mille": new.fee.per_mille,
            ":fee_minimum": new.fee.minimum_minor,
            ":fee_maximum": new.fee.maximum_minor,
            ":validates": new.validates_customer,
            ":enabled": new.enabled,
        },
    )
    .map(|_| ())
}

/// One quote.
pub(crate) fn find_quote(tx: &ReadTx<'_>, id: QuoteId) -> Result<Quote> {
    tx.first(QUOTE, named_params! { ":id": id.as_bytes() }, |row| {
        let currency = row.currency(8)?;
        Ok(Quote {
            id: row.id(0, QuoteId::from_bytes)?,
            user_id: row.id(1, UserId::from_bytes)?,
            biller: row.text(2)?,
            item: row.text(3)?,
            customer_reference: row.text(4)?,
            customer_name: row.opt_text(5)?,
            amount: Money::new(row.int(6)?, currency),
            fee: Money::new(row.int(7)?, currency),
            created_at: row.time(9)?,
            expires_at: row.time(10)?,
            payment_id: row.opt_id(11, PaymentId::from_bytes)?,
        })
    })?
    .ok_or_else(|| Error::new(Code::NotFound, "there is no such quote"))
}

/// Writes a new quote.
pub(crate) fn insert_quote(tx: &WriteTx<'_>, new: &Quote) -> Result<()> {
    tx.run(
        QUOTE_INSERT,
        named_params! {
            ":id": new.id.as_bytes(),
            ":user": new.user_id.as_bytes(),
            ":biller": new.biller,
            ":item": new.item,
            ":customer": new.customer_reference,
            ":name": new.customer_name,
            ":amount": new.amount.minor(),
            ":fee": new.fee.minor(),
            ":currency": new.amount.currency().code(),
            ":at": new.created_at.0,
            ":expires": new.expires_at.0,
        },
    )
    .map(|_| ())
}

/// Marks a quote as used by a payment.
pub(crate) fn use_quote(tx: &WriteTx<'_>, id: QuoteId, payment: PaymentId) -> Result<()> {
    let changed = tx.run(QUOTE_USE, named_params! { ":id": id.as_bytes(), ":payment": payment.as_bytes() })?;
    if changed == 1 {
        return Ok(());
    }
    Err(Error::new(Code::QuoteUsed, "the quote has paid for something already; ask for a new one"))
}
