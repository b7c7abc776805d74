"""A journal with a flipped bit is set aside or works; it never stops the agent for good."""

import random
import sqlite3
from pathlib import Path

import pytest

from station_agent.errors import JournalDamagedError, JournalNewerError
from station_agent.intake import take_in
from station_agent.journal import Journal, State, open_journal
from station_agent.journal_schema import VERSION, expected_schema, schema_of
from station_agent.tallies import archived_before, list_skipped, note_skipped
from station_agent.watch import Scan
from tests.unit.station_agent.conftest import ROOT, found, listed, seen

#: A slice of the more than half a million bits of the journal below.
FLIPS = 400


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A journal with files in every state, closed, in one file."""
    path = tmp_path_factory.mktemp("filled") / "journal.db"
    journal = Journal(path)
    files = seen(journal, *(found(b"clip%d.mp4" % n, inode=n) for n in range(60)))
    for n, file in enumerate(files):
        state = list(State)[n % len(State)]
        digests = {"sha256": f"{n:064x}", "sm3": f"{n:064x}", "upload_sha256": f"{n:064x}"}
        upload = {"upload_path": f"/api/uploads/{n}", "reason": "读取出错"}
        listed(journal, journal.advance(file, State.SEEN, **digests, **upload), state)
    with journal.transaction() as connection:
        connection.execute("UPDATE manifests SET session_id = 'session-' || id, note = '清单'")
    note_skipped(journal, ROOT, {ROOT + b"/link": "symlink"})
    journal.close()
    return path.read_bytes()


def use(journal: Journal) -> None:
    """Everything that the agent asks of it."""
    for file in journal.files(*State):
        assert journal.get(file.id) == file
    journal.counts()
    journal.attempts(*State)
    journal.last_received_at()
    for sending in (True, False):
        journal.queue(set(), sending=sending)
    archived_before(journal)
    list_skipped(journal)
    note_skipped(journal, ROOT, {})
    journal.read("SELECT session_id, delivered, note, reason FROM manifests")
    take_in(journal, Scan(ROOT, [found(b"new.mp4", inode=999)]))
    for file in journal.files(State.SEEN):
        journal.advance(file, State.SETTLED)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("seed", range(8))
def test_no_flipped_bit_stops_the_agent(filled: bytes, tmp_path: Path, seed: int) -> None:
    path = tmp_path / "journal.db"
    bits = random.Random(seed).sample(range(len(filled) * 8), FLIPS // 8)
    for bit in bits:
        path.write_bytes(flipped(filled, bit))
        journal, aside = open_journal(path)
        try:
            use(journal)
        except Exception as error:  # noqa: BLE001 - whatever it is, say where
            pytest.fail(f"bit {bit}: {error!r}")
        finally:
            journal.close()
        if aside is not None:
            assert aside.read_bytes()[100:] == flipped(filled, bit)[100:]  # kept as it was
            aside.unlink()


def test_no_flipped_bit_of_the_header_stops_the_agent(filled: bytes, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for bit in range(100 * 8):
        path.write_bytes(flipped(filled, bit))
        journal, aside = open_journal(path)
        try:
            use(journal)
        except Exception as error:  # noqa: BLE001 - whatever it is, say where
            pytest.fail(f"bit {bit} of the header: {error!r}")
        finally:
            journal.close()
        if aside is not None:
            aside.unlink()


def written(path: Path, statement: str) -> None:
    """What a flipped bit leaves, which no rule of the tables would let in."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE files SET state = 'seceived' WHERE id = 1",
        "UPDATE files SET mtime_ns = 'soon' WHERE id = 1",
        "UPDATE files SET inode = 'x' WHERE id = 1",
        "UPDATE files SET reason = CAST(x'ff' AS TEXT) WHERE id = 1",
        "UPDATE files SET sha256 = 'g' WHERE id = 1",
        "UPDATE files SET upload_path = '/api/uploads/' || char(10) WHERE id = 1",
        "UPDATE files SET manifest_id = 7777 WHERE id = 1",
        "UPDATE manifests SET note = CAST(x'ff' AS TEXT) WHERE id = 1",
        "UPDATE manifests SET session_id = '' WHERE id = 1",
        "UPDATE skipped SET reason = CAST(x'ff' AS TEXT)",
        "UPDATE sqlite_master SET sql = replace(sql, 'attempts', 'attemptr')",
        "UPDATE sqlite_master SET name = 'filez', tbl_name = 'filez' WHERE name = 'files'",
        "UPDATE sqlite_master SET sql = CAST(x'ff' AS TEXT) || sql WHERE name = 'receipts'",
        "UPDATE sqlite_master SET sql = replace(sql, '''released''', '''seleased''')",
        "DROP TABLE skipped",
        "PRAGMA user_version = 0",
        "PRAGMA user_version = -5",
        f"PRAGMA user_version = {VERSION + 64}",
    ],
)
def test_what_cannot_be_is_set_aside(filled: bytes, tmp_path: Path, statement: str) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(filled)
    written(path, statement)
    journal, aside = open_journal(path)
    assert aside is not None
    assert journal.counts() == {}
    use(journal)
    journal.close()
    assert open_journal(path)[1] is None


def test_a_sound_journal_is_not_set_aside(filled: bytes, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(filled)
    journal, aside = open_journal(path)
    assert aside is None
    assert schema_of(journal.connection) == expected_schema()
    journal.close()


def test_a_newer_program_s_journal_is_no_damage(filled: bytes, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(filled)
    written(path, "CREATE TABLE newer (id)")
    written(path, f"PRAGMA user_version = {VERSION ^ 64}")
    with pytest.raises(JournalNewerError):
        open_journal(path)


def test_damage_is_found_where_a_row_is_read(journal: Journal) -> None:
    (file,) = seen(journal, found(b"clip.mp4"))
    with journal.transaction() as connection:
        connection.execute("UPDATE files SET state = 'seceived'")
    with pytest.raises(JournalDamagedError):
        journal.get(file.id)
    aside = journal.reopen()
    assert aside is not None
    assert seen(journal, found(b"clip.mp4"))


def test_a_journal_taken_away_is_noticed_and_begun_anew(journal: Journal) -> None:
    seen(journal, found(b"clip.mp4"))
    assert journal.is_at_its_place()
    journal.path.unlink()
    assert not journal.is_at_its_place()
    assert journal.reopen() is None
    assert journal.is_at_its_place()
    assert journal.counts() == {}, "nothing of the old one's log was taken for the new one's"
    assert seen(journal, found(b"clip.mp4"))


def test_a_journal_put_in_the_place_is_gone_on_with(journal: Journal, tmp_path: Path) -> None:
    other = Journal(tmp_path / "other.db")
    seen(other, found(b"other.mp4"))
    other.close()
    (tmp_path / "other.db").replace(journal.path)
    assert not journal.is_at_its_place()
    assert journal.reopen() is None
    assert [file.path for file in journal.files(*State)] == [ROOT + b"/other.mp4"]
