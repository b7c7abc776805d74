"""What the docstrings of `storage.objects` promise, held against every store."""

import random
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.errors import ObjectExistsError, ObjectLockedError, ObjectNotFoundError
from storage.objects import ObjectStore

MIB = 1024 * 1024
KEY = "originals/ab/cd/abcd"

#: A retention that no test outlives, however busy the machine is.
LONG = timedelta(hours=1)

HOSTILE_KEYS = [
    "",
    "/",
    "/etc/passwd",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/../b",
    "a/./b",
    "a/..",
    "a\n",
    "a\0b",
    "a b",
    "a\\b",
    "~a",
    "@tmp/a",
    "a%2e%2e/b",
    "é",
    "执法",
    "a?b",
    "a#b",
    "a*",
    "x" * 513,
    "x" * 241,
    "a/" + "x" * 241 + "/b",
]


@pytest.fixture
def source(tmp_path: Path) -> Callable[[bytes], Path]:
    """Makes a durable file that nobody writes any more."""

    def make(data: bytes) -> Path:
        path = tmp_path / f"source-{uuid.uuid4().hex}"
        path.write_bytes(data)
        return path

    return make


def _keys(store: ObjectStore, prefix: str = "") -> list[str]:
    return [found.key for found in store.list(prefix)]


def _open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


# --- writing -------------------------------------------------------------------------------------


def test_what_is_put_comes_back(store: ObjectStore, source: Callable[[bytes], Path]) -> None:
    before = datetime.now(UTC)
    store.put_file(KEY, source(b"a recording"))
    store.put_bytes("log/tile/0/000", b"a tile")
    assert store.read_bytes(KEY) == b"a recording"
    assert store.read_bytes("log/tile/0/000") == b"a tile"
    found = store.stat("log/tile/0/000")
    assert (found.key, found.size_bytes, found.retain_until) == ("log/tile/0/000", 6, None)
    assert found.modified_at.utcoffset() == timedelta(0)
    assert abs(found.modified_at - before) < timedelta(seconds=60)


def test_the_caller_keeps_the_name_of_its_file(
    store: ObjectStore, source: Callable[[bytes], Path]
) -> None:
    path = source(b"a recording")
    store.put_file(KEY, path)
    assert path.read_bytes() == b"a recording"
    path.unlink()
    assert store.read_bytes(KEY) == b"a recording"


@pytest.mark.parametrize("taken_by", [b"a recording", b"something else", b""])
def test_nothing_is_ever_overwritten(
    store: ObjectStore, source: Callable[[bytes], Path], taken_by: bytes
) -> None:
    store.put_bytes(KEY, taken_by)
    with pytest.raises(ObjectExistsError):
        store.put_bytes(KEY, b"a recording")
    with pytest.raises(ObjectExistsError):
        store.put_file(KEY, source(b"a recording"))
    assert store.read_bytes(KEY) == taken_by
    assert _keys(store) == [KEY]


def test_a_refused_write_changes_no_retention(store: ObjectStore) -> None:
    store.put_bytes(KEY, b"free to go")
    with pytest.raises(ObjectExistsError):
        store.put_bytes(KEY, b"x", retain_until=datetime.now(UTC) + timedelta(days=1))
    assert store.stat(KEY).retain_until is None
    store.delete(KEY)


def test_an_empty_object_is_an_object(store: ObjectStore, source: Callable[[bytes], Path]) -> None:
    store.put_bytes("empty/bytes", b"")
    store.put_file("empty/file", source(b""))
    for key in ("empty/bytes", "empty/file"):
        assert store.read_bytes(key) == b""
        assert store.stat(key).size_bytes == 0
        with store.open(key, start=0, length=10) as reader:
            assert reader.read() == b""
        with pytest.raises(ObjectExistsError):
            store.put_bytes(key, b"x")
    assert _keys(store) == ["empty/bytes", "empty/file"]


def test_a_large_file_comes_back_bit_for_bit(
    store: ObjectStore, source: Callable[[bytes], Path]
) -> None:
    data = random.Random(1).randbytes(20 * MIB + 12_345)
    path = source(data)
    until = datetime.now(UTC) + LONG
    store.put_file(KEY, path, retain_until=until)
    assert store.stat(KEY).size_bytes == len(data)
    with store.open(KEY) as reader:
        assert reader.read() == data
    with store.open(KEY, start=5 * MIB - 3, length=6) as reader:
        assert reader.read() == data[5 * MIB - 3 : 5 * MIB + 3]
    with pytest.raises(ObjectExistsError):
        store.put_file(KEY, source(data))
    with pytest.raises(ObjectLockedError):
        store.delete(KEY)


