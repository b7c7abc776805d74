"""Logs in a store, as a publisher leaves them for a signer to read."""

from contextlib import nullcontext
from pathlib import Path

from custody.log.merkle import prove_consistency
from custody.object_keys import log_key
from custody.publishing.checked_signer import CheckedSigner
from custody.publishing.signer import Signer
from storage.memory import MemoryStore
from tests.services.key_sets import alone
from tests.unit.custody.log.samples import LOG_KEY, ORIGIN, SampleLog


def stored(log: SampleLog, **instead: bytes | None) -> MemoryStore:
    """The log's files; ``instead`` are other bytes under a bundle's or tile's name, None: none.

    Names are written with ``_`` for ``/`` and ``-`` for ``.``.
    """
    store = MemoryStore()
    changed = {name.replace("_", "/").replace("-", "."): data for name, data in instead.items()}
    for path, data in (log.files | changed).items():
        if data is not None:
            store.put_bytes(log_key(path), data)
    return store


def proof(log: SampleLog, old: int, new: int) -> list[bytes]:
    return prove_consistency(old, new, log.reader().read)


def signer_over(store: MemoryStore, folder: Path) -> CheckedSigner:
    return CheckedSigner(Signer(alone(LOG_KEY), folder / "state.json", ORIGIN), store, nullcontext)
