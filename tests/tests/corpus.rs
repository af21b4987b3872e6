//! Goal: the fuzz targets compile and run on the stable compiler, and what they
//! once found stays found.
//! Method: the very bodies of the targets, on every file of `fuzz/corpus` and on
//! seeded bytes; `make fuzz` lets libFuzzer think of more.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../fuzz/src/bodies.rs"]
#[allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    unreachable_pub,
    missing_docs,
    reason = "written for its own crate, which has no lints of the workspace"
)]
mod bodies;

use std::path::Path;

#[test]
fn the_corpus_runs_through_every_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for (name, body) in bodies::BODIES {
        let mut files = 0;
        for file in std::fs::read_dir(corpus.join(name)).unwrap() {
            body(&std::fs::read(file.unwrap().path()).unwrap());
            files += 1;
        }
        assert!(files >= 3, "{name} has {files} files");
    }
    assert!(bodies::is_undisturbed());
}

#[test]
fn seeded_bytes_run_through_every_target() {
    let mut state = 1_u64;
    let mut next = || {
        // Xorshift: any bytes will do.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for (_, body) in bodies::BODIES {
        for _ in 0..200 {
            let length = next() % 64;
            let bytes: Vec<u8> = (0..length).map(|_| next().to_le_bytes()[2]).collect();
            body(&bytes);
        }
    }
    assert!(bodies::is_undisturbed());
}
