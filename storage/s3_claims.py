"""One writer at a time at the last step of an upload in parts.

S3 decides ``If-None-Match: *`` on CompleteMultipartUpload as on PutObject. SeaweedFS 4.48 looks
and writes there without holding on to the key: of four racing writers two won. Its PutObject it
decides rightly (150 races of 16 writers), so whoever completes an upload first puts a small object,
its claim, and removes that version of it afterwards. A claim whose writer died is removed when it
is old; removing it by version can never hit the claim of a later writer.

Not covered: on such a server, a PutObject and an upload in parts racing for one key. Keys of
originals are digests, so both would bring the same bytes, and the same size chooses the same way.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from storage.errors import ObjectExistsError, StoreUnavailableError
from storage.s3_client import S3Settings, code_of

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

#: Below the store's prefix; no key can hold the sign.
FOLDER = "@claims/"
#: The last step takes seconds; a claim this old has lost its writer.
STALE_AFTER = timedelta(minutes=10)
_PAUSE_S = 0.2


@contextmanager
def claimed(
    client: "S3Client", settings: S3Settings, prefix: str, name: str, now: Callable[[], datetime]
) -> Iterator[None]:
    """Hold the claim on the full key ``name``; raises `ObjectExistsError` when that appears."""
    claim = f"{prefix}{FOLDER}{hashlib.sha256(name.encode()).hexdigest()}"
    version = _put_claim(client, settings.bucket, claim, name, now)
    try:
        yield
    finally:
        client.delete_object(Bucket=settings.bucket, Key=claim, VersionId=version)


def _put_claim(
    client: "S3Client", bucket: str, claim: str, name: str, now: Callable[[], datetime]
) -> str:
    deadline = now() + 2 * STALE_AFTER
    while now() < deadline:
        try:
            return client.put_object(Bucket=bucket, Key=claim, Body=b"", IfNoneMatch="*")[
                "VersionId"
            ]
        except ClientError as error:
            if code_of(error) not in {"PreconditionFailed", "ConditionalRequestConflict"}:
                raise
        if _is_there(client, bucket, name):
            raise ObjectExistsError(name)
        _remove_stale(client, bucket, claim, now())
        time.sleep(_PAUSE_S)
    raise StoreUnavailableError(f"another writer of {name} does not come to an end")


def _is_there(client: "S3Client", bucket: str, name: str) -> bool:
    try:
        client.head_object(Bucket=bucket, Key=name)
    except ClientError as error:
        if code_of(error) == "404":
            return False
        raise
    return True


def _remove_stale(client: "S3Client", bucket: str, claim: str, now: datetime) -> None:
    try:
        found = client.head_object(Bucket=bucket, Key=claim)
    except ClientError as error:
        if code_of(error) == "404":  # given back since
            return
        raise
    if found["LastModified"] < now - STALE_AFTER:
        client.delete_object(Bucket=bucket, Key=claim, VersionId=found["VersionId"])
