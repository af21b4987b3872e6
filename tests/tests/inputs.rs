//! Goal: text is data. Whatever a caller puts into any text of the public API is
//! stored as it is or refused with a typed error; nothing of it is ever SQL, a
//! pattern, or too much.
//! Method: every text parameter, each with every hostile text; afterwards the
//! file is sound and has the tables it had.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use fusepay_core::{
    BillItem, Biller, CaptureRequest, Category, ClaimSettlement, Code, Currency, EmailAddress, Error, ErrorKind,
    HistoryFilter, HoldId, HoldRequest, HoldStatus, JobId, LimitWindow, Login, Metadata, Money, MoneyRequest, PayBill,
    PaymentId, PaymentStatus, PersonName, QuoteRequest, RefundRequest, RefundSource, Registration, ReviewVerdict, Role,
    Secret, StartAt, TransactionType, TransferRequest, UnixMillis, UserId, WalletId, Webhook,
};
use fusepay_testkit::{BILLER, ITEM, PROVIDER, ScriptedProvider, World, ngn};
use std::sync::Arc;
use std::time::{Duration, Instant};

const PASSWORD: &str = "seven blue lamps by the river";

const HOSTILE: [&str; 18] = [
    "'; DROP TABLE user; --",
    "\" OR 1=1 --",
    "' OR 'a'='a",
    "x'); DELETE FROM payment; --",
    "1; ATTACH DATABASE '/tmp/x' AS x",
    "%",
    "_",
    "a%' ESCAPE '\\",
    "*?[a-z]",
    "\\",
    "${jndi:ldap://x}",
    ":name @name $name ?1",
    "\0",
    "before\0after",
    "line\nline\r\u{1b}[31m",
    "\u{202e}gnp.exe\u{200d}\u{feff}",
    "😀🧾 ẞ ﷽",
    " ",
];

/// What a call did with a text: kept it (and gave it back so), or just took it.
type Outcome = Result<Option<String>, Error>;
type Taker<'a> = (&'static str, Box<dyn Fn(&str) -> Outcome + 'a>);

fn took<T>(result: Result<T, Error>) -> Outcome {
    result.map(|_| None)
}

fn taker<'a>(name: &'static str, take: impl Fn(&str) -> Outcome + 'a) -> Taker<'a> {
    (name, Box::new(take))
}

struct Scene {
    world: World,
    wallet: WalletId,
    other: WalletId,
    user: UserId,
    payment: PaymentId,
    access: String,
}

fn scene() -> Scene {
    let world = World::open();
    let wallet = world.funded_wallet(1_000_000_000);
    let other = world.wallet();
    let user = world.look(wallet).user_id;
    let payment = world.pay(wallet, "meter", 10_000);
    let email = world.engine().auth().find_user(user).unwrap().email;
    let tokens = world.engine().auth().login(&Login::new(email, "a password of the world")).unwrap();
    world.drain();
    Scene { world, wallet, other, user, payment, access: tokens.access }
}

fn texts_of_users(scene: &Scene) -> Vec<Taker<'_>> {
    let engine = scene.world.engine();
    let auth = engine.auth();
    let unused = std::cell::Cell::new(0);
    let address = move || {
        unused.set(unused.get() + 1);
        format!("new{}@example.com", unused.get())
    };
    let address = std::rc::Rc::new(address);
    let (a, b, c, d) = (address.clone(), address.clone(), address.clone(), address);
    let register = |request: Registration| engine.auth().register(&request);
    vec![
        taker("email", move |text| took(register(Registration::new(text, "Ada", "Obi", PASSWORD)))),
        taker("first name", move |text| {
            register(Registration::new(a(), text, "Obi", PASSWORD)).map(|made| Some(made.user.first_name))
        }),
        taker("last name", move |text| {
            register(Registration::new(b(), "Ada", text, PASSWORD)).map(|made| Some(made.user.last_name))
        }),
        taker("wallet label", move |text| {
            let request = Registration::new(c(), "Ada", "Obi", PASSWORD).with_wallet_label(text);
            register(request).map(|made| Some(made.wallet.label))
        }),
        taker("password", move |text| took(register(Registration::new(d(), "Ada", "Obi", text)))),
        taker("login email", |text| took(engine.auth().login(&Login::new(text, PASSWORD)))),
        taker("login password", |text| took(engine.auth().login(&Login::new("nobody@example.com", text)))),
        taker("device", |text| {
            let email = engine.auth().find_user(scene.user)?.email;
            took(engine.auth().login(&Login::new(email, "a password of the world").with_device(text)))
        }),
        taker("refresh token", |text| took(engine.auth().refresh(text))),
        taker("access token", |text| took(engine.auth().verify(text))),
        taker("session token", |text| took(engine.session(text))),
        taker("new password", |text| {
            took(engine.auth().change_password(
                &scene.access,
                &Secret::from("wrong but long enough"),
                &Secret::from(text),
            ))
        }),
        taker("search", |text| {
            let found = engine.auth().search_users(text, None, 500)?;
            let begins = |value: &str| value.starts_with(text);
            let is_found = |user: &fusepay_core::User| begins(&user.first_name) || begins(&user.last_name);
            assert!(found.users.iter().all(is_found) || text.trim().is_empty(), "{text:?} matched {found:?}");
            Ok(None)
        }),
        taker("kid", |text| took(engine.auth().rotate_signing_key(text, &Secret::from("k"), UnixMillis(i64::MAX)))),
        taker("retired kid", move |text| took(auth.retire_key(text))),
    ]
}

