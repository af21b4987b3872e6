//! Goal: who comes in, who stays and who goes, through the host's and the
//! session's face. Method: one engine per test in a directory of its own, time
//! by a manual clock, randomness from a seed, hashes that cost nothing.

use fusepay_core::*;
use std::sync::Arc;

const PASSWORD: &str = "seven blue lamps by the river";
const START: UnixMillis = UnixMillis(1_760_000_000_000);

fn key(seed: u8) -> Secret {
    Secret::new((0..32u8).map(|i| i.wrapping_mul(37).wrapping_add(seed)).collect::<Vec<_>>())
}

struct House {
    engine: FusePay,
    clock: Arc<ManualClock>,
    directory: tempfile::TempDir,
}

fn config(directory: &tempfile::TempDir, clock: &Arc<ManualClock>) -> Config {
    let seed = u64::from(std::process::id());
    Config::new(directory.path().join("pay.db"), KeyRing::hs256("k1", key(1)).unwrap())
        .with_simulation(Arc::clone(clock) as Arc<dyn Clock>, Arc::new(SeededEntropy::new(seed)))
        .with_worker(WorkerMode::Manual)
        .with_hash_cost(HashCost::insecure_for_tests())
}

fn house() -> House {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START));
    let engine = FusePay::open(config(&directory, &clock)).unwrap();
    House { engine, clock, directory }
}

impl House {
    fn register(&self, email: &str) -> Registered {
        self.engine.auth().register(&Registration::new(email, "Ada", "Obi", PASSWORD)).unwrap()
    }
}

fn code<T>(result: Result<T>) -> Result<(), Code> {
    result.map(drop).map_err(|error| error.code())
}

#[test]
fn a_registered_user_has_a_wallet_and_can_log_in() {
    let house = house();
    let registered = house.register("Ada@Example.com");
    assert_eq!(registered.user.email, "ada@example.com");
    assert_eq!((registered.user.role, registered.user.status), (Role::User, UserStatus::Active));
    assert_eq!((registered.wallet.user_id, registered.wallet.currency), (registered.user.id, Currency::NGN));
    assert_eq!(house.engine.wallet().list(registered.user.id).unwrap(), [registered.wallet]);
    let tokens = house.engine.auth().login(&Login::new("ADA@example.COM", PASSWORD)).unwrap();
    assert_eq!(tokens.user_id, registered.user.id);
    assert_ne!(tokens.session_id, registered.tokens.session_id);
    let _ = (&house.clock, &house.directory);
    let wrong = house.engine.auth().login(&Login::new("ada@example.com", "something else entirely"));
    assert_eq!(code(wrong), Err(Code::InvalidCredentials));
}
