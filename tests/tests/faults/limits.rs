//! A disk that is really full, and files that really can't be written.

use crate::memory;
use crate::stage::config;
use fusepay_core::{Clock, Code, FusePay, ManualClock, MoneyRequest, Registration, UnixMillis, WalletId};
use fusepay_testkit::{ScriptedProvider, ngn};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

fn open(path: &Path) -> fusepay_core::Result<FusePay> {
    let clock = Arc::new(ManualClock::new(UnixMillis(1_773_144_000_000)));
    assert_eq!(clock.monotonic_ms(), 0);
    FusePay::open(config(path, &clock, &Arc::new(ScriptedProvider::new()), 1))
}

fn wallet(engine: &FusePay) -> WalletId {
    let request = Registration::new("ada@example.com", "Ada", "Obi", crate::stage::PASSWORD);
    engine.auth().register(&request).unwrap().wallet.id
}

/// A file system of a few pages, if this process may mount one.
struct Small(PathBuf);

impl Small {
    fn mount(at: &Path) -> Option<Small> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs"]).arg(at);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| Small(at.to_owned()))
    }
}

impl Small {
    fn remount(&self, writing: bool) {
        let options = if writing { "remount,rw" } else { "remount,ro" };
        assert!(Command::new("mount").args(["-o", options]).arg(&self.0).status().unwrap().success(), "{options}");
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(&self.0).status());
    }
}

#[test]
fn a_disk_that_is_really_full_refuses_and_comes_back() {
    memory::install();
    let dir = tempfile::tempdir().unwrap();
    let Some(small) = Small::mount(dir.path()) else {
        println!("left out: a small file system can't be mounted here; the sweep has the full disk of its own");
        return;
    };
    let filler = dir.path().join("filler");
    std::fs::write(&filler, vec![0; 1 << 19]).unwrap();
    let engine = open(&dir.path().join("small.db")).unwrap();
    let wallet = wallet(&engine);
    let fund = || engine.wallet().fund(&MoneyRequest::new(wallet, ngn(1)));
    let mut funded = 0;
    let refusal = loop {
        match fund() {
            Ok(_) => funded += 1,
            Err(error) => break error,
        }
        assert!(funded < 100_000, "the disk never fills");
    };
    assert_eq!(refusal.code(), Code::StorageFull, "{refusal:?}");
    assert!(funded > 5, "{funded}");
    for _ in 0..3 {
        assert_eq!(fund().unwrap_err().code(), Code::StorageFull);
        assert_eq!(engine.wallet().find(wallet).unwrap().balance_minor, funded);
    }
    std::fs::remove_file(filler).unwrap();
    fund().unwrap();
    assert_eq!(engine.wallet().find(wallet).unwrap().balance_minor, funded + 1);
    assert!(engine.verify().unwrap().is_sound);
    drop(engine);
    drop(small);
}

/// Root writes whatever a mode says, but not to a file system that is read-only.
#[test]
fn a_directory_that_cannot_be_written_is_a_typed_error() {
    memory::install();
    let dir = tempfile::tempdir().unwrap();
    let small = Small::mount(dir.path());
    let path = dir.path().join("kept.db");
    let engine = open(&path).unwrap();
    let kept = wallet(&engine);
    drop(engine);
    let allow = |writing: bool| match &small {
        Some(small) => small.remount(writing),
        None => {
            let mode =
                |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
            mode(dir.path(), if writing { 0o700 } else { 0o500 });
            mode(&path, if writing { 0o600 } else { 0o400 });
        }
    };
    allow(false);
    if std::fs::write(dir.path().join("probe"), "").is_ok() {
        println!("left out: nothing keeps this process from writing");
        return;
    }
    for _ in 0..2 {
        let refusal = open(&path).map(drop).unwrap_err();
        assert_eq!(refusal.code(), Code::ReadOnly, "{refusal:?}");
        let refusal = open(&dir.path().join("new.db")).map(drop).unwrap_err();
        assert_eq!(refusal.code(), Code::ReadOnly, "{refusal:?}");
    }
    allow(true);
    let engine = open(&path).unwrap();
    assert!(engine.wallet().find(kept).is_ok() && engine.verify().unwrap().is_sound);
    drop(engine);
    drop(small);
}
