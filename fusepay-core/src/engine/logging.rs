//! Log files and console lines for hosts that have no logging of their own.
//!
//! The engine itself only emits `tracing` events; a host with a subscriber of
//! its own never calls this. Here: everything as JSON lines in `combined.log`,
//! errors also in `error.log`, and, if wanted, lines for people on standard
//! error. Both are links to dated files (`combined.log.2026-11-23`) which
//! rotate by UTC; on systems without links only the dated files exist.
//!
//! Lines are written by threads of their own. When these fall far behind
//! (128,000 lines), lines are dropped rather than payments delayed.

use crate::engine::inner::Inner;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::store::event;
use crate::sync::Ordering;
use crate::vocabulary::{Code, EventName, LogLevel, LogRotation};
use std::io::Write;
use std::path::{Path, PathBuf};
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;

/// Most dated files kept of each log.
const FILES_MAX: u32 = 10_000;

/// Where logs go, and how many are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggingConfig {
    /// The directory of the log files. Made, for its owner alone, when absent.
    pub directory: PathBuf,
    /// What is logged: this level and above. `Info` by default.
    pub level: LogLevel,
    /// Whether lines for people go to standard error too. Not by default.
    pub console: bool,
    /// When a new file is begun. Daily by default.
    pub rotation: LogRotation,
    /// How many files of each log are kept, the current one included. 1 to
    /// 10,000; 14 by default.
    pub files_max: u32,
}

impl LoggingConfig {
    /// Logs into this directory, with the defaults.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        LoggingConfig {
            directory: directory.into(),
            level: LogLevel::Info,
            console: false,
            rotation: LogRotation::Daily,
            files_max: 14,
        }
    }

    /// Sets the level.
    #[must_use]
    pub fn with_level(mut self, level: LogLevel) -> Self {
        self.level = level;
        self
    }

    /// Sets whether lines for people go to standard error too.
    #[must_use]
    pub fn with_console(mut self, console: bool) -> Self {
        self.console = console;
        self
    }

    /// Sets when a new file is begun.
    #[must_use]
    pub fn with_rotation(mut self, rotation: LogRotation) -> Self {
        self.rotation = rotation;
        self
    }

    /// Sets how many files of each log are kept.
    #[must_use]
    pub fn with_files_max(mut self, files_max: u32) -> Self {
        self.files_max = files_max;
        self
    }
}

/// Keeps logging alive. Dropping it writes what is still waiting, and ends the
/// log files; keep it until the program ends.
#[must_use = "dropping the guard ends logging"]
pub struct LoggingGuard {
    _workers: [WorkerGuard; 2],
}

impl std::fmt::Debug for LoggingGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LoggingGuard")
    }
}

/// Makes this process log into files. Once per process, from any thread.
///
/// # Errors
/// [`Code::InvalidConfig`]: `files_max` out of range, or `combined.log` or
/// `error.log` exists and is not a link. [`Code::NotAllowed`] when the process
/// has a global `tracing` subscriber. [`Code::StorageFault`] when the directory
/// or a file can't be made.
pub fn init_logging(config: LoggingConfig) -> Result<LoggingGuard> {
    if !(1..=FILES_MAX).contains(&config.files_max) {
        return Err(Error::field(Code::InvalidConfig, "files_max", "must be 1 to 10000"));
    }
    if tracing::dispatcher::has_been_set() {
        return Err(already_set());
    }
    let directory = make_directory(&config.directory)?;
    let (combined, combined_worker) = rolling(&config, &directory, "combined.log")?;
    let (errors, errors_worker) = rolling(&config, &directory, "error.log")?;
    let level = filter(config.level);
    let console = config.console.then(|| fmt::layer().with_ansi(false).with_writer(EscapedStderr::default));
    let subscriber = tracing_subscriber::registry()
        .with(fmt::layer().json().with_writer(combined).with_filter(level))
        .with(fmt::layer().json().with_writer(errors).with_filter(level.min(LevelFilter::ERROR)))
        .with(console.with_filter(level));
    tracing::subscriber::set_global_default(subscriber).map_err(|_| already_set())?;
    Ok(LoggingGuard { _workers: [combined_worker, errors_worker] })
}

fn already_set() -> Error {
    Error::new(Code::NotAllowed, "this process has a tracing subscriber already; add a layer there instead")
}

const fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

