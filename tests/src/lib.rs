//! What the workspace-wide tests share: reading Rust sources as text, running
//! scenario files, a disk that fails on
//! demand, and seeded numbers.

pub mod disk;
pub mod numbers;
pub mod scenario;
pub mod source;
