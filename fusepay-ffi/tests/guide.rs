//! Goal: the programs in `docs/c-guide.md` are what a reader can copy.
//! Method: take the C and the C++ program out of the page, compile them with every
//! warning an error, run them, and hold what they print against the page.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

mod compile;

use std::process::Command;

use compile::{Program, compiler, root};

fn guide() -> String {
    std::fs::read_to_string(root().join("docs/c-guide.md")).unwrap()
}

/// The first program of a language in the page.
fn program(page: &str, language: &str) -> String {
    let fence = format!("```{language}\n");
    let mut blocks = page.split(&fence).skip(1).filter_map(|rest| rest.split("```").next());
    blocks.find(|block| block.contains("int main")).unwrap_or_else(|| panic!("no program in {language}")).to_owned()
}

#[track_caller]
fn check(language: &str, variable: &str, usual: &str, standard: &str) {
    let page = guide();
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join(format!("pay.{language}"));
    std::fs::write(&source, program(&page, language)).unwrap();
    let mut command = Command::new(compiler(variable, usual));
    command.args([standard, "-Wshadow"]).arg(source);
    let printed = Program::link(command).run(&[]);
    assert!(!printed.is_empty() && page.contains(&format!("It prints `{}`", printed.trim())), "{printed}");
}

#[test]
fn the_first_payment_in_c_runs() {
    check("c", "CC", "cc", "-std=c99");
}

#[test]
fn the_first_payment_in_cpp_runs() {
    check("cpp", "CXX", "c++", "-std=c++17");
}
