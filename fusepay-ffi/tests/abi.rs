//! Goal: the binary interface is what the header says, and changes only on purpose.
//! Method: the functions of the header against the symbols of the library; then
//! every function and struct of the header, as the C compiler sees them, against
//! the committed description `tests/golden/fusepay.abi` (libabigail). After a
//! change that is meant, `UPDATE=1` writes it anew; its diff is the review.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

mod compile;

use compile::{compiler, library, root, run};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn header() -> String {
    std::fs::read_to_string(root().join("include/fusepay.h")).unwrap()
}

/// The prototypes of the header, each on lines of its own and ended by `;`.
fn prototypes(header: &str) -> Vec<String> {
    let code: Vec<&str> = header.lines().filter(|line| !line.starts_with("//") && !line.starts_with('#')).collect();
    let mut prototypes = Vec::new();
    let mut rest = code.as_slice();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if first.starts_with([' ', '}'])
            || first.starts_with("typedef")
            || !first.contains(" fusepay_") && !first.contains("*fusepay_")
        {
            continue;
        }
        let mut prototype = (*first).to_owned();
        while let Some((next, after)) = rest.split_first().filter(|_| !prototype.ends_with(';')) {
            prototype.push_str(next);
            rest = after;
        }
        prototypes.push(prototype);
    }
    prototypes
}

fn name(prototype: &str) -> &str {
    let before = prototype.split('(').next().unwrap();
    before.rsplit([' ', '*']).next().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn the_library_exports_the_functions_of_the_header_and_nothing_else() {
    let header = header();
    let prototypes = prototypes(&header);
    let declared: BTreeSet<&str> = prototypes.iter().map(|prototype| name(prototype)).collect();
    let symbols = run(Command::new("nm").args(["-D", "--defined-only", "--format=posix"]).arg(library()));
    let exported: BTreeSet<&str> = symbols.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(declared.contains("fusepay_version") && declared.len() > 20, "{declared:?}");
    assert_eq!(declared, exported);
}

/// A library of empty functions with the header's prototypes and full debug
/// information: what the header promises, whatever the real one was built with.
fn promise(folder: &Path) -> PathBuf {
    let bodies: Vec<String> = prototypes(&header())
        .iter()
        .map(|prototype| prototype.strip_suffix(';').unwrap().to_owned() + " { __builtin_trap(); }\n")
        .collect();
    let source = folder.join("promise.c");
    std::fs::write(&source, format!("#include <fusepay.h>\n{}", bodies.concat())).unwrap();
    let library = folder.join("libfusepay.so");
    let mut command = Command::new(compiler("CC", "cc"));
    command.args(["-std=c99", "-g", "-shared", "-fPIC", "-I"]).arg(root().join("include"));
    run(command.arg(&source).arg("-o").arg(&library));
    library
}

#[test]
#[cfg(target_os = "linux")]
fn the_interface_changes_only_on_purpose() {
    if Command::new("abidw").arg("--version").output().is_err() {
        println!("left out: abidw is not installed (Debian package abigail-tools)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let library = promise(folder.path());
    let golden = root().join("tests/golden/fusepay.abi");
    if std::env::var_os("UPDATE").is_some() {
        let options = ["--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--short-locs"];
        let text = run(Command::new("abidw").args(options).arg(&library));
        std::fs::write(&golden, text).unwrap();
        return;
    }
    let output = Command::new("abidiff").args(["--no-show-locs"]).arg(&golden).arg(&library).output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "the interface is not what tests/golden/fusepay.abi says; UPDATE=1 if that is meant:\n{report}"
    );
}
