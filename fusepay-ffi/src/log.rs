//! Logging: lines handed to a callback of the host, or log files for hosts that
//! have no logging of their own. A process has one of the two.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use fusepay_core::{Code, Error, LogLevel, LogRotation, LoggingConfig, LoggingGuard, init_logging};

use crate::boundary::guard;
use crate::callback::{UserData, fusepay_destroy};
use crate::error::fusepay_error;
use crate::handle::{Handles, Kind};
use crate::input::{self, requests};
use crate::logger::{self, Logger};
use crate::panic::guard_or;

/// Who is told of log lines. Begin it with `FUSEPAY_INIT`; it is copied.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_logger {
    /// `sizeof(fusepay_logger)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// The host's own pointer, handed to the function below.
    pub user_data: *mut c_void,
    /// Gives `user_data` back; may be NULL.
    pub destroy: fusepay_destroy,
    /// What is told, this level and above: one of `FUSEPAY_LOG_LEVEL_*`; 0 for info.
    pub level: u32,
    /// Takes one line: its level (`FUSEPAY_LOG_LEVEL_*`), the part of the library it
    /// comes from, and the message with its fields (` key=value`). One line each,
    /// control characters escaped; they live during the call. There is never a
    /// password, key or token in them.
    ///
    /// Called from any thread, several at once, also from the one that is inside a
    /// call of the library, which waits for it: be quick. It may call the library;
    /// what that logs on the same thread is not told. It must not leave by an
    /// exception or `longjmp`: that ends the process.
    pub write:
        Option<extern "C-unwind" fn(user_data: *mut c_void, level: u32, target: *const c_char, message: *const c_char)>,
}

requests!(fusepay_logger);

/// Makes a logger the one of this process, for all engines, instead of the former
/// one; nobody is told any more with NULL. The logger's `destroy` is owed from here
/// on, also when this fails: it comes when another one took its place and the last
/// call in flight has returned. In a forked child nobody is told until it sets a
/// logger of its own.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_NOT_ALLOWED` when this
/// process logs into files (`fusepay_log_to_files`).
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_log_set(logger: *const fusepay_logger, error: *mut *mut fusepay_error) -> i32 {
    guard(error, || {
        let given = input::optional_request("logger", logger)?;
        logger::listen(given.map(|given| read_logger(&given)).transpose()?)
    })
}

fn read_logger(given: &fusepay_logger) -> Result<Logger, Error> {
    let data = UserData::new(given.user_data, given.destroy);
    let level = input::optional_word("level", given.level, LogLevel::from_number)?.unwrap_or(LogLevel::Info);
    match given.write {
        Some(write) => Ok(Logger { data, write, level }),
        None => Err(Error::field(Code::InvalidArgument, "logger", "needs write")),
    }
}

/// Where logs go, and how many are kept; 0 leaves a default alone.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_log_config {
    /// `sizeof(fusepay_log_config)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// The directory of the log files. Made, for its owner alone, when absent.
    pub directory: *const c_char,
    /// What is logged, this level and above: one of `FUSEPAY_LOG_LEVEL_*`; info by default.
    pub level: u32,
    /// When a new file is begun: one of `FUSEPAY_LOG_ROTATION_*`; daily by default.
    pub rotation: u32,
    /// How many files of each log are kept, 1 to 10,000; 14 by default.
    pub files_max: u32,
    /// 1 when lines for people go to standard error too.
    pub console: u32,
}

requests!(fusepay_log_config);

/// Log files being written. Closing it flushes and ends them.
pub struct fusepay_log_files {
    _private: (),
}

const LOG_FILES: Handles<LogFiles> = Handles::new(Kind::LogFiles);

/// What the handle keeps alive.
pub(crate) struct LogFiles {
    _guard: LoggingGuard,
}

/// Makes this process log into files: everything as JSON lines in `combined.log`,
/// errors also in `error.log`. Once per process, from any thread. Keep the handle
/// until the program ends.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_INVALID_CONFIG`,
/// `FUSEPAY_ERR_NOT_ALLOWED` when this process logs already (also by `fusepay_log_set`),
/// `FUSEPAY_ERR_STORAGE_FAULT` when the directory or a file can't be made.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_log_to_files(
    config: *const fusepay_log_config,
    files: *mut *mut fusepay_log_files,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        input::demand_place("files", files)?;
        let given = input::request("config", config)?;
        let mut config = LoggingConfig::new(input::text("directory", given.directory)?)
            .with_console(input::flag("console", given.console)?);
        if let Some(level) = input::optional_word("level", given.level, LogLevel::from_number)? {
            config = config.with_level(level);
        }
        if let Some(rotation) = input::optional_word("rotation", given.rotation, LogRotation::from_number)? {
            config = config.with_rotation(rotation);
        }
        if given.files_max != 0 {
            config.files_max = given.files_max;
        }
        let guard = init_logging(config)?;
        input::put("files", files, LOG_FILES.insert(Arc::new(LogFiles { _guard: guard }))?)
    })
}

/// Writes what is still waiting, ends the log files and sets the variable to
/// NULL. NULL, a pointer to NULL and what was closed before do nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_log_close(files: *mut *mut fusepay_log_files) {
    guard_or((), || {
        if let Ok(handle) = input::value("files", files.cast_const()) {
            drop(LOG_FILES.remove::<fusepay_log_files>(handle));
            drop(input::put("files", files, std::ptr::null_mut()));
        }
    });
}
