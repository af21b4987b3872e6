//! Goal: who comes in, who stays and who goes, through the host's and the
//! session's face. Method: one engine per test in a directory of its own, time
//! by a manual clock, randomness from a seed, hashes that cost nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use fusepay_core::{
    Answer, Auth, BillItem, Biller, Category, Clock, Code, Config, Currency, Error, FusePay, HashCost, HistoryFilter,
    HoldRequest, HoldStatus, JobId, KeyRing, Login, ManualClock, Money, MoneyRequest, PayBill, PayOutcome, PayRequest,
    PaymentId, PaymentStatus, PersonName, ProfileUpdate, Provider, QueryOutcome, QueryRequest, QuoteRequest,
    RefundRequest, RefundSource, Registered, Registration, Result, ReviewVerdict, Role, Secret, SeededEntropy,
    SessionId, TokenPolicy, Tokens, TransferRequest, UnixMillis, UserId, UserStatus, WalletId, WalletStatus,
    WorkerMode,
};
use std::sync::Arc;
use std::time::Duration;

const PASSWORD: &str = "seven blue lamps by the river";
const OTHER_PASSWORD: &str = "eleven green doors on a hill";
const START: UnixMillis = UnixMillis(1_760_000_000_000);
const MINUTE: u64 = 60_000;

struct Obliging;

impl Provider for Obliging {
    fn pay(&self, _: &PayRequest) -> Answer<PayOutcome> {
        PayOutcome::Pending { poll_after_ms: None }.into()
    }

    fn query(&self, _: &QueryRequest) -> Answer<QueryOutcome> {
        QueryOutcome::Pending { poll_after_ms: None }.into()
    }
}

fn key(seed: u8) -> Secret {
    Secret::new((0..32u8).map(|i| i.wrapping_mul(37).wrapping_add(seed)).collect::<Vec<_>>())
}

struct House {
    engine: FusePay,
    clock: Arc<ManualClock>,
    directory: tempfile::TempDir,
}

fn config(directory: &tempfile::TempDir, clock: &Arc<ManualClock>, seed: u64) -> Config {
    Config::new(directory.path().join("pay.db"), KeyRing::hs256("k1", key(1)).unwrap())
        .with_simulation(Arc::clone(clock) as Arc<dyn Clock>, Arc::new(SeededEntropy::new(seed)))
        .with_worker(WorkerMode::Manual)
        .with_hash_cost(HashCost::insecure_for_tests())
        .with_provider("p", Arc::new(Obliging))
}

fn house() -> House {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START));
    let engine = FusePay::open(config(&directory, &clock, 1)).unwrap();
    House { engine, clock, directory }
}

impl House {
    fn auth(&self) -> Auth<'_> {
        self.engine.auth()
    }

    fn register(&self, email: &str) -> Registered {
        self.auth().register(&Registration::new(email, "Ada", "Obi", PASSWORD)).unwrap()
    }

    fn login(&self, email: &str, password: &str) -> Result<Tokens> {
        self.auth().login(&Login::new(email, password))
    }

    /// A user of this role, logged in after it was given.
    fn staff(&self, email: &str, role: Role) -> Tokens {
        let registered = self.register(email);
        self.auth().set_role(registered.user.id, role).unwrap();
        self.login(email, PASSWORD).unwrap()
    }

    fn users(&self) -> usize {
        self.auth().list_users(None, 500).unwrap().users.len()
    }

    fn reopen(&mut self) {
        self.engine.close(Duration::from_secs(5)).unwrap();
        self.engine = FusePay::open(config(&self.directory, &self.clock, 2)).unwrap();
    }
}

fn code<T>(result: Result<T>) -> Result<(), Code> {
    result.map(drop).map_err(|error| error.code())
}

fn error<T>(result: Result<T>) -> Error {
    result.map(drop).unwrap_err()
}

fn ngn(minor: i64) -> Money {
    Money::new(minor, Currency::NGN)
}

#[test]
fn a_registered_user_has_a_wallet_and_can_log_in() {
    let house = house();
    let registered = house.register("Ada@Example.com");
    assert_eq!(registered.user.email, "ada@example.com");
    assert_eq!((registered.user.role, registered.user.status), (Role::User, UserStatus::Active));
    assert_eq!((registered.wallet.user_id, registered.wallet.currency), (registered.user.id, Currency::NGN));
    assert_eq!(house.engine.wallet().list(registered.user.id).unwrap(), [registered.wallet]);
    let tokens = house.login("ADA@example.COM", PASSWORD).unwrap();
    assert_eq!(tokens.user_id, registered.user.id);
    assert_ne!(tokens.session_id, registered.tokens.session_id);
    for tokens in [&tokens, &registered.tokens] {
        let who = house.auth().verify(&tokens.access).unwrap();
        assert_eq!((who.user_id, who.session_id, who.role), (registered.user.id, tokens.session_id, Role::User));
        assert_eq!(tokens.access_expires_at, START.plus(15 * 60_000));
    }
}

