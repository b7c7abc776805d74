"""Large files into S3: in parts, several at once, and nothing is there before the last step."""

import base64
import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from storage.s3_client import MIB, S3Settings, code_of, speaking

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

MAX_PARTS = 10_000  # S3's limit
SWEEP_AFTER = timedelta(days=1)


class UploadGoneError(Exception):
    """The upload in parts is unknown: its end was reached before, or somebody aborted it."""


def sha256_of(data: bytes) -> str:
    """A body's SHA-256 as S3 wants it: base64."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def upload_in_parts(
    client: "S3Client",
    settings: S3Settings,
    name: str,
    source: Path,
    options: Mapping[str, Any],
    claim: AbstractContextManager[None],
) -> None:
    """Store ``source`` under the full key ``name`` unless that is taken (`ObjectExistsError`).

    ``claim`` is held for the last step (`storage.s3_claims`).
    Each part travels with its SHA-256. Whatever fails, the parts are removed again. Raises
    `UploadGoneError` where the last step can't tell whether it was done.
    """
    target: dict[str, Any] = {"Bucket": settings.bucket, "Key": name}
    with speaking(settings, name), source.open("rb", buffering=0) as reader:
        size = os.fstat(reader.fileno()).st_size
        part_bytes = _part_bytes(size, settings.part_bytes)
        upload = client.create_multipart_upload(**target, ChecksumAlgorithm="SHA256", **options)
        target["UploadId"] = upload["UploadId"]

        def send(number: int) -> "CompletedPartTypeDef":
            offset = (number - 1) * part_bytes
            data = os.pread(reader.fileno(), min(part_bytes, size - offset), offset)
            if len(data) != min(part_bytes, size - offset):
                raise EOFError(f"{source} has become shorter while it was read")
            digest = sha256_of(data)
            sent = client.upload_part(**target, PartNumber=number, Body=data, ChecksumSHA256=digest)
            return {"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": digest}

        try:
            with ThreadPoolExecutor(settings.parallel_parts, "s3-part") as pool:
                count = (size + part_bytes - 1) // part_bytes
                parts = list(pool.map(send, range(1, count + 1)))
            with claim:
                client.complete_multipart_upload(
                    **target, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
                )
        except BaseException as error:
            _abort(client, target, error)
            if isinstance(error, ClientError) and code_of(error) == "NoSuchUpload":
                raise UploadGoneError(name) from error
            raise


def sweep_uploads(client: "S3Client", settings: S3Settings, prefix: str, now: datetime) -> None:
    """Remove the parts that writers left behind which were killed more than a day ago."""
    with speaking(settings, prefix):
        pages = client.get_paginator("list_multipart_uploads").paginate(
            Bucket=settings.bucket, Prefix=prefix
        )
        for page in pages:
            for upload in page.get("Uploads", []):
                if upload["Initiated"] < now - SWEEP_AFTER:
                    client.abort_multipart_upload(
                        Bucket=settings.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )


def _part_bytes(size: int, wanted: int) -> int:
    """The wanted size of a part, or the whole MiB above it with which 10,000 parts are enough."""
    least = (size + MAX_PARTS - 1) // MAX_PARTS
    return max(wanted, (least + MIB - 1) // MIB * MIB)


def _abort(client: "S3Client", target: Mapping[str, Any], reason: BaseException) -> None:
    """Remove the parts; where that fails too, the first error says so and the sweep finds them."""
    try:
        client.abort_multipart_upload(**target)
    except (ClientError, BotoCoreError) as error:
        reason.add_note(f"its parts are left for the sweep: {error}")
