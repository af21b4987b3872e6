//! Where in a database a byte stands, so that damage nobody sees can be called
//! by its name: free space, what SQLite does not read, or what opening writes anew.

use crate::chain::{cells, varint};
use crate::harm::{PAGE, anatomy};
use crate::life::Image;
use std::collections::BTreeMap;

/// What each page belongs to.
pub(crate) struct Places<'i> {
    image: &'i Image,
    owners: BTreeMap<usize, String>,
}

impl<'i> Places<'i> {
    pub(crate) fn of(image: &'i Image) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("read.db");
        std::fs::write(&path, &image.database).unwrap();
        let file = rusqlite::Connection::open(path).unwrap();
        let mut roots = file.prepare("SELECT rootpage, type, tbl_name FROM sqlite_schema WHERE rootpage > 0").unwrap();
        let roots = roots.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let mut places = Places { image, owners: BTreeMap::new() };
        places.walk(0, "the schema");
        for (root, kind, table) in roots.map(|row: rusqlite::Result<(i64, String, String)>| row.unwrap()) {
            let name = if kind == "table" { table } else { format!("an index of {table}") };
            places.walk(usize::try_from(root).unwrap() - 1, &name);
        }
        places
    }

    fn walk(&mut self, page: usize, name: &str) {
        self.owners.insert(page, name.to_owned());
        let bytes = &self.image.database[page * PAGE..(page + 1) * PAGE];
        let header = if page == 0 { 100 } else { 0 };
        if matches!(bytes[header], 2 | 5) {
            let child = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize - 1;
            let children: Vec<usize> = cells(bytes, header).into_iter().chain([header + 8]).map(child).collect();
            children.into_iter().for_each(|page| self.walk(page, name));
        }
    }

    /// What the byte is, in words.
    pub(crate) fn name(&self, at: usize) -> String {
        let page = at / PAGE;
        let Some(owner) = self.owners.get(&page) else { return "a free or an overflow page".to_owned() };
        if at < 100 {
            return format!("the header of the file, byte {at}");
        }
        let parts = anatomy(&self.image.database, page);
        if parts.header.contains(&at) {
            return "the header of a page".to_owned();
        }
        if parts.pointers.contains(&at) {
            return format!("a cell pointer of {owner}");
        }
        if self.is_in_cell(page, at % PAGE) {
            return format!("a row of {owner}");
        }
        "free space of a page".to_owned()
    }

    fn is_in_cell(&self, page: usize, at: usize) -> bool {
        let bytes = &self.image.database[page * PAGE..(page + 1) * PAGE];
        let header = if page == 0 { 100 } else { 0 };
        let length = |cell: usize| {
            let child = if matches!(bytes[header], 2 | 5) { 4 } else { 0 };
            let (first, width) = varint(&bytes[cell + child..]);
            let rest = match bytes[header] {
                // A child and a key, nothing more.
                5 => 0,
                13 => first + varint(&bytes[cell + width..]).1,
                _ => first,
            };
            child + width + rest
        };
        cells(bytes, header).into_iter().any(|cell| (cell..cell + length(cell)).contains(&at))
    }
}
