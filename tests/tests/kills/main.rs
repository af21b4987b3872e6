//! Goal: a process that is killed at any moment loses nothing it acknowledged,
//! doubles nothing, and leaves a file that the next one carries on with.
//! Method: real children (this program run again) under a storm of money
//! operations from four threads, killed by `SIGKILL` at a seeded moment or at
//! each named failpoint of the core; the parent re-opens the file and holds
//! every acknowledgement, every balance and the book of a biller that outlives
//! the kill against it. `make torture KILLS=n` does it in numbers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    reason = "a test fails by panicking, and torture prints its figures"
)]

mod biller;
mod child;
mod op;
mod orphans;
mod site;
mod zombies;

use child::Victim;
use fusepay_core::{FusePay, PaymentStatus};
use fusepay_tests::source::sources;
use op::Numbers;
use site::{Site, Tally};
use std::path::Path;
use std::time::{Duration, Instant};

#[test]
fn a_child_rages_until_it_is_killed() {
    child::run();
}

/// Every failpoint of the core, as the sources have them.
fn failpoints() -> Vec<String> {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fusepay-core/src");
    let mut names = Vec::new();
    for source in sources(&core).iter().filter(|source| source.path != "failpoint.rs") {
        let marks = source.text.split("failpoint!(\"").skip(1);
        names.extend(marks.map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    assert!(names.len() >= 30, "{names:?}");
    names
}

/// A visit of a failpoint that a storm comes to soon.
fn visit(name: &str, numbers: &mut Numbers) -> u64 {
    match name.split('.').next().unwrap() {
        "writer" => 1 + numbers.below(150),
        "call" | "outcome" | "worker" => 1 + numbers.below(20),
        "open" | "close" => 1 + numbers.below(2),
        _ => 1,
    }
}

fn pause(numbers: &mut Numbers, micros_max: u64) {
    std::thread::sleep(Duration::from_micros(numbers.below(micros_max)));
}

/// Kills a child at a moment of its life, and answers what it had said.
fn kill_at_random(site: &Site, name: &str, numbers: &mut Numbers) -> Vec<String> {
    let victim = Victim::start(site.dir(), &site.storm(name, numbers.next()), None);
    match numbers.below(10) {
        0 => pause(numbers, 40_000),
        1 => {
            victim.hear("OPENING");
            pause(numbers, 20_000);
        }
        2 => {
            victim.hear("SAVING");
            pause(numbers, 20_000);
        }
        3 | 4 => {
            victim.hear("CLOSING");
            pause(numbers, 40_000);
        }
        _ => {
            victim.hear("OPEN");
            pause(numbers, 150_000);
        }
    }
    victim.kill()
}

/// One kill of the random kind, judged.
fn random_round(site: &mut Site, name: &str, numbers: &mut Numbers, tally: &mut Tally) -> FusePay {
    let said = kill_at_random(site, name, numbers);
    tally.kills += 1;
    let engine = site.open();
    site.judge(&engine, &said, numbers, tally);
    engine
}

/// One kill at a failpoint, judged. Points of recovery need a process that died
/// in a call before; points of migration a directory without a file.
fn failpoint_round(site: &mut Site, name: &str, point: &str, numbers: &mut Numbers, tally: &mut Tally) -> FusePay {
    let mut said = Vec::new();
    let room = point.split('.').next().unwrap();
    if matches!(room, "open" | "recovery" | "checkpoint") {
        let first = Victim::start(site.dir(), &site.storm(&format!("{name}-first"), numbers.next()), None);
        first.hear("HANG");
        said.extend(first.kill());
        tally.kills += 1;
    }
    let is_birth = room == "migration";
    let mut bare = if is_birth { Some(Site::bare()) } else { None };
    let place = bare.as_ref().unwrap_or(site);
    let wish = format!("{point}={}", visit(point, numbers));
    let victim = Victim::start(place.dir(), &place.storm(name, numbers.next()), Some(&wish));
    said.extend(victim.await_death(&format!("{wish} was never reached")));
    tally.kills += 1;
    *tally.at_failpoints.entry(point.to_owned()).or_default() += 1;
    if let Some(bare) = &mut bare {
        bare.settle_in();
        let engine = bare.open();
        bare.judge(&engine, &said, numbers, tally);
        said.clear();
    }
    let engine = site.open();
    site.judge(&engine, &said, numbers, tally);
    engine
}

/// Two children on one file, killed one after the other.
fn pair_round(site: &mut Site, name: &str, numbers: &mut Numbers, tally: &mut Tally) -> FusePay {
    let names = [format!("{name}-one"), format!("{name}-two")];
    let [first, second] = names.map(|name| Victim::start(site.dir(), &site.storm(&name, numbers.next()), None));
    first.hear("OPEN");
    second.hear("OPEN");
    pause(numbers, 100_000);
    let mut said = first.kill();
    pause(numbers, 100_000);
    said.extend(second.kill());
    tally.kills += 2;
    let engine = site.open();
    site.judge(&engine, &said, numbers, tally);
    engine
}

/// A child dies in its calls while this process has the file open: how long
/// until its payments are taken up here?
fn orphan_round(site: &mut Site, name: &str, numbers: &mut Numbers, tally: &mut Tally) -> FusePay {
    let engine = site.open();
    let victim = Victim::start(site.dir(), &site.storm(name, numbers.next()), None);
    victim.hear("HANG");
    pause(numbers, 60_000);
    let killed = Instant::now();
    let said = victim.kill();
    tally.kills += 1;
    let hung: Vec<&str> = said.iter().filter_map(|line| line.strip_prefix("HANG ")).collect();
    let in_flight = engine.bill().list_by_status(PaymentStatus::Processing, None, 500).unwrap();
    let mut waiting: Vec<_> = in_flight.iter().filter(|payment| hung.contains(&payment.request_id.as_str())).collect();
    while !waiting.is_empty() && killed.elapsed() < child::PATIENCE {
        waiting.retain(|payment| {
            let is_resumed = engine.bill().explain(payment.id).unwrap().payment.status != PaymentStatus::Processing;
            if is_resumed {
                tally.orphans.push(killed.elapsed());
            }
            !is_resumed
        });
        std::thread::sleep(Duration::from_millis(1));
    }
    if !waiting.is_empty() {
        tally.violations.push(format!("orphans were never resumed: {waiting:?}"));
    }
    site.judge(&engine, &said, numbers, tally);
    engine
}

#[track_caller]
fn assert_clean(tally: &Tally, seed: u64) {
    let shown: Vec<&String> = tally.violations.iter().take(10).collect();
    assert!(tally.violations.is_empty(), "seed {seed}: {} violations, {shown:#?}", tally.violations.len());
    assert_eq!((tally.lost, tally.doubled), (0, 0), "seed {seed}: {tally:?}");
}

#[test]
fn a_kill_at_every_named_point_loses_and_doubles_nothing() {
    let (seed, mut tally, mut site) = (4, Tally::default(), Site::new());
    let mut numbers = Numbers(seed);
    for (number, point) in failpoints().iter().enumerate() {
        let engine = failpoint_round(&mut site, &format!("f{number}"), point, &mut numbers, &mut tally);
        engine.close(child::PATIENCE).unwrap();
    }
    let engine = site.open();
    site.settle(&engine, &mut tally);
    assert_clean(&tally, seed);
    assert!(tally.at_failpoints.len() >= 30, "{tally:?}");
}

#[test]
fn kills_at_random_moments_lose_and_double_nothing() {
    let (seed, mut tally, mut site) = (5, Tally::default(), Site::new());
    let mut numbers = Numbers(seed);
    for number in 0..12 {
        let name = format!("r{number}");
        let engine = match number % 6 {
            4 => pair_round(&mut site, &name, &mut numbers, &mut tally),
            5 => orphan_round(&mut site, &name, &mut numbers, &mut tally),
            _ => random_round(&mut site, &name, &mut numbers, &mut tally),
        };
        if number == 11 {
            site.settle(&engine, &mut tally);
        }
        engine.close(child::PATIENCE).unwrap();
    }
    assert_clean(&tally, seed);
    assert!(tally.acknowledged > 100, "{tally:?}");
}

// ---------------------------------------------------------------- torture

/// Files are given up after so many kills, or their histories would be what takes the time.
const KILLS_PER_SITE: u64 = 24;

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
#[ignore = "long: make torture KILLS=n"]
fn torture() {
    let (kills, seed) = (from_environment("KILLS", 100), from_environment("SEED", 1));
    let (mut tally, mut numbers, points) = (Tally::default(), Numbers(seed), failpoints());
    let began = Instant::now();
    while tally.kills < kills && tally.violations.is_empty() {
        let mut site = Site::new();
        let end = (tally.kills + KILLS_PER_SITE).min(kills);
        while tally.kills < end {
            let name = format!("k{}", tally.kills);
            let engine = match numbers.below(16) {
                0..6 => {
                    let point = numbers.pick(&points).clone();
                    failpoint_round(&mut site, &name, &point, &mut numbers, &mut tally)
                }
                6..8 => pair_round(&mut site, &name, &mut numbers, &mut tally),
                8..12 => orphan_round(&mut site, &name, &mut numbers, &mut tally),
                _ => random_round(&mut site, &name, &mut numbers, &mut tally),
            };
            if tally.kills >= end {
                site.settle(&engine, &mut tally);
            }
            engine.close(child::PATIENCE).unwrap();
        }
    }
    report(&mut tally, seed, began.elapsed());
    assert_clean(&tally, seed);
}

fn report(tally: &mut Tally, seed: u64, took: Duration) {
    let at_points: u64 = tally.at_failpoints.values().sum();
    println!("seed {seed}, {} s", took.as_secs());
    println!("kills {} ({at_points} at {} failpoints)", tally.kills, tally.at_failpoints.len());
    println!("acknowledged {}, refused {}, cut off {}", tally.acknowledged, tally.refused, tally.cut_off);
    println!("lost {}, doubled {}, violations {}", tally.lost, tally.doubled, tally.violations.len());
    println!("payments {}, under review {}, back-ups {}", tally.payments, tally.under_review, tally.backups);
    tally.orphans.sort();
    let late = tally.orphans.iter().filter(|took| **took > Duration::from_secs(1)).count();
    let at = |percent: usize| tally.orphans.get((tally.orphans.len() * percent / 100).min(tally.orphans.len() - 1));
    if !tally.orphans.is_empty() {
        let (count, last) = (tally.orphans.len(), tally.orphans.last());
        println!(
            "orphans {count}, resumed after {:?} (half), {:?} (99 %), {last:?} (all), over 1 s: {late}",
            at(50),
            at(99)
        );
    }
}
