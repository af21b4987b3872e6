//! A payment gateway beside the biller: a merchant asks for money, a customer
//! pays or does not, and a signed webhook says so, or lies, or gets lost.

use crate::biller::{Exchange, parse, text_at};
use crate::charge::{CURRENCY, Charge, ChargeStatus, Charges, Placed};
use crate::http::{Reply, Request};
use crate::kobo;
use crate::webhook::{Address, Delivery, Sender};
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A gateway that is open for business.
pub(crate) struct Gateway {
    pub(crate) key: String,
    pub(crate) charges: Mutex<Charges>,
    pub(crate) callback: Address,
    /// Where the gateway itself is, `http://127.0.0.1:<port>`.
    pub(crate) url: String,
    pub(crate) late: Duration,
}

/// How the customer's paying goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Paid, and said once.
    Success,
    /// Not paid, and said once.
    Failure,
    /// Paid, and said late.
    Late,
    /// Paid, and said five times.
    Duplicate,
    /// Paid, and not said: the webhook got lost.
    Silent,
    /// One naira less than asked was paid.
    OtherAmount,
    /// Not paid, while somebody without the secret says it was.
    Forged,
    /// Not paid, while the gateway itself says it was.
    Lie,
}

impl Outcome {
    fn from_name(name: &str) -> Option<Outcome> {
        OUTCOMES.iter().find(|(known, _)| *known == name).map(|(_, outcome)| *outcome)
    }
}

impl Gateway {
    /// Answers one request below `/gateway/`. Merchants need the key; the
    /// customer's two pages need none, as a checkout page does.
    pub(crate) fn answer(&self, request: &Request) -> Exchange {
        let parts: Vec<&str> = request.path.split('/').skip(2).collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["charges", id, "complete"]) => return self.complete(id, request.parameter("outcome")),
            ("GET", ["checkout", id]) => return self.checkout(id).into(),
            _ if request.header("authorization") != Some(&format!("Bearer {}", self.key)) => {
                return refusal(401, "unauthorised", "the gateway's key is missing or wrong").into();
            }
            ("POST", ["charges"]) => self.place(&request.body),
            ("GET", ["charges"]) => self.list(),
            ("GET", ["charges", id]) => self.show(id),
            ("POST", ["charges", id, "resend"]) => return self.resend(id),
            _ => no_such_charge(),
        }
        .into()
    }

    fn charges(&self) -> MutexGuard<'_, Charges> {
        self.charges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, body: &[u8]) -> Reply {
        let asked = parse(body);
        let amount = text_at(&asked, "/amount").and_then(|text| kobo::parse(&text)).filter(|minor| *minor > 0);
        let Some(amount_minor) = amount else {
            return refusal(422, "invalid_amount", "amount is a decimal text of naira above 0");
        };
        if text_at(&asked, "/currency").as_deref() != Some(CURRENCY) {
            return refusal(422, "invalid_currency", "this gateway takes NGN");
        }
        let Some(reference) = text_at(&asked, "/reference").filter(|reference| reference.len() <= 128) else {
            return refusal(422, "invalid_reference", "reference is a text of 1 to 128 bytes");
        };
        let metadata = asked.get("metadata").cloned().unwrap_or_else(|| json!({}));
        match self.charges().place(&reference, amount_minor, metadata) {
            Placed::New(charge) => Reply::json(201, &self.shown(&charge)),
            Placed::Known(charge) => Reply::json(200, &self.shown(&charge)),
            Placed::Taken => refusal(409, "reference_taken", "this reference asks for something else already"),
        }
    }

    fn list(&self) -> Reply {
        let charges: Vec<Value> = self.charges().all().iter().map(|charge| self.shown(charge)).collect();
        Reply::json(200, &json!({ "charges": charges }))
    }

    fn show(&self, id: &str) -> Reply {
        self.charges().find(id).map_or_else(no_such_charge, |charge| Reply::json(200, &self.shown(charge)))
    }

    /// What the customer sees. Nothing a merchant wrote is on it, so nothing needs escaping.
    fn checkout(&self, id: &str) -> Reply {
        let charges = self.charges();
        let Some(charge) = charges.find(id) else { return Reply::html(404, "<html><body>no such page</body></html>") };
        let amount = kobo::text(charge.amount_minor);
        let button = |outcome: &str, label: &str| {
            format!(
                "<form method=post action=/gateway/charges/{}/complete?outcome={outcome}><button id={outcome}>{label}</button></form>",
                charge.id
            )
        };
        let rest = match charge.status {
            ChargeStatus::Pending => button("success", "Pay") + &button("failure", "Decline"),
            ChargeStatus::Paid | ChargeStatus::Failed => format!("<p>This charge is {}.</p>", charge.status.word()),
        };
        Reply::html(
            200,
            &format!("<!doctype html><title>Sandbox checkout</title><h1>Pay {CURRENCY} {amount}</h1>{rest}"),
        )
    }

    /// Plays the customer.
    fn complete(&self, id: &str, outcome: Option<&str>) -> Exchange {
        let Some(outcome) = Outcome::from_name(outcome.unwrap_or("success")) else {
            let names: Vec<&str> = OUTCOMES.iter().map(|(name, _)| *name).collect();
            return refusal(422, "invalid_outcome", &format!("outcome is one of {}", names.join(", "))).into();
        };
        let mut charges = self.charges();
        let Some(asked) = charges.find(id).cloned() else { return no_such_charge().into() };
        let Some((settled, said)) = play(&mut charges, &asked, outcome) else {
            return refusal(409, "already_settled", "this charge has ended already").into();
        };
        let delivery = Delivery {
            times: if outcome == Outcome::Duplicate { 5 } else { 1 },
            is_forged: outcome == Outcome::Forged,
            delay: if outcome == Outcome::Late { self.late } else { Duration::ZERO },
            ..event(&mut charges, &said)
        };
        let reply = Reply::json(200, &json!({ "id": settled.id, "status": settled.status.word() }));
        Exchange { reply, after: (outcome != Outcome::Silent).then_some(delivery) }
    }

    fn shown(&self, charge: &Charge) -> Value {
        let mut shown = charge.to_json();
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("checkout_url".to_owned(), format!("{}/gateway/checkout/{}", self.url, charge.id).into());
        }
        shown
    }

    /// Says again what a charge has come to, as gateways do at a merchant's request.
    fn resend(&self, id: &str) -> Exchange {
        let mut charges = self.charges();
        let Some(charge) = charges.find(id).cloned() else { return no_such_charge().into() };
        if charge.status == ChargeStatus::Pending {
            return refusal(409, "not_settled", "there is nothing to say about a pending charge").into();
        }
        let delivery = event(&mut charges, &charge);
        Exchange { reply: Reply::json(202, &json!({ "id": charge.id })), after: Some(delivery) }
    }
}

