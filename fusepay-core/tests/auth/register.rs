//! Registration: a user and a first wallet, or nothing.

use crate::{PASSWORD, START, code, error, house};
use fusepay_core::{Code, Currency, Registered, Registration, Result, Role, Secret, UserStatus};

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
