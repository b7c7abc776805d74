"""Everything wound back together, the signer's memory too: what somebody outside kept shows it."""

import json
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.cli.main import run
from custody.object_keys import CHECKPOINT_KEY
from custody.tables import receipts
from custody.verification.against import SUBJECT
from tests.tamper import attacks
from tests.tamper.later_attacks import go_on
from tests.tamper.worlds import World


def keep_checkpoint(world: World, file: Path) -> Path:
    file.write_bytes(world.services.store.read_bytes(CHECKPOINT_KEY))
    return file


def verify(
    capsys: pytest.CaptureFixture[str], home: list[str], kept: Path, code: int
) -> tuple[list[dict[str, object]], dict[str, object]]:
    capsys.readouterr()
    assert run(["verify", *home, "--json", "--against", str(kept)]) == code
    report = json.loads(capsys.readouterr().out)
    return report["findings"], report["against"]


def test_a_log_that_went_on_continues_what_was_kept(
    world: World, tmp_path: Path, home: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    kept = keep_checkpoint(world, tmp_path / "kept")
    go_on(world, "later")
    findings, against = verify(capsys, home, kept, 0)
    assert (findings, against["continues"]) == ([], True)
    for language, words in (("zh", "接续所留存的检查点"), ("en", "continues the checkpoint")):
        assert run(["verify", *home, "--against", str(kept), "--lang", language]) == 0
        assert words in capsys.readouterr().out


def test_a_receipt_serves_as_well(
    world: World, tmp_path: Path, home: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with world.services.database.read() as tx:
        note = tx.scalar(sa.select(receipts.c.body).limit(1))
    (tmp_path / "receipt").write_text(str(note), encoding="utf-8")
    assert verify(capsys, home, tmp_path / "receipt", 0)[1]["continues"] is True


def wind_back(world: World, copy: Path, *, beyond: bool) -> Path:
    """The log of an older day in every place, on SQLite; what was kept of the newer one.

    With ``beyond`` the wound-back log then goes on another way, past the size that was kept.
    """
    home = world.services.config.home
    world.services.database.close()
    shutil.copytree(home, copy)
    go_on(world, "to be forgotten")
    kept = keep_checkpoint(world, copy.with_name("kept"))
    world.services.database.close()
    for name in ("liuhen.db", "liuhen.db-wal", "liuhen.db-shm"):
        (home / name).unlink(missing_ok=True)
        if (copy / name).exists():
            shutil.copyfile(copy / name, home / name)
    shutil.rmtree(home / "objects")
    shutil.copytree(copy / "objects", home / "objects")
    shutil.copyfile(copy / "keys/signer-state.json", home / "keys/signer-state.json")
    if beyond:
        # A command appends its own entry, and publishes it: the log grows again, another way.
        assert run(["verify", "--home", str(home)]) == 0
        assert run(["verify", "--home", str(home)]) == 0
    return kept


#: The rows of PostgreSQL are wound back by its own means: by cutting, below.
@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("beyond", "code"), [(False, "checkpoint_rolled_back"), (True, "checkpoint_inconsistent")]
)
def test_everything_wound_back_is_found_by_what_was_kept(
    world: World,
    tmp_path: Path,
    home: list[str],
    capsys: pytest.CaptureFixture[str],
    beyond: bool,
    code: str,
) -> None:
    kept = wind_back(world, tmp_path / "copy", beyond=beyond)
    findings, against = verify(capsys, home, kept, 1)
    assert [(one["code"], one["subject"]) for one in findings] == [(code, SUBJECT)]
    expected = f"{against['size']} entries under {against['root']}"
    assert findings[0]["expected"] == expected
    assert findings[0]["found"] != expected
    assert against["continues"] is False
    assert run(["verify", *home]) == 0  # inside, everything agrees


def test_what_is_not_of_this_log_is_refused(
    world: World, tmp_path: Path, home: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    kept = keep_checkpoint(world, tmp_path / "kept")
    kept.write_bytes(kept.read_bytes().replace(b"\n", b"\n1", 1))
    for language, words in {
        "en": "no checkpoint and no receipt signed by this log's keys",
        "zh": "这不是本日志密钥签名的检查点或入库回执",
    }.items():
        assert run(["verify", *home, "--against", str(kept), "--lang", language]) == 2
        assert words in capsys.readouterr().err
    assert run(["verify", *home, "--against", str(tmp_path / "missing")]) == 2
    assert run(["verify", *home, "--against", str(kept), "--clip", world.clip_ids[0]]) == 64


def test_rows_archive_and_memory_cut_to_an_older_checkpoint(
    world: World, tmp_path: Path, home: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    go_on(world, "to be forgotten")
    kept = keep_checkpoint(world, tmp_path / "kept")
    attacks.remember_an_older_checkpoint(world)
    attacks.cut_everything_but_the_signer(world)
    findings, against = verify(capsys, home, kept, 1)
    [found] = [one for one in findings if one["subject"] == SUBJECT]
    assert found["code"] == "checkpoint_rolled_back"
    assert found["expected"] == f"{against['size']} entries under {against['root']}"
