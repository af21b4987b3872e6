//! Log files for hosts that have no logging of their own.

use std::ffi::c_char;
use std::sync::Arc;

use fusepay_core::{LogLevel, LogRotation, LoggingConfig, LoggingGuard, init_logging};

use crate::boundary::{guard, guard_or};
use crate::error::fusepay_error;
use crate::handle::tables;
use crate::input::{self, requests};

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

/// What the handle keeps alive.
pub(crate) struct LogFiles {
    _guard: LoggingGuard,
}

/// Makes this process log into files: everything as JSON lines in `combined.log`,
/// errors also in `error.log`. Once per process, from any thread. Keep the handle
/// until the program ends.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_INVALID_CONFIG`,
/// `FUSEPAY_ERR_NOT_ALLOWED` when this process logs already,
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
        input::put("files", files, tables().log_files.insert(Arc::new(LogFiles { _guard: guard }))?)
    })
}

/// Writes what is still waiting, ends the log files and sets the variable to
/// NULL. NULL, a pointer to NULL and what was closed before do nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_log_close(files: *mut *mut fusepay_log_files) {
    guard_or((), || {
        if let Ok(handle) = input::value("files", files.cast_const()) {
            drop(tables().log_files.remove::<fusepay_log_files>(handle));
            drop(input::put("files", files, std::ptr::null_mut()));
        }
    });
}
