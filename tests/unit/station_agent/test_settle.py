"""When a file has stopped changing."""

from dataclasses import replace

from station_agent.settle import Identity, Stillness, is_settled, look

A = Identity(10, 1_000, 1_000, 7, 1)


def test_the_first_look_starts_the_wait() -> None:
    assert look(None, A, 100.0) == Stillness(A, 100.0)


def test_standing_still_keeps_the_beginning() -> None:
    assert look(Stillness(A, 100.0), A, 105.0) == Stillness(A, 100.0)


def test_any_change_starts_anew() -> None:
    for name in ("size_bytes", "mtime_ns", "ctime_ns", "inode", "device"):
        changed = replace(A, **{name: getattr(A, name) + 1})
        assert look(Stillness(A, 100.0), changed, 105.0) == Stillness(changed, 105.0)


def test_settled_after_the_whole_wait() -> None:
    assert not is_settled(Stillness(A, 100.0), 104.9, 5.0)
    assert is_settled(Stillness(A, 100.0), 105.0, 5.0)
    assert is_settled(Stillness(A, 100.0), 100.0, 0.0)
