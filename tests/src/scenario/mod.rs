//! Runs scenario files: the same text, and the same transcript, in Rust, C and
//! Python. `tests/scenarios/FORMAT.md` is the specification; this is the first
//! of the three runners.

mod biller;
mod line;
mod names;
mod oracle;
mod record;
mod runner;
mod shown;
mod stage;
mod stop;
mod verbs;

pub use runner::{Failure, play};
pub use verbs::{Verb, verbs};
