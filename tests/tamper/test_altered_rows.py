"""One row that holds what no column takes spoils no page but its own, and that page says so."""

import json

import httpx
import pytest
import sqlalchemy as sa

from api.cli.main import run
from api.web.locale import translate
from custody.clip_search import ClipFilter, search_clips
from custody.clips import find_clip_by_digest, get_clip
from custody.errors import ClipAlteredError
from tests.tamper import attacks
from tests.tamper.worlds import CASE_NUMBER, World

CLIP = "UPDATE clips SET {} WHERE id = :clip"
RENDITION = "UPDATE renditions SET {} WHERE clip_id = :clip"
LINK = "UPDATE links SET {} WHERE clip_id = :clip"
ENTRY = "UPDATE log_entries SET {} WHERE idx = :entry"

#: What both engines take.
ANYWHERE = [
    (CLIP, "state = 'lost'"),
    (CLIP, "media_kind = 'film'"),
    (CLIP, "media = '[1]'"),
    (CLIP, "recorded_at = '9999-12-31 23:59:59'"),
    (RENDITION, "kind = 'film'"),
    (LINK, "stage = 'somewhen'"),
    (ENTRY, 'details = \'{"purpose":"\\ud800"}\''),
    (ENTRY, "kind = 'nothing.known'"),
    (ENTRY, "item = 'clip:城管'"),
]
#: SQLite keeps any type in any column.
ON_SQLITE = [
    *(
        (CLIP, change)
        for change in (
            "recorded_at = 'garbage'",
            "admitted_at = 'yesterday'",
            "admitted_at = x'00ff'",
            "file_modified_at = 7",
            "media = '{'",
            "media = x'00'",
            "size_bytes = 'many'",
            "duration_ms = 'long'",
            "important = 'perhaps'",
            "name = CAST(x'ffff' AS TEXT)",
            "name = x'00ff'",
            "name_raw = 'text'",
            "officer = x'ff'",
            "station_name = CAST(x'ff' AS TEXT)",
            "sha256 = x'00'",
            "sm3 = x'05'",
            "object_key = x'ff'",
            "reason = x'ff'",
        )
    ),
    (RENDITION, "made_at = 'garbage'"),
    (RENDITION, "size_bytes = 'many'"),
    (LINK, "linked_at = 'garbage'"),
    *(
        (ENTRY, change)
        for change in (
            "at = 'garbage'",
            "leaf_hash = 7",
            "entry = 'text'",
            "salt = 'text'",
            "details = x'7b7d'",
            "kind = CAST(x'ff00' AS TEXT)",
            "item = CAST(x'636c69703ab5' AS TEXT)",
            "actor_id = x'00'",
            "idx = 'garbage'",
        )
    ),
]
ON_POSTGRESQL = [
    (CLIP, "admitted_at = '-infinity'"),
    (CLIP, "recorded_at = 'infinity'"),
    (CLIP, "recorded_at = '0044-03-15 BC'"),
    (RENDITION, "made_at = 'infinity'"),
    (LINK, "linked_at = 'infinity'"),
    (ENTRY, "at = 'infinity'"),
]
CASES = [
    *(("sqlite", table, change) for table, change in ANYWHERE + ON_SQLITE),
    *(("postgresql", table, change) for table, change in ANYWHERE + ON_POSTGRESQL),
]
#: What is no clip's own row: its page shows the rest, and a verification names it.
OTHER_CASES = [case for case in CASES if case[1] is not CLIP]
CLIP_CASES = [case for case in CASES if case[1] is CLIP]
#: One of each sort, for what reads rows with the same functions as the pages do.
SOME_CASES = [
    ("sqlite", CLIP, "recorded_at = 'garbage'"),
    ("sqlite", CLIP, "name = CAST(x'ffff' AS TEXT)"),
    ("sqlite", CLIP, "size_bytes = 'many'"),
    ("sqlite", CLIP, "sha256 = x'00'"),
    ("sqlite", LINK, "linked_at = 'garbage'"),
    ("sqlite", RENDITION, "made_at = 'garbage'"),
    ("sqlite", ENTRY, "at = 'garbage'"),
    ("postgresql", CLIP, "state = 'lost'"),
    ("postgresql", CLIP, "admitted_at = '-infinity'"),
    ("postgresql", LINK, "linked_at = 'infinity'"),
    ("postgresql", ENTRY, "at = 'infinity'"),
]


