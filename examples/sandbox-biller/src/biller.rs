//! The state that every connection shares, and the routes to it.

use crate::book::{Book, Entry};
use crate::fault::{Fault, Faults, Plan};
use crate::gateway::Gateway;
use crate::http::{Reply, Request};
use crate::webhook::{Address, Delivery};
use crate::{answer, kobo, pay, shelf};
use serde_json::{Value, json};
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A biller that is open for business.
pub(crate) struct Biller {
    pub(crate) api_key: String,
    pub(crate) secret_key: String,
    pub(crate) pace: crate::Pace,
    pub(crate) book: Mutex<Book>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) gateway: Gateway,
    pub(crate) callback: Address,
    pub(crate) webhooks: SyncSender<Delivery>,
    pub(crate) closing: Closing,
}

/// What a request leads to: a reply, and webhooks to send once it is written.
pub(crate) struct Exchange {
    pub(crate) reply: Reply,
    pub(crate) after: Option<Delivery>,
}

impl From<Reply> for Exchange {
    fn from(reply: Reply) -> Self {
        Exchange { reply, after: None }
    }
}

impl Biller {
    /// Answers one request. `/api` demands the keys; `/sandbox` is the test's own door.
    pub(crate) fn answer(&self, request: &Request) -> Exchange {
        let route = (request.method.as_str(), request.path.as_str());
        if request.path.starts_with("/api/") && !self.knows_caller(request) {
            return answer::refusal(401, "087", "INVALID CREDENTIALS").into();
        }
        if request.path.starts_with("/gateway/") {
            return self.gateway.answer(request);
        }
        match route {
            ("POST", "/api/pay") => pay::pay(self, &request.body),
            ("POST", "/api/requery") => pay::requery(self, &request.body),
            ("POST", "/api/merchant-verify") => answer::customer(&request.body).into(),
            ("GET", "/api/services") => answer::services(request.parameter("identifier")).into(),
            ("GET", "/api/service-variations") => answer::variations(request.parameter("serviceID")).into(),
            ("GET", "/api/balance") => answer::balance(self.book().balance_minor()).into(),
            ("GET", "/sandbox/book") => self.show_book().into(),
            ("POST", "/sandbox/faults") => self.set_faults(&request.body).into(),
            ("POST", "/sandbox/webhooks") => self.set_webhooks(&request.body).into(),
            ("POST", "/sandbox/reverse") => self.reverse_by_request(&request.body).into(),
            _ => Reply::html(404, "<html><body>no such page</body></html>").into(),
        }
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues webhooks. A full queue or a closed biller loses them, as life does.
    pub(crate) fn notify(&self, delivery: Delivery) {
        self.webhooks.try_send(delivery).ok();
    }

    /// Takes a payment back and says so by webhook.
    pub(crate) fn reverse(&self, request_id: &str) -> bool {
        let mut book = self.book();
        let reversed = book.reverse(request_id);
        let told = if reversed { book.entry(request_id).cloned() } else { None };
        drop(book);
        if let Some(entry) = told {
            self.notify(answer::webhook(&entry, 1));
        }
        reversed
    }

    fn knows_caller(&self, request: &Request) -> bool {
        request.header("api-key") == Some(&self.api_key) && request.header("secret-key") == Some(&self.secret_key)
    }

    fn show_book(&self) -> Reply {
        let book = self.book();
        let entries: Vec<Value> = book.entries().iter().map(Entry::to_json).collect();
        Reply::json(200, &json!({ "balance": kobo::text(book.balance_minor()), "entries": entries }))
    }

    fn reverse_by_request(&self, body: &[u8]) -> Reply {
        let reversed = text_at(&parse(body), "/request_id").is_some_and(|request_id| self.reverse(&request_id));
        Reply::json(if reversed { 200 } else { 404 }, &json!({ "reversed": reversed }))
    }

    /// Sends webhooks where the body says: `biller`, `gateway`.
    fn set_webhooks(&self, body: &[u8]) -> Reply {
        let asked = parse(body);
        for (pointer, address) in [("/biller", &self.callback), ("/gateway", &self.gateway.callback)] {
            if let Some(url) = text_at(&asked, pointer) {
                *address.lock().unwrap_or_else(PoisonError::into_inner) = Some(url);
            }
        }
        Reply::json(200, &json!({ "set": true }))
    }

    /// Sets what the body names: `plan`, `percentages`, `seed`, `customers`.
    fn set_faults(&self, body: &[u8]) -> Reply {
        match change_faults(&mut self.faults(), &parse(body)) {
            Ok(()) => Reply::json(200, &json!({ "set": true })),
            Err(why) => Reply::json(400, &json!({ "set": false, "why": why })),
        }
    }
}

fn change_faults(faults: &mut Faults, wish: &Value) -> Result<(), String> {
    let fault = |name: &str| Fault::from_name(name).ok_or_else(|| format!("there is no fault {name}"));
    let table = |key: &str| wish.get(key).and_then(Value::as_object).into_iter().flatten();
    let mut customers = Vec::new();
    for (customer, name) in table("customers") {
        customers.push((customer.clone(), fault(name.as_str().unwrap_or_default())?));
    }
    let mut shares = Vec::new();
    for (name, share) in table("percentages") {
        let share = share.as_u64().and_then(|share| u8::try_from(share).ok());
        shares.push((fault(name)?, share.ok_or_else(|| format!("{name}: a percentage is 0 to 100"))?));
    }
    let plan = match wish.get("plan").and_then(Value::as_str) {
        Some(name) => Some(Plan::named(name).ok_or_else(|| format!("there is no plan {name}"))?),
        None if shares.is_empty() => None,
        None => Some(Plan::new(shares).ok_or("the percentages add up to more than 100")?),
    };
    faults.customers.extend(customers);
    faults.plan = plan.unwrap_or_else(|| faults.plan.clone());
    faults.seed = wish.get("seed").and_then(Value::as_u64).unwrap_or(faults.seed);
    Ok(())
}

/// The body as JSON; `null` when it is none.
pub(crate) fn parse(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or(Value::Null)
}

/// The text at a JSON pointer, when it is a text and not empty.
pub(crate) fn text_at(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

/// Whether the biller is closing, and a way to sleep that ends when it does.
#[derive(Debug, Default)]
pub(crate) struct Closing {
    is_closing: Mutex<bool>,
    changed: Condvar,
}

impl Closing {
    pub(crate) fn begin(&self) {
        *self.is_closing.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    pub(crate) fn has_begun(&self) -> bool {
        *self.is_closing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits this long, or until the biller closes.
    pub(crate) fn wait(&self, duration: Duration) {
        let guard = self.is_closing.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_timeout_while(guard, duration, |is_closing| !*is_closing));
    }
}

/// Whether the service sells what is asked at this price; else the refusal.
pub(crate) fn check_order(service: &str, variation: Option<&str>, amount_minor: i64) -> Result<(), Reply> {
    let refuse = |code, text| Err(answer::refusal(200, code, text));
    let Some(service) = shelf::Service::find(service) else { return refuse("012", "PRODUCT DOES NOT EXIST") };
    let price = match (variation, service.variations.is_empty()) {
        (_, true) => None,
        (None, false) => return refuse("011", "INVALID ARGUMENTS"),
        (Some(code), false) => match service.variation(code) {
            Some(variation) => variation.price_minor,
            None => return refuse("010", "VARIATION CODE DOES NOT EXIST"),
        },
    };
    if amount_minor < price.unwrap_or(service.minimum_minor) {
        return refuse("013", "BELOW MINIMUM AMOUNT ALLOWED");
    }
    if amount_minor > price.unwrap_or(service.maximum_minor) {
        return refuse("017", "ABOVE MAXIMUM AMOUNT ALLOWED");
    }
    Ok(())
}
