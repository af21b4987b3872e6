//! The workspace's own tools, as a library so that a test can run them:
//! everything that is written from the vocabulary, and the check that what is
//! committed is what would be written.

pub mod codegen;
mod docs;
mod ffi;
mod golden;
mod python;
mod text;
