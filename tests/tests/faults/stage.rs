//! The stage every case is played on: one file that holds something of each kind
//! (money, holds, payments in every state, dead letters, claims, suspense), put
//! back byte for byte before each case, on a disk that fails on demand.
//!
//! Clock and entropy are injected, so the same case writes the same bytes and
//! makes the same I/O calls each time.

use crate::memory;
use fusepay_core::{
    BillItem, Biller, Category, Clock, Config, Currency, FeePolicy, FusePay, HashCost, HoldId, HoldRequest, JobId,
    JobKind, KeyRing, Limit, LimitWindow, Login, ManualClock, MoneyRequest, PayBill, PaymentId, PaymentStatus,
    QueryOutcome, Registration, Result, Role, Secret, SeededEntropy, SessionId, TransactionId, UnixMillis, UserId,
    WalletId, WalletStatus, WorkerMode,
};
use fusepay_testkit::{BookEntry, PayStep, ScriptedProvider, ngn};
use fusepay_tests::disk::Disk;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const PROVIDER: &str = "scripted";
pub(crate) const BILLER: &str = "POWER";
pub(crate) const ITEM: &str = "PREPAID";
pub(crate) const CATEGORY: &str = "ELECTRICITY";
pub(crate) const PASSWORD: &str = "seven blue lamps by the river";
pub(crate) const SIGNING_KEY: &str = "Zk3!vQ9w@Lx7#Rp2$Tn8%Yb5^Hd4&Mc6";
pub(crate) const NEXT_KEY: &str = "Qm7?dW2x!Fj9$Ks4&Vb6*Np3+Ht8=Lc5";
pub(crate) const ADA: &str = "ada@example.com";
/// What Ben has, who is in no case: whoever looks meanwhile must see it.
pub(crate) const BYSTANDER_MINOR: i64 = 4_711;
const BEGINNING: UnixMillis = UnixMillis(1_773_144_000_000);

/// What the file holds, by id.
#[derive(Clone)]
pub(crate) struct Cast {
    pub(crate) ada: UserId,
    pub(crate) main: WalletId,
    pub(crate) second: WalletId,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) spare_session: SessionId,
    pub(crate) cyd: UserId,
    pub(crate) cyd_session: SessionId,
    pub(crate) dee: UserId,
    pub(crate) operator_access: String,
    pub(crate) bystander: WalletId,
    pub(crate) hold: HoldId,
    pub(crate) hold_of_the_dead: HoldId,
    pub(crate) funded: TransactionId,
    pub(crate) reference: String,
    pub(crate) completed: PaymentId,
    pub(crate) unknown: PaymentId,
    pub(crate) failed: PaymentId,
    pub(crate) claimed: PaymentId,
    pub(crate) reviewed: PaymentId,
    pub(crate) suspended: PaymentId,
    pub(crate) unknown_request: String,
    pub(crate) dead_reversal: JobId,
    pub(crate) dead_expiry: JobId,
    pub(crate) book: BTreeMap<String, BookEntry>,
    pub(crate) at: UnixMillis,
}

/// A directory on a failing disk, and the file as every case finds it.
pub(crate) struct Stage {
    pub(crate) disk: Disk,
    pub(crate) cast: Cast,
    file: Vec<u8>,
    path: PathBuf,
    dir: TempDir,
}

/// One engine on the stage.
pub(crate) struct Scene<'s> {
    pub(crate) engine: FusePay,
    pub(crate) cast: &'s Cast,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) provider: Arc<ScriptedProvider>,
}

/// A directory in memory where the system has one: a sweep syncs a lot.
pub(crate) fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

pub(crate) fn config(path: &Path, clock: &Arc<ManualClock>, provider: &Arc<ScriptedProvider>, seed: u64) -> Config {
    let keys = KeyRing::hs256("first", Secret::from(SIGNING_KEY)).unwrap();
    Config::new(path, keys)
        .with_worker(WorkerMode::Manual)
        .with_hash_cost(HashCost::insecure_for_tests())
        .with_simulation(Arc::clone(clock) as Arc<dyn Clock>, Arc::new(SeededEntropy::new(seed)))
        .with_provider(PROVIDER, Arc::clone(provider) as _)
}

