//! Goal: `docs/surface.md` lists every operation of the engine, and no other, by
//! the names it has in C and Python.
//! Method: the public functions of each view's source file, held against the rows
//! of its section; the names of the other two against the header and the stub.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

/// The beginning of a section's heading, the file its view is in, and how its
/// operations are called in C and Python.
const VIEWS: [(&str, &str, &str, &str); 14] = [
    ("## `FusePay`:", "host/face.rs", "fusepay_engine_", "engine."),
    ("## `auth()`:", "host/auth.rs", "fusepay_auth_", "engine.auth."),
    ("## `wallet()`:", "host/wallet.rs", "fusepay_wallet_", "engine.wallet."),
    ("## `bill()`:", "host/bill.rs", "fusepay_bill_", "engine.bill."),
    ("## `reversal()`:", "host/reversal.rs", "fusepay_reversal_", "engine.reversal."),
    ("## `history()`:", "host/history.rs", "fusepay_history_", "engine.history."),
    ("## `events()`:", "host/event.rs", "fusepay_events_", "engine.events."),
    ("## `queue()`:", "host/queue.rs", "fusepay_queue_", "engine.queue."),
    ("## `audit()`:", "host/audit.rs", "fusepay_audit_", "engine.audit."),
    ("## `session(token)`:", "session.rs", "fusepay_session_", "session."),
    ("## `session.wallet()`:", "session/wallet.rs", "fusepay_session_wallet_", "session.wallet."),
    ("## `session.bill()`:", "session/bill.rs", "fusepay_session_bill_", "session.bill."),
    ("## `session.history()`:", "session/history.rs", "fusepay_session_history_", "session.history."),
    ("## `session.operator()`:", "session/operator.rs", "fusepay_session_operator_", "session.operator."),
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

fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let section = page.split_once(heading).unwrap_or_else(|| panic!("no section {heading}")).1;
    section.split("\n## ").next().unwrap()
}

/// The name of a cell, without its quotes; absent where there is a dash.
fn cell(text: &str) -> Option<&str> {
    text.trim().strip_prefix('`').and_then(|text| text.strip_suffix('`'))
}

#[test]
fn every_operation_is_listed_and_nothing_else() {
    let page = text("docs/surface.md");
    for (heading, file, ..) in VIEWS {
        let section = section(&page, heading);
        let source = text(&format!("fusepay-core/src/engine/{file}"));
        assert_eq!(rows(section), functions(&source), "{heading} in docs/surface.md, and {file}");
    }
}

/// What a section of the page says: the operation, its C and its Python name.
fn names(section: &str) -> Vec<(&str, Option<&str>, Option<&str>)> {
    let lines = section.lines().filter(|line| line.starts_with("| `"));
    let cells = lines.map(|line| line.trim_matches('|').split(" | ").collect::<Vec<_>>());
    cells.map(|cells| (cell(cells[0]).unwrap(), cell(cells[2]), cell(cells[3]))).collect()
}

#[test]
fn every_operation_has_its_name_in_c() {
    let (page, header) = (text("docs/surface.md"), text("include/fusepay.h"));
    let is_declared = |name: &str| header.contains(&format!("int32_t {name}("));
    let mut complaints = Vec::new();
    for (heading, _, prefix, _) in VIEWS {
        for (operation, name, _) in names(section(&page, heading)) {
            let mechanical = format!("{prefix}{operation}");
            let fits = match name {
                // Opening a session is an operation on sessions, in C.
                Some("fusepay_session_open") if operation == "session" => true,
                Some(name) => name == mechanical && is_declared(name),
                None => {
                    !is_declared(&mechanical)
                        && ("FusePay session(token)").contains(heading.trim_matches(['#', ' ', '`', ':']))
                }
            };
            if !fits {
                complaints.push(format!("{heading} {operation}: {name:?}"));
            }
        }
    }
    assert_eq!(complaints, Vec::<String>::new());
}

#[test]
fn every_operation_has_its_name_in_python() {
    let page = text("docs/surface.md");
    for (heading, _, _, prefix) in VIEWS {
        for (operation, _, name) in names(section(&page, heading)) {
            // Before there is an engine: also `FusePay.open`.
            let opens = prefix == "engine." && operation == "open";
            let mechanical = if opens { "fusepay.open".to_owned() } else { format!("{prefix}{operation}") };
            assert_eq!(name, Some(mechanical.as_str()), "{heading}");
        }
    }
}
