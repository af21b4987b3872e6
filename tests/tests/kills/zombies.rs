//! Zombies: processes that are stopped (`SIGSTOP`) while another lives on the
//! file, and go on later. A stopped process is alive: it may still send. So what
//! it is about is neither asked for, nor sent again, nor given back meanwhile.

use crate::biller::FileBiller;
use crate::child::{ONE_STOPPED, PATIENCE, Victim};
use crate::op::Numbers;
use crate::site::{Site, Tally};
use crate::{assert_clean, from_environment, pause};
use fusepay_core::{FusePay, PaymentStatus};
use std::time::{Duration, Instant};

/// Longer than the survivor's look at who is dead, and its grace for "not found".
const STOP: Duration = Duration::from_millis(600);
/// Times a storm is stopped.
const STOPS: u32 = 6;

fn is_done(engine: &FusePay, request_id: &str) -> bool {
    let completed = engine.bill().list_by_status(PaymentStatus::Completed, None, 500).unwrap();
    completed.iter().any(|payment| payment.request_id == request_id)
}

/// Stopped in its call, before the biller has paid.
fn stopped_in_a_call(site: &mut Site, name: &str, numbers: &mut Numbers, tally: &mut Tally) {
    let (engine, biller) = (site.open(), FileBiller::new(site.dir()));
    let zombie = Victim::start(site.dir(), &site.storm(&format!("{ONE_STOPPED}-{name}"), numbers.next()), None);
    // This process may have been faster, and made the call itself.
    let Some(Some(request_id)) = zombie.hear_rest("HANG", Duration::from_secs(3)) else {
        let said = zombie.kill();
        tally.kills += 1;
        site.judge(&engine, &said, numbers, tally);
        return engine.close(PATIENCE).unwrap();
    };
    zombie.stop();
    std::thread::sleep(STOP);
    let facts = biller.facts(&request_id);
    if facts != ["SEND stopped"] {
        tally.violations.push(format!("while its owner was stopped: {facts:?}"));
    }
    let given_back = [PaymentStatus::Failed, PaymentStatus::Reversed]
        .map(|status| engine.bill().list_by_status(status, None, 500).unwrap())
        .concat();
    if given_back.iter().any(|payment| payment.request_id == request_id) {
        tally.violations.push(format!("{request_id} was given back while its owner was stopped"));
    }
    tally.stopped_calls += 1;
    biller.wake(&request_id);
    zombie.go_on();
    let end = Instant::now() + PATIENCE;
    while !is_done(&engine, &request_id) {
        if Instant::now() > end {
            tally.violations.push(format!("{request_id} was paid by its zombie, and is not completed"));
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let said = zombie.kill();
    tally.kills += 1;
    site.judge(&engine, &said, numbers, tally);
    engine.close(PATIENCE).unwrap();
}

/// Stopped anywhere in a storm, again and again: in commits, in waits, in calls.
fn stopped_in_a_storm(site: &mut Site, name: &str, numbers: &mut Numbers, tally: &mut Tally) {
    let engine = site.open();
    let zombie = Victim::start(site.dir(), &site.storm(name, numbers.next()), None);
    zombie.hear("OPEN");
    for _ in 0..STOPS {
        pause(numbers, 20_000);
        zombie.stop();
        pause(numbers, 120_000);
        zombie.go_on();
        tally.stops += 1;
    }
    let said = zombie.kill();
    tally.kills += 1;
    site.judge(&engine, &said, numbers, tally);
    engine.close(PATIENCE).unwrap();
}

fn haunt(rounds: u64, numbers: &mut Numbers, tally: &mut Tally) {
    let mut site = Site::new();
    for round in 0..rounds {
        stopped_in_a_call(&mut site, &format!("call-{round}"), numbers, tally);
        stopped_in_a_storm(&mut site, &format!("storm-{round}"), numbers, tally);
        if !tally.violations.is_empty() {
            return;
        }
    }
    let engine = site.open();
    site.settle(&engine, tally);
    engine.close(PATIENCE).unwrap();
}

#[test]
fn a_stopped_process_is_alive() {
    let (seed, mut tally) = (8, Tally::default());
    haunt(3, &mut Numbers(seed), &mut tally);
    assert_clean(&tally, seed);
    assert!(tally.stopped_calls > 0 && tally.stops > 0, "{tally:?}");
}

#[test]
#[ignore = "long: make zombies ROUNDS=n"]
fn zombies() {
    let (rounds, seed) = (from_environment("ROUNDS", 20), from_environment("SEED", 1));
    let (mut tally, mut numbers) = (Tally::default(), Numbers(seed));
    let began = Instant::now();
    haunt(rounds, &mut numbers, &mut tally);
    println!("stopped in calls {}, in storms {}", tally.stopped_calls, tally.stops);
    crate::report(&mut tally, seed, began.elapsed());
    assert_clean(&tally, seed);
}
