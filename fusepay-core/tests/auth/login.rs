//! Logging in: right and wrong passwords, lock-outs, hashes.

use crate::{OTHER_PASSWORD, PASSWORD, START, code, config, error, house};
use fusepay_core::{Code, Error, FusePay, HashCost, Login, Registration, Secret};
use std::time::Duration;

#[test]
fn ten_bad_log_ins_lock_known_and_unknown_names_alike() {
    let house = house();
    house.register("ada@example.com");
    let fail = |email: &str| {
        let before = house.auth().hash_evaluations();
        let error = error(house.login(email, "not the password at all"));
        assert_eq!(house.auth().hash_evaluations(), before + 1, "one hash, whatever there is to check");
        (error.code(), error.detail().to_owned(), error.field_name().map(str::to_owned), error.retry_after_ms())
    };
    let mut waits = Vec::new();
    for _ in 0..10 {
        let (known, unknown) = (fail("ada@example.com"), fail("nobody@example.com"));
        assert_eq!(known, unknown);
        waits.push(known.3);
        assert_eq!(known.0, Code::InvalidCredentials);
        house.clock.advance(known.3.unwrap_or(0).min(16_000).unsigned_abs());
    }
    let short = [None, None, None, None, Some(1_000), Some(2_000), Some(4_000), Some(8_000), Some(16_000)];
    assert_eq!(waits[..9], short);
    assert_eq!(waits[9], Some(1_800_000));
    // Locked: the right password is refused in the same words, after the same work.
    let before = house.auth().hash_evaluations();
    let locked = error(house.login("ada@example.com", PASSWORD));
    assert_eq!((locked.code(), locked.retry_after_ms()), (Code::InvalidCredentials, Some(1_784_000)));
    assert_eq!(locked.detail(), fail("nobody@example.com").1);
    assert_eq!(house.auth().hash_evaluations(), before + 2);
    house.clock.advance(1_784_000);
    assert!(house.login("ada@example.com", PASSWORD).is_ok());
    // A success forgets everything.
    assert_eq!(fail("ada@example.com").3, None);
}

#[test]
fn a_lock_outlives_the_engine_and_a_jump_of_the_wall_clock() {
    let mut house = house();
    house.register("ada@example.com");
    for _ in 0..5 {
        assert_eq!(code(house.login("ada@example.com", OTHER_PASSWORD)), Err(Code::InvalidCredentials));
    }
    house.reopen();
    assert_eq!(error(house.login("ada@example.com", PASSWORD)).retry_after_ms(), Some(1_000));
    house.clock.set_wall(START.plus(3_600_000));
    assert_eq!(error(house.login("ada@example.com", PASSWORD)).retry_after_ms(), Some(1_000));
    house.clock.advance(1_000);
    assert!(house.login("ada@example.com", PASSWORD).is_ok());
}

#[test]
fn a_lock_is_no_longer_after_the_clock_went_back_between_two_opens() {
    let mut house = house();
    house.register("ada@example.com");
    for _ in 0..5 {
        let _ = house.login("ada@example.com", OTHER_PASSWORD);
    }
    house.clock.set_wall(START.plus(-30 * 86_400_000));
    house.reopen();
    let wait = error(house.login("ada@example.com", PASSWORD)).retry_after_ms().unwrap();
    assert!(wait <= 1_800_000, "{wait}");
}

#[test]
fn thirty_two_right_log_ins_at_once_all_get_in() {
    let house = house();
    let user = house.register("ada@example.com").user.id;
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| house.login("ada@example.com", PASSWORD).unwrap());
        }
    });
    assert_eq!(house.auth().sessions(user).unwrap().len(), 33);
}

#[test]
fn two_hundred_wrong_log_ins_at_once_check_five() {
    let house = house();
    house.register("ada@example.com");
    let answers: Vec<Error> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..200).map(|_| scope.spawn(|| error(house.login("ada@example.com", OTHER_PASSWORD)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| answer.code() == Code::InvalidCredentials), "{answers:?}");
    // Only those who were checked learn of no wait yet; the fifth failure begins one.
    assert_eq!(answers.iter().filter(|answer| answer.retry_after_ms().is_none()).count(), 4);
    house.clock.advance(1_000);
    assert!(house.login("ada@example.com", PASSWORD).is_ok(), "five failures, not two hundred");
}