#[test]
fn one_address_in_every_case_at_once_becomes_one_user() {
    let house = house();
    let registered: Vec<Result<Registered>> = std::thread::scope(|scope| {
        let emails = ["ada@example.com", "ADA@EXAMPLE.COM", "Ada@example.com", "ada@Example.Com"];
        let threads: Vec<_> = emails
            .into_iter()
            .cycle()
            .take(12)
            .map(|email| {
                let auth = house.auth();
                scope.spawn(move || auth.register(&Registration::new(email, "Ada", "Obi", PASSWORD)))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(registered.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(registered.into_iter().all(|result| matches!(code(result), Ok(()) | Err(Code::EmailTaken))));
    assert_eq!(house.users(), 1);
    let user = house.auth().list_users(None, 1).unwrap().users[0].id;
    assert_eq!(house.engine.wallet().list(user).unwrap().len(), 1);
}

#[test]
fn a_refused_registration_leaves_nothing() {
    let house = house();
    let fine = || Registration::new("ada@example.com", "Ada", "Obi", PASSWORD);
    let with = |change: fn(&mut Registration)| {
        let mut registration = fine();
        change(&mut registration);
        house.auth().register(&registration)
    };
    type Change = fn(&mut Registration);
    let cases: [(Change, Code, &str); 16] = [
        (|r| r.email = "ada".into(), Code::InvalidEmail, "email"),
        (|r| r.email = "ada\u{ff20}example.com".into(), Code::InvalidEmail, "email"),
        (|r| r.email = "x".repeat(10_000_000), Code::InvalidEmail, "email"),
        (|r| r.first_name = String::new(), Code::InvalidArgument, "first_name"),
        (|r| r.first_name = "x".repeat(51), Code::TooLong, "first_name"),
        (|r| r.last_name = "O\u{202e}bi".into(), Code::InvalidArgument, "last_name"),
        (|r| r.password = "fourteen chars".into(), Code::WeakPassword, "password"),
        (|r| r.password = "passwordpassword".into(), Code::WeakPassword, "password"),
        (|r| r.password = "fusepayfusepay1".into(), Code::WeakPassword, "password"),
        (|r| r.password = "ada@example.com1".into(), Code::WeakPassword, "password"),
        (|r| r.password = "correct horse\0battery".into(), Code::InvalidArgument, "password"),
        (|r| r.password = Secret::new([0xff; 20]), Code::InvalidArgument, "password"),
        (|r| r.password = "ab ".repeat(400).into(), Code::WeakPassword, "password"),
        (|r| r.wallet_label = "x".repeat(101), Code::TooLong, "label"),
        (|r| r.device = "x".repeat(101), Code::TooLong, "device"),
        (|r| r.device = "a\nb".into(), Code::InvalidArgument, "device"),
    ];
    for (change, expected, field) in cases {
        let error = error(with(change));
        assert_eq!((error.code(), error.field_name()), (expected, Some(field)));
    }
    assert_eq!(house.users(), 0);
    house.auth().register(&fine().with_wallet_label("main").with_device("phone")).unwrap();
    assert_eq!(error(house.auth().register(&fine())).code(), Code::EmailTaken);
    assert_eq!(house.users(), 1);
}

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

/// Everything that must end a session ends its tokens at the next call, and
/// leaves another user's alone.
#[test]
fn every_cause_of_revocation_ends_the_tokens_at_the_next_call() {
    type Cause = fn(&House, &Registered);
    let causes: [(&str, Cause); 10] = [
        ("logout", |h, r| h.auth().logout(&r.tokens.access).unwrap()),
        ("logout by session", |h, r| h.engine.session(&r.tokens.access).unwrap().logout().unwrap()),
        ("logout everywhere", |h, _| {
            let other = h.login("ada@example.com", PASSWORD).unwrap();
            h.auth().logout_everywhere(&other.access).unwrap();
        }),
        ("password change", |h, _| {
            let other = h.login("ada@example.com", PASSWORD).unwrap();
            h.auth().change_password(&other.access, &PASSWORD.into(), &OTHER_PASSWORD.into()).unwrap();
        }),
        ("deactivation", |h, r| drop(h.auth().deactivate(r.user.id).unwrap())),
        ("deactivation and back", |h, r| {
            h.auth().deactivate(r.user.id).unwrap();
            h.auth().reactivate(r.user.id).unwrap();
        }),
        ("role change", |h, r| drop(h.auth().set_role(r.user.id, Role::Auditor).unwrap())),
        ("host's kill", |h, r| h.auth().end_sessions(r.user.id).unwrap()),
        ("session revoked", |h, r| h.auth().revoke_session(r.tokens.session_id).unwrap()),
        ("refresh reuse", |h, r| {
            h.auth().refresh(&r.tokens.refresh).unwrap();
            h.clock.advance(11_000);
            assert_eq!(code(h.auth().refresh(&r.tokens.refresh)), Err(Code::InvalidToken));
        }),
    ];
    for (name, cause) in causes {
        let house = house();
        let (ada, eve) = (house.register("ada@example.com"), house.register("eve@example.com"));
        let session = house.engine.session(&ada.tokens.access).unwrap();
        assert!(session.profile().is_ok());
        cause(&house, &ada);
        assert_eq!(code(house.auth().verify(&ada.tokens.access)), Err(Code::InvalidToken), "{name}");
        assert_eq!(code(house.engine.session(&ada.tokens.access)), Err(Code::InvalidToken), "{name}");
        assert_eq!(code(session.profile()), Err(Code::InvalidToken), "{name}");
        assert_eq!(code(session.wallet().list()), Err(Code::InvalidToken), "{name}");
        assert_eq!(code(session.bill().billers(None, None, 1)), Err(Code::InvalidToken), "{name}");
        assert_eq!(code(session.operator()), Err(Code::InvalidToken), "{name}");
        assert_eq!(code(house.auth().refresh(&ada.tokens.refresh)), Err(Code::InvalidToken), "{name}");
        assert!(house.auth().verify(&eve.tokens.access).is_ok(), "{name}");
        assert!(house.auth().refresh(&eve.tokens.refresh).is_ok(), "{name}");
    }
}

#[test]
fn a_retired_key_takes_its_tokens_with_it() {
    let house = house();
    let ada = house.register("ada@example.com");
    house.auth().rotate_signing_key("k2", &key(2), START.plus(86_400_000)).unwrap();
    assert_eq!(code(house.auth().rotate_signing_key("k2", &key(3), START)), Err(Code::InvalidConfig));
    assert_eq!(code(house.auth().retire_key("k2")), Err(Code::NotAllowed));
    assert_eq!(code(house.auth().retire_key("k9")), Err(Code::NotFound));
    let session = house.engine.session(&ada.tokens.access).unwrap();
    let renewed = house.auth().refresh(&ada.tokens.refresh).unwrap();
    house.auth().retire_key("k1").unwrap();
    assert_eq!(code(session.principal()), Err(Code::InvalidToken));
    assert_eq!(code(house.auth().refresh(&ada.tokens.refresh)), Err(Code::InvalidToken));
    assert!(house.auth().verify(&renewed.access).is_ok());
    assert!(house.auth().refresh(&renewed.refresh).is_ok());
}

#[test]
fn a_spent_refresh_token_gets_its_successor_again_within_the_grace_and_then_ends_the_session() {
    let house = house();
    let ada = house.register("ada@example.com");
    let bystander = house.login("ada@example.com", PASSWORD).unwrap();
    let successors: Vec<Tokens> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..16).map(|_| scope.spawn(|| house.auth().refresh(&ada.tokens.refresh).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(successors.iter().all(|tokens| tokens.refresh == successors[0].refresh), "one lineage");
    house.clock.advance(10_000);
    let again = house.auth().refresh(&ada.tokens.refresh).unwrap();
    assert_eq!(again.refresh, successors[0].refresh);
    house.clock.advance(1);
    let next = house.auth().refresh(&again.refresh).unwrap();
    assert_ne!(next.refresh, again.refresh);
    // Two generations back: a thief, or the victim of one.
    assert_eq!(code(house.auth().refresh(&ada.tokens.refresh)), Err(Code::InvalidToken));
    assert_eq!(code(house.auth().verify(&next.access)), Err(Code::InvalidToken));
    assert_eq!(code(house.auth().refresh(&next.refresh)), Err(Code::InvalidToken));
    assert!(house.auth().refresh(&bystander.refresh).is_ok(), "another session is another family");
}

#[test]
fn tokens_end_by_time_and_do_not_stand_in_for_each_other() {
    let house = house();
    let ada = house.register("ada@example.com");
    let Tokens { access, refresh, .. } = &ada.tokens;
    for text in ["", "x", "a.b.c", &refresh[..], &format!("{access}x"), &access[1..]] {
        assert_eq!(code(house.auth().verify(text)), Err(Code::InvalidToken), "{text}");
    }
    for text in ["", "fpr_", &access[..], &format!("{refresh}A"), &refresh[..refresh.len() - 1]] {
        assert_eq!(code(house.auth().refresh(text)), Err(Code::InvalidToken), "{text}");
    }
    house.clock.set_wall(START.plus(-3_600_000));
    assert_eq!(code(house.auth().verify(access)), Err(Code::InvalidToken), "issued in the future");
    house.clock.set_wall(START);
    house.clock.advance(15 * MINUTE - 1);
    assert!(house.auth().verify(access).is_ok());
    house.clock.advance(1);
    assert_eq!(code(house.auth().verify(access)), Err(Code::InvalidToken));
    let renewed = house.auth().refresh(refresh).unwrap();
    house.clock.advance(30 * 24 * 60 * MINUTE);
    assert_eq!(code(house.auth().refresh(&renewed.refresh)), Err(Code::InvalidToken), "idle for 30 days");
}

#[test]
fn a_session_ends_ninety_days_after_it_began() {
    let house = house();
    let mut tokens = house.register("ada@example.com").tokens;
    for _ in 0..4 {
        house.clock.advance(20 * 24 * 60 * MINUTE);
        tokens = house.auth().refresh(&tokens.refresh).unwrap();
    }
    house.clock.advance(10 * 24 * 60 * MINUTE);
    assert_eq!(code(house.auth().refresh(&tokens.refresh)), Err(Code::InvalidToken));
    assert!(house.auth().sessions(tokens.user_id).unwrap().is_empty());
}

#[test]
fn no_refresh_survives_a_password_change() {
    let house = house();
    let ada = house.register("ada@example.com");
    let session = house.engine.session(&ada.tokens.access).unwrap();
    let artefacts: Vec<Tokens> = std::thread::scope(|scope| {
        let refreshing: Vec<_> = (0..4)
            .map(|_| {
                let mut tokens = house.login("ada@example.com", PASSWORD).unwrap();
                let house = &house;
                scope.spawn(move || {
                    let mut all = vec![tokens.clone()];
                    while let Ok(next) = house.auth().refresh(&tokens.refresh) {
                        all.push(next.clone());
                        tokens = next;
                    }
                    all
                })
            })
            .collect();
        session.change_password(&PASSWORD.into(), &OTHER_PASSWORD.into()).unwrap();
        refreshing.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    for tokens in artefacts {
        assert_eq!(code(house.auth().verify(&tokens.access)), Err(Code::InvalidToken));
        assert_eq!(code(house.auth().refresh(&tokens.refresh)), Err(Code::InvalidToken));
    }
}

#[test]
fn a_password_change_needs_the_current_one_and_counts_wrong_ones() {
    let house = house();
    let registration = Registration::new("ada@example.com", "Ada", "Obi", PASSWORD).with_device("phone");
    let ada = house.auth().register(&registration).unwrap();
    let session = house.engine.session(&ada.tokens.access).unwrap();
    let change = |current: &str, new: &str| session.change_password(&current.into(), &new.into());
    assert_eq!(code(change(PASSWORD, "short")), Err(Code::WeakPassword));
    assert_eq!(code(change(PASSWORD, "ada@example.com!")), Err(Code::WeakPassword));
    for _ in 0..5 {
        assert_eq!(code(change("not my password", OTHER_PASSWORD)), Err(Code::InvalidCredentials));
    }
    let locked = error(change(PASSWORD, OTHER_PASSWORD));
    assert_eq!((locked.code(), locked.retry_after_ms()), (Code::InvalidCredentials, Some(1_000)));
    assert_eq!(code(house.login("ada@example.com", PASSWORD)), Err(Code::InvalidCredentials), "one counter for both");
    house.clock.advance(1_000);
    let tokens = change(PASSWORD, OTHER_PASSWORD).unwrap();
    assert_eq!(code(session.profile()), Err(Code::InvalidToken));
    let sessions = house.auth().sessions(ada.user.id).unwrap();
    assert_eq!((sessions.len(), sessions[0].id, sessions[0].device.as_str()), (1, tokens.session_id, "phone"));
    assert!(house.auth().verify(&tokens.access).is_ok());
    assert_eq!(code(house.login("ada@example.com", PASSWORD)), Err(Code::InvalidCredentials));
    assert!(house.login("ada@example.com", OTHER_PASSWORD).is_ok());
}

#[test]
fn a_deactivated_user_is_refused_like_a_stranger_and_keeps_everything() {
    let house = house();
    let ada = house.register("ada@example.com");
    let wrong = error(house.login("nobody@example.com", PASSWORD));
    let gone = house.auth().deactivate(ada.user.id).unwrap();
    assert_eq!((gone.status, gone.version), (UserStatus::Deactivated, 2));
    assert_eq!(house.auth().deactivate(ada.user.id).unwrap(), gone);
    let refused = error(house.login("ada@example.com", PASSWORD));
    assert_eq!((refused.code(), refused.detail()), (wrong.code(), wrong.detail()));
    assert_eq!(house.engine.wallet().list(ada.user.id).unwrap().len(), 1);
    assert_eq!(
        code(house.auth().register(&Registration::new("ada@example.com", "A", "B", PASSWORD))),
        Err(Code::EmailTaken)
    );
    assert_eq!(house.auth().reactivate(ada.user.id).unwrap().status, UserStatus::Active);
    assert!(house.login("ada@example.com", PASSWORD).is_ok());
}

#[test]
fn a_profile_changes_by_version_and_grants_nothing() {
    let house = house();
    let ada = house.register("ada@example.com");
    let session = house.engine.session(&ada.tokens.access).unwrap();
    let change = |first: &str| ProfileUpdate::parse(Some(first), None).unwrap();
    let changed = session.update_profile(&change("Adaeze"), Some(1)).unwrap();
    assert_eq!((changed.first_name.as_str(), changed.last_name.as_str(), changed.version), ("Adaeze", "Obi", 2));
    assert_eq!(code(session.update_profile(&change("Ada"), Some(1))), Err(Code::Conflict));
    assert_eq!(session.update_profile(&change("Adaeze"), None).unwrap().version, 2, "no change");
    assert_eq!(session.profile().unwrap(), changed);
    assert_eq!(house.auth().update_profile(ada.user.id, &change("Ada"), None).unwrap().version, 3);
    assert_eq!(code(house.auth().find_user(UserId::from_bytes([9; 16]))), Err(Code::NotFound));
    assert!(PersonName::parse("first_name", "x").is_ok());
    assert!(house.auth().verify(&ada.tokens.access).is_ok(), "a name is no reason to end a session");
}

/// A user with money, a hold and a payment.
struct Estate {
    wallet: WalletId,
    hold: fusepay_core::HoldId,
    payment: PaymentId,
    tokens: Tokens,
    user: UserId,
}

fn estate(house: &House, email: &str) -> Estate {
    let registered = house.register(email);
    let wallet = registered.wallet.id;
    house.engine.wallet().fund(&MoneyRequest::new(wallet, ngn(100_000))).unwrap();
    let hold =
        house.engine.wallet().authorise(&HoldRequest::new(wallet, ngn(500), Duration::from_secs(3600))).unwrap().id;
    let item = BillItem::new("prepaid", "Prepaid", ngn(1), 1_000_000);
    let biller = Biller::new("disco", "Disco", Category::new("ELECTRICITY").unwrap(), "p");
    house.engine.bill().load_catalogue(&[(biller, vec![item])]).unwrap();
    let session = house.engine.session(&registered.tokens.access).unwrap();
    let payment = session.bill().pay(&PayBill::new(wallet, "disco", "prepaid", "45700000001", ngn(700))).unwrap().id;
    Estate { wallet, hold, payment, tokens: registered.tokens, user: registered.user.id }
}

#[test]
fn another_users_ids_answer_like_ids_of_nobody() {
    let house = house();
    let ada = estate(&house, "ada@example.com");
    let eve = estate(&house, "eve@example.com");
    let session = house.engine.session(&eve.tokens.access).unwrap();
    let random = Estate {
        wallet: WalletId::from_bytes([7; 16]),
        hold: fusepay_core::HoldId::from_bytes([7; 16]),
        payment: PaymentId::from_bytes([7; 16]),
        tokens: ada.tokens.clone(),
        user: UserId::from_bytes([7; 16]),
    };
    let answers = |of: &Estate, session_id: SessionId| -> Vec<(Code, String)> {
        let (wallet, bill) = (session.wallet(), session.bill());
        let quote = QuoteRequest::new(of.user, "disco", "prepaid", "45700000001", ngn(700));
        [
            wallet.find(of.wallet).map(drop),
            wallet.holds(of.wallet, HoldStatus::Active, 10).map(drop),
            wallet.find_hold(of.hold).map(drop),
            wallet.limits(of.wallet).map(drop),
            wallet.transfer(&TransferRequest::new(of.wallet, eve.wallet, ngn(1))).map(drop),
            bill.find(of.payment).map(drop),
            bill.refresh(of.payment, Duration::from_millis(1)).map(drop),
            bill.tokens(of.payment).map(drop),
            bill.list(of.wallet, None, 10).map(drop),
            bill.pay(&PayBill::new(of.wallet, "disco", "prepaid", "45700000001", ngn(700))).map(drop),
            bill.quote(&quote).map(drop),
            session.history().page(of.wallet, &HistoryFilter::new(), None, 10).map(drop),
            session.history().balance_at(of.wallet, START).map(drop),
            session.revoke_session(session_id),
        ]
        .into_iter()
        .map(|answer| answer.map_err(|error| (error.code(), error.detail().to_owned())).unwrap_err())
        .collect()
    };
    let foreign = answers(&ada, ada.tokens.session_id);
    assert_eq!(foreign, answers(&random, SessionId::from_bytes([7; 16])));
    assert!(foreign.iter().all(|(code, _)| *code == Code::NotFound), "{foreign:?}");
    assert!(house.auth().verify(&ada.tokens.access).is_ok());
    // What is theirs is there.
    assert_eq!(session.wallet().find(eve.wallet).unwrap().balance_minor, 99_300);
    assert_eq!(session.wallet().find_hold(eve.hold).unwrap().amount_minor, 500);
    assert_eq!(session.bill().find(eve.payment).unwrap().id, eve.payment);
    let second = session.wallet().create(Currency::NGN, "second").unwrap();
    session.wallet().transfer(&TransferRequest::new(eve.wallet, second.id, ngn(300))).unwrap();
    assert_eq!(session.wallet().list().unwrap().len(), 2);
    assert!(!session.history().page_of_all(&HistoryFilter::new(), None, 10).unwrap().lines.is_empty());
}

#[test]
fn roles_open_what_they_open_and_nothing_more() {
    let house = house();
    let ada = estate(&house, "ada@example.com");
    assert_eq!(code(house.engine.session(&ada.tokens.access).unwrap().operator()), Err(Code::Forbidden));
    for role in [Role::Operator, Role::Auditor, Role::Admin] {
        let tokens = house.staff(&format!("{role}@example.com"), role);
        let session = house.engine.session(&tokens.access).unwrap();
        let desk = session.operator().unwrap();
        assert!(desk.list_users(None, 10).is_ok());
        assert!(desk.search_users("ada", None, 10).is_ok());
        assert_eq!(desk.find_user(ada.user).unwrap().id, ada.user);
        assert_eq!(desk.find_payment(ada.payment).unwrap().id, ada.payment);
        assert_eq!(desk.explain_payment(ada.payment).unwrap().payment.id, ada.payment);
        assert_eq!(desk.list_payments(PaymentStatus::Pending, None, 10).unwrap().len(), 1);
        assert_eq!(desk.find_wallet(ada.wallet).unwrap().id, ada.wallet);
        assert!(desk.history(ada.wallet, &HistoryFilter::new(), None, 10).is_ok());
        assert_eq!(desk.list_wallets(ada.user).unwrap().len(), 1);
        assert!(desk.dead_letters(None, 10).is_ok() && desk.job_counts().is_ok());
        assert!(desk.open_claims(10).is_ok() && desk.open_suspense(10).is_ok());
        // Those who may get past the role, to an object that does not exist or is not in that state.
        let (nobody, no_payment) = (UserId::from_bytes([7; 16]), PaymentId::from_bytes([7; 16]));
        let refund = RefundRequest::new(no_payment, ngn(1), RefundSource::Host, "goodwill");
        let writes = [
            desk.refund(&refund).map(drop),
            desk.reverse(no_payment).map(drop),
            desk.resolve_review(no_payment, &ReviewVerdict::NotPaid, "seen").map(drop),
            desk.release_suspense(no_payment, None).map(drop),
            desk.retry_job(JobId(1_000)).map(drop),
            desk.resolve_job(JobId(1_000), "seen").map(drop),
            desk.set_wallet_status(WalletId::from_bytes([7; 16]), WalletStatus::Frozen).map(drop),
            desk.end_sessions(nobody),
        ];
        let expected = if role == Role::Auditor { Code::Forbidden } else { Code::NotFound };
        for write in writes {
            assert_eq!(code(write), Err(expected), "{role}");
        }
        let expected = if role == Role::Admin { Code::NotFound } else { Code::Forbidden };
        for write in [desk.deactivate(nobody), desk.reactivate(nobody), desk.set_role(nobody, Role::Admin)] {
            assert_eq!(code(write), Err(expected), "{role}");
        }
        // To the session itself an operator is a user like others.
        assert_eq!(code(session.bill().find(ada.payment)), Err(Code::NotFound));
        assert_eq!(
            code(desk.set_wallet_status(ada.wallet, WalletStatus::Closed)),
            if role == Role::Auditor { Err(Code::Forbidden) } else { Err(Code::InvalidArgument) }
        );
    }
}

#[test]
fn a_demotion_takes_effect_at_the_next_call() {
    let house = house();
    let tokens = house.staff("op@example.com", Role::Operator);
    let session = house.engine.session(&tokens.access).unwrap();
    let desk = session.operator().unwrap();
    assert!(desk.list_users(None, 10).is_ok());
    house.auth().set_role(tokens.user_id, Role::User).unwrap();
    assert_eq!(code(desk.list_users(None, 10)), Err(Code::InvalidToken), "the sessions of the old role are over");
    let again = house.login("op@example.com", PASSWORD).unwrap();
    assert_eq!(code(house.engine.session(&again.access).unwrap().operator()), Err(Code::Forbidden));
}

#[test]
fn the_last_admin_stays() {
    let house = house();
    let first = house.staff("first@example.com", Role::Admin);
    let session = house.engine.session(&first.access).unwrap();
    let desk = session.operator().unwrap();
    assert_eq!(code(desk.set_role(first.user_id, Role::User)), Err(Code::LastAdmin));
    assert_eq!(code(desk.deactivate(first.user_id)), Err(Code::LastAdmin));
    assert_eq!(code(house.auth().deactivate(first.user_id)), Err(Code::LastAdmin));
    assert_eq!(code(desk.set_role(first.user_id, Role::System)), Err(Code::InvalidArgument));
    let second = house.register("second@example.com").user.id;
    desk.set_role(second, Role::Admin).unwrap();
    // A deactivated admin is no admin to count on, and may lose the role.
    desk.deactivate(second).unwrap();
    assert_eq!(code(desk.set_role(first.user_id, Role::User)), Err(Code::LastAdmin));
    desk.set_role(second, Role::User).unwrap();
    desk.reactivate(second).unwrap();
    desk.set_role(second, Role::Admin).unwrap();
    assert!(desk.set_role(first.user_id, Role::User).is_ok());
}

#[test]
fn two_admins_who_demote_each_other_at_once_leave_one() {
    let house = house();
    let staff = [house.staff("a@example.com", Role::Admin), house.staff("b@example.com", Role::Admin)];
    std::thread::scope(|scope| {
        for (own, other) in [(0, 1), (1, 0)] {
            let (house, own, other) = (&house, staff[own].access.clone(), staff[other].user_id);
            scope.spawn(move || {
                let session = house.engine.session(&own)?;
                session.operator()?.set_role(other, Role::User)
            });
        }
    });
    let users = house.auth().list_users(None, 10).unwrap().users;
    assert_eq!(users.iter().filter(|user| user.role == Role::Admin).count(), 1);
}

#[test]
fn users_are_found_by_prefix_and_no_character_is_special() {
    let house = house();
    let people = [
        ("ada@example.com", "Ada", "Obi"),
        ("100%@example.com", "Per_Cent", "Ọ̀ṣun"),
        ("a_b@example.com", "50%", "Adewale"),
        ("back\\slash@example.com", "x", "y"),
        ("o'neil@example.com", "Sean", "O'Neil"),
    ];
    let mut registered = Vec::new();
    for (email, first, last) in people {
        house.clock.advance(1);
        if let Ok(new) = house.auth().register(&Registration::new(email, first, last, PASSWORD)) {
            registered.push(new.user.email);
        }
    }
    assert_eq!(registered, ["ada@example.com", "100%@example.com", "a_b@example.com", "o'neil@example.com"]);
    let found = |text: &str| -> Vec<String> {
        let page = house.auth().search_users(text, None, 10).unwrap();
        page.users.into_iter().map(|user| user.email).collect()
    };
    assert_eq!(found("ada"), ["ada@example.com"]);
    assert_eq!(found("ADE"), ["a_b@example.com"]);
    assert_eq!(found("ọ̀Ṣ"), ["100%@example.com"]);
    for text in ["%", "_", "%a", "a%", "*", "?", "\\", "d", "' OR 1=1 --", "'; DROP TABLE user; --"] {
        assert!(found(text).is_empty(), "{text}");
    }
    assert_eq!(found("100%"), ["100%@example.com"]);
    assert_eq!(found("50%"), ["a_b@example.com"]);
    assert_eq!(found("A_"), ["a_b@example.com"]);
    assert_eq!(found("o'"), ["o'neil@example.com"]);
    for (text, expected) in
        [("", Code::InvalidArgument), ("a\0", Code::InvalidArgument), (&"x".repeat(257), Code::TooLong)]
    {
        assert_eq!(code(house.auth().search_users(text, None, 10)), Err(expected));
    }
    for limit in [0, 501, u32::MAX] {
        assert_eq!(code(house.auth().list_users(None, limit)), Err(Code::InvalidArgument));
    }
    assert_eq!(code(house.auth().list_users(Some(UserId::from_bytes([7; 16])), 1)), Err(Code::InvalidCursor));
}

#[test]
fn pages_of_users_miss_nobody_and_repeat_nobody_though_all_came_at_once() {
    let house = house();
    let mut expected: Vec<UserId> = (0..7).map(|n| house.register(&format!("u{n}@example.com")).user.id).collect();
    expected.sort_unstable();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = house.auth().list_users(after, 3).unwrap();
        seen.extend(page.users.iter().map(|user| user.id));
        if seen.len() == 3 {
            // Somebody comes while the pages are turned.
            house.clock.advance(1);
            expected.push(house.register("late@example.com").user.id);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, expected);
}

#[test]
fn no_token_lies_in_the_file_and_none_is_printed() {
    let house = house();
    let ada = house.register("ada@example.com");
    let tokens = house.auth().refresh(&ada.tokens.refresh).unwrap();
    let printed = format!("{:?} {ada:?} {:?}", tokens, house.engine.session(&tokens.access).unwrap());
    let registration = format!("{:?}", Registration::new("ada@example.com", "Ada", "Obi", PASSWORD));
    let login = format!("{:?}", Login::new("ada@example.com", PASSWORD));
    for secret in [PASSWORD, &tokens.access, &tokens.refresh, &ada.tokens.access, &ada.tokens.refresh] {
        assert!(!printed.contains(secret) && !registration.contains(secret) && !login.contains(secret));
        for file in std::fs::read_dir(house.directory.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
}

#[test]
fn sessions_are_listed_while_they_live() {
    let house = house();
    let ada = house.register("ada@example.com");
    house.clock.advance(1);
    let phone = house.auth().login(&Login::new("ada@example.com", PASSWORD).with_device("phone")).unwrap();
    let session = house.engine.session(&phone.access).unwrap();
    let listed: Vec<(SessionId, String)> =
        session.sessions().unwrap().into_iter().map(|session| (session.id, session.device)).collect();
    assert_eq!(listed, [(phone.session_id, "phone".to_owned()), (ada.tokens.session_id, String::new())]);
    session.revoke_session(ada.tokens.session_id).unwrap();
    session.revoke_session(ada.tokens.session_id).unwrap();
    assert_eq!(session.sessions().unwrap().len(), 1);
    assert_eq!(code(house.auth().verify(&ada.tokens.access)), Err(Code::InvalidToken));
    session.logout_everywhere().unwrap();
    assert!(house.auth().sessions(ada.user.id).unwrap().is_empty());
}

#[test]
fn configuration_that_is_unsafe_does_not_open() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START));
    let fine = || config(&directory, &clock, 1);
    let mut long = TokenPolicy::new("iss", "aud");
    long.access_lifetime_s = 86_401;
    let mut loose = fusepay_core::LockoutPolicy::default();
    loose.free_failures = 0;
    for config in [fine().with_tokens(long), fine().with_lockout(loose), fine().with_hash_concurrency(0)] {
        assert_eq!(code(FusePay::open(config)), Err(Code::InvalidConfig));
    }
    assert_eq!(code(KeyRing::hs256("k", "your-secret-key".into())), Err(Code::InvalidConfig));
    assert!(FusePay::open(fine()).is_ok());
}

#[test]
fn a_closed_engine_answers_closed_to_everything() {
    let house = house();
    let ada = house.register("ada@example.com");
    let session = house.engine.session(&ada.tokens.access).unwrap();
    house.engine.close(Duration::from_secs(5)).unwrap();
    let registration = Registration::new("eve@example.com", "Eve", "Obi", PASSWORD);
    assert_eq!(code(house.auth().register(&registration)), Err(Code::Closed));
    assert_eq!(code(house.login("ada@example.com", PASSWORD)), Err(Code::Closed));
    assert_eq!(code(house.auth().refresh(&ada.tokens.refresh)), Err(Code::Closed));
    assert_eq!(code(house.auth().verify(&ada.tokens.access)), Err(Code::Closed));
    assert_eq!(code(house.auth().retire_key("k1")), Err(Code::Closed));
    assert_eq!(code(session.profile()), Err(Code::Closed));
}

/// Reads the closed file with SQL, as an auditor would.
fn rows(house: &House, sql: &str) -> Vec<String> {
    let file = rusqlite::Connection::open(house.directory.path().join("pay.db")).unwrap();
    let mut statement = file.prepare(sql).unwrap();
    let found = statement.query_map([], |row| row.get(0)).unwrap();
    found.map(|text| text.unwrap()).collect()
}

#[test]
fn everything_leaves_an_event_and_an_audit_link_and_refusals_are_told_apart() {
    let house = house();
    let ada = house.register("ada@example.com");
    let _ = house.login("ada@example.com", OTHER_PASSWORD);
    let _ = house.login("nobody@example.com", OTHER_PASSWORD);
    let tokens = house.login("ada@example.com", PASSWORD).unwrap();
    house.auth().update_profile(ada.user.id, &ProfileUpdate::parse(Some("Adaeze"), None).unwrap(), None).unwrap();
    house.auth().refresh(&tokens.refresh).unwrap();
    house.clock.advance(11_000);
    let _ = house.auth().refresh(&tokens.refresh);
    let _ = house.auth().refresh(&tokens.refresh);
    house.auth().change_password(&ada.tokens.access, &PASSWORD.into(), &OTHER_PASSWORD.into()).unwrap();
    house.auth().set_role(ada.user.id, Role::Operator).unwrap();
    house.auth().set_role(ada.user.id, Role::Operator).unwrap();
    house.auth().deactivate(ada.user.id).unwrap();
    house.auth().reactivate(ada.user.id).unwrap();
    house.auth().end_sessions(ada.user.id).unwrap();
    house.auth().rotate_signing_key("k2", &key(2), START).unwrap();
    house.auth().retire_key("k1").unwrap();
    house.engine.close(Duration::from_secs(5)).unwrap();
    let audit = rows(&house, "SELECT action || ' ' || success FROM audit ORDER BY sequence");
    assert_eq!(
        audit,
        [
            "auth.user.registered 1",
            "wallet.created 1",
            "auth.login.failed 0",
            "auth.login.failed 0",
            "auth.user.logged_in 1",
            "auth.user.updated 1",
            "auth.token.reused 0",
            "auth.password.changed 1",
            "auth.role.changed 1",
            "auth.user.deactivated 1",
            "auth.user.reactivated 1",
            "auth.user.logged_out 1",
            "auth.key.rotated 1",
            "auth.key.retired 1",
        ]
    );
    assert_eq!(rows(&house, "SELECT CAST(count(*) AS TEXT) FROM event"), ["12"], "keys are the host's own");
    let text = rows(&house, "SELECT group_concat(payload) FROM audit").concat();
    assert!(!text.contains("@example.com") && !text.contains(PASSWORD), "{text}");
    let hashes = rows(&house, "SELECT password_hash FROM user");
    assert!(hashes[0].starts_with("$argon2id$v=19$"), "{hashes:?}");
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