def test_of_racing_writers_exactly_one_wins(
    store: ObjectStore, source: Callable[[bytes], Path]
) -> None:
    start = threading.Barrier(16)

    def write(number: int) -> int | None:
        data = f"writer {number}".encode()
        path = source(data) if number % 2 else None
        start.wait()
        try:
            if path is None:
                store.put_bytes(KEY, data)
            else:
                store.put_file(KEY, path)
        except ObjectExistsError:
            return None
        return number

    with ThreadPoolExecutor(16) as pool:
        winners = [won for won in pool.map(write, range(16)) if won is not None]
    assert len(winners) == 1
    assert store.read_bytes(KEY) == f"writer {winners[0]}".encode()
    assert _keys(store) == [KEY]


def test_of_racing_writers_of_large_files_exactly_one_wins(
    store: ObjectStore, source: Callable[[bytes], Path]
) -> None:
    start = threading.Barrier(4)
    contents = [bytes([number]) * (6 * MIB) for number in range(4)]

    def write(number: int) -> int | None:
        path = source(contents[number])
        start.wait()
        try:
            store.put_file(KEY, path)
        except ObjectExistsError:
            return None
        return number

    with ThreadPoolExecutor(4) as pool:
        winners = [won for won in pool.map(write, range(4)) if won is not None]
    assert len(winners) == 1
    assert store.read_bytes(KEY) == contents[winners[0]]


def test_many_threads_at_many_keys(store: ObjectStore) -> None:
    def work(number: int) -> None:
        key = f"many/{number % 8}/{number}"
        store.put_bytes(key, key.encode())
        assert store.read_bytes(key) == key.encode()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert len(_keys(store, "many/")) == 40


def test_any_other_key_is_refused_before_anything_is_touched(
    store: ObjectStore, source: Callable[[bytes], Path]
) -> None:
    path = source(b"x")
    attempts: list[Callable[[str], object]] = [
        lambda key: store.put_file(key, path),
        lambda key: store.put_bytes(key, b"x"),
        lambda key: store.replace_bytes(key, b"x"),
        store.open,
        store.read_bytes,
        store.stat,
        store.delete,
        lambda key: store.local_path(key).__enter__(),
    ]
    for key in HOSTILE_KEYS:
        for attempt in attempts:
            with pytest.raises(ValueError):
                attempt(key)
    assert _keys(store) == []
    assert path.stat().st_mode & 0o200


def test_every_key_of_the_contract_is_taken(store: ObjectStore) -> None:
    keys = [
        "-a",
        "...",
        ".hidden",
        "A-Z_0.9/-.",
        "_",
        "a",
        "a..b",
        "k" * 127 + ("/" + "k" * 127) * 3,
    ]
    keys.append("x" * 240)
    until = datetime.now(UTC) + LONG
    for key in keys:
        store.put_bytes(key, key.encode(), retain_until=until)
        assert store.read_bytes(key) == key.encode()
        with store.local_path(key) as path:
            assert path.read_bytes() == key.encode()
    assert sorted(_keys(store)) == sorted(keys)


def test_a_key_is_not_the_folder_of_another(store: ObjectStore) -> None:
    """Where a store can't hold both, the second is refused and the first stands."""
    store.put_bytes("a/b", b"first")
    store.put_bytes("c", b"first")
    for key in ("a", "c/d"):
        try:
            store.put_bytes(key, b"second")
        except ObjectExistsError:
            with pytest.raises(ObjectNotFoundError):
                store.read_bytes(key)
            with pytest.raises(ObjectNotFoundError):
                store.delete(key)
        else:
            assert store.read_bytes(key) == b"second"
    assert store.read_bytes("a/b") == b"first"
    assert store.read_bytes("c") == b"first"


# --- replacing -----------------------------------------------------------------------------------


def test_a_pointer_is_replaced(store: ObjectStore) -> None:
    for number in range(5):
        store.replace_bytes("log/checkpoint", f"{number}".encode())
        assert store.read_bytes("log/checkpoint") == f"{number}".encode()
    assert _keys(store) == ["log/checkpoint"]
    store.delete("log/checkpoint")
    assert _keys(store) == []


def test_a_pointer_is_whole_at_every_moment(store: ObjectStore) -> None:
    values = {bytes([letter]) * 10_000 for letter in b"abcd"}
    store.replace_bytes("log/checkpoint", b"a" * 10_000)
    done = threading.Event()

    def write() -> None:
        try:
            for value in sorted(values) * 3:
                store.replace_bytes("log/checkpoint", value)
        finally:
            done.set()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not done.is_set():
            assert store.read_bytes("log/checkpoint") in values
        writing.result()


