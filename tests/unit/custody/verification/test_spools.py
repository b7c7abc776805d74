from hypothesis import given
from hypothesis import strategies as st

from custody.verification.spools import WRITTEN_AT_ONCE, HashSpool, RecordSpool


def test_hashes_read_back_with_gaps_as_none() -> None:
    with HashSpool() as spool:
        spool.append(0, b"a" * 32)
        spool.append(3, b"b" * 32)
        assert spool.size == 4
        assert spool.read(0, 6) == [b"a" * 32, None, None, b"b" * 32, None, None]
        assert spool.read(3, 1) == [b"b" * 32]


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(0, 2 * WRITTEN_AT_ONCE))
def test_however_many_hashes_and_gaps_there_are_they_read_back(gaps: list[int], run: int) -> None:
    hashes: dict[int, bytes] = {}
    with HashSpool() as spool:
        for gap in [*gaps, *[0] * run]:
            index = spool.size + gap
            hashes[index] = index.to_bytes(32, "little", signed=False)[:31] + b"\x01"
            spool.append(index, hashes[index])
        for first in range(0, spool.size + 256, 256):
            expected = [hashes.get(index) for index in range(first, first + 256)]
            assert spool.read(first, 256) == expected


def test_records_come_back_in_order_as_often_as_asked() -> None:
    with RecordSpool() as spool:
        spool.append(["录像", 1, None])
        spool.append(["line\nbreak", 2, "x"])
        for _ in range(2):
            assert list(spool) == [["录像", 1, None], ["line\nbreak", 2, "x"]]
        assert spool.count == 2
