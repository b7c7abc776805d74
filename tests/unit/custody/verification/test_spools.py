from custody.verification.spools import HashSpool, RecordSpool


def test_hashes_read_back_with_gaps_as_none() -> None:
    with HashSpool() as spool:
        spool.append(0, b"a" * 32)
        spool.append(3, b"b" * 32)
        assert spool.size == 4
        assert spool.read(0, 6) == [b"a" * 32, None, None, b"b" * 32, None, None]
        assert spool.read(3, 1) == [b"b" * 32]


def test_records_come_back_in_order_as_often_as_asked() -> None:
    with RecordSpool() as spool:
        spool.append(["录像", 1, None])
        spool.append(["line\nbreak", 2, "x"])
        for _ in range(2):
            assert list(spool) == [["录像", 1, None], ["line\nbreak", 2, "x"]]
        assert spool.count == 2
