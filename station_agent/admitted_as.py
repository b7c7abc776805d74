"""Under which name a receipt says that a file was admitted: the one that was announced, or not.

The archive admits bytes once and issues their receipt once, so for bytes it knows the receipt has
the name of the first time. That is no false name: what was said this time the archive confirmed
when the upload began (`Transport.announce`), and the log has it beside the first. But a receipt of
bytes that came with *this* dock session has a name and a time that this station announced.
"""

import base64

from custody.log.canonical import format_time
from custody.log.receipt import Receipt
from station_agent.errors import MisnamedError
from station_agent.journal import File, Journal
from station_agent.manifests import moment
from station_agent.reasons import base_name


def check_name(journal: Journal, file: File, receipt: Receipt) -> None:
    """Raise `MisnamedError` if the file was admitted as something it was not announced as.

    Of what came without a dock session nothing can be said: anybody's bytes may have.
    """
    details = receipt.details
    session = journal.read(
        "SELECT session_id FROM manifests WHERE id = ? AND delivered = 1 AND reason IS NULL",
        (file.manifest_id,),
    )
    if session != [(details.get("dock_session"),)]:
        return  # the name of the first time
    said = details.get("name_raw"), details.get("file_modified_at")
    if said == _announced(file.path, file.identity.mtime_ns):
        return
    # Two files of one recorder may hold the same bytes; the other one may have been the first.
    twins = journal.read(
        "SELECT path, mtime_ns FROM files WHERE manifest_id = ? AND sha256 = ?",
        (file.manifest_id, file.sha256),
    )
    if all(said != _announced(path, mtime_ns) for path, mtime_ns in twins):
        raise MisnamedError(f"{details.get('name')}, {details.get('file_modified_at')}")


def _announced(path: object, mtime_ns: object) -> tuple[str, str]:
    """Name and time of a row as the log's details have them."""
    name = base_name(path if isinstance(path, bytes) else b"")
    return base64.b64encode(name).decode(), format_time(moment(int(str(mtime_ns))))
