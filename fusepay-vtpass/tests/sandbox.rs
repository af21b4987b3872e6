//! Goal: whatever the biller does, the adapter answers what can be proved, and
//! never the opposite of the biller's own book. Method: the adapter over real
//! sockets against the sandbox biller in this process, one fault after the
//! other; outcomes are asserted, times are not.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail by panicking")]
#![allow(clippy::wildcard_enum_match_arm, reason = "whatever else it is fails the test")]

use fusepay_core::{
    Code, Currency, CustomerRequest, ManualClock, Money, PayOutcome, PayRequest, Provider, QueryOutcome, QueryRequest,
    Secret, UnixMillis, Webhook,
};
use fusepay_vtpass::{VtpassConfig, VtpassProvider};
use sandbox_biller::{Config, Entry, Fault, Pace, SIGNATURE_HEADER, SandboxBiller, Status, sign};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

const NOW_MS: i64 = 1_763_900_000_000;
const METER: &str = "45700000001";

struct Scene {
    biller: SandboxBiller,
    provider: VtpassProvider,
}

fn config(url: &str, call: Duration) -> VtpassConfig {
    VtpassConfig::new(url, "sandbox-api-key".into(), "sandbox-secret-key".into())
        .with_webhook_secret("sandbox-webhook-secret".into())
        .with_clock(Arc::new(ManualClock::new(UnixMillis(NOW_MS))))
        .with_timeouts(call, call)
}

/// A patient adapter is for answers that come; an impatient one for those that don't.
fn scene(call_ms: u64) -> Scene {
    let pace = Pace { late: Duration::from_secs(60), ..Pace::default() };
    let biller = SandboxBiller::start(Config { pace, ..Config::default() }).unwrap();
    let provider = VtpassProvider::new(config(&biller.url(), Duration::from_millis(call_ms))).unwrap();
    Scene { biller, provider }
}

fn ngn(minor: i64) -> Money {
    Money::new(minor, Currency::NGN)
}

fn id(name: &str) -> String {
    format!("202511231200{name}")
}

fn request(name: &str, customer: &str) -> PayRequest {
    PayRequest::new(id(name), ngn(150_000)).with_bill("ikeja-electric", "prepaid", customer)
}

impl Scene {
    fn pay(&self, fault: Fault) -> PayOutcome {
        self.provider.pay(&request(fault.name(), &format!("{METER}-{}", fault.name()))).outcome
    }

    fn query(&self, fault: Fault) -> QueryOutcome {
        self.provider.query(&QueryRequest::new(id(fault.name()), ngn(150_000), UnixMillis(NOW_MS))).outcome
    }

    fn entry(&self, fault: Fault) -> Entry {
        self.biller.entry(&id(fault.name())).unwrap()
    }
}

