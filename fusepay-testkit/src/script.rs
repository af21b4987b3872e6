//! What a scripted biller can be told to do, one step per call.

use crate::gate::Gate;
use fusepay_core::{PayRequest, QueryRequest};
use std::sync::Arc;

/// What happens at one send. The names say what the biller truly does, then
/// what the caller hears.
#[derive(Clone)]
#[non_exhaustive]
pub enum PayStep {
    /// Pays, and says so, with a token and a receipt. What happens without a script.
    Paid,
    /// Pays; the answer is lost in a time-out.
    PaidThenTimeout,
    /// Pays; then the adapter panics.
    PaidThenPanic,
    /// Pays; the answer can't be read.
    PaidThenGarbage,
    /// Pays this amount, in minor units, and says so.
    WrongAmount(i64),
    /// Pays for this customer instead, and says so.
    WrongCustomer(String),
    /// Refuses.
    Declined,
    /// Provably never reached.
    NotSent,
    /// Does nothing, and says that it has this request id already.
    Duplicate,
    /// Takes the payment on and says so; pays when a query step or
    /// [`ScriptedProvider::pay_now`](crate::ScriptedProvider::pay_now) says.
    Pending {
        /// When it wants to be asked, in milliseconds.
        poll_after_ms: Option<u64>,
    },
    /// Does nothing; the caller hears a time-out.
    TimeoutBeforePaying,
    /// Does nothing; the answer can't be read.
    Garbage,
    /// Does nothing; the adapter panics.
    Panic,
    /// Waits at the gate, then does the other step.
    Block(Gate, Box<PayStep>),
    /// Runs this first, on the thread of the call, then does the other step.
    Meanwhile(Arc<dyn Fn(&PayRequest) + Send + Sync>, Box<PayStep>),
    /// Does the step first, then runs this, then answers.
    Afterwards(Box<PayStep>, Arc<dyn Fn(&PayRequest) + Send + Sync>),
}

/// What happens at one query.
#[derive(Clone)]
#[non_exhaustive]
pub enum QueryStep {
    /// What the book says: paid, reversed, failed, pending, or not found. What
    /// happens without a script.
    Truth,
    /// Pays now, unless it has, and says so.
    Paid,
    /// Says that it has never seen the payment, whatever the book says.
    NotFound,
    /// Says that it is still at it.
    Pending {
        /// When it wants to be asked again, in milliseconds.
        poll_after_ms: Option<u64>,
    },
    /// Says that it failed, and will not pay it.
    Failed,
    /// Gives no usable answer.
    Unknown,
    /// The adapter panics.
    Panic,
    /// Takes a payment back, and says so.
    ProviderReversed,
    /// Waits at the gate, then does the other step.
    Block(Gate, Box<QueryStep>),
    /// Runs this first, on the thread of the call, then does the other step.
    Meanwhile(Arc<dyn Fn(&QueryRequest) + Send + Sync>, Box<QueryStep>),
}

impl PayStep {
    /// This step after a gate.
    #[must_use]
    pub fn behind(self, gate: &Gate) -> Self {
        PayStep::Block(gate.clone(), Box::new(self))
    }

    /// This step after something else on the thread of the call.
    #[must_use]
    pub fn after(self, work: impl Fn(&PayRequest) + Send + Sync + 'static) -> Self {
        PayStep::Meanwhile(Arc::new(work), Box::new(self))
    }

    /// This step, then something else, and only then the answer.
    #[must_use]
    pub fn then(self, work: impl Fn(&PayRequest) + Send + Sync + 'static) -> Self {
        PayStep::Afterwards(Box::new(self), Arc::new(work))
    }
}

impl QueryStep {
    /// This step after a gate.
    #[must_use]
    pub fn behind(self, gate: &Gate) -> Self {
        QueryStep::Block(gate.clone(), Box::new(self))
    }

    /// This step after something else on the thread of the call.
    #[must_use]
    pub fn after(self, work: impl Fn(&QueryRequest) + Send + Sync + 'static) -> Self {
        QueryStep::Meanwhile(Arc::new(work), Box::new(self))
    }
}
