//! One life: an engine on a disk that may fail under it, a host that knows what
//! it was answered, a biller, and a clock.

use crate::biller::SimBiller;
use crate::judge;
use crate::model::{FEE_MINOR, Model};
use crate::op::Op;
use crate::step::{Act, Step, Trouble};
use fusepay_core::{
    BillItem, Biller, BreakerPolicy, Category, Clock, Code, Config, Error, ErrorKind, FeePolicy, FusePay, HashCost,
    KeyRing, Login, ManualClock, Secret, SeededEntropy, UnixMillis, UserId, WorkerMode,
};
use fusepay_testkit::ngn;
use fusepay_tests::disk::{Disk, Fault};
use fusepay_tests::numbers::Numbers;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use tempfile::TempDir;

/// What must not be, in a sentence.
pub(crate) type Verdict<T = ()> = Result<T, String>;

/// When every life begins: 2026-03-10T12:00:00Z.
const BEGINNING: UnixMillis = UnixMillis(1_773_144_000_000);
/// How often an open may be killed in a row.
const DEATHS_MAX: u32 = 3;

/// What happened in a life, in numbers.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) steps: u64,
    pub(crate) answered: u64,
    pub(crate) refused: u64,
    pub(crate) kills: u64,
    pub(crate) cuts: u64,
    pub(crate) faults: u64,
    pub(crate) in_doubt: u64,
    pub(crate) payments: u64,
    pub(crate) completed: u64,
    pub(crate) reversed: u64,
    pub(crate) reviewed: u64,
    pub(crate) claims: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Tally) {
        self.steps += other.steps;
        self.answered += other.answered;
        self.refused += other.refused;
        self.kills += other.kills;
        self.cuts += other.cuts;
        self.faults += other.faults;
        self.in_doubt += other.in_doubt;
        self.payments += other.payments;
        self.completed += other.completed;
        self.reversed += other.reversed;
        self.reviewed += other.reviewed;
        self.claims += other.claims;
    }
}

pub(crate) struct Life {
    pub(crate) model: Model,
    pub(crate) biller: Arc<SimBiller>,
    pub(crate) tally: Tally,
    pub(crate) event_cursor: u64,
    engine: Option<Arc<FusePay>>,
    pub(crate) disk: Arc<Disk>,
    pub(crate) clock: Arc<ManualClock>,
    /// How much time has truly passed.
    time: i64,
    entropy: Arc<SeededEntropy>,
    path: PathBuf,
    is_patient: bool,
    /// The operation whose answer never came.
    unanswered: Option<Op>,
    /// Folds everything that was answered into one number.
    pub(crate) trace: u64,
    pub(crate) said: Option<Vec<String>>,
    pub(crate) dir: TempDir,
}

impl Life {
    pub(crate) fn begin(seed: u64, speaks: bool) -> Verdict<Life> {
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap();
        let disk = Arc::new(Disk::mount(dir.path()));
        let mut life = Life {
            model: Model::default(),
            biller: Arc::new(SimBiller::new(Arc::clone(&disk))),
            tally: Tally::default(),
            event_cursor: 0,
            engine: None,
            disk,
            clock: Arc::new(ManualClock::new(BEGINNING)),
            time: 0,
            entropy: Arc::new(SeededEntropy::new(seed)),
            path: dir.path().join("life.db"),
            is_patient: !seed.is_multiple_of(4),
            unanswered: None,
            trace: 0xcbf2_9ce4_8422_2325,
            said: speaks.then(Vec::new),
            dir,
        };
        life.open(false)?;
        let item = BillItem::new("PREPAID", "Units", ngn(1), 1_000_000_000).with_fee(FeePolicy::fixed(FEE_MINOR));
        let category = Category::new("ELECTRICITY").unwrap();
        let biller = Biller::new("POWER", "The power company", category, "sim");
        life.engine().bill().load_catalogue(&[(biller, vec![item])]).unwrap();
        let mut numbers = Numbers::new(seed);
        for number in 0..3 {
            let draw = numbers.draw();
            let step = Step { act: Act::Register, a: draw, b: number, c: 0, trouble: None };
            life.live(usize::MAX - 10 + usize::try_from(number).unwrap(), &step)?;
        }
        for number in 0..3 {
            let step = Step { act: Act::Fund, a: number, b: 900_000, c: 0, trouble: None };
            life.live(usize::MAX - 5 + usize::try_from(number).unwrap(), &step)?;
        }
        Ok(life)
    }

    pub(crate) fn engine(&self) -> Arc<FusePay> {
        Arc::clone(self.engine.as_ref().unwrap())
    }

