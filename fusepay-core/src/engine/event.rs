//! The outbox at work: reading by cursor, and subscribers in this process.

use crate::engine::inner::Inner;
use std::sync::Arc;

/// The subscribers of one engine.
#[derive(Default)]
pub(crate) struct Subscribers {}

impl Subscribers {
    pub(crate) fn close(&self) {}
}

/// Delivers what was committed since the last time.
pub(crate) fn deliver(_inner: &Arc<Inner>) {}
