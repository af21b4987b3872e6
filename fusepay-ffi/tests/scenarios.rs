//! Goal: a scenario that is told in C ends as it does in Rust: every record, every
//! error, every moment and the ledger's digest.
//! Method: compile the C runner of `tests/c/scenarios` with the address and
//! undefined behaviour sanitizers, play each file of `tests/scenarios` with it, and
//! compare what it printed with the transcript that the Rust runner wrote.
//! `SCENARIO=<part of a path>` plays only those.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

mod compile;

use compile::{Program, compiler, root};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
/// Played under valgrind too, which takes some thirty times as long.
const UNDER_VALGRIND: [&str; 3] = ["auth/a01", "idempotency/i02", "provider/p06"];

static RUNNER: LazyLock<Program> = LazyLock::new(|| build(&SANITIZERS));

fn build(options: &[&str]) -> Program {
    let mut command = Command::new(compiler("CC", "cc"));
    command.arg("-std=c11").args(options).args(files(&root().join("tests/c/scenarios"), "c"));
    Program::link(command)
}

/// The files of a folder with this ending, in order.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|known| known == ending)).collect();
    found.sort();
    found
}

/// Every scenario whose path contains this.
fn scenarios(wanted: &str) -> Vec<PathBuf> {
    let nouns = std::fs::read_dir(root().join("tests/scenarios")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = nouns.filter(|path| path.is_dir()).flat_map(|noun| files(&noun, "txt")).collect();
    found.retain(|path| path.to_str().unwrap().contains(wanted));
    found.sort();
    assert!(!found.is_empty(), "no scenario's path contains {wanted}");
    found
}

/// Runs the runner, under another program where one is given.
fn run_under(other: &[&str], runner: &Program, arguments: &[&str]) -> Output {
    let program = runner.folder().join("program");
    let all: Vec<&str> =
        other.iter().copied().chain([program.to_str().unwrap()]).chain(arguments.iter().copied()).collect();
    let (name, arguments) = all.split_first().unwrap();
    let mut command = Command::new(name);
    command.args(arguments).env("LD_LIBRARY_PATH", runner.folder()).env("TMPDIR", runner.folder());
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Plays one file; what is wrong with it.
fn check(other: &[&str], runner: &Program, path: &Path) -> Result<(), String> {
    let output = run_under(other, runner, &[path.to_str().unwrap()]);
    let (expected, got) = (std::fs::read_to_string(path.with_extension("out")).unwrap(), text(&output.stdout));
    if !output.status.success() {
        return Err(format!("{}: {}\n{}", path.display(), output.status, text(&output.stderr)));
    }
    if expected == got {
        return Ok(());
    }
    let pairs = expected.lines().map(Some).chain(std::iter::repeat(None));
    let mut pairs = pairs.zip(got.lines().map(Some).chain(std::iter::repeat(None))).zip(1..);
    let ((expected, got), line) = pairs.find(|((expected, got), _)| expected != got).unwrap();
    let (path, end) = (path.with_extension("out"), "the end");
    Err(format!("{}:{line}: expected: {}\n  got: {}", path.display(), expected.unwrap_or(end), got.unwrap_or(end)))
}

#[test]
fn every_scenario_prints_the_transcript_of_the_rust_runner() {
    let all = scenarios(&std::env::var("SCENARIO").unwrap_or_default());
    let play_all =
        |half: &[PathBuf]| half.iter().filter_map(|path| check(&[], &RUNNER, path).err()).collect::<Vec<_>>();
    let (left, right) = all.split_at(all.len() / 2);
    let failed = std::thread::scope(|scope| {
        let other = scope.spawn(|| play_all(right));
        let mut failed = play_all(left);
        failed.extend(other.join().unwrap());
        failed
    });
    assert!(failed.is_empty(), "{} of {} scenarios failed:\n{}", failed.len(), all.len(), failed.join("\n"));
}

#[test]
fn the_runner_is_clean_and_leaks_nothing_under_valgrind() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("left out: valgrind is not installed");
        return;
    }
    let valgrind = [
        "valgrind",
        "--quiet",
        "--error-exitcode=99",
        "--leak-check=full",
        "--errors-for-leak-kinds=definite,indirect",
    ];
    let runner = build(&[]);
    for path in UNDER_VALGRIND.iter().flat_map(|wanted| scenarios(wanted)) {
        check(&valgrind, &runner, &path).unwrap_or_else(|why| panic!("{why}"));
    }
}

