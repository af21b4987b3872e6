//! Goal: the plan of the house stays true: who may import whom, where SQL,
//! clocks, randomness and threads may stand, how long a file may be.
//! Method: read every source as text (`fusepay_tests::source`) and hold each
//! rule against it. Each rule is also shown a text that breaks it, so that a
//! rule that no longer sees anything fails.

use std::path::{Path, PathBuf};

use fusepay_tests::source::{Source, files, sources};

/// The words: floor 1. A file or a folder of `fusepay-core/src`.
const WORDS: &[&str] = &[
    "vocabulary",
    "error",
    "money",
    "id",
    "clock",
    "entropy",
    "secret",
    "sync",
    "metadata",
    "category",
    "canonical",
    "failpoint",
];
/// The rules: floor 2.
const RULES: &[&str] = &["auth", "wallet", "ledger", "bill", "reversal", "queue", "event", "audit", "idempotency"];
/// The only imports from one room of the rules into another.
const RULES_DOORS: &[(&str, &str)] = &[("bill", "wallet"), ("reversal", "bill"), ("audit", "event")];

/// Files of the core that are tests as a whole, whatever they are called.
const TESTS: &[&str] = &["store/plans.rs", "store/writer/schedules.rs", "engine/schedules.rs"];

/// Names that say nothing about what lives in a file.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "types", "models", "manager", "service"];

/// Longest file without its tests, and the files that may be longer, with the reason.
const LINES_MAX: usize = 500;
const LONGER: &[(&str, &str)] = &[];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The sources of one crate's `src`, with paths below it; files that are tests
/// as a whole (`<name>/tests.rs`, and the store's checks of its plans and schedules) left out.
fn crate_sources(name: &str) -> Vec<Source> {
    let mut found = sources(&root().join(name).join("src"));
    found.retain(|source| !source.path.ends_with("/tests.rs") && !TESTS.contains(&source.path.as_str()));
    assert!(!found.is_empty(), "no sources of {name}");
    found
}

