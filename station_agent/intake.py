"""What a scan means for the journal: new files, changed ones, those that are gone or back."""

import sqlite3
from dataclasses import dataclass, field

from station_agent import reasons
from station_agent.cells import IDENTITY, cells_of, identity_in
from station_agent.journal import COLUMNS, File, Journal, State, file_of
from station_agent.reasons import SEPARATOR, is_marked
from station_agent.settle import Identity
from station_agent.watch import Found, Scan

#: The id of what needs no bytes any more, by path, identity and medium.
Done = dict[tuple[bytes, Identity, str], int]
#: The path it is about, a statement and its parameters.
Change = tuple[bytes, str, tuple[object, ...]]

_SET_STATE = "UPDATE files SET state = ?, reason = ? WHERE id = ?"
_SET_AWAY = "UPDATE files SET away = 1 WHERE id = ?"
_VALUES = f"path, {IDENTITY}, medium, important, state"
_SETTINGS = _VALUES.replace(",", " = ?,")
_MARKS = ", ".join("?" for _ in _VALUES.split(","))
_BEGIN_ANEW = (
    f"UPDATE files SET {_SETTINGS} = ?,"  # noqa: S608
    " reason = NULL, attempts = 0, sha256 = NULL, sm3 = NULL, manifest_id = NULL"
    " WHERE id = ?"
)
#: What SQLite raises about the values it was given; all else is about the journal.
_OF_THE_ROW = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)
_INSERT = (
    f"INSERT INTO files (root, {_VALUES})"  # noqa: S608
    f" VALUES (?, {_MARKS}) ON CONFLICT DO NOTHING"
)


@dataclass(slots=True)
class Intake:
    """Which files a scan found new, and how many changed, gone and back again.

    ``held`` are those the journal could not take, with the reason; they are tried at each scan.
    """

    new: list[Found] = field(default_factory=list)
    changed: int = 0
    gone: int = 0
    back: int = 0
    held: list[tuple[bytes, str]] = field(default_factory=list)


def take_in(journal: Journal, scan: Scan) -> Intake:
    """Write what ``scan`` saw under its root into the journal, in one transaction if at all.

    A path has one row on its way at most: if its file changed, the row begins anew (but keeps its
    upload, which goes on if the digest turns out the same). A file that is missing is `gone`,
    unless a folder could not be listed, or the file was empty: nothing is lost with it.

    A file that was sent needs no bytes any more, only its receipt: whatever became of it, its row
    stays, and what lies at its path now is a file of its own.
    A file that was sent or received is believed to lie there still if it has lain there, the same
    and on the same medium, at every look since. Otherwise it is a new file, and its bytes are read:
    what has the name, size and times of a recording may be another one.
    What is wrong with one file holds back that file only.
    """
    on_their_way, done = _known(journal, scan.root)
    intake = Intake()
    changes: list[Change] = []
    missing = dict(on_their_way)
    fresh: list[Found] = []
    for found in scan.files:
        if done.pop((found.path, found.identity, found.medium), None) is not None:
            continue
        file = missing.pop(found.path, None)
        if file is None:
            fresh.append(found)
        elif (file.identity, file.medium) != (found.identity, found.medium):
            intake.changed += 1
            changes.append(_begun_anew(file.id, found))
        elif file.state is State.GONE or (
            file.state is State.FAILED and file.reason == reasons.VANISHED
        ):
            intake.back += 1
            changes.append((file.path, _SET_STATE, (file.resume_state, None, file.id)))
    if scan.errors:
        missing.clear()
    unhashed = {_inode_of(file): file for file in missing.values() if file.sha256 is None}
    for found in fresh:
        origin = unhashed.get(_inode_of(found))
        if origin is not None and _is_renamed(origin, found):
            del unhashed[_inode_of(found)]
            del missing[origin.path]
            intake.changed += 1
            changes.append(_begun_anew(origin.id, found))
        else:
            intake.new.append(found)
            changes.append(_inserted(scan.root, found))
    for file in missing.values():
        if file.state is not State.GONE and not _was_empty(file):
            intake.gone += 1
            changes.append((file.path, _SET_STATE, (State.GONE, reasons.VANISHED, file.id)))
    changes += [(path, _SET_AWAY, (file_id,)) for path, file_id in _left(done, scan)]
    if changes:
        with journal.transaction() as connection:
            for path, statement, parameters in changes:
                reason = _refusal(connection, statement, parameters)
                if reason is not None:
                    intake.held.append((path, reason))
    if intake.held:
        held = {path for path, _ in intake.held}
        intake.new = [found for found in intake.new if found.path not in held]
    return intake


