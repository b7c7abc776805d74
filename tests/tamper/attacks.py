"""What an insider with every right on the machine but the keys might do: each a small function."""

import json
import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from api.auth.tables import users
from custody.cases import NewCase, change_case, get_case
from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.entry import Entry, canonical_json, commit_details
from custody.log.merkle import hash_leaf
from custody.log.note import generate, sign_note
from custody.object_keys import CHECKPOINT_KEY, original_key
from custody.tables import (
    access_grants,
    case_officers,
    cases,
    checkpoints,
    clip_names,
    clips,
    links,
    log_entries,
    log_state,
    receipts,
    renditions,
)
from tests.tamper.worlds import LEGAL, MISTYPED_NUMBER, World

Attack = Callable[[World], None]


# --- bytes ---------------------------------------------------------------------------------------


def object_path(world: World, key: str) -> Path:
    return world.objects / key


def overwrite(path: Path, data: bytes) -> None:
    """As root would: whatever the mode."""
    path.chmod(0o600)
    path.write_bytes(data)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    overwrite(path, bytes(data))


def original(world: World, number: int = 0) -> Path:
    with world.services.database.read() as tx:
        sha256 = tx.scalar(sa.select(clips.c.sha256).where(clips.c.id == world.clip_ids[number]))
    assert sha256 is not None
    return object_path(world, original_key(sha256))


def proxy(world: World) -> Path:
    with world.services.database.read() as tx:
        return object_path(world, str(tx.scalar(sa.select(renditions.c.object_key))))


def flip_a_byte(world: World) -> None:
    flip(original(world), 1234)


def other_bytes_of_same_size(world: World) -> None:
    path = original(world)
    overwrite(path, b"\xff" * path.stat().st_size)


def cut_the_original(world: World) -> None:
    path = original(world)
    overwrite(path, path.read_bytes()[:-1])


def delete_the_original(world: World) -> None:
    original(world).unlink()


def flip_the_proxy(world: World) -> None:
    flip(proxy(world), 0)


def lengthen_the_proxy(world: World) -> None:
    overwrite(proxy(world), proxy(world).read_bytes() + b"!")


def delete_the_proxy(world: World) -> None:
    proxy(world).unlink()


def put_an_unknown_object(prefix: str, age_s: float) -> Attack:
    def attack(world: World) -> None:
        key = f"{prefix}/aa/bb/{'ab' * 32}"
        world.services.store.put_bytes(key, b"nobody's")
        moment = time.time() - age_s
        os.utime(object_path(world, key), (moment, moment))

    return attack


def forget_what_was_signed(world: World) -> None:
    signer_state(world).unlink()


def remember_an_older_checkpoint(world: World) -> None:
    size = older_size(world)
    note = object_path(world, f"log/checkpoints/{size:012}").read_text()
    root = open_checkpoint(note, world.services.keys.log.verifier).root
    state = {"size": size, "root": root.hex(), "note": note}
    signer_state(world).write_text(json.dumps(state))


def garble_what_was_signed(world: World) -> None:
    signer_state(world).write_text("{")


def signer_state(world: World) -> Path:
    return world.services.config.keys_folder / "signer-state.json"


# --- rows of the evidence ------------------------------------------------------------------------


def update(world: World, table: sa.Table, where: Any, **values: Any) -> None:
    with world.services.database.write() as tx:
        assert tx.execute(table.update().where(where).values(**values)).rowcount > 0


def edit_clip(column: str, value: Any) -> Attack:
    def attack(world: World) -> None:
        update(world, clips, clips.c.id == world.clip_ids[0], **{column: value})

    return attack


def insert_clip_without_entry(world: World) -> None:
    with world.services.database.write() as tx:
        row = tx.execute(sa.select(clips).where(clips.c.id == world.clip_ids[0])).mappings().one()
        tx.execute(clips.insert().values(**{**row, "id": "ffffffff", "sha256": "f" * 64}))


def delete_clip_row(world: World) -> None:
    clip_id = world.clip_ids[2]
    with world.services.database.write() as tx:
        tx.execute(sa.text("DELETE FROM clip_work WHERE clip_id = :id"), {"id": clip_id})
        tx.execute(receipts.delete().where(receipts.c.clip_id == clip_id))
        tx.execute(clips.delete().where(clips.c.id == clip_id))


def edit_rendition(column: str, value: Any) -> Attack:
    def attack(world: World) -> None:
        update(world, renditions, renditions.c.clip_id == world.clip_ids[0], **{column: value})

    return attack


