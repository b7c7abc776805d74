"""Values of entries: known by key and form, and shown as they stand where they are neither."""

from datetime import UTC, datetime

import pytest

from api.web.entry_values import MAX_LISTED, Part, items_of, read_values
from api.web.locale import catalogue
from custody.log.entry import Json

ID = "019353f0-0000-7000-8000-000000000001"
DIGEST = "3f" * 32


@pytest.mark.parametrize(
    ("key", "value", "part"),
    [
        ("party", None, Part("nothing")),
        ("party", "", Part("nothing")),
        ("officers", [], Part("nothing")),
        ("important", True, Part("yes")),
        ("important", False, Part("no")),
        ("size_bytes", 5, Part("size", 5)),
        ("duration_ms", 5, Part("duration", 5)),
        ("findings", 0, Part("number", 0)),
        ("sha256", DIGEST, Part("digest", DIGEST, "SHA-256")),
        ("sm3", DIGEST, Part("digest", DIGEST, "SM3")),
        ("sha256", DIGEST[:-1], Part("text", DIGEST[:-1])),
        (
            "recorded_at",
            "2026-11-22T09:21:38.123Z",
            Part("time", datetime(2026, 11, 22, 9, 21, 38, 123000, UTC)),
        ),
        ("recorded_at", "2026-13-99T99:99:99.123Z", Part("text", "2026-13-99T99:99:99.123Z")),
        ("stage", "review", Part("word", "stage.review", "review")),
        ("stage", "no such stage", Part("text", "no such stage")),
        ("kind", "proxy", Part("word", "rendition.proxy", "proxy")),
        ("kind", "viewing", Part("word", "grant.viewing", "viewing")),
        ("kind", "clip.opened", Part("word", "event.clip.opened", "clip.opened")),
        ("clip", ID, Part("item", f"clip:{ID}")),
        ("clip", "../../etc", Part("text", "../../etc")),
        ("case", ID, Part("item", f"case:{ID}")),
        ("dock_session", ID, Part("session", f"/stations/s/sessions/{ID}", ID)),
        ("reason", "empty: It is.", Part("reason", "empty: It is.")),
        ("a key of tomorrow", "x", Part("text", "x")),
    ],
)
def test_a_value_is_read_by_its_key_and_form(key: str, value: Json, part: Part) -> None:
    [reading] = read_values({key: value}, catalogue("zh"), "station:s")
    assert (reading.key, reading.parts, reading.left_off) == (key, (part,), 0)


def test_lists_and_objects_are_read_through() -> None:
    officers: Json = [{"officer": "JX0227", "certificate_number": None}]
    [reading] = read_values({"officers": officers}, ())
    inner = {"officer": Part("text", "JX0227"), "certificate_number": Part("nothing")}
    assert reading.parts == (Part("object", inner),)
    many: list[Json] = [f"{n:032x}" for n in range(MAX_LISTED + 7)]
    [reading] = read_values({"clips": many}, ())
    assert (len(reading.parts), reading.left_off) == (MAX_LISTED, 7)


def test_what_is_named_is_found_for_its_name() -> None:
    named: dict[str, Json] = {"clips": [ID, "x"], "case": "y", "dock_session": ID}
    assert items_of(named) == ["case:y", f"clip:{ID}", "clip:x"]


def test_a_dock_session_outside_a_station_is_no_link() -> None:
    [reading] = read_values({"dock_session": ID}, (), f"clip:{ID}")
    assert reading.parts == (Part("text", ID),)


def test_many_indexes_stand_on_one_line() -> None:
    [reading] = read_values({"indexes": [3, 5, 6, 7, 9, 10]}, ())
    assert reading.parts == (Part("text", "3, 5–7, 9–10"),)
    [reading] = read_values({"indexes": list(range(0, 300, 2))}, ())
    assert (reading.left_off, len(str(reading.parts[0].value).split(", "))) == (50, 100)
    [reading] = read_values({"indexes": [1, "x"]}, ())
    assert reading.parts == (Part("text", "[1, 'x']"),)
