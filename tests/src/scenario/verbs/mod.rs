//! The table of verbs, noun by noun. Each is an operation of the engine by its
//! name in `docs/surface.md`, or moves the scenario's own clock and billers.

mod auth;
mod bill;
mod history;
mod session;
mod stage;
mod wallet;
mod worker;

use crate::scenario::line::Words;
use crate::scenario::stage::Stage;
use crate::scenario::stop::Answer;

/// One verb: its words, what it prints, and what it does.
pub struct Verb {
    /// Its name.
    pub name: &'static str,
    /// Its words, divided by blanks; optional ones end with `?`.
    pub words: &'static str,
    /// The records it prints when it is not refused.
    pub prints: &'static str,
    pub(crate) run: fn(&mut Stage, &Words) -> Answer<()>,
}

/// Every verb, in the order of `FORMAT.md`.
pub fn verbs() -> impl Iterator<Item = &'static Verb> {
    let nouns = [stage::VERBS, auth::VERBS, wallet::VERBS, bill::VERBS, history::VERBS, worker::VERBS, session::VERBS];
    nouns.into_iter().flatten()
}
