//! The engine itself, its queue, its events and its audit trail. Opening,
//! closing and backing up are in `lives.rs`.

use super::{Operation, keyed, reads, show, steps, writes};
use crate::stage::{BILLER, ITEM, Scene};
use fusepay_core::{EventName, HoldRequest, PayBill, StartAt};
use fusepay_testkit::{PayStep, ScriptedProvider, ngn};
use std::sync::Arc;
use std::time::Duration;

pub(super) fn operations() -> Vec<Operation> {
    [face(), worker(), views(), queue(), events(), audit()].concat()
}

fn face() -> Vec<Operation> {
    vec![
        reads("engine.due_now", |s| Ok(format!("{:?}", s.engine.due_now()))),
        reads("engine.register_provider", |s| {
            show(s.engine.register_provider("another", Arc::new(ScriptedProvider::new())))
        }),
        reads("engine.verify", |s| show(s.engine.verify())),
        reads("engine.ledger_digest", |s| s.engine.ledger_digest()),
        // The size of the log and the commits so far are no business of the sweep.
        reads("engine.stats", |s| s.engine.stats().map(|stats| format!("{:?} {:?}", stats.payments, stats.balances))),
        writes("engine.declare_restored", |s| show(s.engine.declare_restored())),
        reads("engine.session", |s| show(s.engine.session(&s.cast.access))),
    ]
}

fn send(s: &Scene<'_>, customer: &str, step: PayStep) {
    s.provider.script(customer, [step], []);
    s.engine.bill().pay(&PayBill::new(s.cast.main, BILLER, ITEM, customer, ngn(2_000))).unwrap();
}

fn run(s: &Scene<'_>) -> fusepay_core::Result<String> {
    show(s.engine.run_due())
}

/// The worker's step, with each kind of job due alone, and with all of them.
fn worker() -> Vec<Operation> {
    vec![
        steps("engine.run_due", run),
        steps("engine.run_due (a bill that is paid)", run).after(|s| send(s, "new", PayStep::Paid)),
        steps("engine.run_due (a bill that is declined)", run).after(|s| send(s, "new", PayStep::Declined)),
        steps("engine.run_due (a bill that is not sent)", run).after(|s| send(s, "new", PayStep::NotSent)),
        steps("engine.run_due (a bill that times out, paid)", run).after(|s| send(s, "new", PayStep::PaidThenTimeout)),
        // The stage's unknown payment has its requery now, its failed one its reversal.
        steps("engine.run_due (a requery and a reversal)", run).after(|s| s.clock.advance(30_000)),
        steps("engine.run_due (an expiry)", run).after(|s| {
            let request = HoldRequest::new(s.cast.second, ngn(1), Duration::from_secs(1));
            let money = fusepay_core::MoneyRequest::new(s.cast.second, ngn(10));
            s.engine.wallet().fund(&money).unwrap();
            s.engine.wallet().authorise(&request).unwrap();
            s.clock.advance(1_100);
        }),
        steps("engine.run_due (all at once)", run).after(|s| {
            send(s, "new", PayStep::Paid);
            send(s, "newer", PayStep::Declined);
            send(s, "newest", PayStep::TimeoutBeforePaying);
            s.clock.advance(30_000);
        }),
    ]
}

/// The views are handles; getting one asks nobody anything.
fn views() -> Vec<Operation> {
    vec![
        reads("engine.audit", |s| {
            let _ = s.engine.audit();
            Ok(String::new())
        }),
        reads("engine.auth", |s| {
            let _ = s.engine.auth();
            Ok(String::new())
        }),
        reads("engine.wallet", |s| {
            let _ = s.engine.wallet();
            Ok(String::new())
        }),
        reads("engine.bill", |s| {
            let _ = s.engine.bill();
            Ok(String::new())
        }),
        reads("engine.reversal", |s| {
            let _ = s.engine.reversal();
            Ok(String::new())
        }),
        reads("engine.history", |s| {
            let _ = s.engine.history();
            Ok(String::new())
        }),
        reads("engine.events", |s| {
            let _ = s.engine.events();
            Ok(String::new())
        }),
        reads("engine.queue", |s| {
            let _ = s.engine.queue();
            Ok(String::new())
        }),
    ]
}

pub(super) fn release_by_hand(s: &Scene<'_>) {
    s.engine.wallet().release(s.cast.hold_of_the_dead, None).unwrap();
}

fn queue() -> Vec<Operation> {
    vec![
        reads("queue.find", |s| show(s.engine.queue().find(s.cast.dead_reversal))),
        reads("queue.dead_letters", |s| show(s.engine.queue().dead_letters(None, 10))),
        reads("queue.counts", |s| show(s.engine.queue().counts())),
        writes("queue.retry", |s| show(s.engine.queue().retry(s.cast.dead_reversal))),
        writes("queue.resolve", |s| show(s.engine.queue().resolve(s.cast.dead_expiry, "released by hand")))
            .after(release_by_hand),
    ]
}

fn events() -> Vec<Operation> {
    vec![
        reads("events.read", |s| show(s.engine.events().read(0, 100))),
        reads("events.head", |s| show(s.engine.events().head())),
        reads("events.cursor", |s| show(s.engine.events().cursor("ledger"))),
        keyed("events.acknowledge", |s| show(s.engine.events().acknowledge("ledger", 5))),
        keyed("events.rewind", |s| show(s.engine.events().rewind("ledger", 1))),
        writes("events.subscribe", |s| {
            let subscription = s.engine.events().subscribe("mail", StartAt::Now, Arc::new(|_: &_| Ok(())))?;
            subscription.keep();
            Ok(String::new())
        }),
        writes("events.subscribe_to", |s| {
            let (wanted, nobody) = ([EventName::WalletFunded], Arc::new(|_: &_| Ok(())));
            s.engine.events().subscribe_to("mail", StartAt::Now, &wanted, nobody)?.keep();
            Ok(String::new())
        }),
    ]
}

fn audit() -> Vec<Operation> {
    vec![
        reads("audit.read", |s| show(s.engine.audit().read(0, 100))),
        reads("audit.head", |s| show(s.engine.audit().head())),
        reads("audit.verify", |s| show(s.engine.audit().verify(None))),
    ]
}
