//! The stage a scenario is played on: engine, virtual clock, billers, names,
//! and the transcript so far.

use crate::scenario::biller::{Biller, BillerTraits, EngineSlot};
use crate::scenario::line::Words;
use crate::scenario::names::Names;
use crate::scenario::record::{Record, View};
use crate::scenario::shown::{Shown, single};
use crate::scenario::stop::{Answer, Stop};
use fusepay_core::{
    Clock, Config, Currency, FeePolicy, FusePay, HashCost, JobKind, JobStatus, KeyRing, ManualClock, Provider, Secret,
    SeededEntropy, Session, UnixMillis, WorkerMode,
};
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tempfile::TempDir;

/// The key every scenario signs tokens with.
const SIGNING_KEY: &str = "Zk3!vQ9w@Lx7#Rp2$Tn8%Yb5^Hd4&Mc6";
/// The cheapest legal password hash: memory in KiB, passes, lanes.
const HASH_COST: (u32, u32, u32) = (7_168, 5, 1);
/// How long closing waits for provider calls, which the manual mode has none of.
const CLOSE_DEADLINE: Duration = Duration::from_secs(5);
/// Rounds of a drain after which the queue is said never to come to rest.
const ROUNDS_MAX: u32 = 10_000;

/// What the header of a scenario fixes.
struct Settings {
    clock: Arc<ManualClock>,
    entropy: Arc<SeededEntropy>,
    currency: Currency,
    transfer_fee: FeePolicy,
    withdrawal_fee: FeePolicy,
}

/// Everything a step can see and change.
pub(crate) struct Stage {
    // Dropped in this order: the engine before its directory.
    engine: EngineSlot,
    settings: Option<Settings>,
    billers: Vec<Arc<Biller>>,
    start_ms: i64,
    pub(crate) names: Names,
    transcript: String,
    printed: Vec<Record>,
    dir: TempDir,
}

