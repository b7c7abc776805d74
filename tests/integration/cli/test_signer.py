"""`liuhen signer`: a process with the key and the objects, and no database."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from api.cli.main import run
from custody.log.checkpoint import open_checkpoint
from custody.object_keys import log_key
from custody.publishing.key_lock import KeyLock
from storage.durable import make_folder
from storage.local import LocalStore
from tests.services.key_sets import generation
from tests.unit.custody.log.samples import LOG_KEY, ORIGIN, SampleLog, chain

LOG = SampleLog(chain("clip:other", 20))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a signer has: where the objects are, what the log is called, the log's key."""
    monkeypatch.setenv("LIUHEN_LANGUAGE", "en")
    home = tmp_path / "signer"
    make_folder(home / "keys", mode=0o700)
    objects = tmp_path / "objects"
    store = LocalStore(objects)
    for path, data in LOG.files.items():
        store.put_bytes(log_key(path), data)
    # What the server's own file would say of its rows is passed over as well.
    (home / "liuhen.toml").write_text(
        f'origin = "{ORIGIN}"\nobjects = "{objects}"\ndatabase_url = "nonsense"\n',
        encoding="utf-8",
    )
    beside = generation(1, ORIGIN)
    assert beside.ml_dsa is not None
    for name, key in (("log.key", LOG_KEY), ("log-ml-dsa.key", beside.ml_dsa)):
        (home / "keys" / name).touch(mode=0o600)
        (home / "keys" / name).write_text(key.secret_text())
    (home / "keys" / "receipts.pub").write_text(beside.receipts.verifier.vkey)
    return home


#: Runs the command, asks it for a signature from another thread, ends it, tells what it loaded.
SCRIPT = """
    import os, signal, sys, threading, time
    from pathlib import Path
    from api.cli.main import run
    from custody.errors import SignerAwayError
    from custody.publishing.signer_client import RemoteSigner
    from tests.services.key_sets import alone
    from tests.unit.custody.log.samples import LOG_KEY, ORIGIN, SampleLog, chain

    LOG = SampleLog(chain("clip:other", 20))
    home = Path(sys.argv[1])

    def ask():
        signer = RemoteSigner(f"unix:{home}/signer.sock", alone(LOG_KEY), ORIGIN)
        while True:
            try:
                note = signer.sign(LOG.checkpoint(), [])
                break
            except SignerAwayError:
                time.sleep(0.02)
        print(note)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=ask).start()
    code = run(["signer", "--home", str(home)])
    loaded = {"sqlalchemy", "alembic", "psycopg", "sqlite3", "fastapi", "storage.database"}
    print(code, sorted(loaded & set(sys.modules)))
"""


def test_it_signs_without_a_database(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(home)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"LIUHEN_DATABASE_URL": "nonsense", "LIUHEN_DATABASE_URL_FILE": "/nowhere"},
    )
    assert done.returncode == 0, done.stderr
    listening, *note, last = done.stdout.splitlines()
    assert "signer.sock" in listening
    assert open_checkpoint("\n".join(note[:-1]) + "\n", LOG_KEY.verifier) == LOG.checkpoint()
    assert last == "0 []"
    assert "signed 20 entries" in done.stderr
    assert not (home / "signer.sock").exists()
    # Nothing but the keys' public halves, the memory and the lock came to be.
    assert sorted(path.name for path in (home / "keys").iterdir()) == [
        *("log-ml-dsa.key", "log-ml-dsa.pub", "log.key", "log.pub", "receipts.pub"),
        *("signer-state.json", "signer.lock"),
    ]
    assert sorted(path.name for path in home.iterdir()) == ["keys", "liuhen.toml"]


def say(capsys: pytest.CaptureFixture[str], home: Path, *arguments: str) -> tuple[int, str]:
    code = run(["signer", "--home", str(home), *arguments])
    return code, capsys.readouterr().err


def test_what_keeps_it_from_starting_is_said(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, told = say(capsys, home, "--listen", "127.0.0.1:0")
    assert (code, "a signer on a port wants a secret" in told) == (2, True)
    for wrong in ("8490", "x:y", ":1", "x:99999"):
        assert say(capsys, home, "--listen", wrong)[0] == 64
    assert say(capsys, home, "--listen", "x:1", "--group", "root")[0] == 64
    code, told = say(capsys, home, "--group", "nobody-is-called-this")
    assert (code, "no group nobody-is-called-this" in told) == (2, True)
    code, told = say(capsys, home, "--socket", f"{home}/{'x' * 120}")
    assert (code, "can't listen on" in told) == (2, True)
    with KeyLock(home / "keys").hold():
        code, told = say(capsys, home)
        assert (code, "Another signer runs with this key" in told) == (2, True)
    (home / "keys" / "signer-state.json").write_text("{")
    code, told = say(capsys, home)
    assert (code, "The signer's own record" in told) == (2, True)
    (home / "keys" / "log.key").unlink()
    code, told = say(capsys, home)
    assert (code, "A key of the log is missing" in told) == (2, True)
    (home / "liuhen.toml").unlink()
    code, told = say(capsys, home)
    assert (code, "no liuhen.toml" in told) == (2, True)
    monkeypatch.setenv("LIUHEN_LANGUAGE", "zh")
    assert "里没有 liuhen.toml" in say(capsys, home)[1]
