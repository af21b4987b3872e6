//! Goal: who comes in, who stays and who goes, through the host's and the
//! session's face. Method: one engine per test in a directory of its own, time
//! by a manual clock, randomness from a seed, hashes that cost nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod login;
mod register;
mod session;
mod trail;
mod user;

use fusepay_core::{
    Answer, Auth, Clock, Code, Config, Currency, Error, FusePay, HashCost, KeyRing, Login, ManualClock, Money,
    PayOutcome, PayRequest, Provider, QueryOutcome, QueryRequest, Registered, Registration, Result, Role, Secret,
    SeededEntropy, Tokens, UnixMillis, WorkerMode,
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
