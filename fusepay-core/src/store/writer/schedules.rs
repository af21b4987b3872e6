//! Goal: in no order of its callers does the writer lose one, answer one twice,
//! take one along with another, or wait for ever.
//! Method: the real store under shuttle, whose scheduler decides at each lock of it,
//! wait and atomic who goes on; a deadlock is a failure, and the schedule that led
//! to it is printed.

use crate::clock::Deadline;
use crate::error::{Error, Result};
use crate::id::InstanceId;
use crate::store::guard::{FileGuard, Permissions};
use crate::store::{Store, instance};
use crate::vocabulary::Code;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How many schedules of each kind, unless `SCHEDULES` says otherwise.
const SCHEDULES: usize = 150;
/// How often a schedule of the second kind lets a thread overtake the others.
const DEPTH: usize = 3;

fn explore(scene: fn()) {
    let wished = std::env::var("SCHEDULES").ok().and_then(|text| text.parse().ok());
    let count = wished.unwrap_or(SCHEDULES);
    shuttle::check_random(scene, count);
    shuttle::check_pct(scene, count, DEPTH);
}

fn open(path: &Path) -> Arc<Store> {
    let guard = FileGuard::acquire(path, Permissions::Relaxed).unwrap();
    Arc::new(Store::open(Arc::new(guard), InstanceId::from_bytes([1; 16]), None).unwrap())
}

fn directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(3_600))
}

type Caller = shuttle::thread::JoinHandle<Result<()>>;

/// Writes the fact `name`; refuses after having written it, if it is to.
fn caller(store: &Arc<Store>, name: &'static str, deadline: fn() -> Deadline, refuses: bool) -> Caller {
    let store = Arc::clone(store);
    shuttle::thread::spawn(move || {
        store.write(deadline(), move |tx| {
            instance::set_fact(tx, name, "written")?;
            if refuses { Err(Error::new(Code::NotAllowed, "no")) } else { Ok(()) }
        })
    })
}

fn is_written(store: &Store, name: &str) -> bool {
    store.read(|tx| instance::fact(tx, name)).unwrap().is_some()
}

#[test]
fn everybody_is_answered_once_and_for_himself() {
    explore(|| {
        let directory = directory();
        let store = open(&directory.path().join("s.db"));
        let (commits, members) = store.writer().counts();
        let writers = ["a", "b", "c"].map(|name| (name, caller(&store, name, soon, false)));
        let refused = caller(&store, "refused", soon, true);
        // Too late when it comes: told so, unless it leads at once.
        let late = caller(&store, "late", || Deadline::after(Duration::ZERO), false);
        for (name, writer) in writers {
            writer.join().unwrap().unwrap();
            assert!(is_written(&store, name), "{name}");
        }
        assert_eq!(refused.join().unwrap().map_err(|error| error.code()), Err(Code::NotAllowed));
        assert!(!is_written(&store, "refused"));
        let came = late.join().unwrap();
        assert!(matches!(&came, Ok(()) | Err(_) if came.as_ref().err().is_none_or(|error| error.code() == Code::Busy)));
        assert_eq!(is_written(&store, "late"), came.is_ok());
        let (commits_now, members_now) = store.writer().counts();
        let written = 3 + u64::from(came.is_ok());
        assert!(members_now - members >= written && commits_now - commits <= written, "{members_now} {commits_now}");
    });
}

#[test]
fn a_close_ends_every_call_and_loses_no_answer() {
    explore(|| {
        let directory = directory();
        let path = directory.path().join("s.db");
        let store = open(&path);
        let writers = ["a", "b", "c"].map(|name| (name, caller(&store, name, soon, false)));
        let reader = {
            let store = Arc::clone(&store);
            shuttle::thread::spawn(move || store.read(|tx| instance::fact(tx, "a")).map(drop))
        };
        let closing = {
            let store = Arc::clone(&store);
            shuttle::thread::spawn(move || store.close())
        };
        let answers = writers.map(|(name, writer)| (name, writer.join().unwrap()));
        let read = reader.join().unwrap();
        closing.join().unwrap();
        drop(store);
        let store = open(&path);
        for (name, answer) in answers {
            match answer {
                Ok(()) => assert!(is_written(&store, name), "{name} was answered"),
                Err(error) => {
                    assert_eq!(error.code(), Code::Closed);
                    assert!(!is_written(&store, name), "{name} was refused");
                }
            }
        }
        assert!(read.is_ok() || read.is_err_and(|error| error.code() == Code::Closed));
    });
}

#[test]
fn maintenance_takes_turns_with_commits() {
    explore(|| {
        let directory = directory();
        let store = open(&directory.path().join("s.db"));
        let writers = ["a", "b"].map(|name| (name, caller(&store, name, soon, false)));
        let moving = {
            let store = Arc::clone(&store);
            shuttle::thread::spawn(move || store.checkpoint_synced())
        };
        for (name, writer) in writers {
            writer.join().unwrap().unwrap();
            assert!(is_written(&store, name), "{name}");
        }
        moving.join().unwrap().unwrap();
    });
}

#[test]
fn a_close_that_returns_has_let_the_file_go() {
    explore(|| {
        let directory = directory();
        let path = directory.path().join("s.db");
        let store = open(&path);
        let readers = ["a", "b"].map(|name| {
            let store = Arc::clone(&store);
            shuttle::thread::spawn(move || store.read(|tx| instance::fact(tx, name)).map(drop))
        });
        store.close();
        // No read has ended here but those the close waited for.
        open(&path).close();
        for reader in readers {
            let read = reader.join().unwrap();
            assert!(read.is_ok() || read.is_err_and(|error| error.code() == Code::Closed));
        }
    });
}
