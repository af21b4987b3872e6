//! The desk of one provider: its breaker, its rate, and the bounded pool of
//! threads that call it. Submits and queries have places of their own, so that
//! a query never waits behind a send that hangs.

use crate::bill::provider::{Capabilities, Provider};
use crate::error::{Error, Result};
use crate::queue::breaker::{Breaker, BreakerPolicy, Permit, RatePolicy};
use crate::sync::{AtomicU32, Mutex, MutexGuard, Ordering};
use crate::vocabulary::{BreakerState, Code};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// What kind of call takes a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// A send.
    Submit,
    /// A query, or anything else that moves no money.
    Query,
}

/// One provider with everything the engine keeps about it.
pub(crate) struct ProviderDesk {
    pub(crate) code: String,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) capabilities: Capabilities,
    breaker: Mutex<Breaker>,
    submits: AtomicU32,
    queries: AtomicU32,
}

/// A place at a desk; given back when dropped, which may be long after the
/// engine stopped waiting for the call.
pub(crate) struct Place {
    desk: Arc<ProviderDesk>,
    kind: CallKind,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.desk.places(self.kind).fetch_sub(1, Ordering::AcqRel);
    }
}

impl ProviderDesk {
    pub(crate) fn new(
        code: String,
        provider: Arc<dyn Provider>,
        breaker: BreakerPolicy,
        rate: RatePolicy,
    ) -> Result<Self> {
        let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| provider.capabilities()));
        let capabilities = asked.map_err(|_| {
            Error::new(Code::InvalidConfig, format!("provider {code}: panicked when asked for its capabilities"))
        })?;
        check_capabilities(&code, &capabilities)?;
        Ok(ProviderDesk {
            code,
            provider,
            capabilities,
            breaker: Mutex::new(Breaker::new(breaker, rate)),
            submits: AtomicU32::new(0),
            queries: AtomicU32::new(0),
        })
    }

    fn places(&self, kind: CallKind) -> &AtomicU32 {
        match kind {
            CallKind::Submit => &self.submits,
            CallKind::Query => &self.queries,
        }
    }

    /// Calls of this kind under way.
    pub(crate) fn calls(&self, kind: CallKind) -> u32 {
        self.places(kind).load(Ordering::SeqCst)
    }

    /// A place for one call, if one is free.
    pub(crate) fn take_place(self: &Arc<Self>, kind: CallKind) -> Option<Place> {
        let limit = self.capabilities.concurrent_calls_max;
        let taken = self
            .places(kind)
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |calls| (calls < limit).then_some(calls + 1));
        taken.ok().map(|_| Place { desk: Arc::clone(self), kind })
    }

    /// Whether a call may be made now by breaker and rate; else when to ask again.
    pub(crate) fn permit(&self, now_ms: i64) -> std::result::Result<(), i64> {
        match self.breaker().permit(now_ms) {
            Permit::Granted => Ok(()),
            Permit::Wait { until_ms } => Err(until_ms),
        }
    }

    pub(crate) fn success(&self, now_ms: i64) {
        self.breaker().success(now_ms);
    }

    pub(crate) fn failure(&self, now_ms: i64) {
        self.breaker().failure(now_ms);
    }

    /// A permit was granted and no call came of it.
    pub(crate) fn unused(&self) {
        self.breaker().unused();
    }

    /// Every place is taken by a call that hangs: leave the provider alone.
    pub(crate) fn force_open(&self, now_ms: i64) {
        self.breaker().force_open(now_ms);
    }

    pub(crate) fn state(&self) -> BreakerState {
        self.breaker().state()
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_capabilities(code: &str, capabilities: &Capabilities) -> Result<()> {
    let invalid = |detail: &str| Err(Error::new(Code::InvalidConfig, format!("provider {code}: {detail}")));
    if !(1..=64).contains(&capabilities.concurrent_calls_max) {
        return invalid("concurrent_calls_max must be 1 to 64");
    }
    if capabilities.call_deadline.is_zero() || capabilities.call_deadline > Duration::from_secs(600) {
        return invalid("call_deadline must be more than zero and at most 10 minutes");
    }
    if capabilities.not_found_times == 0 {
        return invalid("not_found_times must be at least 1");
    }
    Ok(())
}
