"""Where things lie in the object store. Keys are made of digests and ids, never of names.

What the log is made of lies under ``log/``, as outsiders copy it.
"""

import re

#: What the configuration may call a time-stamping authority: it stands in the log and in keys.
AUTHORITY_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
#: The log as its mirrors see it.
LOG_PREFIX = "log/"


def original_key(sha256: str) -> str:
    """An original, under its own digest: the same bytes can't lie there twice."""
    return f"originals/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def rendition_key(clip_id: str, kind: str, sha256: str) -> str:
    return f"renditions/{clip_id}/{kind}/{sha256}"


#: The newest checkpoint; the only key in the house whose object is ever replaced.
CHECKPOINT_KEY = "log/checkpoint"


def log_key(path: str) -> str:
    """A path of the log as C2SP names it (``tile/…``, ``checkpoint``)."""
    return f"log/{path}"


#: Every checkpoint that was published.
CHECKPOINT_ARCHIVE = "log/checkpoints/"


def checkpoint_archive_key(size: int) -> str:
    """A checkpoint as it was published; twelve digits, so that keys sort by size."""
    return f"{CHECKPOINT_ARCHIVE}{size:012}"


#: Cosignatures are filed beside the checkpoints they are on.
COSIGNATURE_PREFIX = "log/cosignatures/"


def cosignature_key(size: int, key_id: str) -> str:
    """A copy of an archived checkpoint with one cosignature (``key_id``: of its key) under it."""
    return f"{COSIGNATURE_PREFIX}{size:012}/{key_id}"


def timestamp_key(size: int, authority: str) -> str:
    """What an authority answered about the checkpoint of ``size`` entries (RFC 3161)."""
    return f"log/timestamps/{size:012}/{authority}.tsr"
