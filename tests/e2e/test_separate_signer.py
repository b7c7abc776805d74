"""`liuhen signer` and `liuhen serve`, two processes: a clip is archived, its receipt verified."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.crash.scene import BIN, Scene
from tests.crash.test_server_killed import states_of
from tests.services.processes import end
from tests.services.signers import part_signer

pytestmark = pytest.mark.timeout(300)


def test_a_clip_is_archived_and_its_receipt_verified(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {})
    config, signer = part_signer(scene.config(), tmp_path / "signer")
    scene.environment["LIUHEN_SIGNER"] = config.signer
    files = {"TA00716_JX0227_20261122093621.MOV": os.urandom(100_000)}
    for name, data in files.items():
        (scene.dock / name).write_bytes(data)
    with (tmp_path / "signer.log").open("ab") as log:
        process = subprocess.Popen(
            [BIN / "liuhen", "signer", "--home", signer.folder],
            env={**os.environ, "LIUHEN_DATABASE_URL": "nonsense"},
            stdout=log,
            stderr=log,
        )
    try:
        server = scene.start_server()
        try:
            # The agent verifies signature, digest, proof and consistency of what it is given.
            assert scene.scan_once() == 0, scene.logs()
            assert states_of(scene) == dict.fromkeys(files, "received")
        finally:
            end(server, ask=signal.SIGTERM, patience_s=60)
        scene.check_archived(files)
        told = (tmp_path / "signer.log").read_text()
        assert "signed " in told
        assert "refused" not in told
    finally:
        end(process, ask=signal.SIGTERM, patience_s=60)
    assert process.returncode == 0
    assert not signer.socket.exists()
    # Each has what it needs and no more.
    assert not (config.keys_folder / "log.key").exists()
    assert not (config.keys_folder / "signer.lock").exists()
    assert sorted(path.name for path in signer.folder.iterdir()) == ["keys", "liuhen.toml"]
