//! The Rust host of the benchmark; `door.c` and `door.py` do the same.

use fusepay_core::{
    Answer, BillItem, Biller, Category, Config, Currency, FusePay, KeyRing, Money, MoneyRequest, PayBill, PayOutcome,
    PayRequest, Provider, QueryOutcome, QueryRequest, Registration, Secret, WorkerMode,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

struct Silent;

impl Provider for Silent {
    fn pay(&self, _: &PayRequest) -> Answer<PayOutcome> {
        PayOutcome::Pending { poll_after_ms: None }.into()
    }

    fn query(&self, _: &QueryRequest) -> Answer<QueryOutcome> {
        QueryOutcome::Pending { poll_after_ms: None }.into()
    }
}

/// Plays the part and prints nanoseconds a payment and a read.
pub(crate) fn play(path: &Path, payments: u32, reads: u32) {
    let keys = KeyRing::hs256("bench", Secret::from("K9#r2!mQ7@xT4$wZ8%bN5^vL3&cP6*hJ")).expect("a key");
    let config = Config::new(path, keys).with_worker(WorkerMode::Manual).with_provider("p", Arc::new(Silent));
    let engine = FusePay::open(config).expect("an engine");
    let registration = Registration::new("bench@example.com", "Ada", "Bench", "seven blue lamps by the river");
    let wallet = engine.auth().register(&registration).expect("a user").wallet.id;
    engine.wallet().fund(&MoneyRequest::new(wallet, Money::new(1 << 60, Currency::NGN))).expect("money");
    let category = Category::new("ELECTRICITY").expect("a category");
    let item = BillItem::new("prepaid", "Prepaid", Money::new(1, Currency::NGN), 1_000_000);
    engine.bill().load_catalogue(&[(Biller::new("disco", "Disco", category, "p"), vec![item])]).expect("a biller");

    let start = Instant::now();
    for number in 0..payments {
        let bill = PayBill::new(wallet, "disco", "prepaid", "meter 1", Money::new(100, Currency::NGN))
            .with_idempotency_key(format!("order-{number}"));
        engine.bill().pay(&bill).expect("a payment");
    }
    let pay = start.elapsed().as_nanos() as f64 / f64::from(payments);

    let start = Instant::now();
    let mut sum = 0;
    for _ in 0..reads {
        sum ^= engine.wallet().find(wallet).expect("a wallet").balance_minor;
    }
    let read = start.elapsed().as_nanos() as f64 / f64::from(reads);
    assert!(sum >= 0);
    println!("{pay} {read}");
}
