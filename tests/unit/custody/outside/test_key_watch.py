"""Somebody outside who has the first key only follows the log through its changes of keys."""

from pathlib import Path

import pytest

from custody.log.checkpoint import Checkpoint
from custody.log.note import NoteVerifier, sign_note
from custody.log.trust import TrustedKeys
from custody.outside.checks import check_mirror
from custody.outside.errors import TamperedLogError
from custody.outside.mirror import Mirror
from custody.outside.sources import Source
from tests.services.key_sets import announced, chained, generation, retired
from tests.unit.custody.log.samples import SampleLog, chain
from tests.unit.custody.outside.shown import ShownLog

FIRST = generation(1).log.verifier
FILLER = chain("clip:other", 300)
KEYS = chained(announced(1, 1), announced(2, 1), retired(1, 2), announced(9, 9))
#: Announced at 0, followed at 301, ended at 302; 303 is somebody's who has the database only.
ENTRIES = [KEYS[0], *FILLER, *KEYS[1:]]


def shown(size: int, *numbers: int, entries: list[bytes] = ENTRIES) -> Source:
    """The log at this size, signed by these generations."""
    log = ShownLog(size, entries)
    text = SampleLog(entries[:size]).checkpoint().encode()
    signers = [key for number in numbers for key in generation(number).signers]
    log.files["checkpoint"] = sign_note(text, signers).encode()
    return log


@pytest.mark.parametrize("steps", [(), ((200, (1,)),), ((301, (1,)), (302, (1, 2)))])
def test_the_first_key_is_enough(
    tmp_path: Path, steps: tuple[tuple[int, tuple[int, ...]], ...]
) -> None:
    """Also for one who slept through the whole overlap, or begins after it."""
    for given in (FIRST, TrustedKeys.all_of(key.verifier for key in generation(1).signers)):
        folder = tmp_path / type(given).__name__
        mirror = Mirror(folder, given)
        for size, numbers in (*steps, (303, (2,))):
            assert mirror.follow(shown(size, *numbers)).new.size == size
        newest = mirror.newest()
        assert newest is not None
        assert newest.size == 303
        report = check_mirror(folder, given)
        assert (report.problems, report.followed) == ([], len(steps) + 1)


@pytest.mark.parametrize(
    ("size", "numbers"),
    [(302, (1,)), (302, (2,)), (303, (1,)), (303, (1, 2)), (303, (9,)), (304, (9,))],
)
def test_what_other_keys_signed_is_not_taken(
    tmp_path: Path, size: int, numbers: tuple[int, ...]
) -> None:
    mirror = Mirror(tmp_path / "mirror", FIRST)
    mirror.follow(shown(200, 1))
    with pytest.raises(TamperedLogError, match="checkpoint"):
        mirror.follow(shown(size, *numbers))
    assert (newest := mirror.newest()) is not None
    assert newest.size == 200


def test_an_entry_that_counts_for_nothing_is_a_problem(tmp_path: Path) -> None:
    Mirror(tmp_path, FIRST).follow(shown(304, 2))
    (problem,) = check_mirror(tmp_path, FIRST).problems
    assert problem.where == "entry 303"
    assert "follow the newest key" in str(problem.error)


class Endless:
    """A server that claims to have the largest log, and answers anything with a byte."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def fetch(self, path: str) -> bytes:
        self.asked.append(path)
        if path != "checkpoint":
            return b"\0"
        text = Checkpoint(FIRST.name, 2**62, bytes(32)).encode()
        return sign_note(text, [generation(9).log]).encode()


def test_a_server_that_answers_anything_keeps_nobody(tmp_path: Path) -> None:
    server = Endless()
    with pytest.raises(TamperedLogError, match="checkpoint"):
        Mirror(tmp_path, FIRST).follow(server)
    assert len(server.asked) <= 3


def test_one_who_has_a_later_key_knows_nothing_of_those_before(tmp_path: Path) -> None:
    later: NoteVerifier = generation(2).log.verifier
    Mirror(tmp_path, later).follow(shown(303, 2))
    assert check_mirror(tmp_path, later).problems == []


def test_without_entries_about_keys_all_that_are_given_sign(tmp_path: Path) -> None:
    both = TrustedKeys.all_of(key.verifier for key in generation(1).signers)
    Mirror(tmp_path, both).follow(shown(300, 1, entries=FILLER))
    assert check_mirror(tmp_path, both).problems == []
