//! Goal: any C or C++ host can use the committed header and the shared library.
//! Method: compile the header with every warning an error, in three language
//! versions; then compile a small program, link it, run it and read its output.
//! That the header is fresh is tested where everything generated is (tests/codegen.rs).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

mod compile;

use compile::{WARNINGS, compiler, library, root, run, run_c};
use std::process::Command;

#[track_caller]
fn check_header(compiler: &str, language: &str, standard: &str) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("include_twice");
    std::fs::write(&source, "#include <fusepay.h>\n#include <fusepay.h>\nint main(void) { return FUSEPAY_OK; }\n")
        .unwrap();
    let mut command = Command::new(compiler);
    command.args(WARNINGS).args(["-fsyntax-only", standard, "-x", language]);
    run(command.arg("-I").arg(root().join("include")).arg(&source));
}

#[test]
fn header_is_clean_c99() {
    check_header(&compiler("CC", "cc"), "c", "-std=c99");
}

#[test]
fn header_is_clean_c11() {
    check_header(&compiler("CC", "cc"), "c", "-std=c11");
}

#[test]
fn header_is_clean_cpp17() {
    check_header(&compiler("CXX", "c++"), "c++", "-std=c++17");
}

#[test]
#[cfg(target_os = "linux")]
fn a_c_program_links_and_runs() {
    let expected = concat!(
        env!("CARGO_PKG_VERSION"),
        "\nINSUFFICIENT_FUNDS: the wallet's available balance does not cover this\n",
        "IN_DOUBT is retryable\nUNKNOWN_CODE\n"
    );
    assert_eq!(run_c("version.c"), expected);
}

#[test]
#[cfg(target_os = "linux")]
fn only_our_own_names_are_exported() {
    let names = run(Command::new("nm").args(["-D", "--defined-only", "--format=posix"]).arg(library()));
    let foreign: Vec<&str> = names.lines().filter(|line| !line.starts_with("fusepay_")).collect();
    assert!(names.contains("fusepay_version "), "{names}");
    assert_eq!(foreign, Vec::<&str>::new());
}
