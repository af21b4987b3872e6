//! What the Python door gets: one enumeration for each list of words. Values
//! are plain, so that type checkers see them; numbers and meanings stand in
//! tables below.

use fusepay_core::{Code, LISTS};

use crate::text::MARK;
use crate::text::screaming;

/// What stands above the enumerations.
const HEAD: &str = r#"
from __future__ import annotations

import enum


class _Word(str, enum.Enum):
    """A word of the engine: its value is its stable name."""

    def __str__(self) -> str:
        return str(self.value)

    @property
    def number(self) -> int:
        """The stable number, as the database and the C interface carry it."""
        return _WORDS[type(self).__name__][self.value][0]

    @property
    def meaning(self) -> str:
        """One sentence saying what the word means."""
        return _WORDS[type(self).__name__][self.value][1]
"#;

/// The class of the codes, which are numbers and know their kind.
const CODE: &str = r#"

class Code(enum.IntEnum):
    """Every error the engine can answer with."""

    @property
    def kind(self) -> ErrorKind:
        """What to do about it."""
        return ErrorKind(_CODES[self.value][0])

    @property
    def meaning(self) -> str:
        """One sentence saying what the code means."""
        return _CODES[self.value][1]

    @property
    def retryable(self) -> bool:
        """Whether the same call, with the same idempotency key, may succeed later."""
        return self.kind in (ErrorKind.BUSY, ErrorKind.IN_DOUBT)

"#;

/// `fusepay-py/python/fusepay/_vocabulary.py`.
pub(crate) fn vocabulary() -> String {
    let mut text = format!("\"\"\"{MARK}\"\"\"\n{HEAD}");
    for (list, words) in LISTS {
        if *list == "Code" {
            text.push_str(CODE);
            Code::ALL.iter().for_each(|code| text.push_str(&format!("    {} = {}\n", code.name(), code.number())));
            continue;
        }
        text.push_str(&format!("\n\nclass {list}(_Word):\n    \"\"\"The words of the list {list}.\"\"\"\n\n"));
        words.iter().for_each(|word| text.push_str(&format!("    {} = {:?}\n", screaming(word.name), word.name)));
    }
    text.push_str(&tables());
    let names: String = LISTS.iter().map(|(list, _)| format!("    \"{list}\",\n")).collect();
    text.push_str(&format!("\n__all__ = [\n{names}]\n"));
    text
}

/// Kinds, numbers and meanings.
fn tables() -> String {
    let mut text = "\n\n_CODES: dict[int, tuple[str, str]] = {\n".to_owned();
    for code in Code::ALL {
        let row = (code.kind().name(), code.meaning());
        text.push_str(&format!("    {}: {row:?},\n", code.number()));
    }
    text.push_str("}\n\n_WORDS: dict[str, dict[str, tuple[int, str]]] = {\n");
    for (list, words) in LISTS.iter().filter(|(list, _)| *list != "Code") {
        text.push_str(&format!("    \"{list}\": {{\n"));
        for word in *words {
            let row = (word.number, word.meaning);
            text.push_str(&format!("        {:?}: {row:?},\n", word.name));
        }
        text.push_str("    },\n");
    }
    text.push_str("}\n");
    text
}
