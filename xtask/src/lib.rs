//! The workspace's own tools, as a library so that a test can run them:
//! everything that is written from the vocabulary, the check that what is
//! committed is what would be written, and the installation of the C library.

pub mod codegen;
mod docs;
mod ffi;
mod golden;
pub mod install;
mod python;
mod text;
