"""Objects in a bucket of any S3 with Object Lock.

A key is taken by `If-None-Match: *`, which S3 decides at the last step of a write. A bucket with
Object Lock is versioned: a plain DELETE would only hide an object behind a delete marker, so
`delete` names the versions and leaves none.
"""

import io
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import ClientError

from storage.durable import copy_bytes, reporting_full_disk
from storage.errors import (
    ObjectExistsError,
    ObjectLockedError,
    ObjectNotFoundError,
    StoreUnavailableError,
)
from storage.objects import (
    ObjectStat,
    check_key,
    check_prefix,
    check_range,
    check_retention,
    utc_now,
)
from storage.s3_claims import FOLDER, claimed
from storage.s3_client import S3Settings, code_of, connect, prepare_bucket, speaking
from storage.s3_reader import S3Reader
from storage.s3_upload import UploadGoneError, sha256_of, sweep_uploads, upload_in_parts

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

__all__ = ["S3Settings", "S3Store"]

#: S3 answers 409 to writers whose race it has not decided yet; how often to ask again.
_RACE_ATTEMPTS = 5
_READ_BUFFER_BYTES = 1024 * 1024


class S3Store:
    """An `ObjectStore` in a bucket, which is made, with Object Lock, if it is not there.

    ``read_only``: nothing is made or swept, so that rights to read are enough.
    """

    def __init__(
        self,
        settings: S3Settings,
        *,
        now: Callable[[], datetime] = utc_now,
        read_only: bool = False,
    ) -> None:
        if settings.prefix:
            check_key(settings.prefix)
        self.settings = settings
        self._prefix = f"{settings.prefix}/" if settings.prefix else ""
        self._now = now
        self._client = connect(settings)
        if not read_only:
            prepare_bucket(self._client, settings)
            sweep_uploads(self._client, settings, self._prefix, now())

    def put_file(self, key: str, source: Path, *, retain_until: datetime | None = None) -> None:
        check_key(key)
        lock = self._lock(retain_until)
        if source.stat().st_size <= self.settings.part_bytes:
            self._put(key, source.read_bytes(), lock)
            return
        if self._head(key) is not None:  # told now rather than after gigabytes
            raise ObjectExistsError(key)
        try:
            self._race(key, lambda: self._upload(self._prefix + key, source, lock))
        except UploadGoneError as error:
            if self._head(key) is None:
                raise StoreUnavailableError(f"the upload of {key} was aborted") from error
            raise ObjectExistsError(key) from error

    def put_bytes(self, key: str, data: bytes, *, retain_until: datetime | None = None) -> None:
        check_key(key)
        self._put(key, data, self._lock(retain_until))

    def replace_bytes(self, key: str, data: bytes) -> None:
        check_key(key)
        found = self._head(key)
        if found is not None:
            self._refuse_retained(key, found)
        with speaking(self.settings, key):
            self._client.put_object(**self._at(key), Body=data, ChecksumSHA256=sha256_of(data))
            if found is not None and (version := found.get("VersionId")):
                self._remove_predecessor(key, version)

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> BinaryIO:
        check_key(key)
        check_range(start, length)
        if length == 0:  # no range of HTTP says this
            self.stat(key)
            return io.BytesIO()
        try:
            raw = S3Reader(self._client, self.settings, self._prefix + key, start, length)
        except StoreUnavailableError as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and code_of(cause) in {"InvalidRange", "416"}:
                return io.BytesIO()  # it is there and ends before the range begins
            raise
        return io.BufferedReader(raw, _READ_BUFFER_BYTES)

    def read_bytes(self, key: str) -> bytes:
        with self.open(key) as reader:
            return reader.read()

    def stat(self, key: str) -> ObjectStat:
        check_key(key)
        found = self._head(key)
        if found is None:
            raise ObjectNotFoundError(key)
        return ObjectStat(
            key,
            found["ContentLength"],
            found["LastModified"].astimezone(UTC),
            _retained_until(found),
        )

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        check_prefix(prefix)
        return self._list(prefix)

    def delete(self, key: str) -> None:
        check_key(key)
        found = self._head(key)
        if found is None:
            raise ObjectNotFoundError(key)
        self._refuse_retained(key, found)
        with speaking(self.settings, key):
            # The one that is seen goes last: a crash on the way must not uncover an older one.
            for version in sorted(self._versions(key), key=lambda one: one == found["VersionId"]):
                try:
                    self._client.delete_object(**self._at(key), VersionId=version)
                except ClientError as error:
                    if code_of(error) == "AccessDenied" and found.get("ObjectLockMode"):
                        raise ObjectLockedError(key) from error  # the server's clock decides
                    raise

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        size = self.stat(key).size_bytes
        with tempfile.NamedTemporaryFile(prefix="liuhen-", dir=self.settings.scratch) as scratch:
            with self.open(key) as reader, reporting_full_disk():
                copy_bytes(reader, scratch.fileno(), size)
            yield Path(scratch.name)

    def check(self) -> None:
        with speaking(self.settings, ""):
            self._client.head_bucket(Bucket=self.settings.bucket)

    def _at(self, key: str) -> dict[str, Any]:
        return {"Bucket": self.settings.bucket, "Key": self._prefix + key}

    def _lock(self, retain_until: datetime | None) -> dict[str, Any]:
        until = check_retention(retain_until, self._now())
        if until is None:
            return {}
        return {
            "ObjectLockMode": self.settings.lock_mode,
            "ObjectLockRetainUntilDate": until,
        }

    def _put(self, key: str, data: bytes, lock: dict[str, Any]) -> None:
        def put() -> None:
            with speaking(self.settings, key):
                self._client.put_object(
                    **self._at(key),
                    Body=data,
                    IfNoneMatch="*",
                    ChecksumSHA256=sha256_of(data),
                    **lock,
                )

        self._race(key, put)

    def _upload(self, name: str, source: Path, lock: dict[str, Any]) -> None:
        claim = claimed(self._client, self.settings, self._prefix, name, self._now)
        upload_in_parts(self._client, self.settings, name, source, lock, claim)

    def _race(self, key: str, write: Callable[[], None]) -> None:
        """Write again while S3 says that another writer of the key is not done yet (409)."""
        for attempt in range(_RACE_ATTEMPTS):
            try:
                return write()
            except StoreUnavailableError as error:
                cause = error.__cause__
                if not isinstance(cause, ClientError) or code_of(cause) not in {
                    "ConditionalRequestConflict",
                    "OperationAborted",
                }:
                    raise
                if self._head(key) is not None:
                    raise ObjectExistsError(key) from error
                time.sleep(0.1 * 2**attempt)
        raise StoreUnavailableError(f"other writers of {key} do not come to an end")

    def _head(self, key: str) -> "HeadObjectOutputTypeDef | None":
        try:
            with speaking(self.settings, key):
                return self._client.head_object(**self._at(key))
        except ObjectNotFoundError:
            return None

    def _refuse_retained(self, key: str, found: "HeadObjectOutputTypeDef") -> None:
        until = _retained_until(found)
        if until is not None and until > self._now():
            raise ObjectLockedError(f"{key} until {until.isoformat()}")
        if found.get("ObjectLockLegalHoldStatus") == "ON":
            raise ObjectLockedError(f"{key} under a legal hold")

    def _remove_predecessor(self, key: str, version: str) -> None:
        """A pointer moves every second: without this its versions would pile up for ever."""
        try:
            self._client.delete_object(**self._at(key), VersionId=version)
        except ClientError as error:
            if code_of(error) != "AccessDenied":  # the bucket itself retains everything: so be it
                raise

    def _versions(self, key: str) -> Iterator[str]:
        """Every version of this key, delete markers too."""
        name = self._prefix + key
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self.settings.bucket, Prefix=name
        )
        for page in pages:
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            yield from (one["VersionId"] for one in found if one["Key"] == name)
            if any(one["Key"] != name for one in found):  # the shortest key comes first
                return

    def _list(self, prefix: str) -> Iterator[ObjectStat]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.settings.bucket,
            Prefix=self._prefix + prefix,
            PaginationConfig={"PageSize": self.settings.page_size},
        )
        previous = ""
        with speaking(self.settings, prefix):
            for page in pages:
                for one in page.get("Contents", []):
                    key = one["Key"].removeprefix(self._prefix)
                    if key.startswith(FOLDER):
                        continue
                    if key <= previous:
                        # SeaweedFS lists the folder "a/" before "a-b" across pages. A caller that
                        # walks two lists side by side would report losses that are none.
                        raise StoreUnavailableError(
                            f"keys come out of order: {key} after {previous}"
                        )
                    previous = key
                    modified_at = one["LastModified"].astimezone(UTC)
                    yield ObjectStat(key, one["Size"], modified_at)


def _retained_until(found: "HeadObjectOutputTypeDef") -> datetime | None:
    until = found.get("ObjectLockRetainUntilDate")
    return None if until is None else until.astimezone(UTC)
