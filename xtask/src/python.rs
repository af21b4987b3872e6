//! What the Python door gets: one enumeration for each list of words. Values
//! are plain, so that type checkers see them; numbers and meanings stand in
//! tables below.

use fusepay_core::{Code, ErrorKind, LISTS};

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
    """Every error the engine can answer with. `str` is its name, `int` its number."""

    def __str__(self) -> str:
        return self.name

    def __format__(self, spec: str) -> str:
        return int.__format__(self.value, spec) if spec else self.name

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

/// What stands above the classes of errors.
const ERRORS_HEAD: &str = r#"
from __future__ import annotations

from typing import Any

from fusepay._vocabulary import Code, ErrorKind


class FusePayError(Exception):
    """Every error of the engine: catch one of its subclasses, or this for all.

    There is one class for each kind, which says what to do, and below it one for
    each code, which says what happened. `str` is a sentence for a person.
    """

    code: Code
    """What happened, in a word and a number that never change."""
    detail: str
    """The sentence for a person; what `str` gives."""
    field: str | None
    """The argument at fault, where there is one."""
    retry_after_ms: int | None
    """After how many milliseconds a repetition makes sense, where known."""
    idempotency_key: str | None
    """The key with which a call in doubt must be repeated."""

    def __init__(
        self,
        detail: str = "",
        *,
        field: str | None = None,
        retry_after_ms: int | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """A provider raises its subclasses; the engine raises them everywhere else."""
        if not hasattr(type(self), "code"):
            raise TypeError(f"{type(self).__name__} has no code of its own: raise one of its subclasses")
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.retry_after_ms = retry_after_ms
        self.idempotency_key = idempotency_key

    @property
    def kind(self) -> ErrorKind:
        """What to do about it."""
        return self.code.kind

    @property
    def retryable(self) -> bool:
        """Whether the same call, with the same idempotency key, may succeed later."""
        return self.code.retryable

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles every field."""
        fields = (self.detail, self.field, self.retry_after_ms, self.idempotency_key)
        return _rebuild, (type(self), *fields)


def _rebuild(
    cls: type[FusePayError],
    detail: str,
    field: str | None,
    retry_after_ms: int | None,
    idempotency_key: str | None,
) -> FusePayError:
    return cls(detail, field=field, retry_after_ms=retry_after_ms, idempotency_key=idempotency_key)


def from_engine(
    code: int,
    detail: str,
    field: str | None,
    retry_after_ms: int | None,
    idempotency_key: str | None,
) -> FusePayError:
    """The exception for an error of the engine."""
    return _rebuild(BY_CODE[Code(code)], detail, field, retry_after_ms, idempotency_key)
"#;

/// `fusepay-py/python/fusepay/_errors.py`.
pub(crate) fn errors() -> String {
    let mut text = format!("\"\"\"{MARK}\"\"\"\n{ERRORS_HEAD}");
    for kind in ErrorKind::ALL {
        let name = class_name(&kind.name().to_ascii_uppercase());
        text.push_str(&class(&name, "FusePayError", kind.meaning(), own_code(&name)));
    }
    for code in Code::ALL.iter().filter(|code| !is_kind(&class_name(code.name()))) {
        let parent = class_name(&code.kind().name().to_ascii_uppercase());
        text.push_str(&class(&class_name(code.name()), &parent, code.meaning(), Some(*code)));
    }
    text.push_str("\n\nBY_CODE: dict[Code, type[FusePayError]] = {\n");
    let row = |code: &Code| format!("    Code.{}: {},\n", code.name(), class_name(code.name()));
    Code::ALL.iter().for_each(|code| text.push_str(&row(code)));
    text.push_str("}\n\"\"\"The class of each code.\"\"\"\n\n__all__ = [\n");
    let kinds = ErrorKind::ALL.iter().map(|kind| kind.name().to_ascii_uppercase());
    let mut names: Vec<String> = Code::ALL.iter().map(|code| code.name().to_owned()).chain(kinds).collect();
    names.push("FUSE_PAY".to_owned());
    names.sort_unstable();
    names.dedup();
    names.iter().for_each(|name| text.push_str(&format!("    \"{}\",\n", class_name(name))));
    text.push_str("]\n");
    text
}

/// `INSUFFICIENT_FUNDS` as the name of its class: `InsufficientFundsError`.
fn class_name(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        format!("{first}{}", rest.to_ascii_lowercase())
    });
    words.chain(["Error".to_owned()]).collect()
}

fn is_kind(class: &str) -> bool {
    ErrorKind::ALL.iter().any(|kind| class_name(&kind.name().to_ascii_uppercase()) == class)
}

/// The code that a kind's class stands for itself: `BUSY` and `IN_DOUBT` name both.
fn own_code(class: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| class_name(code.name()) == class)
}

fn class(name: &str, parent: &str, meaning: &str, code: Option<Code>) -> String {
    let (first, rest) = meaning.split_at_checked(1).unwrap_or((meaning, ""));
    let meaning = format!("{}{rest}", first.to_uppercase());
    let mut text = format!("\n\nclass {name}({parent}):\n    \"\"\"{meaning}.\"\"\"\n");
    if let Some(code) = code {
        text.push_str(&format!("\n    code = Code.{}\n", code.name()));
    }
    text
}

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
