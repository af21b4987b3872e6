//! Goal: `docs/surface.md` lists every operation of the engine, and no other.
//! Method: the public functions of each view's source file, held against the
//! rows of its section.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

/// The beginning of a section's heading, and the file its view is in.
const VIEWS: [(&str, &str); 14] = [
    ("## `FusePay`:", "host/face.rs"),
    ("## `auth()`:", "host/auth.rs"),
    ("## `wallet()`:", "host/wallet.rs"),
    ("## `bill()`:", "host/bill.rs"),
    ("## `reversal()`:", "host/reversal.rs"),
    ("## `history()`:", "host/history.rs"),
    ("## `events()`:", "host/event.rs"),
    ("## `queue()`:", "host/queue.rs"),
    ("## `audit()`:", "host/audit.rs"),
    ("## `session(token)`:", "session.rs"),
    ("## `session.wallet()`:", "session/wallet.rs"),
    ("## `session.bill()`:", "session/bill.rs"),
    ("## `session.history()`:", "session/history.rs"),
    ("## `session.operator()`:", "session/operator.rs"),
];

/// What only exists with the feature `testing`.
const FOR_TESTS: [&str; 2] = ["hash_evaluations", "gate_waits"];

fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

fn functions(source: &str) -> BTreeSet<&str> {
    let names = source.lines().filter_map(|line| line.strip_prefix("    pub fn ")?.split(['(', '<']).next());
    names.filter(|name| !FOR_TESTS.contains(name)).collect()
}

fn rows(section: &str) -> BTreeSet<&str> {
    section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}

#[test]
fn every_operation_is_listed_and_nothing_else() {
    let page = text("docs/surface.md");
    for (heading, file) in VIEWS {
        let section = page.split_once(heading).unwrap_or_else(|| panic!("no section {heading}")).1;
        let section = section.split("\n## ").next().unwrap();
        let source = text(&format!("fusepay-core/src/engine/{file}"));
        assert_eq!(rows(section), functions(&source), "{heading} in docs/surface.md, and {file}");
    }
}
