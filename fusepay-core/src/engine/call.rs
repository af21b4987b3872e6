//! One provider call as data: what is asked, what was answered, and the words an
//! attempt keeps of it (outcome, detail, hash and redacted text).

use crate::bill::outcome::{Answer, Evidence, PayOutcome, QueryOutcome};
use crate::bill::provider::{Capabilities, PayRequest, QueryRequest};
use crate::engine::conclude::{Running, bounded};
use crate::id::PaymentId;
use crate::store::bill::Finding;
use crate::vocabulary::OutcomeKind;
use sha2::{Digest, Sha256};

/// Longest evidence text kept, in bytes.
const EVIDENCE_LENGTH_MAX: usize = 4096;

/// A call that has been recorded and may now be made.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) payment: PaymentId,
    pub(crate) attempt: i64,
    pub(crate) running: Running,
    pub(crate) call: Call,
    pub(crate) capabilities: Capabilities,
}

/// Which call.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    Submit(PayRequest),
    Query(QueryRequest),
}

/// What a call answered.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Submit(Answer<PayOutcome>),
    Query(Answer<QueryOutcome>),
}

impl Reply {
    /// Whether the provider is there at all: what the breaker wants to know.
    pub(crate) fn shows_life(&self) -> bool {
        match self {
            Reply::Submit(answer) => !matches!(answer.outcome, PayOutcome::Unknown { .. } | PayOutcome::NotSent { .. }),
            Reply::Query(answer) => !matches!(answer.outcome, QueryOutcome::Unknown { .. }),
        }
    }

    pub(crate) fn finding(&self) -> Finding {
        let (outcome, detail, evidence) = match self {
            Reply::Submit(answer) => {
                let (outcome, detail) = describe_pay(&answer.outcome);
                (outcome, detail, &answer.evidence)
            }
            Reply::Query(answer) => {
                let (outcome, detail) = describe_query(&answer.outcome);
                (outcome, detail, &answer.evidence)
            }
        };
        finding(outcome, detail, evidence)
    }

    pub(crate) fn is_paid(&self) -> bool {
        match self {
            Reply::Submit(answer) => matches!(answer.outcome, PayOutcome::Paid(_)),
            Reply::Query(answer) => matches!(answer.outcome, QueryOutcome::Paid(_)),
        }
    }

    /// The same evidence in the words of a query.
    pub(crate) fn as_query(&self) -> QueryOutcome {
        match self {
            Reply::Query(answer) => answer.outcome.clone(),
            Reply::Submit(answer) => match &answer.outcome {
                PayOutcome::Paid(receipt) => QueryOutcome::Paid(receipt.clone()),
                PayOutcome::Declined { .. }
                | PayOutcome::NotSent { .. }
                | PayOutcome::Duplicate
                | PayOutcome::Pending { .. }
                | PayOutcome::Unknown { .. } => QueryOutcome::Unknown { cause: "a late answer".to_owned() },
            },
        }
    }
}

fn describe_pay(outcome: &PayOutcome) -> (OutcomeKind, Option<String>) {
    match outcome {
        PayOutcome::Paid(receipt) => (OutcomeKind::Paid, Some(receipt.provider_reference.clone())),
        PayOutcome::Declined { code, reason } => (OutcomeKind::Declined, Some(format!("{code}: {reason}"))),
        PayOutcome::NotSent { cause } => (OutcomeKind::NotSent, Some(cause.clone())),
        PayOutcome::Duplicate => (OutcomeKind::Duplicate, None),
        PayOutcome::Pending { .. } => (OutcomeKind::Pending, None),
        PayOutcome::Unknown { cause } => (OutcomeKind::Unknown, Some(cause.clone())),
    }
}

pub(crate) fn describe_query(outcome: &QueryOutcome) -> (OutcomeKind, Option<String>) {
    match outcome {
        QueryOutcome::Paid(receipt) => (OutcomeKind::Paid, Some(receipt.provider_reference.clone())),
        QueryOutcome::Failed { code, reason } => (OutcomeKind::Failed, Some(format!("{code}: {reason}"))),
        QueryOutcome::Pending { .. } => (OutcomeKind::Pending, None),
        QueryOutcome::ProviderReversed { reason } => (OutcomeKind::ProviderReversed, Some(reason.clone())),
        QueryOutcome::NotFound => (OutcomeKind::NotFound, None),
        QueryOutcome::Unknown { cause } => (OutcomeKind::Unknown, Some(cause.clone())),
    }
}

pub(crate) fn finding(outcome: OutcomeKind, detail: Option<String>, evidence: &Evidence) -> Finding {
    let mut text = String::new();
    for character in evidence.text.chars() {
        if text.len() + character.len_utf8() > EVIDENCE_LENGTH_MAX {
            break;
        }
        text.push(character);
    }
    let is_empty = evidence.raw.is_empty() && evidence.text.is_empty();
    Finding {
        outcome,
        detail: detail.map(|detail| bounded(&detail)),
        evidence_hash: (!is_empty).then(|| Sha256::digest(&evidence.raw).into()),
        evidence_text: (!text.is_empty()).then_some(text),
    }
}
