//! Why a step ends early: the engine refused, or the scenario itself is wrong.

use fusepay_core::Error;

/// What ends a step before it has printed its result.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The engine answered an error, which is a result like others.
    Engine(Error),
    /// The file can't be executed; the scenario fails.
    Script(String),
}

/// The result of a step, or of reading one of its words.
pub(crate) type Answer<T> = Result<T, Stop>;

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Engine(error)
    }
}
