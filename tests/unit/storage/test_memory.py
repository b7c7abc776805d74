"""Faults come when they are asked for: before the deed, or after it."""

from typing import Literal

import pytest

from storage.errors import ObjectNotFoundError, StoreUnavailableError
from storage.memory import MemoryStore

Phase = Literal["before", "after"]


class Faults:
    """Fails once, at the given moment, and remembers what it was asked."""

    def __init__(self, operation: str, phase: Phase) -> None:
        self.armed: tuple[str, Phase] | None = (operation, phase)
        self.calls: list[tuple[str, str, Phase]] = []

    def __call__(self, operation: str, key: str, phase: Phase) -> None:
        self.calls.append((operation, key, phase))
        if self.armed == (operation, phase):
            self.armed = None
            raise StoreUnavailableError(f"{phase} {operation}")


def test_failed() -> None:
    faults = Faults("put_bytes", "before")
    store = MemoryStore(faults=faults)
    with pytest.raises(StoreUnavailableError):
        store.put_bytes("a", b"x")
    assert list(store.list()) == []
    store.put_bytes("a", b"x")
    assert faults.calls[:3] == [
        ("put_bytes", "a", "before"),
        ("list", "", "before"),
        ("list", "", "after"),
    ]


def test_failed_but_persisted() -> None:
    store = MemoryStore(faults=Faults("put_bytes", "after"))
    with pytest.raises(StoreUnavailableError):
        store.put_bytes("a", b"x")
    assert store.read_bytes("a") == b"x"


@pytest.mark.parametrize("phase", ["before", "after"])
def test_every_operation_can_fail(phase: Phase, tmp_path_factory: pytest.TempPathFactory) -> None:
    source = tmp_path_factory.mktemp("faults") / "source"
    source.write_bytes(b"x")
    operations = {
        "put_file": lambda store: store.put_file("b", source),
        "put_bytes": lambda store: store.put_bytes("b", b"x"),
        "replace_bytes": lambda store: store.replace_bytes("a", b"y"),
        "open": lambda store: store.open("a"),
        "read_bytes": lambda store: store.read_bytes("a"),
        "stat": lambda store: store.stat("a"),
        "list": lambda store: store.list(),
        "delete": lambda store: store.delete("a"),
        "local_path": lambda store: store.local_path("a").__enter__(),
        "check": lambda store: store.check(),
    }
    for name, operate in operations.items():
        store = MemoryStore(faults=Faults(name, phase))
        if name != "put_bytes":
            store.put_bytes("a", b"x")
        with pytest.raises(StoreUnavailableError, match=f"{phase} {name}"):
            operate(store)


def test_what_fails_of_itself_is_no_fault() -> None:
    faults = Faults("stat", "after")
    store = MemoryStore(faults=faults)
    with pytest.raises(ObjectNotFoundError):
        store.stat("a")
    assert faults.calls == [("stat", "a", "before")]
