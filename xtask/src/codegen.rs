//! Which files are generated, and the two things done with them: write and check.
//!
//! Each generator is a pure function from the vocabulary to text; only this
//! module touches files. The C header is the exception that proves it: cbindgen
//! reads the sources of `fusepay-ffi`, so it runs after `codes.rs` is in place.

use std::path::{Path, PathBuf};

use crate::{docs, ffi, golden, python};

/// Where the golden list of words stands, below the workspace root.
const GOLDEN: &str = "tests/golden/vocabulary.txt";
/// Where the C header stands, below the workspace root.
const HEADER: &str = "include/fusepay.h";

/// The root of this workspace.
#[must_use]
pub fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Every generated file that depends on the vocabulary alone, with its text.
fn texts() -> Vec<(&'static str, String)> {
    vec![
        ("docs/errors.md", docs::errors()),
        ("docs/states.md", docs::states()),
        ("fusepay-ffi/src/codes.rs", ffi::codes()),
        ("fusepay-ffi/src/words.rs", ffi::words()),
        ("fusepay-py/python/fusepay/_errors.py", python::errors()),
        ("fusepay-py/python/fusepay/_vocabulary.py", python::vocabulary()),
    ]
}

/// Writes every generated file.
///
/// # Errors
///
/// A sentence, when a released word would vanish or a file cannot be written.
pub fn write(root: &Path) -> Result<(), String> {
    let lost = golden::lost(&read(root, GOLDEN));
    if !lost.is_empty() {
        return Err(golden::refusal(&lost));
    }
    for (path, text) in texts() {
        write_file(root, path, &text)?;
    }
    write_file(root, GOLDEN, &golden::vocabulary())?;
    write_file(root, HEADER, &ffi::header(root)?)
}

/// Compares every generated file with what would be written now.
///
/// # Errors
///
/// One line for each file that is stale and each released word that vanished.
pub fn check(root: &Path) -> Result<(), String> {
    let mut complaints = Vec::new();
    let lost = golden::lost(&read(root, GOLDEN));
    if !lost.is_empty() {
        complaints.push(golden::refusal(&lost));
    }
    let mut expected = texts();
    expected.push((GOLDEN, golden::vocabulary()));
    expected.push((HEADER, ffi::header(root)?));
    for (path, text) in expected {
        if read(root, path) != text {
            complaints.push(format!("{path} is stale: run `cargo xtask codegen` and commit the result"));
        }
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

/// The text of a file, or nothing when there is none yet.
fn read(root: &Path, path: &str) -> String {
    std::fs::read_to_string(root.join(path)).unwrap_or_default()
}

fn write_file(root: &Path, path: &str, text: &str) -> Result<(), String> {
    let whole = root.join(path);
    if let Some(folder) = whole.parent() {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    // An untouched file keeps its time stamp, and cargo has nothing to rebuild.
    if read(root, path) == text {
        return Ok(());
    }
    std::fs::write(&whole, text).map_err(|error| format!("{}: {error}", whole.display()))
}
