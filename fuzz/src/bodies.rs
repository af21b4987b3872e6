//! The bodies of the fuzz targets: bytes in, a panic when something is wrong.
//!
//! Run by libFuzzer from `fuzz/fuzz_targets`, and on the committed corpus by an
//! ordinary test. Each is a property, not only "does not crash": what is read is
//! written back the same, what is changed is refused, what is refused changed nothing.

use fusepay::audit::{fusepay_audit_head, fusepay_audit_verify, fusepay_chain_head};
use fusepay::bill::fusepay_bill_list_by_status;
use fusepay::engine::{fusepay_engine, fusepay_engine_close, fusepay_engine_due_now};
use fusepay::error::{fusepay_error, fusepay_error_code, fusepay_error_free, fusepay_error_message};
use fusepay::id::{fusepay_id_parse, fusepay_id_text};
use fusepay::memory::{fusepay_clear, fusepay_text};
use fusepay::money::{fusepay_currency_exponent, fusepay_money, fusepay_money_parse, fusepay_money_text};
use fusepay_core::{
    AuditHead, Code, Currency, Login, ManualClock, Money, PaymentStatus, Provider, Secret, UnixMillis, Webhook,
};
use fusepay_testkit::{PROVIDER, World};
use fusepay_vtpass::{VtpassConfig, VtpassProvider};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::ffi::{CStr, c_char};
use std::ptr::{null, null_mut};
use std::sync::{Arc, LazyLock};

/// A world with one user, one wallet and one payment that is over.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.pay(wallet, "meter", 10_000);
    world.drain();
    world
});

/// An access token that is good now.
static TOKEN: LazyLock<String> = LazyLock::new(|| {
    let login = Login::new("user1@world.example", Secret::from("a password of the world"));
    WORLD.engine().auth().login(&login).expect("a log-in").access
});

