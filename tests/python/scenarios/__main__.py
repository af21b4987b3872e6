"""`python -m scenarios [files…]`: plays scenario files, prints their transcripts and compares them.

Without arguments it plays every file of `tests/scenarios`. What is wrong goes to standard error, as
`file:line: why`, and ends the program with status 1 after all files were played.
"""

from __future__ import annotations

import sys
from itertools import zip_longest
from pathlib import Path

from scenarios.runner import Failure, play
from scenarios.specification import FOLDER


def check(path: Path) -> tuple[str, str | None]:
    """Plays one file; answers its transcript and what is wrong, if anything is."""
    try:
        transcript = play(path.read_text("utf-8"))
    except Failure as failure:
        return "", f"{path}:{failure.line}: {failure.why}"
    out = path.with_suffix(".out")
    expected = out.read_text("utf-8").split("\n") if out.exists() else []
    for number, (line, got) in enumerate(zip_longest(expected, transcript.split("\n")), start=1):
        if line != got:
            end = "the end"
            return transcript, f"{out}:{number}: expected: {line or end}\n  got: {got or end}"
    return transcript, None


def main(arguments: list[str]) -> int:
    """Plays these files, or all; answers the exit status."""
    files = [Path(argument) for argument in arguments] or sorted(FOLDER.glob("*/*.txt"))
    is_well = True
    for path in files:
        transcript, wrong = check(path)
        sys.stdout.buffer.write(transcript.encode())
        if wrong is not None:
            print(wrong, file=sys.stderr)
            is_well = False
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