def _refusal(
    connection: sqlite3.Connection, statement: str, parameters: tuple[object, ...]
) -> str | None:
    """Execute one statement; why the journal won't have this row, None if it has it.

    SQLite undoes a statement that fails and keeps the transaction. A full or broken disk is no
    matter of the row, and is raised.
    """
    try:
        connection.execute(statement, parameters)
    except (*_OF_THE_ROW, ValueError, TypeError, ArithmeticError) as error:
        return reasons.compose(reasons.UNFORESEEN, reasons.described(error))
    return None


def adopt(journal: Journal, roots: list[bytes]) -> None:
    """Fit the journal to the folders that are watched now (the configuration may have changed).

    Files known under another root go under the one they lie in; those in no watched folder are
    gone for this station, until their folder is watched again. What was refused as empty stays
    that: there is nothing in it that could be missed.
    """
    with journal.transaction() as connection:
        for root in roots:
            prefix = root.rstrip(SEPARATOR) + SEPARATOR
            connection.execute(
                "UPDATE files SET root = ? WHERE root != ? AND substr(path, 1, ?) = ?",
                (root, root, len(prefix), prefix),
            )
        marks = ", ".join("?" * len(roots))
        connection.execute(
            "UPDATE files SET state = ?, reason = ? WHERE"  # noqa: S608
            f" state NOT IN ('sent', 'received', 'released', 'gone') AND root NOT IN ({marks})"
            " AND NOT (state = 'refused' AND reason IS ?)",
            (State.GONE, reasons.NOT_WATCHED, *roots, reasons.EMPTY),
        )


def _was_empty(file: File) -> bool:
    return file.state is State.REFUSED and file.reason == reasons.EMPTY


def _known(journal: Journal, root: bytes) -> tuple[dict[bytes, File], Done]:
    """The files on their way by path, and what was sent or is done and has not been away since.

    Of a path whose file is gone, what lies there now speaks.
    """
    on_their_way: dict[bytes, File] = {}
    done: Done = {}
    for row in journal.read(
        f"SELECT id, path, medium, {IDENTITY} FROM files"  # noqa: S608
        " WHERE root = ? AND state IN ('sent', 'received', 'released') AND away = 0",
        (root,),
    ):
        file_id, path, medium, *identity = row
        done[path, identity_in(*identity), medium] = file_id  # type: ignore[index, assignment]
    for row in journal.read(
        f"SELECT {COLUMNS} FROM files"  # noqa: S608
        " WHERE root = ? AND state NOT IN ('sent', 'received', 'released')"
        " ORDER BY state != 'gone', id",
        (root,),
    ):
        file = file_of(row)
        on_their_way[file.path] = file
    return on_their_way, done


def _left(done: Done, scan: Scan) -> list[tuple[bytes, int]]:
    """Which of ``done``, not seen in ``scan``, are not there: path and id.

    Of what lies in a folder that could not be listed nobody knows; a root that is gone took all of
    it along.
    """
    if scan.is_missing:
        unsure: tuple[bytes, ...] = ()
    else:
        unsure = tuple(path.rstrip(SEPARATOR) + SEPARATOR for path, _ in scan.errors)
    return [
        (path, file_id)
        for (path, _, _), file_id in done.items()
        if not (path + SEPARATOR).startswith(unsure)
    ]


def _inode_of(file: File | Found) -> tuple[str, int, int]:
    return file.medium, file.identity.device, file.identity.inode


def _is_renamed(before: File, now: Found) -> bool:
    """Whether ``now``, which has the inode of the missing file ``before``, is that file.

    Inodes are used again as soon as they are free, so it takes more than that: its size and time,
    or that it has grown and the new name is what was between the marks of an unfinished one
    (``clip.mp4.part``, ``.clip.mp4.Xa3v``). The ctime has no say, renaming sets it (on Linux).
    """
    was, is_ = before.identity, now.identity
    if (was.size_bytes, was.mtime_ns) == (is_.size_bytes, is_.mtime_ns):
        return True
    (folder, name), (new_folder, new_name) = (
        path.rpartition(SEPARATOR)[::2] for path in (before.path, now.path)
    )
    grown = was.size_bytes <= is_.size_bytes and was.mtime_ns <= is_.mtime_ns
    return grown and folder == new_folder and new_name in name


def _begun_anew(file_id: int, found: Found) -> Change:
    return found.path, _BEGIN_ANEW, (*_values(found), State.SEEN, file_id)


def _inserted(root: bytes, found: Found) -> Change:
    return found.path, _INSERT, (root, *_values(found), State.SEEN)


def _values(found: Found) -> tuple[object, ...]:
    return found.path, *cells_of(found.identity), found.medium, int(is_marked(found.path))
