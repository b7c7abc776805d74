"""What a scan means for the journal: new files, changed ones, those that are gone or back."""

from dataclasses import dataclass, field

from station_agent import reasons
from station_agent.journal import COLUMNS, File, Journal, State, file_of
from station_agent.reasons import SEPARATOR, is_marked
from station_agent.settle import Identity
from station_agent.watch import Found, Scan

#: A statement and its parameters.
Change = tuple[str, tuple[object, ...]]

_SET_STATE = "UPDATE files SET state = ?, reason = ? WHERE id = ?"
_BEGIN_ANEW = (
    "UPDATE files SET path = ?, size_bytes = ?, mtime_ns = ?, inode = ?, important = ?,"
    " state = ?, reason = NULL, attempts = 0, sha256 = NULL, sm3 = NULL, manifest_id = NULL"
    " WHERE id = ?"
)
_INSERT = (
    "INSERT INTO files (root, path, size_bytes, mtime_ns, inode, important, state)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)


@dataclass(slots=True)
class Intake:
    """Which files a scan found new, and how many changed, gone and back again."""

    new: list[Found] = field(default_factory=list)
    changed: int = 0
    gone: int = 0
    back: int = 0


def take_in(journal: Journal, scan: Scan) -> Intake:
    """Write what ``scan`` saw under its root into the journal, in one transaction if at all.

    A path has one row on its way at most: if its file changed, the row begins anew (but keeps its
    upload, which goes on if the digest turns out the same). A file that was received and changed
    is a new file. A file that is missing is `gone`, unless a folder could not be listed.
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
            changes.append((_SET_STATE, (file.resume_state, None, file.id)))
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
            changes.append((_SET_STATE, (State.GONE, reasons.VANISHED, file.id)))
    if changes:
        with journal.transaction() as connection:
            for statement, parameters in changes:
                connection.execute(statement, parameters)
    return intake


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
        path, size_bytes, mtime_ns, inode = row
        done.add((path, Identity(size_bytes, mtime_ns, int(inode))))  # type: ignore[arg-type,call-overload]
    for row in journal.read(
        f"SELECT {COLUMNS} FROM files"  # noqa: S608
        " WHERE root = ? AND state NOT IN ('received', 'released')",
        (root,),
    ):
        file = file_of(row)
        on_their_way[file.path] = file
    return on_their_way, done


def _begun_anew(file_id: int, found: Found) -> Change:
    return _BEGIN_ANEW, (*_values(found), State.SEEN, file_id)


def _inserted(root: bytes, found: Found) -> Change:
    return _INSERT, (root, *_values(found), State.SEEN)


def _values(found: Found) -> tuple[object, ...]:
    identity = found.identity
    return (
        found.path,
        identity.size_bytes,
        identity.mtime_ns,
        str(identity.inode),
        int(is_marked(found.path)),
    )
