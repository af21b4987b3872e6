//! Goal: what was answered survives a power cut, from the first commit of a new
//! file on.
//! Method: the engine on a disk that keeps, drops, tears and reorders what was
//! not synced, and brings back removed files whose removal was not synced.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fusepay_core::{
    Code, Config, Currency, FusePay, HashCost, KeyRing, Money, MoneyRequest, Registration, Result, Secret, WalletId,
    WorkerMode,
};
use fusepay_tests::disk::{Disk, Fault, FaultKind};
use std::path::Path;

fn open(path: &Path) -> FusePay {
    try_open(path).unwrap()
}

fn try_open(path: &Path) -> Result<FusePay> {
    let keys = KeyRing::hs256("power", Secret::from("Zk3!vQ9w@Lx7#Rp2$Tn8%Yb5^Hd4&Mc6")).unwrap();
    let config = Config::new(path, keys).with_worker(WorkerMode::Manual);
    FusePay::open(config.with_hash_cost(HashCost::insecure_for_tests()))
}

/// Registers a user, and answers her wallet.
fn settle(engine: &FusePay) -> WalletId {
    let request = Registration::new("ada@example.com", "Ada", "Obi", "a password of the new file");
    let user = engine.auth().register(&request).unwrap().user.id;
    engine.wallet().create(user, Currency::NGN, "main").unwrap().id
}

fn fund(engine: &FusePay, wallet: WalletId, reference: &str) -> Result<()> {
    let request = MoneyRequest::new(wallet, Money::new(100, Currency::NGN))
        .with_external_reference(reference)
        .with_idempotency_key(reference);
    engine.wallet().fund(&request).map(drop)
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
        let wallet = settle(&engine);
        disk.kill();
        drop(engine);
        disk.cut_power(draw(seed));
        let engine = open(&path);
        assert!(engine.wallet().find(wallet).is_ok(), "seed {seed}");
        assert!(engine.verify().unwrap().is_sound, "seed {seed}");
    }
}

/// After a sync that failed, the log reads well and is not on the disk; a
/// later sync of it answers well and writes nothing. The next open must not
/// build on it: a power cut in the middle of that open would leave a database
/// that is half moved, with the log it was moved from gone.
#[test]
fn a_log_that_was_never_written_is_not_believed() {
    let mut call = 0;
    loop {
        call += 1;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("doubt.db");
        let disk = Disk::mount(dir.path());
        let engine = open(&path);
        let wallet = settle(&engine);
        fund(&engine, wallet, "before").unwrap();
        // What the log holds no more can't be restored from it.
        drop(engine);
        let engine = open(&path);
        disk.plan(Fault::once(FaultKind::SyncLoses, 1));
        assert_eq!(fund(&engine, wallet, "in doubt").unwrap_err().code(), Code::InDoubt);
        disk.kill();
        drop(engine);
        disk.revive();
        disk.plan(Fault::kill_at(call));
        let opened = try_open(&path);
        let is_through = !disk.is_killed();
        drop(opened);
        if !is_through {
            disk.cut_power(draw(call));
        }
        disk.revive();
        let engine = open(&path);
        assert!(engine.verify().unwrap().is_sound, "call {call}");
        let balance = engine.wallet().find(wallet).unwrap().balance_minor;
        assert!(balance == 100 || balance == 200, "call {call}: {balance}");
        fund(&engine, wallet, "in doubt").unwrap();
        assert_eq!(engine.wallet().find(wallet).unwrap().balance_minor, 200, "call {call}");
        if is_through {
            break;
        }
    }
    assert!(call > 10, "{call}");
}
