//! Goal: the payment gateway asks once per reference, keeps its own book, and
//! says by signed webhook what happened, or late, five times, not at all, or a
//! lie, whatever the customer's part asks for. Method: the library in this
//! process, raw HTTP both ways.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use sandbox_biller::{ChargeStatus, Config, GATEWAY_SIGNATURE_HEADER, Pace, SandboxBiller, sign};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

const KEY: &str = "the gateway's key";
const SECRET: &str = "the gateway's secret";

/// A gateway, and a merchant that listens for its webhooks.
struct Fixture {
    sandbox: SandboxBiller,
    merchant: TcpListener,
}

impl Fixture {
    fn new() -> Fixture {
        let merchant = TcpListener::bind("127.0.0.1:0").unwrap();
        let config = Config {
            gateway_key: KEY.to_owned(),
            gateway_webhook_secret: SECRET.to_owned(),
            gateway_webhook_url: Some(format!("http://{}/hook", merchant.local_addr().unwrap())),
            pace: Pace { late: Duration::from_millis(1), ..Pace::default() },
            ..Config::default()
        };
        Fixture { sandbox: SandboxBiller::start(config).unwrap(), merchant }
    }

    fn call(&self, method: &str, path: &str, key: &str, body: &Value) -> (u16, String) {
        let body = body.to_string();
        let address = self.sandbox.url();
        let mut stream = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: sandbox\r\nAuthorization: Bearer {key}\r\n");
        write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn json(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let (status, body) = self.call(method, path, KEY, body);
        (status, serde_json::from_str(&body).unwrap())
    }

    fn charge(&self, reference: &str) -> String {
        let (status, charge) = self.json("POST", "/gateway/charges", &wish(reference, "1500.50"));
        assert_eq!(status, 201);
        charge["id"].as_str().unwrap().to_owned()
    }

    fn complete(&self, id: &str, outcome: &str) -> (u16, Value) {
        self.json("POST", &format!("/gateway/charges/{id}/complete?outcome={outcome}"), &Value::Null)
    }

    /// The next webhook: its signature, and its body as it was sent.
    fn webhook(&self) -> (String, String) {
        let (mut stream, _) = self.merchant.accept().unwrap();
        let mut text = String::new();
        let mut chunk = [0; 4096];
        loop {
            let count = stream.read(&mut chunk).unwrap();
            text.push_str(std::str::from_utf8(&chunk[..count]).unwrap());
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let header = |name: &str| {
                head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap_or_default().to_owned()
            };
            if body.len() == header("Content-Length").parse::<usize>().unwrap() {
                let answer = (header(GATEWAY_SIGNATURE_HEADER), body.to_owned());
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
                return answer;
            }
        }
    }
}

fn wish(reference: &str, amount: &str) -> Value {
    json!({ "amount": amount, "currency": "NGN", "reference": reference, "metadata": { "wallet": "w1" } })
}

fn is_signed(signature: &str, body: &str) -> bool {
    let seconds = signature.strip_prefix("t=").unwrap().split(',').next().unwrap().parse().unwrap();
    signature == sign(SECRET.as_bytes(), seconds, body.as_bytes())
}

#[test]
fn a_charge_is_made_once_per_reference() {
    let fixture = Fixture::new();
    let (_, first) = fixture.json("POST", "/gateway/charges", &wish("r1", "1500.50"));
    assert_eq!(
        (&first["status"], &first["amount"], &first["amount_paid"]),
        (&json!("pending"), &json!("1500.50"), &json!("0.00"))
    );
    assert_eq!(
        first["checkout_url"],
        format!("{}/gateway/checkout/{}", fixture.sandbox.url(), first["id"].as_str().unwrap())
    );
    let (status, again) = fixture.json("POST", "/gateway/charges", &wish("r1", "1500.50"));
    assert_eq!((status, &again), (200, &first));
    assert_eq!(fixture.json("POST", "/gateway/charges", &wish("r1", "1500.51")).0, 409);
    assert_eq!(fixture.sandbox.charges().len(), 1);
}

#[test]
fn the_merchants_routes_need_the_key() {
    let fixture = Fixture::new();
    let id = fixture.charge("r1");
    for (method, path) in [
        ("POST", "/gateway/charges".to_owned()),
        ("GET", "/gateway/charges".to_owned()),
        ("GET", format!("/gateway/charges/{id}")),
        ("POST", format!("/gateway/charges/{id}/resend")),
    ] {
        assert_eq!(fixture.call(method, &path, "wrong", &wish("r2", "1")).0, 401, "{path}");
    }
    assert_eq!(fixture.sandbox.charges().len(), 1);
}

#[test]
fn a_wish_that_cannot_be_charged_is_refused() {
    let fixture = Fixture::new();
    for amount in ["0", "-1", "1.234", "1e3", ""] {
        assert_eq!(fixture.json("POST", "/gateway/charges", &wish("r", amount)).0, 422, "{amount}");
    }
    for (field, value) in [("amount", json!(12)), ("currency", json!("USD")), ("reference", json!("r".repeat(129)))] {
        let mut asked = wish("r", "1.00");
        asked[field] = value;
        assert_eq!(fixture.json("POST", "/gateway/charges", &asked).0, 422, "{field}");
    }
}

#[test]
fn a_paid_charge_is_said_by_a_signed_webhook_and_stands_in_the_book() {
    let fixture = Fixture::new();
    let id = fixture.charge("r1");
    assert_eq!(fixture.complete(&id, "success"), (200, json!({ "id": id, "status": "paid" })));
    let (signature, body) = fixture.webhook();
    assert!(is_signed(&signature, &body));
    let event: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&event["type"], &event["data"]["amount_paid"]), (&json!("charge.paid"), &json!("1500.50")));
    assert_eq!(event["data"]["metadata"], json!({ "wallet": "w1" }));
    let (_, shown) = fixture.json("GET", &format!("/gateway/charges/{id}"), &Value::Null);
    assert_eq!(shown["status"], "paid");
    let (_, listed) = fixture.json("GET", "/gateway/charges", &Value::Null);
    assert_eq!(listed["charges"], json!([shown]));
    assert_eq!(fixture.complete(&id, "success").0, 409);
}

