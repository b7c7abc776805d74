"""Objects in the store under strange dates and names: found for what they are, or nobody's."""

import os
import time

import pytest

from custody.verification import FindingCode
from tests.tamper import attacks
from tests.tamper.worlds import World

HOUR_S = 3600


@pytest.mark.parametrize("ahead_s", [HOUR_S, 70 * 365 * 24 * HOUR_S])
def test_an_object_of_the_future_is_not_young(world: World, ahead_s: int) -> None:
    attacks.put_an_unknown_object("originals", -ahead_s)(world)
    report = world.verify()
    assert [finding.code for finding in report.findings] == [FindingCode.OBJECT_UNREGISTERED]
    assert report.young_objects == 0


def test_a_store_whose_clock_is_a_little_ahead_is_believed(world: World) -> None:
    attacks.put_an_unknown_object("originals", -60)(world)
    report = world.verify()
    assert (report.findings, report.young_objects) == ([], 1)


@pytest.mark.parametrize("width", [1, 3, 11, 13, 40])
@pytest.mark.parametrize("newest", [False, True])
def test_a_wrongly_padded_name_is_no_checkpoint_and_hides_none(
    world: World, width: int, *, newest: bool
) -> None:
    size = attacks.published_size(world) if newest else attacks.older_size(world)
    own = attacks.object_path(world, f"log/checkpoints/{size:012}")
    padded = f"log/checkpoints/{size:0{width}}"
    for name in (padded, f"log/checkpoints/{'9' * width}"):
        world.services.store.put_bytes(name, own.read_bytes())
    assert world.verify().findings == []
    own.unlink()  # and it stands in for none
    (finding,) = world.verify().findings
    assert (finding.code, finding.subject) == (
        FindingCode.CHECKPOINT_MISSING,
        f"log/checkpoints/{size:012}",
    )


@pytest.mark.parametrize("name", ["٠" * 12, "00000000000a", "0000000000-1", "000000000001.bak"])
def test_a_name_of_no_digits_is_no_checkpoint(world: World, name: str) -> None:
    (world.objects / "log/checkpoints" / name).write_bytes(b"nothing")
    assert world.verify().findings == []


STRANGE = [
    "log/evil",
    "log/tile/0/999",
    "log/tile/0/x001/234",
    "log/tile/5/000",
    "log/tile/entries/999",
    "log/tile/entries/000.bak",
    "other/x",
    "x",
]


@pytest.mark.parametrize("key", STRANGE)
def test_whatever_else_lies_in_the_store_is_found(world: World, key: str) -> None:
    world.services.store.put_bytes(key, b"nobody's")
    assert world.verify().young_objects == 1
    moment = time.time() - 2 * HOUR_S
    os.utime(attacks.object_path(world, key), (moment, moment))
    report = world.verify()
    assert [(one.code, one.subject) for one in report.findings] == [
        (FindingCode.OBJECT_UNREGISTERED, key)
    ]


def test_the_logs_own_objects_are_not_however_old(world: World) -> None:
    for path in world.objects.rglob("*"):
        if path.is_file():
            os.utime(path, (0, 0))
    report = world.verify()
    assert (report.findings, report.young_objects) == ([], 0)


def test_a_disk_of_its_own_may_keep_what_its_file_system_found(world: World) -> None:
    (world.objects / "lost+found").mkdir()
    (world.objects / "lost+found/#12").write_bytes(b"half a file")
    report = world.verify()
    assert (report.findings, report.young_objects) == ([], 0)
