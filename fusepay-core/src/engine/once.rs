//! Run once per key: replay, conflict or execute.
//!
//! The record lies in the same commit as what it remembers. A refusal that
//! depends on state is remembered too: its effects are rolled back to the inner
//! savepoint, its record is kept by the outer one.

use crate::clock::UnixMillis;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::idempotency::{Fingerprint, IdempotencyKey};
use crate::store::idempotency::{Scope, Stored, find, insert};
use crate::store::tx::WriteTx;
use crate::vocabulary::{Code, Operation};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One call that must happen once.
#[derive(Debug, Clone)]
pub(crate) struct Once {
    pub(crate) operation: Operation,
    pub(crate) key: IdempotencyKey,
    pub(crate) fingerprint: Fingerprint,
}

/// A remembered refusal.
#[derive(serde::Serialize, serde::Deserialize)]
struct Refusal {
    detail: String,
    field: Option<String>,
}

/// The outer `Result` rolls everything back; the inner one is an answer, yes or
/// no, that is committed with its record.
pub(crate) fn run<A: Serialize + DeserializeOwned>(
    tx: &WriteTx<'_>,
    once: &Once,
    principal: UserId,
    at: UnixMillis,
    work: impl FnOnce(&WriteTx<'_>) -> Result<A>,
) -> Result<Result<A>> {
    let scope = Scope {
        principal: *principal.as_bytes(),
        operation: once.operation.number(),
        key: once.key.as_str().to_owned(),
    };
    if let Some(stored) = find(tx, &scope)? {
        return replay(once, &stored);
    }
    let result = tx.savepoint(work);
    let (refusal_code, answer) = match &result {
        Ok(answer) => (None, to_json(answer)?),
        Err(error) if error.is_sticky() => {
            let refusal = Refusal { detail: error.detail().to_owned(), field: error.field_name().map(str::to_owned) };
            (Some(error.code().number()), to_json(&refusal)?)
        }
        Err(_) => return result.map(Ok),
    };
    insert(tx, &scope, &Stored { fingerprint: once.fingerprint.to_bytes(), refusal_code, answer }, at)?;
    Ok(result)
}

fn replay<A: DeserializeOwned>(once: &Once, stored: &Stored) -> Result<Result<A>> {
    once.fingerprint.require_same(&stored.fingerprint)?;
    let damaged = |_| Error::new(Code::Corrupt, "an idempotency record can't be read");
    match stored.refusal_code {
        None => serde_json::from_str(&stored.answer).map(Ok).map_err(damaged),
        Some(number) => {
            let refusal: Refusal = serde_json::from_str(&stored.answer).map_err(damaged)?;
            let code = Code::from_number(number).unwrap_or(Code::NotAllowed);
            Ok(Err(Error::remembered(code, refusal.detail, refusal.field)))
        }
    }
}

fn to_json(answer: &impl Serialize) -> Result<String> {
    serde_json::to_string(answer)
        .map_err(|cause| Error::new(Code::Panicked, format!("an answer can't be kept: {cause}")))
}