/// The name of an outcome, without what it carries.
fn word(outcome: &impl std::fmt::Debug) -> String {
    format!("{outcome:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// Plays a fault, then requeries until the biller has nothing more to add.
fn check(scene: &Scene, fault: Fault, pay: &str, queries: &[&str], is_paid: bool) {
    assert_eq!(word(&scene.pay(fault)), pay, "pay, {}", fault.name());
    for (n, expected) in queries.iter().enumerate() {
        assert_eq!(word(&scene.query(fault)), *expected, "query {n}, {}", fault.name());
    }
    let entry = scene.entry(fault);
    assert_eq!((entry.is_paid(), entry.times_paid), (is_paid, u32::from(is_paid)), "book, {}", fault.name());
}

#[test]
fn every_answer_is_taken_for_what_it_proves() {
    let scene = scene(20_000);
    check(&scene, Fault::Deliver, "Paid", &["Paid", "Paid"], true);
    check(&scene, Fault::Decline, "Declined", &["Failed"], false);
    check(&scene, Fault::LowBalance, "Declined", &["Failed"], false);
    check(&scene, Fault::ErrorUnpaid, "Unknown", &["NotFound"], false);
    check(&scene, Fault::ErrorPaid, "Unknown", &["Paid"], true);
    check(&scene, Fault::Html, "Unknown", &["NotFound"], false);
    check(&scene, Fault::DropUnpaid, "Unknown", &["NotFound"], false);
    check(&scene, Fault::DropPaid, "Unknown", &["Paid"], true);
    check(&scene, Fault::Pending, "Pending", &["Pending", "Pending", "Paid", "Paid"], true);
    check(&scene, Fault::PendingFailed, "Pending", &["Pending", "Pending", "Failed"], false);
    check(&scene, Fault::WebhookForged, "Pending", &["Pending", "Pending", "Failed"], false);
    check(&scene, Fault::OtherAmount, "Paid", &["Paid"], true);
    check(&scene, Fault::OtherCustomer, "Paid", &["Paid"], true);
    check(&scene, Fault::WebhooksFive, "Paid", &["Paid"], true);
    check(&scene, Fault::WebhookFirst, "Paid", &["Paid"], true);
    check(&scene, Fault::Truncated, "Unknown", &["Paid"], true);
    check(&scene, Fault::Empty, "Unknown", &["Paid"], true);
    check(&scene, Fault::UnknownCode, "Unknown", &["Paid"], true);
    check(&scene, Fault::SystemError, "Unknown", &["NotFound"], false);
    check(&scene, Fault::NotFoundOnce, "Unknown", &["NotFound", "Paid"], true);
    check(&scene, Fault::RequeryError, "Unknown", &["Unknown", "Unknown", "Paid"], true);
    let played = scene.biller.book().len();
    assert_eq!(played + 3, Fault::ALL.len(), "the three slow ones have a test of their own");
}

#[test]
fn no_answer_in_time_is_unknown_whether_it_was_paid_or_not() {
    let scene = scene(150);
    let patient = VtpassProvider::new(config(&scene.biller.url(), Duration::from_secs(20))).unwrap();
    for (fault, status) in
        [(Fault::HangUnpaid, Status::Lost), (Fault::HangPaid, Status::Delivered), (Fault::Late, Status::Delivered)]
    {
        assert_eq!(word(&scene.pay(fault)), "Unknown", "{}", fault.name());
        let query = QueryRequest::new(id(fault.name()), ngn(150_000), UnixMillis(NOW_MS));
        let expected = if status == Status::Delivered { "Paid" } else { "NotFound" };
        assert_eq!(word(&patient.query(&query).outcome), expected, "{}", fault.name());
        assert_eq!(scene.entry(fault).status, status);
    }
}

#[test]
fn the_deadline_of_a_request_is_kept_even_by_a_patient_adapter() {
    let scene = scene(60_000);
    let request = request("deadline", &format!("{METER}-hang-paid")).with_deadline(Duration::from_millis(150));
    assert_eq!(word(&scene.provider.pay(&request).outcome), "Unknown");
}

#[test]
fn a_receipt_says_what_was_really_paid_and_for_whom() {
    let scene = scene(20_000);
    let paid = |fault| match scene.pay(fault) {
        PayOutcome::Paid(receipt) => receipt,
        other => panic!("{other:?}"),
    };
    let honest = paid(Fault::Deliver);
    assert_eq!(honest.amount_minor, Some(150_000));
    assert_eq!(honest.customer_reference.as_deref(), Some("45700000001-deliver"));
    assert_eq!(honest.tokens, [scene.entry(Fault::Deliver).token.unwrap()]);
    assert_eq!(honest.provider_reference, scene.entry(Fault::Deliver).transaction_id);
    assert_eq!(paid(Fault::OtherAmount).amount_minor, Some(149_900));
    assert_eq!(paid(Fault::OtherCustomer).customer_reference.as_deref(), Some("99999999999"));
}

#[test]
fn a_used_request_id_is_a_duplicate_and_is_not_paid_again() {
    let scene = scene(20_000);
    assert_eq!(word(&scene.pay(Fault::DropPaid)), "Unknown");
    for _ in 0..3 {
        assert_eq!(scene.pay(Fault::DropPaid), PayOutcome::Duplicate);
    }
    let entry = scene.entry(Fault::DropPaid);
    assert_eq!((entry.attempts, entry.times_paid), (4, 1));
}

#[test]
fn a_payment_taken_back_is_reversed() {
    let scene = scene(20_000);
    assert_eq!(word(&scene.pay(Fault::Deliver)), "Paid");
    assert!(scene.biller.reverse(&id("deliver")));
    assert_eq!(word(&scene.query(Fault::Deliver)), "ProviderReversed");
    assert!(!scene.biller.reverse(&id("deliver")));
}

#[test]
fn a_dead_port_is_proved_not_sent() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let dead = VtpassProvider::new(config(&format!("http://127.0.0.1:{port}"), Duration::from_secs(20))).unwrap();
    assert_eq!(word(&dead.pay(&request("dead", METER)).outcome), "NotSent");
    let query = QueryRequest::new(id("dead"), ngn(1), UnixMillis(NOW_MS));
    assert_eq!(word(&dead.query(&query).outcome), "Unknown", "a question not sent proves nothing");
    assert_eq!(dead.float_balance().unwrap_err().code(), Code::ProviderUnavailable);
}

#[test]
fn another_currency_is_not_sent() {
    let scene = scene(20_000);
    let kes = Money::parse("10.00", Currency::from_code("KES").unwrap()).unwrap();
    let request = PayRequest::new(id("kes"), kes).with_bill("ikeja-electric", "prepaid", METER);
    assert_eq!(word(&scene.provider.pay(&request).outcome), "NotSent");
    assert!(scene.biller.book().is_empty());
}

/// A server that reads one request and writes these bytes, whatever they are.
fn answer_once(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_request(&mut stream);
        stream.write_all(bytes).ok();
    });
    url
}

