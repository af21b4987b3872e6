//! What the workspace-wide tests share: reading Rust sources as text, running
//! scenario files, and a disk that fails on demand.

pub mod disk;
pub mod scenario;
pub mod source;
