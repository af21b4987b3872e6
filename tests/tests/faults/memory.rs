//! Memory that runs out on demand: SQLite's allocator (sqlite.org/malloc.html,
//! section 3.1), refused per thread, so that cases beside each other don't meet.

use rusqlite::ffi::{self, sqlite3_mem_methods};
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::sync::{Once, OnceLock};

/// SQLite's own allocator.
static OWN: OnceLock<Own> = OnceLock::new();

#[derive(Clone, Copy)]
struct Own {
    malloc: unsafe extern "C" fn(c_int) -> *mut c_void,
    realloc: unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void,
}

#[derive(Clone, Copy)]
struct Plan {
    from: u64,
    is_lasting: bool,
}

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
    static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
    static STRUCK: Cell<bool> = const { Cell::new(false) };
}

/// Puts this allocator under SQLite; before anything else of SQLite is used.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: SQLite fills the struct that is asked for, then keeps a copy of
        // the one it is given; it is not in use yet, or refuses.
        unsafe {
            let mut methods = std::mem::zeroed::<sqlite3_mem_methods>();
            // SQLite has no methods to show before its first use; shutting it
            // down again lets them be changed.
            assert_eq!(ffi::sqlite3_initialize(), ffi::SQLITE_OK);
            assert_eq!(ffi::sqlite3_shutdown(), ffi::SQLITE_OK);
            assert_eq!(ffi::sqlite3_config(ffi::SQLITE_CONFIG_GETMALLOC, &raw mut methods), ffi::SQLITE_OK);
            let own = Own { malloc: methods.xMalloc.unwrap(), realloc: methods.xRealloc.unwrap() };
            assert!(OWN.set(own).is_ok());
            methods.xMalloc = Some(malloc);
            methods.xRealloc = Some(realloc);
            assert_eq!(ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw mut methods), ffi::SQLITE_OK);
        }
    });
}

/// How often this thread has asked for memory since `forget`.
pub(crate) fn asked() -> u64 {
    ASKED.get()
}

/// Begins to count anew.
pub(crate) fn forget() {
    ASKED.set(0);
}

/// Refuses request `from` (1 is the next one) of this thread, and with
/// `is_lasting` all later ones.
pub(crate) fn plan(from: u64, is_lasting: bool) {
    STRUCK.set(false);
    PLAN.set(Some(Plan { from: asked() + from, is_lasting }));
}

/// Gives memory again; whether any was refused.
pub(crate) fn heal() -> bool {
    PLAN.set(None);
    STRUCK.get()
}

fn is_refused() -> bool {
    let asked = ASKED.get() + 1;
    ASKED.set(asked);
    let strikes = |plan: Plan| asked == plan.from || (plan.is_lasting && asked > plan.from);
    let refused = PLAN.get().is_some_and(strikes);
    if refused {
        STRUCK.set(true);
    }
    refused
}

unsafe extern "C" fn malloc(size: c_int) -> *mut c_void {
    match OWN.get() {
        // SAFETY: as SQLite calls it.
        Some(own) if !is_refused() => unsafe { (own.malloc)(size) },
        _ => std::ptr::null_mut(),
    }
}

unsafe extern "C" fn realloc(old: *mut c_void, size: c_int) -> *mut c_void {
    match OWN.get() {
        // SAFETY: as SQLite calls it.
        Some(own) if !is_refused() => unsafe { (own.realloc)(old, size) },
        _ => std::ptr::null_mut(),
    }
}
