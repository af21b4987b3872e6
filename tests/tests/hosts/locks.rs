//! Another SQLite in this process, and plain opens and closes of the files: each
//! drops the POSIX locks that our SQLite believes to hold. Meanwhile other
//! processes open and close the file, each of which may believe to be the last.

use crate::child::{Diary, PATIENCE, storm};
use crate::files::{SUFFIXES, assert_clean, beside};
use crate::op::Numbers;
use crate::second::SecondSqlite;
use crate::site::{Site, Tally};
use std::fs::File;
use std::process::{Command, Stdio};

const VISITED: &str = "FUSEPAY_TEST_VISITED";
const STRIPPERS: usize = 2;

/// Another process: opens the engine on the file, looks around, and closes it;
/// then plain SQLite does the same.
#[test]
fn another_process_visits() {
    let Ok(dir) = std::env::var(VISITED) else { return };
    let dir = std::path::PathBuf::from(dir);
    let biller = crate::biller::FileBiller::new(&dir);
    let engine = fusepay_core::FusePay::open(crate::site::config(&dir, biller)).unwrap();
    assert!(engine.verify().unwrap().is_sound);
    engine.close(PATIENCE).unwrap();
    let plain = rusqlite::Connection::open(dir.join("money.db")).unwrap();
    plain.query_row("SELECT count(*) FROM posting", [], |row| row.get::<_, i64>(0)).unwrap();
    plain.close().unwrap();
}

/// What the strippers did.
#[derive(Debug, Default)]
pub(crate) struct Stripped {
    pub(crate) closes: u64,
    /// Visits of the second copy that read the file.
    pub(crate) visits: u64,
}

pub(crate) fn round(site: &mut Site, name: &str, visitors: u64, numbers: &mut Numbers, tally: &mut Tally) -> Stripped {
    let (engine, diary, wallets) = (site.open(), Diary::default(), site.wallets.clone());
    let (second, database) = (SecondSqlite::load(), beside(site, ""));
    let strip = |stripped: &mut Stripped| {
        while !diary.is_over() {
            SUFFIXES.iter().for_each(|suffix| drop(File::open(beside(site, suffix))));
            stripped.closes += 4;
            if let Some(second) = second {
                stripped.visits += u64::from(second.visit(&database) == 0);
            }
            std::thread::yield_now();
        }
    };
    let mut all = Stripped::default();
    std::thread::scope(|scope| {
        let strippers: Vec<_> = (0..STRIPPERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut stripped = Stripped::default();
                    strip(&mut stripped);
                    stripped
                })
            })
            .collect();
        storm(&engine, &wallets, name, numbers.next(), &diary, || {
            // Alone with the second copy: long enough for the rare meeting of its
            // read with a commit.
            diary.await_answers(if visitors == 0 { 300 } else { 1 });
            for _ in 0..visitors {
                let status = Command::new(std::env::current_exe().unwrap())
                    .args(["--exact", "locks::another_process_visits", "--test-threads=1"])
                    .env(VISITED, site.dir())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .status();
                if !status.unwrap().success() {
                    tally.violations.push("a visitor found the file unsound".to_owned());
                }
                diary.await_answers(10);
            }
        });
        for stripper in strippers {
            let stripped = stripper.join().unwrap();
            all.closes += stripped.closes;
            all.visits += stripped.visits;
        }
    });
    for (code, times) in diary.detections() {
        tally.violations.push(format!("{code} {times} times, and every file is in its place"));
    }
    engine.close(PATIENCE).unwrap();
    drop(engine);
    let engine = site.open();
    site.judge(&engine, &diary.said(), numbers, tally);
    engine.close(PATIENCE).unwrap();
    all
}

#[test]
fn a_second_sqlite_that_strips_the_locks_during_a_storm_loses_nothing() {
    let (seed, mut tally, mut site) = (16, Tally::default(), Site::new());
    let mut numbers = Numbers(seed);
    for (number, visitors) in [2, 0, 2, 0].into_iter().enumerate() {
        let stripped = round(&mut site, &format!("l{number}"), visitors, &mut numbers, &mut tally);
        assert!(stripped.closes > 20, "{stripped:?}");
        assert!(SecondSqlite::load().is_none() || stripped.visits > 5, "{stripped:?}");
    }
    let engine = site.open();
    site.settle(&engine, &mut tally);
    assert_clean(&tally, seed);
}
