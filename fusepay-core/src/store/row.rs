//! Column ↔ value, nowhere else. A column that does not hold what the schema
//! promises is damage, answered as such.

use crate::clock::UnixMillis;
use crate::error::{Error, Result};
use crate::money::currency::Currency;
use crate::vocabulary::Code;
use rusqlite::types::{FromSql, ValueRef};

/// One row of an answer, read column by column from the left, counted from 0.
pub(crate) struct Row<'r>(pub(crate) &'r rusqlite::Row<'r>);

impl Row<'_> {
    fn value<T: FromSql>(&self, column: usize) -> Result<T> {
        self.0
            .get(column)
            .map_err(|cause| damaged(format!("column {column} is not what the schema says")).with_source(cause))
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64> {
        self.value(column)
    }

    pub(crate) fn opt_int(&self, column: usize) -> Result<Option<i64>> {
        self.value(column)
    }

    pub(crate) fn count(&self, column: usize) -> Result<u32> {
        self.value(column)
    }

    pub(crate) fn flag(&self, column: usize) -> Result<bool> {
        Ok(self.int(column)? != 0)
    }

    pub(crate) fn text(&self, column: usize) -> Result<String> {
        self.value(column)
    }

    pub(crate) fn opt_text(&self, column: usize) -> Result<Option<String>> {
        self.value(column)
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>> {
        self.value(column)
    }

    pub(crate) fn opt_bytes(&self, column: usize) -> Result<Option<Vec<u8>>> {
        self.value(column)
    }

    pub(crate) fn array<const N: usize>(&self, column: usize) -> Result<[u8; N]> {
        self.value(column)
    }

    pub(crate) fn id<T>(&self, column: usize, make: impl FnOnce([u8; 16]) -> T) -> Result<T> {
        self.array(column).map(make)
    }

    pub(crate) fn opt_id<T>(&self, column: usize, make: impl FnOnce([u8; 16]) -> T) -> Result<Option<T>> {
        Ok(self.value::<Option<[u8; 16]>>(column)?.map(make))
    }

    pub(crate) fn time(&self, column: usize) -> Result<UnixMillis> {
        self.int(column).map(UnixMillis)
    }

    pub(crate) fn opt_time(&self, column: usize) -> Result<Option<UnixMillis>> {
        Ok(self.opt_int(column)?.map(UnixMillis))
    }

    pub(crate) fn currency(&self, column: usize) -> Result<Currency> {
        let text: String = self.value(column)?;
        Currency::from_code(&text).map_err(|_| damaged(format!("column {column} is not a currency")))
    }

    pub(crate) fn word<T>(&self, column: usize, from_number: impl FnOnce(u16) -> Option<T>) -> Result<T> {
        let number: u16 = self.value(column)?;
        from_number(number).ok_or_else(|| damaged(format!("column {column} holds the unknown number {number}")))
    }

    pub(crate) fn opt_word<T>(&self, column: usize, from_number: impl FnOnce(u16) -> Option<T>) -> Result<Option<T>> {
        match self.0.get_ref(column) {
            Ok(ValueRef::Null) => Ok(None),
            _ => self.word(column, from_number).map(Some),
        }
    }
}

/// The file holds what this engine would never have written.
pub(crate) fn damaged(detail: String) -> Error {
    Error::new(Code::Corrupt, format!("the database is damaged: {detail}"))
}
