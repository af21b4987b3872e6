//! Orphans: payments whose process died in the middle of a provider call, while
//! another process lives on the file. How long until that one asks the provider?
//!
//! This process lives on, with its background worker; each victim is a process
//! of its own that hangs in one call, and may take up what another one left.
//! Time counts from just before the `SIGKILL` to the first query by anybody, the
//! victim's end included.

use crate::biller::FileBiller;
use crate::child::{ONE_CALL, PATIENCE, Victim};
use crate::op::Numbers;
use crate::site::{Site, Tally};
use crate::{assert_clean, from_environment, pause};
use std::time::{Duration, Instant, SystemTime};

/// Victims at a time: they start while others hang.
const TOGETHER: u64 = 4;
/// Files are given up after so many kills.
const KILLS_PER_SITE: u64 = 100;

/// So long a victim may need until it sends.
const LONGEST_START: Duration = Duration::from_secs(3);
/// After this an orphan counts as forgotten.
const LONGEST: Duration = Duration::from_secs(10);

/// Kills so many owners of calls on one file, and notes each delay in the tally.
fn bereave(kills: u64, numbers: &mut Numbers, tally: &mut Tally) {
    let mut site = Site::new();
    let (engine, biller) = (site.open(), FileBiller::new(site.dir()));
    let mut said = Vec::new();
    let end = tally.orphans.len() + usize::try_from(kills).unwrap();
    for batch in 0_u64.. {
        if tally.orphans.len() >= end || !tally.violations.is_empty() {
            break;
        }
        let start = |number: u64| {
            let name = format!("{ONE_CALL}-{batch}-{number}");
            Victim::start(site.dir(), &site.storm(&name, numbers.next()), None)
        };
        let victims: Vec<Victim> = (0..TOGETHER).map(start).collect();
        for victim in victims {
            // Another worker may have been faster: then it has nobody's call.
            let Some(Some(request_id)) = victim.hear_rest("HANG", LONGEST_START) else {
                said.extend(victim.kill());
                continue;
            };
            // Somewhere between two looks of the survivor.
            pause(numbers, 300_000);
            if biller.first_asked(&request_id).is_some() {
                tally.violations.push(format!("{request_id} was taken from an owner who lives"));
            }
            let (began, killed) = (Instant::now(), SystemTime::now());
            said.extend(victim.kill());
            tally.kills += 1;
            let first = loop {
                let first = biller.first_asked(&request_id);
                if first.is_some() || began.elapsed() > LONGEST {
                    break first;
                }
                std::thread::sleep(Duration::from_millis(1));
            };
            match first.map(|first| first.duration_since(killed)) {
                Some(Ok(took)) => tally.orphans.push(took),
                other => tally.violations.push(format!("{request_id} was not taken up: {other:?}")),
            }
        }
    }
    site.judge(&engine, &said, numbers, tally);
    site.settle(&engine, tally);
    engine.close(PATIENCE).unwrap();
}

#[test]
fn the_payment_of_a_process_killed_in_its_call_is_taken_up_by_who_lives() {
    let (seed, mut tally) = (6, Tally::default());
    bereave(6, &mut Numbers(seed), &mut tally);
    assert_clean(&tally, seed);
    // No bound on the time here: what else runs on the machine is not ours.
    assert!(tally.orphans.len() >= 6, "{tally:?}");
}

#[test]
#[ignore = "long: make orphans KILLS=n"]
fn orphans() {
    let (kills, seed) = (from_environment("KILLS", 500), from_environment("SEED", 1));
    let (mut tally, mut numbers) = (Tally::default(), Numbers(seed));
    let began = Instant::now();
    while tally.kills < kills && tally.violations.is_empty() {
        bereave(KILLS_PER_SITE.min(kills - tally.kills), &mut numbers, &mut tally);
    }
    crate::report(&mut tally, seed, began.elapsed());
    assert_clean(&tally, seed);
}
