//! Goal: whichever I/O call of whichever public operation fails, the answer is a
//! typed error or the right one, nothing is half written, others go on reading,
//! and the first call after the fault does it.
//! Method: every operation of `docs/surface.md` on a staged file; each of its I/O
//! calls fails in each way it can, once and lasting, and the whole file is held
//! against what it says without a fault. `cargo test` takes a sample by a fixed
//! seed, `make faults` all of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    reason = "a test fails by panicking, and the sweep prints its figures"
)]

mod case;
mod catalogue;
mod dump;
mod limits;
mod lives;
mod memory;
mod stage;
mod tally;

use case::{Failure, Model, play};
use catalogue::{Effect, Operation, operations};
use fusepay_tests::disk::{Call, Fault, FaultKind, FileKind};
use lives::LIVES;
use stage::Stage;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tally::Tally;

/// How many sweep at once: each has a stage of its own.
const HANDS: usize = 2;

#[test]
fn every_public_operation_is_in_the_catalogue() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/surface.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut listed = BTreeSet::new();
    for section in page.split("\n## ").filter_map(|section| section.strip_prefix('`')) {
        let view = section.split(['(', '`']).next().unwrap();
        let view = if view == "FusePay" { "engine" } else { view };
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        listed.extend(rows.map(|row| format!("{view}.{row}")));
    }
    assert!(listed.len() > 150, "{listed:?}");
    let names = operations().into_iter().map(|operation| operation.name).chain(LIVES.map(|life| life.name));
    let ours: BTreeSet<String> = names.map(|name| name.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(listed.difference(&ours).collect::<Vec<_>>(), Vec::<&String>::new(), "not in the catalogue");
    assert_eq!(ours.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "not an operation");
}

/// The oracle goes by what an operation says about itself.
#[test]
fn an_operation_commits_as_often_as_the_catalogue_says() {
    let stage = Stage::build();
    for operation in operations() {
        let commits = Model::of(&stage, &operation, true).commits;
        let fits = match operation.effect {
            Effect::Reads => commits == 0,
            Effect::Writes | Effect::Keyed => commits == 1,
            Effect::Steps => true,
        };
        assert!(fits, "{}: {:?} with {commits} commits", operation.name, operation.effect);
    }
}

/// Numbers that are the same each time (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// `unix` reads on until it has everything or the file ends, and a database that
/// ends too early is damage, which SQLite looks for when a transaction begins;
/// within one it takes what is missing for zeros (its `pager.c`, `readDbPage`).
fn can_be(fault: Fault, call: Call) -> bool {
    fault.kind != FaultKind::ShortRead || (call.file != FileKind::Database && !fault.is_lasting)
}

/// Every way in which an operation's I/O calls can fail.
fn failures(calls: &[Call]) -> Vec<Vec<Failure>> {
    let ways = (1..).zip(calls).map(|(number, call)| {
        let kinds = FaultKind::FAULTS.into_iter().filter(|kind| kind.befalls(*call));
        let faults = kinds.flat_map(|kind| [Fault::once(kind, number), Fault::lasting(kind, number)]);
        faults.filter(|fault| can_be(*fault, *call)).map(Failure::Disk).collect()
    });
    ways.collect()
}

/// Sweeps every operation whose name has `wanted` in it, with several hands.
fn sweep(wanted: &str, one: impl Fn(&Stage, &Operation, usize, &mut Tally) + Sync) -> Tally {
    let all: Vec<Operation> = operations().into_iter().filter(|operation| operation.name.contains(wanted)).collect();
    let (next, total) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..HANDS {
            scope.spawn(|| {
                let (stage, mut tally) = (Stage::build(), Tally::default());
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(operation) = all.get(index) else { break };
                    tally.operations += 1;
                    one(&stage, operation, index, &mut tally);
                }
                total.lock().unwrap().add(tally);
            });
        }
    });
    total.into_inner().unwrap()
}