/// What an amount's text says is what it is written as, and nothing else is read.
pub fn amount(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for code in ["NGN", "JPY", "KWD"] {
        let currency = Currency::from_code(code).expect("a currency");
        let Ok(money) = Money::parse(text, currency) else { continue };
        let shown = money.to_decimal();
        assert_eq!(Money::parse(&shown, currency).ok(), Some(money), "{text} {code}");
        assert!(text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-')), "{text}");
        // Digits that are said are kept: without dot and zeros both are the same.
        let digits = |text: &str| {
            let (whole, part) =
                text.trim_start_matches('-').split_once('.').unwrap_or((text.trim_start_matches('-'), ""));
            format!("{}.{}", whole.trim_start_matches('0'), part.trim_end_matches('0'))
        };
        assert_eq!(digits(text), digits(&shown), "{text} {code}");
    }
    let _ = Currency::from_code(text);
}

/// Of all texts one is a token: the one that was given out.
pub fn token(bytes: &[u8]) {
    let auth = WORLD.engine().auth();
    let good = TOKEN.as_str();
    assert!(auth.verify(good).is_ok());
    let text = String::from_utf8_lossy(bytes);
    assert!(text == good || auth.verify(&text).is_err(), "another text is a token: {text}");
    let _ = auth.refresh(&text);
    // And a good one in which bytes were changed: place and difference, in pairs.
    let mut changed = good.as_bytes().to_vec();
    for pair in bytes.chunks_exact(2).take(8) {
        let at = usize::from(pair[0]) * 3 % changed.len();
        changed[at] ^= pair[1] & 0x7f;
    }
    if let Ok(changed) = std::str::from_utf8(&changed) {
        assert!(changed == good || auth.verify(changed).is_err(), "a changed token is good: {changed}");
    }
}

/// Webhooks of two providers: without the right signature none is believed;
/// with it, what is not theirs is refused or about nothing of ours.
pub fn webhook(bytes: &[u8]) {
    static ADAPTER: LazyLock<VtpassProvider> = LazyLock::new(|| {
        let secret = |text: &str| Secret::from(text);
        let config = VtpassConfig::new("http://127.0.0.1:1", secret("api"), secret("secret"))
            .with_webhook_secret(secret("webhooks"))
            .with_clock(Arc::new(ManualClock::new(UnixMillis(1_773_144_000_000))));
        VtpassProvider::new(config).expect("an adapter")
    });
    const HEADER: &str = "x-sandbox-signature";
    let forged = Webhook::new(vec![(HEADER.to_owned(), String::from_utf8_lossy(bytes).into_owned())], bytes);
    assert!(ADAPTER.verify_webhook(&forged).is_err());
    assert!(ADAPTER.verify_webhook(&Webhook::new(Vec::new(), bytes)).is_err());
    let mut mac = Hmac::<Sha256>::new_from_slice(b"webhooks").expect("a key");
    mac.update(b"1773144000.");
    mac.update(bytes);
    let tag: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let signed = Webhook::new(vec![(HEADER.to_owned(), format!("t=1773144000,v1={tag}"))], bytes);
    match ADAPTER.verify_webhook(&signed) {
        Ok(notices) => assert!(notices.len() <= 1),
        Err(error) => assert_eq!(error.code(), Code::WebhookRejected),
    }
    // The core's: signed as the scripted biller does, with a body of anything.
    let before = WORLD.engine().ledger_digest().expect("a digest");
    let mut webhook = WORLD.provider().webhook([]);
    webhook.body = bytes.to_vec();
    if let Ok(receipt) = WORLD.engine().bill().receive_webhook(PROVIDER, &webhook) {
        assert_eq!(receipt.matched, 0);
    }
    assert_eq!(WORLD.engine().ledger_digest().expect("a digest"), before);
}

/// A head is read exactly as it is written, and only the true one is in the chain.
pub fn audit(bytes: &[u8]) {
    let audit = WORLD.engine().audit();
    let truth = audit.head().expect("a head");
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(head) = text.parse::<AuditHead>() {
        assert_eq!(head.to_string(), text);
        check_head(&head);
    }
    // The true head with bytes changed: place and difference, in pairs.
    let mut changed = truth.to_string().into_bytes();
    for pair in bytes.chunks_exact(2).take(4) {
        let at = usize::from(pair[0]) % changed.len();
        changed[at] ^= pair[1];
    }
    if let Ok(head) = String::from_utf8_lossy(&changed).parse::<AuditHead>() {
        check_head(&head);
    }
    assert!(audit.verify(Some(&truth)).expect("a report").is_sound);
}

fn check_head(head: &AuditHead) {
    let audit = WORLD.engine().audit();
    let report = audit.verify(Some(head)).expect("a report");
    let truth = audit.head().expect("a head");
    if head.sequence == truth.sequence {
        assert_eq!(report.is_sound, *head == truth, "{head}");
    }
    assert!(head.sequence <= truth.sequence || !report.is_sound, "{head}");
}

/// Random calls of the C library over handles that are good, stale, foreign or
/// made up: a status for each, and never anything behind them.
pub fn door(bytes: &[u8]) {
    let mut errors: Vec<*mut fusepay_error> = vec![null_mut()];
    let mut bytes = bytes.iter().copied();
    while let Some(op) = bytes.next() {
        let mut take = || bytes.next().unwrap_or(0);
        let foreign = usize::from(take()) << (take() % 56) | usize::from(take());
        // An error's handle in an engine's place, one that was freed, or any number.
        let engine = match take() % 3 {
            0 => null::<fusepay_engine>(),
            1 => errors[foreign % errors.len()].cast_const().cast(),
            _ => foreign as *const fusepay_engine,
        };
        let mut text: Vec<u8> = (0..take() % 24).map(|_| take()).filter(|byte| *byte != 0).collect();
        text.push(0);
        let text: *const c_char = text.as_ptr().cast();
        let mut error: *mut fusepay_error = null_mut();
        let status = match op % 10 {
            plain @ 0..4 => {
                let currency = [take(), take(), take(), 0].map(|letter| letter as c_char);
                plain_call(plain, text, fusepay_money { minor: foreign as i64, currency }, &mut error)
            }
            4 => fusepay_audit_head(
                engine,
                &raw mut *Box::new(fusepay_chain_head { sequence: 0, hash: [0; 32] }),
                &raw mut error,
            ),
            5 => fusepay_audit_verify(engine, null(), null_mut(), &raw mut error),
            6 => fusepay_bill_list_by_status(
                engine,
                u32::from(take()),
                null(),
                u32::from(take()),
                null_mut(),
                &raw mut error,
            ),
            7 => fusepay_engine_due_now(engine, &raw mut *Box::new(0), &raw mut error),
            8 => {
                let mut closing = engine.cast_mut();
                fusepay_engine_close(&raw mut closing, 1, &raw mut error)
            }
            _ => {
                // Freed, but kept: from here on it is stale.
                let mut freed = errors[foreign % errors.len()];
                fusepay_error_free(&raw mut freed);
                assert!(freed.is_null());
                fusepay_error_free(&raw mut freed);
                0
            }
        };
        assert!((4..=8).contains(&(op % 10)) <= (status != 0 || op % 10 == 8), "a call on no engine succeeded");
        assert_eq!(status == 0, error.is_null());
        if !error.is_null() {
            assert_eq!(fusepay_error_code(error), status);
            // SAFETY: the message of an error that was not freed is NUL-terminated.
            assert!(!unsafe { CStr::from_ptr(fusepay_error_message(error)) }.is_empty());
            errors.push(error);
        }
    }
    for mut error in errors {
        fusepay_error_free(&raw mut error);
    }
}

/// Calls that need no handle: what they refuse, they leave as it was.
fn plain_call(op: u8, text: *const c_char, money: fusepay_money, error: *mut *mut fusepay_error) -> i32 {
    match op {
        0 => {
            let mut money = fusepay_money { minor: 7, currency: [0; 4] };
            let status = fusepay_money_parse(text, c"NGN".as_ptr(), &raw mut money, error);
            assert!(status == 0 || (money.minor, money.currency) == (7, [0; 4]), "a refused call wrote");
            status
        }
        1 => {
            let mut shown =
                fusepay_text { struct_size: size_of::<fusepay_text>(), memory: null_mut(), text: null(), length: 0 };
            let status = fusepay_money_text(money, &raw mut shown, error);
            fusepay_clear((&raw mut shown).cast());
            fusepay_clear((&raw mut shown).cast());
            status
        }
        2 => {
            let mut id = [9; 16];
            let status = fusepay_id_parse(text, id.as_mut_ptr(), error);
            assert!(status == 0 || id == [9; 16], "a refused call wrote");
            let mut shown = [0 as c_char; 37];
            assert!(!fusepay_id_text(id.as_ptr(), shown.as_mut_ptr()).is_null());
            status
        }
        _ => fusepay_currency_exponent(text, &raw mut *Box::new(0), error),
    }
}

/// A body: whatever bytes there are.
pub type Body = fn(&[u8]);

/// The bodies by the names of their targets.
pub const BODIES: &[(&str, Body)] =
    &[("amount", amount), ("token", token), ("webhook", webhook), ("audit", audit), ("door", door)];

/// Keeps the status in this file: a payment that is over stays as it is.
pub fn is_undisturbed() -> bool {
    let completed = WORLD.engine().bill().list_by_status(PaymentStatus::Completed, None, 2);
    completed.is_ok_and(|payments| payments.len() == 1) && WORLD.engine().verify().is_ok_and(|report| report.is_sound)
}
