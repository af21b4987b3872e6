//! A host program: registers users, funds their wallets, pays some two hundred
//! bills at once against a real biller process that fails, hangs and lies, waits
//! for the engine to find out the truth and give back what was not paid, and
//! then compares every kobo with the biller's own book.
//!
//! Exits 0 only when both books agree and `verify()` finds nothing.
#![allow(clippy::print_stdout, reason = "a program for people")]

mod biller;
mod report;
mod webhook;

use biller::{API_KEY, BillerProcess, SECRET_KEY, WEBHOOK_SECRET};
use fusepay_core::{
    Backoff, BillItem, Biller, BreakerPolicy, Category, Config, Currency, FeePolicy, FusePay, KeyRing, Money,
    MoneyRequest, PaidReceipt, PayBill, Payment, PaymentStatus, Registration, ReviewVerdict, Secret, Stats, WalletId,
};
use fusepay_vtpass::{VtpassConfig, VtpassProvider};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use webhook::WebhookServer;

const USERS: usize = 10;
const BILLS_PER_USER: usize = 20;
const FUNDED_MINOR: i64 = 50_000_000;
const PATIENCE: Duration = Duration::from_secs(150);

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One user with a session of their own.
struct Customer {
    access_token: String,
    wallet: WalletId,
}

fn run() -> Result<bool, Failure> {
    let directory = tempfile::tempdir()?;
    let webhooks = WebhookServer::start()?;
    let biller = BillerProcess::start(&webhooks.url, 7)?;
    println!("the biller is a process of its own at {}; it pays, refuses, fails, hangs and lies", biller.url);
    let engine = Arc::new(FusePay::open(config(directory.path(), &biller)?)?);
    webhooks.connect(&engine);
    load_catalogue(&engine)?;

    let customers = register(&engine)?;
    println!("{USERS} users registered, each funded with {}", Money::new(FUNDED_MINOR, Currency::NGN));
    pay_all(&engine, &customers)?;
    settle(&engine, "paying")?;
    take_two_back(&engine, &biller, &customers)?;
    resolve_reviews(&engine, &biller)?;
    settle(&engine, "after the biller took two back, and reviews")?;

    let is_right = judge(&engine, &biller, &customers)?;
    drop(webhooks);
    engine.close(Duration::from_secs(5))?;
    Ok(is_right)
}

fn config(directory: &std::path::Path, biller: &BillerProcess) -> Result<Config, Failure> {
    // In production: from the environment, never from the source.
    let keys = KeyRing::hs256("demo", Secret::from("demo-only: thirty-two bytes and a few more"))?;
    let wire = VtpassConfig::new(&biller.url, API_KEY.into(), SECRET_KEY.into())
        .with_webhook_secret(WEBHOOK_SECRET.into())
        .with_timeouts(Duration::from_millis(500), Duration::from_millis(900))
        .with_not_found(Duration::from_millis(1_500), 3);
    // Nobody listens there: connecting is refused, which proves nothing was sent.
    let nowhere = VtpassConfig::new("http://127.0.0.1:9", API_KEY.into(), SECRET_KEY.into());
    Ok(Config::new(directory.join("fusepay.db"), keys)
        .with_provider("vtpass", Arc::new(VtpassProvider::new(wire)?))
        .with_provider("nowhere", Arc::new(VtpassProvider::new(nowhere)?))
        .with_vault_key(1, Secret::from("demo-only: a key of 32 bytes ..."))
        // The original's schedules, shortened so that you need not wait.
        .with_breaker(BreakerPolicy::new(5, 500, 4))
        .with_bill_backoff(Backoff::bill().with_base(200))
        .with_requery_backoff(Backoff::requery().with_initial_delay(400).with_base(200).with_cap(1_500))
        .with_reversal_backoff(Backoff::reversal().with_initial_delay(500).with_base(300)))
}

/// What the aggregator says it serves, with our own fee on top, and a biller
/// that nobody can reach.
fn load_catalogue(engine: &FusePay) -> Result<(), Failure> {
    engine.bill().load_catalogue_of("vtpass")?;
    let fee = FeePolicy::per_mille(5).between(1_000, 10_000);
    let mut priced = Vec::new();
    for biller in engine.bill().billers(None, None, 500)? {
        let items = engine.bill().items(&biller.code)?;
        priced.push((biller, items.into_iter().map(|item| item.with_fee(fee)).collect()));
    }
    let dead_end = Biller::new("dead-end", "Nobody answers", Category::new("WATER")?, "nowhere");
    let item = BillItem::new("dead-end", "Anything", Money::new(1, Currency::NGN), 10_000_000).with_fee(fee);
    priced.push((dead_end, vec![item]));
    engine.bill().load_catalogue(&priced)?;
    Ok(())
}