    pub(crate) fn note(&mut self, what: impl FnOnce() -> String) {
        let text = what();
        for byte in text.bytes() {
            self.trace = (self.trace ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if let Some(said) = &mut self.said {
            said.push(text);
        }
    }

    fn config(&self) -> Config {
        self.config_of(&self.path)
    }

    fn config_of(&self, path: &Path) -> Config {
        let keys = KeyRing::hs256("sim", Secret::from("Zk3!vQ9w@Lx7#Rp2$Tn8%Yb5^Hd4&Mc6")).unwrap();
        let config = Config::new(path, keys)
            .with_worker(WorkerMode::Manual)
            .with_hash_cost(HashCost::insecure_for_tests())
            .with_simulation(Arc::clone(&self.clock) as Arc<dyn Clock>, Arc::clone(&self.entropy) as Arc<_>)
            .with_provider("sim", Arc::clone(&self.biller) as Arc<_>);
        // Most lives are about lost answers in a row, not about what stops them.
        if self.is_patient { config.with_breaker(BreakerPolicy::new(1_000, 100, 1)) } else { config }
    }

    fn open(&mut self, is_restored: bool) -> Verdict {
        let config = if is_restored { self.config().with_restored() } else { self.config() };
        let engine = Arc::new(FusePay::open(config).map_err(|error| format!("does not open: {error:?}"))?);
        self.biller.serve(&engine);
        self.engine = Some(engine);
        Ok(())
    }

    /// Opens a copy as an engine of its own, which sends nothing.
    pub(crate) fn open_copy(&self, path: &Path) -> fusepay_core::Result<FusePay> {
        FusePay::open(self.config_of(path))
    }

    /// Lets time pass, for the engine and the biller.
    pub(crate) fn pass(&mut self, millis: u64) {
        self.clock.advance(millis);
        self.time += i64::try_from(millis).unwrap();
        self.biller.wake(self.time);
    }

    /// Ends this engine as a process would that is told to, and opens another.
    pub(crate) fn reopen(&mut self, is_restored: bool) -> Verdict {
        let before = self.engine().due_now();
        self.engine = None;
        let opened = self.open_after(before, is_restored);
        if opened.is_err() && self.disk.struck().is_some() && !self.disk.is_killed() {
            self.disk.heal();
            return self.open(is_restored);
        }
        opened
    }

    /// What the wall clock says at an open is all the engine has to go by: what
    /// it calls the past has passed.
    fn open_after(&mut self, before: UnixMillis, is_restored: bool) -> Verdict {
        let ahead = self.clock.wall().since(before);
        if ahead > 0 {
            self.time += ahead;
            self.biller.wake(self.time);
        }
        self.open(is_restored)
    }

    /// When the engine's time stood last.
    fn last_due(&self) -> UnixMillis {
        self.engine.as_ref().map_or_else(|| self.clock.wall(), |engine| engine.due_now())
    }

    /// After the end of a process: the next one on what it left, which may end
    /// as soon; then everybody is asked again who was not answered.
    fn rise(&mut self, mut power: Option<u64>, fate: u64) -> Verdict {
        let mut numbers = Numbers::new(fate);
        let before = self.last_due();
        for death in 0.. {
            self.tally.kills += 1;
            self.engine = None;
            if let Some(seed) = power {
                self.tally.cuts += 1;
                let mut chance = Numbers::new(seed);
                self.disk.cut_power(|end| chance.below(end));
            }
            self.disk.revive();
            if death < DEATHS_MAX && numbers.below(4) == 0 {
                self.disk.plan(Fault::kill_at(1 + numbers.below(120)));
                power = (numbers.below(2) == 0).then(|| numbers.draw());
            }
            let opened = self.open_after(before, false);
            if self.disk.is_killed() {
                self.engine = None;
                continue;
            }
            self.disk.heal();
            opened?;
            break;
        }
        self.note(|| "risen".to_owned());
        self.adopt()?;
        judge::kept(self, &mut numbers)
    }

    /// Learns of users and wallets whose making was never answered.
    fn adopt(&mut self) -> Verdict {
        let engine = self.engine();
        for (user, _) in self.model.users.clone() {
            let wallets = engine.wallet().list(user).map_err(|error| format!("no wallets of {user}: {error:?}"))?;
            wallets.iter().for_each(|wallet| self.model.adopt_wallet(wallet.id, user));
        }
        Ok(())
    }

    /// One step, with what goes wrong in it, and the judgement after it.
    pub(crate) fn live(&mut self, number: usize, step: &Step) -> Verdict {
        self.tally.steps += 1;
        self.note(|| format!("{number} {step:?}"));
        match step.trouble {
            Some(Trouble::Kill { call, .. }) => self.disk.plan(Fault::kill_at(call)),
            Some(Trouble::Fault { kind, call, is_lasting }) => self.disk.plan(Fault { call, kind, is_lasting }),
            Some(Trouble::DieInCall { is_done, .. }) => self.biller.die_in_call(Some(is_done)),
            None => {}
        }
        let acted = self.act(number, step);
        self.biller.die_in_call(None);
        let power = match step.trouble {
            Some(Trouble::Kill { power, .. } | Trouble::DieInCall { power, .. }) => power,
            Some(Trouble::Fault { .. }) | None => None,
        };
        self.tally.faults += u64::from(self.disk.struck().is_some() && !self.disk.is_killed());
        let has_died = self.disk.is_killed();
        if has_died {
            self.rise(power, step.c)?;
        } else {
            self.disk.heal();
            if let Err(error) = acted {
                self.meet(&error, step)?;
            }
        }
        self.ask_again()?;
        if has_died { judge::aftermath(self) } else { judge::look(self) }
    }

    /// What an error means to a careful host.
    fn meet(&mut self, error: &Error, step: &Step) -> Verdict {
        let is_faulty = matches!(step.trouble, Some(Trouble::Fault { .. }));
        match error.code().kind() {
            ErrorKind::Refused => Ok(()),
            ErrorKind::InDoubt => {
                self.tally.in_doubt += 1;
                self.reopen(false)?;
                self.adopt()
            }
            _ if error.code() == Code::Poisoned => self.reopen(false),
            ErrorKind::Busy | ErrorKind::Fault if is_faulty && error.code() != Code::InvariantBroken => Ok(()),
            _ => Err(format!("an error without a reason: {error:?}")),
        }
    }

    /// Performs an operation, and remembers it when nobody answers for certain.
    pub(crate) fn perform(&mut self, op: Op) -> fusepay_core::Result<()> {
        let answer = op.perform(&self.engine());
        match answer {
            Ok(id) => {
                self.answered(&op, &id);
                Ok(())
            }
            Err(error) => {
                self.tally.refused += 1;
                // Every other error of a living engine says that nothing was
                // written: half of the hosts take it at its word.
                let is_open = matches!(error.code(), Code::InDoubt | Code::Poisoned) || self.disk.is_killed();
                let is_refused = error.code().kind() == ErrorKind::Refused;
                if is_open || (!is_refused && op.variant.is_multiple_of(2)) {
                    self.unanswered = Some(op);
                }
                self.note(|| error.code().name().to_owned());
                Err(error)
            }
        }
    }

    fn answered(&mut self, op: &Op, id: &str) {
        self.tally.answered += 1;
        self.note(|| id.to_owned());
        self.model.apply(op, id);
        if op.act == Act::Register {
            let user = UserId::from_str(id).unwrap();
            self.model.adopt_user(user, op.email());
            let wallets = self.engine().wallet().list(user).unwrap_or_default();
            wallets.iter().for_each(|wallet| self.model.adopt_wallet(wallet.id, user));
        }
    }

    /// Repeats the operation that was not answered, as its host would: nothing,
    /// or once.
    fn ask_again(&mut self) -> Verdict {
        let Some(op) = self.unanswered.take() else { return Ok(()) };
        match op.perform(&self.engine()) {
            Ok(id) => self.answered(&op, &id),
            Err(error) if !op.has_key() => self.find_out(&op, &error)?,
            Err(error) if error.code().kind() == ErrorKind::Refused => {
                self.note(|| error.code().name().to_owned());
            }
            Err(error) => return Err(format!("asked again without trouble: {error:?}: {op:?}")),
        }
        Ok(())
    }

    /// Operations without a key say by a refusal that they happened.
    fn find_out(&mut self, op: &Op, error: &Error) -> Verdict {
        match (op.act, error.code()) {
            (Act::Register, Code::EmailTaken) => {
                let engine = self.engine();
                let tokens = engine.auth().login(&Login::new(op.email(), crate::op::PASSWORD));
                let tokens = tokens.map_err(|error| format!("registered, and can't log in: {error:?}"))?;
                let who = engine.auth().verify(&tokens.access);
                let who = who.map_err(|error| format!("logged in, and not known: {error:?}"))?;
                self.answered(op, &who.user_id.to_string());
                Ok(())
            }
            (Act::TopUp, Code::ExternalReferenceUsed) | (Act::Settle | Act::Suspense, Code::NotAllowed) => {
                let id = op.target.clone();
                self.answered(op, &id);
                Ok(())
            }
            (_, code) if code.kind() == ErrorKind::Refused => Ok(()),
            _ => Err(format!("asked again without trouble: {error:?}: {op:?}")),
        }
    }
}
