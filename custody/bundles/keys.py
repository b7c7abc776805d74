"""The public keys that go with a bag: those in use, and those that signed before them."""

from custody.publishing.keys import KeyGeneration, LogKeys


def vkey_files(keys: LogKeys) -> dict[str, str]:
    """Verifier keys by the name of their file under ``log/``.

    ``log.vkey``, ``log-ml-dsa.vkey`` and ``receipts.vkey`` are the newest. What was signed before a
    change of keys needs those of before: ``receipts.1.vkey`` is of the first generation.
    """
    files = _files(keys.newest, "")
    for number, one in enumerate(keys.generations[:-1], 1):
        files |= _files(one, f".{number}")
    return files


def _files(keys: KeyGeneration, mark: str) -> dict[str, str]:
    files = {f"log{mark}.vkey": keys.log.verifier.vkey}
    if keys.ml_dsa is not None:
        files[f"log-ml-dsa{mark}.vkey"] = keys.ml_dsa.verifier.vkey
    return files | {f"receipts{mark}.vkey": keys.receipts.verifier.vkey}