def test_what_is_retained_is_not_replaced(store: ObjectStore) -> None:
    store.put_bytes(KEY, b"evidence", retain_until=datetime.now(UTC) + LONG)
    with pytest.raises(ObjectLockedError):
        store.replace_bytes(KEY, b"a better story")
    assert store.read_bytes(KEY) == b"evidence"


# --- reading -------------------------------------------------------------------------------------


def test_every_range(store: ObjectStore) -> None:
    data = b"0123456789"
    store.put_bytes(KEY, data)
    for start in (0, 1, 9, 10, 11, 1000):
        for length in (None, 0, 1, 9, 10, 11, 1000):
            with store.open(KEY, start=start, length=length) as reader:
                assert reader.read() == data[start:][:length]


def test_a_range_that_runs_backwards_is_refused(store: ObjectStore) -> None:
    store.put_bytes(KEY, b"x")
    for start, length in ((-1, None), (0, -1)):
        with pytest.raises(ValueError):
            store.open(KEY, start=start, length=length)


def test_a_reader_reads_like_a_file(store: ObjectStore) -> None:
    data = random.Random(2).randbytes(3 * MIB + 7)
    store.put_bytes(KEY, data)
    with store.open(KEY, start=1) as reader:
        assert reader.readable()
        assert reader.read(5) == data[1:6]
        buffer = bytearray(MIB)
        assert reader.readinto(buffer) == MIB  # type: ignore[attr-defined]
        assert buffer == data[6 : 6 + MIB]
        rest = b"".join(iter(lambda: reader.read(100_000), b""))
        assert rest == data[6 + MIB :]
        assert reader.read(1) == b""
    assert reader.closed


def test_a_reader_closed_early_leaves_the_store_usable(store: ObjectStore) -> None:
    store.put_bytes(KEY, bytes(2 * MIB))
    for _ in range(40):
        with store.open(KEY) as reader:
            reader.read(1)
    assert store.stat(KEY).size_bytes == 2 * MIB


def test_what_is_not_there_is_not_found(store: ObjectStore) -> None:
    store.put_bytes("a/b", b"x")
    for key in ("nothing", "a", "a/c", "a/b/c", "a/bb"):
        for read in (store.open, store.read_bytes, store.stat, store.delete):
            with pytest.raises(ObjectNotFoundError):
                read(key)
        with pytest.raises(ObjectNotFoundError):
            store.open(key, start=1, length=0)
        with pytest.raises(ObjectNotFoundError), store.local_path(key):
            pytest.fail("lent a path")


def test_a_path_is_lent_for_programs(store: ObjectStore) -> None:
    store.put_bytes(KEY, b"footage")
    with store.local_path(KEY) as path:
        assert path.is_file()
        assert path.read_bytes() == b"footage"
    assert store.read_bytes(KEY) == b"footage"


def test_a_path_is_taken_back_on_an_error(store: ObjectStore, tmp_path: Path) -> None:
    store.put_bytes(KEY, b"footage")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(RuntimeError, match="ffmpeg"), store.local_path(KEY):
        raise RuntimeError("ffmpeg")
    assert sorted(tmp_path.iterdir()) == before


# --- listing -------------------------------------------------------------------------------------


def test_an_empty_store_lists_nothing(store: ObjectStore) -> None:
    assert _keys(store) == []
    assert _keys(store, "originals/") == []
    assert _keys(store, "originals/ab") == []


def test_keys_come_in_order_whatever_the_order_of_writing(store: ObjectStore) -> None:
    chance = random.Random(3)
    keys = {
        f"originals/{digest[:2]}/{digest[2:4]}/{digest}"
        for digest in (f"{chance.getrandbits(256):064x}" for _ in range(20))
    }
    keys |= {f"log/tile/0/{number:03d}" for number in range(9)}
    keys |= {"log/checkpoint", "log/checkpoints/000000000001", "log/tile/0/003.p/17"}
    shuffled = sorted(keys)
    chance.shuffle(shuffled)
    for key in shuffled:
        store.put_bytes(key, key.encode())
    listed = list(store.list())
    assert [found.key for found in listed] == sorted(keys)
    assert [found.size_bytes for found in listed] == [len(found.key) for found in listed]
    for prefix in ("log/", "log/check", "log/checkpoints/", "originals/0", "log/tile/0/003", "x"):
        assert _keys(store, prefix) == sorted(key for key in keys if key.startswith(prefix))


