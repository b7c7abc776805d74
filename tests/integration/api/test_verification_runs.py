"""A verification in the background: one at a time, stopped when asked, its result in the log."""

import time
from collections.abc import Callable

import pytest

from api import verification_runs
from api.verification_runs import VerificationRuns
from custody.actors import Role
from custody.events import EventKind
from custody.history import history_of
from custody.verification.reports import Progress
from storage.errors import StoreUnavailableError
from tests.services.house import House


def runs_in_log(house: House) -> list[str]:
    with house.services.database.read() as tx:
        events = history_of(tx, "log")
    return [event.outcome for event in events if event.kind == EventKind.VERIFICATION_RUN]


def test_what_a_run_found_is_in_the_log(house: House) -> None:
    runs = VerificationRuns(house.services)
    run = runs.start(house.actor(Role.LEGAL))
    assert runs.wait(60)
    assert run.report is not None
    assert run.report.good
    assert run.ended_at is not None
    assert runs_in_log(house) == ["ok"]


def test_a_second_start_joins_the_run_and_a_stop_ends_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*_: object, progress: Callable[[Progress], None]) -> None:
        while True:
            progress(Progress("bytes", 1, 2))
            time.sleep(0.01)

    monkeypatch.setattr(verification_runs, "verify_all", endless)
    runs = VerificationRuns(house.services)
    run = runs.start(house.actor(Role.LEGAL))
    assert runs.start(house.actor(Role.ADMIN)) is run
    runs.stop()
    assert runs.wait(20)
    assert run.stopped
    assert run.report is None
    assert runs_in_log(house) == []


def test_a_store_that_does_not_answer_is_no_finding(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise StoreUnavailableError("the disk is away")

    monkeypatch.setattr(verification_runs, "verify_all", unreachable)
    runs = VerificationRuns(house.services)
    run = runs.start(house.actor(Role.LEGAL))
    assert runs.wait(20)
    assert "the disk is away" in run.failure
    assert runs_in_log(house) == []
