"""`liuhen log checkpoint`: the newest there is, and never an old one without a word."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.config import load_config
from api.services import open_services
from custody.tables import log_entries
from tests.integration.cli.conftest import Liuhen
from tests.integration.cli.test_merge_lag import let_wait


def size_of(note: str) -> int:
    return int(note.splitlines()[1])


def test_what_waits_is_published_first(liuhen: Liuhen, home: Path) -> None:
    before = size_of(liuhen("log", "checkpoint").out)
    let_wait(home, 200)
    done = liuhen("log", "checkpoint")
    assert (done.code, size_of(done.out), done.err) == (0, before + 2, "")
    told = liuhen("log", "checkpoint", "--json")
    assert (told.code, told.json["size"], told.json["unpublished"]) == (0, before + 2, 0)


@pytest.mark.parametrize("numbered", [False, True])
def test_an_old_one_is_said_to_be_one_where_nothing_can_be_published(
    liuhen: Liuhen, home: Path, numbered: bool
) -> None:
    before = liuhen("log", "checkpoint").out
    let_wait(home, 1)
    remembered = home / "keys" / "signer-state.json"
    state = json.loads(remembered.read_text(encoding="utf-8"))
    # The signer remembers another tree than the one that is here: it signs no further.
    remembered.write_text(json.dumps(state | {"root": "00" * 32}), encoding="utf-8")
    if numbered:
        with (
            open_services(load_config(home, environment={})) as services,
            services.database.write() as tx,
        ):
            pending = sa.update(log_entries).where(log_entries.c.idx.is_(None))
            tx.execute(pending.values(idx=size_of(before) + log_entries.c.item_seq % 2))
    done = liuhen("log", "checkpoint")
    assert (done.code, done.out) == (2, before)
    told, waits = done.err.splitlines()
    assert told.startswith("nothing can be published now, this checkpoint is one of before: ")
    assert waits.startswith("2 entries are not in this checkpoint, the oldest has waited for ")
    told = liuhen("log", "checkpoint", "--json")
    assert (told.code, told.json["unpublished"]) == (2, 2)
    assert "现在无法发布" in liuhen("log", "checkpoint", "--lang", "zh").err
