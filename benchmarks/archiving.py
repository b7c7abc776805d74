"""(a) From a station's disk to a receipt, beside the bare work and `rclone copy --checksum`."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import boto3
from botocore.config import Config as BotoConfig

from benchmarks.floor import BUFFER, copy_bare, digest_bare
from benchmarks.harness import BIN, MIB, Row, Section, make_files, median, run, timed
from tests.services.seaweedfs import ACCESS_KEY, SECRET_KEY, SeaweedServer, seaweedfs

#: Gigabit line rate, in MiB/s.
LINE_RATE = 112.0


def measure(folder: Path, *, quick: bool = False) -> Section:
    """MiB/s over loopback, both ends on this machine, into a local folder and into SeaweedFS."""
    section = Section("Archiving: agent → receipt", "python -m benchmarks archiving")
    count, size_mib = (2, 32) if quick else (4, 256)
    repeats = 1 if quick else 2
    sources = make_files(folder / "dock", count, size_mib)
    total = count * size_mib

    def scratch(name: str, number: int) -> Path:
        path = folder / f"{name}-{number}"
        shutil.rmtree(path, ignore_errors=True)
        return path

    def bare(number: int, *, hash_back: bool) -> float:
        target = scratch("bare", number)
        seconds = copy_bare(sources, target, hash_back=hash_back)
        shutil.rmtree(target)
        return total / seconds

    floor = median(repeats, lambda number: bare(number, hash_back=False))
    floor_hashed = median(repeats, lambda number: bare(number, hash_back=True))
    section.rows.append(Row("floor: read, SHA-256 + SM3, write, fsync, read back", floor, "MiB/s"))
    section.rows.append(Row("floor with the read-back hashed too", floor_hashed, "MiB/s"))

    def rclone_local(number: int) -> float:
        target = scratch("rclone", number)
        seconds = _rclone(folder / "dock", str(target))
        shutil.rmtree(target)
        return total / seconds

    def ours_local(number: int) -> float:
        home = scratch("home", number)
        seconds = _archive(folder / "dock", home, {})
        shutil.rmtree(home)
        return total / seconds

    local = median(repeats, ours_local)
    section.rows.append(Row("rclone copy → local folder", median(repeats, rclone_local), "MiB/s"))
    section.rows.append(
        Row("agent → receipt, local folder", local, "MiB/s", "floor", local / floor, "≥ 0.6")
    )
    section.rows.append(
        Row("the same", local, "MiB/s", "gigabit line rate", local / LINE_RATE, "≥ 1")
    )
    with ExitStack() as stack:
        weed = stack.enter_context(seaweedfs())
        floor_s3 = median(repeats, lambda number: total / _bare_s3(sources, weed, f"bare{number}"))
        rclone_s3 = median(
            repeats, lambda number: total / _rclone_s3(folder / "dock", weed, f"rclone{number}")
        )
        ours_s3 = median(
            repeats,
            lambda number: (
                total
                / _archive(folder / "dock", scratch("s3home", number), _s3(weed, f"ours{number}"))
            ),
        )
    section.rows.append(Row("floor: digests, boto3 upload_file, get back", floor_s3, "MiB/s"))
    section.rows.append(Row("rclone copy → SeaweedFS", rclone_s3, "MiB/s"))
    section.rows.append(
        Row(
            "agent → receipt, SeaweedFS",
            ours_s3,
            "MiB/s",
            "floor into SeaweedFS",
            ours_s3 / floor_s3,
            "≥ 0.6",
        )
    )
    section.rows.append(
        Row("the same", ours_s3, "MiB/s", "gigabit line rate", ours_s3 / LINE_RATE, "≥ 1")
    )
    section.notes.append(
        f"{count} files of {size_mib} MiB, random; agent, server and store share the cores. "
        "The time runs from the start of `liuhen-station scan --once` to its exit: every file "
        "hashed, sent, read back, in a published checkpoint, its receipt verified."
    )
    section.notes.append(
        "The floor reads back from the page cache, as the archive does after its fsync."
    )
    section.notes.append(
        "SeaweedFS itself takes 12 to 13 CPU seconds to write a GiB here, whoever sends it; agent "
        "and server take 3.5 and 7. With the store on the same two cores that bounds everybody: "
        "gigabit line rate into S3 needs the store on cores of its own."
    )
    return section


@contextmanager
def serving(home: Path, environment: dict[str, str]) -> Iterator[int]:
    """A `liuhen serve` of its own with no media work; yields its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    child = {**os.environ, "LIUHEN_MEDIA_WORKERS": "0", **environment}
    with (home / "serve.log").open("wb") as log:
        server = subprocess.Popen(
            [BIN / "liuhen", "serve", "--home", home, "--port", str(port)],
            env=child,
            stdout=log,
            stderr=log,
        )
        try:
            _wait_healthy(server, port, home / "serve.log")
            yield port
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)


