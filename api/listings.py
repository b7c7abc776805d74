"""A list of clips about to be shown: logged first, with or without their pictures."""

import logging
from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError

from api.services import Services
from custody.access import Right, allows
from custody.actors import Actor
from custody.viewings import Grant, note_listing, open_listing

_logger = logging.getLogger(__name__)


def log_listing(
    services: Services, actor: Actor, clip_ids: Sequence[str], query: str
) -> Grant | None:
    """Append ``clips.listed``, in a transaction of its own; the grant of the pictures, or None.

    None where there is nothing to see, for a role that sees no footage, and where the table of
    grants takes no row because somebody altered it or the one it refers to: what is written of the
    clips shows all the same, their pictures do not.
    """
    if clip_ids and allows(actor.role, Right.SEE_FOOTAGE):
        try:
            with services.database.write() as tx:
                return open_listing(tx, services.ledger, services.clock, actor, clip_ids, query)
        except DBAPIError as error:
            _logger.warning("a list goes without its pictures: %s", error.orig)
    with services.database.write() as tx:
        note_listing(tx, services.ledger, actor, clip_ids, query)
    return None
