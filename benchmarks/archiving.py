"""(a) From a station's disk to a receipt, beside the bare work and `rclone copy --checksum`."""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from botocore.config import Config as BotoConfig

from benchmarks.floor import BUFFER, copy_bare, digest_bare
from benchmarks.harness import (
    BIN,
    Row,
    Section,
    cpu_seconds,
    fill_page_cache,
    make_files,
    rounds,
    run,
    timed,
)
from tests.services.seaweedfs import ACCESS_KEY, SECRET_KEY, SeaweedServer, seaweedfs

#: Gigabit line rate, in MiB/s.
LINE_RATE = 112.0


def measure(folder: Path, *, quick: bool = False) -> Section:
    """MiB/s over loopback, both ends on this machine, into a local folder and into SeaweedFS."""
    section = Section("Archiving: agent → receipt", "python -m benchmarks archiving")
    count, size_mib = (2, 32) if quick else (6, 512)
    repeats = 1 if quick else 3
    sources = make_files(folder / "dock", count, size_mib)
    if not quick:
        fill_page_cache(folder)
    _measure_local(section, folder, sources, count * size_mib, repeats)
    # Less of it: every byte is written by a store on the same cores.
    few = sources[: max(1, count // 3)]
    dock = folder / "dock-s3"
    dock.mkdir()
    for source in few:
        (dock / source.name).hardlink_to(source)
    _measure_s3(section, folder, dock, few, len(few) * size_mib, repeats)
    section.notes[:0] = [
        (
            f"{count} files of {size_mib} MiB, random ({len(few)} of them into SeaweedFS); agent, "
            f"server and store share the cores. Medians of {repeats} rounds, in which all of them "
            "take their turn. The time runs from the start of `liuhen-station scan --once` to its "
            "exit: every file hashed, sent, read back, in a published checkpoint, its receipt "
            "verified."
        ),
        "The page cache is full from the start, as on a server that has run for a day.",
        "The floor reads back from the page cache, as the archive does after its fsync.",
    ]
    return section


def _measure_local(
    section: Section, folder: Path, sources: list[Path], total: int, repeats: int
) -> None:
    dock = folder / "dock"

    def ours(target: Path) -> float:
        return _archive(dock, target, {})

    floor, floor_hashed, rclone, archived = rounds(
        repeats,
        folder / "target",
        [
            lambda target: copy_bare(sources, target, hash_back=False),
            lambda target: copy_bare(sources, target, hash_back=True),
            lambda target: _rclone(dock, str(target)),
            ours,
        ],
    )
    rate = total / archived
    section.rows += [
        Row("floor: read, SHA-256 + SM3, write, fsync, read back", total / floor, "MiB/s"),
        Row("floor with the read-back hashed too", total / floor_hashed, "MiB/s"),
        Row("rclone copy → local folder", total / rclone, "MiB/s"),
        Row("agent → receipt, local folder", rate, "MiB/s", "floor", floor / archived, "≥ 0.6"),
        Row("the same", rate, "MiB/s", "gigabit line rate", rate / LINE_RATE, "≥ 1"),
    ]


def _measure_s3(
    section: Section, folder: Path, dock: Path, sources: list[Path], total: int, repeats: int
) -> None:
    store_cpu: dict[str, list[float]] = {}
    with seaweedfs() as weed:

        def watched(name: str, seconds: Callable[[Path], float]) -> Callable[[Path], float]:
            def run_one(target: Path) -> float:
                before = cpu_seconds(weed.process.pid)
                taken = seconds(target)
                used = cpu_seconds(weed.process.pid) - before
                store_cpu.setdefault(name, []).append(used / (total / 1024))
                return taken

            return run_one

        floor, rclone, archived = rounds(
            repeats,
            folder / "target-s3",
            [
                watched("bare", lambda target: _bare_s3(sources, weed, f"b{_bucket(target)}")),
                watched("rclone", lambda target: _rclone_s3(dock, weed, f"r{_bucket(target)}")),
                watched(
                    "ours",
                    lambda target: _archive(dock, target, _s3(weed, f"o{_bucket(target)}")),
                ),
            ],
        )
    rate = total / archived
    section.rows += [
        Row("floor: digests, boto3 upload_file, get back", total / floor, "MiB/s"),
        Row("rclone copy → SeaweedFS", total / rclone, "MiB/s"),
        Row(
            "agent → receipt, SeaweedFS",
            rate,
            "MiB/s",
            "floor into SeaweedFS",
            floor / archived,
            "≥ 0.6",
        ),
        Row("the same", rate, "MiB/s", "gigabit line rate", rate / LINE_RATE, "≥ 1"),
    ]
    used = {name: statistics.median(each) for name, each in store_cpu.items()}
    section.notes.append(
        "CPU seconds of SeaweedFS itself for each GiB: "
        f"{used['ours']:.1f} for ours, {used['bare']:.1f} for the floor, {used['rclone']:.1f} for "
        "rclone, which reads nothing back. It shares the two cores with agent and server and so "
        "bounds everybody; gigabit line rate into S3 needs the store on cores of its own."
    )


def _bucket(target: Path) -> str:
    return target.name.replace("_", "-")


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


__all__ = ["LINE_RATE", "measure", "serving"]
