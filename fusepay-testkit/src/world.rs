//! A small world under virtual time: one engine in a directory of its own, one
//! scripted biller, users with wallets.

use crate::oracle::Oracle;
use crate::provider::ScriptedProvider;
use fusepay_core::{
    BillItem, Biller, Category, Clock, Config, Currency, FeePolicy, FusePay, HashCost, JobKind, JobStatus, KeyRing,
    ManualClock, Money, MoneyRequest, PayBill, Payment, PaymentId, Provider, Secret, SeededEntropy, UnixMillis, UserId,
    Wallet, WalletId, WebhookReceipt, WorkerMode,
};
use fusepay_core::{QueryOutcome, Registration, Transaction};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The code of the scripted provider.
pub const PROVIDER: &str = "scripted";
/// The code of the one biller.
pub const BILLER: &str = "POWER";
/// The code of its one item: prepaid units for any amount up to ten million naira.
pub const ITEM: &str = "PREPAID";
/// The category of its bills.
pub const CATEGORY: &str = "ELECTRICITY";

/// When every world begins: 2026-03-10T12:00:00Z, a Tuesday.
const BEGINNING: UnixMillis = UnixMillis(1_773_144_000_000);
/// The most an item can cost, in minor units.
const ITEM_MAXIMUM_MINOR: i64 = 1_000_000_000;
/// What a payment costs on top, in minor units, unless the builder says otherwise.
const FEE_MINOR: i64 = 100;
/// Steps of a drain after which the queue is said never to come to rest.
const STEPS_MAX: u32 = 20_000;
/// How long a background engine may take to get somewhere.
const PATIENCE: Duration = Duration::from_secs(30);

/// An amount in naira, in kobo.
#[must_use]
pub const fn ngn(minor: i64) -> Money {
    Money::new(minor, Currency::NGN)
}

type Adjust = Box<dyn Fn(Config) -> Config + Send + Sync>;

/// How a world is to be. Made by [`World::builder`].
pub struct WorldBuilder {
    worker: WorkerMode,
    seed: u64,
    fee: FeePolicy,
    provider: Arc<dyn Provider>,
    scripted: Arc<ScriptedProvider>,
    billers: Vec<(Biller, Vec<BillItem>)>,
    adjust: Vec<Adjust>,
}

impl WorldBuilder {
    /// Sets who drives the queue; by hand without this.
    #[must_use]
    pub fn worker(mut self, worker: WorkerMode) -> Self {
        self.worker = worker;
        self
    }

    /// Sets where randomness begins; 1 without this.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets what a payment costs on top; one naira without this.
    #[must_use]
    pub fn fee(mut self, fee: FeePolicy) -> Self {
        self.fee = fee;
        self
    }

    /// Sets the scripted provider; [`ScriptedProvider::new`] without this.
    #[must_use]
    pub fn provider(mut self, provider: ScriptedProvider) -> Self {
        self.scripted = Arc::new(provider);
        self.provider = Arc::clone(&self.scripted) as Arc<dyn Provider>;
        self
    }

    /// Adds a biller with its items to the catalogue.
    #[must_use]
    pub fn biller(mut self, biller: Biller, items: Vec<BillItem>) -> Self {
        self.billers.push((biller, items));
        self
    }

    /// Changes the engine's configuration, at every opening.
    #[must_use]
    pub fn configure(mut self, adjust: impl Fn(Config) -> Config + Send + Sync + 'static) -> Self {
        self.adjust.push(Box::new(adjust));
        self
    }

    /// Opens the world.
    #[must_use]
    #[track_caller]
    pub fn open(self) -> World {
        let dir = tempfile::tempdir().expect("a directory for the world");
        let mut world = World {
            path: dir.path().join("world.db"),
            clock: Arc::new(ManualClock::new(BEGINNING)),
            entropy: Arc::new(SeededEntropy::new(self.seed)),
            worker: self.worker,
            adjust: self.adjust,
            provider: self.provider,
            scripted: self.scripted,
            registered: AtomicU32::new(0),
            wallets: Mutex::new(Vec::new()),
            engine: None,
            dir,
        };
        world.open_engine();
        let item = BillItem::new(ITEM, "Prepaid units", ngn(1), ITEM_MAXIMUM_MINOR).with_fee(self.fee);
        let category = Category::new(CATEGORY).expect("a category");
        let mut catalogue = vec![(Biller::new(BILLER, "The power company", category, PROVIDER), vec![item])];
        catalogue.extend(self.billers);
        world.engine().bill().load_catalogue(&catalogue).expect("a catalogue");
        world
    }
}

