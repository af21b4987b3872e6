//! tmp
use crate::*;
use std::sync::Arc;

struct Always(fn(&PayRequest) -> PayOutcome, fn(&QueryRequest) -> QueryOutcome);
impl Provider for Always {
    fn pay(&self, r: &PayRequest) -> Answer<PayOutcome> {
        (self.0)(r).into()
    }
    fn query(&self, r: &QueryRequest) -> Answer<QueryOutcome> {
        (self.1)(r).into()
    }
}

fn world(p: Always) -> (tempfile::TempDir, Arc<ManualClock>, FusePay, WalletId) {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(UnixMillis(1_700_000_000_000)));
    let keys = KeyRing::hs256("k1", Secret::new((0..32u8).collect::<Vec<_>>())).unwrap();
    let config = Config::new(dir.path().join("a.db"), keys)
        .with_simulation(clock.clone(), Arc::new(SeededEntropy::new(1)))
        .with_worker(WorkerMode::Manual)
        .with_hash_cost(HashCost::insecure_for_tests())
        .with_provider("p", Arc::new(p));
    let engine = FusePay::open(config).unwrap();
    let registration = Registration::new("a@b.example", "Ada", "Obi", "seven blue lamps by the river");
    let wallet = engine.auth().register(&registration).unwrap().wallet;
    let item =
        BillItem::new("prepaid", "Prepaid", Money::new(1, Currency::NGN), 1_000_000).with_fee(FeePolicy::fixed(10));
    engine
        .bill()
        .load_catalogue(&[(Biller::new("disco", "Disco", Category::new("ELECTRICITY").unwrap(), "p"), vec![item])])
        .unwrap();
    engine
        .wallet()
        .fund(&MoneyRequest::new(wallet.id, Money::new(10_000, Currency::NGN)).with_external_reference("e1"))
        .unwrap();
    (dir, clock, engine, wallet.id)
}

#[test]
fn smoke_paid() {
    let (_d, _c, e, w) =
        world(Always(|_| PayOutcome::Paid(PaidReceipt::new("r").with_token("t-1")), |_| QueryOutcome::NotFound));
    let p = e.bill().pay(&PayBill::new(w, "disco", "prepaid", "meter", Money::new(1_000, Currency::NGN))).unwrap();
    assert_eq!(e.wallet().find(w).unwrap().balance_minor, 8_990);
    e.run_due().unwrap();
    let x = e.bill().explain(p.id).unwrap();
    assert_eq!(x.payment.status, PaymentStatus::Completed, "{x:#?}");
    assert_eq!(e.bill().tokens(p.id).unwrap(), ["t-1"]);
    e.close(std::time::Duration::from_secs(1)).unwrap();
}

#[test]
fn smoke_declined_is_reversed() {
    let (_d, c, e, w) =
        world(Always(|_| PayOutcome::Declined { code: "16".into(), reason: "no".into() }, |_| QueryOutcome::NotFound));
    let p = e.bill().pay(&PayBill::new(w, "disco", "prepaid", "meter", Money::new(1_000, Currency::NGN))).unwrap();
    e.run_due().unwrap();
    assert_eq!(e.bill().find(p.id).unwrap().status, PaymentStatus::Failed);
    c.advance(4_999);
    e.run_due().unwrap();
    assert_eq!(e.bill().find(p.id).unwrap().status, PaymentStatus::Failed);
    c.advance(1);
    e.run_due().unwrap();
    assert_eq!(e.bill().find(p.id).unwrap().status, PaymentStatus::Reversed);
    assert_eq!(e.wallet().find(w).unwrap().balance_minor, 10_000);
}

#[test]
fn smoke_unknown_then_not_found() {
    let (_d, c, e, w) = world(Always(|_| panic!("x"), |_| QueryOutcome::NotFound));
    let p = e
        .bill()
        .pay(&PayBill::new(w, "disco", "prepaid", "meter", Money::new(1_000, Currency::NGN)).with_idempotency_key("k"))
        .unwrap();
    let again = e
        .bill()
        .pay(&PayBill::new(w, "disco", "prepaid", "meter", Money::new(1_000, Currency::NGN)).with_idempotency_key("k"))
        .unwrap();
    assert_eq!(p, again);
    let bad = e
        .bill()
        .pay(&PayBill::new(w, "disco", "prepaid", "meter", Money::new(1_001, Currency::NGN)).with_idempotency_key("k"))
        .unwrap_err();
    assert_eq!(bad.field_name(), Some("amount"));
    e.run_due().unwrap();
    assert_eq!(e.bill().find(p.id).unwrap().status, PaymentStatus::Unknown);
    for _ in 0..2000 {
        c.advance(1_000);
        e.run_due().unwrap();
    }
    let x = e.bill().explain(p.id).unwrap();
    assert_eq!(x.payment.status, PaymentStatus::Reversed, "{x:#?}");
    println!("{x:#?}");
    let hold = e
        .wallet()
        .authorise(&HoldRequest::new(w, Money::new(500, Currency::NGN), std::time::Duration::from_secs(10)))
        .unwrap();
    let t = e.wallet().capture(&CaptureRequest::new(hold.id, Money::new(200, Currency::NGN))).unwrap();
    assert_eq!(t.balance_minor, 9_800);
    assert_eq!(e.wallet().find(w).unwrap().held_minor, 0);
}
