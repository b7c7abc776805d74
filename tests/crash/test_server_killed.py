"""The server dies (SIGKILL) at every step from the first byte to the receipt, and nothing is lost.

After each death an ordinary server takes over, the agent goes on where it was, and at the end every
file is exactly one clip, every byte and every log entry verifies, and nothing is left behind.
"""

import os
import random
import signal
import sqlite3
from pathlib import Path

import pytest

from tests.crash.scene import Scene
from tests.crash.steps import STEPS, Step
from tests.services.postgres import postgres

MIB = 1024 * 1024
#: On PostgreSQL a seeded slice of the steps; all of them run on SQLite, and on both in test-long.
POSTGRES_STEPS = random.Random(2).sample(STEPS, 5)


def fill(dock: Path) -> dict[str, bytes]:
    """Three recordings: one that crosses several durable offsets, two small ones."""
    files = {
        "TA00716_JX0227_20261122093621.MOV": os.urandom(5 * MIB + 17),
        "TA00716_JX0227_20261122094107_IMP.MOV": os.urandom(MIB),
        "TB00812_JX0301_20261122100000.MOV": os.urandom(4097),
    }
    for name, data in files.items():
        (dock / name).write_bytes(data)
    return files


def die_and_recover(scene: Scene, step: Step) -> None:
    files = fill(scene.dock)
    dying = scene.start_server(dying_at=step.name)
    agent = scene.start_agent()
    try:
        assert dying.wait(60) == -signal.SIGKILL, f"never came to {step.name}\n{scene.logs()}"
        server = scene.start_server()
        try:
            agent.send_signal(signal.SIGTERM)
            agent.wait(30)
            assert scene.scan_once() == 0, scene.logs()
            assert states_of(scene) == dict.fromkeys(files, "received")
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)
        scene.check_archived(files)
    finally:
        for process in (dying, agent):
            if process.poll() is None:
                process.kill()
                process.wait()


def states_of(scene: Scene) -> dict[str, str]:
    """What the station's own journal says of each file."""
    journal = next((scene.folder / "station").glob("journal.db"))
    with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT path, state FROM files").fetchall()
    connection.close()
    return {os.fsdecode(path).rsplit("/", 1)[-1]: state for path, state in rows}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name.replace(" ", "-"))
def test_nothing_is_lost_on_sqlite(tmp_path: Path, step: Step) -> None:
    die_and_recover(Scene(tmp_path, {}), step)


@pytest.mark.parametrize("step", POSTGRES_STEPS, ids=lambda step: step.name.replace(" ", "-"))
def test_nothing_is_lost_on_postgresql(tmp_path: Path, step: Step) -> None:
    with postgres() as server, server.fresh_database() as url:
        die_and_recover(Scene(tmp_path, {"LIUHEN_DATABASE_URL": url}), step)


@pytest.mark.long
@pytest.mark.parametrize(
    "step",
    [step for step in STEPS if step not in POSTGRES_STEPS],
    ids=lambda step: step.name.replace(" ", "-"),
)
def test_nothing_is_lost_on_postgresql_at_any_step(tmp_path: Path, step: Step) -> None:
    with postgres() as server, server.fresh_database() as url:
        die_and_recover(Scene(tmp_path, {"LIUHEN_DATABASE_URL": url}), step)
