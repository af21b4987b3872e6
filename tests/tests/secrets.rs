//! Goal: no secret is printed: not by the log at its finest, not by `Debug`, not
//! by an error, an event, an audit entry or a file.
//! Method: one whole scenario with everything captured, then a search for each
//! secret that took part. The log is captured by a global subscriber; this file
//! is a process of its own, and one test.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fusepay_core::{
    Config, Error, KeyRing, LockoutPolicy, Login, Pepper, QueryOutcome, RefundRequest, RefundSource, Registration,
    Secret, UnixMillis,
};
use fusepay_testkit::{PROVIDER, PayStep, QueryStep, ScriptedProvider, World, ngn};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PASSWORD: &str = "needle-password of the first user";
const NEXT_PASSWORD: &str = "needle-password that replaces it";
const WRONG_PASSWORD: &str = "needle-password that is wrong";
const SHORT_PASSWORD: &str = "needle-short";
const SIGNING_KEY: &str = "needle-signing-Zk3vQ9wLx7Rp2Tn8Yb5Hd4";
const NEXT_SIGNING_KEY: &str = "needle-signing-Mc6Wq1Jf0Gs8Ue2Vr7Ox4";
const SHORT_SIGNING_KEY: &str = "needle-signing-too-short";
const PEPPER: &str = "needle-pepper-Bd7Ht2Kp9Xw4Ny6Fc1Rj8";
const AUDIT_KEY: &str = "needle-audit-Lv5Sz3Eg0Ia7Po1Ti9Qm2";
const VAULT_KEY: &str = "needle-vault-Ax8Cu6Db4Jn2Hk0Wy5M";
/// The shared secret of the scripted biller's webhooks travels in their headers.
const TOKEN_PREFIX: &str = "TOKEN-";

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Captured {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// What was printed, and what must not have been.
#[derive(Default)]
struct Findings {
    printed: Vec<String>,
    secrets: Vec<String>,
}

impl Findings {
    fn print(&mut self, value: &dyn std::fmt::Debug) {
        self.printed.push(format!("{value:?} {value:#?}"));
    }

    fn refuse<T: std::fmt::Debug>(&mut self, answer: Result<T, Error>) {
        let error = answer.unwrap_err();
        self.printed.push(format!("{error} {error:?} {error:#?} {}", error.detail()));
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            self.printed.push(format!("{cause} {cause:?}"));
            source = cause.source();
        }
    }

    fn secret(&mut self, secret: impl Into<String>) {
        self.secrets.push(secret.into());
    }

    fn check(&self, place: &str, bytes: &[u8]) {
        for secret in &self.secrets {
            let found = bytes.windows(secret.len()).position(|window| window == secret.as_bytes());
            assert!(found.is_none(), "{place} shows {secret} at {found:?}");
        }
    }
}

fn keys() -> KeyRing {
    KeyRing::hs256("needle", Secret::from(SIGNING_KEY)).unwrap()
}

fn world() -> World {
    World::builder()
        .configure(|config| {
            config
                .with_pepper(Pepper::new("p1", Secret::from(PEPPER)).unwrap())
                .with_audit_key(Secret::from(AUDIT_KEY))
                .with_vault_key(1, Secret::from(VAULT_KEY))
                .with_lockout(LockoutPolicy::default())
        })
        .open()
}

/// Comes in, goes out, and fails at it in every way.
fn users(world: &World, findings: &mut Findings) {
    let auth = world.engine().auth();
    auth.rotate_signing_key("k2", &Secret::from(SIGNING_KEY), UnixMillis(i64::MAX)).unwrap();
    auth.rotate_signing_key("k3", &Secret::from(NEXT_SIGNING_KEY), UnixMillis(i64::MAX)).unwrap();
    findings.refuse(auth.rotate_signing_key("k4", &Secret::from(SHORT_SIGNING_KEY), UnixMillis(i64::MAX)));
    findings.refuse(KeyRing::hs256("k", Secret::from(SHORT_SIGNING_KEY)));
    let request = Registration::new("ada@example.com", "Ada", "Obi", PASSWORD);
    let ada = auth.register(&request).unwrap();
    findings.print(&request);
    findings.refuse(auth.register(&request));
    findings.refuse(auth.register(&Registration::new("ben@example.com", "Ben", "Oku", SHORT_PASSWORD)));
    let login = Login::new("ada@example.com", PASSWORD);
    findings.print(&login);
    let tokens = auth.login(&login).unwrap();
    let next = auth.refresh(&tokens.refresh).unwrap();
    let session = world.engine().session(&next.access).unwrap();
    let altered = format!("{}x", next.access);
    findings.refuse(auth.verify(&altered));
    findings.refuse(auth.refresh(&format!("{}x", next.refresh)));
    findings.refuse(auth.login(&Login::new("ada@example.com", WRONG_PASSWORD)));
    findings.refuse(auth.login(&Login::new("nobody@example.com", WRONG_PASSWORD)));
    let (current, new) = (Secret::from(PASSWORD), Secret::from(NEXT_PASSWORD));
    findings.refuse(auth.change_password(&next.access, &Secret::from(WRONG_PASSWORD), &new));
    findings.refuse(auth.change_password(&next.access, &current, &Secret::from(SHORT_PASSWORD)));
    world.clock().advance(3_600_000);
    findings.refuse(auth.verify(&next.access));
    let next = auth.refresh(&next.refresh).unwrap();
    let last = auth.change_password(&next.access, &current, &new).unwrap();
    findings.refuse(auth.refresh(&next.refresh));
    auth.logout(&last.access).unwrap();
    findings.refuse(auth.verify(&last.access));
    findings.print(&(&ada, &tokens, &next, &last, &session, &current));
    for tokens in [&ada.tokens, &tokens, &next, &last] {
        findings.secret(&tokens.access);
        findings.secret(&tokens.refresh);
        // Its signature alone would do for whoever can guess the rest.
        findings.secret(tokens.access.rsplit('.').next().unwrap());
    }
}