impl Stage {
    pub(crate) fn build() -> Stage {
        memory::install();
        let dir = directory();
        let path = dir.path().join("stage.db");
        let disk = Disk::mount(dir.path());
        let cast = cast(&path);
        let file = std::fs::read(&path).unwrap();
        Stage { disk, cast, file, path, dir }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Puts the file back in its place: in the same inode, or it would be a copy.
    pub(crate) fn restore(&self) {
        self.disk.revive();
        std::fs::write(&self.path, &self.file).unwrap();
        for entry in std::fs::read_dir(self.dir.path()).unwrap() {
            let other = entry.unwrap().path();
            if other != self.path && other != self.path.with_extension("db-lock") {
                std::fs::remove_file(other).unwrap();
            }
        }
    }

    /// Removes the file with all that is beside it.
    pub(crate) fn clear(&self) {
        self.restore();
        std::fs::remove_file(&self.path).unwrap();
    }

    pub(crate) fn clock(&self) -> Arc<ManualClock> {
        Arc::new(ManualClock::new(self.cast.at))
    }

    /// The biller, with what it was sent before the case begins.
    pub(crate) fn provider(&self) -> Arc<ScriptedProvider> {
        let provider = ScriptedProvider::new().with_prepaid(ngn(100_000_000));
        for (request_id, entry) in self.cast.book.iter().filter(|(_, entry)| entry.holds_money()) {
            provider.pay_now(request_id, entry.paid.unwrap());
        }
        Arc::new(provider)
    }

    pub(crate) fn open(&self) -> Scene<'_> {
        self.open_with(self.clock(), self.provider(), 7).unwrap()
    }

    pub(crate) fn open_with(
        &self,
        clock: Arc<ManualClock>,
        provider: Arc<ScriptedProvider>,
        seed: u64,
    ) -> Result<Scene<'_>> {
        let engine = FusePay::open(config(&self.path, &clock, &provider, seed))?;
        Ok(Scene { engine, cast: &self.cast, clock, provider })
    }
}

fn register(engine: &FusePay, email: &str) -> (UserId, WalletId) {
    let request = Registration::new(email, "Some", "Body", PASSWORD);
    let made = engine.auth().register(&request).unwrap();
    (made.user.id, made.wallet.id)
}

