"""Object Lock: what a store with it refuses, and what is laid over a locked version is found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from api.verification_runs import context_of
from custody.verification import FindingCode, Report, verify_all
from storage.s3 import S3Settings, S3Store
from storage.s3_client import connect
from tests.tamper import attacks
from tests.tamper.worlds import World

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

pytestmark = pytest.mark.parametrize("world", ["sqlite"], indirect=True)

LOCKED_FOR = timedelta(days=180)


class Bucket:
    """The objects of a world in a bucket; originals locked as the house locks them."""

    def __init__(self, world: World, settings: S3Settings) -> None:
        self._world = world
        self._settings = settings
        self.store = S3Store(settings)
        self.client: S3Client = connect(settings)
        until = datetime.now(UTC) + LOCKED_FOR
        for stat in world.services.store.list(""):
            data = world.services.store.read_bytes(stat.key)
            locked = stat.key.startswith("originals/")
            self.store.put_bytes(stat.key, data, retain_until=until if locked else None)
        original = attacks.original(world).relative_to(world.objects)
        self.key = f"{settings.prefix}/{original}"
        head = self.client.head_object(Bucket=settings.bucket, Key=self.key)
        self.version = head["VersionId"]

    def verify(self) -> Report:
        context = context_of(self._world.services)
        return verify_all(replace(context, store=self.store, signer_grace_s=0.1))

    def retain_until(self, moment: datetime, *, bypass: bool = False) -> None:
        self.client.put_object_retention(
            Bucket=self._settings.bucket,
            Key=self.key,
            VersionId=self.version,
            Retention={"Mode": "COMPLIANCE", "RetainUntilDate": moment},
            BypassGovernanceRetention=bypass,
        )

    def delete_version(self, *, bypass: bool = False) -> None:
        self.client.delete_object(
            Bucket=self._settings.bucket,
            Key=self.key,
            VersionId=self.version,
            BypassGovernanceRetention=bypass,
        )


@pytest.fixture
def bucket(world: World, s3_settings: S3Settings) -> Bucket:
    return Bucket(world, replace(s3_settings, page_size=1000))


def test_a_locked_version_stays(bucket: Bucket) -> None:
    assert bucket.verify().findings == []
    for bypass in (False, True):
        with pytest.raises(ClientError, match="AccessDenied"):
            bucket.retain_until(datetime.now(UTC) + timedelta(minutes=1), bypass=bypass)
        with pytest.raises(ClientError, match="AccessDenied"):
            bucket.delete_version(bypass=bypass)
    report = bucket.verify()
    assert (report.findings, report.unchecked) == ([], [])


def test_what_is_laid_over_a_locked_version_is_found(
    world: World, bucket: Bucket, s3_settings: S3Settings
) -> None:
    place = {"Bucket": s3_settings.bucket, "Key": bucket.key}
    true = bucket.client.get_object(**place)["Body"].read()
    # 1. A marker: who asks for the object finds none.
    marker = bucket.client.delete_object(**place)["VersionId"]
    found = [(one.code, one.clip_id) for one in bucket.verify().findings]
    assert found == [(FindingCode.CLIP_OBJECT_MISSING, world.clip_ids[0])]
    bucket.client.delete_object(**place, VersionId=marker)
    assert bucket.verify().findings == []
    # 2. A newer version of the same size.
    over = bucket.client.put_object(**place, Body=b"\xff" * len(true))["VersionId"]
    codes = {one.code for one in bucket.verify().findings}
    assert codes == {FindingCode.CLIP_OBJECT_DIGEST}
    # Either way the true bytes are there still.
    kept = bucket.client.get_object(**place, VersionId=bucket.version)["Body"].read()
    assert kept == true
    bucket.client.delete_object(**place, VersionId=over)
    assert bucket.verify().findings == []
