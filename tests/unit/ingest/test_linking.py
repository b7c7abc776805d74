"""Proposals: the cases of that officer on that day in the bureau's zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from custody.actors import Actor
from custody.clips import NewClip, admit
from custody.clock import FixedClock
from custody.ledger import Ledger
from custody.tables import case_officers, cases, links
from ingest.linking import Suggestion, fits, suggestions_for
from storage.database import Database

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: 00:30 of the 22nd in Shanghai, still the 21st in UTC.
AFTER_MIDNIGHT = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)
DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("officer", "recorded_at", "occurred_on", "expected"),
    [
        ("JX0227", AFTER_MIDNIGHT, DAY, True),
        ("JX0227", AFTER_MIDNIGHT, date(2026, 11, 21), False),
        ("JX0228", AFTER_MIDNIGHT, DAY, False),
        (None, AFTER_MIDNIGHT, DAY, False),
        ("JX0227", None, DAY, False),
        ("JX0227", AFTER_MIDNIGHT, None, False),
    ],
)
def test_officer_and_day_decide(
    officer: str | None, recorded_at: datetime | None, occurred_on: date | None, expected: bool
) -> None:
    assert fits(officer, recorded_at, "JX0227", occurred_on, SHANGHAI) is expected


class Bureau:
    """Rows to propose from."""

    def __init__(self, database: Database, ledger: Ledger, clock: FixedClock, actor: Actor) -> None:
        self.database, self.ledger, self.clock, self.actor = database, ledger, clock, actor
        self.clips = 0

    def clip(self, officer: str | None, recorded_at: datetime | None) -> str:
        self.clips += 1
        digest = f"{self.clips:064x}"
        new = NewClip(
            digest, digest, 1, digest, "x", b"x", officer=officer, recorded_at=recorded_at
        )
        with self.database.write() as tx:
            return admit(tx, self.ledger, self.actor, new)[0].id

    def case(self, case_id: str, occurred_on: date | None, *officers: str) -> Suggestion:
        with self.database.write() as tx:
            tx.execute(
                cases.insert().values(
                    id=case_id,
                    number=f"No. {case_id}",
                    procedure="general",
                    title=f"Case {case_id}",
                    occurred_on=occurred_on,
                    created_at=self.clock.now(),
                    created_by="alice",
                )
            )
            for officer in officers:
                tx.execute(case_officers.insert().values(case_id=case_id, officer=officer))
        return Suggestion(case_id, f"No. {case_id}", f"Case {case_id}", "general")

    def link(self, case_id: str, clip_id: str, *, undone: bool = False) -> None:
        with self.database.write() as tx:
            tx.execute(
                links.insert().values(
                    id=f"{case_id}-{clip_id}"[:36],
                    case_id=case_id,
                    clip_id=clip_id,
                    stage="investigation",
                    linked_at=self.clock.now(),
                    linked_by="alice",
                    unlinked_at=self.clock.now() if undone else None,
                )
            )

    def suggestions(self, *clip_ids: str) -> dict[str, list[Suggestion]]:
        with self.database.read() as tx:
            return suggestions_for(tx, clip_ids, SHANGHAI)


@pytest.fixture
def bureau(database: Database, ledger: Ledger, clock: FixedClock, operator: Actor) -> Bureau:
    return Bureau(database, ledger, clock, operator)


def test_each_clip_gets_the_cases_of_its_officer_and_day(bureau: Bureau) -> None:
    bob = bureau.clip("JX0227", AFTER_MIDNIGHT)
    carol = bureau.clip("JX0228", AFTER_MIDNIGHT)
    nobody = bureau.clip(None, AFTER_MIDNIGHT)
    timeless = bureau.clip("JX0227", None)
    both = bureau.case("b", DAY, "JX0228", "JX0227")
    alone = bureau.case("a", DAY, "JX0227")
    bureau.case("c", date(2026, 11, 21), "JX0227")
    bureau.case("d", None, "JX0227")
    assert bureau.suggestions(bob, carol, nobody, timeless) == {bob: [alone, both], carol: [both]}
    assert bureau.suggestions() == {}
    assert bureau.suggestions(nobody) == {}


def test_a_linked_case_is_not_proposed_until_the_link_is_undone(bureau: Bureau) -> None:
    clip = bureau.clip("JX0227", AFTER_MIDNIGHT)
    linked = bureau.case("a", DAY, "JX0227")
    undone = bureau.case("b", DAY, "JX0227")
    bureau.link("b", clip, undone=True)
    assert bureau.suggestions(clip) == {clip: [linked, undone]}
    bureau.link("a", clip)
    assert bureau.suggestions(clip) == {clip: [undone]}