#[test]
fn each_outcome_books_and_says_its_own() {
    let fixture = Fixture::new();
    for (outcome, booked, paid_minor, said, times, is_true) in [
        ("failure", ChargeStatus::Failed, 0, "charge.failed", 1, true),
        ("late", ChargeStatus::Paid, 150_050, "charge.paid", 1, true),
        ("duplicate", ChargeStatus::Paid, 150_050, "charge.paid", 5, true),
        ("other-amount", ChargeStatus::Paid, 149_950, "charge.paid", 1, true),
        ("forged", ChargeStatus::Pending, 0, "charge.paid", 1, false),
        ("lie", ChargeStatus::Pending, 0, "charge.paid", 1, true),
    ] {
        let id = fixture.charge(outcome);
        assert_eq!(fixture.complete(&id, outcome).0, 200, "{outcome}");
        let heard: Vec<_> = (0..times).map(|_| fixture.webhook()).collect();
        assert!(heard.iter().all(|(signature, body)| is_signed(signature, body) == is_true), "{outcome}");
        let event: Value = serde_json::from_str(&heard[0].1).unwrap();
        assert_eq!((&event["type"], &event["data"]["id"]), (&json!(said), &json!(id)), "{outcome}");
        assert!(heard.iter().all(|webhook| webhook.1 == heard[0].1), "{outcome}: one event, however often it is sent");
        let charge = fixture.sandbox.charges().into_iter().find(|charge| charge.id == id).unwrap();
        assert_eq!((charge.status, charge.paid_minor), (booked, paid_minor), "{outcome}");
    }
    let id = fixture.charge("unknown");
    assert_eq!(fixture.complete(&id, "perhaps").0, 422);
}

#[test]
fn a_lost_webhook_can_be_sent_again() {
    let fixture = Fixture::new();
    let id = fixture.charge("r1");
    let resend = |id: &str| fixture.json("POST", &format!("/gateway/charges/{id}/resend"), &Value::Null).0;
    assert_eq!(resend(&id), 409);
    assert_eq!(resend("ch_nobody"), 404);
    assert_eq!(fixture.complete(&id, "silent").0, 200);
    assert_eq!(resend(&id), 202);
    // The next webhook is the one sent again: `silent` sent none.
    let first: Value = serde_json::from_str(&fixture.webhook().1).unwrap();
    assert_eq!(resend(&id), 202);
    let second: Value = serde_json::from_str(&fixture.webhook().1).unwrap();
    assert_eq!(first["data"], second["data"]);
    assert_ne!(first["id"], second["id"]);
}

#[test]
fn the_customer_pays_on_a_page() {
    let fixture = Fixture::new();
    let id = fixture.charge("r1");
    let page = |id: &str| fixture.call("GET", &format!("/gateway/checkout/{id}"), "", &Value::Null);
    let (status, text) = page(&id);
    assert!(status == 200 && text.contains("NGN 1500.50") && text.contains("outcome=success"), "{text}");
    fixture.complete(&id, "success");
    assert!(page(&id).1.contains("This charge is paid"));
    assert_eq!(page("ch_nobody").0, 404);
}
