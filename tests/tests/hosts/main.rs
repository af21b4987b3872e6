//! Goal: whatever a host does to the files of a live engine (opens and closes
//! them with another SQLite, forks, moves, unlinks, replaces or cuts them),
//! nothing that was acknowledged is lost in silence: it is there, or from that
//! moment on nothing is acknowledged.
//! Method: a storm of money operations from four threads of this process while
//! the test meddles, seeded, many rounds; then the file is put right and opened
//! again, and the judge of the kills holds every acknowledgement, every balance
//! and the biller's book against it. `make hosts ROUNDS=n` does it in numbers.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    reason = "a test fails by panicking, and the long form prints its figures"
)]

#[path = "../kills/biller.rs"]
#[allow(dead_code, reason = "shared with the kills, which use all of it")]
mod biller;
mod child;
#[path = "../kills/op.rs"]
#[allow(dead_code, reason = "shared with the kills, which use all of it")]
mod op;
#[path = "../kills/site.rs"]
#[allow(dead_code, reason = "shared with the kills, which use all of it")]
mod site;

mod files;
mod fork;
mod locks;
mod second;

use op::Numbers;
use site::{Site, Tally};
use std::time::Instant;

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// All of it, over and over; each round on a file of its own.
#[test]
#[ignore = "long: make hosts ROUNDS=n"]
fn hosts() {
    let (rounds, seed) = (from_environment("ROUNDS", 20), from_environment("SEED", 1));
    let (mut tally, mut numbers, began) = (Tally::default(), Numbers(seed), Instant::now());
    let (mut detections, mut forks, mut closes, mut visits) = (0, 0, 0, 0);
    for round in 0..rounds {
        let mut site = Site::new();
        for suffix in files::SUFFIXES {
            for meddling in files::MEDDLINGS {
                let name = format!("m{round}{meddling:?}{suffix}");
                detections += files::round(&mut site, &name, (meddling, suffix), &mut numbers, &mut tally);
            }
        }
        for (number, cut) in files::CUTS.into_iter().enumerate() {
            detections += files::cut_round(&format!("c{round}-{number}"), cut, &mut numbers, &mut tally);
        }
        for visitors in [2, 0] {
            let name = format!("l{round}-{visitors}");
            let stripped = locks::round(&mut site, &name, visitors, &mut numbers, &mut tally);
            (closes, visits) = (closes + stripped.closes, visits + stripped.visits);
        }
        fork::round(&mut site, &format!("f{round}"), 20, &mut numbers, &mut tally);
        forks += 20;
        let engine = site.open();
        site.settle(&engine, &mut tally);
        engine.close(child::PATIENCE).unwrap();
        if !tally.violations.is_empty() {
            break;
        }
    }
    println!("seed {seed}, {} s, rounds {rounds}", began.elapsed().as_secs());
    println!("forks {forks}, lock-stripping closes {closes}, visits of a second SQLite {visits}");
    println!("acknowledged {}, cut off {}, payments {}", tally.acknowledged, tally.cut_off, tally.payments);
    println!("detections {detections}");
    println!("lost {}, doubled {}, violations {}", tally.lost, tally.doubled, tally.violations.len());
    files::assert_clean(&tally, seed);
}
