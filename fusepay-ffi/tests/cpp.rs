//! Goal: `fusepay.hpp` gives a C++ host everything `fusepay.h` has, owned.
//! Method: programs of `tests/cpp`, compiled as C++17 with every warning an error,
//! linked with the shared library and run in an empty folder of their own. That no
//! function of the C header is forgotten is read from the texts of both.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

mod compile;

use std::fmt::Write as _;
use std::process::Command;

use compile::{Program, WARNINGS, compiler, root, run};

/// Compiles sources of `tests/cpp` into one program.
#[track_caller]
fn compile_cpp(sources: &[&str]) -> Program {
    let mut command = Command::new(compiler("CXX", "c++"));
    command.args(["-std=c++17", "-Wshadow"]);
    command.args(sources.iter().map(|source| root().join("tests/cpp").join(source)));
    Program::link(command)
}

#[test]
fn owners_own() {
    compile_cpp(&["lifecycle.cpp"]).run(&[]);
}

#[test]
fn money_moves() {
    compile_cpp(&["money.cpp"]).run(&[]);
}

#[test]
fn people_may_what_they_may() {
    compile_cpp(&["people.cpp"]).run(&[]);
}

#[test]
fn events_and_logs_are_told() {
    let program = compile_cpp(&["events.cpp"]);
    program.run(&[]);
    program.run(&["files"]);
    assert!(std::fs::read_dir(program.folder().join("logs")).unwrap().count() > 0);
}

#[test]
fn exceptions_stay_on_their_side() {
    compile_cpp(&["exceptions.cpp"]).run(&[]);
}

#[test]
fn threads_share_an_engine() {
    compile_cpp(&["threads.cpp"]).run(&[]);
}

#[test]
fn translation_units_share_the_header() {
    compile_cpp(&["unit_a.cpp", "unit_b.cpp"]).run(&[]);
}

/// Every part stands alone: whoever includes just one gets what it needs.
#[test]
fn every_part_includes_what_it_needs() {
    for part in std::fs::read_dir(root().join("include/fusepay")).unwrap() {
        let mut command = Command::new(compiler("CXX", "c++"));
        command.args(WARNINGS).args(["-Wshadow", "-std=c++17", "-fsyntax-only", "-x", "c++", "-include"]);
        run(command.arg(part.unwrap().path()).arg("/dev/null"));
    }
}

/// The texts of the header and its parts, without comments.
fn cpp_header() -> String {
    let include = root().join("include");
    let parts = std::fs::read_dir(include.join("fusepay")).unwrap().map(|entry| entry.unwrap().path());
    let mut text = String::new();
    for part in parts.chain([include.join("fusepay.hpp")]) {
        let part = std::fs::read_to_string(part).unwrap();
        part.lines().for_each(|line| writeln!(text, "{}", line.split("//").next().unwrap_or_default()).unwrap());
    }
    text
}

fn is_part_of_a_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The names of our functions that a text declares or uses.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character| !is_part_of_a_name(character)).filter(|word| word.starts_with("fusepay_"))
}

#[test]
fn every_c_function_has_its_place_in_cpp() {
    let header = std::fs::read_to_string(root().join("include/fusepay.h")).unwrap();
    let code: String = header.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let functions: Vec<&str> =
        code.split('(').filter_map(|text| names(text).last().filter(|name| text.ends_with(name))).collect();
    assert!(functions.len() > 150 && functions.contains(&"fusepay_bill_pay"), "{functions:?}");
    let cpp = cpp_header();
    let used: std::collections::BTreeSet<&str> = names(&cpp).collect();
    let forgotten: Vec<&str> = functions.into_iter().filter(|name| !used.contains(name)).collect();
    assert_eq!(forgotten, Vec::<&str>::new(), "give them a method in fusepay.hpp or one of its parts");
}
