"""The commands of the log say what is not published yet, and that it has waited for too long."""

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from api.config import load_config
from api.services import open_services
from custody.tables import log_entries
from tests.integration.cli.conftest import Liuhen
from tests.services.custody import append_events


def let_wait(home: Path, seconds: float) -> None:
    with (
        open_services(load_config(home, environment={})) as services,
        services.database.write() as tx,
    ):
        append_events(tx, services.ledger, ["service"] * 2)
        at = services.clock.now() - timedelta(seconds=seconds)
        tx.execute(sa.update(log_entries).where(log_entries.c.idx.is_(None)).values(at=at))


def test_what_waits_is_told(liuhen: Liuhen, home: Path) -> None:
    assert liuhen("log", "show").code == 0
    assert "waiting" not in liuhen("log", "show").out
    let_wait(home, 200)
    done = liuhen("log", "verify", "--read-only")
    assert "2 entries more are waiting to be published, the oldest for 20" in done.out
    assert "entries wait for longer than 60 s" in done.err
    # It publishes what it appended, and so what was there before.
    done = liuhen("log", "show")
    assert ("the oldest for 20" in done.out, "longer than 60 s" in done.err) == (True, True)
    told = liuhen("log", "verify", "--json").json
    assert (told["merge_lag_s"], told["pending"]) == (0, 0)
