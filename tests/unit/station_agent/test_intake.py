"""What a scan means for the journal."""

import time

from station_agent.intake import adopt, take_in
from station_agent.journal import File, Journal, State
from station_agent.watch import Found, Scan
from tests.unit.station_agent.conftest import ROOT, found


def scan(*files: Found, errors: bool = False) -> Scan:
    return Scan(ROOT, list(files), errors=[(ROOT, "Input/output error")] if errors else [])


def only(journal: Journal) -> File:
    (file,) = journal.files(*State)
    return file


def test_new_then_known(journal: Journal) -> None:
    assert [one.path for one in take_in(journal, scan(found(b"clip"))).new] == [b"/dock/clip"]
    again = take_in(journal, scan(found(b"clip")))
    assert (again.new, again.changed, again.gone, again.back) == ([], 0, 0, 0)


def test_a_changed_file_begins_anew_but_keeps_its_upload(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip")))
    file = journal.advance(only(journal), State.HASHED, sha256="a", sm3="b", attempts=3)
    journal.advance(file, State.SENDING, upload_path="/u", upload_sha256="a")
    assert take_in(journal, scan(found(b"clip", size=20))).changed == 1
    file = only(journal)
    assert (file.state, file.sha256, file.attempts) == (State.SEEN, None, 0)
    assert (file.upload_path, file.upload_sha256) == ("/u", "a")


def test_a_received_file_that_changed_is_a_new_one(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip")))
    journal.receive(only(journal), "note", "id", "now")
    assert len(take_in(journal, scan(found(b"clip", mtime=2))).new) == 1
    # And back again: the first was received, the second is gone.
    back = take_in(journal, scan(found(b"clip")))
    assert (back.new, back.gone) == ([], 1)
    assert journal.counts() == {"gone": 1, "received": 1}


def test_gone_and_back(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip")))
    journal.advance(only(journal), State.HASHED, sha256="a", sm3="b")
    assert take_in(journal, scan()).gone == 1
    assert only(journal).state is State.GONE
    assert take_in(journal, scan()).gone == 0
    assert take_in(journal, scan(found(b"clip"))).back == 1
    assert only(journal).state is State.HASHED  # the same file: what was done stays done


def test_a_received_file_may_go(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip")))
    journal.receive(only(journal), "note", "id", "now")
    assert take_in(journal, scan()).gone == 0


def test_nothing_is_gone_where_a_folder_could_not_be_listed(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip")))
    assert take_in(journal, scan(errors=True)).gone == 0
    assert only(journal).state is State.SEEN


def test_a_renamed_unfinished_file_is_the_same(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip.part", inode=5)))
    assert take_in(journal, scan(found(b"clip", size=20, inode=5))).changed == 1
    assert only(journal).path == b"/dock/clip"


def test_files_of_a_folder_no_longer_watched(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip")))
    adopt(journal, [b"/other"])
    assert (only(journal).state, only(journal).reason) == (State.GONE, "not_watched")
    adopt(journal, [b"/"])
    assert only(journal).root == b"/"
    assert take_in(journal, Scan(b"/", [found(b"clip")])).back == 1


def test_32000_known_files_are_compared_quickly(journal: Journal) -> None:
    """A rescan has two seconds for all of it; the comparison is the smaller part."""
    files = [found(b"%05d.mp4" % number, inode=number) for number in range(32_000)]
    take_in(journal, scan(*files))
    with journal.transaction() as connection:
        connection.execute("UPDATE files SET state = 'received'")
    began = time.process_time()
    again = take_in(journal, scan(*files))
    assert time.process_time() - began < 1.0
    assert (again.new, again.gone) == ([], 0)