impl Stage {
    /// An empty stage with a directory of its own.
    ///
    /// # Errors
    /// When the directory can't be made.
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Stage {
            engine: EngineSlot::default(),
            settings: None,
            billers: Vec::new(),
            start_ms: 0,
            names: Names::default(),
            transcript: String::new(),
            printed: Vec::new(),
            dir: tempfile::tempdir()?,
        })
    }

    /// Begins a step: repeats its line in the transcript.
    pub(crate) fn echo(&mut self, line: &str) {
        self.printed.clear();
        let _ = writeln!(self.transcript, "> {line}");
    }

    /// Forgets what was printed, for a step that is made again.
    pub(crate) fn begin_again(&mut self) {
        self.printed.clear();
    }

    /// Adds a line to the transcript.
    pub(crate) fn print(&mut self, record: Record) {
        let _ = writeln!(self.transcript, "{record}");
        self.printed.push(record);
    }

    /// What the last step has printed.
    pub(crate) fn printed(&self) -> &[Record] {
        &self.printed
    }

    /// The whole transcript.
    #[must_use]
    pub(crate) fn transcript(&self) -> &str {
        &self.transcript
    }

    /// What a record must know.
    #[must_use]
    pub(crate) fn view(&self) -> View<'_> {
        View { names: &self.names, start_ms: self.start_ms }
    }

    /// Prints that something without a result was done.
    pub(crate) fn done(&mut self) {
        self.print(Record::new("done"));
    }

    /// Prints something, without binding it.
    pub(crate) fn show(&mut self, shown: &impl Shown) {
        let record = shown.record(self.view());
        self.print(record);
    }

    /// Binds something to the step's `as=`, if it has one, and prints it.
    pub(crate) fn answer(&mut self, words: &Words, shown: &impl Shown) {
        if let Some(name) = words.optional("as") {
            shown.bind(name, &mut self.names);
        }
        self.show(shown);
    }

    /// Binds a list's members to `as=` with `.1`, `.2` and so on, and prints them
    /// after their number.
    pub(crate) fn answer_list<S: Shown>(&mut self, words: &Words, list: &[S]) {
        self.print(single("list", "count", list.len()));
        if let Some(name) = words.optional("as") {
            for (index, shown) in list.iter().enumerate() {
                shown.bind(&format!("{name}.{}", index + 1), &mut self.names);
            }
        }
        list.iter().for_each(|shown| self.show(shown));
    }

    /// A moment that a scenario gives in milliseconds since its start.
    #[must_use]
    pub(crate) fn moment(&self, ms: i64) -> UnixMillis {
        UnixMillis(self.start_ms.saturating_add(ms))
    }

    /// Takes the first line of the header in.
    pub(crate) fn simulate(&mut self, words: &Words) -> Answer<()> {
        if self.settings.is_some() {
            return Err(Stop::Script("`simulated` stands once, at the beginning".to_owned()));
        }
        let fee = |kind: &str| -> Answer<FeePolicy> {
            let per_mille = words.optional_number(&format!("{kind}_fee_per_mille"))?.unwrap_or(0);
            let fixed = words.optional_number(&format!("{kind}_fee_minor"))?.unwrap_or(0);
            Ok(FeePolicy::per_mille(per_mille).plus_fixed(fixed))
        };
        self.start_ms = words.number("start_ms")?;
        self.settings = Some(Settings {
            clock: Arc::new(ManualClock::new(UnixMillis(self.start_ms))),
            entropy: Arc::new(SeededEntropy::new(words.number("seed")?)),
            currency: words.currency()?,
            transfer_fee: fee("transfer")?,
            withdrawal_fee: fee("withdrawal")?,
        });
        Ok(())
    }

    /// Adds a biller, which the engine knows from its next opening on.
    pub(crate) fn add_biller(&mut self, traits: BillerTraits) {
        self.billers.push(Arc::new(Biller::new(traits, Arc::clone(&self.engine))));
    }

    /// Every biller.
    #[must_use]
    pub(crate) fn billers(&self) -> &[Arc<Biller>] {
        &self.billers
    }

    /// The biller a step is about: `scripted` unless it says another.
    pub(crate) fn biller(&self, words: &Words) -> Answer<Arc<Biller>> {
        let code = words.text_or("provider", "scripted");
        let found = self.billers.iter().find(|biller| biller.code() == code);
        found.cloned().ok_or_else(|| Stop::Script(format!("there is no biller {code}")))
    }

    /// The clock.
    pub(crate) fn clock(&self) -> Answer<&ManualClock> {
        Ok(&self.settings()?.clock)
    }

    fn settings(&self) -> Answer<&Settings> {
        self.settings.as_ref().ok_or_else(|| Stop::Script("a scenario begins with `simulated`".to_owned()))
    }

    /// The engine.
    pub(crate) fn engine(&self) -> Answer<Arc<FusePay>> {
        let engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner).clone();
        engine.ok_or_else(|| Stop::Script("the engine is not open".to_owned()))
    }

    /// The session of the step's token.
    pub(crate) fn session(&self, words: &Words) -> Answer<Session> {
        Ok(self.engine()?.session(words.text("token")?)?)
    }

    /// Opens the engine with the header's configuration.
    pub(crate) fn open(&mut self, is_restored: bool) -> Answer<()> {
        let settings = self.settings()?;
        let keys = KeyRing::hs256("scenario", Secret::from(SIGNING_KEY))?;
        let (memory_kib, passes, lanes) = HASH_COST;
        let config = Config::new(self.dir.path().join("scenario.db"), keys)
            .with_worker(WorkerMode::Manual)
            .with_simulation(Arc::clone(&settings.clock) as Arc<dyn Clock>, Arc::clone(&settings.entropy) as Arc<_>)
            .with_hash_cost(HashCost::new(memory_kib, passes, lanes)?)
            .with_currency(settings.currency)
            .with_transfer_fee(settings.transfer_fee)
            .with_withdrawal_fee(settings.withdrawal_fee);
        let config = if is_restored { config.with_restored() } else { config };
        let config = self.billers.iter().fold(config, |config, biller| {
            config.with_provider(biller.code(), Arc::clone(biller) as Arc<dyn Provider>)
        });
        let engine = Arc::new(FusePay::open(config)?);
        *self.engine.lock().unwrap_or_else(PoisonError::into_inner) = Some(engine);
        Ok(())
    }

    /// Closes the engine, if it is open.
    ///
    /// # Errors
    /// Those of closing.
    pub(crate) fn close(&mut self) -> fusepay_core::Result<()> {
        let engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner).take();
        engine.map_or(Ok(()), |engine| engine.close(CLOSE_DEADLINE))
    }

    /// Runs the queue, letting time pass, until no job waits but the expiry of holds.
    pub(crate) fn drain(&mut self) -> Answer<()> {
        let engine = self.engine()?;
        for _ in 0..ROUNDS_MAX {
            if engine.run_due()?.claimed > 0 {
                continue;
            }
            let counts = engine.queue().counts()?;
            let live = counts
                .iter()
                .filter(|row| row.count > 0 && row.status != JobStatus::Dead && row.kind != JobKind::HoldExpiry);
            let Some(due) = live.map(|row| row.oldest_due).min() else { return Ok(()) };
            let now = engine.due_now();
            // What is due and does not run waits for a circuit breaker.
            let wait_ms = due.map_or(0, |due| due.since(now));
            self.clock()?.advance(if wait_ms > 0 { wait_ms.unsigned_abs() } else { 1_000 });
        }
        Err(Stop::Script("the queue does not come to rest".to_owned()))
    }
}
