"""Plays a scenario line by line: steps, repetitions, expectations."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fusepay import FusePayError

from scenarios.line import Line, ScriptError, Words, parse, read_lines
from scenarios.specification import WORDS_OF
from scenarios.stage import Stage
from scenarios.verbs import VERBS


class Failure(Exception):  # noqa: N818 - of a scenario, not of the runner
    """A scenario failed: in which line of its file, and why."""

    def __init__(self, line: int, why: str) -> None:
        """The line counts from 1."""
        super().__init__(f"{line}: {why}")
        self.line = line
        self.why = why


def play(text: str) -> str:
    """Plays a scenario to its end on a fresh engine; answers the transcript, or raises `Failure`."""
    with tempfile.TemporaryDirectory() as directory:
        stage = Stage(Path(directory))
        try:
            _play(stage, text)
        finally:
            stage.close()
    return "".join(f"{line}\n" for line in stage.transcript)


def _play(stage: Stage, text: str) -> None:
    player = _Player(stage)
    number = 0
    try:
        verb = ""
        for number, line in read_lines(text):
            step = parse(number, line)
            player.take(step)
            verb = step.verb
        player.check_end(verb)
        stage.close()
    except ScriptError as cause:
        raise Failure(number, str(cause)) from cause
    except FusePayError as cause:
        raise Failure(number, f"closing answered {cause.code.name}") from cause


class _Player:
    """Where a scenario stands."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.times = 1
        self.refusal: str | None = None
        """The code of an error that no expectation has named yet."""

    def take(self, line: Line) -> None:
        if line.verb == "expect":
            return self._expect(line)
        if self.refusal is not None:
            raise ScriptError(f"expected no error before this step, got {self.refusal}")
        if line.verb == "repeat":
            self.times = max(Words(line, "times", self.stage.names).number("times"), 1)
            return None
        times, self.times = self.times, 1
        self.stage.begin(line.text)
        for _ in range(times):
            self._step(line)
        return None

    def check_end(self, verb: str) -> None:
        if self.refusal is not None:
            raise ScriptError(f"expected no error, got {self.refusal}")
        if verb != "ledger_digest":
            raise ScriptError("a scenario ends with `oracle` and `ledger_digest`")

    def _step(self, line: Line) -> None:
        verb = VERBS.get(line.verb)
        if verb is None:
            raise ScriptError(f"there is no verb `{line.verb}`")
        words = Words(line, WORDS_OF[line.verb], self.stage.names)
        try:
            self.stage.print_answer(verb(self.stage, words), words.maybe("as"))
        except FusePayError as error:
            self.refusal = error.code.name
            self.stage.print_error(error)

    def _expect(self, line: Line) -> None:
        """Holds the words of an expectation against what the last step printed."""
        expected = {word.key: word.value for word in line.words}
        place = expected.pop("at", "1")
        if not (place.isdecimal() and 1 <= int(place) <= len(self.stage.printed)):
            raise ScriptError(f"the last step has printed no line {place}")
        record = self.stage.printed[int(place) - 1]
        for key, value in expected.items():
            found = record.fields.get(key)
            if found != value:
                got = "no such field" if found is None else f"{key}={found}"
                raise ScriptError(f"expected {key}={value}, got {got}; the line was: {record.line}")
            if key == "code":
                self.refusal = None
