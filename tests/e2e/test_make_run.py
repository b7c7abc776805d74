"""What a stranger does: clone, `make run` with recordings, verify, change a byte."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingest.ffmpeg import find_ffmpeg

ROOT = Path(__file__).parents[2]
START_S = 600.0

pytestmark = pytest.mark.timeout(900)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_recordings(folder: Path) -> None:
    """A recording, the same cut off before its index, an empty one and one that is none."""
    folder.mkdir()
    whole = folder / "TA00716_JX0227_20261122093621.mp4"
    subprocess.run(
        [
            *(
                find_ffmpeg().path,
                "-v",
                "error",
                "-f",
                "lavfi",
                "-i",
                "testsrc2=s=640x360:r=25:d=3",
            ),
            *("-f", "lavfi", "-i", "sine=d=3", "-c:v", "libx264", "-preset", "ultrafast"),
            *("-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "0", whole),
        ],
        check=True,
    )
    data = whole.read_bytes()
    (folder / "TA00716_JX0227_20261122094000_IMP.mp4").write_bytes(data[: len(data) // 2])
    (folder / "TA00716_JX0227_20261122095000.mp4").write_bytes(b"")
    (folder / "Thumbs.db").write_bytes(b"litter")
    (folder / "TA00716_JX0227_20261122100000.mp4").write_bytes(os.urandom(50_000))


@contextmanager
def make_run(clone: Path, home: Path, footage: Path, port: int, log: Path) -> Iterator[int]:
    """`make run`, until the block ends; yields its process group."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LIUHEN_", "MAKE"))}
    with log.open("ab") as sink:
        process = subprocess.Popen(
            ["make", "run", f"FOOTAGE={footage}", f"HOME_DIR={home}", f"PORT={port}"],
            cwd=clone,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
        try:
            yield process.pid
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(60)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_for(text: str, log: Path, *, after: int = 0) -> str:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        said = log.read_text(errors="replace")[after:] if log.exists() else ""
        if text in said:
            return said
        assert "Error" not in said or "make: ***" not in said, said
        time.sleep(0.3)
    raise AssertionError(f"never said {text!r}:\n{said}")


def liuhen(clone: Path, home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [clone / ".venv/bin/liuhen", *arguments, "--home", home],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_from_a_fresh_clone_to_a_byte_that_was_changed(tmp_path: Path) -> None:
    clone, home, footage = tmp_path / "an empty folder", tmp_path / "home", tmp_path / "footage"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    make_recordings(footage)
    log, port = tmp_path / "run.log", free_port()

    with make_run(clone, home, footage, port, log) as group:
        wait_for("Ctrl-C", log)
        said = log.read_text(errors="replace")
        assert f"http://127.0.0.1:{port}/" in said
        assert re.search(r"TA00716_JX0227_20261122095000\.mp4", said), said  # the empty one
        summary = said[said.index("隔离") :]
        assert "跳过：Thumbs.db（已忽略）" in summary, summary
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            assert json.load(answer)["status"] == "ok"
        # Pull the plug, then the same command again: it goes on where it was.
        os.killpg(group, signal.SIGKILL)
        time.sleep(0.5)
    before = log.stat().st_size
    with make_run(clone, home, footage, port, log):
        wait_for("Ctrl-C", log, after=before)
        listed = json.loads(liuhen(clone, home, "clips", "list", "--json").stdout)
        states = {clip["name"][-14:]: clip["state"] for clip in listed}
        assert sorted(states.values()) == ["damaged", "quarantined", "ready"]
        clean = liuhen(clone, home, "verify", "--all")
        assert clean.returncode == 0, clean.stdout + clean.stderr

        ready = next(clip for clip in listed if clip["state"] == "ready")
        original = next((home / "objects").rglob(ready["sha256"]))
        original.chmod(0o600)
        with original.open("r+b") as handle:
            handle.seek(1000)
            byte = handle.read(1)[0]
            handle.seek(1000)
            handle.write(bytes([byte ^ 1]))
        changed = liuhen(clone, home, "verify", "--all", "--json")
        assert changed.returncode == 1
        findings = json.loads(changed.stdout)["findings"]
        assert [(f["code"], f["clip_id"], f["expected"]) for f in findings] == [
            ("clip_object_digest", ready["id"], ready["sha256"])
        ]