fn read_request(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 1024]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let field =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let length: usize = field.unwrap_or(0);
            if bytes.len() >= head.len() + 4 + length {
                return (head.to_owned(), bytes.split_off(head.len() + 4));
            }
        }
        let count = stream.read(&mut chunk).unwrap();
        assert!(count > 0, "the request was cut");
        bytes.extend_from_slice(&chunk[..count]);
    }
}

#[test]
fn broken_http_after_the_request_is_unknown() {
    for bytes in [
        &b""[..],
        b"\x16\x03\x01\x02\x00",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"code\":\"016\"}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 14\r\n\r\n{\"code\":\"016\"}",
        b"SSH-2.0-OpenSSH_9.9\r\n",
    ] {
        let provider = VtpassProvider::new(config(&answer_once(bytes), Duration::from_secs(20))).unwrap();
        let outcome = provider.pay(&request("broken", METER)).outcome;
        assert_eq!(word(&outcome), "Unknown", "{}", String::from_utf8_lossy(bytes));
    }
}

#[cfg(feature = "tls")]
#[test]
fn a_failed_tls_handshake_is_proved_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 64]).ok();
        stream.write_all(b"HTTP/1.1 400 This port speaks no TLS\r\n\r\n").ok();
    });
    let url = format!("https://127.0.0.1:{port}");
    let provider = VtpassProvider::new(config(&url, Duration::from_secs(20))).unwrap();
    assert_eq!(word(&provider.pay(&request("tls", METER)).outcome), "NotSent");
}

#[test]
fn wrong_keys_decline_a_payment_and_leave_a_query_open() {
    let scene = scene(20_000);
    let wrong = VtpassConfig::new(scene.biller.url(), "a wrong key".into(), Secret::from("s3cret-in-evidence"));
    let provider = VtpassProvider::new(wrong).unwrap();
    let answer = provider.pay(&request("keys", METER));
    assert!(matches!(&answer.outcome, PayOutcome::Declined { code, .. } if code == "087"));
    let query = QueryRequest::new(id("keys"), ngn(1), UnixMillis(NOW_MS));
    assert_eq!(word(&provider.query(&query).outcome), "Unknown");
    assert!(scene.biller.book().is_empty());
    assert!(!format!("{provider:?} {answer:?}").contains("s3cret-in-evidence"));
}

#[test]
fn evidence_hashes_the_answer_and_hides_the_token() {
    let scene = scene(20_000);
    let answer = scene.provider.pay(&request("evidence", METER));
    let token = scene.biller.entry(&id("evidence")).unwrap().token.unwrap();
    assert!(String::from_utf8_lossy(&answer.evidence.raw).contains(&token));
    assert!(!answer.evidence.text.contains(&token));
    assert!(!answer.evidence.text.contains(METER));
    assert!(answer.evidence.text.starts_with("HTTP 200 {"), "{}", answer.evidence.text);
}

