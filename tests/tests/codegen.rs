//! Goal: no generated file is ever stale, and no released word ever vanishes.
//! Method: what `cargo xtask codegen --check` does, called as a function.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

#[test]
fn everything_generated_is_fresh() {
    if let Err(complaints) = xtask::codegen::check(&xtask::codegen::workspace_root()) {
        panic!("{complaints}");
    }
}