/// Holds a rule against every source and reports all complaints together.
#[track_caller]
fn check(sources: &[Source], rule: impl Fn(&Source) -> Vec<String>) {
    let complaints: Vec<String> = sources.iter().flat_map(rule).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Shows a rule a text that breaks it, at a path.
#[track_caller]
fn check_seen(path: &str, text: &str, rule: impl Fn(&Source) -> Vec<String>) {
    assert!(!rule(&Source::new(path, text)).is_empty(), "the rule does not see: {text}");
}

/// Complaints about words that may only stand at some paths (a prefix each).
fn only_in<'a>(words: &'a [&str], homes: &'a [&str]) -> impl Fn(&Source) -> Vec<String> + 'a {
    move |source| {
        if homes.iter().any(|home| source.path.starts_with(home)) {
            return Vec::new();
        }
        let found = source.words().filter(|(_, word)| words.contains(word));
        found.map(|(line, word)| format!("{}:{line}: `{word}` may only stand in {homes:?}", source.path)).collect()
    }
}

/// The room of a path below `src`: its folder, or its file without the ending.
fn room(path: &str) -> &str {
    path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// The floor of a room: 1 words, 2 rules, 3 store, 4 engine, 5 the face.
fn floor(room: &str) -> Option<u8> {
    match room {
        "store" => Some(3),
        "engine" => Some(4),
        "lib" => Some(5),
        _ if WORDS.contains(&room) => Some(1),
        _ if RULES.contains(&room) => Some(2),
        _ => None,
    }
}

/// Every first segment of a `crate::` path with its line.
fn imports(source: &Source) -> Vec<(usize, &str)> {
    let lines = source.code.iter().enumerate();
    lines
        .flat_map(|(index, line)| {
            line.match_indices("crate::").map(move |(at, found)| {
                let rest = line.get(at + found.len()..).unwrap_or_default();
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                (index + 1, rest.get(..end).unwrap_or_default())
            })
        })
        .collect()
}

fn imports_run_down(source: &Source) -> Vec<String> {
    let here = room(&source.path);
    let Some(floor_here) = floor(here) else {
        return vec![format!("{}: the room `{here}` is on no floor; give it one in tidy.rs", source.path)];
    };
    let wrong = imports(source).into_iter().filter(|(_, there)| match floor(there) {
        None => true,
        Some(2) if floor_here == 2 => here != *there && !RULES_DOORS.contains(&(here, *there)),
        Some(floor_there) => floor_there > floor_here,
    });
    wrong
        .map(|(line, there)| match floor(there) {
            None => format!("{}:{line}: `crate::{there}` is not a full module path", source.path),
            Some(_) => format!("{}:{line}: `{here}` may not import `{there}`", source.path),
        })
        .collect()
}

#[test]
fn imports_only_run_downwards() {
    check(&crate_sources("fusepay-core"), imports_run_down);
    check_seen("money/amount.rs", "use crate::wallet::fee::FeePolicy;", imports_run_down);
    check_seen("wallet/fee.rs", "use crate::bill::quote::Quote;", imports_run_down);
    check_seen("bill/quote.rs", "fn a(store: &crate::store::tx::ReadTx) {}", imports_run_down);
    check_seen("store/bill.rs", "use crate::engine::inner::Inner;", imports_run_down);
    check_seen("engine/bill.rs", "use crate::Money;", imports_run_down);
    check_seen("engine/bill.rs", "use crate::{bill, money};", imports_run_down);
    check_seen("basement.rs", "", imports_run_down);
}

/// The lines inside a module written in its parent's file, where `super` is
/// the file itself.
fn inline_module_lines(source: &Source) -> Vec<usize> {
    let (mut depth, mut opened_at, mut inside) = (0_usize, None, Vec::new());
    for (index, line) in source.code.iter().enumerate() {
        let opens = line.trim_start_matches("pub(crate) ").trim_start().starts_with("mod ") && line.contains('{');
        if opens && opened_at.is_none() {
            opened_at = Some(depth);
        }
        if opened_at.is_some() {
            inside.push(index + 1);
        }
        depth = (depth + line.matches('{').count()).saturating_sub(line.matches('}').count());
        if opened_at == Some(depth) {
            opened_at = None;
        }
    }
    inside
}

#[test]
fn paths_are_written_in_full() {
    let rule = |source: &Source| {
        let inside = inline_module_lines(source);
        let found = source.words().filter(|(line, word)| *word == "super" && !inside.contains(line));
        found.map(|(line, _)| format!("{}:{line}: write `crate::` and the full path", source.path)).collect()
    };
    check(&crate_sources("fusepay-core"), rule);
    check_seen("money/amount.rs", "use super::currency::Currency;", rule);
    check_seen("money/amount.rs", "mod a {\n use super::B;\n}\nuse super::currency::Currency;", rule);
    assert_eq!(rule(&Source::new("id.rs", "mod a {\n fn c() { super::b() }\n}\n")), Vec::<String>::new());
}

#[test]
fn sql_stands_only_in_the_store() {
    let words = only_in(&["rusqlite", "libsqlite3_sys"], &["store/"]);
    let rule = |source: &Source| {
        let mut complaints = words(source);
        let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE"];
        let is_sql = |text: &str| text.split_whitespace().next().is_some_and(|word| verbs.contains(&word));
        if !source.path.starts_with("store/") {
            let found = source.strings.iter().filter(|(_, text)| is_sql(text) && text.trim().contains(' '));
            complaints.extend(found.map(|(line, text)| format!("{}:{line}: SQL outside store/: {text}", source.path)));
        }
        complaints
    };
    for name in ["fusepay-core", "fusepay-ffi", "fusepay-py"] {
        check(&crate_sources(name), rule);
    }
    check_seen("engine/bill.rs", "const A: &str = \"SELECT id FROM wallet\";", rule);
    check_seen("engine/bill.rs", "const A: &str = r\"\n  UPDATE wallet SET x = 1\";", rule);
    check_seen("engine/bill.rs", "use rusqlite::Connection;", rule);
}

#[test]
fn clocks_are_read_only_in_clock() {
    let rule = only_in(&["SystemTime", "Instant", "UNIX_EPOCH"], &["clock.rs"]);
    check(&crate_sources("fusepay-core"), &rule);
    check_seen("queue/job.rs", "let now = std::time::Instant::now();", &rule);
}

#[test]
fn randomness_comes_only_from_entropy() {
    let rule = only_in(&["getrandom", "rand_chacha", "rand", "OsRng", "RandomState"], &["entropy.rs"]);
    check(&crate_sources("fusepay-core"), &rule);
    check_seen("auth/session.rs", "getrandom::fill(&mut bytes)?;", &rule);
}

#[test]
fn threads_and_channels_have_few_homes() {
    let homes = ["engine/worker.rs", "engine/inner.rs", "engine/open.rs", "engine/event.rs", "store/", "sync"];
    let rule = only_in(&["crossbeam_channel", "mpsc", "spawn"], &homes);
    check(&crate_sources("fusepay-core"), &rule);
    check_seen("engine/bill.rs", "std::thread::spawn(|| {});", &rule);
}

/// What threads meet in comes from `sync.rs`, or the schedules would not see it.
/// Not asked of the floors that only keep a value safe: nobody goes on inside.
fn waits_are_seen(source: &Source) -> Vec<String> {
    let unseen = ["sync.rs", "sync/", "clock.rs", "entropy.rs", "failpoint.rs", "store/guard", "store/seal.rs"];
    if unseen.iter().any(|home| source.path.starts_with(home)) {
        return Vec::new();
    }
    let met = ["Mutex", "Condvar", "RwLock", "Barrier", "atomic", "mpsc", "MutexGuard", "TryLockError"];
    let mut complaints = Vec::new();
    for (index, line) in source.code.iter().enumerate() {
        let takes = |path: &str| line.split(path).skip(1).any(|rest| begins_with_any(rest, &met));
        let starts = ["std::thread", "std::thread_local", "crossbeam_channel"].iter().any(|path| line.contains(path));
        let asks_cores = line.contains("std::thread::available_parallelism");
        if takes("std::sync::") || (starts && !asks_cores) {
            complaints.push(format!("{}:{}: take it from crate::sync: {}", source.path, index + 1, line.trim()));
        }
    }
    complaints
}

/// Whether an import begins with one of these words, alone or anywhere in its braces.
fn begins_with_any(rest: &str, words: &[&str]) -> bool {
    let taken = rest.strip_prefix('{').map_or(rest, |list| list.split('}').next().unwrap_or_default());
    let taken =
        if rest.starts_with('{') { taken } else { taken.split([':', ';', ',', '<', '(']).next().unwrap_or_default() };
    taken.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
}

#[test]
fn what_threads_meet_in_comes_from_one_room() {
    check(&crate_sources("fusepay-core"), waits_are_seen);
    check_seen("engine/bill.rs", "use std::sync::{Arc, Mutex};", waits_are_seen);
    check_seen("engine/bill.rs", "use std::sync::atomic::Ordering;", waits_are_seen);
    check_seen("engine/bill.rs", "fn a(m: std::sync::MutexGuard<'_, u8>) {}", waits_are_seen);
    check_seen("engine/bill.rs", "use std::thread::JoinHandle;", waits_are_seen);
    assert_eq!(waits_are_seen(&Source::new("engine/bill.rs", "use std::sync::{Arc, OnceLock, PoisonError};")), [""; 0]);
}

#[test]
fn the_core_knows_no_floats() {
    let rule = only_in(&["f32", "f64"], &[]);
    check(&crate_sources("fusepay-core"), &rule);
    check_seen("money/amount.rs", "fn a(x: f64) {}", &rule);
}

#[test]
fn the_core_does_not_give_up() {
    let rule = |source: &Source| {
        let lines = source.code.iter().enumerate();
        let gives_up =
            |line: &str| [".unwrap()", ".expect(\"", "panic!(", "unreachable!("].iter().any(|call| line.contains(call));
        let found = lines.filter(|(_, line)| gives_up(line));
        found.map(|(index, line)| format!("{}:{}: {}", source.path, index + 1, line.trim())).collect()
    };
    check(&crate_sources("fusepay-core"), rule);
    check_seen("id.rs", "let id = text.parse().unwrap();", rule);
    check_seen("id.rs", "let id = text.parse().expect(\"an id\");", rule);
}

#[test]
fn a_mod_file_of_words_and_rules_holds_only_its_contents() {
    let rule = |source: &Source| {
        if source.file_name() != "mod.rs" || !matches!(floor(room(&source.path)), Some(1 | 2)) {
            return Vec::new();
        }
        let code = source.code.join("\n");
        let items =
            code.split(';').map(|item| item.trim().trim_start_matches("pub(crate) ").trim_start_matches("pub "));
        let other = items.filter(|item| !item.is_empty() && !item.starts_with("mod ") && !item.starts_with("use "));
        other.map(|item| format!("{}: only `mod` and `use` belong here: {item}", source.path)).collect()
    };
    check(&crate_sources("fusepay-core"), rule);
    check_seen("bill/mod.rs", "mod quote;\nfn a() {}", rule);
}

#[test]
fn doors_import_only_the_core() {
    let rule = only_in(&["rusqlite", "jiff", "serde_json", "getrandom", "SystemTime"], &[]);
    for name in ["fusepay-ffi", "fusepay-py"] {
        check(&crate_sources(name), &rule);
    }
}

#[test]
fn files_are_short() {
    let rule = |source: &Source| {
        let is_test = source.path.contains("tests/") && !source.path.starts_with("tests/src/")
            || source.path.ends_with("/tests.rs");
        let is_generated = source.text.starts_with("//! Generated by `cargo xtask codegen`");
        let may_be_longer = LONGER.iter().any(|(path, _)| *path == source.path);
        let lines = source.code.len();
        if lines <= LINES_MAX || is_test || is_generated || may_be_longer {
            return Vec::new();
        }
        vec![format!("{}: {lines} lines without tests; {LINES_MAX} is the most", source.path)]
    };
    check(&sources(&root()), rule);
    check_seen("fusepay-core/src/id.rs", &"fn a() {}\n".repeat(LINES_MAX + 1), rule);
}

#[test]
fn every_file_says_what_lives_in_it() {
    let rule = |source: &Source| {
        if source.text.starts_with("//! ") { Vec::new() } else { vec![format!("{}: no `//!` first", source.path)] }
    };
    check(&sources(&root()), rule);
    check_seen("id.rs", "use std::fmt;\n", rule);
}

#[test]
fn no_file_has_an_empty_name() {
    let complaints: Vec<PathBuf> = files(&root())
        .into_iter()
        .filter(|path| {
            let below = path.strip_prefix(root()).unwrap_or(path);
            // The one thing here that is a service and nothing else.
            let below = below.strip_prefix("examples/python/service").unwrap_or(below);
            below.iter().any(|part| {
                let name = part.to_string_lossy();
                EMPTY_NAMES.contains(&name.split('.').next().unwrap_or_default())
            })
        })
        .collect();
    assert_eq!(complaints, Vec::<PathBuf>::new(), "a name that says what is inside, please");
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    // Written in two halves, or this file would be the first to break the rule.
    let paths = [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/tm", "p/wt")];
    let mut complaints = Vec::new();
    for path in files(&root()) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for (index, line) in text.lines().enumerate() {
            if paths.iter().any(|machine| line.contains(machine)) {
                complaints.push(format!("{}:{}: {}", path.display(), index + 1, line.trim()));
            }
        }
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