def test_a_folder_stands_among_its_siblings_as_its_keys_do(store: ObjectStore) -> None:
    keys = ["o/B", "o/a-b", "o/a.b", "o/a/b", "o/a/c", "o/a0"]  # "-" and "." come before "/"
    for key in reversed(keys):
        store.put_bytes(key, b"x")
    assert _keys(store, "o/") == keys
    assert _keys(store, "o/a") == keys[1:]
    assert _keys(store, "o/a/") == ["o/a/b", "o/a/c"]


def test_a_prefix_is_the_start_of_a_key(store: ObjectStore) -> None:
    for prefix in ("/", "../", "a//b", "./a", "a/../", "a\n", "@tmp/", "x" * 513):
        with pytest.raises(ValueError):
            store.list(prefix)


def test_a_list_does_not_look_up_retention(store: ObjectStore) -> None:
    until = datetime.now(UTC) + LONG
    store.put_bytes(KEY, b"x", retain_until=until)
    assert [found.retain_until for found in store.list()] == [None]


# --- deleting and retention ----------------------------------------------------------------------


def test_what_is_deleted_is_gone_and_its_key_free(store: ObjectStore) -> None:
    store.put_bytes(KEY, b"first")
    store.put_bytes(KEY + "-sibling", b"stays")
    store.delete(KEY)
    with pytest.raises(ObjectNotFoundError):
        store.read_bytes(KEY)
    with pytest.raises(ObjectNotFoundError):
        store.delete(KEY)
    assert _keys(store) == [KEY + "-sibling"]
    store.put_bytes(KEY, b"second")
    assert store.read_bytes(KEY) == b"second"


def test_retention_holds_until_its_end(store: ObjectStore, source: Callable[[bytes], Path]) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=8)
    store.put_file("a", source(b"file"), retain_until=until)
    store.put_bytes("b", b"bytes", retain_until=until)
    for key in ("a", "b"):
        assert store.stat(key).retain_until == until
        with pytest.raises(ObjectLockedError):
            store.delete(key)
        assert store.stat(key).size_bytes > 0
    time.sleep(max(0, (until - datetime.now(UTC)).total_seconds()) + 0.5)
    for key in ("a", "b"):
        store.delete(key)
    assert _keys(store) == []


def test_a_retention_ends_with_its_object(store: ObjectStore) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=6)
    store.put_bytes(KEY, b"first", retain_until=until)
    time.sleep(max(0, (until - datetime.now(UTC)).total_seconds()) + 0.5)
    store.delete(KEY)
    store.put_bytes(KEY, b"second")
    assert store.stat(KEY).retain_until is None


def test_a_retention_in_another_zone_is_the_same_moment(store: ObjectStore) -> None:
    from zoneinfo import ZoneInfo

    until = datetime.now(ZoneInfo("Asia/Shanghai")).replace(microsecond=0) + LONG
    store.put_bytes(KEY, b"x", retain_until=until)
    found = store.stat(KEY).retain_until
    assert found == until
    assert found is not None
    assert found.utcoffset() == timedelta(0)


def test_a_moment_that_has_passed_retains_nothing(store: ObjectStore) -> None:
    store.put_bytes(KEY, b"x", retain_until=datetime.now(UTC) - timedelta(days=1))
    store.delete(KEY)


def test_a_naive_time_is_refused(store: ObjectStore, source: Callable[[bytes], Path]) -> None:
    naive = datetime(2036, 11, 22)  # noqa: DTZ001
    with pytest.raises(ValueError):
        store.put_bytes(KEY, b"x", retain_until=naive)
    with pytest.raises(ValueError):
        store.put_file(KEY, source(b"x"), retain_until=naive)
    assert _keys(store) == []


def test_a_store_in_order_says_nothing(store: ObjectStore) -> None:
    store.check()
    assert _keys(store) == []


def test_no_descriptor_is_left_open(store: ObjectStore) -> None:
    store.put_bytes(KEY, bytes(1000))

    def rounds(name: str) -> None:
        for number in range(20):
            store.put_bytes(f"{name}/{number}", b"x")
            store.read_bytes(KEY)
            store.stat(KEY)
            store.replace_bytes("fd/pointer", b"x")
            with store.open(KEY, start=5, length=5) as reader:
                reader.read(2)
            with pytest.raises(ObjectNotFoundError):
                store.open("nothing")
            with pytest.raises(ObjectExistsError):
                store.put_bytes(KEY, b"x")

    rounds("before")  # the connections a store keeps, and those a busy server drops, are open now
    before = _open_descriptors()
    rounds("after")
    assert _open_descriptors() <= before + 1
