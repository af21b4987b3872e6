"""The names a scenario gives to ids, tokens and cursors, which are never printed themselves."""

from __future__ import annotations


class Names:
    """Every name so far, in the order of its first binding, with the kind and the text it stands for."""

    def __init__(self) -> None:
        """No names as yet."""
        self._bound: dict[str, tuple[str, str]] = {}

    def bind(self, name: str, kind: str, text: object) -> None:
        """Lets a name stand for this. One that is there keeps its place and takes the new value."""
        self._bound[name] = (kind, str(text))

    def text(self, name: str) -> str | None:
        """What a name stands for; `None` when there is no such name."""
        return self._bound.get(name, ("", None))[1]

    def name(self, kind: str, text: object) -> str:
        """The first name of this; `?` when it has none."""
        wanted = (kind, str(text))
        return next((name for name, bound in self._bound.items() if bound == wanted), "?")

    def __len__(self) -> int:
        """How many there are."""
        return len(self._bound)
