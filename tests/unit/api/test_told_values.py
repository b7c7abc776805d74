"""What is told of entries that hold anything: every kind has its line and its page."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from fastapi import Request
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cli.histories import EntryLines
from api.config import Config
from api.web.assets import Assets
from api.web.entry_values import read_values
from api.web.fresh_history import fresh_history
from api.web.locale import LANGUAGES, catalogue
from api.web.pages import Pages
from api.web.told_values import MAX_STRANGE, Strange, told_of
from api.web.trace import build_trace
from custody.clock import SystemClock
from custody.events import EventKind
from custody.history import HistoryEvent
from custody.log.entry import Json
from tests.services.event_page import read_page
from tests.services.strange_values import strange_values

SHANGHAI = ZoneInfo("Asia/Shanghai")
LAST_MOMENT = datetime.max.replace(tzinfo=UTC)
FIRST_MOMENT = datetime.min.replace(tzinfo=UTC)


def happened(
    kind: str,
    facts: dict[str, Json] | None = None,
    details: dict[str, Json] | None = None,
    outcome: str = "ok",
    at: datetime = datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
) -> HistoryEvent:
    return HistoryEvent(
        item="clip:1",
        item_seq=0,
        idx=0,
        kind=kind,
        at=at,
        actor_id="bob",
        actor_name="bob",
        role="legal",
        via="password",
        origin="",
        outcome=outcome,
        facts=facts or {},
        details=details or {},
        leaf_hash="00" * 32,
        published=True,
        intact=True,
    )


def looked_at(event: HistoryEvent, pages: Pages) -> str:
    """``event`` in a history and on its own page."""
    state = SimpleNamespace(services=SimpleNamespace(clock=SystemClock()))
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    request = Request(scope | {"app": SimpleNamespace(state=state)})
    trace = build_trace([event], datetime(2026, 12, 1, tzinfo=UTC))
    fresh = fresh_history([event], [event], trace, {}, {}, "case:1", path="/")
    shown = pages.render(request, "parts/history.html", fresh=fresh).body
    words = catalogue(LANGUAGES[0])
    own = pages.render(
        request,
        "entry.html",
        event=event,
        facts=read_values(event.facts, words, event.item),
        details=read_values(event.details, words, event.item),
        names={},
        accounts={},
        index=0,
        checkpoints_altered=False,
        checkpoint=None,
        entry="",
        readable="",
        proof=[],
    ).body
    return bytes(shown + own).decode()


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages(Config(home=Path("home")), Assets())


@settings(max_examples=10, deadline=None)
@pytest.mark.parametrize("kind", EventKind)
@given(
    facts=strange_values(),
    details=strange_values(),
    outcome=st.sampled_from(("ok", "denied", "failed")),
    at=st.sampled_from((FIRST_MOMENT, LAST_MOMENT)),
)
def test_whatever_an_entry_holds_is_told(
    pages: Pages,
    kind: EventKind,
    facts: dict[str, Json],
    details: dict[str, Json],
    outcome: str,
    at: datetime,
) -> None:
    event = happened(kind, facts, details, outcome, at)
    page = looked_at(event, pages)
    assert "<script>alert" not in page
    assert "\x00" not in page
    lines = EntryLines("zh", SHANGHAI, {}, {})
    assert len(lines.cells(event, lines.case_of(event))) == 7


def test_what_fits_in_no_sentence_is_told_as_it_stands(pages: Pages) -> None:
    sent = {"requests": 3, "bytes_sent": "many"}
    assert told_of(happened("clip.viewed", dict(sent))).strange == (
        Strange("bytes_sent", '"many"'),
    )
    page = looked_at(happened("clip.viewed", dict(sent)), pages)
    assert "发出多少无从得知" in page
    assert "&#34;many&#34;" in page
    page = looked_at(happened("link.made", {"stage": "nowhere"}), pages)
    assert page.count("nowhere") == 3  # in either line, and among the facts


def test_a_count_is_a_whole_number_from_zero_on() -> None:
    for value in (True, -1, "3", [3]):
        told = told_of(happened("clip.viewed", {"requests": value, "bytes_sent": 0}))
        assert (told.facts["requests"], told.facts["bytes_sent"]) == (None, 0)
        assert [one.key for one in told.strange] == ["requests"]


def test_a_long_value_is_cut() -> None:
    [strange] = told_of(happened("clip.opened", details={"purpose": ["x" * 500]})).strange
    assert len(strange.text) == MAX_STRANGE + 1


def test_nothing_that_an_entry_should_hold_is_strange() -> None:
    """Each field of `docs/formats/events.md`, with a value of each type that it may have."""
    samples: dict[str, Json] = {
        **dict.fromkeys(("text", "word", "digest", "day", "time"), "x"),
        "id": "019353f0-0000-7000-8000-000000000001",
        "integer": 0,
        "yes/no": True,
        "object": {},
        "null": None,
    }

    def sample(way: str) -> Json:
        return [samples[way[8:]]] if way.startswith("list of ") else samples[way]

    for name, kind in read_page().items():
        for place in ("facts", "details"):
            for key, of_type in getattr(kind, place).items():
                for way in of_type.split(" or "):
                    if way == "absent":
                        continue
                    event = happened(name, **{place: {key: sample(way)}})
                    assert told_of(event).strange == (), (name, key, way)


def test_a_verification_without_counts_is_told_as_one_that_failed(pages: Pages) -> None:
    assert "? 处不一致" in looked_at(happened("verification.run", outcome="failed"), pages)
    assert told_of(happened("verification.run")).held
