//! Files that are moved, unlinked, replaced or cut under a live engine.

use crate::biller::FileBiller;
use crate::child::{Diary, PATIENCE, storm};
use crate::op::Numbers;
use crate::site::{Site, Tally, config};
use fusepay_core::{Code, FusePay};
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) const SUFFIXES: [&str; 4] = ["", "-wal", "-shm", "-lock"];

/// What is done to one file, and undone again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meddling {
    /// Renamed away.
    Moved,
    /// Its name is removed.
    Unlinked,
    /// A copy of it is renamed over it.
    Replaced,
}

pub(crate) const MEDDLINGS: [Meddling; 3] = [Meddling::Moved, Meddling::Unlinked, Meddling::Replaced];

pub(crate) fn beside(site: &Site, suffix: &str) -> PathBuf {
    site.dir().join(format!("money.db{suffix}"))
}

impl Meddling {
    /// Meddles with the file; another name of it stays, so that it can be undone.
    fn begin(self, path: &Path, keep: &Path) {
        match self {
            Meddling::Moved => fs::rename(path, keep).unwrap(),
            Meddling::Unlinked => {
                fs::hard_link(path, keep).unwrap();
                fs::remove_file(path).unwrap();
            }
            Meddling::Replaced => {
                let copy = keep.with_extension("copy");
                fs::copy(path, &copy).unwrap();
                fs::hard_link(path, keep).unwrap();
                fs::rename(&copy, path).unwrap();
            }
        }
    }
}

/// One round: the file is gone for a while, then it is back. What was begun
/// meanwhile is not acknowledged, and everything else is kept.
pub(crate) fn round(
    site: &mut Site,
    name: &str,
    what: (Meddling, &str),
    numbers: &mut Numbers,
    tally: &mut Tally,
) -> u64 {
    let (meddling, suffix) = what;
    let (engine, diary) = (site.open(), Diary::default());
    let (path, keep) = (beside(site, suffix), site.dir().join("keep"));
    let wallets = site.wallets.clone();
    storm(&engine, &wallets, name, numbers.next(), &diary, || {
        diary.await_answers(1 + numbers.below(60));
        meddling.begin(&path, &keep);
        diary.begin_meddling();
        diary.await_answers(30);
        diary.end_meddling();
        fs::rename(&keep, &path).unwrap();
        diary.await_answers(10);
    });
    close(engine, tally);
    for blind in diary.blind() {
        tally.violations.push(format!("{meddling:?} {suffix}: acknowledged into a file that is not there: {blind}"));
    }
    if diary.detected() == 0 {
        tally.violations.push(format!("{meddling:?} {suffix}: nobody was told"));
    }
    let engine = site.open();
    site.judge(&engine, &diary.said(), numbers, tally);
    engine.close(PATIENCE).unwrap();
    diary.detected()
}

/// Closes an engine that may be in doubt, or whose file is not there: it can't
/// say goodbye to it then, and has let go of it.
fn close(engine: FusePay, tally: &mut Tally) {
    match engine.close(PATIENCE) {
        Ok(()) => {}
        Err(error) if matches!(error.code(), Code::Poisoned | Code::UnsafeFile) => {}
        Err(error) => tally.violations.push(format!("close answers {error:?}")),
    }
}

/// What is cut off a file, and is not put back.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cut {
    Whole,
    Half,
}

pub(crate) const CUTS: [(Cut, &str); 3] = [(Cut::Whole, "-wal"), (Cut::Half, "-wal"), (Cut::Half, "")];

/// One round: what lies in the file is destroyed, and from then on nothing is
/// acknowledged; the next open answers, one way or the other.
pub(crate) fn cut_round(name: &str, what: (Cut, &str), numbers: &mut Numbers, tally: &mut Tally) -> u64 {
    let (cut, suffix) = what;
    let site = Site::new();
    let (engine, diary) = (site.open(), Diary::default());
    let path = beside(&site, suffix);
    storm(&engine, &site.wallets, name, numbers.next(), &diary, || {
        diary.await_answers(20 + numbers.below(60));
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        let bytes = file.metadata().unwrap().len();
        file.set_len(if matches!(cut, Cut::Whole) { 0 } else { bytes / 2 }).unwrap();
        // The group under way may have been answered before the cut.
        diary.await_answers(8);
        diary.begin_meddling();
        diary.await_answers(30);
    });
    for blind in diary.blind() {
        tally.violations.push(format!("{cut:?} {suffix}: acknowledged into a file that was cut: {blind}"));
    }
    if diary.detected() == 0 {
        tally.violations.push(format!("{cut:?} {suffix}: nobody was told"));
    }
    let _ = engine.close(PATIENCE);
    drop(engine);
    // Whatever is left: a typed error, a report, or an older state; no panic.
    if let Ok(engine) = FusePay::open(config(site.dir(), FileBiller::new(site.dir()))) {
        let _ = engine.verify();
        let _ = engine.close(PATIENCE);
    }
    diary.detected()
}