def delete_rendition_row(world: World) -> None:
    with world.services.database.write() as tx:
        tx.execute(renditions.delete())


def insert_rendition(world: World) -> None:
    with world.services.database.write() as tx:
        row = tx.execute(sa.select(renditions)).mappings().one()
        tx.execute(renditions.insert().values(**{**row, "id": "f" * 36, "kind": "poster"}))


def edit_name_bytes(world: World) -> None:
    with world.services.database.write() as tx:
        tx.execute(clip_names.update().values(name_raw=b"harmless.mp4"))


def insert_name(world: World) -> None:
    with world.services.database.write() as tx:
        row = dict(tx.execute(sa.select(clip_names)).mappings().one())
        row |= {"id": "0" * 36, "clip_id": world.clip_ids[0]}
        tx.execute(clip_names.insert().values(row))


def insert_user(world: World) -> None:
    with world.services.database.write() as tx:
        values = tx.execute(sa.select(users)).mappings().one()
        tx.execute(users.insert().values(**{**values, "id": "f" * 36, "name": "mallory"}))


def delete_station(world: World) -> None:
    with world.services.database.write() as tx:
        tx.execute(sa.text("DELETE FROM dock_sessions"))
        tx.execute(sa.text("DELETE FROM stations"))


def insert_grant(world: World) -> None:
    with world.services.database.write() as tx:
        row = tx.execute(sa.select(access_grants).where(access_grants.c.kind == "viewing"))
        values = {**row.mappings().one(), "id": "f" * 36, "clip_ids": sa.null()}
        tx.execute(access_grants.insert().values(**values))


def extend_grant(world: World) -> None:
    """A viewing that has ended goes on for as long as its owner likes."""
    end = datetime(2099, 1, 1, tzinfo=UTC)
    update(world, access_grants, access_grants.c.kind == "viewing", expires_at=end)


def move_grant(world: World) -> None:
    update(world, access_grants, access_grants.c.kind == "viewing", clip_id=world.clip_ids[1])


def relink_to_other_stage(world: World) -> None:
    update(world, links, links.c.clip_id == world.clip_ids[0], stage="enforcement")


def relink_to_other_clip(world: World) -> None:
    update(world, links, links.c.clip_id == world.clip_ids[0], clip_id=world.clip_ids[2])


def delete_link(world: World) -> None:
    with world.services.database.write() as tx:
        tx.execute(links.delete().where(links.c.clip_id == world.clip_ids[0]))


def unlink_unseen(world: World) -> None:
    moment = world.services.clock.now()
    where = links.c.clip_id == world.clip_ids[0]
    update(world, links, where, unlinked_at=moment, unlinked_by="x")


def delete_links(world: World) -> None:
    """Every link of the case: nothing in its rows says that it ever had a clip."""
    with world.services.database.write() as tx:
        tx.execute(links.delete())


def swap_recordings(world: World) -> None:
    """The rows of the first and the third clip name each other's bytes."""
    first, _, third = world.clip_ids
    names = ("sha256", "sm3", "size_bytes", "object_key")
    with world.services.database.write() as tx:
        of = {
            clip_id: tx.execute(
                sa.select(*(clips.c[name] for name in names)).where(clips.c.id == clip_id)
            )
            .mappings()
            .one()
            for clip_id in (first, third)
        }
        # No two rows may name the same bytes, not for a moment either.
        for clip_id, values in (
            (third, {"sha256": "0" * 64}),
            (first, of[third]),
            (third, of[first]),
        ):
            tx.execute(clips.update().where(clips.c.id == clip_id).values(**values))


def edit_case_title(world: World) -> None:
    update(world, cases, cases.c.id == world.case_id, title="没有这回事")


def edit_case_officer(world: World) -> None:
    update(world, case_officers, case_officers.c.officer == "JX0227", officer="JX9999")


def undo_case_change(world: World) -> None:
    """The party as it was before ``case.changed``."""
    update(world, cases, cases.c.id == world.case_id, party="某某商行")


def undo_case_number(world: World) -> None:
    update(world, cases, cases.c.id == world.case_id, number=MISTYPED_NUMBER)


def restore_removed_officer(world: World) -> None:
    with world.services.database.write() as tx:
        tx.execute(case_officers.insert().values(case_id=world.case_id, officer="000001"))


