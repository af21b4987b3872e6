//! What has no engine before it, or none after it: opening a new file, a closed
//! one and one whose process was killed in the middle of a payment; closing; and
//! the copy that a backup makes.
//!
//! The disk sees SQLite's calls alone: the lock file, the directory and the
//! naming of a backup are the engine's own, and are not made to fail here.

use crate::case::{Failure, begin_failure};
use crate::dump::Dump;
use crate::memory;
use crate::stage::{BILLER, ITEM, PROVIDER, Scene, Stage};
use crate::tally::Tally;
use fusepay_core::{Code, PayBill, PaymentStatus, Registration, Result};
use fusepay_testkit::{Oracle, PayStep, ngn};
use fusepay_tests::disk::{Call, Fault};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) struct Life {
    pub(crate) name: &'static str,
    play: fn(&Stage, &mut Act<'_>),
}

pub(crate) const LIVES: [Life; 5] = [
    Life { name: "engine.open (a new file)", play: open_new },
    Life { name: "engine.open", play: open_closed },
    Life { name: "engine.open (after a kill)", play: open_killed },
    Life { name: "engine.close", play: close },
    Life { name: "engine.backup", play: backup },
];

/// One play of a life; without a failure it only counts.
struct Act<'t> {
    failure: Option<Failure>,
    calls: Vec<Call>,
    requests: u64,
    tally: &'t mut Tally,
    healed: Instant,
    complaints: Vec<String>,
}

impl Life {
    /// Its I/O calls and requests for memory.
    pub(crate) fn count(&self, stage: &Stage) -> (Vec<Call>, u64) {
        let mut nobody = Tally::default();
        let act = self.act(stage, None, &mut nobody);
        assert_eq!(act.complaints, Vec::<String>::new(), "{} by itself", self.name);
        (act.calls, act.requests)
    }

    pub(crate) fn play(&self, stage: &Stage, failure: Failure, tally: &mut Tally) {
        let complaints = self.act(stage, Some(failure), tally).complaints;
        for complaint in complaints {
            tally.violation(format!("{}, {failure}: {complaint}", self.name));
        }
    }

    fn act<'t>(&self, stage: &Stage, failure: Option<Failure>, tally: &'t mut Tally) -> Act<'t> {
        let complaints = Vec::new();
        let mut act = Act { failure, calls: Vec::new(), requests: 0, tally, healed: Instant::now(), complaints };
        if catch_unwind(AssertUnwindSafe(|| (self.play)(stage, &mut act))).is_err() {
            act.complain("the case ended in a panic");
        }
        Failure::end(stage);
        act
    }
}

impl Act<'_> {
    fn complain(&mut self, complaint: impl Into<String>) {
        self.complaints.push(complaint.into());
    }

    /// Does it while the disk fails; `None` when it panicked.
    fn attempt<T>(&mut self, stage: &Stage, work: impl FnOnce() -> Result<T>) -> Option<Result<T>> {
        match self.failure {
            Some(failure) => begin_failure(failure, stage),
            None => stage.disk.begin_trace(),
        }
        memory::forget();
        let done = catch_unwind(AssertUnwindSafe(work));
        self.healed = Instant::now();
        let Some(failure) = self.failure else {
            (self.calls, self.requests) = (stage.disk.trace(), memory::asked());
            return done.ok();
        };
        if !Failure::end(stage) {
            self.tally.missed();
        }
        let Ok(outcome) = done else {
            self.complain("it panicked");
            return None;
        };
        let error = outcome.as_ref().err();
        self.tally.outcome(failure, error.map(fusepay_core::Error::code));
        if let Some(error) = error.filter(|error| !failure.explains(error.code())) {
            self.complaints.push(format!("answered {error:?}"));
        }
        Some(outcome)
    }

    /// Opens what the failure left, which has to work at once.
    fn open_again<'s>(&mut self, stage: &'s Stage, scene: &Scene<'_>) -> Option<Scene<'s>> {
        match stage.open_with(Arc::clone(&scene.clock), Arc::clone(&scene.provider), 9) {
            Ok(scene) => {
                self.tally.back(self.healed.elapsed());
                Some(scene)
            }
            Err(error) => {
                self.complain(format!("can't be opened again: {error:?}"));
                None
            }
        }
    }

    fn expect_sound(&mut self, scene: &Scene<'_>) {
        let oracle = Oracle::new().with_provider(PROVIDER, Arc::clone(&scene.provider));
        for complaint in oracle.check(&scene.engine) {
            self.complain(complaint);
        }
    }
}

/// Opens while the disk fails, and once more when that failed.
fn open_twice<'s>(
    stage: &'s Stage,
    act: &mut Act<'_>,
    provider: &Arc<fusepay_testkit::ScriptedProvider>,
) -> Option<Scene<'s>> {
    let open = |seed| stage.open_with(stage.clock(), Arc::clone(provider), seed);
    if let Ok(scene) = act.attempt(stage, || open(7))? {
        return Some(scene);
    }
    match open(8) {
        Ok(scene) => {
            act.tally.back(act.healed.elapsed());
            Some(scene)
        }
        Err(error) => {
            act.complain(format!("can't be opened after the fault: {error:?}"));
            None
        }
    }
}

