"""The page of verifications: a run over a whole is a row, checks of single clips are together."""

import re
import time

import httpx
import pytest

from api.recent_verifications import recent_runs
from api.verification_runs import context_of, record
from api.web.days import day_of
from custody.actors import Role
from custody.clips import Clip
from custody.events import EventKind, clip_item
from custody.ledger import Event
from custody.log.sample import Asked
from custody.publishing.published import newest_checkpoint
from custody.verification.against import open_kept
from custody.verification.context import EVERYTHING, LOG_ONLY, SampleWanted, Selection
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import Report
from custody.verification.run import verify_all
from tests.integration.api.signed_in import submit
from tests.services.custody import admit_clip
from tests.services.house import CASE_NUMBER, House


@pytest.fixture
def clips(house: House) -> list[Clip]:
    with house.services.database.write() as tx:
        return [admit_clip(tx, house.services.ledger, f"clip-{n}") for n in range(3)]


def ran(house: House, selection: Selection, *broken: Clip) -> None:
    report = Report()
    for clip in broken:
        code = FindingCode.CLIP_OBJECT_DIGEST
        report.add(Finding(code, clip_item(clip.id), "It differs.", clip_id=clip.id))
    assert record(house.services, house.actor(Role.LEGAL), selection, report) == ""


def parts(client: httpx.Client) -> tuple[str, str]:
    """The words about the runs over a whole, and of the checks of single clips."""
    page = client.get("/verification").text
    section = page[page.index("最近的整体核验") : page.index("自己核验")]
    whole, _, single = section.partition("<details")
    return re.sub(r"<[^>]*>", "", whole), single


def test_single_clips_are_one_line_below_the_runs_over_a_whole(
    house: House, legal: httpx.Client, clips: list[Clip]
) -> None:
    case = house.add_case()
    house.publish()
    assert "还没有做过整体核验" in parts(legal)[0]
    ran(house, EVERYTHING)
    ran(house, LOG_ONLY)
    ran(house, Selection(case_id=case.id))
    for clip in clips:
        ran(house, Selection(clip_ids=frozenset({clip.id})))
    house.publish()
    whole, single = parts(legal)
    for said in ("全部原始件、登记和日志", "只核验日志", f"一个案件 {CASE_NUMBER}"):
        assert whole.count(said) == 1
    assert "单条录像 " not in whole
    assert "今天单条录像核验 3 次" in single
    assert "不一致" not in single
    assert single.count("单条录像 <a") == 3
    assert not single.startswith('<details class="more" open')


def test_a_run_is_listed_before_its_entry_has_a_number(house: House, legal: httpx.Client) -> None:
    ran(house, EVERYTHING)
    page = legal.get("/verification").text
    assert "还没有做过整体核验" not in page
    assert parts(legal)[0].count("还没有编号") == 1
    assert 'hx-trigger="every 1s"' in page  # until it has one
    house.publish()
    assert "还没有编号" not in parts(legal)[0]
    assert parts(legal)[0].count("全部原始件、登记和日志") == 1
    assert 'hx-trigger="every 1s"' not in legal.get("/verification").text


def test_a_run_that_is_done_is_listed_on_the_same_page(house: House, legal: httpx.Client) -> None:
    submit(house, legal, "/verification")
    page = ""
    for _ in range(600):
        page = legal.get("/verification", headers={"hx-request": "true"}).text
        if "全部一致" in page:
            break
        time.sleep(0.1)
    assert "全部一致" in page
    assert "还没有做过整体核验" not in page


def test_a_single_clip_that_failed_is_in_sight(
    house: House, legal: httpx.Client, clips: list[Clip]
) -> None:
    ran(house, Selection(clip_ids=frozenset({clips[0].id})), clips[0])
    house.publish()
    assert "其中 1 次不一致" in parts(legal)[1]
    assert '<details class="more" open' in legal.get("/verification").text


def test_what_a_run_left_on_broken_clips_is_no_run_of_its_own(
    house: House, legal: httpx.Client, clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.recent_verifications._PAGE", 2)  # they fill pages of their own
    ran(house, Selection(clip_ids=frozenset({clips[1].id})))
    ran(house, EVERYTHING, *clips)
    house.publish()
    whole, single = parts(legal)
    assert whole.count("3 处不一致") == 1
    assert "今天单条录像核验 1 次" in single
    assert single.count("单条录像 <a") == 1


def test_of_many_checks_it_says_that_there_were_more(
    house: House, clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = house.services
    event = Event(EventKind.VERIFICATION_RUN, clip_item(clips[0].id), {"scope": "clip"})
    with services.database.write() as tx:
        services.ledger.append_many(tx, house.actor(Role.LEGAL), [event] * 30)
    house.publish()
    monkeypatch.setattr("api.recent_verifications.MAX_SINGLE", 25)
    now = services.clock.now()
    with services.database.read() as tx:
        recent = recent_runs(tx, day_of(now, services.config.zone))
        tomorrow = recent_runs(tx, now)
    assert (recent.today, recent.today_more, len(recent.single)) == (25, True, 20)
    assert (tomorrow.today, tomorrow.today_more, len(tomorrow.single)) == (0, False, 20)


def read_again(client: httpx.Client) -> str:
    """What the page says was read again, without the marks."""
    page = client.get("/verification").text
    section = page[page.index("原始件重读情况") : page.index("最近的整体核验")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", section))


def test_how_much_was_read_again_and_which_clip_never_was(
    house: House, legal: httpx.Client, clips: list[Clip]
) -> None:
    house.publish()
    assert "说不出哪些重读过" in read_again(legal)
    tree = open_kept(published_note(house).encode(), context_of(house.services))
    wanted = SampleWanted(*tree, seed="4 6 1", asked=Asked.parse("1"))
    selection = Selection(sample=wanted)
    report = verify_all(context_of(house.services), selection)
    assert report.sample is not None
    assert report.coverage is not None
    assert report.coverage.oldest is not None
    assert record(house.services, house.actor(Role.LEGAL), selection, report) == ""
    house.publish()
    said = read_again(legal)
    oldest = report.coverage.oldest.clip_id
    name = next(clip.name for clip in clips if clip.id == oldest)
    assert "33.3% · 1 / 3 条录像" in said
    assert name in said
    assert "此后已重读" not in said
    ran(house, Selection(clip_ids=frozenset({oldest})))
    assert "此后已重读" in read_again(legal)


def published_note(house: House) -> str:
    with house.services.database.read() as tx:
        newest = newest_checkpoint(tx)
    assert newest is not None
    return newest.note
