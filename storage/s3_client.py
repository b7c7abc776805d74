"""The connection to an S3 service, and what its answers mean in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from storage.errors import (
    ObjectExistsError,
    ObjectNotFoundError,
    StoreFullError,
    StoreUnavailableError,
)

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

MIB = 1024 * 1024

#: What servers answer when there is no room left (AWS never does).
_FULL = {"InsufficientStorage", "XMinioStorageFull", "QuotaExceeded", "EntityTooLargeForQuota"}
_REFUSED = {"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"}
_ABSENT = {"404", "NoSuchKey", "NoSuchVersion"}


@dataclass(frozen=True, slots=True)
class S3Settings:
    """Where the bucket is and how to use it.

    Without ``endpoint`` it is AWS; without keys, boto3 looks for its own (an instance's role).
    ``lock_mode`` is COMPLIANCE or GOVERNANCE, ``scratch`` the folder of `S3Store.local_path`.
    """

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = "us-east-1"
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    lock_mode: str = "COMPLIANCE"
    scratch: Path | None = None
    #: Files above this size go up in parts of it, several at once; that many bytes each are held.
    part_bytes: int = 16 * MIB
    parallel_parts: int = 4
    page_size: int = 1000
    #: In all. The pauses between them are drawn from 0 to 50, 100, 200 … ms, together 6 s on the
    #: average of nine: a SeaweedFS that was killed answers 500 for 2–3 s once it is back.
    attempts: int = 9


def connect(settings: S3Settings) -> "S3Client":
    """A client that may be used from several threads at once; nothing is sent yet."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=settings.endpoint or None,
        region_name=settings.region,
        aws_access_key_id=settings.access_key or None,
        aws_secret_access_key=settings.secret_key or None,
        config=Config(
            connect_timeout=5,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": settings.attempts},
            max_pool_connections=32,
            # We send a SHA-256 of every body ourselves, in a signed header, and check what we read
            # against our own records; a second pass over the bytes would prove nothing more.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={
                "payload_signing_enabled": False,
                "addressing_style": "path" if settings.endpoint else "auto",
            },
        ),
    )


@contextmanager
def speaking(settings: S3Settings, key: str) -> Iterator[None]:
    """Turn what S3 and the network answer about ``key`` into our errors."""
    try:
        yield
    except ClientError as error:
        raise _translate(error, settings, key) from error
    except BotoCoreError as error:
        where = settings.endpoint or f"AWS in {settings.region}"
        raise StoreUnavailableError(
            f"{where} does not answer: {error}; check s3_endpoint, s3_region and the network"
        ) from error


def code_of(error: ClientError) -> str:
    """S3's error code; on a HEAD only the HTTP status."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _translate(error: ClientError, settings: S3Settings, key: str) -> Exception:
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code == "NoSuchBucket":
        return StoreUnavailableError(f"the bucket {settings.bucket} is not there")
    if code in _ABSENT:
        return ObjectNotFoundError(key)
    if status == 412:
        return ObjectExistsError(key)
    if code in _FULL or status == 507:
        return StoreFullError(f"{settings.bucket}: {code}")
    if code in _REFUSED:
        return StoreUnavailableError(
            f"{code}: the bucket {settings.bucket} refuses these credentials; "
            "check s3_access_key and s3_secret_key and what they may do"
        )
    return StoreUnavailableError(f"{error.operation_name} of {key or settings.bucket}: {error}")


def prepare_bucket(client: "S3Client", settings: S3Settings) -> None:
    """Make the bucket with Object Lock if it is not there; refuse one without Object Lock.

    Raises `StoreUnavailableError` with what to do.
    """
    with speaking(settings, ""):
        try:
            client.head_bucket(Bucket=settings.bucket)
        except ClientError as error:
            if code_of(error) not in {"404", "NoSuchBucket"}:
                raise
            _create_bucket(client, settings)
        try:
            found = client.get_object_lock_configuration(Bucket=settings.bucket)
        except ClientError as error:
            if code_of(error) != "ObjectLockConfigurationNotFoundError":
                raise
            enabled = False
        else:
            enabled = found["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled"
    if not enabled:
        raise StoreUnavailableError(
            f"the bucket {settings.bucket} has no Object Lock, so originals could be deleted; "
            "name a bucket that has, or one that does not exist yet"
        )


def _create_bucket(client: "S3Client", settings: S3Settings) -> None:
    options: dict[str, Any] = {}
    if not settings.endpoint and settings.region != "us-east-1":
        options["CreateBucketConfiguration"] = {"LocationConstraint": settings.region}
    try:
        client.create_bucket(Bucket=settings.bucket, ObjectLockEnabledForBucket=True, **options)
    except ClientError as error:
        if code_of(error) != "BucketAlreadyOwnedByYou":  # another host of ours was quicker
            raise