fn register(engine: &FusePay) -> Result<Vec<Customer>, Failure> {
    (0..USERS)
        .map(|number| {
            let email = format!("user{number}@example.com");
            let password = Secret::from(format!("a long passphrase no {number}"));
            let registered = engine.auth().register(&Registration::new(&email, "Ada", "Obi", password))?;
            let wallet = registered.wallet.id;
            // The host credits what its payment gateway has confirmed; a user's
            // session has no such call.
            let funding = MoneyRequest::new(wallet, Money::new(FUNDED_MINOR, Currency::NGN))
                .with_external_reference(format!("gateway-{number}"))
                .with_idempotency_key(format!("fund-{number}"));
            engine.wallet().fund(&funding)?;
            Ok(Customer { access_token: registered.tokens.access.clone(), wallet })
        })
        .collect()
}

/// Every user pays their bills at the same time as all others.
fn pay_all(engine: &FusePay, customers: &[Customer]) -> Result<(), Failure> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = customers
            .iter()
            .enumerate()
            .map(|(number, customer)| scope.spawn(move || pay_bills(engine, number, customer)))
            .collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(paid) => paid.map_err(Failure::from),
            Err(_) => Err("a paying thread panicked".into()),
        })
    })
}

fn pay_bills(engine: &FusePay, user: usize, customer: &Customer) -> Result<(), fusepay_core::Error> {
    for bill in 0..BILLS_PER_USER {
        // Named faults make sure that each is played at least once; the rest is
        // up to the biller's plan.
        let any_amount = 100_000 + i64::try_from(bill * 1_000 + user).unwrap_or(0);
        let (biller, item, amount_minor) = match bill {
            19 => ("dead-end", "dead-end", any_amount),
            3 | 7 | 11 => ("mtn-data", "mtn-1gb-1000", 100_000),
            5 | 13 => ("ui-insure", "1", 300_000),
            9 => ("dstv", "dstv-padi", 185_000),
            _ => ("ikeja-electric", "prepaid", any_amount),
        };
        let fault = if bill == 0 { FAULTS.get(user).copied().unwrap_or("") } else { "" };
        let meter = format!("457{user:04}{bill:04}{fault}");
        let amount = Money::new(amount_minor, Currency::NGN);
        let request = PayBill::new(customer.wallet, biller, item, meter, amount)
            .with_idempotency_key(format!("bill-{user}-{bill}"));
        let session = engine.session(&customer.access_token)?;
        let payment = session.bill().pay(&request)?;
        // A host that did not hear the answer asks again: the same payment.
        let again = session.bill().pay(&request)?;
        assert_eq!(payment.id, again.id, "the same key paid twice");
    }
    Ok(())
}

/// One fault for the first bill of each user.
const FAULTS: [&str; USERS] = [
    "-deliver",
    "-decline",
    "-error-paid",
    "-hang-paid",
    "-hang-unpaid",
    "-drop-paid",
    "-late",
    "-webhooks-five",
    "-other-amount",
    "-webhook-forged",
];

/// Shows progress until nothing is left to do but for people.
fn settle(engine: &FusePay, what: &str) -> Result<(), Failure> {
    let start = Instant::now();
    let mut shown = String::new();
    loop {
        let counts: BTreeMap<_, _> =
            engine.stats()?.payments.into_iter().map(|found| (found.status, found.count)).collect();
        let line: Vec<String> = counts.iter().map(|(status, count)| format!("{status} {count}")).collect();
        let line = line.join("  ");
        if line != shown {
            println!("  {:>5.1} s  {line}", start.elapsed().as_secs_f32());
            shown = line;
        }
        let is_open = |status: &PaymentStatus| !status.is_final() && *status != PaymentStatus::NeedsReview;
        if counts.iter().filter(|(status, _)| is_open(status)).all(|(_, count)| *count == 0) {
            println!("  settled {what} in {:.1} s", start.elapsed().as_secs_f32());
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            return Err(format!("still open after {} s: {shown}", PATIENCE.as_secs()).into());
        }
        std::thread::sleep(Duration::from_millis(250));
    }
}

fn payments(engine: &FusePay, customers: &[Customer]) -> Result<Vec<Payment>, Failure> {
    let mut all = Vec::new();
    for customer in customers {
        all.extend(engine.bill().list(customer.wallet, None, 500)?);
    }
    Ok(all)
}

