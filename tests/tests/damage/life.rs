//! A database with a rich life, made under virtual time: every kind of row the
//! engine keeps, payments in every state; and the same cut off by the death of
//! its process, with its last commits still in the log.

use fusepay_core::{
    CaptureRequest, Currency, Event, FusePay, HoldRequest, Limit, LimitWindow, Login, Money, MoneyRequest, PaidReceipt,
    PayBill, PaymentId, PaymentStatus, ProfileUpdate, QueryOutcome, QuoteRequest, RefundRequest, RefundSource,
    Remainder, Secret, StartAt, Subscriber, TransferRequest, UserId, WalletId, WalletStatus,
};
use fusepay_testkit::{BILLER, ITEM, PayStep, QueryStep, World, ngn};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// Tells the child that it is one, and where to live.
const CHILD: &str = "FUSEPAY_DAMAGE_CHILD";
/// The test that is the child.
const CHILD_TEST: &str = "a_child_dies_with_commits_in_its_log";

/// The bytes of a database that nobody has open.
#[derive(Clone)]
pub(crate) struct Image {
    pub(crate) database: Vec<u8>,
    pub(crate) log: Option<Vec<u8>>,
    pub(crate) index: Option<Vec<u8>>,
}

impl Image {
    /// Reads a database with what lies beside it.
    pub(crate) fn read(path: &Path) -> Image {
        let beside = |ending: &str| std::fs::read(format!("{}{ending}", path.display())).ok();
        Image { database: std::fs::read(path).unwrap(), log: beside("-wal"), index: beside("-shm") }
    }
}

/// A whole life that ended well: one plain file.
pub(crate) fn closed() -> Image {
    let mut world = World::open();
    live(&world);
    leave_open(&world);
    world.close();
    Image::read(world.path())
}

/// A short life: few rows of anything, so that every byte can be tried.
pub(crate) fn short() -> Image {
    let mut world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.pay(wallet, "meter", 10_000);
    world.drain();
    world.close();
    Image::read(world.path())
}

/// The same life, cut off: its end is in the log alone.
pub(crate) fn cut_off() -> Image {
    let dir = tempfile::tempdir().unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args([CHILD_TEST, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, dir.path())
        .env("TMPDIR", dir.path())
        .output()
        .unwrap();
    assert!(!child.status.success(), "the child was to die");
    let path = PathBuf::from(std::fs::read_to_string(dir.path().join("path")).unwrap());
    let image = Image::read(&path);
    assert!(image.log.as_ref().is_some_and(|log| !log.is_empty()) && image.index.is_some());
    image
}

/// What the child does: lives, moves its log into the database by closing,
/// goes on for a while, and dies.
pub(crate) fn die_if_child() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    let mut world = World::open();
    live(&world);
    world.reopen();
    leave_open(&world);
    std::fs::write(Path::new(&dir).join("path"), world.path().to_str().unwrap()).unwrap();
    // No destructor runs: as good as SIGKILL for the files.
    std::process::abort();
}

struct Deaf;

impl Subscriber for Deaf {
    fn notify(&self, _: &Event) -> fusepay_core::Result<()> {
        Ok(())
    }
}

/// Everything that comes to an end.
fn live(world: &World) {
    let engine = world.engine();
    let [ada, bola] = [world.user(), world.user()];
    let [first, second] = [world.wallet_of(ada), world.wallet_of(bola)];
    world.fund(first, 900_000);
    world.fund(second, 300_000);
    people(engine, ada);
    moves(engine, first, second);
    holds(world, first, second);
    concluded(world, first, second);
    let _subscription = engine.events().subscribe("deaf", StartAt::Beginning, Arc::new(Deaf)).unwrap();
    let head = engine.events().head().unwrap();
    engine.events().acknowledge("reader", head / 2).unwrap();
}

fn people(engine: &FusePay, ada: UserId) {
    let change = ProfileUpdate::parse(None, Some("Obi")).unwrap();
    engine.auth().update_profile(ada, &change, None).unwrap();
    let password = Secret::from("a password of the world");
    engine.auth().login(&Login::new("user1@world.example", password)).unwrap();
    engine.auth().login(&Login::new("user2@world.example", Secret::from("not it"))).unwrap_err();
    let usd = Currency::from_code("USD").unwrap();
    let dollars = engine.wallet().create(ada, usd, "travel").unwrap();
    let deposit = MoneyRequest::new(dollars.id, Money::new(12_345, usd));
    engine.wallet().fund(&deposit.with_external_reference("bank-usd-1")).unwrap();
}

