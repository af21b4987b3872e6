//! The writer alone: groups, refusals, panics, late members, doubt.

use super::*;
use crate::clock::UnixMillis;
use crate::id::InstanceId;
use crate::store::guard::{FileGuard, Permissions};
use crate::store::{Store, instance};
use std::sync::mpsc::{Receiver, channel};

fn open() -> (tempfile::TempDir, Arc<Store>) {
    let directory = tempfile::tempdir().unwrap();
    let guard = FileGuard::acquire(&directory.path().join("w.db"), Permissions::Relaxed).unwrap();
    let store = Store::open(Arc::new(guard), InstanceId::from_bytes([1; 16]), None).unwrap();
    (directory, Arc::new(store))
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(30))
}

/// Occupies the writer until the channel says so, from a thread of its own.
fn occupy(store: &Arc<Store>, release: Receiver<()>) -> std::thread::JoinHandle<Result<()>> {
    let (store, (entered, inside)) = (Arc::clone(store), channel());
    let thread = std::thread::spawn(move || {
        store.write(soon(), move |tx| {
            let _ = entered.send(());
            let _ = release.recv();
            instance::set_fact(tx, "first", "yes")
        })
    });
    inside.recv().unwrap();
    thread
}

fn await_line(store: &Store, length: usize) {
    while lock(&store.writer().line).waiting.len() < length {
        std::thread::yield_now();
    }
}

#[test]
fn one_commit_pays_for_all_who_wait() {
    let (_directory, store) = open();
    let before = store.writer().counts();
    let (go, release) = channel();
    let first = occupy(&store, release);
    let others: Vec<_> = (0..8)
        .map(|number| {
            let store = Arc::clone(&store);
            std::thread::spawn(move || {
                store.write(soon(), move |tx| instance::open_incarnation(tx, "t", UnixMillis(number)))
            })
        })
        .collect();
    await_line(&store, 8);
    go.send(()).unwrap();
    first.join().unwrap().unwrap();
    for other in others {
        other.join().unwrap().unwrap();
    }
    let after = store.writer().counts();
    assert_eq!((after.0 - before.0, after.1 - before.1), (2, 9), "commits and their members");
}

#[test]
fn a_member_that_refuses_or_panics_takes_nobody_with_it() {
    let (_directory, store) = open();
    let (go, release) = channel();
    let first = occupy(&store, release);
    let spawn = |end: &'static str| {
        let store = Arc::clone(&store);
        std::thread::spawn(move || {
            store.write(soon(), move |tx| {
                instance::set_fact(tx, end, "written")?;
                match end {
                    "refuses" => Err(Error::new(Code::NotAllowed, "no")),
                    "panics" => tx.savepoint(|tx| instance::set_fact(tx, "inside", "x").map(|()| panic!("a bug"))),
                    _ => Ok(()),
                }
            })
        })
    };
    let (refuses, panics, commits) = (spawn("refuses"), spawn("panics"), spawn("commits"));
    await_line(&store, 3);
    go.send(()).unwrap();
    first.join().unwrap().unwrap();
    assert_eq!(refuses.join().unwrap().map_err(|e| e.code()), Err(Code::NotAllowed));
    assert_eq!(panics.join().unwrap().map_err(|e| e.code()), Err(Code::Panicked));
    commits.join().unwrap().unwrap();
    let found = |name| store.read(|tx| instance::fact(tx, name)).unwrap();
    assert_eq!((found("refuses"), found("panics"), found("inside")), (None, None, None));
    assert_eq!(found("commits").as_deref(), Some("written"));
}

#[test]
fn what_cannot_be_undone_is_not_committed_with_others() {
    let (_directory, store) = open();
    let (go, release) = channel();
    let first = occupy(&store, release);
    let spawn = |end: &'static str| {
        let store = Arc::clone(&store);
        std::thread::spawn(move || {
            store.write(soon(), move |tx| {
                instance::set_fact(tx, end, "written")?;
                if end == "torn" {
                    // As when there is no memory to undo it: the savepoint is lost.
                    tx.run("RELEASE member", [])?;
                    return Err(Error::new(Code::NotAllowed, "no"));
                }
                Ok(())
            })
        })
    };
    let (torn, commits) = (spawn("torn"), spawn("commits"));
    await_line(&store, 2);
    go.send(()).unwrap();
    first.join().unwrap().unwrap();
    assert!(torn.join().unwrap().is_err());
    commits.join().unwrap().unwrap();
    let found = |name: &str| store.read(|tx| instance::fact(tx, name)).unwrap();
    assert_eq!((found("torn"), found("commits").as_deref()), (None, Some("written")));
}

#[test]
fn who_gives_up_while_waiting_is_told_busy_and_nothing_happens() {
    let (_directory, store) = open();
    let (go, release) = channel();
    let first = occupy(&store, release);
    let hasty = store.write(Deadline::after(Duration::ZERO), |tx| instance::set_fact(tx, "hasty", "yes"));
    assert_eq!(hasty.map_err(|e| e.code()), Err(Code::Busy));
    go.send(()).unwrap();
    first.join().unwrap().unwrap();
    store.write(soon(), |tx| instance::set_fact(tx, "later", "yes")).unwrap();
    assert_eq!(store.read(|tx| instance::fact(tx, "hasty")).unwrap(), None);
}

#[test]
fn nobody_leaves_who_has_been_taken_up() {
    let (_directory, store) = open();
    let member = || {
        let stage = Mutex::new(Stage::Waiting(Box::new(|_: &WriteTx<'_>| Ok(Box::new(()) as Answer))));
        Arc::new(Member { stage, changed: Condvar::new(), deadline: Deadline::after(Duration::ZERO) })
    };
    let (taken, waits) = (member(), member());
    lock(&store.writer().line).waiting.push_back(Arc::clone(&taken));
    assert_eq!(store.writer().take_group().0.len(), 1);
    lock(&store.writer().line).waiting.push_back(Arc::clone(&waits));
    // "Busy" says that nothing happened: only who is still in line may say it.
    assert!(!store.writer().leave(&taken));
    assert!(store.writer().leave(&waits));
    assert!(!store.writer().leave(&waits));
}

#[test]
fn a_call_from_inside_a_transaction_is_refused() {
    let (_directory, store) = open();
    let inner = Arc::clone(&store);
    let nested = store.write(soon(), move |_| Ok(inner.read(|_| Ok(())).map_err(|e| e.code())));
    assert_eq!(nested.unwrap(), Err(Code::Reentrant));
}
