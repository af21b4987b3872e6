//! What the workspace-wide tests share: reading Rust sources as text.

pub mod source;
