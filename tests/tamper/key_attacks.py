"""What the server's keys make possible: history made anew, with every hash and signature right."""

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from custody.actors import Actor, Role, Via
from custody.events import EventKind
from custody.ledger import Event, Ledger, build_row
from custody.log.canonical import canonical_json, parse_time
from custody.log.checkpoint import Checkpoint
from custody.log.merkle import hash_leaf, root_of
from custody.log.note import sign_note
from custody.log.receipt import Receipt, sign_receipt
from custody.log.tile_writer import extend_bundles, extend_tiles
from custody.object_keys import CHECKPOINT_KEY, checkpoint_archive_key, log_key
from custody.tables import access_grants, checkpoints, log_entries, receipts
from ingest.receipts import make_receipt
from tests.tamper.attacks import (
    cut_everything_but_the_signer,
    index_of,
    object_path,
    remember_an_older_checkpoint,
    rewrite,
    signer_state,
)
from tests.tamper.later_attacks import Copy, go_on
from tests.tamper.worlds import LEGAL, World

Keep = Callable[[], None]

SOMEBODY_ELSE = "b7b0a7f0-0000-7000-8000-00000000000f"
YEARS = timedelta(days=3650)


# --- history made anew ---------------------------------------------------------------------------


def rewrite_history(world: World, keep: Keep) -> None:
    """Somebody else looked at the first clip, and always had."""
    keep()
    become_another_history(world)


def rewrite_history_and_go_on(world: World, keep: Keep) -> None:
    """The same, and the log grows past what was seen of it."""
    keep()
    become_another_history(world)
    go_on(world)


def become_another_history(world: World) -> None:
    _rewrite_rows(world)
    _sign_anew(world)


def rewrite_without_the_key(world: World) -> None:
    """Rows, tiles and bundles of the other history; no note of it can be signed."""
    _rewrite_rows(world)
    grow_anew(world)


def grow_anew(world: World) -> None:
    """The tiles and bundles of every published size out of the rows as they are now."""
    entries, sizes = _entries(world), _sizes(world)
    shutil.rmtree(world.objects / "log" / "tile")
    for old, new in zip([0, *sizes], sizes, strict=False):
        grow(world, old, entries[:new])


def _rewrite_rows(world: World) -> None:
    index = index_of(world, "clip.opened")
    before = _entries(world)[index]
    actor = json.loads(before)["actor"] | {"id": SOMEBODY_ELSE}
    rewrite(world, index, actor=actor, details={"actor_name": "mallory"})
    with world.services.database.write() as tx:
        viewings = access_grants.c.kind == "viewing"
        tx.execute(access_grants.update().where(viewings).values(actor_id=SOMEBODY_ELSE))
    renamed = {hash_leaf(before).hex(): hash_leaf(_entries(world)[index]).hex()}
    _follow_up(world, index, renamed)


def _sizes(world: World) -> list[int]:
    with world.services.database.read() as tx:
        return list(tx.scalars(sa.select(checkpoints.c.size).order_by(checkpoints.c.size)))


def _entries(world: World) -> list[bytes]:
    """The numbered entries."""
    query = sa.select(log_entries.c.entry).where(log_entries.c.idx.is_not(None))
    with world.services.database.read() as tx:
        return [bytes(one) for one in tx.scalars(query.order_by(log_entries.c.idx))]


def _follow_up(world: World, index: int, renamed: dict[str, str]) -> None:
    """Make every later entry anew that names one whose leaf hash is another now."""
    with world.services.database.write() as tx:
        for later, entry in enumerate(_entries(world)[index + 1 :], index + 1):
            value = json.loads(entry)
            value["item_prev"] = renamed.get(value["item_prev"], value["item_prev"])
            made = canonical_json(value)
            if made == entry:
                continue
            renamed[hash_leaf(entry).hex()] = hash_leaf(made).hex()
            tx.execute(
                log_entries.update()
                .where(log_entries.c.idx == later)
                .values(entry=made, leaf_hash=hash_leaf(made))
            )


