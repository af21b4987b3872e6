//! Goal: every scenario behaves as its file and its committed transcript say,
//! and the format's page tells the truth about the runner.
//! Method: play each file of `tests/scenarios` on a fresh engine under virtual
//! time, and compare line by line. `UPDATE=1` rewrites the transcripts.
//! `SCENARIO=<part of a path>` plays only those.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use fusepay_tests::scenario::{play, verbs};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// The files below the folder with this ending, in order.
fn files(ending: &str) -> BTreeSet<PathBuf> {
    let nouns = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let all = nouns.flat_map(|noun| std::fs::read_dir(noun).unwrap().map(|entry| entry.unwrap().path()));
    all.filter(|path| path.extension().is_some_and(|found| found == ending)).collect()
}

/// Plays one file; answers what is wrong, beginning with its name and line.
fn check(path: &Path) -> Result<(), String> {
    let name = path.strip_prefix(folder()).unwrap().display();
    let text = std::fs::read_to_string(path).unwrap();
    let got = play(&text).map_err(|failure| format!("{name}:{}: {}", failure.line, failure.why))?;
    let out = path.with_extension("out");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&out, &got).unwrap();
    }
    let expected = std::fs::read_to_string(&out).unwrap_or_default();
    if expected == got {
        return Ok(());
    }
    let pairs = expected.lines().map(Some).chain(std::iter::repeat(None));
    let pairs = pairs.zip(got.lines().map(Some).chain(std::iter::repeat(None))).enumerate();
    let (index, (expected, got)) = pairs.into_iter().find(|(_, (expected, got))| expected != got).unwrap();
    let (name, end) = (out.strip_prefix(folder()).unwrap().display(), "the end");
    Err(format!("{name}:{}: expected: {}\n  got: {}", index + 1, expected.unwrap_or(end), got.unwrap_or(end)))
}

/// What is wrong with these files, looked at by two threads.
fn in_two_threads(all: &[PathBuf], check: fn(&Path) -> Result<(), String>) -> Vec<String> {
    let (left, right) = all.split_at(all.len() / 2);
    let check_all = |half: &[PathBuf]| half.iter().filter_map(|path| check(path).err()).collect::<Vec<_>>();
    std::thread::scope(|scope| {
        let other = scope.spawn(|| check_all(right));
        let mut failed = check_all(left);
        failed.extend(other.join().unwrap());
        failed
    })
}

#[test]
fn every_scenario_plays_as_committed() {
    let wanted = std::env::var("SCENARIO").unwrap_or_default();
    let all: Vec<PathBuf> = files("txt").into_iter().filter(|path| path.to_str().unwrap().contains(&wanted)).collect();
    let failed = in_two_threads(&all, check);
    assert!(failed.is_empty(), "{} of {} scenarios failed:\n{}", failed.len(), all.len(), failed.join("\n"));
}

/// Plays one file with another seed; answers where its transcript differs.
fn check_with_another_seed(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).unwrap();
    let header = text.lines().find(|line| line.starts_with("simulated seed=")).unwrap();
    let other = text.replacen(header, &header.replacen("seed=", "seed=9", 1), 1);
    let name = path.strip_prefix(folder()).unwrap().display();
    let got = play(&other).map_err(|failure| format!("{name}:{}: {}", failure.line, failure.why))?;
    let expected = std::fs::read_to_string(path.with_extension("out")).unwrap();
    match expected.lines().zip(got.lines()).skip(1).find(|(expected, got)| expected != got) {
        None => Ok(()),
        Some((expected, got)) => Err(format!("{name}: expected: {expected}\n  got: {got}")),
    }
}

/// The doors need not draw the same random numbers, only the same conclusions.
#[test]
fn no_transcript_depends_on_the_seed() {
    let all: Vec<PathBuf> = files("txt").into_iter().collect();
    let failed = in_two_threads(&all, check_with_another_seed);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn there_are_sixty_scenarios_and_a_transcript_for_each() {
    let (texts, outs) = (files("txt"), files("out"));
    let expected: BTreeSet<PathBuf> = texts.iter().map(|path| path.with_extension("out")).collect();
    assert_eq!(outs, expected, "every transcript belongs to a scenario, and every scenario has one");
    let ids: BTreeSet<String> = texts
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().split('_').next().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), texts.len(), "no two scenarios have one id");
    assert!(texts.len() >= 60, "{} scenarios; sixty are promised", texts.len());
}