/// Makes the directory for its owner alone, because the files in it get
/// whatever mode the process's umask leaves. The answer is absolute: links and
/// later rotations must not depend on the working directory.
fn make_directory(directory: &Path) -> Result<PathBuf> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).and_then(|()| directory.canonicalize()).map_err(|cause| {
        Error::field(Code::StorageFault, "directory", format!("can't be made: {cause}")).with_source(cause)
    })
}

fn rolling(config: &LoggingConfig, directory: &Path, name: &'static str) -> Result<(NonBlocking, WorkerGuard)> {
    // The appender replaces whatever bears the link's name; a file there is somebody's log.
    if directory.join(name).symlink_metadata().is_ok_and(|existing| !existing.is_symlink()) {
        return Err(Error::field(
            Code::InvalidConfig,
            "directory",
            format!("{name} in it is not a link; move it away"),
        ));
    }
    let rotation = match config.rotation {
        LogRotation::Daily => Rotation::DAILY,
        LogRotation::Hourly => Rotation::HOURLY,
    };
    let builder = RollingFileAppender::builder()
        .rotation(rotation)
        .filename_prefix(name)
        .max_log_files(usize::try_from(config.files_max).unwrap_or(usize::MAX));
    #[cfg(unix)]
    let builder = builder.latest_symlink(name);
    let appender = builder.build(directory).map_err(|cause| {
        Error::field(Code::StorageFault, "directory", format!("{name} can't be made: {cause}")).with_source(cause)
    })?;
    Ok(tracing_appender::non_blocking(appender))
}

/// Standard error with control characters escaped, so that no name or
/// reference can move the cursor or forge a line. The files need none of it:
/// JSON escapes. The formatter hands over each line in one piece.
#[derive(Default)]
struct EscapedStderr;

impl Write for EscapedStderr {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        std::io::stderr().lock().write_all(escape_line(line).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

fn escape_line(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let (text, end) = text.strip_suffix('\n').map_or((&*text, ""), |text| (text, "\n"));
    let mut out = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        if character.is_control() {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out + end
}

/// The most events read for the log at once.
const EVENTS_AT_ONCE: u32 = 256;

/// Writes what was committed since the last time to the log: one line an event,
/// with its ids. Engines on one file each log all of it.
pub(crate) fn log_events(inner: &Inner) {
    let mut seen = inner.logged_events.load(Ordering::Acquire);
    while let Ok(events) = inner.read(|tx| event::after(tx, seen, EVENTS_AT_ONCE)) {
        let Some(last) = events.last() else { return };
        let claimed = inner.logged_events.compare_exchange(seen, last.sequence, Ordering::AcqRel, Ordering::Acquire);
        if let Err(other) = claimed {
            // Another thread of this engine logs these.
            seen = other;
            continue;
        }
        events.iter().for_each(log_event);
        seen = last.sequence;
    }
}

fn log_event(event: &Event) {
    let (sequence, name, payload) = (event.sequence, event.name.name(), event.payload.as_str());
    let (user, wallet) = (event.user.map(|id| id.to_string()), event.wallet.map(|id| id.to_string()));
    let (payment, job) = (event.payment.map(|id| id.to_string()), event.job.map(|job| job.0));
    let needs_a_person = matches!(
        event.name,
        EventName::JobDead | EventName::PaymentNeedsReview | EventName::PaymentLateSuccess | EventName::TokenReused
    );
    if needs_a_person {
        tracing::warn!(sequence, name, user, wallet, payment, job, payload, "event");
    } else {
        tracing::info!(sequence, name, user, wallet, payment, job, payload, "event");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_on_the_console_stays_one_line() {
        assert_eq!(escape_line("a\nERROR forged\u{1b}[2J é\n".as_bytes()), "a\\u{a}ERROR forged\\u{1b}[2J é\n");
        assert_eq!(escape_line(b"x"), "x");
    }

    #[test]
    fn senseless_settings_and_foreign_files_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        for files_max in [0, FILES_MAX + 1] {
            let config = LoggingConfig::new(directory.path()).with_files_max(files_max);
            assert_eq!(init_logging(config).map_err(|e| e.code()).err(), Some(Code::InvalidConfig));
        }
        std::fs::write(directory.path().join("combined.log"), "mine").unwrap();
        let refused = init_logging(LoggingConfig::new(directory.path()));
        assert_eq!(refused.map_err(|e| e.code()).err(), Some(Code::InvalidConfig));
        assert_eq!(std::fs::read_to_string(directory.path().join("combined.log")).unwrap(), "mine");
    }
}