def edit_case_and_let_it_be_saved(world: World) -> None:
    """Edit the row unseen, and let the next honest change take the edit along into its entry."""
    services = world.services
    edit_case_title(world)
    with services.database.write() as tx:
        case = get_case(tx, world.case_id)
        new = NewCase(
            case.number, case.procedure, case.title, "另一家商行", case.occurred_on, case.officers
        )
        _, changed = change_case(tx, services.ledger, LEGAL, case.id, new)
    assert changed == ("party",)
    world.publish()


def insert_case(world: World) -> None:
    with world.services.database.write() as tx:
        row = tx.execute(sa.select(cases)).mappings().one()
        tx.execute(cases.insert().values(**{**row, "id": "f" * 36, "number": "x"}))


def forge_receipt(world: World) -> None:
    """Another clip's receipt, which is properly signed."""
    first, second = world.clip_ids[:2]
    with world.services.database.write() as tx:
        body = tx.scalar(sa.select(receipts.c.body).where(receipts.c.clip_id == second))
        tx.execute(receipts.update().where(receipts.c.clip_id == first).values(body=body))


def edit_receipt(world: World) -> None:
    first = world.clip_ids[0]
    with world.services.database.write() as tx:
        body = str(tx.scalar(sa.select(receipts.c.body).where(receipts.c.clip_id == first)))
        body = body.replace('"size_bytes":50000', '"size_bytes":50009')
        tx.execute(receipts.update().where(receipts.c.clip_id == first).values(body=body))


def date_receipt_back(world: World) -> None:
    first = world.clip_ids[0]
    moment = world.services.clock.now() - timedelta(seconds=1)
    update(world, receipts, receipts.c.clip_id == first, issued_at=moment)


def move_receipt(world: World) -> None:
    """The first clip's receipt lies beside the third, whose own is gone."""
    first, _, third = world.clip_ids
    with world.services.database.write() as tx:
        tx.execute(receipts.delete().where(receipts.c.clip_id == third))
    update(world, receipts, receipts.c.clip_id == first, clip_id=third)


def move_receipt_to_no_clip(clip_id: str) -> Attack:
    """Past the foreign key, as whoever has the file can."""

    def attack(world: World) -> None:
        database = world.services.database
        with database.engine.connect() as connection:
            if database.is_sqlite:
                connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
                connection.connection.detach()  # for this connection alone
            else:
                connection.execute(sa.text("SET session_replication_role = 'replica'"))
            move = receipts.update().where(receipts.c.clip_id == world.clip_ids[0])
            assert connection.execute(move.values(clip_id=clip_id)).rowcount == 1
            if not database.is_sqlite:
                connection.execute(sa.text("SET session_replication_role = 'origin'"))
            connection.commit()

    return attack


# --- rows of the log -----------------------------------------------------------------------------


def index_of(world: World, kind: str, clip: int | None = 0) -> int:
    query = sa.select(sa.func.min(log_entries.c.idx)).where(log_entries.c.kind == kind)
    if clip is not None:
        query = query.where(log_entries.c.item == f"clip:{world.clip_ids[clip]}")
    with world.services.database.read() as tx:
        index = tx.scalar(query)
    assert index is not None
    return int(index)


def rewrite(world: World, index: int, **changes: Any) -> None:
    """Replace an entry by a well-formed other one, with the leaf hash and details that fit it."""
    with world.services.database.write() as tx:
        row = tx.execute(sa.select(log_entries).where(log_entries.c.idx == index)).one()
        value = json.loads(bytes(row.entry))
        details = json.loads(row.details)
        details |= changes.pop("details", {})
        value["facts"] |= changes.pop("facts", {})
        value |= changes
        value["commitment"] = commit_details(details, bytes(row.salt))
        entry = canonical_json(value)
        Entry.decode(entry)
        tx.execute(
            log_entries.update()
            .where(log_entries.c.idx == index)
            .values(
                entry=entry,
                leaf_hash=hash_leaf(entry),
                details=canonical_json(details).decode(),
                kind=value["kind"],
                actor_id=value["actor"]["id"],
            )
        )


def rewrite_an_entry(world: World) -> None:
    """The purpose of a viewing, and everything that depends on it in the row."""
    rewrite(world, index_of(world, "clip.opened"), details={"purpose": "好奇"})


def rewrite_admission_and_row(world: World) -> None:
    """Other bytes with their entry, their row and their object: consistent but for the tree."""
    index, digest = index_of(world, "clip.admitted"), "0" * 64
    rewrite(world, index, facts={"sha256": digest})
    edit_clip("sha256", digest)(world)


