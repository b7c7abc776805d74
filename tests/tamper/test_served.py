"""Whatever a row was made to say, under a viewing of one clip nothing else leaves the house."""

import hashlib

import httpx
import pytest
import sqlalchemy as sa

from api.web.locale import translate
from custody.events import EventKind
from custody.history import history_of
from custody.object_keys import CHECKPOINT_KEY
from custody.renditions import NewRendition, add_rendition
from tests.tamper.worlds import OPERATOR, World

#: What an insider writes into the row of a rendition or of a clip.
OTHER_BYTES = "object_key = :key, sha256 = :sha256, size_bytes = :size"


def open_clip(clerk: httpx.Client, clip_id: str, way: str = "open") -> str:
    """The id of a new grant."""
    form = {"csrf": clerk.headers["X-Form"], "purpose": "案件审核"}
    answer = clerk.post(f"/clips/{clip_id}/{way}", data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("=")[2]


def execute(world: World, statement: str, **values: object) -> None:
    with world.services.database.write() as tx:
        assert tx.execute(sa.text(statement), values).rowcount == 1


def withheld(world: World, clip_id: str) -> int:
    """How many entries of the clip say that it was not sent."""
    with world.services.database.read() as tx:
        events = history_of(tx, f"clip:{clip_id}")
    return sum(
        event.kind == EventKind.ACCESS_DENIED and event.facts == {"why": "row_altered"}
        for event in events
    )


def other_original(world: World) -> dict[str, object]:
    with world.services.database.read() as tx:
        row = tx.execute(
            sa.text("SELECT object_key, sha256, size_bytes FROM clips WHERE id = :id"),
            {"id": world.clip_ids[1]},
        ).one()
    return {"key": row.object_key, "sha256": row.sha256, "size": row.size_bytes}


def refused(answer: httpx.Response) -> None:
    assert answer.status_code == 409
    assert translate("zh", "error.served_altered.what") in answer.text


def test_nobody_sees_one_recording_under_a_viewing_of_another(
    world: World, clerk: httpx.Client
) -> None:
    clip_id = world.clip_ids[0]
    stream = f"/clips/{clip_id}/stream?viewing={open_clip(clerk, clip_id)}"
    assert clerk.get(stream).content == b"a proxy"
    with world.services.database.read() as tx:
        was = tx.execute(
            sa.text("SELECT object_key, sha256, size_bytes FROM renditions WHERE clip_id = :id"),
            {"id": clip_id},
        ).one()
    swap = f"UPDATE renditions SET {OTHER_BYTES} WHERE clip_id = :id"
    execute(world, swap, id=clip_id, **other_original(world))
    refused(clerk.get(stream))
    execute(world, swap, id=clip_id, key=was.object_key, sha256=was.sha256, size=was.size_bytes)
    assert clerk.get(stream).content == b"a proxy"
    # The row is as it was; that somebody tried stays.
    assert withheld(world, clip_id) == 1


@pytest.mark.parametrize(
    "change",
    [
        f"object_key = '{CHECKPOINT_KEY}'",
        "size_bytes = size_bytes - 1",
        "media_type = 'text/html'",
        "media_type = 'video/ü\u4e00'",
        "media_type = 'video/mp4' || chr(13) || chr(10) || 'X-Evil: 1'",
        "kind = 'poster'",
        "id = 'another'",
        "object_key = '/etc/passwd'",
    ],
)
def test_a_rendition_whose_row_says_otherwise_is_not_sent(
    world: World, clerk: httpx.Client, change: str
) -> None:
    clip_id = world.clip_ids[0]
    viewing = open_clip(clerk, clip_id)
    if world.services.database.is_sqlite:
        change = change.replace("chr(", "char(")
    execute(world, f"UPDATE renditions SET {change} WHERE clip_id = :id", id=clip_id)
    refused(clerk.get(f"/clips/{clip_id}/stream?viewing={viewing}"))
    page = clerk.get(f"/clips/{clip_id}?viewing={viewing}")
    refused(page)
    assert "<video" not in page.text
    assert withheld(world, clip_id) == 2
    assert world.verify().findings


@pytest.mark.parametrize(
    "change",
    [
        "object_key = :key, size_bytes = :size",
        f"object_key = '{CHECKPOINT_KEY}'",
        "object_key = '/etc/passwd'",
        "size_bytes = 10",
        "name = 'another.exe'",
        "media_kind = 'text'",
    ],
)
def test_an_original_whose_row_says_otherwise_is_not_sent(
    world: World, clerk: httpx.Client, change: str
) -> None:
    clip_id = world.clip_ids[0]
    viewing, download = open_clip(clerk, clip_id), open_clip(clerk, clip_id, "download")
    original = f"/clips/{clip_id}/original?download={download}"
    assert clerk.get(original).status_code == 200
    values = other_original(world)
    values = {name: value for name, value in values.items() if f":{name}" in change}
    execute(world, f"UPDATE clips SET {change} WHERE id = :id", id=clip_id, **values)
    refused(clerk.get(original))
    # The page that would show a text, and the form that would hand out anything.
    refused(clerk.get(f"/clips/{clip_id}?viewing={viewing}"))
    form = {"csrf": clerk.headers["X-Form"], "purpose": "案件审核"}
    refused(clerk.post(f"/clips/{clip_id}/download", data=form))
    assert withheld(world, clip_id) == 3


def test_the_small_picture_of_a_list_and_the_sheet_are_held_against_the_log_too(
    world: World, clerk: httpx.Client
) -> None:
    services, clip_id = world.services, world.clip_ids[0]
    made = {}
    for kind in ("poster", "sheet"):
        data = f"a {kind}".encode()
        digest = hashlib.sha256(data).hexdigest()
        made[kind] = NewRendition(
            clip_id, kind, f"renditions/{clip_id}/{kind}/{digest}", digest, len(data),
            "image/jpeg", "ffmpeg",
        )  # fmt: skip
        services.store.put_bytes(made[kind].object_key, data)
        with services.database.write() as tx:
            add_rendition(tx, services.ledger, OPERATOR, made[kind])
    listing = clerk.get("/clips").text.partition("thumbnail?listing=")[2].partition('"')[0]
    pictures = [
        f"/clips/{clip_id}/thumbnail?listing={listing}",
        f"/clips/{clip_id}/renditions/sheet?viewing={open_clip(clerk, clip_id)}",
    ]
    assert [clerk.get(address).status_code for address in pictures] == [200, 200]
    for kind, address in zip(("poster", "sheet"), pictures, strict=True):
        execute(
            world,
            "UPDATE renditions SET object_key = :key WHERE clip_id = :id AND kind = :kind",
            id=clip_id,
            kind=kind,
            key=other_original(world)["key"],
        )
        refused(clerk.get(address))
    assert withheld(world, clip_id) == 2


def test_a_rendition_that_no_entry_made_is_not_sent(world: World, clerk: httpx.Client) -> None:
    clip_id = world.clip_ids[0]
    viewing = open_clip(clerk, clip_id)
    execute(
        world,
        "INSERT INTO renditions (id, clip_id, kind, object_key, sha256, size_bytes, media_type, "
        "made_at, made_with) SELECT 'another', clip_id, 'sheet', object_key, sha256, size_bytes, "
        "'image/jpeg', made_at, made_with FROM renditions WHERE clip_id = :id",
        id=clip_id,
    )
    refused(clerk.get(f"/clips/{clip_id}/renditions/sheet?viewing={viewing}"))
    execute(world, "DELETE FROM renditions WHERE clip_id = :id AND kind = 'proxy'", id=clip_id)
    refused(clerk.get(f"/clips/{clip_id}/stream?viewing={viewing}"))
