//! Damage of a log that outlived its process, and of the index beside it.
//!
//! What is provable: SQLite reads a log up to the first frame whose checksum is
//! wrong, and only whole commits of it. So a damaged log is the same log cut off
//! at an earlier commit. The file can't tell that more was ever there; what it
//! answers must be exactly what was true after one of its commits, and a head of
//! the audit chain kept elsewhere must tell. The index is made anew from the log
//! by whoever opens a file that nobody has open: no damage of it shows.

use crate::harm::{Harm, Instead, PAGE, Part, SECTOR};
use crate::life::{self, Image};
use crate::sweep::{Counts, Numbers, sweep, sweep_with};
use crate::trial::{Bench, Outcome};

/// SQLite file format, section 4.1: the log's header, and a frame's.
const LOG_HEADER: usize = 32;
const FRAME: usize = 24 + PAGE;

/// Where each commit of the log ends, and so the length of the log up to it.
fn commits(log: &[u8]) -> Vec<usize> {
    let frames = (LOG_HEADER..).step_by(FRAME).take_while(|at| at + FRAME <= log.len());
    // A commit's last frame says how large the database is; all others say 0.
    frames.filter(|at| log[at + 4..at + 8] != [0; 4]).map(|at| at + FRAME).collect()
}

/// A bench that knows what was true after each commit of the log.
fn log_bench(image: &Image) -> Bench {
    let mut bench = Bench::new(image);
    let ends = commits(image.log.as_ref().unwrap());
    assert!(ends.len() > 10, "{} commits", ends.len());
    let lengths = std::iter::once(0).chain(ends.iter().copied().take(ends.len() - 1));
    bench.older = lengths
        .map(|length| {
            let mut shorter = image.clone();
            shorter.log.as_mut().unwrap().truncate(length);
            bench.answers_of(&shorter)
        })
        .collect();
    bench
}

/// Every so many frames, each torn, cut off and zeroed, and flipped this often.
fn damage_of_log(image: &Image, numbers: &mut Numbers, frames: usize, flips_per_frame: usize) -> Vec<Harm> {
    let length = image.log.as_ref().unwrap().len();
    let flip = |at, mask| Harm::Flip { part: Part::Log, at, mask };
    let mut harms: Vec<Harm> = (0..LOG_HEADER).map(|at| flip(at, 0x01)).collect();
    for frame in (LOG_HEADER..length).step_by(FRAME).step_by(frames) {
        let other = LOG_HEADER + FRAME * numbers.below(length / FRAME);
        for _ in 0..flips_per_frame {
            harms.push(flip(frame + numbers.below(24), *numbers.pick(&[0x01, 0x80, 0xff])));
            harms.push(flip(frame + 24 + numbers.below(PAGE), *numbers.pick(&[0x01, 0x80, 0xff])));
        }
        let cut = 24 + SECTOR * numbers.below(8);
        let instead = *numbers.pick(&[Instead::Zeros, Instead::BytesAt(other + cut)]);
        harms.push(Harm::Tear { part: Part::Log, at: frame + cut, length: FRAME - cut, instead });
        let whole = *numbers.pick(&[Instead::Zeros, Instead::BytesAt(other)]);
        harms.push(Harm::Tear { part: Part::Log, at: frame, length: FRAME, instead: whole });
        harms.push(Harm::Truncate { part: Part::Log, length: frame + numbers.below(FRAME) });
        harms.push(Harm::ZeroTail { part: Part::Log, from: frame + numbers.below(FRAME) });
    }
    harms
}

fn damage_of_index(image: &Image, numbers: &mut Numbers, flips: usize) -> Vec<Harm> {
    let length = image.index.as_ref().unwrap().len();
    let flip = |at, mask| Harm::Flip { part: Part::Index, at, mask };
    // The header and its copy, and the locks; then the hash table.
    let mut harms: Vec<Harm> = (0..136).step_by(if flips < 100 { 3 } else { 1 }).map(|at| flip(at, 0xff)).collect();
    harms.extend((0..flips).map(|_| flip(numbers.below(length), *numbers.pick(&[0x01, 0x80, 0xff]))));
    for length in [0, 1, 47, 48, 135, 136, 4_096, length - 1] {
        harms.push(Harm::Truncate { part: Part::Index, length });
        harms.push(Harm::ZeroTail { part: Part::Index, from: length });
    }
    harms
}

fn saw_older(counts: &Counts) {
    assert!(counts.by_outcome.keys().any(|outcome| matches!(outcome, Outcome::Older(_))), "no commit was lost");
}

#[test]
fn a_damaged_log_is_an_older_truth_and_a_kept_head_tells() {
    let image = life::cut_off();
    let mut numbers = Numbers(crate::seed());
    let harms = damage_of_log(&image, &mut numbers, 7, 1);
    let counts = sweep_with("log", &|| log_bench(&image), &harms);
    counts.assert_honest();
    saw_older(&counts);
}

#[test]
fn a_damaged_index_changes_nothing() {
    let image = life::cut_off();
    let mut numbers = Numbers(crate::seed());
    let harms = damage_of_index(&image, &mut numbers, 16);
    let counts = sweep("index", &image, &harms);
    counts.assert_honest();
    assert_eq!(counts.silent.len(), harms.len(), "{:?}", counts.by_outcome);
}

#[test]
#[ignore = "long: run by make damage"]
fn damaged_logs_and_databases_under_them_by_the_thousand() {
    let image = life::cut_off();
    let mut numbers = Numbers(crate::seed());
    let mut harms = damage_of_log(&image, &mut numbers, 1, 40);
    harms.extend(damage_of_index(&image, &mut numbers, 1_000));
    let flip = |at, mask| Harm::Flip { part: Part::Database, at, mask };
    harms.extend((0..image.database.len()).step_by(97).map(|at| flip(at, *numbers.pick(&[0x01, 0x80, 0xff]))));
    let counts = sweep_with("log, index and the database under them", &|| log_bench(&image), &harms);
    counts.assert_honest();
    saw_older(&counts);
}