def flip_entry_byte(world: World) -> None:
    index = index_of(world, "clip.state_changed")
    with world.services.database.read() as tx:
        entry = tx.scalar(sa.select(log_entries.c.entry).where(log_entries.c.idx == index))
    assert entry is not None
    changed = bytes(entry).replace(b'"ready"', b'"reads"')
    update(world, log_entries, log_entries.c.idx == index, entry=changed)


def edit_leaf_hash(world: World) -> None:
    index = index_of(world, "clip.opened")
    update(world, log_entries, log_entries.c.idx == index, leaf_hash=bytes(32))


def edit_kind_column(world: World) -> None:
    index = index_of(world, "clip.downloaded")
    update(world, log_entries, log_entries.c.idx == index, kind="clip.listed")


def edit_details(world: World) -> None:
    index = index_of(world, "clip.opened")
    details = canonical_json({"purpose": "好奇"}).decode()
    update(world, log_entries, log_entries.c.idx == index, details=details)


def delete_details(world: World) -> None:
    index = index_of(world, "clip.opened")
    update(world, log_entries, log_entries.c.idx == index, details=None, salt=None)


def delete_entry(world: World) -> None:
    index = index_of(world, "clip.opened")
    with world.services.database.write() as tx:
        tx.execute(log_entries.delete().where(log_entries.c.idx == index))


def delete_clip_exported(world: World) -> None:
    """As if the clip had never been copied out in a bag."""
    index = index_of(world, "clip.exported")
    with world.services.database.write() as tx:
        tx.execute(log_entries.delete().where(log_entries.c.idx == index))


def hide_clip_exported(world: World) -> None:
    """The bag of another case, in a row that is consistent in itself."""
    rewrite(world, index_of(world, "clip.exported"), facts={"case": "f" * 32})


def move_clip_exported(world: World) -> None:
    """Only where the bag was put."""
    index = index_of(world, "clip.exported")
    update(world, log_entries, log_entries.c.idx == index, details='{"destination":"/elsewhere"}')


def delete_entry_and_close_the_gap(world: World) -> None:
    index = index_of(world, "clip.opened")
    with world.services.database.write() as tx:
        tx.execute(log_entries.delete().where(log_entries.c.idx == index))
        for wanted in tx.scalars(
            sa.select(log_entries.c.idx)
            .where(log_entries.c.idx > index)
            .order_by(log_entries.c.idx)
        ).all():
            tx.execute(
                log_entries.update().where(log_entries.c.idx == wanted).values(idx=wanted - 1)
            )
        tx.execute(log_state.update().values(sequenced=log_state.c.sequenced - 1))


def swap_entries(world: World) -> None:
    one, other = index_of(world, "clip.opened"), index_of(world, "clip.downloaded")
    with world.services.database.write() as tx:
        for old, new in ((one, -1), (other, one), (-1, other)):
            tx.execute(log_entries.update().where(log_entries.c.idx == old).values(idx=new))


def published_size(world: World) -> int:
    with world.services.database.read() as tx:
        return int(tx.scalar(sa.select(sa.func.max(checkpoints.c.size))) or 0)


def older_size(world: World) -> int:
    with world.services.database.read() as tx:
        sizes = tx.scalars(sa.select(checkpoints.c.size).order_by(checkpoints.c.size)).all()
    return int(sizes[-2])


def cut_rows(world: World) -> None:
    size = older_size(world)
    with world.services.database.write() as tx:
        tx.execute(log_entries.delete().where(log_entries.c.idx >= size))
        tx.execute(log_state.update().values(sequenced=size, integrated=size))


def cut_rows_and_checkpoint_rows(world: World) -> None:
    size = older_size(world)
    cut_rows(world)
    with world.services.database.write() as tx:
        tx.execute(checkpoints.delete().where(checkpoints.c.size > size))


def cut_and_show_older_checkpoint(world: World) -> None:
    size = older_size(world)
    cut_rows_and_checkpoint_rows(world)
    archived = object_path(world, f"log/checkpoints/{size:012}")
    overwrite(object_path(world, CHECKPOINT_KEY), archived.read_bytes())


