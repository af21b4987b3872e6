//! SQL of idempotency records.

use crate::clock::UnixMillis;
use crate::error::Result;
use crate::store::statement::statements;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::named_params;

statements! {
    /// What a key answered; primary key.
    RECORD = "SELECT fingerprint, refusal_code, answer FROM idempotency
        WHERE principal = :principal AND operation = :operation AND key = :key";
    /// Remembers what a key answered, for ever.
    RECORD_INSERT = "INSERT INTO idempotency (principal, operation, key, fingerprint, refusal_code, answer, created_at_ms)
        VALUES (:principal, :operation, :key, :fingerprint, :refusal, :answer, :at)";
}

/// The scope of a key.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) principal: [u8; 16],
    pub(crate) operation: u16,
    pub(crate) key: String,
}

/// What a key answered.
pub(crate) struct Stored {
    pub(crate) fingerprint: Vec<u8>,
    /// The code of a refusal; `None` for success.
    pub(crate) refusal_code: Option<u16>,
    pub(crate) answer: String,
}

/// What this key answered before, if it did.
pub(crate) fn find(tx: &ReadTx<'_>, scope: &Scope) -> Result<Option<Stored>> {
    let params = named_params! { ":principal": scope.principal, ":operation": scope.operation, ":key": scope.key };
    tx.first(RECORD, params, |row| {
        let refusal_code = row.opt_int(1)?.map(|code| u16::try_from(code).unwrap_or(0));
        Ok(Stored { fingerprint: row.bytes(0)?, refusal_code, answer: row.text(2)? })
    })
}

/// Remembers what a key answered.
pub(crate) fn insert(tx: &WriteTx<'_>, scope: &Scope, stored: &Stored, at: UnixMillis) -> Result<()> {
    tx.run(
        RECORD_INSERT,
        named_params! {
            ":principal": scope.principal, ":operation": scope.operation, ":key": scope.key,
            ":fingerprint": stored.fingerprint, ":refusal": stored.refusal_code, ":answer": stored.answer, ":at": at.0,
        },
    )
    .map(|_| ())
}