/// Pays, loses answers, reverses, reviews, refunds, hears of it by webhook.
fn payments(world: &World, findings: &mut Findings) {
    let (engine, provider) = (world.engine(), world.provider());
    let wallet = world.funded_wallet(1_000_000);
    provider.script("declined", [PayStep::Declined], []);
    provider.script("lost", [PayStep::PaidThenTimeout], []);
    provider.script("garbage", [PayStep::Garbage], [QueryStep::Unknown, QueryStep::Panic]);
    provider.script("broken", [PayStep::Panic], [QueryStep::Failed]);
    provider.script("pending", [PayStep::Pending { poll_after_ms: None }], [QueryStep::Paid]);
    let customers = ["good", "declined", "lost", "garbage", "broken", "pending", "told"];
    let payments: Vec<_> = customers.iter().map(|customer| world.pay(wallet, customer, 10_000)).collect();
    let request_id = world.peek(*payments.last().unwrap()).request_id;
    let webhook = provider.webhook([(request_id.as_str(), world_outcome(&request_id))]);
    findings.secret(&webhook.headers.first().unwrap().1);
    findings.print(&webhook);
    findings.print(&engine.bill().receive_webhook(PROVIDER, &webhook).unwrap());
    let forged = provider.forged_webhook([(request_id.as_str(), QueryOutcome::NotFound)]);
    findings.refuse(engine.bill().receive_webhook(PROVIDER, &forged));
    world.drain();
    let refund = RefundRequest::new(*payments.first().unwrap(), ngn(5_000), RefundSource::Host, "a token that failed");
    findings.print(&engine.reversal().refund(&refund).unwrap());
    for payment in payments {
        let found = world.payment(payment);
        assert!(engine.bill().tokens(payment).unwrap().iter().all(|token| token.starts_with(TOKEN_PREFIX)));
        findings.secret(ScriptedProvider::token(&found.request_id));
        findings.print(&(found, engine.bill().explain(payment).unwrap()));
    }
    findings.print(&world_outcome(&request_id));
    findings.print(&engine.history().page(wallet, &Default::default(), None, 500).unwrap());
}

fn world_outcome(request_id: &str) -> QueryOutcome {
    let receipt = fusepay_core::PaidReceipt::new("by-webhook").with_token(ScriptedProvider::token(request_id));
    QueryOutcome::Paid(receipt.with_amount_minor(10_000))
}

#[test]
fn no_secret_is_shown_anywhere() {
    let log = Captured::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let mut findings = Findings::default();
    for secret in [
        PASSWORD,
        NEXT_PASSWORD,
        WRONG_PASSWORD,
        SHORT_PASSWORD,
        SIGNING_KEY,
        NEXT_SIGNING_KEY,
        SHORT_SIGNING_KEY,
        PEPPER,
        AUDIT_KEY,
        VAULT_KEY,
    ] {
        findings.secret(secret);
    }
    findings.print(&(keys(), Config::new("pay.db", keys()).with_audit_key(Secret::from(AUDIT_KEY))));
    findings.print(&Pepper::new("p1", Secret::from(PEPPER)).unwrap());
    let mut world = world();
    users(&world, &mut findings);
    payments(&world, &mut findings);
    let engine = world.engine();
    findings.print(&(engine.as_ref(), engine.events().read(0, 500).unwrap(), engine.audit().read(0, 500).unwrap()));
    findings.print(&(engine.verify().unwrap(), engine.stats().unwrap()));
    assert!(engine.verify().unwrap().is_sound);
    engine.backup(&world.dir().join("copy.db")).unwrap();
    let check_files = |world: &World, findings: &Findings| {
        for file in std::fs::read_dir(world.dir()).unwrap() {
            let path = file.unwrap().path();
            findings.check(&path.display().to_string(), &std::fs::read(&path).unwrap());
        }
    };
    check_files(&world, &findings);
    world.engine().close(Duration::from_secs(5)).unwrap();
    findings.refuse(world.engine().auth().login(&Login::new("ada@example.com", NEXT_PASSWORD)));
    world.close();
    check_files(&world, &findings);

    let text = log.text();
    assert!(text.contains("engine opened") && text.contains("reversed"), "the log was not captured:\n{text}");
    findings.check("the log", text.as_bytes());
    findings.printed.iter().for_each(|printed| findings.check("a Debug or an error", printed.as_bytes()));
}
