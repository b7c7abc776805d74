"""What a scan means for the journal: new files, changed ones, those that are gone or back."""

import sqlite3
from dataclasses import dataclass, field

from station_agent import reasons
from station_agent.journal import COLUMNS, File, Journal, State, file_of, held_number, identity_in
from station_agent.reasons import SEPARATOR, is_marked
from station_agent.settle import Identity
from station_agent.watch import Found, Scan

#: The path it is about, a statement and its parameters.
Change = tuple[bytes, str, tuple[object, ...]]

_SET_STATE = "UPDATE files SET state = ?, reason = ? WHERE id = ?"
_BEGIN_ANEW = (
    "UPDATE files SET path = ?, size_bytes = ?, mtime_ns = ?, inode = ?, important = ?,"
    " state = ?, reason = NULL, attempts = 0, sha256 = NULL, sm3 = NULL, manifest_id = NULL"
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
    "INSERT INTO files (root, path, size_bytes, mtime_ns, inode, important, state)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
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
    upload, which goes on if the digest turns out the same). A file that was received and changed
    is a new file. A file that is missing is `gone`, unless a folder could not be listed.
    What is wrong with one file holds back that file only.
    """
    on_their_way, done = _known(journal, scan.root)
    intake = Intake()
    changes: list[Change] = []
    missing = dict(on_their_way)
    fresh: list[Found] = []
    for found in scan.files:
        if (found.path, found.identity) in done:
            continue
        file = missing.pop(found.path, None)
        if file is None:
            fresh.append(found)
        elif file.identity != found.identity:
            intake.changed += 1
            changes.append(_begun_anew(file.id, found))
        elif file.state is State.GONE or (
            file.state is State.FAILED and file.reason == reasons.VANISHED
        ):
            intake.back += 1
            changes.append((file.path, _SET_STATE, (file.resume_state, None, file.id)))
    if scan.errors:
        missing.clear()
    unhashed = {file.identity.inode: file for file in missing.values() if file.sha256 is None}
    for found in fresh:
        origin = unhashed.pop(found.identity.inode, None)
        if origin is not None:  # a program wrote it under another name first
            del missing[origin.path]
            intake.changed += 1
            changes.append(_begun_anew(origin.id, found))
        else:
            intake.new.append(found)
            changes.append(_inserted(scan.root, found))
    for file in missing.values():
        if file.state is not State.GONE:
            intake.gone += 1
            changes.append((file.path, _SET_STATE, (State.GONE, reasons.VANISHED, file.id)))
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
    gone for this station, until their folder is watched again.
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
            f" state NOT IN ('sent', 'received', 'released', 'gone') AND root NOT IN ({marks})",
            (State.GONE, reasons.NOT_WATCHED, *roots),
        )


def _known(journal: Journal, root: bytes) -> tuple[dict[bytes, File], set[tuple[bytes, Identity]]]:
    """The files on their way by path, and what is done already."""
    on_their_way: dict[bytes, File] = {}
    done: set[tuple[bytes, Identity]] = set()
    for row in journal.read(
        "SELECT path, size_bytes, mtime_ns, inode FROM files"
        " WHERE root = ? AND state IN ('received', 'released')",
        (root,),
    ):
        path, *identity = row
        done.add((path, identity_in(*identity)))  # type: ignore[arg-type]
    for row in journal.read(
        f"SELECT {COLUMNS} FROM files"  # noqa: S608
        " WHERE root = ? AND state NOT IN ('received', 'released')",
        (root,),
    ):
        file = file_of(row)
        on_their_way[file.path] = file
    return on_their_way, done


def _begun_anew(file_id: int, found: Found) -> Change:
    return found.path, _BEGIN_ANEW, (*_values(found), State.SEEN, file_id)


def _inserted(root: bytes, found: Found) -> Change:
    return found.path, _INSERT, (root, *_values(found), State.SEEN)


def _values(found: Found) -> tuple[object, ...]:
    identity = found.identity
    return (
        found.path,
        identity.size_bytes,
        held_number(identity.mtime_ns),
        str(identity.inode),
        int(is_marked(found.path)),
    )
