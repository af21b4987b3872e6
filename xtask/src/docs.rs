//! The generated pages under `docs/`: the errors, and every list of states.

use fusepay_core::{Code, ErrorKind, LISTS};

use crate::text::MARK;

/// One arrow of a state machine, for the page of states.
struct Transition {
    from: &'static str,
    to: &'static str,
    by: &'static str,
}

/// The transitions of a list that is the states of a machine; empty for the
/// others. A machine whose table the core exports gets its arm here.
fn transitions(list: &str) -> Vec<Transition> {
    if list != "PaymentStatus" {
        return Vec::new();
    }
    let found = fusepay_core::TRANSITIONS.iter();
    found.map(|(from, to, by)| Transition { from: from.name(), to: to.name(), by }).collect()
}

/// What a host does about an error of this kind.
fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Refused => "change the request",
        ErrorKind::Busy => "the same call later",
        ErrorKind::InDoubt => "the same key until definite",
        ErrorKind::Misuse => "fix the calling code",
        ErrorKind::Fault => "call someone",
        _ => "see the meaning",
    }
}

/// The page of errors.
pub(crate) fn errors() -> String {
    let mut page = format!(
        "<!-- {MARK} -->\n\
         # Errors\n\n\
         Every error has a stable number and name, the same in Rust, C and Python, and one of five kinds that \
         say what to do about it. Numbers and names are never changed or used again.\n\n\
         | kind | meaning |\n| --- | --- |\n"
    );
    for kind in ErrorKind::ALL {
        page.push_str(&format!("| `{}` | {} |\n", kind.name(), kind.meaning()));
    }
    page.push_str("\n| number | code | kind | retry | meaning |\n| ---: | --- | --- | --- | --- |\n");
    for code in Code::ALL {
        page.push_str(&format!(
            "| {} | `{}` | {} | {} | {} |\n",
            code.number(),
            code.name(),
            code.kind().name(),
            advice(code.kind()),
            code.meaning()
        ));
    }
    page
}

/// The page of states: every list but the errors.
pub(crate) fn states() -> String {
    let mut page = format!(
        "<!-- {MARK} -->\n\
         # States, kinds and events\n\n\
         Every word that is stored or leaves the engine, list by list. The number is what the database and the \
         C interface carry; the name is what JSON, logs and Python carry.\n"
    );
    for (list, words) in LISTS.iter().filter(|(list, _)| *list != "Code" && *list != "ErrorKind") {
        page.push_str(&format!("\n## {list}\n\n| number | name | meaning |\n| ---: | --- | --- |\n"));
        for word in *words {
            page.push_str(&format!("| {} | `{}` | {} |\n", word.number, word.name, word.meaning));
        }
        let transitions = transitions(list);
        if !transitions.is_empty() {
            page.push_str("\n| from | to | by |\n| --- | --- | --- |\n");
        }
        for Transition { from, to, by } in transitions {
            page.push_str(&format!("| `{from}` | `{to}` | {by} |\n"));
        }
    }
    page
}