def cut_everything_but_the_signer(world: World) -> None:
    """Rows, checkpoint rows, pointer, archive and every tile: the log of an older day."""
    size, newest = older_size(world), published_size(world)
    cut_and_show_older_checkpoint(world)
    object_path(world, f"log/checkpoints/{newest:012}").unlink()
    for width in {newest % 256}:
        for path in (world.objects / "log/tile").rglob(f"*.p/{width}"):
            path.unlink()
    assert size < newest


def wind_the_tile_counter_back(world: World) -> None:
    """Nothing would be published any more, and what is not published is not signed."""
    update(world, log_state, log_state.c.id == 1, integrated=-1)


def edit_counter(world: World) -> None:
    update(world, log_state, log_state.c.id == 1, sequenced=log_state.c.sequenced + 3)


# --- cells of another type -----------------------------------------------------------------------


def execute(statement: str) -> Attack:
    """A statement with ``:clip`` and ``:entry``: the first clip, and where it was opened."""

    def attack(world: World) -> None:
        values = {"clip": world.clip_ids[0], "entry": index_of(world, "clip.opened")}
        used = {name: value for name, value in values.items() if f":{name}" in statement}
        with world.services.database.write() as tx:
            assert tx.execute(sa.text(statement), used).rowcount > 0

    return attack


# --- the published log ---------------------------------------------------------------------------


def flip_full_tile(world: World) -> None:
    flip(object_path(world, "log/tile/0/000"), 40 * 32)


def delete_full_tile(world: World) -> None:
    object_path(world, "log/tile/0/001").unlink()


def flip_upper_tile(world: World) -> None:
    flip(object_path(world, "log/tile/1/000.p/2"), 3)


def old_partial(world: World, sort: str) -> Path:
    """The oldest partial tile or bundle: ``tile/0`` or ``tile/entries``."""
    folder = world.objects / "log" / sort / "000.p"
    return min(folder.iterdir(), key=lambda path: int(path.name))


def flip_old_partial_tile(world: World) -> None:
    flip(old_partial(world, "tile/0"), 5)


def flip_old_partial_bundle(world: World) -> None:
    flip(old_partial(world, "tile/entries"), 50)


def flip_bundle(world: World) -> None:
    flip(object_path(world, "log/tile/entries/000"), 100)


def delete_bundle(world: World) -> None:
    object_path(world, "log/tile/entries/001").unlink()


def rewrite_row_and_tile(world: World) -> None:
    """The row and its hash in the tile; the bundle and the tile above still tell."""
    index = index_of(world, "clip.opened")
    rewrite_an_entry(world)
    with world.services.database.read() as tx:
        leaf = tx.scalar(sa.select(log_entries.c.leaf_hash).where(log_entries.c.idx == index))
    assert leaf is not None
    path = object_path(world, "log/tile/0/000")
    data = path.read_bytes()
    overwrite(path, data[: index * 32] + bytes(leaf) + data[(index + 1) * 32 :])


def foreign_checkpoint(world: World) -> None:
    """Size and root are right, the key is not."""
    path = object_path(world, CHECKPOINT_KEY)
    verifier = world.services.keys.log.verifier
    checkpoint = open_checkpoint(path.read_bytes(), verifier)
    overwrite(path, sign_note(checkpoint.encode(), [generate(verifier.name)]).encode())


def delete_checkpoint(world: World) -> None:
    object_path(world, CHECKPOINT_KEY).unlink()


def show_older_checkpoint(world: World) -> None:
    archived = object_path(world, f"log/checkpoints/{older_size(world):012}")
    overwrite(object_path(world, CHECKPOINT_KEY), archived.read_bytes())


def sign_another_tree(world: World) -> None:
    """With the log's own key, as a thief of it could: an archived size gets another root."""
    size = older_size(world)
    keys = world.services.keys
    forged = Checkpoint(keys.log.name, size, hash_leaf(b"another history"))
    path = object_path(world, f"log/checkpoints/{size:012}")
    overwrite(path, sign_note(forged.encode(), [keys.log]).encode())


def delete_archived_checkpoint(world: World) -> None:
    object_path(world, f"log/checkpoints/{older_size(world):012}").unlink()


def delete_checkpoint_row(world: World) -> None:
    with world.services.database.write() as tx:
        tx.execute(checkpoints.delete().where(checkpoints.c.size == older_size(world)))


def remove_the_whole_log(world: World) -> None:
    """Rows, tiles and checkpoints; the signer remembers."""
    with world.services.database.write() as tx:
        for table in (log_entries, checkpoints, log_state):
            tx.execute(table.delete())
    shutil.rmtree(world.objects / "log")