def each(cases: list[tuple[str, str, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("world", "table", "change"), cases, indirect=["world"], ids=str)


def verify_now(client: httpx.Client, clip_id: str) -> httpx.Response:
    return client.post(f"/clips/{clip_id}/verify", data={"csrf": client.headers["X-Form"]})


@each(OTHER_CASES)
def test_every_page_still_answers(
    world: World, clerk: httpx.Client, table: str, change: str
) -> None:
    attacks.execute(table.format(change))(world)
    pages_answer(world, clerk)


def pages_answer(world: World, clerk: httpx.Client) -> None:
    """Every page that shows the first clip, its own first, and what verifying each says."""
    first, *others = world.clip_ids
    lists = ("/clips", "/clips?sort=size_bytes", f"/cases/{world.case_id}", "/unassigned")
    for path in (*(f"/clips/{one}" for one in world.clip_ids), *lists, "/verification"):
        assert clerk.get(path).status_code == 200, path
    shown = clerk.get("/clips").text
    assert [clip_id for clip_id in world.clip_ids if f"/clips/{clip_id}" not in shown] == []
    good = translate("zh", "verdict.good")
    assert good not in verify_now(clerk, first).text
    assert good in verify_now(clerk, others[0]).text


@each(CLIP_CASES)
def test_the_clips_own_page_says_so_and_nothing_is_done_by_its_row(
    world: World, clerk: httpx.Client, table: str, change: str
) -> None:
    database = world.services.database
    with database.read() as tx:
        sound = get_clip(tx, world.clip_ids[0])
    attacks.execute(table.format(change))(world)
    pages_answer(world, clerk)

    column, notice = change.partition(" ")[0], translate("zh", "altered.what")
    page = clerk.get(f"/clips/{sound.id}").text
    assert notice in page
    assert f"<code>{column}</code>" in page
    assert f'action="/clips/{sound.id}/verify"' in page
    assert f'action="/clips/{sound.id}/download"' not in page
    assert notice not in clerk.get(f"/clips/{world.clip_ids[1]}").text
    assert clerk.get("/clips").text.count(translate("zh", "altered.badge")) == 1
    found = verify_now(clerk, sound.id).text
    assert translate("zh", "finding.clip_row_altered") in found

    with database.read() as tx:
        page_of_list = search_clips(tx, ClipFilter(), "admitted_at")
        altered = {clip.id: clip.altered for clip in page_of_list.clips if clip.altered}
        assert altered == {sound.id: (column,)}
        with pytest.raises(ClipAlteredError, match=column):
            get_clip(tx, sound.id)
        if column != "sha256":
            with pytest.raises(ClipAlteredError, match=column):
                find_clip_by_digest(tx, sound.sha256)
    form = {"csrf": clerk.headers["X-Form"], "officer": "JX0001"}
    answer = clerk.post(f"/clips/{sound.id}/assign", data=form)
    assert answer.status_code == 409
    assert translate("zh", "error.clip_altered.do") in answer.text


@each(SOME_CASES)
def test_the_command_line_names_it(
    world: World,
    table: str,
    change: str,
    capsys: pytest.CaptureFixture[str],
    home: list[str],
) -> None:
    attacks.execute(table.format(change))(world)
    first, second = world.clip_ids[:2]
    column = change.partition(" ")[0]
    for what in (["--clip", first], ["--case", CASE_NUMBER]):
        assert run(["verify", *what, *home, "--json"]) == 1, what
        report = json.loads(capsys.readouterr().out)
        assert first in {finding["clip_id"] for finding in report["findings"]}
        assert report["unchecked"] == []
    assert run(["verify", "--clip", second, *home]) == 0
    assert run(["clips", "show", first, *home]) == 0
    capsys.readouterr()
    assert run(["clips", "list", *home, "--json"]) == 0
    listed = {one["id"]: one for one in json.loads(capsys.readouterr().out)}
    spoilt = [column] if table is CLIP else []
    assert {clip_id: one["altered"] for clip_id, one in listed.items()} == {
        clip_id: spoilt if clip_id == first else [] for clip_id in world.clip_ids
    }
    if table is CLIP:
        assert listed[first].get(column) is None
        assert run(["clips", "list", *home]) == 0
        assert f"数据库行被改动：{column}" in capsys.readouterr().out
        bag = world.services.config.home / "bag"
        assert run(["cases", "export", CASE_NUMBER, "-o", str(bag), *home]) == 1
        assert not bag.exists()


@pytest.mark.parametrize(
    ("world", "change"),
    [
        ("sqlite", "occurred_on = 'garbage'"),
        ("sqlite", "created_at = 5"),
        ("postgresql", "occurred_on = 'infinity'"),
    ],
    indirect=["world"],
)
def test_a_case_whose_own_row_was_altered_can_be_verified(
    world: World, change: str, capsys: pytest.CaptureFixture[str], home: list[str]
) -> None:
    with world.services.database.write() as tx:
        tx.execute(sa.text(f"UPDATE cases SET {change}"))
    assert run(["verify", "--case", CASE_NUMBER, *home, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert {finding["code"] for finding in report["findings"]} == {"case_altered"}
