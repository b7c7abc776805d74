"""What the service says of itself in its log: that it started, and with which keys."""

import sqlalchemy as sa

from api.services import Services
from custody.actors import Actor
from custody.events import LOG_ITEM, SERVICE_ITEM, EventKind
from custody.ledger import Event
from custody.log.entry import Entry, Json
from custody.tables import log_entries


def announce_keys(services: Services, actor: Actor) -> bool:
    """Append ``key.announced`` for the keys in use, unless they were announced before."""
    facts: dict[str, Json] = {
        "log_key": services.keys.log.verifier.vkey,
        "receipt_key": services.keys.receipts.verifier.vkey,
    }
    kind = EventKind.KEY_ANNOUNCED
    with services.database.write() as tx:
        known = tx.scalars(sa.select(log_entries.c.entry).where(log_entries.c.kind == kind.value))
        if any(Entry.decode(bytes(entry)).facts == facts for entry in known):
            return False
        services.ledger.append(tx, actor, Event(kind, LOG_ITEM, facts))
    return True


def announce_start(services: Services, actor: Actor, version: str) -> None:
    """Append ``service.started``; where it listens is in the details."""
    config = services.config
    event = Event(
        EventKind.SERVICE_STARTED,
        SERVICE_ITEM,
        {"version": version, "origin": config.origin},
        {"host": config.host, "port": config.port},
    )
    with services.database.write() as tx:
        services.ledger.append(tx, actor, event)
