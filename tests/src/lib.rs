//! What the workspace-wide tests share: reading Rust sources as text, and
//! running scenario files.

pub mod scenario;
pub mod source;
