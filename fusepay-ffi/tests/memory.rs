//! Goal: no C program of ours, and no call of a buggy host, makes the library touch
//! memory that is not its own, or lose memory that is.
//! Method: every program of `tests/c` compiled with the address and undefined
//! behaviour sanitizers, and run under valgrind. The library itself is not
//! instrumented; what it reads and writes of the host's is seen all the same by
//! valgrind, and what the host does with what it got by both.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

mod compile;

use compile::{WARNINGS, compiler, library, root, run};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Programs that another test drives from phase to phase, and can't run alone.
const DRIVEN: [&str; 1] = ["operator_payments.c"];

/// A forked child lets go of nothing that was its parent's: there leaks are meant.
const FORKING: &str = "fork.c";
/// Forks again and again in the middle of calls: the allocators of the sanitizers
/// and of valgrind have locks of their own, which a child forked so inherits locked.
const HURRIED: &str = "fork_busy.c";

/// The programs that run alone, by name.
fn programs() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(root().join("tests/c")).unwrap();
    let files = folder.map(|entry| entry.unwrap().path());
    let mut programs: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "c")).collect();
    programs.retain(|path| !DRIVEN.iter().any(|name| path.ends_with(name)) && !path.ends_with(HURRIED));
    programs.sort();
    assert!(!programs.is_empty());
    programs
}

/// Compiles a program into a folder, with further options.
fn build(source: &Path, folder: &Path, options: &[&str]) -> PathBuf {
    let soname = folder.join(concat!("libfusepay.so.0.", env!("CARGO_PKG_VERSION_MINOR")));
    if !soname.exists() {
        std::os::unix::fs::symlink(library(), soname).unwrap();
    }
    let program = folder.join(source.file_stem().unwrap());
    let mut command = Command::new(compiler("CC", "cc"));
    command.args(WARNINGS).args(["-std=c99", "-g"]).args(options).arg("-I").arg(root().join("include"));
    run(command.arg(source).arg(library()).arg("-o").arg(&program).arg("-lpthread"));
    program
}

#[test]
#[cfg(target_os = "linux")]
fn every_program_is_clean_under_the_sanitizers() {
    for source in programs() {
        let folder = tempfile::tempdir().unwrap();
        let program = build(&source, folder.path(), &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
        let mut command = Command::new(program);
        if source.ends_with(FORKING) {
            command.env("ASAN_OPTIONS", "detect_leaks=0");
        }
        run(command.current_dir(folder.path()).env("LD_LIBRARY_PATH", folder.path()));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn every_program_is_clean_and_leaks_nothing_under_valgrind() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("left out: valgrind is not installed");
        return;
    }
    for source in programs() {
        let folder = tempfile::tempdir().unwrap();
        let program = build(&source, folder.path(), &[]);
        let mut command = Command::new("valgrind");
        command.args(["--quiet", "--error-exitcode=99", "--errors-for-leak-kinds=definite,indirect"]);
        command.arg(if source.ends_with(FORKING) { "--leak-check=no" } else { "--leak-check=full" });
        command.args(["--trace-children=no", "--child-silent-after-fork=yes"]).arg(program);
        // Fewer calls: valgrind takes some thirty times as long.
        if source.ends_with("hostile.c") {
            command.args(["20000", "7"]);
        }
        run(command.current_dir(folder.path()).env("LD_LIBRARY_PATH", folder.path()));
    }
}

#[test]
#[ignore = "minutes"]
#[cfg(target_os = "linux")]
fn ten_million_hostile_calls_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let source = root().join("tests/c/hostile.c");
    let program = build(&source, folder.path(), &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
    let mut command = Command::new(program);
    let printed =
        run(command.args(["10000000", "11"]).current_dir(folder.path()).env("LD_LIBRARY_PATH", folder.path()));
    assert!(printed.starts_with("10000000 calls"), "{printed}");
}
