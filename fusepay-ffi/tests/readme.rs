//! Goal: README's first payment in C does what README says.
//! Method: take it out of the page, compile it, run it, and compare what it prints.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

mod compile;

use compile::{WARNINGS, compiler, library, root, run};
use std::process::Command;

#[test]
#[cfg(target_os = "linux")]
fn the_first_payment_in_c_does_what_the_page_says() {
    let page = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, rest) = page.split_once("```c\n").unwrap();
    let (program, after) = rest.split_once("```\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("host.c");
    std::fs::write(&source, program).unwrap();
    let soname = concat!("libfusepay.so.0.", env!("CARGO_PKG_VERSION_MINOR"));
    std::os::unix::fs::symlink(library(), folder.path().join(soname)).unwrap();
    let host = folder.path().join("host");
    let mut command = Command::new(compiler("CC", "cc"));
    command.args(WARNINGS).args(["-std=c99", "-I"]).arg(root().join("include")).arg(source).arg(library());
    run(command.arg("-o").arg(&host));
    let printed = run(Command::new(host).current_dir(folder.path()).env("LD_LIBRARY_PATH", folder.path()));
    assert!(after.trim_start().starts_with(&format!("It prints `{}`", printed.trim())), "it printed {printed}");
}