fn texts_of_wallets(scene: &Scene) -> Vec<Taker<'_>> {
    let (wallets, wallet, other) = (|| scene.world.engine().wallet(), scene.wallet, scene.other);
    let fund = move || MoneyRequest::new(wallet, ngn(1));
    let hold = move || HoldRequest::new(wallet, ngn(1), Duration::from_secs(60));
    vec![
        taker("new wallet's label", move |text| {
            wallets().create(scene.user, Currency::NGN, text).map(|made| Some(made.label))
        }),
        taker("external reference", move |text| {
            let booked = wallets().fund(&fund().with_external_reference(text))?;
            let history = scene.world.engine().history();
            let found = history.find_by_external_reference(TransactionType::WalletFunding, text)?;
            assert_eq!(found.len(), 1);
            Ok(booked.external_reference)
        }),
        taker("description", move |text| wallets().fund(&fund().with_description(text)).map(|line| line.description)),
        taker("idempotency key", move |text| {
            let request = fund().with_idempotency_key(text);
            let first = wallets().fund(&request)?;
            assert_eq!(wallets().fund(&request)?.id, first.id);
            Ok(None)
        }),
        taker("metadata", move |text| {
            let quoted = format!("{{\"note\":{}}}", json(text));
            let booked = wallets().fund(&fund().with_metadata(Metadata::parse(&quoted)?))?;
            assert_eq!(booked.metadata.as_deref().map(|kept| kept.len() > 10), Some(true));
            Ok(None)
        }),
        taker("raw metadata", |text| took(Metadata::parse(text))),
        taker("withdrawal's reference", move |text| took(wallets().withdraw(&fund().with_external_reference(text)))),
        taker("transfer's description", move |text| {
            let request = TransferRequest::new(wallet, other, ngn(1)).with_description(text);
            wallets().transfer(&request).map(|line| line.description)
        }),
        taker("transfer's key", move |text| {
            took(wallets().transfer(&TransferRequest::new(wallet, other, ngn(1)).with_idempotency_key(text)))
        }),
        taker("batch's key", move |text| {
            took(wallets().transfer_batch(&[TransferRequest::new(wallet, other, ngn(1))], Some(text)))
        }),
        taker("hold's description", move |text| took(wallets().authorise(&hold().with_description(text)))),
        taker("hold's key", move |text| took(wallets().authorise(&hold().with_idempotency_key(text)))),
        taker("capture's description", move |text| {
            let held = wallets().authorise(&hold())?;
            took(wallets().capture(&CaptureRequest::new(held.id, ngn(1)).with_description(text)))
        }),
        taker("release's key", move |text| took(wallets().release(wallets().authorise(&hold())?.id, Some(text)))),
        taker("limit's category", move |text| took(wallets().remove_limit(wallet, LimitWindow::Day, Some(text)))),
    ]
}

