//! What one logged-in user may do.

use super::auth::{NEW_PASSWORD, owner};
use super::bill::{bill, quote};
use super::wallet::transfer;
use super::{Operation, keyed, reads, show, steps, writes};
use crate::stage::{BILLER, ITEM, PASSWORD, Scene};
use fusepay_core::{Currency, HistoryFilter, HoldStatus, ProfileUpdate, Result, Secret, Session, UnixMillis};
use std::time::Duration;

fn ada(s: &Scene<'_>) -> Result<Session> {
    s.engine.session(&s.cast.access)
}

pub(super) fn operations() -> Vec<Operation> {
    [own(), wallets(), bills(), histories()].concat()
}

fn own() -> Vec<Operation> {
    vec![
        reads("session.principal", |s| show(ada(s)?.principal())),
        reads("session.profile", |s| show(ada(s)?.profile())),
        writes("session.update_profile", |s| {
            let change = ProfileUpdate::parse(None, Some("Okafor")).unwrap();
            show(ada(s)?.update_profile(&change, None))
        }),
        steps("session.change_password", |s| {
            owner(ada(s)?.change_password(&Secret::from(PASSWORD), &Secret::from(NEW_PASSWORD)))
        }),
        reads("session.sessions", |s| show(ada(s)?.sessions())),
        writes("session.revoke_session", |s| show(ada(s)?.revoke_session(s.cast.spare_session))),
        writes("session.logout", |s| show(ada(s)?.logout())),
        writes("session.logout_everywhere", |s| show(ada(s)?.logout_everywhere())),
        reads("session.wallet", |s| {
            let _ = ada(s)?.wallet();
            Ok(String::new())
        }),
        reads("session.bill", |s| {
            let _ = ada(s)?.bill();
            Ok(String::new())
        }),
        reads("session.history", |s| {
            let _ = ada(s)?.history();
            Ok(String::new())
        }),
        reads("session.operator", |s| {
            let session = s.engine.session(&s.cast.operator_access)?;
            session.operator().map(|_| String::new())
        }),
    ]
}

fn wallets() -> Vec<Operation> {
    vec![
        reads("session.wallet.list", |s| show(ada(s)?.wallet().list())),
        writes("session.wallet.create", |s| show(ada(s)?.wallet().create(Currency::NGN, "fourth"))),
        reads("session.wallet.find", |s| show(ada(s)?.wallet().find(s.cast.main))),
        keyed("session.wallet.transfer", |s| show(ada(s)?.wallet().transfer(&transfer(s.cast.main, s.cast.second)))),
        reads("session.wallet.find_hold", |s| show(ada(s)?.wallet().find_hold(s.cast.hold))),
        reads("session.wallet.holds", |s| show(ada(s)?.wallet().holds(s.cast.main, HoldStatus::Active, 10))),
        reads("session.wallet.limits", |s| show(ada(s)?.wallet().limits(s.cast.main))),
    ]
}

fn bills() -> Vec<Operation> {
    vec![
        reads("session.bill.billers", |s| show(ada(s)?.bill().billers(None, None, 10))),
        reads("session.bill.items", |s| show(ada(s)?.bill().items(BILLER))),
        reads("session.bill.validate_customer", |s| show(ada(s)?.bill().validate_customer(BILLER, ITEM, "meter 1"))),
        writes("session.bill.quote", |s| show(ada(s)?.bill().quote(&quote(s.cast.ada)))),
        keyed("session.bill.pay", |s| show(ada(s)?.bill().pay(&bill(s.cast.main)))),
        reads("session.bill.find", |s| show(ada(s)?.bill().find(s.cast.completed))),
        steps("session.bill.refresh", |s| show(ada(s)?.bill().refresh(s.cast.unknown, Duration::from_secs(5)))),
        reads("session.bill.list", |s| show(ada(s)?.bill().list(s.cast.main, None, 10))),
        reads("session.bill.tokens", |s| show(ada(s)?.bill().tokens(s.cast.completed))),
    ]
}

fn histories() -> Vec<Operation> {
    vec![
        reads("session.history.find", |s| show(ada(s)?.history().find(s.cast.funded))),
        reads("session.history.find_by_reference", |s| show(ada(s)?.history().find_by_reference(&s.cast.reference))),
        reads("session.history.page", |s| {
            show(ada(s)?.history().page(s.cast.main, &HistoryFilter::default(), None, 10))
        }),
        reads("session.history.page_of_all", |s| {
            show(ada(s)?.history().page_of_all(&HistoryFilter::default(), None, 10))
        }),
        reads("session.history.statement", |s| {
            show(ada(s)?.history().statement(s.cast.main, UnixMillis(0), s.cast.at.plus(1)))
        }),
        reads("session.history.balance_at", |s| show(ada(s)?.history().balance_at(s.cast.main, s.cast.at))),
    ]
}