#[track_caller]
pub(crate) fn assert_clean(tally: &Tally, seed: u64) {
    let shown: Vec<&String> = tally.violations.iter().take(10).collect();
    assert!(tally.violations.is_empty(), "seed {seed}: {} violations, {shown:#?}", tally.violations.len());
    assert_eq!((tally.lost, tally.doubled), (0, 0), "seed {seed}: {tally:?}");
}

#[test]
fn nothing_is_acknowledged_into_a_file_that_was_moved_unlinked_or_replaced() {
    let (seed, mut tally, mut site) = (11, Tally::default(), Site::new());
    let mut numbers = Numbers(seed);
    for (number, suffix) in SUFFIXES.iter().enumerate() {
        for meddling in MEDDLINGS {
            let name = format!("m{number}{meddling:?}");
            round(&mut site, &name, (meddling, suffix), &mut numbers, &mut tally);
        }
    }
    let engine = site.open();
    site.settle(&engine, &mut tally);
    assert_clean(&tally, seed);
    assert!(tally.acknowledged > 100, "{tally:?}");
}

#[test]
fn nothing_is_acknowledged_into_a_file_that_was_cut_short() {
    let (seed, mut tally) = (12, Tally::default());
    let mut numbers = Numbers(seed);
    for (number, cut) in CUTS.into_iter().enumerate() {
        cut_round(&format!("c{number}"), cut, &mut numbers, &mut tally);
    }
    assert_clean(&tally, seed);
}

/// A file is gone for good, and the engine closes: what was acknowledged before
/// is there when it opens again.
#[test]
fn a_log_or_its_index_that_was_unlinked_for_good_takes_nothing_along() {
    let (seed, mut tally, mut site) = (13, Tally::default(), Site::new());
    let mut numbers = Numbers(seed);
    for suffix in ["-wal", "-shm", "-lock"] {
        let (engine, diary, wallets) = (site.open(), Diary::default(), site.wallets.clone());
        storm(&engine, &wallets, &format!("gone{suffix}"), numbers.next(), &diary, || {
            diary.await_answers(40);
            fs::remove_file(beside(&site, suffix)).unwrap();
            diary.await_answers(20);
        });
        close(engine, &mut tally);
        let engine = site.open();
        site.judge(&engine, &diary.said(), &mut numbers, &mut tally);
        engine.close(PATIENCE).unwrap();
    }
    let engine = site.open();
    site.settle(&engine, &mut tally);
    assert_clean(&tally, seed);
}

#[test]
fn a_database_whose_directory_was_moved_is_refused_until_it_is_back() {
    let (seed, mut tally, site) = (14, Tally::default(), Site::new());
    let (engine, diary) = (site.open(), Diary::default());
    let elsewhere = site.dir().with_extension("elsewhere");
    storm(&engine, &site.wallets, "dir", seed, &diary, || {
        diary.await_answers(20);
        fs::rename(site.dir(), &elsewhere).unwrap();
        diary.begin_meddling();
        diary.await_answers(30);
        diary.end_meddling();
        fs::rename(&elsewhere, site.dir()).unwrap();
    });
    close(engine, &mut tally);
    assert_eq!(diary.blind(), Vec::<String>::new());
    assert!(diary.detected() > 0);
    let engine = site.open();
    assert!(engine.verify().unwrap().is_sound);
    assert_clean(&tally, seed);
}

/// Two lives of one ledger at the same time, and one biller.
#[test]
fn a_copy_that_is_opened_beside_the_living_file_pays_nothing_twice() {
    let (seed, mut tally, mut site) = (15, Tally::default(), Site::new());
    let mut numbers = Numbers(seed);
    let (engine, diary, wallets) = (site.open(), Diary::default(), site.wallets.clone());
    storm(&engine, &wallets, "twin", numbers.next(), &diary, || {
        for number in 0..3 {
            diary.await_answers(30);
            let elsewhere = tempfile::tempdir().unwrap();
            engine.backup(&elsewhere.path().join("money.db")).unwrap();
            let twin = FusePay::open(config(elsewhere.path(), FileBiller::new(site.dir()))).unwrap();
            diary.await_answers(30);
            if !twin.verify().unwrap().is_sound {
                tally.violations.push(format!("copy {number} is not sound"));
            }
            twin.close(PATIENCE).unwrap();
        }
    });
    site.judge(&engine, &diary.said(), &mut numbers, &mut tally);
    site.settle(&engine, &mut tally);
    assert_clean(&tally, seed);
}
