//! Goal: any C or C++ host can use the committed header and the shared library.
//! Method: compile the header with every warning an error, in three language
//! versions; then compile a small program, link it, run it and read its output.
//! That the header is fresh is tested where everything generated is (tests/codegen.rs).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The compiler named by an environment variable, or the usual one.
fn compiler(variable: &str, usual: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| usual.to_owned())
}

#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

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

/// The shared library that cargo built for this very test run.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap();
    [folder.join("libfusepay.so"), folder.join("../libfusepay.so")]
        .into_iter()
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("no libfusepay.so near {}", folder.display()))
}

#[test]
#[cfg(target_os = "linux")]
fn a_c_program_links_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    let library = library();
    let soname = concat!("libfusepay.so.0.", env!("CARGO_PKG_VERSION_MINOR"));
    std::os::unix::fs::symlink(&library, folder.path().join(soname)).unwrap();
    let program = folder.path().join("program");
    let source = root().join("tests/c/version.c");
    let mut command = Command::new(compiler("CC", "cc"));
    command.args(WARNINGS).arg("-std=c99").arg("-I").arg(root().join("include")).arg(source).arg(&library);
    run(command.arg("-o").arg(&program));
    let output = run(Command::new(&program).env("LD_LIBRARY_PATH", folder.path()));
    let expected = concat!(
        env!("CARGO_PKG_VERSION"),
        "\nINSUFFICIENT_FUNDS: the wallet's available balance does not cover this\n",
        "IN_DOUBT is retryable\nUNKNOWN_CODE\n"
    );
    assert_eq!(output, expected);
}

#[test]
#[cfg(target_os = "linux")]
fn only_our_own_names_are_exported() {
    let names = run(Command::new("nm").args(["-D", "--defined-only", "--format=posix"]).arg(library()));
    let foreign: Vec<&str> = names.lines().filter(|line| !line.starts_with("fusepay_")).collect();
    assert!(names.contains("fusepay_version "), "{names}");
    assert_eq!(foreign, Vec::<&str>::new());
}
