//! Goal: nobody else reads the engine's files, none is taken that is not plain
//! and ours, and a file made to harm is refused with a typed error or found by
//! `verify`; never a panic.
//! Method: `FusePay::open` on files as another program could leave them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use fusepay_core::{
    Code, Config, ErrorKind, FilePermissions, FusePay, HashCost, HistoryFilter, KeyRing, Login, MoneyRequest,
    Registration, Secret, WorkerMode,
};
use fusepay_testkit::{World, ngn};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

const KEY: &str = "Zk3!vQ9w@Lx7#Rp2$Tn8%Yb5^Hd4&Mc6";
const PASSWORD: &str = "seven blue lamps by the river";
const VAULT_KEY: &str = "Ax8Cu6Db4Jn2Hk0Wy5Mz7Rt1Lq9Pv3Bf";

fn config(path: &Path) -> Config {
    Config::new(path, KeyRing::hs256("k", Secret::from(KEY)).unwrap())
        .with_worker(WorkerMode::Manual)
        .with_hash_cost(HashCost::insecure_for_tests())
}

fn refusal(path: &Path) -> Code {
    match FusePay::open(config(path)) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error.code(),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

fn room() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pay.db");
    (directory, path)
}

/// A closed file with users, money and payments in it.
fn lived_in() -> (tempfile::TempDir, PathBuf) {
    let (directory, path) = room();
    let engine = FusePay::open(config(&path)).unwrap();
    for number in 0..20 {
        let request = Registration::new(format!("u{number}@example.com"), "Ada", "Obi", PASSWORD);
        let wallet = engine.auth().register(&request).unwrap().wallet.id;
        engine.wallet().fund(&MoneyRequest::new(wallet, ngn(1_000))).unwrap();
    }
    drop(engine);
    (directory, path)
}

#[test]
fn every_file_of_an_engine_is_private() {
    let (directory, path) = room();
    let engine = FusePay::open(config(&path)).unwrap();
    engine.auth().register(&Registration::new("ada@example.com", "Ada", "Obi", PASSWORD)).unwrap();
    engine.backup(&directory.path().join("copy.db")).unwrap();
    for file in [path.clone(), beside(&path, "-wal"), beside(&path, "-shm"), beside(&path, "-lock")] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    let files: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 5, "{files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
}

#[test]
fn links_directories_and_pipes_are_refused() {
    let (directory, path) = lived_in();
    let at = |name: &str| directory.path().join(name);
    symlink(&path, at("symbolic.db")).unwrap();
    symlink(at("nothing.db"), at("dangling.db")).unwrap();
    fs::create_dir(at("directory.db")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at("pipe.db")).status().unwrap().success());
    for name in ["symbolic.db", "dangling.db", "directory.db", "pipe.db"] {
        assert_eq!(refusal(&at(name)), Code::UnsafeFile, "{name}");
    }
    assert!(!at("nothing.db").exists());
    fs::hard_link(&path, at("hard.db")).unwrap();
    assert_eq!(refusal(&at("hard.db")), Code::UnsafeFile);
    assert_eq!(refusal(&path), Code::UnsafeFile);
    fs::remove_file(at("hard.db")).unwrap();
    for suffix in ["-wal", "-shm", "-lock"] {
        let companion = beside(&path, suffix);
        let _ = fs::remove_file(&companion);
        fs::write(at("target"), b"untouched").unwrap();
        set_mode(&at("target"), 0o600);
        symlink(at("target"), &companion).unwrap();
        assert_eq!(refusal(&path), Code::UnsafeFile, "{suffix}");
        assert_eq!(fs::read(at("target")).unwrap(), b"untouched");
        fs::remove_file(&companion).unwrap();
    }
    FusePay::open(config(&path)).unwrap();
}

#[test]
fn a_file_or_directory_open_to_others_is_refused_unless_the_host_relaxes() {
    let (directory, path) = lived_in();
    for loose in [0o644, 0o640, 0o660, 0o666] {
        set_mode(&path, loose);
        assert_eq!(refusal(&path), Code::UnsafeFile, "{loose:o}");
        let relaxed = config(&path).with_file_permissions(FilePermissions::Relaxed);
        FusePay::open(relaxed).unwrap();
    }
    set_mode(&path, 0o600);
    set_mode(directory.path(), 0o777);
    assert_eq!(refusal(&path), Code::UnsafeFile);
    FusePay::open(config(&path).with_file_permissions(FilePermissions::Relaxed)).unwrap();
    set_mode(directory.path(), 0o755);
    FusePay::open(config(&path)).unwrap();
}

#[test]
fn a_path_is_a_plain_name_never_a_uri() {
    let (directory, _) = room();
    for name in ["file:pay.db?mode=memory", "pay.db?vfs=unix-none&nolock=1", ":memory:", "a%20b#c.db", "naïve 電.db"]
    {
        let path = directory.path().join(name);
        drop(FusePay::open(config(&path)).unwrap());
        assert!(path.is_file(), "{name}");
        FusePay::open(config(&path)).unwrap();
    }
    for path in ["", "/", "..", "/proc/nothing/pay.db"] {
        let error = FusePay::open(config(Path::new(path))).unwrap_err();
        assert_ne!(error.code(), Code::InvariantBroken, "{path}");
    }
    let with_nul = directory.path().join("a\0b.db");
    assert_eq!(FusePay::open(config(&with_nul)).unwrap_err().kind(), ErrorKind::Misuse);
}