fn texts_of_bills(scene: &Scene) -> Vec<Taker<'_>> {
    let (engine, wallet) = (scene.world.engine(), scene.wallet);
    let pay = move |biller: &str, item: &str, customer: &str| PayBill::new(wallet, biller, item, customer, ngn(100));
    let power = || Category::new("ELECTRICITY");
    let item = || BillItem::new("I", "Item", ngn(1), 100);
    vec![
        taker("category", |text| Category::new(text).map(|made| Some(made.code().to_owned()))),
        taker("biller's code", move |text| {
            took(engine.bill().load_catalogue(&[(Biller::new(text, "Name", power()?, PROVIDER), vec![item()])]))
        }),
        taker("biller's name", move |text| {
            engine.bill().load_catalogue(&[(Biller::new("B2", text, power()?, PROVIDER), vec![item()])])?;
            let billers = engine.bill().billers(None, None, 500)?;
            Ok(billers.into_iter().find(|biller| biller.code == "B2").map(|biller| biller.name))
        }),
        taker("biller's provider", move |text| {
            took(engine.bill().load_catalogue(&[(Biller::new("B3", "Name", power()?, text), vec![item()])]))
        }),
        taker("item's code", move |text| {
            let item = BillItem::new(text, "Item", ngn(1), 100);
            took(engine.bill().load_catalogue(&[(Biller::new("B4", "Name", power()?, PROVIDER), vec![item])]))
        }),
        taker("catalogue of", |text| took(engine.bill().load_catalogue_of(text))),
        taker("billers in", |text| {
            let found = engine.bill().billers(Some(text), None, 500)?;
            assert!(found.is_empty(), "{text:?} is the category of {found:?}");
            Ok(None)
        }),
        taker("billers after", |text| took(engine.bill().billers(None, Some(text), 500))),
        taker("items of", |text| took(engine.bill().items(text))),
        taker("customer", |text| took(engine.bill().validate_customer(BILLER, ITEM, text))),
        taker("validated biller", |text| took(engine.bill().validate_customer(text, text, "c"))),
        taker("quote", move |text| {
            took(engine.bill().quote(&QuoteRequest::new(scene.user, BILLER, ITEM, text, ngn(100))))
        }),
        taker("paid biller", move |text| took(engine.bill().pay(&pay(text, ITEM, "c")))),
        taker("paid item", move |text| took(engine.bill().pay(&pay(BILLER, text, "c")))),
        taker("paid customer", move |text| {
            let payment = engine.bill().pay(&pay(BILLER, ITEM, text))?;
            Ok(Some(engine.bill().find(payment.id)?.customer_reference))
        }),
        taker("payment's key", move |text| took(engine.bill().pay(&pay(BILLER, ITEM, "c").with_idempotency_key(text)))),
        taker("webhook's provider", |text| {
            took(engine.bill().receive_webhook(text, &Webhook::new(Vec::new(), text.as_bytes())))
        }),
        taker("webhook", |text| {
            let headers = vec![(text.to_owned(), text.to_owned())];
            took(engine.bill().receive_webhook(PROVIDER, &Webhook::new(headers, text.as_bytes())))
        }),
        taker("float of", |text| took(engine.bill().float_balance(text))),
        taker("topped up provider", |text| took(engine.bill().top_up_float(text, ngn(1), "r"))),
        taker("top-up's reference", |text| took(engine.bill().top_up_float(PROVIDER, ngn(1), text))),
        taker("provider's code", |text| took(engine.register_provider(text, Arc::new(ScriptedProvider::new())))),
    ]
}

fn texts_of_the_rest(scene: &Scene) -> Vec<Taker<'_>> {
    let (engine, payment, wallet) = (scene.world.engine(), scene.payment, scene.wallet);
    let refund = move |reason: &str| RefundRequest::new(payment, ngn(1), RefundSource::Host, reason);
    vec![
        taker("refund's reason", move |text| took(engine.reversal().refund(&refund(text)))),
        taker("refund's key", move |text| took(engine.reversal().refund(&refund("why").with_idempotency_key(text)))),
        taker("review's reason", move |text| {
            took(engine.reversal().resolve_review(payment, &ReviewVerdict::NotPaid, text))
        }),
        taker("claim's reason", move |text| {
            took(engine.reversal().settle_claim(payment, ClaimSettlement::WrittenOff, text))
        }),
        taker("job's reason", |text| took(engine.queue().resolve(JobId(1), text))),
        taker("reference", |text| took(engine.history().find_by_reference(text))),
        taker("cursor", move |text| took(engine.history().page(wallet, &HistoryFilter::new(), Some(text), 10))),
        taker("metadata filter", move |text| {
            let filter = HistoryFilter::new().with_metadata_contains(text);
            took(engine.history().page(wallet, &filter, None, 500))
        }),
        taker("event cursor", |text| took(engine.events().cursor(text))),
        taker("acknowledged", |text| {
            engine.events().acknowledge(text, 1)?;
            assert_eq!(engine.events().cursor(text)?, Some(1));
            took(engine.events().rewind(text, 0))
        }),
        taker("subscriber", |text| {
            let nobody = |_: &fusepay_core::Event| Ok(());
            took(engine.events().subscribe(text, StartAt::Now, Arc::new(nobody)))
        }),
        taker("amount", |text| took(Money::parse(text, Currency::NGN))),
        taker("currency", |text| took(Currency::from_code(text))),
        taker("address", |text| took(EmailAddress::parse(text))),
        taker("name", |text| took(PersonName::parse("first_name", text))),
        taker("user id", |text| took(text.parse::<UserId>())),
        taker("wallet id", |text| took(text.parse::<WalletId>())),
        taker("hold id", |text| took(text.parse::<HoldId>())),
        taker("payment id", |text| took(text.parse::<PaymentId>())),
    ]
}

