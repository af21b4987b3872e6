//! What the Python door gets: one enumeration for each list of words.

use fusepay_core::{Code, LISTS};

use crate::codegen::MARK;
use crate::ffi::screaming;

/// What stands above the enumerations.
const HEAD: &str = r#"
from __future__ import annotations

import enum


class _Word(str, enum.Enum):
    """A word with a stable name (its value), a stable number and a meaning."""

    number: int
    meaning: str

    def __new__(cls, value: str, number: int, meaning: str) -> _Word:
        word = str.__new__(cls, value)
        word._value_ = value
        word.number = number
        word.meaning = meaning
        return word

    def __str__(self) -> str:
        return str(self.value)
"#;

/// The class of the codes, which are numbers and know their kind.
const CODE: &str = r#"

class Code(enum.IntEnum):
    """Every error the engine can answer with."""

    kind: ErrorKind
    meaning: str

    def __new__(cls, value: int, kind: str, meaning: str) -> Code:
        code = int.__new__(cls, value)
        code._value_ = value
        code.kind = ErrorKind(kind)
        code.meaning = meaning
        return code

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
            for code in Code::ALL {
                let row = (code.number(), code.kind().name(), code.meaning());
                text.push_str(&format!("    {} = {row:?}\n", code.name()));
            }
            continue;
        }
        text.push_str(&format!("\n\nclass {list}(_Word):\n    \"\"\"The words of the list {list}.\"\"\"\n\n"));
        for word in *words {
            let row = (word.name, word.number, word.meaning);
            text.push_str(&format!("    {} = {row:?}\n", screaming(word.name)));
        }
    }
    let names: Vec<String> = LISTS.iter().map(|(list, _)| format!("    \"{list}\",\n")).collect();
    text.push_str(&format!("\n\n__all__ = [\n{}]\n", names.concat()));
    text
}
