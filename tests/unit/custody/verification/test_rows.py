"""A row of the log reads the same whether it is taken at a glance or looked at cell by cell."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from custody.verification.rows import COLUMNS, _log_row, _unusual_row

_USUAL: dict[str, st.SearchStrategy[Any]] = {
    "id": st.integers(1, 9),
    "idx": st.none() | st.integers(0, 9),
    "leaf_hash": st.just(bytes(32)),
    "entry": st.binary(max_size=3),
    "kind": st.just("clip.opened"),
    "item": st.just("clip:1"),
    "item_seq": st.integers(0, 9),
    "actor_id": st.just("alice"),
    "at": st.sampled_from(["2026-11-22 01:30:00.000000", "2026-11-22 09:30:00.5+08"]),
    "salt": st.none() | st.just(bytes(32)),
    "details": st.none() | st.just("{}"),
    "details_destroyed_at": st.none(),
    "details_destroyed_under": st.none(),
}
_STRANGE = st.one_of(
    *(st.none(), st.integers(-2, 2), st.booleans(), st.floats(allow_nan=False)),
    *(st.text(max_size=3), st.binary(max_size=3)),
)


@given(
    st.fixed_dictionaries(_USUAL),
    st.dictionaries(st.sampled_from(COLUMNS[1:]), _STRANGE, max_size=2),
)
def test_a_row_taken_at_a_glance_is_the_row(usual: dict[str, Any], strange: dict[str, Any]) -> None:
    row: Any = {name: (usual | strange)[name] for name in COLUMNS}
    assert _log_row(row) == _unusual_row(row)