/// What the charge comes to, and what is said of it; `None` when it has ended before.
fn play(charges: &mut Charges, asked: &Charge, outcome: Outcome) -> Option<(Charge, Charge)> {
    let settled = match outcome {
        Outcome::Success | Outcome::Late | Outcome::Duplicate | Outcome::Silent => {
            charges.settle(&asked.id, Some(asked.amount_minor))
        }
        Outcome::OtherAmount => charges.settle(&asked.id, Some((asked.amount_minor - 100).max(0))),
        Outcome::Failure => charges.settle(&asked.id, None),
        Outcome::Forged | Outcome::Lie => {
            let lie = Charge { status: ChargeStatus::Paid, paid_minor: asked.amount_minor, ..asked.clone() };
            return (asked.status == ChargeStatus::Pending).then(|| (asked.clone(), lie));
        }
    }?;
    Some((settled.clone(), settled))
}

fn event(charges: &mut Charges, charge: &Charge) -> Delivery {
    let kind = format!("charge.{}", charge.status.word());
    let body = json!({ "id": charges.next_event(), "type": kind, "data": charge.to_json() });
    Delivery {
        from: Sender::Gateway,
        body: body.to_string(),
        times: 1,
        is_forged: false,
        delay: Duration::ZERO,
        sent: None,
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({ "error": { "code": code, "message": message } }))
}

fn no_such_charge() -> Reply {
    refusal(404, "not_found", "there is no such charge")
}

const OUTCOMES: &[(&str, Outcome)] = &[
    ("success", Outcome::Success),
    ("failure", Outcome::Failure),
    ("late", Outcome::Late),
    ("duplicate", Outcome::Duplicate),
    ("silent", Outcome::Silent),
    ("other-amount", Outcome::OtherAmount),
    ("forged", Outcome::Forged),
    ("lie", Outcome::Lie),
];
