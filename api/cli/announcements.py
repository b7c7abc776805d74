"""What the service says of itself in its log: that it started, and with which keys."""

import logging

from api.services import Services
from custody.actors import Actor
from custody.events import LOG_ITEM, SERVICE_ITEM, EventKind
from custody.key_rows import is_announced
from custody.ledger import Event
from custody.log.key_entries import facts_of_announcement
from custody.publishing.key_files import is_public

_log = logging.getLogger(__name__)


def announce_keys(services: Services, actor: Actor) -> bool:
    """Append ``key.announced`` for the first keys, signed by them, unless that was done before.

    Those that follow are announced as they are made. Beside a signer of its own the server has no
    key to sign it with: then the log goes without until the keys are here for once.
    """
    keys = services.keys.first
    if len(services.keys.generations) > 1 or keys.ml_dsa is None:
        return False
    with services.database.write() as tx:
        if is_announced(tx, keys.key_set):
            return False
        if is_public(keys.log) or is_public(keys.ml_dsa):
            _log.warning(
                "the log's keys stand in no entry: run `liuhen init` once with the keys at hand"
            )
            return False
        facts = facts_of_announcement(keys.key_set, keys.log, keys.ml_dsa)
        services.ledger.append(tx, actor, Event(EventKind.KEY_ANNOUNCED, LOG_ITEM, facts))
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
