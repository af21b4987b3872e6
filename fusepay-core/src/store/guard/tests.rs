//! Goal: the guard refuses every unsafe file, tells the living from the dead
//! across real processes, and no acknowledged commit is lost when a second copy
//! of SQLite is at work in the process.
//!
//! Method: other processes are this test binary again, in a role given by the
//! environment (`another_process_plays_its_role`). The second copy is played by
//! what it does to us: opening and closing the files drops our POSIX locks.

use super::*;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const ROLE: &str = "FUSEPAY_GUARD_ROLE";
const FILE: &str = "FUSEPAY_GUARD_FILE";

fn acquire(path: &Path) -> Result<FileGuard> {
    FileGuard::acquire(path, Permissions::Strict)
}

fn refusal(path: &Path) -> Code {
    acquire(path).unwrap_err().code()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn room() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("wallet.db");
    (directory, path)
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

// ---- other processes ------------------------------------------------------

struct Other {
    process: Child,
    /// Closing it ends every role that waits, and its children.
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    said: String,
}

/// Starts another process in this role and waits until it has said its line.
fn another_process(role: &str, path: &Path) -> Other {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::guard::tests::another_process_plays_its_role", "--nocapture"])
        .env(ROLE, role)
        .env(FILE, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = process.stdin.take();
    let mut stdout = BufReader::new(process.stdout.take().unwrap());
    let lines = stdout.by_ref().lines().map_while(|line| line.ok());
    let said = lines.filter_map(|line| line.strip_prefix("says ").map(str::to_owned)).next();
    Other { process, stdin, stdout, said: said.unwrap_or_else(|| panic!("{role} said nothing")) }
}

impl Other {
    /// Lets it end in its own way and gives back what it said.
    fn finish(mut self) -> String {
        drop(self.stdin.take());
        std::io::copy(&mut self.stdout, &mut std::io::sink()).unwrap();
        self.process.wait().unwrap();
        self.said
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn say(text: impl std::fmt::Display) {
    println!("\nsays {text}");
    std::io::stdout().flush().unwrap();
}

fn wait_for_end_of_stdin() {
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
}

#[test]
fn another_process_plays_its_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let path = PathBuf::from(std::env::var_os(FILE).unwrap());
    match role.as_str() {
        "acquire" => say(acquire(&path).map_or_else(|e| e.code().name(), |_| "ok")),
        "live" => {
            let guard = acquire(&path).unwrap();
            let incarnation = guard.claim_incarnation(7).unwrap();
            say(incarnation.owner());
            wait_for_end_of_stdin();
        }
        "leave_heir" => {
            let guard = acquire(&path).unwrap();
            let incarnation = guard.claim_incarnation(7).unwrap();
            // As a forked child would, the heir holds the same open file.
            let heirloom = incarnation._lock.file().try_clone().unwrap();
            let mut heir = Command::new("cat").stdout(Stdio::from(heirloom)).spawn().unwrap();
            say(incarnation.owner());
            heir.wait().unwrap();
        }
        "maintain" => {
            let guard = acquire(&path).unwrap();
            let _turn = guard.lock_maintenance(soon()).unwrap();
            say("mine");
            wait_for_end_of_stdin();
        }
        "count_and_close_last" => {
            let connection = rusqlite::Connection::open(&path).unwrap();
            let rows: i64 = connection.query_row("SELECT count(*) FROM paid", [], |row| row.get(0)).unwrap();
            connection.close().unwrap();
            say(rows);
        }
        umask => {
            let mask = u32::from_str_radix(umask.strip_prefix("umask_").unwrap(), 8).unwrap();
            nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(mask));
            let guard = acquire(&path).unwrap();
            let connection = wal_database(guard.path());
            guard.raise_shield().unwrap();
            let modes: Vec<String> =
                ["", "-wal", "-shm", "-lock"].iter().map(|s| format!("{:o}", mode(&sibling(&path, s)))).collect();
            drop(connection);
            say(modes.join(" "));
        }
    }
}

// ---- which files ----------------------------------------------------------

#[test]
fn every_file_is_private_whatever_the_umask() {
    for umask in ["umask_000", "umask_022", "umask_077", "umask_777"] {
        let (_directory, path) = room();
        assert_eq!(another_process(umask, &path).finish(), "600 600 600 600", "{umask}");
    }
}

#[test]
fn links_and_special_files_are_refused() {
    let (directory, path) = room();
    let victim = directory.path().join("victim");
    std::fs::write(&victim, "precious").unwrap();
    set_mode(&victim, 0o600);

    for suffix in ["", "-wal", "-shm", "-lock"] {
        let target = sibling(&path, suffix);
        symlink(&victim, &target).unwrap();
        assert_eq!(refusal(&path), Code::UnsafeFile, "link at '{suffix}'");
        std::fs::remove_file(&target).unwrap();
        symlink(directory.path().join("nowhere"), &target).unwrap();
        assert_eq!(refusal(&path), Code::UnsafeFile, "dangling link at '{suffix}'");
        std::fs::remove_file(&target).unwrap();
        std::fs::hard_link(&victim, &target).unwrap();
        assert_eq!(refusal(&path), Code::UnsafeFile, "hard link at '{suffix}'");
        std::fs::remove_file(&target).unwrap();
        std::fs::create_dir(&target).unwrap();
        assert_eq!(refusal(&path), Code::UnsafeFile, "directory at '{suffix}'");
        std::fs::remove_dir(&target).unwrap();
        nix::unistd::mkfifo(&target, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(refusal(&path), Code::UnsafeFile, "fifo at '{suffix}'");
        std::fs::remove_file(&target).unwrap();
        for left in ["", "-wal", "-shm", "-lock"] {
            let _ = std::fs::remove_file(sibling(&path, left));
        }
    }
    assert_eq!(std::fs::read(&victim).unwrap(), b"precious");
    assert!(!directory.path().join("nowhere").exists());
    assert_eq!(refusal(Path::new("/dev/null")), Code::UnsafeFile);
    assert!(acquire(&path).is_ok());
}

#[test]
fn links_among_the_directories_are_resolved_away() {
    let (directory, path) = room();
    let real = directory.path().join("real");
    std::fs::create_dir(&real).unwrap();
    set_mode(&real, 0o700);
    symlink(&real, directory.path().join("link")).unwrap();
    let guard = acquire(&directory.path().join("link/a.db")).unwrap();
    assert_eq!(guard.path(), path.parent().unwrap().join("real/a.db"));
    assert_eq!(acquire(&real.join("a.db")).unwrap_err().code(), Code::AlreadyOpen);
}

#[test]
fn a_database_others_may_read_is_refused_unless_told() {
    let (_directory, path) = room();
    std::fs::write(&path, "").unwrap();
    for loose in [0o604, 0o620, 0o640, 0o644, 0o660, 0o666] {
        set_mode(&path, loose);
        assert_eq!(refusal(&path), Code::UnsafeFile, "{loose:o}");
    }
    set_mode(&path, 0o660);
    let guard = FileGuard::acquire(&path, Permissions::Relaxed).unwrap();
    assert_eq!(mode(&sibling(&path, "-wal")), 0o660, "whoever shares the database needs its log");
    drop(guard);
    set_mode(&path, 0o600);
    assert_eq!(refusal(&path), Code::UnsafeFile, "the log is still open to others");
}

#[test]
fn a_directory_others_may_write_to_is_refused_unless_sticky_or_told() {
    let (directory, path) = room();
    for loose in [0o770, 0o777, 0o702] {
        set_mode(directory.path(), loose);
        assert_eq!(refusal(&path), Code::UnsafeFile, "{loose:o}");
    }
    assert!(!path.exists());
    assert!(FileGuard::acquire(&path, Permissions::Relaxed).is_ok());
    set_mode(directory.path(), 0o1777);
    assert!(acquire(&path).is_ok());
}

#[test]
fn what_belongs_to_another_user_is_refused_unless_told() {
    let (directory, path) = room();
    std::fs::write(&path, "").unwrap();
    set_mode(&path, 0o600);
    // Only root can give a file away; elsewhere there is nothing to test.
    if std::os::unix::fs::chown(&path, Some(65_533), None).is_err() {
        return;
    }
    assert_eq!(refusal(&path), Code::UnsafeFile);
    std::os::unix::fs::chown(&path, Some(0), None).unwrap();
    std::os::unix::fs::chown(directory.path(), Some(65_533), None).unwrap();
    assert_eq!(refusal(&path), Code::UnsafeFile);
    assert!(FileGuard::acquire(&path, Permissions::Relaxed).is_ok());
}

#[test]
fn paths_that_name_no_file_are_refused() {
    let (directory, _) = room();
    for path in ["", ":memory:", "/", "..", "a\0b"] {
        assert_eq!(refusal(Path::new(path)), Code::InvalidConfig, "{path:?}");
    }
    assert_eq!(refusal(&directory.path().join("missing/a.db")), Code::InvalidConfig);
    assert_eq!(refusal(&directory.path().join("x".repeat(240)).join("y".repeat(300))), Code::InvalidConfig);
    std::fs::write(directory.path().join("file"), "").unwrap();
    assert_eq!(refusal(&directory.path().join("file/a.db")), Code::InvalidConfig);
}

#[test]
fn a_path_like_a_uri_is_a_plain_file_name() {
    let (directory, _) = room();
    for name in ["file:x?mode=memory", "a?b#c%20", "ünïcode ☂"] {
        let path = directory.path().join(name);
        let guard = acquire(&path).unwrap();
        assert!(path.is_file());
        let connection = wal_database(guard.path());
        assert!(sibling(&path, "-wal").metadata().unwrap().len() > 0);
        drop(connection);
    }
}

#[test]
fn a_log_without_its_database_is_not_thrown_away() {
    let (_directory, path) = room();
    std::fs::write(sibling(&path, "-wal"), "commits").unwrap();
    set_mode(&sibling(&path, "-wal"), 0o600);
    assert_eq!(refusal(&path), Code::Corrupt);
    std::fs::write(&path, "").unwrap();
    set_mode(&path, 0o600);
    assert_eq!(refusal(&path), Code::Corrupt);
    assert_eq!(std::fs::read(sibling(&path, "-wal")).unwrap(), b"commits");
}

// ---- who has it open ------------------------------------------------------

#[test]
fn a_second_open_in_one_process_is_refused_and_harms_nothing() {
    let (_directory, path) = room();
    let guard = acquire(&path).unwrap();
    let connection = wal_database(guard.path());
    assert_eq!(refusal(&path), Code::AlreadyOpen);
    // SQLite's own locks (shared range, dead man's switch) are still there.
    let probe = File::open("/proc/locks").map(BufReader::new).unwrap();
    let inodes = [path.metadata().unwrap().ino(), sibling(&path, "-shm").metadata().unwrap().ino()];
    let held = probe
        .lines()
        .map_while(|line| line.ok())
        .filter(|line| line.contains("POSIX") && inodes.iter().any(|i| line.contains(&format!(":{i} "))))
        .count();
    assert_eq!(held, 2);
    drop(connection);
    drop(guard);
    assert!(acquire(&path).is_ok());
}

#[test]
fn another_process_may_open_the_same_file() {
    let (_directory, path) = room();
    let guard = acquire(&path).unwrap();
    assert_eq!(another_process("acquire", &path).finish(), "ok");
    drop(guard);
}

#[test]
fn threads_racing_to_open_get_one_guard() {
    let (_directory, path) = room();
    let barrier = std::sync::Barrier::new(8);
    let opened: Vec<_> = std::thread::scope(|scope| {
        let race = || {
            barrier.wait();
            acquire(&path)
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(race)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(opened.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(opened.iter().flat_map(|result| result.as_ref().err()).all(|e| e.code() == Code::AlreadyOpen));
}

#[test]
fn a_forked_child_is_refused_and_leaves_the_locks_alone() {
    let (_directory, path) = room();
    let mut guard = acquire(&path).unwrap();
    let connection = wal_database(guard.path());
    guard.raise_shield().unwrap();
    assert!(guard.check_process().is_ok());

    // What a child would see: the same memory under another pid.
    let parent = guard.pid;
    guard.pid = parent + 1;
    assert_eq!(guard.check_process().unwrap_err().code(), Code::Forked);
    assert_eq!(guard.claim_incarnation(1).map(|_| ()).unwrap_err().code(), Code::Forked);
    assert_eq!(guard.is_incarnation_alive(1, &guard.owner).unwrap_err().code(), Code::Forked);
    assert_eq!(guard.lock_maintenance(soon()).map(|_| ()).unwrap_err().code(), Code::Forked);
    guard.lower_shield();
    assert!(guard.shield().is_raised);
    guard.pid = parent;
    drop(connection);
}

#[test]
fn a_file_the_parent_had_open_at_the_fork_is_refused() {
    let (_directory, path) = room();
    drop(acquire(&path).unwrap());
    let inherited = (std::process::id() + 1, FileIdentity::at(&path).unwrap().unwrap());
    open_here().push(inherited);
    assert_eq!(refusal(&path), Code::Forked);
    open_here().retain(|entry| *entry != inherited);
    assert!(acquire(&path).is_ok());
}

// ---- who is alive ---------------------------------------------------------

#[test]
fn an_incarnation_lives_exactly_as_long_as_its_process() {
    let (_directory, path) = room();
    let guard = acquire(&path).unwrap();
    let mut other = another_process("live", &path);
    let owner = Owner::from_text(&other.said).unwrap();
    assert!(guard.is_incarnation_alive(7, &owner).unwrap());
    assert_eq!(guard.claim_incarnation(7).map(|_| ()).unwrap_err().code(), Code::InvariantBroken);
    other.kill();
    assert!(!guard.is_incarnation_alive(7, &owner).unwrap());
    assert!(guard.claim_incarnation(7).is_ok());
}

#[test]
fn a_child_that_inherits_the_lock_does_not_keep_its_parent_alive() {
    let (_directory, path) = room();
    let guard = acquire(&path).unwrap();
    let mut other = another_process("leave_heir", &path);
    let owner = Owner::from_text(&other.said).unwrap();
    assert!(guard.is_incarnation_alive(7, &owner).unwrap());
    other.kill();
    assert!(guard.locks.is_held(Slot::Incarnation(7)).unwrap(), "the heir has it");
    assert!(!guard.is_incarnation_alive(7, &owner).unwrap());
    other.finish();
}

#[test]
fn a_call_in_flight_keeps_its_incarnation_alive_past_the_engine() {
    let (_directory, path) = room();
    let guard = acquire(&path).unwrap();
    let in_flight = guard.claim_incarnation(1).unwrap();
    let owner = in_flight.owner();
    drop(guard);

    let reopened = acquire(&path).unwrap();
    let _second = reopened.claim_incarnation(2).unwrap();
    assert!(reopened.is_incarnation_alive(1, &owner).unwrap());
    assert!(reopened.is_incarnation_alive(2, &owner).unwrap(), "our own");
    assert!(!reopened.is_incarnation_alive(3, &owner).unwrap());
    drop(in_flight);
    assert!(!reopened.is_incarnation_alive(1, &owner).unwrap());
}

#[test]
fn a_lock_file_that_was_removed_is_noticed() {
    let (_directory, path) = room();
    let guard = acquire(&path).unwrap();
    std::fs::remove_file(sibling(&path, "-lock")).unwrap();
    assert_eq!(guard.is_incarnation_alive(1, &guard.owner).unwrap_err().code(), Code::UnsafeFile);
    File::create(sibling(&path, "-lock")).unwrap();
    assert_eq!(guard.is_incarnation_alive(1, &guard.owner).unwrap_err().code(), Code::UnsafeFile);
    assert_eq!(guard.claim_incarnation(1).map(|_| ()).unwrap_err().code(), Code::UnsafeFile);
}

#[test]
fn maintenance_is_taken_in_turns() {
    let (_directory, path) = room();
    let guard = acquire(&path).unwrap();
    let other = another_process("maintain", &path);
    let brief = Deadline::after(Duration::from_millis(20));
    assert_eq!(guard.lock_maintenance(brief).map(|_| ()).unwrap_err().code(), Code::Busy);
    drop(guard.lock_writing(soon()).unwrap());
    other.finish();
    let turn = guard.lock_maintenance(soon()).unwrap();
    assert_eq!(guard.lock_maintenance(brief).map(|_| ()).unwrap_err().code(), Code::Busy, "threads take turns too");
    drop(turn);
    assert!(guard.lock_maintenance(soon()).is_ok());
}

// ---- the shield -----------------------------------------------------------

fn wal_database(path: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).unwrap();
    let journal: String = connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0)).unwrap();
    assert_eq!(journal, "wal");
    connection.execute_batch("PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS paid (id INTEGER) STRICT").unwrap();
    connection
}

fn pay(connection: &rusqlite::Connection, times: i64) {
    for _ in 0..times {
        connection.execute("INSERT INTO paid VALUES (1)", []).unwrap();
    }
}

/// What a second copy of SQLite in this process does to our POSIX locks when
/// it opens and closes the database.
fn drop_posix_locks(path: &Path) {
    drop(File::open(path).unwrap());
    drop(File::open(sibling(path, "-shm")).unwrap());
}

/// Writes, loses the POSIX locks, lets another process be "the last to close",
/// writes on, and tells how many of 200 acknowledged commits a third one finds.
fn survivors(is_shielded: bool) -> String {
    let (_directory, path) = room();
    let guard = acquire(&path).unwrap();
    let connection = wal_database(guard.path());
    if is_shielded {
        guard.raise_shield().unwrap();
    }
    pay(&connection, 100);
    drop_posix_locks(&path);
    assert_eq!(another_process("count_and_close_last", &path).finish(), "100");
    pay(&connection, 100);
    let found = another_process("count_and_close_last", &path).finish();
    assert_eq!(sibling(&path, "-wal").exists(), is_shielded);
    // The connection must die before its guard; what it does then is not asked.
    drop(connection);
    found
}

#[test]
fn no_acknowledged_commit_is_lost_behind_the_shield() {
    assert_eq!(survivors(true), "200");
}

#[test]
fn without_the_shield_acknowledged_commits_are_lost() {
    // The hazard itself, so that the test above is known to have teeth.
    assert_eq!(survivors(false), "100");
}

#[test]
fn the_engine_can_do_everything_behind_its_shield_and_close_cleanly_after() {
    let (_directory, path) = room();
    let guard = acquire(&path).unwrap();
    let connection = wal_database(guard.path());
    guard.raise_shield().unwrap();
    guard.raise_shield().unwrap();
    pay(&connection, 3);
    connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    assert_eq!(sibling(&path, "-wal").metadata().unwrap().len(), 0);
    pay(&connection, 2);
    guard.lower_shield();
    guard.lower_shield();
    connection.close().unwrap();
    assert!(!sibling(&path, "-wal").exists() && !sibling(&path, "-shm").exists());
    drop(guard);
    assert_eq!(another_process("count_and_close_last", &path).finish(), "5");
}

#[test]
fn a_shield_raised_too_early_is_refused() {
    let (_directory, path) = room();
    let guard = acquire(&path).unwrap();
    assert_eq!(guard.raise_shield().unwrap_err().code(), Code::InvariantBroken);
    let connection = wal_database(guard.path());
    guard.raise_shield().unwrap();
    drop(connection);
}

#[test]
fn a_shield_comes_too_late_when_the_log_is_gone() {
    let (_directory, path) = room();
    let guard = acquire(&path).unwrap();
    let connection = wal_database(guard.path());
    drop_posix_locks(&path);
    another_process("count_and_close_last", &path).finish();
    assert_eq!(guard.raise_shield().map_err(|e| e.kind()), Err(crate::vocabulary::ErrorKind::Fault));
    drop(connection);
}
