from collections.abc import Mapping
from datetime import UTC, datetime

from custody.log.entry import ActorSnapshot, Entry, Json
from custody.object_keys import original_key
from custody.verification.expected import ANYTHING, ExpectedCase, ExpectedClip

AT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
ADMITTED: dict[str, Json] = {"clip": "c", "sha256": "ab" * 32, "sm3": "cd" * 32, "size_bytes": 7}
DETAILS: dict[str, Json] = {"name": "a.mp4", "officer": "JX0227", "recorder": "TA1"}


def entry(kind: str, facts: Mapping[str, Json], outcome: str = "ok") -> Entry:
    actor = ActorSnapshot("bob", "legal", "password", "127.0.0.1")
    return Entry(kind, "clip:c", 0, None, AT, actor, outcome, facts, None)


def admitted() -> ExpectedClip:
    clip = ExpectedClip()
    clip.apply(entry("clip.admitted", ADMITTED), DETAILS, 5)
    return clip


def test_admission_says_what_the_row_must_be() -> None:
    clip = admitted().clip
    assert clip is not None
    assert clip.index == 5
    assert clip.columns["sha256"] == "ab" * 32
    assert clip.columns["object_key"] == original_key("ab" * 32)
    assert clip.columns["officer"] == "JX0227"
    assert clip.columns["state"] == "archived"


def test_later_entries_change_what_the_row_must_be() -> None:
    expected = admitted()
    expected.apply(entry("clip.state_changed", {"state": "damaged"}), {"reason": "no index"}, 6)
    expected.apply(entry("clip.assigned", {}), {"officer": "JX0300"}, 7)
    expected.apply(entry("clip.opened", {"grant": "g"}), {"purpose": "x"}, 8)
    assert expected.clip is not None
    columns = expected.clip.columns
    assert (columns["state"], columns["reason"]) == ("damaged", "no index")
    assert (columns["officer"], columns["recorder"]) == ("JX0300", None)
    said_by = {name: expected.clip.index_of(name) for name in ("name", "reason", "officer")}
    assert said_by == {"name": 5, "reason": 6, "officer": 7}


def test_no_assignment_changes_what_the_recorders_clock_said() -> None:
    expected = ExpectedClip()
    said = DETAILS | {"recorded_at": "2026-11-22T01:05:00.000Z"}
    expected.apply(entry("clip.admitted", ADMITTED), said, 5)
    typed: dict[str, Json] = {"officer": "JX0300", "recorded_at": "2026-11-20T02:00:00.000Z"}
    expected.apply(entry("clip.assigned", {}), typed, 6)
    assert expected.clip is not None
    columns = expected.clip.columns
    assert columns["recorded_at"] == "2026-11-20T02:00:00.000Z"
    assert columns["recorder_clock_at"] == "2026-11-22T01:05:00.000Z"


def test_lost_details_demand_nothing() -> None:
    expected = admitted()
    expected.apply(entry("clip.assigned", {}), None, 6)
    assert expected.clip is not None
    assert expected.clip.columns["officer"] is ANYTHING
    assert expected.clip.columns["name"] == "a.mp4"


def test_what_was_denied_or_failed_changes_nothing() -> None:
    expected = ExpectedClip()
    expected.apply(entry("clip.admitted", ADMITTED, "failed"), DETAILS, 1)
    assert expected.clip is None


def test_first_rendition_of_a_kind_stands_and_links_come_and_go() -> None:
    expected = admitted()
    for number, digest in enumerate(("11" * 32, "22" * 32)):
        facts: dict[str, Json] = {"clip": "c", "kind": "proxy", "sha256": digest, "size_bytes": 1}
        expected.apply(entry("rendition.made", facts), {"made_with": "f"}, 6 + number)
    assert expected.renditions["proxy"].columns["sha256"] == "11" * 32
    link: dict[str, Json] = {"case": "k", "stage": "review", "link": "l"}
    expected.apply(entry("link.made", link), {}, 8)
    assert expected.links["l"].removed is None
    expected.apply(entry("link.removed", link), {}, 9)
    assert expected.links["l"].removed is not None
    assert expected.links["l"].made.columns["case_id"] == "k"


def test_case_is_as_it_was_last_changed() -> None:
    case = ExpectedCase()
    facts: dict[str, Json] = {"case": "k", "procedure": "general"}
    case.apply(entry("case.changed", facts | {"changed": ["title"]}), {"title": "early"}, 2)
    assert case.case is None
    case.apply(entry("case.created", facts), {"number": "n", "title": "t", "party": "p"}, 3)
    changed: dict[str, Json] = {"case": "k", "procedure": "summary", "changed": ["number"]}
    said: dict[str, Json] = {"number": "m", "title": "slipped in", "party": None}
    case.apply(entry("case.changed", changed, "failed"), said, 4)
    assert case.case is not None
    assert case.case.columns["number"] == "n"
    case.apply(entry("case.changed", changed), said, 5)
    columns = case.case.columns
    assert (columns["number"], columns["title"], columns["party"]) == ("m", "t", "p")
    assert (columns["procedure"], columns["created_by"], case.case.index) == ("general", "bob", 3)
    case.apply(entry("case.changed", facts | {"changed": ["party", "new"]}), None, 6)
    assert columns["party"] is ANYTHING
    assert columns["title"] == "t"
    said_by = {name: case.case.index_of(name) for name in ("title", "number", "party")}
    assert said_by == {"title": 3, "number": 5, "party": 6}


def test_case_is_as_it_was_created() -> None:
    case = ExpectedCase()
    facts: dict[str, Json] = {"case": "k", "procedure": "general"}
    case.apply(entry("case.created", facts), {"number": "n", "title": "t"}, 3)
    assert case.case is not None
    assert case.case.columns["number"] == "n"
    assert case.case.columns["created_by"] == "bob"
