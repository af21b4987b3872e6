//! Many trials on two threads, counted by what came of them.

use crate::harm::Harm;
use crate::life::Image;
use crate::trial::{Bench, Outcome};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

/// A trial that takes longer hangs: each takes milliseconds.
const HANG: Duration = Duration::from_secs(60);
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(1);
const THREADS: usize = 2;
/// The most violations that are written out.
const SHOWN: usize = 20;

/// What came of a sweep.
pub(crate) struct Counts {
    pub(crate) by_outcome: BTreeMap<Outcome, u64>,
    pub(crate) violations: Vec<(Harm, String)>,
    pub(crate) silent: Vec<Harm>,
}

impl Counts {
    #[track_caller]
    pub(crate) fn assert_honest(&self) {
        let shown: Vec<String> =
            self.violations.iter().take(SHOWN).map(|(harm, what)| format!("{harm}: {what}")).collect();
        assert!(self.violations.is_empty(), "{} violations\n{}", self.violations.len(), shown.join("\n"));
    }
}

/// Does each harm to a file of its own, and counts what came of it.
pub(crate) fn sweep(name: &str, image: &Image, harms: &[Harm]) -> Counts {
    sweep_with(name, &|| Bench::new(image), harms)
}

/// The same, on benches made like this.
pub(crate) fn sweep_with(name: &str, bench: &(impl Fn() -> Bench + Sync), harms: &[Harm]) -> Counts {
    let begun = Instant::now();
    let mut counts = Counts { by_outcome: BTreeMap::new(), violations: Vec::new(), silent: Vec::new() };
    let next = AtomicUsize::new(0);
    // What each thread is at, and since when.
    let trying: [Mutex<Option<(Harm, Instant)>>; THREADS] = Default::default();
    std::thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        for trying in &trying {
            let (tell, next) = (tell.clone(), &next);
            scope.spawn(move || {
                let bench = bench();
                while let Some(harm) = harms.get(next.fetch_add(1, Ordering::SeqCst)) {
                    *trying.lock().unwrap() = Some((*harm, Instant::now()));
                    tell.send((*harm, bench.tries(*harm))).unwrap();
                }
                *trying.lock().unwrap() = None;
            });
        }
        drop(tell);
        loop {
            match told.recv_timeout(LOOK) {
                Ok((harm, outcome)) => counts.add(harm, outcome),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
            for trying in &trying {
                let trying = *trying.lock().unwrap();
                if let Some((harm, _)) = trying.filter(|(_, since)| since.elapsed() > HANG) {
                    // The thread can't be ended; only the process can.
                    println!("{name}: a trial hangs: {harm}");
                    std::process::abort();
                }
            }
        }
    });
    println!("{name}: {} trials in {:.1} s", harms.len(), begun.elapsed().as_secs_f64());
    for (outcome, count) in &counts.by_outcome {
        println!("  {count:>7} {outcome:?}");
    }
    counts
}

impl Counts {
    fn add(&mut self, harm: Harm, outcome: Outcome) {
        let class = match outcome {
            Outcome::Violation(what) => {
                self.violations.push((harm, what));
                Outcome::Violation(String::new())
            }
            Outcome::Older(_) => Outcome::Older(0),
            Outcome::Silent => {
                self.silent.push(harm);
                Outcome::Silent
            }
            other @ (Outcome::Refused(_) | Outcome::Named | Outcome::ReadRefused(_)) => other,
        };
        *self.by_outcome.entry(class).or_default() += 1;
    }
}

/// Numbers that follow from a seed (SplitMix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
