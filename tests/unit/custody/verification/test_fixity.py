"""Re-reading bytes: what is told for each way in which an object can be wrong."""

import hashlib
from pathlib import Path

import pytest

from custody.object_keys import original_key
from custody.verification.findings import FindingCode, VerificationImpossibleError
from custody.verification.fixity import BUFFER_BYTES, check_objects
from custody.verification.reports import Progress, Report
from custody.verification.spools import RecordSpool
from storage.errors import StoreUnavailableError
from storage.local import LocalStore

CONTENT = b"0123456789" * (BUFFER_BYTES // 7)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SM3 = hashlib.new("sm3", CONTENT).hexdigest()
KEY = original_key(SHA256)


def check(
    store: LocalStore,
    *,
    sha256: str = SHA256,
    sm3: str = SM3,
    size: int = len(CONTENT),
    with_sm3: bool = True,
) -> Report:
    report = Report()
    seen: list[Progress] = []
    with RecordSpool() as tasks:
        for _ in range(5):
            tasks.append(["c", None, KEY, sha256, sm3, size])
        check_objects(store, tasks, size * 5, report, sm3=with_sm3, progress=seen.append)
    if report.clips_checked:
        assert seen[-1].done == 5
    return report


def test_right_bytes(local_store: LocalStore) -> None:
    local_store.put_bytes(KEY, CONTENT)
    report = check(local_store)
    assert report.good
    assert report.clips_checked == 5
    assert report.bytes_read == 5 * len(CONTENT)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"sha256": "0" * 64}, FindingCode.CLIP_OBJECT_DIGEST),
        ({"sm3": "0" * 64}, FindingCode.CLIP_SM3),
        ({"size": 1}, FindingCode.CLIP_OBJECT_SIZE),
    ],
)
def test_wrong_bytes(local_store: LocalStore, wrong: dict[str, str], code: FindingCode) -> None:
    local_store.put_bytes(KEY, CONTENT)
    report = check(local_store, **wrong)  # type: ignore[arg-type]
    assert {finding.code for finding in report.findings} == {code}


def test_sm3_is_left_out_unless_asked(local_store: LocalStore) -> None:
    local_store.put_bytes(KEY, CONTENT)
    assert check(local_store, sm3="0" * 64, with_sm3=False).good


def test_missing_object(local_store: LocalStore) -> None:
    report = check(local_store)
    assert {finding.code for finding in report.findings} == {FindingCode.CLIP_OBJECT_MISSING}


class BadSector(LocalStore):
    """Opens, and can't be read to the end."""

    def open(self, key, *, start=0, length=None):  # type: ignore[no-untyped-def]
        raise OSError(5, "Input/output error")


class Away(BadSector):
    """Does not answer at all."""

    def check(self) -> None:
        raise StoreUnavailableError("gone")


def test_bad_sector_stops_nothing(tmp_path: Path) -> None:
    report = check(BadSector(tmp_path))
    assert report.findings == []
    assert len(report.unchecked) == 5
    assert "EIO" in report.unchecked[0].reason


def test_store_that_is_away_makes_it_impossible(tmp_path: Path) -> None:
    with pytest.raises(VerificationImpossibleError):
        check(Away(tmp_path))
