//! Injected time and randomness.

use std::ffi::c_void;

use fusepay_core::{Clock, Code, Entropy, Error, UnixMillis};

use crate::callback::{UserData, fusepay_destroy};
use crate::input::requests;

/// Where the engine learns the time. Called from any thread, several at once,
/// never from inside a transaction; must not call the engine. For tests and
/// simulation.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_clock {
    /// `sizeof(fusepay_clock)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// The host's own pointer, handed to every function below.
    pub user_data: *mut c_void,
    /// Gives `user_data` back; may be NULL.
    pub destroy: fusepay_destroy,
    /// The wall clock, milliseconds UTC. May jump either way.
    pub wall_ms: Option<extern "C-unwind" fn(user_data: *mut c_void) -> i64>,
    /// Milliseconds since some fixed moment; never goes back.
    pub monotonic_ms: Option<extern "C-unwind" fn(user_data: *mut c_void) -> u64>,
}

/// Where the engine learns random bytes. Called from any thread, several at once;
/// must not call the engine. For tests and simulation.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_entropy {
    /// `sizeof(fusepay_entropy)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// The host's own pointer.
    pub user_data: *mut c_void,
    /// Gives `user_data` back; may be NULL.
    pub destroy: fusepay_destroy,
    /// Fills the buffer; 0 when it did. Anything else refuses the call that
    /// needed it with `FUSEPAY_ERR_NO_ENTROPY`.
    pub fill: Option<extern "C-unwind" fn(user_data: *mut c_void, buffer: *mut u8, length: usize) -> i32>,
}

requests!(fusepay_clock, fusepay_entropy);

/// A host's clock.
pub(crate) struct HostClock {
    data: UserData,
    wall_ms: extern "C-unwind" fn(*mut c_void) -> i64,
    monotonic_ms: extern "C-unwind" fn(*mut c_void) -> u64,
}

impl HostClock {
    /// Takes a clock over.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for a missing function; its data is given back then.
    pub(crate) fn new(given: fusepay_clock) -> Result<Self, Error> {
        let data = UserData::new(given.user_data, given.destroy);
        match (given.wall_ms, given.monotonic_ms) {
            (Some(wall_ms), Some(monotonic_ms)) => Ok(HostClock { data, wall_ms, monotonic_ms }),
            _ => Err(Error::field(Code::InvalidArgument, "clock", "needs wall_ms and monotonic_ms")),
        }
    }
}

impl Clock for HostClock {
    fn wall(&self) -> UnixMillis {
        UnixMillis((self.wall_ms)(self.data.pointer()))
    }

    fn monotonic_ms(&self) -> u64 {
        (self.monotonic_ms)(self.data.pointer())
    }
}

/// A host's randomness.
pub(crate) struct HostEntropy {
    data: UserData,
    fill: extern "C-unwind" fn(*mut c_void, *mut u8, usize) -> i32,
}

impl HostEntropy {
    /// Takes a source over.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] without a function; its data is given back then.
    pub(crate) fn new(given: fusepay_entropy) -> Result<Self, Error> {
        let data = UserData::new(given.user_data, given.destroy);
        match given.fill {
            Some(fill) => Ok(HostEntropy { data, fill }),
            None => Err(Error::field(Code::InvalidArgument, "entropy", "needs fill")),
        }
    }
}

impl Entropy for HostEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), Error> {
        match (self.fill)(self.data.pointer(), buffer.as_mut_ptr(), buffer.len()) {
            0 => Ok(()),
            status => Err(Error::new(Code::NoEntropy, format!("the host's source of randomness answered {status}"))),
        }
    }
}
