//! What the aggregator sells, and to whom: services and their variations as
//! billers and items, customer look-ups, and the prepaid balance.

use crate::meaning::{loose, object};
use crate::wire::{Heard, Wire};
use fusepay_core::{BillItem, Biller, Category, Code, Currency, Customer, CustomerRequest, Error, Money, Result};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Looks a customer up.
pub(crate) fn customer(wire: &Wire, request: &CustomerRequest) -> Result<Customer> {
    #[derive(Deserialize)]
    struct Found<'a> {
        #[serde(borrow, default, rename = "Customer_Name")]
        name: Option<&'a RawValue>,
        #[serde(borrow, default, rename = "Address")]
        address: Option<&'a RawValue>,
        #[serde(borrow, default, rename = "Min_Purchase_Amount")]
        minimum: Option<&'a RawValue>,
        #[serde(default, rename = "WrongBillersCode")]
        is_wrong: bool,
    }
    let asked = serde_json::json!({
        "billersCode": request.customer_reference,
        "serviceID": request.biller,
        "type": request.item,
    });
    let text = page(wire.post("/api/merchant-verify", asked.to_string().as_bytes(), request.deadline))?;
    let (code, content) = envelope(&text)?;
    let found: Option<Found<'_>> = content.and_then(|content| object(content.get()));
    match (code.as_str(), found) {
        ("000" | "020", Some(found)) if found.is_wrong => {
            Err(Error::new(Code::CustomerRejected, "the biller does not know this customer"))
        }
        ("000" | "020", Some(found)) => {
            let mut customer = Customer::new(loose(found.name).ok_or_else(|| unusable("a customer without a name"))?);
            customer.address = loose(found.address);
            customer.minimum_minor = loose(found.minimum).and_then(|text| naira(&text)).map(Money::minor);
            Ok(customer)
        }
        _ => Err(unusable("a customer look-up that failed")),
    }
}

/// What is left of the prepaid money, rounded down to kobo: commissions leave
/// the balance with more places than the currency has.
pub(crate) fn balance(wire: &Wire) -> Result<Money> {
    #[derive(Deserialize)]
    struct Balance<'a> {
        #[serde(borrow)]
        contents: Contents<'a>,
    }
    #[derive(Deserialize)]
    struct Contents<'a> {
        #[serde(borrow)]
        balance: &'a RawValue,
    }
    let text = page(wire.get("/api/balance"))?;
    let shown = object::<Balance<'_>>(&text).and_then(|page| loose(Some(page.contents.balance)));
    let cut = shown.map(|text| match text.split_once('.') {
        Some((naira, kobo)) => format!("{naira}.{}", kobo.get(..2).unwrap_or(kobo)),
        None => text,
    });
    cut.and_then(|text| naira(&text)).ok_or_else(|| unusable("a balance that cannot be read"))
}

/// Every service of the categories, as billers, with what they sell. A service
/// whose codes or prices this engine cannot take is left out, not guessed at.
pub(crate) fn catalogue(
    wire: &Wire,
    provider: &str,
    categories: &[(String, Category)],
) -> Result<Vec<(Biller, Vec<BillItem>)>> {
    let mut found = Vec::new();
    for (identifier, category) in categories {
        let text = page(wire.get(&format!("/api/services?identifier={identifier}")))?;
        for raw in list(&text)? {
            let Some(service) = object::<Service<'_>>(raw.get()) else { continue };
            let (Some(code), Some(name)) = (loose(service.id), loose(service.name)) else { continue };
            let biller = Biller::new(code, name, category.clone(), provider);
            // The code becomes part of an address below, so it is checked first.
            if biller.check().is_err() {
                continue;
            }
            let items = items(wire, &biller, &service)?;
            if !items.is_empty() {
                found.push((biller, items));
            }
        }
    }
    Ok(found)
}

/// The variations of a service; one without any is an item by its own name.
fn items(wire: &Wire, biller: &Biller, service: &Service<'_>) -> Result<Vec<BillItem>> {
    let text = page(wire.get(&format!("/api/service-variations?serviceID={}", biller.code)))?;
    let (_, content) = envelope(&text)?;
    let variations = content.and_then(|content| object::<Variations<'_>>(content.get())).unwrap_or_default();
    let least = loose(service.minimum).and_then(|text| naira(&text)).filter(|least| least.is_positive());
    let most = loose(service.maximum).and_then(|text| naira(&text)).filter(|most| most.is_positive());
    let chosen = |code: &str, name: &str| match (least, most) {
        (Some(least), Some(most)) => Some(BillItem::new(code, name, least, most.minor())),
        _ => None,
    };
    let mut items: Vec<BillItem> = variations
        .variations
        .iter()
        .filter_map(|raw| {
            let variation = object::<Variation<'_>>(raw.get())?;
            let (code, name) = (loose(variation.code)?, loose(variation.name)?);
            match loose(variation.amount).and_then(|text| naira(&text)).filter(|price| price.is_positive()) {
                Some(price) => Some(BillItem::new(code, name, price, price.minor())),
                None => chosen(&code, &name),
            }
        })
        .collect();
    if variations.variations.is_empty() {
        items.extend(chosen(&biller.code, &biller.name));
    }
    let looks_up = matches!(biller.category.code(), "ELECTRICITY" | "TV");
    let items = items.into_iter().filter(|item| item.check().is_ok());
    Ok(items.map(|item| if looks_up { item.with_customer_validation() } else { item }).collect())
}

#[derive(Deserialize)]
struct Service<'a> {
    #[serde(borrow, default, rename = "serviceID")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    // The misspelling is the aggregator's.
    #[serde(borrow, default, rename = "minimium_amount")]
    minimum: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "maximum_amount")]
    maximum: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Variations<'a> {
    // Some of the aggregator's pages spell it with an i missing.
    #[serde(borrow, default, alias = "varations")]
    variations: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Variation<'a> {
    #[serde(borrow, default, rename = "variation_code")]
    code: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "variation_amount")]
    amount: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    code: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

fn envelope(text: &str) -> Result<(String, Option<&RawValue>)> {
    let envelope: Envelope<'_> = object(text).ok_or_else(|| unusable("something that is no JSON object"))?;
    Ok((loose(envelope.code).unwrap_or_default(), envelope.content))
}

fn list(text: &str) -> Result<Vec<&RawValue>> {
    let (_, content) = envelope(text)?;
    content.and_then(|raw| serde_json::from_str(raw.get()).ok()).ok_or_else(|| unusable("a list that is none"))
}

/// The text of a good answer. Nothing here moves money, so all the ways to fail are one.
fn page(heard: Heard) -> Result<String> {
    match heard {
        Heard::Answer { status: 200, body } => String::from_utf8(body).map_err(|_| unusable("text that is not UTF-8")),
        Heard::Answer { status, .. } => Err(unusable(&format!("HTTP status {status}"))),
        Heard::NeverSent(cause) | Heard::Silence(cause) => {
            Err(Error::new(Code::ProviderUnavailable, format!("the provider did not answer: {cause}")))
        }
    }
}

fn naira(text: &str) -> Option<Money> {
    Money::parse(text, Currency::NGN).ok()
}

fn unusable(what: &str) -> Error {
    Error::new(Code::ProviderUnavailable, format!("the provider answered with {what}"))
}
