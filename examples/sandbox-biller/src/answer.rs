//! The JSON this biller speaks, in VTpass's shapes.

use crate::biller::{parse, text_at};
use crate::book::{Entry, Status};
use crate::http::Reply;
use crate::kobo;
use crate::shelf::{SERVICES, Service};
use crate::webhook::{Delivery, Sender};
use serde_json::{Value, json};
use std::time::Duration;

/// An answer that is a code and its sentence.
pub(crate) fn refusal(status: u16, code: &str, text: &str) -> Reply {
    Reply::json(status, &json!({ "code": code, "response_description": text, "content": { "errors": text } }))
}

/// A transaction with this code, as `pay`, `requery` and webhooks show it.
pub(crate) fn transaction(entry: &Entry, code: &str, text: &str) -> Value {
    let name = Service::find(&entry.service).map_or("", |service| service.name);
    let amount = kobo::text(if entry.is_paid() { entry.paid_minor } else { entry.amount_minor });
    let token = entry.token.as_deref().filter(|_| entry.status == Status::Delivered);
    json!({
        "code": code,
        "response_description": text,
        "requestId": entry.request_id,
        "amount": amount,
        "purchased_code": token.map(|token| format!("Token : {token}")).unwrap_or_default(),
        "content": { "transactions": {
            "status": entry.status.word(),
            "product_name": name,
            "unique_element": entry.customer_served,
            "unit_price": amount,
            "quantity": 1,
            "channel": "api",
            "commission": "0.00",
            "total_amount": amount,
            "platform": "api",
            "method": "wallet",
            "transactionId": entry.transaction_id,
            "amount": amount,
        } },
    })
}

/// A transaction as it stands.
pub(crate) fn standing(entry: &Entry) -> Value {
    match entry.status {
        Status::Delivered => transaction(entry, "000", "TRANSACTION SUCCESSFUL"),
        Status::Pending => transaction(entry, "000", "TRANSACTION PENDING"),
        Status::Failed => transaction(entry, "016", "TRANSACTION FAILED"),
        Status::Reversed => transaction(entry, "040", "TRANSACTION REVERSAL TO WALLET"),
        Status::Lost => standing_of_nobody(),
    }
}

/// What a requery hears about an id that was never seen.
pub(crate) fn standing_of_nobody() -> Value {
    json!({ "code": "015", "response_description": "TRANSACTION NOT FOUND", "content": [] })
}

/// The webhook about a transaction as it stands, to be sent so many times.
pub(crate) fn webhook(entry: &Entry, times: u32) -> Delivery {
    let body = json!({ "type": "transaction-update", "data": standing(entry) }).to_string();
    Delivery { from: Sender::Biller, body, times, is_forged: false, delay: Duration::ZERO, sent: None }
}

/// A customer look-up. A reference that ends in `-unknown` is nobody's.
pub(crate) fn customer(body: &[u8]) -> Reply {
    let asked = parse(body);
    let (Some(customer), Some(service)) = (text_at(&asked, "/billersCode"), text_at(&asked, "/serviceID")) else {
        return refusal(200, "011", "INVALID ARGUMENTS");
    };
    if Service::find(&service).is_none() {
        return refusal(200, "012", "PRODUCT DOES NOT EXIST");
    }
    let content = if customer.ends_with("-unknown") {
        json!({ "WrongBillersCode": true, "error": "This meter is not correct or is not valid." })
    } else {
        json!({
            "Customer_Name": "ADA SANDBOX",
            "Address": "1 Loopback Close, Ikeja",
            "Meter_Number": customer,
            "Min_Purchase_Amount": "100.00",
            "WrongBillersCode": false,
        })
    };
    Reply::json(200, &json!({ "code": "000", "content": content }))
}

/// The services of one category, or all of them.
pub(crate) fn services(category: Option<&str>) -> Reply {
    let wanted = SERVICES.iter().filter(|service| category.is_none_or(|category| category == service.category));
    let content: Vec<Value> = wanted
        .map(|service| {
            json!({
                "serviceID": service.id,
                "name": service.name,
                "minimium_amount": kobo::text(service.minimum_minor),
                "maximum_amount": kobo::text(service.maximum_minor),
                "convinience_fee": "N0",
                "product_type": "fix",
            })
        })
        .collect();
    Reply::json(200, &json!({ "response_description": "000", "content": content }))
}

/// What one service sells.
pub(crate) fn variations(service: Option<&str>) -> Reply {
    let Some(service) = service.and_then(Service::find) else {
        return refusal(200, "012", "PRODUCT DOES NOT EXIST");
    };
    let variations: Vec<Value> = service
        .variations
        .iter()
        .map(|variation| {
            json!({
                "variation_code": variation.code,
                "name": variation.name,
                "variation_amount": kobo::text(variation.price_minor.unwrap_or(0)),
                "fixedPrice": if variation.price_minor.is_some() { "Yes" } else { "No" },
            })
        })
        .collect();
    let content = json!({ "ServiceName": service.name, "serviceID": service.id, "variations": variations });
    Reply::json(200, &json!({ "response_description": "000", "content": content }))
}

/// What is left of the prepaid money.
pub(crate) fn balance(balance_minor: i64) -> Reply {
    Reply::json(200, &json!({ "code": 1, "contents": { "balance": kobo::text(balance_minor) } }))
}
