//! Goal: what was answered survives a power cut, from the first commit of a new
//! file on.
//! Method: the engine on a disk that keeps, drops, tears and reorders what was
//! not synced, and brings back removed files whose removal was not synced.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fusepay_core::{Config, Currency, FusePay, HashCost, KeyRing, Registration, Secret, WorkerMode};
use fusepay_tests::disk::Disk;
use std::path::Path;

fn open(path: &Path) -> FusePay {
    let keys = KeyRing::hs256("power", Secret::from("Zk3!vQ9w@Lx7#Rp2$Tn8%Yb5^Hd4&Mc6")).unwrap();
    let config = Config::new(path, keys).with_worker(WorkerMode::Manual);
    FusePay::open(config.with_hash_cost(HashCost::insecure_for_tests())).unwrap()
}

/// A draw that is the same each time (xorshift).
fn draw(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

/// The journal under which a new file becomes one with a write-ahead log is
/// removed early in its life. If it came back, it would undo the whole file.
#[test]
fn the_first_commits_of_a_file_survive() {
    for seed in 1..40 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new.db");
        let disk = Disk::mount(dir.path());
        let engine = open(&path);
        let request = Registration::new("ada@example.com", "Ada", "Obi", "a password of the new file");
        let user = engine.auth().register(&request).unwrap().user.id;
        let wallet = engine.wallet().create(user, Currency::NGN, "main").unwrap().id;
        disk.kill();
        drop(engine);
        disk.cut_power(draw(seed));
        let engine = open(&path);
        assert_eq!(engine.wallet().find(wallet).unwrap().user_id, user, "seed {seed}");
        assert!(engine.verify().unwrap().is_sound, "seed {seed}");
    }
}
