"""What a verification of everything found is shown, whatever the altered rows call their things."""

import json
import time

import httpx
import pytest
import sqlalchemy as sa

from api.cli.main import run
from api.web.locale import LANGUAGES, translate
from api.web.telling import Teller
from custody.verification import FindingCode
from tests.tamper import attacks
from tests.tamper.test_database_file import hide_in_index
from tests.tamper.worlds import ZONE, World

#: What an entry's row may say it is of.
ITEMS = [
    ("sqlite", "CAST(x'636c69703ab5' AS TEXT)"),
    ("sqlite", "CAST(x'636c69703a00' AS TEXT)"),
    ("sqlite", "CAST(x'636173653affff' AS TEXT)"),
    ("sqlite", "x'ff'"),
    ("sqlite", "'clip:城管'"),
    ("postgresql", "'clip:城管'"),
    ("postgresql", "'clip:' || chr(1)"),
    ("postgresql", "''"),
]
RUN_S = 60


def found_of(world: World, code: FindingCode) -> list[str | None]:
    """What every finding of this code found, told to whoever reads Chinese."""
    teller = Teller("zh", ZONE)
    said = [one.found for one in world.verify().findings if one.code == code]
    assert said
    return [None if one is None else teller.tell(one) for one in said]


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (attacks.delete_entry, FindingCode.ENTRY_MISSING),
        (attacks.delete_the_original, FindingCode.CLIP_OBJECT_MISSING),
        (attacks.execute("DELETE FROM users"), FindingCode.USER_MISSING),
        (attacks.delete_rendition_row, FindingCode.RENDITION_ROW_MISSING),
        (attacks.delete_details, FindingCode.DETAILS_MISSING),
    ],
    ids=lambda value: str(value) if isinstance(value, FindingCode) else "",
)
def test_of_what_is_gone_it_is_said_that_nothing_is_there(
    world: World, attack: attacks.Attack, code: FindingCode
) -> None:
    attack(world)
    assert set(found_of(world, code)) == {"无"}


def test_of_an_archived_checkpoint_that_is_none_it_is_shown_what_stands_there(
    world: World,
) -> None:
    older, oldest = sorted((world.objects / "log" / "checkpoints").iterdir())[1::-1]
    attacks.overwrite(older, b"forged\n" * 100)
    attacks.overwrite(oldest, b"")
    assert found_of(world, FindingCode.CHECKPOINT_SIGNATURE) == ["无", ("forged\n" * 100)[:200]]


def test_a_tail_of_the_log_itself_is_told_in_a_sentence(
    world: World, capsys: pytest.CaptureFixture[str], home: list[str]
) -> None:
    attacks.cut_rows(world)
    assert run(["verify", *home, "--read-only", "--lang", "zh"]) == 1
    told = capsys.readouterr().out
    assert "；缺的条目涉及：" in told
    assert "日志本身。" in told


def run_everything(clerk: httpx.Client) -> str:
    """The page of a finished run."""
    clerk.post("/verification", data={"csrf": clerk.headers["X-Form"]})
    end = time.monotonic() + RUN_S
    while time.monotonic() < end:
        page = clerk.get("/verification")
        assert page.status_code == 200, page.text
        if "/verification/stop" not in page.text:  # it waits on for the number of its entry
            return page.text
        time.sleep(0.05)
    raise AssertionError("the run did not end")


@pytest.mark.parametrize("kind", ["clip.admitted", "clip.opened", "verification.run"])
@pytest.mark.parametrize(("world", "item"), ITEMS, indirect=["world"], ids=str)
def test_an_entry_that_says_it_is_of_something_else(
    world: World,
    clerk: httpx.Client,
    item: str,
    kind: str,
    capsys: pytest.CaptureFixture[str],
    home: list[str],
) -> None:
    index = attacks.index_of(world, kind, clip=None)
    with world.services.database.write() as tx:
        statement = f"UPDATE log_entries SET item = {item} WHERE idx = :index"
        tx.execute(sa.text(statement), {"index": index})
    for language in LANGUAGES:
        assert run(["verify", *home, "--lang", language]) == 1
        assert translate(language, "finding.entry_altered") in capsys.readouterr().out
    assert run(["verify", *home, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert index in {one["entry_index"] for one in report["findings"]}
    assert report["unchecked"] == []
    page = run_everything(clerk)
    assert translate("zh", "finding.entry_altered") in page
    for path in ("/log", f"/log/entries/{index}", "/clips"):
        assert clerk.get(path).status_code == 200, path


def test_findings_are_shown_where_the_clips_can_not_be_named(
    world: World, clerk: httpx.Client, monkeypatch: pytest.MonkeyPatch, home: list[str]
) -> None:
    attacks.flip_a_byte(world)

    def fails(*_: object) -> dict[str, str]:
        raise sa.exc.DatabaseError("SELECT", {}, Exception("database disk image is malformed"))

    monkeypatch.setattr("api.verification_runs.names_of", fails)
    monkeypatch.setattr("api.routes.verification.names_of", fails)
    assert run(["verify", *home]) == 1
    page = run_everything(clerk)
    assert translate("zh", "finding.clip_object_digest") in page
    assert translate("zh", "verification.unread") in page


def test_the_clip_of_a_finding_is_named(
    world: World, clerk: httpx.Client, capsys: pytest.CaptureFixture[str], home: list[str]
) -> None:
    attacks.flip_a_byte(world)
    name = "TA00716_JX0227_20261120093621.MOV"
    assert run(["verify", *home]) == 1
    assert name in capsys.readouterr().out
    assert name in run_everything(clerk).replace("<wbr>", "")


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_a_damaged_database_is_shown_with_what_to_do(world: World, clerk: httpx.Client) -> None:
    hint = translate("zh", "verification.damaged")
    assert hint not in run_everything(clerk)
    hide_in_index(world)
    assert hint in run_everything(clerk)