/// The biller takes two delivered payments back, and tells us by webhook.
fn take_two_back(engine: &FusePay, biller: &BillerProcess, customers: &[Customer]) -> Result<(), Failure> {
    let all = payments(engine, customers)?;
    let delivered: Vec<_> = all.iter().filter(|payment| payment.status == PaymentStatus::Completed).take(2).collect();
    for payment in &delivered {
        biller.take_back(&payment.request_id)?;
    }
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        let mut open = 0;
        for payment in &delivered {
            open += usize::from(engine.bill().find(payment.id)?.status == PaymentStatus::Completed);
        }
        if open == 0 {
            println!(
                "the biller took {} delivered payments back; their money is in the wallets again",
                delivered.len()
            );
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err("the biller's reversals did not arrive".into())
}

/// An operator rings the biller about what contradicts itself: here, looks into
/// its book, and books what is true.
fn resolve_reviews(engine: &FusePay, biller: &BillerProcess) -> Result<(), Failure> {
    let book = biller.book()?;
    for payment in engine.bill().list_by_status(PaymentStatus::NeedsReview, None, 500)? {
        let kept = book.get(&payment.request_id).map_or(0, |line| line.paid_minor);
        let reason = payment.review_reason.map_or("?", fusepay_core::ReviewReason::name);
        println!("  review {}: {reason}; the biller's book says {kept} kobo", payment.reference());
        // Only a whole payment is confirmed. Anything else the biller must give
        // back (it does, on the telephone), and so do we.
        if kept == payment.amount.minor() {
            let receipt = PaidReceipt::new("by telephone").with_amount_minor(kept);
            engine.reversal().resolve_review(payment.id, &ReviewVerdict::Paid(receipt), "the biller confirmed it")?;
        } else {
            if kept > 0 {
                biller.take_back(&payment.request_id)?;
            }
            engine.reversal().resolve_review(
                payment.id,
                &ReviewVerdict::NotPaid,
                "the biller returned what it took",
            )?;
        }
    }
    Ok(())
}

/// The sum of the system accounts of one kind, in kobo.
fn balance(stats: &Stats, account: &str) -> i64 {
    stats.balances.iter().filter(|found| found.account == account).map(|found| found.balance_minor).sum()
}

fn judge(engine: &FusePay, biller: &BillerProcess, customers: &[Customer]) -> Result<bool, Failure> {
    let (all, book) = (payments(engine, customers)?, biller.book()?);
    let stats = engine.stats()?;
    println!("\n{}", report::table(&all, &book));
    let count = |status| all.iter().filter(|payment| payment.status == status).count();
    let sum = |pick: fn(&Payment) -> i64| -> i64 { all.iter().map(pick).sum() };
    println!(
        "  payments    {:>6}   reversed {}   claims {} kobo",
        all.len(),
        count(PaymentStatus::Reversed),
        sum(|p| p.claim_minor)
    );
    println!("  dead letters {:>5}", stats.dead_letters);
    println!(
        "  in clearing {:>6} kobo   in suspense {} kobo",
        balance(&stats, "clearing"),
        balance(&stats, "suspense")
    );

    let kept: i64 = book.values().filter(|line| !line.is_reversed).map(|line| line.paid_minor).sum();
    let float = balance(&stats, "float");
    println!("  the biller kept {kept} kobo; our float says {float} kobo");

    let mut wrong = report::disagreements(&all, &book);
    if kept != float {
        wrong.push(format!("the biller kept {kept} kobo, our float says {float}"));
    }
    for customer in customers {
        let spent: i64 = all
            .iter()
            .filter(|payment| payment.wallet_id == customer.wallet && payment.status == PaymentStatus::Completed)
            .map(|payment| payment.amount.minor() + payment.fee.minor())
            .sum();
        let balance = engine.wallet().find(customer.wallet)?.balance_minor;
        if balance != FUNDED_MINOR - spent {
            wrong.push(format!("wallet {} has {balance} kobo, should have {}", customer.wallet, FUNDED_MINOR - spent));
        }
    }
    let verified = engine.verify()?;
    println!("  verify(): {}", if verified.is_sound { "sound" } else { "BROKEN" });
    for violation in &verified.violations {
        wrong.push(format!("{violation:?}"));
    }
    for sentence in &wrong {
        println!("  DISAGREES: {sentence}");
    }
    if wrong.is_empty() {
        println!("\nboth books agree, to the kobo");
    }
    Ok(wrong.is_empty() && verified.is_sound)
}
