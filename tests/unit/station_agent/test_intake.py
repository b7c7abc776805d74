"""What a scan means for the journal."""

import pytest

from station_agent.errors import JournalError, StaleFileError
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
    # And back again: whether it is the first, its bytes will say.
    back = take_in(journal, scan(found(b"clip")))
    assert (back.new, back.changed, back.gone) == ([], 1, 0)
    assert journal.counts() == {"seen": 1, "received": 1}


@pytest.mark.parametrize("other", [{"ctime": 2}, {"device": 2}, {"medium": "another"}])
def test_what_may_be_another_recording_is_read(
    journal: Journal, other: dict[str, int | str]
) -> None:
    """Written over in place with the time set back; another recorder with the same names."""
    take_in(journal, scan(found(b"clip")))
    journal.receive(only(journal), "note", "id", "now")
    now = found(b"clip", **other)  # type: ignore[arg-type]
    assert take_in(journal, scan(now)).new == [now]
    assert take_in(journal, scan(now)).new == []
    assert journal.counts() == {"received": 1, "seen": 1}


def test_a_received_file_that_was_away_is_read_again(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip"), found(b"other", inode=2)))
    for file in journal.files(State.SEEN):
        hashed = journal.advance(file, State.HASHED, sha256=file.path.hex(), sm3="b")
        journal.receive(hashed, "note", "id", "now")
    stays = found(b"other", inode=2)
    assert take_in(journal, scan(stays)).new == []
    assert take_in(journal, scan(found(b"clip"), stays)).new == [found(b"clip")]
    (again,) = journal.files(State.SEEN)
    assert again.sha256 is None
    # It turns out the same, and stands in the place of what was known of it.
    hashed = journal.advance(again, State.HASHED, sha256=again.path.hex(), sm3="b")
    journal.receive(hashed, "the same note", "id", "later")
    assert take_in(journal, scan(found(b"clip"), stays)).new == []
    assert journal.counts() == {"received": 2}
    assert journal.read("SELECT COUNT(*) FROM receipts") == [(2,)]


def test_another_recording_at_the_same_place_takes_nothing_from_the_first(
    journal: Journal,
) -> None:
    for digest in ("a", "b"):
        take_in(journal, scan(found(b"clip")))
        (file,) = journal.files(State.SEEN)
        journal.receive(journal.advance(file, State.HASHED, sha256=digest), digest, "id", "now")
        take_in(journal, scan())
    assert journal.counts() == {"received": 2}
    assert sorted(journal.read("SELECT note FROM receipts")) == [("a",), ("b",)]


def test_a_folder_that_can_not_be_listed_was_not_away(journal: Journal) -> None:
    """A share that fails for a moment is not read anew; a root that is gone took all along."""
    inside = Found(b"/dock/DCIM/clip", found(b"").identity)
    outside = found(b"clip", inode=2)
    take_in(journal, scan(inside, outside))
    for file in journal.files(State.SEEN):
        journal.receive(file, "note", "id", "now")
    failing = Scan(ROOT, [outside], errors=[(b"/dock/DCIM", "Input/output error")])
    assert take_in(journal, failing).new == []
    assert take_in(journal, scan(errors=True)).new == []
    assert take_in(journal, scan(inside, outside)).new == []
    gone = Scan(ROOT, errors=[(ROOT, "No such file or directory")], is_missing=True)
    take_in(journal, gone)
    assert take_in(journal, scan(inside, outside)).new == [inside, outside]


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


def test_what_was_sent_is_never_gone(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip")))
    journal.advance(only(journal), State.SENT, sha256="a", sm3="b", upload_path="/u")
    assert take_in(journal, scan(found(b"clip"))).new == []
    assert take_in(journal, scan()).gone == 0
    assert (only(journal).state, only(journal).away) == (State.SENT, True)
    # What lies there now is read: it may be another recording, with its name and times.
    assert take_in(journal, scan(found(b"clip"))).new == [found(b"clip")]
    assert journal.counts() == {"seen": 1, "sent": 1}
    (sent,) = journal.files(State.SENT)
    journal.receive(sent, "note", "id", "now")
    assert journal.counts() == {"received": 1, "seen": 1}


def test_what_was_sent_and_written_over_stays_beside_the_new_one(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip")))
    journal.advance(only(journal), State.SENT, sha256="a", sm3="b", upload_path="/u")
    changed = found(b"clip", ctime=2)
    assert take_in(journal, scan(changed)).new == [changed]
    assert take_in(journal, scan(changed)).new == []
    assert journal.counts() == {"seen": 1, "sent": 1}


def test_a_receipt_says_nothing_of_a_row_that_was_sent_away_meanwhile(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip")))
    before = journal.advance(only(journal), State.SENT, sha256="a", sm3="b", upload_path="/u")
    take_in(journal, scan())
    with pytest.raises(StaleFileError):
        journal.advance(before, State.HASHED)


def test_what_was_gone_from_there_is_found_by_its_bytes(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip")))
    journal.advance(only(journal), State.SENT, sha256="a", sm3="b", upload_path="/u")
    take_in(journal, scan(found(b"clip", ctime=2)))
    (sent,) = journal.files(State.SENT)
    journal.advance(sent, State.GONE, reason="bytes_needed", away=0)
    assert journal.counts() == {"gone": 1, "seen": 1}
    # A scan leaves what is gone to the file that lies there now.
    take_in(journal, scan(found(b"clip", ctime=2)))
    (seen,) = journal.files(State.SEEN)
    journal.receive(journal.advance(seen, State.HASHED, sha256="a", sm3="b"), "note", "id", "now")
    assert journal.counts() == {"received": 1}


def test_nothing_is_gone_where_a_folder_could_not_be_listed(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip")))
    assert take_in(journal, scan(errors=True)).gone == 0
    assert only(journal).state is State.SEEN


def test_a_renamed_unfinished_file_is_the_same(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip.part", inode=5)))
    assert take_in(journal, scan(found(b"clip", size=20, inode=5))).changed == 1
    assert only(journal).path == b"/dock/clip"


def test_a_file_renamed_as_it_was_is_the_same(journal: Journal) -> None:
    take_in(journal, scan(found(b"one", inode=5)))
    assert take_in(journal, scan(found(b"two", inode=5, ctime=2))).changed == 1
    assert only(journal).path == b"/dock/two"


@pytest.mark.parametrize(
    "other", [{"size": 11}, {"mtime": 2}, {"device": 2}, {"medium": "another"}]
)
def test_an_inode_that_is_used_again_hides_no_file_that_vanished(
    journal: Journal, other: dict[str, int | str]
) -> None:
    take_in(journal, scan(found(b"AAA.mp4", inode=5)))
    intake = take_in(journal, scan(found(b"BBB.mp4", inode=5, **other)))  # type: ignore[arg-type]
    assert (len(intake.new), intake.changed, intake.gone) == (1, 0, 1)
    assert journal.counts() == {"gone": 1, "seen": 1}


def test_an_unfinished_file_that_shrank_or_moved_is_another(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip.part", inode=5), found(b"more.part", inode=6)))
    smaller = found(b"clip", size=9, inode=5)
    elsewhere = Found(b"/dock/in/more", found(b"", size=11, inode=6).identity)
    assert take_in(journal, scan(smaller, elsewhere)).gone == 2


def test_files_of_a_folder_no_longer_watched(journal: Journal) -> None:
    take_in(journal, scan(found(b"clip")))
    adopt(journal, [b"/other"])
    assert (only(journal).state, only(journal).reason) == (State.GONE, "not_watched")
    adopt(journal, [b"/"])
    assert only(journal).root == b"/"
    assert take_in(journal, Scan(b"/", [found(b"clip")])).back == 1


def test_what_was_refused_as_empty_is_never_missed(journal: Journal) -> None:
    """Whether its folder is watched no longer, or it was removed; what grew meanwhile is taken."""
    empty = found(b"empty", size=0)
    take_in(journal, scan(empty))
    journal.advance(only(journal), State.REFUSED, reason="empty")
    adopt(journal, [b"/other"])
    assert (only(journal).state, only(journal).reason) == (State.REFUSED, "empty")
    adopt(journal, [ROOT])
    assert take_in(journal, scan()).gone == 0
    assert (only(journal).state, only(journal).reason) == (State.REFUSED, "empty")
    again = take_in(journal, scan(empty))
    assert (again.new, again.changed, again.back) == ([], 0, 0)
    assert take_in(journal, scan(found(b"empty", size=10))).changed == 1
    assert only(journal).state is State.SEEN


@pytest.mark.parametrize("reason", ["server_refused: 413", "unreadable", None])
def test_what_was_refused_for_another_reason_is_gone_with_its_folder(
    journal: Journal, reason: str | None
) -> None:
    take_in(journal, scan(found(b"clip")))
    journal.advance(only(journal), State.REFUSED, reason=reason)
    adopt(journal, [b"/other"])
    assert (only(journal).state, only(journal).reason) == (State.GONE, "not_watched")


@pytest.mark.parametrize("known", [1, 1000])
def test_however_many_files_are_known_they_are_asked_for_once(journal: Journal, known: int) -> None:
    """A station that has seen thirty thousand rescans every few seconds."""
    files = [found(b"%05d.mp4" % number, inode=number) for number in range(known)]
    take_in(journal, scan(*files))
    with journal.transaction() as connection:
        connection.execute("UPDATE files SET state = 'received'")
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    again = take_in(journal, scan(*files))
    connection.set_trace_callback(None)
    assert (again.new, again.gone) == ([], 0)
    # What is on its way, and what is done; nothing for a file of its own.
    assert [one.split(maxsplit=1)[0] for one in statements] == ["SELECT", "SELECT"]


#: Nanoseconds and inodes that file systems hold and 64 bits with a sign do not, or only just.
EDGES = (
    2**63 - 1,
    2**63,
    2**63 + 1,
    (2**63 - 1) * 10**9,  # the last second of a file system that counts in 64 bits
    -1,
    -(2**63),
    -(2**63) - 1,
    -(2**63) * 10**9,
    -62_135_596_800 * 10**9 - 1,  # before the year 1
)


@pytest.mark.parametrize("mtime", EDGES)
def test_any_time_is_known_again_and_a_change_of_it_noticed(journal: Journal, mtime: int) -> None:
    odd, good = found(b"odd", mtime=mtime, inode=2**64 - 1), found(b"good", inode=2)
    assert take_in(journal, scan(odd, good)).held == []
    again = take_in(journal, scan(odd, good))
    assert (again.new, again.changed, again.gone) == ([], 0, 0)
    (file,) = (one for one in journal.files(State.SEEN) if one.path == odd.path)
    assert file.identity == odd.identity
    journal.receive(file, "note", "id", "now")  # the row is found by its identity
    assert take_in(journal, scan(odd, good)).new == []
    later = found(b"odd", mtime=mtime + 1, inode=2**64 - 1)
    assert take_in(journal, scan(later, good)).new == [later]


def test_an_odd_time_leaves_the_oldest_first(journal: Journal) -> None:
    times = (2**63, 5, 2**70, -5, -(2**63))
    files = [found(b"%d" % time, mtime=time, inode=time) for time in times]
    take_in(journal, scan(*files))
    order = [int(file.path.rsplit(b"/", 1)[1]) for file in journal.files(State.SEEN)]
    assert order[:3] == [-(2**63), -5, 5]
    assert set(order[3:]) == {2**63, 2**70}


def test_what_the_journal_cannot_take_holds_back_that_file_only(journal: Journal) -> None:
    take_in(journal, scan(found(b"changes", inode=1), found(b"goes", inode=2)))
    impossible = found(b"big", size=2**63, inode=3)
    changed = found(b"changes", size=2**63, inode=1)
    good = found(b"good", inode=4)
    intake = take_in(journal, scan(impossible, changed, good))
    assert intake.new == [good]
    assert intake.gone == 1
    assert sorted(path for path, _ in intake.held) == [impossible.path, changed.path]
    assert {reason for _, reason in intake.held} == {
        "unforeseen: OverflowError: Python int too large to convert to SQLite INTEGER"
    }
    states = {file.path: file.state for file in journal.files(*State)}
    assert states == {changed.path: "seen", b"/dock/goes": "gone", good.path: "seen"}
    better = found(b"big", inode=3)
    assert take_in(journal, scan(better, good)).new == [better]  # it is looked at again


def test_trouble_of_the_journal_itself_is_no_files_trouble(journal: Journal) -> None:
    with journal.transaction() as connection:
        connection.execute(
            "CREATE TEMP TRIGGER broken BEFORE INSERT ON files BEGIN SELECT * FROM nowhere; END"
        )
    with pytest.raises(JournalError):
        take_in(journal, scan(found(b"clip")))
    assert journal.counts() == {}
