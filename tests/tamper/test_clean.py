"""A home nobody touched gives no finding, at any moment between two publications."""

from pathlib import Path

from api.verification_runs import context_of
from custody.verification import LOG_ONLY, Selection, verify_clip
from tests.tamper.worlds import NAMES, fill, open_world


def test_empty_home_is_good(tmp_path: Path, empty_database_url: str) -> None:
    with open_world(tmp_path / "home", empty_database_url) as world:
        report = world.verify()
    assert report.good
    assert report.checkpoint is None


def test_everything_that_happened_verifies(tmp_path: Path, empty_database_url: str) -> None:
    with open_world(tmp_path / "home", empty_database_url) as world:
        fill(world)
        report = world.verify()
        assert report.findings == []
        assert report.unchecked == []
        assert report.clips_checked == len(NAMES)
        assert report.renditions_checked == 1
        assert report.bytes_read == sum(50_000 + n for n in range(len(NAMES))) + len(b"a proxy")
        assert report.checkpoint is not None
        assert report.checkpoint.size == report.entries_checked > 600
        assert (report.pending, report.unpublished) == (0, 0)

        assert world.verify(LOG_ONLY).good
        case = world.verify(Selection(case_id=world.case_id))
        assert case.good
        assert case.clips_checked == 2
        verdict = verify_clip(context_of(world.services), world.clip_ids[0])
        assert verdict.good
        assert verdict.sha256_expected == verdict.sha256_found
        assert verdict.sm3_expected == verdict.sm3_found is not None
        assert verdict.entry["kind"] == "clip.admitted"
        assert verdict.proof
