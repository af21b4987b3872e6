"""One line of a scenario file: a verb and `key=value` words, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from fusepay import Money

from scenarios.names import Names

LINE_BYTES_MAX = 1_024
WORDS_MAX = 24
C = TypeVar("C")
W = TypeVar("W", bound=Enum)

_WORD = re.compile(r'([a-z0-9_]+)=(?:"((?:[^"\\]|\\["\\nt])*)"|([^ "\\]+))(?: +|$)')
_ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n", "\\t": "\t"}


class ScriptError(Exception):
    """The file can't be executed, or does not keep an expectation; the scenario fails."""


@dataclass(frozen=True)
class Word:
    """One `key=value`, without quotes and escapes."""

    key: str
    value: str
    is_quoted: bool
    """Whether it stood in quotes, and is therefore never a reference."""


@dataclass(frozen=True)
class Line:
    """One step or expectation as it stands in the file."""

    number: int
    """Its number in the file, from 1."""
    text: str
    """The text without blanks around it."""
    verb: str
    words: tuple[Word, ...]


def read_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers; blank ones and comments left out."""
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip(" ")
        if line and not line.startswith("#"):
            yield number, line


def parse(number: int, text: str) -> Line:
    """One line; raises `ScriptError` when it breaks a rule of `FORMAT.md`."""
    if len(text.encode()) > LINE_BYTES_MAX:
        raise ScriptError(f"a line has at most {LINE_BYTES_MAX} bytes")
    verb, _, rest = text.partition(" ")
    words = tuple(_parse_words(rest.lstrip(" ")))
    if len(words) > WORDS_MAX:
        raise ScriptError(f"a line has at most {WORDS_MAX} words")
    if len({word.key for word in words}) < len(words):
        raise ScriptError("a key comes twice")
    return Line(number, text, verb, words)


def _parse_words(text: str) -> Iterator[Word]:
    at = 0
    while at < len(text):
        found = _WORD.match(text, at)
        if found is None:
            raise ScriptError(f"`{text[at:]}` does not begin with key=value")
        key, quoted, bare = found.groups()
        value = bare if quoted is None else re.sub(r"\\.", lambda escape: _ESCAPES[escape.group()], quoted)
        yield Word(key, value, quoted is not None)
        at = found.end()


class Words:
    """The words of a step, with `$name` replaced by what the name stands for."""

    def __init__(self, line: Line, allowed: str, names: Names) -> None:
        """`allowed` lists the verb's words as `FORMAT.md` does: those that may be missing end with `?`."""
        known = allowed.split()
        self._values: dict[str, str] = {}
        for word in line.words:
            if word.key not in known and f"{word.key}?" not in known:
                raise ScriptError(f"`{line.verb}` has no word `{word.key}`")
            value: str | None = word.value
            if word.value.startswith("$") and not word.is_quoted:
                value = names.text(word.value[1:])
            if value is None:
                raise ScriptError(f"nothing is called `{word.value[1:]}` yet")
            self._values[word.key] = value
        for key in known:
            if not key.endswith("?") and key not in self._values:
                raise ScriptError(f"`{line.verb}` needs the word `{key}`")

    def __getitem__(self, key: str) -> str:
        """A word that must be there."""
        if key not in self._values:
            raise ScriptError(f"the word `{key}` is missing")
        return self._values[key]

    def maybe(self, key: str) -> str | None:
        """A word that may be missing."""
        return self._values.get(key)

    def text(self, key: str, default: str) -> str:
        """A word that may be missing, and is this then."""
        return self._values.get(key, default)

    def number(self, key: str, default: int | None = None) -> int:
        """A decimal number, which must be there when there is no default."""
        found = self.maybe_number(key)
        if found is None:
            found = default
        if found is None:
            raise ScriptError(f"the word `{key}` is missing")
        return found

    def maybe_number(self, key: str) -> int | None:
        """A decimal number that may be missing."""
        text = self._values.get(key)
        if text is not None and not re.fullmatch(r"-?[0-9]+", text):
            raise ScriptError(f"`{key}` is no number: {text}")
        return None if text is None else int(text)

    def flag(self, key: str, *, default: bool) -> bool:
        """`yes` or `no`."""
        text = self._values.get(key, "yes" if default else "no")
        if text not in ("yes", "no"):
            raise ScriptError(f"`{key}` is yes or no, not {text}")
        return text == "yes"

    def word(self, key: str, vocabulary: type[W]) -> W:
        """A word of the vocabulary, by its name."""
        try:
            return vocabulary(self[key])
        except ValueError as cause:
            raise ScriptError(str(cause)) from cause

    def maybe_word(self, key: str, vocabulary: type[W]) -> W | None:
        """A word of the vocabulary that may be missing."""
        return self.word(key, vocabulary) if key in self._values else None

    def choice(self, key: str, choices: Mapping[str, C], default: str | None = None) -> C:
        """One of these, by the word of the scenario."""
        word = self[key] if default is None else self.text(key, default)
        if word not in choices:
            raise ScriptError(f"`{word}` is no {key}")
        return choices[word]

    @property
    def limit(self) -> int:
        """The size of a page: 100 when the word is missing."""
        return self.number("limit", 100)

    @property
    def currency(self) -> str:
        """The currency: naira when the word is missing."""
        return self.text("currency", "NGN")

    @property
    def money(self) -> Money:
        """`amount`, decimal text in major units, or `minor`, a number of minor units."""
        amount = self.maybe("amount")
        return Money(self.number("minor") if amount is None else amount, self.currency)
