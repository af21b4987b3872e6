//! Every public operation as the sweep calls it: in a state in which it succeeds,
//! answering what it answered as text.

mod auth;
mod bill;
mod engine;
mod history;
mod operator;
mod session;
mod wallet;

use crate::stage::Scene;
use fusepay_core::Result;
use std::fmt::Debug;

/// What an operation does to the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing: whenever it answers, it answers the same.
    Reads,
    /// One commit. Repeated, it is refused or happens again.
    Writes,
    /// One commit under an idempotency key: repeated, the same answer.
    Keyed,
    /// Several commits, each whole; repeated, it goes on where it was.
    Steps,
}

type Call = fn(&Scene<'_>) -> Result<String>;

#[derive(Clone, Copy)]
pub(crate) struct Operation {
    /// As `docs/surface.md` has it, and what is special about it after a space.
    pub(crate) name: &'static str,
    pub(crate) effect: Effect,
    /// What happens before the disk fails.
    pub(crate) prepare: fn(&Scene<'_>),
    pub(crate) call: Call,
    /// What was prepared is gone with the engine, and prepared again.
    pub(crate) is_in_memory: bool,
}

impl Operation {
    fn new(name: &'static str, effect: Effect, call: Call) -> Operation {
        Operation { name, effect, prepare: |_| (), call, is_in_memory: false }
    }

    fn after(mut self, prepare: fn(&Scene<'_>)) -> Operation {
        self.prepare = prepare;
        self
    }

    fn after_in_memory(mut self, prepare: fn(&Scene<'_>)) -> Operation {
        self.is_in_memory = true;
        self.after(prepare)
    }
}

fn reads(name: &'static str, call: Call) -> Operation {
    Operation::new(name, Effect::Reads, call)
}

fn writes(name: &'static str, call: Call) -> Operation {
    Operation::new(name, Effect::Writes, call)
}

fn keyed(name: &'static str, call: Call) -> Operation {
    Operation::new(name, Effect::Keyed, call)
}

fn steps(name: &'static str, call: Call) -> Operation {
    Operation::new(name, Effect::Steps, call)
}

/// An answer as text.
fn show<T: Debug>(answer: Result<T>) -> Result<String> {
    answer.map(|answer| format!("{answer:?}"))
}

/// All of them.
pub(crate) fn operations() -> Vec<Operation> {
    let rooms = [
        engine::operations(),
        auth::operations(),
        wallet::operations(),
        bill::operations(),
        history::operations(),
        session::operations(),
        operator::operations(),
    ];
    rooms.concat()
}
