//! Every byte of the audit chain: its table's pages, flipped one by one.

use crate::harm::{Harm, PAGE, Part, anatomy};
use crate::life::{self, Image};
use crate::sweep::{Numbers, sweep_with};
use crate::trial::{Bench, Depth, Outcome};
use std::collections::BTreeSet;

/// The pages of a table, from its root down (SQLite file format, section 1.6).
pub(crate) fn pages_of(image: &Image, table: &str) -> Vec<usize> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("read.db");
    std::fs::write(&path, &image.database).unwrap();
    let root: i64 = rusqlite::Connection::open(path)
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [table], |row| row.get(0))
        .unwrap();
    let mut pages = vec![usize::try_from(root).unwrap() - 1];
    let mut next = 0;
    while let Some(page) = pages.get(next).copied() {
        next += 1;
        let bytes = &image.database[page * PAGE..(page + 1) * PAGE];
        if bytes[0] == 5 {
            let child = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize - 1;
            pages.extend(cells(bytes, 0).into_iter().map(child));
            pages.push(child(8));
        }
    }
    pages
}

/// Where the cells of a page begin whose header stands here.
pub(crate) fn cells(page: &[u8], header: usize) -> Vec<usize> {
    let pointers = header + if matches!(page[header], 2 | 5) { 12 } else { 8 };
    let count = usize::from(u16::from_be_bytes([page[header + 3], page[header + 4]]));
    let pointers = page[pointers..pointers + 2 * count].chunks_exact(2);
    pointers.map(|pair| usize::from(u16::from_be_bytes([pair[0], pair[1]]))).collect()
}

/// A number of SQLite's variable length, and that length.
pub(crate) fn varint(bytes: &[u8]) -> (usize, usize) {
    let length = bytes.iter().take(9).position(|byte| byte & 0x80 == 0).unwrap() + 1;
    (bytes[..length].iter().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f)), length)
}

/// The bytes of the file that are the entries: every byte of every cell.
fn entry_bytes(image: &Image, pages: &[usize]) -> BTreeSet<usize> {
    let mut bytes = BTreeSet::new();
    for page in pages {
        let content = &image.database[page * PAGE..(page + 1) * PAGE];
        if content[0] != 13 {
            continue;
        }
        for cell in cells(content, 0) {
            let (payload, first) = varint(&content[cell..]);
            let (_, second) = varint(&content[cell + first..]);
            bytes.extend(page * PAGE + cell..page * PAGE + cell + first + second + payload);
        }
    }
    bytes
}

fn chain_bench(image: &Image) -> Bench {
    Bench::new(image).with_depth(Depth::Chain)
}

/// Flips bytes of the chain's pages; those of entries must be named.
fn flip(name: &str, image: &Image, masks: &[u8], choose: impl Fn(usize, bool) -> bool) {
    let settled = chain_bench(image).whole().clone();
    let pages = pages_of(&settled, "audit");
    let entries = entry_bytes(&settled, &pages);
    assert!(entries.len() > 1_000, "{} bytes of entries", entries.len());
    let mut harms = Vec::new();
    for at in pages.iter().flat_map(|page| page * PAGE..(page + 1) * PAGE) {
        if choose(at, entries.contains(&at)) {
            harms.extend(masks.iter().map(|mask| Harm::Flip { part: Part::Database, at, mask: *mask }));
        }
    }
    let counts = sweep_with(name, &|| chain_bench(image), &harms);
    counts.assert_honest();
    let is_entry = |harm: &Harm| matches!(harm, Harm::Flip { at, .. } if entries.contains(at));
    let unnamed: Vec<&Harm> = counts.silent.iter().filter(|harm| is_entry(harm)).collect();
    assert!(unnamed.is_empty(), "{} flipped bytes of entries are not named: {:?}", unnamed.len(), unnamed.first());
    assert!(counts.by_outcome.contains_key(&Outcome::Named));
}

/// A mask per byte and all bytes of entries; of the rest a sample.
#[test]
fn every_byte_of_the_audit_entries_is_named_when_it_changes() {
    let image = life::short();
    let mut numbers = Numbers(crate::seed());
    let mask = *numbers.pick(&[0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80]);
    flip("audit, short", &image, &[mask], |at, is_entry| is_entry || at % 16 == 0);
}

#[test]
#[ignore = "long: run by make damage"]
fn every_bit_of_the_audit_pages_is_named_or_means_nothing() {
    let masks: Vec<u8> = (0..8).map(|bit| 1 << bit).chain([0xff]).collect();
    flip("audit, short, every bit", &life::short(), &masks, |_, _| true);
    flip("audit, rich", &life::closed(), &[0x01, 0x80], |_, _| true);
}

#[test]
fn the_bytes_of_pages_are_found_where_they_are() {
    let image = life::closed();
    let pages = pages_of(&image, "audit");
    let text = b"payment.initiated";
    let entries = entry_bytes(&image, &pages);
    let found = image.database.windows(text.len()).enumerate().filter(|(_, window)| window == text);
    assert!(found.into_iter().any(|(at, _)| entries.contains(&at)));
    assert!(pages.iter().all(|page| !anatomy(&image.database, *page).content.is_empty()));
}
