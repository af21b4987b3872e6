//! Forks while the engine is open and its threads write. The child is refused
//! everywhere, however it ends; the parent goes on.
//!
//! Only the forking thread lives on in a child: it calls the engine, and ends
//! without going back into the test.

use crate::biller::FileBiller;
use crate::child::{Diary, PATIENCE, storm};
use crate::files::assert_clean;
use crate::op::{Numbers, Op};
use crate::site::{Site, Tally, config};
use fusepay_core::{Code, FusePay, Result, WalletId};
use std::ffi::{c_char, c_int};
use std::path::Path;
use std::time::{Duration, Instant};

unsafe extern "C" {
    fn fork() -> c_int;
    fn waitpid(child: c_int, status: *mut c_int, options: c_int) -> c_int;
    fn kill(process: c_int, signal: c_int) -> c_int;
    fn _exit(code: c_int) -> !;
    fn execv(path: *const c_char, arguments: *const *const c_char) -> c_int;
}

const SIGKILL: c_int = 9;
const WNOHANG: c_int = 1;

/// How a child ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Exit,
    Killed,
    Exec,
    /// It forks again, and answers what its own child saw.
    Nested,
    /// It drops its copy of the engine first.
    Dropped,
}

pub(crate) const ENDS: [End; 5] = [End::Exit, End::Killed, End::Exec, End::Nested, End::Dropped];

/// What a child sees: 0 when all is refused as it should, or the number of the
/// call that was not.
fn look_around(engine: &FusePay, wallet: WalletId, dir: &Path) -> c_int {
    let is_forked = |result: Result<()>| result.is_err_and(|error| error.code() == Code::Forked);
    let op = |kind: &str| Op::about(kind, "child", wallet, "paid-child").perform(engine).map(drop);
    let results = [
        engine.wallet().find(wallet).map(drop),
        op("credit"),
        op("pay"),
        op("register"),
        engine.verify().map(drop),
        engine.run_due().map(drop),
        engine.backup(&dir.join("backup-child.db")),
        engine.close(Duration::from_millis(10)),
        FusePay::open(config(dir, FileBiller::new(dir))).map(drop),
    ];
    let failed = results.into_iter().position(|result| !is_forked(result));
    failed.map_or(0, |number| c_int::try_from(number).unwrap_or(90) + 1)
}

/// Forks, and answers how the child ended: its code, or minus its signal.
fn forked(in_child: impl FnOnce() -> c_int) -> Option<c_int> {
    // SAFETY: the child goes on with this thread alone, and never returns.
    let child = unsafe { fork() };
    if child == 0 {
        let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(in_child)).unwrap_or(99);
        // SAFETY: ends the process; nothing of the test is run again.
        unsafe { _exit(code) }
    }
    assert!(child > 0, "no fork");
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let mut status = 0;
        // SAFETY: waits for our own child, and writes into our own number.
        if unsafe { waitpid(child, &raw mut status, WNOHANG) } == child {
            let signal = status & 0x7f;
            return Some(if signal == 0 { (status >> 8) & 0xff } else { -signal });
        }
        if Instant::now() > end {
            // SAFETY: our own child, which has not been waited for yet.
            unsafe {
                kill(child, SIGKILL);
                waitpid(child, &raw mut status, 0);
            }
            return None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn child(end: End, engine: &FusePay, wallet: WalletId, dir: &Path) -> c_int {
    let seen = look_around(engine, wallet, dir);
    if seen != 0 {
        return seen;
    }
    match end {
        End::Exit => 0,
        End::Killed => {
            // SAFETY: this process itself.
            unsafe { kill(c_int::try_from(std::process::id()).unwrap(), SIGKILL) };
            98
        }
        End::Exec => {
            let arguments = [c"/bin/true".as_ptr(), std::ptr::null()];
            // SAFETY: texts that end in NUL, and a list that ends in null.
            unsafe { execv(c"/bin/true".as_ptr(), arguments.as_ptr()) };
            97
        }
        End::Nested => forked(|| look_around(engine, wallet, dir)).unwrap_or(96),
        End::Dropped => {
            // SAFETY: this process never comes back to the owner of the original.
            drop(unsafe { std::ptr::read(engine) });
            0
        }
    }
}

/// One round: so many forks in the middle of a storm.
pub(crate) fn round(site: &mut Site, name: &str, forks: usize, numbers: &mut Numbers, tally: &mut Tally) {
    let (engine, diary, wallets) = (site.open(), Diary::default(), site.wallets.clone());
    storm(&engine, &wallets, name, numbers.next(), &diary, || {
        for number in 0..forks {
            let end = ENDS[number % ENDS.len()];
            let seen = forked(|| child(end, &engine, wallets[0], site.dir()));
            if seen != Some(if end == End::Killed { -SIGKILL } else { 0 }) {
                tally.violations.push(format!("{end:?}: a child ended with {seen:?}"));
            }
            diary.await_answers(numbers.below(6));
        }
    });
    for (code, times) in diary.detections() {
        tally.violations.push(format!("{code} {times} times in the parent"));
    }
    engine.close(PATIENCE).unwrap();
    drop(engine);
    let engine = site.open();
    site.judge(&engine, &diary.said(), numbers, tally);
    engine.close(PATIENCE).unwrap();
}

#[test]
fn a_fork_during_a_storm_is_refused_in_the_child_and_harmless_in_the_parent() {
    let (seed, mut tally, mut site) = (17, Tally::default(), Site::new());
    let mut numbers = Numbers(seed);
    for number in 0..3 {
        round(&mut site, &format!("f{number}"), 10, &mut numbers, &mut tally);
    }
    let engine = site.open();
    site.settle(&engine, &mut tally);
    assert_clean(&tally, seed);
}
