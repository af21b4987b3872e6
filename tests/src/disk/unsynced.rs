//! What was written and not synced, per file, and what a power cut makes of it.
//!
//! A sector of 512 bytes is written whole or not at all, as SQLite expects of a
//! disk (<https://www.sqlite.org/psow.html>); sectors reach the disk in any order.

use super::Loss;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const SECTOR: u64 = 512;

/// When a log with forgotten sectors was written last: a time nobody writes.
const MARK: SystemTime = SystemTime::UNIX_EPOCH;

pub(super) type Files = HashMap<PathBuf, Unsynced>;

type Sector = Vec<u8>;

/// A content a sector had, and after how many changes of the file.
struct Version {
    since: usize,
    bytes: Sector,
}

/// One change that has not been synced.
struct Change {
    offset: u64,
    /// The bytes from `offset` on before, as far as there were any.
    old: Vec<u8>,
    /// What was written there; nothing when the file was cut short.
    new: Vec<u8>,
    old_size: u64,
    new_size: u64,
}

/// What one file may lose.
#[derive(Default)]
pub(super) struct Unsynced {
    changes: Vec<Change>,
    /// Sectors a failed sync forgot, with what the disk holds. Only a newer
    /// write that is synced heals one.
    forgotten: BTreeMap<u64, Sector>,
    /// Whether the file bears the [`MARK`].
    is_marked: bool,
    /// The file as it was when it was removed; it may come back.
    removed: Option<Vec<u8>>,
}

impl Unsynced {
    pub(super) fn written(&mut self, offset: u64, old: Vec<u8>, new: Vec<u8>, old_size: u64) {
        let new_size = old_size.max(offset + new.len() as u64);
        self.changes.push(Change { offset, old, new, old_size, new_size });
    }

    pub(super) fn cut_short(&mut self, size: u64, old: Vec<u8>, old_size: u64) {
        self.changes.push(Change { offset: size, old, new: Vec::new(), old_size, new_size: size });
    }

    pub(super) fn removed(&mut self, content: Vec<u8>) {
        *self = Unsynced { removed: Some(content), ..Unsynced::default() };
    }

    pub(super) fn synced(&mut self) {
        for change in self.changes.drain(..) {
            for sector in sectors(change.offset, change.new.len().max(change.old.len())) {
                self.forgotten.remove(&sector);
            }
        }
    }

    /// Before a write of SQLite's: what somebody else has written over is there.
    pub(super) fn notice_others(&mut self, path: &Path) {
        if self.is_marked && was_written_elsewhere(path) {
            self.forgotten.clear();
            self.is_marked = false;
        }
    }

    /// Marks a log of which a failed sync forgot something. Whoever writes it
    /// over without SQLite, and heals it so, takes the mark away. To be called
    /// after each write of SQLite's. Not for the database: opening and closing
    /// it here would drop SQLite's locks on it.
    pub(super) fn mark_if_forgotten(&mut self, path: &Path) {
        if !self.forgotten.is_empty() {
            let file = File::options().write(true).open(path).expect("a log to mark");
            file.set_modified(MARK).expect("a mark on a log");
            self.is_marked = true;
        }
    }

    /// After this the disk holds the old content of what was not synced, and
    /// nobody knows: the next sync answers well.
    pub(super) fn forget(&mut self, current: &[u8]) {
        let (versions, _) = self.versions(current);
        for (sector, mut contents) in versions {
            if contents.len() > 1 {
                self.forgotten.entry(sector).or_insert_with(|| contents.swap_remove(0).bytes);
            }
        }
        self.changes.clear();
    }

    /// Every content each changed sector had since the last sync, oldest first,
    /// and the sizes of the file after none, one, two … changes.
    fn versions(&self, current: &[u8]) -> (BTreeMap<u64, Vec<Version>>, Vec<u64>) {
        let mut content = current.to_vec();
        for change in self.changes.iter().rev() {
            content.resize(usize_of(change.old_size), 0);
            put(&mut content, change.offset, &change.old);
        }
        let mut versions: BTreeMap<u64, Vec<Version>> = BTreeMap::new();
        for (sector, old) in &self.forgotten {
            let seen = Version { since: 0, bytes: sector_of(&content, *sector) };
            versions.insert(*sector, vec![Version { since: 0, bytes: old.clone() }, seen]);
        }
        let mut sizes = vec![content.len() as u64];
        for (number, change) in self.changes.iter().enumerate() {
            let touched = sectors(change.offset, change.new.len().max(change.old.len()));
            for sector in touched.clone() {
                let before = || vec![Version { since: 0, bytes: sector_of(&content, sector) }];
                versions.entry(sector).or_insert_with(before);
            }
            content.resize(usize_of(change.new_size), 0);
            put(&mut content, change.offset, &change.new);
            for sector in touched {
                if let Some(contents) = versions.get_mut(&sector) {
                    contents.push(Version { since: number + 1, bytes: sector_of(&content, sector) });
                }
            }
            sizes.push(change.new_size);
        }
        (versions, sizes)
    }
}