#[test]
fn the_runner_knows_the_verbs_of_the_format_and_no_other() {
    let page = std::fs::read_to_string(root().join("tests/scenarios/FORMAT.md")).unwrap();
    let table = page.split_once("| verb | words | prints | notes |\n").unwrap().1.split_once("\n\n").unwrap().0;
    let listed: Vec<String> = table
        .lines()
        .skip(1)
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
            format!("{}: {}", cells[1], cells[2])
        })
        .collect();
    let known = RUNNER.run(&["--verbs"]);
    assert_eq!(listed, known.lines().collect::<Vec<_>>());
}

/// Plays a text of this test's own; the line it failed in, and why.
fn failure(steps: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenario.txt");
    std::fs::write(&path, format!("simulated seed=1 start_ms=1773144000000\nopen\n{steps}")).unwrap();
    let output = run_under(&[], &RUNNER, &[path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    text(&output.stderr).trim_end().strip_prefix(path.to_str().unwrap()).unwrap().to_owned()
}

#[test]
fn what_breaks_the_format_or_an_expectation_is_reported_with_its_line() {
    let end = "oracle\nledger_digest\n";
    let cases = [
        ("verify\nexpect sound=no\n", ":4: expected sound=no, got sound=yes"),
        ("verify\nexpect at=2 sound=yes\n", ":4: the last step has printed no line 2"),
        ("verify\nexpect sounds=yes\n", ":4: expected sounds=yes, got no such field"),
        ("wallet.find wallet=nonsense\nverify\n", ":4: expected no error before this step, got INVALID_ID"),
        ("wallet.find wallet=nonsense\nexpect code=NOT_FOUND\n", ":4: expected code=NOT_FOUND, got code=INVALID_ID"),
        ("\n# nothing\nwallet.find walet=x\n", ":5: `wallet.find` has no word `walet`"),
        ("wallet.find wallet=$ada\n", ":3: nothing is called `ada` yet"),
        ("wallet.find\n", ":3: `wallet.find` needs the word `wallet`"),
        ("wallet.find wallet=a wallet=b\n", ":3: `wallet` is given twice"),
        ("wallet.find wallet=\"a\n", ":3: a quote is not closed"),
        ("wallet.find wallet=\"a\"b\n", ":3: after a closing quote comes a blank"),
        ("wallet.find wallet=\"\\r\"\n", ":3: the escapes are \\\" \\\\ \\n \\t"),
        ("wallet.find wallet=\n", ":3: a value is empty or needs quotes"),
        ("wallet.find wallet\n", ":3: a word is not key=value"),
        ("wallet.find Wallet=a\n", ":3: a key has letters a-z, digits and _"),
        ("wallet.lose wallet=a\n", ":3: there is no verb `wallet.lose`"),
        ("clock.advance ms=soon\n", ":3: `ms` is no number: soon"),
        ("biller.script customer=a pay=gladly\n", ":3: there is no biller scripted"),
        ("repeat times=2\nwallet.find wallet=nonsense\n", ":4: expected no error, got INVALID_ID"),
        ("oracle\n", ":3: a scenario ends with `oracle` and `ledger_digest`"),
    ];
    for (steps, expected) in cases {
        assert_eq!(failure(steps), expected, "{steps}");
    }
    let long = format!("# {end}wallet.find wallet={}\n{end}", "a".repeat(1_024));
    assert!(failure(&long).ends_with("a line has at most 1024 bytes"));
}
