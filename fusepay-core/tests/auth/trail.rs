//! What an unsafe or closed engine answers, and what everything leaves behind.

use crate::{House, OTHER_PASSWORD, PASSWORD, START, code, config, house, key};
use fusepay_core::{Code, FusePay, KeyRing, ManualClock, ProfileUpdate, Registration, Role, TokenPolicy};
use std::sync::Arc;
use std::time::Duration;

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
