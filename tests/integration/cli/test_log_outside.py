"""What leaves the house: a proof to take along and a mirror, checked by `liuhen-verify`."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from custody.outside import cli as verify
from tests.integration.cli.conftest import Liuhen


@pytest.fixture
def log_key(liuhen: Liuhen, footage: Path) -> str:
    """The key of a log with something in it."""
    assert liuhen("import", str(footage)).code == 0
    return liuhen("log", "vkey").out.split()[0]


@pytest.fixture
def address(home: Path, log_key: str) -> Iterator[str]:
    """The log's static files behind any web server."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    handler = partial(Quiet, directory=str(home / "objects/log"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_proof_is_checked_without_the_house(liuhen: Liuhen, log_key: str, tmp_path: Path) -> None:
    file = tmp_path / "2.tlog-proof"
    proved = liuhen("log", "prove", "2", "-o", str(file), "--json")
    assert proved.code == 0
    entry = tmp_path / "2.entry"
    assert (proved.json["index"], proved.json["entry"]) == (2, str(entry))
    asked = ["proof", str(file), "--entry", str(entry), "--log", log_key]
    assert verify.main(asked) == 0
    entry.write_bytes(entry.read_bytes().replace(b'"ok"', b'"no"'))
    assert verify.main(asked) == 1


def test_an_entry_that_is_not_published_is_told(
    liuhen: Liuhen, log_key: str, tmp_path: Path
) -> None:
    file = tmp_path / "9.tlog-proof"
    told = liuhen("log", "prove", "9999", "-o", str(file))
    assert told.code == 2
    assert "entry 9999 is not published yet" in told.err
    assert not file.exists()


def test_proving_an_entry_is_reading_the_log(liuhen: Liuhen, log_key: str, tmp_path: Path) -> None:
    liuhen("log", "prove", "0", "-o", str(tmp_path / "0.tlog-proof"))
    newest = liuhen("log", "show", "--kind", "log.read", "--limit", "2", "--json").json
    assert newest[-1]["facts"] == {"index": 0}


def test_a_mirror_grows_with_the_log(liuhen: Liuhen, log_key: str, tmp_path: Path) -> None:
    folder = tmp_path / "mirror"
    first = liuhen("log", "mirror", str(folder), "--json").json
    assert first["old_size"] == 0
    assert liuhen("clips", "list").code == 0  # which is an entry
    second = liuhen("log", "mirror", str(folder), "--json").json
    assert second["old_size"] == first["size"] < second["size"]
    assert verify.main(["mirror", str(folder), "--log", log_key]) == 0
    copied = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert {Path("checkpoint"), Path(f"checkpoints/{first['size']:012}")} <= copied


@pytest.mark.parametrize("place", ["folder", "address"])
def test_a_mirror_of_another_house(
    liuhen: Liuhen, home: Path, address: str, log_key: str, tmp_path: Path, place: str
) -> None:
    source = {"folder": str(home / "objects/log"), "address": address}[place]
    folder = tmp_path / "mirror"
    mirrored = liuhen("log", "mirror", str(folder), "--from", source, "--vkey", log_key, "--json")
    assert mirrored.code == 0
    assert verify.main(["mirror", str(folder), "--log", log_key]) == 0
    pair = [str(folder / "checkpoint"), str(home / "objects/log/checkpoint")]
    assert verify.main(["pair", *pair, "--log", log_key, "--mirror", str(folder)]) == 0


def test_a_changed_log_is_not_mirrored(
    liuhen: Liuhen, home: Path, log_key: str, tmp_path: Path
) -> None:
    (bundle,) = (home / "objects/log/tile/entries/000.p").glob(f"{_size(home)}")
    data = bytearray(bundle.read_bytes())
    data[40] ^= 1
    bundle.chmod(0o600)
    bundle.write_bytes(data)
    source = ["--from", str(home / "objects/log"), "--vkey", log_key]
    told = liuhen("log", "mirror", str(tmp_path / "mirror"), *source)
    assert told.code == 1
    assert "does not hash to its leaf" in told.err
    assert not (tmp_path / "mirror/checkpoint").exists()


def test_a_log_that_is_not_there_is_not_checked(
    liuhen: Liuhen, log_key: str, tmp_path: Path
) -> None:
    folder = str(tmp_path / "mirror")
    for place in (str(tmp_path / "nothing"), "http://127.0.0.1:9/log", "ftp://x"):
        assert liuhen("log", "mirror", folder, "--from", place, "--vkey", log_key).code == 2
    assert liuhen("log", "mirror", folder, "--from", str(tmp_path), "--vkey", "x").code == 64
    assert liuhen("log", "mirror", folder, "--from", str(tmp_path)).code == 64


def _size(home: Path) -> str:
    return (home / "objects/log/checkpoint").read_text(encoding="utf-8").split("\n")[1]
