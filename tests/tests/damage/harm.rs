//! What can happen to the bytes of a file nobody has open.

use crate::life::Image;
use std::fmt;

/// The size of SQLite's pages here.
pub(crate) const PAGE: usize = 4096;
/// The size of a disk's sectors: what is written whole or not at all.
pub(crate) const SECTOR: usize = 512;

/// Which of the three files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Database,
    Log,
    Index,
}

/// What stands where a write did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instead {
    Zeros,
    /// The bytes from here on.
    BytesAt(usize),
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Harm {
    /// A byte changes in the bits of the mask.
    Flip { part: Part, at: usize, mask: u8 },
    /// These bytes were never written.
    Tear { part: Part, at: usize, length: usize, instead: Instead },
    /// Two pages stand in each other's place.
    Swap { a: usize, b: usize },
    /// The file ends here.
    Truncate { part: Part, length: usize },
    /// The file is zeros from here on.
    ZeroTail { part: Part, from: usize },
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Harm {
    /// The image after it happened.
    pub(crate) fn done_to(self, image: &Image) -> Image {
        let mut image = image.clone();
        match self {
            Harm::Flip { part, at, mask } => part.bytes(&mut image)[at] ^= mask,
            Harm::Tear { part, at, length, instead } => {
                let bytes = part.bytes(&mut image);
                match instead {
                    Instead::Zeros => bytes[at..at + length].fill(0),
                    Instead::BytesAt(other) => bytes.copy_within(other..other + length, at),
                }
            }
            Harm::Swap { a, b } => {
                for at in 0..PAGE {
                    image.database.swap(a * PAGE + at, b * PAGE + at);
                }
            }
            Harm::Truncate { part, length } => part.bytes(&mut image).truncate(length),
            Harm::ZeroTail { part, from } => part.bytes(&mut image)[from..].fill(0),
        }
        image
    }
}

impl Part {
    pub(crate) fn bytes(self, image: &mut Image) -> &mut Vec<u8> {
        match self {
            Part::Database => &mut image.database,
            Part::Log => image.log.as_mut().unwrap(),
            Part::Index => image.index.as_mut().unwrap(),
        }
    }
}

/// Where the header, the cell pointers and the rest of a b-tree page lie, as
/// far as its own bytes say so: positions in the file.
pub(crate) struct Anatomy {
    pub(crate) header: Vec<usize>,
    pub(crate) pointers: Vec<usize>,
    pub(crate) content: Vec<usize>,
}

/// SQLite file format, section 1.6: b-tree pages.
pub(crate) fn anatomy(database: &[u8], page: usize) -> Anatomy {
    let start = page * PAGE;
    let header = start + if page == 0 { 100 } else { 0 };
    let is_interior = matches!(database[header], 2 | 5);
    let is_leaf = matches!(database[header], 10 | 13);
    let length = if is_interior { 12 } else { 8 };
    let cells = if is_interior || is_leaf {
        usize::from(u16::from_be_bytes([database[header + 3], database[header + 4]]))
    } else {
        0
    };
    let pointers = header + length;
    let content = (pointers + 2 * cells).min(start + PAGE);
    Anatomy {
        header: (start..pointers).collect(),
        pointers: (pointers..content).collect(),
        content: (content..start + PAGE).collect(),
    }
}
