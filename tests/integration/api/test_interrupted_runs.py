"""What a verification that was interrupted leaves in the log: what it found, and nothing it did not
come to."""

import pytest

from api.verification_runs import record_run_of
from custody.actors import Role
from custody.events import EventKind, clip_item
from custody.history import events_of
from custody.verification import EVERYTHING, Finding, FindingCode, Report, Selection
from tests.services.custody import admit_clip
from tests.services.house import House


@pytest.mark.parametrize("stopped", [False, True])
def test_a_run_that_was_interrupted_vouches_for_no_original(house: House, stopped: bool) -> None:
    """It may have found a rendition wrong before it came to the original."""
    services = house.services
    with services.database.write() as tx:
        clip = admit_clip(tx, services.ledger, "a")
    report = Report(clips_checked=1)
    code = FindingCode.RENDITION_OBJECT_DIGEST
    report.add(Finding(code, "renditions/a", "It differs.", clip_id=clip.id))
    actor = house.actor(Role.LEGAL)
    for selection in (EVERYTHING, Selection(clip_ids=frozenset({clip.id}))):
        recorded = record_run_of(services, actor, selection, report, stopped=stopped)
        assert (recorded.run is not None, recorded.failure) == (True, "")
    with services.database.read() as tx:
        runs = events_of(tx, clip_item(clip.id), (EventKind.VERIFICATION_RUN,))
    assert [event.facts["original_held"] for event in runs] == [not stopped] * 2
