//! The storm that goes on while somebody meddles with the files: threads that
//! move money through one engine of this process, and write down what they asked
//! for and what was answered.

use crate::op::{Known, Numbers, Op};
use fusepay_core::{Code, FusePay, WalletId};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long anything may take before the test is given up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const THREADS: u64 = 4;

/// Nobody listens here: the biller of this process never hangs.
pub(crate) fn say(_word: &str, _rest: impl Display) {}

/// What a storm has written down so far.
#[derive(Default)]
pub(crate) struct Diary {
    said: Mutex<Vec<String>>,
    answered: AtomicU64,
    acknowledged: AtomicU64,
    /// Answers that say that the files are not what they were, by code.
    detections: Mutex<BTreeMap<&'static str, u64>>,
    /// While set, whatever is begun must not be acknowledged.
    is_meddled: AtomicBool,
    /// Acknowledged although begun while it was set.
    blind: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

impl Diary {
    fn say(&self, line: String) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn blind(&self) -> Vec<String> {
        self.blind.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn detections(&self) -> BTreeMap<&'static str, u64> {
        self.detections.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn detected(&self) -> u64 {
        self.detections().values().sum()
    }

    /// From now on the files are not what the engine opened.
    pub(crate) fn begin_meddling(&self) {
        self.is_meddled.store(true, Ordering::SeqCst);
    }

    /// To be called before the files are put right again.
    pub(crate) fn end_meddling(&self) {
        self.is_meddled.store(false, Ordering::SeqCst);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// Waits for so many more answers, whatever they say.
    pub(crate) fn await_answers(&self, more: u64) {
        await_more(&self.answered, more);
    }

    /// Performs operations until the end of the storm.
    fn rage(&self, engine: &FusePay, wallets: &[WalletId], name: &str, mut numbers: Numbers) {
        let (mut holds, mut payments) = (Vec::new(), Vec::new());
        for step in 0_u64.. {
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            let known = Known { wallets, holds: &holds, payments: &payments };
            let op = Op::next(format!("{name}-{step}"), &mut numbers, &known);
            let began_meddled = self.is_meddled.load(Ordering::SeqCst);
            self.say(format!("ASK {op}"));
            match op.perform(engine) {
                Ok(id) => {
                    // Only when the files were wrong from its begin to its end.
                    if began_meddled && self.is_meddled.load(Ordering::SeqCst) {
                        self.blind.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{op} {id}"));
                    }
                    self.say(format!("ACK {op} OK {id}"));
                    self.acknowledged.fetch_add(1, Ordering::SeqCst);
                    match op.kind.as_str() {
                        "hold" => holds.push(id),
                        "pay" => payments.push(id),
                        _ => {}
                    }
                }
                // Not a word of it: the judge repeats it by its key, once.
                Err(error) if is_detection(error.code()) => {
                    let mut detections = self.detections.lock().unwrap_or_else(PoisonError::into_inner);
                    *detections.entry(error.code().name()).or_default() += 1;
                    drop(detections);
                    std::thread::yield_now();
                }
                Err(error) => self.say(format!("ACK {op} NO {}", error.code().name())),
            }
            self.answered.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Lets threads rage on the engine while `meddle` does its worst.
pub(crate) fn storm<R>(
    engine: &FusePay,
    wallets: &[WalletId],
    name: &str,
    seed: u64,
    diary: &Diary,
    meddle: impl FnOnce() -> R,
) -> R {
    std::thread::scope(|scope| {
        // Also when the meddler gives up: or the scope would wait for ever.
        let _end = EndOf(diary);
        for thread in 0..THREADS {
            let name = format!("{name}-{thread}");
            scope.spawn(move || diary.rage(engine, wallets, &name, Numbers(seed.wrapping_add(thread))));
        }
        diary.await_answers(8);
        meddle()
    })
}

struct EndOf<'d>(&'d Diary);

impl Drop for EndOf<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

fn is_detection(code: Code) -> bool {
    matches!(code, Code::UnsafeFile | Code::Corrupt | Code::InDoubt | Code::Poisoned)
}

fn await_more(count: &AtomicU64, more: u64) {
    let (wanted, end) = (count.load(Ordering::SeqCst) + more, Instant::now() + PATIENCE);
    while count.load(Ordering::SeqCst) < wanted {
        assert!(Instant::now() < end, "the storm has died down");
        std::thread::sleep(Duration::from_millis(1));
    }
}
