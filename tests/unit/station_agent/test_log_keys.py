"""A station follows the keys of the archive's log, awake or asleep, and is led nowhere else."""

import json
from pathlib import Path

import pytest

from custody.log.note import sign_note
from custody.log.trust import TrustedKeys
from station_agent.enrolment import Enrolment
from station_agent.errors import LogForkedError, RefusedError, ServerAwayError
from station_agent.log_keys import KEYS_FILE
from station_agent.trust import Trust, forget
from tests.services.key_sets import ORIGIN, announced, chained, generation, retired
from tests.unit.custody.log.samples import SampleLog, chain

FILLER = chain("clip:other", 20)
KEYS = chained(announced(1, 1), announced(2, 1), retired(1, 2))
#: Announced at 0, followed at 11, ended at 22.
ENTRIES = [KEYS[0], *FILLER[:10], KEYS[1], *FILLER[10:], KEYS[2]]
PLACES = [(0, 5), (11, 12), (22, 23)]


class Archive:
    """The log's files at one size, and the checkpoints with its keys as they were published."""

    def __init__(self, entries: list[bytes] = ENTRIES) -> None:
        self.entries = entries
        self.places = PLACES
        self.files: dict[str, bytes] = {}
        self.published = {5: (1,), 12: (1, 2), 23: (2,)}

    def show(self, size: int, *numbers: int) -> None:
        self.files = dict(SampleLog(self.entries[:size]).files)
        for past, signers in self.published.items():
            if past <= size:
                self.files[f"checkpoints/{past:012}"] = self.signed(past, *signers)
        self.files["checkpoint"] = self.signed(size, *numbers)
        places = [{"index": index, "size": at} for index, at in self.places if at <= size]
        self.files["keys"] = json.dumps({"entries": places}).encode()

    def signed(self, size: int, *numbers: int) -> bytes:
        text = SampleLog(self.entries[:size]).checkpoint().encode()
        keys = [key for number in numbers for key in generation(number).signers]
        return sign_note(text, keys).encode()

    def fetch(self, path: str) -> bytes:
        # A tile of an older tree is served out of the wider one that took its place.
        wanted = path.partition(".p/")[0]
        for name in (path, wanted, *self.files):
            if name in self.files and name.partition(".p/")[0] == wanted:
                data = self.files[name]
                return data if name == path else self._cut(path, data)
        raise RefusedError(404, "no such file")

    def _cut(self, path: str, data: bytes) -> bytes:
        """A wider partial tile or bundle, as narrow as it was."""
        width = int(path.partition(".p/")[2])
        log = SampleLog(self.entries[:width])
        return log.files[path]


ENROLMENT = Enrolment(
    server="http://archive",
    name="alice",
    station_id="id",
    origin=ORIGIN,
    log_key=generation(1).log.verifier.vkey,
    receipt_key=generation(1).receipts.verifier.vkey,
    log_keys=TrustedKeys.all_of(key.verifier for key in generation(1).signers).to_json(),
)


def station(home: Path, archive: Archive) -> Trust:
    return Trust(home, ENROLMENT, archive.fetch)


@pytest.mark.parametrize("awake", [True, False])
def test_it_follows_a_change_of_keys(tmp_path: Path, awake: bool) -> None:
    archive = Archive()
    archive.show(5, 1)
    trust = station(tmp_path, archive)
    trust.look()
    if awake:
        archive.show(15, 1, 2)
        trust.look()
        assert (tmp_path / KEYS_FILE).exists()
    archive.show(23, 2)
    trust.look()
    assert trust.last_size == 23
    # It knows them after a start, without asking.
    archive.places = []
    archive.show(23, 2)
    again = station(tmp_path, archive)
    again.look()
    assert (again.last_size, again.alarm) == (23, None)
    # An enrolment with another archive begins anew; what was known is kept beside.
    forget(tmp_path)
    assert not (tmp_path / KEYS_FILE).exists()


def test_who_kept_the_old_keys_is_believed_no_more(tmp_path: Path) -> None:
    archive = Archive()
    archive.show(23, 2)
    trust = station(tmp_path, archive)
    trust.look()
    archive.entries = [*ENTRIES, FILLER[0]]
    archive.show(24, 1)
    with pytest.raises(ServerAwayError):
        trust.look()
    assert trust.last_size == 23


OTHERS = chained(announced(1, 1), announced(9, 9), announced(2, 9))


@pytest.mark.parametrize(
    ("entries", "signers"),
    [
        # Announced by himself, with the database only.
        ([OTHERS[0], *FILLER[:10], OTHERS[1], *FILLER[10:]], (9,)),
        # By nobody at all.
        ([KEYS[0], *FILLER[:10], *FILLER[10:], FILLER[0]], (9,)),
    ],
)
def test_a_false_chain_leads_nowhere(
    tmp_path: Path, entries: list[bytes], signers: tuple[int, ...]
) -> None:
    archive = Archive(entries)
    archive.published = {5: (1,), 12: (1,)}
    archive.show(5, 1)
    trust = station(tmp_path, archive)
    trust.look()
    archive.show(20, *signers)
    with pytest.raises(ServerAwayError):
        trust.look()
    assert (trust.last_size, trust.alarm) == (5, None)
    stolen = {key.verifier.vkey for key in generation(9).signers}
    known = (tmp_path / KEYS_FILE).read_text() if (tmp_path / KEYS_FILE).exists() else ""
    assert not any(key in known for key in stolen)


def test_a_chain_of_another_history_raises_the_alarm(tmp_path: Path) -> None:
    archive = Archive()
    archive.show(5, 1)
    trust = station(tmp_path, archive)
    trust.look()
    archive.entries = [KEYS[0], *reversed(FILLER[:10]), KEYS[1], *FILLER[10:], KEYS[2]]
    archive.show(23, 2)
    with pytest.raises(LogForkedError):
        trust.look()
    assert trust.alarm is not None


@pytest.mark.parametrize("said", [b"", b"[]", b'{"entries":3}', b'{"entries":[{"index":0}]}'])
def test_a_list_that_is_none_changes_nothing(tmp_path: Path, said: bytes) -> None:
    archive = Archive()
    archive.show(15, 1, 2)
    archive.files["keys"] = said
    trust = station(tmp_path, archive)
    trust.look()  # the old keys have signed as well
    assert trust.last_size == 15
    assert not (tmp_path / KEYS_FILE).exists()
