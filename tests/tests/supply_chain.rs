//! Goal: no crate that `deny.toml` bans, and none from outside the public
//! registry, is ever locked. Method: read `Cargo.lock` and the bans as text.
//! A cheap part of `cargo deny check`, for machines that do not have it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

use std::path::Path;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands in quotes after a key, wherever a line has one.
fn values<'a>(text: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().filter_map(move |line| line.split_once(key)?.1.split('"').next())
}

#[test]
fn no_banned_crate_is_locked() {
    let (lock, deny) = (read("Cargo.lock"), read("deny.toml"));
    let bans = deny.split_once("[bans]").unwrap().1;
    let banned: Vec<&str> = values(bans, "crate = \"").collect();
    assert!(banned.contains(&"rsa") && banned.contains(&"openssl"), "{banned:?}");
    let locked: Vec<&str> = values(&lock, "name = \"").filter(|name| banned.contains(name)).collect();
    assert_eq!(locked, Vec::<&str>::new());
}

#[test]
fn every_locked_crate_comes_from_the_public_registry() {
    let lock = read("Cargo.lock");
    let public = "registry+https://github.com/rust-lang/crates.io-index";
    let other: Vec<&str> = values(&lock, "source = \"").filter(|source| *source != public).collect();
    assert_eq!(other, Vec::<&str>::new());
    let packages = lock.matches("[[package]]").count();
    assert!(values(&lock, "checksum = \"").count() + 10 > packages, "only our own crates have no checksum");
}