fn moves(engine: &FusePay, first: WalletId, second: WalletId) {
    let wallets = engine.wallet();
    for number in 0..6 {
        let transfer = TransferRequest::new(first, second, ngn(1_000 + number));
        wallets.transfer(&transfer.with_idempotency_key(format!("transfer-{number}"))).unwrap();
    }
    let money = |minor| MoneyRequest::new(second, ngn(minor));
    wallets.withdraw(&money(777).with_external_reference("bank-out-1").with_idempotency_key("out-1")).unwrap();
    wallets.debit(&money(55)).unwrap();
    wallets.credit(&money(66)).unwrap();
    wallets.debit(&money(999_999_999).with_idempotency_key("too-much")).unwrap_err();
    wallets.set_credit_limit(second, 5_000).unwrap();
    wallets.set_limit(first, &Limit::new(LimitWindow::Day).with_amount_max(10_000_000)).unwrap();
}

fn holds(world: &World, first: WalletId, second: WalletId) {
    let wallets = world.engine().wallet();
    let reserve = |minor, seconds| {
        wallets.authorise(&HoldRequest::new(first, ngn(minor), Duration::from_secs(seconds))).unwrap().id
    };
    let [captured, released, _expired] = [reserve(4_000, 900), reserve(2_000, 900), reserve(3_000, 10)];
    wallets.capture(&CaptureRequest::new(captured, ngn(2_500)).with_destination(second)).unwrap();
    wallets.release(released, None).unwrap();
    world.advance(20_000);
    let open = reserve(1_500, 9_000_000);
    wallets.capture(&CaptureRequest::new(open, ngn(500)).with_remainder(Remainder::Keep)).unwrap();
}

fn concluded(world: &World, first: WalletId, second: WalletId) {
    let (engine, biller) = (world.engine(), world.provider());
    let quote = engine.bill().quote(&QuoteRequest::new(user_of(world, first), BILLER, ITEM, "quoted", ngn(900)));
    let _ = quote.unwrap();
    biller.script("declined", [PayStep::Declined], []);
    biller.script("late", [PayStep::Declined], []);
    biller.script("lost", [PayStep::PaidThenTimeout], []);
    biller.script("closing", [PayStep::Declined], []);
    biller.script("back", [PayStep::Paid], []);
    let poor = world.funded_wallet(5_100);
    let paid: Vec<PaymentId> = (0..4).map(|n| world.pay(first, &format!("meter {n}"), 2_000 + n)).collect();
    let keyed = PayBill::new(second, BILLER, ITEM, "keyed", ngn(1_234));
    engine.bill().pay(&keyed.with_idempotency_key("keyed")).unwrap();
    let [_, late, _, closing, back] =
        [(first, "declined"), (second, "late"), (first, "lost"), (poor, "closing"), (second, "back")]
            .map(|(wallet, customer)| world.pay(wallet, customer, 5_000));
    world.run();
    // Its money can't go back to a frozen wallet, and waits in suspense.
    engine.wallet().set_status(poor, WalletStatus::Frozen).unwrap();
    world.drain();
    let refund = |minor| RefundRequest::new(paid[0], ngn(minor), RefundSource::Host, "asked for");
    engine.reversal().refund(&refund(700)).unwrap();
    engine.reversal().refund(&refund(200)).unwrap();
    biller.pay_now(&world.peek(late).request_id, ngn(5_000));
    world.tell(late, QueryOutcome::Paid(PaidReceipt::new("late")));
    biller.take_back(&world.peek(back).request_id);
    world.tell(back, QueryOutcome::ProviderReversed { reason: "taken back".to_owned() });
    world.drain();
    assert!(world.peek(late).claim_minor > 0 && world.peek(closing).suspense_minor > 0);
}

/// Everything that is left open: the end of a life.
fn leave_open(world: &World) {
    let (engine, biller) = (world.engine(), world.provider());
    let wallet = world.wallets()[0];
    biller.script("unknown", [PayStep::TimeoutBeforePaying], [QueryStep::Unknown]);
    biller.script("pending", [PayStep::Pending { poll_after_ms: Some(600_000) }], []);
    biller.script("failed", [PayStep::Declined], []);
    biller.script("amount", [PayStep::WrongAmount(1)], []);
    for customer in ["unknown", "pending", "failed", "amount"] {
        world.pay(wallet, customer, 3_000);
    }
    world.run();
    world.pay(wallet, "not yet sent", 3_000);
    let transfer = TransferRequest::new(wallet, world.wallets()[1], ngn(4_321));
    engine.wallet().transfer(&transfer.with_idempotency_key("the last")).unwrap();
    for status in PaymentStatus::ALL {
        let found = engine.bill().list_by_status(*status, None, 1).unwrap();
        assert!(!found.is_empty(), "no payment is {status}");
    }
    world.assert_sound();
}

fn user_of(world: &World, wallet: WalletId) -> UserId {
    world.look(wallet).user_id
}
