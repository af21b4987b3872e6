//! What a call costs over the boundary: the same work from Rust, C and Python.
//!
//! `make bench-doors`. Three programs do the same: open an engine on a new file,
//! register, fund, pay bills (durable, one commit each), then read a balance. They
//! take turns, round by round, so that a machine whose speed drifts does not
//! decide; printed are medians and the ratio to Rust of the same round. Python is
//! measured when `FUSEPAY_PYTHON` names an interpreter that has the package.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "a benchmark may stop, count in floats and print"
)]

mod rust;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Bills a round; each is one fsync.
const PAYMENTS: u32 = 3_000;
/// Balances read a round.
const READS: u32 = 200_000;
const ROUNDS: usize = 9;

/// One program, and what its rounds took, in nanoseconds a call.
struct Door {
    name: &'static str,
    command: Vec<PathBuf>,
    pay: Vec<f64>,
    read: Vec<f64>,
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if let [_, mark, path, payments, reads] = words.as_slice()
        && mark == "--play"
    {
        return rust::play(Path::new(path), payments.parse().expect("a number"), reads.parse().expect("a number"));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut doors = vec![
        door("Rust", vec![std::env::current_exe().expect("a program"), "--play".into()]),
        door("C", vec![compile(folder.path())]),
    ];
    match std::env::var_os("FUSEPAY_PYTHON") {
        Some(python) => doors.push(door("Python", vec![python.into(), here("door.py")])),
        None => println!("left out: Python (FUSEPAY_PYTHON names no interpreter with the package)"),
    }
    for round in 0..ROUNDS {
        for door in &mut doors {
            let file = folder.path().join(format!("{}-{round}.db", door.name));
            let (pay, read) = play(door, folder.path(), &file);
            door.pay.push(pay);
            door.read.push(read);
        }
    }
    println!("{PAYMENTS} payments and {READS} balances a round, {ROUNDS} rounds in turn; median (min … max)");
    report("durable payment", &doors, |door| &door.pay);
    report("balance read", &doors, |door| &door.read);
}

fn door(name: &'static str, command: Vec<PathBuf>) -> Door {
    Door { name, command, pay: Vec::new(), read: Vec::new() }
}

fn here(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/doors").join(file)
}

/// The C program, linked with the library of this very build.
fn compile(folder: &Path) -> PathBuf {
    let bench = std::env::current_exe().expect("a program");
    let library = bench.parent().expect("a folder").join("libfusepay.so");
    let soname = folder.join(concat!("libfusepay.so.0.", env!("CARGO_PKG_VERSION_MINOR")));
    std::os::unix::fs::symlink(&library, soname).expect("a link");
    let program = folder.join("door");
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../include");
    let status = Command::new("cc")
        .args(["-std=c99", "-D_POSIX_C_SOURCE=200809L", "-O2", "-I"])
        .arg(include)
        .arg(here("door.c"))
        .arg(library)
        .arg("-o")
        .arg(&program)
        .status();
    assert!(status.expect("a C compiler").success());
    program
}

fn play(door: &Door, folder: &Path, file: &Path) -> (f64, f64) {
    let mut command = Command::new(&door.command[0]);
    command.args(&door.command[1..]).arg(file).arg(PAYMENTS.to_string()).arg(READS.to_string());
    let output = command.env("LD_LIBRARY_PATH", folder).output().expect("a run");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}: {}", door.name, String::from_utf8_lossy(&output.stderr));
    let mut numbers = printed.split_whitespace().map(|word| word.parse().expect("a number"));
    (numbers.next().expect("a time"), numbers.next().expect("a time"))
}

fn report(what: &str, doors: &[Door], of: impl Fn(&Door) -> &Vec<f64>) {
    let rust = of(&doors[0]);
    for door in doors {
        let times = of(door);
        let ratios = times.iter().zip(rust).map(|(theirs, rust)| theirs / rust).collect();
        let extra = times.iter().zip(rust).map(|(theirs, rust)| theirs - rust).collect();
        println!(
            "{what:16} {:7} {:>10.0} ns   × {}   {:+.0} ns",
            door.name,
            median(times.clone()),
            spread(ratios),
            median(extra)
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn spread(values: Vec<f64>) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    format!("{:.3}  ({least:.3} … {most:.3})", median(values))
}
