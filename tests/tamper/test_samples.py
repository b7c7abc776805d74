"""A sample is drawn from the log, not from rows; what it read is signed; a mirror bears it out."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.cli.main import run
from api.recent_verifications import recent_runs
from api.web.coverage import newest_coverage
from custody.events import EventKind, clip_item
from custody.history import condemned_by, events_of
from custody.log.checkpoint import open_checkpoint
from custody.log.entry import Entry
from custody.log.errors import SampleError
from custody.log.merkle import hash_leaf
from custody.log.sample import draw, find_admission
from custody.log.sample_statement import SampleStatement, sign_sample_statement
from custody.outside.mirror import Mirror
from custody.outside.samples import check_statement
from custody.tables import log_entries
from custody.verification import FindingCode
from tests.tamper import attacks
from tests.tamper.outsiders import published, source
from tests.tamper.worlds import World


@pytest.fixture
def kept(world: World, tmp_path: Path) -> Path:
    """The checkpoint that an auditor kept before anybody chose a seed."""
    file = tmp_path / "kept"
    file.write_bytes(published(world))
    return file


@pytest.fixture
def statement_file(tmp_path: Path) -> Path:
    return tmp_path / "statement"


def checked(world: World, file: Path, mirror: Path) -> SampleStatement:
    """As `liuhen-verify statement` checks it, with a mirror made now."""
    keys = world.services.keys
    Mirror(mirror, keys.log.verifier).follow(source(world))
    verifiers = keys.receipts.verifier, keys.log.verifier
    return check_statement(file.read_bytes(), *verifiers, mirror)


def test_a_sample_is_read_signed_recorded_and_borne_out_by_the_log(
    world: World,
    kept: Path,
    statement_file: Path,
    tmp_path: Path,
    home: list[str],
) -> None:
    asked = ["verify", *home, "--sample", "1", "--seed", "4 6 1", "--against", str(kept)]
    assert run([*asked, "-o", str(statement_file)]) == 0
    statement = checked(world, statement_file, tmp_path / "mirror")
    assert statement.good
    assert (statement.chosen, len(statement.clips), statement.coverage.clips) == (1, 1, 3)
    assert statement.coverage.ever_clips == 1
    assert statement.coverage.oldest is not None
    world.catch_up()
    assert world.verify().findings == []
    # Again it picks the same, and one of each officer beside it.
    wider = tmp_path / "wider"
    assert run([*asked, "--per-officer", "-o", str(wider)]) == 0
    again = checked(world, wider, tmp_path / "mirror")
    assert again.clips[: again.chosen] == statement.clips
    assert len(again.clips) == 3
    assert again.coverage.ever_clips == 3
    # The log says so on each clip, and the page takes it from there.
    read = clip_item(statement.clips[0].clip_id)
    with world.services.database.read() as tx:
        runs = events_of(tx, read, (EventKind.VERIFICATION_RUN,))
        recent = recent_runs(tx, world.services.clock.now())
    assert [event.facts["scope"] for event in runs] == ["sample", "sample"]
    assert recent.single == []
    shown = newest_coverage(recent.whole)
    assert shown is not None
    assert (shown.ever_clips, shown.year_clips, shown.clips, shown.oldest) == (3, 3, 3, None)


def seed_that_picks(world: World, kept: Path, clip_id: str) -> str:
    """A seed whose first clip is this one, as anybody could look for it beforehand."""
    tree = open_checkpoint(kept.read_bytes(), world.services.keys.log.verifier)
    with world.services.database.read() as tx:
        rows = tx.execute(
            sa.select(log_entries.c.idx, log_entries.c.entry).where(log_entries.c.idx < tree.size)
        ).all()
    found = (find_admission(Entry.decode(data), idx, hash_leaf(data)) for idx, data in rows)
    clips = [one for one in found if one is not None]
    seeds = (str(number) for number in range(1000))
    return next(one for one in seeds if draw(clips, tree.root, one, 1)[0].clip_id == clip_id)


def test_an_altered_recording_is_found_if_the_seed_picks_it(
    world: World, kept: Path, statement_file: Path, tmp_path: Path, home: list[str]
) -> None:
    altered, other, _ = world.clip_ids
    attacks.flip_a_byte(world)
    seeds = [seed_that_picks(world, kept, one) for one in (altered, other)]
    asked = ["verify", *home, "--sample", "1", "--against", str(kept), "-o", str(statement_file)]
    assert run([*asked, "--seed", seeds[1]]) == 0
    assert run([*asked, "--seed", seeds[0]]) == 1
    statement = checked(world, statement_file, tmp_path / "mirror")
    assert not statement.good
    assert statement.findings == {FindingCode.CLIP_OBJECT_DIGEST: 1}
    assert [one.verdict for one in statement.clips] == ["failed"]
    with world.services.database.read() as tx:
        assert condemned_by(tx, altered) is not None
        assert condemned_by(tx, other) is None


def test_a_row_that_is_gone_takes_no_clip_out_of_a_sample(
    world: World, kept: Path, statement_file: Path, tmp_path: Path, home: list[str]
) -> None:
    hidden = world.clip_ids[2]
    seed = seed_that_picks(world, kept, hidden)
    attacks.delete_clip_row(world)
    asked = ["verify", *home, "--sample", "1", "--seed", seed, "--against", str(kept)]
    assert run([*asked, "-o", str(statement_file)]) == 1
    statement = checked(world, statement_file, tmp_path / "mirror")
    assert FindingCode.CLIP_ROW_MISSING in statement.findings
    assert [(one.clip_id, one.verdict) for one in statement.clips] == [(hidden, "held")]


def test_what_a_verification_says_it_read_can_not_be_rewritten(
    world: World, kept: Path, statement_file: Path, tmp_path: Path, home: list[str]
) -> None:
    asked = ["verify", *home, "--sample", "1", "--seed", "x", "--against", str(kept)]
    assert run([*asked, "-o", str(statement_file)]) == 0
    world.publish()
    with world.services.database.read() as tx:
        index = tx.scalar(
            sa.select(sa.func.max(log_entries.c.idx)).where(
                log_entries.c.kind == "verification.run", log_entries.c.item == "log"
            )
        )
    assert isinstance(index, int)
    attacks.rewrite(world, index, facts={"seed": "another", "drawn": 3})
    codes = {one.code for one in world.verify().findings}
    assert FindingCode.ENTRY_ALTERED in codes
    # What the house signed stands all the same, and the published entry bears it out.
    statement = checked(world, statement_file, tmp_path / "mirror")
    lie = replace(statement, seed="another")
    note = sign_sample_statement(lie, world.services.keys.receipts)
    statement_file.write_text(note, encoding="utf-8")
    with pytest.raises(SampleError):
        checked(world, statement_file, tmp_path / "mirror")
