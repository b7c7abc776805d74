"""What only S3 can get wrong: versions, locks, parts, credentials, a server that is gone."""

import threading
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from storage import s3_claims, s3_reader
from storage.errors import (
    ObjectExistsError,
    ObjectLockedError,
    ObjectNotFoundError,
    StoreUnavailableError,
)
from storage.s3 import S3Settings, S3Store
from storage.s3_client import connect
from tests.services.seaweedfs import seaweedfs

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

KEY = "originals/ab/cd/abcd"
MIB = 1024 * 1024


@pytest.fixture
def store(s3_settings: S3Settings) -> S3Store:
    return S3Store(s3_settings)


@pytest.fixture
def client(s3_settings: S3Settings) -> "S3Client":
    """A client beside the store, for looking at what it did and for doing what it would not."""
    return connect(s3_settings)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(b"0123456789abcdef" * (11 * MIB // 16))
    return path


def _versions(client: "S3Client", settings: S3Settings) -> tuple[int, int]:
    """How many versions and how many delete markers lie under the store's prefix."""
    found = client.list_object_versions(Bucket=settings.bucket, Prefix=settings.prefix + "/")
    return len(found.get("Versions", [])), len(found.get("DeleteMarkers", []))


def _uploads(client: "S3Client", settings: S3Settings) -> list[Any]:
    found = client.list_multipart_uploads(Bucket=settings.bucket, Prefix=settings.prefix + "/")
    return list(found.get("Uploads", []))


# --- the bucket ----------------------------------------------------------------------------------


def test_a_bucket_is_made_with_object_lock(s3_settings: S3Settings, client: "S3Client") -> None:
    settings = replace(s3_settings, bucket=f"made-{uuid.uuid4().hex[:8]}", prefix="")
    store = S3Store(settings)
    store.put_bytes("a", b"x")
    assert [found.key for found in S3Store(settings).list()] == ["a"]
    found = client.get_object_lock_configuration(Bucket=settings.bucket)
    assert found["ObjectLockConfiguration"]["ObjectLockEnabled"] == "Enabled"


def test_a_bucket_without_object_lock_is_refused(
    s3_settings: S3Settings, client: "S3Client"
) -> None:
    bucket = f"plain-{uuid.uuid4().hex[:8]}"
    client.create_bucket(Bucket=bucket)
    with pytest.raises(StoreUnavailableError, match="no Object Lock"):
        S3Store(replace(s3_settings, bucket=bucket))


@pytest.mark.parametrize("wrong", [{"secret_key": "guessed"}, {"access_key": "bob"}])
def test_wrong_credentials_are_named(s3_settings: S3Settings, wrong: dict[str, str]) -> None:
    with pytest.raises(StoreUnavailableError, match="s3_access_key and s3_secret_key"):
        S3Store(replace(s3_settings, **wrong))


def test_the_secret_never_shows(s3_settings: S3Settings) -> None:
    assert s3_settings.secret_key not in repr(s3_settings)


def test_a_server_that_does_not_answer_is_named(s3_settings: S3Settings) -> None:
    nowhere = replace(s3_settings, endpoint="http://127.0.0.1:9", attempts=1)
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1:9.*check s3_endpoint"):
        S3Store(nowhere)


@pytest.mark.parametrize("prefix", ["/a", "a/", "../a", "a b"])
def test_a_prefix_is_made_like_a_key(s3_settings: S3Settings, prefix: str) -> None:
    with pytest.raises(ValueError):
        S3Store(replace(s3_settings, prefix=prefix))


def test_stores_under_two_prefixes_do_not_meet(s3_settings: S3Settings, store: S3Store) -> None:
    other = S3Store(replace(s3_settings, prefix=s3_settings.prefix + "-other"))
    store.put_bytes(KEY, b"x")
    assert list(other.list()) == []
    with pytest.raises(ObjectNotFoundError):
        other.stat(KEY)


# --- versions and locks --------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["COMPLIANCE", "GOVERNANCE"])
def test_the_lock_is_that_of_the_settings(
    s3_settings: S3Settings, client: "S3Client", large: Path, mode: str
) -> None:
    store = S3Store(replace(s3_settings, lock_mode=mode))
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    store.put_bytes("small", b"x", retain_until=until)
    store.put_file("large", large, retain_until=until)
    for key in ("small", "large"):
        found = client.head_object(Bucket=s3_settings.bucket, Key=f"{s3_settings.prefix}/{key}")
        assert found["ObjectLockMode"] == mode
        assert found["ObjectLockRetainUntilDate"] == until


def test_the_servers_clock_has_the_last_word(s3_settings: S3Settings) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    S3Store(s3_settings).put_bytes(KEY, b"x", retain_until=until)
    fast = S3Store(s3_settings, now=lambda: datetime.now(UTC) + timedelta(days=3650))
    with pytest.raises(ObjectLockedError):
        fast.delete(KEY)
    assert fast.read_bytes(KEY) == b"x"


def test_a_delete_leaves_no_marker_and_no_version(
    s3_settings: S3Settings, store: S3Store, client: "S3Client"
) -> None:
    store.put_bytes(KEY, b"x")
    store.delete(KEY)
    assert _versions(client, s3_settings) == (0, 0)


def test_what_somebody_else_overwrote_is_deleted_whole(
    s3_settings: S3Settings, store: S3Store, client: "S3Client"
) -> None:
    """An older version must not come to light when the newest is deleted."""
    store.put_bytes(KEY, b"first")
    name = f"{s3_settings.prefix}/{KEY}"
    client.delete_object(Bucket=s3_settings.bucket, Key=name)
    client.put_object(Bucket=s3_settings.bucket, Key=name, Body=b"second")
    client.put_object(Bucket=s3_settings.bucket, Key=name + "-sibling", Body=b"stays")
    store.delete(KEY)
    with pytest.raises(ObjectNotFoundError):
        store.stat(KEY)
    assert _versions(client, s3_settings) == (1, 0)
    assert store.read_bytes(KEY + "-sibling") == b"stays"


def test_a_pointer_leaves_no_trail_of_versions(
    s3_settings: S3Settings, store: S3Store, client: "S3Client"
) -> None:
    for number in range(10):
        store.replace_bytes("log/checkpoint", f"{number}".encode())
    assert _versions(client, s3_settings) == (1, 0)
    assert store.read_bytes("log/checkpoint") == b"9"


# --- large files ---------------------------------------------------------------------------------


def test_an_upload_that_fails_leaves_no_part(
    s3_settings: S3Settings,
    store: S3Store,
    client: "S3Client",
    large: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    upload_part = store._client.upload_part

    def fail_at_the_second(**options: Any) -> Any:
        if options["PartNumber"] == 2:
            raise RuntimeError("in the middle")
        return upload_part(**options)

    monkeypatch.setattr(store._client, "upload_part", fail_at_the_second)
    with pytest.raises(RuntimeError, match="in the middle"):
        store.put_file(KEY, large)
    assert _uploads(client, s3_settings) == []
    with pytest.raises(ObjectNotFoundError):
        store.stat(KEY)
    monkeypatch.undo()
    store.put_file(KEY, large)
    assert store.read_bytes(KEY) == large.read_bytes()
    assert _versions(client, s3_settings) == (1, 0)  # and no claim is left


def test_a_file_that_shrinks_while_it_is_read_is_not_stored(
    store: S3Store, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = store._client.create_multipart_upload

    def shrink(**options: Any) -> Any:
        with large.open("r+b") as writer:
            writer.truncate(6 * MIB)
        return create(**options)

    monkeypatch.setattr(store._client, "create_multipart_upload", shrink)
    with pytest.raises(EOFError, match="shorter"):
        store.put_file(KEY, large)
    assert list(store.list()) == []


@pytest.mark.parametrize("repeated", [{}, {"UploadId": "unknown", "IfNoneMatch": None}])
def test_an_answer_that_was_lost_reads_as_taken(
    store: S3Store, large: Path, monkeypatch: pytest.MonkeyPatch, repeated: dict[str, Any]
) -> None:
    """The last step was done, its answer lost and the step repeated: adopt what is there."""
    complete = store._client.complete_multipart_upload

    def twice(**options: Any) -> Any:
        complete(**options)
        options |= repeated
        return complete(**{name: value for name, value in options.items() if value is not None})

    monkeypatch.setattr(store._client, "complete_multipart_upload", twice)
    with pytest.raises(ObjectExistsError):
        store.put_file(KEY, large)
    assert store.read_bytes(KEY) == large.read_bytes()


def test_an_upload_that_somebody_aborted_is_not_stored(
    store: S3Store, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = store._client.complete_multipart_upload

    def abort_first(**options: Any) -> Any:
        store._client.abort_multipart_upload(
            Bucket=options["Bucket"], Key=options["Key"], UploadId=options["UploadId"]
        )
        return complete(**options)

    monkeypatch.setattr(store._client, "complete_multipart_upload", abort_first)
    with pytest.raises(StoreUnavailableError, match="aborted"):
        store.put_file(KEY, large)
    assert list(store.list()) == []


def test_parts_of_a_writer_that_was_killed_are_swept_a_day_later(
    s3_settings: S3Settings, client: "S3Client"
) -> None:
    client.create_multipart_upload(
        Bucket=s3_settings.bucket, Key=f"{s3_settings.prefix}/{KEY}", ChecksumAlgorithm="SHA256"
    )
    S3Store(s3_settings)
    assert len(_uploads(client, s3_settings)) == 1
    S3Store(s3_settings, now=lambda: datetime.now(UTC) + timedelta(hours=25))
    assert _uploads(client, s3_settings) == []


def test_a_claim_whose_writer_was_killed_does_not_stop_the_next(
    s3_settings: S3Settings, client: "S3Client", large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = S3Store(s3_settings)
    abandoned = s3_claims.claimed(
        client, s3_settings, s3_settings.prefix + "/", f"{s3_settings.prefix}/{KEY}", store._now
    )
    abandoned.__enter__()
    assert list(store.list()) == []
    monkeypatch.setattr(s3_claims, "STALE_AFTER", timedelta(seconds=2))
    store.put_file(KEY, large)
    assert store.stat(KEY).size_bytes == 11 * MIB


# --- a server that fails -------------------------------------------------------------------------


def test_a_reader_takes_a_broken_stream_up_again(
    store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytes(range(256)) * 20_000
    store.put_bytes(KEY, data)
    monkeypatch.setattr(s3_reader, "PAUSE_S", 0.001)
    with store.open(KEY, start=3) as reader:
        assert reader.read(10) == data[3:13]
        reader.raw._body._raw_stream.close()  # type: ignore[attr-defined]
        assert reader.read() == data[13:]


def test_a_killed_server_is_waited_for(tmp_path: Path, large: Path) -> None:
    """After a kill SeaweedFS answers nothing, then 500 for 2–3 s, then all is as it was."""
    with seaweedfs(tmp_path / "weed") as server:
        store = S3Store(server.settings("evidence", attempts=12))
        until = datetime.now(UTC) + timedelta(days=1)
        store.put_file(KEY, large, retain_until=until)
        port = int(server.endpoint.rsplit(":", 1)[1])
        server.process.kill()
        server.process.wait()
        with pytest.raises(StoreUnavailableError):
            S3Store(replace(store.settings, attempts=1))
        answers: list[bytes] = []
        reading = threading.Thread(target=lambda: answers.append(store.read_bytes(KEY)))
        reading.start()
        time.sleep(0.2)
        with seaweedfs(tmp_path / "weed", s3_port=port):
            reading.join(timeout=60)
            assert answers == [large.read_bytes()]
            with pytest.raises(ObjectLockedError):
                store.delete(KEY)


def test_full_is_full(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ClientError

    from storage.errors import StoreFullError

    def refuse(**_: Any) -> Any:
        answer = {
            "Error": {"Code": "InsufficientStorage", "Message": "no room"},
            "ResponseMetadata": {"HTTPStatusCode": 507},
        }
        raise ClientError(answer, "PutObject")  # type: ignore[arg-type]

    monkeypatch.setattr(store._client, "put_object", refuse)
    with pytest.raises(StoreFullError):
        store.put_bytes(KEY, b"x")


def test_keys_out_of_order_are_an_error_not_a_loss(s3_settings: S3Settings) -> None:
    """SeaweedFS walks the folder "a/" before "a-b" when a page ends between them."""
    store = S3Store(replace(s3_settings, page_size=2))
    for key in ("o/a-b", "o/a.b", "o/a/b", "o/a/c", "o/a/d", "o/a0"):
        store.put_bytes(key, b"x")
    with pytest.raises(StoreUnavailableError, match="out of order: o/a-b after o/a/"):
        list(store.list("o/"))
