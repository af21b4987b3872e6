//! The only room that knows SQL, SQLite and the files they live in.

pub(crate) mod guard;
