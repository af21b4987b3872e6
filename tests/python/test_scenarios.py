"""Goal: every scenario gives in Python, byte for byte, the transcript it gives in Rust.

Method: play each file of `tests/scenarios` on a fresh engine under virtual time. The verbs and the
records are held against the tables of `FORMAT.md`, and the runner against files that must fail.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.__main__ import main
from scenarios.runner import Failure, play
from scenarios.specification import FIELDS_OF, FOLDER, WORDS_OF
from scenarios.verbs import VERBS

FILES = sorted(FOLDER.glob("*/*.txt"))
HEAD = "simulated seed=1 start_ms=1773144000000\nopen\n"
END = "oracle\nledger_digest\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER).with_suffix("")))
def test_every_scenario_plays_as_committed(path: Path) -> None:
    assert play(path.read_text("utf-8")) == path.with_suffix(".out").read_text("utf-8")


def test_there_are_sixty_scenarios() -> None:
    assert len(FILES) >= 60


def test_every_verb_of_the_format_is_known_and_no_other() -> None:
    assert list(VERBS) == list(WORDS_OF)
    assert len(FIELDS_OF) > 30


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (f"{HEAD}verify\nexpect sound=no\n{END}", 4, "expected sound=no, got sound=yes"),
        (f"{HEAD}verify\nexpect at=2 sound=yes\n{END}", 4, "the last step has printed no line 2"),
        (f"{HEAD}verify\nexpect solid=yes\n{END}", 4, "expected solid=yes, got no such field"),
        (f"{HEAD}wallet.find wallet=nonsense\nverify\n{END}", 4, "got INVALID_ID"),
        (f"{HEAD}wallet.find wallet=nonsense\nexpect code=NOT_FOUND\n{END}", 4, "got code=INVALID_ID"),
        (f"{HEAD}\n# nothing\nwallet.find walet=x\n", 5, "`wallet.find` has no word `walet`"),
        (f"{HEAD}wallet.find\n", 3, "`wallet.find` needs the word `wallet`"),
        (f"{HEAD}wallet.find wallet=$ada\n", 3, "nothing is called `ada` yet"),
        (f"{HEAD}wallet.found wallet=x\n", 3, "there is no verb `wallet.found`"),
        (f"{HEAD}wallet.find wallet=x wallet=y\n", 3, "a key comes twice"),
        (f'{HEAD}wallet.find wallet="x\n', 3, "does not begin with key=value"),
        (f'{HEAD}wallet.find wallet="x"y\n', 3, "does not begin with key=value"),
        (f'{HEAD}wallet.find wallet="\\r"\n', 3, "does not begin with key=value"),
        (f"{HEAD}wallet.find wallet=\n", 3, "does not begin with key=value"),
        (f"{HEAD}wallet.find wallet={'x' * 1_024}\n", 3, "a line has at most 1024 bytes"),
        (f"{HEAD}verify {' '.join(f'k{n}=1' for n in range(25))}\n", 3, "a line has at most 24 words"),
        (f"{HEAD}clock.advance ms=1_000\n", 3, "`ms` is no number: 1_000"),
        ("open\n", 1, "a scenario begins with `simulated`"),
        (f"{HEAD}verify\n", 3, "a scenario ends with `oracle` and `ledger_digest`"),
    ],
)
def test_a_broken_file_is_reported_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(Failure) as failure:
        play(text)
    assert (failure.value.line, why in failure.value.why) == (line, True), failure.value


def test_the_program_prints_transcripts_and_tells_what_is_wrong(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    good, bad, other = (tmp_path / name for name in ("good.txt", "bad.txt", "other.txt"))
    good.write_text(f"{HEAD}{END}")
    transcript = play(good.read_text())
    good.with_suffix(".out").write_text(transcript)
    assert main([str(good)]) == 0
    assert capfdbinary.readouterr() == (transcript.encode(), b"")

    bad.write_text(f"{HEAD}verify\nexpect sound=no\n{END}")
    other.write_text(f"{HEAD}verify\n{END}")
    other.with_suffix(".out").write_text(transcript)
    assert main([str(bad), str(other), str(good)]) == 1
    wrong = capfdbinary.readouterr().err.decode()
    assert f"{bad}:4: expected sound=no, got sound=yes" in wrong
    assert f"{other.with_suffix('.out')}:5: expected: > oracle\n  got: > verify" in wrong
    assert str(good) not in wrong