fn open_new(stage: &Stage, act: &mut Act<'_>) {
    stage.clear();
    let Some(scene) = open_twice(stage, act, &stage.provider()) else { return };
    let request = Registration::new("new@example.com", "New", "Comer", crate::stage::PASSWORD);
    match scene.engine.auth().register(&request) {
        Err(error) if error.code() == Code::Poisoned => {}
        other => drop(other.map_err(|error| act.complain(format!("the new file can't be used: {error:?}")))),
    }
    act.expect_sound(&scene);
}

fn open_closed(stage: &Stage, act: &mut Act<'_>) {
    stage.restore();
    let before = Dump::of(stage.path());
    let Some(scene) = open_twice(stage, act, &stage.provider()) else { return };
    let after = Dump::of(stage.path());
    if before != after {
        act.complain(format!("opening changed the file:\n    {}", after.difference(&before)));
    }
    act.expect_sound(&scene);
}

/// The process ends while it books the answer of a biller that was paid.
fn open_killed(stage: &Stage, act: &mut Act<'_>) {
    stage.restore();
    let scene = stage.open();
    scene.provider.script("new", [PayStep::Paid], []);
    let bill = PayBill::new(scene.cast.main, BILLER, ITEM, "new", ngn(2_000));
    let payment = scene.engine.bill().pay(&bill).unwrap().id;
    let provider = Arc::clone(&scene.provider);
    stage.disk.plan(Fault::kill_at(KILL_AT));
    let _ = scene.engine.run_due();
    assert!(stage.disk.is_killed());
    assert_eq!(provider.sends(), 1, "the kill came before the send");
    drop(scene);
    stage.disk.revive();
    let Some(scene) = open_twice(stage, act, &provider) else { return };
    if scene.engine.bill().explain(payment).unwrap().payment.status == PaymentStatus::Completed {
        return act.complain("the answer was not lost: the kill came too late");
    }
    scene.clock.advance(1_000);
    if let Err(error) = scene.engine.run_due() {
        act.complain(format!("the queue stops: {error:?}"));
    }
    let found = scene.engine.bill().explain(payment).unwrap().payment.status;
    if found != PaymentStatus::Completed || provider.sends() != 1 {
        act.complain(format!("{found} after {} sends", provider.sends()));
    }
    act.expect_sound(&scene);
}

/// After the send and before its answer is in the log.
const KILL_AT: u64 = 60;

fn close(stage: &Stage, act: &mut Act<'_>) {
    stage.restore();
    let scene = stage.open();
    scene.engine.bill().pay(&PayBill::new(scene.cast.main, BILLER, ITEM, "new", ngn(2_000))).unwrap();
    let before = Dump::of(stage.path());
    let Some(closed) = act.attempt(stage, || scene.engine.close(Duration::from_secs(5))) else { return };
    let after_close = scene.engine.wallet().find(scene.cast.main).map(drop).map_err(|error| error.code());
    if after_close != Err(Code::Closed) {
        act.complain(format!("closed ({closed:?}), and yet it answers {after_close:?}"));
    }
    let Some(opened) = act.open_again(stage, &scene) else { return };
    let after = Dump::of(stage.path());
    if before != after {
        act.complain(format!("closing changed the file:\n    {}", after.difference(&before)));
    }
    opened.engine.run_due().unwrap();
    if opened.provider.sends() != 1 {
        act.complain(format!("the payment that waited was sent {} times", opened.provider.sends()));
    }
    act.expect_sound(&opened);
}

fn backup(stage: &Stage, act: &mut Act<'_>) {
    stage.restore();
    let mut scene = stage.open();
    let digest = scene.engine.ledger_digest().unwrap();
    let copy = stage.dir().join("copy.db");
    let Some(copied) = act.attempt(stage, || scene.engine.backup(&copy)) else { return };
    if let Err(error) = copied {
        let left: Vec<_> = std::fs::read_dir(stage.dir()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        if left.iter().any(|name| name.to_string_lossy().starts_with("copy")) {
            act.complain(format!("a copy that failed left {left:?}"));
        }
        if error.code() == Code::InDoubt {
            drop(scene.engine.close(Duration::from_secs(5)));
            let Some(opened) = act.open_again(stage, &scene) else { return };
            scene = opened;
        }
        if let Err(error) = scene.engine.backup(&copy) {
            return act.complain(format!("not back after the fault: {error:?}"));
        }
        act.tally.back(act.healed.elapsed());
    }
    act.expect_sound(&scene);
    let (clock, provider) = (Arc::clone(&scene.clock), Arc::clone(&scene.provider));
    let copied = fusepay_core::FusePay::open(crate::stage::config(&copy, &clock, &provider, 10));
    match copied.and_then(|engine| Ok((engine.ledger_digest()?, engine.verify()?.is_sound))) {
        Ok(found) if found == (digest, true) => {}
        other => act.complain(format!("the copy says {other:?}")),
    }
}