#[test]
fn a_sample_of_faults_leaves_every_operation_whole() {
    let tally = sweep("", |stage, operation, index, tally| {
        let mut numbers = Numbers(index as u64);
        let models = [false, true].map(|is_warm| Model::of(stage, operation, is_warm));
        tally.calls += models[0].calls.len() as u64;
        let calls = models[0].calls.len().max(models[1].calls.len());
        let ways = [failures(&models[0].calls), failures(&models[1].calls)];
        for call in 0..calls {
            let is_warm = numbers.below(2) == 1 || ways[0].len() <= call;
            let is_warm = is_warm && ways[1].len() > call;
            let ways = &ways[usize::from(is_warm)][call];
            let failure = ways[usize::try_from(numbers.below(ways.len() as u64)).unwrap()];
            play(stage, operation, &models[usize::from(is_warm)], failure, is_warm, tally);
        }
    });
    tally.print("sample");
    tally.assert_clean();
}

#[test]
#[ignore = "minutes long; make faults"]
fn every_fault_leaves_every_operation_whole() {
    let wanted = std::env::var("OPERATION").unwrap_or_default();
    let tally = sweep(&wanted, |stage, operation, _, tally| {
        for is_warm in [false, true] {
            let model = Model::of(stage, operation, is_warm);
            tally.calls += model.calls.len() as u64;
            for failure in failures(&model.calls).into_iter().flatten() {
                play(stage, operation, &model, failure, is_warm, tally);
            }
        }
    });
    tally.print("I/O faults");
    tally.assert_clean();
}

/// Requests for memory that are refused, of `requests`: about `count`, evenly.
fn refusals(requests: u64, count: u64) -> impl Iterator<Item = Failure> {
    let step = requests.div_ceil(count.max(1)).max(1);
    let stepped = (1 + step / 2..=requests).step_by(usize::try_from(step).unwrap());
    stepped.map(move |request| Failure::Memory { request, is_lasting: (request / step).is_multiple_of(2) })
}

fn sweep_memory(wanted: &str, of_each: u64) -> Tally {
    sweep(wanted, |stage, operation, index, tally| {
        let is_warm = index % 2 == 0;
        let model = Model::of(stage, operation, is_warm);
        for failure in refusals(model.requests, of_each) {
            play(stage, operation, &model, failure, is_warm, tally);
        }
    })
}

fn sweep_lives(of_each: impl Fn(&[Call], u64) -> Vec<Failure>) -> Tally {
    let (stage, mut tally) = (Stage::build(), Tally::default());
    for life in &LIVES {
        let (calls, requests) = life.count(&stage);
        tally.operations += 1;
        tally.calls += calls.len() as u64;
        for failure in of_each(&calls, requests) {
            life.play(&stage, failure, &mut tally);
        }
    }
    tally
}

#[test]
fn a_sample_of_faults_leaves_every_life_whole() {
    let tally = sweep_lives(|calls, requests| {
        let mut numbers = Numbers(calls.len() as u64);
        let mut one_of = |ways: Vec<Failure>| ways[usize::try_from(numbers.below(ways.len() as u64)).unwrap()];
        // One call in three: each case opens the file two or three times.
        let disk: Vec<Failure> = failures(calls).into_iter().step_by(3).map(&mut one_of).collect();
        disk.into_iter().chain(refusals(requests, 3)).collect()
    });
    tally.print("opening, closing, copying: sample");
    tally.assert_clean();
}

#[test]
fn a_sample_of_refused_memory_leaves_every_operation_whole() {
    let tally = sweep_memory("", 1);
    tally.print("memory: sample");
    tally.assert_clean();
}

/// How many requests for memory are refused of each operation: `MEMORY`, or 100.
fn of_each() -> u64 {
    std::env::var("MEMORY").map_or(100, |text| text.parse().unwrap())
}

#[test]
#[ignore = "minutes long; make faults"]
fn every_fault_leaves_every_life_whole() {
    let tally = sweep_lives(|calls, requests| {
        let disk = failures(calls).into_iter().flatten();
        disk.chain(refusals(requests, of_each())).collect()
    });
    tally.print("opening, closing, copying");
    tally.assert_clean();
}

#[test]
#[ignore = "minutes long; make faults"]
fn refused_memory_leaves_every_operation_whole() {
    let tally = sweep_memory(&std::env::var("OPERATION").unwrap_or_default(), of_each());
    tally.print("memory");
    tally.assert_clean();
}