#[test]
fn passwords_that_differ_after_seventy_two_bytes_differ() {
    let house = house();
    let long: String = ('a'..='z').cycle().step_by(7).take(80).collect();
    let other = format!("{}!", &long[..79]);
    house.auth().register(&Registration::new("ada@example.com", "Ada", "Obi", long.as_str())).unwrap();
    assert_eq!(code(house.login("ada@example.com", &other)), Err(Code::InvalidCredentials));
    assert!(house.login("ada@example.com", &long).is_ok());
}

#[test]
fn a_malformed_name_or_password_is_refused_like_a_wrong_one() {
    let house = house();
    house.register("ada@example.com");
    let expected = error(house.login("ada@example.com", OTHER_PASSWORD));
    let big = "x".repeat(1_000_000);
    for (email, password) in [
        ("ada@example.com", Secret::from("")),
        ("ada@example.com", Secret::new([0xff, 0xfe])),
        ("ada@example.com", Secret::from(big.as_str())),
        ("", Secret::from(PASSWORD)),
        ("ada", Secret::from(PASSWORD)),
        (" ada@example.com", Secret::from(PASSWORD)),
        (big.as_str(), Secret::from(PASSWORD)),
    ] {
        let before = house.auth().hash_evaluations();
        let answer = error(house.auth().login(&Login::new(email, password)));
        assert_eq!((answer.code(), answer.detail()), (Code::InvalidCredentials, expected.detail()));
        assert_eq!(answer.field_name(), None);
        assert_eq!(house.auth().hash_evaluations(), before + 1);
    }
}

#[test]
fn a_hash_from_cheaper_days_is_replaced_at_log_in() {
    let mut house = house();
    house.register("ada@example.com");
    house.engine.close(Duration::from_secs(5)).unwrap();
    let dearer = HashCost::new(7_168, 5, 1).unwrap();
    house.engine = FusePay::open(config(&house.directory, &house.clock, 3).with_hash_cost(dearer)).unwrap();
    let logins: Vec<bool> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| house.login("ada@example.com", PASSWORD).is_ok())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(logins, [true; 4]);
    let before = house.auth().hash_evaluations();
    house.login("ada@example.com", PASSWORD).unwrap();
    assert_eq!(house.auth().hash_evaluations(), before + 1, "it is not weaker any more");
    let user = house.auth().list_users(None, 1).unwrap().users.remove(0);
    assert_eq!(user.version, 1, "the same password is no change of the user");
}

#[test]
fn a_planted_hash_is_no_way_in_and_no_way_to_stop_the_engine() {
    for planted in [
        "",
        "$",
        "$2b$12$abcdefghijklmnopqrstuv",
        "$argon2id$v=19$m=4294967295,t=4294967295,p=16777215$c2FsdHNhbHQ$dGFndGFndGFndGFn",
    ] {
        let mut house = house();
        house.register("ada@example.com");
        house.engine.close(Duration::from_secs(5)).unwrap();
        let file = rusqlite::Connection::open(house.directory.path().join("pay.db")).unwrap();
        file.execute("UPDATE user SET password_hash = ?1", [planted]).unwrap();
        drop(file);
        house.engine = FusePay::open(config(&house.directory, &house.clock, 4)).unwrap();
        assert_eq!(code(house.login("ada@example.com", PASSWORD)), Err(Code::InvalidCredentials), "{planted}");
    }
}

#[test]
fn a_guess_that_a_crash_cut_off_counts_as_a_failure_at_the_next_open() {
    let mut house = house();
    house.register("ada@example.com");
    for _ in 0..4 {
        let _ = house.login("ada@example.com", OTHER_PASSWORD);
    }
    house.engine.close(Duration::from_secs(5)).unwrap();
    let file = rusqlite::Connection::open(house.directory.path().join("pay.db")).unwrap();
    file.execute("UPDATE login_attempt SET reserved = 1, reserved_at_ms = updated_at_ms", []).unwrap();
    drop(file);
    house.engine = FusePay::open(config(&house.directory, &house.clock, 5)).unwrap();
    assert_eq!(error(house.login("ada@example.com", PASSWORD)).retry_after_ms(), Some(1_000));
    house.clock.advance(1_000);
    assert!(house.login("ada@example.com", PASSWORD).is_ok());
}
