"""A recovery that dies at any step is simply run again, and comes out the same."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from custody.errors import LogRestoredError
from custody.outside.mirror import Mirror
from custody.outside.sources import FolderSource
from custody.publishing.checked_signer import CheckedSigner
from custody.publishing.restored import STOPPING
from custody.recovery import recover as recovering
from custody.recovery.papers import Papers
from tests.tamper.attacks import signer_state
from tests.tamper.nights import Night, codes
from tests.tamper.older_copies import recover

#: Of so many entries a transaction, so that there are several.
BATCH = 64


class KilledError(BaseException):
    """The process ends here."""


class Dying:
    """Counts what is made durable, and dies just before or after the step ``last``."""

    def __init__(self, night: Night, last: int | None, patch: pytest.MonkeyPatch) -> None:
        self._last = last
        self.steps = 0
        services = night.world.services
        patch.setattr(recovering, "BATCH_ENTRIES", BATCH)
        for name in ("put_bytes", "replace_bytes"):
            patch.setattr(services.store, name, self._counting(getattr(services.store, name)))
        write = services.database.write

        @contextmanager
        def dying_write() -> Iterator[Connection]:
            with write() as tx:
                yield tx
                self._step()
            self._step()

        patch.setattr(services.database, "write", dying_write)

    def _counting(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            self._step()
            result = call(*args, **options)
            self._step()
            return result

        return counted

    def _step(self) -> None:
        if self.steps == self._last:
            self._last = None
            raise KilledError
        self.steps += 1


@pytest.fixture
def mirror(night: Night, tmp_path: Path) -> Path:
    """A mirror of all there was; then database and store are last night's."""
    night.world.publish()
    place = tmp_path / "mirror"
    source = FolderSource(night.world.objects / "log")
    Mirror(place, night.world.services.keys.log.verifier).follow(source)
    return place


def lose(night: Night, mirror: Path) -> None:
    """All is as if nobody had recovered yet: what the signer remembers is the mirror's tree."""
    night.lose_rows()
    night.lose_objects()
    signer_state(night.world).unlink()
    note = (mirror / "checkpoint").read_text()
    # Its own record, as its file is put back: it takes over nothing whose entries are gone.
    signer = night.world.services.signer
    assert isinstance(signer, CheckedSigner)
    signer._signer.adopt(note, [])


def run(night: Night, mirror: Path) -> object:
    papers = Papers((night.papers,))
    return recover(night.world, papers=papers, mirror=FolderSource(mirror).fetch)


def die_and_recover(night: Night, mirror: Path, step: int) -> None:
    lose(night, mirror)
    with pytest.MonkeyPatch.context() as patch:
        Dying(night, step, patch)
        with pytest.raises(KilledError):
            run(night, mirror)
    # As long as it is not whole, it says so; what is half recovered is never signed.
    watch = night.world.services.publisher.watch
    if watch.look().older in STOPPING:
        with pytest.raises(LogRestoredError):
            night.world.publish()
    run(night, mirror)
    assert watch.look().older is None
    night.world.publish()
    found = codes(night.world)
    assert "details_lost" in found
    wrong = ("altered", "broken", "counter", "root", "missing", "inconsistent", "unregistered")
    rows = ("row_missing", "name_missing", "link_missing", "object_missing")
    bad = {code for code in found if code.endswith(wrong) and not code.endswith(rows)}
    assert bad <= {"dock_session_missing", "station_missing", "user_missing"}, step


def count_steps(night: Night, mirror: Path) -> int:
    lose(night, mirror)
    with pytest.MonkeyPatch.context() as patch:
        dying = Dying(night, None, patch)
        run(night, mirror)
    return dying.steps


def test_it_dies_at_a_step(night: Night, mirror: Path) -> None:
    """A seeded slice, with the first, the last and the one that says it is done among them."""
    steps = count_steps(night, mirror)
    assert steps > 15
    for step in sorted({1, steps - 3, *random.Random(2).sample(range(steps), 2)}):
        die_and_recover(night, mirror, step)


@pytest.mark.long
def test_it_dies_at_every_step(night: Night, mirror: Path) -> None:
    for step in range(count_steps(night, mirror)):
        die_and_recover(night, mirror, step)
