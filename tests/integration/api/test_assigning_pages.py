"""Clips without an officer on the pages: assigned one by one or many at once, and what is said."""

import re
from datetime import UTC, datetime

import httpx
import pytest

from api.verification_runs import context_of
from api.web.locale import translate
from custody.clips import assign_clip, get_clip
from custody.history import history_of
from custody.object_keys import original_key
from custody.tables import clips
from custody.verification import LOG_ONLY, verify_all
from tests.integration.api.signed_in import submit
from tests.services.custody import ALICE, admit_clip, new_clip
from tests.services.house import PASSWORD, House


@pytest.fixture
def clip_ids(house: House) -> list[str]:
    """Four whose names gave no officer; the last has a recorder."""
    made = []
    with house.services.database.write() as tx:
        for n in range(4):
            seed, recorder = f"FILE000{n}", "TA00716" if n == 3 else None
            key = original_key(new_clip(seed).sha256)
            clip = admit_clip(tx, house.services.ledger, seed, recorder=recorder, object_key=key)
            made.append(clip.id)
    return made


def assigned(house: House, clip_ids: list[str]) -> list[tuple[str | None, str | None]]:
    with house.services.database.read() as tx:
        found = [get_clip(tx, clip_id) for clip_id in clip_ids]
    return [(clip.officer, clip.recorder) for clip in found]


def entries(house: House, clip_id: str) -> list[str]:
    with house.services.database.read() as tx:
        return [event.kind for event in history_of(tx, f"clip:{clip_id}")]


def test_many_are_assigned_at_once_each_with_its_entry(
    house: House, legal: httpx.Client, clip_ids: list[str]
) -> None:
    page = legal.get("/unassigned").text
    assert page.count('name="clip_id"') == 4
    answer = submit(house, legal, "/unassigned", clip_id=clip_ids, officer=" JX0300 ")
    assert answer.headers["location"] == "/unassigned"
    assert "4 条已指定，并写入日志。" in legal.get("/unassigned").text
    assert assigned(house, clip_ids) == [*[("JX0300", None)] * 3, ("JX0300", "TA00716")]
    assert [entries(house, one) for one in clip_ids] == [["clip.admitted", "clip.assigned"]] * 4
    house.publish()
    assert verify_all(context_of(house.services), LOG_ONLY).findings == []


def test_what_somebody_assigned_meanwhile_is_left_and_counted(
    house: House, legal: httpx.Client, clip_ids: list[str]
) -> None:
    with house.services.database.write() as tx:
        assign_clip(tx, house.services.ledger, ALICE, clip_ids[0], "JX0999", None, None)
    form: dict[str, str | list[str]] = {"clip_id": clip_ids, "officer": "JX0300"}
    submit(house, legal, "/unassigned", **form, recorder="TA00933")
    assert "3 条已指定，并写入日志；1 条原已指定，没有变动" in legal.get("/unassigned").text
    assert assigned(house, clip_ids) == [("JX0999", None), *[("JX0300", "TA00933")] * 3]
    submit(house, legal, "/unassigned", **form)
    assert "4 条原已指定，没有变动" in legal.get("/unassigned").text
    assert [entries(house, one).count("clip.assigned") for one in clip_ids] == [1] * 4


def test_a_recorder_alone_is_said_of_many(
    house: House, legal: httpx.Client, clip_ids: list[str]
) -> None:
    submit(house, legal, "/unassigned", clip_id=clip_ids[2:], recorder="TA00716")
    assert "1 条已指定，并写入日志；1 条原已指定" in legal.get("/unassigned").text
    assert assigned(house, clip_ids[2:]) == [(None, "TA00716")] * 2


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"officer": "JX0300"}, "先勾选录像"),
        ({"clip_id": "", "officer": " "}, "请填写执法人员或记录仪"),
    ],
)
def test_what_is_missing_is_said_in_the_form_and_nothing_is_assigned(
    house: House, legal: httpx.Client, clip_ids: list[str], form: dict[str, str], said: str
) -> None:
    ticked = clip_ids[:2] if "clip_id" in form else []
    answer = submit(house, legal, "/unassigned", **{**form, "clip_id": ticked})
    assert answer.status_code == 422
    assert said in answer.text
    assert len(re.findall(r'name="clip_id"[^>]* checked', answer.text)) == len(ticked)
    assert f'name="officer" value="{form["officer"].strip()}" maxlength="64" size="12"' in (
        answer.text
    )
    assert assigned(house, clip_ids[:3]) == [(None, None)] * 3


def test_one_that_was_altered_or_is_none_assigns_none(
    house: House, legal: httpx.Client, clip_ids: list[str]
) -> None:
    with house.services.database.write() as tx:
        tx.execute(clips.update().where(clips.c.id == clip_ids[3]).values(state="lost"))
    assert legal.get("/unassigned").text.count('name="clip_id"') == 3
    for wrong, status in ((clip_ids[3], 409), ("nobody", 404)):
        answer = submit(
            house, legal, "/unassigned", clip_id=[*clip_ids[:3], wrong], officer="JX0300"
        )
        assert answer.status_code == status
    assert assigned(house, clip_ids[:3]) == [(None, None)] * 3