/// One engine with its biller and users, under virtual time.
///
/// The engine's file is gone when the world is dropped.
pub struct World {
    // Dropped in this order: the engine before its directory.
    engine: Option<Arc<FusePay>>,
    path: PathBuf,
    clock: Arc<ManualClock>,
    entropy: Arc<SeededEntropy>,
    worker: WorkerMode,
    adjust: Vec<Adjust>,
    provider: Arc<dyn Provider>,
    scripted: Arc<ScriptedProvider>,
    registered: AtomicU32,
    wallets: Mutex<Vec<WalletId>>,
    dir: TempDir,
}

impl World {
    /// A world with every default: the queue is driven by hand, payments cost one
    /// naira on top, the biller pays everything.
    #[must_use]
    #[track_caller]
    pub fn open() -> World {
        World::builder().open()
    }

    /// A world to be described first.
    #[must_use]
    pub fn builder() -> WorldBuilder {
        let scripted = Arc::new(ScriptedProvider::new());
        WorldBuilder {
            worker: WorkerMode::Manual,
            seed: 1,
            fee: FeePolicy::fixed(FEE_MINOR),
            provider: Arc::clone(&scripted) as Arc<dyn Provider>,
            scripted,
            billers: Vec::new(),
            adjust: Vec::new(),
        }
    }

    /// The engine.
    #[must_use]
    #[track_caller]
    pub fn engine(&self) -> &Arc<FusePay> {
        self.engine.as_ref().expect("the world's engine is open")
    }

    /// The biller.
    #[must_use]
    pub fn provider(&self) -> &Arc<ScriptedProvider> {
        &self.scripted
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<ManualClock> {
        &self.clock
    }

    /// Where the engine's file lies.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// A directory that is gone with the world, for what a test writes.
    #[must_use]
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Closes the engine.
    #[track_caller]
    pub fn close(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.close(PATIENCE).expect("the engine closes");
        }
    }

    /// Closes the engine, if it is open, and opens it again on the same file,
    /// clock and randomness.
    #[track_caller]
    pub fn reopen(&mut self) {
        self.close();
        self.open_engine();
    }

    #[track_caller]
    fn open_engine(&mut self) {
        let keys = KeyRing::hs256("world", Secret::from("Zk3!vQ9w@Lx7#Rp2$Tn8%Yb5^Hd4&Mc6")).expect("a key ring");
        let config = Config::new(&self.path, keys)
            .with_worker(self.worker)
            .with_hash_cost(HashCost::insecure_for_tests())
            .with_simulation(Arc::clone(&self.clock) as Arc<dyn Clock>, Arc::clone(&self.entropy) as Arc<_>)
            .with_provider(PROVIDER, Arc::clone(&self.provider));
        let config = self.adjust.iter().fold(config, |config, adjust| adjust(config));
        self.engine = Some(Arc::new(FusePay::open(config).expect("the engine opens")));
    }

    /// Registers a further user.
    #[track_caller]
    pub fn user(&self) -> UserId {
        let number = self.registered.fetch_add(1, Ordering::SeqCst) + 1;
        let email = format!("user{number}@world.example");
        let request = Registration::new(email, "User", format!("Number {number}"), "a password of the world");
        self.engine().auth().register(&request).expect("the user is registered").user.id
    }

    /// Gives a further user a wallet in naira with nothing in it.
    #[track_caller]
    pub fn wallet(&self) -> WalletId {
        self.wallet_of(self.user())
    }

    /// The first wallet in naira of a user, made when there is none.
    #[track_caller]
    pub fn wallet_of(&self, user: UserId) -> WalletId {
        let wallets = self.engine().wallet().list(user).expect("a list of wallets");
        let found = wallets.into_iter().find(|wallet| wallet.currency == Currency::NGN);
        let wallet = found
            .unwrap_or_else(|| self.engine().wallet().create(user, Currency::NGN, "").expect("the wallet is created"));
        self.known_wallets().push(wallet.id);
        wallet.id
    }

    /// Gives a further user a wallet with this many kobo in it.
    #[track_caller]
    pub fn funded_wallet(&self, minor: i64) -> WalletId {
        let wallet = self.wallet();
        self.fund(wallet, minor);
        wallet
    }

    /// Puts kobo into a wallet.
    #[track_caller]
    pub fn fund(&self, wallet: WalletId, minor: i64) -> Transaction {
        self.engine().wallet().fund(&MoneyRequest::new(wallet, ngn(minor))).expect("the wallet is funded")
    }

    /// A wallet as it stands.
    #[must_use]
    #[track_caller]
    pub fn look(&self, wallet: WalletId) -> Wallet {
        self.engine().wallet().find(wallet).expect("the wallet is found")
    }

    /// The balance of a wallet, in kobo.
    #[must_use]
    #[track_caller]
    pub fn balance(&self, wallet: WalletId) -> i64 {
        self.look(wallet).balance_minor
    }

