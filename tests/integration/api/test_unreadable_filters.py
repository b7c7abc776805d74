"""A filter that can't be read: 422 on every list, what was typed kept, nothing listed, no chip."""

import re
from pathlib import Path

import httpx
import pytest

from custody.actors import Role
from custody.history import history_of
from tests.services.house import House

#: Address, the field, and the words next to it.
UNREADABLE = (
    ("/clips?from=2026-99-99", "from", "认不出这个日期"),
    ("/clips?to=tomorrow&officer=JX0227", "to", "认不出这个日期"),
    ("/clips?state=xyz", "state", "没有这个选项"),
    ("/clips?kind=xyz", "kind", "没有这个选项"),
    ("/clips?important=perhaps", "important", "没有这个选项"),
    ("/cases?procedure=xyz", "procedure", "没有这个选项"),
    ("/log?from=2026-99-99", "from", "认不出这个日期"),
    ("/log?to=9999-12-31", "to", "认不出这个日期"),
    ("/log?kind=xyz", "kind", "没有这个选项"),
    ("/log?quiet=perhaps", "quiet", "没有这个选项"),
    ("/log?from=2026-11-23&to=2026-11-22", "to", "两个日期颠倒了"),
    ("/clips?from=2026-11-23&to=2026-11-22", "to", "两个日期颠倒了"),
)


@pytest.fixture
def legal(house: House, legal: httpx.Client, tmp_path: Path) -> httpx.Client:
    house.add_footage(tmp_path / "footage", work=False)
    house.add_case()
    house.publish()
    return legal


@pytest.mark.parametrize(("address", "field", "words"), UNREADABLE)
def test_it_is_said_next_to_the_field_and_nothing_is_listed(
    legal: httpx.Client, address: str, field: str, words: str
) -> None:
    answer = legal.get(address)
    assert answer.status_code == 422
    page = answer.text
    assert f'id="unreadable-{field}"' in page
    assert words in re.sub(r"<svg.*?</svg>", "", page.partition(f'id="unreadable-{field}"')[2])[:60]
    assert page.count('aria-invalid="true"') == 1
    assert "什么都没有列出" in page
    assert "<tbody>" not in page
    assert 'class="chip on"' not in page
    value = httpx.URL(address).params[field]
    if field not in ("important", "quiet"):  # a box has nothing typed in it
        assert f'value="{value}"' in page


def test_what_can_be_read_is_listed_as_before(legal: httpx.Client) -> None:
    for address in ("/clips?state=archived", "/cases?procedure=", "/log?kind=clip.admitted"):
        answer = legal.get(address)
        assert answer.status_code == 200
        assert "<tbody>" in answer.text
        assert "aria-invalid" not in answer.text


def test_the_field_for_a_day_that_is_none_can_hold_it(legal: httpx.Client) -> None:
    page = legal.get("/clips?from=2026-99-99&to=2026-11-22").text
    assert '<input type="text" name="from" value="2026-99-99"' in page
    assert '<input type="date" name="to" value="2026-11-22"' in page


def test_one_day_is_from_and_to_itself(legal: httpx.Client) -> None:
    for room in ("clips", "log"):
        assert legal.get(f"/{room}?from=2026-11-22&to=2026-11-22").status_code == 200


@pytest.mark.parametrize("room", ["clips", "cases"])
def test_behind_the_last_page_it_says_so_and_leads_to_the_first(
    legal: httpx.Client, room: str
) -> None:
    page = legal.get(f"/{room}?offset=500").text
    assert "后面没有了" in page
    assert f'<a class="button" href="/{room}">回到第一页</a>' in page
    assert "还没有" not in page.partition("<main")[2]
    assert "<tbody>" in legal.get(f"/{room}").text


def test_what_was_asked_is_in_the_log_all_the_same(house: House, legal: httpx.Client) -> None:
    legal.get("/clips?from=2026-99-99&officer=JX0227")
    with house.services.database.read() as tx:
        event = history_of(tx, f"user:{house.people[Role.LEGAL].id}")[-1]
    assert event.kind == "clips.listed"
    assert "officer=JX0227" in str(event.details)
