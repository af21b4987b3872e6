//! One case: an operation, with one of its I/O calls (or requests for memory)
//! failing, and the judgement of what came of it.

use crate::catalogue::{Effect, Operation};
use crate::dump::{Dump, runs, standing};
use crate::memory;
use crate::stage::{BYSTANDER_MINOR, PROVIDER, Scene, Stage};
use crate::tally::Tally;
use fusepay_core::{Code, ErrorKind, JobKind, JobStatus, Result};
use fusepay_testkit::Oracle;
use fusepay_tests::disk::{Call, Fault, FaultKind};
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Disk(Fault),
    Memory { request: u64, is_lasting: bool },
}

impl Failure {
    fn is_lasting(self) -> bool {
        match self {
            Failure::Disk(fault) => fault.is_lasting,
            Failure::Memory { is_lasting, .. } => is_lasting,
        }
    }

    /// Ends it; whether it ever struck.
    pub(crate) fn end(stage: &Stage) -> bool {
        let struck = stage.disk.struck().is_some();
        stage.disk.heal();
        memory::heal() | struck
    }

    /// Whether an answer with this code tells the truth about it.
    pub(crate) fn explains(self, code: Code) -> bool {
        let kind = match self {
            Failure::Memory { .. } => return matches!(code, Code::OutOfMemory | Code::InDoubt | Code::Poisoned),
            Failure::Disk(fault) => fault.kind,
        };
        match code {
            Code::InDoubt | Code::Poisoned | Code::StorageFault => true,
            Code::StorageFull => kind == FaultKind::Full,
            Code::Busy => kind == FaultKind::Lock,
            Code::Corrupt => kind == FaultKind::ShortRead,
            _ => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.is_lasting() { "from" } else { "at" };
        match self {
            Failure::Disk(fault) => write!(f, "{:?} {how} call {}", fault.kind, fault.call),
            Failure::Memory { request, .. } => write!(f, "no memory {how} request {request}"),
        }
    }
}

/// An operation on a disk and with memory that do not fail.
pub(crate) struct Model {
    pub(crate) calls: Vec<Call>,
    pub(crate) requests: u64,
    pub(crate) commits: u64,
    before: Dump,
    after: Dump,
    ledger_after: String,
    answer: String,
    runs: BTreeMap<(JobKind, String), u32>,
    standing: String,
}

pub(crate) fn begin_failure(failure: Failure, stage: &Stage) {
    match failure {
        Failure::Disk(fault) => stage.disk.plan(fault),
        Failure::Memory { request, is_lasting } => memory::plan(request, is_lasting),
    }
}

/// Opens the engine as the case finds it. `is_warm`: somebody has read before,
/// so that a connection and its statements are at hand.
fn begin<'s>(stage: &'s Stage, operation: &Operation, is_warm: bool) -> (Scene<'s>, u64) {
    stage.restore();
    let mut commits = 0;
    let scene = stage.open();
    (operation.prepare)(&scene);
    if is_warm {
        assert_eq!(scene.engine.wallet().find(scene.cast.bystander).unwrap().balance_minor, BYSTANDER_MINOR);
        // The model counts commits; so that reads find the same pages, all do.
        commits = scene.engine.stats().unwrap().commits;
    }
    (scene, commits)
}

impl Model {
    pub(crate) fn of(stage: &Stage, operation: &Operation, is_warm: bool) -> Model {
        // The queue's runs are looked at in a run of their own: looking is I/O.
        let (scene, _) = begin(stage, operation, is_warm);
        let mut most_runs = runs(&scene);
        let before = Dump::of(stage.path());
        drop(scene);
        let (scene, commits_before) = begin(stage, operation, is_warm);
        stage.disk.begin_trace();
        memory::forget();
        let answer = (operation.call)(&scene);
        let (calls, requests) = (stage.disk.trace(), memory::asked());
        let answer = answer.unwrap_or_else(|error| panic!("{} fails by itself: {error:?}", operation.name));
        let commits = scene.engine.stats().unwrap().commits - commits_before;
        let after = Dump::of(stage.path());
        let ledger_after = scene.engine.ledger_digest().unwrap();
        for (job, runs) in runs(&scene) {
            let most = most_runs.entry(job).or_default();
            *most = runs.max(*most);
        }
        let mut model = Model {
            calls,
            requests,
            commits,
            before,
            after,
            ledger_after,
            answer,
            runs: most_runs,
            standing: String::new(),
        };
        if operation.effect == Effect::Steps {
            rest(&scene).unwrap();
            model.standing = standing(&scene);
        }
        model
    }
}

/// Lets the queue and the clock run until nothing is left to do.
fn rest(scene: &Scene<'_>) -> Result<()> {
    for _ in 0..2_000 {
        let report = scene.engine.run_due()?;
        let counts = scene.engine.queue().counts()?;
        let is_work = |kind, status| status != JobStatus::Dead && kind != JobKind::HoldExpiry;
        if !counts.iter().any(|count| count.count > 0 && is_work(count.kind, count.status)) {
            return Ok(());
        }
        let now = scene.engine.due_now();
        let next = report.next_due.filter(|due| *due > now).unwrap_or(now.plus(1_000));
        scene.clock.advance(next.since(now).unsigned_abs());
    }
    panic!("the queue does not come to rest: {:?}", scene.engine.queue().counts());
}

