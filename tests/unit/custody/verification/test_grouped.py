from custody.verification.grouped import Grouped


def test_rows_meet_their_key_and_strays_are_told() -> None:
    grouped = Grouped([("a", 1), ("b", 2), ("b", 3), ("d", 4), ("e", 5)], key=lambda row: row[0])
    assert list(grouped.before("b")) == [("a", 1)]
    assert grouped.take("b") == [("b", 2), ("b", 3)]
    assert list(grouped.before("c")) == []
    assert grouped.take("c") == []
    assert list(grouped.rest()) == [("d", 4), ("e", 5)]
    assert list(grouped.rest()) == []