#[allow(clippy::too_many_lines, reason = "one story, told from its beginning to its end")]
fn cast(path: &Path) -> Cast {
    let clock = Arc::new(ManualClock::new(BEGINNING));
    let provider = Arc::new(ScriptedProvider::new().with_prepaid(ngn(100_000_000)));
    let engine = FusePay::open(config(path, &clock, &provider, 1)).unwrap();
    let (auth, wallets, bills) = (engine.auth(), engine.wallet(), engine.bill());
    bills.load_catalogue(&[catalogue()]).unwrap();
    let (ada, main) = register(&engine, ADA);
    let (_, bystander) = register(&engine, "ben@example.com");
    let (cyd, _) = register(&engine, "cyd@example.com");
    let (dee, _) = register(&engine, "dee@example.com");
    let (olu, _) = register(&engine, "olu@example.com");
    auth.deactivate(dee).unwrap();
    auth.set_role(olu, Role::Admin).unwrap();
    let second = wallets.create(ada, Currency::NGN, "second").unwrap().id;
    let deposit = MoneyRequest::new(main, ngn(5_000_000)).with_external_reference("bank-1");
    let funded = wallets.fund(&deposit).unwrap();
    wallets.fund(&MoneyRequest::new(bystander, ngn(BYSTANDER_MINOR))).unwrap();
    wallets.set_limit(main, &Limit::new(LimitWindow::Day).with_amount_max(4_000_000)).unwrap();
    let pay = |customer: &str, step: PayStep| {
        provider.script(customer, [step], []);
        let id = bills.pay(&PayBill::new(main, BILLER, ITEM, customer, ngn(10_000))).unwrap().id;
        engine.run_due().unwrap();
        id
    };
    let completed = pay("completed", PayStep::Paid);
    let claimed = pay("claimed", PayStep::Declined);
    wait(&engine, &clock, claimed, PaymentStatus::Reversed);
    let paid = QueryOutcome::Paid(fusepay_core::PaidReceipt::new("late").with_amount_minor(10_000));
    let claimed_request = bills.find(claimed).unwrap().request_id;
    provider.pay_now(&claimed_request, ngn(10_000));
    let webhook = provider.webhook([(claimed_request.as_str(), paid)]);
    bills.receive_webhook(PROVIDER, &webhook).unwrap();
    let suspended = pay("suspended", PayStep::Declined);
    wallets.set_status(main, WalletStatus::Frozen).unwrap();
    wait(&engine, &clock, suspended, PaymentStatus::Reversed);
    wallets.set_status(main, WalletStatus::Active).unwrap();
    let reviewed = pay("reviewed", PayStep::WrongCustomer("another".to_owned()));
    let unknown = pay("unknown", PayStep::PaidThenTimeout);
    let failed = pay("failed", PayStep::Declined);
    let owed = pay("owed", PayStep::Declined);
    let hold = |minor, seconds| {
        let request = HoldRequest::new(main, ngn(minor), Duration::from_secs(seconds));
        wallets.authorise(&request).unwrap().id
    };
    let (held, hold_of_the_dead) = (hold(1_000, 86_400), hold(500, 86_400));
    engine.events().acknowledge("ledger", 3).unwrap();
    let unknown_request = bills.explain(unknown).unwrap().payment.request_id;
    let dead_reversal = bills.explain(owed).unwrap().next_job.unwrap().id;
    let login = |email: &str| auth.login(&Login::new(email, PASSWORD)).unwrap();
    let (spare, cyds, adas, operators) = (login(ADA), login("cyd@example.com"), login(ADA), login("olu@example.com"));
    engine.close(Duration::from_secs(5)).unwrap();
    let dead_expiry = bury(path, dead_reversal, hold_of_the_dead);
    Cast {
        ada,
        main,
        second,
        access: adas.access,
        refresh: adas.refresh,
        spare_session: spare.session_id,
        cyd,
        cyd_session: cyds.session_id,
        dee,
        operator_access: operators.access,
        bystander,
        hold: held,
        hold_of_the_dead,
        funded: funded.id,
        reference: funded.reference,
        completed,
        unknown,
        failed,
        claimed,
        reviewed,
        suspended,
        unknown_request,
        dead_reversal,
        dead_expiry,
        book: provider.book(),
        at: clock.wall(),
    }
}

/// The catalogue of the file, and of whoever loads it again.
pub(crate) fn catalogue() -> (Biller, Vec<BillItem>) {
    let biller = Biller::new(BILLER, "The power company", Category::new(CATEGORY).unwrap(), PROVIDER);
    let item = BillItem::new(ITEM, "Prepaid units", ngn(1), 1_000_000_000).with_fee(FeePolicy::fixed(100));
    (biller, vec![item])
}

fn wait(engine: &FusePay, clock: &ManualClock, payment: PaymentId, status: PaymentStatus) {
    for _ in 0..120 {
        engine.run_due().unwrap();
        if engine.bill().find(payment).unwrap().status == status {
            return;
        }
        clock.advance(1_000);
    }
    panic!("{payment} does not become {status}");
}

/// Makes dead letters of two jobs: their deaths take minutes of runs that fail,
/// and are tested elsewhere.
fn bury(path: &Path, reversal: JobId, hold: HoldId) -> JobId {
    let file = rusqlite::Connection::open(path).unwrap();
    let expiry = "SELECT id FROM job WHERE kind = ?1 AND subject = ?2";
    let kind = JobKind::HoldExpiry as i64;
    let id: i64 = file.query_row(expiry, (kind, hold.as_bytes()), |row| row.get(0)).unwrap();
    let kill = "UPDATE job SET status = 3, died_at_ms = created_at_ms, last_error = 'staged' WHERE id IN (?1, ?2)";
    assert_eq!(file.execute(kill, (reversal.0, id)).unwrap(), 2);
    // The sums over the rows are taken anew by whoever opens the file next.
    file.execute("DELETE FROM instance WHERE name = 'rows'", []).unwrap();
    JobId(id)
}
