"""Every step at which the server is killed, from the first byte to the receipt.

A step is a function of the product as its caller sees it, and whether the process dies just before
or just after it. The product knows nothing of this: the dying server (`dying_server.py`) wraps the
function from outside.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """Die ``when`` (before, after) the ``nth`` call of ``module``'s ``attribute``."""

    name: str
    module: str
    attribute: str
    when: str
    nth: int = 1


STEPS = (
    Step("upload announced, not committed", "ingest.uploads", "announce", "after"),
    Step("first bytes about to be staged", "storage.staging", "StagedFile.write", "before"),
    Step("bytes staged, not durable", "storage.staging", "StagedFile.sync", "before"),
    Step("bytes durable, offset not committed", "storage.staging", "StagedFile.sync", "after"),
    Step("offset committed, more to come", "ingest.receiving", "Receiver._move", "after", 2),
    Step("complete, not admitted", "ingest.receiving", "Receiver.admit", "before"),
    Step("about to be stored", "storage.local", "LocalStore.put_file", "before"),
    Step("stored, not read back", "ingest.admission", "_read_back", "before"),
    Step("read back, not registered", "ingest.admission", "register", "before"),
    Step("registered, not committed", "ingest.uploads", "finish", "after"),
    Step("committed, staging not discarded", "storage.staging", "Staging.discard", "before"),
    Step("admitted, not answered", "ingest.receiving", "Receiver.admit", "after"),
    Step("second file stored, not read back", "ingest.admission", "_read_back", "before", 2),
    Step("numbered, not committed", "custody.publishing.publisher", "sequence", "after", 3),
    Step("tiles written, not recorded", "custody.publishing.publisher", "write_batch", "after", 2),
    Step("integrated, not signed", "custody.publishing.signer", "Signer.sign", "before", 2),
    Step("signed, not handed out", "custody.publishing.signer", "Signer.sign", "after", 2),
    Step("archived, pointer not moved", "storage.local", "LocalStore.replace_bytes", "before", 2),
    Step("pointer moved, no row", "storage.local", "LocalStore.replace_bytes", "after", 2),
    Step("receipt made, not committed", "api.routes.uploads", "store_receipt", "after"),
)

_CLIENT = "custody.publishing.signer_client"
#: Where the log's key is in a process of its own: two of its steps, and one of who asked it.
SIGNER_STEPS = (
    Step("asked, not remembered", "custody.publishing.signer", "Signer.sign", "before"),
    Step("remembered, not answered", "custody.publishing.signer", "Signer.sign", "after"),
    Step("answered, not handed out", _CLIENT, "RemoteSigner.sign", "after"),
)
