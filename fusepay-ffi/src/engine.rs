//! The engine: opening, closing, the queue's step, and the state of the whole.

use std::ffi::{CStr, c_char};
use std::path::Path;
use std::sync::Arc;

use fusepay_core::{FusePay, RunReport};

use crate::boundary::guard;
use crate::config::{self, fusepay_config};
use crate::error::fusepay_error;
use crate::handle::{Handles, Kind};
use crate::input;
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, fusepay_text, records};
use crate::provider::{HostProvider, fusepay_provider};

/// The version as C sees it; the build fails if it ever held a NUL.
const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/// The version of the library, such as "0.1.0". A static string.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_version() -> *const c_char {
    VERSION.as_ptr()
}

/// An engine over one database. An owned handle, usable from any thread and from
/// several at once; closed by `fusepay_engine_close`.
pub struct fusepay_engine {
    _private: (),
}

const ENGINES: Handles<FusePay> = Handles::new(Kind::Engine);

/// The engine behind a handle.
///
/// # Errors
/// `INVALID_HANDLE`, `CLOSED`, `FORKED`.
pub(crate) fn engine(handle: *const fusepay_engine) -> Result<Arc<FusePay>, fusepay_core::Error> {
    ENGINES.find(handle)
}

/// Opens an engine on a file, which is created when missing and migrated when
/// older. Blocks while the file is recovered. One process opens a file once;
/// several processes may share it.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_INVALID_CONFIG`,
/// `FUSEPAY_ERR_UNSAFE_FILE`, `FUSEPAY_ERR_UNSUPPORTED_FILE_SYSTEM`,
/// `FUSEPAY_ERR_ALREADY_OPEN`, `FUSEPAY_ERR_SCHEMA_TOO_NEW`, `FUSEPAY_ERR_CORRUPT`,
/// `FUSEPAY_ERR_BUSY` when another process is opening it, and the storage faults.
/// Every provider, clock and source of randomness in the configuration gets its
/// `destroy`, also when this fails.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_open(
    config: *const fusepay_config,
    engine: *mut *mut fusepay_engine,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let config = config::read(config)?;
        input::demand_place("engine", engine)?;
        let opened = Arc::new(FusePay::open(config)?);
        let handle = ENGINES.insert(opened)?;
        input::put("engine", engine, handle)
    })
}

/// Closes an engine and sets the variable to NULL: waits at most `deadline_ms`
/// for provider calls to end, makes the ones that did not unknown, and lets go of
/// the file. Calls under way in other threads end first or answer
/// `FUSEPAY_ERR_CLOSED`, as do later ones. A pointer to NULL does nothing. From a
/// callback of the engine it signals, and does not wait.
///
/// Errors: `FUSEPAY_ERR_FORKED` and a negative deadline, which leave the variable
/// as it is; storage faults of the last commit, after which the file is closed all
/// the same, and the next open recovers.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_close(
    engine: *mut *mut fusepay_engine,
    deadline_ms: i64,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let handle: *mut fusepay_engine = input::value("engine", engine.cast_const())?;
        if handle.is_null() {
            return Ok(());
        }
        let deadline = input::span("deadline_ms", deadline_ms)?;
        let closing = ENGINES.remove(handle)?;
        input::put("engine", engine, std::ptr::null_mut())?;
        closing.close(deadline)
    })
}

/// What one step of the queue did.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_run_report {
    /// `sizeof(fusepay_run_report)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// Jobs claimed.
    pub claimed: u32,
    /// Provider calls begun (and, in the manual mode, ended).
    pub calls: u32,
    /// When the next job is due, on the engine's timeline, in milliseconds; NULL
    /// when there is none.
    pub next_due_ms: *const i64,
}

impl Show<RunReport> for fusepay_run_report {
    fn show(report: &RunReport, memory: &mut Memory) -> Self {
        fusepay_run_report {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            claimed: report.claimed,
            calls: report.calls,
            next_due_ms: memory.optional(report.next_due.map(|at| at.0)),
        }
    }
}

records!(fusepay_run_report);

/// Runs everything that is due now, once: in the manual worker mode on this
/// thread, provider calls included. In the background mode it only helps the
/// worker along. `report` may be NULL.
///
/// Errors: the common ones.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_run_due(
    engine: *const fusepay_engine,
    report: *mut fusepay_run_report,
    error: *mut *mut fusepay_error,
) -> i32 {
    if report.is_null() {
        return guard(error, || self::engine(engine)?.run_due().map(drop));
    }
    fetch(report, error, || self::engine(engine)?.run_due())
}

/// The moment on the engine's own timeline, on which jobs, holds and quotes fall
/// due, in milliseconds: the wall clock at open, moved on by the monotonic clock.
///
/// Errors: `FUSEPAY_ERR_INVALID_HANDLE`, `FUSEPAY_ERR_CLOSED`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_due_now(
    engine: *const fusepay_engine,
    now_ms: *mut i64,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || input::put("now_ms", now_ms, self::engine(engine)?.due_now().0))
}

/// Registers a further provider, or replaces the adapter of a known one. Calls
/// under way stay with the adapter they began with. The provider's `destroy` is
/// owed from here on, also when this fails.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_INVALID_CONFIG`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_register_provider(
    engine: *const fusepay_engine,
    code: *const c_char,
    provider: *const fusepay_provider,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let provider = Arc::new(HostProvider::read(provider)?);
        self::engine(engine)?.register_provider(input::text("provider code", code)?, provider)
    })
}

/// The SHA-256 of what the ledger says, as 64 hexadecimal digits: accounts with
/// balances and holds, then every posting. The same scenario gives the same
/// digest, whatever ids and times it ran with.
///
/// Errors: `FUSEPAY_ERR_CORRUPT`; the common ones.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_ledger_digest(
    engine: *const fusepay_engine,
    digest: *mut fusepay_text,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(digest, error, || self::engine(engine)?.ledger_digest())
}

/// Copies the live database, as of now, to a new file, while other calls go on.
/// The copy is readable by this user alone, synced, and appears under its name
/// whole or not at all; it is marked as a copy, so that an engine opened on it
/// queries payments in flight before it sends anything.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_UNSAFE_FILE`,
/// `FUSEPAY_ERR_UNSUPPORTED_FILE_SYSTEM`, `FUSEPAY_ERR_NOT_ALLOWED` when there is a
/// file already, `FUSEPAY_ERR_STORAGE_FULL`; the common ones.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_backup(
    engine: *const fusepay_engine,
    destination: *const c_char,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || self::engine(engine)?.backup(Path::new(input::text("destination", destination)?)))
}

/// Tells the engine that its file was restored byte for byte in its old place,
/// which it cannot notice by itself: payments that wait to be sent are queried
/// first. Answers how many. Call it right after opening a restored file, before
/// the queue runs; see also `is_restored` of the configuration.
///
/// Errors: the common ones.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_declare_restored(
    engine: *const fusepay_engine,
    payments: *mut u32,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        input::demand_place("payments", payments)?;
        input::put("payments", payments, self::engine(engine)?.declare_restored()?)
    })
}
