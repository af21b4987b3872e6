//! Named SQL: every statement of the store is a constant with one line saying
//! what it is for, and stands in its file's catalogue, which a test prepares
//! and whose query plans it compares with a snapshot.

macro_rules! statements {
    ($($(#[doc = $doc:literal])+ $name:ident = $sql:literal;)+) => {
        $($(#[doc = $doc])+ const $name: &str = $sql;)+
        /// Every statement of this file, by name.
        #[cfg(test)]
        pub(crate) const CATALOGUE: &[(&str, &str)] = &[$((stringify!($name), $sql),)+];
    };
}
pub(crate) use statements;
