"""What a verification leaves in the log: each clip's own findings, and the run they are of."""

import httpx
import pytest

from api.cli.main import run
from api.verification_runs import record
from api.web.locale import translate
from custody.history import HistoryEvent, history_of
from custody.tables import cases
from custody.verification import EVERYTHING, LOG_ONLY, Report, Selection, Unchecked
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
    recorded = last(world, "log")
    # Both digests of the first are listed, and are one thing that is wrong.
    assert (len(report.findings), recorded.facts["findings"]) == (4, 3)
    assert recorded.outcome == "failed"
    assert last(world, f"clip:{first}").facts["findings"] == 2
    assert last(world, f"clip:{second}").facts["findings"] == 1
    assert last(world, f"clip:{second}").facts["run"] == recorded.leaf_hash
    assert last(world, f"clip:{third}").kind != "verification.run"


def test_one_original_counts_the_same_however_it_is_verified(
    world: World, clerk: httpx.Client, capsys: pytest.CaptureFixture[str], home: list[str]
) -> None:
    first = world.clip_ids[0]
    attacks.flip_a_byte(world)
    shown = clerk.post(f"/clips/{first}/verify", data={"csrf": clerk.headers["X-Form"]}).text
    assert translate("zh", "verdict.bad", count=1) in shown
    assert (shown.count("SM3 也与"), shown.count("内容与日志不符")) == (1, 1)
    assert last(world, f"clip:{first}").facts["findings"] == 1
    for options in ([], ["--sm3"], ["--clip", first], ["--clip", first, "--sm3"]):
        assert run(["verify", *home, "--lang", "en", *options]) == 1
        assert "\n1 finding, 0 could not be checked\n" in capsys.readouterr().out
        assert last(world, f"clip:{first}").facts["findings"] == 1


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


@pytest.mark.parametrize("everything", [True, False])
def test_an_altered_rendition_does_not_condemn_its_original(
    world: World, *, everything: bool
) -> None:
    first = world.clip_ids[0]
    selection = EVERYTHING if everything else Selection(clip_ids=frozenset({first}))

    def verify() -> HistoryEvent:
        assert record(world.services, OPERATOR, selection, world.verify(selection)) == ""
        return last(world, f"clip:{first}")

    attacks.flip_the_proxy(world)
    found = verify()
    assert (found.outcome, found.facts["findings"]) == ("failed", 1)
    assert found.facts["original_held"] is True
    attacks.flip_a_byte(world)
    assert verify().facts["original_held"] is False


def test_nobody_says_that_an_original_held_where_its_bytes_were_not_read(world: World) -> None:
    first = world.clip_ids[0]
    attacks.edit_rendition("media_type", "text/html")(world)
    unread = world.verify(LOG_ONLY)
    assert unread.by_clip == unread.of_renditions == {first: 1}
    assert not unread.original_held(first)
    report = world.verify()
    assert report.original_held(first)
    report.unchecked.append(Unchecked("originals/x", "EIO", first))
    assert not report.original_held(first)


def test_where_the_log_itself_is_in_doubt_no_original_held(world: World) -> None:
    attacks.flip_the_proxy(world)
    attacks.forget_what_was_signed(world)
    assert not world.verify().original_held(world.clip_ids[0])


def test_a_case_that_fails_says_so_wherever_it_is_shown(world: World, clerk: httpx.Client) -> None:
    with world.services.database.write() as tx:
        tx.execute(cases.update().values(title="换过的案由"))
    report = world.verify()
    assert report.by_case == {world.case_id: 1}
    assert record(world.services, OPERATOR, EVERYTHING, report) == ""
    found = last(world, f"case:{world.case_id}")
    assert (found.outcome, found.facts["findings"]) == ("failed", 1)
    assert found.facts["run"] == last(world, "log").leaf_hash
    assert "original_held" not in found.facts
    assert translate("zh", "case.breach") in clerk.get(f"/cases/{world.case_id}").text
    assert '<circle class="dot broken"' in clerk.get("/cases").text