@pytest.mark.parametrize("typed", ["9999-12-31T23:59", "2026-02-30T10:00", "0226-11-22T10:00"])
def test_a_time_that_no_recording_can_have_is_said_and_assigns_nothing(
    house: House, legal: httpx.Client, clip_ids: list[str], typed: str
) -> None:
    form: dict[str, str | list[str]] = {"officer": "JX0300", "recorded_at": typed}
    answer = submit(house, legal, f"/clips/{clip_ids[0]}/assign", **form)
    assert answer.status_code == 422
    assert "不可能是录制时间" in answer.text
    assert assigned(house, clip_ids[:1]) == [(None, None)]


@pytest.mark.parametrize(
    ("typed", "key"),
    [("2036-11-22T10:00", "recording_ahead"), ("1999-12-31T10:00", "recording_early")],
)
def test_a_typed_time_that_cannot_be_is_refused_in_words(
    house: House, legal: httpx.Client, clip_ids: list[str], typed: str, key: str
) -> None:
    form: dict[str, str | list[str]] = {"officer": "JX0300", "recorded_at": typed}
    answer = submit(house, legal, f"/clips/{clip_ids[0]}/assign", **form)
    assert answer.status_code == 422
    for part in ("what", "evidence", "do"):
        assert translate("zh", f"error.{key}.{part}") in answer.text
    # In the form, with what was typed.
    assert f'action="/clips/{clip_ids[0]}/assign"' in answer.text
    assert f'name="recorded_at" value="{typed}" aria-invalid="true"' in answer.text
    assert 'name="officer" value="JX0300"' in answer.text
    assert assigned(house, clip_ids[:1]) == [(None, None)]
    assert entries(house, clip_ids[0]) == ["clip.admitted"]


def test_those_without_a_time_stay_in_sight(
    house: House, legal: httpx.Client, clip_ids: list[str]
) -> None:
    at = datetime(2026, 11, 22, 1, tzinfo=UTC)
    with house.services.database.write() as tx:
        ledger = house.services.ledger
        timed = admit_clip(tx, ledger, "timed", name="timed.mp4", recorded_at=at)
    submit(house, legal, "/unassigned", clip_id=[*clip_ids[:2], timed.id], officer="JX0300")
    said = legal.get("/unassigned").text
    assert "3 条已指定" in said
    assert '<a href="/clips?untimed=1">2 条仍无录制时间' in said
    listed = legal.get("/clips?untimed=1").text
    assert [f'href="/clips/{one}"' in listed for one in (*clip_ids, timed.id)] == [True] * 4 + [
        False
    ]
    day = legal.get("/clips?officer=JX0300&from=2026-11-22&to=2026-11-22").text
    assert f'href="/clips/{timed.id}"' in day
    assert "另有 2 条时间不明</a>" in day
    assert 'class="chip" href="/clips?officer=JX0300&amp;untimed=1"' in day
    assert "另有" not in legal.get("/clips?officer=JX0300").text
    submit(house, legal, "/unassigned", clip_id=[timed.id], officer="JX0300")
    assert "仍无录制时间" not in legal.get("/unassigned").text


def test_after_the_last_page_comes_the_one_before(
    house: House, legal: httpx.Client, clip_ids: list[str]
) -> None:
    page = legal.get("/unassigned?offset=50").text
    assert page.count('name="clip_id"') == 4
    assert "没有待指定的录像" not in page


def test_who_may_not_assign_is_offered_no_ticks(
    house: House, legal: httpx.Client, clip_ids: list[str]
) -> None:
    legal.post("/sign-in", data={"name": "alice", "password": PASSWORD})
    page = legal.get("/unassigned").text
    assert "FILE0000" in page
    assert 'name="clip_id"' not in page


def test_a_form_that_said_nothing_new_is_not_said_to_be_in_the_log(
    house: House, legal: httpx.Client, clip_ids: list[str]
) -> None:
    answer = submit(house, legal, f"/clips/{clip_ids[0]}/assign", officer=" ", recorder="")
    page = legal.get(answer.headers["location"]).text
    assert translate("zh", "done.assigned_nothing") in page
    assert translate("zh", "done.assigned") not in page
    answer = submit(house, legal, f"/clips/{clip_ids[0]}/assign", officer="JX0227")
    assert translate("zh", "done.assigned") in legal.get(answer.headers["location"]).text


def test_a_clip_opens_from_its_picture_its_time_and_its_name(
    legal: httpx.Client, clip_ids: list[str]
) -> None:
    row = legal.get("/clips").text.partition(f'value="{clip_ids[0]}"')[2].partition("</tr>")[0]
    assert row.count(f'href="/clips/{clip_ids[0]}"') == 3
    # Whoever goes by keys or listens meets two of them: the picture's is for the hand alone.
    assert row.count('tabindex="-1" aria-hidden="true"') == 1