def _sign_anew(world: World) -> None:
    """Tiles, bundles and checkpoints of every published size, receipts, the signer's memory."""
    services, entries, sizes = world.services, _entries(world), _sizes(world)
    shutil.rmtree(world.objects / "log")
    for old, new in zip([0, *sizes], sizes, strict=False):
        grow(world, old, entries[:new])
        checkpoint = Checkpoint(
            services.keys.log.name, new, root_of([hash_leaf(one) for one in entries[:new]])
        )
        note = sign_note(checkpoint.encode(), [services.keys.log])
        for key in (checkpoint_archive_key(new), CHECKPOINT_KEY):
            _put(world, key, note.encode())
        state = {"size": new, "root": checkpoint.root.hex(), "note": note}
        signer_state(world).write_text(json.dumps(state))
        with services.database.write() as tx:
            row = checkpoints.update().where(checkpoints.c.size == new)
            tx.execute(row.values(root=checkpoint.root, note=note))
    with services.database.write() as tx:
        for clip_id, body in tx.execute(sa.select(receipts.c.clip_id, receipts.c.body)).all():
            issued_at = parse_time(json.loads(str(body).split("\n")[1])["issued_at"])
            made = make_receipt(tx, services.store, services.keys, clip_id, issued_at)
            tx.execute(receipts.update().where(receipts.c.clip_id == clip_id).values(body=made))


def grow(world: World, old: int, entries: list[bytes]) -> None:
    """Tiles and bundles of the ``entries``, of which those up to ``old`` have theirs."""

    def fetch(path: str) -> bytes:
        return object_path(world, log_key(path)).read_bytes()

    leaves = [hash_leaf(entry) for entry in entries]
    for path, data in (
        *extend_bundles(fetch, old, entries[old:]),
        *extend_tiles(fetch, old, leaves[old:]),
    ):
        _put(world, log_key(path), data)


def _put(world: World, key: str, data: bytes) -> None:
    path = object_path(world, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


# --- an older day --------------------------------------------------------------------------------


def cut_the_tail(world: World, keep: Keep) -> None:
    """The newest entries: rows, tiles, checkpoints, and the signer's memory of them."""
    go_on(world, "to be forgotten")
    keep()
    remember_an_older_checkpoint(world)
    cut_everything_but_the_signer(world)


def put_everything_back(world: World, keep: Keep) -> None:
    """Rows, objects and the signer's memory, each of the same older day."""
    copy = Copy(world)
    go_on(world, "to be forgotten")
    keep()
    copy.put_back_rows()
    copy.put_back_files()


def put_everything_back_and_go_on(world: World, keep: Keep) -> None:
    """The older day goes on another way, past what was seen of the log."""
    put_everything_back(world, keep)
    for reason in ("another way", "and further"):
        go_on(world, reason)


# --- single words --------------------------------------------------------------------------------


def append_a_backdated_entry(world: World) -> int:
    """Made up today, with a time of long ago; its index once it is published."""
    clock = world.services.clock

    class Slow:
        def now(self) -> datetime:
            return clock.now() - YEARS

    read = Event(EventKind.LOG_READ, "user:mallory", {"first": 0}, {"filter": "long ago"})
    with world.services.database.write() as tx:
        Ledger(Slow()).append(tx, Actor("mallory", Role.LEGAL, Via.PASSWORD, "x"), read)
    return world.publish() - 1


def made_up_receipt(world: World) -> str:
    """For a recording that was never admitted: under a signed tree that has its entry alone."""
    keys = world.services.keys
    digest = "0" * 64
    clip_id = "00000000-0000-7000-8000-000000000000"
    event = Event(
        EventKind.CLIP_ADMITTED,
        f"clip:{clip_id}",
        {"clip": clip_id, "sha256": digest, "sm3": digest, "size_bytes": 1},
        {"name": "made up.mp4"},
    )
    moment = world.services.clock.now()
    row = build_row(LEGAL, event, moment, None)
    tree = Checkpoint(keys.log.name, 1, row.leaf_hash)
    assert row.salt is not None
    return sign_receipt(
        Receipt(
            clip_id=clip_id,
            sha256=digest,
            sm3=digest,
            size_bytes=1,
            origin=keys.log.name,
            index=0,
            entry=row.entry,
            salt=row.salt,
            details=json.loads(str(row.details)),
            checkpoint=sign_note(tree.encode(), [keys.log]),
            proof=[],
            issued_at=moment,
        ),
        keys.receipts,
    )


def put_a_made_up_receipt(world: World) -> None:
    """In the place of the first clip's own."""
    with world.services.database.write() as tx:
        own = receipts.update().where(receipts.c.clip_id == world.clip_ids[0])
        tx.execute(own.values(body=made_up_receipt(world)))