/// The judgement of one case.
struct Judge<'a, 's> {
    stage: &'s Stage,
    operation: &'a Operation,
    model: &'a Model,
    failure: Failure,
    complaints: Vec<String>,
    /// A commit was in doubt: whether something was sent may not be known.
    is_doubtful: bool,
}

/// Plays one case into the tally.
pub(crate) fn play(
    stage: &Stage,
    operation: &Operation,
    model: &Model,
    failure: Failure,
    is_warm: bool,
    tally: &mut Tally,
) {
    let mut judge = Judge { stage, operation, model, failure, complaints: Vec::new(), is_doubtful: false };
    let played = catch_unwind(AssertUnwindSafe(|| judge.play(is_warm, tally)));
    Failure::end(stage);
    if played.is_err() {
        judge.complaints.push("the case ended in a panic".to_owned());
    }
    let temperature = if is_warm { "warm" } else { "cold" };
    for complaint in judge.complaints {
        tally.violation(format!("{} ({temperature}), {failure}: {complaint}", operation.name));
    }
}

impl<'s> Judge<'_, 's> {
    fn complain(&mut self, complaint: impl Into<String>) {
        self.complaints.push(complaint.into());
    }

    fn play(&mut self, is_warm: bool, tally: &mut Tally) {
        let (scene, _) = begin(self.stage, self.operation, is_warm);
        begin_failure(self.failure, self.stage);
        let called = catch_unwind(AssertUnwindSafe(|| (self.operation.call)(&scene)));
        self.look_meanwhile(&scene, is_warm);
        let healed = Instant::now();
        if !Failure::end(self.stage) {
            tally.missed();
        }
        let Ok(outcome) = called else { return self.complain("the call panicked") };
        let code = outcome.as_ref().err().map(fusepay_core::Error::code);
        tally.outcome(self.failure, code);
        self.judge_answer(&outcome);
        self.judge_file(code);
        let is_short = matches!(self.failure, Failure::Disk(_)) && !self.failure.is_lasting() && !is_warm;
        if is_short && self.operation.effect != Effect::Steps {
            return self.judge_after_kill(scene, code, tally);
        }
        let scene = self.carry_on(scene, code, healed, tally);
        if let Some(scene) = scene {
            self.judge_end(scene, tally);
        }
    }

    /// While writing fails, others read.
    fn look_meanwhile(&mut self, scene: &Scene<'_>, is_warm: bool) {
        let Failure::Disk(fault) = self.failure else { return };
        let only_writes = matches!(fault.kind, FaultKind::Full | FaultKind::Sync | FaultKind::SyncLoses);
        if !(is_warm && fault.is_lasting && only_writes) {
            return;
        }
        match scene.engine.wallet().find(scene.cast.bystander) {
            Ok(wallet) if wallet.balance_minor == BYSTANDER_MINOR => {}
            other => self.complain(format!("a reader meanwhile: {other:?}")),
        }
    }

    fn judge_answer(&mut self, outcome: &Result<String>) {
        match outcome {
            Ok(answer) if self.operation.effect != Effect::Steps && *answer != self.model.answer => {
                self.complain(format!("answered {answer}\n    instead of {}", self.model.answer));
            }
            Err(error) if !self.failure.explains(error.code()) => self.complain(format!("answered {error:?}")),
            Ok(_) | Err(_) => {}
        }
    }

    /// What was answered stays true when the process is killed right then: what
    /// the log holds of a commit that failed does not come back.
    fn judge_after_kill(&mut self, scene: Scene<'s>, code: Option<Code>, tally: &mut Tally) {
        let (clock, provider) = (Arc::clone(&scene.clock), Arc::clone(&scene.provider));
        self.stage.disk.kill();
        drop(scene);
        self.stage.disk.revive();
        match self.stage.open_with(clock, provider, 8) {
            Ok(scene) => {
                self.judge_file(code);
                self.judge_end(scene, tally);
            }
            Err(error) => self.complain(format!("can't be opened after a kill: {error:?}")),
        }
    }

    /// The file is as it was, or as it was to be; nothing between.
    fn judge_file(&mut self, code: Option<Code>) {
        let found = Dump::of(self.stage.path());
        let (before, after) = (&self.model.before, &self.model.after);
        let complaint = match (self.operation.effect, code) {
            (Effect::Steps, _) => return,
            (_, None) => (found != *after).then(|| ("done is not done", found.difference(after))),
            (_, Some(Code::InDoubt)) => {
                (found != *after && found != *before).then(|| ("half done", found.difference(before)))
            }
            (_, Some(_)) => (found != *before).then(|| ("an error left something", found.difference(before))),
        };
        if let Some((what, difference)) = complaint {
            self.complain(format!("{what}:\n    {difference}"));
        }
    }

    /// The first call after the fault does it; after a doubt, once the engine was
    /// opened again.
    fn carry_on(
        &mut self,
        scene: Scene<'s>,
        code: Option<Code>,
        healed: Instant,
        tally: &mut Tally,
    ) -> Option<Scene<'s>> {
        let again = (self.operation.call)(&scene);
        let may_be_poisoned = code == Some(Code::InDoubt) || self.operation.effect == Effect::Steps;
        match (&again, code) {
            (Err(error), _) if error.code() == Code::Poisoned && may_be_poisoned => {
                return self.reopen(scene, healed, tally);
            }
            (_, Some(Code::InDoubt)) if self.operation.effect != Effect::Reads => {
                self.complain(format!("in doubt, and yet it goes on: {again:?}"));
            }
            (Ok(_), Some(_)) => tally.back(healed.elapsed()),
            (Err(error), Some(_)) => self.complain(format!("not back after the fault: {error:?}")),
            (Ok(answer), None) if self.operation.effect == Effect::Keyed && *answer != self.model.answer => {
                self.complain(format!("repeated, it answers {answer}\n    instead of {}", self.model.answer));
            }
            (Err(error), None) if !self.may_refuse(error.kind()) => {
                self.complain(format!("repeated, it answers {error:?}"));
            }
            (Ok(_) | Err(_), None) => {}
        }
        let repeats = code.is_none() && self.operation.effect == Effect::Writes;
        if !repeats && self.operation.effect != Effect::Steps {
            self.judge_shape(&scene);
        }
        Some(scene)
    }

    /// What was done once may be refused when it is asked for again.
    fn may_refuse(&self, kind: ErrorKind) -> bool {
        let is_keyed = matches!(self.operation.effect, Effect::Keyed | Effect::Reads);
        !is_keyed && matches!(kind, ErrorKind::Refused | ErrorKind::Misuse)
    }

    /// As much as without a fault, and the same money.
    fn judge_shape(&mut self, scene: &Scene<'_>) {
        let found = Dump::of(self.stage.path());
        if found.shape() != self.model.after.shape() {
            self.complain(format!("in the end not the same:\n    {}", found.difference(&self.model.after)));
        }
        match scene.engine.ledger_digest() {
            Ok(digest) if digest == self.model.ledger_after => {}
            other => self.complain(format!("in the end another ledger: {other:?}")),
        }
    }

    fn reopen(&mut self, scene: Scene<'s>, healed: Instant, tally: &mut Tally) -> Option<Scene<'s>> {
        self.is_doubtful = true;
        let (clock, provider) = (Arc::clone(&scene.clock), Arc::clone(&scene.provider));
        drop(scene.engine.close(Duration::from_secs(5)));
        drop(scene);
        let scene = match self.stage.open_with(clock, provider, 8) {
            Ok(scene) => scene,
            Err(error) => {
                self.complain(format!("can't be opened again: {error:?}"));
                return None;
            }
        };
        let found = Dump::of(self.stage.path());
        let (is_before, is_after) = (found == self.model.before, found == self.model.after);
        if self.operation.effect != Effect::Steps && !is_before && !is_after {
            self.complain(format!("half done, opened again:\n    {}", found.difference(&self.model.before)));
        }
        if self.operation.is_in_memory {
            (self.operation.prepare)(&scene);
        }
        match (self.operation.call)(&scene) {
            Ok(_) => tally.back(healed.elapsed()),
            Err(error) if !is_before && self.may_refuse(error.kind()) => {}
            Err(error) => self.complain(format!("opened again, it answers {error:?}")),
        }
        let is_alike = is_before || self.operation.effect == Effect::Keyed;
        if is_alike && self.operation.effect != Effect::Steps && !self.operation.is_in_memory {
            self.judge_shape(&scene);
        }
        tally.reopened();
        Some(scene)
    }

    /// The books are sound, no run was burnt, nothing was sent twice.
    fn judge_end(&mut self, mut scene: Scene<'s>, tally: &mut Tally) {
        if self.operation.effect == Effect::Steps {
            // What is known for sure was not done costs no run; a doubt may.
            let allowed = &self.model.runs;
            let mut burnt = runs(&scene);
            burnt.retain(|job, found| *found > allowed.get(job).copied().unwrap_or(0));
            if !self.is_doubtful && !burnt.is_empty() {
                self.complain(format!("runs were burnt: {burnt:?}, of {:?}", self.model.runs));
            }
            if let Err(error) = rest(&scene) {
                // Some calls answer whatever became of what they wrote in passing.
                if error.code() != Code::Poisoned || self.is_doubtful {
                    return self.complain(format!("the queue stops: {error:?}"));
                }
                let Some(opened) = self.reopen(scene, Instant::now(), tally) else { return };
                rest(&opened).unwrap();
                scene = opened;
            }
            let found = standing(&scene);
            if !self.is_doubtful && found != self.model.standing {
                self.complain(format!("ends\n{found}\n    instead of\n{}", self.model.standing));
            }
        }
        let oracle = Oracle::new().with_provider(PROVIDER, Arc::clone(&scene.provider));
        for complaint in oracle.check(&scene.engine) {
            self.complain(complaint);
        }
    }
}
