//! A host's log callback: the `tracing` subscriber behind `fusepay_log_set`.
//!
//! The subscriber is installed once and stays; who is told is looked up for every
//! line, among what belongs to this process: a forked child inherits no callback.

use std::cell::Cell;
use std::ffi::{CString, c_char, c_void};
use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};

use fusepay_core::{Code, Error, LogLevel};
use tracing::field::{Field, Visit};
use tracing::metadata::Metadata;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Subscriber};

use crate::callback::UserData;
use crate::handle::{Object, tables};
use crate::panic::guard_or;

/// What C calls with a line.
pub(crate) type WriteLine = extern "C-unwind" fn(*mut c_void, u32, *const c_char, *const c_char);

/// A host's callback.
pub(crate) struct Logger {
    pub(crate) data: UserData,
    pub(crate) write: WriteLine,
    pub(crate) level: LogLevel,
}

/// The level of the present callback; 0 for none. A copy that is cheap to ask.
static LEVEL: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// Whether this thread is inside a callback: what that logs is not told.
    static IS_TELLING: Cell<bool> = const { Cell::new(false) };
}

/// Makes a callback the one that is told, instead of the former one; nobody with
/// `None`.
///
/// # Errors
/// [`Code::NotAllowed`] when this process logs in another way.
pub(crate) fn listen(logger: Option<Logger>) -> Result<(), Error> {
    if logger.is_some() {
        install()?;
    }
    let level = logger.as_ref().map_or(0, |logger| u32::from(logger.level.number()));
    let next = logger.map(|logger| Arc::new(logger) as Arc<Object>);
    let mut listener = tables().listener.write().unwrap_or_else(PoisonError::into_inner);
    LEVEL.store(level, Ordering::Release);
    let former = std::mem::replace(&mut *listener, next);
    // The former one's destroy is the host's code: no lock is held while it runs.
    drop(listener);
    drop(former);
    Ok(())
}

fn install() -> Result<(), Error> {
    static IS_OURS: OnceLock<bool> = OnceLock::new();
    let is_ours = *IS_OURS
        .get_or_init(|| !tracing::dispatcher::has_been_set() && tracing::subscriber::set_global_default(Lines).is_ok());
    if is_ours { Ok(()) } else { Err(Error::new(Code::NotAllowed, "this process logs in another way already")) }
}

/// The subscriber: hands every line that is wanted to the callback.
struct Lines;

impl Subscriber for Lines {
    /// Asked every time, because the callback and its level may change.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        number(*metadata.level()) <= LEVEL.load(Ordering::Acquire) && metadata.is_event()
    }

    /// The engine opens no spans; one of a dependency is not followed.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        // A thread that is ending has no flag any more: its line is lost.
        let was_telling = IS_TELLING.try_with(|flag| flag.replace(true)).unwrap_or(true);
        if !was_telling {
            guard_or((), || tell(event));
            let _ = IS_TELLING.try_with(|flag| flag.set(false));
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn tell(event: &Event<'_>) {
    let listener = tables().listener.read().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(logger) = listener.and_then(|listener| listener.downcast::<Logger>().ok()) else { return };
    let mut line = Line::default();
    event.record(&mut line);
    let (target, message) = (escaped(event.metadata().target()), escaped(&(line.message + &line.fields)));
    let level = number(*event.metadata().level());
    (logger.write)(logger.data.pointer(), level, target.as_ptr(), message.as_ptr());
}

/// The text with its control characters escaped, so that it stays one line and
/// has no NUL.
fn escaped(text: &str) -> CString {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    CString::new(out).unwrap_or_default()
}

fn number(level: Level) -> u32 {
    let word = match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    };
    u32::from(word.number())
}

/// A message, and the fields behind it: ` key=value`, texts in quotes.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a String does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(escaped("a\nERROR forged\0 é").as_c_str(), c"a\\u{a}ERROR forged\\u{0} é");
    }

    #[test]
    fn levels_are_the_vocabulary_s() {
        assert_eq!([Level::ERROR, Level::INFO, Level::TRACE].map(number), [1, 3, 5]);
    }
}
