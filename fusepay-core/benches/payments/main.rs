//! Durable payments and transfers, beside the same rows written by hand.
//!
//! `cargo bench -p fusepay-core` prints each side's times (divan), then the
//! ratio of the two measured in turn, round by round, so that a machine whose
//! speed drifts does not decide who wins.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "a benchmark may stop, count in floats and print"
)]
#![allow(missing_docs, reason = "divan's macro makes items of its own")]

mod naive;

use divan::Bencher;
use fusepay_core::{
    Answer, BillItem, Biller, Category, Config, Currency, FusePay, KeyRing, Money, MoneyRequest, PayBill, PayOutcome,
    PayRequest, Provider, QueryOutcome, QueryRequest, Registration, Secret, TransferRequest, WalletId, WorkerMode,
};
use naive::Naive;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const BATCH: u32 = 1_000;
const CALLERS: usize = 64;

struct Silent;

impl Provider for Silent {
    fn pay(&self, _: &PayRequest) -> Answer<PayOutcome> {
        PayOutcome::Pending { poll_after_ms: None }.into()
    }

    fn query(&self, _: &QueryRequest) -> Answer<QueryOutcome> {
        QueryOutcome::Pending { poll_after_ms: None }.into()
    }
}

/// An engine with two wallets, and the baseline beside it on the same disk.
struct Bench {
    engine: FusePay,
    from: WalletId,
    to: WalletId,
    naive: Naive,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn open() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let keys = KeyRing::hs256("bench", Secret::new((0..32).collect::<Vec<u8>>())).expect("a key");
        let config = Config::new(dir.path().join("engine.db"), keys)
            .with_worker(WorkerMode::Manual)
            .with_provider("p", Arc::new(Silent));
        let engine = FusePay::open(config).expect("an engine");
        let registration =
            Registration::new("bench@example.com", "Ada", "Bench", Secret::from("a long enough passphrase"));
        let registered = engine.auth().register(&registration).expect("a user");
        let from = registered.wallet.id;
        let to = engine.wallet().create(registered.user.id, Currency::NGN, "second").expect("a wallet").id;
        engine.wallet().fund(&MoneyRequest::new(from, ngn(1 << 60))).expect("money");
        let category = Category::new("ELECTRICITY").expect("a category");
        let item = BillItem::new("prepaid", "Prepaid", ngn(1), 1_000_000);
        engine.bill().load_catalogue(&[(Biller::new("disco", "Disco", category, "p"), vec![item])]).expect("a biller");
        let naive = Naive::open(&dir.path().join("naive.db"));
        Bench { engine, from, to, naive, _dir: dir }
    }

    fn pay(&self) {
        let request = PayBill::new(self.from, "disco", "prepaid", "45700000001", ngn(1));
        self.engine.bill().pay(&request).expect("a payment");
    }

    fn transfer(&self) {
        self.engine.wallet().transfer(&TransferRequest::new(self.from, self.to, ngn(1))).expect("a transfer");
    }

    fn batch(&self) {
        let requests: Vec<_> = (0..BATCH).map(|_| TransferRequest::new(self.from, self.to, ngn(1))).collect();
        self.engine.wallet().transfer_batch(&requests, None).expect("a batch");
    }
}

fn ngn(minor: i64) -> Money {
    Money::new(minor, Currency::NGN)
}

#[divan::bench(sample_count = 300, sample_size = 1)]
fn pay_engine(bencher: Bencher<'_, '_>) {
    let bench = Bench::open();
    bencher.bench_local(|| bench.pay());
}

#[divan::bench(sample_count = 300, sample_size = 1)]
fn pay_naive(bencher: Bencher<'_, '_>) {
    let bench = Bench::open();
    bencher.bench_local(|| bench.naive.pay());
}

#[divan::bench(sample_count = 300, sample_size = 1)]
fn transfer_engine(bencher: Bencher<'_, '_>) {
    let bench = Bench::open();
    bencher.bench_local(|| bench.transfer());
}

#[divan::bench(sample_count = 300, sample_size = 1)]
fn transfer_naive(bencher: Bencher<'_, '_>) {
    let bench = Bench::open();
    bencher.bench_local(|| bench.naive.transfer(1));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn batch_of_1000_engine(bencher: Bencher<'_, '_>) {
    let bench = Bench::open();
    bencher.bench_local(|| bench.batch());
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn batch_of_1000_naive(bencher: Bencher<'_, '_>) {
    let bench = Bench::open();
    bencher.bench_local(|| bench.naive.transfer(BATCH));
}

/// How long `count` calls take, spread over this many threads.
fn timed(callers: usize, count: usize, call: impl Fn() + Sync) -> Duration {
    let next = AtomicUsize::new(0);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..callers {
            scope.spawn(|| {
                while next.fetch_add(1, Ordering::Relaxed) < count {
                    call();
                }
            });
        }
    });
    start.elapsed()
}

/// Measures both sides in turn and prints rates and the median ratio.
fn compare(name: &str, per_call: u32, callers: usize, count: usize, engine: impl Fn() + Sync, naive: impl Fn() + Sync) {
    const ROUNDS: usize = 7;
    timed(callers, count / 10 + 1, &engine);
    timed(callers, count / 10 + 1, &naive);
    let mut rounds: Vec<(f64, f64, f64)> = (0..ROUNDS)
        .map(|_| {
            let (ours, theirs) = (timed(callers, count, &engine), timed(callers, count, &naive));
            let rate = |time: Duration| count as f64 * f64::from(per_call) / time.as_secs_f64();
            (rate(ours) / rate(theirs), rate(ours), rate(theirs))
        })
        .collect();
    rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (ratio, ours, theirs) = rounds[ROUNDS / 2];
    let (least, most) = (rounds[0].0, rounds[ROUNDS - 1].0);
    println!("{name:<34} {ours:>10.0}/s {theirs:>10.0}/s   × {ratio:.2}  ({least:.2} … {most:.2})");
}

fn main() {
    divan::main();
    let is_listing = std::env::args().any(|word| word == "--list" || word == "--test");
    if is_listing {
        return;
    }
    let bench = Bench::open();
    println!("\nin turn, median of 7 rounds            engine      baseline   engine ÷ baseline");
    compare("pay, one caller", 1, 1, 400, || bench.pay(), || bench.naive.pay());
    compare("transfer, one caller", 1, 1, 400, || bench.transfer(), || bench.naive.transfer(1));
    compare("pay, 64 callers", 1, CALLERS, 6_400, || bench.pay(), || bench.naive.pay());
    compare("transfer, 64 callers", 1, CALLERS, 6_400, || bench.transfer(), || bench.naive.transfer(1));
    compare("transfers, 1,000 in one call", BATCH, 1, 10, || bench.batch(), || bench.naive.transfer(BATCH));
}