    /// A bill of the one biller.
    #[must_use]
    pub fn bill(&self, wallet: WalletId, customer_reference: &str, minor: i64) -> PayBill {
        PayBill::new(wallet, BILLER, ITEM, customer_reference, ngn(minor))
    }

    /// Pays a bill of the one biller; the worker has not seen it yet.
    #[track_caller]
    pub fn pay(&self, wallet: WalletId, customer_reference: &str, minor: i64) -> PaymentId {
        let bill = self.bill(wallet, customer_reference, minor);
        self.engine().bill().pay(&bill).expect("the payment is taken on").id
    }

    /// A payment as it stands. As everywhere, reading an unknown one hastens its
    /// requery; [`World::peek`] does not.
    #[must_use]
    #[track_caller]
    pub fn payment(&self, id: PaymentId) -> Payment {
        self.engine().bill().find(id).expect("the payment is found")
    }

    /// A payment as it stands, without side effects.
    #[must_use]
    #[track_caller]
    pub fn peek(&self, id: PaymentId) -> Payment {
        self.engine().bill().explain(id).expect("the payment is explained").payment
    }

    /// Has the biller tell an outcome of a payment by webhook.
    #[track_caller]
    pub fn tell(&self, id: PaymentId, outcome: QueryOutcome) -> WebhookReceipt {
        let request_id = self.peek(id).request_id;
        let webhook = self.scripted.webhook([(request_id.as_str(), outcome)]);
        self.engine().bill().receive_webhook(PROVIDER, &webhook).expect("the webhook is taken in")
    }

    /// Runs what is due until nothing is, without letting time pass.
    #[track_caller]
    pub fn run(&self) {
        for _ in 0..STEPS_MAX {
            if self.engine().run_due().expect("a step of the queue").claimed == 0 {
                return;
            }
        }
        panic!("the queue is busy without time passing");
    }

    /// Lets this many milliseconds pass, running everything at the moment it
    /// falls due.
    #[track_caller]
    pub fn advance(&self, millis: u64) {
        let end = self.engine().due_now().plus(i64::try_from(millis).unwrap_or(i64::MAX));
        self.run();
        while self.engine().due_now() < end {
            let now = self.engine().due_now();
            let next = self.next_due().filter(|due| *due > now && *due < end).unwrap_or(end);
            self.clock.advance(next.since(now).unsigned_abs());
            self.run();
        }
    }

    /// Lets time pass until no job waits but the expiry of holds. Panics when
    /// the queue does not come to rest.
    #[track_caller]
    pub fn drain(&self) {
        for _ in 0..STEPS_MAX {
            self.run();
            if !self.has_work() {
                return;
            }
            let now = self.engine().due_now();
            // What is due and does not run waits for a breaker or a rate.
            let next = self.next_due().filter(|due| *due > now).unwrap_or(now.plus(1_000));
            self.clock.advance(next.since(now).unsigned_abs());
        }
        panic!("the queue does not come to rest: {:?}", self.engine().queue().counts());
    }

    fn has_work(&self) -> bool {
        let counts = self.engine().queue().counts().expect("the queue is counted");
        counts
            .iter()
            .any(|count| count.count > 0 && count.status != JobStatus::Dead && count.kind != JobKind::HoldExpiry)
    }

    fn next_due(&self) -> Option<UnixMillis> {
        self.engine().run_due().expect("a step of the queue").next_due
    }

    /// Waits, by the clock on the wall, until a background engine has got
    /// somewhere. Panics after 30 seconds.
    #[track_caller]
    pub fn wait_until(&self, what: &str, is_done: impl Fn(&World) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_done(self) {
            assert!(Instant::now() < end, "waited in vain: {what}");
            self.engine().run_due().expect("a step of the queue");
            std::thread::yield_now();
        }
    }

    /// Every wallet this world has handed out.
    #[must_use]
    pub fn wallets(&self) -> Vec<WalletId> {
        self.known_wallets().clone()
    }

    /// Panics unless everything an [`Oracle`] knows holds.
    #[track_caller]
    pub fn assert_sound(&self) {
        let mut oracle = Oracle::new().with_provider(PROVIDER, Arc::clone(&self.scripted));
        for wallet in self.wallets() {
            oracle = oracle.with_wallet(wallet);
        }
        let complaints = oracle.check(self.engine());
        assert!(complaints.is_empty(), "the world is not sound:\n{}", complaints.join("\n"));
    }

    /// Drains the queue, then [`World::assert_sound`].
    #[track_caller]
    pub fn assert_sound_at_rest(&self) {
        self.drain();
        self.assert_sound();
    }

    fn known_wallets(&self) -> MutexGuard<'_, Vec<WalletId>> {
        self.wallets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
