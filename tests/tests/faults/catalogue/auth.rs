//! Users and sessions, for the host.

use super::{Operation, reads, show, steps, writes};
use crate::stage::{ADA, NEXT_KEY, PASSWORD};
use fusepay_core::{Login, ProfileUpdate, Registration, Result, Role, Secret, Tokens};

pub(super) const NEW_PASSWORD: &str = "nine green boats on the lagoon";

/// Tokens don't show themselves; whose they are does.
pub(super) fn owner(tokens: Result<Tokens>) -> Result<String> {
    tokens.map(|tokens| format!("{} {} {}", tokens.user_id, tokens.session_id, tokens.access))
}

pub(super) fn operations() -> Vec<Operation> {
    [sessions(), users(), keys()].concat()
}

fn sessions() -> Vec<Operation> {
    vec![
        writes("auth.register", |s| {
            let request = Registration::new("eve@example.com", "Eve", "Obi", PASSWORD);
            s.engine.auth().register(&request).map(|made| format!("{:?} {:?}", made.user, made.wallet))
        }),
        steps("auth.login", |s| owner(s.engine.auth().login(&Login::new(ADA, PASSWORD)))),
        writes("auth.refresh", |s| owner(s.engine.auth().refresh(&s.cast.refresh))),
        reads("auth.verify", |s| show(s.engine.auth().verify(&s.cast.access))),
        writes("auth.logout", |s| show(s.engine.auth().logout(&s.cast.access))),
        writes("auth.logout_everywhere", |s| show(s.engine.auth().logout_everywhere(&s.cast.access))),
        steps("auth.change_password", |s| {
            let (old, new) = (Secret::from(PASSWORD), Secret::from(NEW_PASSWORD));
            owner(s.engine.auth().change_password(&s.cast.access, &old, &new))
        }),
        reads("auth.sessions", |s| show(s.engine.auth().sessions(s.cast.ada))),
        writes("auth.revoke_session", |s| show(s.engine.auth().revoke_session(s.cast.cyd_session))),
        writes("auth.end_sessions", |s| show(s.engine.auth().end_sessions(s.cast.cyd))),
    ]
}

fn users() -> Vec<Operation> {
    vec![
        reads("auth.find_user", |s| show(s.engine.auth().find_user(s.cast.ada))),
        writes("auth.update_profile", |s| {
            let change = ProfileUpdate::parse(Some("Adaora"), None).unwrap();
            show(s.engine.auth().update_profile(s.cast.ada, &change, None))
        }),
        reads("auth.list_users", |s| show(s.engine.auth().list_users(None, 10))),
        reads("auth.search_users", |s| show(s.engine.auth().search_users("ada", None, 10))),
        writes("auth.set_role", |s| show(s.engine.auth().set_role(s.cast.cyd, Role::Auditor))),
        writes("auth.deactivate", |s| show(s.engine.auth().deactivate(s.cast.cyd))),
        writes("auth.reactivate", |s| show(s.engine.auth().reactivate(s.cast.dee))),
    ]
}

fn keys() -> Vec<Operation> {
    vec![
        writes("auth.rotate_signing_key", |s| {
            let until = s.cast.at.plus(86_400_000);
            show(s.engine.auth().rotate_signing_key("next", &Secret::from(NEXT_KEY), until))
        }),
        writes("auth.retire_key", |s| show(s.engine.auth().retire_key("first"))).after_in_memory(|s| {
            let until = s.cast.at.plus(86_400_000);
            s.engine.auth().rotate_signing_key("next", &Secret::from(NEXT_KEY), until).unwrap();
        }),
    ]
}