#[test]
fn refused_orders_are_declined_with_the_documented_code() {
    let scene = scene(20_000);
    let code = |biller: &str, item: &str, minor: i64, id: &str| {
        let request = PayRequest::new(id, ngn(minor)).with_bill(biller, item, METER);
        match scene.provider.pay(&request).outcome {
            PayOutcome::Declined { code, .. } => code,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code("ikeja-electric", "free", 150_000, &id("a")), "010");
    assert_eq!(code("nobody", "prepaid", 150_000, &id("b")), "012");
    assert_eq!(code("ikeja-electric", "prepaid", 1, &id("c")), "013");
    assert_eq!(code("ikeja-electric", "prepaid", 99_999_999, &id("d")), "017");
    assert_eq!(code("ikeja-electric", "prepaid", 150_000, "no-date-in-front"), "085");
    assert!(scene.biller.book().is_empty());
}

#[test]
fn customers_are_looked_up() {
    let scene = scene(20_000);
    let found = scene.provider.validate_customer(&CustomerRequest::new("ikeja-electric", "prepaid", METER)).unwrap();
    assert_eq!((found.name.as_str(), found.minimum_minor), ("ADA SANDBOX", Some(10_000)));
    let code = |biller: &str, customer: &str| {
        scene.provider.validate_customer(&CustomerRequest::new(biller, "prepaid", customer)).unwrap_err().code()
    };
    assert_eq!(code("ikeja-electric", "45-unknown"), Code::CustomerRejected);
    assert_eq!(code("nobody", METER), Code::ProviderUnavailable);
}

#[test]
fn the_catalogue_is_payable_as_it_comes() {
    let scene = scene(20_000);
    let catalogue = scene.provider.catalogue().unwrap();
    assert_eq!(catalogue.len(), 5);
    for (biller, items) in &catalogue {
        biller.check().unwrap();
        for item in items {
            item.check().unwrap();
            let name = format!("{}{}", biller.code, item.code);
            let amount = Money::new(item.minimum_minor, item.currency);
            let request = PayRequest::new(id(&name), amount).with_bill(&biller.code, &item.code, METER);
            assert_eq!(word(&scene.provider.pay(&request).outcome), "Paid", "{name}");
        }
    }
    let electric = &catalogue.iter().find(|(biller, _)| biller.code == "ikeja-electric").unwrap().1[0];
    assert!(electric.validates_customer && electric.minimum_minor < electric.maximum_minor);
}

#[test]
fn the_balance_falls_by_what_was_paid() {
    let scene = scene(20_000);
    let before = scene.provider.float_balance().unwrap();
    scene.pay(Fault::Deliver);
    scene.pay(Fault::Decline);
    assert_eq!(before.checked_sub(scene.provider.float_balance().unwrap()).unwrap(), ngn(150_000));
}

fn webhook(body: &str, signature: &str) -> Webhook {
    Webhook::new(vec![("X-Sandbox-Signature".to_owned(), signature.to_owned())], body)
}

const DELIVERED: &str = r#"{"type":"transaction-update","data":{"code":"000","requestId":"202511231200aa",
    "content":{"transactions":{"status":"delivered","transactionId":"17","amount":"1500.00"}}}}"#;

fn signed(body: &str, seconds_from_now: i64) -> Webhook {
    let at = u64::try_from(NOW_MS / 1000 + seconds_from_now).unwrap();
    webhook(body, &sign(b"sandbox-webhook-secret", at, body.as_bytes()))
}

