//! Which threads are an engine's own: they signal a close and never wait for it.

use crate::sync::thread_local;
use std::cell::Cell;

thread_local! {
    /// Whether this thread belongs to an engine: it must never wait for itself.
    static IS_ENGINE_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// Marks this thread as an engine's until dropped. A host's own thread is one too
/// while it makes a provider call in the manual mode; marks may nest.
pub(crate) struct EngineThread {
    was_marked: bool,
}

impl EngineThread {
    pub(crate) fn enter() -> Self {
        EngineThread { was_marked: IS_ENGINE_THREAD.with(|is_marked| is_marked.replace(true)) }
    }

    /// Whether this thread is an engine's.
    pub(crate) fn is_this() -> bool {
        IS_ENGINE_THREAD.with(Cell::get)
    }
}

impl Drop for EngineThread {
    fn drop(&mut self) {
        IS_ENGINE_THREAD.with(|is_marked| is_marked.set(self.was_marked));
    }
}
