"""A pending entry that follows none of its item: one row that might end a history for ever."""

from custody.events import LOG_ITEM, clip_item
from custody.log.canonical import MAX_INTEGER
from custody.log.entry import ActorSnapshot, Entry
from custody.log.merkle import hash_leaf
from custody.publishing.sequencer import pending_count
from custody.tables import log_entries
from tests.tamper.worlds import World

_ACTOR = ActorSnapshot("mallory", "admin", "password", "10.0.0.9")


def put_far_ahead(world: World) -> None:
    """With the last number there is, on a clip and on the log itself."""
    now = world.services.clock.now()
    for item, kind in ((LOG_ITEM, "log.read"), (clip_item(world.clip_ids[0]), "clip.viewed")):
        entry = Entry(kind, item, MAX_INTEGER, "0" * 64, now, _ACTOR, "ok", {}, None).encode()
        with world.services.database.write() as tx:
            tx.execute(
                log_entries.insert().values(
                    leaf_hash=hash_leaf(entry),
                    entry=entry,
                    kind=kind,
                    item=item,
                    item_seq=MAX_INTEGER,
                    actor_id=_ACTOR.id,
                    at=now,
                )
            )
    # Neither gets a number, so whoever takes them out has mended both histories.
    world.publish()
    with world.services.database.read() as tx:
        assert pending_count(tx) == 2
