"""Actors and clips for tests that need some: alice decides, bob administers, charlie carries."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy.engine import Connection

from custody.actors import Actor, Role, Via
from custody.clips import Clip, NewClip, admit
from custody.events import EventKind
from custody.ledger import Event, Ledger

ALICE = Actor("018f-alice", Role.LEGAL, Via.PASSWORD, "127.0.0.1", "alice")
BOB = Actor("018f-bob", Role.ADMIN, Via.PASSWORD, "127.0.0.1", "bob")
STATION = Actor("018f-station", Role.STATION, Via.STATION_KEY, "10.0.0.7")


def new_clip(seed: str, **changes: object) -> NewClip:
    """A clip whose bytes are ``seed``."""
    sha256 = hashlib.sha256(seed.encode()).hexdigest()
    name = f"{seed}.mp4"
    clip = NewClip(
        sha256=sha256,
        sm3=sha256[::-1],
        size_bytes=len(seed),
        object_key=f"originals/{sha256}",
        name=name,
        name_raw=name.encode(),
    )
    return replace(clip, **changes)  # type: ignore[arg-type]


def admit_clip(tx: Connection, ledger: Ledger, seed: str, **changes: object) -> Clip:
    clip, _ = admit(tx, ledger, STATION, new_clip(seed, **changes))
    return clip


def append_events(tx: Connection, ledger: Ledger, items: Iterable[str]) -> None:
    """One small event for each of ``items``, in their order."""
    ledger.append_many(
        tx, ALICE, [Event(EventKind.LOG_READ, item, {"n": n}) for n, item in enumerate(items)]
    )
