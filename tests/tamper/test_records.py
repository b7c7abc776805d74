"""What a verification leaves in the log: each clip's own findings, and the run they are of."""

from api.verification_runs import record
from custody.history import HistoryEvent, history_of
from custody.verification import EVERYTHING, Report, Selection, Unchecked
from tests.tamper import attacks
from tests.tamper.worlds import OPERATOR, World


def last(world: World, item: str) -> HistoryEvent:
    with world.services.database.read() as tx:
        return history_of(tx, item)[-1]


def test_each_broken_clip_counts_its_own_findings(world: World) -> None:
    first, second, third = world.clip_ids
    attacks.flip_a_byte(world)
    attacks.edit_clip("officer", "JX9999")(world)
    attacks.original(world, 1).unlink()
    report = world.verify()
    assert record(world.services, OPERATOR, EVERYTHING, report) == ""
    run = last(world, "log")
    assert run.facts["findings"] == 4
    assert run.outcome == "failed"
    assert last(world, f"clip:{first}").facts["findings"] == 3
    assert last(world, f"clip:{second}").facts["findings"] == 1
    assert last(world, f"clip:{second}").facts["run"] == run.leaf_hash
    assert last(world, f"clip:{third}").kind != "verification.run"


def test_what_could_not_be_checked_is_no_failure(world: World) -> None:
    report = Report(unchecked=[Unchecked("originals/x", "EIO")])
    selection = Selection(clip_ids=frozenset({world.clip_ids[0]}))
    assert record(world.services, OPERATOR, selection, report) == ""
    event = last(world, f"clip:{world.clip_ids[0]}")
    assert event.outcome == "ok"
    assert event.facts["unchecked"] == 1


def test_a_clip_that_takes_no_entry_does_not_keep_the_others_from_theirs(world: World) -> None:
    first, second = world.clip_ids[:2]
    statement = "UPDATE log_entries SET item_seq = 9223372036854775807 WHERE idx = :entry"
    attacks.execute(statement)(world)
    attacks.original(world, 1).unlink()
    report = world.verify()
    assert record(world.services, OPERATOR, EVERYTHING, report) == first
    assert last(world, f"clip:{second}").facts["findings"] == 1
    assert last(world, "log").facts["findings"] == report.finding_count