#[test]
fn a_file_that_is_no_database_of_ours_is_refused_and_left_alone() {
    let (directory, path) = room();
    let random: Vec<u8> = (0..40_960u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let header = [b"SQLite format 3\0".as_slice(), &random].concat();
    for bytes in [b"a shopping list\n".as_slice(), &random, &header, b"SQLite format 3\0", &[0; 4_096]] {
        fs::write(&path, bytes).unwrap();
        set_mode(&path, 0o600);
        assert_eq!(refusal(&path), Code::Corrupt, "{:?}", &bytes[..16.min(bytes.len())]);
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    let foreign = directory.path().join("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE user (id, password)").unwrap();
    set_mode(&foreign, 0o600);
    assert_eq!(refusal(&foreign), Code::Corrupt);
    let empty = directory.path().join("empty.db");
    fs::write(&empty, b"").unwrap();
    set_mode(&empty, 0o600);
    assert!(FusePay::open(config(&empty)).unwrap().verify().unwrap().is_sound, "an empty file is a new database");
}

/// What opening answers after this was done to a closed file.
fn opened_after(sql: &str) -> Result<(), Code> {
    let (_directory, path) = lived_in();
    rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    FusePay::open(config(&path)).map(drop).map_err(|error| error.code())
}

#[test]
fn a_schema_that_is_not_ours_is_refused_before_anything_is_written() {
    assert_eq!(opened_after("PRAGMA user_version = 999"), Err(Code::SchemaTooNew));
    assert_eq!(opened_after("PRAGMA user_version = -1"), Err(Code::SchemaTooNew));
    assert_eq!(opened_after("PRAGMA user_version = 0"), Err(Code::Corrupt));
    assert_eq!(opened_after("PRAGMA application_id = 7"), Err(Code::Corrupt));
    for planted in [
        "CREATE TRIGGER rich AFTER INSERT ON posting BEGIN UPDATE account SET balance_minor = 1; END",
        "CREATE TRIGGER stop BEFORE DELETE ON payment_transition BEGIN SELECT RAISE(ABORT, 'stop'); END",
        "CREATE VIEW spy AS SELECT * FROM user",
        "ALTER TABLE user RENAME TO hidden; CREATE VIEW user AS SELECT * FROM hidden",
        "DROP TABLE event_cursor",
        "ALTER TABLE user ADD COLUMN is_admin INTEGER DEFAULT 1",
        "UPDATE instance SET value = 'x' WHERE name LIKE 'schema:%'",
        "DELETE FROM instance",
        "UPDATE instance SET value = 'not an id' WHERE name = 'instance'",
    ] {
        let opened = opened_after(planted);
        assert_eq!(opened, Err(Code::Corrupt), "{planted}");
    }
}

/// Uses everything a file could lie about. Any typed answer is right.
fn exercise(engine: &FusePay) -> bool {
    let _ = engine.auth().login(&Login::new("u3@example.com", PASSWORD));
    let users = engine.auth().list_users(None, 500).map(|page| page.users).unwrap_or_default();
    for user in users {
        for wallet in engine.wallet().list(user.id).unwrap_or_default() {
            let _ = engine.history().page(wallet.id, &HistoryFilter::new(), None, 10);
            let _ = engine.wallet().fund(&MoneyRequest::new(wallet.id, ngn(1)));
        }
    }
    let _ = (engine.run_due(), engine.stats(), engine.events().read(0, 500), engine.audit().read(0, 500));
    engine.verify().is_ok_and(|report| report.is_sound)
}

#[test]
fn damaged_pages_give_typed_errors_and_no_panic() {
    let (_directory, path) = lived_in();
    let good = fs::read(&path).unwrap();
    let pages = good.len() / 4_096;
    let mut noticed = 0;
    for page in 0..pages {
        let mut bad = good.clone();
        let start = page * 4_096 + if page == 0 { 100 } else { 0 };
        bad[start..(page + 1) * 4_096].fill(0xA5);
        fs::write(&path, &bad).unwrap();
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(beside(&path, suffix));
        }
        noticed += usize::from(!FusePay::open(config(&path)).is_ok_and(|engine| exercise(&engine)));
    }
    // A page that is free holds nothing that could be wrong.
    assert!(noticed * 10 >= pages * 8, "only {noticed} of {pages} damaged pages were noticed");
}

#[test]
fn a_file_cut_short_is_refused_or_found() {
    let (_directory, path) = lived_in();
    let good = fs::read(&path).unwrap();
    // SQLite takes one byte for none: an empty file, which is a new database.
    for length in [2, 99, 100, 512, 4_095, 4_096, good.len() / 2, good.len() - 4_096] {
        fs::write(&path, &good[..length]).unwrap();
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(beside(&path, suffix));
        }
        let is_sound = FusePay::open(config(&path)).is_ok_and(|engine| exercise(&engine));
        assert!(!is_sound, "{length} of {} bytes passed for a whole file", good.len());
    }
}

#[test]
fn vouchers_are_sealed_in_the_file_when_there_is_a_vault_key() {
    for is_sealed in [true, false] {
        let world = World::builder()
            .configure(move |config| if is_sealed { config.with_vault_key(1, Secret::from(VAULT_KEY)) } else { config })
            .open();
        let wallet = world.funded_wallet(50_000);
        let payment = world.pay(wallet, "meter", 10_000);
        world.drain();
        let tokens = world.engine().bill().tokens(payment).unwrap();
        let bytes = [fs::read(world.path()).unwrap(), fs::read(beside(world.path(), "-wal")).unwrap()].concat();
        let is_in_clear = bytes.windows(tokens[0].len()).any(|window| window == tokens[0].as_bytes());
        assert_eq!(is_in_clear, !is_sealed);
    }
}