def _wait_healthy(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if server.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError(log.read_text(errors="replace"))


def _archive(dock: Path, home: Path, environment: dict[str, str]) -> float:
    """Seconds from the agent's start to its exit with every file received."""
    child = {**os.environ, **environment}
    home.mkdir(parents=True)
    run(BIN / "liuhen", "init", "--home", home, env=child)
    with serving(home, environment) as port:
        answer = run(
            *(BIN / "liuhen", "stations", "enrol-token", "bench", "--json", "--home", home),
            env=child,
        )
        token = json.loads(answer.stdout)["token"]
        config = home / "station.toml"
        config.write_text(
            f'server = "http://127.0.0.1:{port}"\nname = "bench"\nhome = "{home / "station"}"\n'
            f'watch = ["{dock}"]\nsettle_s = 0\n',
            encoding="utf-8",
        )
        agent = [sys.executable, "-m", "station_agent.cli"]
        run(*agent, "enrol", "--config", config, "--token", token, env=child)
        with timed() as seconds:
            run(*agent, "scan", "--once", "--config", config, env=child)
    return seconds()


def _rclone(source: Path, target: str, environment: dict[str, str] | None = None) -> float:
    with timed() as seconds:
        run(
            *(BIN / "rclone", "copy", "--checksum", source, target, "--config", os.devnull),
            env={**os.environ, **(environment or {})},
        )
    return seconds()


def _rclone_s3(source: Path, weed: SeaweedServer, bucket: str) -> float:
    environment = {
        "RCLONE_CONFIG_WEED_TYPE": "s3",
        "RCLONE_CONFIG_WEED_PROVIDER": "SeaweedFS",
        "RCLONE_CONFIG_WEED_ENDPOINT": weed.endpoint,
        "RCLONE_CONFIG_WEED_ACCESS_KEY_ID": ACCESS_KEY,
        "RCLONE_CONFIG_WEED_SECRET_ACCESS_KEY": SECRET_KEY,
    }
    return _rclone(source, f"weed:{bucket}", environment)


def _bare_s3(sources: list[Path], weed: SeaweedServer, bucket: str) -> float:
    """Seconds for the same work by hand: both digests in one read, a plain upload, a plain get."""
    client = boto3.client(
        "s3",
        endpoint_url=weed.endpoint,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name="us-east-1",
        config=BotoConfig(s3={"addressing_style": "path"}),
    )
    client.create_bucket(Bucket=bucket)
    with timed() as seconds:
        for source in sources:
            digest_bare(source)
            client.upload_file(str(source), bucket, source.name)
            body = client.get_object(Bucket=bucket, Key=source.name)["Body"]
            while body.read(BUFFER):
                pass
    return seconds()


def _s3(weed: SeaweedServer, bucket: str) -> dict[str, str]:
    return {
        "LIUHEN_OBJECTS": f"s3://{bucket}",
        "LIUHEN_S3_ENDPOINT": weed.endpoint,
        "LIUHEN_S3_ACCESS_KEY": ACCESS_KEY,
        "LIUHEN_S3_SECRET_KEY": SECRET_KEY,
        "LIUHEN_LOCK_MODE": "GOVERNANCE",
    }


__all__ = ["LINE_RATE", "MIB", "measure", "serving"]