#[test]
fn a_signed_webhook_is_believed_within_five_minutes_either_way() {
    let provider = VtpassProvider::new(config("http://127.0.0.1:1", Duration::from_secs(1))).unwrap();
    for seconds in [-300, -1, 0, 299] {
        let notices = provider.verify_webhook(&signed(DELIVERED, seconds)).unwrap();
        assert_eq!(notices[0].request_id, "202511231200aa");
        assert_eq!(word(&notices[0].outcome), "Paid");
        assert_eq!(notices[0].occurred_at, Some(UnixMillis(NOW_MS + seconds * 1000)));
    }
    for seconds in [-301, 301, -1_000_000] {
        let refused = provider.verify_webhook(&signed(DELIVERED, seconds)).map_err(|error| error.code());
        assert_eq!(refused, Err(Code::WebhookRejected), "{seconds}");
    }
    let other = signed(r#"{"type":"variations-update","data":{}}"#, 0);
    assert!(provider.verify_webhook(&other).unwrap().is_empty());
}

#[test]
fn webhooks_that_cannot_be_verified_are_refused() {
    let provider = VtpassProvider::new(config("http://127.0.0.1:1", Duration::from_secs(1))).unwrap();
    let now = u64::try_from(NOW_MS / 1000).unwrap();
    let good = sign(b"sandbox-webhook-secret", now, DELIVERED.as_bytes());
    let (time, tag) = good.split_once(',').unwrap();
    let mut refused = vec![
        webhook(DELIVERED, &sign(b"not the secret", now, DELIVERED.as_bytes())),
        webhook(&DELIVERED.replace("1500", "9500"), &good),
        webhook(DELIVERED, &format!("t={},{tag}", now + 1)),
        webhook(DELIVERED, &format!("{time},{}", &tag[..tag.len() - 2])),
        webhook(DELIVERED, &format!("{good},v1=00")),
        webhook(DELIVERED, &format!("{time},v1={}", "é".repeat(32))),
        webhook(DELIVERED, &format!("{time},v1={}", "+0".repeat(32))),
        webhook(DELIVERED, &format!("t=+{now},{tag}")),
        webhook(DELIVERED, "t=99999999999999999999,v1=00"),
        Webhook::new(vec![], DELIVERED),
        Webhook::new(vec![(SIGNATURE_HEADER.to_owned(), good.clone())], b"\xff\xfe".to_vec()),
    ];
    for garbage in ["", ",", "t=", "t=,v1=", "v1=00,t=1", "garbage", "t=1"] {
        refused.push(webhook(DELIVERED, garbage));
    }
    for body in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"type":"transaction-update"}"#,
        r#"{"type":"transaction-update","data":{"code":"000"}}"#,
    ] {
        refused.push(signed(body, 0));
    }
    for webhook in refused {
        assert_eq!(
            provider.verify_webhook(&webhook).map_err(|error| error.code()),
            Err(Code::WebhookRejected),
            "{webhook:?}"
        );
    }
    let unset = VtpassConfig::new("http://127.0.0.1:1", "a".into(), "b".into());
    let deaf = VtpassProvider::new(unset).unwrap();
    assert_eq!(deaf.verify_webhook(&signed(DELIVERED, 0)).map_err(|error| error.code()), Err(Code::WebhookRejected));
}

#[test]
fn a_webhook_that_says_nothing_clear_is_unknown() {
    let provider = VtpassProvider::new(config("http://127.0.0.1:1", Duration::from_secs(1))).unwrap();
    for code in ["015", "777", "011", "014"] {
        let body = format!(r#"{{"type":"transaction-update","data":{{"code":"{code}","requestId":"r"}}}}"#);
        let notices = provider.verify_webhook(&signed(&body, 0)).unwrap();
        assert_eq!(word(&notices[0].outcome), "Unknown", "{code}");
    }
}

/// Receives so many webhooks, answering each.
fn receive(listener: &TcpListener, count: usize) -> Vec<Webhook> {
    let one = || {
        let (mut stream, _) = listener.accept().unwrap();
        let (head, body) = read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").ok();
        let headers = head.lines().filter_map(|line| line.split_once(": "));
        Webhook::new(headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), body)
    };
    (0..count).map(|_| one()).collect()
}

#[test]
fn the_billers_webhooks_verify_and_its_forgeries_do_not() {
    let scene = scene(20_000);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    scene.biller.set_webhook_url(&format!("http://{}/hook", listener.local_addr().unwrap()));
    // The biller signs by the real clock.
    let provider = VtpassProvider::new(
        VtpassConfig::new(scene.biller.url(), "sandbox-api-key".into(), "sandbox-secret-key".into())
            .with_webhook_secret("sandbox-webhook-secret".into()),
    )
    .unwrap();
    scene.pay(Fault::WebhooksFive);
    for webhook in receive(&listener, 5) {
        let notices = provider.verify_webhook(&webhook).unwrap();
        assert_eq!(
            (notices[0].request_id.as_str(), word(&notices[0].outcome)),
            (&*id("webhooks-five"), "Paid".to_owned())
        );
    }
    scene.pay(Fault::WebhookForged);
    let forged = receive(&listener, 1).remove(0);
    assert!(String::from_utf8_lossy(&forged.body).contains("delivered"));
    assert_eq!(provider.verify_webhook(&forged).unwrap_err().code(), Code::WebhookRejected);
    let first = std::thread::scope(|scope| {
        let hook = scope.spawn(|| receive(&listener, 1).remove(0));
        assert_eq!(word(&scene.pay(Fault::WebhookFirst)), "Paid");
        hook.join().unwrap()
    });
    assert_eq!(word(&provider.verify_webhook(&first).unwrap()[0].outcome), "Paid");
}