/// In which order what was written to a file reached the disk.
enum Order {
    /// All of it did.
    Kept,
    /// Nothing did.
    Dropped,
    /// As it was written, up to this change.
    Written(usize),
    /// Each sector when it pleased.
    Any,
}

impl Order {
    fn draw(changes: usize, below: &mut impl FnMut(u64) -> u64) -> Order {
        match below(6) {
            0 => Order::Kept,
            1 => Order::Dropped,
            2 | 3 => Order::Written(usize_of(below(changes as u64 + 1))),
            _ => Order::Any,
        }
    }

    /// Which of these moments, oldest first, the disk has seen last.
    fn choose(&self, moments: &[usize], below: &mut impl FnMut(u64) -> u64) -> usize {
        match self {
            Order::Kept => moments.len() - 1,
            Order::Dropped => 0,
            Order::Written(last) => moments.partition_point(|since| since <= last).saturating_sub(1),
            Order::Any => usize_of(below(moments.len() as u64)),
        }
    }
}

/// Decides for each file what the disk holds after the power is back.
pub(super) fn lose(files: &mut Files, below: &mut impl FnMut(u64) -> u64) -> Loss {
    let mut loss = Loss::default();
    let mut paths: Vec<PathBuf> = files.keys().cloned().collect();
    paths.sort();
    for path in paths {
        let Some(mut unsynced) = files.remove(&path) else { continue };
        let Ok(current) = std::fs::read(&path) else {
            if let Some(content) = unsynced.removed.filter(|_| below(2) == 0) {
                std::fs::write(&path, content).expect("a file that comes back");
            }
            continue;
        };
        unsynced.notice_others(&path);
        let (versions, sizes) = unsynced.versions(&current);
        if versions.is_empty() {
            continue;
        }
        let order = Order::draw(unsynced.changes.len(), below);
        let moments: Vec<usize> = (0..sizes.len()).collect();
        let size = sizes.get(order.choose(&moments, below)).copied().unwrap_or_default();
        let mut content = current;
        content.resize(content.len().max(usize_of(size)), 0);
        for (sector, contents) in &versions {
            let moments: Vec<usize> = contents.iter().map(|version| version.since).collect();
            let chosen = order.choose(&moments, below);
            loss.sectors += 1;
            loss.dropped += u64::from(chosen + 1 != contents.len());
            if let Some(version) = contents.get(chosen) {
                let room = (content.len() as u64).saturating_sub(sector * SECTOR).min(SECTOR);
                put(&mut content, sector * SECTOR, version.bytes.get(..usize_of(room)).unwrap_or_default());
            }
        }
        content.truncate(usize_of(size));
        let file = File::options().write(true).open(&path).expect("a file after a power cut");
        file.set_len(size).and_then(|()| file.write_all_at(&content, 0)).expect("a file after a power cut");
    }
    loss
}

fn was_written_elsewhere(path: &Path) -> bool {
    let modified = path.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified != MARK)
}

fn sectors(offset: u64, length: usize) -> std::ops::Range<u64> {
    if length == 0 {
        return 0..0;
    }
    offset / SECTOR..(offset + length as u64).div_ceil(SECTOR)
}

/// A sector of a file; what is beyond its end is zeros.
fn sector_of(content: &[u8], sector: u64) -> Sector {
    let from = usize_of(sector * SECTOR).min(content.len());
    let to = usize_of((sector + 1) * SECTOR).min(content.len());
    let mut bytes = content.get(from..to).unwrap_or_default().to_vec();
    bytes.resize(usize_of(SECTOR), 0);
    bytes
}

fn put(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let from = usize_of(offset);
    if content.len() < from + bytes.len() {
        content.resize(from + bytes.len(), 0);
    }
    if let Some(place) = content.get_mut(from..from + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

fn usize_of(number: u64) -> usize {
    usize::try_from(number).expect("a file fits into memory")
}