/// The text as JSON, by the rules of RFC 8259 alone.
fn json(text: &str) -> String {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        return format!("\"{text}\"");
    }
    let escaped = text.chars().map(|character| match character {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        control if control < ' ' => format!("\\u{:04x}", u32::from(control)),
        other => other.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

fn all(scene: &Scene) -> Vec<Taker<'_>> {
    let texts = [texts_of_users(scene), texts_of_wallets(scene), texts_of_bills(scene), texts_of_the_rest(scene)];
    texts.into_iter().flatten().collect()
}

fn assert_typed(name: &str, text: &str, outcome: &Outcome) {
    let Err(error) = outcome else { return };
    let shown: String = text.chars().take(40).collect();
    assert!(matches!(error.kind(), ErrorKind::Misuse | ErrorKind::Refused), "{name}: {shown:?}: {error:?}");
    assert!(error.detail().len() < 1_000, "{name}: an error of {} bytes", error.detail().len());
    assert!(!error.detail().chars().any(char::is_control), "{name}: {shown:?}: {error:?}");
}

#[test]
fn hostile_text_is_kept_as_it_is_or_refused() {
    let scene = scene();
    let mut kept = 0;
    for (name, take) in all(&scene) {
        for text in HOSTILE {
            let outcome = take(text);
            assert_typed(name, text, &outcome);
            if let Ok(Some(found)) = outcome {
                assert!(found == text || found == text.trim(), "{name}: {text:?} became {found:?}");
                kept += 1;
            }
        }
    }
    assert!(kept > 50, "only {kept} texts were kept at all");
    scene.world.drain();
    let report = scene.world.engine().verify().unwrap();
    assert!(report.is_sound, "{:#?}", report.violations);
}

#[test]
fn ten_or_twenty_megabytes_are_refused_at_once() {
    let scene = scene();
    let balance = scene.world.balance(scene.wallet);
    let mut taken = std::collections::BTreeSet::new();
    for huge in ["a".repeat(20 << 20), "é".repeat(5 << 20), format!("{}@example.com", "a".repeat(10 << 20))] {
        for (name, take) in all(&scene) {
            let start = Instant::now();
            let outcome = take(&huge);
            assert_typed(name, &huge, &outcome);
            if outcome.is_ok() {
                taken.insert(name);
            }
            // A hash of a password costs next to nothing here; no call may work through such a text at length.
            assert!(start.elapsed() < Duration::from_secs(2), "{name} took {:?}", start.elapsed());
        }
    }
    assert!(taken.is_empty(), "these took megabytes: {taken:?}");
    assert_eq!(scene.world.balance(scene.wallet), balance);
    let nested = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(Metadata::parse(&nested).unwrap_err().code(), Code::InvalidMetadata);
}

#[test]
fn pages_of_none_or_too_many_are_refused() {
    let scene = scene();
    let (engine, wallet) = (scene.world.engine(), scene.wallet);
    for limit in [0, 501, u32::MAX] {
        let answers = [
            engine.auth().list_users(None, limit).map(drop),
            engine.auth().search_users("a", None, limit).map(drop),
            engine.wallet().holds(wallet, HoldStatus::Active, limit).map(drop),
            engine.bill().billers(None, None, limit).map(drop),
            engine.bill().list(wallet, None, limit).map(drop),
            engine.bill().list_by_status(PaymentStatus::Completed, None, limit).map(drop),
            engine.reversal().open_claims(limit).map(drop),
            engine.reversal().open_suspense(limit).map(drop),
            engine.history().page(wallet, &HistoryFilter::new(), None, limit).map(drop),
            engine.history().page_of_user(scene.user, &HistoryFilter::new(), None, limit).map(drop),
            engine.events().read(0, limit).map(drop),
            engine.queue().dead_letters(None, limit).map(drop),
            engine.audit().read(0, limit).map(drop),
        ];
        for (place, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.unwrap_err().code(), Code::InvalidArgument, "call {place}, limit {limit}");
        }
    }
    for number in [0, u64::MAX, u64::try_from(i64::MAX).unwrap()] {
        assert!(engine.events().read(number, 1).map_err(|error| error.kind()) != Err(ErrorKind::Fault));
        assert!(engine.audit().read(number, 1).map_err(|error| error.kind()) != Err(ErrorKind::Fault));
        assert!(engine.events().acknowledge("x", number).map_err(|error| error.kind()) != Err(ErrorKind::Fault));
    }
    for id in [i64::MIN, -1, 0, i64::MAX] {
        assert_eq!(engine.queue().find(JobId(id)).unwrap_err().code(), Code::NotFound);
        for at in [UnixMillis(id), UnixMillis(i64::MAX)] {
            let _ = engine.history().balance_at(wallet, at).unwrap();
            let _ = engine.history().statement(wallet, UnixMillis(i64::MIN), at).unwrap();
        }
    }
    assert_eq!(engine.auth().set_role(scene.user, Role::System).unwrap_err().code(), Code::InvalidArgument);
}