#[test]
fn the_formats_page_lists_every_verb_and_no_other() {
    let page = std::fs::read_to_string(folder().join("FORMAT.md")).unwrap();
    let cells = |row: &str| -> Vec<String> {
        row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    let table = page.split_once("| verb | words | prints | notes |\n").unwrap().1.split_once("\n\n").unwrap().0;
    let listed: Vec<Vec<String>> = table.lines().skip(1).map(cells).collect();
    let listed: Vec<(&str, &str, &str)> =
        listed.iter().map(|row| (row[0].as_str(), row[1].as_str(), row[2].as_str())).collect();
    let known: Vec<(&str, &str, &str)> = verbs().map(|verb| (verb.name, verb.words, verb.prints)).collect();
    assert_eq!(listed, known);
}

/// The word and the keys of a printed line.
fn keys(line: &str) -> (String, Vec<String>) {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (mut keys, mut is_quoted, mut is_escaped, mut key) = (Vec::new(), false, false, Some(String::new()));
    for character in rest.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => key = Some(String::new()),
            '=' if !is_quoted => keys.extend(key.take()),
            other => key.iter_mut().for_each(|key| key.push(other)),
        }
    }
    (word.to_owned(), keys)
}

#[test]
fn the_formats_page_lists_the_fields_of_every_record() {
    let page = std::fs::read_to_string(folder().join("FORMAT.md")).unwrap();
    let table = page.split_once("| record | fields | |\n").unwrap().1.split_once("\n\n").unwrap().0;
    let listed: BTreeMap<String, Vec<String>> = table
        .lines()
        .skip(1)
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let plain = |field: &str| field.trim_matches('"').split(':').next().unwrap().to_owned();
            (cells[1].to_owned(), cells[2].split(' ').filter(|field| !field.is_empty()).map(plain).collect())
        })
        .collect();
    let mut printed = BTreeSet::new();
    for out in files("out") {
        for line in std::fs::read_to_string(&out).unwrap().lines().filter(|line| !line.starts_with("> ")) {
            let (word, keys) = keys(line);
            assert_eq!(listed.get(&word), Some(&keys), "{}: {line}", out.display());
            printed.insert(word);
        }
    }
    // A complaint fails its file, so no transcript has one.
    printed.insert("complaint".to_owned());
    let unused: Vec<&String> = listed.keys().filter(|word| !printed.contains(*word)).collect();
    assert!(unused.is_empty(), "no transcript has {unused:?}");
}

#[test]
fn every_verb_is_used() {
    let texts: Vec<String> = files("txt").iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let used: BTreeSet<&str> = texts.iter().flat_map(|text| text.lines()).filter_map(|l| l.split(' ').next()).collect();
    let idle: Vec<&str> = verbs().map(|verb| verb.name).filter(|name| !used.contains(name)).collect();
    assert!(idle.is_empty(), "no scenario uses {idle:?}");
}

#[test]
fn a_broken_expectation_and_an_unexpected_error_are_reported_with_their_lines() {
    let head = "simulated seed=1 start_ms=1773144000000\nopen\n";
    let failure = play(&format!("{head}verify\nexpect sound=no\n")).unwrap_err();
    assert_eq!(failure.line, 4);
    assert!(failure.why.starts_with("expected sound=no, got sound=yes"), "{}", failure.why);
    let failure = play(&format!("{head}wallet.find wallet=nonsense\nverify\n")).unwrap_err();
    assert_eq!((failure.line, failure.why.contains("INVALID_ID")), (4, true), "{}", failure.why);
    let failure = play(&format!("{head}\n# nothing\nwallet.find walet=x\n")).unwrap_err();
    assert_eq!((failure.line, failure.why.as_str()), (5, "`wallet.find` has no word `walet`"));
}
