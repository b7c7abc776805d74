"""Facts and details as nobody of the house writes them: every key that is read, any value."""

from hypothesis import strategies as st

from api.web.told_values import DETAILS, FACTS
from custody.log.canonical import MAX_INTEGER
from custody.log.entry import Json
from tests.services.event_page import read_page

#: Of every sort and of none, with what a page or a database might trip over.
VALUES: tuple[Json, ...] = (
    *(None, True, -1, MAX_INTEGER, "", "nowhere", "x" * 300, "many {count}\x00", "1"),
    *("\u202e<script>alert(1)</script>", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"),
    *("2026-13-45T99:99:99.000Z", "019353f0-0000-7000-8000-000000000001", "ready"),
    *([], [[1], None, "title"], {}, {"a": {"b": [1]}}, {"id": 1, "case": []}, ["x", {"": {}}]),
    *({"officer": 1, "recorded_at": [], "title": {}}, [{"officer": [1]}, 2]),
)
_PAGE = read_page()
#: Every key that an entry has or a page asks for.
KEYS = sorted(
    {key for kind in _PAGE.values() for key in (*kind.facts, *kind.details)} | {*FACTS, *DETAILS}
)


def strange_values() -> st.SearchStrategy[dict[str, Json]]:
    """Some of the keys, each with any value."""
    return st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=25)
