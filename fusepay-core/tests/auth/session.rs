//! Tokens and sessions: how they begin, end, and stay secret.

use crate::{House, MINUTE, OTHER_PASSWORD, PASSWORD, START, code, error, house, key};
use fusepay_core::{Code, Login, Registered, Registration, Role, SessionId, Tokens};

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
